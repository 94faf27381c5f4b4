# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ephemeral credentials, automations and encryption keys, in the forms of both releases."""

from __future__ import annotations

import base64

import pytest

POD = {"pod_name": "web-1", "deploy": "web", "namespace": "prod"}
ROTATE = {
    "name": "rotate",
    "triggers": ["When a secret is updated"],
    "devices": [{"hostname": "web01", "credential": "root"}],
}


def secrets(vault):
    return {s["identity"]: s for s in vault.call("GET", "/iso/dapp/application")[1]["application"]["secrets"]}


@pytest.mark.parametrize("profile", ["3.32", "4.0"])
def test_a_pod_gets_a_credential_of_its_own_until_it_is_deprovisioned(start, profile):
    vault = start(profile)
    for name in POD:
        status, body = vault.call("POST", "/iso/coe/dapp/provision", json={**POD, name: ""})
        assert (status, name in body["response"]["message"]) == (400, True)
    status, body = vault.call("POST", "/iso/coe/dapp/provision", json=POD)
    assert status == 200
    if profile == "3.32":
        (secret,) = body["application"]["secrets"]
        data = secret["data"]
    else:
        secret = body["secret"]
        (data,) = secret["data"]
        assert [secret[name] for name in secret if name.startswith("renew_")] == [False] * 4
    assert set(data) == {"USERNAME", "PASSWORD", "TTL"}
    assert secrets(vault)["prod-web-web-1"]["data"] == [data]
    where = "/iso/coe/dapp/deprovision"
    assert vault.call("POST", where, json=POD)[0] == 400
    assert vault.call("POST", where, json={**POD, "deploy": "x", "secret_id": secret["secret_id"]})[0] == 400
    # Not one that was not provisioned.
    assert vault.call("POST", where, json={**POD, "secret_id": secrets(vault)["shop-db"]["secret_id"]})[0] == 404
    assert vault.call("POST", where, json={**POD, "secret_id": secret["secret_id"]})[0] == 200
    assert set(secrets(vault)) == {"shop-db"}
    assert vault.call("POST", where, json={**POD, "secret_id": secret["secret_id"]})[0] == 404


def test_an_identity_is_enough_from_4_0_on(start):
    assert start("3.32").call("POST", "/iso/coe/dapp/provision", json={"identity": "x"})[0] == 400
    vault = start("4.0")
    status, body = vault.call("POST", "/iso/coe/dapp/provision", json={"identity": "job-7"})
    assert (status, body["secret"]["identity"]) == (200, "job-7")
    number = body["secret"]["secret_id"]
    assert vault.call("POST", "/iso/coe/dapp/deprovision", json={"identity": "job-7", "secret_id": number})[0] == 200


@pytest.mark.parametrize("profile", ["3.32", "4.0"])
def test_an_automation_from_end_to_end(start, profile):
    vault = start(profile)
    assert vault.call("POST", "/iso/sctm/automation", json={"tags": "a"})[0] == 400
    assert vault.call("POST", "/iso/sctm/automation", json={**ROTATE, "triggers": ["Always"]})[0] == 400
    assert vault.call("POST", "/iso/sctm/automation", json={**ROTATE, "devices": ["web01"]})[0] == 400
    status, body = vault.call(
        "POST", "/iso/sctm/automation", json={**ROTATE, "tags": "a, b", "secrets": ["shop-db"], "enabled": False}
    )
    made = body["automation"]
    assert status == 201
    assert (made["tags"], made["devices"], made["secrets"]) == ("a,b", ["web01"], ["shop-db"])
    assert not {"enabled", "description", "triggers"} & set(made)
    path = f"/iso/sctm/automation/{made['id']}"
    assert vault.call("GET", "/iso/sctm/automations")[1]["automations"] == [made]
    assert vault.call("GET", path)[1]["automation"] == made
    assert vault.call("PUT", path, json={"template": "t", "secrets": [], "tags": ""})[0] == 200
    changed = {**made, "template": "t", "secrets": [], "tags": None}
    assert vault.call("GET", path)[1]["automation"] == changed
    (stored,) = vault.control.state()["automations"]
    assert (stored["enabled"], stored["triggers"]) == (False, ["When a secret is updated"])
    assert vault.call("DELETE", path)[0] == 200
    for method in ("GET", "PUT", "DELETE"):
        assert vault.call(method, path, json={})[0] == 404


