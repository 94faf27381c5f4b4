# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySafe: access keys, items of three kinds, sharing, and codes of a second factor."""

from __future__ import annotations

import pytest

KEY = "mysafe-secret-0123456789"
SEED = {
    "settings": {"mysafe_users": ["alice", "bob", "carol"], "mysafe_groups": {"ops": ["carol"]}},
    "clients": [
        {"client_id": "a2a", "client_secret": KEY},
        {"client_id": "alice", "client_secret": KEY, "mysafe_user": "alice"},
        {"client_id": "bob", "client_secret": KEY, "mysafe_user": "bob"},
        {"client_id": "carol", "client_secret": KEY, "mysafe_user": "carol"},
        {"client_id": "some", "client_secret": KEY, "mysafe_user": "alice", "mysafe_items": [2]},
        {"client_id": "sealed", "client_secret": KEY, "mysafe_user": "alice", "encryption": "generate"},
        {"client_id": "both", "client_secret": KEY, "mysafe_user": "alice", "resources": ["PAM Core"]},
    ],
    "mysafe": [
        {"name": "GCP1", "owner": "alice", "username": "u", "password": "p-1", "tags": ["x", "y"], "url": "https://a"},
        {"name": "GCP1", "owner": "alice", "username": "v", "password": "p-2", "secret_key": "GEZDGNBVGY3TQOJQ"},
        {"kind": "note", "name": "n", "owner": "alice", "notes": "text"},
        {"kind": "secretapi", "name": "s", "owner": "alice", "client_id": "c", "identifier_code": "code"},
        {"name": "asked", "owner": "alice", "password": "p-5", "need_justify": True},
    ],
}
PASSWORD = {"name": "new", "username": "u", "password": "p"}


@pytest.fixture
def keys(start):
    """keys(name, profile) -> a client that is logged in"""

    def login(name="alice", profile="4.0", **settings):
        vault = start(profile, SEED, login=False, mysafe_token=True, **settings)
        # The path of the token and of MySafe in all releases.
        vault.prefix = "/api"
        return vault.login(name, KEY)

    return login


def refused(answer):
    status, body = answer
    assert (status, body["response"]["error_code"]) == (400, 0)
    return body["exception"]["code"]


def ids(vault, query="", kind="password"):
    _status, body = vault.call("GET", f"/mysafe/{kind}{query}")
    (found,) = [value for name, value in body.items() if name.endswith("_on_list")]
    return [item["identifier"] for item in found]


@pytest.mark.parametrize("profile", ["3.32", "4.0", "all"])
def test_an_access_key_uses_mysafe_and_nothing_else(keys, profile):
    vault = keys(profile=profile)
    assert ids(vault) == ["1", "2", "5"]
    prefix = "/iso" if profile == "3.32" else "/api"
    assert vault.call("GET", f"{prefix}/pam/credential")[0] == 500
    other = vault.other("a2a", KEY)
    assert other.call("GET", f"{prefix}/pam/credential")[0] == 200
    assert other.call("GET", "/mysafe/password")[0] == 500
    both = vault.other("both", KEY)
    assert both.call("GET", f"{prefix}/pam/credential")[0] == both.call("GET", "/mysafe/note")[0] == 200


def test_the_guide_has_no_mysafe(start):
    vault = start("rest", SEED, login=False)
    assert vault.login("alice", KEY).call("GET", "/api/mysafe/password")[0] == 404


def test_lists_and_their_filters(keys):
    vault = keys()
    _status, body = vault.call("GET", "/mysafe/password")
    assert body["password_on_list"][0] == {
        "identifier": "1",
        "name": "GCP1",
        "url": "https://a",
        "username": "u",
        "tags": "x,y",
        "need_justify": "0",
        "need_approval": "0",
        "can_view": True,
        "can_write": True,
    }
    assert ids(vault, "?username=u") == ["1"]
    # A part is enough.
    assert ids(vault, "?name=gcp") == ["1", "2"]
    assert ids(vault, "?tag=y") == ["1"]
    assert ids(vault, "?identifier_code=co", "secretapi") == ["4"]
    _status, body = vault.call("GET", "/mysafe/secretapi")
    assert set(body["api_secret_on_list"][0]) == {
        *("identifier", "name", "need_justify", "need_approval", "can_view", "can_write"),
    }
    assert ids(vault.other("some", KEY)) == ["2"]


def test_reads(keys):
    vault = keys()
    _status, body = vault.call("GET", "/mysafe/password/1")
    assert body["password_entity"]["password"] == "p-1"
    assert (body["password_entity"]["secret_key"], body["password_entity"]["token"]) == (None, None)
    assert vault.call("GET", "/mysafe/note/3")[1]["note_entity"]["note"] == "text"
    assert vault.call("GET", "/mysafe/secretapi/4")[1]["api_secret_entity"]["identifier_code"] == "code"
    # None of them takes custody.
    assert vault.control.counters()["reads"] == {}
    assert refused(vault.call("GET", "/mysafe/password/99")) == 1005
    assert refused(vault.call("GET", "/mysafe/password/3")) == 1005
    assert refused(vault.call("GET", "/mysafe/password/x")) == 1010
    assert refused(vault.call("GET", "/mysafe/password/5")) == 1006
    assert refused(vault.other("bob", KEY).call("GET", "/mysafe/password/1")) == 1006
    assert refused(vault.other("some", KEY).call("GET", "/mysafe/password/1")) == 1006


