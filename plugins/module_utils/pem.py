# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM text (RFC 7468) in place of the path of a PEM file, as single-line fields and variables may hand it on."""

from __future__ import annotations

import re

_BEGIN = "-----BEGIN "
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_WIDTH = 64


def is_pem(value: object) -> bool:
    """Return whether a value is PEM text. No path begins like that."""
    return isinstance(value, str) and value.lstrip("\ufeff \t\r\n").startswith(_BEGIN)


def whole_pem(value: str) -> str:
    """Return the blocks of a PEM text with their line ends, which environment variables and forms may have lost.

    Literal C(\\n), blanks, CRLF, indentation and no line ends at all are understood. Raises ValueError if a block has
    no end.
    """
    text = value.replace("\\r", "\r").replace("\\n", "\n")
    blocks = _BLOCK.findall(text)
    if not blocks or len(blocks) != text.count(_BEGIN):
        raise ValueError("a block without an end")
    return "".join(f"-----BEGIN {name}-----\n{_lines(body)}\n-----END {name}-----\n" for name, body in blocks)


def private_parts(value: str) -> list[str]:
    """Return the private keys in a normal PEM text, each as a whole and line by line."""
    blocks = [match[0] for match in _BLOCK.finditer(value) if "PRIVATE KEY" in match[1]]
    return [part for block in blocks for part in (block, *block.split("\n")[1:-1]) if part]


def _lines(body: str) -> str:
    # With headers it has a passphrase. It is of no use then, and the library says so.
    if ":" in body:
        return body.strip()
    data = "".join(body.split())
    return "\n".join(data[start : start + _WIDTH] for start in range(0, len(data), _WIDTH))
