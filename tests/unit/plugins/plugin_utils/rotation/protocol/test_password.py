# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol of passwords in a world in memory: what it does, refuses and says, and that it loses nothing."""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from functools import partial

import pytest
from faults import matrix
from faults.code import Code
from faults.mutants import MUTANTS
from faults.world import DAY, KINDS, USER, Scene, cheap_hash, problem, split_lock

CODE = Code()
TODAY = 20_000


@pytest.fixture
def scene() -> t.Iterator[Scene]:
    with Scene(CODE) as scene:
        yield scene


def main(scene: Scene) -> str:
    return str(scene.vault.records[scene.main]["password"])


def secrets_of(scene: Scene) -> list[str]:
    """What all records but the lease hold."""
    return [
        str(record["password"])
        for record in scene.vault.records.values()
        if not str(record["identifier"]).endswith("--lease")
    ]


def outcome(scene: Scene, make: str = "rotate", **job: t.Any) -> tuple[str, str, list[str]]:
    """How a protocol ends (result, text) and its calls."""
    limits = job.pop("limits", {})
    more = {"compare": job.pop("compare", True)} if make == "inspect" else {}
    world, run, _protocol = scene.start(hosts=job.pop("hosts", None), **job)
    run.limits = CODE.run.Limits(**{"deadline": 300.0, "late_write_window": 120.0, **limits})
    wanted = CODE.password_job.PasswordJob(
        user=USER, generate=lambda: "wanted", matches=scene.matches, make_hash=cheap_hash, hash_problem=problem, **job
    )
    protocol = getattr(CODE.password if make == "rotate" else CODE.password_inspection, make)(run, wanted, **more)
    try:
        end = CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=scene.sleep)
    except CODE.effects.Stopped as stop:
        return stop.status, f"{stop.message}. {stop.hint}", world.trace
    return end.status, end.message, world.trace


# What happens when nothing goes wrong


def test_host_main_record_and_journal_have_the_new_password(scene: Scene) -> None:
    assert scene.run()[0] == "changed"
    assert main(scene) == "secret1"
    assert scene.host.accepts("secret1")
    records = {record["identifier"]: record for record in scene.vault.records.values()}
    machine = scene.host.token()
    before, new = records[f"web01-app--{machine}-j0"], records[f"web01-app--{machine}-j1"]
    assert (before["password"], new["password"]) == ("first", "secret1")
    assert before["username"] == f"app--rot-{machine}-j0"
    assert new["additional"].startswith("run=run1 start=")
    assert new["additional"].endswith("hosts=web01 holds=new")
    lease = records["web01-app--lease"]
    assert lease["username"] == "app--rot-lease"
    assert f"run=run1 machine={machine} user=app host=web01" in lease["password"]
    assert f"state=free serves={machine} serves_host=web01" in lease["password"]


@pytest.mark.parametrize(("hosts", "said"), [(("web01",), "the host and"), (("web01", "web02"), "the hosts and")])
def test_a_run_tells_who_has_the_new_password(hosts: tuple[str, ...], said: str) -> None:
    with Scene(CODE, hosts=hosts) as scene:
        assert outcome(scene, hosts=hosts)[:2] == ("changed", f"{said} the main record have the new password")


def test_the_previous_password_stays_in_the_journal_until_the_next_one_is_committed(scene: Scene) -> None:
    for previous, now in (("first", "secret1"), ("secret1", "secret2"), ("secret2", "secret3")):
        scene.run()
        assert sorted(secrets_of(scene)) == sorted([now, previous, now])


def test_a_young_password_is_left_alone_and_not_read(scene: Scene) -> None:
    scene.host.change(last_change=str(TODAY - 9))
    assert outcome(scene, max_age_days=10.0) == (
        "unchanged",
        "the password is younger than max_age_days",
        ["host lock", "list", "host look", "host unlock"],
    )
    assert outcome(scene, max_age_days=9.0)[0] == "changed"


def test_max_age_does_not_stop_a_recovery(scene: Scene) -> None:
    killed_after_set = scene.run()[1].trace.index("host set") + 1
    scene.host.change(last_change=str(TODAY))
    scene.run({killed_after_set: "killed after"})
    scene.clock.pass_(DAY / 2)
    result, _text, trace = outcome(scene, max_age_days=30.0)
    assert result == "recovered"
    assert "host set" not in trace
    assert scene.host.accepts(main(scene))


def test_ages_are_set_and_reported(scene: Scene) -> None:
    assert outcome(scene, chage={"max_days": 90, "warn_days": 7})[0] == "changed"
    assert scene.host.fields()[2:6] == [str(TODAY), "0", "90", "7"]


# What is refused before anything is changed


