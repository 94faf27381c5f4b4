# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module rotation_report in plays, without a server. Its playbooks are in test_role_linux_password.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.report.history import Entry, append

MODULE = "community.senhasegura.rotation_report"
HOSTS = ("web01", "web02", "web03")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "reports"
    append(str(found), [entry(host) for host in HOSTS])
    return found


def entry(host: str) -> Entry:
    return Entry(
        time="2026-11-24T12:00:00Z",
        host=host,
        kind="password",
        user="app",
        credential=f"{host}-app",
        mode="ansible",
        status="changed",
        message="",
        seconds=2.0,
        last_change="2026-11-24T12:00:00Z",
        run="r1",
    )


def play(folder: Path, *, hosts: str = "localhost", **options: Any) -> list[dict[str, Any]]:
    """A play that makes the report twice, and defaults for all modules that talk to the server."""
    defaults = {"group/community.senhasegura.senhasegura": {"url": "https://pam.example.com", "client_id": "demo"}}
    arguments = {"report_dir": str(folder), **options}
    tasks = [{"name": name, MODULE: arguments, "run_once": True} for name in ("First", "Second")]
    return [{"hosts": hosts, "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_needs_no_server_and_the_second_run_changes_nothing(run_play: Any, folder: Path) -> None:
    done = run_play(None, play(folder))
    assert done.rc == 0, str(done)
    assert (done["First"]["changed"], done["Second"]["changed"]) == (True, False)
    assert done["First"]["summary"]["hosts"] == 3
    assert done["First"]["page"] == str(folder / "report.html")
    assert "diff" not in done["First"]
    assert names(folder) == {"history.jsonl", ".history.lock", "report.json", "report.html"}


def test_check_mode_writes_nothing_and_the_diff_is_shown(run_play: Any, folder: Path) -> None:
    (folder / ".history.lock").unlink()
    done = run_play(None, play(folder), "--check", "--diff")
    assert done.rc == 0, str(done)
    assert done["First"]["changed"]
    assert f"+++ after: {folder}/report.json" in done.stdout
    assert '+   "host": "web02",' in done.stdout
    assert names(folder) == {"history.jsonl"}


def test_it_makes_one_report_for_many_hosts_that_are_not_reached(run_play: Any, folder: Path, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts"
    inventory.write_text("".join(f"{host} ansible_host=127.0.0.1 ansible_port=1\n" for host in HOSTS))
    done = run_play(None, play(folder, hosts="all"), "-i", str(inventory))
    assert done.rc == 0, str(done)
    assert [(found["task"], found["host"]) for found in done.results] == [("First", "web01"), ("Second", "web01")]


WRONG: dict[str, dict[str, Any]] = {
    "there is no history of rotations in /nowhere/reports/history.jsonl": {"report_dir": "/nowhere/reports"},
    "keep_days must be 0 or more": {"keep_days": -1},
    "the option keep_days must be a number": {"keep_days": "soon"},
    "unknown option url. Options are: keep_days, report_dir": {"url": "https://pam.example.com"},
    "report_dir": {"report_dir": None},
}


def test_errors_name_the_option(run_play: Any, folder: Path) -> None:
    tasks = [
        {"name": words, MODULE: {"report_dir": str(folder), **options}, "ignore_errors": True}
        for words, options in WRONG.items()
    ]
    done = run_play(None, [{**play(folder)[0], "tasks": tasks}])
    assert done.rc == 0, str(done)
    assert [entry["status"] for entry in done.results] == ["failed"] * len(WRONG)
    for words in WRONG:
        assert words in done[words]["msg"]
        assert done[words]["failure"]["kind"] == "configuration"
    assert names(folder) == {"history.jsonl", ".history.lock"}
