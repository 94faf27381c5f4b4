# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test hosts by hand and for molecule: python -m tests.hosts up --state DIR; python -m tests.hosts down --state DIR"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from .group import Hosts
from .host import HostError
from .image import CACHE, SUITES, Unavailable, templates


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hosts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start hosts that stay, and print their inventory for Ansible as JSON")
    keep = commands.add_parser("keep", help="the same in the foreground, until it is stopped")
    for command in (up, keep):
        command.add_argument("--count", type=int, default=3, help="how many, of the releases in turn (default 3)")
        command.add_argument("--suite", action="append", choices=SUITES, help="only of this release (repeatable)")
        command.add_argument("--user", choices=("root", "admin"), default="root", help="who logs in")
    run = commands.add_parser("run", help="run a bash script as root in a host, without SSH")
    run.add_argument("host")
    run.add_argument("script")
    down = commands.add_parser("down", help="end them; no error if there are none")
    for command in (up, keep, run, down):
        command.add_argument("--state", type=Path, required=True, help="a folder that says which hosts are meant")
    commands.add_parser("images", help="build what is missing, print where it is")
    arguments = parser.parse_args()
    try:
        return {"up": _up, "keep": _keep, "run": _run, "down": _down, "images": _images}[arguments.command](arguments)
    except (Unavailable, HostError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _up(arguments: argparse.Namespace) -> int:
    suites = _suites(arguments)
    # Here, so that what is said about it is seen.
    templates(suites)
    state: Path = arguments.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    inventory, log, keeper = state / "inventory.json", state / "log", None
    if not _running(state):
        # It may be that of a keeper that was killed.
        inventory.unlink(missing_ok=True)
        command = [sys.executable, "-m", __package__, "keep", "--state", str(state), "--user", arguments.user]
        command += [word for suite in suites for word in ("--suite", suite)] + ["--count", str(len(suites))]
        keeper = subprocess.Popen(
            command,
            cwd=_import_root(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log.open("w"),
            start_new_session=True,
        )
    while not inventory.exists():
        # Two may have been started at the same time: one of them gives way.
        if (keeper is None or keeper.poll() is not None) and not _running(state):
            raise HostError(log.read_text().strip() or "the hosts ended while they started")
        time.sleep(0.02)
    print((state / "inventory.json").read_text(), end="")
    return 0


def _keep(arguments: argparse.Namespace) -> int:
    state: Path = arguments.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    with (state / "keeper").open("a+") as keeper:
        try:
            fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(f"the hosts of {state} run already") from None
        keeper.truncate(0)
        keeper.write(str(os.getpid()))
        keeper.flush()
        inventory = state / "inventory.json"
        inventory.unlink(missing_ok=True)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _end)
        try:
            with Hosts(_suites(arguments)) as hosts:
                text = json.dumps(hosts.inventory(arguments.user), indent=2) + "\n"
                (state / "entrances.json").write_text(json.dumps({host.name: host.entrance for host in hosts}))
                (state / "inventory.part").write_text(text)
                (state / "inventory.part").rename(inventory)
                print(text, end="", flush=True)
                while True:
                    signal.pause()
        finally:
            inventory.unlink(missing_ok=True)


def _end(*_: object) -> None:
    # Once is enough: hosts are taken down in peace.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _run(arguments: argparse.Namespace) -> int:
    if not _running(arguments.state):
        raise HostError(f"no hosts of {arguments.state} are running")
    entrances = json.loads((arguments.state / "entrances.json").read_text())
    return subprocess.call([*entrances[arguments.host], "bash", "-c", arguments.script])


def _down(arguments: argparse.Namespace) -> int:
    state: Path = arguments.state.resolve()
    end = time.monotonic() + 30
    while _running(state):
        if pid := (state / "keeper").read_text():
            os.kill(int(pid), signal.SIGTERM)
        if time.monotonic() > end:
            raise HostError(f"the hosts of {state} do not end")
        time.sleep(0.05)
    return 0


def _images(_unused: argparse.Namespace) -> int:
    for suite, path in templates(SUITES).items():
        print(suite, path)
    print(f"remove {CACHE} to build them again", file=sys.stderr)
    return 0


def _suites(arguments: argparse.Namespace) -> list[str]:
    """As many as asked for, of the given releases in turn."""
    suites = arguments.suite or SUITES
    return [suites[number % len(suites)] for number in range(arguments.count)]


def _running(state: Path) -> bool:
    """Whether a keeper holds its lock."""
    if not (state / "keeper").exists():
        return False
    with (state / "keeper").open("a") as keeper:
        try:
            fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _import_root() -> Path:
    """The folder from which this package was imported, as tests.hosts or as hosts."""
    return Path(__file__).resolve().parents[(__package__ or "").count(".") + 1]


if __name__ == "__main__":
    sys.exit(main())
