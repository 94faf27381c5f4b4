# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ephemeral credentials: made at each run, and given back."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    Unsupported,
)

POD = {"pod_name": "web-1", "deploy": "web", "namespace": "prod"}
MADE = DsmSecret("42", "job", ({"USERNAME": "eph", "PASSWORD": "pw-secret", "TTL": "3600"},), "job")


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.answers["ephemeral_credential.create"] = MADE
    return made


@pytest.mark.parametrize("names", [{"identifier": "job"}, POD])
def test_each_run_makes_one(api: Any, work: Any, names: Any) -> None:
    predicted = work(api, "ephemeral_credential", True, **names)
    assert api.calls == []
    assert predicted["secret"] == {**names, "id": None}
    assert "_ansible_no_log" not in predicted
    for _run in range(2):
        result = work(api, "ephemeral_credential", **names)
        assert (result["changed"], result["diff"]) == (True, predicted["diff"])
    assert result["secret"]["id"] == "42"
    assert result["secret"]["data"] == [{"USERNAME": "eph", "PASSWORD": "pw-secret", "TTL": "3600"}]
    assert result["_ansible_no_log"]
    assert [operation for operation, *_rest in api.calls] == ["ephemeral_credential.create"] * 2


def test_without_a_broker_a_warning_says_that_nobody_gives_it_back(api: Any, work: Any) -> None:
    (warning,) = work(api, "ephemeral_credential", **POD)["warnings"]
    assert "state=absent" in warning
    assert not api.calls[-1][2].at_end
    assert work(api, "ephemeral_credential", deprovision_at_end=False, **POD)["warnings"] == []
    type(api).gives_back_at_end = True
    try:
        assert work(api, "ephemeral_credential", **POD)["warnings"] == []
        assert api.calls[-1][2].at_end
        assert work(api, "ephemeral_credential", deprovision_at_end=False, **POD)["warnings"] == []
        assert not api.calls[-1][2].at_end
    finally:
        del type(api).gives_back_at_end


def test_one_is_removed_once(api: Any, work: Any) -> None:
    options = {"state": "absent", "secret_id": "42", **POD}
    assert work(api, "ephemeral_credential", True, **options)["changed"]
    assert api.calls == []
    assert work(api, "ephemeral_credential", **options)["changed"]
    ((operation, ref, model),) = api.calls
    assert (operation, model.secret_id, model.pod_name) == ("ephemeral_credential.release", "42", "web-1")
    assert ref == "pod_name=web-1&deploy=web&namespace=prod&secret_id=42"
    api.answers["ephemeral_credential.release"] = NotFound("gone")
    assert not work(api, "ephemeral_credential", **options)["changed"]


@pytest.mark.parametrize(
    "options",
    [{}, {"pod_name": "a"}, {"identifier": "a", **POD}, {"state": "absent", **POD}],
)
def test_wrong_options(api: Any, work: Any, options: Any) -> None:
    with pytest.raises(ConfigError):
        work(api, "ephemeral_credential", True, **options)


def test_what_a_dialect_has_not(make_api: Any, work: Any) -> None:
    with pytest.raises((Unsupported, InvalidRequest), match="pod_name"):
        work(make_api("iso"), "ephemeral_credential", True, identifier="job")
    assert work(make_api("iso"), "ephemeral_credential", True, **POD)["changed"]
    with pytest.raises(Unsupported, match="no call for ephemeral_credential.create"):
        work(make_api("rest"), "ephemeral_credential", True, **POD)
