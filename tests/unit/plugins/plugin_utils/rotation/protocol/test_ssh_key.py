# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol of SSH keys in a world in memory: what it does, refuses and says, and that it locks nobody out."""

from __future__ import annotations

import contextlib
import datetime
import functools
import itertools
import random
import typing as t

import pytest
from faults import matrix
from faults.code import Code
from faults.key_mutants import MUTANTS
from faults.keys import HOSTS, STARTS, KeyScene, KeyWorld
from faults.world import KINDS, Killed, faults

from ansible_collections.community.senhasegura.plugins.module_utils.models import SshKeyWrite

CODE = Code()


@pytest.fixture
def scene() -> t.Iterator[KeyScene]:
    with KeyScene(CODE) as scene:
        yield scene


def outcome(scene: KeyScene, make: str = "rotate", hosts: tuple[str, ...] = HOSTS, **job: t.Any) -> t.Any:
    """How a protocol ends (result, text), its calls and its warnings."""
    more = {"compare": job.pop("compare", True)} if make == "inspect" else {}
    spares = job.pop("skip_unreachable", False)
    now = job.pop("now", None)
    world, run, _protocol = scene.start(hosts=hosts, skip_unreachable=spares)
    run.now = now or run.now
    wanted = CODE.ssh_key_job.SshKeyJob(user="app", generate=scene.next_pair, **job)
    try:
        end = CODE.driver.drive(
            getattr(CODE.ssh_key if make == "rotate" else CODE.ssh_key_inspection, make)(run, wanted, **more),
            world,
            run,
            CODE.driver.Interrupt(),
            sleep=scene.sleep,
        )
    except CODE.effects.Stopped as stop:
        return stop.status, f"{stop.message}. {stop.hint}", world.trace, []
    return end.status, end.message, world.trace, [*end.warnings]


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
        # Another run may have written it meanwhile: then this one does not tell that it logs in.
        "read main",
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


def test_records_of_the_journal_without_a_key_are_used_again(scene: KeyScene) -> None:
    scene.run()
    journal = [record for record in scene.vault.records.values() if record["identifier"].endswith(("-j0", "-j1"))]
    assert len(journal) == 2
    for record in journal:
        record["private_key"] = "emptied by somebody"
    assert outcome(scene)[0] == "changed"
    assert all(scene.pair(record).usable for record in journal)


def test_grace_lies_between_the_commit_and_the_removal(scene: KeyScene) -> None:
    before = scene.clock()
    assert outcome(scene, grace=60.0)[0] == "changed"
    assert scene.clock() - before > 60


def test_a_young_key_is_left_alone_and_not_read(scene: KeyScene) -> None:
    now = datetime.datetime(2026, 6, 10)
    scene.vault.records[scene.main]["changed_at"] = "2026-06-01 12:00:00"
    result, text, trace, _warnings = outcome(scene, max_age_days=10.0, now=lambda: now)
    assert (result, text) == ("unchanged", "the key is younger than max_age_days")
    assert not [call for call in trace if call.startswith(("read", "write"))]
    assert outcome(scene, max_age_days=8.0, now=lambda: now)[0] == "changed"


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
    result, _text, _trace, warnings = outcome(scene, skip_unreachable=True)
    assert result == "changed"
    assert [warning.split()[0] for warning in warnings] == ["web02"]
    # Again, as the journal may hold the only key that web02 knows.
    result, text, trace, _warnings = outcome(scene, skip_unreachable=True)
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
    outcome(scene, skip_unreachable=True)
    assert outcome(scene, hosts=("web01",))[0] == "refused"
    del scene.hosts["web02"]
    assert outcome(scene, hosts=("web01",), retired_hosts=frozenset({"web02"}))[0] == "changed"


def test_nobody_is_warned_of_hosts_that_the_task_leaves_out_itself(scene: KeyScene) -> None:
    shared = frozenset(HOSTS)
    result, _text, _trace, warnings = outcome(scene, hosts=("web01",), shared_with=shared, part_is_meant=True)
    assert (result, warnings) == ("changed", [])


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


