# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps Ansible's own way to a host open when it is the secret of just that account which changes."""

from __future__ import annotations

import contextlib
import os
import threading
import typing as t

from ansible.errors import AnsibleAuthenticationFailure

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import SenhaseguraError
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.registry import register
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import LEASE, Held, OnHost
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.driver import Records
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.pair import Pair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.steps import Listed

Answer = dict[str, t.Any]


class RegisteredRecords:
    """Records whose secrets ansible-core (2.22 or later) masks wherever they turn up."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.seen: dict[str, t.Any] = {}
        # Whoever logs in to several hosts at the same time reads them once.
        self.lock = threading.Lock()

    def list(self, machine: str | None = None) -> Listed:
        return self._records.list(machine)

    def read(self, name: str) -> Held:
        held = self._records.read(name)
        self._note(name, held.secret)
        return held

    def write(self, name: str, secret: t.Any, note: t.Mapping[str, str]) -> None:
        self._note(name, secret)
        self._records.write(name, secret, note)

    def _note(self, name: str, secret: t.Any) -> None:
        if name == LEASE:
            return
        register([secret] if isinstance(secret, str) else secret.hidden())
        # The latest stands last.
        self.seen.pop(name, None)
        self.seen[name] = secret


class OwnLogin(t.Protocol):
    """What there is to do around each command on a host, so that the next one gets in."""

    def follow(self, execute: t.Callable[[], Answer]) -> Answer:
        """Carry out a command. Should the login be refused, try with what else may be right."""

    def after(self, call: OnHost) -> None:
        """The host has done what it was asked for."""


class OwnPassword:
    """A login may be asked for the password at each command, and sudo is even where a connection is kept open.

    Whoever guesses wrong a few times is locked out, so it follows what was done to the host, and tries only when nobody
    knows.
    """

    def __init__(self, connection: t.Any, records: RegisteredRecords, user: str) -> None:
        self._connection, self._records = connection, records
        self._concerned = _option(connection, "remote_user") == user
        self._before: dict[str, t.Any] = {}

    def follow(self, execute: t.Callable[[], Answer]) -> Answer:
        try:
            return execute()
        except AnsibleAuthenticationFailure:
            if not (self._concerned and self._switch()):
                raise
            return execute()

    def after(self, call: OnHost) -> None:
        if call.do == "set" and self._concerned:
            self._switch()
        elif call.do == "restore":
            self._put_back()

    def _put_back(self) -> None:
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


class OwnKey:
    """Each new connection needs a key that the host accepts: not the one that the play has once the old one is removed,
    nor while a host that was away has the old one alone. ssh finds it in the memory of this process.

    A refused login is no danger here, but some hosts count them; so it follows what was done, where it knows its key.
    """

    _OPTIONS = ("private_key", "private_key_file")

    def __init__(
        self, connection: t.Any, records: RegisteredRecords, user: str, files: Files, *, may_read: bool
    ) -> None:
        """``may_read`` says whether custody may be taken to find a key that is accepted, when none was read so far."""
        self._connection, self._records, self._files, self._may_read = connection, records, files, may_read
        # Where no user is set, ssh_config may name this one.
        self._concerned = _option(connection, "remote_user") in (user, None)
        self._present = _fingerprint(connection) if self._concerned else ""

    def follow(self, execute: t.Callable[[], Answer]) -> Answer:
        try:
            return execute()
        except AnsibleAuthenticationFailure:
            if not self._concerned:
                raise
            present = self._present, {name: _option(self._connection, name) for name in self._OPTIONS}
            for pair in self._others():
                with contextlib.suppress(AnsibleAuthenticationFailure, SenhaseguraError):
                    self._use(pair)
                    return execute()
            self._present, options = present
            self._set(options)
            raise

    def after(self, call: OnHost) -> None:
        if call.do != "remove_key" or self._present not in call.request["old"]:
            return
        for pair in self._others():
            if pair.fingerprint == call.request["keep"]:
                # Without, the next login is refused, and that is tried again there.
                with contextlib.suppress(SenhaseguraError):
                    self._use(pair)

    def _others(self) -> list[Pair]:
        """The keys of the records but for the present one, the latest first."""
        with self._records.lock:
            if not self._records.seen and self._may_read:
                self._read()
            pairs = {pair.fingerprint: pair for pair in self._records.seen.values() if pair.usable}
        pairs.pop(self._present, None)
        return list(reversed(pairs.values()))

    def _read(self) -> None:
        with contextlib.suppress(SenhaseguraError):
            listed = self._records.list()
            for name, entry in listed.items():
                if entry is not None and name != LEASE:
                    self._records.read(name)

    def _use(self, pair: Pair) -> None:
        """Log in with this key from now on. Raises SenhaseguraError where that cannot be."""
        path = self._files.path(keypair.without_passphrase(pair.private_key, pair.passphrase))
        self._set({"private_key": None, "private_key_file": path})
        self._present = pair.fingerprint

    def _set(self, options: t.Mapping[str, t.Any]) -> None:
        for name, value in options.items():
            # That not each connection has all of them is said in many ways.
            with contextlib.suppress(KeyError, AttributeError):
                self._connection.get_option(name)
                self._connection.set_option(name, value)


def _fingerprint(connection: t.Any) -> str:
    """That of the key with which a connection is made, or nothing if that is not known (an agent, a passphrase)."""
    text, path = _option(connection, "private_key"), _option(connection, "private_key_file")
    if not text and path:
        with contextlib.suppress(OSError, ValueError), open(os.path.expanduser(path), encoding="ascii") as file:
            text = file.read()
    return Pair.of(text, "", _option(connection, "private_key_passphrase")).fingerprint if text else ""


def _option(holder: t.Any, name: str) -> t.Any:
    try:
        return holder.get_option(name)
    # What has no such option (or is None) says so in many ways.
    except (KeyError, AttributeError):
        return None
