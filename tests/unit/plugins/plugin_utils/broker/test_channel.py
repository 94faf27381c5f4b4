# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test what the two ends of a connection to the broker accept from each other."""

from __future__ import annotations

import hashlib
import pathlib
import re
import socket
import threading
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.protocol import BROKER, WORKER, Channel

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def ends(worker_key: bytes = KEY, broker_key: bytes = KEY) -> tuple[Channel, Channel, t.Any, t.Any]:
    """Return both ends of a channel, the worker's first, and the sockets below them."""
    near, far = socket.socketpair()
    made: list[Channel] = []
    worker = threading.Thread(target=lambda: made.append(Channel(near, worker_key, WORKER)))
    worker.start()
    broker = Channel(far, broker_key, BROKER)
    worker.join()
    return made[0], broker, near, far


def test_messages_go_both_ways() -> None:
    worker, broker, _near, _far = ends()
    for text in (b"", b"question", b"x" * 100_000):
        worker.send(text)
        assert broker.receive() == text
        broker.send(text[::-1])
        assert worker.receive() == text[::-1]


@pytest.mark.parametrize(("worker_key", "broker_key"), [(KEY, OTHER_KEY), (OTHER_KEY, KEY)])
def test_a_channel_rejects_a_wrong_key(worker_key: bytes, broker_key: bytes) -> None:
    worker, broker, _near, _far = ends(worker_key, broker_key)
    worker.send(b"question")
    broker.send(b"answer")
    for end in (worker, broker):
        with pytest.raises(ConnectionRefusedError):
            end.receive()


def test_a_changed_message_is_rejected() -> None:
    worker, broker, near, far = ends()
    worker.send(b"question")
    message = far.recv(1000)
    near.sendall(message[:-1] + b"!")
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_messages_may_come_in_any_pieces() -> None:
    worker, broker, near, far = ends()
    for text in (b"first", b"second"):
        worker.send(text)
    sent = far.recv(1000)
    for byte in sent:
        near.sendall(bytes([byte]))
    assert [broker.receive(), broker.receive()] == [b"first", b"second"]


@pytest.mark.parametrize("size", [0, 1, 31])
def test_a_message_without_a_whole_proof_is_rejected(size: int) -> None:
    _worker, broker, near, _far = ends()
    near.sendall(size.to_bytes(4, "big") + b"x" * size)
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_the_end_of_the_peer_is_noticed() -> None:
    _worker, broker, near, _far = ends()
    near.sendall(b"\xff\xff\xff\xffand no more")
    near.close()
    with pytest.raises(EOFError):
        broker.receive()


def test_a_replayed_message_is_rejected() -> None:
    worker, broker, near, far = ends()
    worker.send(b"question")
    message = far.recv(1000)
    near.sendall(message)
    near.sendall(message)
    assert broker.receive() == b"question"
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_a_message_of_another_connection_is_rejected() -> None:
    worker, _broker, _near, far = ends()
    _worker, broker, near, _far = ends()
    worker.send(b"question")
    near.sendall(far.recv(1000))
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_a_reflected_message_is_rejected() -> None:
    worker, _broker, _near, far = ends()
    worker.send(b"question")
    far.sendall(far.recv(1000))
    with pytest.raises(ConnectionRefusedError):
        worker.receive()


def test_fips_needs_no_other_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: t.Any, **_kwargs: t.Any) -> t.Any:
        raise ValueError("unsupported")

    for name in ("blake2b", "blake2s", "md5", "sha1"):
        monkeypatch.setattr(hashlib, name, refuse)
    worker, broker, _near, _far = ends()
    worker.send(b"question")
    assert broker.receive() == b"question"
    assert client._context("password", ["x"], {}, {}, {})


def test_no_file_of_ours_uses_a_hash_that_fips_refuses() -> None:
    pattern = re.compile(r"\b(blake2\w*|md5|sha1)\(|hashlib\.(blake2\w*|md5|sha1)\b")
    plugins = pathlib.Path(client.__file__).parents[2]
    found = [path.name for path in plugins.rglob("*.py") if pattern.search(path.read_text())]
    assert len(list(plugins.rglob("*.py"))) > 100
    assert found == []
