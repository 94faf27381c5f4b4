# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold a whole call to one deadline and one size limit, down to the socket.

The time-outs of requests and urllib3 cover a single wait. Each byte starts them anew, no time-out covers the look-up of
a host name, and several addresses get the whole time each. Only the socket sees every byte, so the limits are kept
there. Nothing private of a library is needed for that: connection.py opens the sockets, and a TLS context takes the
class of its own.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import ssl
import threading
import time
import typing as t

from ..errors import UnexpectedResponse

# Bytes. The list of 50,000 credentials takes some 25 MiB. The parser limits further what is read of it.
MAX_BODY = 48 * 1024 * 1024


class Deadline:
    """Keep the point in monotonic time by which a whole operation must have ended."""

    def __init__(self, seconds: float, clock: t.Callable[[], float] = time.monotonic) -> None:
        """Begin now.

        :param seconds: how long the operation may take
        :param clock: tells the monotonic time in seconds
        """
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left; negative when the deadline has passed."""
        return self._end - self._clock()

    def require(self) -> float:
        """Return the seconds that are left. Raises TimeoutError when there are none."""
        left = self.remaining()
        if left <= 0:
            raise TimeoutError("deadline")
        return left


class _Call(threading.local):
    """Keep the state of the call that runs in this thread. Sockets look here, whatever library calls them."""

    deadline: Deadline | None = None
    received = 0
    # Whether the server may have got a part of the request.
    sent = False

    @contextlib.contextmanager
    def until(self, deadline: Deadline) -> t.Iterator[None]:
        """Hold all sockets of this thread to ``deadline``, and count anew what they receive."""
        self.deadline, self.received, self.sent = deadline, 0, False
        try:
            yield
        finally:
            self.deadline = None

    def time_left(self) -> float | None:
        """Return the seconds that are left, or None outside a call. Raises TimeoutError."""
        return self.deadline.require() if self.deadline else None

    def count(self, size: int) -> None:
        """Add ``size`` received bytes. Raises UnexpectedResponse above MAX_BODY.

        The socket counts, because HTTP libraries buffer, and some believe in negative chunk sizes.
        """
        self.received += size
        if self.received > MAX_BODY:
            raise UnexpectedResponse(f"the answer is larger than {MAX_BODY >> 20} MiB")


CALL = _Call()


class Watched:
    """Mix into a socket what the pool has to know before it uses the connection again."""

    left_over = False
    idle_since = 0.0

    def makefile(self, mode: str, buffering: int | None = None, **options: t.Any) -> t.Any:
        """Return the file from which http.client reads one answer. Other modes are those of the socket."""
        if mode != "rb":
            return super().makefile(mode, buffering, **options)  # type: ignore[misc]
        return _Reader(self, super().makefile("rb", buffering=0))  # type: ignore[misc]

    def is_silent(self) -> bool:
        """Return whether nothing came on an idle connection: neither its end, nor what looks like the next answer."""
        # Not select(), which knows no descriptors above 1023.
        poll = select.poll()
        poll.register(self, select.POLLIN)  # type: ignore[arg-type]
        # OpenSSL may have read and decrypted already what the system then knows nothing of.
        return not self.left_over and not poll.poll(0) and not getattr(self, "pending", int)()


class _Source(io.RawIOBase):
    """Read from a socket until ``ended`` is set."""

    def __init__(self, raw: t.Any) -> None:
        self._raw, self.ended = raw, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        return None if self.ended else self._raw.readinto(buffer)

    def close(self) -> None:
        # The socket stays open for as long as this file does, also if http.client has closed it already.
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """Buffer one answer. When closed, note on the socket whether more had come than that answer."""

    def __init__(self, sock: Watched, raw: t.Any) -> None:
        self._sock, self._source = sock, _Source(raw)
        super().__init__(self._source)

    def close(self) -> None:
        if not self.closed:
            self._source.ended = True
            self._sock.left_over, self._sock.idle_since = bool(self.peek()), time.monotonic()
        super().close()


class _Limited(Watched):
    """Mix into a socket the time that is left for the whole call, and the limit of what it receives."""

    def recv_into(self, *args: t.Any) -> int:
        self.settimeout(CALL.time_left())  # type: ignore[attr-defined]
        size: int = super().recv_into(*args)  # type: ignore[misc]
        CALL.count(size)
        return size

    def recv(self, *args: t.Any) -> bytes:
        self.settimeout(CALL.time_left())  # type: ignore[attr-defined]
        data: bytes = super().recv(*args)  # type: ignore[misc]
        CALL.count(len(data))
        return data

    def sendall(self, *args: t.Any) -> None:
        self.settimeout(CALL.time_left())  # type: ignore[attr-defined]
        super().sendall(*args)  # type: ignore[misc]


class TcpSocket(_Limited, socket.socket):  # type: ignore[misc]
    """Be a plain TCP socket with a deadline."""


class TlsSocket(_Limited, ssl.SSLSocket):  # type: ignore[misc]
    """Be a TLS socket with a deadline. The handshake has its time-out from the socket below, as a whole."""
