# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipeline variables: what is uploaded, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Denied, Unsupported
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_mapping_file import GUIDE

TOKENS = {"key_value": [{"name": "TOKENS", "fields": ["KEY", "URL"]}]}
VALUES = {"KEY": "k-secret", "URL": "https://x", "HOME": "/root", "SENHASEGURA_CLIENT_SECRET": "own"}


def recorded(identifier: str = "TOKENS", name: str = "", **data: str) -> DsmSecret:
    return DsmSecret("1", identifier, (data,), name)


def test_only_what_the_mapping_names_is_uploaded(make_api: Any, work: Any) -> None:
    api = make_api("api")
    predicted = work(api, "dsm_variables", True, mapping=TOKENS, variables=VALUES)
    assert api.calls == []
    result = work(api, "dsm_variables", mapping=TOKENS, variables=VALUES)
    ((operation, _ref, model),) = api.calls
    assert operation == "variables.create"
    assert model.values == {"KEY": "k-secret", "URL": "https://x"}
    assert model.mapping == TOKENS
    assert (predicted["changed"], predicted["diff"]) == (result["changed"], result["diff"])
    assert result["diff"] == {"before": {"up_to_date": []}, "after": {"up_to_date": ["TOKENS"]}}
    assert result["variables"]["uploaded"] == ["KEY", "URL"]
    (warning,) = result["warnings"]
    assert "lists no secret for TOKENS" in warning
    assert "k-secret" not in str(result)


def test_the_guides_mapping_as_text(make_api: Any, work: Any) -> None:
    api = make_api("iso")
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DB_USER", "DB_PASSWORD", "DB_HOST", "API_KEY", "API_SECRET")
    values = {name: f"v-{name}" for name in (*names, "WEBHOOK_SECRET")}
    result = work(api, "dsm_variables", mapping=GUIDE, variables=values)
    assert api.calls[0][2].values == values
    kinds = [(one["name"], one["kind"]) for one in result["variables"]["secrets"]]
    assert kinds == [("AWS_PROD_KEYS", "access_key"), ("DATABASE_CREDS", "credential"), ("API_TOKENS", "key_value")]


@pytest.mark.parametrize(
    ("secret", "changed", "as_given"),
    [
        (recorded(KEY="k-secret", URL="https://x"), False, True),
        (recorded(KEY="k-secret", URL="https://x", MORE="1"), False, True),
        # Nothing says under which name the server records an entry.
        (recorded("9f", "TOKENS", KEY="k-secret", URL="https://x"), False, True),
        (recorded(KEY="old", URL="https://x"), True, False),
        (recorded(KEY="k-secret"), True, False),
        (recorded("OTHER", KEY="k-secret", URL="https://x"), True, False),
    ],
)
def test_the_secrets_say_what_is_there_already(
    make_api: Any, work: Any, secret: DsmSecret, changed: bool, as_given: bool
) -> None:
    api = make_api("api")
    api.secrets = [secret]
    result = work(api, "dsm_variables", mapping=TOKENS, variables=VALUES)
    assert (result["changed"], len(api.calls)) == (changed, int(changed))
    (became,) = result["variables"]["secrets"]
    assert became["as_given"] is as_given
    assert (became["key_names"] is None) == (secret.identifier == "OTHER")


def test_without_the_right_to_look_each_run_uploads(make_api: Any, work: Any, monkeypatch: Any) -> None:
    api = make_api("api")

    class Blind(type(api)):  # type: ignore[misc]
        def call(self, operation: Any, **more: Any) -> Any:
            if operation.name == "secret.list":
                raise Denied("this resource is not granted")
            return super().call(operation, **more)

    api.__class__ = Blind
    result = work(api, "dsm_variables", mapping=TOKENS, variables=VALUES)
    assert result["changed"]
    assert result["variables"]["secrets"][0]["as_given"] is None
    (warning,) = result["warnings"]
    assert "cannot be read" in warning


@pytest.mark.parametrize(
    ("options", "option", "said"),
    [
        ({"mapping": TOKENS, "variables": {"KEY": "k-secret"}}, "variables", "no value: URL"),
        ({"mapping": TOKENS, "variables": {**VALUES, "URL": None}}, "variables", "no value: URL"),
        (
            {"mapping": TOKENS, "variables": {**VALUES, "KEY": 12}},
            "variables",
            "value of KEY in variables must be text",
        ),
        (
            {"mapping": TOKENS, "variables": {**VALUES, "KEY": "k-secret\nURL=x"}},
            "variables",
            "value of KEY .* line end",
        ),
        ({"mapping": TOKENS, "variables": {**VALUES, "KEY": "k-secret\0"}}, "variables", "value of KEY .* NUL"),
        ({"mapping": TOKENS, "variables": {**VALUES, "KEY": "k-secret\ud800"}}, "variables", "must be valid text"),
        ({"mapping": {}, "variables": VALUES}, "mapping", "names no variables"),
        ({"mapping": "k-secret", "variables": VALUES}, "mapping", "must be valid JSON"),
    ],
)
def test_wrong_options_are_named_without_their_values(
    make_api: Any, work: Any, options: Any, option: str, said: str
) -> None:
    api = make_api("api")
    with pytest.raises(ConfigError, match=said) as caught:
        work(api, "dsm_variables", True, **options)
    assert caught.value.context.option == option
    assert "k-secret" not in str(caught.value)


def test_the_guide_has_no_upload(make_api: Any, work: Any) -> None:
    with pytest.raises(Unsupported, match="no call for variables.create"):
        work(make_api("rest"), "dsm_variables", True, mapping=TOKENS, variables=VALUES)
