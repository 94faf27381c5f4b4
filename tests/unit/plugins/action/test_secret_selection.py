# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values of which secrets get which names, for secrets_file and secrets_command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    NotFound,
    Refused,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.secrets_file.formats import FORMATS, TOOLS

DIALECTS = pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
DB = DsmSecret("1", "shop-db", ({"USERNAME": "app", "PASSWORD": "pw-1", "ip": "192.0.2.1", "TTL": None},))
API = DsmSecret("2", "shop-api", ({"KEY": "k-1"}, {"PASSWORD": "pw-2", "KEY": "k-1"}))
BROKEN = DsmSecret("3", "broken", ({"A": "a-1", "B": UnexpectedResponse("cannot be read", hint="fix")},))


@pytest.fixture
def chosen(make_api: Any, work: Any) -> Any:
    """chosen(*secrets, dialect=..., **options) -> name -> value, as the operation of secrets_command returns it"""

    def run(*secrets: DsmSecret, dialect: str = "api", **options: Any) -> dict[str, str]:
        api = make_api(dialect)
        api.secrets = list(secrets)
        result = work(api, "secrets_command", cmd="x", **{"on_ciphertext": "warn", **options})
        assert api.calls == []
        return dict(result["entries"])

    return run


@DIALECTS
def test_all_secrets_of_the_application(chosen: Any, dialect: str) -> None:
    assert chosen(DB, dialect=dialect) == {"PASSWORD": "pw-1", "USERNAME": "app", "ip": "192.0.2.1"}
    assert list(chosen(DB)) == ["PASSWORD", "USERNAME", "ip"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"secrets": ["shop-api"]}, {"KEY": "k-1", "PASSWORD": "pw-2"}),
        ({"secrets": ["shop-db", "shop-db"], "keys": ["PASSWORD"]}, {"PASSWORD": "pw-1"}),
        ({"keys": ["KEY", "USERNAME"]}, {"KEY": "k-1", "USERNAME": "app"}),
        ({"duplicates": "first", "keys": ["PASSWORD"]}, {"PASSWORD": "pw-1"}),
        ({"duplicates": "last", "keys": ["PASSWORD"]}, {"PASSWORD": "pw-2"}),
        ({"duplicates": "first", "keys": ["PASSWORD"], "secrets": ["shop-api", "shop-db"]}, {"PASSWORD": "pw-2"}),
        (
            {"duplicates": "prefix", "keys": ["PASSWORD"], "rename": {"SHOP_DB_PASSWORD": "DB"}, "prefix": "X_"},
            {"X_DB": "pw-1", "X_SHOP_API_PASSWORD": "pw-2"},
        ),
        ({"secrets": ["shop-db"], "keys": ["PASSWORD"], "rename": {"PASSWORD": "DB"}}, {"DB": "pw-1"}),
    ],
)
def test_names(chosen: Any, options: Any, expected: dict[str, str]) -> None:
    assert chosen(DB, API, **options) == expected


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, Refused, "PASSWORD of DSM secret shop-db and PASSWORD of DSM secret shop-api have one name"),
        ({"secrets": ["gone"]}, NotFound, "DSM secret gone not found"),
        ({"secrets": []}, ConfigError, "secrets names none"),
        ({"keys": ["KEY", "NONE", "TTL"]}, NotFound, "no secret has a value under the key NONE, TTL"),
        ({"keys": ["KEY"], "rename": {"KEYS": "A"}}, NotFound, "rename names KEYS"),
        ({"keys": ["KEY"], "rename": {"KEY": 1}}, ConfigError, "rename must give a new name"),
        ({"keys": ["KEY"], "rename": {"KEY": "PATH"}}, Refused, "PATH: a variable of this name"),
        ({"keys": ["KEY", "USERNAME"], "rename": {"KEY": "USERNAME"}}, Refused, "have one name"),
    ],
)
def test_what_is_refused(chosen: Any, options: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        chosen(DB, API, **options)
    assert not any(value in str(caught.value) for value in ("pw-1", "pw-2", "k-1"))


def test_what_cannot_be_read_matters_only_if_it_is_wanted(chosen: Any) -> None:
    assert chosen(BROKEN, keys=["A"]) == {"A": "a-1"}
    for options in ({}, {"keys": ["B"]}):
        with pytest.raises(UnexpectedResponse, match="value of B in DSM secret broken"):
            chosen(BROKEN, **options)
    with pytest.raises(UnexpectedResponse, match="value of data in DSM secret x"):
        chosen(DsmSecret("4", "x", (), problem=UnexpectedResponse("no", hint="fix")), keys=["A"])


def test_the_owner_is_checked_where_the_server_says_it(chosen: Any) -> None:
    owned = DsmSecret("1", "shop-db", ({"A": "1"},), application="shop", system="web", environment="prod")
    assert chosen(owned, application="shop", system="web", environment="prod") == {"A": "1"}
    assert chosen(DB, application="any")["USERNAME"] == "app"
    for name in ("application", "system", "environment"):
        with pytest.raises(Refused, match=f"belongs to another {name}"):
            chosen(owned, **{name: "other"})


@pytest.mark.parametrize("data", [{"A": "x\0y"}, {"not-a-name": "1"}])
def test_what_no_environment_can_hold_is_refused(chosen: Any, data: dict[str, str]) -> None:
    with pytest.raises(Refused):
        chosen(DsmSecret("1", "odd", (data,)))


@pytest.mark.parametrize("name", FORMATS)
def test_the_file_of_each_format(make_api: Any, work: Any, name: str) -> None:
    api = make_api("api")
    api.secrets = [DB]
    more = {"k8s_name": "shop"} if name == "k8s_secret" else {}
    result = work(api, "secrets_file", format=name, keys=["PASSWORD"], on_ciphertext="warn", **more)
    assert result["secrets_file"] == {"format": name, "names": ["PASSWORD"], "secrets": ["shop-db"]}
    assert "PASSWORD" in result["content"]
    assert ("masks" in result) == (name == "github")


@pytest.mark.parametrize("tool", TOOLS)
def test_the_format_of_each_tool(make_api: Any, work: Any, tool: str) -> None:
    api = make_api("api")
    api.secrets = [DB]
    result = work(api, "secrets_file", tool_name=tool, on_ciphertext="warn", keys=["PASSWORD"])
    assert result["secrets_file"]["format"] == {"github": "github", "azure-devops": "azure"}.get(tool, "posix")


def test_warnings(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.secrets = [DsmSecret("1", "many", ({f"K{number}": "abc" for number in range(21)},))]
    result = work(api, "secrets_file", format="github", on_ciphertext="warn", keys=["K1"])
    assert result["warnings"] == ["too short to be masked in the log of GitHub: K1"]
    assert "abc" not in json.dumps(result["masks"])
    result = work(api, "secrets_file", format="gitlab_dotenv", on_ciphertext="warn")
    assert result["warnings"] == ["21 variables: some plans of GitLab take 20 in a report"]
