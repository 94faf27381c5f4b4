# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotations that are killed or otherwise spoiled at some of their calls, with real plays over SSH."""

from __future__ import annotations

import random

import pytest
from faults import kills, real
from faults.setups import KEYS, PASSWORDS, Setup
from hosts.group import Hosts
from hosts.image import why_unavailable

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))


@pytest.mark.parametrize(
    "number", [pytest.param(0, id="bookworm", marks=pytest.mark.long), pytest.param(1, id="trixie")]
)
def test_passwords(hosts: Hosts, number: int) -> None:
    """All of it: ./run crash real."""
    host = hosts[number]
    with real.scene(hosts, host) as scene:
        for case in random.Random(host.name).sample(real.cases(scene), 1):
            scene.play(case)


def test_faults_in_a_rotation_of_keys_lose_none(hosts: Hosts) -> None:
    """Each twenty-fourth kind of fault, at calls that chance chooses. All of it: ./run crash real-keys."""
    with real.key_scene(hosts) as scene:
        some: dict[tuple[str, str], real.Case] = {}
        for case in random.Random("keys").sample(every := real.cases(scene), len(every)):
            some.setdefault((case[0], case[2]), case)
        for case in list(some.values())[::24]:
            scene.play(case)


# Of the writes: lease, journal of the old key, journal of the new one, proof, commit.
@pytest.mark.long
@pytest.mark.parametrize(("write", "applied"), [(2, True), (4, False)], ids=["journal", "commit"])
def test_keys_when_the_broker_is_killed_during_a_write(hosts: Hosts, write: int, applied: bool) -> None:
    """The same of passwords: test_linux_password.py."""
    with real.key_scene(hosts) as scene:
        code, output = scene.lose_the_broker(write, applied=applied)
        assert (code == 0) == (write == 4), output
        scene.check()
        scene.time_passes()
        scene.clean()


# Each way to become root of which the model knows nothing is in test_rotation_setups.py.
@pytest.mark.long
@pytest.mark.parametrize("name", ["two hosts, su"])
def test_passwords_killed_at_any_moment(hosts: Hosts, name: str) -> None:
    """All of it: ./run crash kills."""
    _kill(hosts, next(setup for setup in PASSWORDS if setup.name == name))


@pytest.mark.long
@pytest.mark.parametrize("name", ["two keys"])
def test_keys_killed_at_any_moment(hosts: Hosts, name: str) -> None:
    """All of it: ./run crash kills."""
    _kill(hosts, next(setup for setup in KEYS if setup.name == name))


def _kill(hosts: Hosts, setup: Setup) -> None:
    tally = kills.Tally()
    kills.play(hosts, setup, 1, "sample", 0, tally)
    assert tally.losses == []
    assert tally.kills.total() == 1
