# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entry a task means, whatever it wants of it, and what a write may and may not hit."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import Operation, Verb
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    ConfigError,
    Context,
    InvalidRequest,
    NotFound,
    Refused,
    ServerBusy,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.keypair import generate
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    Credential,
    CredentialInfo,
    SshKey,
    Stored,
)

PAIR = generate("ed25519")
ROOT = {"username": "root", "hostname": "web01"}
# The same user on two devices of one name.
TEN = CredentialInfo("1", "ten", "root", "web01", "192.0.2.10", "Local User", False, device_type="Server")
ELEVEN = dataclasses.replace(TEN, id="2", identifier="eleven", ip="192.0.2.11")
# (module, operation of the client, the two entries as it lists them)
KINDS = [
    ("credential", "credential", (TEN, ELEVEN)),
    ("ssh_key", "key", tuple(dataclasses.replace(entry, type=SSH_KEY_TYPE) for entry in (TEN, ELEVEN))),
]
STATES = ["enabled", "disabled", "absent"]


def server(make_api: Any, dialect: str, *entries: CredentialInfo, **answers: Any) -> Any:
    api = make_api(dialect)
    api.entries, api.answers = list(entries), answers
    return api


def refs(api: Any) -> list[str]:
    return [ref for _operation, ref, _model in api.calls]


def already(code: int) -> AlreadyDone:
    return AlreadyDone("x", context=Context(code=code))


