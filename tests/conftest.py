# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make `pytest` work by itself, as well as below ./run and ansible-test, and show which files take long."""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

# ansible-test reads its own pytest configuration, not the pythonpath in pyproject.toml.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "simulator")]

from workspace import environment  # noqa: E402

for name, value in environment().items():
    os.environ.setdefault(name, value)
# pytest has looked for the collection already, and remembers that it was not there.
importlib.invalidate_caches()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long the tests of each file took, the longest first: where time can be saved."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    if len(seconds) < 2:
        return
    terminalreporter.section("seconds per file")
    for name, total in [entry for entry in seconds.most_common(40) if entry[1] >= 1]:
        terminalreporter.line(f"{total:7.0f} {name}")