@pytest.mark.parametrize(
    ("fields", "accept", "says"),
    [
        ({"hash": "!" + cheap_hash("first")}, "locked", "is locked"),
        ({"expire_day": str(TODAY)}, "expired", "has expired"),
        ({"last_change": "0"}, "must_change", "must change the password at the next login"),
        ({"hash": "*"}, None, "has no password at all"),
        ({"hash": ""}, None, "has no password at all"),
        ({"hash": "!"}, None, "has no password at all"),
    ],
)
def test_accounts_that_are_refused(scene: Scene, fields: dict[str, str], accept: str | None, says: str) -> None:
    scene.host.change(**fields)
    scene.expect_lock = bool(split_lock(scene.host.fields()[1])[0])
    # An account without a password is like no record.
    scene.checking = accept is not None
    before = scene.host.lines
    for make in ("rotate", "predict"):
        result, text, trace = outcome(scene, make)
        assert result == "refused"
        assert says in text
        assert not [call for call in trace if call.startswith(("read", "write", "host set"))]
    assert scene.host.lines == before
    if accept is None:
        return
    assert outcome(scene, accept=frozenset({accept}))[0] == "changed"
    after = scene.host.fields()
    assert after[1] == before[2].split(":")[1].replace(cheap_hash("first"), "") + cheap_hash(main(scene))
    assert after[7] == fields.get("expire_day", "")
    assert after[2] == ("0" if accept == "must_change" else str(TODAY))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda scene: scene.vault.records[scene.main].update(automatic_change=True), "changes web01-app by itself"),
        (lambda scene: (scene.host.etc / "passwd").write_text(""), "no local user"),
        (lambda scene: setattr(scene.host, "missing", "chpasswd"), "has no chpasswd"),
        (lambda scene: setattr(scene.host, "login_verdict", "not_offered"), "cannot log in to web01 with the present"),
    ],
)
def test_other_reasons_to_refuse(scene: Scene, change: t.Callable[[Scene], t.Any], says: str) -> None:
    change(scene)
    before = scene.host.lines
    result, text, trace = outcome(scene)
    assert result == "refused"
    assert says in text
    assert "host set" not in trace
    assert not [call for call in trace if call.startswith("write") and call != "write lease"]
    assert scene.host.lines == before


def test_a_user_without_a_line_in_shadow(scene: Scene) -> None:
    scene.host.forget_user()
    scene.checking = False
    result, text, _trace = outcome(scene)
    assert result == "refused"
    assert "no line in /etc/shadow" in text


def test_a_password_that_is_too_old_proves_that_logins_are_judged(scene: Scene) -> None:
    scene.host.change(last_change=str(TODAY - 100), max_days="90")
    scene.host.login_verdict = "must_change"
    # After the change it is not too old any more.
    assert scene.run()[0] == "changed"


def test_without_password_logins_only_the_hash_is_compared_if_asked(scene: Scene) -> None:
    scene.host.login_verdict = "not_offered"
    result, _text, trace = outcome(scene, verify_login=False)
    assert result == "changed"
    assert "login" not in trace


def test_a_record_of_another_machine_is_refused(scene: Scene) -> None:
    scene.run()
    (scene.host.etc / "machine-id").write_text("another\n")
    result, text, trace = outcome(scene)
    assert (result, "host set" in trace) == ("refused", False)
    assert "was last rotated for another machine, web01" in text
    assert outcome(scene, accept=frozenset({"other_host"}))[0] == "changed"


def test_drift_is_told_and_reconciled_only_if_asked(scene: Scene) -> None:
    scene.checking = False
    scene.host.change(hash=cheap_hash("somebody's own"))
    result, text, _trace = outcome(scene)
    assert result == "drift"
    assert "reconcile=true" in text
    assert outcome(scene, "inspect")[0] == "drift"
    assert outcome(scene, reconcile=True)[0] == "changed"
    scene.checking = True
    scene.settle()


def test_the_host_refuses_the_new_password_and_gets_the_old_hash_back(scene: Scene) -> None:
    before = scene.host.lines
    trace = scene.run()[1].trace
    with Scene(CODE) as fresh:
        second_login = [number for number, call in enumerate(trace) if call == "login"][1]
        assert fresh.run({second_login: "refused"})[0] == "failed"
        assert fresh.host.lines == before
        assert main(fresh) == "first"
        assert "the old one was put back" in fresh.log[0]


def test_somebody_else_writes_the_main_record_meanwhile(scene: Scene) -> None:
    trace = scene.run()[1].trace
    with Scene(CODE) as fresh:
        last_list = [number for number, call in enumerate(trace) if call == "list"][-1]

        def write() -> None:
            fresh.vault.records[fresh.main].update(password="theirs", changed_at="later")

        assert fresh.run({last_list: write})[0] == "pending"
        assert main(fresh) == "theirs"
        fresh.settle()