# A run for a part of the hosts


def fingerprint(scene: KeyScene) -> str:
    return str(scene.pairs()[scene.main].fingerprint)


def lines_of_keys(scene: KeyScene, host: str) -> set[str]:
    return scene.hosts[host].accepted() & set(scene.made)


SHARED = frozenset(HOSTS)


def test_a_first_run_with_limit_keeps_the_old_key_of_the_others(scene: KeyScene) -> None:
    """The world raises Violation as soon as no record has the key of a host."""
    old = fingerprint(scene)
    result, text, _trace, warnings = outcome(scene, hosts=("web01",), shared_with=SHARED)
    assert (result, text) == ("changed", "the main record and 1 of 2 hosts have the new key")
    assert warnings == ["web02 may accept the previous key alone: the next run for them settles it"]
    assert (lines_of_keys(scene, "web01"), lines_of_keys(scene, "web02")) == ({fingerprint(scene)}, {old})
    # No second one for the same host, by whatever name it knows the others: that would take the old key away.
    for shared in (SHARED, frozenset[str]()):
        result, text, trace, _warnings = outcome(scene, hosts=("web01",), shared_with=shared)
        assert (result, changes(trace)) == ("refused", [])
        assert "web02" in text
    for hosts in (("web02",), HOSTS):
        assert outcome(scene, hosts=hosts, recover_only=True)[0] in ("recovered", "unchanged")
    assert {*map(frozenset, (lines_of_keys(scene, host) for host in HOSTS))} == {frozenset({fingerprint(scene)})}
    assert outcome(scene, hosts=("web01",))[0] == "changed"


def test_a_host_gets_the_key_that_it_is_owed_though_that_is_young(scene: KeyScene) -> None:
    now = datetime.datetime(2026, 6, 2)
    outcome(scene, hosts=("web01",), shared_with=SHARED)
    scene.vault.records[scene.main]["changed_at"] = "2026-06-01 12:00:00"
    young: dict[str, t.Any] = {"max_age_days": 10.0, "now": lambda: now, "shared_with": SHARED}
    assert outcome(scene, hosts=("web02",), **young)[0] == "recovered"
    assert lines_of_keys(scene, "web02") == {fingerprint(scene)}


def test_what_is_owed_is_part_of_the_result(scene: KeyScene) -> None:
    world, run, _protocol = scene.start(hosts=("web02",))
    job = CODE.ssh_key_job.SshKeyJob(
        user="app", generate=scene.next_pair, shared_with=frozenset({"web01", "web02", "db01"})
    )
    end = CODE.driver.drive(CODE.ssh_key.rotate(run, job), world, run, CODE.driver.Interrupt(), sleep=scene.sleep)
    assert (end.details["outdated_hosts"], end.details["absent"]) == (["db01", "web01"], [])
    assert outcome(scene, "inspect", hosts=("web02",))[:2] == (
        "pending",
        "db01, web01 may accept the previous key alone",
    )
    # Who comes first in the alphabet has a journal of its own, and finds that of the other.
    assert outcome(scene, hosts=HOSTS, recover_only=True)[0] == "recovered"
    result, text, _trace, _warnings = outcome(scene)
    assert result == "refused"
    assert "db01" in text
    assert "web01" not in text
    assert outcome(scene, retired_hosts=frozenset({"db01"}))[0] == "changed"


@pytest.mark.no_cover
@pytest.mark.parametrize("hosts", [("web01",), ("web02",)])
def test_no_fault_in_a_run_with_limit_loses_a_host(hosts: tuple[str, ...]) -> None:
    """Each fifth fault, of each host others."""

    def limited(scene: KeyScene, faults: dict[int, str]) -> list[str]:
        return list(scene.run(faults, hosts=hosts, shared_with=SHARED)[1].trace)

    with KeyScene(CODE) as first:
        calls = len(limited(first, {}))
    for at, kind in itertools.islice(faults(calls), HOSTS.index(hosts[0]), None, 5):
        with KeyScene(CODE) as scene:
            limited(scene, {at: kind})
            scene.clock.pass_(500)
            limited(scene, {})
            scene.settle()


