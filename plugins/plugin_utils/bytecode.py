# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load what every worker needs with Python's own loader, which keeps bytecode beside the source.

Ansible's loader for collections compiles a file anew in each worker, which takes longer than all that these files do.
"""

from __future__ import annotations

import importlib.util
import os
import sys

# Each stands after those that it imports.
_FILES = ("lookup_spec", "registry", "broker.link", "lookup")


def _load(name: str) -> None:
    path = os.path.join(os.path.dirname(__file__), *name.split(".")) + ".py"
    full_name = f"{__name__.rpartition('.')[0]}.{name}"
    spec = importlib.util.spec_from_file_location(full_name, path)
    if full_name in sys.modules or spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full_name]
        raise


def load() -> None:
    """Load these files; imports of them that follow find them loaded."""
    for name in _FILES:
        _load(name)
