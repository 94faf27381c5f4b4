# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a worker of Ansible takes to evaluate one lookup, without the rest of a play.

Ansible forks a worker for each task and host. So does this: a process that has loaded what ansible-playbook has, and
workers that evaluate a template and end. CPU time is far less disturbed by other work on the machine than whole plays.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from bench.variants import Variant

ROUNDS = 3


class Costs(NamedTuple):
    """CPU seconds: of the first worker, which may have to start something, and of each of those that came after it."""

    first: float
    others: list[float]

    def __str__(self) -> str:
        quarter, median, _rest = statistics.quantiles(self.others, n=4)
        times = (
            ("least", min(self.others)),
            ("first quartile", quarter),
            ("median", median),
            ("first worker", self.first),
        )
        return ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in times)


def measure(variants: Iterable[tuple[Variant, Mapping[str, str]]], workers: int) -> Iterator[tuple[Variant, Costs]]:
    """The costs of each variant, with the environment that it needs, in turn, and in several rounds."""
    pairs = list(variants)
    for _round in range(ROUNDS):
        for variant, env in pairs:
            command = [sys.executable, "-P", __file__, variant.lookup.format("'shared-1'"), str(workers)]
            done = subprocess.run(command, env=dict(env), stdout=subprocess.PIPE, check=True, text=True)
            yield variant, Costs(**json.loads(done.stdout))


def _serve(expression: str, workers: int) -> Costs:
    """In a process of its own: be ansible-playbook for so many workers, and the first."""
    import ansible.executor.process.worker
    import ansible.plugins.strategy.linear  # noqa: F401
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import action_loader, init_plugin_loader
    from ansible.template import Templar, trust_as_template

    init_plugin_loader()
    action_loader.get("ansible.builtin.debug", class_only=True)
    templar = Templar(loader=DataLoader(), variables={"inventory_hostname": "host"})
    # Loads the filters, as an earlier task has done.
    templar.template(trust_as_template("{{ 'ab' | length }}"))
    template = trust_as_template("{{ " + expression + " | length }}")
    # All workers begin with an empty count: a collection takes 1 ms, and its turn is an accident.
    gc.collect()
    first, *others = [_worker(templar, template) for _number in range(1 + workers)]
    return Costs(first, others)


def _worker(templar: Any, template: str) -> float:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_evaluate, args=(templar, template, theirs))
    process.start()
    theirs.close()
    seconds = ours.recv()
    process.join()
    return float(seconds)


def _evaluate(templar: Any, template: str, line: Connection[float, float]) -> None:
    started = time.process_time()
    templar.template(template)
    line.send(time.process_time() - started)
    line.close()
    # As a worker of Ansible ends: without what this process would do at its end.
    os._exit(0)


if __name__ == "__main__":
    print(json.dumps(_serve(sys.argv[1], int(sys.argv[2]))._asdict()))
