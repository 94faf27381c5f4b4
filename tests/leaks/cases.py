# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each plugin, and what is done with it. A plugin that gets an entry in one of the two tables has all cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from leaks.world import World
from workspace import ROOT

COLLECTION = "community.senhasegura"
Task = dict[str, Any]
SECRET = "{{ canary.client_secret }}"


@dataclass(frozen=True)
class Case:
    """One task, what must come of it (ok, changed or failed), and what an error text must match."""

    name: str
    task: Task
    status: str = "failed"
    says: str = ""

    @property
    def plugin(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class Lookup:
    """``term`` names what holds ``secret``; ``value``, ``in_dict`` and ``in_raw`` say where in what is returned."""

    term: str
    secret: str
    value: str = ""
    in_dict: str = ".password"
    in_raw: str = ".password"
    good: dict[str, str] = field(default_factory=dict)  # name -> more options
    wrong: dict[str, str] = field(default_factory=dict)
    sealed: str = "sealed"  # the term of a value that looks like ciphertext
    unmet: tuple[str, ...] = ()  # scenarios in which it does not fail


@dataclass(frozen=True)
class Module:
    """``good`` are calls that work, in their order, with their status; ``reach`` is one that sends what it has."""

    reach: dict[str, Any]
    good: tuple[tuple[str, dict[str, Any], str], ...]
    wrong: dict[str, dict[str, Any]] = field(default_factory=dict)
    secret: tuple[str, str] = ("", "")  # where in its result which secret is
    returns: str = "ok"  # the status of the call that returns it
    checked: str = "failed"  # the status in check mode of a call that would fail; nothing may be asked for it
    missing: dict[str, Any] = field(default_factory=dict)  # options that name nothing
    write: dict[str, Any] = field(default_factory=dict)  # options with which reach writes for sure
    unmet: tuple[str, ...] = ()  # scenarios in which it does not fail


_RELEASE = {"released": "release=true"}
_CUSTODY_WRONG = {
    name: f"{name}=canary.password" for name in ("release", "check_mode", "on_release_failure", "on_ciphertext")
}
# An access key has a login of its own, and no dialect.
_NOT_OF_MYSAFE = ("oauth1 refused", "oauth1 incomplete", "aws", "secret as dialect")
LOOKUPS: dict[str, Lookup] = {
    "password": Lookup("web-root", "password", good=_RELEASE, wrong=_CUSTODY_WRONG),
    "credential": Lookup("web-root", "password", ".password", good=_RELEASE, wrong=_CUSTODY_WRONG),
    "ssh_key": Lookup(
        "deploy-key", "private_key", "", ".private_key", ".private_key", _RELEASE, _CUSTODY_WRONG, "sealed-key"
    ),
    "secret": Lookup(
        "shop-db",
        "dsm_value",
        ".PASSWORD",
        ".data[0].PASSWORD",
        ".data[0].PASSWORD",
        wrong={"duplicates": "duplicates=canary.password"},
        sealed="sealed-db",
    ),
    "mysafe": Lookup(
        "portal",
        "password",
        wrong={
            "kind": "kind=canary.password",
            "secret of the access key": "mysafe_client_secret=[canary.client_secret]",
            "login of the access key": "mysafe_auth_method=canary.client_secret",
        },
        sealed="portal-sealed",
        unmet=_NOT_OF_MYSAFE,
    ),
    "protected_information": Lookup("wifi", "dsm_value", "", ".content", ".content", sealed="sealed-information"),
}

_INFORMATION = {"identifier": "leaks", "type": "Text", "content": "{{ canary.new_dsm_value }}"}
_PLACE = {"hostname": "web01", "ip": "192.0.2.10"}
_CREDENTIAL = {
    **_PLACE,
    "password": "{{ canary.new_password }}",
    "additional_settings": {"secret_key": "{{ canary.totp_seed }}"},
}
_NEW = {"identifier": "new", "username": "new", **_CREDENTIAL}
_UPDATE = {"identifier": "to-update", "username": "update", **_CREDENTIAL, "update_password": "always"}
_DEVICE = {**_PLACE, "hostname": "leaks", "type": "Server", "vendor": "V", "model": "M", "site": "S"}
_ONBOARDED = {
    "devices": [{**_DEVICE, "hostname": "onboarded"}],
    "credentials": [{"hostname": "onboarded", "username": "root", "password": "{{ canary.new_password }}"}],
}
_NOT_THERE = [{**_PLACE, "identifier": "not-there", "username": "not-there", "password": "{{ canary.new_password }}"}]
_SCIM = {"username": "leaks", "external_id": "1", "full_name": "Leaks", "email": "leaks@example.com"}
_WEB_SESSION = {"state": "started", "user": "jdoe", "credential": "root", "device": "web01", "protocol": "ssh"}
_OFF = {"identifier": "to-disable", "username": "disable", "hostname": "web01"}
_KEY = {
    **_PLACE,
    "identifier": "new-key",
    "username": "new",
    "private_key": "{{ canary.new_private_key }}",
    "passphrase": "{{ canary.passphrase }}",
}
_SECRET = {"identifier": "to-change", "key_value": {"API_KEY": "{{ canary.new_dsm_value }}"}}
_MERGED = {"identifier": "to-merge", "data_mode": "merge", "key_value": {"MORE": "{{ canary.new_dsm_value }}"}}
_BLOCK = {"user": "app", "host": "db01", "password": "{{ canary.new_dsm_value }}"}
_ACCESS_KEY = {"type": "aws", "access_key_id": "AKIA", "secret_access_key": "{{ canary.new_dsm_value }}"}
_APPLICATION = {"application": "leaks", "system": "web", "environment": "prod", "allowed_ips": ["192.0.2.1"]}
_VARIABLES = {
    "mapping": {"key_value": [{"name": "TOKENS", "fields": ["API_KEY"]}]},
    "variables": {"API_KEY": "{{ canary.new_dsm_value }}", "UNUSED": "{{ canary.password }}"},
}
_EPHEMERAL = {"pod_name": "web-1", "deploy": "web", "namespace": "prod"}
# The vault alone changes it; nothing is done to this machine.
_PORTAL = {"name": "portal-to-update", "username": "shop", "target_url": "https://portal.example"}
_MYSAFE_WRONG: dict[str, dict[str, Any]] = {
    "state": {"state": SECRET},
    "users as text": {"users": SECRET},
    "user as text": {"users": [SECRET]},
    "unknown part of user": {"users": [{"username": "bob", "passwort": SECRET}]},
    "wrong part of user": {"users": [{"username": [SECRET]}]},
    "can_edit": {"groups": [{"name": "ops", "can_edit": SECRET}]},
    "tags": {"tags": {"a": SECRET}},
    "update_attributes": {"update_attributes": SECRET},
    "secret of the access key": {"mysafe_client_secret": [SECRET]},
    "login of the access key": {"mysafe_auth_method": SECRET},
    "key of the access key": {"mysafe_decryption_key": "-----BEGIN PRIVATE KEY-----{{ canary.file_content }}"},
}
_MYSAFE_INFO_WRONG: dict[str, dict[str, Any]] = {
    "include_secrets": {"include_secrets": SECRET},
    "details": {"details": SECRET},
    "secret of the access key": {"mysafe_client_secret": {"a": SECRET}},
}
_NOTE = {"name": "door-to-update", "note": "{{ canary.new_dsm_value }}"}
_API = {"name": "new", "target_url": "https://api.example", "api_client_id": "{{ canary.new_dsm_value }}"}
_API_SECRET = {"identifier": "payments-to-update", "api_client_secret": "{{ canary.new_dsm_value }}"}
_BY_VAULT = {"credential": "to-rotate", "mode": "vault", "verify": "hash_only", "wait_timeout": 10}
_NO_USERS_KEY = {"ssh_key": "key-to-rotate", "user": "nobody-here"}
_NO_USER = {"credential": "web-root", "user": "nobody-here"}
_FILE = {"secrets": ["shop-db"], "path": "{{ scratch }}/secrets"}
_FOLDER = {**_FILE, "path": "{{ scratch }}/folder", "format": "files"}
_COMMAND = {"secrets": ["shop-db"], "argv": ["sh", "-c", 'echo "$PASSWORD"; echo "$API_KEY" | base64 >&2']}
_EXTERNAL_SECRET = {"name": "db", "data": [{"secret_key": "a", "identifier": "shop-db", "property": "PASSWORD"}]}
_EXTERNAL = {"external_secrets": [_EXTERNAL_SECRET]}
_K8S_SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "auth"},
    "stringData": {"clientSecret": "{{ canary.new_dsm_value }}"},
}
MODULES: dict[str, Module] = {
    "credential": Module(
        _UPDATE,
        (
            ("create", _NEW, "changed"),
            ("again", _NEW, "ok"),
            ("update", _UPDATE, "changed"),
            ("disable", {**_OFF, "state": "disabled"}, "changed"),
            ("absent", {**_OFF, "state": "absent"}, "ok"),
        ),
        {
            "state": {"state": SECRET},
            "parent": {"parent": SECRET},
            "device as text": {"device": SECRET},
            "unknown part of device": {"device": {"passwort": SECRET}},
            "wrong part of device": {"device": {"tags": {"a": SECRET}}},
            "settings as text": {"additional_settings": SECRET},
            "settings as list": {"additional_settings": [SECRET]},
            "two names": {"hostname": None, "additional": SECRET},
        },
        missing={"id": "999999"},
    ),
    "credential_info": Module(
        {"identifier": "web-root"}, (("one", {"identifier": "web-root"}, "ok"), ("all", {}, "ok"))
    ),
    "credential_rotate": Module(
        {"credential": "to-rotate"},
        (("rotate", {"credential": "to-rotate", "wait_timeout": 10}, "changed"),),
        {"wait": {"wait": SECRET}, "wait_timeout": {"wait_timeout": SECRET}},
        missing={"credential": "nobody"},
    ),
    "custody": Module(
        {"credential": "to-release"},
        (("release", {"credential": "to-release"}, "ok"),),
        {"state": {"state": SECRET}},
        missing={"credential": "nobody"},
    ),
    # With hosts: tests/integration/test_role_linux_password.py.
    "linux_password_change": Module(
        _BY_VAULT,
        (("rotate", _BY_VAULT, "changed"), ("recover", {**_BY_VAULT, "state": "recovered"}, "ok")),
        {
            "verify": {"verify": SECRET},
            "mode": {"mode": SECRET},
            "max_age_days": {"max_age_days": SECRET},
            "deadline": {"deadline": SECRET},
            "accept": {"accept": [SECRET]},
            "policy as text": {"policy": SECRET},
            "unknown part of policy": {"policy": {"passwort": SECRET}},
            "wrong part of policy": {"policy": {"length": SECRET}},
            "wrong part of chage": {"chage": {"max_days": SECRET}},
        },
        missing={"credential": "nobody"},
    ),
    # With hosts: tests/integration/ssh_key.
    "linux_ssh_key_rotation": Module(
        _NO_USERS_KEY,
        (
            ("no such user", _NO_USERS_KEY, "failed"),
            ("no such host", {"ssh_key": "key-to-rotate", "hosts": ["nowhere"]}, "failed"),
            ("not by the vault", {"ssh_key": "key-to-rotate", "mode": "vault"}, "failed"),
        ),
        {
            "user": {"user": [SECRET]},
            "hosts": {"hosts": {"a": SECRET}},
            "mode": {"mode": SECRET},
            "unreachable": {"unreachable": SECRET},
            "type": {"type": SECRET},
            "bits": {"bits": SECRET},
            "passphrase": {"passphrase": [SECRET]},
            "grace": {"grace": SECRET},
            "max_age_days": {"max_age_days": SECRET},
        },
        missing={"ssh_key": "nobody"},
    ),
    # It says what is broken, and needs neither the broker nor a server that works.
    "doctor": Module(
        {"credential": "web-root"},
        (
            ("examine", {}, "ok"),
            ("read", {"credential": "web-root"}, "ok"),
            ("read, all verdicts", {"credential": "web-root", "expect": ["pam", "dsm", "write"]}, "ok"),
        ),
        {
            "expect": {"expect": [SECRET]},
            "fail_on": {"fail_on": SECRET},
        },
        checked="",
    ),
    # What it writes holds secrets; tests/unit/plugins/plugin_utils/test_manifest_files.py looks into that.
    "external_secrets": Module(
        {**_EXTERNAL, "create_store": False},
        (
            ("compare", _EXTERNAL, "ok"),
            ("return", {**_EXTERNAL, "include_manifests": True}, "ok"),
            ("given", {"manifests": [_K8S_SECRET], "include_manifests": True}, "ok"),
        ),
        {
            "kind": {"external_secrets": None, "manifests": [{"kind": SECRET}]},
            "name": {"external_secrets": None, "manifests": [{"kind": "Role", "metadata": {"name": SECRET}}]},
            "plain data": {"external_secrets": None, "manifests": [{**_K8S_SECRET, "data": {"a": SECRET}}]},
            "list as text": {"external_secrets": None, "manifests": [{**_K8S_SECRET, "stringData": {"a": [SECRET]}}]},
            "text for manifests": {"external_secrets": None, "manifests": SECRET},
            "api_version": {"api_version": SECRET},
            "store": {"create_store": True, "store": SECRET},
            "password in url": {
                "create_store": True,
                "store_url": "https://user:{{ canary.alphanumeric }}@pam.example.com",
            },
            "secrets": {"external_secrets": SECRET},
            "unknown part": {"external_secrets": [{"name": "a", "passwort": SECRET}]},
            "refresh_interval": {"external_secrets": [{**_EXTERNAL_SECRET, "refresh_interval": SECRET}]},
        },
        missing={"external_secrets": [{"name": "a", "extract": [{"identifier": "nobody"}]}]},
        # ESO has no such key, so it is not used.
        unmet=("no key in file", "no key in text"),
    ),
    "rotation_info": Module(
        _NO_USER,
        (("no such user", _NO_USER, "failed"),),
        {"compare": {"compare": SECRET}},
        missing={"credential": "nobody"},
    ),
    "ssh_key": Module(
        {**_KEY, "update_key": "always"},
        (
            ("create", _KEY, "changed"),
            ("again", _KEY, "ok"),
            ("replace", {**_KEY, "update_key": "always"}, "changed"),
            ("disable", {"identifier": "key-to-disable", "state": "disabled"}, "changed"),
        ),
        {
            "no key": {"private_key": "{{ canary.file_content }}"},
            "wrong passphrase": {"passphrase": "{{ canary.password }}"},
            "other public key": {"public_key": "{{ public_key }}"},
            "secret as public key": {"public_key": "{{ canary.private_key }}"},
            "state": {"state": SECRET},
            "rotation_days": {"rotation_days": SECRET},
            "devices": {"devices": {"a": SECRET}},
        },
    ),
    "ssh_key_info": Module(
        {"identifier": "deploy-key", "include_key": True},
        (
            ("list", {}, "ok"),
            ("with key", {"identifier": "deploy-key", "include_key": True}, "ok"),
        ),
        {"include_key": {"include_key": SECRET}},
        ("ssh_keys[0].private_key", "private_key"),
    ),
    "ssh_key_rotate": Module(
        {"ssh_key": "key-to-rotate"},
        (
            ("replace", {"ssh_key": "key-to-rotate"}, "changed"),
            # Without the library bcrypt it fails.
            ("protect", {"ssh_key": "key-to-rotate", "passphrase": "{{ canary.passphrase }}"}, ""),
        ),
        {"type": {"type": SECRET}, "bits": {"bits": SECRET}, "mode": {"mode": SECRET}, "wait": {"wait": SECRET}},
        missing={"ssh_key": "nobody"},
    ),
    "secret": Module(
        _SECRET,
        (
            ("create", {"identifier": "new", "credentials": [_BLOCK], "access_keys": [_ACCESS_KEY]}, "changed"),
            ("again", {"identifier": "new", "credentials": [_BLOCK], "access_keys": [_ACCESS_KEY]}, "ok"),
            ("update", _SECRET, "changed"),
            ("merge", _MERGED, "changed"),
            ("merge again", _MERGED, "ok"),
            ("merge, one gone", {**_MERGED, "key_value": {"MORE": None}}, ""),
        ),
        {
            "state": {"state": SECRET},
            "data_mode": {"data_mode": SECRET},
            "application": {"application": [SECRET]},
            "text for map": {"key_value": SECRET},
            "list for map": {"key_value": [SECRET]},
            "nested map": {"key_value": {"A": {"B": SECRET}}},
            "nested list": {"key_value": {"A": [SECRET]}},
            "boolean": {"key_value": {"A": True, "B": SECRET}},
            "text for credentials": {"credentials": SECRET},
            "text in credentials": {"credentials": [SECRET]},
            "unknown part": {"credentials": [{"user": "a", "passwort": SECRET}]},
            "wrong part": {"credentials": [{"user": {"a": SECRET}, "password": [SECRET]}]},
            "wrong access key": {"access_keys": [{"type": "aws", "secret_access_key": [SECRET], "unknown": SECRET}]},
        },
        write={"identifier": "not-there"},
    ),
    "device": Module(
        {**_DEVICE, "hostname": "web02", "connectivities": ["SSH:2222"]},
        (
            ("create", _DEVICE, "changed"),
            ("again", _DEVICE, "ok"),
            ("update", {"hostname": "leaks", "tags": ["b"]}, "changed"),
            ("disable", {"hostname": "leaks", "state": "disabled"}, "changed"),
        ),
        {
            "state": {"state": SECRET},
            "tags": {"tags": {"a": SECRET}},
            "connectivities": {"connectivities": [{"a": SECRET}]},
        },
        missing={"id": "999999"},
    ),
    "device_info": Module({}, (("all", {}, "ok"), ("read", {"hostname": "web01", "details": True}, "ok"))),
    "dsm_application": Module(
        _APPLICATION,
        (("make", _APPLICATION, "changed"), ("find", _APPLICATION, "ok")),
        {
            "state": {"state": SECRET},
            "authorized_resources": {"authorized_resources": [SECRET]},
            "expires_at": {"expires_at": SECRET},
            "credential_profiles": {"credential_profiles": [{"device": SECRET}]},
            "encryption_enabled": {"encryption_enabled": SECRET},
        },
        ("authorization.client_secret", "dsm_value"),
        # It changes something where no call was before it.
        returns="",
    ),
    "dsm_application_info": Module({}, (("own", {}, "ok"),)),
    "dsm_automation": Module(
        {"name": "watch", "triggers": ["When a secret is updated"], "update_attributes": "always"},
        (
            ("create", {"name": "watched", "secrets": ["shop-db"]}, "changed"),
            ("again", {"name": "watched", "secrets": ["shop-db"]}, "ok"),
            ("delete", {"name": "watched", "state": "absent"}, "changed"),
        ),
        {
            "state": {"state": SECRET},
            "triggers": {"triggers": [SECRET]},
            "enabled": {"enabled": SECRET},
            "devices": {"devices": [{"hostname": "web01", "password": SECRET}]},
        },
        missing={"id": "999999"},
    ),
    "dsm_automation_info": Module({}, (("all", {}, "ok"), ("named", {"name": "nothing"}, "ok"))),
    "dsm_variables": Module(
        _VARIABLES,
        (("upload", _VARIABLES, "changed"), ("again", _VARIABLES, "ok")),
        {
            "text for map": {"variables": SECRET},
            "nested": {"variables": {"API_KEY": {"a": SECRET}}},
            "line end": {"variables": {"API_KEY": "{{ canary.new_dsm_value ~ '\\n' }}"}},
            "value for a name": {"mapping": {"key_value": [{"name": "TOKENS", "fields": ["A=" + SECRET]}]}},
            "mapping": {"mapping": SECRET},
            "mapping_file": {"mapping": None, "mapping_file": "/nowhere/{{ canary.alphanumeric }}"},
        },
        write={"mapping": {"key_value": [{"name": "NOT-THERE", "fields": ["API_KEY"]}]}},
    ),
    "ephemeral_credential": Module(
        _EPHEMERAL,
        (
            ("provision", _EPHEMERAL, "changed"),
            ("remove", {**_EPHEMERAL, "state": "absent", "secret_id": "9999"}, "ok"),
        ),
        {"state": {"state": SECRET}, "deprovision_at_end": {"deprovision_at_end": SECRET}},
        ("secret.data[0].PASSWORD", "dsm_value"),
        returns="changed",
        checked="changed",
    ),
    "encryption_key": Module(
        {"name": "leaks"},
        (
            ("create", {"name": "leaks-new"}, "changed"),
            ("again", {"name": "leaks-new"}, "ok"),
            ("disable", {"name": "leaks-new", "state": "disabled"}, "changed"),
        ),
        {"state": {"state": SECRET}, "expires_at": {"expires_at": SECRET}},
        missing={"id": "999999"},
    ),
    "encryption_key_info": Module({}, (("all", {}, "ok"),)),
    "encrypt": Module(
        {"key": "1", "value": "{{ canary.new_dsm_value }}"},
        (("text", {"key": "1", "value": "{{ canary.new_dsm_value }}"}, "ok"),),
        {"value": {"value": [SECRET]}},
        missing={"key": "nobody"},
        # The answer of the world comes before the server looks at the signature.
        unmet=("oauth1 refused",),
    ),
    "decrypt": Module(
        {"key": "1", "value": "AAAA"},
        (("text", {"key": "1", "value": "AAAA"}, "ok"),),
        {"decode_base64": {"decode_base64": SECRET}},
        ("value", "dsm_value"),
        missing={"key": "nobody"},
        unmet=("oauth1 refused",),
    ),
    "mysafe_password": Module(
        {**_PORTAL, "password": "{{ canary.new_password }}", "totp_seed": "{{ canary.totp_seed }}", "tags": ["a"]},
        (
            ("create", {**_PORTAL, "name": "new", "password": "{{ canary.new_password }}"}, "changed"),
            ("again", {**_PORTAL, "name": "new", "password": "{{ canary.new_password }}"}, "ok"),
            ("seed and notes", {"name": "new", "totp_seed": "{{ canary.totp_seed }}", "notes": SECRET}, "changed"),
            ("disable", {"name": "new", "state": "disabled"}, "changed"),
        ),
        {**_MYSAFE_WRONG, "password as list": {"password": [SECRET]}},
        missing={"id": "999999"},
        write={"name": "not-there"},
        unmet=_NOT_OF_MYSAFE,
    ),
    "mysafe_password_info": Module(
        {"name": "portal", "include_secrets": True},
        (("list", {}, "ok"), ("details", {"details": True}, "ok"), ("secrets", {"include_secrets": True}, "ok")),
        _MYSAFE_INFO_WRONG,
        ("mysafe_passwords[0].password", "password"),
        unmet=_NOT_OF_MYSAFE,
    ),
    "mysafe_note": Module(
        {**_NOTE, "tags": ["a"]},
        (
            ("create", {**_NOTE, "name": "new"}, "changed"),
            ("again", {**_NOTE, "name": "new"}, "ok"),
            ("too long", {"name": "new", "note": "{{ canary.new_dsm_value * 50 }}"}, "failed"),
        ),
        {**_MYSAFE_WRONG, "note as list": {"note": [SECRET]}},
        missing={"id": "999999"},
        write={"name": "not-there"},
        unmet=_NOT_OF_MYSAFE,
    ),
    "mysafe_note_info": Module(
        {"name": "door", "include_secrets": True},
        (("list", {}, "ok"), ("details", {"details": True}, "ok")),
        _MYSAFE_INFO_WRONG,
        ("mysafe_notes[0].note", "dsm_value"),
        unmet=_NOT_OF_MYSAFE,
    ),
    "mysafe_api_secret": Module(
        {**_API_SECRET, "tags": ["a"]},
        (
            ("create", {**_API_SECRET, "identifier": "new", **_API}, "changed"),
            ("again", {**_API_SECRET, "identifier": "new", **_API}, "ok"),
            ("no identifier", {**_API_SECRET, "identifier": "a b"}, "failed"),
        ),
        {**_MYSAFE_WRONG, "secret as map": {"api_client_secret": {"a": SECRET}}},
        missing={"id": "999999"},
        write={"identifier": "not-there", **_API},
        unmet=_NOT_OF_MYSAFE,
    ),
    "mysafe_api_secret_info": Module(
        {"identifier": "payments", "include_secrets": True},
        (("list", {}, "ok"), ("details", {"details": True}, "ok")),
        _MYSAFE_INFO_WRONG,
        ("mysafe_api_secrets[0].api_client_secret", "dsm_value"),
        unmet=_NOT_OF_MYSAFE,
    ),
    "scim_user": Module(
        {**_SCIM, "password": "{{ canary.new_password }}"},
        (
            ("create", {**_SCIM, "password": "{{ canary.new_password }}"}, "changed"),
            ("again", {**_SCIM, "password": "{{ canary.new_password }}"}, "ok"),
            ("update", {"username": "leaks", "groups": ["a"]}, "changed"),
            ("disable", {"username": "leaks", "state": "disabled"}, "changed"),
            ("delete", {"username": "leaks", "state": "absent"}, "changed"),
        ),
        {
            "state": {"state": SECRET},
            "patch_style": {"patch_style": SECRET},
            "groups": {"groups": {"a": SECRET}},
            "password": {"password": [SECRET]},
        },
        missing={"id": "999999"},
        write={"username": "not-there", "external_id": "2"},
    ),
    "scim_user_info": Module({}, (("all", {}, "ok"), ("read", {"details": True}, "ok"))),
    "protected_information": Module(
        {**_INFORMATION, "identifier": "not-there"},
        (
            ("create", _INFORMATION, "changed"),
            ("again", _INFORMATION, "ok"),
            ("other content", {**_INFORMATION, "content": "{{ canary.password }}"}, "failed"),
            ("deactivate", {"identifier": "leaks", "content": None, "state": "absent"}, "changed"),
        ),
        {
            "state": {"state": SECRET},
            "content": {"content": [SECRET]},
            "type": {"type": [SECRET]},
        },
        checked="changed",
        # Without an identifier, each makes another one.
        write={"identifier": None},
    ),
    "related_user": Module(
        {"name": "not-there", "username": "jdoe"},
        (
            ("create", {"name": "leaks", "username": "jdoe"}, "changed"),
            ("again", {"name": "leaks", "username": "jdoe"}, "ok"),
            ("update", {"name": "leaks", "username": "asmith"}, "changed"),
            ("deactivate", {"name": "leaks", "state": "absent"}, "changed"),
        ),
        {"state": {"state": SECRET}, "username": {"username": [SECRET]}},
        missing={"id": "999999"},
    ),
    "session_info": Module({}, (("all", {}, "ok"), ("one", {"id": "1"}, "ok"))),
    "session": Module(
        _WEB_SESSION,
        (
            ("start", _WEB_SESSION, "changed"),
            ("end", {"state": "terminated", "id": "1"}, "changed"),
            ("end again", {"state": "terminated", "id": "1"}, "ok"),
        ),
        {
            "state": {"state": SECRET},
            "port": {"port": SECRET},
            "session_id": {"state": "terminated", "session_id": [SECRET]},
        },
        ("session.token", "dsm_value"),
        returns="changed",
        checked="changed",
    ),
    "secret_info": Module(
        {"identifier": "shop-db", "include_data": True},
        (("list", {}, "ok"), ("with data", {"identifier": "shop-db", "include_data": True}, "ok")),
        {"include_data": {"include_data": SECRET}},
        ("secrets[0].data[0].PASSWORD", "dsm_value"),
    ),
    "secrets_command": Module(
        _COMMAND,
        (
            ("run", _COMMAND, "changed"),
            ("failing", {**_COMMAND, "argv": [*_COMMAND["argv"][:2], "env; exit 1"]}, "failed"),
            ("no program", {**_COMMAND, "argv": ["/nowhere"]}, "failed"),
        ),
        {
            "argv": {"argv": {"a": SECRET}},
            "chdir": {"chdir": "/nowhere/{{ canary.alphanumeric }}"},
            "command_timeout": {"command_timeout": SECRET},
            "duplicates": {"duplicates": SECRET},
            "rename": {"rename": SECRET},
            "part of rename": {"rename": {"PASSWORD": [SECRET]}},
            "keep_environment": {"keep_environment": SECRET},
        },
        missing={"secrets": ["nobody"]},
    ),
    # These list, and secrets are not in lists. Who gives one as a name has it in the result.
    "audit_report": Module(
        {},
        (("report", {"holders": [{"credential": "web-root", "user": "alice"}]}, "ok"),),
        {
            "holders": {"holders": SECRET},
            "part of holders": {"holders": [{"credential": "web-root", "user": "a", "passwort": SECRET}]},
            "usage": {"usage": [{"credential": "web-root", "hosts": {"a": SECRET}}]},
        },
    ),
    "vault_export": Module(
        {},
        (("export", {}, "ok"), ("compare", {"expected": {"devices": [{"hostname": "gone"}]}}, "ok")),
        {
            "include": {"include": [SECRET]},
            "details": {"details": SECRET},
            "expected": {"expected": SECRET},
            "part of expected": {"expected": {"credentials": [{"hostname": "a", "password": SECRET}]}},
            "wrong part": {"expected": {"devices": [{"tags": {"a": SECRET}}]}},
        },
    ),
    "onboarding": Module(
        _ONBOARDED,
        (("create", _ONBOARDED, "changed"), ("again", _ONBOARDED, "ok")),
        {
            "devices": {"devices": SECRET},
            "unknown part": {"credentials": [{"hostname": "a", "username": "b", "passwort": SECRET}]},
            "list for password": {"credentials": [{"hostname": "a", "username": "b", "password": [SECRET]}]},
            "twice": {"credentials": [*_NOT_THERE, *_NOT_THERE]},
            "allow_shared_account": {"allow_shared_account": SECRET},
        },
        write={"credentials": _NOT_THERE},
    ),
    # What is meant to be in a file is in a folder where nobody looks.
    "secrets_file": Module(
        _FILE,
        (
            ("write", _FILE, "changed"),
            ("again", _FILE, "ok"),
            ("folder", _FOLDER, "changed"),
            ("to a host", {**_FILE, "location": "host", "format": "json"}, "changed"),
            ("refused", {**_FILE, "format": "docker_env", "rename": {"PASSWORD": "PATH"}}, "failed"),
            ("remove", {**_FILE, "state": "absent"}, "changed"),
        ),
        {
            "state": {"state": SECRET},
            "format": {"format": SECRET},
            "tool_name": {"tool_name": SECRET},
            "mode": {"mode": SECRET},
            "location": {"location": SECRET},
            "duplicates": {"duplicates": SECRET},
            "rename": {"rename": SECRET},
            "remove_at_end": {"remove_at_end": SECRET},
            "k8s_name": {"format": "k8s_secret", "k8s_name": SECRET},
        },
        missing={"secrets": ["nobody"]},
    ),
}

