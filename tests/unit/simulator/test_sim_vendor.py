# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials, custody, keys and devices in the vendor's two dialects."""

from __future__ import annotations

import pytest

NEW = {"hostname": "web01", "ip": "192.0.2.10", "username": "svc", "content": "pw-1", "identifier": "svc-1"}
ENVELOPE = {
    "status": int,
    "message": str,
    "error": bool,
    "error_code": int,
    "detail": str,
    "mensagem": str,
    "erro": bool,
    "cod_erro": int,
}


def number(answer):
    return answer[1]["exception"]["code"]


def add(vault, **change):
    return vault.call("POST", "/pam/credential", json={**NEW, **change})


@pytest.mark.parametrize("profile", ["3.32", "4.0"])
def test_list_shape(start, profile):
    vault = start(profile)
    status, body = vault.call("GET", "/pam/credential")
    modern = profile == "4.0"
    assert status == 200
    assert {name: type(value) for name, value in body["response"].items()} == ENVELOPE
    assert ("code" in body, "tenant" in body) == (modern, modern)
    row = body["credentials"][0]
    assert list(row) == [
        "id", "identifier" if modern else "tag", "username", "expiration", "change", "view", "hostname",
        "management_ip", "type", "type_code", "device_model", "device_type", "device_vendor", "automatic_change",
        "connectivity", "connectivity_code",
    ]  # fmt: skip
    assert row["id"] == "1"
    assert row["type_code"] == "1"
    assert [r["automatic_change"] for r in body["credentials"]] == ([False, True, False] if modern else ["0", "1", "0"])
    assert [r["type"] for r in body["credentials"]] == ["Local User", "Local User", "SSH Key"]
    assert "pw-Root-1" not in str(body)
    assert vault.stored(1)["custody_client"] is None


def test_inactive_in_list_is_a_setting(start):
    vault = start()
    assert len(vault.call("GET", "/pam/credential")[1]["credentials"]) == 3
    vault.control.settings(list_inactive=True)
    assert len(vault.call("GET", "/pam/credential")[1]["credentials"]) == 4


def test_empty_list(start):
    client = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
    status, body = start(seed={"clients": [client]}).call("GET", "/pam/credential")
    assert (status, body["credentials"], body["response"]["message"]) == (200, [], "0 credentials found")


@pytest.mark.parametrize(("profile", "name"), [("3.32", "tag"), ("4.0", "identifier")])
def test_read_takes_custody(start, profile, name):
    vault = start(profile)
    status, body = vault.call("GET", "/pam/credential/1")
    entity = body["credential"]
    assert status == 200
    assert entity[name] == "web-root"
    assert entity["password"] == entity["content"] == "pw-Root-1"
    assert entity["id"] == "1"
    assert entity["port"] == "22"
    assert entity["parent_credential"] is None
    assert vault.stored(1)["custody_client"] == 1
    assert vault.call("GET", "/pam/credential")[1]["credentials"][0]["view"]
    assert vault.control.counters()["reads"] == {"1": 1}


@pytest.mark.parametrize(
    ("path", "code"),
    [("99", 1007), ("4", 1010), ("3", 1008), ("nobody@web01", 1007), ("nobody", 1007), ("%31%2f2", 1007)],
)
def test_read_refusals(start, path, code):
    status, body = start().call("GET", f"/pam/credential/{path}")
    assert (status, body["exception"]["code"], body["response"]["error_code"]) == (400, code, 1)
    assert body["response"]["message"].startswith(f"{code}: ")
    assert body["response"]["error"] is True
    assert body["exception"]["detail"] is None


def test_paths_by_name(start):
    vault = start()
    assert vault.call("GET", "/pam/credential/root@web01")[0] == 200
    assert vault.call("GET", "/pam/credential/root%40web01")[0] == 200
    add(vault, username="user@corp", identifier="at")
    assert number(vault.call("GET", "/pam/credential/user@corp@web01")) == 1007
    vault.control.settings(identifier_in_path=True)
    assert vault.call("GET", "/pam/credential/web-root")[0] == 200
    assert start("3.32").call("GET", "/pam/credential/web-root?credential=web-root")[0] == 200


