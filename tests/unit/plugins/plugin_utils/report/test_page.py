# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the report and its charts."""

from __future__ import annotations

import dataclasses
import re

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.report import charts, words
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.history import WELL, Entry
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.page import page
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.state import fold
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.entries import (
    NOW,
    STATUSES,
    ago,
    entry,
    many,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.html_page import HOSTILE, Page

SIZES = {0: [], 1: many(1, 1), 3: many(3, 20), 20: many(20, 20), 500: many(500, 2)}


@pytest.mark.parametrize("entries", [*SIZES.values(), [entry(HOSTILE, user=HOSTILE, kind=HOSTILE, status=HOSTILE)]])
def test_the_page_is_well_formed_and_needs_nothing_else(entries: list[Entry]) -> None:
    text = page(fold(entries, 1), NOW)
    assert Page(text).complaints() == []
    assert "https://" not in text


@pytest.mark.parametrize("field", ["host", "user", "kind", "credential", "mode", "status", "message", "run", "job"])
def test_everything_is_escaped(field: str) -> None:
    hostile = dataclasses.replace(entry(status="failed", last_change=ago(1), message="", job=None), **{field: HOSTILE})
    text = page(fold([hostile, entry("other")]), NOW)
    text.encode()
    assert "<script" not in text
    assert "<img" not in text
    assert not set(text) & {"\0", "\u202e"}
    if field not in ("mode", "credential"):
        assert "alert(1)</script>" in Page(text).text().replace("\u200b", "")


def test_charts_have_a_name_and_a_description() -> None:
    for entries in (SIZES[3], SIZES[500]):
        text = page(fold(entries), NOW)
        charts = re.findall(r'<svg class="chart".*?</svg>', text, re.DOTALL)
        assert len(charts) == (2 if entries is SIZES[3] else 3)
        for chart in charts:
            assert 'role="img"' in chart
            assert re.search(r"<title id=[^>]*>[^<]+</title>\s*<desc id=[^>]*>[^<]+</desc>", chart)


def test_what_needs_attention_comes_first() -> None:
    entries = [
        entry("a-well"),
        entry("b-busy", "busy"),
        entry("c-old", "unchanged", last_change=ago(40)),
        entry("d-older", "unchanged", last_change=ago(50)),
        entry("e-drift", "drift"),
    ]
    text = page(fold(entries), NOW)
    rows = re.findall(r'<th scope="row">(.*?)</th>', text)
    assert [row.replace("<wbr>", "") for row in rows] == ["e-drift", "d-older", "c-old", "b-busy", "a-well"]
    words = Page(text).text()
    assert "4 of 5 hosts need attention." in words
    assert "20 days over the limit of 30 days" in words


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("kind", "name"), [("password", "password"), ("ssh_key", "SSH key")])
def test_each_status_is_explained(status: str, kind: str, name: str) -> None:
    assert set(STATUSES) == set(words.STATUSES)
    shown = Page(page(fold([entry(status=status, kind=kind, message="what the host said")]), NOW)).text()
    meaning = words.STATUSES[status].meaning
    assert meaning.replace("{it}", name) in shown
    assert meaning.replace("{it}", "password or key") in shown
    assert "{it}" not in shown
    assert ("what the host said" in shown) is (status not in WELL)
    assert "AWX job 77" in shown


def test_a_status_of_a_later_version_is_shown() -> None:
    words = Page(page(fold([entry(status="teleported")]), NOW)).text()
    assert "teleported" in words
    assert "1 of 1 host needs attention." in words


def test_failures_in_a_row_are_counted() -> None:
    words = Page(page(fold([entry(days=3), *(entry(status="failed", days=d) for d in (2, 1, 0))]), NOW)).text()
    assert "(3 times in a row)" in words
    assert "21 Nov 2026" in words


