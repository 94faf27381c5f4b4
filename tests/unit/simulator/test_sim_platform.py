# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Related users, remote sessions and protected information."""

from __future__ import annotations

import pytest

CLIENTS = [
    {"client_id": "all", "client_secret": "s"},
    {"client_id": "reader", "client_secret": "s", "read_only": True},
    {"client_id": "core", "client_secret": "s", "resources": ["PAM Core"]},
]
SEED = {
    "clients": CLIENTS,
    "related_users": [{"name": "jane", "username": "jdoe"}],
    "sessions": [
        {"user": "jdoe", "credential": "root", "device": "web01:22", "origin_ip": "192.0.2.9"},
        {"device": "web02:22", "started": "2026-01-01T00:00:00Z", "ended": "2026-01-01T01:02:03Z"},
    ],
    "information": [{"identifier": "wifi", "type": "Text", "content": "secret text"}],
}
RELATED = {"3.32": "/iso/user/related", "4.0": "/api/user/related", "all": "/api/user/related"}
SESSIONS = {"3.32": "/api/session", "4.0": "/api/pam/session", "all": "/api/pam/session"}
WEB = {"3.32": "/iso/remote/session", "4.0": "/api/pam/remote/session", "all": "/api/pam/remote/session"}
INFO = "/iso/pam/info"
BOTH = pytest.mark.parametrize("profile", ["3.32", "4.0", "all"])


@pytest.fixture
def vault(start, profile):
    return start(profile, seed=SEED, login=False).login("all", "s")


@BOTH
def test_related_users(vault, profile):
    path = RELATED[profile]
    status, body = vault.call("GET", path)
    assert (status, body["relatedUsers"]) == (200, [{"id": "1", "name": "jane", "username": "jdoe"}])
    assert body["response"]["message"] == "1 related user found"
    status, body = vault.call("POST", path, json={"name": "n", "username": "u"})
    assert (status, body["relatedUsers"]) == (200, {"id": "2", "name": "n", "username": "u"})
    changed = {"name": "m", "username": "u"}
    in_path, in_body = (
        vault.call("PUT", path + "/2", json=changed),
        vault.call("PUT", path, json={**changed, "id": 2}),
    )
    good, bad = (in_path, in_body) if profile == "3.32" else (in_body, in_path)
    assert (good[0], good[1]["response"]["status"], good[1]["relatedUsers"]["name"]) == (201, 200, "m")
    assert bad[0] == (201 if profile == "all" else 404)
    assert vault.call("GET", path + "/2")[1]["relatedUsers"]["name"] == "m"
    texts = [vault.call("DELETE", path + "/2")[1]["response"]["message"] for _time in range(2)]
    assert texts == ["Related user successfully deactivated", "Related user has already been deactivated"]
    assert len(vault.call("GET", path)[1]["relatedUsers"]) == 1


@pytest.mark.parametrize("profile", ["4.0"])
def test_wrong_related_users(vault):
    path = RELATED["4.0"]
    for method, where, body, number in (
        ("POST", path, {"name": "n"}, 1001),
        ("POST", path, {"username": "u"}, 1001),
        ("PUT", path, {"name": "n", "username": "u"}, 1001),
        ("PUT", path, {"name": "n", "username": "u", "id": 9}, 1005),
        ("DELETE", path + "/9", None, 1005),
        ("GET", path + "/x", None, 1005),
    ):
        status, answer = vault.call(method, where, json=body)
        assert (status, answer["exception"]["code"]) == (400, number), where
    vault.control.settings(users=["known"])
    assert vault.call("POST", path, json={"name": "n", "username": "u"})[1]["exception"]["code"] == 1005
    assert vault.call("POST", path, json={"name": "n", "username": "known"})[0] == 200
    assert vault.other("core", "s").call("GET", path)[0] == 500