def test_state_numbers_differ_by_release(start):
    new, old = start("4.0"), start("3.32")
    for method, path, modern, legacy in (
        ("GET", "/pam/credential/3", 1008, 1017),
        ("DELETE", "/pam/credential/3", 1008, 1017),
        ("PUT", "/pam/credential/1", 1043, 1017),
        ("PUT", "/pam/key/4", 1045, 1045),
    ):
        assert (number(new.call(method, path)), number(old.call(method, path))) == (modern, legacy)


def test_enable_and_disable(start):
    vault = start()
    assert vault.call("DELETE", "/pam/credential/1")[1]["response"]["message"] == "Credential successfully deactivated"
    assert vault.stored(1)["active"] is False
    assert vault.call("PUT", "/pam/credential/1")[1]["response"]["message"] == "Credential successfully activated"
    assert vault.stored(1)["active"] is True
    assert vault.call("DELETE", "/pam/credential/root@web01")[0] == 200


def test_put_with_a_body_does_not_update(start):
    vault = start()
    assert number(vault.call("PUT", "/pam/credential/1", json={"content": "new"})) == 1043
    assert vault.stored(1)["password"] == "pw-Root-1"


def test_upsert_creates(start):
    vault = start()
    status, body = add(vault, tags="a, b,c", additional="note", credential_type="Domain User")
    assert status == 201
    assert body["response"]["status"] == 201
    assert body["tenant"] == "acme"
    assert body["response"]["message"] == "Credential successfully registered!"
    assert body["credential"] == {"id": "5", "identifier": "svc-1"}
    stored = vault.stored(5)
    assert (stored["password"], stored["tags"], stored["type"]) == ("pw-1", ["a", "b", "c"], "Domain User")


def test_upsert_rule_1_identifier_known(start):
    vault = start()
    add(vault)
    status, body = add(vault, username="renamed", content="pw-2")
    assert (status, body["response"]["message"]) == (201, "Credential updated successfully!")
    assert body["credential"]["id"] == "5"
    assert (vault.stored(5)["username"], vault.stored(5)["password"]) == ("renamed", "pw-2")


def test_upsert_rule_1_of_a_key_and_of_a_foreign_triple(start):
    vault = start()
    assert number(add(vault, identifier="deploy-key")) == 1010
    add(vault)
    assert number(add(vault, identifier="web-root", username="svc")) == 1052
    assert vault.stored(1)["username"] == "root"
    vault.control.settings(allow_duplicates=True)
    assert add(vault, identifier="web-root", username="svc")[0] == 201


def test_upsert_rule_2_identifier_unknown(start):
    vault = start()
    body = add(vault, username="root", identifier="renamed")[1]
    assert body["credential"] == {"id": "1", "identifier": "renamed"}
    assert add(vault, username="fresh", identifier="other")[1]["credential"]["id"] == "5"


def test_upsert_rule_3_no_identifier(start):
    vault = start()
    body = add(vault, username="root", identifier="")[1]
    assert body["credential"] == {"id": "1", "identifier": "web-root"}
    made = add(vault, username="fresh", identifier=None)[1]["credential"]
    assert made["id"] == "5"
    assert made["identifier"][14] == "7"
    assert len(made["identifier"]) == 36


def test_upsert_without_identifier_on_old_releases(start):
    assert add(start("3.32"), identifier="")[1]["credential"] == {"id": "5", "tag": None}


