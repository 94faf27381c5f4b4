# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of MySafe speak of the access key, and its settings are those of another client than that of A2A."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.client.hints import say_for_mysafe
from ansible_collections.community.senhasegura.plugins.module_utils.dialects import error_codes
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    AuthenticationFailed,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    SenhaseguraError,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.mysafe_models import (
    MySafePassword,
    MySafePasswordWrite,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    Scripted,
    answer,
    failure,
    settings,
    success,
)

LIST, READ = "GET /api/mysafe/password", "GET /api/mysafe/password/4"
ENTRY = {"identifier": "4", "name": "Portal", "url": "", "username": "u", "tags": "", "need_justify": "1"}
ENTITY = {"identifier": "4", "name": "Portal", "password": "p-1", "users_allowed": [], "groups_allowed": []}


def made(replies: t.Any, **changes: t.Any) -> tuple[Client, Scripted]:
    server = Scripted(replies, **changes)
    return client_over(DirectApi(settings(), transport=server)), server


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1001, InvalidRequest), (1005, NotFound), (1006, Denied), (1009, AlreadyDone), (1010, InvalidRequest)],
)
def test_the_numbers_of_mysafe(code: int, kind: type[SenhaseguraError]) -> None:
    """They have other meanings in PAM."""
    client, _server = made({READ: failure(code, "x")})
    with pytest.raises(kind) as caught:
        client.mysafe.passwords.read(MySafePassword("4"))
    assert caught.value.context.code == code
    assert caught.value.context.subject == "MySafe password 4"


def words() -> t.Iterator[tuple[str, str]]:
    """All texts that an error of MySafe may have, but for those of the other modules."""
    meanings = [meaning for (module, _code), meaning in error_codes.CODES.items() if module == "mysafe"]
    meanings += [*error_codes.STATUSES.values(), *error_codes.LOGIN.values(), *error_codes.OAUTH_ERRORS.values()]
    meanings += [error_codes.REFERER, error_codes.WRONG_TENANT]
    yield from ((meaning.text, meaning.hint) for meaning in meanings)
    yield from ((known.text, known.hint) for known in error_codes.TEXTS)
    yield from (("x", error_codes.RESOURCES[module]) for module in ("mysafe", "login"))


@pytest.mark.parametrize(("text", "hint"), list(words()))
def test_no_error_of_mysafe_speaks_of_an_authorization_of_a2a_or_of_its_options(text: str, hint: str) -> None:
    error = SenhaseguraError(text, hint=hint)
    say_for_mysafe(error)
    once = str(error)
    say_for_mysafe(error)
    assert str(error) == once
    assert error.hint
    assert not re.search(
        r"A2A (auth|>)|PAM Core|\bauthori[sz]ation\b|(?<!mysafe_)(client_(id|secret)|auth_method)", once
    )
    # No word is left over of what was replaced.
    assert once.count("(") == once.count(")")


def test_a_login_that_fails_names_the_options_of_the_access_key() -> None:
    refused = answer({"error": "invalid_client", "message": "Client authentication failed"}, 401)
    client, server = made({}, token=refused)
    for _turn in range(2):
        with pytest.raises(AuthenticationFailed) as caught:
            client.mysafe.passwords.list()
        assert "does not accept mysafe_client_id and mysafe_client_secret" in str(caught.value)
        assert "the access key (console: MySafe > Integrations > Access keys)" in caught.value.hint
        assert "mysafe_auth_method=oauth2_basic" in caught.value.hint
    assert server.logins == 1


def test_a_server_without_mysafe() -> None:
    client, _server = made({})
    with pytest.raises(NoRoute) as caught:
        client.mysafe.notes.list()
    assert "from release 3.32 on" in caught.value.hint
    assert "dialect to" not in caught.value.hint
    client, _server = made({LIST: answer(body=b"<html>")})
    with pytest.raises(UnexpectedResponse) as unexpected:
        client.mysafe.passwords.list()
    assert "dialect" not in unexpected.value.hint


def test_a_client_of_a2a_is_told_that_it_needs_an_access_key() -> None:
    refused = failure(None, "You are not authorized to access this resource.", 500)
    client, _server = made({LIST: refused})
    with pytest.raises(Denied, match="Use an access key for MySafe"):
        client.mysafe.passwords.list()


def test_a_read_keeps_what_only_the_list_tells() -> None:
    client, _server = made({LIST: success(password_on_list=[ENTRY]), READ: success(password_entity=ENTITY)})
    (listed,) = client.mysafe.passwords.list()
    found = client.mysafe.passwords.read(listed)
    assert (found.need_justify, found.password) == (True, "p-1")


def test_an_answer_about_another_item_is_refused() -> None:
    other = {**ENTITY, "identifier": "5"}
    client, _server = made({READ: success(password_entity=other)})
    with pytest.raises(UnexpectedResponse, match="is about MySafe password 5 instead of 4"):
        client.mysafe.passwords.read(MySafePassword("4"))


def test_an_update_of_another_item_is_refused() -> None:
    place = "PUT /api/mysafe/password/update/4"
    client, _server = made({place: success(password_entity={"identifier": "5"})})
    with pytest.raises(UnexpectedResponse, match="wrote MySafe password 5 instead of 4"):
        client.mysafe.passwords.store(MySafePasswordWrite("n"), MySafePassword("4"))


def test_api_secrets_are_asked_for_by_their_identifier_and_compared_after_a_read() -> None:
    """Nothing says whether the filter takes a part for the whole."""
    path = "/api/mysafe/secretapi"
    found = [{"identifier": "6", "name": "a"}, {"identifier": "7", "name": "b"}]
    whole = [
        {**one, "identifier_code": code, "client_id": "c"} for one, code in zip(found, ("pay", "pay-2"), strict=True)
    ]
    client, server = made(
        {
            f"GET {path}": success(api_secret_on_list=found),
            f"GET {path}/6": success(api_secret_entity=whole[0]),
            f"GET {path}/7": success(api_secret_entity=whole[1]),
        }
    )
    item = client.mysafe.api_secrets.find({"identifier": "pay"})
    assert item is not None
    assert (item.id, item.identifier) == ("6", "pay")
    asked = next(request for request in server.sent if request.path == path)
    assert asked.query == {"identifier_code": "pay"}
    assert client.mysafe.api_secrets.find({"identifier": "pa"}) is None


def test_sealed_values_name_the_option_of_the_access_key() -> None:
    sentence = "An error occurred while encrypting the text"
    client, _server = made({READ: success(password_entity={**ENTITY, "password": sentence})})
    problem = client.mysafe.passwords.read(MySafePassword("4")).unreadable["password"]
    assert "A2A" not in problem.hint
    assert "access key" in problem.hint
