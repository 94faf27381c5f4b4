# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to several hosts side by side: none waits for another, and each has a deadline of its own."""

from __future__ import annotations

import datetime
import threading
import time
import typing as t
from functools import partial

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import driver
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host import host_commands
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import (
    Lost,
    NotDone,
    OnHost,
    Outcome,
    Sleep,
    Status,
    Steps,
    Together,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.run import Limits, RotationRun


class World:
    """Hosts that answer with their name; what a host does is in ``acts``."""

    records: t.Any = None

    def __init__(self, **acts: t.Callable[[], object]) -> None:
        self.acts, self.said = acts, list[str]()

    def on_host(self, call: OnHost, seconds: float) -> t.Mapping[str, t.Any]:
        self.acts.get(call.host, lambda: None)()
        return {"host": call.host, "thread": threading.current_thread() is not threading.main_thread()}

    def login(self, call: t.Any, seconds: float) -> t.Any:
        raise NotImplementedError

    def report_progress(self, text: str) -> None:
        self.said.append(text)


def ask(host: str) -> Steps:
    answer = yield OnHost(host, "look_keys")
    return answer["host"]


def results(world: World, works: dict[str, Steps], most: int = 10, **limits: float) -> dict[str, t.Any]:
    run = RotationRun(
        "run", tuple(works), Limits(**limits), {}, time.monotonic, partial(datetime.datetime.now, datetime.timezone.utc)
    )

    def protocol() -> t.Any:
        found = yield Together("asking", works, most)
        return Outcome(Status.UNCHANGED, "", details=found)

    return dict(driver.drive(protocol(), world, run, driver.Interrupt()).details)


def test_no_host_waits_for_another() -> None:
    """Each waits until all others are there: one after the other, nobody would come to an end."""
    hosts = [f"host{number}" for number in range(8)]
    barrier = threading.Barrier(len(hosts), timeout=60)
    world = World(**dict.fromkeys(hosts, barrier.wait))
    assert results(world, {host: ask(host) for host in hosts}) == {host: host for host in hosts}


def test_no_more_hosts_than_allowed_at_the_same_time() -> None:
    lock, busy, most = threading.Lock(), 0, 0

    def act() -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        threading.Event().wait(0.02)
        with lock:
            busy -= 1

    hosts = [f"host{number}" for number in range(12)]
    assert len(results(World(**dict.fromkeys(hosts, act)), {host: ask(host) for host in hosts}, most=3)) == 12
    assert most <= 3


def test_a_host_that_hangs_costs_its_own_deadline_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_PROGRESS", 0.3)
    never = threading.Event()
    world = World(host1=never.wait)
    found = results(world, {host: ask(host) for host in ("host1", "host2", "host3")}, on_host=0.5)
    never.set()
    assert isinstance(found["host1"], Lost)
    assert str(found["host1"]) == "no answer within 0.5 seconds"
    assert (found["host2"], found["host3"]) == ("host2", "host3")
    assert "asking: 2 of 3 hosts are done" in world.said


def test_what_one_host_raises_is_its_own_result() -> None:
    def refuse() -> None:
        raise NotDone("no")

    def fall() -> None:
        raise ValueError("a secret")

    def change() -> Steps:
        yield OnHost("host3", "add_key")

    world = World(host1=refuse, host2=fall, host3=fall)
    found = results(world, {"host1": ask("host1"), "host2": ask("host2"), "host3": change(), "host4": ask("host4")})
    assert isinstance(found["host1"], NotDone)
    assert isinstance(found["host2"], ValueError)
    # Somebody has to find out what has become of a change; and its text may be anything.
    assert isinstance(found["host3"], Lost)
    assert "secret" not in str(found["host3"])
    assert found["host4"] == "host4"


def test_who_waits_holds_up_nobody() -> None:
    order = []

    def patient() -> Steps:
        yield Sleep(0.5, "a lock is held")
        order.append("patient")

    def quick() -> Steps:
        yield OnHost("host2", "look_keys")
        order.append("quick")

    world = World()
    results(world, {"host1": patient(), "host2": quick()})
    assert order == ["quick", "patient"]
    assert "a lock is held: waiting" in world.said


def test_a_command_in_a_thread_needs_no_signal() -> None:
    """SIGALRM, which limits a command of a single host, reaches the main thread alone."""
    ends = []

    def execute(*_arguments: t.Any, **_more: t.Any) -> t.Mapping[str, t.Any]:
        return {"rc": 1, "stdout": "", "stderr": "no python"}

    def work() -> None:
        try:
            host_commands.perform(execute, "/usr/bin/python3", {"do": "look_keys"}, 5)
        except Exception as exc:
            ends.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [type(end) for end in ends] in ([Lost], [NotDone])
