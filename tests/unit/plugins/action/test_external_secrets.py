# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the manifests read, compared with what DSM has; in one request."""

from __future__ import annotations

import base64
import dataclasses
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eso import corpus

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    NotFound,
    Refused,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.dsm_references import (
    DsmReference,
    references,
)
from ansible_collections.community.senhasegura.plugins.module_utils.operations import external_secrets as operation
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import RunSettings, Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils.external_secrets_action import ExternalSecretsAction
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate

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
def test_what_dsm_has_not_is_refused(make_api: Any, work: Any, spec: Any, secrets: list[DsmSecret], says: str) -> None:
    api = make_api("api")
    api.secrets = [*secrets, held("other", ACCOUNT)]
    with pytest.raises(NotFound) as caught:
        work(api, "external_secrets", manifests=[external(**spec)])
    assert says in caught.value.message
    assert "p-1" not in str(caught.value)


def test_all_problems_are_named_at_once(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.secrets = [held("shop", ACCOUNT)]
    wanted = [value("shop", property="A"), value("shop", property="B"), value("x"), value("x")]
    with pytest.raises(NotFound) as caught:
        work(api, "external_secrets", manifests=[external(data=wanted)])
    assert caught.value.message.count("ExternalSecret shop/db: ") == 3


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_there_passes(make_api: Any, work: Any, check_mode: bool) -> None:
    api = make_api("api")
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
def test_what_may_surprise_is_warned_of(make_api: Any, work: Any, spec: Any, says: str) -> None:
    api = make_api("api")
    api.secrets = [held("shop", ACCOUNT, ACCOUNT)]
    (warning,) = work(api, "external_secrets", manifests=[external(**spec)])["warnings"]
    assert says in warning


def test_encrypted_values_are_refused(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.secrets = [held("shop", {**ACCOUNT, "PASSWORD": CIPHERTEXT})]
    with pytest.raises(Refused, match="encrypted PASSWORD of shop, and ESO cannot decrypt it") as caught:
        work(api, "external_secrets", manifests=[external(data=[value("shop", property="PASSWORD")])])
    assert CIPHERTEXT not in str(caught.value)


def test_a_list_without_values_is_completed(make_api: Any, work: Any) -> None:
    """The dialect rest may list secrets without their data."""
    api = make_api("rest")
    full = held("shop", ACCOUNT)

    class Listing(type(api)):  # type: ignore[misc]
        def call(self, operation: Any, **keywords: Any) -> Any:
            answer = super().call(operation, **keywords)
            return (held("shop", incomplete=True),) if isinstance(answer, tuple) else answer

    api.__class__ = Listing
    api.secrets = [full]
    given = [external(data=[value("shop", property="USERNAME")])]
    assert work(api, "external_secrets", manifests=given)["checked"] == 1


def test_nothing_to_compare_asks_for_nothing(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.call = None
    assert work(api, "external_secrets", manifests=[]) == {"checked": 0, "warnings": []}


SETTINGS = Settings(
    url="https://pam.example.com",
    client_id=SecretStr("0123abcd"),
    client_secret=SecretStr("client-secret-1"),
    decryption_key=SecretStr("a key that ESO does not have"),
)
WANTED = {"external_secrets": [{"name": "db", "data": [{"secret_key": "a", "identifier": "shop", "property": "A"}]}]}


class Task(ExternalSecretsAction):
    """A task with these options, and the API that it asks. ``asked``: the settings with which it did."""

    def __init__(self, api: Any, diff: bool = False, **options: Any) -> None:
        self._task = SimpleNamespace(diff=diff)
        self.api, self.asked = api, list[Settings]()
        self.params = validate(options, operation.SPEC, operation.RULES)

    def open(self, settings: Settings, run: RunSettings, until: float) -> Any:
        self.asked.append(settings)
        return self.api

    def do(self, settings: Settings = SETTINGS, check_mode: bool = False) -> dict[str, Any]:
        return self.perform(settings, RunSettings(), self.params, check_mode)


@pytest.fixture
def api(make_api: Any) -> Any:
    api = make_api("api")
    api.secrets = [held("shop", {"A": "1"})]
    return api


def test_what_a_task_returns(api: Any, tmp_path: Path) -> None:
    dest = str(tmp_path / "new")
    task = Task(api, diff=True, dest=dest, **WANTED)
    predicted = task.do(check_mode=True)
    assert not (tmp_path / "new").exists()
    result = task.do()
    assert predicted == result
    assert (result["changed"], result["checked"], result["warnings"]) == (True, 1, [])
    assert result["objects"][0] == {
        "kind": "Secret",
        "namespace": "default",
        "name": "senhasegura-auth",
        "path": f"{dest}/secret_default_senhasegura-auth.yml",
    }
    assert len(result["diff"]) == len(result["objects"]) == len(list((tmp_path / "new").iterdir())) == 3
    assert not [text for text in ("client-secret-1", "Y2xpZW50", "0123abcd", "_ansible_no_log") if text in str(result)]
    again = task.do()
    assert (again["changed"], again["diff"]) == (False, [])


def test_dsm_is_read_as_eso_reads_it(api: Any) -> None:
    """Which has no key to decrypt with."""
    task = Task(api, **WANTED)
    task.do()
    assert [settings.decryption_key for settings in task.asked] == [None]


def test_objects_are_returned_hidden(api: Any) -> None:
    result = Task(api, include_manifests=True, **WANTED).do()
    assert result["_ansible_no_log"] is True
    assert result["manifests"] == corpus.described(**WANTED)
    assert result["objects"][0]["path"] is None


def test_nothing_is_asked_if_nothing_is_to_be_compared() -> None:
    task = Task(None, check_dsm=False, manifests=corpus.guide())
    result = task.do()
    assert (task.asked, result["checked"], len(result["objects"])) == ([], 0, 6)


def test_another_client_is_warned_of(api: Any) -> None:
    api.secrets = [
        held("database-prod", {"username": "a", "password": "b", "host": "c"}),
        held("api-settings-prod", {"A": "1"}),
    ]
    warnings = Task(api, manifests=corpus.guide()).do()["warnings"]
    assert [text.partition(":")[0] for text in warnings if "its client is another one" in text] == [
        "SecretStore default/senhasegura-dsm",
        "ClusterSecretStore senhasegura-dsm-global",
    ]


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_a_store_needs_a_client_of_oauth2(name: str) -> None:
    other = dataclasses.replace(SETTINGS, **{name: None})
    with pytest.raises(ConfigError, match=f"{name} is needed for the store") as caught:
        Task(None, **WANTED).do(other)
    assert caught.value.context.option == name


def test_without_a_secret_to_make_no_client_secret_is_needed(api: Any) -> None:
    other = dataclasses.replace(SETTINGS, client_secret=None)
    kinds = [one["kind"] for one in Task(api, create_auth_secret=False, **WANTED).do(other)["objects"]]
    assert kinds == ["SecretStore", "ExternalSecret"]


def test_all_that_is_wrong_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    wrong = {"name": "Not_A_Name", "data": [{"secret_key": "a b", "identifier": "shop"}]}
    with pytest.raises(ConfigError) as caught:
        Task(None, dest=str(tmp_path / "new"), external_secrets=[wrong]).do()
    assert caught.value.message.count(";") == 2
    assert "(not shown)" in caught.value.message
    assert not (tmp_path / "new").exists()


def test_where_the_cluster_sees_the_server(api: Any) -> None:
    result = Task(api, include_manifests=True, store_url="https://inside.example.com", **WANTED).do()
    assert result["manifests"][1]["spec"]["provider"]["senhasegura"]["url"] == "https://inside.example.com"