@BOTH
def test_sessions(vault, profile):
    path = SESSIONS[profile]
    one, other = vault.call("GET", path + "/remotesessions")[1]["remote_sessions"]
    device, no = ("dispositivo", "Não") if profile == "3.32" else ("device", "No")
    assert (one[device], one["end"], one["time"], one["prevent_purge"]) == ("web01:22", None, None, no)
    assert (other["end"], other["time"]) == ("2025-12-31 22:02:03", "01:02:03")
    assert vault.call("GET", path + "/remotesessions/2")[1]["remote_session"] == [other]
    assert vault.call("GET", path + "/remotesessions/9")[1]["exception"]["code"] == 1002
    drop = path.replace("/api", "/iso") if profile == "3.32" else path
    status, body = vault.call("DELETE", f"{drop}/drop/{one['session_id']}")
    assert (status, body["response"]["message"]) == (200, "Sessão interrompida com sucesso")
    assert vault.call("GET", path + "/remotesessions/1")[1]["remote_session"][0]["end"]
    for name in (one["session_id"], "1", "nothing"):
        assert vault.call("DELETE", f"{drop}/drop/{name}")[0] == (400 if profile == "3.32" else 500)
    reader = vault.other("reader", "s")
    assert reader.call("DELETE", f"{drop}/drop/{one['session_id']}")[1]["exception"]["code"] == 1039


@BOTH
def test_a_url_that_starts_a_session(vault, profile):
    wanted = {"user": "jdoe", "credential": "root", "device": "web01", "protocol": "SSH"}
    first, second = (vault.call("POST", WEB[profile], json=wanted)[1]["session"] for _time in range(2))
    assert first["session_url"].startswith("https://")
    assert first["token"] != second["token"]
    assert [one["token"] for one in vault.control.state()["weburls"]] == [first["token"], second["token"]]
    for name in wanted:
        assert vault.call("POST", WEB[profile], json={**wanted, name: ""})[0] == 400
    assert (
        vault.call("POST", WEB[profile], json={**wanted, "protocol": "x"})[1]["response"]["message"]
        == "Invalid protocol"
    )
    assert vault.other("reader", "s").call("POST", WEB[profile], json=wanted)[0] == 400
    assert vault.other("core", "s").call("POST", WEB[profile], json=wanted)[0] == 500


@BOTH
def test_information(vault, profile):
    status, body = vault.call("POST", INFO, json={"content": "text", "name": "n", "identifier": "i", "type": "Text"})
    assert (status, body["response"]["status"]) == (200, 201)
    assert body["info"] == {
        **dict.fromkeys(("service", "url", "users_allowed"), ""),
        "name": "n",
        "identifier": "i",
        "type": "Text",
        "content": "text",
    }
    known = {"id": "2", "tag": "i", "type": "Text", "content": "text"}
    for name in ("2", "i"):
        assert vault.call("GET", f"{INFO}/{name}")[1]["info"] == known
    assert vault.call("POST", INFO, json={"content": "x"})[1]["info"]["identifier"]
    assert vault.call("POST", INFO, json={"name": "x"})[1]["exception"]["code"] == 1026
    assert vault.other("reader", "s").call("DELETE", f"{INFO}/2")[1]["exception"]["code"] == 1039
    assert vault.other("reader", "s").call("POST", INFO, json={"content": "x"})[1]["exception"]["code"] == 1039
    assert vault.call("DELETE", f"{INFO}/2")[1]["response"]["message"] == "Information successfully disabled"
    for method in ("GET", "DELETE"):
        assert vault.call(method, f"{INFO}/2")[1]["exception"]["code"] == 1024
        assert vault.call(method, f"{INFO}/99")[1]["exception"]["code"] == 1023
    vault.control.settings(identifier_in_path=False)
    assert vault.call("GET", f"{INFO}/wifi")[1]["exception"]["code"] == 1023


def test_information_is_all_that_4_0_has_below_iso_pam(start):
    vault = start("4.0", seed=SEED, login=False, legacy_paths=False).login("all", "s")
    assert vault.call("GET", f"{INFO}/1")[0] == 200
    assert vault.call("GET", "/iso/pam/credential") == (404, {"message": "no Route matched with those values"})


def test_the_guide_has_none(start):
    vault = start("rest", seed=SEED, login=False).login("all", "s")
    for path in ("/iso/user/related", "/api/user/related", "/api/pam/session/remotesessions", f"{INFO}/1"):
        assert vault.call("GET", path)[0] == 404
