# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that speaks the HTTP API of senhasegura (Segura PAM), for tests and demonstrations."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from . import __version__
from .profiles import PROFILES
from .seed import SeedError
from .server import Simulator

PROGRAM = "senhasegura-simulator"


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        simulator = Simulator(
            options.profile,
            options.seed,
            host=options.host,
            names=tuple(options.name),
            port=options.port,
            control_port=options.control_port,
            state=options.state,
            **dict(options.set),
        )
        asyncio.run(_run(simulator, options))
    except (SeedError, ValueError, OSError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="4.0")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument("--seed", help="a YAML file with what is in the vault, or demo or many, which come along")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--name", action="append", default=[], help="one more name or address in the certificate")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--control-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, help="folder for database and CA; without it all is lost at the end")
    parser.add_argument("--ready-file", type=Path, help="written when the simulator listens")
    parser.add_argument("--set", action="append", default=[], type=_setting, metavar="NAME=VALUE", help="a setting")
    parser.add_argument("--parent-pid", type=int, help="end when this process has ended")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input is closed")
    return parser


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("NAME=VALUE is wanted")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def _run(simulator: Simulator, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, simulator.stop)
    ready = threading.Event()
    server = asyncio.ensure_future(simulator.serve(ready))
    while not ready.is_set() and not server.done():
        await asyncio.sleep(0.01)
    if not server.done():
        _announce(simulator, options.ready_file)
        if options.parent_pid:
            threading.Thread(target=_follow, args=(options.parent_pid, simulator), daemon=True).start()
        if options.exit_with_stdin:
            threading.Thread(target=_follow_stdin, args=(simulator,), daemon=True).start()
    try:
        await server
    finally:
        if options.ready_file:
            options.ready_file.unlink(missing_ok=True)


def _announce(simulator: Simulator, ready_file: Path | None) -> None:
    if ready_file:
        facts = {
            "url": simulator.url,
            "control_url": simulator.control_url,
            "control_key": simulator.control_key,
            "ca_path": simulator.ca_path,
            "profile": simulator.profile,
            "pid": os.getpid(),
        }
        draft = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(facts, stream)
        draft.replace(ready_file)
    print(f"senhasegura simulator (profile {simulator.profile}) listens on {simulator.url}", flush=True)


def _follow(pid: int, simulator: Simulator) -> None:
    """Not only the parent: whoever is named may have started us through a shell."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            simulator.stop()
            return
        except PermissionError:
            pass  # it exists
        time.sleep(0.2)


def _follow_stdin(simulator: Simulator) -> None:
    with contextlib.suppress(OSError):  # it was closed from the start
        while os.read(0, 4096):
            pass
    simulator.stop()


if __name__ == "__main__":
    sys.exit(main())
