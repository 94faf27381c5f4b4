# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DSM secrets as data: what is public, what is compared, and what can be written back."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import (
    DsmSecret,
    DsmSecretWrite,
    SecretBlock,
    with_news,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import UnexpectedResponse


def test_a_secret_shows_its_keys_only() -> None:
    secret = DsmSecret("1", "db", ({"B": "x", "A": None}, {"A": "y"}), name="n")
    assert secret.public() == {
        "id": "1", "identifier": "db", "name": "n", "engine": "", "description": None, "version": "", "expires_at": None,
        "application": None, "system": None, "environment": None, "renewal_minutes": None,
        "key_names": ["A", "B"],
    }  # fmt: skip


def test_a_secret_of_a_list_without_values() -> None:
    listed = DsmSecret("1", "db", (), incomplete=True)
    assert listed.is_empty
    assert listed.public()["key_names"] is None
    assert DsmSecret("1", "db", ({"A": None},)).is_empty
    assert not DsmSecret("1", "db", ({"A": None}, {"B": ""})).is_empty


def test_blocks_of_a_secret_become_maps_of_texts() -> None:
    block = SecretBlock({"user": "app", "password": "pw"}, {"password": "PASSWORD"})
    assert block.flat() == {"user": "app", "PASSWORD": "pw"}
    key = SecretBlock({"access_key_id": "A"}, {"access_key_id": "AWS_ID"}, "aws")
    wanted = DsmSecretWrite("i", access_keys=(key,), credentials=(block,), key_value={"K": "v"})
    assert wanted.flat() == ({"user": "app", "PASSWORD": "pw"}, {"AWS_ID": "A"}, {"K": "v"})
    assert DsmSecretWrite("i").flat() == ()


def write(*blocks: dict[str, str], **key_value: str) -> DsmSecretWrite:
    return DsmSecretWrite("i", credentials=tuple(SecretBlock(block) for block in blocks), key_value=key_value)


A, B, AB = {"A": "1"}, {"B": "2"}, {"A": "1", "B": "2"}
SAME: list[tuple[DsmSecretWrite, list[dict[str, t.Any]], bool]] = [
    (write(), [], True),
    (write(), [{}], True),
    (write(), [{"TTL": None}], True),
    (write(), [A], False),
    (write(A), [A], True),
    (write(A), [], False),
    (write(A), [B], False),
    (write(A), [{"A": "2"}], False),
    (write(A), [{"A": None}], False),
    (write(A), [{**A, "ip": "192.0.2.1", "TTL": None}], True),
    (write(A), [A, B], False),
    (write(A, B), [A], False),
    (write(A, B), [AB], False),
    (write(A, A), [A], False),
    (write(A, A), [A, A], True),
    # The narrower one must not take what only the wider one fits.
    (write(A, AB), [AB, A], True),
    (write(AB, A), [A, AB], True),
    (write(A, B), [AB, A], True),
    (write(K="v"), [{"K": "v"}], True),
    (write(K="v"), [{"K": "v", "L": "w"}], False),
    (write(K="v", L="w"), [{"K": "v"}], False),
    (write(K="v"), [], False),
    (write(A, K="v"), [{"K": "v"}, A], True),
    (write(A, K="v"), [A], False),
    (write(A, A="1"), [A, A], True),
    (write(A, A="1"), [A], False),
]


@pytest.mark.parametrize(("wanted", "held", "same"), SAME, ids=range(len(SAME)))
def test_same_data(wanted: DsmSecretWrite, held: list[dict[str, t.Any]], same: bool) -> None:
    for order in itertools.permutations(held):
        assert wanted.same_data(order) is same


@pytest.mark.parametrize(
    ("wanted", "held", "same"),
    [
        (write(A, K="v"), {**A, "K": "v"}, True),
        (write(A, B, K="v"), {**AB, "K": "v", "ip": "192.0.2.1", "TTL": None}, True),
        (write(A, {"A": "2"}, K="v"), {"A": "2", "K": "v"}, True),  # one of both is shown
        (write(A, K="v"), {**A, "K": "w"}, False),
        (write(A, K="v"), {**A}, False),
        (write(A, K="v"), {**A, "K": "v", "L": "taken out"}, False),
        (write(A, K="v"), {**A, "K": UnexpectedResponse("x")}, False),
        (write(A), {**A, "ip": "192.0.2.1"}, True),
        (write(K="v"), {"K": "v", "L": "w"}, False),
    ],
)
def test_same_data_as_one_object(wanted: DsmSecretWrite, held: dict[str, t.Any], same: bool) -> None:
    assert wanted.same_data([held], as_one=True) is same


def test_many_blocks_are_compared_in_time() -> None:
    blocks = [{"A": str(number)} for number in range(60)]
    assert write(*blocks).same_data([{**block, "ip": "1"} for block in reversed(blocks)])
    equal = [{"A": "1"}] * 40
    assert not write(*equal, B).same_data([*equal, {"C": "3"}])


def versions(**known: str) -> tuple[DsmSecret, ...]:
    return tuple(DsmSecret("", name, (), version=version) for name, version in known.items())


def test_what_a_write_shows_is_taken_into_the_list_if_it_is_newer() -> None:
    listed = versions(a="9", b="3")
    assert with_news(listed, versions(b="4", c="1")) == versions(a="9", b="4", c="1")
    # The response to an earlier write came later.
    assert with_news(listed, versions(a="10", b="2")) == versions(a="10", b="3")
    assert with_news(listed, ()) == listed


@pytest.mark.parametrize(
    ("listed", "shown"),
    [
        (versions(a="1"), versions(a="")),
        (versions(a="x"), versions(a="2")),
        (versions(a="1"), (DsmSecret("", "a", (), version="2", incomplete=True),)),
        (versions(a="1"), (DsmSecret("", "a", (), version="2", problem=UnexpectedResponse("x")),)),
    ],
)
def test_the_list_is_read_again_where_nobody_knows_what_is_newer(listed: t.Any, shown: t.Any) -> None:
    assert with_news(listed, shown) is None
