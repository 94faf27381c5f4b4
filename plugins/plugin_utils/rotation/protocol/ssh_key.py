# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol that gives a user of one or several hosts a new SSH key, and may be killed anywhere.

At every moment each host accepts a key that the main record or one of the journal holds. Hosts accept the old key, then
both, and the new one alone only after it was read back from the main record. Pure: see calls.py.

What a run has to know of earlier ones is noted with the keys of the journal: C(hosts) are all that share the key,
C(owing) those that may still accept this one alone though C(next) (a fingerprint) has replaced it in main, C(done)
those of them that were seen with the key of main since, and C(play) is the run of Ansible that has made it.
"""

from __future__ import annotations

import base64
import binascii
import collections
import dataclasses
import datetime
import typing as t
import zlib

from ..login.probe import Result
from ..vault.journal import key_note
from . import phases
from .effects import LEASE, MAIN, SLOTS, CallFailed, Held, Lost, Outcome, Protocol, Sleep, Steps, Stopped, foreign_slots
from .key_pair import Pair
from .lease import Lease

# Times that a host is asked for what it has after a command whose end is not known, and seconds between them.
_LOOKS, _LOOK_PAUSE = 3, 2.0
_REMOVALS = 3
# Characters that a note may have for names of hosts: it is part of a public key. From the first number on it is packed.
_LONG_NAMES, _LONGEST_NAMES = 500, 3000
_PACKED = "packed:"
# What names may have when they are unpacked: somebody else may have written them.
_LARGEST_NAMES = 1_000_000
# How many hosts are told in one message.
_TOLD = 5
# The time zone of the vault is not told, so it is off by up to half a day.
_VAULT_TIME, _OWN_TIME = "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


@dataclasses.dataclass(frozen=True)
class Job:
    """What is wanted. Whether hosts may be absent is said in the Run; ``write_off`` are those that will not come back.

    ``shared_with`` are all hosts that have the key, whether this run reaches them or not. ``address`` is that from
    which the user of the key logs in, where it is not the controller. ``play`` names the run of Ansible, for a task
    that runs once for each host although these share a key. Without ``verify`` nothing is proved by logins. With
    ``part_is_meant`` nobody is warned of the hosts that this run leaves out, since the task itself says so.
    """

    user: str
    generate: t.Callable[[], Pair]
    shared_with: frozenset[str] = frozenset()
    write_off: frozenset[str] = frozenset()
    recover_only: bool = False
    reconcile: bool = False
    max_age: float | None = None
    grace: float = 0.0
    comment: str | None = None
    address: str | None = None
    play: str = ""
    verify: bool = True
    part_is_meant: bool = False
    now: t.Callable[[], datetime.datetime] = _now


class _Trouble(Exception):
    """A host that did not do what it was asked for. ``result`` is that with which the run ends if nothing follows."""

    def __init__(self, result: str, text: str) -> None:
        super().__init__(text)
        self.result = result


Troubles = t.Mapping[str, _Trouble]


def rotate(run: phases.Run, job: Job) -> Protocol:
    """Change the key, after an interrupted run was settled; with C(recover_only) nothing but the latter."""
    return (yield from phases.holding_the_lock(run, lambda: _Rotation(run, job).work()))


class _Rotation:
    """The work under the lock. ``_seen`` is the list as it was at first, ``_held`` what the records hold, ``_has``
    which of the known keys each host has, ``_marks`` what interrupted runs of this record have left there, and
    ``_entered`` and ``_refused`` are the hosts where a login with a key was tried that they had or should refuse.
    """

    def __init__(self, run: phases.Run, job: Job) -> None:
        self._run, self._job = run, job
        self._seen: phases.Listed = {}
        self._held: dict[str, Held] = {}
        self._has: dict[str, set[str]] = {}
        self._marks: dict[str, t.Mapping[str, t.Any]] = {}
        self._entered: set[str] = set()
        self._refused: set[str] = set()
        self._recovered = self._written = False

    def work(self) -> Protocol:
        job, run = self._job, self._run
        self._seen = yield from phases.list_records(run)
        yield from self._look(())
        # A run for a part of the hosts may be for one that has not got the young key yet.
        complete = job.shared_with <= {*run.hosts}
        if complete and not job.reconcile and not any(self._marks.values()) and is_young(self._seen, job):
            return self._done("unchanged", "the key is younger than max_age")
        self._seen = yield from phases.claim(run)
        self._held = yield from read_all(run, self._seen)
        yield from self._look(self._known())
        self._note_found()
        yield from self._settle()
        yield from self._note_done()
        owing = self._owing()
        if job.recover_only or is_young(self._seen, job) or (self._recovered and self._is_enough()):
            if not owing:
                yield from self._finish()
            return self._settled(owing)
        if owing:
            raise Stopped(
                "refused" if set(owing) - set(run.absent) else "unreachable",
                f"{tell(owing)} may accept the previous key alone, which the journal would lose with a new one",
                "Run it again when they can be reached, with all of them in hosts; name in write_off what is gone",
            )
        return (yield from self._change())

    def _is_enough(self) -> bool:
        """Whether a host that has just got the key of main needs no new one: by its age, or since this very play has
        made it. Then the task runs once for each host, and each would take the key away from the one before it.
        """
        job = self._job
        made = {held.note.get("play") for name, held in self._journal() if held.secret == self._main}
        return job.max_age is not None or bool(job.play and job.play in made)

    # What is known

    @property
    def _main(self) -> Pair:
        return t.cast(Pair, self._held[MAIN].secret)

    def _journal(self) -> list[tuple[str, Held]]:
        """The records of the journal, our own first."""
        return sorted(((name, held) for name, held in self._held.items() if name != MAIN), key=_own_first)

    def _pairs(self) -> dict[str, Pair]:
        """The keys of the records that can be used."""
        return {name: held.secret for name, held in self._held.items() if held.secret.usable}

    def _known(self) -> tuple[str, ...]:
        """The fingerprints of all keys of the records, and of those that interrupted runs were to replace."""
        found = {held.secret.fingerprint for held in self._held.values()}
        for mark in self._marks.values():
            found |= set(mark["old"]) if mark else set()
        return tuple(sorted(found - {""}))

    def _look(self, known: t.Sequence[str]) -> Steps:
        def one(host: str) -> Steps:
            looked = yield from phases.ask_present(self._run, host, "look_keys", keys=known, address=self._job.address)
            if looked is None:
                return
            refuse(host, looked)
            if not known:
                self._run.warnings += [f"{host}: {text}" for text in looked["keys"]["warnings"]]
            self._has[host] = _present(looked)
            self._marks[host] = looked["mark"]

        yield from self._each("looking at the keys", self._run.present, one)

    def _holder(self, host: str) -> str | None:
        """The record with a key that a host has: that of main, or else of the journal."""
        pairs = {MAIN: self._held[MAIN].secret, **dict(self._pairs())}
        return next((name for name, pair in pairs.items() if pair.usable and pair.fingerprint in self._has[host]), None)

    def _note_found(self) -> None:
        """What is in a file that sshd names logs in, as far as that can be known without trying."""
        for host in self._run.present:
            name = self._holder(host)
            if name is not None:
                self._run.found(host, name)

    def _look_again(self, host: str, known: t.Iterable[str]) -> Steps:
        """What a host has after a command whose end is not known. Raises _Trouble if it does not tell."""
        request = {"keys": sorted(known), "address": self._job.address}
        reason = ""
        for attempt in range(_LOOKS):
            if attempt:
                yield Sleep(_LOOK_PAUSE, f"{host} does not answer")
            try:
                looked = yield self._run.on(host, "look_keys", **request)
            except CallFailed as exc:
                reason = str(exc)
                continue
            self._has[host] = _present(looked)
            return
        raise _Trouble("unreachable", f"{host} does not tell which keys it has now: {reason}")

    def _each(self, what: str, hosts: t.Iterable[str], work: t.Callable[[str], Steps]) -> Steps:
        """Do the work on the hosts, side by side, and return the _Trouble of those that have made some."""
        results = yield from phases.side_by_side(self._run, what, {host: work(host) for host in hosts})
        stops = [result for result in results.values() if isinstance(result, Exception)]
        others = [stop for stop in stops if not isinstance(stop, _Trouble)]
        if not others:
            return {host: result for host, result in results.items() if isinstance(result, _Trouble)}
        # What nobody has foreseen comes first.
        stop = min(others, key=lambda stop: isinstance(stop, Stopped))
        if not isinstance(stop, Stopped):
            raise stop
        same = [other.message for other in others if isinstance(other, Stopped) and other.result == stop.result]
        raise Stopped(stop.result, _texts(same), stop.hint)

    def _without(self, troubles: Troubles) -> None:
        """Go on without the hosts that cannot be reached, if that is allowed. Raises _Trouble otherwise."""
        run = self._run
        gone = {host: str(one) for host, one in troubles.items() if one.result == "unreachable" and run.spares_absent}
        if len(gone) < len(troubles) or (gone and set(gone) == set(run.present)):
            raise _sum(troubles)
        run.absent.update(gone)

    # What an interrupted run has left

    def _settle(self) -> Steps:
        """Bring what an interrupted run has begun to its end, so that all hosts have the key of main and no other."""
        name = self._unfinished()
        if name is not None:
            yield from self._try_way(self._run.present)
            held = self._held[name]
            slot = yield from self._own_copy(held.secret, held.note)
            yield from self._install(held.secret, slot)
            self._recovered = True
            self._seen = yield from phases.list_records(self._run)
            return
        if not self._main.usable:
            raise Stopped(
                "drift",
                f"{self._run.label(MAIN)} holds no private key that fits its public key (or its passphrase is wrong)",
                "Put the right pair there, and run it again",
            )
        yield from self._only_main()

    def _unfinished(self) -> str | None:
        """The record of the journal whose key an interrupted run was about to make the main one, if hosts have it."""
        main = self._main
        for name, held in self._journal():
            if not held.secret.usable or held.secret == main:
                continue
            new = held.secret.fingerprint
            marks = [mark for mark in self._marks.values() if mark and mark["new"] == new]
            everywhere = all(main.fingerprint in self._has[host] for host in self._run.present)
            # Somebody has given all hosts and the main record another key meanwhile: that one counts.
            replaced = main.usable and everywhere and any(main.fingerprint not in mark["old"] for mark in marks)
            somewhere = any(new in self._has[host] for host in self._run.present)
            if somewhere and not replaced and (marks or not main.usable):
                return name
        return None

    def _only_main(self) -> Steps:
        """Main is the one to keep: where it is missing it is added, and what it has replaced goes."""
        run, job, main = self._run, self._job, self._main
        missing = [host for host in run.present if main.fingerprint not in self._has[host]]
        strangers = [host for host in missing if not self._has[host]]
        if strangers and not job.reconcile:
            raise Stopped(
                "drift",
                f"no record of the vault has a key that {job.user} has on {tell(strangers)}",
                "Somebody has changed it there. Set reconcile=true to add the key of the main record",
            )
        others = {host: self._has[host] - {main.fingerprint} for host in run.present}
        touched = [host for host in run.present if host in missing or others[host] or _interrupted(self._marks[host])]
        if not touched:
            return
        yield from self._try_way(touched)
        yield from phases.require_lease(run, "busy", "Nothing was changed. Run it again when that one is over")
        if self._free_slot(main) or self._own(main):
            yield from self._own_copy(main, {"hosts": _names(self._sharing())})
        for key, hosts in self._by_foreign(touched).items():
            if key:
                yield from self._own_copy(*self._foreign(key))
            try:
                self._raise((yield from self._each("adding the key", hosts, lambda host: self._add(host, main))))
                self._raise((yield from self._each("logging in", hosts, lambda host: self._prove(host, main, MAIN))))
            except _Trouble as trouble:
                raise Stopped(
                    "unreachable" if trouble.result == "unreachable" else "pending",
                    str(trouble),
                    "It has kept the keys that it had; mend it, and run state=recovered",
                ) from None
        yield from self._close(main, touched, main)
        self._recovered = any(host in missing or others[host] for host in touched)

    @staticmethod
    def _raise(troubles: Troubles) -> None:
        if troubles:
            raise _sum(troubles)

    def _by_foreign(self, hosts: t.Iterable[str]) -> dict[str, list[str]]:
        """These hosts by the one key on which they depend, where only records of other machines have it, or by ""."""
        ours = {pair.fingerprint for name, pair in self._pairs().items() if name in (MAIN, *SLOTS)}
        theirs = {pair.fingerprint for pair in self._pairs().values()} - ours
        groups: dict[str, list[str]] = collections.defaultdict(list)
        for host in hosts:
            has = self._has[host]
            groups["" if has & ours else min(has & theirs, default="")].append(host)
        return groups

    def _foreign(self, key: str) -> tuple[Pair, t.Mapping[str, str]]:
        """The key with this fingerprint that a record of another machine has, and its note."""
        return next((held.secret, held.note) for _name, held in self._journal() if held.secret.fingerprint == key)

    # Who shares the key, and who has to get it yet

    def _sharing(self) -> set[str]:
        """All hosts that have the key of main, but for those that will not come back."""
        noted = self._noted("hosts", lambda held: held.secret == self._main)
        return (noted | self._job.shared_with | set(self._run.hosts)) - self._job.write_off

    def _owing_noted(self) -> set[str]:
        """The hosts of which is noted that they may accept the key alone that main had before."""
        return _owing_by(self._held)

    def _owing(self) -> tuple[str, ...]:
        """Those of them that this run has not seen otherwise."""
        return tuple(sorted(self._owing_noted() - set(self._run.present) - self._job.write_off))

    def _noted(self, note: str, of: t.Callable[[Held], bool]) -> set[str]:
        return {name for _name, held in self._journal() if of(held) for name in _named(held.note.get(note, ""))}

    def _note_done(self) -> Steps:
        """Note which of the hosts that had to get the key of main have it, so that no later run waits for them."""
        main, present = self._main, set(self._run.present)
        done = self._noted("done", lambda held: held.secret == main) | (self._owing_noted() & present)
        if self._owing_noted() & present and (self._own(main) or self._free_slot(main)):
            yield from self._own_copy(main, {"hosts": _names(self._sharing()), "done": _names(done)})

    # The journal

    def _own(self, pair: Pair) -> str | None:
        """Our own record of the journal that has this key."""
        return next((name for name, held in self._journal() if name in SLOTS and held.secret == pair), None)

    def _own_copy(self, pair: Pair, note: t.Mapping[str, str]) -> Steps:
        """Have a key in a record that no other run writes to, and return its name. Raises Stopped."""
        slot = self._own(pair) or self._room(pair)
        note = {name: text for name, text in note.items() if name in _NOTES and text}
        present = self._held.get(slot)
        same = present is not None and present.secret == pair
        if same and present is not None and note.items() <= present.note.items():
            return slot
        if same and present is not None:
            note = {**{name: text for name, text in present.note.items() if name in _NOTES}, **note}
        yield from phases.journal(self._run, slot, pair, note)
        self._held[slot] = Held(pair, note)
        return slot

    def _room(self, *keep: Pair) -> str:
        """A record that may be overwritten. Raises Stopped if there is none."""
        slot = self._free_slot(*keep)
        if slot is None:
            raise Stopped(
                "pending",
                "each record of the journal has the only key of some host",
                "Nothing was changed. Run state=recovered for fewer hosts at a time",
            )
        return slot

    def _free_slot(self, *keep: Pair) -> str | None:
        """Our own record of the journal that may be overwritten: rather the older one, and never one that is needed."""
        slots = {slot: self._held.get(slot) for slot in SLOTS}
        free = [slot for slot, held in slots.items() if held is None or not self._is_needed(slot, held, keep)]
        return min(free, key=lambda slot: _start(slots[slot]), default=None)

    def _is_needed(self, slot: str, held: Held, keep: t.Collection[Pair]) -> bool:
        """Whether a record has a key that some host may accept, and that no other record has which we can rely on."""
        twins = (other for name, other in self._journal() if name in SLOTS and name != slot)
        if not held.secret.usable or any(other.secret == held.secret for other in twins):
            return False
        if held.secret == self._main or held.secret in keep:
            return True
        owing = _named(held.note.get("owing", "")) & {*self._owing()}
        if owing and held.note.get("next") == self._main.fingerprint:
            return True
        key = held.secret.fingerprint
        others = {pair.fingerprint for name, pair in self._pairs().items() if name in (MAIN, *SLOTS) and name != slot}
        return any(key in has and not has & (others - {key}) for has in self._has.values())

    # A new key

    def _change(self) -> Protocol:
        run, job, old = self._run, self._job, self._main
        yield from self._try_way(run.present)
        new = job.generate()
        sharing = self._sharing()
        elsewhere = sharing - set(run.present)
        hosts = {"hosts": _names(sharing)}
        # What the hosts have now comes first: a host that goes back to it, or is not reached, shall not be lost.
        yield from self._own_copy(old, {**hosts, **self._debt(elsewhere, new)})
        slot = self._room(old)
        note = {**hosts, "play": job.play} if job.play else hosts
        yield from phases.journal(run, slot, new, note)
        self._held[slot] = Held(new, note)
        yield from self._install(new, slot)
        owing = sorted(sharing - set(run.present))
        have = "the host and the main record have" if len(run.hosts) == 1 else "the hosts and the main record have"
        if owing:
            have = f"the main record and {len(run.present)} of {len(run.present) + len(owing)} hosts have"
        left = set(owing) - set(run.absent)
        if left and not job.part_is_meant:
            run.warnings.append(f"{tell(left)} may accept the previous key alone: the next run for them settles it")
        return self._done(
            "changed",
            f"{have} the new key",
            recovered_first=self._recovered,
            fingerprint=new.fingerprint,
            previous_fingerprint=old.fingerprint,
            owing=owing,
        )

    def _debt(self, hosts: t.Collection[str], new: Pair) -> dict[str, str]:
        """What is noted with the old key while hosts have nothing else. Raises Stopped if they are too many."""
        if not hosts:
            return {}
        names = _names(hosts)
        if not names:
            raise Stopped(
                "refused",
                f"{len(hosts)} hosts would keep the old key, too many to note them",
                "Name more of them in hosts",
            )
        return {"owing": names, "next": new.fingerprint}

    def _install(self, new: Pair, slot: str) -> Steps:
        """Add a key of the journal to all hosts, prove it there, make it the main one, and remove what it replaces."""
        run, label, before = self._run, self._run.label(slot), self._main
        yield from self._prove_main()
        try:
            self._without((yield from self._each("adding the new key", run.present, lambda host: self._add(host, new))))
            self._without((yield from self._each("logging in", run.present, lambda host: self._prove(host, new, slot))))
            yield from self._keep_old(new)
        except _Trouble as trouble:
            yield from self._take_back(new, label, trouble.result, str(trouble))
        except Stopped as stop:
            yield from self._take_back(new, label, stop.result, stop.message)
        self._note_left_out(before)
        try:
            yield from phases.commit(run, new, self._seen, before)
        except phases.MainRefused as exc:
            why = f"{run.label(MAIN)} cannot be written: {exc}"
            yield from self._take_back(new, label, "failed", why)
        self._held[MAIN], self._written = Held(new), True
        if self._job.grace:
            yield Sleep(self._job.grace, "the old key is left in place for a while")
        yield from self._close(new, run.present, before)

    def _note_left_out(self, before: Pair) -> None:
        """Hosts that are not reached keep what main is about to lose: our own journal has it from now on."""
        for host in self._run.absent:
            works = self._run.works.get(host)
            if works and MAIN in works.records:
                slot = self._own(before)
                if slot is None:
                    del self._run.works[host]
                else:
                    self._run.found(host, slot, proved=works.proved)

    def _prove_main(self) -> Steps:
        """Before the first host changes: see that the vault lets us write main."""
        run = self._run
        yield from phases.require_lease(run, "busy", "No host was changed. Run it again when that one is over")
        # There is no way to prove it with what cannot be used; and once it was written in this run, it can be.
        if self._main.usable and not self._written:
            self._seen = yield from phases.prove_main(run, self._main, self._seen)

    def _keep_old(self, new: Pair) -> Steps:
        """For the hosts that are not there, the journal has to keep the key that main is about to lose."""
        elsewhere = self._sharing() - set(self._run.present)
        if elsewhere and not self._main.usable:
            raise Stopped("pending", f"{tell(elsewhere)} cannot be reached", "")
        if elsewhere:
            yield from self._own_copy(self._main, self._debt(elsewhere, new))

    def _add(self, host: str, new: Pair) -> Steps:
        """Give a host a key beside those that it has. Raises _Trouble."""
        old = self._has[host] - {new.fingerprint}
        request = {
            "old": sorted(old),
            "new": new.public_key,
            "comment": self._job.comment,
            "append": self._job.reconcile and not old,
            "address": self._job.address,
            "label": self._run.label(MAIN),
        }
        before = self._marks.get(host) or {"old": ()}
        self._marks[host] = {"old": sorted({*before["old"], *old} - {new.fingerprint}), "new": new.fingerprint}
        try:
            yield self._run.on(host, "add_key", **request)
            self._has[host].add(new.fingerprint)
        except CallFailed as exc:
            yield from self._look_again(host, (*self._known(), new.fingerprint))
            if new.fingerprint not in self._has[host]:
                result = "unreachable" if isinstance(exc, Lost) else "failed"
                raise _Trouble(result, f"{host} has not got the key: {exc}") from None

    # Logins

    def _try_way(self, hosts: t.Iterable[str]) -> Steps:
        """Before anything is changed: see that a login can prove a key at all, with one that each host has."""

        def one(host: str) -> Steps:
            name = self._holder(host)
            if name is None:
                return
            pair = self._held[name].secret
            verdict = yield from phases.log_in(host, pair)
            self._entered.add(host)
            if verdict.result == Result.NETWORK:
                raise _Trouble("unreachable", f"{host} cannot be reached for a login: {verdict.explanation}")
            if not verdict.authenticated:
                raise Stopped(
                    "refused",
                    f"{host} does not let {self._job.user} in with the key that it has now ({verdict.explanation}), "
                    "so no login could prove a new one",
                    "Nothing was changed. Look at AllowUsers, AuthenticationMethods and from=, or set verify=none",
                )
            self._run.found(host, name, proved="login")

        if not self._job.verify:
            return
        troubles = yield from self._each(
            "trying the way in", [host for host in hosts if host not in self._entered], one
        )
        try:
            self._without(troubles)
        except _Trouble as trouble:
            raise Stopped(trouble.result, str(trouble), "Nothing was changed") from None

    def _prove(self, host: str, pair: Pair, record: str) -> Steps:
        """One login with the key of this record and nothing else. Raises _Trouble."""
        if not self._job.verify:
            self._run.found(host, record)
            return
        verdict = yield from phases.log_in(host, pair)
        if not verdict.authenticated:
            raise _Trouble(
                "unreachable" if verdict.result == Result.NETWORK else "failed",
                f"{host} does not let {self._job.user} in with the key that it has got: {verdict.explanation}",
            )
        self._run.found(host, record, proved="login")

    def _prove_refused(self, host: str, pair: Pair) -> Steps:
        """One login that has to be refused, once for each host and run: some hosts count them. Raises _Trouble."""
        if not self._job.verify or host in self._refused:
            return
        verdict = yield from phases.log_in(host, pair)
        self._refused.add(host)
        if verdict.authenticated:
            raise _Trouble(
                "drift",
                f"{host} still lets {self._job.user} in with the old key, which is in no file that sshd names any more",
            )
        if verdict.result == Result.NETWORK:
            raise _Trouble("unreachable", f"{host} does not show that it refuses the old key: {verdict.explanation}")

    # The end

    def _take_back(self, new: Pair, label: str, result: str, why: str) -> Steps:
        """Only before a commit was tried: remove the new key from the hosts that have it, and stop."""
        run, main = self._run, self._main
        hosts = [
            host
            for host in run.hosts
            if host in self._has and (host not in run.absent or new.fingerprint in self._has[host])
        ]

        def one(host: str) -> Steps:
            if main.fingerprint in self._has[host]:
                yield from self._remove(host, {new.fingerprint}, main)
            if new.fingerprint not in self._has[host]:
                run.found(host, MAIN, proved="login" if host in self._entered else "")
                if self._marks.get(host):
                    yield from self._finish_on(host)

        yield from self._each("taking the new key back", hosts, one)
        left = [host for host in hosts if new.fingerprint in self._has[host]]
        raise Stopped(
            "pending" if left else result,
            why,
            f"{tell(left)} may accept the new key beside the old one; run state=recovered. {label} has it"
            if left
            else f"{run.label(MAIN)} has the key that works; the hosts are as they were",
        )

    def _close(self, new: Pair, hosts: t.Iterable[str], before: Pair) -> Steps:
        """After the commit: nothing but the new key on each host, and proof of it. ``before`` is what main had."""
        pairs = {pair.fingerprint: pair for pair in (*self._pairs().values(), before) if pair.usable}
        complete = not self._sharing() - set(self._run.present)

        def one(host: str) -> Steps:
            mark = self._marks.get(host) or {"old": ()}
            old = (self._has[host] | set(mark["old"])) - {new.fingerprint}
            if self._has[host] & old:
                yield from self._remove(host, old, new)
            yield from self._prove(host, new, MAIN)
            # Of several old keys, that of main comes first.
            for key in sorted(old & set(pairs), key=lambda key: key != before.fingerprint)[:1]:
                yield from self._prove_refused(host, pairs[key])
            yield from self._finish_on(host, ended=not complete)

        troubles = yield from self._each("removing the old key", hosts, one)
        worse = {host: trouble for host, trouble in troubles.items() if trouble.result != "unreachable"}
        if worse or (troubles and not self._run.spares_absent):
            raise Stopped(
                "drift" if any(trouble.result != "pending" for trouble in worse.values()) else "pending",
                str(_sum(worse or troubles)),
                f"{self._run.label(MAIN)} has the key that works. Mend the host, and run state=recovered",
            )
        self._run.absent.update((host, str(trouble)) for host, trouble in troubles.items())

    def _remove(self, host: str, keys: set[str], keep: Pair) -> Steps:
        """Remove keys from a host, provided that it has the other one. Raises _Trouble."""
        request = {"old": sorted(keys), "keep": keep.fingerprint, "address": self._job.address}
        reason: CallFailed | None = None
        for _attempt in range(_REMOVALS):
            try:
                yield self._run.on(host, "remove_key", **request)
                self._has[host] -= keys
                return
            except CallFailed as exc:
                reason = exc
            yield from self._look_again(host, {*keys, keep.fingerprint})
            if not self._has[host] & keys:
                return
        result = "unreachable" if isinstance(reason, Lost) else "pending"
        raise _Trouble(result, f"{host} still has a key that was to go: {reason}")

    def _finish(self) -> Steps:
        marked = [host for host in self._run.present if self._marks.get(host)]
        yield from self._each("ending the run", marked, self._finish_on)

    def _finish_on(self, host: str, *, ended: bool = False) -> Steps:
        """Take the mark of this run away; with C(ended) it stays, since other hosts have to get the key yet, but says
        that this host is done.
        """
        try:
            yield self._run.on(host, "finish_key", ended=ended)
            self._marks[host] = {**self._marks[host], "ended": True} if ended else {}
        except CallFailed:
            self._run.warnings.append(f"{host} keeps the mark of this run: the next one will look at it again")

    def _settled(self, owing: t.Sequence[str]) -> Outcome:
        if owing:
            self._run.warnings.append(f"{tell(owing)} may accept the previous key alone, and was not seen")
        if self._recovered:
            return self._done("recovered", "what an interrupted run has left is settled", owing=[*owing])
        return self._done("unchanged", "all hosts that were seen have the key of the main record", owing=[*owing])

    def _done(self, result: str, message: str, **details: t.Any) -> Outcome:
        run = self._run
        run.warnings += [f"{why}; the next run settles it" for why in run.absent.values()]
        if not self._job.verify and result != "unchanged":
            run.warnings.append(
                f"verify is none: no login has proved that the hosts let {self._job.user} in with the key of the main "
                "record, and with no other"
            )
        changed = changed_at(self._seen)
        if result != "changed" and changed is not None:
            details["last_change"] = changed.date().isoformat()
        return phases.done(result, message, absent=sorted(run.absent), **details)


# What is copied with a key from one record of the journal to another.
_NOTES = ("hosts", "owing", "next", "done", "play")


def _own_first(entry: tuple[str, Held]) -> tuple[bool, str]:
    return entry[0] not in SLOTS, entry[0]


def _start(held: Held | None) -> str:
    return "" if held is None else held.note.get("start", "0")


def _interrupted(mark: t.Mapping[str, t.Any] | None) -> bool:
    return bool(mark) and not (mark or {}).get("ended")


def _sum(troubles: Troubles) -> _Trouble:
    """Those of several hosts as one; the worse result counts."""
    result = next((one.result for one in troubles.values() if one.result != "unreachable"), "unreachable")
    return _Trouble(result, _texts(str(one) for one in troubles.values() if one.result == result))


def _texts(texts: t.Iterable[str]) -> str:
    texts = list(texts)
    more = [f"and {len(texts) - _TOLD} more"] if len(texts) > _TOLD else []
    return "; ".join([*texts[:_TOLD], *more])


def tell(hosts: t.Collection[str]) -> str:
    """The names of hosts for a message: not hundreds of them."""
    names = sorted(hosts)
    more = [f"and {len(names) - _TOLD} more"] if len(names) > _TOLD else []
    return ", ".join([*names[:_TOLD], *more])


def read_all(run: phases.Run, listed: phases.Listed) -> Steps:
    held = {}
    for name in (MAIN, *SLOTS, *foreign_slots(listed)):
        if listed[name] is not None:
            held[name] = yield from phases.read(run, name)
    return held


def _present(looked: t.Mapping[str, t.Any]) -> set[str]:
    return {key for key, places in looked["keys"]["present"].items() if places}


def _names(hosts: t.Iterable[str]) -> str:
    """The names of hosts as a note has them; nothing if they are too many for one."""
    text = phases.names(hosts)
    if len(text) > _LONG_NAMES:
        text = _PACKED + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    return text if len(text) <= _LONGEST_NAMES else ""


def _named(text: str) -> set[str]:
    """The hosts that a note names. What is no such note names none."""
    if text.startswith(_PACKED):
        try:
            packed = base64.urlsafe_b64decode(text[len(_PACKED) :])
            text = zlib.decompressobj().decompress(packed, _LARGEST_NAMES).decode()
        except (binascii.Error, zlib.error, UnicodeDecodeError):
            return set()
    return phases.named(text)


def refuse(host: str, looked: t.Mapping[str, t.Any]) -> None:
    """Stop before anything is changed, or read, if the keys of a host are not such that they can be changed."""
    if looked["others"]:
        other = looked["others"][0]
        stop = Stopped(
            "pending",
            f"a rotation of {other['label']} (id {other['record']}), another SSH key of this user on {host}, was "
            "interrupted",
            f"Nothing was changed. Run state=recovered for {other['label']}; if the vault has it no more, remove "
            f"key-{other['record']}.json below /var/lib/senhasegura-rotation on {host}",
        )
        stop.settles = f"id:{other['record']}"
        raise stop
    problems = [*looked["keys"]["refused"], *(file["problem"] for file in looked["keys"]["files"] if file["problem"])]
    if problems:
        text = "; ".join(problem["text"] for problem in problems)
        raise Stopped("refused", f"{host}: {text}", "Nothing was changed")


def changed_at(listed: phases.Listed) -> datetime.datetime | None:
    """When the main record got its key, as far as the list tells: by its time of change, or by a journal's note."""
    main = listed[MAIN]
    if main is None:
        return None
    if main.change:
        return _time(main.change, _VAULT_TIME)
    keys = [entry.public_key or "" for slot in SLOTS if (entry := listed[slot]) is not None]
    same = [key for key in keys if key and key.split()[:2] == (main.public_key or "").split()[:2]]
    return _time(key_note(same[0]).get("start", ""), _OWN_TIME) if same else None


