# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep values out of texts: a wrapper that does not print, and a scrubber for text that comes from outside."""

from __future__ import annotations

import base64
import json
import re
import shlex
import typing as t
import urllib.parse

MASK = "********"
# Shorter values would blank out ordinary words; they are masked only where they stand alone.
_SHORTEST_PART = 6
_SERVER_TEXT_LIMIT = 200
# Longer texts are not looked at: scrubbing takes time in proportion, and a message is a sentence.
_LONGEST_TEXT = 20_000
# ESC sequences first, then what is left of control characters, and what hides, reorders or breaks text: soft hyphen,
# zero-width and bidirectional characters, line separators, halves of surrogate pairs.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# Lines with these words are commands to the log readers of GitHub Actions and Azure Pipelines.
_LOG_COMMAND = re.compile(r"::|##vso|##\[", re.IGNORECASE)


class Hidden:
    """A secret string that str, repr, vars and pickle do not show. ``reveal()`` returns it."""

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        # A closure, because an attribute would be found by vars() and pickle.
        self.reveal: t.Callable[[], str] = lambda: value

    def __repr__(self) -> str:
        return MASK

    def __reduce__(self) -> t.NoReturn:
        raise TypeError("a hidden value cannot be pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())


def encoded_forms(value: str) -> set[str]:
    """The value as it may turn up in texts: raw, reversed, JSON, HTML, URL, shell, hexadecimal and base64."""
    # Here, because its table takes long to load, and hardly any run has a text to scrub.
    import html

    raw = value.encode("utf-8", "surrogatepass")
    url = urllib.parse.quote(raw, safe="")
    page = html.escape(value)
    forms = {
        value,
        value[::-1],
        shlex.quote(value),
        raw.hex(),
        raw.hex().upper(),
        page,
        page.replace("&#x27;", "&#039;"),
    }
    forms |= {url, url.replace("%20", "+"), re.sub("%..", lambda match: match[0].lower(), url)}
    for text in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        forms |= {text, text.replace("/", "\\/")}
    for pad in range(3):
        # The outer characters depend on what stands around the value; the inner ones are always the same.
        text = base64.b64encode(b"\0" * pad + raw).decode()
        inner = text[4 if pad else 0 : -4 if (pad + len(raw)) % 3 else None]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form for form in forms if form}


def printable(text: str) -> str:
    """The text as one line without control characters and log commands."""
    return " ".join(_LOG_COMMAND.sub(" ", _CONTROL.sub(" ", text)).split())


def scrub(text: str, secrets: t.Iterable[str]) -> str:
    """Return ``text`` as one short printable line without any part of a secret.

    A word that shares six or more characters in a row with a secret, in any encoded form, is masked as a whole.
    """
    line = printable(text[:_LONGEST_TEXT])
    runs = set(_runs(line))
    # Only what is in the text is kept of the secrets, which may be many and long.
    parts: set[str] = set()
    short: set[str] = set()
    for secret in secrets:
        for form in encoded_forms(secret):
            # Made printable as the text is: what is in the text is then also in the form.
            known = printable(form)
            parts.update(run for run in _runs(known) if run in runs)
            if 0 < len(known) < _SHORTEST_PART:
                short.add(known)
    line = _mask_runs(line, parts)
    if short:
        words = "|".join(re.escape(word) for word in sorted(short, key=len, reverse=True))
        line = re.sub(rf"(?<!\w)(?:{words})(?!\w)", MASK, line)
    # The limit comes last: a secret that is cut in two would not be recognised.
    return line if len(line) <= _SERVER_TEXT_LIMIT else line[: _SERVER_TEXT_LIMIT - 1] + "…"


def _runs(text: str) -> t.Iterator[str]:
    return (text[start : start + _SHORTEST_PART] for start in range(len(text) - _SHORTEST_PART + 1))


def _mask_runs(text: str, parts: set[str]) -> str:
    """Mask each word that a part touches. Blanks inside a secret are covered as well."""
    covered = bytearray(len(text))
    for start, run in enumerate(_runs(text)):
        if run in parts:
            covered[start : start + _SHORTEST_PART] = b"\1" * _SHORTEST_PART
    return re.sub(r"\S+", lambda word: MASK if any(covered[word.start() : word.end()]) else word.group(), text)
