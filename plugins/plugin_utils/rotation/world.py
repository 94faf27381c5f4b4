# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a protocol talks to in earnest: the vault, the managed host over Ansible's connection, and logins by ssh."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleAuthenticationFailure
from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.plugin_utils.registry import register
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import login, remote
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import (
    Held,
    Login,
    NotDone,
    OnHost,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.driver import Records
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import Target, Verdict
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.pair import Pair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.reach import Reach
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.steps import Listed

# Seconds for one login; a host that needs longer counts as not reachable.
_LOGIN_WITHIN = 30.0
display = Display()
# Tries to log in once: where, with what, and for how many seconds at most.
LogIn = t.Callable[[Target, t.Any, float], Verdict]


def by_password(target: Target, password: str, seconds: float) -> Verdict:
    return login.by_password(target, password, timeout=seconds)


def by_key(target: Target, pair: Pair, seconds: float) -> Verdict:
    return login.by_key(target, pair.private_key, passphrase=pair.passphrase, timeout=seconds)


class RegisteredRecords:
    """Records whose secrets ansible-core (2.22 or later) masks wherever they turn up."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.seen: dict[str, t.Any] = {}

    def list(self) -> Listed:
        return self._records.list()

    def read(self, name: str) -> Held:
        held = self._records.read(name)
        self._note(name, held.secret)
        return held

    def write(self, name: str, secret: t.Any, note: t.Mapping[str, str]) -> None:
        self._note(name, secret)
        self._records.write(name, secret, note)

    def _note(self, name: str, secret: t.Any) -> None:
        register([secret] if isinstance(secret, str) else secret.hidden())
        # The latest stands last.
        self.seen.pop(name, None)
        self.seen[name] = secret


class OwnPassword:
    """Keeps Ansible's own way to the host open when it is the password of just that account which changes.

    A login may be asked for it at each command, and sudo is even where a connection is kept open. Whoever guesses wrong
    a few times is locked out, so it follows what was done to the host, and tries only when nobody knows.
    """

    def __init__(self, connection: t.Any, records: RegisteredRecords, user: str) -> None:
        self._connection, self._records = connection, records
        self._concerned = _option(connection, "remote_user") == user
        self._before: dict[str, t.Any] = {}

    def follow(self, execute: t.Callable[[], dict[str, t.Any]]) -> dict[str, t.Any]:
        """Carry out a command. Should the login fail after the password was to change, try once with the other one."""
        try:
            return execute()
        except AnsibleAuthenticationFailure:
            if not (self._concerned and self._switch()):
                raise
            return execute()

    def changed(self) -> None:
        """The host has the password now that was seen last."""
        if self._concerned:
            self._switch()

    def put_back(self) -> None:
        """The host has the one again that it had before."""
        for holder, option in self._holders():
            if option in self._before:
                holder.set_option(option, self._before[option])

    def _holders(self) -> list[tuple[t.Any, str]]:
        return [(self._connection, "password"), (self._connection.become, "become_pass")]

    def _switch(self) -> bool:
        """Use the new password instead of the old one, or the other way round. Returns whether there is one."""
        known = [secret for secret in self._records.seen.values() if isinstance(secret, str)]
        switched = False
        for holder, option in self._holders():
            present = _option(holder, option)
            others = [password for password in reversed(known) if password != present]
            if present in known and others:
                self._before[option] = present
                holder.set_option(option, others[0])
                switched = True
        return switched


class HostsWorld:
    """The world of a rotation of one user on one or several hosts."""

    def __init__(self, records: Records, reaches: t.Mapping[str, Reach], user: str, log_in: LogIn) -> None:
        self.records = RegisteredRecords(records)
        self._reaches, self._user, self._log_in = reaches, user, log_in
        self._own = {host: OwnPassword(reach.connection, self.records, user) for host, reach in reaches.items()}

    def on_host(self, call: OnHost, seconds: float) -> t.Mapping[str, t.Any]:
        reach = self._reaches[call.host]
        if not getattr(reach.connection, "has_pipelining", False):
            raise NotDone("this connection plugin cannot pass standard input on: use ssh or local")
        own, pad = self._own[call.host], remote.new_pad()
        request = {"do": call.do, "user": self._user, "pad": pad, **call.request}
        if call.do == "set":
            register([request[name] for name in ("old", "new") if name in request])
        try:
            answer = own.follow(lambda: remote.perform(reach.execute, reach.interpreter(), request, seconds))
        except AnsibleAuthenticationFailure:
            raise NotDone("Ansible's own login to the host was refused") from None
        if call.do == "set":
            own.changed()
        elif call.do == "restore":
            own.put_back()
        if call.do == "look":
            answer = remote.uncovered(answer, pad)
            register([answer["account"]["hash"]] if "hash" in answer["account"] else [])
        return answer

    def login(self, call: Login, seconds: float) -> Verdict:
        return self._log_in(self._reaches[call.host].target(self._user), call.secret, min(seconds, _LOGIN_WITHIN))

    def say(self, text: str) -> None:
        display.display(text)


def _option(holder: t.Any, name: str) -> t.Any:
    try:
        return holder.get_option(name)
    # What has no such option (or is None) says so in many ways.
    except (KeyError, AttributeError):
        return None
