# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results as a table (text and Markdown), as JSON and as a plot."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.backends import CONDITIONS, PLAIN
from bench.bounds import Verdict
from bench.plays import PLAYS
from bench.runner import Run
from bench.stats import Group, Spread
from bench.variants import FLOOR, LOOKUPS, OURS, Variant

FULL = {play.name: play for play in PLAYS}
LABELS = {(play.name, variant.name): variant.label for play in PLAYS for variant in play.variants}
HEADERS = (
    "variant",
    "runs",
    "wall s",
    "by floor",
    "CPU s",
    "by floor",
    "MiB",
    "tokens",
    "reads",
    "connections",
    "handshakes",
    "errors",
    "failures",
)
COUNTS = ("tokens", "reads", "connections", "handshakes", "errors", "failures")


def machine() -> dict[str, Any]:
    """What a reader has to know to compare these numbers with others."""
    packages = ("ansible-core", "ansible", "hvac", "requests")
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def row(group: Group) -> list[str]:
    """One line of a table; counts are the largest of all runs."""
    wall, cpu = group.floor or (None, None)
    counts = [str(group.most(name)) for name in COUNTS]
    return [
        LABELS[group.play, group.variant],
        str(len(group.runs)),
        str(group.wall),
        _or_nothing(wall),
        str(group.cpu),
        _or_nothing(cpu),
        f"{max(group.most('rss'), group.most('left_rss')) / 1024:.0f}",
        *counts,
    ]


def _or_nothing(spread: Spread | None) -> str:
    return "" if spread is None else str(spread)


def sections(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """The groups below the titles of their tables."""
    titles = {condition.name: condition.title for condition in CONDITIONS}
    found: dict[str, list[Group]] = {}
    for group in groups:
        hosts = group.runs[0].hosts
        fewer = f", with {hosts} hosts only" if hosts < FULL[group.play].hosts else ""
        trouble = f", {titles[group.condition]}" if group.condition != PLAIN else ""
        title = f"{FULL[group.play].title}{fewer}, {group.latency} ms latency{trouble}"
        found.setdefault(title, []).append(group)
    return found


def notes(group: Group) -> str:
    """What a row has no column for."""
    if group.variant == FLOOR:
        return ""
    others = {name: pair[0] for name, pair in group.by.items() if name == "set_fact"}
    texts = [f"{ratio} of {name}" for name, ratio in others.items()]
    if group.most("left"):
        processes = (
            f"{group.most('left')} process left, {max(run.left_seconds for run in group.runs):.2f} s after the end"
        )
        texts.append(
            f"{processes}, {max(run.left_cpu for run in group.runs):.2f} s CPU, {group.most('left_rss') // 1024} MiB"
        )
    return f"{LABELS[group.play, group.variant]}: {'; '.join(texts)}" if texts else ""


def text(groups: Sequence[Group], verdicts: Sequence[Verdict]) -> str:
    """The report for a terminal."""
    lines = []
    for title, members in sections(groups).items():
        table = [list(HEADERS), *map(row, members)]
        widths = [max(len(line[column]) for line in table) for column in range(len(HEADERS))]
        lines += ["", title]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
        ]
        lines += [f"  {note}" for note in map(notes, members) if note]
    return "\n".join([*lines, "", "Bounds", *map(str, verdicts), ""])


def markdown(groups: Sequence[Group], verdicts: Sequence[Verdict], about: dict[str, Any]) -> str:
    lines = ["# Benchmark", "", ", ".join(f"{name} {value}" for name, value in about.items()), ""]
    lines += ["Median [smallest-largest]; ratios are between runs of the same round.", "", "![ratios](ratios.svg)"]
    for title, members in sections(groups).items():
        lines += ["", f"## {title}", "", _cells(HEADERS), _cells(["---"] * len(HEADERS))]
        lines += [_cells(row(member)) for member in members]
        lines += ["", *(f"* {note}" for note in map(notes, members) if note)]
    lines += ["", "## Bounds", "", _cells(["bound", "measured", ""]), _cells(["---"] * 3)]
    lines += [
        _cells([verdict.bound, verdict.measured, "kept" if verdict.kept else "**broken**"]) for verdict in verdicts
    ]
    return "\n".join([*lines, ""])


def _cells(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(
    folder: Path, runs: Sequence[Run], groups: Sequence[Group], verdicts: Sequence[Verdict], about: dict[str, Any]
) -> None:
    """results.json (all runs, to be read again), results.md, ratios.svg and ratios.png."""
    plain = [{**dataclasses.asdict(group), "runs": len(group.runs)} for group in groups]
    content = {
        "machine": about,
        "bounds": [dataclasses.asdict(verdict) for verdict in verdicts],
        "summary": plain,
        "runs": [dataclasses.asdict(run) for run in runs],
    }
    (folder / "results.json").write_text(json.dumps(content, indent=1))
    (folder / "results.md").write_text(markdown(groups, verdicts, about))
    plot(folder, groups)


def read(file: Path) -> tuple[list[Run], dict[str, Any]]:
    """What ``write`` wrote."""
    content = json.loads(file.read_text())
    return [Run(**entry) for entry in content["runs"]], content["machine"]


def plot(folder: Path, groups: Sequence[Group]) -> None:
    """Ratios to the floor, a panel for each latency and a bar for each variant of a play."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    shown = [g for g in groups if g.condition == PLAIN and g.floor and g.play != "module"]
    latencies = sorted({group.latency for group in shown})
    if not latencies:
        return
    figure, panels = pyplot.subplots(
        1, len(latencies), figsize=(1 + 4.5 * len(latencies), 4), sharey=True, squeeze=False
    )
    for panel, latency in zip(panels[0], latencies, strict=True):
        _panel(panel, [group for group in shown if group.latency == latency])
        panel.set_title(f"{latency} ms latency")
    panels[0][0].set_ylabel("wall time, in times that of a constant")
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    for ending in ("svg", "png"):
        figure.savefig(folder / f"ratios.{ending}", dpi=120)
    pyplot.close(figure)


def _panel(panel: Any, groups: Sequence[Group]) -> None:
    names = [play.name for play in PLAYS if any(group.play == play.name for group in groups)]
    variants: list[Variant] = [variant for variant in LOOKUPS if variant.name != FLOOR]
    width = 0.8 / len(variants)
    for position, variant in enumerate(variants):
        colour = "C3" if variant.name == OURS else f"{0.35 + 0.17 * position:.2f}"
        mine = {group.play: group.floor[0] for group in groups if group.variant == variant.name and group.floor}
        places = [names.index(name) + (position - (len(variants) - 1) / 2) * width for name in mine]
        heights = [ratio.median for ratio in mine.values()]
        errors = [[r.median - r.low for r in mine.values()], [r.high - r.median for r in mine.values()]]
        bars = panel.bar(places, heights, width, yerr=errors, color=colour, label=variant.label, error_kw={"lw": 0.8})
        panel.bar_label(bars, fmt="%.2f" if variant.name == OURS else "%.1f", fontsize=6, padding=2)
    panel.axhline(1, color="black", lw=0.8)
    panel.set_xticks(range(len(names)), names)
    panel.set_xlim(-0.5, len(names) - 0.5)
    panel.spines[["top", "right"]].set_visible(False)
