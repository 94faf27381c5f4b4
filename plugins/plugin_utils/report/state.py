# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fold the history of rotations into the latest state of each password and key, the runs and the days."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t

from .history import WELL, Entry, moment

SCHEMA = 1
_RUNS = 20
# A run that found the host busy, away or half way: nothing is broken, and a later run puts it right.
_WAITING = frozenset({"busy", "pending", "unreachable"})
Group = t.Literal["changed", "unchanged", "waiting", "problem"]
GROUPS: tuple[Group, ...] = ("changed", "unchanged", "waiting", "problem")


@dataclasses.dataclass(frozen=True)
class Latest:
    """The state of one password or key after its newest entry."""

    entry: Entry
    ended: datetime.datetime
    last_change: datetime.datetime | None
    last_success: datetime.datetime | None
    failures: int  # entries without a good end since then

    def age_days(self, now: datetime.datetime) -> float | None:
        """Return the age of the password or key in days, or None if no entry knows it."""
        if self.last_change is None:
            return None
        return max((now - self.last_change).total_seconds(), 0.0) / 86_400

    def overdue_days(self, now: datetime.datetime) -> float:
        """Return by how many days it is older than the policy allows; 0 if it is not, or if that is not known."""
        age, limit = self.age_days(now), self.entry.max_age_days
        return 0.0 if age is None or limit is None else max(age - limit, 0.0)

    def urgency(self, now: datetime.datetime) -> int:
        """Return 3 if somebody must act, 2 if it is too old, 1 if a later run puts it right, and 0 if all is well."""
        group = group_of(self.entry.status)
        if group == "problem":
            return 3
        if self.overdue_days(now) > 0:
            return 2
        return int(group == "waiting")


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: all entries with the same run id."""

    run: str
    job: str | None
    started: datetime.datetime
    ended: datetime.datetime
    hosts: int
    statuses: dict[str, int]  # how often each status came


@dataclasses.dataclass(frozen=True)
class State:
    """All that the report shows, without what depends on the time at which it is made."""

    latest: tuple[Latest, ...]  # by host, kind and user
    runs: tuple[Run, ...]  # the newest first, a limited number
    days: dict[datetime.date, dict[Group, int]]  # entries of each day (UTC) by group
    entries: int
    unreadable: int  # lines of the history


def group_of(status: str) -> Group:
    """Return the group of a status, as charts show it. A status that only a later version knows is a problem."""
    if status in WELL:
        return "unchanged" if status == "unchanged" else "changed"
    return "waiting" if status in _WAITING else "problem"


def fold(entries: t.Iterable[Entry], unreadable: int = 0) -> State:
    """Fold entries in any order. Those whose time cannot be read count as unreadable, beside ``unreadable`` lines."""
    timed = [(ended, entry) for entry in entries for ended in [moment(entry.time)]]
    ordered = sorted(((ended, entry) for ended, entry in timed if ended is not None), key=lambda pair: pair[0])
    latest: dict[tuple[str, str, str], Latest] = {}
    runs: dict[str, list[tuple[datetime.datetime, Entry]]] = {}
    days: dict[datetime.date, dict[Group, int]] = {}
    for ended, entry in ordered:
        secret = (entry.host, entry.kind, entry.user)
        latest[secret] = _next(latest.get(secret), ended, entry)
        runs.setdefault(entry.run, []).append((ended, entry))
        day = days.setdefault(ended.date(), dict.fromkeys(GROUPS, 0))
        day[group_of(entry.status)] += 1
    newest = sorted(runs.values(), key=lambda run: run[-1][0], reverse=True)[:_RUNS]
    return State(
        latest=tuple(latest[secret] for secret in sorted(latest)),
        runs=tuple(_run(run) for run in newest),
        days=days,
        entries=len(ordered),
        unreadable=unreadable + len(timed) - len(ordered),
    )


def _next(before: Latest | None, ended: datetime.datetime, entry: Entry) -> Latest:
    """Return the state after one more entry."""
    well = entry.status in WELL
    changed = moment(entry.last_change) or (ended if entry.status == "changed" else None)
    known = [time for time in (changed, before and before.last_change) if time]
    return Latest(
        entry=entry,
        ended=ended,
        # An entry may know less than an earlier one, of a host that it did not reach.
        last_change=max(known, default=None),
        last_success=ended if well else before.last_success if before else None,
        failures=0 if well else 1 + (before.failures if before else 0),
    )


def _run(run: list[tuple[datetime.datetime, Entry]]) -> Run:
    ends = [ended - datetime.timedelta(seconds=_bounded(entry.seconds)) for ended, entry in run]
    return Run(
        run=run[-1][1].run,
        job=next((entry.job for _ended, entry in run if entry.job), None),
        started=min(ends),
        ended=run[-1][0],
        hosts=len({entry.host for _ended, entry in run}),
        statuses=dict(collections.Counter(entry.status for _ended, entry in run)),
    )


def _bounded(seconds: float) -> float:
    """Limit to a day, as no rotation takes longer."""
    return min(max(seconds, 0.0), 86_400.0)


@dataclasses.dataclass(frozen=True)
class Summary:
    """The headline."""

    hosts: int
    secrets: int  # passwords and keys
    well: int  # hosts of which nothing needs attention
    attention: int  # all other hosts
    oldest: Latest | None
    age_unknown: int  # passwords and keys
    overdue: int  # passwords and keys


def summary(state: State, now: datetime.datetime) -> Summary:
    """Count hosts, and find the oldest password or key."""
    hosts = {item.entry.host for item in state.latest}
    attention = {item.entry.host for item in state.latest if item.urgency(now)}
    known = [item for item in state.latest if item.last_change is not None]
    return Summary(
        hosts=len(hosts),
        secrets=len(state.latest),
        well=len(hosts) - len(attention),
        attention=len(attention),
        oldest=max(known, key=lambda item: item.age_days(now) or 0.0, default=None),
        age_unknown=len(state.latest) - len(known),
        overdue=sum(item.overdue_days(now) > 0 for item in state.latest),
    )


def document(state: State, now: datetime.datetime) -> dict[str, t.Any]:
    """Return the report for programs, the content of C(report.json). Times are ISO 8601 in UTC, ages are days."""
    numbers = summary(state, now)
    return {
        "schema": SCHEMA,
        "generated": _iso(now),
        "summary": {
            **dataclasses.asdict(dataclasses.replace(numbers, oldest=None)),
            "oldest": _item(numbers.oldest, now) if numbers.oldest else None,
            "statuses": dict(collections.Counter(item.entry.status for item in state.latest)),
            "entries": state.entries,
            "unreadable_lines": state.unreadable,
        },
        "latest": [_item(item, now) for item in state.latest],
        "runs": [
            {**dataclasses.asdict(run), "started": _iso(run.started), "ended": _iso(run.ended)} for run in state.runs
        ],
    }


def _item(item: Latest, now: datetime.datetime) -> dict[str, t.Any]:
    age = item.age_days(now)
    return {
        **dataclasses.asdict(item.entry),
        "last_change": _iso(item.last_change),
        "last_success": _iso(item.last_success),
        "failures": item.failures,
        "age_days": None if age is None else round(age, 2),
        "overdue_days": round(item.overdue_days(now), 2),
        "attention": item.urgency(now) > 0,
    }


def _iso(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds").replace("+00:00", "Z")