def _time(text: str, form: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, form)
    except ValueError:
        return None


def is_young(listed: phases.Listed, job: Job) -> bool:
    """Whether the key need not be changed yet."""
    changed = changed_at(listed)
    if job.max_age is None or job.recover_only or changed is None:
        return False
    return job.now() - changed < datetime.timedelta(days=job.max_age)


def predict(run: phases.Run, job: Job) -> Protocol:
    """What C(rotate) would do, from what can be known without a secret: the list, and the state of the hosts."""
    listed = yield from phases.list_records(run)
    interrupted = False

    def one(host: str, looked: t.Mapping[str, t.Any]) -> None:
        nonlocal interrupted
        refuse(host, looked)
        if looked["lock"]["remaining"] and not run.limits.lock_wait:
            raise Stopped(
                "busy", f"another run ({looked['lock']['run']}) works on {host}", "Wait for it, or set lock_wait"
            )
        interrupted = interrupted or bool(looked["mark"])

    yield from _look_at(run, job, (), one)
    owing = sorted(job.shared_with - set(run.present) - job.write_off)
    warnings = (*run.absent.values(), *([f"{tell(owing)} would keep the previous key for now"] if owing else []))
    if interrupted:
        outcome = phases.done("recovered", "an interrupted run, or a host that was not there, would be settled")
    elif job.recover_only:
        outcome = phases.done("unchanged", "no run was interrupted on the hosts")
    elif is_young(listed, job):
        outcome = phases.done("unchanged", "the key is younger than max_age")
    else:
        outcome = phases.done("changed", "the key would be changed", owing=owing)
    return dataclasses.replace(outcome, warnings=warnings)


