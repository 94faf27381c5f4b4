# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of the rotation: the protocol loses nothing, and each rule is needed."""

from __future__ import annotations

import pytest
from faults import interleavings, scenes, two_hosts
from faults.code import Code
from faults.model import BREAKS, HOLDS, visit
from faults.mutants import BY_INTERLEAVING, BY_SCENE, BY_WAY, MUTANTS

CODE = Code()


@pytest.mark.parametrize("name", HOLDS)
def test_nothing_is_lost(name: str) -> None:
    found = visit(HOLDS[name])
    assert found.loss == ()
    assert found.not_converging == 0
    assert found.states > 10_000


@pytest.mark.parametrize("name", BREAKS)
def test_each_rule_is_needed(name: str) -> None:
    assert visit(BREAKS[name]).loss


def test_each_weakness_of_the_model_is_tried_in_the_code() -> None:
    assert {name for name in BREAKS if name.startswith("M")} <= {name.split()[0] for name in MUTANTS}


@pytest.mark.parametrize("name", two_hosts.HOLDS)
def test_two_hosts_that_share_a_record_lose_nothing_whatever_the_lease_says(name: str) -> None:
    found = two_hosts.visit(two_hosts.HOLDS[name])
    assert found.loss == ()
    assert found.states > 1000


@pytest.mark.parametrize("name", two_hosts.BREAKS)
def test_each_rule_for_two_hosts_is_needed(name: str) -> None:
    assert two_hosts.visit(two_hosts.BREAKS[name]).loss


# Set-ups that people have: ./run crash scenes at bb9a248 shows what 55b64b2 loses in each of them.


@pytest.mark.no_cover
@pytest.mark.parametrize("name", scenes.SCENES)
def test_nothing_is_lost_in_the_set_ups_that_people_have(name: str) -> None:
    assert scenes.loss(CODE, name) is None


@pytest.mark.no_cover
@pytest.mark.parametrize("name", BY_SCENE)
def test_mistakes_in_the_new_rules_are_noticed(name: str) -> None:
    scene, edits = BY_SCENE[name]
    assert scenes.loss(Code(*edits), scene)


# All interleavings of two runs; the larger ones: ./run crash interleavings


@pytest.mark.no_cover
def test_no_interleaving_of_two_runs_on_one_host_loses_anything() -> None:
    found = interleavings.explore(CODE, interleavings.PAIRS["two passwords on one host"])
    assert (found.losses, found.untrue) == ([], [])
    assert found.interleavings >= found.states // 10 > 10
    assert ("changed", "busy") in found.ends


@pytest.mark.no_cover
@pytest.mark.parametrize("name", BY_INTERLEAVING)
def test_mistakes_that_the_lease_hides_are_noticed(name: str) -> None:
    pair, edits = BY_INTERLEAVING[name]
    assert interleavings.explore(Code(*edits), interleavings.PAIRS[pair]).losses


@pytest.mark.no_cover
@pytest.mark.parametrize("name", BY_WAY)
def test_two_runs_that_cross_lose_nothing_and_tell_the_truth(name: str) -> None:
    runs, way, edits = BY_WAY[name]
    pair = interleavings.PAIRS[runs]
    found = interleavings.replay(CODE, pair, way)
    assert (found.losses, found.untrue) == ([], [])
    mistaken = interleavings.replay(Code(*edits), pair, way)
    assert mistaken.losses or mistaken.untrue
