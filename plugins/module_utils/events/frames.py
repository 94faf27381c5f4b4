# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cut a stream of syslog messages into frames: octet counting or lines (RFC 6587), whatever the sender uses. Pure.

A message that is longer than the limit is cut there, and the rest of it is skipped, so memory is bounded.
"""

from __future__ import annotations

import dataclasses
import re

# A count, and what a message begins with: a line of text that begins with a number is no count.
_COUNT = re.compile(rb"([1-9][0-9]{0,8}) (?=[<|C\xef])")
# Such a beginning may still become a count, when more has come.
_MAYBE_COUNT = re.compile(rb"[1-9][0-9]{0,8} ?\Z")
_END_OF_LINE = b"\n"
_PADDING = b" \t\r\n\0"


@dataclasses.dataclass(frozen=True)
class Frame:
    """One message as it came.

    :ivar complete: whether all of it is there
    """

    data: bytes
    complete: bool = True


class Framer:
    """The frames of one connection."""

    def __init__(self, limit: int) -> None:
        """Begin a stream.

        :param limit: the longest message in bytes
        """
        self._limit = limit
        self._buffer = b""
        # What is still to come of a message that was cut: bytes, or None for the rest of a line.
        self._skip: int | None = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are complete with these bytes, or as long as they may be."""
        self._buffer += data
        frames: list[Frame] = []
        while self._buffer and self._skipped():
            frame, rest = self._first()
            if frame is None:
                break
            self._buffer = rest
            if frame.data.strip(_PADDING):
                frames.append(frame)
        return frames

    def close(self) -> list[Frame]:
        """Return what is left when the stream ends: a message without its end."""
        left, self._buffer = self._buffer, b""
        if self._skip != 0 or not left.strip(_PADDING):
            return []
        counted = _COUNT.match(left)
        # The last line of a stream often has no end, but a connection that broke looks the same.
        return [Frame(left[counted.end() :] if counted else left, complete=False)]

    def _skipped(self) -> bool:
        """Drop the rest of a message that was cut. Return whether a new one begins in the buffer."""
        if self._skip is None:
            _line, end, self._buffer = self._buffer.partition(_END_OF_LINE)
            if end:
                self._skip = 0
        elif self._skip:
            dropped = min(self._skip, len(self._buffer))
            self._buffer = self._buffer[dropped:]
            self._skip -= dropped
        return self._skip == 0 and bool(self._buffer)

    def _first(self) -> tuple[Frame | None, bytes]:
        """Return the first frame of the buffer and what follows it; None if it is not there yet."""
        buffer = self._buffer.lstrip(_PADDING)
        self._buffer = buffer
        if not buffer or _MAYBE_COUNT.match(buffer):
            return None, buffer
        counted = _COUNT.match(buffer)
        if counted is None:
            return self._line(buffer)
        length, start = int(counted[1]), counted.end()
        taken = min(length, self._limit)
        if len(buffer) - start < taken:
            return None, buffer
        self._skip = length - taken
        return Frame(buffer[start : start + taken], length == taken), buffer[start + taken :]

    def _line(self, buffer: bytes) -> tuple[Frame | None, bytes]:
        end = buffer.find(_END_OF_LINE, 0, self._limit + 1)
        if end >= 0:
            return Frame(buffer[:end]), buffer[end + 1 :]
        if len(buffer) <= self._limit:
            return None, buffer
        self._skip = None
        return Frame(buffer[: self._limit], complete=False), buffer[self._limit :]
