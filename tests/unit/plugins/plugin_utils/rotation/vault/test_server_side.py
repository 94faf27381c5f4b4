# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotations by the server: waited for, proven, and never believed when nothing has changed."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ChangeNotSeen, Refused
from ansible_collections.community.senhasegura.plugins.module_utils.models import Credential, CredentialInfo
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import Stopped
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import (
    LoginResult,
    Verdict,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.vault import server_side

BEFORE = CredentialInfo("7", "web01-app", "app", automatic_change=True, changed_at="2026-01-01 00:00:00")
PACE = {"wait": 0.2, "poll": 0.01}


class Server:
    """A server that changes the password when it is told to, or not."""

    def __init__(self, info: CredentialInfo = BEFORE, *, changes: bool = True) -> None:
        self.info, self.changes = info, changes
        self.password, self.reads, self.rotations = "old", 0, 0

    def rotatable(self, ref: t.Any) -> CredentialInfo:
        assert ref.text == "7"
        if self.info.automatic_change is False:
            raise Refused("no automatic change")
        return self.info

    def rotate(self, ref: t.Any, *, wait: float, poll: float, before: CredentialInfo) -> CredentialInfo:
        self.rotations += 1
        if self.changes:
            self.password = "new"
        elif self.info.changed_at is not None and wait:
            raise ChangeNotSeen("nothing")
        return before

    def read(self, ref: t.Any, *, fresh: bool) -> Credential:
        assert fresh
        self.reads += 1
        return Credential("7", self.password)


def rotate(server: Server, *verdicts: LoginResult, **options: t.Any) -> tuple[t.Any, list[str]]:
    tried: list[str] = []
    left = list(verdicts)

    def log_in(password: str) -> Verdict:
        tried.append(password)
        return Verdict(left.pop(0), "it said so")

    wanted = {"recover_only": False, "max_age_days": None, "pace": PACE, "check_mode": False, **options}
    outcome = server_side.rotate_password(
        t.cast(t.Any, server),
        server.info,
        log_in if verdicts else None,
        report_progress=lambda text: None,
        sleep=lambda seconds: None,
        **wanted,
    )
    return outcome, tried


def test_the_new_password_is_proven() -> None:
    server = Server()
    outcome, tried = rotate(server, LoginResult.OK)
    assert (outcome.status, outcome.works, outcome.proved) == ("changed", "web01-app", "login")
    assert (tried, server.reads) == (["new"], 1)


def test_without_a_proof_nothing_is_read() -> None:
    server = Server()
    outcome, _tried = rotate(server)
    assert (outcome.status, outcome.works, outcome.proved) == ("changed", "web01-app", "")
    assert server.reads == 0


def test_where_no_time_of_change_is_listed_the_passwords_are_compared() -> None:
    silent = CredentialInfo("7", "web01-app", "app")
    assert rotate(Server(silent))[0].status == "changed"
    with pytest.raises(ChangeNotSeen, match="still gives the old password"):
        rotate(Server(silent, changes=False))


def test_a_server_that_changes_nothing_is_not_believed() -> None:
    with pytest.raises(ChangeNotSeen):
        rotate(Server(changes=False), LoginResult.OK)


@pytest.mark.parametrize("result", [LoginResult.WRONG, LoginResult.MUST_CHANGE, LoginResult.EXPIRED])
def test_a_host_that_does_not_take_it_is_drift(result: LoginResult) -> None:
    with pytest.raises(Stopped) as caught:
        rotate(Server(), result)
    assert (caught.value.status, caught.value.works) == ("drift", "")
    assert "it said so" in caught.value.message


def test_a_host_that_cannot_be_reached_is_tried_again() -> None:
    assert rotate(Server(), LoginResult.NETWORK, LoginResult.OK)[0].status == "changed"
    with pytest.raises(Stopped) as caught:
        rotate(Server(), LoginResult.NETWORK, LoginResult.NETWORK, LoginResult.NETWORK)
    assert (caught.value.status, caught.value.works, caught.value.proved) == ("in_doubt", "web01-app", "")


@pytest.mark.parametrize(
    ("options", "result"),
    [({"check_mode": True}, "changed"), ({"recover_only": True}, "unchanged"), ({"max_age_days": 1e6}, "unchanged")],
)
def test_what_does_not_ask_the_server_to_change_anything(options: dict[str, t.Any], result: str) -> None:
    server = Server()
    assert rotate(server, LoginResult.OK, **options)[0].status == result
    assert (server.rotations, server.reads) == (0, 0)


def test_age_by_the_servers_list() -> None:
    yesterday = datetime.datetime.now() - datetime.timedelta(days=1.5)
    server = Server(CredentialInfo("7", changed_at=f"{yesterday:%Y-%m-%d %H:%M:%S}"))
    assert rotate(server, max_age_days=3.0)[0].status == "unchanged"
    assert rotate(server, max_age_days=1.0)[0].status == "changed"
    assert rotate(Server(CredentialInfo("7", changed_at="some day")), max_age_days=3.0)[0].status == "changed"


def test_not_waiting_is_told() -> None:
    outcome, tried = rotate(Server(), LoginResult.OK, pace={"wait": 0.0, "poll": 0.1})
    assert "nobody has waited" in outcome.message
    assert tried == []


def test_what_the_server_does_not_change_is_refused() -> None:
    with pytest.raises(Refused):
        rotate(Server(CredentialInfo("7", automatic_change=False)))
