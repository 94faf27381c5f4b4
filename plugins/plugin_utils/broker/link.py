# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line between a worker and the broker of this run: where it is, and how both ends prove that they belong to it.

Every worker that evaluates a lookup loads this file, and the broker does: it is short, and imports at its head nothing
that Ansible has not imported already, or that either end can do without.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import pickle
import socket
import typing as t

# The two ends.
WORKER, BROKER = b"worker", b"broker"
_NONCE_SIZE = _PROOF_SIZE = 32
_HEAD_SIZE = 4
# What an address of AF_UNIX has room for.
_LONGEST_PATH = 107
# The first is enough for nearly all messages. No more than the other is made room for at once, whatever a head says.
_PART_SIZE, _LARGEST_PART = 4096, 1 << 20


def authentication_key() -> bytes:
    """32 random bytes that all workers of a run inherit from its main process, and that are never on disk."""
    import multiprocessing

    return bytes(multiprocessing.current_process().authkey)


def address() -> str:
    """Where the broker listens: in the folder for temporary files that belongs to this run alone."""
    from ansible import constants

    return os.path.join(constants.DEFAULT_LOCAL_TMP, "senhasegura")


def controller() -> int:
    """The process whose end is the end of the run: the parent of a worker, or the main process itself."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def run_is_over() -> bool:
    """Whether this worker has outlived the run, because its main process was killed."""
    return controller() not in (os.getpid(), os.getppid())


class Channel:
    """Messages between the two ends, each with the proof that its sender knows the key of the run.

    Both ends begin with a random text. From both texts and the key comes a key for each direction of this one
    connection, and each message has its number: so nothing that was recorded can be sent again, neither elsewhere nor
    back to its sender. A message is its length (4 bytes), its proof, and its data.
    Raises OSError or EOFError when the other end is gone or does not know the key.
    """

    def __init__(self, line: socket.socket, key: bytes, end: bytes) -> None:
        self._line = line
        self._come = b""
        own = os.urandom(_NONCE_SIZE)
        line.sendall(own)
        texts = {end: own, (BROKER if end == WORKER else WORKER): self._take(_NONCE_SIZE)}
        both = texts[WORKER] + texts[BROKER]
        keys = {each: hashlib.blake2b(both, key=key, person=each).digest() for each in texts}
        self._own = keys.pop(end)
        (self._other,) = keys.values()
        self._sent = self._received = 0

    def send(self, data: bytes) -> None:
        head = (_PROOF_SIZE + len(data)).to_bytes(_HEAD_SIZE, "big")
        self._line.sendall(head + _proof(self._own, self._sent, data) + data)
        self._sent += 1

    def receive(self) -> bytes:
        message = self._take(int.from_bytes(self._take(_HEAD_SIZE), "big"))
        data = message[_PROOF_SIZE:]
        if not hmac.compare_digest(message[:_PROOF_SIZE], _proof(self._other, self._received, data)):
            raise ConnectionRefusedError("the other end belongs to another run")
        self._received += 1
        return data

    def close(self) -> None:
        self._line.close()

    def _take(self, size: int) -> bytes:
        """The next bytes of the line. What comes with them is kept: a message seldom takes more than one call."""
        parts, missing = [self._come], size - len(self._come)
        while missing > 0:
            part = self._line.recv(min(max(missing, _PART_SIZE), _LARGEST_PART))
            if not part:
                raise EOFError
            parts.append(part)
            missing -= len(part)
        come = b"".join(parts)
        self._come = come[size:]
        return come[:size]


def _proof(key: bytes, number: int, data: bytes) -> bytes:
    return hashlib.blake2b(number.to_bytes(8, "big") + data, key=key, digest_size=_PROOF_SIZE).digest()


class Link:
    """One connection to the broker. Raises OSError or EOFError when there is none (any more)."""

    def __init__(self) -> None:
        self._channel = Channel(_connect(address()), authentication_key(), WORKER)

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


def _connect(path: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        if len(os.fsencode(path)) <= _LONGEST_PATH:
            line.connect(path)
        else:
            # Through /proc, the folder counts for few bytes.
            folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
            try:
                line.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
            finally:
                os.close(folder)
    except BaseException:
        line.close()
        raise
    return line
