# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol of SSH keys in a world in memory: what it does, refuses and says, and that it locks nobody out."""

from __future__ import annotations

import datetime
import functools
import itertools
import typing as t

import pytest
from rotation import matrix
from rotation.code import Code
from rotation.key_mutants import MUTANTS
from rotation.keys import HOSTS, STARTS, KeyScene

CODE = Code()


@pytest.fixture
def scene() -> t.Iterator[KeyScene]:
    with KeyScene(CODE) as scene:
        yield scene


def outcome(scene: KeyScene, make: str = "rotate", hosts: tuple[str, ...] = HOSTS, **job: t.Any) -> t.Any:
    """How a protocol ends (result, text), its calls and its warnings."""
    more = {"compare": job.pop("compare", True)} if make == "inspect" else {}
    spares = job.pop("spares_absent", False)
    world, run, _protocol = scene.start(hosts=hosts, spares_absent=spares)
    wanted = CODE.key.Job(user="app", generate=scene.next_pair, **job)
    try:
        end = CODE.driver.drive(
            getattr(CODE.key, make)(run, wanted, **more), world, run, CODE.driver.Interrupt(), sleep=scene.sleep
        )
    except CODE.calls.Stopped as stop:
        return stop.result, f"{stop.message}. {stop.hint}", world.trace, []
    return end.result, end.message, world.trace, [*end.warnings]


def changes(trace: list[str]) -> list[str]:
    """But for the lease."""
    writes = [call for call in trace if call.split()[-1] in ("add_key", "remove_key") or call.startswith("write")]
    return [call for call in writes if call != "write lease"]


def in_the_fourth_run(scene: KeyScene, call: str) -> int:
    """The number of a call in a run for which the lease and both records of the journal are there."""
    return [scene.run() for _run in range(3)][-1][1].trace.index(call)


# What happens when nothing goes wrong


def test_each_step_is_done_on_all_hosts_before_the_next(scene: KeyScene) -> None:
    trace = outcome(scene)[2]
    steps = [
        call
        for call in trace
        if call.split()[-1] in ("add_key", "login", "remove_key") or "main" in call or "j" in call
    ]
    assert steps == [
        "read main",
        *("web01 login", "web02 login"),
        *("write j0", "read j0"),
        *("write j1", "read j1"),
        *("write main", "read main"),
        "web01 add_key",
        "web02 add_key",
        "web01 login",
        "web02 login",
        "read main",
        "write main",
        "read main",
        *("web01 remove_key", "web01 login", "web01 login"),
        *("web02 remove_key", "web02 login", "web02 login"),
    ]


def test_the_journal_is_a_key_of_another_user_with_a_note(scene: KeyScene) -> None:
    scene.run()
    slot = f"{scene.hosts['web01'].token()}-j0"
    journal = next(record for record in scene.vault.records.values() if record["identifier"] == f"web-app--{slot}")
    assert (journal["username"], journal["hostname"]) == (f"app--rot-{slot}", "web01")
    kind, _blob, marker, run, start, hosts = journal["public_key"].split()
    assert (kind, marker, run, hosts) == ("ssh-ed25519", "ansible-rotation-journal", "run=run1", "hosts=web01,web02")
    assert start.startswith("start=")
    main = scene.vault.records[scene.main]
    assert main["public_key"].split()[2:] == ["key", "2"]


def test_grace_lies_between_the_commit_and_the_removal(scene: KeyScene) -> None:
    before = scene.clock()
    assert outcome(scene, grace=60.0)[0] == "changed"
    assert scene.clock() - before > 60


def test_a_young_key_is_left_alone_and_not_read(scene: KeyScene) -> None:
    now = datetime.datetime(2026, 6, 10)
    scene.vault.records[scene.main]["change"] = "2026-06-01 12:00:00"
    result, text, trace, _warnings = outcome(scene, max_age=10.0, now=lambda: now)
    assert (result, text) == ("unchanged", "the key is younger than max_age")
    assert not [call for call in trace if call.startswith(("read", "write"))]
    assert outcome(scene, max_age=8.0, now=lambda: now)[0] == "changed"


def test_recovered_changes_nothing_where_nothing_was_begun(scene: KeyScene) -> None:
    result, _text, trace, _warnings = outcome(scene, recover_only=True)
    assert result == "unchanged"
    assert changes(trace) == []


# Several hosts


def test_no_host_is_changed_when_one_cannot_be_reached(scene: KeyScene) -> None:
    scene.away = {"web02"}
    result, text, trace, _warnings = outcome(scene)
    assert result == "unreachable"
    assert "web02" in text
    assert changes(trace) == []


def test_a_host_that_was_away_is_settled_by_the_next_run(scene: KeyScene) -> None:
    scene.away = {"web02"}
    result, _text, _trace, warnings = outcome(scene, spares_absent=True)
    assert result == "changed"
    assert [warning.split()[0] for warning in warnings] == ["web02"]
    # Again, as the journal may hold the only key that web02 knows.
    result, text, trace, _warnings = outcome(scene, spares_absent=True)
    assert result == "unreachable"
    assert "web02" in text
    assert changes(trace)[-1:] != ["write main"]
    scene.away = set()
    result, _text, trace, warnings = outcome(scene, recover_only=True)
    assert (result, warnings) == ("recovered", [])
    # That web02 has the key now is noted.
    assert [call for call in changes(trace) if call.startswith("write")] == ["write j1"]
    assert scene.hosts["web01"].accepted() & set(scene.made) == scene.hosts["web02"].accepted() & set(scene.made)


