# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames of a stream: octet counting, lines, both in one stream, whatever pieces they come in, and their limit."""

from __future__ import annotations

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils.events.frames import Frame, Framer  # noqa: E402


def frames(*pieces: bytes, limit: int = 100) -> list[Frame]:
    framer = Framer(limit)
    return [frame for piece in pieces for frame in framer.feed(piece)] + framer.close()


def test_lines() -> None:
    assert frames(b"<13>a\n<13>b\r\n\0\n<13>c\n") == [Frame(b"<13>a"), Frame(b"<13>b\r"), Frame(b"<13>c")]


def test_octet_counting() -> None:
    assert frames(b"5 <13>a7 <13>b\nc") == [Frame(b"<13>a"), Frame(b"<13>b\nc")]


def test_both_in_one_stream() -> None:
    assert frames(b"5 <13>a\n<13>b\n5 <13>c") == [Frame(b"<13>a"), Frame(b"<13>b"), Frame(b"<13>c")]


def test_a_line_that_begins_with_a_number_is_no_count() -> None:
    assert frames(b"5 apples\n") == [Frame(b"5 apples")]


def test_a_line_without_its_end_is_not_complete() -> None:
    assert frames(b"<13>a\n<13>duid=3") == [Frame(b"<13>a"), Frame(b"<13>duid=3", complete=False)]
    assert frames(b"50 <13>duid=3") == [Frame(b"<13>duid=3", complete=False)]


def test_a_message_over_the_limit_is_cut_and_its_rest_skipped() -> None:
    assert frames(b"<" + b"x" * 30 + b"\n<13>b\n", limit=10) == [Frame(b"<xxxxxxxxx", complete=False), Frame(b"<13>b")]
    assert frames(b"31 <" + b"x" * 30 + b"5 <13>b", limit=10) == [Frame(b"<xxxxxxxxx", complete=False), Frame(b"<13>b")]


def test_a_line_as_long_as_the_limit_is_whole() -> None:
    assert frames(b"<123456789\n", limit=10) == [Frame(b"<123456789")]


def test_memory_is_bounded_by_the_limit() -> None:
    framer = Framer(100)
    for _number in range(1000):
        framer.feed(b"x" * 1000)
    assert len(vars(framer)["_buffer"]) <= 100
    framer = Framer(100)
    framer.feed(b"999999999 <")
    for _number in range(1000):
        framer.feed(b"x" * 1000)
    assert len(vars(framer)["_buffer"]) <= 100


@hypothesis.given(st.lists(st.sampled_from([b"<13>a", b"<13>long text", b"<1>", b"<13>5 <"])), st.data())
def test_the_pieces_make_no_difference(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(
        b"%d %b" % (len(message), message) if data.draw(st.booleans()) else message + b"\n" for message in messages
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert frames(*pieces) == [Frame(message) for message in messages]


@hypothesis.given(st.lists(st.binary(max_size=50)))
def test_any_bytes(pieces: list[bytes]) -> None:
    found = frames(*pieces, limit=20)
    assert sum(len(frame.data) for frame in found) <= sum(map(len, pieces))
    assert all(len(frame.data) <= 20 for frame in found)
