# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rotation of passwords did wrong at 55b64b2, in the world in memory: python tests/faults.py A tells the stories to
the code of then, which does not come through.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import typing as t

import pytest
from faults.code import Code
from faults.world import USER, Scene, cheap_hash, cheap_match

from ansible_collections.community.senhasegura.plugins.module_utils.errors import InvalidRequest
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialWrite
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.lease import Lease
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.notes import note_text, parse_note

CODE = Code()
BOTH = ("web01", "web02")
Story = t.Callable[[Code], None]
STORIES: dict[str, Story] = {}


def written(**fields: str) -> str:
    """A lease of another run, as the vault has it."""
    return note_text(Lease(**{"run": "x", "machine": "0", "user": "app", **fields}).note())


def story(function: Story) -> Story:
    STORIES[function.__name__] = function
    return function


def main(scene: Scene) -> str:
    return str(scene.vault.records[scene.main]["password"])


def record(scene: Scene, end: str) -> dict[str, t.Any]:
    """The record whose identifier ends so."""
    return next(one for one in scene.vault.records.values() if str(one["identifier"]).endswith(end))


def lease(scene: Scene) -> str:
    return str(record(scene, "--lease")["password"])


def calls(code: Code, **job: t.Any) -> list[str]:
    with Scene(code, hosts=job.get("hosts", ("web01",))) as scene:
        return scene.run(**job)[1].trace


def end_of(scene: Scene, faults: t.Any = None, **job: t.Any) -> t.Any:
    """The Outcome of a run, or what has stopped it, and its calls."""
    world, _run, protocol = scene.start(faults, **job)
    try:
        end = scene.code.driver.drive(protocol, world, _run, scene.code.driver.Interrupt(), sleep=scene.sleep)
    except scene.code.effects.Stopped as stop:
        end = stop
    return end, world.trace


def told(end: t.Any) -> tuple[str, str]:
    return getattr(end, "works", "?"), getattr(end, "proved", "?")


# A1: two runs on one credential


@story
def a1_another_host_at_any_moment_loses_nothing_and_is_told_busy(code: Code) -> None:
    number = len(calls(code))
    results = set()
    for at in range(number):
        with Scene(code, hosts=BOTH) as scene:
            scene.truthful = True
            inner: list[str] = []
            before = scene.hosts["web02"].lines
            result, _world = scene.run(
                {at: lambda scene=scene, inner=inner: inner.append(scene.run(hosts=BOTH[1:])[0])}
            )
            results.add((result, *inner))
            if inner == ["busy"]:
                assert scene.hosts["web02"].lines == before
            # Whoever has told its own password once keeps it, whatever the other one does.
            scene.rest()
            for host in ("web02", "web01", "web01", "web02", "web02", "web01"):
                scene.run(hosts=(host,))
    assert ("changed", "busy") in results
    assert ("changed", "changed") not in results


@story
def a1_the_other_one_may_be_killed_anywhere(code: Code) -> None:
    number = len(calls(code))
    for at, killed in itertools.product(range(0, number, 2), range(0, number, 3)):
        with Scene(code, hosts=BOTH) as scene:
            scene.truthful = True

            def other(scene: Scene = scene, killed: int = killed) -> None:
                scene.run({killed: "killed after"}, hosts=BOTH[1:])

            scene.run({at: other})
            scene.rest()
            for host in BOTH:
                scene.run(hosts=(host,), recover_only=True)


@story
def a1_another_host_is_refused_and_named_by_its_machine(code: Code) -> None:
    with Scene(code, hosts=BOTH) as scene:
        scene.run()
        end, trace = end_of(scene, hosts=("web02",))
        assert end.status == "refused" if main(scene) == "first" else end.status in ("refused", "drift")
        assert "web02 set" not in trace
        # It has the old one, which stays in its own journal from now on, whatever the other machine does.
        assert told(end) == (f"web01-app--{scene.hosts['web02'].token()}-j0", "hash")
        for _run in range(3):
            assert scene.run()[0] == "changed"


@story
def a1_a_lease_that_is_taken_over_stops_the_commit(code: Code) -> None:
    with Scene(code) as scene:
        at, other = calls(code).index("host set") + 3, written(run="another", host="web09")
        end, _trace = end_of(scene, {at: lambda: record(scene, "--lease").update(password=other)})
        assert end.status == "pending"
        assert told(end) == (f"web01-app--{scene.host.token()}-j1", "login")
        assert "run another has taken over web01-app for web09" in end.message
        # The lease of others is not given back.
        assert lease(scene) == other


# A2: two records for one account


