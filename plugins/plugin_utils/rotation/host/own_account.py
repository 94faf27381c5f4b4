# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps Ansible's own way to a host open when it is the secret of just that account which changes."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import threading
import typing as t

from ....module_utils import keypair
from ....module_utils.errors import SenhaseguraError
from ....module_utils.models import SshKeyPair
from ...broker.key_files import Files
from ...host.host_connection import HostConnection
from ...masking import register
from ..driver import Records
from ..login import password_hash
from ..protocol.accounts import split_lock
from ..protocol.effects import BEFORE, LEASE, MAIN, Listing, Lost, OnHost, StoredSecret
from ..protocol.run import RotationRun
from .single_attempt import BECOME, LOGIN, LoginRefused, Once, PasswordRefused, option

Reply = dict[str, t.Any]


class RegisteredRecords:
    """Records whose secrets ansible-core (2.22 or later) masks wherever they turn up. It remembers what was read and
    written, the latest last.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.seen: dict[str, t.Any] = {}
        # Whoever logs in to several hosts at the same time reads them once.
        self.lock = threading.Lock()
        self.notes: dict[str, t.Mapping[str, str]] = {}

    def list(self, machine: str | None = None) -> Listing:
        return self._records.list(machine)

    def read(self, name: str) -> StoredSecret:
        held = self._records.read(name)
        self._note(name, held.secret, held.note)
        return held

    def write(self, name: str, secret: t.Any, note: t.Mapping[str, str]) -> None:
        # Later than all that was written by other runs.
        self._note(name, secret, {**note, "start": "~"})
        self._records.write(name, secret, note)

    def read_all(self) -> None:
        """Read each of them once, as far as that can be."""
        if self.seen:
            return
        with contextlib.suppress(SenhaseguraError):
            for name, entry in self.list().items():
                if entry is not None and name != LEASE:
                    self.read(name)

    def _note(self, name: str, secret: t.Any, note: t.Mapping[str, str]) -> None:
        if name == LEASE:
            return
        register([secret] if isinstance(secret, str) else secret.secret_texts())
        self.seen.pop(name, None)
        self.seen[name], self.notes[name] = secret, note


class OwnLogin(t.Protocol):
    """What there is to do around each command on a host, so that the next one gets in."""

    def follow(self, call: OnHost, execute: t.Callable[[], Reply]) -> Reply:
        """Carry out a command. Should the login be refused, try with what else may be right.

        Raises LoginRefused.
        """

    def after(self, call: OnHost, answer: Reply) -> None:
        """Learn from the reply to a command that the host has carried out."""


class OwnPassword:
    """The password of a login is needed at each new connection, and that of sudo, su or doas at each command. They are
    those of the secret that is rotated where a record has the same one, whoever the user is.

    Then they follow what the host has: what it was given, what was put back, what it says it has. When nobody knows,
    one that was refused is followed by one more at most: that which an interrupted run was about to give the host.
    """

    def __init__(
        self, connection: HostConnection, once: Once, records: RegisteredRecords, run: RotationRun, *, may_read: bool
    ) -> None:
        """Keep the way to a host open.

        :param may_read: whether custody may be taken to find a password that is accepted
        """
        self._connection, self._once, self._records, self._run, self._may_read = (
            connection,
            once,
            records,
            run,
            may_read,
        )
        # Whose the passwords of login and become are, as far as that was found out.
        self._owners: dict[str, str] = {}
        self._ours: set[str] = set()
        self._hash = ""

    def follow(self, call: OnHost, execute: t.Callable[[], Reply]) -> Reply:
        if call.do == "set" and not self._ours:
            self._find_ours()
        try:
            return self._once.run(execute)
        except PasswordRefused as refused:
            return self._try_another(refused, execute)
        except Lost:
            if call.do in ("set", "restore"):
                # One of two now.
                self._once.forget()
            raise

    def after(self, call: OnHost, answer: Reply) -> None:
        told = {"set": call.request.get("new"), "restore": call.request.get("old")}
        hashed = told.get(call.do) or (answer.get("account") or {}).get("hash")
        if hashed and hashed != self._hash:
            self._hash = str(hashed)
            self._take(self._hash)

    def _find_ours(self) -> None:
        """Find out which of the passwords are those of the account whose secret changes."""
        known = {way for way, password in self._once.passwords().items() if password in self._values().values()}
        if not known:
            return
        login_user = _last_line(self._once.says("id -un", become=False))
        self._owners[LOGIN] = login_user
        if BECOME in known:
            self._owners[BECOME] = self._become_owner(login_user)
        self._ours = {way for way in known if self._owners.get(way) in ("", None, self._run.user)}

    def _become_owner(self, login_user: str) -> str:
        """Return whose password sudo, su or doas asks for, or nothing where that is not known."""
        method, target = self._once.method, str(option(self._connection.plugin.become, "become_user") or "root")
        if method == "su":
            return target
        if method == "doas" or not login_user:
            return login_user
        if method != "sudo":
            return ""
        # root may ask what the rules for somebody are. They name the options that are not the usual ones.
        rules = self._once.says(f"LC_ALL=C sudo -n -l -U {shlex.quote(login_user)}", become=True)
        asked = set(re.findall(r"(?<![!\w])(targetpw|rootpw|runaspw)\b", rules))
        if not rules:
            return ""
        return target if "targetpw" in asked else "root" if asked else login_user

    def _values(self) -> dict[str, str]:
        """Return the passwords of the records that were read or written."""
        return {name: secret for name, secret in self._records.seen.items() if isinstance(secret, str) and secret}

    def _take(self, hashed: str) -> None:
        """Take the password with this hash from now on: the account has it."""
        if not self._ours:
            return
        _lock, bare = split_lock(hashed)
        has = next((secret for secret in reversed(self._values().values()) if _fits(secret, bare)), None)
        if has is None:
            return
        for way in self._ours:
            before = self._once.passwords().get(way)
            if before != has:
                self._once.forget(before)
                self._once.use(way, has, right=True)

    def _try_another(self, refused: PasswordRefused, execute: t.Callable[[], Reply]) -> Reply:
        if self._may_read:
            self._records.read_all()
        name = self._candidate(refused.password)
        if name is None:
            raise LoginRefused(self._not_settled(refused, None)) from None
        secret = self._values()[name]
        ways = [way for way, password in self._once.passwords().items() if password == refused.password]
        for way in ways:
            self._once.use(way, secret, right=False)
        self._ours.update(ways)
        try:
            answer = self._once.run(execute)
        except PasswordRefused as again:
            raise LoginRefused(self._not_settled(refused, again)) from None
        run, host = self._run, self._connection.host
        run.found(host, name, proved="login")
        run.warnings.append(
            f"{host}: {refused.what} of {self._holder(refused.password)} was refused, that of {run.labels[name]} was "
            "accepted"
        )
        return answer

    def _candidate(self, refused: str) -> str | None:
        """Return the record to try now: what an interrupted run was about to give the host, or else the main one."""
        values = self._values()
        if refused not in values.values():
            # It is that of something else.
            return None
        slots = [name for name in values if name != MAIN and self._records.notes[name].get("holds") != BEFORE]
        newest = max(slots, key=lambda name: self._records.notes[name].get("start", ""), default=MAIN)
        tried = {password for _way, password in self._once.refused}
        return next((name for name in (newest, MAIN) if name in values and values[name] not in tried), None)

    def _holder(self, password: str) -> str:
        return next(self._run.labels[name] for name, secret in self._values().items() if secret == password)

    def _not_settled(self, refused: PasswordRefused, again: PasswordRefused | None) -> str:
        """Return what was refused, and what is not proved: no more is sent, as the host may lock the account."""
        run, values = self._run, self._values()
        if refused.password not in values.values():
            if values or not self._may_read:
                return f"{refused.what} is refused" + ("" if values else " (no record was read)")
            return f"{refused.what} is refused, and no record can be read"
        tried = {refused.password, *([again.password] if again else [])}
        names = {password: self._holder(password) for password in tried}
        left = [name for name, secret in values.items() if secret not in tried]
        text = f"{refused.what} is refused: that of {' and that of '.join(sorted(names.values()))}"
        if left:
            run.found(self._connection.host, *left)
            others = ", ".join(run.labels[name] for name in left)
            text += f". Not tried, so that the account is not locked, and not proved: {others}"
        return text


def _fits(secret: str, hashed: str) -> bool:
    with contextlib.suppress(SenhaseguraError):
        return password_hash.matches(secret, hashed)
    return False


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2].strip()


class OwnKey:
    """Each new connection needs a key that the host accepts: not the one that the play has once the old one is removed,
    nor while a host that was away has the old one alone. ssh finds it in the memory of this process.

    A refused login is no danger here, but some hosts count them; so it follows what was done, where it knows its key.
    """

    _OPTIONS = ("private_key", "private_key_file")

    def __init__(
        self,
        connection: HostConnection,
        once: Once,
        records: RegisteredRecords,
        run: RotationRun,
        *,
        files: Files,
        may_read: bool,
    ) -> None:
        """Keep the way to a host open.

        :param may_read: whether custody may be taken to find a key that is accepted, when none was read so far
        """
        plugin = connection.plugin
        self._once, self._plugin, self._records = once, plugin, records
        self._files, self._may_read = files, may_read
        # Where no user is set, ssh_config may name this one.
        self._concerned = option(plugin, "remote_user") in (run.user, None)
        self._present = _fingerprint(plugin) if self._concerned else ""

    def follow(self, call: OnHost, execute: t.Callable[[], Reply]) -> Reply:
        try:
            return self._once.run(execute)
        except PasswordRefused:
            raise
        except LoginRefused:
            if not self._concerned:
                raise
            present = self._present, {name: option(self._plugin, name) for name in self._OPTIONS}
            for pair in self._others():
                with contextlib.suppress(LoginRefused, SenhaseguraError):
                    self._use(pair)
                    return self._once.run(execute)
            self._present, options = present
            self._set(options)
            raise

    def after(self, call: OnHost, answer: Reply) -> None:
        if call.do != "remove_key" or self._present not in call.request["old"]:
            return
        for pair in self._others():
            if pair.fingerprint == call.request["keep"]:
                # Without, the next login is refused, and that is tried again there.
                with contextlib.suppress(SenhaseguraError):
                    self._use(pair)

    def _others(self) -> list[SshKeyPair]:
        """Return the keys of the records but for the present one, the latest first."""
        with self._records.lock:
            if self._may_read:
                self._records.read_all()
            pairs = {pair.fingerprint: pair for pair in self._records.seen.values() if pair.usable}
        pairs.pop(self._present, None)
        return list(reversed(pairs.values()))

    def _use(self, pair: SshKeyPair) -> None:
        """Log in with this key from now on. Raises SenhaseguraError where that cannot be."""
        path = self._files.path(keypair.decrypted(pair.private_key, pair.passphrase))
        self._set({"private_key": None, "private_key_file": path})
        self._present = pair.fingerprint

    def _set(self, options: t.Mapping[str, t.Any]) -> None:
        for name, value in options.items():
            # That not each connection has all of them is said in many ways.
            with contextlib.suppress(KeyError, AttributeError):
                self._plugin.get_option(name)
                self._plugin.set_option(name, value)


def _fingerprint(plugin: t.Any) -> str:
    """Return that of the key with which a plugin logs in, or nothing if it is not known (an agent, a passphrase)."""
    text, path = option(plugin, "private_key"), option(plugin, "private_key_file")
    if not text and path:
        with contextlib.suppress(OSError, ValueError), open(os.path.expanduser(path), encoding="ascii") as file:
            text = file.read()
    return keypair.checked_pair(text, "", option(plugin, "private_key_passphrase")).fingerprint if text else ""
