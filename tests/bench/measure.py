# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one command and tell what it and all its descendants took.

usage: python measure.py RESULT SECONDS COMMAND [ARGUMENT ...]

A process of its own, since it has to be the subreaper of everything that the command leaves behind, a broker above
all: its parent has long ended when it ends, and its time would be nobody's.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
# What a run leaves behind has to end by itself within this time.
LINGER_SECONDS = 5.0


class Stopped(Exception):
    """The time is up, or somebody wants us to end."""


def measure(command: list[str], seconds: float) -> dict[str, Any]:
    """Seconds of wall and CPU time, the largest peak of memory (KiB), and what the command left behind."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    started = time.monotonic()
    main = os.posix_spawnp(command[0], command, os.environ, setpgroup=0)
    result: dict[str, Any] = {"cpu": 0.0, "rss": 0, "left": 0, "left_cpu": 0.0, "left_rss": 0, "left_seconds": 0.0}
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        _reap(main, result, started)
    except Stopped:
        result["killed"] = True
        os.killpg(main, signal.SIGKILL)
        _reap(main, result, started)
    ended = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, LINGER_SECONDS)
    try:
        _reap(None, result, started)
    except Stopped:
        result["stuck"] = len(_children())
        while children := _children():
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            os.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    result["left_seconds"] = time.monotonic() - ended if result["left"] else 0.0
    return result


def _reap(main: int | None, result: dict[str, Any], started: float) -> None:
    """Wait until ``main`` has ended, or everything. The time of a process includes that of those it waited for."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return
        cpu = usage.ru_utime + usage.ru_stime
        result["cpu"] += cpu
        result["rss"] = max(result["rss"], usage.ru_maxrss)
        if main is not None and pid == main:
            result["wall"] = time.monotonic() - started
            result["code"] = os.waitstatus_to_exitcode(status)
            return
        result["left"] += 1
        result["left_cpu"] += cpu
        result["left_rss"] = max(result["left_rss"], usage.ru_maxrss)


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in path.read_text().split()]


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


if __name__ == "__main__":
    output, limit, *words = sys.argv[1:]
    Path(output).write_text(json.dumps(measure(words, float(limit))))
