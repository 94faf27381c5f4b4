# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of syslog messages: both formats, what is certain about a credential, and that nothing in them is a template."""

from __future__ import annotations

import json
import typing as t

import pytest
from eda import lines

from ansible_collections.community.senhasegura.plugins.module_utils.events.event_text import field_name, harmless
from ansible_collections.community.senhasegura.plugins.module_utils.events.event_types import event_type
from ansible_collections.community.senhasegura.plugins.module_utils.events.frames import Frame
from ansible_collections.community.senhasegura.plugins.module_utils.events.syslog_event import datagram, syslog_event
from ansible_collections.community.senhasegura.plugins.module_utils.events.syslog_header import parse_header

CEF = "CEF:0|MT4|senhasegura|3.27.0-4|COSE.3|Password expired|9|duser=root duid=35 dhost=web01"
RFC5424 = "<13>1 2018-06-18T17:49:41-03:00 vm-name senhasegura 1426 - "


def event(text: str, *, complete: bool = True, types: dict[str, str] | None = None) -> dict[str, t.Any]:
    return syslog_event(Frame(text.encode(), complete), "192.0.2.1", types)


@pytest.mark.parametrize(
    "before",
    ["", "\ufeff", "<13>", "<13>Jun 18 17:49:41 vm-name ", RFC5424, f"{RFC5424}- ", f"<14>1 - relay - - - - {RFC5424}"],
)
def test_cef_behind_any_header(before: str) -> None:
    found = event(before + CEF)
    assert (found["format"], found["type"], found["id"]) == ("cef", "expired", "35")
    assert (found["username"], found["hostname"], found["severity"]) == ("root", "web01", 9)
    assert found["device"] == {"vendor": "MT4", "product": "senhasegura", "version": "3.27.0-4"}
    assert found["sender"] == "192.0.2.1"
    assert found["complete"]


def test_the_appliances_own_form_of_rfc_5424() -> None:
    found = event(f"{RFC5424}Successfully authenticated.")
    assert (found["format"], found["name"], found["type"]) == ("rfc5424", "Successfully authenticated.", "other")
    assert found["header"] == {
        "form": "rfc5424",
        "facility": 1,
        "severity": 5,
        "time": "2018-06-18T17:49:41-03:00",
        "hostname": "vm-name",
        "app_name": "senhasegura",
        "proc_id": "1426",
    }
    found = event(f"{RFC5424}Password viewed. suser=admin duser=root duid=35")
    assert (found["id"], found["fields"]["suser"]) == ("35", "admin")


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ('<13>1 - h a 1 m [x@1 a="b\\]c"][y] text', "rfc5424", "text"),
        ("<13>1 - h a 1 m - text", "rfc5424", "text"),
        ("<13>1 - h a 1 m [x@1 a=", "rfc5424", "[x@1 a="),
        ("<13>Jun  8 17:49:41 h sshd[12]: text", "rfc3164", "text"),
        ("<13>2018-06-18T17:49:41Z h text", "rfc3164", "text"),
        ("<192>1 - h a 1 m - text", "none", "<192>1 - h a 1 m - text"),
        ("text", "none", "text"),
    ],
)
def test_headers(text: str, form: str, message: str) -> None:
    header, rest = parse_header(text)
    assert (header.form, rest) == (form, message)


@pytest.mark.parametrize(
    "ids", ["duid=35 duid=36", "duid=3x", "duid=", "duid=-1", "msg=35", "duid=" + "9" * 20, "duid=٣"]
)
def test_an_id_that_is_not_certain_is_none(ids: str) -> None:
    assert "id" not in event(f"CEF:0|MT4|s|4|COSE.3|x|9|{ids}")


def test_an_id_at_the_end_of_a_cut_message_is_none() -> None:
    found = event("CEF:0|MT4|s|4|COSE.3|x|9|duser=root duid=3", complete=False)
    assert "id" not in found
    assert (found["uncertain"], found["complete"]) == (["duid"], False)


def test_a_datagram_as_long_as_the_appliance_makes_them_may_be_cut() -> None:
    assert datagram(b"x" * 1023, 8192).complete
    assert not datagram(b"x" * 1024, 8192).complete
    assert datagram(b"x" * 30, 20) == Frame(b"x" * 20, complete=False)


@pytest.mark.parametrize("mark", ["{{", "{%", "{#", "{\0{", "{{{", "{\u200b{", "{\\\\{"])
def test_no_template_begins_in_an_event(mark: str) -> None:
    text = f"{mark} lookup('pipe', 'id') }}}}"
    found = event(f"<13>1 - {mark} {mark} - {mark} {CEF} msg={text} {mark}=1 x{mark}=2")
    assert not any(start in json.dumps(found, ensure_ascii=False) for start in ("{{", "{%", "{#"))
    assert not any(start in harmless(text) for start in ("{{", "{%", "{#"))


def test_names_of_fields_suit_conditions() -> None:
    assert field_name("ad.Host-name[1]") == "ad_Host_name_1_"
    assert set(event("CEF:0|a|b|c|1|d|2|ad.x-y=1 __ansible_vault=x")["fields"]) == {"ad_x_y"}


@pytest.mark.parametrize(
    ("event_id", "name"),
    [
        ("COSE.3", "expired"),
        ("cose-3", "expired"),
        ("COTR020", "change_failed"),
        ("3", "expired"),
        ("20", "change_failed"),
        ("21", "changed"),
        ("164", "viewed"),
        ("336.501", "incident"),
        ("336501", "incident"),
        ("1695.1", "login"),
        # The two tables contradict each other.
        ("17", "other"),
        ("8", "other"),
        ("COSS.17", "session_ended"),
        ("", "other"),
        ("DROP TABLE", "other"),
    ],
)
def test_types_by_event_id(event_id: str, name: str) -> None:
    assert event_type(event_id) == name


def test_types_that_the_user_knows_better() -> None:
    assert event_type("17", {"17": "changed"}) == "changed"
    assert event("CEF:0|a|b|c|17|d|2|", types={"17": "changed"})["type"] == "changed"


def test_generated_lines() -> None:
    """./run eda lines has a hundred thousand of them."""
    problems, measured = lines.run(2000, 1)
    assert problems == [], measured
