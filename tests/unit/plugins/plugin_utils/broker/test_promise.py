# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one thread works out and others wait for."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.promise import Promise


def test_all_who_wait_get_the_result() -> None:
    promise: Promise[str] = Promise()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(promise.result(120))) for _number in range(20)]
    for thread in threads:
        thread.start()
    assert not promise.done()
    promise.set_result("value")
    for thread in threads:
        thread.join(120)
    assert got == ["value"] * 20
    assert promise.done()
    assert promise.exception() is None


def test_all_who_wait_get_the_exception() -> None:
    promise: Promise[str] = Promise()
    error = ValueError("wrong")
    promise.set_exception(error)
    for _number in range(2):
        with pytest.raises(ValueError, match="wrong"):
            promise.result()
    assert promise.exception() is error


def test_nobody_waits_longer_than_said() -> None:
    with pytest.raises(TimeoutError):
        Promise[str]().result(0.01)


def test_none_is_a_result_too() -> None:
    promise: Promise[None] = Promise()
    promise.set_result(None)
    assert promise.result(1) is None
