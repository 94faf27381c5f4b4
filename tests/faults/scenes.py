# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-ups that people have, in which the code of 55b64b2 lost a password or key, told a record that does not log in, or
went on for ever without an end. Each is staged in memory: a Violation says what was lost.

What 55b64b2 loses in each of them: ./run crash scenes at bb9a248, the last commit at which files had their old names.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from faults.code import Code
from faults.keys import HOSTS, KeyScene
from faults.world import Clock, Controller, Scene, Violation

_FIRST, _SECOND = ("web01",), ("web02",)
# By the number of the fault in the list of issue 11: what is staged, and how.
SCENES: dict[str, Callable[[Code], None]] = {}


def _scene(name: str) -> Callable[[Callable[[Code], None]], Callable[[Code], None]]:
    def add(stage: Callable[[Code], None]) -> Callable[[Code], None]:
        SCENES[name] = stage
        return stage

    return add


def loss(code: Code, name: str) -> str | None:
    """What is lost in a scene, or None."""
    try:
        SCENES[name](code)
    except Violation as exc:
        return str(exc)
    return None


def _calls(make: Callable[[], Any], **job: Any) -> int:
    with make() as scene:
        scene.prepare()
        return len(scene.run(**job)[1].trace)


def _at_each_call(make: Callable[[], Any], **job: Any) -> Iterator[tuple[Any, int]]:
    """The same scene for each call of a run: (scene, number of the call)."""
    for at in range(_calls(make, **job)):
        with make() as scene:
            scene.prepare()
            yield scene, at


def _main_works(scene: Any, hosts: tuple[str, ...], when: str) -> None:
    for host in hosts:
        if not scene.logs_in(host, scene.main):
            raise Violation(f"main does not log in to {host} {when}, and no run mends it")


# A1


def _run_too(scene: Scene, results: list[str], controller: Controller) -> None:
    results.append(scene.run(hosts=_SECOND, controller=controller)[0])


def _two_at_once(code: Code, refuse_main: bool, controller: Controller, clone: bool = False) -> None:
    def make() -> Scene:
        if not clone:
            return Scene(code, hosts=(*_FIRST, *_SECOND))
        return Scene(code, lambda scene: (scene.run(), scene.clone("web02")))

    for scene, at in _at_each_call(make, hosts=_FIRST):
        # A run that lost its lease to such a clock may end well just before the other one writes main.
        scene.truthful = not controller.off
        if refuse_main:
            scene.vault.refuses = lambda name: name == "web01-app"
        results: list[str] = []

        other = functools.partial(_run_too, scene, results, controller)
        results.append(scene.run({at: other}, hosts=_FIRST)[0])
        if results[-1] != "changed":
            scene.check_truth()
        # A clock that is far off makes a lease worthless; what the hosts have is not lost for that.
        if results == ["changed", "changed"] and not controller.off:
            raise Violation(f"both have changed the credential: one in call {at} of the other")
        scene.rest()
        for host in (_FIRST, _SECOND):
            scene.run(hosts=host, recover_only=True)
            scene.rest()


@_scene("A1 two hosts rotate one credential at once")
def a1_two_hosts_rotate_one_credential_at_once(code: Code) -> None:
    _two_at_once(code, refuse_main=False, controller=Controller())


@_scene("A1 the same, and the vault refuses main (1052)")
def a1_the_same_and_the_vault_refuses_main_1052(code: Code) -> None:
    _two_at_once(code, refuse_main=True, controller=Controller())


@_scene("A1 the same, by a controller whose clock is a year off")
def a1_the_same_by_a_controller_whose_clock_is_a_year_off(code: Code) -> None:
    _two_at_once(code, refuse_main=False, controller=Controller(off=-365 * 86400.0))


@_scene("A1 a host and its clone, in two inventories")
def a1_a_host_and_its_clone_in_two_inventories(code: Code) -> None:
    _two_at_once(code, refuse_main=False, controller=Controller(), clone=True)


# A2


def _one_account(code: Code) -> KeyScene:
    """Two records of the vault whose keys one account has."""
    scene = KeyScene(code, hosts=_FIRST)
    scene.second = scene.add_record("other-app")
    return scene


