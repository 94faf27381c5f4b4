# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables decide about the server, what lookups in variables cost, and which types go in and come out.

All of this depends on ansible-core, so ``./run matrix`` runs it with each: the tests use the Ansible beside the Python
that runs them.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

NAMES = [f"name{number:02}" for number in range(50)]
SEED = {
    "clients": [{"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef", "application": "shop"}],
    "applications": [{"name": "shop", "secrets": []}],
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


@pytest.mark.parametrize("where", ["play", "block", "task", "outer block"])
def test_the_environment_of_a_task_is_not_made_of_facts(hosts: Hosts, where: str) -> None:
    hosts.inventory = {"pam_url": hosts.server.url}
    url = {"environment": {"SENHASEGURA_URL": "{{ pam_url }}"}}
    play = url if where == "play" else {}
    task = {**USE[1], **(url if where == "task" else {})}
    if where.endswith("block"):
        task = {"block": [{"block": [task]} if where == "outer block" else task], **url}
    hosts.check(hosts.run(hosts.facts(pam_url=hosts.evil.url), task, **play))


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


# What jinja2_native of ansible-core 2.17 and 2.18 makes something else of.
LOOKS = [
    "1e10",
    "0x1F",
    "1_000",
    "12.50",
    "1,2",
    "True",
    "None",
    "007",
    "[1, 2]",
    "{'a': 1}",
    "(1,)",
    "'quoted'",
    "b'x'",
]
ODD = {
    **SEED,
    "credentials": [
        {"identifier": f"odd{number}", "username": f"odd{number}", "hostname": "web01", "password": value}
        for number, value in enumerate(LOOKS)
    ],
    "applications": [
        {"name": "shop", "secrets": [{"identity": "odd", "data": [{f"K{n}": v for n, v in enumerate(LOOKS)}]}]}
    ],
}
# Each is the list of all values. A test of what is what has to be made within one expression.
WAYS = {
    "query": "query('community.senhasegura.password', names)",
    "q": "q('community.senhasegura.password', names)",
    "lookup of each": "["
    + ", ".join(f"lookup('community.senhasegura.password', 'odd{n}')" for n in range(len(LOOKS)))
    + "]",
    "dictionaries": "query('community.senhasegura.credential', names) | map(attribute='password') | list",
    "wantlist": "lookup('community.senhasegura.password', names, wantlist=true)",
    "a secret": "lookup('community.senhasegura.secret', 'odd').values() | list",
    "fields of a secret": "["
    + ", ".join(f"lookup('community.senhasegura.secret', 'odd', field='K{n}')" for n in range(len(LOOKS)))
    + "]",
}


@pytest.mark.parametrize("native", ["true", "false"])
def test_values_stay_text(serve_profile: Any, run_play: Any, native: str, tmp_path: Path) -> None:
    """In each way to call a lookup, and when the variable that holds it is used: what a host gets is what was stored."""
    server = serve_profile("4.0", ODD)
    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps(LOOKS))
    names = [f"odd{number}" for number in range(len(LOOKS))]
    tasks: list[dict[str, Any]] = [
        {
            "name": way,
            "vars": {"found": f"{{{{ {call} }}}}"},
            "ansible.builtin.assert": {
                "that": ["found | to_json == expected", "found | map('type_debug') | list != []"]
            },
        }
        for way, call in WAYS.items()
    ]
    # The whole value of a variable or an argument is one lookup: where native types would come from.
    single = {name: f"{{{{ lookup('community.senhasegura.password', '{name}') }}}}" for name in names}
    if native == "true":
        tasks += [
            {
                "name": "variable",
                "vars": single,
                "ansible.builtin.assert": {"that": ["[" + ", ".join(names) + "] | to_json == expected"]},
            },
            {
                "name": "argument",
                "ansible.builtin.copy": {"content": single["odd0"], "dest": str(tmp_path / "copied"), "mode": "0600"},
            },
        ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {
            "names": names,
            "expected": f"{{{{ lookup('ansible.builtin.file', '{expected}') | from_json | to_json }}}}",
        },
        "tasks": tasks,
    }
    run = run_play(server, [play], env={"ANSIBLE_JINJA2_NATIVE": native, "ANSIBLE_DEPRECATION_WARNINGS": "false"})
    assert run.rc == 0, str(run)
    if native == "true":
        assert (tmp_path / "copied").read_text() == LOOKS[0]


