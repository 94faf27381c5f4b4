# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep values out of texts: a wrapper that does not print, and a scrubber for text that comes from outside."""

from __future__ import annotations

import base64
import functools
import json
import re
import shlex
import threading
import typing as t
import urllib.parse

MASK = "********"
# Shorter values would blank out ordinary words; they are masked only where they stand alone.
_SHORTEST_PART = 6
_SERVER_TEXT_LIMIT = 200
_LONGEST_MESSAGE = 10_000
# Longer texts are not looked at: scrubbing takes time in proportion, and a message is a sentence.
_LONGEST_TEXT = 2_000
# Up to here, all forms of a secret are worked out, and kept for the next text. A longer one is a key or a file, whose
# forms would take much memory and time: there, the text is decoded instead.
_LONGEST_PASSWORD = 128
_KEPT_FORMS = 4096
# To find six characters in a row, it is enough to look at four of them, at every third place.
_WINDOW, _STRIDE = 4, 3
# ESC sequences first, then what is left of control characters, and what hides, reorders or breaks text: soft hyphen,
# zero-width and bidirectional characters, line separators, halves of surrogate pairs.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# Lines with these words are commands to the log readers of GitHub Actions and Azure Pipelines.
_LOG_COMMAND = re.compile(r"::|##vso|##\[", re.IGNORECASE)


class SecretStr:
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
        return isinstance(other, SecretStr) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())


class KnownSecrets:
    """What has been sent or received so far. Safe for threads, and bounded: the oldest values are forgotten first."""

    # Of all values together, and of one: what is longer is a file, of which the beginning is remembered.
    MAX_CHARACTERS, LONGEST = 4_000_000, 65_536

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[SecretStr, None] = {}
        self._size = 0

    def add(self, values: t.Iterable[str]) -> None:
        """Remember values, each of which is a secret."""
        with self._lock:
            for value in values:
                hidden = SecretStr(value[: self.LONGEST])
                if value and hidden not in self._values:
                    self._values[hidden] = None
                    self._size += len(hidden.reveal())
            while self._size > self.MAX_CHARACTERS:
                oldest = next(iter(self._values))
                del self._values[oldest]
                self._size -= len(oldest.reveal())

    def texts(self) -> list[str]:
        """Return the values in clear, for C(redact)."""
        with self._lock:
            return [hidden.reveal() for hidden in self._values]


def encoded_forms(value: str) -> set[str]:
    """Return a value as it may turn up in texts: raw, reversed, JSON, HTML, URL, shell, hexadecimal and base64."""
    # Imported lazily: its table takes long to load, and hardly any run has a text to redact.
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
    """Return a text as one line without control characters and log commands."""
    line = " ".join(text.split())
    if line.isprintable() and "::" not in line and "##" not in line:
        # Nearly always, and much faster.
        return line
    return " ".join(_LOG_COMMAND.sub(" ", _CONTROL.sub(" ", text)).split())


def printable_message(text: str) -> str:
    """Return text that may quote a server, host or file, for a message or warning: at most 10,000 characters."""
    line = printable(text)
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def redact(text: str, secrets: t.Iterable[str]) -> str:
    """Return ``text`` as one short printable line without any part of a secret.

    A word is masked as a whole if it shares six or more characters in a row with any encoded form of a secret. Of a
    secret of more than 128 characters, such as a private key, the encoded form must hold six characters of the secret
    itself (as 12 hexadecimal digits do).
    """
    line = printable(text[:_LONGEST_TEXT])
    covered = bytearray(len(line))
    runs = _Runs()
    for start, run in _runs_of(line):
        runs.add(run, start, start + _SHORTEST_PART)
    decoded: _Runs | None = None
    short: set[str] = set()
    for secret in secrets:
        if len(secret) <= _LONGEST_PASSWORD:
            forms, short_forms = _known_forms(secret)
            short.update(short_forms)
            runs.cover(covered, forms)
        else:
            if decoded is None:
                decoded = _decoded_runs(line)
            decoded.cover(covered, printable(secret))
    line = re.sub(r"\S+", lambda word: MASK if any(covered[word.start() : word.end()]) else word.group(), line)
    if short:
        words = "|".join(re.escape(word) for word in sorted(short, key=len, reverse=True))
        line = re.sub(rf"(?<!\w)(?:{words})(?!\w)", MASK, line)
    # The limit comes last: a secret that is cut in two would not be recognised.
    return line if len(line) <= _SERVER_TEXT_LIMIT else line[: _SERVER_TEXT_LIMIT - 1] + "…"