def test_what_is_gone_can_be_written_off(scene: KeyScene) -> None:
    scene.away = {"web02"}
    outcome(scene, spares_absent=True)
    assert outcome(scene, hosts=("web01",))[0] == "refused"
    del scene.hosts["web02"]
    assert outcome(scene, hosts=("web01",), write_off=frozenset({"web02"}))[0] == "changed"


def test_a_part_of_the_hosts_leaves_the_old_key_in_the_journal(scene: KeyScene) -> None:
    scene.run()
    result, _text, _trace, warnings = outcome(scene, hosts=("web01",))
    assert result == "changed"
    assert warnings == ["web02 may accept the previous key alone: the next run for them settles it"]
    # A second one would take the old key out of the journal.
    result, text, trace, _warnings = outcome(scene, hosts=("web01",))
    assert result == "refused"
    assert "web02" in text
    assert changes(trace) == []
    assert outcome(scene, hosts=("web02",))[0] == "changed"


def test_a_host_without_any_known_key_is_named(scene: KeyScene) -> None:
    scene.checking = False
    scene.hosts["web02"].write(b"# nobody\n")
    result, text, trace, _warnings = outcome(scene)
    assert result == "drift"
    assert "web02" in text
    assert changes(trace) == []
    assert outcome(scene, reconcile=True)[0] == "changed"
    assert scene.hosts["web02"].accepted() == {scene.pairs()[scene.main].fingerprint}


# What else is refused


def test_a_second_writer_is_refused(scene: KeyScene) -> None:
    scene.vault.records[scene.main]["automatic_change"] = True
    for make in ("rotate", "predict", "inspect"):
        assert outcome(scene, make)[0] == "refused"


def test_a_main_record_that_cannot_be_used_is_refused(scene: KeyScene) -> None:
    scene.checking = False
    scene.vault.records[scene.main]["private_key"] = "no key"
    assert outcome(scene)[0] == "drift"


def test_an_identifier_that_is_in_use_is_left_alone(scene: KeyScene) -> None:
    record = scene.vault.records[scene.main]
    slot = f"web-app--{scene.hosts['web01'].token()}-j0"
    scene.vault.records["99"] = {**record, "id": "99", "identifier": slot, "username": "somebody"}
    result, text, _trace, _warnings = outcome(scene)
    assert result == "failed"
    assert f"{slot} is in use for something else" in text


def test_a_refused_login_takes_the_new_key_back(scene: KeyScene) -> None:
    trace = [scene.run() for _run in range(3)][-1][1].trace
    before = [host.content().splitlines() for host in scene.hosts.values()]
    at = trace.index("web02 login", trace.index("web02 add_key"))
    assert scene.run({at: "refused"})[0] == "failed"
    assert [host.content().splitlines() for host in scene.hosts.values()] == before
    assert not scene.leftovers()


# What is told without changing anything


def test_predictions(scene: KeyScene) -> None:
    for job, expected in (({}, "changed"), ({"recover_only": True}, "unchanged")):
        result, _text, trace, _warnings = outcome(scene, "predict", **job)
        assert result == expected
        assert set(trace) == {"list", "web01 look_keys", "web02 look_keys"}
    at = in_the_fourth_run(scene, "web02 add_key")
    scene.run({at: "killed after"})
    assert outcome(scene, "predict")[0] == "busy"
    scene.clock.pass_(300)
    assert outcome(scene, "predict")[0] == "recovered"


def test_states(scene: KeyScene) -> None:
    assert outcome(scene, "inspect", compare=False)[0] == "unknown"
    assert outcome(scene, "inspect")[0] == "clean"
    at = in_the_fourth_run(scene, "web02 add_key")
    scene.run({at: "killed after"})
    assert outcome(scene, "inspect")[0] == "busy"
    scene.clock.pass_(300)
    assert outcome(scene, "inspect")[0] == "pending"
    scene.run()
    assert outcome(scene, "inspect")[0] == "clean"
    scene.away = {"web02"}
    assert outcome(scene, "inspect", spares_absent=True)[0] == "unreachable"
    scene.checking, scene.away = False, set()
    scene.hosts["web02"].write(b"")
    assert outcome(scene, "inspect")[0] == "drift"


# Whatever goes wrong


@pytest.mark.no_cover
@pytest.mark.parametrize("start", STARTS)
def test_every_single_fault(start: str) -> None:
    for runs in matrix.singles(CODE, start):
        matrix.play(CODE, start, *runs)


@pytest.mark.no_cover
@pytest.mark.parametrize("start", STARTS)
def test_pauses(start: str) -> None:
    """Each 29th of them; ./run crash does all."""
    for at, killed in itertools.islice(matrix.pauses(CODE, start), 0, None, 29):
        matrix.play_pause(CODE, start, at, killed)


def cases(code: Code) -> t.Iterator[matrix.Case]:
    """What shows most mistakes soon comes first."""
    for runs, start in itertools.product(((), ({},), ({}, {})), STARTS):
        yield "", functools.partial(matrix.play, code, start, *runs)
    for start in STARTS:
        for at in range(matrix.calls(code, start, {})):
            yield "", functools.partial(matrix.play_pause, code, start, at, at)
    for start in STARTS:
        yield from matrix.from_start(code, start)


@pytest.mark.no_cover
@pytest.mark.parametrize("name", MUTANTS)
def test_every_mistake_is_caught(name: str) -> None:
    assert matrix.first_violation(cases(Code(*MUTANTS[name])))
