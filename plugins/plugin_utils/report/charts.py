# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compute the charts of the report: bars, columns and lines, in units of their SVG, which the page scales."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import math
import typing as t

from ...module_utils.redaction import printable
from .state import GROUPS, Latest, State
from .words import date_text, day_text, kind_text, span

# Up to so many passwords and keys the chart of ages shows each of them, above it how many there are of each age.
ALL_BARS = 20
_WORST_BARS = 8
_LONGEST_LABEL = 24
_LAST_DAYS = 30
_FEWEST_DAYS = 14


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
    """Draw the ages of the worst passwords and keys, or of all if they are few. The most overdue come first."""
    known = [(item, age) for item in latest for age in [item.age_days(now)] if age is not None]
    known.sort(key=lambda pair: (-pair[0].overdue_days(now), -pair[1]))
    shown = known[: ALL_BARS if len(latest) <= ALL_BARS else _WORST_BARS]
    most = max((max(age, item.entry.max_age_days or 0.0) for item, age in shown), default=0.0) or 1.0
    scale = BAR_WIDTH / most
    per_host = collections.Counter(item.entry.host for item in latest)
    domain = _domain(per_host)
    limits = {item.entry.max_age_days for item, _age in shown}
    (limit,) = limits if len(limits) == 1 else (None,)
    bars = []
    for index, (item, age) in enumerate(shown):
        entry, over = item.entry, item.overdue_days(now)
        host, what = printable(entry.host), f"{printable(entry.user)}, {kind_text(entry.kind)}"
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
    """Return the domain that all hosts share, with its first dot, or an empty string."""
    tails = [printable(host).split(".")[1:] for host in hosts]
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
    """Count the passwords and keys of each age. The last column also has all that are older."""
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
    """Choose the width of a column in days: a round number, and one that divides the limit if possible."""
    fits = [float(step) for step in _STEPS if top / step <= _MOST_COLUMNS]
    if not fits:
        return 365.0 * math.ceil(top / 365.0 / _MOST_COLUMNS)
    even = [step for step in fits[:3] if limit and limit % step == 0]
    return (even or fits)[0]


def day_columns(state: State, now: datetime.datetime) -> Columns:
    """Count the statuses of each of the last days, in UTC."""
    today = now.date()
    first = min((day for day in state.days if day <= today), default=today)
    length = min(max((today - first).days + 1, _FEWEST_DAYS), _LAST_DAYS)
    days = [today - datetime.timedelta(days=length - 1 - index) for index in range(length)]
    counts = [[state.days.get(day, {}).get(group, 0) for group in GROUPS] for day in days]
    every = 3 if length > 20 else 2
    labels = [day_text(day) if (length - 1 - index) % (every * 2) == 0 else "" for index, day in enumerate(days)]
    return _columns([GROUPS] * length, counts, labels, [date_text(day) for day in days])


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
    """Return 0 and two to five round numbers; the last is not below ``most``."""
    magnitude = 1
    while True:
        for step in (magnitude, 2 * magnitude, 5 * magnitude):
            if step * 4 >= most:
                return [step * index for index in range(max(math.ceil(most / step), 1) + 1)]
        magnitude *= 10


def _short(text: str) -> str:
    """Leave out the middle of a label that is too long: numbered hosts differ at the end."""
    if len(text) <= _LONGEST_LABEL:
        return text
    tail = _LONGEST_LABEL * 2 // 3
    return f"{text[: _LONGEST_LABEL - 1 - tail]}…{text[-tail:]}"
