# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The custody that a run owes: what a broker finds that takes over, and what the next run finds."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import READ_CREDENTIAL
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    Denied,
    NotFound,
    ResponseLost,
    SenhaseguraError,
    ServerFailed,
)
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import ledger as module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import ServerCache
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.ledger import Ledger, left_behind, path_for

KEY = b"k" * 32
PAM = Settings("https://pam.example.com", client_id=SecretStr("the-client"), client_secret=SecretStr("the-secret"))
OTHER = Settings("https://pam.example.com", client_id=SecretStr("the-client"), client_secret=SecretStr("other-secret"))
WEB, DB = ("credential", "1"), ("credential", "2")


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """The own folder of a run."""
    made = tmp_path / "ansible-local-1abc"
    made.mkdir()
    return made


def ended() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def open_ledger(folder: pathlib.Path, run: int = 0) -> Ledger:
    return Ledger(path_for(str(folder)), KEY, run or os.getpid())


def test_whoever_takes_over_finds_what_is_owed(folder: pathlib.Path) -> None:
    first = open_ledger(folder).account(PAM)
    first.owe(WEB, False)
    first.owe(DB, True)
    first.owe(("key", "3"), False)
    first.settle(("key", "3"))
    assert open_ledger(folder).account(PAM).items() == {WEB: False, DB: True}
    assert open_ledger(folder).account(OTHER).items() == {}
    # What was allowed once stays allowed.
    again = open_ledger(folder).account(PAM)
    again.owe(DB, False)
    assert again.items()[DB]


def test_it_holds_no_secret_and_is_for_its_user_alone(folder: pathlib.Path) -> None:
    before = os.umask(0)
    try:
        open_ledger(folder).account(PAM).owe(WEB, False)
    finally:
        os.umask(before)
    path = pathlib.Path(path_for(str(folder)))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "the-secret" not in path.read_text()
    assert "the-client" not in path.read_text()
    # With another key the same settings look different: nobody can try secrets out on it.
    assert Ledger("", b"other").account(PAM)._digest != Ledger("", KEY).account(PAM)._digest


def test_nothing_is_there_where_nothing_is_owed(folder: pathlib.Path) -> None:
    ledger = open_ledger(folder)
    assert list(folder.parent.iterdir()) == [folder]
    account = ledger.account(PAM)
    account.owe(WEB, False)
    assert len(list(folder.parent.iterdir())) == 2
    account.settle(WEB)
    ledger.close()
    assert list(folder.parent.iterdir()) == [folder]


def test_it_stays_where_something_is_owed(folder: pathlib.Path) -> None:
    ledger = open_ledger(folder)
    ledger.account(PAM).owe(WEB, False, "the server refuses")
    ledger.close()
    assert [str(owed) for owed in open_ledger(folder).owed()] == [
        "credential 1 at https://pam.example.com (the server refuses)"
    ]


@pytest.mark.parametrize("text", ["", "{", '{"run": 1}\n[]\n5\n"x"\nnull\n', '{"run": "x", "owed": 3}\n\xff\x00'])
def test_lines_that_cannot_be_understood_say_nothing(folder: pathlib.Path, text: str) -> None:
    path = pathlib.Path(path_for(str(folder)))
    open_ledger(folder).account(PAM).owe(WEB, False)
    path.write_bytes(text.encode("latin-1") + b"\n" + path.read_bytes() + b'{"run": 1, "owed": ["cred')
    assert open_ledger(folder).account(PAM).items() == {WEB: False}


def test_the_next_run_finds_what_a_run_left_that_is_over(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    own = tmp_path / "ansible-local-2def"
    assert left_behind(str(own)) == []
    ledger = open_ledger(folder, ended())
    ledger.account(PAM).owe(WEB, False)
    # Its broker still is there, and gives back.
    assert left_behind(str(own)) == []
    # A broker that is stopped holds it for ever.
    os.utime(path_for(str(folder)), (0, 0))
    assert len(left_behind(str(own))) == 1
    del ledger
    ((path, owed),) = left_behind(str(own))
    assert path == path_for(str(folder))
    assert [entry.item for entry in owed] == [WEB]
    # Not the own one, and not that of a run that goes on.
    assert left_behind(str(folder)) == []
    pathlib.Path(path).write_text(pathlib.Path(path).read_text().replace('"run": ', f'"run": {os.getpid()}, "was": '))
    assert left_behind(str(own)) == []


def test_where_it_cannot_be_written_the_reads_go_on(folder: pathlib.Path) -> None:
    ledger = Ledger(path_for(str(folder / "not-there" / "x")), KEY, 1)
    ledger.account(PAM).owe(WEB, False)
    assert ledger.problem == "No such file or directory"
    assert ledger.account(PAM).items() == {WEB: False}


def test_no_link_is_followed(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    os.symlink(target, path_for(str(folder)))
    ledger = open_ledger(folder)
    ledger.account(PAM).owe(WEB, False)
    assert ledger.problem
    assert target.read_text() == ""


class Reads:
    """What a cache does, as far as reads are concerned. ``outcome`` is what comes of the read."""

    def __init__(self, outcome: t.Any, ledger: Ledger) -> None:
        self.outcome, self._ledger = outcome, ledger
        self.noted_before: list[module.Item] = []

    def call(self, *_args: t.Any, **_details: t.Any) -> t.Any:
        self.noted_before = [owed.item for owed in self._ledger.owed()]
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


class Found(t.NamedTuple):
    id: str


@pytest.mark.parametrize(
    ("outcome", "owed"),
    [
        (Found("1"), [WEB]),
        (NotFound("no"), []),
        (Denied("no"), []),
        # It may have been read.
        (ResponseLost("lost"), [("credential", "root@web01")]),
        (ServerFailed("500"), [("credential", "root@web01")]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_read_is_noted_before_it_is_made(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, outcome: t.Any, owed: list[module.Item]
) -> None:
    settings = Settings(
        "https://pam.example.com", client_id=SecretStr("x"), client_secret=SecretStr("x"), dialect="api"
    )
    ledger = open_ledger(folder)
    cache = ServerCache(settings, account=ledger.account(settings))
    reads = Reads(outcome, ledger)
    monkeypatch.setattr(cache.direct, "call", reads.call)
    for release_at_end in (False, True):
        policy = CachePolicy(release_at_end=release_at_end, fresh=True)
        if isinstance(outcome, SenhaseguraError):
            with pytest.raises(SenhaseguraError):
                cache.call(READ_CREDENTIAL, policy=policy, ref="root@web01")
        else:
            cache.call(READ_CREDENTIAL, policy=policy, ref="root@web01")
        assert reads.noted_before == ([("credential", "root@web01")] if release_at_end else [])
    assert [entry.item for entry in open_ledger(folder).owed()] == owed
    lines = pathlib.Path(path_for(str(folder))).read_text().splitlines()
    assert all(json.loads(line)["run"] == os.getpid() for line in lines)