def _look_at(
    run: phases.Run,
    job: Job,
    keys: t.Sequence[str],
    told: t.Callable[[str, t.Mapping[str, t.Any]], None],
) -> Steps:
    """Look at all hosts side by side, and hand on what each says. Raises what that raises, of the first host."""

    def one(host: str) -> Steps:
        return (yield from phases.ask_present(run, host, "look_keys", keys=keys, address=job.address))

    answers = yield from phases.side_by_side(run, "looking at the keys", {host: one(host) for host in run.hosts})
    phases.raise_first(answers)
    for host, looked in answers.items():
        if looked is not None:
            told(host, looked)


def inspect(run: phases.Run, job: Job, *, compare: bool, login: bool = False) -> Protocol:
    """How the hosts and the records stand to each other, without changing either: an Outcome whose result is one of
    C(clean), C(pending), C(drift), C(in_doubt), C(no_login), C(busy), C(unreachable), or C(unknown) when nothing may be
    read.

    :param login: log in to each host that has the key of the main record, once
    """
    listed = yield from phases.list_records(run)
    lease = Lease()
    if compare and listed[LEASE] is not None:
        lease = Lease.of((yield from phases.read(run, LEASE)).note)
    if lease.remaining(run.now()):
        return phases.done("busy", f"run {lease.run} rotates {run.label(MAIN)} for {lease.host}")
    held: dict[str, Held] = {}
    if compare:
        held = yield from read_all(run, listed)
    known = {name: t.cast(Pair, entry.secret) for name, entry in held.items() if entry.secret.usable}
    found: dict[str, str] = dict.fromkeys(run.hosts, "unreachable")
    others: dict[str, t.Mapping[str, t.Any]] = {}

    def one(host: str, looked: t.Mapping[str, t.Any]) -> None:
        if looked["others"]:
            others[host] = looked["others"][0]
        else:
            refuse(host, looked)
        has = _present(looked)
        holder = next((name for name, pair in known.items() if pair.fingerprint in has), None)
        if holder is not None:
            run.found(host, holder)
        if looked["lock"]["remaining"]:
            found[host] = "busy"
        elif host in others:
            found[host] = "pending"
        elif compare:
            found[host] = _status(looked, known)
        else:
            del found[host]

    keys = sorted(pair.fingerprint for pair in known.values())
    yield from _look_at(run, job, keys, one)
    refused: list[str] = []
    if login:
        some = [host for host, its in found.items() if its in ("clean", "in_doubt")]
        works = {host: phases.log_in(host, known[MAIN]) for host in some}
        for host, verdict in (yield from phases.side_by_side(run, "logging in", works)).items():
            if isinstance(verdict, Exception):
                raise verdict
            if verdict.authenticated:
                run.found(host, MAIN, proved="login")
            else:
                found[host] = "no_login"
                refused.append(f"{host}: {verdict.explanation}")
    owing = sorted(_owing_by(held) - {host for host, its in found.items() if its == "clean"})
    status, text = _worst(found, others, owing)
    text = "; ".join([text, *refused])
    if lease.state == "held":
        text += f"; run {lease.run} for {lease.host} has not given the lease back"
    only_others = others and {*found.values()} <= {"pending", "clean"} and status == "pending"
    record, proved = run.works_and_proved()
    return Outcome(
        status,
        text,
        details={"hosts": found, "owing": owing, "absent": sorted(run.absent)},
        works=record,
        proved=proved,
        login=run.login(),
        settles=f"id:{min(other['record'] for other in others.values())}" if only_others else "",
    )