@_scene("A2 two keys on one account, and a run for one is killed anywhere")
def a2_two_keys_on_one_account_and_a_run_for_one_is_killed_anywhere(code: Code) -> None:
    for scene, at in _at_each_call(lambda: _one_account(code)):
        scene.run({at: "killed before"})
        scene.rest()
        scene.run(record=scene.second)
        scene.families_log_in(f"after a run of the other record, while one was killed at {at}")
        scene.run(record=scene.second, recover_only=True)
        scene.families_log_in("after a recovery of the other record")
        scene.run(recover_only=True)
        _main_works(scene, _FIRST, f"after its recovery, killed at {at}")


# A3


# What a task knows from its inventory of who shares the key.
_SHARED = {"shared_with": frozenset(HOSTS)}


@_scene("A3 the first rotation of a shared key, with --limit")
def a3_the_first_rotation_of_a_shared_key_with_limit(code: Code) -> None:
    with KeyScene(code) as scene:
        scene.run(hosts=_FIRST, **_SHARED)
        scene.rest()
        scene.run(**_SHARED)
        _main_works(scene, HOSTS, "after a run for all hosts")


@_scene("A3 the same, twice, and killed anywhere")
def a3_the_same_twice_and_killed_anywhere(code: Code) -> None:
    for scene, at in _at_each_call(lambda: KeyScene(code), hosts=_FIRST, **_SHARED):
        scene.run({at: "killed after"}, hosts=_FIRST, **_SHARED)
        scene.rest()
        scene.run(hosts=_FIRST, **_SHARED)
        scene.run(hosts=_FIRST, **_SHARED)
        scene.rest()
        scene.run(**_SHARED)
        _main_works(scene, HOSTS, "after a run for all hosts")


# A6


@_scene("A6 another program holds the lock of shadow while the session dies")
def a6_another_program_holds_the_lock_of_shadow_while_the_session_dies(code: Code) -> None:
    for seconds in (1.5, 8.0, 14.0):
        with Scene(code) as scene:
            scene.truthful, scene.host.busy_for = True, seconds
            scene.run()
            scene.rest()
            scene.settle()


@_scene("A6 the same, and Python on the host dies with the session")
def a6_the_same_and_python_on_the_host_dies_with_the_session(code: Code) -> None:
    for seconds in (1.5, 8.0, 14.0):
        with Scene(code) as scene:
            scene.truthful, scene.host.busy_for, scene.host.orphan = True, seconds, True
            scene.run()
            scene.rest()
            scene.settle()


# A7


def _after(taken: int, label: str, until: Callable[[], bool] = lambda: False) -> Callable[[str], bool]:
    """What has a vault take so many writes to a record, and refuse the others as long as C(until) is not true."""
    left = itertools.repeat(True, taken)

    def refuses(name: str) -> bool:
        return name == label and not next(left, False) and not until()

    return refuses


def _is_later(clock: Clock, end: float) -> bool:
    return clock.now >= end


def _refused(make: Callable[[], Any], label: str, hosts: tuple[str, ...], allowed: int) -> None:
    """The vault refuses a record for good, after so many writes that it took."""
    with make() as scene:
        scene.prepare()
        scene.vault.refuses = _after(allowed, label)
        scene.truthful = True
        _result, world = scene.run()
        if not allowed and "host set" in world.trace:
            raise Violation(f"the host was changed, although {label} cannot be written")
        scene.rest()
        scene.run(recover_only=True)
        scene.rest()
        _main_works(scene, hosts, f"when the vault took {allowed} writes to it")


@_scene("A7 the vault takes the journal and refuses main")
def a7_the_vault_takes_the_journal_and_refuses_main(code: Code) -> None:
    for allowed in (0, 1):
        _refused(lambda: Scene(code), "web01-app", _FIRST, allowed)


@_scene("A7 a write to main comes late, and all others are refused")
def a7_a_write_to_main_comes_late_and_all_others_are_refused(code: Code) -> None:
    # Nothing can be done about it, but to keep what the host has, and to say which record that is.
    for number in range(3):
        with Scene(code) as scene:
            commits = [at for at, call in enumerate(scene.run()[1].trace) if call == "write main"]
        with Scene(code) as scene:
            scene.truthful = True
            over = functools.partial(_is_later, scene.clock, scene.clock.now + 60)
            scene.vault.refuses = _after(len(commits) + number - 1, "web01-app", over)
            scene.run({commits[-1]: "late, after the run"})
            scene.rest()
            scene.run()
            _main_works(scene, _FIRST, "after a clean run")


