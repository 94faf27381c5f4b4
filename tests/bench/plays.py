# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plays: what is asked for how often, and by how many hosts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.variants import LOOKUPS, MODULES, Variant

LENGTH = 24
SHARED = 4
MOST_HOSTS = 50
Tasks = list[dict[str, Any]]
Body = tuple[dict[str, Any], Tasks]


@dataclass(frozen=True)
class Play:
    """``body`` gives variables and tasks for a variant. Each host prints ``prints`` times what ``shows`` says.

    ``own`` and ``shared`` are how many credentials each host has for itself, and all hosts together.
    """

    name: str
    title: str
    hosts: int
    tasks: int
    body: Callable[[Variant], Body]
    prints: int
    shows: int = LENGTH
    own: int = 0
    shared: int = 0
    forks: int = 5
    variants: tuple[Variant, ...] = LOOKUPS
    slow: bool = True  # run with the slow variants too
    rounds: int = 100  # at most
    latencies: tuple[int, ...] = ()  # other ones make no difference to it

    @property
    def credentials(self) -> int:
        return self.hosts * self.own + self.shared

    def playbook(self, variant: Variant) -> str:
        variables, tasks = self.body(variant)
        play = {"hosts": "all", "gather_facts": False, "vars": variables, "tasks": tasks}
        # JSON is YAML, and needs no library here.
        return json.dumps([play], indent=1)

    def inventory(self) -> str:
        return "".join(f"{host} ansible_connection=local\n" for host in host_names(self.hosts))


def host_names(count: int) -> list[str]:
    return [f"host{number:03}" for number in range(1, count + 1)]


def seed() -> list[dict[str, str]]:
    """The credentials of all plays: some for all hosts together, and some for each host that has its own."""
    names = [(host, number) for host in ["shared", *host_names(MOST_HOSTS)] for number in range(1, SHARED + 1)]
    return [
        {
            "identifier": f"{host}-{number}",
            "username": f"user{number}",
            "hostname": host,
            "ip": "192.0.2.1",
            "password": f"{host}-{number}-".ljust(LENGTH, "x"),
        }
        for host, number in names
    ]


def _debug(message: str | list[str]) -> dict[str, Any]:
    return {"ansible.builtin.debug": {"msg": message}}


def _variables(variant: Variant, term: str, count: int) -> dict[str, Any]:
    """``count`` variables; {} in ``term`` is their number."""
    return {f"pw{n}": "{{ " + variant.lookup.format(term.format(n)) + " }}" for n in range(1, count + 1)}


def _one_variable(tasks: int) -> Callable[[Variant], Body]:
    return lambda variant: (_variables(variant, "'shared-{}'", 1), [_debug("{{ pw1 | length }}")] * tasks)


def _distinct(variant: Variant) -> Body:
    variables = _variables(variant, "inventory_hostname ~ '-{}'", SHARED)
    return variables, [_debug("{{ " + name + " | length }}") for name in variables]


def _group(variant: Variant) -> Body:
    """A variable of several lookups, used three times and twice more. Each template evaluates it once."""
    use = "{{ passwords.values() | join | length }}"
    return {"passwords": _variables(variant, "'shared-{}'", SHARED)}, [_debug([use] * 3), _debug([use] * 2)]


def _module(variant: Variant) -> Body:
    return {}, [variant.task] * 4


PLAYS = (
    Play("single", "1 host, 1 lookup", 1, 1, _one_variable(1), 1, shared=1),
    Play("variable", "1 host, 1 variable used 20 times", 1, 20, _one_variable(20), 20, shared=1),
    Play("same", "50 hosts x 4 tasks, 1 credential", MOST_HOSTS, 4, _one_variable(4), 4, shared=1),
    Play("distinct", "50 hosts x 4 tasks, 200 credentials", MOST_HOSTS, SHARED, _distinct, SHARED, own=SHARED),
    Play(
        "fleet",
        "500 hosts x 20 references, 4 credentials, 50 forks",
        hosts=500,
        tasks=2,
        body=_group,
        prints=5,
        shows=LENGTH * SHARED,
        shared=SHARED,
        forks=50,
        # Ten thousand logins: half an hour, and nothing that the plays of 50 hosts do not tell.
        slow=False,
        rounds=3,
    ),
    Play("module", "50 hosts x 4 tasks of 1 module", MOST_HOSTS, 4, _module, 0, variants=MODULES, latencies=(0,)),
)
