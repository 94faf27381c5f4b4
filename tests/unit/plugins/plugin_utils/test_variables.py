# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts say is told from what the inventory and the play say. Real runs are in tests/integration/test_variables.py."""

from __future__ import annotations

import multiprocessing
import types
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.module_utils.settings import options
from ansible_collections.community.senhasegura.plugins.plugin_utils import variables as module
from ansible_collections.community.senhasegura.plugins.plugin_utils.variables import (
    CHECK_MODE,
    MYSAFE_OPTIONS,
    OPTIONS,
    VariableError,
    option_variables,
)

EVIL, RIGHT = "https://evil.invalid", "https://right.invalid"


class Manager:
    """Ansible's VariableManager: facts stand in front of the inventory, what was set at run time in front of the play."""

    def __init__(self) -> None:
        self.inventory: dict[str, Any] = {"senhasegura_url": RIGHT}
        self.play: dict[str, Any] = {}
        self._fact_cache: dict[str, Any] = {}
        self._nonpersistent_fact_cache: dict[str, Any] = {}
        self._loader = DataLoader()
        self._inventory = types.SimpleNamespace(get_host=lambda name: types.SimpleNamespace(name=name))
        self.asked = 0

    def get_vars(self, play: Any, host: Any, task: Any, include_hostvars: bool) -> dict[str, Any]:
        self.asked += 1
        facts = self._fact_cache.get(host.name, {})
        own = self._nonpersistent_fact_cache.get(host.name, {})
        return {**self.inventory, "inventory_hostname": host.name, "ansible_facts": facts, **facts, **self.play, **own}


