# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the broker of this run, once, however many workers want it at the same time."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import subprocess
import sys
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import server
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import (
    Link,
    address,
    authentication_key,
    controller,
    open_if_there,
    run_is_over,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.turn import Turn

_READY_WITHIN = 15.0


class BrokerUnavailable(Exception):
    """The broker cannot run here."""


Process = subprocess.Popen[bytes]


def begin(turn: Turn) -> Process | None:
    """Start the broker without waiting until it listens, which open_link does. None if there is nothing to start."""
    if not sys.platform.startswith("linux") or turn.insist() or open_if_there():
        return None
    try:
        return _launch()
    except OSError:
        return None


def undo(process: Process) -> None:
    """End a broker that nobody wants, as if it had not been started."""
    process.kill()
    process.wait()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address())


def open_link(turn: Turn | None = None, begun: Process | None = None) -> Link:
    """A link to the broker, which is started if it does not run yet. A caller who has a turn already keeps it."""
    if link := open_if_there():
        return link
    if not sys.platform.startswith("linux"):
        raise BrokerUnavailable("it needs Linux")
    try:
        if turn is not None:
            return _start(turn, begun)
        with Turn() as own:
            link = _start(own, None)
            own.started()
            return link
    except OSError as exc:
        raise BrokerUnavailable(f"its folder cannot be used: {exc.strerror}") from None


def _start(turn: Turn, begun: Process | None) -> Link:
    """Start the broker, unless another worker did while this one waited for its turn, or found that it cannot run."""
    reason = turn.insist()
    if link := open_if_there():
        return link
    if reason:
        raise BrokerUnavailable(reason)
    try:
        _wait_for(begun or _launch())
        return Link()
    except (OSError, EOFError):
        turn.failed("it cannot be started")
        if run_is_over():
            # Nobody else is left who could.
            server.clean_up(address())
        raise BrokerUnavailable("it cannot be started") from None


def _launch() -> Process:
    """Run server.py in a process of its own, outside the process group that Ctrl-C hits. Raises OSError."""
    # The secrets in the environment are of no use to it; it gets the settings of each caller.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SENHASEGURA_", "ANSIBLE_"))
    }
    process = subprocess.Popen(
        # Without site, whose work takes as long as the start of Python itself: where modules are comes with the setup.
        [sys.executable, "-I", "-S", server.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment,
        start_new_session=True,
    )
    setup = server.Setup(sys.path, address(), authentication_key(), controller())
    with t.cast("t.IO[bytes]", process.stdin) as pipe:
        pickle.dump(tuple(setup), pipe)
    return process


def _wait_for(process: Process) -> None:
    """Wait until the broker listens. Raises EOFError if it does not."""
    with t.cast("t.IO[bytes]", process.stdout) as pipe:
        readable, _writable, _failed = select.select([pipe], [], [], _READY_WITHIN)
        if not readable or pipe.read(1) != b"1":
            process.kill()
            raise EOFError
