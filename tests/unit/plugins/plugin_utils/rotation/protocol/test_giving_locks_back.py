# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run asks for, and what it still tells of main, when it ends after others may have begun."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol import locking
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import (
    LEASE,
    MAIN,
    NotDone,
    OnHost,
    Outcome,
    ReadRecord,
    Status,
    StoredSecret,
    WriteRecord,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.lease import Lease
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.run import Limits, RotationRun

LOCKED = {"mine": True, "machine": "5f0c6a3b9d1e", "quiet_in": 0.0}
TAKEN = "another run has rotated web01-app meanwhile"


def play(holder: str, *, late: bool, main: str = "p-1", **state: Any) -> tuple[list[str], Outcome]:
    """What a run asks the vault for at its end, and its outcome. ``holder`` has the lease by then; main has ``main``."""
    clock = [0.0]
    labels = {MAIN: "web01-app", LEASE: "web01-app--lease"}
    run = RotationRun(
        "mine", ("web01",), Limits(), labels, lambda: clock[0], lambda: datetime.datetime.now(datetime.timezone.utc)
    )
    lease = Lease(run="mine", machine=LOCKED["machine"], state="held")

    def work() -> Any:
        run.lease = lease
        run.found("web01", MAIN, proved="hash")
        for name, value in state.items():
            setattr(run, name, value)
        clock[0] += run.limits.deadline + 1 if late else 1
        return Outcome(Status.CHANGED, "done")
        yield

    asked: list[str] = []
    protocol = locking.holding_the_lock(run, work)
    reply: Any = None
    try:
        while True:
            effect = protocol.send(reply)
            if isinstance(effect, ReadRecord):
                asked.append(f"read {effect.name}")
                note = dataclasses.replace(lease, run=holder).note()
                reply = StoredSecret(main) if effect.name == MAIN else StoredSecret(None, note)
            elif isinstance(effect, WriteRecord):
                asked.append(f"write {effect.name}")
                reply = None
            else:
                assert isinstance(effect, OnHost)
                reply = LOCKED
    except StopIteration as end:
        return asked, end.value


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("state", [{}, {"unsure": True}])
def test_who_has_taken_over_is_noticed(state: dict[str, bool], late: bool) -> None:
    asked, outcome = play("other", late=late, **state)
    assert asked == ["read lease"]
    assert TAKEN in outcome.warnings
    assert (outcome.works, "was not compared" in outcome.login) == ("", True)


def test_a_late_run_without_an_answer_looks_as_well() -> None:
    asked, outcome = play("other", late=True, unanswered=True)
    assert asked == ["read lease"]
    assert (TAKEN in outcome.warnings, outcome.works) == (True, "")


def test_a_vault_that_has_not_answered_is_not_asked_within_the_deadline() -> None:
    asked, outcome = play("mine", late=False, unanswered=True)
    assert (asked, outcome.works) == ([], "web01-app")


@pytest.mark.parametrize(("state", "asked"), [({}, ["read lease", "write lease"]), ({"unsure": True}, ["read lease"])])
def test_only_a_run_that_is_sure_gives_the_lease_back(state: dict[str, bool], asked: list[str]) -> None:
    found, outcome = play("mine", late=False, **state)
    assert (found, outcome.works, outcome.proved) == (asked, "web01-app", "hash")


def test_main_is_looked_at_last_whatever_the_lease_says() -> None:
    asked, outcome = play("mine", late=False, main_secret="p-1")
    assert (asked, outcome.works) == (["read lease", "read main", "write lease"], "web01-app")
    asked, outcome = play("mine", late=False, main="p-2", main_secret="p-1")
    assert (asked, outcome.works) == (["read lease", "read main", "write lease"], "")
    assert "web01-app has changed meanwhile: run rotation_info to see what logs in" in outcome.warnings


@pytest.mark.parametrize("unsure", [False, True])
def test_a_lease_that_cannot_be_read_is_told_by_a_run_that_would_give_it_back(unsure: bool) -> None:
    run = RotationRun(
        "mine",
        (),
        Limits(),
        {LEASE: "web01-app--lease"},
        lambda: 0.0,
        lambda: datetime.datetime.now(datetime.timezone.utc),
    )
    run.lease, run.unsure = Lease(run="mine"), unsure
    steps = locking._is_still_ours(run)
    assert next(steps) == ReadRecord(LEASE)
    with pytest.raises(StopIteration) as end:
        steps.throw(NotDone("503"))
    told = [] if unsure else ["web01-app--lease could not be given back: it ends by itself"]
    assert (end.value.value, run.warnings) == (False, told)
