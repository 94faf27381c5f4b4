# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in memory in which rotations run: a vault with the server's upsert rules, hosts whose files are real and which
run the real commands of on_host/, controllers with clocks of their own, a time that only passes when somebody waits, and
faults in any call.

What can be staged beside the faults: several hosts, records and runs at once; writes that the vault refuses, for good or
once; text that it changes; a host whose files are those of an earlier day, or that lost what it had not synced; another
program on it that holds the lock of shadow; a host that changes after it was looked at.
"""

from __future__ import annotations

import dataclasses
import datetime
import fcntl
import hashlib
import itertools
import os
import re
import shutil
import tempfile
import threading
import types
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from faults.code import Code

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NotFound,
    ResponseLost,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    Credential,
    CredentialInfo,
    CredentialWrite,
    Entries,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.queries import Matching, Query, answer
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.host_commands import uncovered
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login.password_hash import problem
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.accounts import split_lock
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import (
    LoginResult,
    Verdict,
)

USER = "app"
DAY = 86400
_PAD = "5a" * 100
# Files in memory, where there is such a place.
_MEMORY = "/dev/shm"
LIMITS = {"deadline": 300.0, "late_write_window": 120.0}
# Bystanders around the user, of whom no byte may change.
_OTHERS = (
    "root:*:19000:0:99999:7:::",
    "daemon:*:19000:0:99999:7:::",
    "apple:$6$a$b:19001:0:90:7:::",
    "ap:!:19002::::::",
)


# What happens to the call with this number (from 0) of a run: one of KINDS, or what somebody else does just before it.
Faults = Mapping[int, "str | Callable[[], object]"]


# How a clean run ends.
GOOD = ("changed", "recovered", "unchanged")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no handler either."""


def cheap_hash(password: str, _like: str = "") -> str:
    return "$6$cheap$" + hashlib.sha256(password.encode()).hexdigest()[:20]


def fits(password: str, crypted: str) -> bool:
    return cheap_hash(password) == crypted


def cheap_match(password: str, crypted: str) -> bool:
    """As the real one, it does not take what no host can hold."""
    if set("\n\r\0") & set(password):
        raise InvalidRequest("the password has a line break or a NUL")
    return fits(password, crypted)


class Clock:
    """Seconds, on the controller and on the host. Late effects happen when it passes their time."""

    def __init__(self) -> None:
        self.now = 20_000.0 * DAY
        self._late: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def __call__(self) -> float:
        return self.now

    def utc(self, off: float = 0.0) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.now + off, datetime.timezone.utc)

    def later(self, seconds: float, effect: Callable[[], None]) -> None:
        self._late.append((self.now + seconds, next(self._number), effect))

    def pass_(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted(item for item in self._late if item[0] <= end):
            self._late.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][2]()
        self.now = end