def test_many_hosts_fit_into_a_note(scene: KeyScene) -> None:
    many = frozenset(f"web{number:03}.example.com" for number in range(300))
    result, _text, _trace, warnings = outcome(scene, hosts=("web01",), shared_with=many)
    assert result == "changed"
    assert "and 295 more" in warnings[0]
    longest = max(len(record["public_key"]) for record in scene.vault.records.values())
    assert longest < 3000
    result, text, _trace, _warnings = outcome(scene, hosts=("web01",), retired_hosts=many - {"web007.example.com"})
    assert result == "refused"
    assert "web007.example.com may accept" in text


# One task for each host, though they share the key


@pytest.mark.parametrize("shared", [SHARED, frozenset[str]()])
def test_a_task_for_each_host_ends_with_one_key(scene: KeyScene, shared: frozenset[str]) -> None:
    results = [outcome(scene, hosts=(host,), shared_with=shared, play="p1")[0] for host in HOSTS]
    assert results == ["changed", "recovered"]
    assert {*map(frozenset, (lines_of_keys(scene, host) for host in HOSTS))} == {frozenset({fingerprint(scene)})}
    # The next play does the same; a second task of one play for the same hosts is what somebody has asked for.
    results = [outcome(scene, hosts=(host,), shared_with=shared, play="p2")[0] for host in HOSTS]
    assert results == ["changed", "recovered"]
    assert outcome(scene, play="p2")[0] == "changed"


def test_at_the_same_time_all_but_one_are_busy(scene: KeyScene) -> None:
    ends: list[tuple[str, str]] = []

    def other() -> None:
        result, text, trace, _warnings = outcome(scene, hosts=("web02",), shared_with=SHARED)
        assert changes(trace) == []
        ends.append((result, text))

    at = [scene.run(hosts=("web01",), shared_with=SHARED) for _run in range(1)][-1][1].trace.index("web01 add_key")
    outcome(scene, recover_only=True)
    scene.run({at: other}, hosts=("web01",), shared_with=SHARED)
    ((result, text),) = ends
    assert result == "busy"
    assert "web01" in text


# Two keys on one account


@pytest.fixture
def second(scene: KeyScene) -> str:
    """Another key of the same account: the id of its record."""
    scene.checking = False
    pair = scene.next_pair()
    for host in scene.hosts.values():
        host.write(host.content() + b"\n" + pair.public_key.encode() + b" of somebody\n")
    wanted = SshKeyWrite("web-other", "app", "web02", "192.0.2.10", pair.private_key, pair.public_key, "")
    return str(scene.vault.store(wanted, None).id)


@pytest.mark.parametrize("call", ["web02 add_key", "web02 remove_key"])
def test_the_mark_of_another_record_is_reported_and_left_alone(scene: KeyScene, second: str, call: str) -> None:
    first = scene.main
    at = in_the_fourth_run(scene, call)
    scene.run({at: "killed after"})
    scene.clock.pass_(500)
    files = [host.content() for host in scene.hosts.values()]
    scene.main = second
    for more in ({}, {"recover_only": True}, {"reconcile": True}):
        result, text, trace, _warnings = outcome(scene, **more)
        assert (result, changes(trace)) == ("pending", [])
        assert "web-app" in text
    result, text, _trace, _warnings = outcome(scene, "inspect")
    assert result == "pending"
    assert "web-app" in text
    assert [host.content() for host in scene.hosts.values()] == files
    # Each settles its own.
    scene.main = first
    assert outcome(scene, recover_only=True)[0] in ("recovered", "unchanged")
    kept = fingerprint(scene)
    scene.main = second
    assert outcome(scene)[0] == "changed"
    for host in HOSTS:
        assert lines_of_keys(scene, host) == {kept, fingerprint(scene)}
    assert not scene.leftovers()


def test_what_one_key_owes_does_not_stop_the_other(scene: KeyScene, second: str) -> None:
    outcome(scene, hosts=("web01",), shared_with=SHARED)
    scene.main = second
    assert outcome(scene)[0] == "changed"


