# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a request may be sent again, and after how long: pure functions, no clock, no network."""

from __future__ import annotations

import email.utils
import enum
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AnswerLost,
    ConnectionFailed,
    SenhaseguraError,
    ServerBusy,
)

MAX_RETRIES = 5
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 10.0


class Replay(enum.Enum):
    """What sending a request twice would mean. Decided by meaning, never by the HTTP method."""

    SAFE = "safe"  # reads and token requests: twice is as good as once
    ONCE = "once"  # writes: only when the first has certainly not been applied


def may_retry(error: SenhaseguraError, replay: Replay) -> bool:
    """Whether the same request may be sent again after ``error``.

    Not reached, or turned away with 429: not applied, so anything may be repeated. A lost answer, or a gateway's
    502, 503 or 504, may hide an applied write, so only reads are repeated. 500 means "not authorised" here
    (http-api.md 1.7) and is never repeated.
    """
    if isinstance(error, ConnectionFailed):
        return True
    if isinstance(error, ServerBusy):
        return replay is Replay.SAFE or error.context.status == 429
    return isinstance(error, AnswerLost) and replay is Replay.SAFE


def retry_delay(
    attempt: int, *, retry_after: float | None, remaining: float, random: t.Callable[[], float]
) -> float | None:
    """Seconds to wait before retry number ``attempt`` (1, 2, ...), or None when the deadline leaves no room.

    Exponential with full jitter; what the server asks for is a floor, since coming earlier is refused again.
    """
    ceiling = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (attempt - 1))
    delay = max(ceiling * (0.5 + random() / 2), retry_after or 0.0)
    return delay if delay < remaining else None


def parse_retry_after(value: str | None, *, now: float) -> float | None:
    """Seconds from a C(Retry-After) header (a number, or an HTTP date; ``now`` is Unix time), or None for nonsense."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return seconds if 0 <= seconds <= 86400 else None
