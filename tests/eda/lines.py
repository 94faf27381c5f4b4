# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated syslog lines through the parser: whole ones, cut ones, spliced ones and noise.

No line may make it fail, use much more memory than the line has, take long, name another credential than the line does,
or leave a template in the event.
"""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.community.senhasegura.plugins.module_utils.events.frames import Frame, Framer
from ansible_collections.community.senhasegura.plugins.module_utils.events.syslog_event import syslog_event

LIMIT = 8192
# Of memory, for each byte of a line, and for each line.
BYTES_PER_BYTE, BYTES_PER_LINE = 60, 60_000
# Of this thread, whatever else the machine does meanwhile.
SECONDS_PER_LINE = 0.5
PIECES = (
    *(
        "|",
        "\\|",
        "\\\\",
        "\\",
        "=",
        "\\=",
        " ",
        "\n",
        "\r\n",
        "\0",
        "\ufeff",
        "{{",
        "{%",
        "}}",
        "[",
        "]",
        '"',
        "é",
        "\u202e",
    ),
    *(
        "CEF:0|",
        "<13>",
        "<999>",
        "1 ",
        "duid=",
        "duid=7 ",
        "cs1Label=x ",
        "msg=",
        "12 <",
        "\x1b[2J",
        "::set-env",
        "a" * 70,
    ),
)
HEADERS = (
    "",
    "<13>",
    "<13>Jun 18 17:49:41 vm-name ",
    "<13>1 2018-06-18T17:49:41-03:00 vm-name senhasegura 1426 - ",
    '<13>1 2018-06-18T17:49:41-03:00 vm-name senhasegura 1426 - [a@1 b="c\\]"] ',
    "<134>2018-06-18T17:49:41Z relay ",
)


@dataclass(frozen=True)
class Line:
    """One line, and the id that it is about; None where nothing can be said of it."""

    data: bytes
    id: str | None = None
    whole: bool = False


def escaped(text: str, characters: str) -> str:
    """Escape a text as CEF does, for its header or its extensions."""
    text = text.replace("\\", "\\\\")
    for character in characters:
        text = text.replace(character, f"\\{character}")
    return text.replace("\r", "\\r").replace("\n", "\\n")


def noise(source: random.Random, most: int) -> str:
    """Make a text of odd pieces."""
    return "".join(source.choice(PIECES) for _number in range(source.randrange(most)))


def cef(source: random.Random) -> Line:
    """Make a line as a correct sender would, with values that may be anything."""
    id_ = str(source.randrange(1, 10 ** source.randrange(1, 8)))
    pairs = [("msg", noise(source, 12)), ("duid", id_), ("suser", noise(source, 3)), ("cs1", noise(source, 6))]
    source.shuffle(pairs)
    # A value that holds " key=" needs its "=" escaped, or it is another pair.
    body = " ".join(f"{name}={escaped(value, '=').strip()}" for name, value in pairs)
    header = "|".join(escaped(noise(source, 3), "|") for _number in range(2))
    text = f"{source.choice(HEADERS)}CEF:0|MT4|senhasegura|{header}|{source.choice(('COSE.3', '336.501', '3'))}"
    return Line(f"{text}|{source.randrange(11)}|{body}".encode(), id_, whole=True)


def lines(number: int, seed: int) -> Iterator[Line]:
    """Make that many lines, always the same ones for a seed."""
    source = random.Random(seed)
    for place in range(number):
        line = cef(source)
        kind = place % 4
        if kind == 1:
            line = Line(line.data[: source.randrange(len(line.data))], line.id)
        elif kind == 2:
            start = source.randrange(len(line.data))
            line = Line(line.data[:start] + noise(source, 20).encode() + line.data[start:])
        elif kind == 3:
            size = source.choice((10, 200, 2000)) if place % 1000 != 3 else 30_000
            line = Line(source.randbytes(size) if source.random() < 0.5 else noise(source, size).encode())
        yield line


def check(line: Line) -> str | None:
    """Return what is wrong with the event of a line, or None."""
    event = syslog_event(Frame(line.data, complete=line.whole or line.id is None), "192.0.2.1")
    text = json.dumps(event)
    if any(mark in text for mark in ("{{", "{%", "{#")):
        return "a template"
    if line.whole and line.data.count(b"CEF:") == 1 and event.get("id") != line.id:
        return f"the id {event.get('id')}, not {line.id}"
    if not line.whole and line.id is not None and event.get("id") not in (None, line.id):
        return f"the id {event['id']} of a line that was cut, not {line.id}"
    if len(text) > 20 * len(line.data) + 2000:
        return "an event much larger than its line"
    return None


def run(number: int, seed: int) -> tuple[list[str], str]:
    """Parse lines. Return what went wrong, and a line with what was measured."""
    problems: list[str] = []
    highest, slowest, started, count = 0, 0.0, time.monotonic(), 0
    framer = Framer(LIMIT)
    framed = 0
    for line in lines(number, seed):
        count += 1
        # Tracing takes several times as long as parsing.
        traced = count % 16 < 4 or len(line.data) > LIMIT
        if traced:
            tracemalloc.start()
        start = time.thread_time()
        problem = check(line)
        framed += len(framer.feed(line.data + b"\n"))
        took, used = time.thread_time() - start, 0
        if traced:
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        else:
            slowest = max(slowest, took)
        highest = max(highest, used)
        if used > BYTES_PER_BYTE * len(line.data) + BYTES_PER_LINE:
            problem = f"{used} bytes of memory for a line of {len(line.data)}"
        if not traced and took > SECONDS_PER_LINE:
            problem = f"{took:.2f} seconds"
        if problem:
            problems.append(f"line {count} of seed {seed}: {problem}: {line.data[:200]!r}")
    if not framed:
        problems.append("no frame of a stream of all lines")
    seconds = time.monotonic() - started
    measured = f"{count} lines in {seconds:.1f} s, at most {slowest * 1000:.1f} ms and {highest / 1000:.0f} kB for one"
    return problems, measured
