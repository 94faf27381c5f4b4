# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the report as one HTML page for people."""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import typing as t

import jinja2

from ...module_utils.redaction import printable
from .charts import ALL_BARS, age_bars, day_columns, histogram
from .state import GROUPS, Group, Latest, Run, State, Summary, group_of, summary
from .words import (
    GROUP_NAMES,
    OVERDUE,
    STATUSES,
    UNKNOWN_STATUS,
    Words,
    clock_text,
    date_text,
    duration,
    fill_in,
    kind_text,
    quantity,
    span,
    time_text,
)

_TEMPLATE = "page.html.j2"
_LONGEST_MESSAGE = 400
_LAST_RUNS = 5
_PARTS = re.compile(r"[^.-]*[.-]*")


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
    """Render the whole page as of ``now``. It needs no other file and runs no script.

    :param state: what the history says
    :param now: an aware time in UTC, from which ages are counted
    """
    loader = jinja2.FileSystemLoader(os.path.dirname(os.path.abspath(__file__)))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    numbers = summary(state, now)
    # Python sorts stably: within the same urgency and excess they stay in the order of their hosts.
    worst = sorted(state.latest, key=lambda item: (-item.urgency(now), -item.overdue_days(now)))
    return environment.get_template(_TEMPLATE).render(
        now=time_text(now),
        last=time_text(max(item.ended for item in state.latest)) if state.latest else "",
        headline=headline(numbers),
        numbers=numbers,
        oldest=_oldest(numbers, now),
        unreadable=state.unreadable,
        bars=age_bars(state.latest, now),
        histogram=histogram(state.latest, now) if len(state.latest) > ALL_BARS else None,
        days=day_columns(state, now),
        rows=[_row(item, now) for item in worst],
        runs=[_run(run) for run in state.runs[:_LAST_RUNS]],
        groups=GROUP_NAMES,
        legend=[(group_of(status), fill_in(words, "password or key")) for status, words in STATUSES.items()]
        + [("waiting", fill_in(OVERDUE, "password or key"))],
    )


def headline(numbers: Summary) -> str:
    """Sum up the report in one sentence."""
    if not numbers.hosts:
        return "No rotation has been recorded yet."
    if not numbers.attention:
        return "The only host is well." if numbers.hosts == 1 else f"All {numbers.hosts} hosts are well."
    verb = "needs" if numbers.attention == 1 else "need"
    return f"{numbers.attention} of {quantity(numbers.hosts, 'host')} {verb} attention."


def _oldest(numbers: Summary, now: datetime.datetime) -> dict[str, t.Any] | None:
    item = numbers.oldest
    if item is None:
        return None
    return {
        "age": span(item.age_days(now) or 0.0),
        "what": f"{kind_text(item.entry.kind)} of {printable(item.entry.user)} on {printable(item.entry.host)}",
        "overdue": item.overdue_days(now) > 0,
    }


def _row(item: Latest, now: datetime.datetime) -> Row:
    entry, group = item.entry, group_of(item.entry.status)
    words = STATUSES.get(entry.status) or Words(printable(entry.status), UNKNOWN_STATUS)
    overdue = item.overdue_days(now)
    if overdue and group in ("changed", "unchanged"):
        words, group = OVERDUE, "waiting"
    age, limit = item.age_days(now), entry.max_age_days
    if limit is None:
        allowed = ""
    elif overdue:
        allowed = f"{span(overdue)} over the limit of {span(limit)}"
    else:
        allowed = f"limit {span(limit)}"
    message = printable(entry.message)
    return Row(
        host=_PARTS.findall(printable(entry.host)),
        user=printable(entry.user),
        kind=kind_text(entry.kind),
        credential=printable(entry.credential),
        group=group,
        words=fill_in(words, kind_text(entry.kind)),
        message=message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…",
        login=printable(entry.login),
        settle=printable(entry.settle),
        broke=printable(entry.broke),
        tries=item.failures if item.failures > 1 else 0,
        attention=item.urgency(now) > 0,
        age="unknown" if age is None else span(age),
        limit=allowed,
        success=_day_and_time(item.last_success),
        ended=time_text(item.ended),
        seconds=duration(entry.seconds),
        job=printable(entry.job or ""),
        run=printable(entry.run),
    )


def _run(run: Run) -> dict[str, t.Any]:
    counts = dict.fromkeys(GROUPS, 0)
    for status, number in run.statuses.items():
        counts[group_of(status)] += number
    return {
        "started": time_text(run.started),
        "job": printable(run.job or ""),
        "run": printable(run.run),
        "hosts": run.hosts,
        "counts": counts,
    }


def _day_and_time(time: datetime.datetime | None) -> tuple[str, str]:
    return ("never", "") if time is None else (date_text(time), clock_text(time))
