# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin: what ansible-inventory shows, caches and complains of has no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from leaks import canaries
from leaks.checks import Outcome
from leaks.runner import Scene, Unsafe, dump
from leaks.world import World, world

FILE = {
    "plugin": "community.senhasegura.devices",
    "credentials": [{}],
    "details": True,
    "keyed_groups": [{"key": "senhasegura_device.site", "prefix": "site"}],
    "compose": {"names": "senhasegura_device.hostname ~ senhasegura_credential.username"},
}
# What CI runs.
SAMPLE = ("list", "graph, cached", "500 that echoes, raw", "wrong timeout", "secrets in the file")
# With a secret of the client where it does not belong.
WRONG = {
    "timeout": "client_secret",
    "validate_certs": "client_secret",
    "dialect": "client_secret",
    "details": "password",
    "filters": "password",
    "credentials": "password",
    "connections": "password",
    "group": "password",
}


@dataclass(frozen=True)
class Case:
    """One run of ansible-inventory: the options of its file, and what it must say on stdout or stderr."""

    name: str
    says: str
    options: dict[str, Any] = field(default_factory=dict)
    mode: str = "--list"


def cases(place: World) -> Iterator[Case]:
    """Every case. Those that are cached come in their order."""
    ok = {"config_file": place.config("ok")}
    cached = {**ok, "cache": True, "cache_plugin": "jsonfile", "cache_connection": str(place.folder / "cached")}
    yield Case("list", "id:1', check_mode='read'", cached)
    yield Case("graph, cached", r"--web01", cached, "--graph")
    yield Case("list, cached", "id:1', check_mode='read'", cached)
    client = {"client_id": f"{place.secrets['client_id']}-ok", "client_secret": place.secrets["client_secret"]}
    given = {name: Unsafe(value) for name, value in client.items()}
    yield Case("secrets in the file", "is not handed on", {**given, "config_file": place.config("no client")})
    for name, secret in WRONG.items():
        yield Case(f"wrong {name}", "", {**ok, name: Unsafe(place.secrets[secret])})
    for scenario in place.failing("inventory devices"):
        if not scenario.only:
            yield Case(scenario.title, scenario.says, {"config_file": place.config(scenario.name)})


def inventories(scene: Scene, names: tuple[str, ...] = ()) -> Outcome:
    """Run ansible-inventory in each case, or in those with these names, and search all that it leaves."""
    outcome = Outcome()
    with world() as place:
        secrets = place.all_secrets()
        patterns = sum(len(canaries.forms(value)) for value in secrets.values())
        for number, case in enumerate(cases(place)):
            if names and case.name not in names:
                continue
            path = place.folder / f"{number}.senhasegura.yml"
            path.write_text(dump({**FILE, **case.options}), encoding="utf-8")
            run = scene.inventory("-i", str(path), case.mode, "-" + "v" * max(1, scene.verbosity))
            sinks = {sink: content for sink, _name, content in run.sinks()}
            outcome += Outcome(1, len(sinks) * patterns, run.leaks(secrets))
            told = b"\n".join(sinks.get(name, b"") for name in ("stdout", "stderr")).decode("utf-8", "replace")
            if not re.search(case.says, " ".join(told.split())):
                outcome.problems.append(f"inventory: {case.name}: does not say {case.says!r}: {told[-300:]}")
        kept = b"\n".join(file.read_bytes() for file in (place.folder / "cached").glob("*"))
        if not names or "list" in names:
            outcome.problems += [] if b"web01" in kept else ["inventory: nothing is in the cache"]
            outcome.problems += [f"inventory: {hit[0]} in the cache" for hit in canaries.find(kept, secrets)]
        reads = place.server.control.counters()["reads"]
        outcome.problems += [f"inventory: made reads that take custody: {reads}"] if reads else []
        outcome.problems += ["inventory: a stored value was evaluated"] if place.evaluated else []
    return outcome