@_scene("A7 the same, with a key")
def a7_the_same_with_a_key(code: Code) -> None:
    for allowed in (0, 1):
        with KeyScene(code) as scene:
            scene.vault.refuses = _after(allowed, "web-app")
            result, _world = scene.run()
            scene.rest()
            main = scene.pairs()[scene.main].fingerprint
            for host in scene.hosts.values():
                if host.accepted() & set(scene.made) != {main}:
                    raise Violation(f"{result}, and {host.name} has another key than that of main, for good")


# A8


@_scene("A8 a snapshot from before the first rotation is restored")
def a8_a_snapshot_from_before_the_first_rotation_is_restored(code: Code) -> None:
    with Scene(code) as scene:
        before = scene.host.tree()
        scene.run()
        scene.host.put_back(before)
        scene.check("after the snapshot was restored")
        scene.run(recover_only=True)
        _main_works(scene, _FIRST, "after the snapshot was restored")


@_scene("A8 the same, with a key")
def a8_the_same_with_a_key(code: Code) -> None:
    with KeyScene(code) as scene:
        before = {name: host.tree() for name, host in scene.hosts.items()}
        scene.run()
        for name, host in scene.hosts.items():
            host.put_back(before[name])
        scene.check("after the snapshots were restored")
        scene.run()
        _main_works(scene, HOSTS, "after the snapshots were restored")


@_scene("A8 the power fails after the first rotation")
def a8_the_power_fails_after_the_first_rotation(code: Code) -> None:
    for scene, at in _at_each_call(lambda: Scene(code)):
        scene.host.watch()
        scene.run({at: "killed after"})
        scene.host.power_cut()
        scene.check(f"after a power cut when a run was killed at {at}")
    with Scene(code) as scene:
        scene.host.watch()
        scene.run()
        scene.host.power_cut()
        scene.check("after a power cut")
        _main_works(scene, _FIRST, "after a power cut that came when the run was over")


# A10


@_scene("A10 who must change the password still must, wherever a run was killed")
def a10_who_must_change_the_password_still_must_wherever_a_run_was_killed(code: Code) -> None:
    accept = frozenset({"must_change"})
    for scene, at in _at_each_call(lambda: _must_change(code), accept=accept):
        scene.run({at: "killed after"}, accept=accept)
        scene.rest()
        scene.run(accept=accept)
        if scene.host.fields()[2] != "0":
            raise Violation(f"the password need not be changed any more, since a run was killed after call {at}")


def _must_change(code: Code) -> Scene:
    scene = Scene(code)
    scene.host.change(last_change="0")
    scene.host.login_verdict = "must_change"
    return scene


# A13


def _spoiled(code: Code, name: str, text: str, runs: int) -> None:
    with Scene(code, lambda scene: [scene.run() for _run in range(runs)]) as scene:
        scene.prepare()
        for ref, record in scene.vault.records.items():
            if (ref == scene.main) is (name == "main") and "lease" not in record["identifier"]:
                record["password"] = text if name != "main" else record["password"] + text
        scene.checking = False
        for _try in range(2):
            with contextlib.suppress(Exception):
                scene.run(reconcile=True)
            scene.rest()
        scene.checking = True
        scene.check("after a reconciliation")
        _main_works(scene, _FIRST, f"although it was to be reconciled: {name} ended with {text!r}")


@_scene("A13 main or the journal ends with a line end")
def a13_main_or_the_journal_ends_with_a_line_end(code: Code) -> None:
    for name, runs in (("main", 0), ("main", 2), ("journal", 2)):
        _spoiled(code, name, "\n" if name == "main" else "something\n", runs)


@_scene("A13 main is empty")
def a13_main_is_empty(code: Code) -> None:
    with Scene(code) as scene:
        scene.checking = False
        scene.vault.records[scene.main]["password"] = "\0"
        with contextlib.suppress(Exception):
            scene.run(reconcile=True)
        _main_works(scene, _FIRST, "although it was to be reconciled")


# A17


@_scene("A17 one key on two hosts, and the task runs for each of them at once")
def a17_one_key_on_two_hosts_and_the_task_runs_for_each_of_them_at_once(code: Code) -> None:
    more = {**_SHARED}
    for scene, at in _at_each_call(lambda: KeyScene(code), hosts=_FIRST, **more):
        scene.run({at: lambda scene=scene: scene.run(hosts=_SECOND, **more)}, hosts=_FIRST, **more)
        scene.rest()
        for hosts in (_FIRST, _SECOND):
            scene.run(hosts=hosts, recover_only=True, **more)
