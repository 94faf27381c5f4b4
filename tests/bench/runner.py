# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs plays in turn, A B C A B C ..., and notes for each run what it took and what its server counted."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backends import CONDITIONS, Backend, Condition
from bench.plays import Play
from bench.variants import Variant
from workspace import collections

HERE = Path(__file__).resolve().parent
# No run takes nearly as long.
LONGEST_SECONDS = 900.0
# Enough for what takes long and has no bound to keep.
SLOW_ROUNDS = 2


@dataclass(frozen=True)
class Cell:
    """What one comparison is about: variants of one play, under the same circumstances."""

    play: Play
    variants: tuple[Variant, ...]
    latency: int  # milliseconds
    condition: Condition

    def __str__(self) -> str:
        return f"{self.play.name}, {self.latency} ms, {self.condition.name}"


@dataclass(frozen=True)
class Run:
    """One run. Seconds and KiB; ``left`` is about processes that outlive the play, and is part of ``cpu`` too.

    ``wanted`` is how many different credentials the play names.
    """

    play: str
    hosts: int
    wanted: int
    latency: int
    condition: str
    variant: str
    round: int
    wall: float
    cpu: float
    rss: int
    left: int
    left_cpu: float
    left_rss: int
    left_seconds: float
    failures: int
    tokens: int
    reads: int
    credentials: int
    most: int
    requests: int
    connections: int
    handshakes: int
    errors: int


class Bench:
    """Runs whole ansible-playbook processes in a folder of its own, with nothing of the caller's environment."""

    def __init__(self, backends: Mapping[str, Backend], folder: Path) -> None:
        self._backends, self._folder = backends, folder
        shutil.rmtree(folder, ignore_errors=True)

    def warm_up(self, cells: Iterable[Cell]) -> None:
        """Each variant once, for a single host: what is compiled or cached on disk then is there."""
        seen: set[Variant] = set()
        for cell in cells:
            play = dataclasses.replace(cell.play, hosts=1)
            for variant in cell.variants:
                if variant not in seen:
                    seen.add(variant)
                    self.once(Cell(play, (variant,), 0, CONDITIONS[0]), variant, 0)

    def rounds(self, cells: Sequence[Cell], count: int, until: float) -> Iterator[Run]:
        """``count`` rounds of everything; after ``until`` (monotonic) nothing is begun but in the first round."""
        for number in range(count):
            for cell in cells:
                if number and time.monotonic() > until:
                    return
                for variant in cell.variants:
                    if number < min(cell.play.rounds, SLOW_ROUNDS if variant.slow else count):
                        yield self.once(cell, variant, number)

    def once(self, cell: Cell, variant: Variant, number: int) -> Run:
        backend, play = self._backends[variant.backend], cell.play
        backend.prepare(cell.latency / 1000, cell.condition, number)
        folder = self._folder / f"{play.name}-{variant.name}"
        taken, output = self._play(folder, play, variant)
        failures = failed(output, play)
        if taken["code"] or taken.get("killed") or taken.get("stuck"):
            failures = max(failures, 1)
        if failures:
            (self._folder / f"failed-{folder.name}-{cell.condition.name}-{number}.txt").write_text(output)
        measured = {field.name: taken[field.name] for field in dataclasses.fields(Run) if field.name in taken}
        return Run(
            play=play.name,
            hosts=play.hosts,
            wanted=play.credentials,
            latency=cell.latency,
            condition=cell.condition.name,
            variant=variant.name,
            round=number,
            failures=failures,
            **measured,
            **dataclasses.asdict(backend.counts()),
        )

    def _play(self, folder: Path, play: Play, variant: Variant) -> tuple[dict[str, Any], str]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "playbook.json").write_text(play.playbook(variant))
        (folder / "inventory").write_text(play.inventory())
        result, output = folder / "result.json", folder / "output.txt"
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [str(program), "playbook.json", "-i", "inventory", "--forks", str(play.forks)]
        with output.open("wb") as stream:
            subprocess.run(
                [sys.executable, "-I", str(HERE / "measure.py"), str(result), str(LONGEST_SECONDS), *command],
                cwd=folder,
                env=self.environment(variant, folder),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                check=True,
            )
        return json.loads(result.read_text()), output.read_text(errors="replace")

    def environment(self, variant: Variant, folder: Path | None = None) -> dict[str, str]:
        """All of the environment for a run of Ansible with this variant."""
        home, temporary = self._folder / "home", (folder or self._folder) / "tmp"
        home.mkdir(parents=True, exist_ok=True)
        temporary.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "ANSIBLE_HOME": str(home / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(HERE / "collections"), str(collections())]),
            "ANSIBLE_NOCOLOR": "true",
            **self._backends[variant.backend].env,
            **variant.env,
        }


def failed(output: str, play: Play) -> int:
    """How many tasks failed, or printed something else than they should."""
    good = sum(int(number) for number in re.findall(r"^\S+ +: ok=(\d+)", output, re.MULTILINE))
    printed = re.findall(rf'^ *(?:"msg": )?"?{play.shows}"?,?$', output, re.MULTILINE)
    return max(play.hosts * play.tasks - good, play.hosts * play.prints - len(printed))