def test_terms_are_what_the_language_has(server: Any, run_play: Any) -> None:
    lookups = {
        "values": "query('community.senhasegura.password', a_dict.values())",
        "keys": "query('community.senhasegura.password', {'name00': 1, 'name01': 2}.keys())",
        "generator": "query('community.senhasegura.password', ['NAME00', 'NAME01'] | map('lower'))",
        "tuple": "query('community.senhasegura.password', ('name00', ('name01',)))",
        "selected": "query('community.senhasegura.password', ['name00', 'x', 'name01'] | select('match', 'name'))",
        "range": "query('community.senhasegura.password', range(1, 3))",
        "mixed": "query('community.senhasegura.password', ['name00'], a_dict.values() | last)",
        "credential": "query('community.senhasegura.credential', a_dict.values(), return_format='value')",
        "wantlist": "lookup('community.senhasegura.password', a_dict.values(), wantlist=true)",
        "errors": "query('community.senhasegura.password', a_dict.values(), errors='strict')",
        "joined": "lookup('community.senhasegura.password', a_dict.values()) | split(',')",
    }
    tasks: list[dict[str, Any]] = [
        {"name": name, "ansible.builtin.assert": {"that": [f"({call}) == ['pw-name00', 'pw-name01']"]}}
        for name, call in lookups.items()
    ]
    for name in ("ssh_key", "secret"):
        call = f"query('community.senhasegura.{name}', nobody.values(), on_missing='skip', on_denied='skip') == []"
        tasks.append({"name": name, "ansible.builtin.assert": {"that": [call]}})
    tasks.append(
        {
            "name": "loop",
            "ansible.builtin.assert": {"that": ["item is match('pw-name0')"]},
            "with_community.senhasegura.password": "{{ a_dict.values() }}",
        }
    )
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"a_dict": {"a": "name00", "b": "name01"}, "nobody": {"a": "nobody", "b": "no one"}},
        "tasks": tasks,
    }
    run = run_play(server, [play])
    assert run.rc == 0, str(run)
    assert server.control.counters()["tokens"] == 1
    assert server.reads == {"1": 1, "2": 1}


def test_what_ansible_vault_has_encrypted_is_text(server: Any, run_play: Any, run_command: Any, tmp_path: Path) -> None:
    """Variables, options and terms of lookups, and options of modules, also inside of others."""
    (tmp_path / "vault-password").write_text("x")
    vault = ["--vault-password-file", str(tmp_path / "vault-password")]

    def encrypted(*values: str) -> list[str]:
        """The texts that stand below C(!vault |), without indentation: one call for all, since each takes a second."""
        done = run_command(None, "ansible-vault", "encrypt_string", *vault, *values)
        assert done.rc == 0, str(done)
        blocks = done.stdout.split("!vault |\n")[1:]
        return ["".join(f"{line.strip()}\n" for line in block.splitlines()) for block in blocks]

    values = {
        "client_secret": "demo-secret-0123456789abcdef",
        "client_id": "demo",
        "term": "name00",
        "password": "new-pw",
    }
    ciphertexts = dict(zip(values, encrypted(*values.values()), strict=True))
    (tmp_path / "vars.yml").write_text(
        "".join(f"{name}: !vault |\n{textwrap.indent(text, '  ')}" for name, text in ciphertexts.items())
    )
    read = "lookup('community.senhasegura.password', {})"
    tasks = [
        {
            "name": "variables",
            "vars": {"senhasegura_client_secret": "{{ client_secret }}", "senhasegura_client_id": "{{ client_id }}"},
            "block": [
                {"ansible.builtin.assert": {"that": [f"{read.format(repr('name00'))} == 'pw-name00'"]}},
                {"community.senhasegura.credential_info": {}},
            ],
        },
        {
            "name": "options and terms",
            "ansible.builtin.assert": {
                "that": [
                    f"{read.format('term, client_secret=client_secret, client_id=client_id')} == 'pw-name00'",
                    f"{read.format('[term, [term]], client_secret=client_secret')} == 'pw-name00,pw-name00'",
                ]
            },
        },
        {
            "name": "module",
            "community.senhasegura.credential": {
                "username": "{{ term }}",
                "hostname": "web01",
                "ip": "192.0.2.10",
                "password": "{{ password }}",
                "update_password": "always",
                "client_secret": "{{ client_secret }}",
            },
        },
        {
            "name": "stored",
            "ansible.builtin.assert": {
                "that": [f"{read.format('term, client_secret=client_secret, fresh=true')} == password"]
            },
        },
    ]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(tmp_path / "vars.yml")], "tasks": tasks}
    plain = tmp_path / "literal.yml"
    run = run_play(server, [play], *vault, env={"SENHASEGURA_CLIENT_SECRET": ""})
    assert run.rc == 0, str(run)
    # As they stand, without a template around them.
    literal = textwrap.indent(ciphertexts["client_secret"], " " * 8)
    plain.write_text(
        "- hosts: localhost\n  gather_facts: false\n  vars:\n    senhasegura_client_secret: !vault |\n"
        f"{literal}  tasks:\n    - ansible.builtin.assert: {{that: [\"{read.format(repr('name00'))} == 'new-pw'\"]}}\n"
        "    - community.senhasegura.credential:\n        username: name01\n        hostname: web01\n        ip: 192.0.2.10\n        update_password: always\n"
        f"        password: !vault |\n{textwrap.indent(ciphertexts['password'], ' ' * 10)}"
    )
    with plain.open("a") as file:
        file.write(f"    - ansible.builtin.assert: {{that: [\"{read.format(repr('name01'))} == 'new-pw'\"]}}\n")
    run = run_command(server, "ansible-playbook", str(plain), *vault, env={"SENHASEGURA_CLIENT_SECRET": ""})
    assert run.rc == 0, str(run)
