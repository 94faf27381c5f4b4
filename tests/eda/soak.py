# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Poll for minutes while the server fails, is restarted, and the source is killed: no event may be lost.

Each credential of the vault has something happen to it once, so that all of it stays visible to polling: it is changed,
expires, is viewed, or expires without the change that the vault owes. One of 20 requests fails, in several ways.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import socket
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda.process import Process, source, wait_until

from senhasegura_simulator.server import Simulator

CLIENT = {"client_id": "eda", "client_secret": "eda-secret-0123456789abcdef"}
OPTIONS = {"interval": 1, "custody_after": 2, "failed_after": 4, "max_pause": 4, "timeout": 5}
KINDS = ("changed", "expired", "custody_held", "change_failed")
# What happens to every twentieth request, in turn.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "drop", "when": "after"},
    {"kind": "truncate"},
    {"kind": "status", "status": 500},
    {"kind": "html"},
    {"kind": "expired_token"},
    # A list without its entries is no empty list.
    {"kind": "envelope"},
    {"kind": "empty"},
)
EVERY = 20
# Between two starts of the server there are fewer.
RULES = 100
SEEN = re.compile(r"SEEN (\w+) (\d+)")
# Of memory, in kB. A JVM takes more.
MOST_MEMORY = {False: 200_000, True: 2_000_000}
LAST_EVENTS = 90.0


@dataclass
class Result:
    """What a soak has shown.

    :ivar expected: type and id of what has happened
    :ivar seen: how often each was reported
    """

    expected: set[tuple[str, str]] = field(default_factory=set)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    restarts: int = 0
    kills: int = 0
    faults: int = 0
    requests: int = 0
    memory: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        twice = sum(count > 1 for count in self.seen.values())
        return (
            f"{len(self.expected)} events in {self.seconds:.0f} s, {len(self.expected - set(self.seen))} lost, "
            f"{len(set(self.seen) - self.expected)} that nobody expected, {twice} reported more than once; "
            f"{self.requests} requests with {self.faults} faults, the server restarted {self.restarts} times, "
            f"the source killed {self.kills} times; at most {self.memory / 1000:.0f} MB"
        )


def seed(number: int) -> dict[str, Any]:
    """A vault with that many credentials."""
    devices = [{"hostname": f"host{place}", "ip": f"192.0.2.{place}"} for place in range(1, 11)]
    credentials = [
        {
            "identifier": f"c{place}",
            "username": f"user{place}",
            "hostname": f"host{place % 10 + 1}",
            "password": {"random": True},
            "automatic_change": KINDS[place % 4] == "change_failed",
            "change": "2026-01-01T00:00:00",
        }
        for place in range(number)
    ]
    return {"clients": [CLIENT], "devices": devices, "credentials": credentials}


class Server:
    """A simulator that can be stopped and started again, with its state, at the same address."""

    def __init__(self, folder: Path, number: int, every: int, chance: random.Random) -> None:
        self._folder, self._seed = folder, seed(number)
        self._every, self._chance = every, chance
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.requests = self.faults = 0
        self.simulator: Simulator
        self.start()

    def start(self) -> None:
        self.simulator = Simulator("4.0", self._seed, port=self._port, state=self._folder).__enter__()
        first, turn = self._chance.randrange(self._every), self._chance.randrange(len(FAULTS))
        for place in range(RULES):
            # A rule does not count the requests that those before it have struck.
            skip = first + place * (self._every - 1)
            fault = FAULTS[(turn + place) % len(FAULTS)]
            self.simulator.control.add_fault({**fault, "skip": skip, "times": 1})

    def stop(self) -> None:
        log = self.simulator.control.log()
        self.requests += len(log)
        self.faults += sum(bool(entry["faults"]) for entry in log)
        self.simulator.__exit__(None, None, None)

    def happen(self, kind: str, identifier: str) -> str:
        """Let something happen to a credential, and return its id."""
        now = time.time()
        fields = {
            "changed": {"change": now},
            "expired": {"expiration": now - 1},
            "custody_held": {"view": now},
            "change_failed": {"expiration": now - 1},
        }[kind]
        return str(self.simulator.control.set_credential(identifier, **fields)["id"])

    def env(self) -> dict[str, str]:
        return {
            "SENHASEGURA_URL": self.simulator.url,
            "SENHASEGURA_CA_PATH": self.simulator.ca_path,
            "SENHASEGURA_CLIENT_ID": CLIENT["client_id"],
            "SENHASEGURA_CLIENT_SECRET": CLIENT["client_secret"],
        }