@story
def a2_what_a_run_of_another_record_has_left_is_not_touched(code: Code) -> None:
    with Scene(code) as scene:
        wanted = CredentialWrite(USER, "web01b", "192.0.2.11", "other-app", "something")
        other = scene.vault.store(wanted, None).id
        scene.run({calls(code).index("host set"): "killed after"})
        scene.rest()
        before = scene.host.tree()
        for job in ({}, {"reconcile": True}, {"recover_only": True}):
            end, trace = end_of(scene, record=other, **job)
            assert end.status == "pending"
            assert f"id {scene.main}" in end.message
            assert not [call for call in trace if call.startswith(("read", "write"))]
        after = scene.host.tree()
        changed = {name for name in before if before[name] != after.get(name)}
        assert not [name for name in changed if not name.endswith(("lock.json", "machine.json"))]
        scene.settle()


# A7: the vault takes the journal and refuses main


def refuse_main(scene: Scene) -> None:
    scene.vault.refuses = lambda name: name == "web01-app"


@story
def a7_main_that_cannot_be_written_is_found_out_before_the_host_changes(code: Code) -> None:
    with Scene(code) as scene:
        refuse_main(scene)
        before = scene.host.lines
        end, trace = end_of(scene)
        assert (end.status, "host set" in trace) == ("refused", False)
        assert "web01-app cannot be written" in end.message
        assert scene.host.lines == before
        assert told(end) == ("web01-app", "hash")


@story
def a7_a_commit_that_is_refused_for_certain_puts_the_old_password_back(code: Code) -> None:
    with Scene(code) as scene:
        before = scene.host.lines
        end, _trace = end_of(scene, {calls(code).index("host set"): lambda: refuse_main(scene)})
        assert end.status == "failed"
        assert scene.host.lines == before
        assert told(end) == ("web01-app", "hash")
        assert not scene.leftovers()


@story
def a7_if_that_fails_as_well_the_record_that_works_is_named(code: Code) -> None:
    with Scene(code) as scene:
        set_at = calls(code).index("host set")

        def both() -> None:
            refuse_main(scene)
            scene.host.command = lambda *_arguments, **_more: (1, "")

        # Right after the login that has proved the new one.
        end, _trace = end_of(scene, {set_at + 3: both})
        assert end.status == "pending"
        assert told(end) == (f"web01-app--{scene.host.token()}-j1", "hash")
        assert "Run it again with state=recovered" in end.hint


# A8: the old password


@story
def a8_a_host_that_is_restored_after_its_first_rotation_has_its_password_in_the_vault(code: Code) -> None:
    with Scene(code) as scene:
        before = scene.host.tree()
        scene.run()
        scene.host.put_back({**scene.host.tree(), **{name: before[name] for name in before if "etc" in name}})
        scene.host.reload()
        assert scene.run(recover_only=True)[0] == "recovered"
        assert main(scene) == "first"
        assert scene.run()[0] == "changed"


# A9: whatever is raised


def long_for(password: str, _like: str) -> str:
    raise InvalidRequest("the password is longer than the 72 bytes that bcrypt looks at")


@story
def a9_an_error_of_the_hash_gives_lock_and_lease_back(code: Code) -> None:
    with Scene(code) as scene:
        with pytest.raises(InvalidRequest):
            scene.run(make_hash=long_for)
        assert not scene.lock_holder()
        assert "state=free" in lease(scene)
        assert [name for name in scene.leftovers() if name == "lock.json"] == []
        scene.settle()


@story
def a9_an_error_that_nobody_expects_gives_them_back_whatever_it_was_raised_in(code: Code) -> None:
    trace = calls(code)
    for at, call in enumerate(trace):
        if call in ("host lock", "host unlock") or at >= len(trace) - 4:
            continue
        with Scene(code) as scene:

            def wrong() -> None:
                raise ZeroDivisionError

            try:
                scene.run({at: wrong})
            except ZeroDivisionError:
                # What changes nothing says what it was.
                assert not call.startswith("write"), call
            assert scene.lock_holder() is None or (call.startswith("write") and call != "write lease"), call
            scene.clock.pass_(600.0)
            scene.settle()


# A13: what no host can have


def strict(password: str, crypted: str) -> bool:
    """As password_hash.py does it."""
    if any(character in password for character in "\n\r\0"):
        raise InvalidRequest("the password has a line break or a NUL, which Linux does not take")
    return cheap_match(password, crypted)


