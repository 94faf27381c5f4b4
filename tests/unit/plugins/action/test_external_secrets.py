# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the manifests read, compared with what DSM has; in one request."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest
from eso import corpus

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import NotFound, Refused, UnexpectedResponse
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.dsm_references import (
    DsmReference,
    references,
)

ACCOUNT = {"USERNAME": "app", "PASSWORD": "p-1", "HOSTNAME": "db01"}
CIPHERTEXT = base64.b64encode(random.Random(1).randbytes(256)).decode()


def external(**spec: Any) -> dict[str, Any]:
    return {"kind": "ExternalSecret", "metadata": {"name": "db", "namespace": "shop"}, "spec": spec}


def value(key: str, **more: str) -> dict[str, Any]:
    return {"secretKey": "a", "remoteRef": {"key": key, **more}}


def held(identifier: str, *data: dict[str, Any], **fields: Any) -> DsmSecret:
    return DsmSecret("1", identifier, tuple(data), **fields)


def test_what_the_guide_reads() -> None:
    owner = "ExternalSecret default/database-credentials"
    assert references(corpus.guide()) == [
        *(DsmReference(owner, "database-prod", name) for name in ("username", "password", "host")),
        DsmReference("ExternalSecret default/api-secrets", "api-settings-prod", extract=True),
    ]


def test_entries_with_a_store_of_their_own_are_not_ours() -> None:
    other = {"storeRef": {"name": "vault"}}
    given = external(data=[{**value("a"), "sourceRef": other}], dataFrom=[{"sourceRef": other}])
    assert references([given]) == []


@pytest.mark.parametrize(
    ("spec", "secrets", "says"),
    [
        ({"data": [value("shop")]}, [], "ExternalSecret shop/db: there is no DSM secret shop for this client"),
        (
            {"data": [value("shop", property="username")]},
            [held("shop", ACCOUNT)],
            "DSM secret shop has no property username, and USERNAME is written so",
        ),
        (
            {"data": [value("shop", property="PORT")]},
            [held("shop", ACCOUNT)],
            "DSM secret shop has no property PORT: it has HOSTNAME, PASSWORD, USERNAME",
        ),
        ({"data": [value("shop", property="A")]}, [held("shop")], "has no property A: it has none"),
        # ESO would make an empty Secret of it, without an error.
        ({"dataFrom": [{"extract": {"key": "shop"}}]}, [], "there is no DSM secret shop"),
        ({"dataFrom": [{"extract": {"key": "shop"}}]}, [held("shop", {})], "DSM secret shop is empty"),
        (
            {"data": [value("shop", property="A")]},
            [held("shop", problem=UnexpectedResponse("its data is no list"))],
            "DSM secret shop cannot be read: its data is no list",
        ),
    ],
)
def test_what_dsm_has_not_is_refused(talk: Any, work: Any, spec: Any, secrets: list[DsmSecret], says: str) -> None:
    api = talk("api")
    api.secrets = [*secrets, held("other", ACCOUNT)]
    with pytest.raises(NotFound) as caught:
        work(api, "external_secrets", manifests=[external(**spec)])
    assert says in caught.value.message
    assert "p-1" not in str(caught.value)


def test_all_problems_are_named_at_once(talk: Any, work: Any) -> None:
    api = talk("api")
    api.secrets = [held("shop", ACCOUNT)]
    wanted = [value("shop", property="A"), value("shop", property="B"), value("x"), value("x")]
    with pytest.raises(NotFound) as caught:
        work(api, "external_secrets", manifests=[external(data=wanted)])
    assert caught.value.message.count("ExternalSecret shop/db: ") == 3


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_there_passes(talk: Any, work: Any, check_mode: bool) -> None:
    api = talk("api")
    api.secrets = [held("shop", ACCOUNT, {"API_KEY": "k"}), held("web", {"A": "1"})]
    wanted = [value("shop", property="USERNAME"), value("shop", property="API_KEY")]
    given = [external(data=wanted, dataFrom=[{"extract": {"key": "web"}}])]
    read: list[str] = []
    call = api.call

    def count(operation: Any, **keywords: Any) -> Any:
        read.append(operation.name)
        return call(operation, **keywords)

    api.call = count
    assert work(api, "external_secrets", check_mode, manifests=given) == {"checked": 2, "warnings": []}
    assert read == ["secret.list"]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"data": [value("shop")]}, "the value is the JSON text of all blocks of DSM secret shop"),
        (
            {"data": [value("shop", property="USERNAME")]},
            "USERNAME stands in several blocks of DSM secret shop, and ESO",
        ),
        (
            {"dataFrom": [{"extract": {"key": "shop"}}]},
            "HOSTNAME, PASSWORD, USERNAME stands in several blocks of DSM secret shop, and extract takes the last",
        ),
    ],
)
def test_what_may_surprise_is_warned_of(talk: Any, work: Any, spec: Any, says: str) -> None:
    api = talk("api")
    api.secrets = [held("shop", ACCOUNT, ACCOUNT)]
    (warning,) = work(api, "external_secrets", manifests=[external(**spec)])["warnings"]
    assert says in warning


def test_encrypted_values_are_refused(talk: Any, work: Any) -> None:
    api = talk("api")
    api.secrets = [held("shop", {**ACCOUNT, "PASSWORD": CIPHERTEXT})]
    with pytest.raises(Refused, match="encrypted PASSWORD of shop, and ESO cannot decrypt it") as caught:
        work(api, "external_secrets", manifests=[external(data=[value("shop", property="PASSWORD")])])
    assert CIPHERTEXT not in str(caught.value)


def test_a_list_without_values_is_completed(talk: Any, work: Any) -> None:
    """The dialect rest may list secrets without their data."""
    api = talk("rest")
    full = held("shop", ACCOUNT)

    class Listing(type(api)):  # type: ignore[misc]
        def call(self, operation: Any, **keywords: Any) -> Any:
            answer = super().call(operation, **keywords)
            return (held("shop", incomplete=True),) if isinstance(answer, tuple) else answer

    api.__class__ = Listing
    api.secrets = [full]
    given = [external(data=[value("shop", property="USERNAME")])]
    assert work(api, "external_secrets", manifests=given)["checked"] == 1


def test_nothing_to_compare_asks_for_nothing(talk: Any, work: Any) -> None:
    api = talk("api")
    api.call = None
    assert work(api, "external_secrets", manifests=[]) == {"checked": 0, "warnings": []}
