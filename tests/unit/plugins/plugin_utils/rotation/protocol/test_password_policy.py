# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New passwords: what they may hold, and that chance alone makes them."""

from __future__ import annotations

import itertools
import math
import random
import string
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol import password_policy
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.password_policy import (
    PasswordPolicy,
    accepts,
    generate,
)


def test_the_default() -> None:
    default = PasswordPolicy()
    assert default.bits > 148
    assert len(default.alphabet) == 76
    assert not set("'\"\\ :`$&;|<>*(){}[]\n\r\0\t") & set(default.alphabet)
    found = {generate(default) for _number in range(2000)}
    assert len(found) == 2000
    for password in found:
        assert len(password) == 24
        assert accepts(default, password)
        assert password[0] != "-"
        for characters in (string.ascii_lowercase, string.ascii_uppercase, string.digits, password_policy.SPECIAL):
            assert set(password) & set(characters)


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"length": 0}, "length"),
        ({"length": 257}, "length"),
        ({"length": 12}, "length"),
        ({"length": 24, "min_lower": 10, "min_upper": 10, "min_digits": 5}, "length"),
        ({"min_digits": -1}, "min_digits"),
        ({"min_special": -2}, "min_special"),
        ({"special": ""}, "min_special"),
        ({"forbidden": string.digits}, "min_digits"),
        ({"forbidden": string.ascii_uppercase, "min_upper": 2}, "min_upper"),
        ({"special": "a"}, "special"),
        ({"special": "é"}, "special"),
        *(({"special": f"!{character}"}, "special") for character in ":\n\r\0\t \x1b\x7f"),
        ({"min_special": 20}, "min_special"),
        ({"forbidden": string.ascii_letters, "min_lower": 0, "min_upper": 0}, "forbidden"),
        (
            {"special": "", "min_special": 0, "forbidden": string.ascii_letters, "min_lower": 0, "min_upper": 0},
            "length",
        ),
    ],
)
def test_what_is_refused(values: dict[str, Any], option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PasswordPolicy(**values)
    assert caught.value.context.option == option
    assert str(caught.value).startswith(option)
    assert option in caught.value.hint


def test_a_shorter_length_is_possible_when_asked_for() -> None:
    assert 80 <= PasswordPolicy(length=14).bits < 128
    assert len(generate(PasswordPolicy(length=14))) == 14
    assert len(generate(PasswordPolicy(length=256))) == 256


def test_other_special_characters() -> None:
    rules = PasswordPolicy(special="!'\"\\", min_special=3)
    for _number in range(200):
        assert sum(character in "!'\"\\" for character in generate(rules)) >= 3


def test_forbidden_characters_are_never_there() -> None:
    rules = PasswordPolicy(forbidden="0OIl1-!")
    found = "".join(generate(rules) for _number in range(2000))
    assert not set(found) & set("0OIl1-!")
    assert set(found) == set(rules.alphabet)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "a",
        lambda text: "-" + text[1:],
        lambda text: text[:-1] + ":",
        lambda text: text[:-1] + "\n",
        lambda text: text[:-1] + " ",
        lambda text: text[:-1] + "é",
        lambda text: text.lower(),
        lambda text: text.upper(),
        lambda text: "".join("x" if character.isdigit() else character for character in text),
        lambda text: "".join(character if character.isalnum() else "x" for character in text),
    ],
)
def test_what_is_not_accepted(change: Any) -> None:
    assert not accepts(PasswordPolicy(), change("aB3!" + "x" * 20))
    assert accepts(PasswordPolicy(), "aB3!" + "x" * 20)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(14, 40),
    *(st.integers(0, 4) for _number in range(4)),
    st.text("!#%+,-./=?@^_~", max_size=14),
    st.text("abcXYZ019-!", max_size=6),
)
def test_each_policy_is_refused_or_works(
    length: int, lower: int, upper: int, digits: int, special: int, characters: str, forbidden: str
) -> None:
    try:
        rules = PasswordPolicy(length, lower, upper, digits, special, characters, forbidden)
    except ConfigError:
        return
    password = generate(rules)
    assert accepts(rules, password)
    assert not set(password) & set(forbidden)
    assert rules.bits >= 80


def test_the_number_of_passwords_is_exact() -> None:
    """Counted by going through all of them, for an alphabet in which that is possible."""
    classes = [(1, "ab"), (0, "C"), (2, "12"), (1, "!-")]
    for length in range(7):
        texts = itertools.product("".join(characters for _unused, characters in classes), repeat=length)
        expected = sum(
            all(sum(map(text.count, characters)) >= least for least, characters in classes) for text in texts
        )
        assert password_policy.count(length, [(least, len(characters)) for least, characters in classes]) == expected


def chi_square(counts: Counter[str], expected: dict[str, float]) -> float:
    """How far the counts are from what is expected, in standard deviations of a fair source."""
    degrees = len(expected) - 1
    distance = sum((counts[key] - value) ** 2 / value for key, value in expected.items())
    return (distance - degrees) / math.sqrt(2 * degrees)


@pytest.mark.no_cover
def test_each_character_is_as_probable_as_it_should_be() -> None:
    """A million characters. Without classes and without '-' all are equal; with classes all within a class."""
    plain = PasswordPolicy(length=50, min_lower=0, min_upper=0, min_digits=0, min_special=0, forbidden="-")
    default = PasswordPolicy()
    passwords = {}
    for rules, number in ((plain, 10_000), (default, 500_000 // 24)):
        passwords[rules] = [generate(rules) for _number in range(number)]
        # The first place is another one: no '-' stands there.
        counts = Counter("".join(password[1:] for password in passwords[rules]))
        for characters in (string.ascii_lowercase, string.ascii_uppercase, string.digits, rules.special):
            own = [character for character in characters if character in rules.alphabet]
            share = sum(counts[character] for character in own) / len(own)
            assert chi_square(counts, dict.fromkeys(own, share)) < 6
    counts = Counter("".join(passwords[plain]))
    assert chi_square(counts, dict.fromkeys(plain.alphabet, 500_000 / len(plain.alphabet))) < 6


@pytest.mark.no_cover
def test_the_places_are_equal() -> None:
    """A generator that puts one character of each class at fixed places fails here."""
    rules = PasswordPolicy(length=16, min_digits=3)
    digits = Counter(place for _number in range(8_000) for place, c in enumerate(generate(rules)) if c.isdigit())
    mean = sum(digits[place] for place in range(1, 16)) / 15
    assert chi_square(Counter({str(p): digits[p] for p in range(1, 16)}), {str(p): mean for p in range(1, 16)}) < 6


def test_the_test_can_fail() -> None:
    biased = random.Random(1)
    counts = Counter(biased.choice(string.ascii_lowercase + "a") for _number in range(500_000))
    assert chi_square(counts, dict.fromkeys(string.ascii_lowercase, 500_000 / 26)) > 100
