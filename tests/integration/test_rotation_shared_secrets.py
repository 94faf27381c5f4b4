# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that several hosts, runs or records have in common, on real hosts: A1, A2, A3 and A17 of the faults that
tests/README.md lists. All of them with ROTATION_SETUPS=all, a sample without.
"""

from __future__ import annotations

import collections
from typing import Any

import pytest
from faults import controllers
from faults.setups import (
    ALL,
    BY_NAME,
    SECRET,
    TWO,
    alone,
    honest,
    killed_at_each_write,
    stage,
)
from hosts.group import Hosts
from hosts.image import why_unavailable
from long_rows import rows

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))


# --- A1, A17: one secret, several hosts, one task


@pytest.mark.long
@pytest.mark.parametrize("kind", TWO)
@pytest.mark.parametrize("options", [{}, {"lock_wait": 60}], ids=["one gives way", "one waits"])
def test_hosts_of_a_play_that_share_a_secret(hosts: Hosts, kind: str, options: dict[str, Any]) -> None:
    """The task is run for both at the same time, and knows nothing of the other. Then the hint is followed."""
    with stage(hosts, TWO[kind]) as scene:
        done = scene.controller.run([alone(scene, **options)], "all")
        scene.check()
        honest(scene, done)
        for _time in range(2):
            done = scene.controller.run([alone(scene, state="recovered", **options)], "all")
            scene.check()
            honest(scene, done)
        # One run for both settles it.
        scene.end_leases()
        done = scene.run(**({"accept": ["other_host"]} if kind == "password" else {}))
        assert done.code == 0, done.told()
        scene.check_settled()


@pytest.mark.parametrize(
    "name",
    rows(
        [
            "password, different hosts, by identifier and by id",
            "password, both hosts, in another order",
            "password, same host, by identifier and by id",
            "key, different hosts",
            "key, both hosts, in another order",
        ],
        "password, both hosts, in another order",
        "key, different hosts",
    ),
)
def test_two_controllers(hosts: Hosts, name: str) -> None:
    """100 times: ./run crash controllers --count 100."""
    (meeting,) = (meeting for meeting in controllers.MEETINGS if meeting.name == name)
    assert controllers.play(hosts, meeting, 1, f"sample {name}", collections.Counter()) == []


# --- A2: two keys on one account


@pytest.mark.long
@pytest.mark.parametrize("name", ["two keys", *(["two keys, two hosts"] if ALL else [])])
def test_a_run_for_another_key_of_the_account(hosts: Hosts, name: str) -> None:
    """It leaves alone what a killed run for the first key has left."""
    with stage(hosts, BY_NAME["key", name]) as scene:
        first, second = scene.setup.records
        for _number in killed_at_each_write(scene, first):
            done = scene.run(second)
            scene.check()
            honest(scene, done)
            assert set(done.kinds()) <= {"changed", "recovered", "pending", "busy"}, done.told()
            scene.end_leases()
            done = scene.run(first)
            assert done.code == 0, done.told()
            scene.check()
        assert scene.run(second).code == 0
        scene.check_settled()


# --- A3: a first rotation that does not reach all hosts


@pytest.mark.parametrize("by", rows(["role", "module"], "role"))
def test_the_first_rotation_with_a_limit(hosts: Hosts, by: str) -> None:
    with stage(hosts, BY_NAME["key", "three hosts"]) as scene:
        task = alone(scene)
        if by == "role":
            task = {
                "name": "rotate",
                "ansible.builtin.include_role": {"name": "community.senhasegura.linux_ssh_key_rotation"},
                "vars": {"linux_ssh_key_rotation_key": SECRET},
            }
        limit = ("--limit", scene.hosts[0].name)
        for _time in range(3):
            done = scene.controller.run([task], "all", *limit)
            scene.check()
            honest(scene, done)
        # All of them, which settles it.
        done = scene.run()
        assert done.code == 0, done.told()
        scene.check_settled()
