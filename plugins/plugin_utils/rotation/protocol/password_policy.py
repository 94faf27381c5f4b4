# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What new passwords look like."""

from __future__ import annotations

import dataclasses
import math
import secrets
import string
import typing as t

from ....module_utils.errors import ConfigError

# Without quotes, backslash, blank, colon, and what a shell, a template or a configuration file takes for its own.
SPECIAL = "!#%+,-./=?@^_~"
DEFAULT_LENGTH = 24
LONGEST = 256
# In bits. Below the first one a length has to be asked for, below the second one it is refused.
STRONG, WEAKEST = 128, 80
# Of so many random texts at least one has to fit, on average.
RAREST = 1000
# passwd and chpasswd take a colon or a line break for the end of the password, terminals take control characters for
# commands, and a blank at an end gets lost somewhere.
_NEVER = frozenset(":" + "".join(map(chr, range(33))) + "\x7f")


@dataclasses.dataclass(frozen=True)
class PasswordPolicy:
    """The rules for passwords. The names of the fields are those of the options. Raises ConfigError.

    :param forbidden: characters that no password has, of whatever class they are
    """

    length: int = DEFAULT_LENGTH
    min_lower: int = 1
    min_upper: int = 1
    min_digits: int = 1
    min_special: int = 1
    special: str = SPECIAL
    forbidden: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.length <= LONGEST:
            raise _unusable("length", f"is not between 1 and {LONGEST}")
        classes = self._classes()
        for name, (least, characters) in classes.items():
            if least < 0:
                raise _unusable(name, "is negative")
            if least and not characters:
                raise _unusable(name, "asks for characters that special or forbidden leave out")
        if sum(least for least, _rest in classes.values()) > self.length:
            raise _unusable("length", "is less than the characters that the min_ options ask for")
        for character in self.special:
            if character in _NEVER or not character.isascii() or character.isalnum():
                raise _unusable("special", "has a letter, a digit, a colon, a blank or what is no ASCII character")
        bits = self.bits
        if bits < WEAKEST:
            raise _unusable("length", f"allows too few passwords ({bits:.0f} bits; at least {WEAKEST} are needed)")
        if self._number() * RAREST < len(self.alphabet) ** self.length:
            largest = max(classes, key=lambda name: classes[name][0])
            raise _unusable(largest, "asks for more than random passwords have")
        if bits < STRONG and self.length >= DEFAULT_LENGTH:
            # It is not the length that was made weaker.
            raise _unusable("forbidden", f"leaves too few characters ({bits:.0f} bits; make length greater)")

    @property
    def alphabet(self) -> str:
        """Return all characters that a password may have, each once."""
        return "".join(
            sorted({character for _unused, characters in self._classes().values() for character in characters})
        )

    @property
    def bits(self) -> float:
        """Return the entropy: the logarithm of the number of passwords that the policy allows, all equally probable."""
        return math.log2(max(1, self._number()))

    def _classes(self) -> dict[str, tuple[int, frozenset[str]]]:
        classes = {
            "min_lower": (self.min_lower, string.ascii_lowercase),
            "min_upper": (self.min_upper, string.ascii_uppercase),
            "min_digits": (self.min_digits, string.digits),
            "min_special": (self.min_special, self.special),
        }
        return {
            name: (least, frozenset(characters) - frozenset(self.forbidden))
            for name, (least, characters) in classes.items()
        }

    def _number(self) -> int:
        """Return how many passwords the policy allows."""
        classes = self._classes()
        sizes = {name: (least, len(characters)) for name, (least, characters) in classes.items()}
        least, characters = classes["min_special"]
        if "-" not in characters:
            return count(self.length, sizes.values())
        after = {**sizes, "min_special": (max(0, least - 1), len(characters))}
        return count(self.length, sizes.values()) - count(self.length - 1, after.values())


def count(length: int, classes: t.Iterable[tuple[int, int]]) -> int:
    """Return how many texts of a length have enough of each class, which are given as (how many at least, out of how
    many).
    """
    # By length: in how many ways the classes so far fill that many places, in order.
    ways = [1] + [0] * length
    for least, size in classes:
        ways = [
            sum(math.comb(total, own) * size**own * ways[total - own] for own in range(least, total + 1))
            for total in range(length + 1)
        ]
    return ways[length]


def _unusable(option: str, problem: str) -> ConfigError:
    return ConfigError(f"{option} {problem}", hint=f"Change the option {option}").with_context(option=option)


def accepts(policy: PasswordPolicy, password: str) -> bool:
    """Return whether the policy allows this password."""
    counts = {
        name: (least, sum(character in characters for character in password))
        for name, (least, characters) in policy._classes().items()
    }
    return (
        len(password) == policy.length
        and not password.startswith("-")
        and sum(count for _unused, count in counts.values()) == len(password)
        and all(count >= least for least, count in counts.values())
    )


def generate(policy: PasswordPolicy) -> str:
    """Return a new password: each one that the policy allows is equally probable."""
    alphabet = policy.alphabet
    # Whole passwords are drawn until one fits. A place kept for a class would make some of them more probable.
    return next(password for password in _draws(alphabet, policy.length) if accepts(policy, password))


def _draws(alphabet: str, length: int) -> t.Iterator[str]:
    while True:
        yield "".join(secrets.choice(alphabet) for _number in range(length))
