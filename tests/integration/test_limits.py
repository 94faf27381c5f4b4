# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs against a server that is away, refuses, or says what it should not: custody, retries and texts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from long_rows import rows

HOSTS = [f"host{number}" for number in range(8)]
INVENTORY = ("-i", ",".join(HOSTS), "--forks", "6")
# Every way in which Ansible evaluates a lookup again: variables, loops, conditions, hosts, forks, another task, a module.
OFTEN = """
- hosts: all
  gather_facts: false
  connection: local
  vars:
    password: "{{ lookup('community.senhasegura.password', 'web-root') }}"
    again: "{{ password }}{{ password }}"
    key: "{{ lookup('community.senhasegura.ssh_key', 'deploy-key') }}"
  tasks:
    - ansible.builtin.debug: {msg: "{{ (password ~ again) | length }}"}
      loop: [1, 2, 3]
      when: password | length > 0 and again | length > 0
    - ansible.builtin.debug: {msg: "{{ query('community.senhasegura.password', 'web-root', '1', 'root@web01') | length }}"}
    - ansible.builtin.debug: {msg: "{{ lookup('community.senhasegura.credential', 'web-root').password | length }}"}
    - ansible.builtin.debug: {msg: "{{ key | length }} {{ query('community.senhasegura.ssh_key', 'deploy-key') | length }}"}
      until: key | length > 0
      retries: 2
    - community.senhasegura.credential_info: {}
- hosts: host1,host2
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.debug: {msg: "{{ lookup('community.senhasegura.password', 'web-root') | length }}"}
"""


@pytest.fixture
def vendor(serve_profile: Any) -> Any:
    """For what does not depend on the dialect."""
    return serve_profile("4.0", "demo")


def releases(server: Any) -> list[int]:
    return [entry["status"] for entry in server.control.log() if entry["operation"] == "custody.release"]


def test_custody_is_taken_once_and_kept_until_somebody_gives_it_back(server: Any, run_play: Any) -> None:
    run = run_play(server, OFTEN, *INVENTORY)
    assert run.rc == 0, run
    assert sorted(server.reads.values()) == [1, 1]
    # Nothing asks for a release.
    assert releases(server) == []
    run = run_play(server, "- community.senhasegura.custody: {credential: web-root, allow_vault_rotation: true}")
    assert run.rc == 0, run
    assert len(releases(server)) == 1
    assert sum(server.reads.values()) == 2


def test_a_release_on_request_is_one_release(server: Any, run_play: Any) -> None:
    lookup = "lookup('community.senhasegura.password', 'web-root', release=true, allow_vault_rotation=true)"
    run = run_play(server, f"""- ansible.builtin.debug: {{msg: "{{{{ {lookup} | length }}}}"}}""")
    assert run.rc == 0, run
    assert (list(server.reads.values()), len(releases(server))) == ([1], 1)


def play(expression: str) -> list[dict[str, Any]]:
    """A task that shows the length of what a lookup returns."""
    return [{"name": "look", "ansible.builtin.debug": {"msg": "{{ " + expression + " | length }}"}}]


@pytest.mark.parametrize("broker", ["true", "false"])
def test_a_release_that_is_refused(vendor: Any, run_play: Any, broker: str) -> None:
    vendor.control.fault("status", status=403, message="Nobody releases", operation="custody.release", times=None)
    look = "lookup('community.senhasegura.password', '{}', release=true, allow_vault_rotation=true, on_release_failure='{}')"
    tasks = [
        {**play(look.format("web-root", "warn"))[0], "name": "warn"},
        {**play(look.format("db-app", "error"))[0], "name": "error", "ignore_errors": True},
    ]
    run = run_play(vendor, tasks, env={"SENHASEGURA_BROKER": broker})
    warned = " ".join(run.stderr.partition("[ERROR]")[0].split())
    for name, said in (("web-root", warned), ("db-app", run["error"]["msg"])):
        assert f"the custody of credential {name} could not be given back and is still held" in said, run
        assert "community.senhasegura.custody" in said
    assert {entry["task"]: entry["status"] for entry in run.results} == {"warn": "ok", "error": "failed"}
    assert list(vendor.reads.values()) == [1, 1]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", rows([{"status": 503}, {}], "dropped", ids=["503", "dropped"]))
