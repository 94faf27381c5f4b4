# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ssh_key and ssh_key_rotate send, and above all what they do not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    LIST_CREDENTIALS,
    READ_SSH_KEY,
    Operation,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    Refused,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    Entries,
    SshKey,
    Stored,
)

OLD, NEW = keypair.generate(), keypair.generate()
LISTED = CredentialInfo("3", "deploy-key", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE, automatic_change=False)
SHOWN = dataclasses.replace(LISTED, ip="", public_key=OLD.public_key + " comment")
KEY = {"identifier": "deploy-key", "username": "deploy", "hostname": "web01"}
HELD = SshKey(
    "3", OLD.private_key, OLD.public_key, "deploy-key", "deploy", "deploy", "web01", "192.0.2.10", devices=("x",)
)


def listing(make_api: Any, dialect: str, entry: CredentialInfo | None = None) -> Any:
    api = make_api(dialect)
    api.entries = [entry] if entry else []
    return api


@pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
def test_create(make_api: Any, work: Any, dialect: str) -> None:
    api = listing(make_api, dialect)
    crlf = NEW.private_key.replace("\n", "\r\n").rstrip()
    result = work(api, "ssh_key", **KEY, ip="192.0.2.10", private_key=crlf)
    # The vendor's dialects are asked whether there is an inactive one.
    *asked, (operation, _ref, model) = api.calls
    assert [name for name, *_rest in asked] == ([] if dialect == "rest" else ["key.release"])
    assert operation == "key.create"
    assert (model.private_key, model.public_key) == (NEW.private_key, NEW.public_key)
    assert result["ssh_key"]["id"] == "77"
    assert result["diff"]["after"]["private_key"] == "(hidden)"
    assert NEW.private_key not in str(result)


@pytest.mark.parametrize(("dialect", "entry"), [("iso", LISTED), ("api", LISTED), ("rest", SHOWN)])
@pytest.mark.parametrize(
    ("options", "rewrites"),
    [
        ({}, ()),
        ({"private_key": OLD.private_key}, ()),
        ({"private_key": NEW.private_key}, ()),
        ({"private_key": OLD.private_key, "update_key": "always"}, ("iso", "api")),
        ({"private_key": NEW.private_key, "update_key": "always"}, ("iso", "api", "rest")),
    ],
)
def test_update_key(make_api: Any, work: Any, dialect: str, entry: Any, options: Any, rewrites: Any) -> None:
    api = listing(make_api, dialect, entry)
    predicted = work(api, "ssh_key", check_mode=True, **KEY, ip="192.0.2.10", **options)
    assert api.calls == []
    result = work(api, "ssh_key", **KEY, ip="192.0.2.10", **options)
    assert predicted["changed"] is result["changed"] is (dialect in rewrites)
    assert [model.private_key for _operation, _ref, model in api.calls] == (
        [options["private_key"]] if dialect in rewrites else []
    )


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_attribute_never_brings_an_old_key_back(make_api: Any, work: Any, check_mode: bool) -> None:
    """The vault's key may have been rotated since the play was written."""
    for dialect in ("iso", "api"):
        api = listing(make_api, dialect, LISTED)
        with pytest.raises(InvalidRequest, match="update_key=always"):
            work(api, "ssh_key", check_mode, **{**KEY, "username": "x"}, private_key=NEW.private_key)
        assert api.calls == []
    api = listing(make_api, "rest", SHOWN)
    work(api, "ssh_key", check_mode, **{**KEY, "username": "x"}, private_key=NEW.private_key)
    for _operation, _ref, model in api.calls:
        assert (model.private_key, model.public_key, model.passphrase) == (None, None, None)
    assert len(api.calls) == (0 if check_mode else 1)


def test_attributes(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", LISTED)
    assert not work(api, "ssh_key", **KEY, tags=["a"], devices=["x"])["changed"]
    always = {"update_attributes": "always", "update_key": "always", "private_key": NEW.private_key}
    api.answers = {"key.update": Stored("3", devices_error=("x",))}
    result = work(api, "ssh_key", **KEY, tags=["a"], devices=["x"], **always)
    assert result["diff"]["after"] == {
        "public_key": NEW.public_key,
        "private_key": "(hidden)",
        "tags": "(hidden)",
        "devices": "(hidden)",
    }
    assert result["unlinked_devices"] == ["x"]
    # The server wants the address at every update, and it is known.
    assert api.calls[0][2].ip == "192.0.2.10"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"private_key": OLD.private_key, "public_key": NEW.public_key}, "does not belong"),
        ({"private_key": "-----BEGIN", "public_key": NEW.public_key}, "must be a private key"),
        ({"private_key": OLD.private_key, "public_key": "ssh-ed25519"}, "must be one line of the form"),
        ({}, "needs"),
    ],
)
def test_wrong_pairs(make_api: Any, work: Any, options: Any, problem: str) -> None:
    for dialect in ("api", "rest"):
        api = listing(make_api, dialect)
        with pytest.raises(InvalidRequest, match=problem):
            work(api, "ssh_key", **KEY, ip="192.0.2.10", **options)
        assert api.calls == []