def _worst(
    found: t.Mapping[str, str],
    others: t.Mapping[str, t.Mapping[str, t.Any]],
    owing: t.Sequence[str],
) -> tuple[str, str]:
    """The worst status of the hosts, and what it means."""
    if others and set(found.values()) <= {"pending", "clean"}:
        named = "; ".join(f"{host}: {other['label']}" for host, other in others.items())
        text = f"a rotation of another SSH key of the user was interrupted ({named}). Run state=recovered for that one"
        return "pending", text
    for status, text in _STATES.items():
        some = [host for host, its in found.items() if its == status]
        if status == "pending" and owing and not some:
            return status, f"{tell(owing)} may accept the previous key alone"
        if some:
            return status, text.format(tell(some))
    return "unknown", "nothing was read, so the keys of the hosts were not compared"


def _owing_by(held: t.Mapping[str, Held]) -> set[str]:
    """The hosts that may accept the key alone which main had before, by the notes of the journal."""
    main = held[MAIN].secret if MAIN in held else None
    owing: set[str] = set()
    done: set[str] = set()
    for name, entry in held.items():
        if name != MAIN and main is not None and entry.secret == main:
            done |= _named(entry.note.get("done", ""))
        elif name != MAIN and main is not None and entry.note.get("next") == main.fingerprint:
            owing |= _named(entry.note.get("owing", ""))
    return owing - done


# The worst comes first.
_STATES = {
    "busy": "a run works on {}",
    "drift": "no record has a key that the user has on {}",
    "pending": "the journal has the key of an interrupted run that is on {}, or an old one has stayed there",
    "no_login": "the main record has the key of {}, but no login could prove it",
    "in_doubt": "the main record has the key of {}, but a run did not end in order",
    "unreachable": "{} cannot be reached",
    "clean": "the main record has the key of {}",
}


def _status(looked: t.Mapping[str, t.Any], known: t.Mapping[str, Pair]) -> str:
    has = _present(looked)
    main = known.get(MAIN)
    if not has:
        return "drift"
    if main is None or has != {main.fingerprint}:
        return "pending"
    return "in_doubt" if _interrupted(looked["mark"]) or looked["lock"]["run"] else "clean"