def test_a_release_is_repeated(vendor: Any, run_play: Any, when: str, kind: dict[str, int]) -> None:
    """After one that was applied, the vendor says that there is no custody any more: the module still has changed it."""
    fault = {"kind": "status" if kind else "drop", "operation": "custody.release", "when": when, **kind}
    # The lookup's release works in the third attempt, and that of the module in the second.
    vendor.control.fault(**fault, times=2)
    vendor.control.fault(**fault, skip=1, times=1)
    options = "release=true, allow_vault_rotation=true, on_release_failure='error'"
    run = run_play(
        vendor,
        [
            {**play(f"lookup('community.senhasegura.password', 'web-root', {options})")[0], "name": "lookup"},
            *play("lookup('community.senhasegura.password', 'web-root', fresh=true)"),
            {
                "name": "release",
                "community.senhasegura.custody": {"credential": "web-root", "allow_vault_rotation": True},
            },
        ],
    )
    assert run.rc == 0, run
    assert "[WARNING]" not in run.stderr
    assert len(releases(vendor)) == 5
    assert run["release"]["changed"]
    assert vendor.control.credential("web-root")["custody_client"] is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    rows(
        [("status", {"status": 503}), ("retry_after", {"status": 503, "seconds": 4}), ("drop", {})],
        "retry_after",
        ids=["status", "retry_after", "drop"],
    ),
)
def test_an_outage_fails_no_host(vendor: Any, run_play: Any, kind: str, fields: dict[str, int]) -> None:
    """With three retries, most hosts had failed after two seconds."""
    vendor.control.fault(kind, lasting=4, **fields)
    lookup = "query('community.senhasegura.password', 'web-root', 'db-app', fresh=true)"
    content = [{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": play(lookup)}]
    run = run_play(vendor, content, *INVENTORY)
    assert run.rc == 0, run
    assert len([entry for entry in run.results if entry["status"] == "ok"]) == len(HOSTS)


def test_a_pause_of_a_day_fails_at_once_and_says_so(vendor: Any, run_play: Any) -> None:
    vendor.control.fault("retry_after", status=503, seconds=86400, operation="credential.read", times=1)
    content = [
        {
            "hosts": "all",
            "gather_facts": False,
            "connection": "local",
            "tasks": play("query('community.senhasegura.password', 'web-root')"),
        }
    ]
    run = run_play(vendor, content, *INVENTORY, env={"SENHASEGURA_TIMEOUT": "6"})
    said = " ".join((run.stdout + run.stderr).split())
    assert "asks for a pause of 86400 seconds" in said
    assert "could not be reached in time" not in said
    # All who ask after the pause of the run get it.
    assert len([entry for entry in run.results if entry["status"] == "ok"]) >= 1


ESCAPES = re.compile("\x1b|\r|::error|##vso|\x07|\u2028|\x9b")
HOSTILE = "\x1b[2J\x07one\rTASK [forged]\n::error file=x::gone ##vso[task.setvariable variable=a]b \x9b31m\u2028 end "


@pytest.mark.parametrize("broker", ["true", "false"])
def test_texts_of_the_server_do_nothing_to_the_terminal(vendor: Any, run_play: Any, broker: str) -> None:
    password = vendor.control.credential("web-root")["password"]
    text = HOSTILE + "{item:web-root:password} and " + "x" * 5000
    reads = ["credential.read", "key.read"]
    vendor.control.fault("status", status=403, message=text, operation=reads, skip=1, times=None)
    content = [
        {**play("lookup('community.senhasegura.password', 'web-root')")[0], "name": "read"},
        *(
            {
                **play(f"query('community.senhasegura.password', 'db-app', on_denied='{on_denied}')")[0],
                "name": on_denied,
                "ignore_errors": True,
            }
            for on_denied in ("error", "warn")
        ),
        {
            "name": "module",
            "community.senhasegura.ssh_key_info": {"identifier": "deploy-key", "include_key": True},
            "ignore_errors": True,
        },
    ]
    run = run_play(vendor, content, env={"SENHASEGURA_BROKER": broker, "ANSIBLE_NOCOLOR": "1"})
    assert [entry["status"] for entry in run.results] == ["ok", "failed", "ok", "failed"], run
    for said in (run.stdout, run.stderr, json.dumps(run.results, ensure_ascii=False)):
        assert not ESCAPES.search(said), ESCAPES.search(said)
        assert "x" * 300 not in said
    if broker == "true":
        # Without it, nobody knows what another task has read.
        assert password not in run.stdout + run.stderr
        for name in ("error", "module"):
            assert "end ********" in run[name]["msg"], run
        assert "end ********" in " ".join(run.stderr.split())


def test_names_of_devices_do_nothing_to_the_terminal(server: Any, run_play: Any) -> None:
    place = "response.sshkey.devices_error" if server.profile == "rest" else "key.devices_error"
    names = [{"hostname": HOSTILE}, {"hostname": "web02"}]
    server.control.fault("mangle", operation=["key.write", "key.create"], answer={place: names})
    pair = {"identifier": "new-key", "username": "deploy", "hostname": "web01", "ip": "192.0.2.10"}
    devices = {} if server.profile == "rest" else {"devices": ["web02"]}
    content = [
        {
            "name": "store",
            "community.senhasegura.ssh_key": {
                **pair,
                **devices,
                "private_key": "{{ lookup('community.senhasegura.ssh_key', 'deploy-key') }}",
            },
        }
    ]
    run = run_play(server, content, env={"ANSIBLE_NOCOLOR": "1"})
    assert run.rc == 0, run
    assert not ESCAPES.search(run.stdout + run.stderr + json.dumps(run["store"], ensure_ascii=False))
    if server.profile != "rest":
        assert "could not be linked" in run.stdout + run.stderr


def test_informational_answers_are_no_matter(vendor: Any, run_play: Any) -> None:
    vendor.control.fault("informational", times=None)
    look = "lookup('community.senhasegura.password', 'web-root', broker={})"
    run = run_play(vendor, [task for broker in ("true", "false") for task in play(look.format(broker))])
    assert run.rc == 0, run
    # One of them by the broker and one without it.
    assert vendor.control.counters()["tokens"] == 2
