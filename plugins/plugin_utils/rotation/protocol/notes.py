# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and write what is noted with a record of the journal, as one line of text."""

from __future__ import annotations

import base64
import binascii
import typing as t
import urllib.parse
import zlib

TAG = "ansible-rotation-journal"

# Characters that a note may have for names of hosts: it is part of a public key. From the first number on it is packed.
_LONG_NAMES, _LONGEST_NAMES = 500, 3000
_PACKED = "packed:"
# What names may have when they are unpacked: somebody else may have written them.
_LARGEST_NAMES = 1_000_000


def note_text(note: t.Mapping[str, str]) -> str:
    """Return a note as one line: C(key=value), quoted as in a URL, with spaces between them."""
    return " ".join(f"{key}={urllib.parse.quote(value, safe=':,')}" for key, value in note.items())


def parse_note(text: str) -> dict[str, str]:
    """Return the note that C(note_text) was given. What is no pair is left out: somebody may have added words."""
    parts = (part.split("=", 1) for part in text.split() if "=" in part)
    return {key: urllib.parse.unquote(value) for key, value in parts}


def key_note(public_key: str) -> dict[str, str]:
    """Return what is noted with a key of the journal, by its public half."""
    comment = " ".join(public_key.split()[2:])
    return parse_note(comment) if comment.startswith(TAG) else {}


def names(hosts: t.Iterable[str]) -> str:
    """Return the names of hosts as a note of the journal has them: sorted, quoted, with commas between them."""
    return ",".join(urllib.parse.quote(host, safe="") for host in sorted(hosts))


def named(note: str) -> set[str]:
    """Return the hosts that C(names) was given."""
    return {urllib.parse.unquote(name) for name in note.split(",") if name}


def packed_names(hosts: t.Iterable[str]) -> str:
    """Return the names of hosts as a note has them; nothing if they are too many for one."""
    text = names(hosts)
    if len(text) > _LONG_NAMES:
        text = _PACKED + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    return text if len(text) <= _LONGEST_NAMES else ""


def unpacked_names(text: str) -> set[str]:
    """Return the hosts that a note names. What is no such note names none."""
    if text.startswith(_PACKED):
        try:
            packed = base64.urlsafe_b64decode(text[len(_PACKED) :])
            text = zlib.decompressobj().decompress(packed, _LARGEST_NAMES).decode()
        except (binascii.Error, zlib.error, UnicodeDecodeError):
            return set()
    return named(text)
