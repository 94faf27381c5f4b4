#!/usr/bin/env python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the place of ssh in a play, counts commands and logins, and spoils one of them.

FAULTY_SSH names a file: {"count": file, "at": number, "kind": one of KINDS}; "count" gets a line for each call.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

KINDS = ("killed before", "killed after", "lost, not applied", "lost, applied", "late", "garbled")
LATE_SECONDS = 1.5


def kill_play() -> None:
    """Kill whatever has started this process, up to ansible-playbook, and this process."""
    parents = []
    pid = os.getppid()
    while pid > 1:
        parents.append(pid)
        if b"ansible-playbook" in Path(f"/proc/{pid}/cmdline").read_bytes() and not _is_worker(pid):
            break
        pid = _parent(pid)
    for pid in [*reversed(parents), os.getpid()]:
        os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _is_worker(pid: int) -> bool:
    """A worker has the command line of its parent."""
    parent = _parent(pid)
    return parent > 1 and b"ansible-playbook" in Path(f"/proc/{parent}/cmdline").read_bytes()


def main() -> None:
    plan = json.loads(Path(os.environ["FAULTY_SSH"]).read_text())
    ssh = ["ssh", *sys.argv[1:]]
    is_login = not any(" -I -" in argument for argument in sys.argv)
    with open(plan["count"], "a+") as file:
        file.seek(0)
        number = len(file.read().splitlines())
        file.write(f"{'login' if is_login else 'command'}\n")
    kind = plan.get("kind") if plan.get("at") == number else None
    if kind is None:
        os.execvp("ssh", ssh)
    if kind == "killed before":
        kill_play()
    if kind == "lost, not applied":
        sys.exit(255)
    if is_login:
        # It talks to its terminal, which only its own process can have.
        code = subprocess.call(ssh, stdout=None if kind == "killed after" else subprocess.DEVNULL)
    else:
        # Ansible sends nothing before it has seen that sudo works.
        if mark := re.search(r"BECOME-SUCCESS-\w+", " ".join(sys.argv)):
            print(mark[0], flush=True)
        text = sys.stdin.buffer.read()
        if kind == "late":
            if os.fork():
                os._exit(255)
            os.setsid()
            time.sleep(LATE_SECONDS)
        done = subprocess.run(ssh, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        code = done.returncode
        if kind == "garbled":
            sys.stdout.buffer.write(done.stdout.swapcase())
    if kind == "killed after":
        kill_play()
    sys.exit(code if kind == "garbled" else 255)


if __name__ == "__main__":
    main()
