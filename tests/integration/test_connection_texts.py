# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys as PEM text, and values that are ciphertext to a client without decryption_key, in real runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SEED = {
    "clients": [
        {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef", "application": "shop"},
        {"client_id": "sealed", "client_secret": "sealed-secret", "encryption": "generate", "application": "shop"},
    ],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}],
    "credentials": [{"identifier": "root", "username": "root", "hostname": "web01", "password": "pw-Root-1"}],
    "applications": [{"name": "shop", "secrets": [{"identity": "db", "data": [{"PASSWORD": "pw-Db-1"}]}]}],
}


def look(name: str, term: str, **options: str) -> str:
    more = "".join(f", {key}={value!r}" for key, value in options.items())
    return "{{ " + f"lookup('community.senhasegura.{name}', {term!r}{more})" + " }}"


def say(name: str, message: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.debug": {"msg": message}, **more}


# Where options come from does not depend on the dialect.
@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_pem_text_in_each_place(serve: Any, run_play: Any, tmp_path: Path) -> None:
    """As one line with \\n, as a block of YAML and as lines that go on in ansible.cfg."""
    server = serve(SEED)
    ca = Path(server.ca_path).read_text()
    clients = {c["client_id"]: c for c in server.control.state()["clients"]}
    key = clients["sealed"]["encryption_private_key"]
    sealed = {**server.env, "SENHASEGURA_CLIENT_ID": "sealed", "SENHASEGURA_CLIENT_SECRET": "sealed-secret"}
    folded = ca.rstrip().replace("\n", "\n    ")
    (tmp_path / "ansible.cfg").write_text(f"[senhasegura]\nca_path = {folded}\n")
    passwords = {"password": look("password", "root"), "secret": look("secret", "db", field="PASSWORD")}
    expected = {"password": "pw-Root-1", "secret": "pw-Db-1"}
    for name, env, variables in (
        ("environment", {"SENHASEGURA_CA_PATH": ca.replace("\n", "\\n"), "SENHASEGURA_DECRYPTION_KEY": key}, {}),
        ("variables", {"SENHASEGURA_CA_PATH": ""}, {"senhasegura_ca_path": ca, "senhasegura_decryption_key": key}),
        ("ini", {"SENHASEGURA_CA_PATH": None, "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")}, {"senhasegura_decryption_key": key}),
    ):  # fmt: skip
        for broker in ("true", "false"):
            run = run_play(
                server,
                [say("read", passwords, vars=variables)],
                "-vvv",
                env={**sealed, **env, "SENHASEGURA_BROKER": broker},
            )
            assert run.rc == 0, run
            assert run["read"]["msg"] == expected, name
            body = key.splitlines()[5]
            assert body not in run.stdout + run.stderr


def test_pem_text_as_an_option_of_a_module(serve: Any, run_play: Any) -> None:
    server = serve(SEED)
    ca = Path(server.ca_path).read_text()
    clients = {c["client_id"]: c for c in server.control.state()["clients"]}
    key = clients["sealed"]["encryption_private_key"]
    login = {"client_id": "sealed", "client_secret": "sealed-secret", "ca_path": ca}
    tasks = [
        {
            "name": "read",
            "community.senhasegura.secret_info": {**login, "decryption_key": key, "include_data": True},
            "register": "found",
        },
        say("show", "{{ found.secrets[0].data }}"),
        {
            "name": "cut",
            "community.senhasegura.secret_info": {**login, "decryption_key": key[:200]},
            "ignore_errors": True,
        },
    ]
    run = run_play(server, tasks, "-vvv", env={"SENHASEGURA_CA_PATH": ""})
    assert run.rc == 0, run
    assert run["show"]["msg"] == [{"PASSWORD": "pw-Db-1"}]
    assert run["cut"]["msg"].startswith("decryption_key from the option decryption_key begins like PEM text")
    for line in key.splitlines()[1:-1]:
        assert line not in run.stdout + run.stderr


def test_ciphertext_is_named(serve: Any, run_play: Any) -> None:
    server = serve(SEED)
    sealed = {"SENHASEGURA_CLIENT_ID": "sealed", "SENHASEGURA_CLIENT_SECRET": "sealed-secret"}
    tasks = [
        say("password", look("password", "root")),
        say("secret", look("secret", "db", field="PASSWORD")),
        say("refused", look("password", "root", on_ciphertext="error"), ignore_errors=True),
        {
            "name": "module",
            "community.senhasegura.secret_info": {"include_data": True, "on_ciphertext": "error"},
            "ignore_errors": True,
        },
    ]
    run = run_play(server, tasks, env=sealed)
    assert run.rc == 0, run
    spoken = " ".join((run.stdout + run.stderr).split())
    assert "password of credential root looks like ciphertext" in spoken
    assert "PASSWORD of DSM secret db looks like ciphertext" in spoken
    assert len(run["password"]["msg"]) == 344
    assert "password of credential root looks like ciphertext" in run["refused"]["msg"]
    assert "set decryption_key" in run["module"]["msg"]
    quiet = run_play(server, tasks[:2], env={**sealed, "SENHASEGURA_ON_CIPHERTEXT": "ignore"})
    assert "ciphertext" not in quiet.stdout + quiet.stderr
