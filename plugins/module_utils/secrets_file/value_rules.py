# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say why a value cannot be in a file, an environment, or a line. Each rule returns a reason, or '' if there is none.

A reason never holds a part of the value: it becomes part of an error.
"""

from __future__ import annotations

import typing as t

# Bytes. Linux starts no program with a longer string in its environment (MAX_ARG_STRLEN): 32 pages, with name and NUL.
_LONGEST_VARIABLE = 131_072
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
Check = t.Callable[[str, str], str]
Entries = t.Mapping[str, str]


def not_unicode(_name: str, value: str) -> str:
    """Refuse halves of surrogate pairs, which no encoding of a file can hold."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode text"
    return ""


def in_environment(name: str, value: str) -> str:
    """Refuse what no environment variable can hold."""
    if "\0" in value:
        return "it has a NUL character, which no environment variable can hold"
    if len(name.encode()) + len(value.encode()) + 2 > _LONGEST_VARIABLE:
        return "it is longer than an environment variable can be (128 KiB)"
    return ""


def on_one_line(_name: str, value: str) -> str:
    """Refuse line ends, for formats that have one line for each value."""
    if "\n" in value or "\r" in value:
        return "it has a line end, and each value is one line of the file"
    return ""


def without_outer_blanks(_name: str, value: str) -> str:
    """Refuse blanks at the ends, for consumers that strip them."""
    if value != value.strip() or value.strip("\ufeff\0") != value:
        return "it begins or ends with a blank, which would be stripped"
    return ""


def has_odd_line_end(value: str) -> bool:
    """Return whether a value has what only some programs take for a line end."""
    return any(character in value for character in _LINE_ENDS[2:])


def first_reason(checks: t.Iterable[Check], name: str, value: str) -> str:
    """Return the first reason that one of the rules gives, or ''."""
    return next((reason for check in checks if (reason := check(name, value))), "")