def test_upsert_keeps_what_is_not_sent(start):
    vault = start()
    before = vault.stored(1)
    body = {"hostname": "web01", "ip": "192.0.2.10", "username": "root", "additional": "x"}
    vault.call("POST", "/pam/credential", json=body)
    assert vault.stored(1) == {**before, "additional": "x"}
    vault.call("POST", "/pam/credential", json={**body, "additional": ""})
    assert vault.stored(1) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hostname": None}, 1004),
        ({"ip": ""}, 1005),
        ({"username": None}, 1042),
        ({"identifier": "a b"}, 1053),
        ({"hostname": "unknown"}, 1011),
        ({"device_domain": "other.example"}, 1029),
        ({"domain": "other.example"}, 1029),
        ({"parent_password": 99}, 1007),
        ({"execution_settings": {"change_plugin": "none"}}, 1046),
        ({"jit_settings": {"credential_enable_template": "none"}}, 1047),
    ],
)
def test_upsert_refusals(start, change, code):
    vault = start()
    status, body = add(vault, **change)
    assert (status, body["exception"]["code"]) == (400, code)
    assert len(vault.control.state()["items"]) == 4
    assert vault.control.log()[-1]["changed"] is False


def test_upsert_details(start):
    vault = start()
    status, body = add(vault, additional_settings=[{"user_credential_owner": "bob"}])
    assert (status, body["response"]["message"]) == (500, "Unexpected error")
    assert add(vault, additional_settings={"user_credential_owner": "alice"})[0] == 201
    assert add(vault, username="", identifier="blank")[0] == 201
    assert vault.stored("blank")["username"] == "usr"
    made = {"type": "Server", "vendor": "Canonical", "model": "Ubuntu", "site": "DC9"}
    assert add(vault, hostname="web09", identifier="n9", **made)[0] == 201
    assert vault.call("GET", "/pam/device/web09")[1]["device"]["site"] == "DC9"
    assert add(vault, identifier="auto", username="auto", execution_settings=[{"automatic_change": True}])[0] == 201
    assert vault.stored("auto")["automatic_change"] is True
    no_content = {**NEW, "identifier": "dash", "username": "dash"}
    no_content.pop("content")
    vault.call("POST", "/pam/credential", json=no_content)
    assert vault.stored("dash")["password"] == "-"


def test_the_guides_body_sets_no_password_here(start):
    vault = start("all")
    body = {**NEW, "password": "InitialP@ss123", "type": "Local User", "tags": ["a", "b"]}
    body.pop("content")
    assert vault.call("POST", "/api/pam/credential", json=body)[0] == 201
    assert vault.stored("svc-1")["password"] == "-"
    assert vault.call("GET", "/api/pam/credential")[1]["credentials"][0]["device_type"] == "Local User"


@pytest.mark.parametrize("how", ["json", "form", "multipart", "query", "chunked"])
def test_post_encodings(start, how):
    vault = start()
    value = "p\r\n\t ä\U0001f511 &=+%41"
    fields = {**NEW, "content": value}
    more = {
        "json": {"json": fields},
        "form": {"data": fields},
        "multipart": {"files": {k: (None, v) for k, v in fields.items()}},
        "query": {"params": fields},
        "chunked": {"data": iter([b'{"username": "svc", "hostname": "web01", "ip": "192.0.2.10", "identifier": "svc-1"',
                                  b', "content": "p\\r\\n\\t \\u00e4\\ud83d\\udd11 &=+%41"}']),
                    "headers": {"Content-Type": "application/json"}},
    }[how]  # fmt: skip
    assert vault.call("POST", "/pam/credential", **more)[0] == 201
    assert vault.stored("svc-1")["password"] == value
    assert vault.call("GET", "/pam/credential/5")[1]["credential"]["content"] == value


def test_large_value(start):
    vault, value = start(), "x" * 65536
    assert add(vault, content=value)[0] == 201
    assert vault.call("GET", "/pam/credential/5")[1]["credential"]["content"] == value


