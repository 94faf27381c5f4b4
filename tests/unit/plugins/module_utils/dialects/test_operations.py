# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of operations."""

from __future__ import annotations

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import operations
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    BY_NAME,
    Area,
    Operation,
    Verb,
    named,
    operation_of,
)
from ansible_collections.community.senhasegura.plugins.module_utils.retry import Replay


def test_no_two_operations_have_one_name() -> None:
    known = [value for value in vars(operations).values() if isinstance(value, Operation)]
    assert len(known) == len(BY_NAME) == len({(one.area, one.verb) for one in known}) == 77


@pytest.mark.parametrize("name", BY_NAME)
def test_an_operation_is_found_by_its_name_and_by_its_fields(name: str) -> None:
    operation = named(name)
    assert operation.name == name == f"{operation.area.value}.{operation.verb.value}"
    assert operation_of(operation.area, operation.verb) is operation


def test_what_there_is_not() -> None:
    with pytest.raises(KeyError):
        named("credential.steal")
    with pytest.raises(KeyError):
        operation_of(Area.SECRETS, Verb.RELEASE)


@pytest.mark.parametrize("name", BY_NAME)
def test_only_reads_are_safe_to_repeat_and_what_ends_as_well_the_second_time(name: str) -> None:
    expected = {Verb.LIST: Replay.SAFE, Verb.READ: Replay.SAFE, Verb.RELEASE: Replay.REPEATABLE}
    # These store nothing.
    expected |= {Verb.ENCRYPT: Replay.REPEATABLE, Verb.DECRYPT: Replay.REPEATABLE}
    assert named(name).replay is expected.get(named(name).verb, Replay.ONCE)


def test_which_reads_take_custody() -> None:
    assert {name for name, one in BY_NAME.items() if one.takes_custody} == {"credential.read", "key.read"}


def test_which_areas_share_their_lists() -> None:
    sharing = {(one, other) for one in Area for other in Area if one.shares_lists_with(other) and one is not other}
    of_an_application = {Area.SECRETS, Area.APPLICATIONS, Area.VARIABLES, Area.EPHEMERAL}
    assert sharing == {
        (one, other)
        for areas in ({Area.CREDENTIALS, Area.SSH_KEYS, Area.DEVICES}, of_an_application)
        for one in areas
        for other in areas - {one}
    }
    assert all(area.shares_lists_with(area) for area in Area)
