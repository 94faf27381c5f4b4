# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role external_secrets: the guide's objects to files, and described ones to a cluster that is a stand-in.

The collection below collections/ stands in for kubernetes.core, which cannot be installed from Galaxy here. The real one
runs in `./run manifests`, against an API server of ours.
"""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from eso import corpus
from workspace import collections

from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.manifest_rules import problems

ROLE = "community.senhasegura.external_secrets"
STAND_IN = Path(__file__).with_name("collections")
CLIENT = {"client_id": "eso-client-0123", "client_secret": "eso-secret-0123456789"}
HIDDEN = (*CLIENT.values(), base64.b64encode(CLIENT["client_secret"].encode()).decode())
SECRETS = [
    {"identity": "database-prod", "data": [{"username": "app", "password": "p-1", "host": "db01"}]},
    {"identity": "api-settings-prod", "data": [{"TOKEN": "t-1"}]},
]
pytestmark = pytest.mark.parametrize("_server", [("4.0", "auto")], indirect=True, ids=["4.0"])


@pytest.fixture
def vault(serve: Any) -> Any:
    application = {"name": "shop", "system": "shop", "environment": "prod", "secrets": SECRETS}
    return serve({"clients": [{**CLIENT, "application": "shop"}], "applications": [application]})


def role(name: str, *, entry: str = "main", fails: bool = False, **variables: Any) -> list[dict[str, Any]]:
    """Return the tasks that use the role, and note the message of its failure."""
    given = {f"external_secrets_{name}": value for name, value in variables.items()}
    task = {"name": name, "ansible.builtin.include_role": {"name": ROLE, "tasks_from": entry}, "vars": given}
    if not fails:
        return [task]
    kept = {"name": f"{name}, failed", "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    return [{"block": [task, {"ansible.builtin.fail": {"msg": "it did not fail"}}], "rescue": [kept]}]


def result(name: str, fact: str) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.debug": {"var": fact}}


def reads(vault: Any) -> list[str]:
    lines = [entry["line"].rsplit(" ", 1)[0] for entry in vault.control.log()]
    return [line for line in lines if "/dapp/application" in line or "oauth2/token" in line]


def client(vault: Any) -> dict[str, str]:
    return {f"SENHASEGURA_{name.upper()}": value for name, value in CLIENT.items()} | {"SENHASEGURA_URL": vault.url}


def test_the_objects_of_the_guide_as_files(vault: Any, run_play: Any, tmp_path: Path) -> None:
    given, dest = corpus.guide(), str(tmp_path / "manifests")
    wrong = [{**corpus.guide()[4], "spec": {**corpus.guide()[4]["spec"], "dataFrom": [{"extract": {"key": "nobody"}}]}}]
    tasks = [
        *role("guide", manifests=given, dest=dest),
        result("first", "external_secrets_result"),
        *role("again", manifests=given, dest=dest),
        result("second", "external_secrets_result"),
        *role("not there", fails=True, manifests=wrong, dest=f"{dest}-2"),
        *role("nowhere", fails=True, manifests=given),
        *role("no collection", fails=True, manifests=given, state="applied", dest=f"{dest}-3"),
        *role("cannot verify", fails=True, entry="verify", manifests=given),
    ]
    done = run_play(vault, tasks, "-vvv", "--diff", env=client(vault))
    assert done.rc == 0, done
    written = {path.name: yaml.safe_load(path.read_text()) for path in Path(dest).iterdir()}
    objects, _warnings = corpus.correct(given)
    assert problems(objects) == []
    assert sorted(written.values(), key=str) == sorted(objects, key=str)
    assert {name for name in written if stat.S_IMODE((Path(dest) / name).stat().st_mode) == 0o600} == {
        "secret_default_senhasegura-auth.yml",
        "secret_external-secrets_senhasegura-auth.yml",
    }
    first, second = (done[name]["external_secrets_result"] for name in ("first", "second"))
    assert (first["changed"], second["changed"], first["checked"]) == (True, False, 2)
    assert "ESO serves no other since 0.17" in done.stdout + done.stderr
    # One login for the whole run, and at most one read of DSM for each of three tasks: what is younger is read once.
    assert [line.split()[0] for line in reads(vault)] in [["POST", *["GET"] * number] for number in (1, 2, 3)]
    assert "there is no DSM secret nobody for this client" in done["not there, failed"]["msg"]
    assert "Set external_secrets_dest" in done["nowhere, failed"]["msg"]
    assert "ansible-galaxy collection install kubernetes.core" in done["no collection, failed"]["msg"]
    assert "needs the collection kubernetes.core" in done["cannot verify, failed"]["msg"]
    # Nothing is rendered where something is wrong.
    assert not Path(f"{dest}-2").exists()
    assert not Path(f"{dest}-3").exists()


def test_described_objects_in_a_cluster(vault: Any, run_play: Any, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.json"
    cluster.write_text(json.dumps({"broken": ["api"], "objects": {}}))
    data = [{"secret_key": "user", "identifier": "database-prod", "property": "username"}]
    common = {"namespace": "shop", "kubeconfig": str(cluster), "wait_timeout": 2, "poll_interval": 1}
    database = [{"name": "db", "data": data}]
    both = [*database, {"name": "api", "extract": [{"identifier": "api-settings-prod"}]}]
    readers = [{"name": "shop", "secrets": ["db"], "service_accounts": ["app"]}]
    wanted = {**common, "secrets": both, "readers": readers, "state": "applied"}
    wanted = {name: value for name, value in wanted.items() if not name.startswith(("wait", "poll"))}
    tasks = [
        *role("apply", **wanted),
        result("first", "external_secrets_result"),
        *role("again", **wanted),
        result("second", "external_secrets_result"),
        *role("good", entry="verify", **common, secrets=database),
        result("ready", "external_secrets_status"),
        *role("bad", fails=True, entry="verify", **common, secrets=[*both, {"name": "gone", "data": data}]),
        result("not ready", "external_secrets_status"),
    ]
    env = {**client(vault), "ANSIBLE_COLLECTIONS_PATH": f"{collections()}:{STAND_IN}"}
    done = run_play(vault, tasks, "-vvv", env=env)
    assert done.rc == 0, done
    kept = json.loads(cluster.read_text())["objects"]
    assert [name.rpartition("/")[0] for name in kept] == [
        *("Secret/shop", "SecretStore/shop", "ExternalSecret/shop", "ExternalSecret/shop", "Role/shop"),
        "RoleBinding/shop",
    ]
    secret = kept["Secret/shop/senhasegura-auth"]["data"]["clientSecret"]
    assert base64.b64decode(secret).decode() == CLIENT["client_secret"]
    block = kept["SecretStore/shop/senhasegura-dsm"]["spec"]["provider"]["senhasegura"]
    assert (block["auth"]["clientId"], block["url"]) == (CLIENT["client_id"], vault.url)
    assert [done[name]["external_secrets_result"]["changed"] for name in ("first", "second")] == [True, False]
    assert [(one["name"], one["ready"]) for one in done["ready"]["external_secrets_status"]] == [
        ("senhasegura-dsm", True),
        ("db", True),
    ]
    reasons = {one["name"]: (one["ready"], one["reason"]) for one in done["not ready"]["external_secrets_status"]}
    assert reasons == {
        "senhasegura-dsm": (True, "SecretSynced"),
        "db": (True, "SecretSynced"),
        "api": (False, "SecretSyncedError"),
        "gone": (False, "NotFound"),
    }
    assert done["bad, failed"]["msg"] == (
        "ExternalSecret shop/api: not ready, SecretSyncedError, could not get secret data; "
        "ExternalSecret shop/gone: not ready, NotFound"
    )
    # verify asks the cluster alone.
    assert [line.split()[0] for line in reads(vault)] in [["POST", "GET"], ["POST", "GET", "GET"]]
    assert [text for text in HIDDEN if text in done.stdout + done.stderr] == []