# The way in


def test_a_way_that_lets_nobody_in_is_found_before_anything_changes(scene: KeyScene) -> None:
    at = scene.run()[1].trace.index("web02 login")
    with KeyScene(CODE) as fresh:
        world, run, protocol = fresh.start({at: "refused"})
        with pytest.raises(CODE.effects.Stopped) as caught:
            CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=fresh.sleep)
    assert caught.value.status == "refused"
    assert caught.value.message.startswith("web02 does not let app in with the key that it has now")
    assert changes(world.trace) == []
    assert not [call for call in world.trace if call.endswith("key") and not call.endswith("look_keys")]


def test_nothing_is_proved_by_logins_without_verify(scene: KeyScene) -> None:
    result, _text, trace, warnings = outcome(scene, verify=False)
    assert result == "changed"
    assert not [call for call in trace if call.endswith("login")]
    assert [warning for warning in warnings if warning.startswith("verify is none: no login has proved")]
    assert {*map(frozenset, (lines_of_keys(scene, host) for host in HOSTS))} == {frozenset({fingerprint(scene)})}


@pytest.mark.parametrize("call", ["web01 add_key", "web01 remove_key", "web02 remove_key", "write main"])
def test_at_most_one_refused_login_for_each_host(scene: KeyScene, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    refused: list[str] = []
    enter = KeyWorld._enter

    def counted(world: KeyWorld, asked: t.Any) -> t.Any:
        verdict = enter(world, asked)
        if not verdict.authenticated:
            refused.append(asked.host)
        return verdict

    at = in_the_fourth_run(scene, call)
    scene.run({at: "killed after"})
    scene.clock.pass_(500)
    monkeypatch.setattr(KeyWorld, "_enter", counted)
    assert scene.run()[0] == "changed"
    assert sorted(refused) == ["web01", "web02"]


def test_an_interrupted_run_is_settled_though_the_key_is_young(scene: KeyScene) -> None:
    now = datetime.datetime(2026, 6, 2)
    at = in_the_fourth_run(scene, "web02 remove_key")
    scene.run({at: "killed before"})
    scene.vault.records[scene.main]["changed_at"] = "2026-06-01 12:00:00"
    scene.clock.pass_(500)
    assert outcome(scene, max_age_days=10.0, now=lambda: now)[0] == "recovered"
    assert lines_of_keys(scene, "web02") == {fingerprint(scene)}


def test_the_record_that_works_is_told(scene: KeyScene) -> None:
    world, run, protocol = scene.start()
    end = CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=scene.sleep)
    assert (end.works, end.proved) == ("web-app", "login")
    assert end.login == "web01, web02: app logs in with web-app (proved by a login in this run)"


# Many hosts at the same time


def interleaved(protocol: t.Any, random_: random.Random) -> t.Iterator[t.Any]:
    """A protocol whose works on several hosts take their turns in random order, as they may in threads."""
    answer: t.Any = None
    failure: BaseException | None = None
    while True:
        try:
            call = protocol.send(answer) if failure is None else protocol.throw(failure)
        except StopIteration as end:
            return end.value
        answer, failure = None, None
        try:
            answer = (yield from turns(call, random_)) if isinstance(call, CODE.effects.Together) else (yield call)
        except Exception as exc:
            failure = exc


