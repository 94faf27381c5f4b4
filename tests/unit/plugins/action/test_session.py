# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote sessions: which are found, which are terminated, and that a URL is a secret."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    Denied,
    NotFound,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import secret_leaves
from ansible_collections.community.senhasegura.plugins.module_utils.session_models import RemoteSession, WebSession

RUNNING = RemoteSession(
    "53", "aa11", "jdoe", "192.0.2.99", "root", "web01:22", "ssh", "Web Proxy", "2026-11-24 16:05:07"
)
ENDED = dataclasses.replace(RUNNING, id="54", session_id="bb22", user="asmith", ended_at="2026-11-24 17:00:00")
OTHER = dataclasses.replace(ENDED, id="55", session_id="cc33", device="[2001:db8::1]:3389", protocol="rdp")
WEB = {"user": "jdoe", "credential": "root", "device": "web01", "protocol": "ssh"}


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.listed = [RUNNING, ENDED, OTHER]
    return made


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, ["53", "54", "55"]),
        ({"id": "54"}, ["54"]),
        ({"id": "54", "running": True}, []),
        ({"id": "99"}, []),
        ({"session_id": "cc33"}, ["55"]),
        ({"user": "jdoe"}, ["53"]),
        ({"origin_ip": "192.0.2.99", "running": False}, ["54", "55"]),
        ({"device": "WEB01"}, ["53", "54"]),
        ({"device": "web01:22"}, ["53", "54"]),
        ({"device": "2001:db8:0::1"}, ["55"]),
        ({"device": "web01:23"}, []),
        ({"protocol": "rdp", "credential": "root"}, ["55"]),
    ],
)
def test_list(api: Any, work: Any, options: Any, ids: list[str]) -> None:
    result = work(api, "session_info", True, **options)
    assert [session["id"] for session in result["sessions"]] == ids
    assert api.operations == ["session.read" if "id" in options else "session.list"]
    assert [session["running"] for session in result["sessions"]] == [
        session["id"] == "53" for session in result["sessions"]
    ]


@pytest.mark.parametrize("name", [{"id": "53"}, {"session_id": "aa11"}])
def test_terminate(api: Any, work: Any, name: Any) -> None:
    predicted = work(api, "session", True, state="terminated", **name)
    assert (predicted["changed"], api.calls) == (True, [])
    result = work(api, "session", state="terminated", **name)
    assert result == predicted
    assert result["diff"] == {"before": {"running": True}, "after": {"running": False}}
    # By the hash, and not by the id.
    assert api.calls == [("session.delete", "aa11", None)]
    # It has ended meanwhile.
    api.answers["session.delete"] = NotFound("x")
    assert not work(api, "session", state="terminated", **name)["changed"]
    api.answers["session.delete"] = Denied("x")
    with pytest.raises(Denied):
        work(api, "session", state="terminated", **name)


def test_what_has_ended_is_as_wanted(api: Any, work: Any) -> None:
    result = work(api, "session", state="terminated", id="54")
    assert (result["changed"], result["warnings"], result["session"]["user"]) == (False, [], "asmith")
    result = work(api, "session", state="terminated", session_id="dd44")
    assert (result["changed"], len(result["warnings"])) == (False, 1)
    assert "session dd44 is not in the list of the server" in result["warnings"][0]
    assert api.calls == []


def test_start(api: Any, work: Any) -> None:
    options = {**WEB, "port": 2222, "screen_size": "1900x1200"}
    predicted = work(api, "session", True, state="started", **options)
    assert (predicted["changed"], predicted["session"]["url"], api.calls) == (True, None, [])
    assert "_ansible_no_log" not in predicted
    result = work(api, "session", state="started", **options)
    assert result["diff"] == predicted["diff"] == {"before": {}, "after": options}
    assert (result["session"], result["_ansible_no_log"]) == ({**options, "url": "https://url", "token": "token"}, True)
    ((operation, _ref, model),) = api.calls
    assert (operation, model.port, model.remote_device) == ("session.create", 2222, None)
    assert work(api, "session", state="started", **options)["changed"]
    assert secret_leaves(WebSession("https://url", "token")) == ["https://url", "token"]


def test_another_session_was_read(api: Any, work: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "_found", lambda _found: OTHER)
    with pytest.raises(UnexpectedResponse, match="the answer is about session 55 instead of 53"):
        work(api, "session", state="terminated", id="53")
    assert api.calls == []


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"state": "terminated"},
        {"state": "terminated", "id": "53", "session_id": "aa11"},
        {"state": "terminated", "id": "x"},
        *({"state": "started", **WEB, name: value} for name in WEB for value in (None, "")),
        {"state": "started", **WEB, "port": "x"},
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any) -> None:
    given = {name: value for name, value in options.items() if value is not None}
    with pytest.raises(ConfigError):
        work(api, "session", **given)
    assert api.calls == []


def test_the_guide_has_none(make_api: Any, work: Any) -> None:
    for module, options in (("session_info", {}), ("session", {"state": "terminated", "id": "1"})):
        with pytest.raises(Unsupported, match="no call for session"):
            work(make_api("rest"), module, **options)