@pytest.mark.parametrize("profile", ["3.32", "4.0"])
def test_an_encryption_key_from_end_to_end(start, profile):
    vault, old = start(profile), profile == "3.32"
    where = "/iso/sctm/encryption"
    ends = "2030-06-01 12:00:00" if old else "2030-06-01T12:00:00Z"
    for wrong in ({"algorithm": "aes256-gcm96"}, {"name": "k"}, {"name": "k", "algorithm": "rot13"}):
        assert vault.call("POST", f"{where}/key", json=wrong)[0] == 400
    new = {"name": "k", "algorithm": "aes256-gcm96", "expiration_date": ends}
    status, body = vault.call("POST", f"{where}/key", json=new)
    number = body["id"]
    assert (status, number) == (200, "1")
    assert vault.call("POST", f"{where}/key", json=new)[0] == 400
    shown = {"id": "1", "name": "k", "description": "", "algorithm": "aes256-gcm96"}
    shown |= {"expiration_date": "06/01/2030 12:00:00" if old else ends, "enabled": "1" if old else True}
    assert vault.call("GET", f"{where}/key")[1]["encryption_keys"] == [shown]
    assert vault.call("GET", f"{where}/key/1")[1]["encryption_key"] == shown
    assert vault.call("PUT", f"{where}/key/1", json={"description": "d"})[1]["encryption_key"]["description"] == "d"
    by = {"key": "k"} if old else {"key_id": number}
    sealed = vault.call("POST", f"{where}/encrypt", json={**by, "version": "1", "value": "Grüße"})[1]["encrypted_value"]
    opened = vault.call("POST", f"{where}/decrypt", json={**by, "version": "1", "value": sealed})[1]
    assert opened["encrypted_value" if old else "decrypted_value"] == "Grüße"
    vault.control.settings(base64_decrypted=True)
    opened = vault.call("POST", f"{where}/decrypt", json={**by, "version": "1", "value": sealed})[1]
    assert opened["encrypted_value" if old else "decrypted_value"] == base64.b64encode("Grüße".encode()).decode()
    for wrong in ({"value": "AAAA"}, {"value": "?"}, {"value": ""}, {"version": "2"}):
        assert vault.call("POST", f"{where}/decrypt", json={**by, "version": "1", "value": sealed, **wrong})[0] == 400
    other = {"key_id": number} if old else {"key": "k"}
    assert vault.call("POST", f"{where}/encrypt", json={**other, "value": "x"})[0] == 400
    assert vault.call("POST", f"{where}/encrypt", json={**dict.fromkeys(by, "99"), "value": "x"})[0] == 404
    assert vault.call("DELETE", f"{where}/key/1")[0] == 200
    assert vault.call("GET", f"{where}/key/1")[1]["encryption_key"]["enabled"] in ("0", False)
    assert vault.call("POST", f"{where}/encrypt", json={**by, "value": "x"})[0] == 400
    assert vault.call("GET", f"{where}/key/9")[0] == 404


def test_what_of_an_application_no_call_shows(start):
    vault = start("4.0")
    names = {"application": "new", "system": "s", "environment": "e"}
    more = {"authentication_method": "OAuth 2.0", "line_of_business": "retail", "cloud_profiles": ["aws"]}
    assert vault.call("POST", "/iso/dapp/application", json={**names, **more})[0] == 200
    later = {"authentication_method": "AWS", "line_of_business": "web"}
    assert vault.call("POST", "/iso/dapp/application", json={**names, **later})[0] == 200
    stored = {a["name"]: a for a in vault.control.state()["applications"]}["new"]
    assert stored["authentication_method"] == "OAuth 2.0"
    assert stored["more"] == {"line_of_business": "web", "cloud_profiles": ["aws"]}