# --- one rule for every state -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["iso", "api"])
@pytest.mark.parametrize(("module", "area", "entries"), KINDS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_address_tells_two_apart(
    make_api: Any, work: Any, dialect: str, module: str, area: str, entries: Any, state: str, check_mode: bool
) -> None:
    api = server(make_api, dialect, *entries)
    for ip, id_ in (("192.0.2.11", "2"), ("192.0.2.10", "1")):
        result = work(api, module, check_mode, **ROOT, ip=ip, state=state)
        assert result[module]["id"] == id_
    assert refs(api) == ([] if check_mode else ["2", "1"])
    with pytest.raises(InvalidRequest, match="the ids 1, 2.*ip"):
        work(api, module, check_mode, **ROOT, state=state)


@pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
@pytest.mark.parametrize("state", ["disabled", "absent"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_another_address_is_another_credential(
    make_api: Any, work: Any, dialect: str, state: str, check_mode: bool
) -> None:
    api = server(make_api, dialect, TEN)
    result = work(api, "credential", check_mode, **ROOT, ip="192.0.2.99", state=state)
    assert not result["changed"]
    # Asked by user and host name, the server would switch off the other one.
    assert api.calls == []


def test_an_inactive_one_is_not_enabled_by_an_address_that_nobody_can_compare(make_api: Any, work: Any) -> None:
    api = server(make_api, "api")
    with pytest.raises(NotFound, match="by its id only"):
        work(api, "credential", **ROOT, ip="192.0.2.10", state="enabled")
    assert api.calls == []
    assert work(api, "credential", **ROOT, state="enabled")["changed"]
    assert refs(api) == ["root@web01"]


@pytest.mark.parametrize("name", [{"id": "1"}, {"identifier": "ten"}])
@pytest.mark.parametrize(("module", "area", "entries"), KINDS)
@pytest.mark.parametrize(
    "other", [{"ip": "192.0.2.99"}, {"username": "app", "hostname": "web01"}, {"username": "root", "hostname": "web02"}]
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_contradiction_is_refused(
    make_api: Any, work: Any, name: Any, module: str, area: str, entries: Any, other: Any, check_mode: bool
) -> None:
    api = server(make_api, "api", *entries)
    with pytest.raises(Refused, match=r"the entry 1 of root@web01 \(192\.0\.2\.10\)"):
        work(api, module, check_mode, **name, **other, state="absent")
    assert api.calls == []
    assert work(api, module, check_mode, **name, **ROOT, ip="192.0.2.10", state="absent")["changed"]


@pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
@pytest.mark.parametrize("host", ["WEB01", "Web01", "192.0.2.10"])
def test_hosts_in_any_case_and_by_address(make_api: Any, work: Any, dialect: str, host: str) -> None:
    account = {"username": "root", "hostname": host}
    api = server(make_api, dialect, TEN, **{"credential.read": Credential("1", "pw"), "credential.release": None})
    assert work(api, "credential", check_mode=True, **account, state="absent")["credential"]["id"] == "1"
    same = work(api, "credential", **account, ip="192.0.2.10")
    assert (same["changed"], same["credential"]["hostname"]) == (False, "web01")
    listed = work(api, "credential_info", hostname=host)["credentials"]
    assert [entry["id"] for entry in listed] == ["1"]
    term = f"root@{host}"
    assert work(api, "custody", check_mode=True, credential=term, allow_vault_rotation=True)["changed"]
    changed = work(api, "credential", **account, ip="192.0.2.10", type="Domain User")
    assert changed["diff"]["after"] == {"type": "Domain User"}
    # As the server spells it, which may compare letter by letter.
    assert (api.calls[-1][1], api.calls[-1][2].hostname) == ("1", "web01")


def test_a_host_name_goes_before_an_address(make_api: Any, work: Any) -> None:
    named = dataclasses.replace(TEN, id="5", identifier="named", hostname="192.0.2.10", ip="192.0.2.50")
    api = server(make_api, "api", TEN, named)
    result = work(api, "credential", check_mode=True, username="root", hostname="192.0.2.10", state="absent")
    assert result["credential"]["id"] == "5"


@pytest.mark.parametrize("written", ["2001:db8::1", "2001:DB8:0:0::1", "[2001:db8::1]"])
def test_addresses_of_ipv6(make_api: Any, work: Any, written: str) -> None:
    api = server(make_api, "api", dataclasses.replace(TEN, ip="2001:db8::1"))
    assert work(api, "credential", check_mode=True, username="root", hostname=written, state="absent")["changed"]
    assert len(work(api, "credential_info", ip=written)["credentials"]) == 1


def test_letters_that_only_look_alike_are_others(make_api: Any, work: Any) -> None:
    api = server(make_api, "api", dataclasses.replace(TEN, hostname="kiosk"))
    result = work(api, "credential", username="root", hostname="\u212aiosk", state="absent")
    assert not result["changed"]


# --- numbers ----------------------------------------------------------------------------------------------------------

NUMBERED = dataclasses.replace(TEN, id="7", identifier="123")


@pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_number_that_may_be_both_is_refused(
    make_api: Any, work: Any, dialect: str, there: bool, check_mode: bool
) -> None:
    other = [dataclasses.replace(TEN, id="123", hostname="web03", automatic_change=True)] if there else []
    api = server(make_api, dialect, NUMBERED, *other)
    for module in ("custody", "credential_rotate"):
        with pytest.raises(InvalidRequest, match="the id 123, or the identifier.*id 7.*id:123 or identifier:123"):
            work(api, module, check_mode, credential="123")
    assert api.calls == []
    said = work(api, "custody", check_mode, credential="identifier:123")
    assert said["changed"]
    assert refs(api) == ([] if check_mode else ["7"])


def test_an_identifier_of_digits_never_stands_for_an_id(make_api: Any, work: Any) -> None:
    api = server(make_api, "api", NUMBERED)
    assert work(api, "credential", identifier="123", state="absent")["credential"]["id"] == "7"
    assert refs(api) == ["7"]
    api = server(make_api, "api", dataclasses.replace(TEN, id="123"))
    assert not work(api, "credential", identifier="123", state="absent")["changed"]
    assert api.calls == []
    with pytest.raises(NotFound):
        work(api, "credential", identifier="123", state="enabled")
    assert api.calls == []


# --- the other kind ---------------------------------------------------------------------------------------------------

KEY = dataclasses.replace(TEN, id="9", identifier="deploy-key", type=SSH_KEY_TYPE)


@pytest.mark.parametrize("dialect", ["iso", "api"])
@pytest.mark.parametrize("identifier", [None, "new"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_account_of_a_key_is_refused(
    make_api: Any, work: Any, dialect: str, identifier: str | None, check_mode: bool
) -> None:
    api = server(make_api, dialect, KEY)
    options = {"identifier": identifier, "username": "root", "hostname": "WEB01", "ip": "192.0.2.10"}
    with pytest.raises(Refused, match=r"SSH key deploy-key has this.*\(id 9\).*allow_shared_account"):
        work(api, "credential", check_mode, **options)
    assert api.calls == []
    assert work(api, "credential", check_mode, **options, allow_shared_account=True)["changed"]
    # Both may be there, and the credential is the one that is meant.
    api = server(make_api, dialect, KEY, TEN)
    assert not work(api, "credential", check_mode, **ROOT, ip="192.0.2.10")["changed"]
    assert work(api, "custody", check_mode, credential="root@web01", allow_vault_rotation=True)["changed"]


@pytest.mark.parametrize("dialect", ["iso", "api"])
def test_an_answer_about_the_other_kind_is_an_error(make_api: Any, work: Any, dialect: str) -> None:
    api = server(make_api, dialect, KEY, **{"credential.create": Stored("9"), "credential.release": NotFound("x")})
    with pytest.raises(UnexpectedResponse, match="wrote the SSH key deploy-key instead of the credential"):
        work(api, "credential", **ROOT, ip="192.0.2.10", allow_shared_account=True)
    api = server(make_api, dialect, TEN, **{"key.create": Stored("1"), "key.release": NotFound("x")})
    with pytest.raises(UnexpectedResponse, match="wrote the credential ten instead of the SSH key"):
        work(api, "ssh_key", identifier="k", **ROOT, ip="192.0.2.10", private_key=PAIR.private_key)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("module", "other"), [("credential", KEY), ("ssh_key", TEN)])
def test_a_name_of_the_other_kind_is_no_name(make_api: Any, work: Any, state: str, module: str, other: Any) -> None:
    api = server(make_api, "api", other)
    for name in ({"id": other.id}, {"identifier": other.identifier}):
        with pytest.raises(InvalidRequest, match="is an? .*, not an? "):
            work(api, module, state=state, **name)
    assert api.calls == []


# --- inactive ones ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["iso", "api"])
@pytest.mark.parametrize("code", [1008, 1017])
def test_an_inactive_credential_is_not_written_at_each_run(make_api: Any, work: Any, dialect: str, code: int) -> None:
    api = server(make_api, dialect, **{"credential.release": already(code)})
    options = {"identifier": "ten", **ROOT, "ip": "192.0.2.10", "password": "pw", "tags": ["a"]}
    result = work(api, "credential", **options)
    assert not result["changed"]
    assert "inactive" in result["warnings"][0]
    assert [operation for operation, *_rest in api.calls] == ["credential.release"]
    result = work(api, "credential", **options, update_attributes="always")
    assert result["changed"]
    assert api.calls[-1][0] == "credential.create"
    assert api.calls[-1][2].password is None
    work(api, "credential", **options, update_password="always")
    assert api.calls[-1][2].password == "pw"


@pytest.mark.parametrize("answer", [NotFound("x"), InvalidRequest("x"), already(1018), None])
def test_what_the_server_does_not_call_inactive_is_created(make_api: Any, work: Any, answer: Any) -> None:
    api = server(make_api, "api", **{"credential.release": answer})
    result = work(api, "credential", identifier="ten", **ROOT, ip="192.0.2.10")
    assert (result["changed"], result["warnings"], result["credential"]["id"]) == (True, [], "77")


def test_custody_of_the_same_account_elsewhere_is_kept(make_api: Any, work: Any) -> None:
    api = server(make_api, "api", TEN)
    work(api, "credential", identifier="new", **ROOT, ip="192.0.2.99")
    assert [ref for operation, ref, _model in api.calls if operation == "credential.release"] == ["new"]


@pytest.mark.parametrize("updated", [True, None])
def test_what_is_not_listed_after_the_write_is_told(make_api: Any, work: Any, updated: bool | None) -> None:
    answers = {"credential.release": NotFound("x"), "credential.create": Stored("5", "ten", updated=updated)}
    api = server(make_api, "api", **answers)
    result = work(api, "credential", identifier="ten", **ROOT, ip="192.0.2.10", password="pw")
    assert f"the server {'updated' if updated else 'took'} credential 5 and does not list it" in result["warnings"][0]


def test_an_inactive_key_keeps_its_pair(make_api: Any, work: Any) -> None:
    api = server(make_api, "iso", **{"key.release": already(1017)})
    options = {"identifier": "k", **ROOT, "ip": "192.0.2.10", "private_key": PAIR.private_key}
    result = work(api, "ssh_key", **options)
    assert not result["changed"]
    assert "its key pair would be lost" in result["warnings"][0]
    assert [operation for operation, *_rest in api.calls] == ["key.release"]
    assert work(api, "ssh_key", **options, update_key="always")["changed"]


@pytest.mark.parametrize(("module", "area", "entries"), KINDS)
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "answer", [InvalidRequest("no number"), InvalidRequest("x", context=Context(code=1010)), already(1018)]
)
def test_an_unknown_refusal_does_not_mean_already_so(
    make_api: Any, work: Any, module: str, area: str, entries: Any, there: bool, state: str, answer: Any
) -> None:
    verb = "enable" if state == "enabled" else "disable"
    api = server(make_api, "api", *(entries[:1] if there else ()), **{f"{area}.{verb}": answer})
    name = {"id": "1"} if module == "ssh_key" and not there else {"identifier": "ten"}
    with pytest.raises(type(answer)):
        work(api, module, **name, state=state)


# --- devices, commas, and what an update did not send -----------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["iso", "api"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_known_device_keeps_its_attributes(make_api: Any, work: Any, dialect: str, check_mode: bool) -> None:
    api = server(make_api, dialect, TEN)
    device = {"type": "Router", "vendor": "V", "site": "DC2"}
    result = work(api, "credential", check_mode, **ROOT, ip="192.0.2.10", device=device)
    assert (result["changed"], api.calls) == (False, [])
    (warning,) = result["warnings"]
    assert "web01 is there already and keeps its type Server" in warning
    again = {**ROOT, "ip": "192.0.2.10", "update_attributes": "always", "device": {"site": "DC2"}}
    assert not work(api, "credential", check_mode, **again)["changed"]
    # A new credential on it, in another spelling, and one on a device that nobody knows.
    other = {"username": "app", "hostname": "WEB01", "ip": "192.0.2.10"}
    assert work(api, "credential", check_mode, **other, device=device)["warnings"] == result["warnings"]
    fresh = work(api, "credential", check_mode, username="app", hostname="web09", ip="192.0.2.19", device=device)
    assert fresh["warnings"] == []
    assert fresh["diff"]["after"]["device_type"] == "Router"
    if not check_mode:
        sent = [model for operation, _ref, model in api.calls if operation == "credential.create"]
        assert [(model.device_type, model.device_site) for model in sent] == [(None, None), ("Router", "DC2")]


@pytest.mark.parametrize(
    ("module", "options", "named"),
    [
        ("credential", {"tags": ["a,b"]}, "tags"),
        ("credential", {"device": {"tags": ["a", "b,c"]}}, "device.tags"),
        ("credential", {"device": {"connectivities": ["SSH:22,RDP:3389"]}}, "device.connectivities"),
        ("ssh_key", {"identifier": "k", "tags": ["a,b"]}, "tags"),
    ],
)
@pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
def test_commas_are_refused(make_api: Any, work: Any, dialect: str, module: str, options: Any, named: str) -> None:
    api = server(make_api, dialect)
    with pytest.raises(ConfigError, match="has a comma") as caught:
        work(api, module, **ROOT, ip="192.0.2.10", **options)
    assert caught.value.context.option == named
    assert api.calls == []


@pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
def test_an_update_that_changes_more_is_an_error(make_api: Any, work: Any, dialect: str) -> None:
    before = dataclasses.replace(TEN, automatic_change=None if dialect == "rest" else True)
    api = server(make_api, dialect, before)
    store = api.apply

    def reset(operation: str, ref: str, model: Any) -> Any:
        api.entries = [dataclasses.replace(before, identifier="new", type="Default", automatic_change=False)]
        return store(operation, ref, model)

    api.apply = reset
    with pytest.raises(UnexpectedResponse, match=r"changed more of credential 1.*type Local User \(now Default\)"):
        work(api, "credential", identifier="new", **ROOT, ip="192.0.2.10")


@pytest.mark.parametrize("module", ["credential", "ssh_key"])
def test_a_write_that_cannot_be_compared_is_done_all_the_same(make_api: Any, work: Any, module: str) -> None:
    api = server(make_api, "api", **{f"{area}.release": NotFound("x") for area in ("credential", "key")})
    call = api.call

    def list_fails_after_the_write(operation: Operation[Any], **details: Any) -> Any:
        if operation.verb is Verb.LIST and any(name.endswith(".create") for name, *_rest in api.calls):
            raise ServerBusy("the gateway is too slow")
        return call(operation, **details)

    api.call = list_fails_after_the_write
    options = {"private_key": PAIR.private_key} if module == "ssh_key" else {}
    result = work(api, module, identifier="new", **ROOT, ip="192.0.2.10", **options)
    assert (result["changed"], result[module]["id"]) == (True, "77")
    assert "is written, and could not be compared" in result["warnings"][0]


# --- keys that cannot be read -----------------------------------------------------------------------------------------


def test_key_info_of_a_key_that_cannot_be_decrypted(make_api: Any, work: Any) -> None:
    problem = UnexpectedResponse("too long for RSA", hint="Switch it off")
    key = SshKey("9", "", "ssh-ed25519 AAAA", devices=("web02",), unreadable={"private_key": problem})
    api = server(make_api, "api", KEY, **{"key.read": key})
    result = work(api, "ssh_key_info", identifier="deploy-key", include_key=True)
    (shown,) = result["ssh_keys"]
    assert (shown["private_key"], shown["public_key"], shown["devices"]) == (None, "ssh-ed25519 AAAA", ["web02"])
    assert shown["unreadable"] == ["private_key"]
    assert "private_key in SSH key 9 cannot be read and is null: too long for RSA" in result["warnings"][0]
    # What needs the private key fails instead of using nothing.
    with pytest.raises(UnexpectedResponse, match="private_key in SSH key deploy-key cannot be read"):
        work(api, "ssh_key_rotate", ssh_key="deploy-key")


def test_key_info_by_address(make_api: Any, work: Any) -> None:
    api = server(make_api, "api", *KINDS[1][2])
    assert [key["id"] for key in work(api, "ssh_key_info", ip="192.0.2.11")["ssh_keys"]] == ["2"]
