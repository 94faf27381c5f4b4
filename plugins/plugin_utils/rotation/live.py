# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a protocol talks to in earnest: the vault, the managed host over Ansible's connection, and logins by ssh."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible.utils.display import Display

from ...module_utils.models import SshKeyPair
from ...module_utils.redaction import printable, printable_message
from ..host.host_connection import HostConnection
from ..masking import register
from .driver import Records
from .host import host_commands
from .host.host_target import target_of
from .host.own_account import OwnLogin, RegisteredRecords
from .host.single_attempt import LoginRefused, Once
from .login import probe
from .login.command import Target
from .protocol.effects import Login, NotDone, OnHost
from .protocol.run import RotationRun
from .protocol.verdict import Verdict

display = Display()
# Tries to log in once: where, with what, and for how many seconds at most.
LogIn = t.Callable[[Target, t.Any, float], Verdict]


def by_password(target: Target, password: str, seconds: float) -> Verdict:
    """Try to log in once with a password, within so many seconds."""
    return probe.by_password(target, password, timeout=seconds)


def by_key(target: Target, pair: SshKeyPair, seconds: float) -> Verdict:
    """Try to log in once with a key, within so many seconds."""
    return probe.by_key(target, pair.private_key, passphrase=pair.passphrase, timeout=seconds)


class LiveEnvironment:
    """The environment of a rotation of one user on one or several hosts."""

    def __init__(
        self,
        run: RotationRun,
        records: Records,
        connections: t.Mapping[str, HostConnection],
        log_in: LogIn,
        own: t.Callable[[HostConnection, Once, RegisteredRecords, RotationRun], OwnLogin],
    ) -> None:
        """Connect a run to its records and hosts. ``own`` makes what keeps the way to a host open."""
        self.records = RegisteredRecords(records)
        self._connections, self._user, self._log_in = connections, run.user, log_in
        # Hosts may be worked on in threads, and templates are not made for those.
        self._templates = threading.Lock()
        self._own = {
            host: own(connection, Once(connection), self.records, run) for host, connection in connections.items()
        }

    def on_host(self, call: OnHost, seconds: float) -> t.Mapping[str, t.Any]:
        connection = self._connections[call.host]
        if not getattr(connection.plugin, "has_pipelining", False):
            kind = printable(str(getattr(connection.plugin, "transport", "of the host")))
            raise NotDone(f"the connection plugin {kind} cannot pass standard input on: use ssh or local")
        own, pad = self._own[call.host], host_commands.new_pad()
        request = {"do": call.do, "user": self._user, "pad": pad, **call.request}
        if call.do == "set":
            register([request[name] for name in ("old", "new") if name in request])
        end = time.monotonic() + seconds
        with self._templates:
            interpreter = connection.interpreter()

        def execute() -> dict[str, t.Any]:
            return host_commands.perform(connection.execute, interpreter, request, end - time.monotonic())

        try:
            answer = own.follow(call, execute)
        except LoginRefused as exc:
            raise NotDone(f"Ansible's own login to the host was refused: {printable_message(str(exc))}") from None
        if call.do in ("look", "judge"):
            answer = host_commands.uncovered(answer, pad)
            register([answer["account"]["hash"]] if "hash" in answer["account"] else [])
        own.after(call, answer)
        return answer

    def login(self, call: Login, seconds: float) -> Verdict:
        with self._templates:
            target = target_of(self._connections[call.host], self._user)
        return self._log_in(target, call.secret, min(seconds, probe.LOGIN_TIMEOUT))

    def report_progress(self, text: str) -> None:
        display.display(printable_message(text))
