# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in memory in which a rotation runs: a vault with the server's upsert rules, a host whose files are real and
which runs the real commands of on_host/, a clock that only moves when somebody waits, and faults in any call.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rotation.code import Code

from ansible_collections.community.senhasegura.plugins.module_utils.errors import AnswerLost, ConnectionFailed, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    Credential,
    CredentialInfo,
    CredentialWrite,
    Entries,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.hashing import split_lock
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import Result, Verdict
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.remote import uncovered

USER = "app"
DAY = 86400
_PAD = "5a" * 100
# Files in memory, where there is such a place.
_MEMORY = "/dev/shm"
# Seconds that each call takes.
_TICK = 0.05
LIMITS = {"deadline": 300.0, "request_life": 120.0}
# Bystanders around the user, of whom no byte may change.
_OTHERS = (
    "root:*:19000:0:99999:7:::",
    "daemon:*:19000:0:99999:7:::",
    "apple:$6$a$b:19001:0:90:7:::",
    "ap:!:19002::::::",
)


# What happens to the call with this number (from 0) of a run: one of KINDS, or what somebody else does just before it.
Faults = Mapping[int, "str | Callable[[], object]"]


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no handler either."""


def cheap_hash(password: str, _like: str = "") -> str:
    return "$6$cheap$" + hashlib.sha256(password.encode()).hexdigest()[:20]


def cheap_match(password: str, crypted: str) -> bool:
    return cheap_hash(password) == crypted


class Clock:
    """Seconds, on the controller and on the host. Late effects happen when it passes their time."""

    def __init__(self) -> None:
        self.now = 20_000.0 * DAY
        self._late: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def __call__(self) -> float:
        return self.now

    def utc(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc)

    def later(self, seconds: float, effect: Callable[[], None]) -> None:
        self._late.append((self.now + seconds, next(self._number), effect))

    def pass_(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted(item for item in self._late if item[0] <= end):
            self._late.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][2]()
        self.now = end


class Vault:
    """Credentials by id, with the server's own upsert rules. It has the methods of client.credentials."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.records: dict[str, dict[str, Any]] = {}
        self._ids = itertools.count(7)
        self._changes = itertools.count(1)

    def select(self, pick: Callable[[Entries], Any], *, fresh: bool = False) -> Any:
        names = {field.name for field in dataclasses.fields(CredentialInfo)}
        return pick(
            Entries(
                CredentialInfo(**{name: value for name, value in record.items() if name in names})
                for record in self.records.values()
            )
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
        if hit is None:
            hit = {"id": str(next(self._ids)), "password": "-", "additional": "", "automatic_change": False}
            self.records[hit["id"]] = hit
        hit.update(username=wanted.username, hostname=wanted.hostname, ip=wanted.ip)
        if wanted.identifier:
            hit["identifier"] = wanted.identifier
        if wanted.password is not None:
            hit.update(password=wanted.password, change=f"change {next(self._changes)}")
        if wanted.additional is not None:
            hit["additional"] = wanted.additional
        return Stored(hit["id"], hit.get("identifier"))

    def passwords(self) -> list[str]:
        return [record["password"] for record in self.records.values()]


class Host:
    """Files of a host in a folder, and the few programs that on_host/ runs."""

    def __init__(self, clock: Clock, folder: Path, code: Code, password: str) -> None:
        self.clock, self.folder, self.code = clock, folder, code
        self.etc = folder / "etc"
        self.etc.mkdir(parents=True)
        lines = [*_OTHERS[:2], f"{USER}:{cheap_hash(password)}:19500:0:99999:7:::", *_OTHERS[2:]]
        self._write(lines)
        users = [line.split(":", 1)[0] for line in lines]
        (self.etc / "passwd").write_text("".join(f"{user}:x:1:1::/home/{user}:/bin/sh\n" for user in users))
        (self.etc / "machine-id").write_text("0123456789abcdef\n")
        self.failures = 0
        # What a test may make of it: a program that is not there, and the answer to every login of a right password.
        self.missing = ""
        self.login_verdict = "ok"

        self.machine = _machine(self)

    def token(self) -> str:
        """What the host calls itself."""
        return hashlib.sha256((self.etc / "machine-id").read_bytes()).hexdigest()[:12]

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
        return cheap_match(password, split_lock(self.fields()[1])[1])

    def is_too_old(self) -> bool:
        _user, _hash, changed, _min, maximum, *_more = self.fields()
        return int(changed) + int(maximum) < self.clock.now // DAY

    def forget_user(self) -> None:
        self._write(self.others())

    def command(self, arguments: list[str], text: str = "") -> tuple[int, str]:
        if arguments[0] == self.missing:
            return 127, "not installed"
        if arguments == ["chpasswd", "-e"]:
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


def _machine(host: Host) -> Any:
    """What on_host/ takes for its machine."""

    class Machine(host.code.state.Machine):  # type: ignore[misc, name-defined]
        etc, base = str(host.etc), str(host.folder / "state")

        def now(self) -> float:
            return host.clock.now

        def command(self, arguments: list[str], text: str = "", timeout: float = 60.0) -> tuple[int, str]:
            return host.command(arguments, text)

    return Machine()


# "late": no answer now, applied so many seconds later.
LATE = {"late, in the run": 0.12, "late, after the run": 119.0}
# From that call on, whatever goes to the vault, to the host, or logs in there: what that call does.
OUTAGES = {"outage": "lost, not applied", "outage of answers": "lost, applied"}
KINDS = ("killed before", "killed after", "lost, not applied", "lost, applied", *LATE, *OUTAGES, "garbled", "refused")


class World:
    """What the driver talks to, with faults. ``trace`` has the calls of the present run."""

    def __init__(self, code: Code, run: Any, scene: Scene, faults: Faults) -> None:
        self._code, self._run, self._scene, self.faults = code, run, scene, faults
        self._records = scene.records_of(run.id)
        run.labels = self._records.labels
        self.records = self
        self.trace: list[str] = []
        self.failures = 0
        self._outages: dict[str, str] = {}
        self._misread: set[str] = set()

    # The records of the vault

    def list(self, machine: str | None = None) -> Any:
        return self._faulty("list", lambda: self._records.list(machine), lost=AnswerLost)

    def read(self, name: str) -> Any:
        def garbled(held: Any) -> Any:
            self._misread.add(name)
            if held.secret is None:
                return dataclasses.replace(held, note={})
            return dataclasses.replace(held, secret=self.garbled(held.secret))

        return self._faulty(f"read {name}", lambda: self._records.read(name), lost=AnswerLost, garble=garbled)

    def write(self, name: str, secret: Any, note: Mapping[str, str]) -> None:
        # Who was told something else of it cannot know; the main record has it then.
        if secret and name not in self._misread and self._records._ids.get(name) in self._scene.vault.records:
            self.check_write(name, self._records._ids[name], secret)

        def garbled() -> None:
            self._records.write(name, secret and self.garbled(secret), note if secret else {})

        self._faulty(f"write {name}", lambda: self._records.write(name, secret, note), lost=AnswerLost, instead=garbled)

    def check_write(self, name: str, ref: str, secret: Any) -> None:
        """Raise Violation if what a write would overwrite is still needed."""
        present = self._scene.vault.records[ref]["password"]
        if self._scene.host.accepts(present) and present != secret:
            raise Violation(f"{name} has the password of the host and would be overwritten")

    def garbled(self, secret: Any) -> Any:
        return f"{secret}~"

    # Host and login

    def on_host(self, call: Any, seconds: float) -> Any:
        return self._faulty(f"host {call.do}", lambda: self._command(call), lost=self._code.calls.Lost)

    def _command(self, call: Any) -> Any:
        request = {"do": call.do, "user": USER, "pad": _PAD, **call.request}
        request["do"] = "look" if call.do == "judge" else call.do
        answer = self._code.commands.carry_out(self._scene.host.machine, request)
        if "error" in answer:
            raise self._code.calls.NotDone(answer["text"])
        answer["ok"].setdefault("machine", self._scene.host.token())
        return uncovered(answer["ok"], _PAD) if request["do"] == "look" else answer["ok"]

    def login(self, call: Any, seconds: float) -> Any:
        return self._faulty("login", lambda: self._log_in(call.secret), lost=None)

    def _log_in(self, secret: str) -> Verdict:
        if self._scene.host.accepts(secret):
            too_old = self._scene.host.is_too_old()
            verdict = self._scene.host.login_verdict
            return Verdict(Result(verdict if verdict != "must_change" or too_old else "ok"), verdict)
        self.failures += 1
        return Verdict(Result.WRONG, "the password was refused")

    def say(self, text: str) -> None:
        pass

    def _faulty(
        self,
        name: str,
        work: Callable[[], Any],
        *,
        lost: type[Exception] | None,
        garble: Callable[[Any], Any] | None = None,
        instead: Callable[[], Any] | None = None,
    ) -> Any:
        family = self.family(name)
        kind = self.faults.get(len(self.trace), self._outages.get(family))
        if kind in OUTAGES:
            self._outages[family] = kind = OUTAGES[kind]
        self.trace.append(name)
        try:
            return self._with(name, kind, work, lost, garble, instead)
        finally:
            self._scene.check(f"after {name} ({kind or 'no fault'})")
            self._scene.clock.pass_(_TICK)
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
        instead: Callable[[], Any] | None,
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
                return Verdict(Result.WRONG, "the password was refused")
            raise self._code.calls.NotDone("refused") if lost is self._code.calls.Lost else NotFound("refused")
        if kind == "garbled" and instead:
            return instead()
        answer = None
        if kind in LATE:
            self._scene.clock.later(LATE[kind], lambda: _quietly(work))
        elif kind != "lost, not applied":
            answer = work()
        if kind == "killed after":
            raise Killed
        if kind == "garbled" and garble:
            return garble(answer)
        if lost is None:
            return Verdict(Result.NETWORK, "no answer")
        raise lost("no answer")


def _quietly(work: Callable[[], Any]) -> None:
    try:
        work()
    except Exception:
        pass


class Violation(BaseException):
    """Something is lost, or was harmed."""


class Scene:
    """One vault, one host, and runs on them one after the other. Use it as a context manager."""

    def __init__(self, code: Code, prepare: Callable[[Scene], object] = lambda scene: None, **job: Any) -> None:
        self.code, self._prepare, self._job = code, prepare, job
        self.clock = Clock()
        self.vault = Vault(self.clock)
        self._folder = Path(tempfile.mkdtemp(prefix="rotation-", dir=_MEMORY if os.path.isdir(_MEMORY) else None))
        self.host = Host(self.clock, self._folder, code, "first")
        self.main = self.vault.store(CredentialWrite(USER, "web01", "192.0.2.10", "web01-app", "first"), None).id
        self._others = self.host.others()
        self._checked: tuple[list[str], list[str]] | None = None
        self._runs, self._secrets = itertools.count(1), itertools.count(1)
        self.log: list[str] = []
        # What a test may switch off or expect otherwise.
        self.checking, self.expect_lock = True, False
        self.matches = cheap_match
        self.most_failures: float = 1

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_error: Any) -> None:
        shutil.rmtree(self._folder)

    def prepare(self) -> None:
        """What was before the first run that counts."""
        self._prepare(self)

    def records_of(self, run: str) -> Any:
        info = next(entry for entry in self.vault.select(tuple) if entry.id == self.main)
        return self.code.records.PasswordRecords(self.vault, info, run, f"{self.clock.now:020.3f}")

    def start(self, faults: Faults | None = None, **job: Any) -> tuple[World, Any, Any]:
        """A world, a run and its protocol, ready to be driven."""
        run = self.code.steps.Run(
            f"run{next(self._runs)}",
            ("web01",),
            self.code.steps.Limits(**LIMITS),
            {},
            record=self.main,
            user=USER,
            clock=self.clock,
            now=self.clock.utc,
        )
        world = World(self.code, run, self, faults or {})
        wanted = {"user": USER, "matches": cheap_match, "make_hash": cheap_hash, **self._job, **job}
        return world, run, self.code.password.rotate(run, self.code.password.Job(generate=self._generate, **wanted))

    def _generate(self) -> str:
        return f"secret{next(self._secrets)}"

    def run(self, faults: Faults | None = None, **job: Any) -> tuple[str, World]:
        """Do one run, and return how it ended (the result, or "killed") and its world."""
        world, run, protocol = self.start(faults, **job)
        interrupt = self.code.driver.Interrupt()
        try:
            result = self.code.driver.drive(protocol, world, run, interrupt, sleep=self.sleep).result
        except Killed:
            result = "killed"
        except self.code.calls.Stopped as stop:
            result = stop.result
            self.log.append(f"{stop.message} | {stop.hint}")
        self.log.append(f"{run.id}: {result} after {', '.join(world.trace)}")
        if world.failures > self.most_failures:
            raise Violation(f"{world.failures} failed logins in one run")
        return result, world

    def sleep(self, seconds: float) -> None:
        self.clock.pass_(seconds)
        self.check("while waiting")

    def check(self, when: str) -> None:
        """The invariant: some record of the vault has the password of the host, and nobody else was touched."""
        state = (self.host.lines, self.vault.passwords())
        if state == self._checked or not self.checking:
            return
        self._checked = state
        if not any(self.host.accepts(password) for password in self.vault.passwords()):
            raise Violation(f"lost {when}: no record has the password of the host")
        if self.host.others() != self._others:
            raise Violation(f"another user's line has changed {when}")
        if bool(split_lock(self.host.fields()[1])[0]) != self.expect_lock:
            raise Violation(f"the account was locked or unlocked {when}")

    def settle(self) -> None:
        """One clean run, as soon as it is not busy any more, must put everything right."""
        for _try in range(4):
            result, _world = self.run()
            if result != "busy":
                break
            # Even a request for the lock may come late, and hold it once more.
            self.clock.pass_(LIMITS["deadline"])
        if result not in self.code.calls.GOOD:
            raise Violation(f"a clean run ended as {result}")
        if not self.host.accepts(self.vault.records[self.main]["password"]):
            raise Violation("after a clean run the main record has not the password of the host")
        journal = [record["password"] for name, record in self.vault.records.items() if name != self.main]
        if not any(self.host.accepts(password) for password in journal):
            raise Violation("after a clean run the journal has not the password of the host, for the next one to keep")
        if left := self.leftovers():
            raise Violation(f"a clean run has left {left}")

    def leftovers(self) -> list[str]:
        return [path.name for path in (self._folder / "state").rglob("*.json")]

    def lock_holder(self) -> str | None:
        """The run that holds the lock of the host, if its lease is not over."""
        held = self.code.state.State(self.host.machine, USER).holder()
        return held["run"] if held["remaining"] else None


def calls_of_a_clean_run(code: Code, prepare: Callable[[Scene], object] = lambda scene: None) -> list[str]:
    with Scene(code) as scene:
        prepare(scene)
        return scene.run()[1].trace


def faults(calls: int) -> Iterator[tuple[int, str]]:
    """Every fault of a run with so many calls: (number of the call, kind)."""
    return itertools.product(range(calls), KINDS)
