# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store remembers what lookups found; nothing of that may show."""

from __future__ import annotations

import contextlib

import pytest

from senhasegura_simulator.store import Client, Device, Item, Rollback, Secret, Store


@pytest.fixture
def store():
    made = Store()
    yield made
    made.close()


def test_what_is_done_to_a_record_shows_only_when_it_is_saved(store):
    store.save(Item(username="a", tags=["x"], blocks={"block": {"name": "value"}}))
    item = store.first(Item, id=1)
    item.username = "b"
    item.tags.append("y")
    item.blocks["block"]["name"] = "other"
    again = store.first(Item, id=1)
    assert (again.username, again.tags, again.blocks) == ("a", ["x"], {"block": {"name": "value"}})
    assert store.all(Item) == [again]
    store.save(item)
    assert store.first(Item, id=1) == item


def test_a_lookup_that_found_nothing_is_made_again_after_a_write(store):
    assert store.first(Device, hostname="web01") is None
    store.save(Device(hostname="web01"))
    assert store.first(Device, hostname="web01").id == 1
    store.delete(store.first(Device, id=1))
    assert store.first(Device, hostname="web01") is None
    store.save(Device(hostname="web01"))
    store.wipe()
    assert store.first(Device, hostname="web01") is None


def test_what_was_found_within_a_transaction_goes_with_it(store):
    store.save(Device(hostname="web01", ip="192.0.2.1"))
    with contextlib.suppress(Rollback), store.transaction():
        device = store.first(Device, hostname="web01")
        device.ip = "192.0.2.2"
        store.save(device)
        assert store.first(Device, hostname="web01").ip == "192.0.2.2"
        raise Rollback
    assert store.first(Device, hostname="web01").ip == "192.0.2.1"


def test_who_has_a_unique_value_gives_way(store):
    store.save(Client(client_id="a"))
    store.save(Client(client_id="b"))
    second = store.first(Client, id=2)
    assert store.first(Client, id=1).client_id == "a"
    second.client_id = "a"
    store.save(second)
    assert store.first(Client, id=1) is None
    assert store.first(Client, client_id="a").id == 2


def test_a_write_that_alters_nothing_does_not_count(store):
    store.save(Item(username="a", tags=["x"]))
    store.touched.clear()
    store.save(store.first(Item, id=1))
    assert store.touched == []


def test_the_order_of_maps_is_stored(store):
    store.save(Secret(data=[{"A": "1", "B": "2"}]))
    secret = store.first(Secret, id=1)
    secret.data, secret.version = [{"B": "2", "A": "1"}], 2
    store.save(secret)
    assert list(store.first(Secret, id=1).data[0]) == ["B", "A"]


def test_due_in_the_order_of_time(store):
    for due in (30.0, None, 10.0, 20.0):
        store.save(Item(change_due=due))
    assert [item.id for item in store.due("change_due", 20.0)] == [3, 4]