def test_release(start):
    vault = start()
    assert number(vault.call("DELETE", "/pam/credential/custody/1")) == 1018
    vault.call("GET", "/pam/credential/1")
    status, body = vault.call("DELETE", "/pam/credential/custody/1")
    assert (status, body["response"]["message"]) == (200, "Credential custody 1 released")
    assert vault.stored(1)["password"] == "pw-Root-1"
    assert number(vault.call("DELETE", "/pam/credential/custody/1")) == 1018
    assert number(vault.call("DELETE", "/pam/credential/custody/99")) == 1007
    vault.call("GET", "/pam/credential/1")
    assert vault.call("DELETE", "/pam/credential/custody/root@web01")[0] == 200


def changes(vault):
    return {c["id"]: c["change"] for c in vault.call("GET", "/pam/credential")[1]["credentials"]}


def test_release_changes_an_automatic_password(start):
    vault = start()
    seen = set()
    for _turn in range(3):
        before = changes(vault)["2"]
        seen.add(vault.call("GET", "/pam/credential/2")[1]["credential"]["password"])
        assert vault.call("DELETE", "/pam/credential/custody/2")[0] == 200
        assert changes(vault)["2"] > before
    assert len(seen) == 3


def test_change_after_a_delay_and_failing_change(start):
    vault = start(change_delay=600)
    before = changes(vault)
    vault.call("GET", "/pam/credential/2")
    vault.call("DELETE", "/pam/credential/custody/2")
    assert changes(vault) == before
    assert vault.stored(2)["password"] == "pw-App-1"
    vault.control.advance(600)
    assert changes(vault)["2"] > before["2"]
    assert vault.stored(2)["password"] != "pw-App-1"
    vault.control.settings(change_delay=0, change_result="fails")
    before, password = changes(vault), vault.stored(2)["password"]
    vault.call("GET", "/pam/credential/2")
    vault.call("DELETE", "/pam/credential/custody/2")
    assert (changes(vault), vault.stored(2)["password"]) == (before, password)


def test_custody_expires(start):
    vault = start(custody_lifetime=600)
    vault.call("GET", "/pam/credential/2")
    assert vault.stored(2)["custody_client"] == 1
    vault.control.advance(600)
    assert vault.stored(2)["custody_client"] is None
    assert vault.stored(2)["password"] != "pw-App-1"


def test_custody_conflict(start):
    vault = start()
    second = vault.other("second", "second-secret")
    vault.call("GET", "/pam/credential/1")
    assert number(second.call("DELETE", "/pam/credential/custody/1")) == 1018
    vault.control.settings(simultaneous_viewing=False)
    status, body = second.call("GET", "/pam/credential/1")
    assert (status, body["exception"]["code"]) == (400, 1009)
    assert "custody" in body["response"]["detail"]
    assert vault.call("GET", "/pam/credential/1")[0] == 200
    vault.call("DELETE", "/pam/credential/custody/1")
    assert second.call("GET", "/pam/credential/1")[0] == 200


def test_routes_of_the_profiles(start):
    kong = (404, {"message": "no Route matched with those values"})
    old, new = start("3.32"), start("4.0")
    assert old.call("GET", "/api/pam/credential") == kong
    assert old.call("POST", "/api/oauth2/token") == kong
    # The gateway knows the folder, for what provisions ephemeral credentials.
    status, answer = new.call("GET", "/iso/coe/senha/1")
    assert (status, answer["response"]["message"]) == (404, "Resource sub not found")
    assert new.call("POST", "/api/dapp/application") == kong
    assert new.call("GET", "/other") == kong
    old.control.settings(mysafe_token=True)
    assert old.call("POST", "/api/oauth2/token")[0] == 400
    assert old.call("GET", "/api/pam/credential") == kong
    everything = start("all")
    assert everything.call("GET", "/iso/pam/credential")[0] == everything.call("GET", "/api/pam/credential")[0] == 200
    assert everything.call("GET", "/iso/coe/senha/1")[1]["senha"]["conteudo"] == "pw-Root-1"
    assert everything.call("GET", "/iso/pam/credential/web-root?credential=web-root")[0] == 200


