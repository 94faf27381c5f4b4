# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that runs until it is ended, whose output can be read meanwhile."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from workspace import ROOT, environment

PATIENCE = 60.0


class Process:
    """One of ours, in a process group of its own, with its output in a file."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        variables = {"PATH": os.environ["PATH"], **environment(), **env}
        variables["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests"), variables["PYTHONPATH"]])
        with log.open("ab") as file:
            self._start = file.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=variables,
                cwd=log.parent,
                start_new_session=True,
            )

    def text(self) -> str:
        """What it has printed, with that of earlier ones in the same file."""
        return self.log.read_text(errors="replace")

    def running(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def memory(self) -> int:
        """The most memory that it has had, in kB; 0 if it has ended."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(r"VmHWM:\s+(\d+)", status)
        return int(found[1]) if found else 0

    def end(self, number: signal.Signals = signal.SIGTERM, within: float = PATIENCE) -> float:
        """Send a signal, and return after how many seconds it has ended. Raises AssertionError if it does not."""
        start = time.monotonic()
        if self.running():
            os.kill(self._process.pid, number)
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end within {within:g} seconds\n{self.text()[-3000:]}") from None
        finally:
            # What it has started, and itself if it has not ended.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return time.monotonic() - start


def wait_until(what: str, true: Callable[[], bool], process: Process, within: float = PATIENCE) -> None:
    """Wait until something is true. Raises AssertionError if it does not become so, or the process ends."""
    end = time.monotonic() + within
    while not true():
        assert process.running(), f"it has ended before this was so: {what}\n{process.text()[-5000:]}"
        assert time.monotonic() < end, f"not within {within:g} seconds: {what}\n{process.text()[-5000:]}"
        time.sleep(0.1)


def source(name: str, args: str) -> list[str]:
    """The command that runs a source without rules."""
    return [sys.executable, "-m", "eda.source", name, args]
