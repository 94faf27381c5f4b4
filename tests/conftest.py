# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make `pytest` work by itself, as well as below ./run and ansible-test."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

# ansible-test reads its own pytest configuration, not the pythonpath in pyproject.toml.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "simulator")]

from workspace import environment  # noqa: E402

for name, value in environment().items():
    os.environ.setdefault(name, value)
# pytest has looked for the collection already, and remembers that it was not there.
importlib.invalidate_caches()
