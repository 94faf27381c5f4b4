# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCIM over HTTP: its own form of bodies and errors, and what a status means there."""

from __future__ import annotations

import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    Denied,
    InvalidRequest,
    NoRoute,
    TokenRefused,
)
from ansible_collections.community.senhasegura.plugins.module_utils.user_models import ScimUserWrite
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import ServerCache
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    NO_ROUTE,
    Scripted,
    answer,
    failure,
    settings,
)

USERS = "/iso/scim/v2/Users"
NEW = ScimUserWrite("jdoe", "1", "Jane Doe", email="j@example.com", password="Pw-4711-secret")
SCIM = {"content_type": "application/scim+json"}


def user(id_: int, **more: t.Any) -> dict[str, t.Any]:
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": str(id_), "userName": f"user{id_}", **more}


def error(status: int, detail: str = "x") -> t.Any:
    document = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return answer(document, status, **SCIM)


def part(total: int, *ids: int, **headers: str) -> t.Any:
    document = {"schemas": ["urn:x"], "totalResults": total, "Resources": [user(id_) for id_ in ids]}
    return answer(document, **headers)


def over(server: Scripted) -> t.Any:
    return client_over(DirectApi(settings(dialect="iso"), transport=server)).scim_users


@pytest.mark.parametrize("kind", ["application/scim+json", "application/json", "text/html"])
def test_parts_of_the_list_in_any_type_of_content(kind: str) -> None:
    """Before 4.0 the type was another one (SSGR-3116)."""
    server = Scripted({f"GET {USERS}": [part(3, 1, 2, content_type=kind), part(3, 3, content_type=kind)]})
    assert [found.id for found in over(server).list()] == ["1", "2", "3"]
    assert [sent.query for sent in server.sent[1:]] == [{"startIndex": n, "count": "100"} for n in ("1", "3")]
    assert server.sent[0].path == "/iso/oauth2/token"


def test_a_write_is_a_document_of_scim() -> None:
    server = Scripted({f"POST {USERS}": answer(user(7), 201), f"DELETE {USERS}/7": answer(status=204, body=b"")})
    assert over(server).create(NEW) == "7"
    over(server).delete("7")
    sent = next(sent for sent in server.sent if sent.path == USERS)
    assert sent.headers["Content-Type"] == "application/scim+json"
    assert sent.document["userName"] == "jdoe"


def test_nobody_is_not_the_same_as_no_such_path() -> None:
    server = Scripted({f"GET {USERS}/7": [error(404, "Resource 7 not found"), NO_ROUTE]})
    assert over(server).read("7") is None
    with pytest.raises(NoRoute) as caught:
        over(server).read("7")
    assert "SCIM answers below /iso/scim/v2 in every release" in caught.value.hint


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error(400), InvalidRequest, "Roles and access groups must exist"),
        (error(401), TokenRefused, "of an identity provider, not of an A2A authorization"),
        (error(403), Denied, "allowed IPs"),
        (error(409), InvalidRequest, "or other values"),
        (failure(None, "You are not authorized to access this resource.", 500), Denied, "identity provider"),
    ],
)
def test_errors(reply: t.Any, kind: type[Exception], words: str) -> None:
    server = Scripted({f"POST {USERS}": reply})
    with pytest.raises(kind) as caught:
        over(server).create(NEW)
    assert words in str(caught.value)
    assert "tab Security" not in str(caught.value)


def test_what_the_server_quotes_of_a_password_is_masked() -> None:
    server = Scripted({f"POST {USERS}": error(400, "Pw-4711-secret is too short")})
    with pytest.raises(InvalidRequest) as caught:
        over(server).create(NEW)
    assert "Pw-4711" not in str(caught.value.failure())


def test_a_write_makes_others_read_all_parts_again() -> None:
    listed = [part(2, 1), part(2, 2), part(2, 1), part(2, 2)]
    server = Scripted({f"GET {USERS}": listed, f"POST {USERS}": answer(user(7), 201)})
    apis = CachedApis()
    apis._caches[settings(dialect="iso")] = ServerCache(settings(dialect="iso"), transport=server)
    users = client_over(apis.api(settings(dialect="iso"), CachePolicy())).scim_users
    users.list()
    users.list()
    assert server.count("GET", USERS) == 2
    users.create(NEW)
    users.list()
    assert server.count("GET", USERS) == 4
