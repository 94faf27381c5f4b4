# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MySafe on the wire, in the forms of the vendor's samples and field tables, which differ."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import mysafe_calls
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import Area
from ansible_collections.community.senhasegura.plugins.module_utils.errors import UnexpectedResponse
from ansible_collections.community.senhasegura.plugins.module_utils.models import Stored
from ansible_collections.community.senhasegura.plugins.module_utils.mysafe_models import (
    MySafeApiSecret,
    MySafeApiSecretWrite,
    MySafeNote,
    MySafeNoteWrite,
    MySafePassword,
    MySafePasswordWrite,
    MySafeShare,
)

FLAGS = {"need_justify": "0", "need_approval": "1", "can_view": True, "can_write": False}
LISTED = {"identifier": "4", "name": "GCP1", **FLAGS}
SEALED = base64.b64encode(bytes(range(256))).decode()
WHOLE = {
    "identifier": "4",
    "name": "GCP1",
    "url": "https://a",
    "username": "u",
    "password": "p",
    "secret_key": "ABCD",
    "token": 12345,
    "notes": "n",
    "tags": "a, b",
    "users_allowed": [{"username": "bob", "can_edit": True}],
    "groups_allowed": [{"name": "g", "can_write": "0"}],
}


@pytest.mark.parametrize("name", ["password_on_list", "passwords_on_list"])
def test_a_list_of_passwords(name: str) -> None:
    found = mysafe_calls.decode_passwords({name: [{**LISTED, "url": "https://a", "username": "u", "tags": "a,b"}]}, str)
    expected = MySafePassword("4", "GCP1", ("a", "b"), False, True, True, False, target_url="https://a", username="u")
    assert found == (expected,)
    assert mysafe_calls.decode_passwords({name: []}, str) == ()


@pytest.mark.parametrize("name", ["note_on_list", "notes_on_list"])
def test_a_list_of_notes(name: str) -> None:
    found = mysafe_calls.decode_notes({name: [{**LISTED, "tags": ""}]}, str)
    assert found == (MySafeNote("4", "GCP1", (), False, True, True, False),)


def test_a_list_of_api_secrets_shows_hardly_anything() -> None:
    (found,) = mysafe_calls.decode_api_secrets({"api_secret_on_list": [LISTED]}, str)
    assert found == MySafeApiSecret("4", "GCP1", None, False, True, True, False)
    assert (found.target_url, found.identifier, found.users) == (None, None, None)


@pytest.mark.parametrize("name", ["password_entity", "passwords_entity"])
def test_a_password(name: str) -> None:
    found = mysafe_calls.decode_password({name: WHOLE}, str)
    assert (found.password, found.totp_seed, found.notes, found.tags) == ("p", "ABCD", "n", ("a", "b"))
    # As a number, the code has lost the zero in front.
    assert found.totp == "012345"
    assert (found.users, found.groups) == ((MySafeShare("bob", True),), (MySafeShare("g"),))
    assert "'p'" not in repr(found)


@pytest.mark.parametrize(
    ("token", "code"), [("000123", "000123"), (None, None), ("", None), (7, "000007"), (True, None)]
)
def test_a_code(token: t.Any, code: str | None) -> None:
    assert mysafe_calls.decode_password({"password_entity": {**WHOLE, "token": token}}, str).totp == code


def test_without_a_second_factor_and_sharing() -> None:
    bare = {"identifier": "4", "name": "n", "password": "p", "secret_key": None, "token": None, "users_allowed": []}
    found = mysafe_calls.decode_password({"password_entity": {**bare, "groups_allowed": None}}, str)
    assert (found.totp_seed, found.users, found.groups) == (None, (), ())
    # What the answer does not tell is not taken for nobody.
    assert mysafe_calls.decode_password({"password_entity": bare}, str).groups is None


def test_the_pages_of_api_secrets_call_users_by_name() -> None:
    users = {"users_allowed": [{"name": "bob", "can_edit": False}]}
    entity = {"identifier": "6", "name": "n", "client_id": "c", "client_secret": "s", "identifier_code": "x", **users}
    for name in ("api_secret_entity", "api_entity"):
        found = mysafe_calls.decode_api_secret({name: entity}, str)
        assert (found.users, found.identifier, found.api_client_secret) == ((MySafeShare("bob"),), "x", "s")