# Options that all plugins have, with a secret where it does not belong.
WRONG_OPTIONS: dict[str, Any] = {
    "time-out": {"timeout": SECRET},
    "retries": {"retries": SECRET},
    "boolean": {"validate_certs": SECRET},
    "choice": {"dialect": SECRET},
    "list": {"client_secret": [SECRET]},
    "map": {"client_secret": {"a": SECRET}},
    "url": {"url": "https://user:{{ canary.alphanumeric }}@localhost"},
    "proxy": {"proxy": "ftp://user:{{ canary.alphanumeric }}@localhost"},
    "ca": {"ca_path": "/nowhere/{{ canary.alphanumeric }}"},
    "unknown": {"client_secret": SECRET, "passwort": "{{ canary.password }}"},
    "configuration": {"config_file": "/nowhere/{{ canary.alphanumeric }}"},
    "PEM text": {"decryption_key": "-----BEGIN PRIVATE KEY-----{{ canary.file_content }}"},
    "client key": {"client_cert": "{{ canary.client_key }}", "client_key": "{{ canary.client_key }}"},
    "on_ciphertext": {"on_ciphertext": SECRET},
}


# It reaches no server and is given no secret; tests/unit/plugins/plugin_utils/report looks into what it writes.
_WITHOUT_SECRETS = {"rotation_report"}
# It talks to AWX; tests/integration/test_awx_setup.py looks into what it leaves.
_OF_AWX = {"awx_setup"}