@pytest.mark.parametrize("count", sorted(SIZES))
def test_the_charts_stay_in_their_frames(count: int) -> None:
    latest = fold(SIZES[count]).latest
    bars = charts.age_bars(latest, NOW)
    assert len(bars.bars) == (count if count <= 20 else 8)
    for drawn in bars.bars:
        assert 0 <= drawn.within + drawn.over <= charts.BAR_WIDTH + 0.1
        assert drawn.limit is None or 0 <= drawn.limit <= charts.BAR_WIDTH + 0.1
    for chart in (charts.histogram(latest, NOW), charts.day_columns(fold(SIZES[count]), NOW)):
        for column in chart.columns:
            assert all(y >= -0.1 and height > 0 for _kind, y, height in column.parts)
            assert column.x + column.width <= 511
    assert sum(column.total for column in charts.histogram(latest, NOW).columns) == count


@pytest.mark.parametrize("ages", [[], [0.0], [1.0, 2.0, 20_000.0], [400.0] * 3, [0.1, 5.0, 29.9, 30.1, 31.0, 90.0]])
@pytest.mark.parametrize("limit", [None, 0.5, 7.0, 30.0, 365.0, 999_999.0])
def test_the_histogram_counts_each_age_once(ages: list[float], limit: float | None) -> None:
    entries = [
        entry(str(number), "unchanged", last_change=ago(age), max_age_days=limit) for number, age in enumerate(ages)
    ]
    chart = charts.histogram(fold([*entries, entry("unknown", "unchanged", max_age_days=limit)]).latest, NOW)
    assert sum(column.total for column in chart.columns) == len(ages)
    assert len(chart.columns) <= 14
    assert chart.note == "1 more of unknown age."
    late = sum(column.counts[1] for column in chart.columns)
    assert late == sum(limit is not None and age > limit for age in ages)


def test_the_days_end_today_and_have_the_figures() -> None:
    state = fold([entry(days=0), entry("b", "failed", days=0), entry(days=29), entry(days=60), entry(days=-3)])
    columns = charts.day_columns(state, NOW).columns
    assert len(columns) == 30
    assert columns[-1].title == "24 Nov 2026"
    assert columns[-1].counts == [1, 0, 0, 1]
    assert columns[0].counts == [1, 0, 0, 0]
    assert len(charts.day_columns(fold([entry()]), NOW).columns) == 14


@pytest.mark.parametrize(
    ("days", "text"),
    [(0.01, "< 1 hour"), (0.05, "1 hour"), (0.9, "21 hours"), (1.9, "1 day"), (45.0, "45 days"), (1200.0, "3.2 years")],
)
def test_a_time_span_in_words(days: float, text: str) -> None:
    assert words.span(days) == text


def test_names_share_their_domain_in_the_chart() -> None:
    def labels(*hosts: str) -> list[str]:
        return [drawn.label for drawn in charts.age_bars(fold(entry(host) for host in hosts).latest, NOW).bars]

    assert labels("a.x.example.com", "b.y.example.com") == ["a.x", "b.y"]
    assert labels("a.example.com") == ["a.example.com"]
    assert labels("a.example.com", "b") == ["a.example.com", "b"]
    assert labels("192.0.2.1", "192.0.3.1") == ["192.0.2.1", "192.0.3.1"]
    assert labels("a-host-with-a-very-long-name-01") == ["a-host-…ery-long-name-01"]


def luminance(colour: str) -> float:
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, bright = sorted([luminance(one), luminance(other)])
    return (bright + 0.05) / (dark + 0.05)


def test_colours_can_be_told_apart() -> None:
    """The contrast that WCAG 2.2 AA asks for: 4.5 for text, 3 for what a chart is made of."""
    themes = [
        dict(re.findall(r"--([\w-]+): #([0-9a-f]+)", block))
        for block in re.findall(r":root \{(.*?)\}", page(fold([]), NOW), re.DOTALL)
    ]
    assert len(themes) == 3
    for theme in themes:
        for ground in ("page", "card", "soft", "soft-waiting"):
            assert contrast(theme["text"], theme[ground]) >= 7
            assert contrast(theme["muted"], theme[ground]) >= 4.5
        for part in ("changed", "unchanged", "waiting", "problem"):
            assert contrast(theme[part], theme["card"]) >= 3, part
