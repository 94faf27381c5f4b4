# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse JSON of a server within limits of size, depth and memory. Anything ambiguous is an error."""

from __future__ import annotations

import json
import re
import typing as t

Json = dict[str, t.Any]

MAX_DEPTH = 64


class JsonLimits(t.NamedTuple):
    """What a response may have: bytes, objects (which take time), and bytes of its texts and values in memory."""

    body: int
    objects: int
    memory: int


# A response that lists everything: 50,000 credentials take up to 30 MiB, and 250 in memory with one wide character.
LIST_LIMITS = JsonLimits(48 << 20, 120_000, 232 << 20)
LIMITS = JsonLimits(8 << 20, 40_000, 32 << 20)
ERROR_LIMITS = JsonLimits(1 << 20, 1_000, 8 << 20)
# What a value takes at most, by the character that comes with it: with its entry in a list or map, and with what is
# made of it. An object becomes an entity with fields of its own.
_COST = {b",": 72, b"[": 96, b"{": 800, b"\\": 8}
TOO_LARGE = "is too large"
_LONGEST_NUMBER = 400


def check_size(body: bytes, limits: JsonLimits) -> None:
    """Raise ValueError for JSON that would take more time or memory than ``limits``, before it is parsed.

    A body of a few MiB may otherwise take gigabytes and minutes, and no deadline can interrupt that.
    """
    # The widest character of a text says how many bytes each of them takes: UTF-8 begins with C4 what is beyond
    # Latin-1, and with F0 what is beyond 16 bits.
    widest = re.search(rb"[\xf0-\xff]", body) or re.search(rb"[\xc4-\xef]", body)
    width = 1 if widest is None else 2 if widest[0] < b"\xf0" else 4
    memory = len(body) * width + sum(body.count(character) * cost for character, cost in _COST.items())
    if len(body) > limits.body or body.count(b"{") > limits.objects or memory > limits.memory:
        raise DoubtfulError(TOO_LARGE)


def load(text: str, **hooks: t.Any) -> t.Any:
    """Parse JSON. Numbers with a fraction stay as they are written: 1.10 may be a value of somebody's secret."""
    return json.loads(text, parse_int=_short_integer, parse_float=_short, **hooks)


class DoubtfulError(ValueError):
    """A document is JSON, and may mean several things. The text is the predicate of a sentence about it."""


def unique_pairs(pairs: list[tuple[str, t.Any]]) -> Json:
    """Return an object of JSON. Raises DoubtfulError if a key occurs twice."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise DoubtfulError("has a key twice in one object")
    return document


def _short_integer(digits: str) -> int:
    # The time grows with the square of the length, and not all Pythons have a limit of their own (CVE-2020-10735).
    return int(_short(digits))


def _short(digits: str) -> str:
    if len(digits) > _LONGEST_NUMBER:
        raise DoubtfulError("holds a number that is too long")
    return digits


def no_constant(name: str) -> t.NoReturn:
    """Raise DoubtfulError for NaN and Infinity."""
    raise DoubtfulError("holds a number that JSON does not have")


def deeper_than(value: t.Any, limit: int) -> bool:
    """Return whether a value is nested more than ``limit`` levels deep."""
    level: list[t.Any] = [value]
    for _depth in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