def existing(kind: str) -> set[str]:
    """Return the names of all plugins of a kind that have to do with secrets."""
    return {path.stem for path in (ROOT / "plugins" / kind).glob("*.py")} - _WITHOUT_SECRETS - _OF_AWX


def all_cases(world: World) -> list[Case]:
    """Every case of every plugin."""
    cases = [case for name, entry in LOOKUPS.items() for case in lookup_cases(world, name, entry)]
    return cases + [case for name, entry in MODULES.items() for case in module_cases(world, name, entry)]


def lookup_cases(world: World, name: str, entry: Lookup) -> Iterator[Case]:
    def call(options: str = "", *, config: str = "ok", term: str = repr(entry.term), kind: str = "lookup") -> str:
        more = f", {options}" if options else ""
        return f"{kind}('{COLLECTION}.{name}', {term}, config_file={world.config(config)!r}{more})"

    def case(title: str, expression: str, status: str = "failed", says: str = "", **keywords: Any) -> Case:
        task = {"ansible.builtin.assert": {"that": expression}, **keywords}
        return Case(f"lookup {name}: {title}", task, status, says)

    right = f"canary.{entry.secret}"

    def equal(value: str) -> str:
        return f"({value}){entry.value} == {right}"

    yield case("value", equal(call()), "ok")
    yield case("value, no_log", equal(call()), "ok", no_log=True)
    for title, options in entry.good.items():
        yield case(title, equal(call(options)), "ok")
    for form, where in (("dict", entry.in_dict), ("raw", entry.in_raw)):
        yield case(form, f"{call(f'return_format={form!r}')}{where} == {right}", "ok")
    yield case("query", f"({call(kind='query', term=f'[{entry.term!r}, {entry.term!r}]')} | length) == 2", "ok")
    yield case("loop", equal(call(term="item")), "ok", loop=[entry.term, entry.term])
    yield case("variable", "value" + entry.value + f" == {right}", "ok", vars={"value": "{{ " + call() + " }}"})
    nobody = repr("nobody")
    yield case("missing", call(term=nobody), "failed", "nobody")
    yield case("missing, skipped", call("on_missing='skip'", term=nobody, kind="query") + " == []", "ok")
    yield case("missing, warned of", call("on_missing='warn'", term=nobody, kind="query") + " == []", "ok")
    yield case("missing, default", f"{call('default=canary.password', term=nobody)} == canary.password", "ok")
    yield case("in a loop", call(config="500 that echoes, raw", term="item"), loop=[entry.term, entry.term])
    again = {"until": "result is success", "retries": 1, "delay": 0}
    yield case("until", call(config="500 that echoes, raw"), **again)
    for errors in ("warn", "ignore"):
        for config in ("500 that echoes, raw", "wrong secret", "RuntimeError in connection merge"):
            called = call(f"errors={errors!r}", config=config, kind="query")
            yield case(f"errors={errors}, {config}", f"({called}) is defined", "ok")
    for scenario in world.failing(f"lookup {name}"):
        if scenario.only:
            refused = "release=true, on_release_failure='error'"
            yield case(scenario.title, equal(call(refused, config=scenario.name)), "failed", scenario.says)
            yield case(f"{scenario.title}, warned of", equal(call("release=true", config=scenario.name)), "ok")
        else:
            met = scenario.name not in entry.unmet
            called = equal(call(config=scenario.name))
            yield case(scenario.title, called, *(("failed", scenario.says) if met else ("",)))
    yield case("oauth1", equal(call(config="oauth1")), "ok")
    # An SSH key is too long to be encrypted.
    yield case("keys as text", equal(call(config="keys as text")), "" if name == "ssh_key" else "ok")
    sealed = repr(entry.sealed)
    yield case("ciphertext, warned of", f"({call(term=sealed)}){entry.value} | trim == canary.ciphertext", "ok")
    yield case("ciphertext", call("on_ciphertext='error'", term=sealed), "failed", "looks like ciphertext")
    for fault in (*world.faults["faults"], *world.faults["broker"]):
        yield case(fault, equal(call(config=fault)), "")
    for title, options in {**entry.wrong, **{t: _keywords(o) for t, o in WRONG_OPTIONS.items()}}.items():
        config = "" if "config_file" in options else call(options)
        yield case(f"wrong {title}", config or f"lookup('{COLLECTION}.{name}', {entry.term!r}, {options})", "")


