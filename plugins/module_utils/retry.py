# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a request may be sent again, and after how long: pure functions, no clock, no network."""

from __future__ import annotations

import email.utils
import enum
import typing as t

from .errors import NOT_APPLIED, ConnectionFailed, ResponseLost, SenhaseguraError, ServerBusy, UnknownHost

MAX_RETRIES = 1000
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 10.0
# With less time left, nothing is sent again.
_LEAST_REMAINING = 0.2
# Seconds. A server that asks for a longer pause makes no sense.
_LONGEST_PAUSE = 366 * 86400.0


class Replay(enum.Enum):
    """What sending a request twice would mean. Decided by meaning, never by the HTTP method."""

    SAFE = "safe"  # reads and token requests: twice is as good as once
    REPEATABLE = "repeatable"  # writes that twice do what once does; the second may learn that it is done already
    ONCE = "once"  # other writes: only when the first has certainly not been applied


def may_retry(error: SenhaseguraError, replay: Replay) -> bool:
    """Return whether the same request may be sent again after ``error``.

    Not reached, or turned away with 429: not applied, so anything may be repeated, but for a host that does not exist.
    A lost answer, or a gateway's 502, 503 or 504, may hide an applied write, so only reads are repeated, and writes
    that twice do what once does. 500 means "not authorised" here (http-api.md 1.7) and is never repeated.
    """
    if isinstance(error, ConnectionFailed):
        return not isinstance(error, UnknownHost)
    return (may_be_applied(error) and replay is not Replay.ONCE) or _limits_rate(error)


def may_be_applied(error: SenhaseguraError) -> bool:
    """Return whether a request that ended like this may have done its work."""
    return isinstance(error, ResponseLost) or (isinstance(error, ServerBusy) and not _limits_rate(error))


def is_not_applied(error: SenhaseguraError) -> bool:
    """Return whether a request that ended like this has certainly not done its work.

    Of what is neither this nor C(may_be_applied), such as a response that cannot be read, nobody knows.
    """
    return isinstance(error, NOT_APPLIED) or _limits_rate(error)


def _limits_rate(error: SenhaseguraError) -> bool:
    return isinstance(error, ServerBusy) and error.context.status == 429


def has_room(remaining: float) -> bool:
    """Return whether so many seconds are enough to send something once more."""
    return remaining >= _LEAST_REMAINING


def retry_delay(
    attempt: int, *, retry_after: float | None, remaining: float, random: t.Callable[[], float]
) -> float | None:
    """Return seconds to wait before retry number ``attempt`` (1, 2, ...), or None if the deadline leaves no room.

    Exponential with jitter, and never more than half of the time that is left, so that the last retry comes shortly
    before the deadline. What the server asks for is a floor, since coming earlier is refused again.
    """
    if not has_room(remaining) or (retry_after or 0.0) >= remaining:
        return None
    ceiling = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 10))
    return max(min(ceiling * (0.5 + random() / 2), remaining / 2), retry_after or 0.0)


def parse_retry_after(value: str | None, *, now: float) -> float | None:
    """Return seconds from a C(Retry-After) header (number or HTTP date; ``now``: Unix time), or None for nonsense."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # One digit more than any sensible number has.
        seconds = float(text[:9])
    else:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return seconds if 0 <= seconds <= _LONGEST_PAUSE else None
