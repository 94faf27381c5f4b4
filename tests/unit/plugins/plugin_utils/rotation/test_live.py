# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's own way to the host, while the password of its account changes. test_rotation_become.py has it in earnest."""

from __future__ import annotations

import datetime
import functools
import json
import time
from functools import partial
from typing import Any

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.community.senhasegura.plugins.plugin_utils.host.host_connection import HostConnection
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import live
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host import host_commands, single_attempt
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.own_account import OwnPassword
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash, probe
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import (
    Lost,
    NotDone,
    OnHost,
    StoredSecret,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.run import Limits, RotationRun
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import (
    LoginResult,
    Verdict,
)

LIKE = "$6$rounds=1000$saltsalt$"
HASHES = {password: password_hash.hash_password(password, LIKE) for password in ("old", "new", "older")}
LABELS = {"main": "web-app", "j0": "web-app--m-j0", "j1": "web-app--m-j1"}


class Options:
    def __init__(self, **options: Any) -> None:
        self.options = options

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value


class Connection(Options):
    """Of a new connection each time, as without ControlPersist."""

    has_pipelining, transport = True, "ssh"

    def __init__(self, user: str | None, password: str | None, become_pass: str | None, method: str = "sudo") -> None:
        super().__init__(remote_user=user, password=password, reconnection_retries=3, host="192.0.2.1", ssh_args="-C")
        self.become = Options(become_pass=become_pass, become_user="root", become_flags="-H -S -n")
        self.become.name = method  # type: ignore[attr-defined]

    def exec_command(self, *_: Any, **__: Any) -> Any:
        raise AnsibleConnectionFailure("app@host: Permission denied (publickey,password).")


class Records:
    """The journal is that of a run which has made main what it is, unless ``new`` says what was not in main yet."""

    def __init__(self, new: str = "") -> None:
        self.passwords = {"main": "old", "j0": "older", "j1": new or "old"}
        self.reads: list[str] = []

    def list(self, machine: str | None = None) -> Any:
        return dict(self.passwords)

    def read(self, name: str) -> StoredSecret:
        self.reads.append(name)
        note = {"start": "2026", "holds": {"j0": "before", "j1": "new"}.get(name, "")}
        return StoredSecret(self.passwords[name], note)

    def write(self, name: str, secret: Any, note: Any) -> None:
        self.passwords[name] = secret


class Host:
    """Accepts one password for each of login and sudo, and counts what it has refused."""

    def __init__(self, connection: Connection, login: str = "old", become: str = "old") -> None:
        self.connection, self.accepts = connection, {"login": login, "become": become}
        self.refused: list[tuple[str, str]] = []
        self.lost, self.applied = False, True
        self.owner = {"login": "app", "become": "app"}
        self.rules = "Matching Defaults entries for app on host:\n    env_reset, !targetpw"

    def given(self) -> dict[str, str | None]:
        return {
            "login": self.connection.options["password"],
            "become": self.connection.become.options["become_pass"],
        }

    def refuses(self, way: str) -> bool:
        password = self.given()[way]
        if password in (None, self.accepts[way]):
            return False
        self.refused.append((way, str(password)))
        return True

    def log_in(self, _target: Any, password: str, **_: Any) -> Verdict:
        if password == self.accepts["login"]:
            return Verdict(LoginResult.OK, "")
        self.refused.append(("login", password))
        return Verdict(LoginResult.WRONG, "")

    def execute(self, command: str, *, sudoable: bool, in_data: bytes) -> dict[str, Any]:
        if self.refuses("login"):
            raise AnsibleConnectionFailure("Failed: app@host: Permission denied (publickey,password).")
        if sudoable and self.refuses("become"):
            raise AnsibleError("Incorrect sudo password")
        if "sudo -n -l" in command or command == "id -un":
            return {"rc": 0, "stdout": self.rules if "sudo" in command else f"welcome\n{self.owner['login']}\n"}
        payload = in_data.decode().split("json.loads(", 1)[1].split(")\n", 1)[0]
        _package, _files, request, mark = json.loads(eval(payload))
        if request["do"] in ("set", "restore"):
            if self.applied:
                has = {"set": "new", "restore": "old"}[request["do"]]
                self.accepts.update({way: has for way, owner in self.owner.items() if owner == "app"})
            if self.lost:
                raise AnsibleConnectionFailure("it went away")
        return {"rc": 0, "stdout": mark + json.dumps({"ok": {"account": {}}})}


class Scene:
    def __init__(self, host: Host, records: Records, *, may_read: bool = True, user: str = "app") -> None:
        variables = {"ansible_python_interpreter": "/usr/bin/python3"}
        reach = HostConnection("host", variables, lambda value: value, host.connection, host.execute)
        self.run = RotationRun(
            "run",
            ("host",),
            Limits(),
            LABELS,
            time.monotonic,
            partial(datetime.datetime.now, datetime.timezone.utc),
            user=user,
        )
        own = functools.partial(OwnPassword, may_read=may_read)
        self.host, self.world = host, live.LiveEnvironment(self.run, records, {"host": reach}, lambda *_: None, own)

    def read(self) -> None:
        """As a run does before it changes the host."""
        for name in ("main", "j0"):
            self.world.records.read(name)
        self.world.records.write("j1", "new", {"holds": "new"})
        self.world.records.read("j1")

    def do(self, *names: str) -> None:
        requests = {"set": {"old": HASHES["old"], "new": HASHES["new"]}, "restore": {"old": HASHES["old"]}}
        for name in names:
            self.world.on_host(OnHost("host", name, requests.get(name, {})), 10)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Any:
    """start(user, password, become_pass, **of the scene) -> Scene. The records have "old", the host too."""

    def start(
        login_user: str | None = "app",
        password: str | None = "old",
        become_pass: str | None = "old",
        method: str = "sudo",
        new: str = "",
        **more: Any,
    ) -> Scene:
        host = Host(Connection(login_user, password, become_pass, method))
        monkeypatch.setattr(single_attempt.probe, "by_password", host.log_in)
        return Scene(host, Records(new), **more)

    return start


@pytest.mark.parametrize("user", ["app", None, "alias-of-app"])
@pytest.mark.parametrize(("password", "become_pass"), [("old", "old"), ("old", None), (None, "old")])
def test_no_login_with_a_wrong_password(start: Any, user: str, password: str | None, become_pass: str | None) -> None:
    scene = start(user, password, become_pass)
    scene.do("lock", "look")
    scene.read()
    scene.do("look", "set", "look", "restore", "look", "set", "finish", "unlock")
    assert scene.host.refused == []
    assert scene.host.given() == {"login": password and "new", "become": become_pass and "new"}
    assert scene.host.connection.options["reconnection_retries"] == 0


@pytest.mark.parametrize("applied", [True, False])
def test_at_most_one_wrong_password_where_nobody_knows(start: Any, applied: bool) -> None:
    scene = start()
    scene.do("lock", "look")
    scene.read()
    scene.host.lost, scene.host.applied = True, applied
    with pytest.raises(Lost):
        scene.do("set")
    scene.host.lost = False
    scene.do("judge", "look", "unlock")
    assert scene.host.refused == ([("login", "old")] if applied else [])


def test_one_that_a_killed_run_has_left_is_found_with_one_refused_password(start: Any) -> None:
    scene = start(new="new")
    scene.host.accepts = {"login": "new", "become": "new"}
    scene.do("lock", "look")
    scene.read()
    scene.do("look", "unlock")
    assert scene.host.refused == [("login", "old")]
    assert scene.run.works_and_proved() == ("web-app--m-j1", "login")
    assert scene.run.warnings == ["host: the login password of web-app was refused, that of web-app--m-j1 was accepted"]


@pytest.mark.parametrize("new", ["", "new"])
def test_what_no_record_settles_is_sent_no_more(start: Any, new: str) -> None:
    """Without a newer record there is nothing to try; with one, that is tried once, and never again."""
    scene = start(new=new)
    scene.host.accepts = {"login": "somebody else's", "become": "somebody else's"}
    for _time in range(3):
        with pytest.raises(NotDone) as caught:
            scene.do("lock")
    assert scene.host.refused == [("login", "old"), *([("login", "new")] if new else [])]
    assert "the login password is refused" in str(caught.value)
    assert ("web-app--m-j0" in scene.run.login()) and ("not proved" in scene.run.login())


def test_the_wrong_one_is_not_made_good_by_the_records_of_another_secret(start: Any) -> None:
    scene = start("admin", "something else", None)
    for _time in range(2):
        with pytest.raises(NotDone, match="the login password is refused"):
            scene.do("look")
    assert scene.host.refused == [("login", "something else")]
    assert scene.host.given()["login"] == "something else"


def test_a_single_record_whose_password_is_refused(start: Any) -> None:
    """As before the first rotation, when somebody has changed it on the host."""
    scene = start()
    del scene.world.records._records.passwords["j0"], scene.world.records._records.passwords["j1"]
    scene.host.accepts["login"] = "somebody else's"
    with pytest.raises(NotDone, match="the login password is refused: that of web-app$"):
        scene.do("look")
    assert "was not compared" in scene.run.login()


def test_nothing_is_read_where_nothing_may_be(start: Any) -> None:
    scene = start(new="new", may_read=False)
    scene.host.accepts["login"] = "new"
    with pytest.raises(NotDone, match="no record was read"):
        scene.do("look")
    assert scene.world.records._records.reads == []


@pytest.mark.parametrize(
    ("method", "rules", "owner"),
    [
        ("sudo", "Defaults entries:\n    targetpw", "root"),
        ("sudo", "env_reset, rootpw", "root"),
        ("sudo", "env_reset, runaspw", "root"),
        ("su", "", "root"),
        ("doas", "", "app"),
        ("sudo", "env_reset, !rootpw", "app"),
    ],
)
@pytest.mark.parametrize("user", ["app", "root"])
def test_the_same_password_of_another_account_stays(start: Any, method: str, rules: str, owner: str, user: str) -> None:
    """As where all accounts have got the same first password: that of become is known to be root's."""
    scene = start("app", None, "old", method=method, user=user)
    scene.host.rules = rules
    # The host changes that of "app" in this test.
    scene.host.owner = {"login": "app", "become": "app" if owner == user else "other"}
    scene.do("lock", "look")
    scene.read()
    scene.do("set", "look", "unlock")
    assert scene.host.refused == []
    assert scene.host.given()["become"] == ("new" if owner == user else "old")


def test_a_plugin_that_asks_in_its_own_way_is_refused_by_name(start: Any) -> None:
    scene = start()
    scene.host.connection.transport = "libssh"
    with pytest.raises(NotDone, match="libssh"):
        scene.do("look")
    scene.host.connection.has_pipelining = False
    with pytest.raises(NotDone, match="libssh cannot pass standard input on"):
        scene.do("look")
    assert scene.host.refused == []


def test_a_login_without_an_answer_is_not_repeated(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = start()
    tries: list[str] = []

    def silent(_target: Any, password: str, **_: Any) -> Verdict:
        tries.append(password)
        return Verdict(LoginResult.NETWORK, "the login took too long", sent=True)

    monkeypatch.setattr(probe, "by_password", silent)
    with pytest.raises(Lost, match="took too long"):
        scene.do("look")
    assert tries == ["old"]


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
        host_commands.perform(execute, None, {}, 10)


def test_a_garbled_answer_is_none() -> None:
    def execute(_command: str, *, in_data: bytes, **_: Any) -> dict[str, Any]:
        mark = in_data.decode().rsplit("senhasegura-", 1)[1].split(":", 1)[0]
        return {"rc": 0, "stdout": f"senhasegura-{mark}:{{"}

    with pytest.raises(Lost, match="garbled"):
        host_commands.perform(execute, None, {}, 10)
