# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a request may be sent again, and after how long."""

from __future__ import annotations

import email.utils

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils import errors  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (  # noqa: E402
    ConnectionFailed,
    Context,
    ResponseLost,
    SenhaseguraError,
    ServerBusy,
    UnknownHost,
)
from ansible_collections.community.senhasegura.plugins.module_utils.retry import (  # noqa: E402
    Replay,
    is_not_applied,
    may_be_applied,
    may_retry,
    parse_retry_after,
    retry_delay,
)

NOW = 1_790_000_000.0


def busy(status: int) -> ServerBusy:
    return ServerBusy("busy", context=Context(status=status))


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        (ConnectionFailed("x"), True, True),
        # It will not exist in a second either.
        (UnknownHost("x"), False, False),
        (ResponseLost("x"), True, False),
        (busy(429), True, True),
        (busy(502), True, False),
        (busy(503), True, False),
        (busy(504), True, False),
    ],
)
def test_may_retry(error: SenhaseguraError, read: bool, write: bool) -> None:
    assert (may_retry(error, Replay.SAFE), may_retry(error, Replay.ONCE)) == (read, write)
    # Twice does what once does.
    assert may_retry(error, Replay.REPEATABLE) is read
    assert may_be_applied(error) is (read and not write)


def test_what_was_refused_or_did_not_arrive_is_not_applied() -> None:
    refused = [errors.Denied("x"), errors.AlreadyDone("x"), errors.NoRoute("x"), errors.Refused("x"), busy(429)]
    unknown = [ResponseLost("x"), busy(503), errors.ServerFailed("x"), errors.UnexpectedResponse("x")]
    assert all(is_not_applied(error) for error in [*refused, UnknownHost("x")])
    assert not any(is_not_applied(error) for error in [*unknown, SenhaseguraError("x")])


def test_nothing_else_is_repeated() -> None:
    kinds = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, SenhaseguraError)}
    others = kinds - {ConnectionFailed, errors.ConnectionsBusy, UnknownHost, ResponseLost, ServerBusy}
    assert len(others) >= 12
    for kind in others:
        for status in (None, 429, 500, 503):
            error = kind("x", context=Context(status=status))
            assert not may_retry(error, Replay.SAFE)
            assert not may_retry(error, Replay.ONCE)


@pytest.mark.parametrize(
    ("attempt", "random", "expected"),
    [(1, 0.0, 0.125), (1, 1.0, 0.25), (2, 1.0, 0.5), (3, 1.0, 1.0), (5, 1.0, 4.0), (7, 1.0, 10.0), (5000, 1.0, 10.0)],
)
def test_delay_grows(attempt: int, random: float, expected: float) -> None:
    assert retry_delay(attempt, retry_after=None, remaining=100, random=lambda: random) == expected


@pytest.mark.parametrize(
    ("retry_after", "remaining", "expected"),
    [
        (5.0, 100, 5.0),
        (0.0, 100, 0.25),
        (0.01, 100, 0.25),
        (5.0, 5.0, None),
        (5.0, 4.0, None),
        # The last retries come before the deadline.
        (None, 0.3, 0.15),
        (0.1, 0.3, 0.15),
        (0.2, 0.3, 0.2),
        (None, 0.1, None),
        (None, -1, None),
    ],
)
def test_delay_is_what_the_server_asks_and_the_deadline_allows(
    retry_after: float | None, remaining: float, expected: float | None
) -> None:
    assert retry_delay(1, retry_after=retry_after, remaining=remaining, random=lambda: 1.0) == expected


def date(seconds: float) -> str:
    return email.utils.formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("2", 2.0),
        (" 120 ", 120.0),
        ("86400", 86400.0),
        (date(30), 30.0),
        (date(0), 0.0),
        ("Wednesday, 01-Jan-20 00:00:00 GMT", None),
        (None, None),
        ("", None),
        ("   ", None),
        ("-1", None),
        ("+5", None),
        ("1.5", None),
        ("1e9", None),
        ("0x10", None),
        ("²", None),
        ("٣", None),
        ("86401", 86401.0),
        ("31622401", None),
        ("9" * 400, None),
        ("soon", None),
        ("NaN", None),
        ("Infinity", None),
        (date(-30), None),
        (date(10 * 86400), 864000.0),
        (date(400 * 86400), None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 -0000", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +9999", None),
        (",", None),
        ("; :: ,,,", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == expected


@hypothesis.given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,5} \d\d:\d\d:\d\d [-+A-Z0-9]{1,6}")
)
def test_retry_after_is_always_sensible(value: str) -> None:
    seconds = parse_retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= 366 * 86400
