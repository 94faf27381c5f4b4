# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that settles what a run has left, as a shell and Ansible read it."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import Status
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.settle import (
    Subject,
    command,
    summary,
)

ROOT = Path(__file__).parents[6]
PASSWORD = Subject("password", "web01-app", "", ("web01",), inventories=("/srv/my hosts",))
KEY = Subject("ssh_key", "deploy-key", "deploy", ("web01", "web02"))
LOOK = Subject("password", "app@web01", "app", ("web01",), looks=True)


def read(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], dict[str, t.Any]]:
    """The words of a command that are no variables, and the variables as Ansible reads them."""
    words = shlex.split(text)
    given = [words[at + 1] for at, word in enumerate(words) if word == "-e"]
    monkeypatch.setattr("ansible.context.CLIARGS", {"extra_vars": given})
    if hasattr(load_extra_vars, "extra_vars"):
        del load_extra_vars.extra_vars
    variables = {str(name): value for name, value in load_extra_vars(DataLoader()).items()}
    if hasattr(load_extra_vars, "extra_vars"):
        del load_extra_vars.extra_vars
    return words[: words.index("-e")], variables


@pytest.mark.parametrize(
    ("subject", "result", "playbook", "state"),
    [
        (PASSWORD, "pending", "linux_password_change", "recovered"),
        (PASSWORD, "in_doubt", "linux_password_change", "recovered"),
        (PASSWORD, "failed", "linux_password_change", None),
        (PASSWORD, "busy", "linux_password_change", None),
        (KEY, "pending", "linux_ssh_key_rotation", "recovered"),
        (KEY, "unreachable", "linux_ssh_key_rotation", None),
        (LOOK, "pending", "linux_password_change", "recovered"),
        (LOOK, "busy", "rotation_state", None),
        (LOOK, "no_login", "rotation_state", None),
        (Subject("password", "7", "", ("web01",), mode="vault"), "drift", "rotation_state", None),
    ],
)
def test_the_playbook_and_its_variables(
    subject: Subject, result: str, playbook: str, state: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, variables = read(command(subject, Status(result)), monkeypatch)
    assert words[:2] == ["ansible-playbook", f"community.senhasegura.{playbook}"]
    assert (ROOT / "playbooks" / f"{playbook}.yml").is_file()
    assert words[words.index("-l") + 1] == ",".join(subject.hosts)
    assert words[2:-2] == [word for inventory in subject.inventories for word in ("-i", inventory)]
    role = "linux_password_change" if subject.kind == "password" else "linux_ssh_key_rotation"
    assert variables.get(f"{role}_state") == state
    assert variables[f"{role}_{'credential' if subject.kind == 'password' else 'key'}"] == subject.secret
    options = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    assert set(variables) <= set(options["argument_specs"]["main"]["options"])
    if subject.kind == "ssh_key":
        assert variables[f"{role}_hosts"] == ["web01", "web02"]


def test_drift_is_reconciled_and_the_run_of_another_record_settled_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(command(PASSWORD, Status("drift")), monkeypatch)[1]["linux_password_change_reconcile"] == "true"
    assert (
        read(command(PASSWORD, Status("pending"), "id:9"), monkeypatch)[1]["linux_password_change_credential"] == "id:9"
    )
    several = Subject("password", "app", "", ("web01", "web02"))
    assert read(command(several, Status("pending")), monkeypatch)[1]["linux_password_change_share"] == "true"


@pytest.mark.parametrize("name", ["a b", "it's", '"x"', "$(reboot)", "{{ x }}", "a=b c=d", "@/etc/passwd", "x\ty", "ä"])
def test_any_name_comes_through_shell_and_ansible(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _words, variables = read(command(Subject("password", name, "", ("web01",)), Status("pending")), monkeypatch)
    assert variables["linux_password_change_credential"] == name


@pytest.mark.parametrize("result", [status for status in Status if status.good])
def test_what_is_well_needs_no_command(result: Status) -> None:
    assert command(PASSWORD, result) == command(KEY, result) == ""


@pytest.mark.parametrize("result", [status for status in Status if status.needs_action])
def test_what_is_not_well_has_one(result: Status) -> None:
    assert command(PASSWORD, result)
    assert command(KEY, result)
    assert summary("web01: app logs in", command(KEY, result)).startswith("web01: app logs in. To settle it: ansible-")


def test_json_is_used_only_where_it_must() -> None:
    assert "{" not in command(PASSWORD, Status("pending"))
    assert json.loads(shlex.split(command(KEY, Status("pending")))[-1])["linux_ssh_key_rotation_user"] == "deploy"