def test_the_code_is_that_of_rfc_6238():
    from senhasegura_simulator.mysafe import totp

    # Appendix B, of which six of the eight digits are left.
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert [totp(seed, when) for when in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]
    assert [totp(text, 59) for text in ("", "1", "é", "GEZD GNBV")] == [None, None, None, totp("GEZDGNBV", 59)]


def test_the_code_goes_on_with_the_clock(keys):
    vault = keys()
    codes = set()
    for _turn in range(3):
        codes.add(vault.call("GET", "/mysafe/password/2")[1]["password_entity"]["token"])
        vault.control.advance(30)
    assert len(codes) == 3


def test_a_password_is_made_and_changed_in_part(keys):
    vault = keys()
    for name in PASSWORD:
        assert refused(vault.call("POST", "/mysafe/password", json={**PASSWORD, name: ""})) == 1001
    share = {"users_allowed": [{"username": "bob", "can_edit": True}], "groups_allowed": [{"name": "ops"}]}
    status, body = vault.call("POST", "/mysafe/password", json={**PASSWORD, "notes": "n", "tags": "a, b", **share})
    assert (status, body["response"]["message"]) == (201, "Password successfully registered")
    entity = body["password_entity"]
    assert (entity["note"], "password" in entity, "secret_key" in entity) == ("n", False, False)
    assert body["shared_error"] == []
    path = f"/mysafe/password/{entity['identifier']}"
    status, body = vault.call("PUT", path.replace("password/", "password/update/"), json={"name": "other"})
    assert status == 200
    whole = vault.call("GET", path)[1]["password_entity"]
    assert (whole["name"], whole["password"], whole["notes"], whole["tags"]) == ("other", "p", "n", "a,b")
    assert whole["users_allowed"] == share["users_allowed"]
    vault.call("PUT", path.replace("password/", "password/update/"), json={"users_allowed": []})
    whole = vault.call("GET", path)[1]["password_entity"]
    assert (whole["users_allowed"], whole["groups_allowed"]) == ([], [{"name": "ops", "can_edit": False}])


def test_sharing_decides_who_sees_and_who_changes(keys):
    vault = keys()
    path = "/mysafe/note/update/3"
    shares = {
        "users_allowed": [{"username": "bob", "can_edit": False}],
        "groups_allowed": [{"name": "ops", "can_edit": 1}],
    }
    assert vault.call("PUT", path, json=shares)[0] == 200
    bob, carol = vault.other("bob", KEY), vault.other("carol", KEY)
    assert [who.call("GET", "/mysafe/note")[1]["note_on_list"][0]["can_write"] for who in (bob, carol)] == [False, True]
    assert refused(bob.call("PUT", path, json={"note": "x"})) == 1006
    assert refused(bob.call("POST", "/mysafe/note/inactive/3")) == 1006
    assert carol.call("PUT", path, json={"note": "x"})[0] == 200
    # Whose it is has not changed.
    assert vault.call("GET", "/mysafe/note/3")[1]["note_entity"]["note"] == "x"


def test_with_whom_nothing_is_shared_is_told(keys):
    vault = keys()
    users = [{"username": "bob"}, {"username": "nobody"}]
    _status, body = vault.call("PUT", "/mysafe/note/update/3", json={"users_allowed": users})
    assert [entry["username"] for entry in body["shared_error"]] == ["nobody"]
    assert [user["username"] for user in body["note_entity"]["users_allowed"]] == ["bob"]


def test_notes_and_identifiers_have_limits(keys):
    vault = keys()
    assert vault.call("PUT", "/mysafe/note/update/3", json={"note": "x" * 900})[0] == 200
    assert refused(vault.call("PUT", "/mysafe/note/update/3", json={"note": "x" * 901})) == 1001
    secret = {"name": "s", "url": "https://a", "client_id": "c", "client_secret": "s-1", "identifier_code": "code"}
    assert refused(vault.call("POST", "/mysafe/secretapi", json=secret)) == 1001
    status, body = vault.call("POST", "/mysafe/secretapi", json={**secret, "identifier_code": "other"})
    # As the page shows it, with the secret in clear.
    assert (status, body["api_entity"]["client_secret"]) == (201, "s-1")
    status, body = vault.call("PUT", "/mysafe/secretapi/update/4", json={"method": "POST"})
    assert (status, body["response"]["message"]) == (201, "Api secret successfully registered")
    # Of another user it may be the same.
    assert vault.other("bob", KEY).call("POST", "/mysafe/secretapi", json=secret)[0] == 201


def test_an_inactive_item(keys):
    vault = keys()
    for already in ("", " already"):
        status, body = vault.call("POST", "/mysafe/password/inactive/1")
        assert (status, body["response"]["message"]) == (200, f"Password has{already} been inactivated")
    assert ids(vault) == ["2", "5"]
    assert refused(vault.call("GET", "/mysafe/password/1")) == 1009
    assert refused(vault.call("PUT", "/mysafe/password/update/1", json={"name": "x"})) == 1009
    for already in ("", " already"):
        _status, body = vault.call("POST", "/mysafe/password/active/1")
        assert body["response"]["message"] == f"Password has{already} been activated"
    assert ids(keys(list_inactive=True)) == ["1", "2", "5"]


def test_an_access_key_that_encrypts_does_so_with_passwords_and_notes(keys):
    vault = keys().other("sealed", KEY)
    assert len(vault.call("GET", "/mysafe/password/1")[1]["password_entity"]["password"]) == 344
    assert len(vault.call("GET", "/mysafe/note/3")[1]["note_entity"]["note"]) == 344
    assert vault.call("GET", "/mysafe/secretapi/4")[1]["api_secret_entity"]["client_id"] == "c"
