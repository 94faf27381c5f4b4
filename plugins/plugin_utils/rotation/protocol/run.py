# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of a rotation, its limits, and what it has to remember of itself."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .effects import MAIN, OnHost
from .lease import Lease


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds. ``deadline`` is for the whole run; ``late_write_window`` is how long a request to the vault may still be
    applied after it was sent; ``lock_wait`` is how long to wait for another run on the same host.
    """

    deadline: float = 300.0
    late_write_window: float = 120.0
    lock_wait: float = 0.0
    # For one call on one host, so that a host that hangs does not use up the time of all.
    on_host: float = float("inf")

    @property
    def commit_margin(self) -> float:
        """Return what must be left of the deadline for a commit to begin."""
        return min(60.0, self.deadline / 5)


@dataclasses.dataclass(frozen=True)
class Works:
    """The record that logs in to a host, or those of which one does. ``proved``: C(hash), C(login), or nothing."""

    records: tuple[str, ...]
    proved: str = ""


@dataclasses.dataclass
class RotationRun:
    """One run, and what it has to remember of itself."""

    id: str
    hosts: tuple[str, ...]
    limits: Limits
    # How the records are called in messages: name -> identifier. It grows with each list of the vault.
    labels: t.Mapping[str, str]
    # Monotonic seconds, and the time of day with its time zone.
    clock: t.Callable[[], float]
    now: t.Callable[[], datetime.datetime]
    # The main record by its id, and the account whose secret it has.
    record: str = ""
    user: str = ""
    # The run whose lock and lease this one may break.
    breaks: str = ""
    # The one whose lock or lease it has broken.
    broken: str = ""
    # Whether the run goes on without a host that gives no answer, and those without which it does: host -> why.
    skip_unreachable: bool = False
    # How many hosts are worked on at the same time.
    forks: int = 1
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    # Monotonic: until when others are waited for; and after which driver.py makes no call but to give things back.
    give_up: float = 0.0
    ends: float = float("inf")
    leaving: bool = False
    # Whether a write to the vault had no answer: it may be applied later, so lock and lease have to outlive it.
    unanswered: bool = False
    # Whether a host does not tell what has become of it: then nobody else shall take the secret over at once.
    unsure: bool = False
    # The machines whose lock this run holds, by host; the first one gives the journal its name.
    machines: dict[str, str] = dataclasses.field(default_factory=dict)
    # The hosts whose lock this run has given back before its end.
    gave_back: set[str] = dataclasses.field(default_factory=set)
    # What this run has written, while that counts.
    lease: Lease | None = None
    works: dict[str, Works] = dataclasses.field(default_factory=dict)
    # What main had when this run has read it last.
    main_secret: t.Any = None
    warnings: list[str] = dataclasses.field(default_factory=list)

    def on(self, host: str, do: str, **request: t.Any) -> OnHost:
        """Return the effect of a command of this run on a host."""
        return OnHost(host, do, {"run": self.id, "record": self.record, **request})

    @property
    def present(self) -> tuple[str, ...]:
        """Return the hosts that have answered so far."""
        return tuple(host for host in self.hosts if host not in self.absent)

    @property
    def machine(self) -> str | None:
        """Return the id of the first machine that has told its own, or None."""
        return next(iter(self.machines.values()), None)

    def found(self, host: str, *records: str, proved: str = "") -> None:
        """Note which record logs in to a host; of several, one does."""
        self.works[host] = Works(records, proved)

    def forget_main(self) -> None:
        """Forget what was compared with main: somebody else writes it, or has written it."""
        self.works = {host: works for host, works in self.works.items() if MAIN not in works.records}

    def works_and_proved(self) -> tuple[str, str]:
        """Return the record that logs in to each of the hosts, and how that is known; nothing if they differ."""
        if len(self.works) != len(self.hosts) or len({*self.works.values()}) != 1:
            return "", ""
        (works,) = {*self.works.values()}
        return self._named(works), works.proved

    def access(self, host: str) -> tuple[str, str, str]:
        """Return the record that logs in to a host, how that is known, and both in words."""
        works = self.works.get(host)
        if works is None:
            return "", "", f"{host}: {self._says(None)}"
        return self._named(works), works.proved, f"{host}: {self._says(works)}"

    def login(self) -> str:
        """Return which record logs in to each host, in words."""
        hosts: dict[Works | None, list[str]] = {}
        for host in self.hosts:
            hosts.setdefault(self.works.get(host), []).append(host)
        return ". ".join(f"{', '.join(some)}: {self._says(works)}" for works, some in hosts.items())

    def _says(self, works: Works | None) -> str:
        return says(self.user, self._named(works) if works else "", works.proved if works else "")

    def _named(self, works: Works) -> str:
        return " or ".join(self.labels[name] for name in works.records)


_PROOFS = {"hash": "proved by its hash in this run", "login": "proved by a login in this run", "": "not proved"}


def says(user: str, works: str, proved: str) -> str:
    """Return which record logs a user in, and how that is known, in words."""
    if not works:
        return f"which record logs {user} in was not compared" if user else "which record logs in was not compared"
    return f"{user} logs in with {works} ({_PROOFS[proved]})"


# What a run that has begun to change something says when it stops.
SETTLE = "Run it again with state=recovered"