@pytest.mark.parametrize(
    "options",
    [{"public_key": NEW.public_key}, {"passphrase": "x"}, {"id": "3"}, {"state": "absent", "id": "3"}],
)
def test_options_that_do_not_go_together(make_api: Any, work: Any, options: Any) -> None:
    with pytest.raises(ConfigError):
        work(make_api("api"), "ssh_key", **{**KEY, **options})


def test_identifier_of_a_credential(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", dataclasses.replace(LISTED, type="Local User"))
    with pytest.raises(InvalidRequest, match="is a credential"):
        work(api, "ssh_key", **KEY, ip="192.0.2.10", private_key=NEW.private_key)


def test_options_without_a_field(make_api: Any, work: Any) -> None:
    pair = {"private_key": NEW.private_key}
    for dialect, options in (
        ("api", {"automatic_change": True}),
        ("rest", {"devices": ["x"]}),
        ("rest", {"tags": ["x"]}),
    ):
        with pytest.raises(Unsupported, match=next(iter(options))):
            work(listing(make_api, dialect), "ssh_key", check_mode=True, **KEY, ip="192.0.2.10", **pair, **options)


@pytest.mark.parametrize("keep", [True, False])
def test_replace_keeps_the_old_pair_first(make_api: Any, work: Any, keep: bool) -> None:
    api = listing(make_api, "api", LISTED)
    stored: dict[str, Any] = {"3": HELD}

    def call(
        operation: Operation[Any], *, ref: str = "", model: Any = None, subject: str = "", fresh: bool = False
    ) -> Any:
        if operation == LIST_CREDENTIALS:
            return Entries((LISTED,))
        api.calls.append((operation.name, ref, model))
        if operation == READ_SSH_KEY:
            return stored[ref]
        number = ref or "9"
        stored[number] = SshKey(number, model.private_key, model.public_key, passphrase=model.passphrase)
        return Stored(number)

    api.call = call
    result = work(api, "ssh_key_rotate", ssh_key="deploy-key", keep_previous=keep)
    written = [model for operation, _ref, model in api.calls if operation != "key.read"]
    if keep:
        assert (written[0].identifier, written[0].private_key) == ("deploy-key--previous", OLD.private_key)
        # The server's upsert may match by account: the copy must not hit the key itself.
        assert written[0].username != written[1].username
    assert [operation for operation, *_rest in api.calls][-1] == "key.read"
    assert (written[-1].identifier, written[-1].devices, written[-1].passphrase) == ("deploy-key", ("x",), "")
    ssh_key = result["ssh_key"]
    assert ssh_key["previous_identifier"] == ("deploy-key--previous" if keep else None)
    assert ssh_key["previous_fingerprint"] == keypair.fingerprint(OLD.public_key)
    assert ssh_key["fingerprint"] == keypair.fingerprint(stored["3"].public_key)
    assert "PRIVATE" not in str(result)


def test_replace_stops_when_the_copy_reads_back_differently(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", LISTED)
    api.answers = {"key.read": HELD, "key.create": Stored("3"), "key.update": Stored("3")}
    api.answers["key.read"] = dataclasses.replace(HELD, private_key=NEW.private_key)
    with pytest.raises(UnexpectedResponse, match="reads back differently"):
        work(api, "ssh_key_rotate", ssh_key="deploy-key")
    assert [operation for operation, *_rest in api.calls] == ["key.read", "key.create", "key.read"]
    # What was read earlier in the run may have been rotated since.
    assert api.fresh == ["key.read", "key.read"]


def test_rotation_by_the_vault(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", dataclasses.replace(LISTED, automatic_change=True))
    changes = iter(["2026-01-01 00:00:00", "2026-01-01 00:00:00", "2026-01-02 00:00:00"])
    api.answers = {"key.read": HELD, "key.release": None}
    call = api.call

    def changing(operation: Operation[Any], **more: Any) -> Any:
        if operation == LIST_CREDENTIALS:
            api.entries = [dataclasses.replace(api.entries[0], changed_at=next(changes))]
        return call(operation, **more)

    api.call = changing
    result = work(api, "ssh_key_rotate", ssh_key="3", mode="vault", poll_interval=0.1)
    assert [operation for operation, *_rest in api.calls] == ["key.read", "key.release"]
    assert api.fresh == ["key.read", "credential.list", "credential.list"]
    assert result["ssh_key"]["previous_fingerprint"] == keypair.fingerprint(OLD.public_key)
    assert result["ssh_key"]["public_key"] is None


@pytest.mark.parametrize(
    ("dialect", "entry", "options", "error"),
    [
        ("api", LISTED, {"mode": "vault"}, Refused),
        ("api", dataclasses.replace(LISTED, automatic_change=True), {}, Refused),
        ("api", dataclasses.replace(LISTED, identifier=None), {}, Refused),
        ("api", LISTED, {"type": "ecdsa", "bits": 1}, InvalidRequest),
        ("api", LISTED, {"mode": "vault", "type": "rsa"}, Unsupported),
        ("rest", SHOWN, {"comment": "x"}, Unsupported),
        ("rest", SHOWN, {"mode": "client"}, Unsupported),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_rotations_that_are_refused(
    make_api: Any, work: Any, dialect: str, entry: Any, options: Any, error: Any, check_mode: bool
) -> None:
    api = listing(make_api, dialect, entry)
    with pytest.raises(error):
        work(api, "ssh_key_rotate", check_mode, ssh_key="3", **options)
    assert api.calls == []
