# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DevOps Secret Manager in the vendor's dialect."""

from __future__ import annotations

import base64
import json

import pytest

CONTENT = {
    "access_keys": [
        {
            "access_key": {
                "type": "aws",
                "fields": {
                    "access_key_id": "AKIA",
                    "access_key_id_label": "AWS_ACCESS_KEY_ID",
                    "secret_access_key": "s",
                    "secret_access_key_label": "AWS_SECRET_ACCESS_KEY",
                },
            }
        }
    ],
    "credentials": [
        {"credential": {"fields": {"user": "app", "user_label": "USERNAME", "password": "pw", "password_label": "P"}}}
    ],
    "key_value": {"fields": {"API_KEY": "abc"}},
}


def encode(content):
    return base64.b64encode(json.dumps(content).encode()).decode()


def secrets(vault):
    return {s["identity"]: s for s in vault.call("GET", "/iso/dapp/application")[1]["application"]["secrets"]}


@pytest.mark.parametrize("profile", ["3.32", "4.0", "all"])
def test_read(start, profile):
    vault = start(profile)
    status, body = vault.call("GET", "/iso/dapp/application")
    application = body["application"]
    assert status == 200
    assert application["name"] == "shop"
    assert application["system"] == "shop"
    assert application["secrets"] == [
        {
            "secret_id": "1",
            "secret_name": "db",
            "identity": "shop-db",
            "version": "1",
            "expiration_date": "",
            "engine": "Generic",
            "data": [{"HOSTNAME": "db01", "USERNAME": "app", "PASSWORD": "pw-Db-1"}, {"API_KEY": "abc"}],
        }
    ]
    assert vault.call("GET", "/iso/dapp/Application")[1] == body
    assert vault.call("GET", "/iso/sctm/secret")[1]["secrets"] == application["secrets"]


@pytest.mark.parametrize("how", ["json", "form", "multipart", "form labelled as JSON"])
def test_write(start, how):
    vault = start()
    fields = {"identity": "new", "name": "New", "engine": "Generic", "expiration_date": "", "data": encode(CONTENT)}
    more = {
        "json": {"json": fields},
        "form": {"data": fields},
        "multipart": {"files": {k: (None, v) for k, v in fields.items()}},
        "form labelled as JSON": {"data": fields, "headers": {"Content-Type": "application/json"}},
    }[how]
    status, body = vault.call("POST", "/iso/sctm/secret", **more)
    assert (status, body["response"]["message"]) == (201, "Secret created successfully.")
    assert secrets(vault)["new"]["data"] == [
        {"USERNAME": "app", "P": "pw"},
        {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "TTL": None},
        {"API_KEY": "abc"},
    ]
    vault.call(
        "POST", "/iso/sctm/secret", data={"identity": "new", "data": encode({"key_value": {"fields": {"A": "b"}}})}
    )
    assert (secrets(vault)["new"]["version"], secrets(vault)["new"]["data"]) == ("2", [{"A": "b"}])
    vault.call("POST", "/iso/sctm/secret", data={"identity": "new", "name": "renamed"})
    assert (secrets(vault)["new"]["version"], secrets(vault)["new"]["data"]) == ("3", [{"A": "b"}])


@pytest.mark.parametrize(
    "change", [{"identity": ""}, {"data": "%%%"}, {"data": encode([1])}, {"data": "YWJj"}, {"engine": "Other"}]
)
def test_write_refusals(start, change):
    vault = start()
    status, body = vault.call("POST", "/iso/sctm/secret", json={"identity": "x", "data": encode(CONTENT), **change})
    assert status == 400
    assert body["response"]["error"] is True
    assert list(secrets(vault)) == ["shop-db"]


def test_client_without_application(start):
    status, body = start().other("limited", "limited-secret").call("GET", "/iso/dapp/application")
    assert (status, body["response"]["error_code"]) == (404, 4)


def test_application_and_authorization(start):
    vault = start()
    fields = {"application": "cli", "system": "s", "environment": "e"}
    status, body = vault.call("POST", "/iso/dapp/application", data=fields)
    assert status == 200
    assert body["response"]["message"].startswith("Application created: (2) cli | Authorization")
    again = vault.call("POST", "/iso/dapp/application", json=fields)[1]
    assert again["id"] == body["id"]
    assert "Application updated: (2) cli | Authorization found" in str(again)
    assert vault.call("POST", "/iso/dapp/application", data={"application": "x"})[0] == 400
    made = vault.other(body["id"], body["signature"])
    assert made.call("GET", "/iso/dapp/application")[1]["application"]["name"] == "cli"
    status, answer = made.call("DELETE", "/iso/dapp/application/authorization", data="a=b",
                               headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer["response"]["message"] == "Authorization deleted successfully."
    status, answer = made.call("DELETE", "/iso/dapp/application/authorization")
    assert (status, answer["response"]["message"]) == (401, "Inactive authorization")


def test_variables(start):
    def url_base64(text):
        return base64.b64encode(text.encode()).decode().translate(str.maketrans("+/=", "-_,"))

    vault = start()
    mapping = {"key_value": [{"name": "n", "fields": ["A"]}]}
    fields = {"env": url_base64("A=1=2\nB=>>>???\n"), "map": url_base64(json.dumps(mapping))}
    status, body = vault.call("POST", "/iso/cicd/variables", data=fields)
    assert status == 200
    assert set(body) == {"code", "response", "tenant"}
    application = vault.control.state()["applications"][0]
    assert (application["variables"], application["mapping"]) == ({"A": "1=2", "B": ">>>???"}, mapping)
    assert vault.call("POST", "/iso/cicd/variables", data={**fields, "map": "%"})[0] == 400
