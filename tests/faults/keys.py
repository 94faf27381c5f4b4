# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world in memory for SSH keys: a vault with keys, and hosts that share one, each with real files and the real
commands of on_host/ on them.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from faults.code import Code
from faults.world import (
    GOOD,
    LIMITS,
    USER,
    Clock,
    Files,
    Scene,
    Upserts,
    Violation,
    World,
    carry_out,
    installed_as,
)

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.keypair import checked_pair
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    Entries,
    SshKey,
    SshKeyWrite,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.queries import Query, answer
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import (
    LoginResult,
    Verdict,
)

HOSTS = ("web01", "web02")
_MINE = b'# mine\nfrom="192.0.2.0/24",command="echo \\"hi\\"" %s me@desk\r\n\n'
# Where each matrix of keys starts: options of KeyScene.
STARTS: dict[str, dict[str, Any]] = {
    "key first": {},
    "key second": {"prepare": lambda scene: scene.run()},
    # Both records of the journal are in use, as ever after, and runs go on without a host that is lost in the middle.
    "key third, a host may go": {"skip_unreachable": True, "prepare": lambda scene: [scene.run(), scene.run()]},
    # One of two hosts is cut off while runs go on without it, and back for the last one.
    "key, a host is away": {"skip_unreachable": True, "away": ("web02",)},
    # And one that was away before, which these runs find again.
    "key, a host was away": {"skip_unreachable": True, "prepare": lambda scene: scene.run_without("web02")},
}


@functools.cache
def texts(number: int) -> keypair.KeyPair:
    """The key with this number: making one takes longer than a run."""
    return keypair.generate("ed25519", comment=f"key {number}")


class Vault(Upserts):
    """Keys by id; found by identifier only. It has the methods of client.ssh_keys."""

    def select(self, query: Query[Any], *, fresh: bool = False) -> Any:
        names = ("id", "identifier", "username", "hostname", "ip", "changed_at", "automatic_change")
        return answer(
            Entries(
                CredentialInfo(type=SSH_KEY_TYPE, **{name: record[name] for name in names})
                for record in self.records.values()
            ),
            query,
        )

    def read(self, ref: Any, *, fresh: bool = False) -> SshKey:
        record = self.records.get(ref.text)
        if record is None:
            raise NotFound("no such key")
        names = ("id", "private_key", "public_key", "identifier", "username", "hostname", "ip", "passphrase")
        return SshKey(**{name: record[name] for name in names})

    def store(self, wanted: SshKeyWrite, info: CredentialInfo | None) -> Stored:
        hit = next((r for r in self.records.values() if r["identifier"] == wanted.identifier), None)
        self.permit(wanted.identifier)
        if hit is None:
            hit = {"id": self.new_id(wanted.identifier), "automatic_change": False}
            self.records[hit["id"]] = hit
        given = {name: value for name, value in dataclasses.asdict(wanted).items() if value is not None}
        # As servers do it.
        given["private_key"] = self.alters(wanted.identifier, given["private_key"].replace("\n", "\r\n"))
        hit.update(given, changed_at=self.change())
        return Stored(hit["id"], hit["identifier"])


