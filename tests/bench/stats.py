# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Medians and ratios. A ratio is taken between two runs of the same round, which saw the same machine."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.runner import Run
from bench.variants import FLOOR

Key = tuple[str, int, str]


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of some numbers."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}-{self.high:.2f}]"


def spread(values: Sequence[float]) -> Spread | None:
    """None for no values."""
    return Spread(statistics.median(values), min(values), max(values)) if values else None


def ratios(values: Mapping[int, float], base: Mapping[int, float]) -> list[float]:
    """Each value by that of the base in the same round; rounds that one of them lacks are left out."""
    return [values[number] / base[number] for number in sorted(values.keys() & base.keys()) if base[number]]


@dataclass(frozen=True)
class Group:
    """All runs of one variant under the same circumstances. ``by`` holds ratios to other variants (wall, CPU)."""

    play: str
    latency: int
    condition: str
    variant: str
    runs: tuple[Run, ...]
    wall: Spread
    cpu: Spread
    by: Mapping[str, tuple[Spread, Spread]]

    @property
    def floor(self) -> tuple[Spread, Spread] | None:
        return self.by.get(FLOOR)

    def most(self, name: str) -> int:
        """The largest of a count."""
        return max(self._values(name))

    def least(self, name: str) -> int:
        return min(self._values(name))

    def _values(self, name: str) -> list[int]:
        return [getattr(run, name) for run in self.runs]


def groups(runs: Iterable[Run]) -> list[Group]:
    """The runs by play, latency, condition and variant, in the order of the first of each."""
    cells: dict[Key, dict[str, list[Run]]] = {}
    for run in runs:
        cell = cells.setdefault((run.play, run.latency, run.condition), {})
        cell.setdefault(run.variant, []).append(run)
    return [_group(key, name, cell) for key, cell in cells.items() for name in cell]


def _group(key: Key, name: str, cell: Mapping[str, Sequence[Run]]) -> Group:
    walls = {variant: {run.round: run.wall for run in runs} for variant, runs in cell.items()}
    cpus = {variant: {run.round: run.cpu for run in runs} for variant, runs in cell.items()}
    by = {}
    for other in cell.keys() - {name}:
        pair = spread(ratios(walls[name], walls[other])), spread(ratios(cpus[name], cpus[other]))
        if pair[0] and pair[1]:
            by[other] = (pair[0], pair[1])
    runs = cell[name]
    wall, cpu = spread([run.wall for run in runs]), spread([run.cpu for run in runs])
    if wall is None or cpu is None:
        raise ValueError("a group has runs")
    return Group(*key, name, tuple(runs), wall, cpu, by)
