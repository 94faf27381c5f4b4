#!/usr/bin/env python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the place of ssh in a play, counts commands and logins, and spoils one of them.

FAULTY_SSH names a file: {"count": file, "at": number, "kind": one of KINDS}; "count" gets a line for each call. What asks
ssh for its settings only does not reach the host, and is no call.
"""

from __future__ import annotations

# It is started for each call of a rotation, and nearly all of them are handed on: the rest is imported where it is used.
import os
import sys

KINDS = ("killed before", "killed after", "lost, not applied", "lost, applied", "late", "garbled")
# A login changes nothing, so that it cannot be late.
LOGIN_KINDS = tuple(kind for kind in KINDS if kind != "late")
LATE_SECONDS = 1.5


def kill_play() -> None:
    """Kill whatever has started this process, up to ansible-playbook, and this process."""
    import signal

    parents = []
    pid = os.getppid()
    while pid > 1:
        parents.append(pid)
        if b"ansible-playbook" in _read(f"/proc/{pid}/cmdline") and not _is_worker(pid):
            break
        pid = _parent(pid)
    for pid in [*reversed(parents), os.getpid()]:
        os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> int:
    return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[1])


def _is_worker(pid: int) -> bool:
    """A worker has the command line of its parent."""
    parent = _parent(pid)
    return parent > 1 and b"ansible-playbook" in _read(f"/proc/{parent}/cmdline")


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def main() -> None:
    ssh = ["ssh", *sys.argv[1:]]
    if "-G" in ssh:
        os.execvp("ssh", ssh)
    import json

    plan = json.loads(_read(os.environ["FAULTY_SSH"]))
    is_login = not any(" -I -" in argument for argument in sys.argv)
    with open(plan["count"], "a+") as file:
        file.seek(0)
        number = len(file.read().splitlines())
        file.write(f"{'login' if is_login else 'command'}\n")
    kind = plan.get("kind") if plan.get("at") == number else None
    if kind is None:
        os.execvp("ssh", ssh)
    spoil(kind, ssh, is_login)


def spoil(kind: str, ssh: list[str], is_login: bool) -> None:
    import re
    import subprocess
    import time

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