def _keywords(options: dict[str, Any]) -> str:
    """Options of a module as those of a lookup: templates become expressions."""

    def expression(value: Any) -> str:
        if isinstance(value, str):
            before, opening, rest = value.partition("{{ ")
            inner, _closing, after = rest.partition(" }}")
            return f"{before!r} ~ {inner} ~ {after!r}" if opening else repr(value)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{name!r}: {expression(part)}" for name, part in value.items()) + "}"
        return "[" + ", ".join(map(expression, value)) + "]"

    return ", ".join(f"{name}={expression(value)}" for name, value in options.items())


def module_cases(world: World, name: str, entry: Module) -> Iterator[Case]:
    def case(
        title: str,
        options: dict[str, Any],
        status: str = "failed",
        says: str = "",
        *,
        config: str = "ok",
        **keywords: Any,
    ) -> Case:
        given = {"config_file": world.config(config), **options}
        task = {f"{COLLECTION}.{name}": {key: value for key, value in given.items() if value is not None}}
        return Case(f"module {name}: {title}", {**task, **keywords}, status, says)

    for title, options, status in entry.good:
        yield case(f"{title}, check", options, "", check_mode=True, diff=True)
        yield case(title, options, status, diff=True)
    yield case("loop", entry.reach, "", loop=[1, 2])
    yield case("no_log", entry.reach, "", no_log=True)
    where, secret = entry.secret
    if where:
        yield case("returned, retried", entry.reach, until="false", retries=1, delay=0)
        yield case("returned", entry.reach, entry.returns, register="returned")
        test = {"ansible.builtin.assert": {"that": f"returned.{where} == canary.{secret}"}}
        yield Case(f"module {name}: register", test, "ok")
        yield Case(f"module {name}: another key", {"ansible.builtin.debug": {"var": "returned.changed"}}, "ok")
    if entry.missing:
        yield case("missing", {**entry.reach, **entry.missing}, "failed", "not_found")
    yield case("no options", {}, "", config="ok")
    yield case("async", entry.reach, "failed", "async", **{"async": 10, "poll": 1})
    yield case("in a loop", entry.reach, config="500 that echoes, raw", loop=[1, 2])
    again = {"until": "result is success", "retries": 1, "delay": 0}
    yield case("until", entry.reach, config="500 that echoes, raw", **again)
    yield case("failed, no_log", entry.reach, config="500 that echoes, raw", no_log=True)
    yield case("failed, check", entry.reach, entry.checked, config="500 that echoes, raw", check_mode=True, diff=True)
    yield case("failed_when", entry.reach, "failed", failed_when="True", config="ok")
    for scenario in world.failing(f"module {name}"):
        options = {**entry.reach, **entry.write} if scenario.only else entry.reach
        met = scenario.name not in entry.unmet
        yield case(scenario.title, options, *(("failed", scenario.says) if met else ("",)), config=scenario.name)
    for config in ("oauth1", "keys as text"):
        yield case(config, entry.reach, "", config=config)
    for fault in (*world.faults["faults"], *world.faults["broker"]):
        yield case(fault, entry.reach, "", config=fault)
    for title, options in {**entry.wrong, **WRONG_OPTIONS}.items():
        yield case(f"wrong {title}", {**entry.reach, **options}, "")


