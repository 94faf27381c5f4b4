# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook awx_setup against a small AWX: twice, in check mode, with token and password, and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from awx.awx_server import PASSWORD, TOKEN, USER, Awx
from leaks import canaries

from ansible_collections.community.senhasegura.plugins.module_utils.awx.composition import JOBS

PLAYBOOK = "community.senhasegura.awx_setup"
TASK = f"{PLAYBOOK} : Make all objects"
SECRETS = canaries.make()
# What a run is given, and must not show.
GIVEN = {name: SECRETS[name] for name in ("client_id", "client_secret", "consumer_secret", "alphanumeric")}
LOGIN = {"awx token": TOKEN, "awx password": PASSWORD}


@pytest.fixture
def awx() -> Iterator[Awx]:
    with Awx([f"playbooks/{name}.yml" for name in JOBS]) as server:
        yield server


def from_environment(name: str) -> str:
    """The template of a secret: in a variable itself, Ansible would evaluate the braces in it."""
    return f"{{{{ lookup('ansible.builtin.env', 'GIVEN_{name}') }}}}"


def variables(**more: Any) -> dict[str, Any]:
    return {
        "awx_setup_allow_http": True,
        "awx_setup_credentials": [
            {
                "name": "senhasegura",
                "inputs": {"url": "https://pam.example.com"},
                "secrets": {name: from_environment(name) for name in ("client_id", "client_secret")},
            },
        ],
        "awx_setup_execution_environment": {"image": "registry.example.com/senhasegura-ee:0.1.0"},
        "awx_setup_notification": {
            "type": "webhook",
            "configuration": {"headers": {}},
            "secrets": {"url": f"https://hooks.example.com/{from_environment('alphanumeric')}"},
        },
        "awx_setup_enabled_schedules": ["Nightly rotation - Each night"],
        **more,
    }


class Site:
    def __init__(self, awx: Awx, folder: Path, run: Any) -> None:
        self.awx, self.folder, self._run = awx, folder, run
        self.shown = b""

    def __call__(self, *arguments: str, login: dict[str, str] | None = None, **more: Any) -> Any:
        """Run the playbook. What it shows at -vvvvv, and leaves in its folders, is kept."""
        path = self.folder / "variables.json"
        path.write_text(json.dumps(variables(**more)))
        env = {"CONTROLLER_HOST": self.awx.url, **(login or {"CONTROLLER_OAUTH_TOKEN": TOKEN})}
        env |= {f"GIVEN_{name}": value for name, value in GIVEN.items()}
        env["ANSIBLE_LOG_PATH"] = str(self.folder / "log")
        done = self._run(None, "ansible-playbook", PLAYBOOK, "-e", f"@{path}", "-vvvvv", *arguments, env=env)
        path.unlink()
        left = [one.read_bytes() for one in self.folder.rglob("*") if one.is_file()]
        self.shown += b"\n".join([done.stdout.encode(), done.stderr.encode(), *left])
        return done


@pytest.fixture
def site(awx: Awx, tmp_path: Path, run_command: Any) -> Site:
    return Site(awx, tmp_path, run_command)


def changed(done: Any) -> bool:
    return bool(done[TASK]["changed"])


def test_twice_and_nothing_of_it_is_secret(site: Site) -> None:
    checked = site("--check", "--diff")
    assert (checked.rc, changed(checked), site.awx.writes) == (0, True, []), str(checked)
    first = site("--diff")
    assert (first.rc, changed(first)) == (0, True), str(first)
    assert "[WARNING]" not in first.stderr
    kinds = {one["kind"] for one in first[TASK]["objects"]}
    assert kinds >= {"credential_type", "credential", "project", "execution_environment", "inventory_source"}
    assert kinds >= {"job_template", "schedule", "notification_template", "workflow_job_template"}
    # Awkward values arrive as they are: no template of Ansible has touched them.
    inputs = site.awx.named("credentials", "senhasegura")["inputs"]
    assert (inputs["client_id"], inputs["client_secret"]) == (GIVEN["client_id"], GIVEN["client_secret"])
    fields = site.awx.named("credential_types", "senhasegura (OAuth 2)")["injectors"]["env"]
    assert fields["SENHASEGURA_URL"] == "{{ url }}"
    del site.awx.writes[:]
    second = site("--diff")
    assert (second.rc, changed(second), site.awx.writes) == (0, False, []), str(second)
    assert canaries.find(site.shown, {**GIVEN, **LOGIN}) == []


@pytest.mark.long
def test_with_a_password_and_when_awx_refuses(site: Site) -> None:
    login = {"CONTROLLER_USERNAME": USER, "CONTROLLER_PASSWORD": PASSWORD}
    done = site(login=login)
    assert (done.rc, changed(done)) == (0, True), str(done)
    refused = site(login={**login, "CONTROLLER_PASSWORD": GIVEN["consumer_secret"]})
    assert refused.rc != 0
    assert refused[TASK]["failure"]["kind"] == "authentication"
    wrong = site(awx_setup_job_fields={"doctor": {"playbook": "playbooks/none.yml"}})
    failure = wrong[TASK]["failure"]
    assert (failure["kind"], failure["subject"]) == ("invalid_request", "job_template senhasegura - doctor")
    assert "Playbook not found for project" in failure["server_message"]
    assert canaries.find(site.shown, {**GIVEN, **LOGIN}) == []