class Upserts:
    """What vaults of passwords and of keys have in common."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        # Who writes at the moment, and how often each has written.
        self.writer = ""
        self.changes: Counter[str] = Counter()
        # What is refused, and as what else it is stored: both are asked with the identifier of the record, or its id.
        self.refuses: Callable[[str], bool] = lambda name: False
        self.alters: Callable[[str, str], str] = lambda name, text: text

    def name(self, ref: str) -> str:
        return self.records[ref].get("identifier") or ref

    def new_id(self, identifier: str | None) -> str:
        """The first is 7. The others do not depend on the order in which they were made, so that equal worlds look so."""
        return str(zlib.crc32((identifier or str(len(self.records))).encode())) if self.records else "7"

    def change(self) -> str:
        self.changes[self.writer] += 1
        return f"change {self.changes[self.writer]} by {self.writer or 'somebody'}"

    def permit(self, name: str) -> None:
        """Raise Denied as the server does where a policy or a rule about duplicates (1052) stands against a write."""
        if self.refuses(name):
            raise Denied("the server does not take this")


class Vault(Upserts):
    """Credentials by id, with the server's own upsert rules. It has the methods of client.credentials."""

    def select(self, query: Query[Any], *, fresh: bool = False) -> Any:
        names = {field.name for field in dataclasses.fields(CredentialInfo)}
        return answer(
            Entries(
                CredentialInfo(**{name: value for name, value in record.items() if name in names})
                for record in self.records.values()
            ),
            query,
        )

    def read(self, ref: Any, *, fresh: bool = False) -> Credential:
        record = self.records.get(ref.text)
        if record is None:
            raise NotFound("no such credential")
        return Credential(record["id"], record["password"], additional=record["additional"])

    def store(self, wanted: CredentialWrite, info: CredentialInfo | None, *, repeat: bool = True) -> Stored:
        """http-api.md 3.1.3: by identifier, else by user name, host name and ip, else a new one."""
        triple = (wanted.username, wanted.hostname, wanted.ip)
        records = list(self.records.values())
        hit = next((r for r in records if wanted.identifier and r["identifier"] == wanted.identifier), None) or next(
            (r for r in records if (r["username"], r["hostname"], r["ip"]) == triple), None
        )
        self.permit((hit and hit.get("identifier")) or wanted.identifier or (hit or {}).get("id", ""))
        if hit is None:
            made = self.new_id(wanted.identifier)
            hit = {"id": made, "password": "-", "additional": "", "automatic_change": False}
            self.records[hit["id"]] = hit
        hit.update(username=wanted.username, hostname=wanted.hostname, ip=wanted.ip)
        if wanted.identifier:
            hit["identifier"] = wanted.identifier
        if wanted.password is not None:
            hit.update(password=self.alters(self.name(hit["id"]), wanted.password), changed_at=self.change())
        if wanted.additional is not None:
            hit["additional"] = wanted.additional
        return Stored(hit["id"], hit.get("identifier"))

    def passwords(self) -> list[str]:
        return [record["password"] for record in self.records.values()]


class Files:
    """A host by its files: what a power cut takes away, and what a restore brings back."""

    folder: Path
    # How often it was started, and by how many seconds the clock is wrong that somebody may set.
    boots, clock_off = 1, 0.0
    # Whether it is noted what is on the disk for certain, for power_cut().
    power_may_fail = False

    def token(self) -> str:
        """What this machine calls itself when it is asked to choose."""
        marks = [(self.folder / name).read_bytes() for name in ("etc/machine-id", "sys/class/dmi/id/product_uuid")]
        return hashlib.sha256(b"".join(marks)).hexdigest()[:12]

    def tree(self) -> dict[str, bytes]:
        """All files, by their paths."""
        start = len(str(self.folder)) + 1
        return {path[start:]: content for path, content in _files_in(str(self.folder))}

    def put_back(self, tree: Mapping[str, bytes], present: Mapping[str, bytes] | None = None) -> None:
        """Make the files those of a tree: a snapshot that is restored, or a disk that was cloned.

        ``present`` are the files as they are, where that is known.
        """
        if present is None:
            present = self.tree()
        for name in present.keys() - tree.keys():
            (self.folder / name).unlink()
        for name, content in tree.items():
            if present.get(name) != content:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        self.reload()

    def reload(self) -> None:
        """Look at the files again."""

    def watch(self) -> None:
        """From now on only what is synced is on the disk: see power_cut()."""
        self.power_may_fail, self._disk = True, self.tree()
        _WATCHED[str(self.folder)] = self
        os.fsync = _fsync  # type: ignore[assignment]

    def synced(self, folder: str) -> None:
        """The names in a folder are on the disk now, and so is what they stand for."""
        if self.power_may_fail:
            place = os.path.relpath(folder, self.folder)
            kept = {name: content for name, content in self._disk.items() if os.path.dirname(name) != place}
            now = {name: content for name, content in self.tree().items() if os.path.dirname(name) == place}
            self._disk = {**kept, **now}

    def forget(self) -> None:
        """The end of watch()."""
        _WATCHED.pop(str(self.folder), None)
        if not _WATCHED:
            os.fsync = _REAL_FSYNC

    def power_cut(self) -> None:
        """The newest writes are lost, as far as nobody has synced them."""
        self.boots += 1
        self.put_back(self._disk)


_WATCHED: dict[str, Files] = {}
_REAL_FSYNC = os.fsync


def _fsync(descriptor: int) -> None:
    path = os.readlink(f"/proc/self/fd/{descriptor}")
    for folder, host in _WATCHED.items():
        if os.path.isdir(path) and f"{path}/".startswith(f"{folder}/"):
            host.synced(path)


