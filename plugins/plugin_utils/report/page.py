# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history report as a page for people: its words, numbers and the geometry of its charts."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import math
import os
import re
import typing as t

import jinja2

from ...module_utils.secrecy import printable
from .state import (
    GROUPS,
    Group,
    Latest,
    State,
    Summary,
    group_of,
    summary,
)

_TEMPLATE = "page.html.j2"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KINDS = {"password": "password", "ssh_key": "SSH key"}
# Up to so many passwords and keys the chart of ages shows each of them, above it how many there are of each age.
_ALL_BARS = 20
_WORST_BARS = 8
_LONGEST_LABEL = 24
_LONGEST_MESSAGE = 400
_LAST_DAYS = 30
_FEWEST_DAYS = 14
_LAST_RUNS = 5
_PARTS = re.compile(r"[^.-]*[.-]*")


@dataclasses.dataclass(frozen=True)
class Words:
    """What a manager reads about a result. {it} stands for "password" or "SSH key"."""

    name: str
    meaning: str
    todo: str = ""


RESULTS: dict[str, Words] = {
    "changed": Words("Changed", "The {it} was changed and checked, and the new one is in the vault."),
    "recovered": Words(
        "Recovered", "An earlier run had been cut off. This one tidied up: the {it} in the vault is the one that works."
    ),
    "unchanged": Words("Nothing due", "The {it} did not have to be changed yet. Nothing was touched."),
    "busy": Words(
        "Busy",
        "Another run was working on this host, so this one left it alone.",
        "Nothing, unless the next report says the same.",
    ),
    "unreachable": Words(
        "Not reached",
        "The host did not answer.",
        "Check that the host is up and that Ansible can log in, then run the rotation job again.",
    ),
    "pending": Words(
        "Unfinished",
        "A change was begun and not finished. The {it} that works is in the vault or in the vault's journal.",
        "Run the recovery job.",
    ),
    "in_doubt": Words(
        "In doubt",
        "The new {it} is safe in the vault's journal, but the vault did not confirm it as the current one.",
        "Run the recovery job.",
    ),
    "drift": Words(
        "Drift",
        "The {it} on the host is not one that the vault knows. Somebody may have changed it by hand.",
        "Find out who changed it, then store that {it} in the vault or set a new one.",
    ),
    "refused": Words(
        "Refused",
        "A safety check said no before anything was changed, for example because the account is locked.",
        "Put right what the message names, then run the rotation job again.",
    ),
    "failed": Words(
        "Failed",
        "The run ended in an error: see the message. The {it} that works is in the vault or in the vault's journal.",
        "Put right what the message names, then run the rotation job again. It first settles what is left.",
    ),
}
_OVERDUE = Words(
    "Too old",
    "The last run ended well, but the {it} is older than the policy allows.",
    "Check that the rotation job is scheduled for this host, and run it.",
)
GROUP_NAMES: dict[Group, str] = {
    "changed": "Changed",
    "unchanged": "Nothing due",
    "waiting": "Not done yet",
    "problem": "Problem",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One password or key in the table."""

    host: list[str]  # in parts, between which the line may break
    user: str
    kind: str
    credential: str
    group: Group  # of its colour and sign
    words: Words
    message: str
    login: str  # which record logs in now
    settle: str  # a command
    broke: str  # a run
    tries: int  # without a good end, if that was not the first
    attention: bool
    age: str
    limit: str
    success: tuple[str, str]  # day and time
    ended: str
    seconds: str
    job: str
    run: str


def page(state: State, now: datetime.datetime) -> str:
    """The whole page, as of ``now``. It needs no other file and runs no script."""
    loader = jinja2.FileSystemLoader(os.path.dirname(os.path.abspath(__file__)))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    numbers = summary(state, now)
    # Python sorts stably: within the same urgency and excess they stay in the order of their hosts.
    worst = sorted(state.latest, key=lambda item: (-item.urgency(now), -item.overdue_days(now)))
    return environment.get_template(_TEMPLATE).render(
        now=_time(now),
        headline=headline(numbers),
        numbers=numbers,
        oldest=_oldest(numbers, now),
        unreadable=state.unreadable,
        bars=age_bars(state.latest, now),
        histogram=histogram(state.latest, now) if len(state.latest) > _ALL_BARS else None,
        days=day_columns(state, now),
        rows=[_row(item, now) for item in worst],
        runs=[_run(run) for run in state.runs[:_LAST_RUNS]],
        groups=GROUP_NAMES,
        legend=[(group_of(result), _filled(words, "password or key")) for result, words in RESULTS.items()]
        + [("waiting", _filled(_OVERDUE, "password or key"))],
    )


def headline(numbers: Summary) -> str:
    """The one sentence for who reads no further."""
    if not numbers.hosts:
        return "No rotation has been recorded yet."
    if not numbers.attention:
        return "The only host is well." if numbers.hosts == 1 else f"All {numbers.hosts} hosts are well."
    verb = "needs" if numbers.attention == 1 else "need"
    return f"{numbers.attention} of {_count(numbers.hosts, 'host')} {verb} attention."


def _oldest(numbers: Summary, now: datetime.datetime) -> dict[str, t.Any] | None:
    item = numbers.oldest
    if item is None:
        return None
    return {
        "age": span(item.age_days(now) or 0.0),
        "what": f"{_kind(item.entry.kind)} of {_clean(item.entry.user)} on {_clean(item.entry.host)}",
        "overdue": item.overdue_days(now) > 0,
    }


def _row(item: Latest, now: datetime.datetime) -> Row:
    entry, group = item.entry, group_of(item.entry.result)
    words = RESULTS.get(entry.result) or Words(
        _clean(entry.result), "A newer version of the collection wrote this, and this one does not know what it means."
    )
    overdue = item.overdue_days(now)
    if overdue and group in ("changed", "unchanged"):
        words, group = _OVERDUE, "waiting"
    age, limit = item.age_days(now), entry.max_age_days
    if limit is None:
        allowed = ""
    elif overdue:
        allowed = f"{span(overdue)} over the limit of {span(limit)}"
    else:
        allowed = f"limit {span(limit)}"
    message = _clean(entry.message)
    return Row(
        host=_PARTS.findall(_clean(entry.host)),
        user=_clean(entry.user),
        kind=_kind(entry.kind),
        credential=_clean(entry.credential),
        group=group,
        words=_filled(words, _kind(entry.kind)),
        message=message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…",
        login=_clean(entry.login),
        settle=_clean(entry.settle),
        broke=_clean(entry.broke),
        tries=item.failures if item.failures > 1 else 0,
        attention=item.urgency(now) > 0,
        age="unknown" if age is None else span(age),
        limit=allowed,
        success=("never", "") if item.last_success is None else (_date(item.last_success), _clock(item.last_success)),
        ended=_time(item.ended),
        seconds=_seconds(entry.seconds),
        job=_clean(entry.job or ""),
        run=_clean(entry.run),
    )


def _run(run: t.Any) -> dict[str, t.Any]:
    counts = dict.fromkeys(GROUPS, 0)
    for result, count in run.results.items():
        counts[group_of(result)] += count
    return {
        "started": _time(run.started),
        "job": _clean(run.job or ""),
        "run": _clean(run.run),
        "hosts": run.hosts,
        "counts": counts,
    }


# Charts. All lengths are in units of their SVG, which the page scales.


@dataclasses.dataclass(frozen=True)
class Bar:
    """The age of one password or key."""

    label: str
    title: str
    text: str
    y: float
    within: float  # width of the part within the limit
    over: float  # width of the part beyond it
    limit: float | None  # where the limit stands


@dataclasses.dataclass(frozen=True)
class Bars:
    """The chart of ages: its bars, and where the limit stands if it is the same for all of them."""

    bars: list[Bar]
    height: float
    mark: float | None
    mark_text: str


BAR_WIDTH, BAR_STEP = 244.0, 22.0


def age_bars(latest: t.Sequence[Latest], now: datetime.datetime) -> Bars:
    """The worst passwords and keys, or all if they are few: the most overdue first, then the oldest."""
    known = [(item, age) for item in latest for age in [item.age_days(now)] if age is not None]
    known.sort(key=lambda pair: (-pair[0].overdue_days(now), -pair[1]))
    shown = known[: _ALL_BARS if len(latest) <= _ALL_BARS else _WORST_BARS]
    most = max((max(age, item.entry.max_age_days or 0.0) for item, age in shown), default=0.0) or 1.0
    scale = BAR_WIDTH / most
    per_host = collections.Counter(item.entry.host for item in latest)
    domain = _domain(per_host)
    limits = {item.entry.max_age_days for item, _age in shown}
    (limit,) = limits if len(limits) == 1 else (None,)
    bars = []
    for index, (item, age) in enumerate(shown):
        entry, over = item.entry, item.overdue_days(now)
        host, what = _clean(entry.host), f"{_clean(entry.user)}, {_kind(entry.kind)}"
        label = host[: len(host) - len(domain)] + ("" if per_host[entry.host] == 1 else f" ({what})")
        text = span(age)
        bars.append(
            Bar(
                label=_short(label),
                title=f"{host}, {what}: {text} old" + (f", {span(over)} over the limit" if over else ""),
                text=text,
                y=index * BAR_STEP,
                within=round((age - over) * scale, 1),
                over=round(over * scale, 1),
                limit=None if entry.max_age_days is None else round(entry.max_age_days * scale, 1),
            )
        )
    return Bars(
        bars,
        height=len(bars) * BAR_STEP,
        mark=None if limit is None else round(limit * scale, 1),
        mark_text="" if limit is None else f"limit {span(limit)}",
    )


def _domain(hosts: t.Iterable[str]) -> str:
    """The end of the names that all hosts have in common, from a dot on, or nothing."""
    tails = [_clean(host).split(".")[1:] for host in hosts]
    common: list[str] = []
    for parts in zip(*(reversed(tail) for tail in tails), strict=False):
        if len(set(parts)) > 1:
            break
        common.insert(0, parts[0])
    # The ends of addresses say nothing.
    return "." + ".".join(common) if len(tails) > 1 and common and not common[-1].isdigit() else ""


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a chart: its parts from the bottom up, as (class, y, height)."""

    x: float
    width: float
    parts: list[tuple[str, float, float]]
    total: int
    label: str
    title: str
    counts: list[int]


@dataclasses.dataclass(frozen=True)
class Columns:
    """A chart of columns with its scale, as (y, number)."""

    columns: list[Column]
    ticks: list[tuple[float, int]]
    mark: float | None = None  # where the age limit stands
    mark_text: str = ""
    note: str = ""


CHART_LEFT, CHART_WIDTH, CHART_HEIGHT = 36.0, 474.0, 170.0
_STEPS = (1, 2, 5, 7, 10, 15, 30, 60, 90, 180, 365)
_MOST_COLUMNS = 14


def histogram(latest: t.Sequence[Latest], now: datetime.datetime) -> Columns:
    """How many passwords and keys there are of each age. The last column has all that are older still."""
    known = sorted(
        (age, item.overdue_days(now) > 0) for item in latest for age in [item.age_days(now)] if age is not None
    )
    limits = {item.entry.max_age_days for item in latest}
    (limit,) = limits if len(limits) == 1 else (None,)
    # One that is a hundred times as old as the rest must not squeeze these into one column.
    typical = known[int(len(known) * 0.98)][0] if known else 1.0
    top = max(typical * 1.05, (limit or 0.0) * 1.2, 1.0)
    step = _step(top, limit)
    count = max(min(math.ceil(top / step), _MOST_COLUMNS), 1)
    within, over = [0] * count, [0] * count
    for age, late in known:
        (over if late else within)[min(int(age / step), count - 1)] += 1
    overflow = bool(known) and known[-1][0] >= count * step
    columns = _columns(
        [("changed", "problem")] * count,
        [[good, bad] for good, bad in zip(within, over, strict=True)],
        [f"{i * step:g}" + ("+" if overflow and i == count - 1 else "") for i in range(count)],
        [
            f"{i * step:g} days and more" if overflow and i == count - 1 else f"{i * step:g} to {(i + 1) * step:g} days"
            for i in range(count)
        ],
    )
    marked = limit is not None and limit <= count * step
    unknown = len(latest) - len(known)
    return dataclasses.replace(
        columns,
        mark=round(CHART_LEFT + CHART_WIDTH * (limit or 0.0) / (count * step), 1) if marked else None,
        mark_text=f"limit {span(limit)}" if limit is not None and marked else "",
        note=f"{unknown} more of unknown age." if unknown else "",
    )


def _step(top: float, limit: float | None) -> float:
    """The width in days of a column: a round one, of which some fill the limit exactly if that can be."""
    fits = [float(step) for step in _STEPS if top / step <= _MOST_COLUMNS]
    if not fits:
        return 365.0 * math.ceil(top / 365.0 / _MOST_COLUMNS)
    even = [step for step in fits[:3] if limit and limit % step == 0]
    return (even or fits)[0]


def day_columns(state: State, now: datetime.datetime) -> Columns:
    """What was done on each of the last days, in UTC."""
    today = now.date()
    first = min((day for day in state.days if day <= today), default=today)
    length = min(max((today - first).days + 1, _FEWEST_DAYS), _LAST_DAYS)
    days = [today - datetime.timedelta(days=length - 1 - index) for index in range(length)]
    counts = [[state.days.get(day, {}).get(group, 0) for group in GROUPS] for day in days]
    every = 3 if length > 20 else 2
    labels = [_day(day) if (length - 1 - index) % (every * 2) == 0 else "" for index, day in enumerate(days)]
    return _columns([GROUPS] * length, counts, labels, [_date(day) for day in days])


def _columns(
    classes: t.Sequence[t.Sequence[str]],
    counts: t.Sequence[list[int]],
    labels: t.Sequence[str],
    names: t.Sequence[str],
) -> Columns:
    most = max((sum(parts) for parts in counts), default=0)
    ticks = _ticks(most)
    scale = CHART_HEIGHT / ticks[-1]
    width = CHART_WIDTH / max(len(counts), 1)
    columns = []
    for index, (kinds, parts, label, name) in enumerate(zip(classes, counts, labels, names, strict=True)):
        y, drawn = CHART_HEIGHT, []
        for kind, number in zip(kinds, parts, strict=True):
            if number:
                y -= number * scale
                drawn.append((kind, round(y, 1), round(number * scale, 1)))
        columns.append(
            Column(
                x=round(CHART_LEFT + index * width + width * 0.1, 1),
                width=round(width * 0.8, 1),
                parts=drawn,
                total=sum(parts),
                label=label,
                title=name,
                counts=parts,
            )
        )
    return Columns(columns, [(round(CHART_HEIGHT - tick * scale, 1), tick) for tick in ticks])


def _ticks(most: int) -> list[int]:
    """0 and two to five round numbers, of which the last is not below ``most``."""
    magnitude = 1
    while True:
        for step in (magnitude, 2 * magnitude, 5 * magnitude):
            if step * 4 >= most:
                return [step * index for index in range(max(math.ceil(most / step), 1) + 1)]
        magnitude *= 10


# Words.


def span(days: float) -> str:
    """A length of time: "< 1 hour", "6 hours", "1 day", "45 days", "3.2 years". It is rounded down."""
    if days < 1:
        return _count(int(days * 24), "hour") if days * 24 >= 1 else "< 1 hour"
    if days < 1000:
        return _count(int(days), "day")
    return f"{int(days / 36.525) / 10:g} years"


def _seconds(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _time(time: datetime.datetime) -> str:
    return f"{_date(time)}, {_clock(time)}"


def _date(day: datetime.date) -> str:
    return f"{_day(day)} {day.year}"


def _clock(time: datetime.datetime) -> str:
    return f"{time.hour:02}:{time.minute:02}"


def _day(day: datetime.date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _kind(kind: str) -> str:
    return _KINDS.get(kind) or _clean(kind)


def _filled(words: Words, it: str) -> Words:
    return Words(*(text.replace("{it}", it) for text in dataclasses.astuple(words)))


def _clean(text: str) -> str:
    """Names and messages as they may stand in a page: on one line, with nothing that hides or reorders text."""
    return printable(text)


def _short(text: str) -> str:
    """A label with its middle left out if it is too long: numbered hosts differ at the end."""
    if len(text) <= _LONGEST_LABEL:
        return text
    tail = _LONGEST_LABEL * 2 // 3
    return f"{text[: _LONGEST_LABEL - 1 - tail]}…{text[-tail:]}"
