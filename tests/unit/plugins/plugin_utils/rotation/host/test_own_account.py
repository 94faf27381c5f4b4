# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's own way to the host, while the key of its account changes. tests/integration/ssh_key has it in earnest, and
test_world.py the same for passwords.
"""

from __future__ import annotations

import datetime
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleAuthenticationFailure

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Denied
from ansible_collections.community.senhasegura.plugins.module_utils.keypair import new_pair
from ansible_collections.community.senhasegura.plugins.module_utils.models import SshKeyPair
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.host.host_connection import HostConnection
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.own_account import (
    OwnKey,
    RegisteredRecords,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.single_attempt import (
    LoginRefused,
    Once,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import (
    OnHost,
    StoredSecret,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.run import Limits, RotationRun

LOOK = OnHost("host", "look_keys")
OLD, NEW, OTHER = new_pair("ed25519"), new_pair("ed25519", passphrase="p-p-p"), new_pair("ed25519")


class Connection:
    """As that of ssh. ``accepts`` is the key of the host, and ``refused`` counts the logins with others."""

    def __init__(self, accepts: SshKeyPair, **options: Any) -> None:
        self.accepts, self.options, self.refused = accepts, options, 0

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value

    def execute(self) -> dict[str, Any]:
        text = self.options.get("private_key") or Path(self.options["private_key_file"]).read_text()
        if keypair.public_key_of(text) != self.accepts.public_key:
            self.refused += 1
            raise AnsibleAuthenticationFailure("Permission denied (publickey).")
        return {"key": text}


class Records:
    def __init__(self, **pairs: SshKeyPair) -> None:
        self.pairs, self.reads = pairs, 0

    def list(self, machine: str | None = None) -> Any:
        return {name: self.pairs.get(name) for name in ("main", "j0", "j1")}

    def read(self, name: str) -> StoredSecret:
        self.reads += 1
        return StoredSecret(self.pairs[name])

    def write(self, name: str, secret: Any, note: Any) -> None:
        raise NotImplementedError


class NoFiles(Files):
    def path(self, text: str) -> str:
        raise ConfigError("this system has no files in memory")


def start(
    connection: Connection, records: Any, *, user: str = "app", may_read: bool = True, files: Files | None = None
) -> tuple[OwnKey, RegisteredRecords]:
    registered = RegisteredRecords(records)
    reach = HostConnection("host", {}, lambda value: value, connection, lambda *_: {})
    run = RotationRun(
        "run", ("host",), Limits(), {}, time.monotonic, partial(datetime.datetime.now, datetime.timezone.utc), user=user
    )
    files = files or Files("/nowhere", b"key")
    return OwnKey(reach, Once(reach), registered, run, files=files, may_read=may_read), registered


def removed(old: SshKeyPair, keep: SshKeyPair) -> OnHost:
    return OnHost("host", "remove_key", {"old": [old.fingerprint], "keep": keep.fingerprint})


@pytest.fixture
def old_file(tmp_path: Path) -> str:
    (tmp_path / "old").write_text(OLD.private_key)
    return str(tmp_path / "old")


@pytest.mark.parametrize("option", ["private_key", "private_key_file"])
def test_no_refused_login_where_the_key_is_known(option: str, old_file: str) -> None:
    key = old_file if option == "private_key_file" else OLD.private_key
    connection = Connection(OLD, remote_user="app", private_key_file=None, private_key=None)
    connection.options[option] = key
    own, records = start(connection, Records(main=OLD, j0=NEW))
    for name in ("main", "j0"):
        records.read(name)
    own.follow(LOOK, connection.execute)
    own.after(OnHost("host", "add_key", {"old": [OLD.fingerprint]}), {})
    assert connection.options[option] == key
    connection.accepts = NEW
    own.after(removed(OLD, NEW), {})
    assert keypair.public_key_of(own.follow(LOOK, connection.execute)["key"]) == NEW.public_key
    assert connection.refused == 0
    assert connection.options["private_key"] is None
    assert connection.options["private_key_file"].startswith(f"/proc/{os.getpid()}/fd/")


def test_another_key_of_the_account_is_left_alone(old_file: str) -> None:
    connection = Connection(OLD, remote_user="app", private_key_file=old_file)
    own, records = start(connection, Records(main=OTHER, j0=NEW))
    records.read("main")
    records.read("j0")
    own.after(removed(OTHER, NEW), {})
    own.follow(LOOK, connection.execute)
    assert connection.options["private_key_file"] == old_file


def test_the_journal_is_asked_where_nobody_knows(old_file: str) -> None:
    connection = Connection(NEW, remote_user=None, private_key_file=old_file)
    records = Records(main=OTHER, j1=NEW)
    own, _registered = start(connection, records)
    own.follow(LOOK, connection.execute)
    own.follow(LOOK, connection.execute)
    assert (connection.refused, records.reads) == (1, 2)


@pytest.mark.parametrize(
    ("user", "may_read", "files"),
    [
        ("admin", True, Files("/nowhere", b"key")),
        ("app", False, Files("/nowhere", b"key")),
        ("app", True, NoFiles("/nowhere", b"key")),
    ],
)
def test_what_cannot_or_must_not_be_tried_stays_refused(old_file: str, user: str, may_read: bool, files: Files) -> None:
    connection = Connection(NEW, remote_user="app", private_key_file=old_file)
    records = Records(main=NEW)
    own, _registered = start(connection, records, user=user, may_read=may_read, files=files)
    with pytest.raises(LoginRefused):
        own.follow(LOOK, connection.execute)
    assert connection.options["private_key_file"] == old_file
    assert records.reads == (user == "app" and may_read)


def test_without_memory_that_has_a_path_the_key_is_a_file_of_the_run(
    old_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, where the broker removes it when the run is over."""
    monkeypatch.delattr("os.memfd_create")
    connection = Connection(NEW, remote_user="app", private_key_file=old_file)
    own, _registered = start(connection, Records(main=NEW), files=Files(str(tmp_path), b"key"))
    own.follow(LOOK, connection.execute)
    (path,) = tmp_path.glob("senhasegura-key-*")
    assert connection.options["private_key_file"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_all_keys_are_refused(old_file: str) -> None:
    connection = Connection(OTHER, remote_user="app", private_key_file=old_file)
    own, _registered = start(connection, Records(main=OLD, j0=OLD, j1=NEW))
    with pytest.raises(LoginRefused):
        own.follow(LOOK, connection.execute)
    assert connection.options == {"remote_user": "app", "private_key_file": old_file}
    assert connection.refused == 2


def test_a_vault_that_gives_nothing_is_no_other_failure(old_file: str) -> None:
    class Mute(Records):
        def list(self, machine: str | None = None) -> Any:
            raise Denied("not for you")

    own, _registered = start(connection := Connection(NEW, remote_user="app", private_key_file=old_file), Mute())
    with pytest.raises(LoginRefused):
        own.follow(LOOK, connection.execute)


@pytest.mark.parametrize("path", [None, "/nowhere", "/bin/true"])
def test_a_key_that_is_not_known_is_replaced_when_it_is_refused(path: str | None) -> None:
    connection = Connection(NEW, remote_user="app", private_key_file=path)
    own, records = start(connection, Records(main=OLD, j0=NEW))
    records.read("main")
    records.read("j0")
    own.after(removed(OLD, NEW), {})
    assert connection.options["private_key_file"] == path

    def execute() -> dict[str, Any]:
        if connection.options["private_key_file"] == path:
            raise AnsibleAuthenticationFailure("an agent has the old one")
        return connection.execute()

    own.follow(LOOK, execute)
    assert connection.refused == 0