def _files_in(folder: str) -> Iterator[tuple[str, bytes]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(entry.path)
            else:
                with open(entry.path, "rb", buffering=0) as file:
                    yield entry.path, file.read()


def installed_as(folder: Path, name: str) -> None:
    """What tells a machine from others, in its /etc and /sys."""
    etc, dmi, card = (folder / place for place in ("etc", "sys/class/dmi/id", "sys/class/net/eth0"))
    for place in (etc, dmi, card):
        place.mkdir(parents=True, exist_ok=True)
    (etc / "machine-id").write_text(f"{hashlib.sha256(name.encode()).hexdigest()[:32]}\n")
    (dmi / "product_uuid").write_text(f"uuid of {name}\n")
    number = zlib.crc32(name.encode())
    (card / "address").write_text("52:54:" + ":".join(f"{number >> at & 255:02x}" for at in (0, 8, 16, 24)) + "\n")


class Host(Files):
    """Files of a host in a folder, and the few programs that on_host/ runs."""

    def __init__(self, clock: Clock, folder: Path, code: Code, password: str, name: str = "web01") -> None:
        self.clock, self.folder, self.code, self.name = clock, folder, code, name
        self.etc = folder / "etc"
        self.etc.mkdir(parents=True)
        lines = [*_OTHERS[:2], f"{USER}:{cheap_hash(password)}:19500:0:99999:7:::", *_OTHERS[2:]]
        self._write(lines)
        users = [line.split(":", 1)[0] for line in lines]
        (self.etc / "passwd").write_text("".join(f"{user}:x:1:1::/home/{user}:/bin/sh\n" for user in users))
        installed_as(self.folder, name)
        self.failures = 0
        # Seconds for which another program holds the lock of shadow: chpasswd waits for it, and the ssh session is gone
        # by the time that it is done. ``orphan``: the Python that has started it is gone as well.
        self.busy_for, self.orphan = 0.0, False
        # What a test may make of it: a program that is not there, and the answer to every login of a right password.
        self.missing = ""
        self.login_verdict = "ok"

        self.machine = _machine(self)

    def reload(self) -> None:
        with open(f"{self.etc}/shadow") as file:
            self.lines = file.read().splitlines()

    def _write(self, lines: list[str]) -> None:
        # Only the programs below write it, so it need not be read to be known.
        self.lines = lines
        with open(f"{self.etc}/shadow", "w") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def fields(self, user: str = USER) -> list[str]:
        return next(fields for line in self.lines if (fields := line.split(":"))[0] == user)

    def change(self, user: str = USER, **fields: str) -> None:
        """Set fields of a line of shadow: hash, last_change, min_days, max_days, warn_days, inactive_days, expire_day."""
        names = ("user", "hash", "last_change", "min_days", "max_days", "warn_days", "inactive_days", "expire_day")
        lines = []
        for line in self.lines:
            parts = line.split(":")
            if parts[0] == user:
                for name, value in fields.items():
                    parts[names.index(name)] = value
            lines.append(":".join(parts))
        self._write(lines)

    def others(self) -> list[str]:
        return [line for line in self.lines if not line.startswith(f"{USER}:")]

    def accepts(self, password: str) -> bool:
        return fits(password, split_lock(self.fields()[1])[1])

    def is_too_old(self) -> bool:
        _user, _hash, changed, _min, maximum, *_more = self.fields()
        return int(changed) + int(maximum) < self.clock.now // DAY

    def forget_user(self) -> None:
        self._write(self.others())

    def command(self, arguments: list[str], text: str = "", keep: tuple[int, ...] = ()) -> tuple[int, str]:
        if arguments[0] == self.missing:
            return 127, "not installed"
        if arguments == ["chpasswd", "-e"]:
            self._wait_for_lock(lambda: self.command(arguments, text), keep)
            # As the real one: a line each, and no question asked.
            for line in text.splitlines():
                user, _unused, crypted = line.partition(":")
                self.change(user, hash=crypted, last_change=str(int(self.clock.now // DAY)))
        elif arguments[0] == "chage":
            names = {"-d": "last_change", "-m": "min_days", "-M": "max_days", "-W": "warn_days"}
            names |= {"-I": "inactive_days", "-E": "expire_day"}
            *options, user = arguments[1:]
            self.change(user, **{names[key]: value for key, value in zip(options[::2], options[1::2], strict=True)})
        elif arguments[0] == "faillock":
            return 0, "".join("2026-11-27 10:00:00 RHOST 192.0.2.1 V\n" for _number in range(self.failures))
        return 0, ""

    def _wait_for_lock(self, change: Callable[[], Any], keep: tuple[int, ...]) -> None:
        process = threading.current_thread()
        if not (self.busy_for and isinstance(process, _Process)):
            return
        seconds, self.busy_for = self.busy_for, 0.0
        if not self.orphan:
            process.sleep(seconds)
            return
        # What it has inherited is open for as long as it runs.
        inherited = [os.dup(descriptor) for descriptor in keep]

        def done() -> None:
            change()
            for descriptor in inherited:
                os.close(descriptor)

        self.clock.later(seconds, done)
        raise Killed


class _Process(threading.Thread):
    """A command on a host that goes on when nobody listens to it any more."""

    def __init__(self, clock: Clock, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._clock, self._work = clock, work
        self._turn, self._handed = threading.Semaphore(0), threading.Semaphore(0)
        self._result: tuple[Any, BaseException | None] | None = None

    def run(self) -> None:
        try:
            self._result = self._work(), None
        except BaseException as exc:
            self._result = None, exc
        self._handed.release()

    def sleep(self, seconds: float) -> None:
        """Called in the thread: the time passes elsewhere."""
        self._clock.later(seconds, self._go_on)
        self._handed.release()
        self._turn.acquire()

    def _go_on(self) -> None:
        self._turn.release()
        self._handed.acquire()

    def answer(self, nobody_listens: type[Exception]) -> Any:
        """What the command answers, unless it sleeps: then its session is gone."""
        self.start()
        self._handed.acquire()
        if self._result is None:
            raise nobody_listens("the ssh session has ended")
        answer, failure = self._result
        if isinstance(failure, Killed):
            raise nobody_listens("the ssh session has ended")
        if failure is not None:
            raise failure
        return answer


def carry_out(host: Any, request: dict[str, Any]) -> dict[str, Any]:
    """A command of on_host/, for which no time passes but while it waits for the guard that another one holds."""
    module, clock = host.code.machine, host.clock

    def flock(descriptor: int, how: int) -> None:
        for _second in range(600):
            try:
                return fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if how & fcntl.LOCK_NB:
                    raise
                clock.pass_(1.0)
        raise AssertionError(f"{request['do']} waits for the guard of {host.name} for ever")

    module.fcntl = types.SimpleNamespace(**{**vars(fcntl), "flock": flock})
    module.time = types.SimpleNamespace(
        time=clock, monotonic=clock, sleep=clock.pass_, clock_gettime=lambda _which: clock.now
    )
    module.secrets = types.SimpleNamespace(token_hex=lambda _bytes: host.token())
    return dict(host.code.commands.carry_out(host.machine, request))


def _machine(host: Host) -> Any:
    """What on_host/ takes for its machine."""

    class Machine(host.code.machine.Machine):  # type: ignore[misc, name-defined]
        etc, base, sys = str(host.etc), str(host.folder / "state"), str(host.folder / "sys")

        def now(self) -> float:
            return host.clock.now + host.clock_off

        def boot(self) -> tuple[str, float]:
            return f"boot {host.boots}", host.clock.now

        def command(
            self, arguments: list[str], text: str = "", timeout: float = 60.0, keep: tuple[int, ...] = ()
        ) -> tuple[int, str]:
            return host.command(arguments, text, keep)

    return Machine()


# "late": no answer now, applied so many seconds later.
LATE = {"late, in the run": 0.12, "late, after the run": 119.0}
# From that call on, whatever goes to the vault, to the host, or logs in there: what that call does.
OUTAGES = {"outage": "lost, not applied", "outage of answers": "lost, applied"}
# From that call on, the same call is refused (main or one record of the journal, say), each time.
FOR_GOOD = {"refused for good": "refused"}
KINDS = (
    "killed before",
    "killed after",
    "lost, not applied",
    "lost, applied",
    *LATE,
    *OUTAGES,
    *FOR_GOOD,
    "garbled",
    "a line end more",
    "refused",
)


class World:
    """What the driver talks to, with faults. ``trace`` has the calls of the present run."""

    def __init__(self, code: Code, run: Any, scene: Scene, faults: Faults, records: Any) -> None:
        self._code, self._run, self._scene, self.faults = code, run, scene, faults
        self._records = records
        run.labels = records.labels
        self.records: Any = self
        self.trace: list[str] = []
        self.failures = 0
        self._outages: dict[str, str] = {}
        self._misread: set[str] = set()

    # The records of the vault

    def list(self, *machine: Any) -> Any:
        """``machine`` is whose journal is the own one; what knows nothing of machines does not say it."""
        return self._faulty("list", lambda: self._records.list(*machine), lost=ResponseLost)

    def read(self, name: str) -> Any:
        def garbled(held: Any) -> Any:
            self._misread.add(name)
            if held.secret is None:
                return dataclasses.replace(held, note={})
            return dataclasses.replace(held, secret=self.garbled(held.secret))

        return self._faulty(f"read {name}", lambda: self._records.read(name), lost=ResponseLost, garble=garbled)

    def write(self, name: str, secret: Any, note: Mapping[str, str]) -> None:
        # Who was told something else of it cannot know; the main record has it then.
        if secret and name not in self._misread and self._records._ids.get(name) in self._scene.vault.records:
            self.check_write(name, self._records._ids[name], secret)

        def store(text: Any) -> None:
            self._scene.vault.writer = self._run.id
            self._records.write(name, text, note)

        def altered(kind: str) -> None:
            if secret is None:
                # The lease is a note alone.
                self._scene.vault.writer = self._run.id
                self._records.write(name, None, {})
            else:
                store(self.garbled(secret) if kind == "garbled" else self.with_line_end(secret))

        self._faulty(
            f"write {name}",
            lambda: store(secret),
            lost=ResponseLost,
            instead=altered,
        )

    def check_write(self, name: str, ref: str, secret: Any) -> None:
        """Raise Violation if what a write would overwrite is still needed."""
        records = self._scene.vault.records
        present = records[ref]["password"]
        if present == secret:
            return
        others = [record["password"] for key, record in records.items() if key != ref]
        for host in self._scene.hosts.values():
            # What another controller does at the same time cannot be known, but what it has is in its own records.
            kept = len(self._scene.hosts) > 1 and any(map(host.accepts, others))
            if host.accepts(present) and not kept:
                raise Violation(f"{name} has the password of {host.name} and would be overwritten")

    def garbled(self, secret: Any) -> Any:
        return f"{secret}~"

    def with_line_end(self, secret: Any) -> Any:
        return f"{secret}\n"

    # Host and login

    def on_host(self, call: Any, seconds: float) -> Any:
        return self._faulty(self.said(call.host, call.do), lambda: self._command(call), lost=self._code.effects.Lost)

    def said(self, host: str, what: str) -> str:
        """A call on a host, in the trace: with its name where there are several."""
        return f"{host} {what}" if len(self._scene.hosts) > 1 else f"host {what}".replace("host login", "login")

    def _command(self, call: Any) -> Any:
        host = self._scene.hosts[call.host]
        request = {"pad": _PAD, **call.request, "do": call.do, "user": USER}
        process = _Process(self._scene.clock, lambda: carry_out(host, request))
        answer = process.answer(self._code.effects.Lost) if host.busy_for else carry_out(host, request)
        if "error" in answer:
            raise self._code.effects.NotDone(answer["text"])
        return uncovered(answer["ok"], _PAD) if "account" in answer["ok"] else answer["ok"]

    def login(self, call: Any, seconds: float) -> Any:
        return self._faulty(self.said(call.host, "login"), lambda: self._log_in(call.host, call.secret), lost=None)

    def _log_in(self, name: str, secret: str) -> Verdict:
        host = self._scene.hosts[name]
        if host.accepts(secret):
            verdict = host.login_verdict
            return Verdict(LoginResult(verdict if verdict != "must_change" or host.is_too_old() else "ok"), verdict)
        self.failures += 1
        return Verdict(LoginResult.WRONG, "the password was refused")

    def report_progress(self, text: str) -> None:
        pass

    def _faulty(
        self,
        name: str,
        work: Callable[[], Any],
        *,
        lost: type[Exception] | None,
        garble: Callable[[Any], Any] | None = None,
        instead: Callable[[str], Any] | None = None,
    ) -> Any:
        family = self.family(name)
        kind = self.faults.get(len(self.trace), self._outages.get(name, self._outages.get(family)))
        if kind in OUTAGES:
            self._outages[family] = kind = OUTAGES[kind]
        elif kind in FOR_GOOD:
            self._outages[name] = kind = FOR_GOOD[kind]
        self.trace.append(name)
        try:
            return self._with(name, kind, work, lost, garble, instead)
        finally:
            self._scene.check(f"after {name} ({kind or 'no fault'})")
            self._scene.clock.pass_(self._scene.tick)
            self._scene.check(f"later than {name} ({kind or 'no fault'})")

    def family(self, name: str) -> str:
        """What fails together in an outage."""
        word = name.partition(" ")[0]
        return "vault" if word in ("list", "read", "write") else word

    def _with(
        self,
        name: str,
        kind: str | Callable[[], object] | None,
        work: Callable[[], Any],
        lost: type[Exception] | None,
        garble: Callable[[Any], Any] | None,
        instead: Callable[[str], Any] | None,
    ) -> Any:
        if callable(kind):
            kind()
        if name.startswith("write") and self._scene.clock() >= self._run.ends:
            # As the broker does it: what comes too late is not sent.
            raise ConnectionFailed("the deadline of the task is over")
        if kind is None or callable(kind):
            return work()
        if kind == "killed before":
            raise Killed
        if kind == "refused":
            if lost is None:
                # A definite no to the right password: a policy of the host.
                self.failures += 1
                return Verdict(LoginResult.WRONG, "the password was refused")
            raise self._code.effects.NotDone("refused") if lost is self._code.effects.Lost else NotFound("refused")
        if kind in ("garbled", "a line end more") and instead:
            return instead(kind)
        answer = None
        if kind in LATE:
            self._scene.clock.later(LATE[kind], lambda: _quietly(work))
        elif kind != "lost, not applied":
            answer = work()
        if kind == "killed after":
            raise Killed
        if kind in ("garbled", "a line end more") and garble:
            return garble(answer)
        if lost is None:
            return Verdict(LoginResult.NETWORK, "no answer")
        raise lost("no answer")


def _quietly(work: Callable[[], Any]) -> None:
    try:
        work()
    except Exception:
        pass


class Violation(BaseException):
    """Something is lost, or was harmed."""


@dataclasses.dataclass
class Controller:
    """Where runs are started: its clock is off by so many seconds. It sees all hosts, or the part that it is given."""

    name: str = ""
    off: float = 0.0

    def wall(self, clock: Clock) -> float:
        return clock.now + self.off


@dataclasses.dataclass
class Told:
    """What a run has told when it ended, and when."""

    run: Any
    result: str
    message: str
    hint: str
    # The records of which it says that one of them logs in now, by host.
    works: Mapping[str, tuple[str, ...]]


# How the texts name the record that works: "web01-app--j0 has it", but not "one or other has it".
_WORKS = re.compile(r"(?<! or )(?<!\S)(\S+) has (?:it|the one that works|the present one|the key that works)\b")


class Scene:
    """One vault, hosts, and runs on them one after the other. Use it as a context manager."""

    # Seconds that each call takes.
    tick = 0.05

    def __init__(
        self,
        code: Code,
        prepare: Callable[[Scene], object] = lambda scene: None,
        *,
        hosts: tuple[str, ...] = ("web01",),
        **job: Any,
    ) -> None:
        self.code, self._prepare, self._job = code, prepare, job
        self._begin()
        self.vault: Any = Vault()
        self.hosts: dict[str, Any] = {
            name: Host(self.clock, self._folder / name, code, "first", name) for name in hosts
        }
        self.main = self.vault.store(CredentialWrite(USER, "web01", "192.0.2.10", "web01-app", "first"), None).id
        self._others: Any = {name: host.others() for name, host in self.hosts.items()}
        self.matches = cheap_match
        self.most_failures: float = 1

    def _begin(self) -> None:
        """What scenes of passwords and of keys have in common."""
        self.clock = Clock()
        self._folder = Path(tempfile.mkdtemp(prefix="rotation-", dir=_MEMORY if os.path.isdir(_MEMORY) else None))
        self._checked: Any = None
        self._runs, self._secrets = itertools.count(1), itertools.count(1)
        self.log: list[str] = []
        self.told: list[Told] = []
        # What a test may switch off or expect otherwise.
        self.checking, self.expect_lock, self.truthful = True, False, False

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_error: Any) -> None:
        for host in self.hosts.values():
            host.forget()
        shutil.rmtree(self._folder)

    @property
    def host(self) -> Any:
        """The first one, or the only one."""
        return next(iter(self.hosts.values()))

    def clone(self, name: str, source: str = "web01") -> Any:
        """Another host with a copy of the disk: the same account, state folder and machine-id, other hardware."""
        host = self.hosts[name] = Host(self.clock, self._folder / name, self.code, "", name)
        machine = {path: content for path, content in host.tree().items() if path.startswith("sys")}
        host.put_back({**self.hosts[source].tree(), **machine})
        self._others[name] = host.others()
        return host

    def prepare(self) -> None:
        """What was before the first run that counts."""
        self._prepare(self)

    def records_of(self, run: str, record: str = "", controller: Controller | None = None) -> Any:
        wanted = record or self.main
        info = next(entry for entry in self.vault.select(Matching({})) if entry.id == wanted)
        start = (controller or Controller()).wall(self.clock)
        return self._records(info, run, f"{start:020.3f}")

    def _new_run(self, run_id: str, hosts: tuple[str, ...], limits: Mapping[str, float], **more: Any) -> Any:
        """A Run, with as much as this code knows of."""
        known = {field.name for field in dataclasses.fields(self.code.run.RotationRun)}
        given = {"clock": self.clock, **more}
        return self.code.run.RotationRun(
            run_id,
            hosts,
            self.code.run.Limits(**limits),
            {},
            **{name: value for name, value in given.items() if name in known},
        )

    def _records(self, info: Any, run: str, start: str) -> Any:
        return self.code.journal.PasswordRecords(self.vault, info, run, start)

    def start(
        self,
        faults: Faults | None = None,
        *,
        hosts: tuple[str, ...] | None = None,
        record: str = "",
        controller: Controller | None = None,
        run_id: str = "",
        limits: Mapping[str, float] | None = None,
        world: Any = None,
        breaks: str = "",
        user: str = USER,
        **job: Any,
    ) -> tuple[World, Any, Any]:
        """A world, a run and its protocol, ready to be driven."""
        run_id = run_id or f"run{next(self._runs)}"
        records = self.records_of(run_id, record, controller)
        off = (controller or Controller()).off
        more = {
            "record": record or self.main,
            "now": lambda: self.clock.utc(off),
            "breaks": breaks,
            "user": user,
            "skip_unreachable": job.pop("skip_unreachable", self.skip_unreachable),
        }
        run = self._new_run(run_id, hosts or self.usual_hosts(), {**LIMITS, **(limits or {})}, **more)
        made = (world or self._world)(self.code, run, self, faults or {}, records)
        wanted = {**self._job, **job}
        return made, run, self._protocol(run, wanted)

    _world: Any = World

    skip_unreachable = False

    def usual_hosts(self) -> tuple[str, ...]:
        """Those of a run for which nobody says it."""
        return (self.host.name,)

    def _protocol(self, run: Any, wanted: dict[str, Any]) -> Any:
        given = {
            "user": USER,
            "matches": cheap_match,
            "make_hash": cheap_hash,
            "hash_problem": problem,
            "generate": self._generate,
            **wanted,
        }
        return self.code.password.rotate(run, self.code.password_job.PasswordJob(**given))

    def _generate(self) -> str:
        return f"secret{next(self._secrets)}"

    def run(self, faults: Faults | None = None, **job: Any) -> tuple[str, World]:
        """Do one run, and return how it ended (the result, or "killed") and its world."""
        world, run, protocol = self.start(faults, **job)
        interrupt = self.code.driver.Interrupt()
        try:
            outcome = self.code.driver.drive(protocol, world, run, interrupt, sleep=self.sleep)
            result = outcome.status
            self.note(run, result, outcome.message, "", outcome)
        except Killed:
            result = "killed"
        except self.code.effects.Stopped as stop:
            result = stop.status
            self.log.append(f"{stop.message} | {stop.hint}")
            self.note(run, result, stop.message, stop.hint, stop)
        self.log.append(f"{run.id}: {result} after {', '.join(world.trace)}")
        if world.failures > self.most_failures:
            raise Violation(f"{world.failures} failed logins in one run")
        return result, world

    def note(self, run: Any, result: str, message: str, hint: str, end: Any) -> None:
        """Remember what a run has told, and see whether it is true."""
        claims: dict[str, tuple[str, ...]] = {}
        if hasattr(run, "works"):
            claims = {host: tuple(run.labels[name] for name in works.records) for host, works in run.works.items()}
        else:
            # What had no place for it has said it in words.
            found = _WORKS.findall(hint) + ([run.labels["main"]] if "has kept its password" in message else [])
            claims = {host: (found[0],) for host in run.hosts if found and host not in run.absent}
        self.told.append(Told(run, result, message, hint, claims))
        if self.truthful:
            self.check_truth()

    def check_truth(self) -> None:
        """What the last run has told of the record that works is still true, while nobody has begun another run."""
        if not self.told:
            return
        last = self.told[-1]
        for host, labels in last.works.items():
            refs = [ref for ref in self.vault.records if {ref, self.vault.name(ref)} & {*labels}]
            if not any(self.logs_in(host, ref) for ref in refs):
                raise Violation(
                    f"{last.run.id} says {last.result}, and that {' or '.join(labels)} works, which {host} refuses"
                )

    def logs_in(self, host: str, ref: str) -> bool:
        """Whether a host lets in what a record holds."""
        return bool(self.hosts[host].accepts(self.vault.records[ref]["password"]))

    def sleep(self, seconds: float) -> None:
        self.clock.pass_(seconds)
        self.check("while waiting")

    def rest(self, seconds: float = LIMITS["deadline"] + LIMITS["late_write_window"]) -> None:
        """Nobody does anything, and whatever is late comes. What was told last stays true."""
        self.sleep(seconds)
        if self.truthful:
            self.check_truth()

    def check(self, when: str) -> None:
        """The invariant: some record of the vault has the password of each host, and nobody else was touched."""
        state = ([host.lines for host in self.hosts.values()], self.vault.passwords())
        if state == self._checked or not self.checking:
            return
        self._checked = state
        for name, host in self.hosts.items():
            if not any(host.accepts(password) for password in self.vault.passwords()):
                raise Violation(f"lost {when}: no record has the password of {name}")
            if host.others() != self._others[name]:
                raise Violation(f"another user's line on {name} has changed {when}")
            if bool(split_lock(host.fields()[1])[0]) != self.expect_lock:
                raise Violation(f"the account was locked or unlocked {when}")

    def settle(self, **job: Any) -> None:
        """One clean run, as soon as it is not busy any more, must put everything right."""
        for _try in range(4):
            result, _world = self.run(**job)
            if result != "busy":
                break
            # Even a request for the lock may come late, and hold it once more.
            self.clock.pass_(LIMITS["deadline"])
        if result not in GOOD:
            raise Violation(f"a clean run ended as {result}")
        for name in job.get("hosts", (self.host.name,)):
            host = self.hosts[name]
            if not host.accepts(self.vault.records[self.main]["password"]):
                raise Violation(f"after a clean run the main record has not the password of {name}")
            journal = [record["password"] for ref, record in self.vault.records.items() if ref != self.main]
            if not any(host.accepts(password) for password in journal):
                raise Violation(
                    f"after a clean run the journal has not the password of {name}, for the next one to keep"
                )
        if left := self.leftovers():
            raise Violation(f"a clean run has left {left}")

    def leftovers(self) -> list[str]:
        """What a run has left on hosts that is not there for good."""
        return [path.name for path in self._folder.glob("*/state/**/*.json") if path.name != "machine.json"]

    def lock_holder(self) -> str | None:
        """The run that holds the lock of the host, if its lease is not over."""
        held = self.code.user_state.UserState(self.host.machine, USER).holder()
        return held["run"] if held["remaining"] else None


def calls_of_a_clean_run(code: Code, prepare: Callable[[Scene], object] = lambda scene: None) -> list[str]:
    with Scene(code) as scene:
        prepare(scene)
        return scene.run()[1].trace


def faults(calls: int) -> Iterator[tuple[int, str]]:
    """Every fault of a run with so many calls: (number of the call, kind)."""
    return itertools.product(range(calls), KINDS)