@functools.lru_cache(maxsize=_KEPT_FORMS)
def _known_forms(secret: str) -> tuple[str, tuple[str, ...]]:
    """Return the forms of a secret, printable as texts are: the longer ones one to a line, and the short ones."""
    known = {printable(form) for form in encoded_forms(secret)}
    short = tuple(form for form in known if 0 < len(form) < _SHORTEST_PART)
    return "\n".join(form for form in known if len(form) >= _SHORTEST_PART), short


def _runs_of(text: str) -> t.Iterator[tuple[int, str]]:
    return ((start, text[start : start + _SHORTEST_PART]) for start in range(len(text) - _SHORTEST_PART + 1))


class _Runs:
    """All runs of six characters of a text, or of what it is when decoded, each with its place in the text.

    Made for one text and then compared with thousands of secrets, so the loops over a secret are all inside of Python.
    """

    def __init__(self) -> None:
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._windows: dict[tuple[str, ...], set[str]] = {}

    def add(self, run: str, start: int, end: int) -> None:
        """Add a run that is between ``start`` and ``end`` of the text."""
        places = self._places.get(run)
        if places is not None:
            places.append((start, end))
            return
        self._places[run] = [(start, end)]
        for offset in range(_STRIDE):
            self._windows.setdefault(tuple(run[offset : offset + _WINDOW]), set()).add(run)

    def cover(self, covered: bytearray, known: str) -> None:
        """Mark in ``covered`` what the text shares with a known one."""
        windows = zip(*(known[offset::_STRIDE] for offset in range(_WINDOW)), strict=False)
        for window in filter(self._windows.__contains__, windows):
            # A run is found once for each secret at most, however often it is in there.
            for run in self._windows[window]:
                if run in known:
                    for start, end in self._places[run]:
                        covered[start:end] = b"\1" * (end - start)


def _decoded_runs(line: str) -> _Runs:
    """Return the runs of a line as it is, reversed, and decoded word by word."""
    runs = _Runs()
    for start, run in _runs_of(line):
        runs.add(run, start, start + _SHORTEST_PART)
        runs.add(run[::-1], start, start + _SHORTEST_PART)
    for word in re.finditer(r"\S+", line):
        for reading in {printable(reading) for reading in _readings(word.group())}:
            for _start, run in _runs_of(reading):
                runs.add(run, word.start(), word.end())
    return runs


def _readings(word: str) -> t.Iterator[str]:
    """Return what a word may mean, by the encodings of encoded_forms()."""
    import html

    if "\\" in word:
        yield re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", _unescaped, word)
    if "&" in word:
        yield html.unescape(word)
    if "%" in word or "+" in word:
        yield urllib.parse.unquote(word)
        yield urllib.parse.unquote_plus(word)
    if "'" in word:
        yield word.replace("'\"'\"'", "'")
    for digits in re.findall(r"[0-9a-fA-F]{12,}", word):
        for start in range(2):
            even = len(digits) - (len(digits) - start) % 2
            yield bytes.fromhex(digits[start:even]).decode("utf-8", "replace")
    # It may stand in the middle of other such characters, so it may begin at each of four.
    for part in re.findall(r"[A-Za-z0-9+/_-]{8,}", word):
        characters = part.replace("-", "+").replace("_", "/")
        for start in range(4):
            # One character more than whole groups means nothing.
            rest = characters[start : len(characters) - ((len(characters) - start) % 4 == 1)]
            yield base64.b64decode(rest + "=" * (-len(rest) % 4)).decode("utf-8", "replace")


def _unescaped(match: re.Match[str]) -> str:
    code, character = match.groups()
    return chr(int(code, 16)) if code else {"n": "\n", "r": "\r", "t": "\t"}.get(character, character)