def test_what_the_vendors_collection_does_works_on_4_0(start):
    """It was republished when 4.0 was current, with /iso/pam and an identifier in the path."""
    vault = start("4.0")
    path = "/iso/pam/credential/web-root?credential=web-root"
    assert vault.call("GET", path)[1]["credential"]["password"] == "pw-Root-1"
    assert vault.call("GET", "/iso/pam/credential/web-root")[1] == vault.call("GET", "/api/pam/credential/web-root")[1]
    assert vault.call("DELETE", "/iso/pam/credential/custody/web-root")[0] == 200
    form = {"username": "svc", "hostname": "web01", "ip": "192.0.2.10", "identifier": "svc-1", "content": "pw-1"}
    assert vault.call("POST", "/iso/pam/credential", data=form)[0] == 201
    assert vault.call("DELETE", "/iso/pam/credential/svc-1")[0] == 200
    assert vault.call("GET", "/iso/pam/other")[1]["response"]["message"] == "Resource sub not found"
    assert [vault.call("DELETE", "/iso/pam/device/web02")[0] for _turn in range(2)] == [200, 400]
    vault.control.settings(legacy_paths=False)
    kong = (404, {"message": "no Route matched with those values"})
    assert vault.call("GET", path) == vault.call("GET", "/iso/pam/other") == kong
    assert number(vault.call("GET", "/api/pam/credential/web-root")) == 1007
    vault.control.settings(identifier_in_path=True)
    assert vault.call("GET", "/api/pam/credential/web-root")[0] == 200
    vault.control.settings(legacy_paths=True, identifier_in_path=False)
    assert number(vault.call("GET", "/iso/pam/credential/web-root")) == 1007


def test_legacy_paths_open_nothing_on_other_profiles(start):
    kong = (404, {"message": "no Route matched with those values"})
    assert start("3.32").call("GET", "/api/pam/credential") == kong
    assert start("rest").call("GET", "/iso/pam/credential")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/pam/other", 1),
        ("PATCH", "/pam/credential/1", 1),
        ("GET", "/pam/credential/1/x", 1),
        ("GET", "/pam/credential/", 1),
        ("GET", "/iso/dapp/other", 4),
        ("DELETE", "/iso/sctm/secret/1", 4),
    ],
)
def test_resource_sub_not_found(start, method, path, code):
    status, body = start().call(method, path)
    assert (status, body["response"]["message"]) == (404, "Resource sub not found")
    assert body["response"]["error_code"] == code


KEYS = {"public_key": "ssh-ed25519 AAAA x", "private_key": "-----BEGIN X-----\nabc\n-----END X-----\n"}
NEW_KEY = {"ip": "192.0.2.10", "hostname": "web01", "identifier": "k1", "username": "k", **KEYS}


@pytest.mark.parametrize(("profile", "name"), [("3.32", "tag"), ("4.0", "identifier")])
def test_key_read(start, profile, name):
    vault = start(profile)
    entity = vault.call("GET", "/pam/key/4")[1]["key"]
    assert entity[name] == "deploy-key"
    assert entity["password"] is None
    assert entity["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----\r\n")
    assert "\n" not in entity["private_key"].replace("\r\n", "")
    assert entity["devices"] == [{"hostname": "web02", "ip": "192.0.2.11"}]
    assert vault.stored(4)["custody_client"] == 1


