# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line between a worker and the broker of this run: where it is, and how both ends prove that they belong to it.

Every worker that evaluates a lookup imports this file, and the broker does: it is short, and imports nothing that
Ansible has not imported already.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import multiprocessing
import multiprocessing.connection
import os
import pickle
import typing as t

# The two ends.
WORKER, BROKER = b"worker", b"broker"
_NONCE_SIZE = _PROOF_SIZE = 32


def authentication_key() -> bytes:
    """32 random bytes that all workers of a run inherit from its main process, and that are never on disk."""
    return bytes(multiprocessing.current_process().authkey)


def address() -> str:
    """Where the broker listens: in the folder for temporary files that belongs to this run alone."""
    # Here, because the broker does without Ansible.
    from ansible import constants

    return os.path.join(constants.DEFAULT_LOCAL_TMP, "senhasegura")


def controller() -> int:
    """The process whose end is the end of the run: the parent of a worker, or the main process itself."""
    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def run_is_over() -> bool:
    """Whether this worker has outlived the run, because its main process was killed."""
    return controller() not in (os.getpid(), os.getppid())


class Channel:
    """Messages between the two ends, each with the proof that its sender knows the key of the run.

    Both ends begin with a random text. From both texts and the key comes a key for each direction of this one
    connection, and each message has its number: so nothing that was recorded can be sent again, neither elsewhere nor
    back to its sender. The challenges of multiprocessing prove the same, once, and need three more turns to and fro.
    Raises OSError or EOFError when the other end is gone or does not know the key.
    """

    def __init__(self, line: multiprocessing.connection.Connection[t.Any, t.Any], key: bytes, end: bytes) -> None:
        self._line = line
        own = os.urandom(_NONCE_SIZE)
        line.send_bytes(own)
        texts = {end: own, (BROKER if end == WORKER else WORKER): line.recv_bytes(_NONCE_SIZE)}
        both = texts[WORKER] + texts[BROKER]
        keys = {each: hashlib.blake2b(both, key=key, person=each).digest() for each in texts}
        self._own = keys.pop(end)
        (self._other,) = keys.values()
        self._sent = self._received = 0

    def send(self, data: bytes) -> None:
        self._line.send_bytes(_proof(self._own, self._sent, data) + data)
        self._sent += 1

    def receive(self) -> bytes:
        message = self._line.recv_bytes()
        data = message[_PROOF_SIZE:]
        if not hmac.compare_digest(message[:_PROOF_SIZE], _proof(self._other, self._received, data)):
            raise ConnectionRefusedError("the other end belongs to another run")
        self._received += 1
        return data

    def close(self) -> None:
        self._line.close()


def _proof(key: bytes, number: int, data: bytes) -> bytes:
    return hashlib.blake2b(number.to_bytes(8, "big") + data, key=key, digest_size=_PROOF_SIZE).digest()


class Link:
    """One connection to the broker. Raises OSError or EOFError when there is none (any more)."""

    def __init__(self) -> None:
        # A path in AF_UNIX has 107 bytes at most; through /proc, the folder counts for few of them.
        folder = os.open(os.path.dirname(address()), os.O_PATH | os.O_DIRECTORY)
        try:
            short = f"/proc/self/fd/{folder}/{os.path.basename(address())}"
            line = multiprocessing.connection.Client(short, family="AF_UNIX")
        finally:
            os.close(folder)
        self._channel = Channel(line, authentication_key(), WORKER)

    def ask(self, *request: t.Any) -> t.Any:
        """Send plain data and return the answer's."""
        self._channel.send(json.dumps(request).encode())
        return json.loads(self._channel.receive())

    def call(self, *request: t.Any) -> t.Any:
        """Send a call of a session (see remote.py) and return its result, or raise its error."""
        self._channel.send(json.dumps(["call"]).encode())
        # Both ends belong to the same user and prove that they know the key, so pickle is no risk.
        self._channel.send(pickle.dumps(request))
        error, result = pickle.loads(self._channel.receive())  # noqa: S301
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        self._channel.close()
