# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's own way to the host, while the password of its account changes. test_role_linux_password.py has it in earnest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import remote, world
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Held, Lost, NotDone, OnHost
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.own_login import OwnPassword
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.reach import Reach


class Options:
    def __init__(self, **options: Any) -> None:
        self.options = options

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value


class Connection(Options):
    has_pipelining = True

    def __init__(self, user: str, password: str | None, become_pass: str | None) -> None:
        super().__init__(remote_user=user, password=password)
        self.become = Options(become_pass=become_pass)


class Records:
    """Holds "old", and has just been given "new"."""

    def list(self, machine: str | None = None) -> Any:
        return {}

    def read(self, name: str) -> Held:
        return Held({"main": "old", "j0": "older", "j1": "new"}[name])

    def write(self, name: str, secret: Any, note: Any) -> None:
        pass


class Host:
    """Accepts one password, for a login and for sudo, and counts what it has refused."""

    def __init__(self, connection: Connection, accepts: str = "old") -> None:
        self.connection, self.accepts, self.refused, self.lost = connection, accepts, 0, False

    def execute(self, command: str, *, sudoable: bool, in_data: bytes) -> dict[str, Any]:
        given = [self.connection.options["password"], self.connection.become.options["become_pass"]]
        if any(password not in (None, self.accepts) for password in given):
            self.refused += 1
            raise AnsibleConnectionFailure("Failed: app@host: Permission denied (publickey,password).")
        payload = in_data.decode().split("json.loads(", 1)[1].split(")\n", 1)[0]
        _package, _files, request, mark = json.loads(eval(payload))
        if request["do"] in ("set", "restore"):
            self.accepts = {"set": "new", "restore": "old"}[request["do"]]
            if self.lost:
                raise AnsibleConnectionFailure("it went away")
        return {"rc": 0, "stdout": mark + json.dumps({"ok": {"account": {}}})}


def start(user: str = "app", password: str | None = "old", become_pass: str | None = "old") -> tuple[Host, Any]:
    connection = Connection(user, password, become_pass)
    host = Host(connection)
    variables = {"ansible_python_interpreter": "/usr/bin/python3"}
    reach = Reach("host", variables, lambda value: value, connection, host.execute)
    found = world.HostsWorld(Records(), {"host": reach}, "app", lambda *_: None, OwnPassword)
    for name in ("main", "j0"):
        found.records.read(name)
    found.records.write("j1", "new", {})
    found.records.read("j1")
    return host, found


def do(found: Any, *names: str) -> None:
    for name in names:
        found.on_host(OnHost("host", name, {}), 10)


@pytest.mark.parametrize(("password", "become_pass"), [("old", "old"), ("old", None), (None, "old")])
def test_no_login_with_a_wrong_password(password: str | None, become_pass: str | None) -> None:
    host, found = start("app", password, become_pass)
    do(found, "look", "set", "look", "restore", "look", "set", "finish", "unlock")
    assert host.refused == 0
    assert (host.connection.options["password"], host.connection.become.options["become_pass"]) == (
        password and "new",
        become_pass and "new",
    )


def test_one_wrong_login_where_nobody_knows() -> None:
    host, found = start()
    host.lost = True
    with pytest.raises(Lost):
        do(found, "set")
    host.lost = False
    do(found, "look", "look", "unlock")
    assert host.refused == 1


def test_the_password_of_another_account_is_left_alone() -> None:
    host, found = start("admin", "old", None)
    host.accepts = "old"
    do(found, "look", "set")
    assert host.connection.options["password"] == "old"


def test_a_refused_login_is_no_lost_answer() -> None:
    host, found = start("admin", "something else", None)
    with pytest.raises(NotDone, match="login to the host was refused"):
        do(found, "look")
    assert host.refused == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AnsibleConnectionFailure("Permission denied (publickey)."), AnsibleAuthenticationFailure),
        (AnsibleError("Incorrect sudo password"), AnsibleAuthenticationFailure),
        (AnsibleConnectionFailure("Connection timed out"), Lost),
        (AnsibleError("Permission denied: /tmp/x"), NotDone),
    ],
)
def test_what_an_error_of_the_connection_means(error: Exception, kind: type[Exception]) -> None:
    def execute(*_: Any, **__: Any) -> Any:
        raise error

    with pytest.raises(kind):
        remote.perform(execute, None, {}, 10)


def test_a_garbled_answer_is_none() -> None:
    def execute(_command: str, *, in_data: bytes, **_: Any) -> dict[str, Any]:
        mark = in_data.decode().rsplit("senhasegura-", 1)[1].split(":", 1)[0]
        return {"rc": 0, "stdout": f"senhasegura-{mark}:{{"}

    with pytest.raises(Lost, match="garbled"):
        remote.perform(execute, None, {}, 10)