class Worker:
    """Ansible's worker, for one task of the host web01."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.manager = Manager()
        self.warnings: list[str] = []
        self.process = types.SimpleNamespace(
            _task=types.SimpleNamespace(loop=None, loop_with=None, until=[], loop_control=None, get_play=lambda: None),
            _host=types.SimpleNamespace(name="web01"),
            _variable_manager=self.manager,
        )
        monkeypatch.setattr(multiprocessing, "current_process", lambda: self.process)
        monkeypatch.setattr(module, "_found", {})
        monkeypatch.setattr(Display, "warning", lambda _display, text: self.warnings.append(text))

    def variables(self, **more: Any) -> dict[str, Any]:
        found = self.manager.get_vars(None, self.process._host, None, True)
        self.manager.asked = 0
        hostvars = types.SimpleNamespace(_variable_manager=self.manager)
        return {**found, "hostvars": hostvars, **more}

    def options(self, **more: Any) -> dict[str, Any]:
        return option_variables(self.variables(**more), {}, str)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    return Worker(monkeypatch)


def test_without_facts_of_its_own_nothing_is_put_together(worker: Worker) -> None:
    worker.manager._fact_cache = {"web01": {"ansible_hostname": "x", "module_setup": True, "gather_subset": ["all"]}}
    assert worker.options() == {"url": RIGHT}
    assert worker.manager.asked == 0


def test_a_fact_is_ignored_and_the_inventory_counts(worker: Worker) -> None:
    worker.manager._fact_cache = {"web01": {"senhasegura_url": EVIL, "senhasegura_tenant": "evil", "packages": {}}}
    assert worker.options() == {"url": RIGHT}
    assert worker.options() == {"url": RIGHT}
    assert worker.manager.asked == 0
    assert [text.partition(" comes")[0] for text in worker.warnings] == [
        "the variable senhasegura_url of web01",
        "the variable senhasegura_tenant of web01",
    ] * 2
    assert EVIL not in str(worker.warnings)
    # The manager is as it was.
    assert worker.manager._fact_cache["web01"]["senhasegura_url"] == EVIL


def test_facts_that_decide_nothing_are_not_warned_of(worker: Worker) -> None:
    worker.manager._fact_cache = {"web01": {"senhasegura_url": EVIL}}
    worker.manager.play = {"senhasegura_url": RIGHT}
    assert worker.options() == {"url": RIGHT}
    assert worker.warnings == []


@pytest.mark.parametrize(
    ("ephemeral", "facts", "expected"),
    [
        ({"senhasegura_url": EVIL}, {}, EVIL),
        ({"senhasegura_url": EVIL}, {"senhasegura_url": "other"}, EVIL),
        ({"senhasegura_url": EVIL}, {"senhasegura_url": EVIL}, RIGHT),
        ({"senhasegura_url": {"stdout": EVIL}}, {}, RIGHT),
    ],
    ids=["set_fact", "set_fact and a fact", "cacheable set_fact", "registered"],
)
def test_what_is_set_at_run_time(worker: Worker, ephemeral: Any, facts: Any, expected: str) -> None:
    worker.manager._fact_cache, worker.manager._nonpersistent_fact_cache = {"web01": facts}, {"web01": ephemeral}
    assert worker.options() == {"url": expected}


def test_a_loop_variable_counts(worker: Worker) -> None:
    worker.manager._fact_cache = {"web01": {"senhasegura_url": EVIL}}
    worker.process._task.loop = ["x"]
    worker.process._task.loop_control = types.SimpleNamespace(loop_var="senhasegura_tenant", index_var=None)
    assert worker.options(senhasegura_tenant="x") == {"url": RIGHT, "tenant": "x"}


def test_what_a_task_returned_a_moment_ago_is_no_option(worker: Worker) -> None:
    worker.process._task.until = ["again"]
    assert worker.options(senhasegura_url=EVIL, senhasegura_proxy=EVIL) == {"url": RIGHT}
    assert len(worker.warnings) == 2


def test_a_host_that_is_seen_through_hostvars(worker: Worker) -> None:
    worker.manager._fact_cache = {"web02": {"senhasegura_url": EVIL}}
    variables = worker.manager.get_vars(None, types.SimpleNamespace(name="web02"), None, False)
    assert option_variables(variables, {}, str) == {"url": RIGHT}
    # It may be any host, so nobody can tell what the inventory says of it.
    worker.manager._fact_cache["web02"]["inventory_hostname"] = "web01"
    variables = worker.manager.get_vars(None, types.SimpleNamespace(name="web02"), None, False)
    variables["inventory_hostname"] = "web01"
    with pytest.raises(VariableError, match="^the variable senhasegura_url has the value of a fact"):
        option_variables(variables, {}, str)


def test_outside_of_a_worker_a_fact_is_an_error(worker: Worker) -> None:
    variables = worker.variables()
    worker.process = types.SimpleNamespace()
    assert option_variables(variables, {}, str) == {"url": RIGHT}
    variables["ansible_facts"] = {"senhasegura_url": RIGHT}
    with pytest.raises(VariableError, match="^the variable senhasegura_url has the value of a fact"):
        option_variables(variables, {}, str)


def test_a_host_with_another_name_is_refused(worker: Worker) -> None:
    with pytest.raises(VariableError, match="^inventory_hostname of web01 is not its name"):
        worker.options(inventory_hostname="web02")


def test_the_names_of_the_options_are_those_of_the_table() -> None:
    assert (*(option.name for option in (*options.OPTIONS, *options.RUN_OPTIONS)), CHECK_MODE) == OPTIONS
    table = (*options.MYSAFE_OPTIONS, *options.MYSAFE_RUN_OPTIONS)
    assert tuple(option.name for option in table) == MYSAFE_OPTIONS


def test_neither_client_needs_the_variables_of_the_other_one() -> None:
    """One may hold a lookup that logs in with the other."""
    variables = {"senhasegura_url": "u", "senhasegura_client_id": "a", "senhasegura_mysafe_client_id": "m"}
    assert option_variables(variables, {}, str) == {"url": "u", "client_id": "a"}
    assert option_variables(variables, {}, str, mysafe=True) == {"url": "u", "mysafe_client_id": "m"}


def test_only_options_are_evaluated_and_each_once() -> None:
    evaluated: list[str] = []

    def template(value: str) -> str:
        evaluated.append(value)
        return value.upper()

    variables = {"senhasegura_url": "a", "senhasegura_custody": "b", "senhasegura_password": "c", "senhasegura": "d"}
    assert option_variables(variables, {}, template) == {"url": "A", "custody": "B"}
    assert evaluated == ["a", "b"]


@pytest.mark.parametrize(
    ("argument", "expected"), [("x", {}), (0, {}), ("", {"retries": "v"}), (None, {"retries": "v"})]
)
def test_the_variable_of_an_option_that_is_given_is_left_alone(argument: Any, expected: dict[str, str]) -> None:
    assert option_variables({"senhasegura_retries": "v"}, {"retries": argument}, str) == expected


def test_the_variable_for_check_mode_counts_in_check_mode_only() -> None:
    variables = {"senhasegura_check_mode": "read"}
    assert option_variables(variables, {}, str) == {}
    assert option_variables({**variables, "ansible_check_mode": True}, {}, str) == {"check_mode": "read"}


def test_a_variable_that_needs_itself_is_an_error_and_works_afterwards() -> None:
    variables = {"senhasegura_url": "a", "senhasegura_tenant": "b"}

    def around(value: str) -> str:
        """The value of each variable needs all variables of options."""
        try:
            return "".join(option_variables(variables, {}, around).values())
        except VariableError as exc:
            raise RuntimeError("Ansible wraps it") from exc

    with pytest.raises(VariableError, match="^the variable senhasegura_url needs itself: its value holds a lookup"):
        option_variables(variables, {}, around)
    assert option_variables(variables, {}, str) == {"url": "a", "tenant": "b"}