def earlier_cases(world: World) -> tuple[list[Case], list[Case]]:
    """Calls that send or receive a secret each, and calls of other plugins to which the server quotes it."""

    def call(name: str, term: str, config: str = "earlier: sends", options: str = "") -> str:
        return f"lookup('{COLLECTION}.{name}', {term!r}, config_file={world.config(config)!r}{options})"

    def lookup(title: str, expression: str, status: str = "ok", says: str = "") -> Case:
        return Case(f"earlier: {title}", {"ansible.builtin.assert": {"that": f"{expression} != ''"}}, status, says)

    def module(
        title: str, name: str, options: dict[str, Any], status: str, says: str = "", config: str = "earlier: sends"
    ) -> Case:
        task = {f"{COLLECTION}.{name}": {"config_file": world.config(config), **options}}
        return Case(f"earlier: {title}", task, status, says)

    written = {**_PLACE, "identifier": "written", "username": "written"}
    settings = {"secret_key": "{{ canary['earlier written seed'] }}"}
    password = {"password": "{{ canary['earlier written password'] }}", "additional_settings": settings}
    key = {
        "private_key": "{{ canary['earlier written key'] }}",
        "identifier": "written-key",
        "username": "written-key",
        "passphrase": "{{ canary['earlier written passphrase'] }}",
    }
    merged = {"identifier": "earlier-merged", "data_mode": "merge"}
    refused = {"identifier": "refused", "username": "r", "password": "{{ canary['earlier refused password'] }}"}
    first = [
        lookup("password", call("password", "earlier-password")),
        lookup("credential", call("credential", "earlier-credential") + ".password"),
        lookup("released", call("password", "earlier-released", options=", release=true")),
        lookup("ssh_key", call("ssh_key", "earlier-ssh-key")),
        lookup("secret", call("secret", "earlier-secret") + ".PASSWORD"),
        lookup("mysafe", call("mysafe", "earlier-mysafe")),
        module("write note", "mysafe_note", {"name": "x", "note": "{{ canary['earlier written note'] }}"}, "changed"),
        lookup("other client", call("secret", "shop-db", "earlier: other client") + ".PASSWORD"),
        module("ssh_key_info", "ssh_key_info", {"identifier": "earlier-ssh-key-info", "include_key": True}, "ok"),
        module("secret_info", "secret_info", {"identifier": "earlier-secret_info", "include_data": True}, "ok"),
        module("write credential", "credential", {**written, **password}, "changed"),
        module("write ssh_key", "ssh_key", {**_PLACE, **key}, "changed"),
        module("write secret", "secret", {"identifier": "x", "key_value": _earlier_value("written secret")}, "changed"),
        module("merge", "secret", {**merged, "key_value": _earlier_value("merged secret")}, "changed"),
        module("rotated key", "ssh_key_rotate", {"ssh_key": "earlier-rotated-key"}, "changed"),
        module("refused", "credential", {**_PLACE, **refused}, "failed", "", "earlier: refuses"),
    ]
    later = []
    for scenario in world.scenarios:
        if scenario.only == "earlier" and scenario.says:
            name, says = scenario.title, scenario.says
            # Not the plugins that have met the secret, and with another client.
            lookup_name, term = ("secret", "shop-db") if "secret" not in name else ("password", "web-root")
            later.append(lookup(f"{name}, told to a lookup", call(lookup_name, term, scenario.name), "failed", says))
            info = "credential_info" if "credential" not in name else "secret_info"
            later.append(module(f"{name}, told to a module", info, {}, "failed", says, scenario.name))
    return first, later


def _earlier_value(name: str) -> dict[str, str]:
    return {"VALUE": f"{{{{ canary['earlier {name}'] }}}}"}


def plays(world: World, cases: list[Case]) -> list[dict[str, Any]]:
    """A play for each plugin."""
    found: dict[str, list[Task]] = {}
    for case in cases:
        task = {"name": case.name, "register": "result", "ignore_errors": True, **case.task}
        found.setdefault(case.plugin, []).append(task)
    return [{"name": name, "vars_files": [world.variables], "tasks": tasks} for name, tasks in found.items()]
