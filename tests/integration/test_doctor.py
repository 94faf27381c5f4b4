# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module doctor in one play, with its playbook behind it. What it finds is in the unit tests of the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

MODULE = "community.senhasegura.doctor"
SECRET = "demo-secret-0123456789abcdef"
PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "doctor.yml"


@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_the_module_and_its_playbook(server: Any, run_play: Any) -> None:
    """The playbook comes after a play in which nothing works, so it shows that nothing of that stays."""

    def step(name: str, **options: Any) -> dict[str, Any]:
        return {"name": name, MODULE: options, "ignore_errors": True}

    tasks = [
        step("good", credential="web-root", expect=["pam", "dsm", "write"]),
        {**step("check", credential="web-root"), "check_mode": True},
        step("broken settings", config_file="/nowhere"),
        step("wrong secret", client_secret="wrong-secret-0123"),
        step("never", client_secret="wrong-secret-0123", fail_on="never"),
        step("wrong option", fail_on="sometimes"),
    ]
    first = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    last = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    run = run_play(server, [first, *last], "-vvv")
    assert run.rc == 0, run
    assert run["good"]["status"] == "ok", run
    assert run["good"]["server"].startswith("https://localhost:")
    assert len(run["good"]["checks"]) == len(run["good"]["lines"]) == 18
    assert [one["check"] for one in run["check"]["checks"] if one["status"] == "skipped"] == ["write", "custody"]
    unset = run["broken settings"]
    assert unset["msg"].startswith("settings: config_file does not exist. Fix: Give config_file")
    assert unset["checks"][1] == {
        "check": "dns",
        "status": "skipped",
        "verdict": "not examined: settings has failed",
        "fix": "",
    }
    assert run["wrong secret"]["msg"].startswith("login: the server does not accept client_id and client_secret")
    assert run["never"]["status"] == "failed"
    assert "failed" not in run["never"] or run["never"]["failed"] is False
    assert run["wrong option"]["failure"]["option"] == "fail_on"
    assert {entry["task"]: entry["status"] for entry in run.results} == {
        "good": "ok",
        "check": "ok",
        "broken settings": "failed",
        "wrong secret": "failed",
        "never": "ok",
        "wrong option": "failed",
        "Examine it": "ok",
        "Show the verdicts": "ok",
        "Fail if something is broken": "ok",
    }
    assert "ok      certificate the certificate is trusted" in run.stdout
    assert server.reads == {"1": 1}
    assert SECRET not in run.stdout + run.stderr
    assert not any("wrong-secret-0123" in str(entry["result"].get("checks")) for entry in run.results)
    # Nothing but warnings that Ansible gives of itself.
    assert "senhasegura" not in run.stderr