def soak(
    folder: Path, seconds: float, random_seed: int, rulebook: list[str] | None = None, every: int = EVERY
) -> Result:
    """Let things happen for that many seconds, and return what was seen of them.

    :param every: one of so many requests fails
    :param rulebook: the command of ansible-rulebook up to its rulebook, or None to run the source without rules
    """
    result, chance, start = Result(), random.Random(random_seed), time.monotonic()
    number = max(40, int(seconds * 3))
    server = Server(folder / "vault", number, every, chance)
    state, log = folder / "state.json", folder / "log"
    options = {**OPTIONS, "state_file": str(state)}
    (folder / "variables.yml").write_text(json.dumps(options))
    command = source("senhasegura", json.dumps(options))
    if rulebook:
        soak_yml = Path(__file__).with_name("soak.yml")
        command = [*rulebook, "--rulebook", str(soak_yml), "-e", str(folder / "variables.yml")]
    process = Process(command, log, server.env())
    try:
        # Changes are seen against what the first poll has remembered.
        wait_until("the first poll", lambda: state.exists() and len(memory(state)) == number, process, 120)
        end = time.monotonic() + seconds
        for disturbance in disturbances(seconds, chance):
            until = min(end, time.monotonic() + disturbance.after)
            while time.monotonic() < until and len(result.expected) < number:
                happen(server, result, chance)
            result.memory = max(result.memory, process.memory())
            if disturbance.kind == "restart":
                server.stop()
                time.sleep(chance.uniform(1, 4))
                server.start()
                result.restarts += 1
            elif disturbance.kind == "kill":
                process.end(signal.SIGKILL)
                process = Process(command, log, server.env())
                result.kills += 1
        finish(result, process, log)
        check(result, process, state, MOST_MEMORY[bool(rulebook)])
    finally:
        with contextlib.suppress(AssertionError):
            process.end(signal.SIGKILL)
        server.stop()
    result.requests, result.faults = server.requests, server.faults
    result.seconds = time.monotonic() - start
    if not result.faults:
        result.problems.append("no request failed")
    return result


@dataclass(frozen=True)
class Disturbance:
    """What is done after so many seconds."""

    after: float
    kind: str


def disturbances(seconds: float, chance: random.Random) -> Iterator[Disturbance]:
    """Spread restarts and kills over the time."""
    each = max(seconds / 8, 4.0)
    for place in range(int(seconds / each)):
        yield Disturbance(each * chance.uniform(0.7, 1.1), ("restart", "kill")[place % 2])
    yield Disturbance(each, "none")


def happen(server: Server, result: Result, chance: random.Random) -> None:
    """Let the next thing happen."""
    place = len({id_ for _type, id_ in result.expected})
    kind = KINDS[place % len(KINDS)]
    id_ = server.happen(kind, f"c{place}")
    result.expected.add((kind, id_))
    if kind == "change_failed":
        result.expected.add(("expired", id_))
    time.sleep(chance.uniform(0.1, 0.6))


def finish(result: Result, process: Process, log: Path) -> None:
    """Wait until all is seen, as long as the last of it may take."""
    end = time.monotonic() + LAST_EVENTS
    while time.monotonic() < end:
        result.seen = Counter(map(tuple, SEEN.findall(log.read_text(errors="replace"))))  # type: ignore[arg-type]
        if result.expected <= set(result.seen):
            break
        time.sleep(0.5)
    result.memory = max(result.memory, process.memory())


def check(result: Result, process: Process, state: Path, most_memory: int) -> None:
    """Add to the result what must not be."""
    missing = sorted(result.expected - set(result.seen))
    if missing:
        result.problems.append(f"lost: {missing[:10]}\n{process.text()[-3000:]}")
    if unexpected := sorted(set(result.seen) - result.expected):
        result.problems.append(f"nobody expected: {unexpected[:10]}")
    if result.memory > most_memory:
        result.problems.append(f"{result.memory} kB of memory")
    if stat.S_IMODE(state.stat().st_mode) != 0o600:
        result.problems.append("the state file is not private")
    if CLIENT["client_secret"] in process.text() + state.read_text():
        result.problems.append("a secret is in the log or in the state file")
    if (took := process.end(signal.SIGTERM)) > 30:
        result.problems.append(f"it took {took:.0f} seconds to end")


def memory(state: Path) -> dict[str, Any]:
    """What a state file remembers."""
    return dict(json.loads(state.read_text())["entries"])
