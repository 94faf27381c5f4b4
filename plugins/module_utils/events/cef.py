# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse CEF (ArcSight's Common Event Format), whole or cut. Pure; time and memory are proportional to the length.

Facts: facts-platform.md 8. A line is ``CEF:0|MT4|senhasegura|3.27.0-4|336.501|UPDATE INCIDENT|9|suser=admin duid=35``;
release 4.0 prints a bar before and after it as well.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t

_START = re.compile(r"(\|?)\s*CEF:[0-9]{1,3}\|")
_BAR_OR_ESCAPE = re.compile(r"[|\\]")
# Vendor, product and version of the device, event id, name, severity.
_HEADER_FIELDS = 6
# A key stands at the beginning or after a space. An escaped "=" is no end of a key, since no key has a backslash.
_KEY = re.compile(r"(?<!\S)([A-Za-z][A-Za-z0-9_.-]{0,63}(?:\[[0-9]{1,4}\])?)=")
_MOST_KEYS = 256
_ESCAPE = re.compile(r"\\([\\=|nr])")
_ESCAPED = {"n": "\n", "r": "\r"}


@dataclasses.dataclass(frozen=True)
class Extensions:
    """The C(key=value) pairs of a message.

    :ivar values: the first value of each key
    :ivar repeated: keys that came again with another value. Nobody can say which of them is true.
    :ivar cut: the key whose value the message ends in before its time; it is in C(values) no more
    :ivar text: what stands before the first key
    """

    values: dict[str, str]
    repeated: tuple[str, ...] = ()
    cut: str | None = None
    text: str = ""


@dataclasses.dataclass(frozen=True)
class CefMessage:
    """One CEF message. Fields that a cut message does not reach are empty.

    :ivar complete: whether the message was not cut, as far as can be known
    """

    device_vendor: str
    device_product: str
    device_version: str
    event_id: str
    name: str
    severity: str
    extensions: Extensions
    complete: bool


def is_cef(text: str) -> bool:
    """Return whether a text is a CEF message."""
    return bool(_START.match(text))


def parse_cef(text: str, *, complete: bool = True) -> CefMessage | None:
    """Return the message in a text that begins with it, or None if it is none.

    :param complete: whether the text is known not to be cut. The last value of a cut one is left out: C(duid=35) that
        was cut would name another credential.
    """
    start = _START.match(text)
    if start is None:
        return None
    if start[1] and complete and text.rstrip().endswith("|"):
        text = text.rstrip()[:-1]
    fields, rest, closed = _header(text, start.end())
    if not closed:
        # The severity may be the last thing in a line without extensions; everything before it has to end in a bar.
        complete = complete and len(fields) == _HEADER_FIELDS
        if not complete:
            fields = fields[:-1]
    fields += [""] * (_HEADER_FIELDS - len(fields))
    extensions = parse_extensions(rest, complete=complete)
    vendor, product, version, event_id, name, severity = (field.strip() for field in fields)
    whole = complete and extensions.cut is None
    return CefMessage(vendor, product, version, event_id, name, severity, extensions, whole)


def parse_extensions(text: str, *, complete: bool = True) -> Extensions:
    """Return the pairs in a text. A value goes on, with its spaces, to the next key.

    :param complete: as for C(parse_cef)
    """
    keys = list(itertools.islice(_KEY.finditer(text), _MOST_KEYS + 1))
    if not keys:
        return Extensions({}, text=text.strip())
    whole = complete and len(keys) <= _MOST_KEYS
    ends = [key.start() for key in keys[1:]] + [len(text)]
    values: dict[str, str] = {}
    repeated: list[str] = []
    cut = None
    last = len(keys[:_MOST_KEYS]) - 1
    for place, (key, end) in enumerate(zip(keys[:_MOST_KEYS], ends, strict=False)):
        name = key[1]
        if not whole and place == last:
            cut = name
            # Whatever was said of it before, this may say something else.
            values.pop(name, None)
            break
        value = _ESCAPE.sub(_unescaped, text[key.end() : end].strip())
        if values.setdefault(name, value) != value:
            repeated.append(name)
    return Extensions(values, tuple(dict.fromkeys(repeated)), cut, text[: keys[0].start()].strip())


def _header(text: str, position: int) -> tuple[list[str], str, bool]:
    """Return the fields between bars from ``position`` on, what follows them, and whether the last one has its bar."""
    fields: list[str] = []
    parts: list[str] = []
    while len(fields) < _HEADER_FIELDS:
        found = _BAR_OR_ESCAPE.search(text, position)
        if found is None:
            return [*fields, "".join([*parts, text[position:]])], "", False
        parts.append(text[position : found.start()])
        position = found.end()
        if found[0] == "|":
            fields.append("".join(parts))
            parts = []
        else:
            following = text[position : position + 1]
            parts.append(following if following in ("|", "\\") else f"\\{following}")
            position += len(following)
    return fields, text[position:], True


def _unescaped(match: re.Match[str]) -> str:
    escaped: str = match[1]
    return _ESCAPED.get(escaped, escaped)


def keys_of(extensions: Extensions, names: t.Iterable[str]) -> str | None:
    """Return the first of these keys that has one certain value, or None."""
    for name in names:
        if name in extensions.values and name not in extensions.repeated:
            return extensions.values[name]
    return None