def turns(together: t.Any, random_: random.Random) -> t.Iterator[t.Any]:
    results: dict[str, t.Any] = {}
    waiting: dict[str, tuple[t.Any, Exception | None]] = dict.fromkeys(together.works, (None, None))
    while waiting:
        host = random_.choice(sorted(waiting)[: together.most])
        answer, failure = waiting[host]
        work = together.works[host]
        try:
            call = work.send(answer) if failure is None else work.throw(failure)
        except StopIteration as end:
            results[host] = end.value
            del waiting[host]
            continue
        except Exception as exc:
            results[host] = exc
            del waiting[host]
            continue
        try:
            waiting[host] = (yield call), None
        except Exception as exc:
            waiting[host] = None, exc
    return results


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(24))
def test_hosts_side_by_side_with_a_fault_anywhere(seed: int) -> None:
    random_ = random.Random(seed)
    with KeyScene(CODE, skip_unreachable=seed % 2 == 1) as scene:
        for _run in range(2):
            world, run, protocol = scene.start({random_.randrange(60): random_.choice(KINDS)})
            run.forks = 2
            with contextlib.suppress(CODE.effects.Stopped, Killed):
                CODE.driver.drive(
                    interleaved(protocol, random_), world, run, CODE.driver.Interrupt(), sleep=scene.sleep
                )
            scene.clock.pass_(500)
        scene.settle()


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


def test_an_inspection_tells_each_status(scene: KeyScene) -> None:
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
    assert outcome(scene, "inspect", skip_unreachable=True)[0] == "unreachable"
    scene.checking, scene.away = False, set()
    scene.hosts["web02"].write(b"")
    assert outcome(scene, "inspect")[0] == "drift"


def test_verification_logs_in_to_each_host(scene: KeyScene) -> None:
    def inspected() -> t.Any:
        world, run, _protocol = scene.start(hosts=HOSTS)
        protocol = CODE.ssh_key_inspection.inspect(
            run, CODE.ssh_key_job.SshKeyJob(user="app", generate=scene.next_pair), compare=True, login=True
        )
        return CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=scene.sleep), world.trace

    end, trace = inspected()
    assert (end.status, end.works, end.proved) == ("clean", "web-app", "login")
    assert [call for call in trace if "login" in call] == ["web01 login", "web02 login"]
    assert not changes(trace)
    assert end.login == "web01, web02: app logs in with web-app (proved by a login in this run)"


# Whatever goes wrong

STARTS_IN_ORDER = tuple(STARTS)


@pytest.mark.no_cover
@pytest.mark.parametrize("start", STARTS)
def test_single_faults(start: str) -> None:
    """Each seventh of them; `./run crash singles` does all."""
    for runs in itertools.islice(matrix.singles(CODE, start), STARTS_IN_ORDER.index(start) % 7, None, 7):
        matrix.play(CODE, start, *runs)


@pytest.mark.no_cover
@pytest.mark.parametrize("start", STARTS)
def test_a_run_that_is_paused_at_any_step_loses_no_key(start: str) -> None:
    """Each 29th of them; `./run crash singles` does all."""
    for at, killed in itertools.islice(matrix.pauses(CODE, start), 0, None, 29):
        matrix.play_pause(CODE, start, at, killed)


@pytest.mark.no_cover
def test_a_run_for_a_part_of_the_hosts_after_one_that_was_killed() -> None:
    for killed in range(matrix.calls(CODE, "key first", {})):
        matrix.play_part(CODE, killed)


@pytest.mark.no_cover
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("play", [matrix.play_no_new_key, matrix.play_cut_short])
def test_a_host_or_a_vault_that_takes_no_new_key(play: t.Callable[..., None], start: str) -> None:
    play(CODE, start)


def cases(code: Code) -> t.Iterator[matrix.Case]:
    """What shows most mistakes soon comes first."""
    for runs, start in itertools.product(((), ({},), ({}, {})), STARTS):
        yield "", functools.partial(matrix.play, code, start, *runs)
    for play in (matrix.play_no_new_key, matrix.play_cut_short):
        yield "", functools.partial(play, code, "key second")
    for at in range(matrix.calls(code, "key first", {})):
        yield "", functools.partial(matrix.play_part, code, at)
    for start in STARTS:
        for at in range(matrix.calls(code, start, {})):
            yield "", functools.partial(matrix.play_pause, code, start, at, at)
    for start in STARTS:
        yield from matrix.from_start(code, start)


@pytest.mark.long
@pytest.mark.no_cover
@pytest.mark.parametrize("name", MUTANTS)
def test_every_mistake_is_caught(name: str) -> None:
    assert matrix.first_violation(cases(Code(*MUTANTS[name])))
