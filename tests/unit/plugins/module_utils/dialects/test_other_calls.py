# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the calls for related users and sessions send, and what they make of the documented samples."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import related_user_calls, session_calls
from ansible_collections.community.senhasegura.plugins.module_utils.errors import UnexpectedResponse
from ansible_collections.community.senhasegura.plugins.module_utils.session_models import (
    RemoteSession,
    WebSession,
    WebSessionWrite,
)
from ansible_collections.community.senhasegura.plugins.module_utils.user_models import RelatedUser, RelatedUserWrite

HASH = "e7acacb6aedbab70073456da5744166939b77527"
# The samples of 4.0 and, with what the page of 3.32 has in Portuguese, of 3.32.
NEW = {
    "id": "3",
    "user": "Admin",
    "origin_ip": "172.16.20.125",
    "credential": "usrdomadm01",
    "device": "10.66.33.15:3389",
    "protocol": "rdp",
    "proxy": "Web Proxy",
    "session_id": HASH,
    "start": "2024-05-06 16:05:07",
    "end": "2024-05-06 16:07:59",
    "time": "00:02:52",
    "prevent_purge": "No",
    "request": None,
    "ITSM": None,
}
OLD = {{"credential": "credencial", "device": "dispositivo"}.get(k, k): v for k, v in NEW.items()}
OLD["prevent_purge"] = "Não"
SESSION = RemoteSession(
    *("3", HASH, "Admin", "172.16.20.125", "usrdomadm01", "10.66.33.15:3389", "rdp", "Web Proxy"),
    *("2024-05-06 16:05:07", "2024-05-06 16:07:59", "00:02:52"),
    prevent_purge=False,
)


@pytest.mark.parametrize("item", [NEW, OLD], ids=["4.0", "3.32"])
def test_sessions(item: dict[str, t.Any]) -> None:
    assert session_calls.decode_sessions({"remote_sessions": [item]}, str) == (SESSION,)
    for name, value in (("remote_session", [item]), ("remote_sessions", [item]), ("remote_session", item)):
        assert session_calls.decode_session({name: value}, str) == SESSION
    assert not SESSION.running
    for end in (None, ""):
        assert session_calls.decode_session({"remote_session": [{**item, "end": end}]}, str).running


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"remote_session": []},
        {"remote_session": [NEW, NEW]},
        {"remote_session": [{**NEW, "session_id": ""}]},
        {"remote_session": [{**NEW, "session_id": "../x"}]},
        {"remote_session": [{**NEW, "id": "x"}]},
    ],
)
def test_what_is_no_session(document: dict[str, t.Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        session_calls.decode_session(document, str)


@pytest.mark.parametrize(
    ("device", "host"),
    [
        ("web01:22", "web01"),
        ("web01", "web01"),
        ("[2001:db8::1]:22", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_host_of_a_session(device: str, host: str) -> None:
    assert RemoteSession("1", "a", device=device).host == host


def test_web_session() -> None:
    document = {"session": {"session_url": "https://x/?_sr=1", "token": "t"}}
    found = session_calls.decode_web_session(document, str)
    assert (found, repr(found)) == (WebSession("https://x/?_sr=1", "t"), "WebSession()")
    for name in ("session_url", "token"):
        with pytest.raises(UnexpectedResponse):
            session_calls.decode_web_session({"session": {**document["session"], name: ""}}, str)
    least = WebSessionWrite("dleite", "usr", "45.163.147.135", "ssh")
    sent = {"user": "dleite", "credential": "usr", "device": "45.163.147.135", "protocol": "ssh"}
    assert session_calls.encode_web_session(least) == sent
    whole = WebSessionWrite("u", "c", "d", "p", "r", "192.0.2.1", 22, 7, "1900x1200")
    more = {"remotedevice": "r", "remoteAddr": "192.0.2.1", "port": 22, "remoteapp": 7, "screensize": "1900x1200"}
    assert session_calls.encode_web_session(whole).items() >= more.items()


def test_related_users() -> None:
    item = {"id": "6", "name": "deboraleiteferreira", "username": "dleite"}
    found = related_user_calls.decode_related_users({"relatedUsers": [item]}, str)
    assert found == (RelatedUser("6", "deboraleiteferreira", "dleite"),)
    assert found[0].public() == item
    assert related_user_calls.decode_written({"relatedUsers": item}, str) == "6"
    assert related_user_calls.decode_written({}, str) == ""
    assert related_user_calls.encode_related_user(RelatedUserWrite("n", "u")) == {"username": "u", "name": "n"}
    assert related_user_calls.encode_related_user(RelatedUserWrite("n", "u", "6"))["id"] == 6


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("Related user successfully deactivated", True),
        ("Related user has already been deactivated", False),
        ("Usuário relacionado já foi desativado", False),
        ("", True),
    ],
)
def test_only_words_tell_whether_a_related_user_was_active(message: str, changed: bool) -> None:
    assert related_user_calls.decode_deactivated({"response": {"message": message}}, str) is changed