def test_sharing_of_another_shape_is_refused() -> None:
    for value in ("bob", ["bob"], {"username": "bob"}, [{"can_edit": True}]):
        with pytest.raises(UnexpectedResponse, match="'users_allowed' in the answer must be a list of objects"):
            mysafe_calls.decode_note({"note_entity": {"identifier": "4", "note": "x", "users_allowed": value}}, str)


def test_passwords_and_notes_are_opened_and_other_values_if_they_look_sealed() -> None:
    def opened(value: str) -> str:
        return f"<{value[:1]}>"

    found = mysafe_calls.decode_password({"password_entity": {**WHOLE, "notes": SEALED}}, opened)
    assert (found.password, found.totp_seed, found.notes) == ("<p>", "ABCD", "<A>")
    assert found.raw["password"] == "<p>"
    assert mysafe_calls.decode_note({"note_entity": {"identifier": "5", "note": "text"}}, opened).note == "<t>"


def test_what_cannot_be_opened_hides_nothing_else() -> None:
    def fail(value: str) -> str:
        raise UnexpectedResponse("sealed")

    found = mysafe_calls.decode_password({"password_entity": WHOLE}, fail)
    assert (found.username, found.password, found.values()["password"], list(found.unreadable)) == (
        *("u", "", None),
        ["password"],
    )


# --- writes ----------------------------------------------------------------------------------------------------------


def test_what_is_sent() -> None:
    shares = {"users": (MySafeShare("bob", True),), "groups": (MySafeShare("g"),), "tags": ("a", "b")}
    sent = {
        "users_allowed": [{"username": "bob", "can_edit": True}],
        "groups_allowed": [{"name": "g", "can_edit": False}],
        "tags": "a,b",
    }
    password = MySafePasswordWrite("n", "https://a", "u", password="p", totp_seed="ABCD", notes="x", **shares)
    texts = {"name": "n", "url": "https://a", "username": "u", "password": "p", "secret_key": "ABCD", "notes": "x"}
    assert mysafe_calls.encode_password(password) == {**texts, **sent}
    assert mysafe_calls.encode_note(MySafeNoteWrite("n", note="x", **shares)) == {"name": "n", "note": "x", **sent}
    secret = MySafeApiSecretWrite("n", "https://a", "code", "POST", api_client_id="c", api_client_secret="s", notes="x")
    assert mysafe_calls.encode_api_secret(secret) == {
        "name": "n",
        "url": "https://a",
        "identifier_code": "code",
        "method": "POST",
        "client_id": "c",
        "client_secret": "s",
        "notes": "x",
    }


def test_what_is_not_given_is_left_out_and_an_empty_list_is_sent() -> None:
    assert mysafe_calls.encode_password(MySafePasswordWrite(users=(), tags=())) == {"users_allowed": [], "tags": ""}
    assert mysafe_calls.encode_note(MySafeNoteWrite()) == {}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (None, ()),
        ([], ()),
        (["bob"], ("bob",)),
        ([{"username": "bob", "message": "unknown"}], ("bob",)),
        ([{"name": "g"}], ("g",)),
        ([{"what": "else"}], ("?",)),
        ("bob", ("bob",)),
        (7, ()),
    ],
)
def test_with_whom_it_was_not_shared(told: t.Any, names: tuple[str, ...]) -> None:
    decode = mysafe_calls.decode_stored_item(Area.MYSAFE_API_SECRETS)
    document = {"api_entity": {"identifier": "6", "client_secret": "s"}, "shared_error": told}
    assert decode(document, str) == Stored("6", unshared=names)
    assert decode({"api_entity": {"identifier": "6", "shared_error": told}}, str) == Stored("6", unshared=names)
    # It is written, whatever the answer shows.
    assert decode({}, str) == Stored("")


@pytest.mark.parametrize(
    ("message", "already"),
    [
        ("Password has been activated", False),
        ("Password has already been activated", True),
        ("A senha já foi ativada", True),
        ("", False),
    ],
)
def test_whether_it_was_so_already(message: str, already: bool) -> None:
    assert mysafe_calls.decode_switched({"response": {"message": message}}, str) is already
