# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables decide about the server, and what lookups in variables cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

NAMES = [f"name{number:02}" for number in range(50)]
SEED = {
    "clients": [{"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}],
    "credentials": [
        {"identifier": name, "username": name, "hostname": "web01", "password": f"pw-{name}"} for name in NAMES
    ],
}


def password(name: str, **options: Any) -> str:
    given = "".join(f", {option}={value!r}" for option, value in options.items())
    return f"{{{{ lookup('community.senhasegura.password', {name!r}{given}) }}}}"


@pytest.fixture
def server(serve_profile: Any) -> Any:
    return serve_profile("4.0", SEED)


def test_variables_with_the_prefix_cost_one_token_and_one_read_each(server: Any, run_play: Any, tmp_path: Path) -> None:
    """Each of them is evaluated for itself alone, for as many hosts as there are."""
    hosts = tmp_path / "hosts"
    hosts.write_text("\n".join(f"host{number}" for number in range(20)))
    play = {
        "hosts": "all",
        "gather_facts": False,
        "connection": "local",
        "vars": {
            **{f"senhasegura_{name}": password(name) for name in NAMES},
            # Nobody can evaluate these, and nobody needs to.
            "senhasegura_broken": "{{ nope.nope }}",
            "senhasegura_itself": "{{ senhasegura_itself }}",
            "senhasegura_option": {"url": "https://wrong.invalid"},
        },
        "tasks": [
            {
                "name": "use",
                "ansible.builtin.assert": {"that": [f"senhasegura_{name} == 'pw-{name}'" for name in NAMES]},
            },
            {"name": "module", "community.senhasegura.credential_info": {}},
        ],
    }
    run = run_play(server, [play], "-i", str(hosts))
    assert run.rc == 0, str(run)
    count = server.control.counters()
    assert count["tokens"] == 1
    assert sorted(count["reads"].values()) == [1] * len(NAMES)


def test_an_option_whose_value_needs_itself_is_named(server: Any, run_play: Any) -> None:
    tasks = [
        {"name": "lookup", "ansible.builtin.debug": {"msg": password(NAMES[0])}},
        {"name": "module", "community.senhasegura.credential_info": {}},
        {
            "name": "two",
            "ansible.builtin.debug": {"msg": password(NAMES[0])},
            "vars": {"senhasegura_tenant": password(NAMES[1]), "senhasegura_client_secret": ""},
        },
        {
            "name": "given",
            "ansible.builtin.debug": {"msg": password(NAMES[0])},
            "vars": {
                "senhasegura_client_secret": password(NAMES[1], client_secret=SEED["clients"][0]["client_secret"])
            },
        },
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "ignore_errors": True,
        "vars": {"senhasegura_client_secret": password(NAMES[1])},
        "tasks": tasks,
    }
    run = run_play(server, [play])
    for name, variable in (("lookup", "client_secret"), ("module", "client_secret"), ("two", "tenant")):
        assert f"the variable senhasegura_{variable} needs itself" in run[name]["msg"], run
    # The inner lookup has all it needs, so the outer one gets as far as the server, which does not know that secret.
    assert "does not accept client_id and client_secret" in run["given"]["msg"], run
    assert server.reads == {"2": 1}


# A module as a hostile host would run it: what it returns is what it is told here.
HOSTILE = """#!/usr/bin/python
# WANT_JSON
import json, sys
with open(sys.argv[1]) as file:
    given = json.load(file)
print(json.dumps({"changed": False, **given["answer"]}))
"""
READ = "{{ lookup('community.senhasegura.password', 'name00') == 'pw-name00' }}"
USE: list[dict[str, Any]] = [
    {"name": "lookup", "ansible.builtin.assert": {"that": [READ[3:-3]]}},
    {"name": "module", "community.senhasegura.credential_info": {}},
    {
        "name": "rotation",
        "community.senhasegura.rotation_info": {"credential": "name00"},
        # The credential is found, so its server was asked; the host has no such user.
        "register": "told",
        "failed_when": "'is no local user of ' not in told.msg",
    },
    {"name": "seen by others", "ansible.builtin.assert": {"that": ["hostvars['victim'].looked == 'pw-name00'"]}},
]


@pytest.fixture
def evil(serve_profile: Any) -> Any:
    return serve_profile("4.0", SEED)


class Hosts:
    """Plays against a hostile host. ``run`` returns the run, of which all tasks have to have worked."""

    def __init__(self, folder: Path, server: Any, evil: Any, run_play: Any) -> None:
        self.folder, self.server, self.evil, self._run_play = folder, server, evil, run_play
        (folder / "library").mkdir()
        (folder / "library" / "hostile.py").write_text(HOSTILE)
        self.inventory: dict[str, Any] = {"senhasegura_url": server.url}
        self.env = {
            **{name: value for name, value in server.env.items() if name != "SENHASEGURA_URL"},
            # It is the server that must not be asked, rather than its certificate that saves us.
            "SENHASEGURA_INSECURE": "true",
            "SENHASEGURA_CA_PATH": "",
            "SENHASEGURA_RETRIES": "0",
            "ANSIBLE_LIBRARY": str(folder / "library"),
        }

    def facts(self, **names: Any) -> dict[str, Any]:
        """A task in which the host returns facts."""
        return {
            "name": "hostile",
            "hostile": {"answer": {"ansible_facts": names or {"senhasegura_url": self.evil.url}}},
        }

    def run(self, *tasks: dict[str, Any], **play: Any) -> Any:
        (self.folder / "hosts.yml").write_text(
            yaml.safe_dump(
                {
                    "all": {
                        "hosts": {"victim": {}, "other": {}},
                        "vars": {
                            "ansible_connection": "local",
                            "ansible_python_interpreter": sys.executable,
                            "looked": password("name00"),
                            **self.inventory,
                        },
                    }
                }
            )
        )
        whole = {"hosts": "victim", "gather_facts": False, "tasks": [*tasks], **play}
        return self._run_play(self.server, [whole], "-i", str(self.folder / "hosts.yml"), env=self.env)

    def check(self, run: Any, *names: str) -> None:
        assert run.rc == 0, str(run)
        assert self.evil.control.counters()["tcp_connections"] == 0
        assert self.server.control.counters()["tokens"] > 0
        output = " ".join((run.stdout + run.stderr).split())
        for name in names:
            said = f"the variable {name} of victim comes from a fact or a registered result and is ignored"
            assert output.count(said) == 1, str(run)
        assert output.count("is ignored: what hosts say") == len(names), str(run)
        assert self.evil.url not in output


@pytest.fixture
def hosts(tmp_path: Path, server: Any, evil: Any, run_play: Any) -> Hosts:
    return Hosts(tmp_path, server, evil, run_play)


def test_facts_do_not_decide_about_the_server(hosts: Hosts) -> None:
    run = hosts.run(
        hosts.facts(senhasegura_url=hosts.evil.url, senhasegura_proxy=hosts.evil.url, senhasegura_broker=False), *USE
    )
    hosts.check(run, "senhasegura_url", "senhasegura_proxy", "senhasegura_broker")


def test_facts_do_not_stand_in_the_way_of_the_environment(hosts: Hosts) -> None:
    hosts.inventory, hosts.env["SENHASEGURA_URL"] = {}, hosts.server.url
    hosts.check(hosts.run(hosts.facts(), *USE), "senhasegura_url")


def test_facts_of_an_earlier_run_do_not_decide(hosts: Hosts) -> None:
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(hosts.folder / "cache")}
    hosts.env.update(cache)
    assert hosts.run(hosts.facts()).rc == 0
    (kept,) = (hosts.folder / "cache").glob("*victim")
    assert "senhasegura_url" in kept.read_text()
    hosts.check(hosts.run(*USE), "senhasegura_url")


def test_a_cacheable_set_fact_does_not_decide(hosts: Hosts) -> None:
    set_fact = {"ansible.builtin.set_fact": {"senhasegura_url": "{{ ansible_facts.there }}", "cacheable": True}}
    hosts.check(hosts.run(hosts.facts(there=hosts.evil.url), set_fact, *USE), "senhasegura_url")


def test_a_registered_result_does_not_decide(hosts: Hosts) -> None:
    task = {"hostile": {"answer": {"stdout": hosts.evil.url}}, "register": "senhasegura_url"}
    hosts.check(hosts.run(task, *USE), "senhasegura_url")


def test_delegated_facts_do_not_decide(hosts: Hosts) -> None:
    """Whether they become those of the host that the task is for, or those of the host that it is delegated to."""
    delegated = {**hosts.facts(), "delegate_to": "other"}
    hosts.check(hosts.run(delegated, *USE), "senhasegura_url")
    delegated = {**hosts.facts(), "delegate_to": "victim", "delegate_facts": True}
    run = hosts.run({**delegated, "run_once": True}, *USE, hosts="other:victim")
    hosts.check(run, "senhasegura_url")


@pytest.mark.parametrize("again", [{"loop": [1, 2]}, {"until": "tried.attempts > 1", "delay": 0, "register": "tried"}])
def test_facts_of_one_item_or_attempt_do_not_decide_about_the_next(hosts: Hosts, again: dict[str, Any]) -> None:
    task = hosts.facts(senhasegura_url=hosts.evil.url, hostvars={}, ansible_facts={})
    task["hostile"]["answer"]["looked"] = READ
    run = hosts.run({**task, **again}, *USE)
    hosts.check(run, "senhasegura_url")


def test_a_host_does_not_say_that_it_is_another(hosts: Hosts) -> None:
    """Of many plays, the names of what is read or changed are made of the name of the host."""
    run = hosts.run(hosts.facts(inventory_hostname="other"), *USE[:3], ignore_errors=True)
    for name in ("lookup", "module", "rotation"):
        assert "inventory_hostname of victim is not its name" in run[name]["msg"], str(run)
    for one in (hosts.server, hosts.evil):
        assert one.control.counters()["tcp_connections"] == 0


def test_what_an_option_is_made_of_does_not_come_from_facts(hosts: Hosts) -> None:
    """A fact wins over a variable of the inventory, of which the play's own variable is made."""
    hosts.inventory = {"pam_host": hosts.server.url.removeprefix("https://")}
    play = {"vars": {"senhasegura_url": "https://{{ pam_host }}"}}
    hosts.check(hosts.run(hosts.facts(pam_host=hosts.evil.url.removeprefix("https://")), *USE, **play))


def test_what_stands_below_facts_is_found(hosts: Hosts) -> None:
    """The default of a role is what facts win over, like the inventory."""
    hosts.inventory = {}
    role = hosts.folder / "roles" / "site"
    for name, content in (("defaults", {"senhasegura_url": hosts.server.url}), ("tasks", [hosts.facts(), *USE[:3]])):
        (role / name).mkdir(parents=True)
        (role / name / "main.yml").write_text(yaml.safe_dump(content))
    hosts.check(hosts.run(roles=["site"]), "senhasegura_url")


@pytest.mark.parametrize("where", ["set_fact", "vars", "loop", "task of a block", "include_vars"])
def test_what_the_play_says_decides_whatever_hosts_say(hosts: Hosts, where: str) -> None:
    hosts.inventory["senhasegura_url"] = "https://wrong.invalid"
    right = {"senhasegura_url": hosts.server.url}
    facts = hosts.facts(senhasegura_url=hosts.evil.url)
    (hosts.folder / "right.yml").write_text(yaml.safe_dump(right))
    play: dict[str, Any] = {}
    tasks = USE[:3]
    if where == "set_fact":
        tasks = [{"ansible.builtin.set_fact": right}, *tasks]
    elif where == "vars":
        play = {"vars": right}
    elif where == "loop":
        control = {"loop": [hosts.server.url], "loop_control": {"loop_var": "senhasegura_url"}}
        tasks = [{**task, **control} for task in tasks]
    elif where == "task of a block":
        tasks = [{"vars": right, "block": tasks}]
    else:
        tasks = [{"ansible.builtin.include_vars": {"file": str(hosts.folder / "right.yml")}}, *tasks]
    hosts.check(hosts.run(facts, *tasks, **play))