def test_a_main_record_that_is_not_listed_is_refused(scene: Scene) -> None:
    scene.checking = False
    lines = scene.host.lines
    result, world = scene.run({1: lambda: scene.vault.records.pop(scene.main)})[:2]
    assert (result, world.trace[1]) == ("refused", "list")
    assert "is not in the list of the server" in "".join(scene.log)
    assert scene.host.lines == lines


def test_too_little_time_for_the_commit(scene: Scene) -> None:
    trace = scene.run()[1].trace
    with Scene(CODE) as fresh:
        last_list = [number for number, call in enumerate(trace) if call == "list"][-1]
        assert fresh.run({last_list: lambda: fresh.clock.pass_(250.0)})[0] == "pending"
        fresh.settle()


# Prediction and inspection


def test_a_prediction_reads_no_secret_and_takes_no_lock(scene: Scene) -> None:
    assert outcome(scene, "predict")[::2] == ("changed", ["list", "host look"])
    scene.host.change(last_change=str(TODAY))
    assert outcome(scene, "predict", max_age_days=1.0)[0] == "unchanged"
    assert outcome(scene, "predict", recover_only=True)[0] == "unchanged"
    at = scene.run()[1].trace.index("host set")
    scene.run({at + 1: "killed after"})
    assert outcome(scene, "predict", recover_only=True)[0] == "busy"
    scene.clock.pass_(500.0)
    assert outcome(scene, "predict", recover_only=True)[0] == "recovered"


@pytest.mark.no_cover
def test_inspection_tells_the_truth_after_every_fault() -> None:
    """Compared with what the world itself knows."""
    for start in matrix.STARTS:
        for (faults,) in matrix.singles(CODE, start):
            with Scene(CODE) as scene:
                matrix.STARTS[start](scene)
                scene.run(faults)
                held_by = scene.lock_holder()
                told = outcome(scene, "inspect")[0]
                if held_by:
                    assert told == "busy", faults
                scene.clock.pass_(600.0)
                told = outcome(scene, "inspect")[0]
                if scene.host.accepts(main(scene)):
                    assert told in ("clean", "in_doubt"), faults
                    assert (told == "in_doubt") == bool(scene.leftovers()), faults
                else:
                    assert told == "pending", faults


def test_inspection_without_comparing_reads_nothing(scene: Scene) -> None:
    assert outcome(scene, "inspect", compare=False)[::2] == ("unknown", ["list", "host look"])


def inspected(scene: Scene, hosts: tuple[str, ...] = ("web01",), *, login: bool = False, away: bool = False) -> t.Any:
    """The Outcome of an inspection."""
    world, run, _protocol = scene.start(hosts=hosts, skip_unreachable=True, faults={1: "unreachable"} if away else None)
    job = CODE.password_job.PasswordJob(
        user=USER, generate=str, matches=scene.matches, make_hash=cheap_hash, hash_problem=problem
    )
    protocol = CODE.password_inspection.inspect(run, job, compare=True, login=login)
    return CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=scene.sleep)


def test_inspection_of_several_hosts_tells_each() -> None:
    hosts = ("web01", "web02")
    with Scene(CODE, hosts=hosts) as scene:
        both = inspected(scene, hosts)
        assert (both.status, both.works, both.proved) == ("clean", "web01-app", "hash")
        scene.checking = False
        scene.hosts["web02"].change(hash=cheap_hash("somebody's own"))
        end = inspected(scene, hosts)
        assert (end.status, end.details["hosts"]) == ("drift", {"web01": "clean", "web02": "drift"})
        assert end.works == ""
        assert end.login == (
            "web01: app logs in with web01-app (proved by its hash in this run). "
            "web02: which record logs app in was not compared"
        )


def test_inspection_names_who_holds_the_lease(scene: Scene) -> None:
    """The host of the task is at rest, as when another one with the same record is worked on."""
    at = scene.run()[1].trace.index("host set")
    scene.run({at: "killed before"})
    scene.host.put_back({name: content for name, content in scene.host.tree().items() if "lock" not in name})
    end = inspected(scene)
    assert end.status == "busy"
    assert "run2 rotates web01-app for web01" in end.message
    scene.rest()
    assert "has not given the lease back" in inspected(scene).message


def test_inspection_finds_the_mark_of_another_record_and_a_journal_of_another_machine(scene: Scene) -> None:
    at = scene.run()[1].trace.index("host set") + 1
    scene.run({at: "killed after"})
    scene.rest()
    first = scene.main
    scene.vault.records[first]["identifier"] = "older"
    scene.vault.records["77"] = dict(scene.vault.records[first], id="77", identifier="web01-app")
    scene.main = "77"
    end = inspected(scene)
    assert (end.status, end.settles) == ("pending", "")
    assert f"web01: id {first}" in end.message
    assert end.works.endswith(("-j0", "-j1"))
    (scene.host.etc / "machine-id").write_text("another\n")
    assert inspected(scene).works == end.works


