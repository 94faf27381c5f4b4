# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the nox sessions of a tag, two at a time, and fail if one of them fails.

usage: lanes.py TAG [FOLDER]

Two, since most of them keep one core busy and wait now and then. They begin in the order of the noxfile. What a session
prints is shown when it has ended, and can be read meanwhile in FOLDER/SESSION.log (.cache/lanes). Why a session has
failed is shown once more at the end, since some CI systems keep only that. Ctrl-C ends all, and shows what they have
printed until then.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANES = 2
STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How long a session has to tidy up when all of it is broken off.
PATIENCE = 20
# Lines: how much of the end of each failed test, or of a session without tests, is shown once more; and of all tests.
EXCERPT, ALL_EXCERPTS = 40, 400
# Headings of pytest: of a part of its report, and of a failed test in it.
PART, TEST = re.compile(r"=+ (.+?) =+\n"), re.compile(r"_{3,} .+ _{3,}\n")
# The signals that have come.
stopped: list[signal.Signals] = []


class Session:
    """A session that runs, in a process group of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._log, self._start = name, folder / f"{name}.log", time.monotonic()
        print(f"{name}: begins ({self._log})", flush=True)
        with self._log.open("wb") as log:
            command = ["nox", "--session", name]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def ended(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    def show(self) -> None:
        """Print all of its output, below one line that says how it has ended."""
        self.failed = self._process.returncode != 0
        self.line = f"{self.name:20} {'FAILED' if self.failed else 'ok':8} {time.monotonic() - self._start:6.0f} s"
        print(f"\n===== {self.line}\n", flush=True)
        with self._log.open("rb") as log:
            shutil.copyfileobj(log, sys.stdout.buffer)
        sys.stdout.flush()

    def why(self) -> str:
        """Return the end of its output, below its name: what pytest says of each failed test, if it has run any."""
        lines = self._log.read_text(errors="replace").splitlines(keepends=True)
        return f"\n===== {self.name} has failed\n\n" + "".join(excerpt(lines))

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def wait(self) -> None:
        """Wait until it has ended, for as long as it may take to tidy up."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)


def excerpt(lines: list[str]) -> list[str]:
    """Return those lines of an output that say why it is one of a failure."""
    tests: list[list[str]] = []
    inside = False
    for line in lines:
        if part := PART.fullmatch(line):
            inside = part[1] in ("FAILURES", "ERRORS")
        elif inside and TEST.fullmatch(line):
            tests.append([line])
        elif inside and tests:
            tests[-1].append(line)
    kept = [line for test in tests for line in (test[0], *test[1:][-EXCERPT:])]
    return kept[:ALL_EXCERPTS] or lines[-EXCERPT:]


def sessions(tag: str) -> list[str]:
    """List the sessions with this tag."""
    listed = subprocess.run(
        ["nox", "--list", "--json", "--tags", tag], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return [entry["session"] for entry in json.loads(listed.stdout)]


def run(names: list[str], folder: Path) -> list[Session]:
    """Run the sessions; return them in the order in which they have ended."""
    waiting, running, ended = list(names), [], []
    try:
        while (waiting or running) and not stopped:
            while waiting and len(running) < LANES:
                running.append(Session(waiting.pop(0), folder))
            for session in [session for session in running if session.ended()]:
                running.remove(session)
                session.show()
                ended.append(session)
            time.sleep(0.1)
    finally:
        for number in STOP:
            signal.signal(number, signal.SIG_IGN)
        for session in running:
            session.send(signal.SIGINT)
        for session in running:
            session.wait()
            session.send(signal.SIGKILL)
            session.show()
    return ended


def stop(number: int, _frame: object) -> None:
    """Have this program end, and with it all sessions. It is not ended here, where a session may be about to begin."""
    stopped.append(signal.Signals(number))


def main(tag: str, folder: str = str(ROOT / ".cache" / "lanes")) -> None:
    """Run the sessions of the tag, and say how each has ended."""
    # As handlers, since a shell lets what it has started in the background ignore SIGINT.
    for number in STOP:
        signal.signal(number, stop)
    Path(folder).mkdir(parents=True, exist_ok=True)
    ended = run(sessions(tag), Path(folder))
    if stopped:
        sys.exit(f"lanes.py: stopped by {stopped[0].name}")
    failed = [session for session in ended if session.failed]
    for session in failed:
        print(session.why(), flush=True)
    print("\n" + "\n".join(session.line for session in ended), flush=True)
    if failed:
        sys.exit(f"lanes.py: failed: {', '.join(session.name for session in failed)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
