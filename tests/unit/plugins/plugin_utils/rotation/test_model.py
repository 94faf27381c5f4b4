# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of the rotation: the protocol loses nothing, and each rule is needed."""

from __future__ import annotations

import pytest
from rotation.model import BREAKS, HOLDS, visit
from rotation.mutants import MUTANTS


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