def test_verification_logs_in_once_and_changes_nothing(scene: Scene) -> None:
    before = scene.host.tree(), scene.vault.passwords()
    end = inspected(scene, login=True)
    assert (end.status, end.works, end.proved) == ("clean", "web01-app", "login")
    scene.host.login_verdict = "not_offered"
    end = inspected(scene, login=True)
    assert (end.status, end.works, end.proved) == ("no_login", "web01-app", "hash")
    assert (scene.host.tree(), scene.vault.passwords()) == before


@pytest.mark.no_cover
def test_recovery_changes_no_password(scene: Scene) -> None:
    for (faults,) in itertools.islice(matrix.singles(CODE, "first"), 0, None, 5):
        with Scene(CODE) as scene:
            scene.run(faults)
            scene.clock.pass_(600.0)
            before = scene.host.fields()[1]
            assert outcome(scene, recover_only=True)[0] in ("recovered", "unchanged"), faults
            assert scene.host.fields()[1] == before
            assert scene.host.accepts(main(scene))
            assert outcome(scene, "inspect")[0] == "clean", faults


# Nothing is lost


@pytest.mark.no_cover
@pytest.mark.parametrize("start", matrix.STARTS)
def test_every_single_fault_and_pauses(start: str) -> None:
    """Each 14th of the pauses; `./run crash singles` does all."""
    story = matrix.first_violation(matrix.from_start(CODE, start, 14))
    assert story is None, story


@pytest.mark.no_cover
@pytest.mark.parametrize("seeds", [range(60), range(60, 120)], ids=str)
def test_schedules(seeds: range) -> None:
    """10,000 of them: ./run crash schedules."""
    story = matrix.first_violation(matrix.in_random_order(CODE, seeds))
    assert story is None, story


def test_the_matrix_is_as_large_as_it_should_be() -> None:
    assert len(KINDS) == 12
    assert [len(list(matrix.singles(CODE, start))) // len(KINDS) for start in matrix.STARTS] == [32, 33]
    assert len([case for start in matrix.STARTS for case in matrix.from_start(CODE, start)]) > 900


@pytest.mark.no_cover
def test_a_sample_of_pairs() -> None:
    """All of them: ./run crash."""
    firsts = [(start, runs[0]) for start in matrix.STARTS for runs in matrix.singles(CODE, start)]
    for start, first in firsts[::73]:
        for runs in itertools.islice(matrix.pairs_after(CODE, start, first), 0, None, 7):
            matrix.play(CODE, start, *runs)


@pytest.mark.long
@pytest.mark.no_cover
@pytest.mark.parametrize("name", MUTANTS)
def test_mistakes_of_others_are_noticed(name: str) -> None:
    story = matrix.first_violation(matrix.fast(Code(*MUTANTS[name]), range(300)))
    assert story is not None


def test_two_runs_at_once(scene: Scene) -> None:
    results = []
    trace = scene.run()[1].trace
    for at in range(1, len(trace) - 1):
        scene.run({at: lambda: results.append(scene.run()[0])})
    assert set(results) == {"busy"}
    assert len(results) == len(trace) - 2


def test_lock_wait_waits(scene: Scene) -> None:
    at = scene.run()[1].trace.index("host set")
    scene.run({at: "killed before"})
    assert outcome(scene)[0] == "busy"
    assert outcome(scene, limits={"lock_wait": 600.0})[0] == "changed"


# Calls after the commit, and those that give something back.
ALSO_THEN = ("host finish", "host judge", "read lease", "read main", "write lease")


@pytest.mark.no_cover
def test_a_signal_stops_it_between_two_calls(scene: Scene) -> None:
    trace = scene.run()[1].trace
    for at in range(len(trace) - 1):
        for start in matrix.STARTS:
            with Scene(CODE) as fresh:
                matrix.STARTS[start](fresh)
                world, run, protocol = fresh.start()
                interrupt = CODE.driver.Interrupt()
                world.faults = {at: partial(setattr, interrupt, "received", True)}
                with contextlib.suppress(CODE.effects.Stopped):
                    CODE.driver.drive(protocol, world, run, interrupt, sleep=fresh.sleep)
                    assert world.trace[at] in ALSO_THEN, f"it went on after a signal in call {at}"
                    assert "write main" not in world.trace[at:], f"it was committed after a signal in call {at}"
                assert fresh.lock_holder() is None, f"the lock is kept after a signal in {trace[at]}"
                fresh.settle()