class KeyHost(Files):
    """The home of one user, and the folder of the lock."""

    busy_for = 0.0

    def __init__(self, name: str, clock: Clock, folder: Path, code: Code) -> None:
        self.name, self.code, self.clock, self.folder = name, code, clock, folder / name
        home = folder / name / "home"
        self.file = home / ".ssh" / "authorized_keys"
        self.file.parent.mkdir(parents=True)
        part = code.authorized_keys
        self.account = part.KeyOwner(USER, os.getuid(), os.getgid(), str(home))
        if not hasattr(part.parse, "cache_info"):
            # It is pure, and takes half of the time.
            part.parse = code.key_lines.parse = functools.cache(part.parse)
        # What sshd says of its configuration.
        self.sshd = "authorizedkeysfile .ssh/authorized_keys\n"
        self._content: bytes | None = None
        self._keys: set[str] = set()
        # The keys of the file that sshd lets in, for example by their type. None: all.
        self.lets_in: set[str] | None = None

        installed_as(self.folder, name)

        host = self

        class Machine(code.machine.Machine):  # type: ignore[misc, name-defined]
            etc, base, sys = (str(self.folder / part) for part in ("etc", "state", "sys"))

            def now(self) -> float:
                return clock.now + host.clock_off

            def boot(self) -> tuple[str, float]:
                return f"boot {host.boots}", clock.now

        self.machine = Machine()

    def command(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.reload()
        part = self.code.authorized_keys
        part.account = lambda user: self.account
        part.sshd_config = lambda *_arguments, **_more: self.sshd
        return carry_out(self, dict(request))

    def reload(self) -> None:
        self._content = None

    def accepted(self) -> set[str]:
        """The fingerprints of all keys that log in."""
        if self._content is None:
            self.content()
        return self._keys if self.lets_in is None else self._keys & self.lets_in

    def content(self) -> bytes:
        """The file, which only commands change."""
        if self._content is None:
            self._content = self.file.read_bytes()
            blobs = self.code.key_lines.blobs(self._content)
            self._keys = {key for _number, _type, key in blobs}
        return self._content

    def write(self, content: bytes) -> None:
        """As somebody else."""
        self.file.write_bytes(content)
        self._content = None

    def others(self, keys: set[str]) -> bytes:
        """The file without the lines of these keys."""
        part = self.code.authorized_keys
        lines = self.content().splitlines(keepends=True)
        return b"".join(
            line for line in lines if not (parsed := part.parse(line)) or part.fingerprint(parsed.blob) not in keys
        )


class KeyWorld(World):
    """What the driver talks to, with faults."""

    _scene: KeyScene

    def check_write(self, name: str, ref: str, secret: Any) -> None:
        present = self._scene.pair(self._scene.vault.records[ref])
        others = {pair.fingerprint for key, pair in self._scene.pairs().items() if key != ref}
        for host in self._scene.hosts.values():
            if present.fingerprint in host.accepted() and present != secret and not others & host.accepted():
                raise Violation(f"{name} has the only key of {host.name} and would be overwritten")

    def garbled(self, secret: Any) -> Any:
        return dataclasses.replace(secret, private_key=secret.private_key[:-60], usable=False)

    def with_line_end(self, secret: Any) -> Any:
        return dataclasses.replace(secret, private_key=f"{secret.private_key}\n")

    def on_host(self, call: Any, seconds: float) -> Any:
        lost = self._code.effects.Lost
        if call.host in self._scene.away:
            raise lost("there is no route to it")
        return self._faulty(f"{call.host} {call.do}", lambda: self._command(call), lost=lost)

    def _command(self, call: Any) -> Any:
        answer = self._scene.hosts[call.host].command({"do": call.do, "user": USER, **call.request})
        if "error" in answer:
            raise self._code.effects.NotDone(answer["text"])
        return answer["ok"]

    def login(self, call: Any, seconds: float) -> Any:
        if call.host in self._scene.away:
            return Verdict(LoginResult.NETWORK, "there is no route to it")
        return self._faulty(f"{call.host} login", lambda: self._enter(call), lost=None)

    def _enter(self, call: Any) -> Verdict:
        if call.secret.usable and call.secret.fingerprint in self._scene.hosts[call.host].accepted():
            return Verdict(LoginResult.OK, "logged in")
        return Verdict(LoginResult.WRONG, "the key was refused")


class KeyScene(Scene):
    """One vault, hosts that share a key, and runs on them one after the other."""

    def __init__(
        self,
        code: Code,
        prepare: Any = lambda scene: None,
        *,
        away: tuple[str, ...] = (),
        skip_unreachable: bool = False,
        hosts: tuple[str, ...] = HOSTS,
        **job: Any,
    ) -> None:
        self.code, self._prepare, self._job = code, prepare, job
        self._begin()
        self.vault = Vault()
        self.skip_unreachable, self.away = skip_unreachable, set(away)
        self.hosts = {name: KeyHost(name, self.clock, self._folder, code) for name in hosts}
        self._number = itertools.count(1)
        self.made: dict[str, Any] = {}
        stranger, first = texts(-1), self.next_pair()
        for host in self.hosts.values():
            mine = _MINE % stranger.public_key.encode()
            host.file.write_bytes(mine + b"no-pty " + first.public_key.encode() + b" old one")
        self._others = {name: host.others({first.fingerprint}) for name, host in self.hosts.items()}
        wanted = SshKeyWrite("web-app", USER, "web01", "192.0.2.10", first.private_key, first.public_key, "")
        self.main = self.vault.store(wanted, None).id
        self._mains = [first.fingerprint]
        self.most_failures = math.inf
        self._parsed: dict[tuple[str, str], Any] = {}

    def add_record(self, identifier: str) -> str:
        """Another record, of the same user, whose key all hosts have as well. Returns its id."""
        pair = self.next_pair()
        for host in self.hosts.values():
            host.write(host.content().rstrip(b"\n") + b"\n" + pair.public_key.encode() + b" other one\n")
        wanted = SshKeyWrite(identifier, USER, "web01", "192.0.2.10", pair.private_key, pair.public_key, "")
        return self.vault.store(wanted, None).id

    def families_log_in(self, when: str) -> None:
        """Each host accepts a key of each main record, or of what belongs to it."""
        pairs = self.pairs()
        mains = [ref for ref in self.vault.records if "--" not in self.vault.name(ref)]
        for ref in mains:
            name = self.vault.name(ref)
            family = {
                pair.fingerprint
                for key, pair in pairs.items()
                if self.vault.name(key) == name or self.vault.name(key).startswith(f"{name}--")
            }
            for host in self.hosts.values():
                if not host.accepted() & family:
                    raise Violation(f"{host.name} accepts no key of {name} {when}")

    def next_pair(self) -> Any:
        made = texts(next(self._number))
        pair = checked_pair(made.private_key, made.public_key)
        self.made[pair.fingerprint] = pair
        return pair

    def pair(self, record: Mapping[str, Any]) -> Any:
        names = (record["private_key"], record["public_key"])
        if names not in self._parsed:
            self._parsed[names] = checked_pair(*names)
        return self._parsed[names]

    def pairs(self) -> dict[str, Any]:
        """The keys of the records that can be used, by their ids."""
        found = {ref: self.pair(record) for ref, record in self.vault.records.items()}
        return {ref: pair for ref, pair in found.items() if pair.usable}

    _world = KeyWorld
    # Whether no two runs write main at once: then each host has its key, or the one before.
    one_at_a_time = True

    def _records(self, info: Any, run: str, start: str) -> Any:
        return self.code.journal.KeyRecords(self.vault, info, run, start)

    def usual_hosts(self) -> tuple[str, ...]:
        return tuple(self.hosts)

    def _protocol(self, run: Any, wanted: dict[str, Any]) -> Any:
        return self.code.ssh_key.rotate(
            run, self.code.ssh_key_job.SshKeyJob(**{"user": USER, "generate": self.next_pair, **wanted})
        )

    def logs_in(self, host: str, ref: str) -> bool:
        pair = self.pair(self.vault.records[ref])
        return pair.usable and pair.fingerprint in self.hosts[host].accepted()

    def run_without(self, *hosts: str) -> object:
        """A run while these hosts are cut off."""
        self.away |= set(hosts)
        try:
            return self.run()
        finally:
            self.away -= set(hosts)

    def check(self, when: str) -> None:
        """The invariant: each host accepts a key of some record, the one of main or the one before it among them, and
        no other line has changed.
        """
        content = {name: host.content() for name, host in self.hosts.items()}
        state = (content, [(r["private_key"], r["public_key"]) for r in self.vault.records.values()])
        if state == self._checked or not self.checking:
            return
        self._checked = state
        pairs = self.pairs()
        held = {pair.fingerprint for pair in pairs.values()}
        if self.main in pairs and pairs[self.main].fingerprint != self._mains[-1]:
            self._mains.append(pairs[self.main].fingerprint)
        for host in self.hosts.values():
            if not host.accepted() & held:
                raise Violation(f"lost {when}: no record has a key of {host.name}")
            if host.others(set(self.made)) != self._others[host.name]:
                raise Violation(f"another line of {host.name} has changed {when}")
            now = pairs[self.main].fingerprint if self.main in pairs else None
            if not self.one_at_a_time:
                continue
            if not host.accepted() & {now, *self._mains[-2:]}:
                raise Violation(f"{host.name} has neither the key of main nor the one before {when}")
            if now is None and self._mains[-1] not in host.accepted():
                raise Violation(f"the old key of {host.name} is gone before main was read back {when}")

    def settle(self, **job: Any) -> None:
        self.away.clear()
        result, _world = self.run(**job)
        for _host in self.hosts:
            # A lock that was taken late, by a run that is over, may be found on each of them.
            if result == "busy":
                self.clock.pass_(LIMITS["deadline"])
                result, _world = self.run(**job)
        if result not in GOOD:
            raise Violation(f"a clean run ended as {result}")
        pairs = self.pairs()
        if self.main not in pairs:
            raise Violation("after a clean run the main record has no key that can be used")
        main = pairs.pop(self.main)
        for host in self.hosts.values():
            if host.accepted() & set(self.made) != {main.fingerprint}:
                raise Violation(f"after a clean run {host.name} has not the key of the main record, and it alone")
            lines = [line for line in host.file.read_bytes().splitlines() if main.public_key.encode() in line]
            if len(lines) != 1 or not lines[0].startswith(b"no-pty ") or not lines[0].endswith(b" old one"):
                raise Violation(f"the line of the key on {host.name} has lost its options or comment")
        if main not in pairs.values():
            raise Violation("after a clean run the journal has not the key of the hosts, for the next one to keep")
        if left := self.leftovers():
            raise Violation(f"a clean run has left {left}")

    def lock_holder(self) -> str | None:
        held = self.code.state.UserState(self.hosts["web01"].machine, USER).holder()
        return held["run"] if held["remaining"] else None
