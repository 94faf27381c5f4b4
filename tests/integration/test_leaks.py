# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret in anything that Ansible leaves. How, and what more can be run by hand: tests/leaks/README.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from leaks import canaries, checks
from leaks.cases import LOOKUPS, MODULES, Case, existing
from leaks.devlog import why_unavailable
from leaks.inventories import SAMPLE, inventories
from leaks.runner import Scene
from leaks.world import EARLIER, canary_tokens
from long_rows import rows

EVERYTHING = {(name, form) for name, value in canaries.make().items() for form, _text in canaries.forms(value)}
SINKS = {
    *("stdout", "stderr", "log", "record", "junit", "facts", "home", "tmp", "local_tmp", "remote_tmp", "async"),
    *("artifacts", "beside the inputs", "processes", "syslog", "ledger"),
}


# How a module is started does not depend on what it does.
OF_THEIR_OWN_KIND = tuple(name for name in MODULES if f"module {name}" not in checks.LIKE_SECRET)


def of_each(kind: str, case: Case) -> bool:
    return case.plugin.startswith(kind) and checks.brief(case)


def of_one(kind: str, case: Case) -> bool:
    """All cases of one plugin, a few of each other, and an exception where a path has an id: no call of that one has."""
    by_id = case.name == "module custody: RuntimeError in direct_api fill_path"
    return case.plugin.startswith(kind) and (checks.in_full(case) or checks.sample(case) or by_id)


def of_its_own_kind(case: Case) -> bool:
    """Leave out plugins that share their code with others. What this verbosity prints, -vvvvv prints as well."""
    return checks.sample(case) and case.plugin not in checks.LIKE_SECRET


# name -> what is run, with which verbosity. The harness itself is tested first, then the longest.
RUNS: dict[str, tuple[Callable[..., Any], int]] = {
    "planted": (checks.planted, 5),
    "evaluated": (checks.evaluation_is_noticed, 0),
    "quoted, unknown": (partial(checks.earlier, act=False), 0),
    "modules": (partial(checks.run_cases, choose=partial(of_one, "module")), 5),
    "lookups": (partial(checks.run_cases, choose=partial(of_one, "lookup")), 5),
    "each module": (partial(checks.run_cases, choose=partial(of_each, "module")), 5),
    "each lookup": (partial(checks.run_cases, choose=partial(of_each, "lookup")), 5),
    "processes, -v": (checks.processes, 1),
    "ansible-runner": (partial(checks.run_cases, choose=checks.sample, how="runner", inject=False), 0),
    "dialect rest, -vvv": (partial(checks.run_cases, choose=checks.sample, profile="rest"), 3),
    "default verbosity": (partial(checks.run_cases, choose=of_its_own_kind), 0),
    "check mode": (checks.check_mode, 5),
    "ad hoc": (partial(checks.adhoc, modules=OF_THEIR_OWN_KIND), 5),
    "custody owed": (checks.owed, 5),
    "killed": (checks.killed, 5),
    "inventory": (partial(inventories, names=SAMPLE), 5),
    "templates": (checks.inert, 5),
    "ways to give secrets": (checks.channels, 5),
    "debug logging": (checks.debug_logging, 5),
    "secrets of earlier calls": (checks.earlier, 5),
}
# What they find is what they are for.
CONTROLS = ("planted", "evaluated", "quoted, unknown")
SILENT = [name for name in RUNS if name not in CONTROLS]
# ``modules`` and ``lookups`` are samples of the first two, and the others differ in how the same is started.
LONG = ("each module", "each lookup", "dialect rest, -vvv", "default verbosity", "ad hoc", "debug logging")


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Any]]]:
    """The runs of the tests that are selected, two at a time, started by the first test that needs one."""
    here = [item for item in request.session.items if item.path == request.path]
    wanted = {item.callspec.params.get("name") for item in here if hasattr(item, "callspec")}
    with canary_tokens(), ThreadPoolExecutor(2) as pool:
        started = {
            name: pool.submit(check, Scene(tmp_path_factory.mktemp("leaks"), verbosity=verbosity))
            for name, (check, verbosity) in RUNS.items()
            if name in wanted or name in CONTROLS
        }
        yield started
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("wrap", [str, repr, "x{}y".format, "\r\n".join])
def test_each_form_is_found(wrap: Callable[[str], str]) -> None:
    for name, value in canaries.make().items():
        for form, text in canaries.forms(value):
            found = canaries.find(wrap(text).encode(), {name: value})
            assert form in {hit[1] for hit in found}, (name, form)


def test_nothing_is_found_where_nothing_is() -> None:
    parts = [part for value in canaries.make().values() for part in (value[:9], value[-9:])]
    assert canaries.find("|".join(parts).encode(), canaries.make()) == []


def test_no_secret_looks_like_a_part_of_another() -> None:
    others = [value for value in canaries.make().values() if not value.startswith("-----BEGIN")]
    runs = Counter(value[i : i + 6] for value in others for i in range(len(value) - 5))
    assert [run for run, times in runs.items() if times > 1] == []


def test_each_plugin_has_cases() -> None:
    assert set(LOOKUPS) == existing("lookup")
    assert set(MODULES) == existing("modules")


def test_a_planted_secret_is_found_in_each_sink(runs: dict[str, Future[Any]]) -> None:
    found = runs["planted"].result()
    assert why_unavailable() == ""
    assert found.keys() == SINKS
    assert {sink: EVERYTHING - seen for sink, seen in found.items() if EVERYTHING - seen} == {}


def test_an_evaluated_template_is_noticed(runs: dict[str, Future[Any]]) -> None:
    assert runs["evaluated"].result()


def test_a_quote_of_what_the_run_has_not_met_is_found(runs: dict[str, Future[Any]]) -> None:
    """So what is not found when the run has met it has been masked."""
    quoted = {secret for names in EARLIER.values() if isinstance(names, tuple) for secret in names}
    found = {hit.secret for hit in runs["quoted, unknown"].result().leaks}
    # The keys of two records are the same at the start.
    keys = {name for name in found if name.startswith("private_key of ")}
    assert found - keys == quoted
    assert "private_key of earlier-rotated-key" in keys


@pytest.mark.parametrize("name", rows(SILENT, *(name for name in SILENT if name not in LONG)))
def test_no_secret_gets_out(runs: dict[str, Future[Any]], name: str) -> None:
    outcome = runs[name].result()
    print(outcome)
    assert outcome.observations > 0
    assert not outcome.leaks
    assert not outcome.problems


@pytest.mark.parametrize("name", rows(["modules", "lookups", "each module", "each lookup"], "modules", "lookups"))
def test_plugins_failed_in_20_ways_and_met_each_fault(runs: dict[str, Future[Any]], name: str) -> None:
    kind, table = ("lookup", LOOKUPS) if "lookup" in name else ("module", MODULES)
    failed = runs[name].result().failed
    counts = Counter(case.partition(":")[0] for case in failed)
    plugins = {f"{kind} {plugin}" for plugin in table}
    whole = plugins - checks.LIKE_SECRET if name in LONG else plugins & checks.IN_FULL
    assert {plugin: counts[plugin] for plugin in whole if counts[plugin] < 20} == {}
    struck = {fault for fault in checks.fault_names() if any(case.endswith(f": {fault}") for case in failed)}
    assert checks.fault_names() - struck == set()
