# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rotation that fails says of the secret and the server."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ansible_collections.community.senhasegura.plugins.action import rotation_info
from ansible_collections.community.senhasegura.plugins.action.linux_password_change import ActionModule
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ChangeNotSeen, SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.operations.parameters import subject_of
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import render
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import Status, Stopped

SERVER = "https://pam.example.com:443"
PARAMS = {"mode": "ansible", "report_dir": None, "credential": "web01-app"}


def failed(error: Exception, info: CredentialInfo, params: Mapping[str, Any] | None = None, host: str = "web01") -> Any:
    """The result of a rotation that ends with this error."""

    def work() -> NoReturn:
        raise error

    action: Any = object.__new__(ActionModule)
    params = params or PARAMS
    action.variables, action._server = {"inventory_hostname": host}, SERVER
    action._task = types.SimpleNamespace(check_mode=False)
    action._templar = types.SimpleNamespace(template=str)
    action._connection = types.SimpleNamespace(get_option=lambda _name: "admin")
    return action.run_and_report(params, info, "app", work)


@pytest.mark.parametrize(
    "make", [lambda: ChangeNotSeen("not in time"), lambda: Stopped(Status.DRIFT, "the host has another", "Look")]
)
@pytest.mark.parametrize(
    ("info", "name"),
    [
        (CredentialInfo("7", "web-root"), "credential web-root"),
        (CredentialInfo("8", None), "credential 8"),
        (CredentialInfo("9", "deploy-key", type=SSH_KEY_TYPE), "SSH key deploy-key"),
    ],
)
def test_it_names_the_secret_and_the_server(make: Callable[[], Exception], info: CredentialInfo, name: str) -> None:
    error = make()
    result = failed(error, info)
    assert result["failed"]
    assert (result["failure"]["subject"], result["failure"]["server"]) == (name, SERVER)
    if isinstance(error, SenhaseguraError):
        assert SERVER in result["msg"]
        assert name in result["msg"]
    # The same names as those of every other failure.
    assert set(result["failure"]) == {*ChangeNotSeen("x").failure(), "host"}


@pytest.mark.parametrize(
    ("params", "name"),
    [({"credential": "web-root"}, "credential web-root"), ({"ssh_key": "deploy-key"}, "SSH key deploy-key")],
)
def test_what_looks_at_both_kinds_names_the_right_one(params: dict[str, str], name: str) -> None:
    assert subject_of(params, rotation_info.ActionModule.thing) == name


def _end(works: str = "", proved: str = "", settles: str = "") -> Stopped:
    stop = Stopped(Status.PENDING, "the commit had no answer", "Run it again with state=recovered")
    stop.works, stop.proved, stop.settles = works, proved, settles
    if works:
        stop.login = f"web01: app logs in with {works} (proved by its hash in this run)"
    return stop


def test_the_error_says_who_logs_in_and_what_settles_it() -> None:
    result = failed(_end("web01-app--5f0c6a3b9d1e-j1", "hash"), CredentialInfo("7", "web01-app"))
    login = "web01: app logs in with web01-app--5f0c6a3b9d1e-j1 (proved by its hash in this run)"
    command = (
        "ansible-playbook community.senhasegura.linux_password_change -l web01 "
        "-e linux_password_change_credential=web01-app -e linux_password_change_state=recovered"
    )
    assert result["msg"] == (
        f"pending: the commit had no answer. {login}. Run it again with state=recovered. To settle it: {command}"
    )
    rotation = result["rotation"]
    assert (rotation["works"], rotation["proved"]) == ("web01-app--5f0c6a3b9d1e-j1", "hash")
    assert (rotation["login"], rotation["settle"]) == (login, command)
    assert rotation["summary"] == f"{login}. To settle it: {command}"


def test_the_run_of_another_record_is_settled_first() -> None:
    assert "credential=id:9 " in failed(_end(settles="id:9"), CredentialInfo("7", "web01-app"))["rotation"]["settle"]


def test_what_was_not_compared_is_not_named() -> None:
    for error in (ChangeNotSeen("not in time"), _end()):
        result = failed(error, CredentialInfo("7", "web01-app"))
        assert result["rotation"]["login"] == "web01: which record logs app in was not compared"
        assert result["rotation"]["login"] in result["msg"]


def test_all_tasks_of_a_run_of_the_playbook_have_one_id(tmp_path: Path) -> None:
    params = {**PARAMS, "report_dir": str(tmp_path), "max_age_days": None}
    runs = [failed(_end("web01-app", "hash"), CredentialInfo("7", "x"), params, host) for host in ("web01", "web02")]
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert len({*(run["rotation"]["playbook_run"] for run in runs), *(line["run"] for line in lines)}) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"history.jsonl", ".history.lock"}
    render.run({"report_dir": str(tmp_path), "keep_days": None})
    report = json.loads((tmp_path / "report.json").read_text())
    assert [run["hosts"] for run in report["runs"]] == [2]
    assert report["latest"][0]["works"] == "web01-app"
    page = (tmp_path / "report.html").read_text()
    assert "logs in with web01-app (proved by its hash in this run)" in page
    assert "ansible-playbook community.senhasegura.linux_password_change" in page