@story
def a13_a_line_end_in_a_record_is_named_and_replaced(code: Code) -> None:
    for name, value in itertools.product(("web01-app", "-j1"), ("secret1\n", "\r", "", "\0")):
        with Scene(code) as scene:
            scene.run()
            scene.checking = False
            scene.host.change(hash=cheap_hash("first"))
            record(scene, name)["password"] = value
            if name == "web01-app":
                # Neither has the journal what the host accepts.
                record(scene, "-j0")["password"] = "-"
                end, _trace = end_of(scene, matches=strict)
                assert end.status == "drift"
                assert "web01-app is empty" in end.message or "web01-app has a line break" in end.message
            assert end_of(scene, matches=strict, reconcile=True)[0].status == "changed"
            assert scene.host.accepts(main(scene))
            assert not scene.lock_holder()


# A16 and promise 89: the record that works


@story
def a16_each_end_names_the_record_that_works_and_how_that_is_known(code: Code) -> None:
    with Scene(code) as scene:
        slot = f"web01-app--{scene.host.token()}-j1"
        trace = calls(code)
        end, _trace = end_of(scene)
        assert told(end) == ("web01-app", "login")
        assert end.login == "web01: app logs in with web01-app (proved by a login in this run)"
    with Scene(code) as scene:
        last_login = len(trace) - 1 - trace[::-1].index("login")
        end, _trace = end_of(scene, {last_login: "outage"})
        assert (end.status, *told(end)) == ("pending", slot, "hash")
        assert end.login == f"web01: app logs in with {slot} (proved by its hash in this run)"
        assert end_of(scene, recover_only=True)[0].works == "web01-app"
    with Scene(code) as scene:
        end, _trace = end_of(scene, {trace.index("host set"): "outage of answers"})
        assert (end.status, *told(end)) == ("in_doubt", f"web01-app or {slot}", "")
        assert end.login == f"web01: app logs in with web01-app or {slot} (not proved)"
        # Until somebody knows, no other machine shall take the credential over.
        assert "state=held" in lease(scene)


@pytest.mark.no_cover
def test_promise_89_what_a_run_says_of_the_record_that_works_is_true_after_every_fault() -> None:
    """And once more when all that was late has come, as long as the vault has nothing of it under way."""
    from faults import matrix

    for start in matrix.STARTS:
        for (faults,) in matrix.singles(CODE, start):
            with Scene(CODE) as scene:
                matrix.STARTS[start](scene)
                scene.truthful = True
                scene.run(faults)


# One credential on several hosts


@story
def one_password_for_several_hosts(code: Code) -> None:
    with Scene(code, hosts=BOTH) as scene:
        end, trace = end_of(scene, hosts=BOTH)
        assert end.status == "changed"
        assert main(scene) == "secret1"
        assert [call for call in trace if call.endswith((" set", " judge", "write main"))] == [
            "write main",
            *("web01 set", "web01 judge", "web02 set", "web02 judge"),
            "write main",
            *("web01 judge", "web02 judge"),
        ]
        assert told(end) == ("web01-app", "login")
        assert end_of(scene, hosts=BOTH)[0].status == "changed"


@story
def a_run_for_some_of_its_hosts_is_refused(code: Code) -> None:
    with Scene(code, hosts=BOTH) as scene:
        scene.run(hosts=BOTH)
        for host, other in (BOTH, BOTH[::-1]):
            end, trace = end_of(scene, hosts=(host,))
            assert (end.status, f"{host} set" in trace) == ("refused", False)
            assert other in end.message
        # What is gone is said once.
        scene.checking = False
        del scene.hosts["web02"]
        assert end_of(scene, hosts=BOTH[:1], accept=frozenset({"other_host"}))[0].status == "changed"
        assert end_of(scene, hosts=BOTH[:1])[0].status == "changed"


@story
def a_run_on_several_hosts_may_be_killed_anywhere(code: Code) -> None:
    for at in range(len(calls(code, hosts=BOTH))):
        with Scene(code, hosts=BOTH) as scene:
            scene.truthful = True
            scene.run({at: "killed after"}, hosts=BOTH)
            scene.rest()
            assert scene.run(hosts=BOTH, recover_only=True)[0] in ("recovered", "unchanged")
            assert all(host.accepts(main(scene)) for host in scene.hosts.values())
            scene.settle(hosts=BOTH)


@story
def a_host_that_fails_gives_the_others_the_old_one_back(code: Code) -> None:
    trace = calls(code, hosts=BOTH)
    last = [number for number, call in enumerate(trace) if call == "web02 login"][-1]
    with Scene(code, hosts=BOTH) as scene:
        before = [host.lines for host in scene.hosts.values()]
        end, _trace = end_of(scene, {last: "refused"}, hosts=BOTH)
        assert end.status == "failed"
        assert [host.lines for host in scene.hosts.values()] == before
        assert told(end) == ("web01-app", "hash")


