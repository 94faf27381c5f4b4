# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables decide about the server, and what lookups in variables cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
    assert run.rc == 0, run
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