def test_key_write(start):
    vault = start()
    devices = [{"hostname": "web02"}, {"hostname": "nowhere"}]
    status, body = vault.call("POST", "/pam/key", json={**NEW_KEY, "devices": devices, "tags": "a,b"})
    assert status == 201
    assert body["response"]["message"] == "Key successfully registered!"
    assert body["key"] == {
        "id": "5",
        "identifier": "k1",
        "devices": [{"hostname": "web02", "ip": "192.0.2.11"}],
        "devices_error": [{"hostname": "nowhere"}],
    }
    body = vault.call("POST", "/pam/key", json={**NEW_KEY, "private_key": "other", "password": "phrase"})[1]
    assert body["response"]["message"] == "Key updated successfully!"
    assert body["key"]["id"] == "5"
    assert (vault.stored(5)["private_key"], vault.stored(5)["password"]) == ("other", "phrase")
    vault.call("POST", "/pam/key", json={**NEW_KEY, "enabled": False})
    assert number(vault.call("GET", "/pam/key/5")) == 1017
    assert vault.call("PUT", "/pam/key/5")[0] == 200
    assert vault.call("DELETE", "/pam/key/5")[1]["response"]["message"] == "Key successfully deactivated"


def test_key_write_on_old_releases(start):
    vault = start("3.32")
    first = vault.raw("POST", "/pam/key", json=NEW_KEY)
    again = vault.raw("POST", "/pam/key", json={"identifier": "k1", "username": "renamed"})
    assert (first.status_code, first.json()["response"]["status"]) == (200, 201)
    assert (again.status_code, again.json()["response"]["status"]) == (201, 201)
    assert vault.stored("k1")["username"] == "renamed"
    assert vault.stored("k1")["public_key"] == KEYS["public_key"]


@pytest.mark.parametrize(
    ("missing", "code"), [("hostname", 1004), ("ip", 1005), ("public_key", 1013), ("private_key", 1014)]
)
def test_key_fields(start, missing, code):
    body = {name: value for name, value in NEW_KEY.items() if name != missing}
    assert number(start().call("POST", "/pam/key", json=body)) == code


def test_key_refusals(start):
    vault = start()
    assert number(vault.call("GET", "/pam/key/99")) == 1015
    assert number(vault.call("GET", "/pam/key/1")) == 1016
    assert number(vault.call("DELETE", "/pam/key/1")) == 1016
    assert number(vault.call("POST", "/pam/key", json={**NEW_KEY, "identifier": "web-root"})) == 1016
    for path in ("/pam/key", "/pam/key/"):
        assert vault.call("GET", path)[0] == 500


def test_key_release_and_vault_rotation(start):
    vault = start()
    vault.control.set_credential("deploy-key", automatic_change=True)
    before = vault.call("GET", "/pam/key/4")[1]["key"]["public_key"]
    assert vault.call("DELETE", "/pam/credential/custody/4")[0] == 200
    assert vault.stored(4)["public_key"] == before
    vault.control.settings(key_rotation_on_release=True)
    vault.call("GET", "/pam/key/4")
    vault.call("DELETE", "/pam/credential/custody/4")
    assert vault.stored(4)["public_key"] != before


def test_devices_are_listed_registered_and_updated(start):
    vault = start()
    assert [d["hostname"] for d in vault.call("GET", "/pam/device")[1]["devices"]] == ["web01", "web02"]
    body = {"hostname": "db01", "ip": "192.0.2.30", "model": "Ubuntu", "type": "Server", "vendor": "C", "site": "DC1"}
    answer = vault.call("POST", "/pam/device", data=body)[1]
    assert answer["response"]["message"] == "Device successfully registered!"
    assert answer["device"]["id"] == "3"
    answer = vault.call("POST", "/pam/device", json={**body, "site": "DC2"})[1]
    assert answer["response"]["message"] == "Device updated successfully!"
    assert answer["device"]["site"] == "DC2"
    assert number(vault.call("POST", "/pam/device", json={**body, "site": ""})) == 1019
    assert number(vault.call("PUT", "/pam/device/1")) == 1044
    assert vault.call("DELETE", "/pam/device/1")[0] == 200
    assert vault.stored(1)["active"] is False
    assert number(vault.call("DELETE", "/pam/device/1")) == number(vault.call("DELETE", "/pam/device/99")) == 1011
    assert vault.control.log()[-2]["changed"] is False
    assert vault.call("PUT", "/pam/device/1")[0] == 200
    assert vault.stored(1)["active"] is False
