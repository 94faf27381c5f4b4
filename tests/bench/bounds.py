# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection promises of its speed, and whether a run of the benchmark bears it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.backends import PLAIN
from bench.plays import PLAYS
from bench.stats import Group
from bench.variants import LOOKUPS, MODULES, OURS

MOST_CONNECTIONS = 4
# Play, latency, variant, and how much longer than the floor it may take.
# These are the budgets of the design. That of same at 80 ms is our own.
RATIOS = (
    ("same", 0, OURS, 1.15),
    ("same", 80, OURS, 1.30),
    ("distinct", 0, OURS, 1.15),
    ("distinct", 80, OURS, 1.60),
    ("module", 0, "credential_info", 1.15),
    ("module", 0, "credential", 1.15),
)
_FULL_SIZE = {play.name: play.hosts for play in PLAYS}
_OURS = {OURS, *(variant.name for variant in MODULES if variant.backend)}
_LOOKUP_PLAYS = {play.name for play in PLAYS if play.variants == LOOKUPS}


@dataclass(frozen=True)
class Verdict:
    """A bound, what was measured, and whether it is kept."""

    bound: str
    measured: str
    kept: bool

    def __str__(self) -> str:
        return f"{'kept  ' if self.kept else 'BROKEN'}  {self.bound}: {self.measured}"


def judge(groups: Sequence[Group]) -> list[Verdict]:
    """A verdict for each bound that these measurements say something about."""
    return [*_ratios(groups), *_counts(groups)]


def _ratios(groups: Sequence[Group]) -> Iterator[Verdict]:
    for play, latency, variant, limit in RATIOS:
        for group in groups:
            found = (group.play, group.latency, group.variant, group.condition)
            # Fewer hosts have a smaller floor, to which the start of the broker counts for more.
            full = group.runs[0].hosts == _FULL_SIZE[play]
            if found == (play, latency, variant, PLAIN) and full and group.floor:
                ratio = group.floor[0]
                text = f"{play} at {latency} ms, {variant}: at most {limit:.2f} of the floor"
                yield Verdict(text, str(ratio), ratio.median <= limit)


def _counts(groups: Iterable[Group]) -> Iterator[Verdict]:
    for group in groups:
        if group.variant in _OURS:
            texts, good, measured = zip(*_RULES[group.condition if group.play in _LOOKUP_PLAYS else ""], strict=True)
            where = f"{group.play} at {group.latency} ms, {group.condition}, {group.variant}"
            kept = all(rule(group) for rule in good)
            yield Verdict(f"{where}: {', '.join(texts)}", ", ".join(tell(group) for tell in measured), kept)


Rule = tuple[str, Callable[[Group], bool], Callable[[Group], str]]


def _range(*names: str) -> Callable[[Group], str]:
    def text(group: Group) -> str:
        parts = [(name, group.least(name), group.most(name)) for name in names]
        return ", ".join(f"{name} {low}" if low == high else f"{name} {low}-{high}" for name, low, high in parts)

    return text


def _exactly(group: Group, name: str, count: int) -> bool:
    return group.least(name) == group.most(name) == count


_NO_FAILURE: Rule = ("no failure", lambda group: _exactly(group, "failures", 0), _range("failures"))
_RULES: dict[str, tuple[Rule, ...]] = {
    "": (_NO_FAILURE,),
    PLAIN: (
        _NO_FAILURE,
        ("one token", lambda group: _exactly(group, "tokens", 1), _range("tokens")),
        (
            "one read for each credential",
            lambda group: all(run.reads == run.credentials == run.wanted for run in group.runs),
            _range("reads", "wanted"),
        ),
        (
            f"at most {MOST_CONNECTIONS} connections",
            lambda group: group.most("connections") <= MOST_CONNECTIONS,
            _range("connections"),
        ),
    ),
    # That something went wrong at all is part of what these conditions have to show.
    "503": (_NO_FAILURE, ("some answers were 503", lambda group: group.least("errors") > 0, _range("errors"))),
    "expiry": (_NO_FAILURE, ("tokens expired", lambda group: group.least("tokens") > 1, _range("tokens"))),
}
