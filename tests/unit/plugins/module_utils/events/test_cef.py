# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CEF: header and extensions with their escapes, and messages that were cut."""

from __future__ import annotations

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils.events.cef import (  # noqa: E402
    Extensions,
    parse_cef,
    parse_extensions,
)

LINE = "CEF:0|MT4|senhasegura|3.27.0-4|336.501|UPDATE INCIDENT|9|"


def values(text: str, *, complete: bool = True) -> dict[str, str]:
    return parse_extensions(text, complete=complete).values


def test_the_one_line_that_is_known() -> None:
    message = parse_cef(f"{LINE}act=update suser=admin duid=35 msg=Incident 7 of web01")
    assert message is not None
    assert (message.device_vendor, message.device_product, message.device_version) == ("MT4", "senhasegura", "3.27.0-4")
    assert (message.event_id, message.name, message.severity) == ("336.501", "UPDATE INCIDENT", "9")
    assert message.complete
    assert message.extensions.values == {
        "act": "update",
        "suser": "admin",
        "duid": "35",
        "msg": "Incident 7 of web01",
    }


def test_the_bars_around_a_line_of_release_4_0() -> None:
    message = parse_cef("|CEF:0|MT4|Segura|4.0|3|x|9|duid=35|")
    assert message is not None and message.extensions.values == {"duid": "35"}
    # Without the first one, the last belongs to the value.
    message = parse_cef("CEF:0|MT4|Segura|4.0|3|x|9|msg=a|")
    assert message is not None and message.extensions.values == {"msg": "a|"}


def test_escapes_of_the_header() -> None:
    message = parse_cef(r"CEF:0|a\|b|c\\d|e\f|1|n=1 m\=2|0|")
    assert message is not None
    assert (message.device_vendor, message.device_product, message.device_version) == ("a|b", r"c\d", r"e\f")
    assert message.name == r"n=1 m\=2"


def test_escapes_of_the_extensions() -> None:
    assert values(r"a=1\=2 b=c:\\d\ne\rf c=x\|y d=k\e") == {"a": "1=2", "b": "c:\\d\ne\rf", "c": "x|y", "d": r"k\e"}


def test_a_value_goes_on_to_the_next_key() -> None:
    assert values("msg=all of it, a=b and c duser=root ") == {"msg": "all of it,", "a": "b and c", "duser": "root"}
    assert values("msg=1+1=2 (x=y) k=") == {"msg": "1+1=2 (x=y)", "k": ""}


def test_text_before_the_first_key() -> None:
    assert parse_extensions("Successfully authenticated. suser=x").text == "Successfully authenticated."
    assert parse_extensions("nothing else") == Extensions({}, text="nothing else")


def test_a_key_with_two_values_is_named() -> None:
    found = parse_extensions("duid=35 duid=36 act=x act=x")
    assert (found.values, found.repeated) == ({"duid": "35", "act": "x"}, ("duid",))


def test_the_last_value_of_a_cut_message_does_not_count() -> None:
    found = parse_extensions("duser=root duid=3", complete=False)
    assert (found.values, found.cut) == ({"duser": "root"}, "duid")
    # Also where the same key was whole before.
    assert values("duid=35 duid=3", complete=False) == {}


@pytest.mark.parametrize(
    ("text", "event_id", "name"), [("CEF:0|MT4|senha", "", ""), (LINE[:37], "", ""), (LINE[:48], "336.501", "")]
)
def test_a_header_that_was_cut(text: str, event_id: str, name: str) -> None:
    message = parse_cef(text)
    assert message is not None
    assert (message.event_id, message.name, message.complete) == (event_id, name, False)


def test_a_header_without_its_last_bar_is_whole() -> None:
    message = parse_cef(LINE[:-1])
    assert message is not None and message.complete and message.severity == "9"


def test_what_is_no_cef() -> None:
    assert parse_cef("") is None
    assert parse_cef("CEF:x|a|b|c|d|e|1|") is None
    assert parse_cef("text CEF:0|a|b|c|d|e|1|") is None


def test_more_keys_than_any_message_has() -> None:
    found = parse_extensions(" ".join(f"k{place}={place}" for place in range(1000)))
    assert len(found.values) == 255
    assert found.cut == "k255"


@hypothesis.given(st.text(max_size=400), st.booleans())
def test_any_text(text: str, complete: bool) -> None:
    message = parse_cef(LINE + text, complete=complete)
    assert message is not None
    assert sum(map(len, message.extensions.values.values())) <= len(text)


names = st.from_regex(r"[a-z][A-Za-z0-9]{0,12}", fullmatch=True)


@hypothesis.given(
    st.dictionaries(names, st.text(max_size=60), max_size=8), st.lists(st.text(max_size=20), min_size=4, max_size=4)
)
def test_what_was_escaped_is_read_back(pairs: dict[str, str], fields: list[str]) -> None:
    # A carriage return and a line feed have escapes in extensions only; a header has one line.
    fields = [" ".join(field.split()) for field in fields]
    header = "|".join(field.replace("\\", "\\\\").replace("|", "\\|") for field in fields)
    escaped = {
        name: value.replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n").replace("\r", "\\r")
        for name, value in pairs.items()
    }
    body = " ".join(f"{name}={value}" for name, value in escaped.items())
    message = parse_cef(f"CEF:0|{header}|name|3|{body}")
    assert message is not None
    assert [message.device_vendor, message.device_product, message.device_version, message.event_id] == fields
    # Spaces at the ends belong to what separates pairs.
    got = {name: value.strip() for name, value in message.extensions.values.items()}
    assert got == {name: value.strip() for name, value in pairs.items()}