# A6: a change that arrives late


def test_a6_what_was_said_of_a_change_without_an_answer_stays_true() -> None:
    set_at = calls(CODE).index("host set")
    for kind in ("late, in the run", "late, after the run", "lost, not applied", "lost, applied"):
        with Scene(CODE) as scene:
            scene.truthful = True
            scene.run({set_at: kind})
            scene.rest()
            scene.settle()
    # And one that is to be taken back.
    for kind in ("late, in the run", "late, after the run"):
        with Scene(CODE) as scene:
            scene.truthful = True
            scene.run({set_at + 2: "refused", set_at + 3: kind})
            scene.rest()
            scene.settle()


def warnings_of(scene: Scene, faults: t.Any) -> list[str]:
    world, run, protocol = scene.start(faults)
    with contextlib.suppress(CODE.effects.Stopped):
        CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=scene.sleep)
    return list(run.warnings)


def test_another_run_is_named_only_if_there_was_one() -> None:
    other = "another run has worked on web01 meanwhile"
    with Scene(CODE) as scene:
        # The run has given the lock back itself, and was not told that it has.
        at = calls(CODE).index("host set")
        assert not [
            text for text in warnings_of(scene, {at: "lost, not applied", at + 2: "lost, applied"}) if other in text
        ]
    with Scene(CODE) as scene:

        def meanwhile() -> None:
            scene.clock.pass_(1000.0)
            assert scene.run()[0] == "changed"

        found = warnings_of(scene, {calls(CODE).index("host unlock"): meanwhile})
        assert [text for text in found if other in text]


# The lease


def held_by_web02(code: Code, scene: Scene) -> None:
    """A run on web02 that was killed when it had changed nothing yet."""
    scene.run({calls(code).index("read main"): "killed before"}, hosts=("web02",))


@story
def the_lease_of_a_dead_run_is_waited_for_or_broken(code: Code) -> None:
    with Scene(code, hosts=BOTH) as scene:
        held_by_web02(code, scene)
        end, _trace = end_of(scene)
        assert end.status == "busy"
        assert "another run (run1) rotates web01-app for web02, for 300 seconds at most" in end.message
        assert end_of(scene, breaks="another")[0].status == "busy"
        end, _trace = end_of(scene, breaks="run1")
        assert end.status == "changed"
        assert "the lease of run run1 for web02 was broken" in end.warnings
    with Scene(code, hosts=BOTH) as scene:
        held_by_web02(code, scene)
        assert end_of(scene, limits={"lock_wait": 400.0})[0].status == "changed"
    with Scene(code, hosts=BOTH) as scene:
        held_by_web02(code, scene)
        scene.clock.pass_(301.0)
        assert end_of(scene)[0].status == "changed"


@story
def the_lease_of_a_dead_run_on_the_same_machine_is_taken_over(code: Code) -> None:
    with Scene(code) as scene:
        scene.run({calls(code).index("read main"): "killed before"})
        longer = dataclasses.replace(Lease.of(parse_note(lease(scene))), seconds="3000")
        record(scene, "--lease")["password"] = note_text(longer.note())
        scene.clock.pass_(301.0)
        assert end_of(scene)[0].status == "changed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbled~",
        "run=x state=held",
        written(state="held"),
        written(state="held", start="2096-01-01T00:00:00+00:00", seconds="300"),
        written(state="held", start="yesterday", seconds="300"),
        written(state="held", start="2024-10-04T00:00:00+00:00", seconds="nan"),
        written(state="held", start="2024-10-04T00:00:00", seconds="300"),
        # What is not as it was written is not believed, wherever that is.
        f"{written(serves='0', serves_host='web09', serves_user='db')}~",
        written(serves="0", serves_host="web09", serves_user="app").replace("=app", "=db"),
    ],
)
def test_a_lease_that_nobody_can_believe_is_in_nobodys_way(text: str) -> None:
    with Scene(CODE) as scene:
        scene.run()
        record(scene, "--lease")["password"] = text
        assert scene.run()[0] == "changed"
        assert "state=free" in lease(scene)


def test_no_lease_is_waited_for_longer_than_an_hour() -> None:
    with Scene(CODE) as scene:
        scene.run()
        start = scene.clock.utc().isoformat()
        record(scene, "--lease")["password"] = written(state="held", start=start, seconds="1e9")
        assert scene.run()[0] == "busy"
        scene.clock.pass_(3601.0)
        assert scene.run()[0] == "changed"


@pytest.mark.parametrize("name", STORIES)
def test_a_scene_in_which_an_earlier_version_lost_a_password(name: str) -> None:
    STORIES[name](CODE)
