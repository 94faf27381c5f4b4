# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ephemeral credentials that the run owes: noted before they are made, and given back at its end."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import CREATE_EPHEMERAL, Area
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_models import EphemeralWrite
from ansible_collections.community.senhasegura.plugins.module_utils.errors import SenhaseguraError
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import cached_apis, ledger
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import CachedApi, ServerCache
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.ledger import Ledger, path_for
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    Scripted,
    Sent,
    answer,
    entry,
    failure,
    settings,
    success,
)

PROVISION, DEPROVISION = "POST /iso/coe/dapp/provision", "POST /iso/coe/dapp/deprovision"
MADE = success(secret={"secret_id": "42", "identity": "n-d-p", "data": [{"PASSWORD": "pw-Example-1"}]})
POD = EphemeralWrite(pod_name="p", deploy="d", namespace="n", at_end=True)
NOTE = ("ephemeral_credential", "pod_name=p&deploy=d&namespace=n")
OWED = ("ephemeral_credential", "pod_name=p&deploy=d&namespace=n&secret_id=42")


class Run:
    """A run with its ledger, over a server that answers what the test says."""

    def __init__(self, folder: pathlib.Path, **replies: Any) -> None:
        self.folder = folder
        self.server = Scripted(
            {PROVISION: replies.get("provision", MADE), DEPROVISION: replies.get("deprovision", success())}
        )
        self.take_over()

    def take_over(self) -> None:
        """Go on as another broker does when the first one was lost."""
        self.ledger = Ledger(path_for(str(self.folder)), b"k" * 32, 1)
        self.account = self.ledger.account(settings())
        self.cache = ServerCache(settings(), transport=self.server, account=self.account)

    def provision(self, wanted: EphemeralWrite = POD) -> Any:
        return self.cache.call(CREATE_EPHEMERAL, policy=CachePolicy(), model=wanted)

    def returned(self) -> list[dict[str, str]]:
        return [request.document for request in self.server.sent if request.path.endswith("deprovision")]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    made = tmp_path / "ansible-local-1abc"
    made.mkdir()
    return made


def test_what_was_made_is_given_back_at_the_end(folder: pathlib.Path) -> None:
    run = Run(folder)
    assert run.provision().id == "42"
    assert list(run.account.items()) == [OWED]
    assert cached_apis.release_all(run.cache) == []
    assert run.returned() == [{"pod_name": "p", "deploy": "d", "namespace": "n", "secret_id": "42"}]
    assert run.account.items() == {}
    run.ledger.close()
    assert list(folder.parent.iterdir()) == [folder]


def test_the_ledger_names_the_area_as_the_catalogue_does() -> None:
    assert Area.EPHEMERAL.value == ledger.EPHEMERAL


def test_it_is_noted_before_it_is_made_and_without_a_secret(folder: pathlib.Path) -> None:
    seen = []

    def provision(_request: Sent) -> Any:
        seen.append(list(run.account.items()))
        return MADE

    run = Run(folder, provision=provision)
    run.provision()
    assert seen == [[NOTE]]
    lines = pathlib.Path(path_for(str(folder))).read_text().splitlines()
    kinds = [(next(iter({"owed", "settled"} & json.loads(line).keys())), json.loads(line)) for line in lines]
    assert [kind for kind, _line in kinds] == ["owed", "owed", "settled"]
    assert "pw-Example-1" not in "".join(lines)


def test_another_broker_gives_it_back(folder: pathlib.Path) -> None:
    run = Run(folder)
    run.provision()
    run.take_over()
    assert cached_apis.release_all(run.cache) == []
    assert run.returned()[0]["secret_id"] == "42"


def test_what_shall_stay_is_not_owed(folder: pathlib.Path) -> None:
    run = Run(folder)
    run.provision(dataclasses.replace(POD, at_end=False))
    assert cached_apis.release_all(run.cache) == []
    assert run.returned() == []


def test_what_the_task_has_removed_is_not_owed_any_more(folder: pathlib.Path) -> None:
    run = Run(folder)
    run.provision()
    client = client_over(CachedApi(run.cache, CachePolicy()))
    assert client.ephemeral.given_back_at_end
    # Named in another way than when it was made.
    assert client.ephemeral.deprovision(EphemeralWrite("n-d-p", secret_id="42"))
    assert cached_apis.release_all(run.cache) == []
    assert len(run.returned()) == 1


def test_what_was_refused_is_not_owed(folder: pathlib.Path) -> None:
    run = Run(folder, provision=failure(None, "Profile not found"))
    with pytest.raises(SenhaseguraError):
        run.provision()
    assert run.account.items() == {}


@pytest.mark.parametrize("reply", [answer({}, 502), success(secret=None), answer(body=b"{")])
def test_what_may_have_been_made_is_told_at_the_end(folder: pathlib.Path, reply: Any) -> None:
    run = Run(folder, provision=reply)
    with pytest.raises(SenhaseguraError):
        run.provision()
    assert list(run.account.items()) == [NOTE]
    (problem,) = cached_apis.release_all(run.cache)
    assert "secret_id" in problem
    assert list(run.account.items()) == [NOTE]


def test_what_is_gone_already_is_given_back(folder: pathlib.Path) -> None:
    gone = answer({"response": {"status": 404, "message": "Secret not found", "error": True, "error_code": 404}}, 404)
    run = Run(folder, deprovision=gone)
    run.provision()
    assert cached_apis.release_all(run.cache) == []
    assert run.account.items() == {}


def test_what_the_server_does_not_take_back_is_kept_for_the_next_run(folder: pathlib.Path) -> None:
    run = Run(folder, deprovision=failure(None, "No"))
    run.provision()
    (problem,) = cached_apis.release_all(run.cache)
    assert "ephemeral credential n/d/p" in problem
    (owed,) = run.ledger.owed()
    assert str(owed).startswith("ephemeral_credential pod_name=p&deploy=d&namespace=n&secret_id=42 at https://")


def test_custody_that_would_make_the_vault_change_the_password_is_kept_and_told(folder: pathlib.Path) -> None:
    run = Run(folder)
    listed = success(credentials=[entry(8, "db-app", automatic_change=True)])
    run.server.on("GET /api/pam/credential", listed)
    run.account.owe(("credential", "8"), False)
    (problem,) = cached_apis.release_all(run.cache)
    assert "releasing db-app would make the vault change its password" in problem
    assert run.account.items() == {}
    assert not [line for line in run.server.lines if line.startswith("DELETE")]
