# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module audit_report in plays: what it finds in a vault, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

MODULE = "community.senhasegura.audit_report"
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
WELL = {"automatic_change": True, "password": "Canary-4711"}
HOSTILE = "<script>alert(1)</script>{{ 6 * 7 }}"
SEED = {
    "clients": [CLIENT],
    "devices": [
        {"hostname": "web01", "ip": "192.0.2.10"},
        {"hostname": "web02", "ip": "192.0.2.11"},
        {"hostname": "bare", "ip": "192.0.2.12", "site": HOSTILE},
    ],
    "credentials": [
        {"identifier": "well", "username": "root", "hostname": "web01", **WELL},
        {"identifier": "expired", "username": "a", "hostname": "web01", **WELL, "expiration": "2026-01-01T00:00:00Z"},
        {"identifier": "never", "username": "b", "hostname": "web01", **WELL, "change": None},
        {"identifier": "by-hand", "username": "c", "hostname": "web02", **WELL, "automatic_change": False},
        {"identifier": "seen", "username": "d", "hostname": "web02", **WELL},
        {"identifier": "domain", "username": HOSTILE, "hostname": "web02", **WELL, "type": "Domain User"},
    ],
    "keys": [
        {"identifier": "deploy", "username": "e", "hostname": "web02", "generate": "ed25519", "automatic_change": True}
    ],
}
FOUND = {
    "in_custody": ["seen", "deploy"],
    "expired": ["expired"],
    "never_changed": ["never"],
    "not_automatic": ["by-hand"],
    "shared": ["well", "domain"],
    "without_credential": ["bare"],
}


def report(task: str, **options: Any) -> dict[str, Any]:
    holders = [{"credential": "deploy", "user": "alice", "since": "2026-11-24"}]
    usage = [{"credential": "well", "hosts": ["web01", "web02"]}]
    return {"name": task, MODULE: {"holders": holders, "usage": usage, **options}}


@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_the_report_of_a_vault(serve: Any, run_play: Any, tmp_path: Path) -> None:
    vault = serve(SEED)
    read = {
        "name": "see",
        "ansible.builtin.set_fact": {"seen": "{{ lookup('community.senhasegura.password', 'seen') }}"},
    }
    run_play(vault, [{**read, "no_log": True}])
    before = vault.writes
    done = run_play(vault, [report("data")], "--check", "-vvv")
    assert (done.rc, done.stderr) == (0, ""), done
    findings = done["data"]["audit"]["findings"]
    assert {
        name: [one.get("identifier") or one["hostname"] for one in items] for name, items in findings.items()
    } == FOUND
    assert [one["holders"] for one in findings["in_custody"]] == [[], [{"user": "alice", "since": "2026-11-24"}]]
    assert done["data"]["audit"]["summary"]["with_findings"] == 7
    # Two lists, and no custody but that of the lookup.
    assert (vault.writes, vault.reads) == (before, {"5": 1})

    tasks = [report(name, report_dir="audit") for name in ("first", "second")]
    tasks.append(report("other", report_dir="audit", holders=[]))
    done = run_play(vault, tasks, "--diff")
    assert (done.rc, done.stderr) == (0, ""), done
    assert [done[name]["changed"] for name in ("first", "second", "other")] == [True, False, True]
    page, document = (Path(done["first"][name]) for name in ("page", "document"))
    assert page.parent == tmp_path / "audit"
    assert json.loads(document.read_text()) == done["other"]["audit"]
    assert HOSTILE not in page.read_text()
    assert "{{ 6 * 7 }}" in page.read_text()
    for text in (done.stdout, page.read_text(), document.read_text()):
        assert "Canary" not in text


@pytest.mark.parametrize("_server", [("rest", "rest")], ids=["rest"], indirect=True)
def test_in_the_dialect_of_the_guide(server: Any, run_play: Any) -> None:
    done = run_play(server, [{"name": "data", MODULE: {}}])
    assert done.rc == 0, done
    summary = done["data"]["audit"]["summary"]
    assert (summary["devices"], summary["credentials"], summary["ssh_keys"]) == (None, 2, 1)


@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_what_is_told_of_something_else(server: Any, run_play: Any) -> None:
    """A name that nothing has is warned of, and wrong options name themselves."""
    tasks = [
        {"name": "unknown", MODULE: {"holders": [{"credential": "nobody", "user": "alice"}]}},
        {"name": "wrong", MODULE: {"holders": [{"credential": "", "user": "alice"}]}},
    ]
    done = run_play(server, tasks)
    assert done.rc == 2, done
    assert "not in the list of the server: nobody" in done["unknown"]["warnings"][0]
    assert "credential must not be empty" in done["wrong"]["msg"]
