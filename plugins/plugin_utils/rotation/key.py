# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol that gives a user of one or several hosts a new SSH key, and may be killed anywhere.

At every moment each host accepts a key that the main record or one of the journal holds. Hosts accept the old key, then
both, and the new one alone only after it was read back from the main record. Pure: see calls.py.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import steps
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import (
    MAIN,
    SLOTS,
    CallFailed,
    Held,
    Lost,
    Outcome,
    Protocol,
    Sleep,
    Steps,
    Stopped,
    foreign_slots,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import Result
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.pair import Pair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.records import key_note

# Times that a host is asked for what it has after a command whose end is not known, and seconds between them.
_LOOKS, _LOOK_PAUSE = 3, 2.0
_REMOVALS = 3
# Characters that a note may have for names of hosts: it is part of a public key.
_LONGEST_NAMES = 1500
# The time zone of the vault is not told, so it is off by up to half a day.
_VAULT_TIME, _OWN_TIME = "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


@dataclasses.dataclass(frozen=True)
class Job:
    """What is wanted. Whether hosts may be absent is said in the Run; ``write_off`` are those that will not come back.

    ``address`` is that from which the user of the key logs in, where it is not the controller.
    """

    user: str
    generate: t.Callable[[], Pair]
    write_off: frozenset[str] = frozenset()
    recover_only: bool = False
    reconcile: bool = False
    max_age: float | None = None
    grace: float = 0.0
    comment: str | None = None
    address: str | None = None
    now: t.Callable[[], datetime.datetime] = _now


class _Trouble(Exception):
    """A host that did not do what it was asked for. ``result`` is that with which the run ends if nothing follows."""

    def __init__(self, result: str, host: str, text: str) -> None:
        super().__init__(f"{host} {text}")
        self.result, self.host = result, host


def rotate(run: steps.Run, job: Job) -> Protocol:
    """Change the key, after an interrupted run was settled; with C(recover_only) nothing but the latter."""
    return (yield from steps.holding_the_lock(run, lambda: _Rotation(run, job).work()))


class _Rotation:
    """The work under the lock. ``_seen`` is the list as it was at first, ``_held`` what the records hold, ``_has``
    which of the known keys each host has, and ``_marks`` what interrupted runs have left there.
    """

    def __init__(self, run: steps.Run, job: Job) -> None:
        self._run, self._job = run, job
        self._seen: steps.Listed = {}
        self._held: dict[str, Held] = {}
        self._has: dict[str, set[str]] = {}
        self._marks: dict[str, t.Mapping[str, t.Any]] = {}
        self._recovered = False

    def work(self) -> Protocol:
        job, run = self._job, self._run
        self._seen = yield from steps.list_records(run)
        yield from self._look(())
        if not job.reconcile and not any(self._marks.values()) and is_young(self._seen, job):
            return self._done("unchanged", "the key is younger than max_age")
        self._seen = yield from steps.claim(run)
        self._held = yield from read_all(run, self._seen)
        yield from self._look(self._known())
        yield from self._settle()
        owing = self._owing()
        elsewhere = self._named("hosts", of_main=True) - set(run.hosts) - job.write_off
        if job.recover_only or is_young(self._seen, job) or (self._recovered and job.max_age is not None):
            if not owing:
                yield from self._finish()
            return self._settled(owing)
        if elsewhere and not owing:
            raise Stopped(
                "refused",
                f"{', '.join(sorted(elsewhere))} got this key as well, and would be left with the old one",
                "Name all its hosts in hosts; name those in write_off that are gone",
            )
        if owing:
            raise Stopped(
                "refused" if set(owing) - set(run.absent) else "unreachable",
                f"{', '.join(owing)} may accept the previous key alone, which the journal would lose with a new one",
                "Run it again when they can be reached, with all of them in hosts; name in write_off what is gone",
            )
        return (yield from self._change())

    # What is known

    @property
    def _main(self) -> Pair:
        return t.cast(Pair, self._held[MAIN].secret)

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
        for host in self._run.present:
            looked = yield from steps.ask_present(self._run, host, "look_keys", keys=known, address=self._job.address)
            if looked is None:
                continue
            refuse(host, looked)
            if not known:
                self._run.warnings += [f"{host}: {text}" for text in looked["keys"]["warnings"]]
            self._has[host] = _present(looked)
            self._marks[host] = looked["mark"]

    def _look_again(self, host: str, known: t.Iterable[str]) -> Steps:
        """What a host has after a command whose end is not known. Raises _Trouble if it does not tell."""
        reason = ""
        for attempt in range(_LOOKS):
            if attempt:
                yield Sleep(_LOOK_PAUSE, f"{host} does not answer")
            try:
                looked = yield self._run.on(host, "look_keys", keys=sorted(known), address=self._job.address)
            except CallFailed as exc:
                reason = str(exc)
                continue
            self._has[host] = _present(looked)
            return
        raise _Trouble("unreachable", host, f"does not tell which keys it has now: {reason}")

    # What an interrupted run has left

    def _settle(self) -> Steps:
        """Bring what an interrupted run has begun to its end, so that all hosts have the key of main and no other."""
        slot = self._unfinished()
        if slot is not None:
            yield from self._install(self._held[slot].secret, slot)
            self._recovered = True
            self._held[MAIN] = Held(self._held[slot].secret)
            self._seen = yield from steps.list_records(self._run)
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
        main, pairs = self._main, self._pairs()
        for slot in SLOTS:
            if slot not in pairs or pairs[slot] == main:
                continue
            new = pairs[slot].fingerprint
            marks = [mark for mark in self._marks.values() if mark and mark["new"] == new]
            everywhere = all(main.fingerprint in self._has[host] for host in self._run.present)
            # Somebody has given all hosts and the main record another key meanwhile: that one counts.
            replaced = main.usable and everywhere and any(main.fingerprint not in mark["old"] for mark in marks)
            somewhere = any(new in self._has[host] for host in self._run.present)
            if somewhere and not replaced and (marks or not main.usable):
                return slot
        return None

    def _only_main(self) -> Steps:
        """Main is the one to keep: where it is missing it is added, and what it has replaced goes."""
        run, job, main = self._run, self._job, self._main
        missing = [host for host in run.present if main.fingerprint not in self._has[host]]
        strangers = [host for host in missing if not self._has[host]]
        if strangers and not job.reconcile:
            raise Stopped(
                "drift",
                f"no record of the vault has a key that {job.user} has on {', '.join(strangers)}",
                "Somebody has changed it there. Set reconcile=true to add the key of the main record",
            )
        others = {host: self._has[host] - {main.fingerprint} for host in run.present}
        touched = [host for host in run.present if host in missing or others[host] or self._marks[host]]
        try:
            for host in touched:
                yield from self._add(host, main)
            for host in touched:
                yield from self._prove(host, main)
        except _Trouble as trouble:
            raise Stopped(
                "unreachable" if trouble.result == "unreachable" else "pending",
                str(trouble),
                "It has kept the keys that it had; mend it, and run state=recovered",
            ) from None
        yield from self._close(main, touched)
        self._recovered = any(host in missing or others[host] for host in touched)

    def _owing(self) -> tuple[str, ...]:
        """The hosts that may still accept a previous key alone, and that this run has not seen otherwise."""
        return tuple(sorted(self._named("owing", of_main=False) - set(self._run.present) - self._job.write_off))

    def _named(self, note: str, *, of_main: bool) -> set[str]:
        """The hosts that are noted with those keys of the journal that are that of main, or that are not."""
        slots = [self._held[slot] for slot in SLOTS if slot in self._held]
        texts = [held.note.get(note, "") for held in slots if (held.secret == self._main) is of_main]
        return {name for text in texts for name in steps.named(text)}

    # A new key

    def _change(self) -> Protocol:
        run = self._run
        new, slot = self._job.generate(), self._free_slot()
        names = steps.names(run.hosts)
        note = {"hosts": names} if len(names) <= _LONGEST_NAMES else {}
        yield from steps.journal(run, slot, new, note)
        self._held[slot] = Held(new, note)
        old = self._main.fingerprint
        yield from self._install(new, slot)
        hosts = "the host and the main record have" if len(run.hosts) == 1 else "the hosts and the main record have"
        return self._done(
            "changed",
            f"{hosts} the new key",
            recovered_first=self._recovered,
            fingerprint=new.fingerprint,
            previous_fingerprint=old,
        )

    def _free_slot(self) -> str:
        """The record of the journal that does not hold the key of main, and rather the older one."""
        free = [slot for slot in SLOTS if slot not in self._held or self._held[slot].secret != self._main]
        started = {slot: held.note.get("start", "0") for slot, held in self._held.items()}
        return min(free or SLOTS, key=lambda slot: started.get(slot, ""))

    def _install(self, new: Pair, slot: str) -> Steps:
        """Add a key of the journal to all hosts, prove it there, make it the main one, and remove what it replaces."""
        run, label = self._run, self._run.label(slot)
        try:
            for host in run.present:
                yield from self._spared(host, self._add(host, new))
            for host in run.present:
                yield from self._spared(host, self._prove(host, new))
            if run.absent:
                yield from self._keep_old(slot)
        except _Trouble as trouble:
            yield from self._take_back(new, label, trouble.result, str(trouble))
        except Stopped as stop:
            yield from self._take_back(new, label, stop.result, stop.message)
        try:
            yield from steps.commit(run, new, self._seen, self._main)
        except steps.MainRefused as exc:
            yield from self._take_back(new, label, "failed", f"the vault refuses the new key for main: {exc}")
        if self._job.grace:
            yield Sleep(self._job.grace, "the old key is left in place for a while")
        yield from self._close(new, run.present)

    def _spared(self, host: str, work: Steps) -> Steps:
        """Do something on a host, or go on without it if it cannot be reached and that is allowed."""
        try:
            yield from work
        except _Trouble as trouble:
            run = self._run
            if trouble.result != "unreachable" or not run.spares_absent or len(run.present) == 1:
                raise
            run.absent[host] = str(trouble)

    def _add(self, host: str, new: Pair) -> Steps:
        """Give a host a key beside those that it has. Raises _Trouble."""
        old = self._has[host] - {new.fingerprint}
        request = {
            "old": sorted(old),
            "new": new.public_key,
            "comment": self._job.comment,
            "append": self._job.reconcile and not old,
            "address": self._job.address,
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
                raise _Trouble(result, host, f"has not got the key: {exc}") from None

    def _prove(self, host: str, pair: Pair) -> Steps:
        """One login with this key and nothing else. Raises _Trouble."""
        verdict = yield from steps.log_in(host, pair)
        if not verdict.authenticated:
            raise _Trouble(
                "unreachable" if verdict.result == Result.NETWORK else "failed",
                host,
                f"does not let {self._job.user} in with the key that it has got: {verdict.explanation}",
            )

    def _keep_old(self, slot: str) -> Steps:
        """For the hosts that are not there, the journal has to keep the key that main is about to lose."""
        (other,) = (name for name in SLOTS if name != slot)
        if not self._main.usable:
            raise Stopped("pending", f"{', '.join(self._run.absent)} cannot be reached", "")
        note = {"owing": steps.names(self._run.absent)}
        if len(note["owing"]) > _LONGEST_NAMES:
            raise Stopped("unreachable", f"{len(self._run.absent)} hosts cannot be reached, too many to note them", "")
        yield from steps.journal(self._run, other, self._main, note)
        self._held[other] = Held(self._main, note)

    def _take_back(self, new: Pair, label: str, result: str, why: str) -> Steps:
        """Only before a commit was tried: remove the new key from the hosts that have it, and stop."""
        run, main = self._run, self._main
        left = []
        for host in run.hosts:
            if host not in self._has or (host in run.absent and new.fingerprint not in self._has[host]):
                continue
            try:
                if main.fingerprint in self._has[host]:
                    yield from self._remove(host, {new.fingerprint}, main)
            except _Trouble:
                pass
            if new.fingerprint in self._has[host]:
                left.append(host)
            elif self._marks.get(host):
                yield from self._finish_on(host)
        raise Stopped(
            "pending" if left else result,
            why,
            f"{', '.join(left)} may accept the new key beside the old one; run state=recovered. {label} has it"
            if left
            else f"{run.label(MAIN)} has the key that works; the hosts are as they were",
        )

    # The end

    def _close(self, new: Pair, hosts: t.Iterable[str]) -> Steps:
        """After the commit: nothing but the new key on each host, and proof of it."""
        pairs = {pair.fingerprint: pair for pair in self._pairs().values()}
        troubles: list[_Trouble] = []
        for host in hosts:
            mark = self._marks.get(host) or {"old": ()}
            old = (self._has[host] | set(mark["old"])) - {new.fingerprint}
            try:
                if self._has[host] & old:
                    yield from self._remove(host, old, new)
                yield from self._prove(host, new)
                for key in sorted(old & set(pairs)):
                    yield from self._prove_refused(host, pairs[key])
            except _Trouble as trouble:
                troubles.append(trouble)
                continue
            if not self._run.absent:
                yield from self._finish_on(host)
        worse = [trouble for trouble in troubles if trouble.result != "unreachable"]
        if worse or (troubles and not self._run.spares_absent):
            raise Stopped(
                "drift" if any(trouble.result != "pending" for trouble in worse) else "pending",
                "; ".join(map(str, worse or troubles)),
                f"{self._run.label(MAIN)} has the key that works. Mend the host, and run state=recovered",
            )
        self._run.absent.update((trouble.host, str(trouble)) for trouble in troubles)

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
        raise _Trouble(result, host, f"still has a key that was to go: {reason}")

    def _prove_refused(self, host: str, pair: Pair) -> Steps:
        verdict = yield from steps.log_in(host, pair)
        if verdict.authenticated:
            raise _Trouble(
                "drift",
                host,
                f"still lets {self._job.user} in with the old key, which is in no file that sshd names any more",
            )
        if verdict.result == Result.NETWORK:
            raise _Trouble("unreachable", host, f"does not show that it refuses the old key: {verdict.explanation}")

    def _finish(self) -> Steps:
        for host in self._run.present:
            if self._marks.get(host):
                yield from self._finish_on(host)

    def _finish_on(self, host: str) -> Steps:
        try:
            yield self._run.on(host, "finish_key")
            self._marks[host] = {}
        except CallFailed:
            self._run.warnings.append(f"{host} keeps the mark of this run: the next one will look at it again")

    def _settled(self, owing: t.Sequence[str]) -> Outcome:
        self._run.warnings += [f"{host} may accept the previous key alone, and was not seen" for host in owing]
        if self._recovered:
            return self._done("recovered", "what an interrupted run has left is settled")
        return self._done("unchanged", "all hosts that were seen have the key of the main record")

    def _done(self, result: str, message: str, **details: t.Any) -> Outcome:
        run = self._run
        run.warnings += [f"{why}; the next run settles it" for why in run.absent.values()]
        changed = changed_at(self._seen)
        if result != "changed" and changed is not None:
            details["last_change"] = changed.date().isoformat()
        return steps.done(result, message, absent=sorted(run.absent), **details)


def read_all(run: steps.Run, listed: steps.Listed) -> Steps:
    held = {}
    for name in (MAIN, *SLOTS, *foreign_slots(listed)):
        if listed[name] is not None:
            held[name] = yield from steps.read(run, name)
    return held


def _present(looked: t.Mapping[str, t.Any]) -> set[str]:
    return {key for key, places in looked["keys"]["present"].items() if places}


def refuse(host: str, looked: t.Mapping[str, t.Any]) -> None:
    """Stop before anything is changed, or read, if the keys of a host are not such that they can be changed."""
    problems = [*looked["keys"]["refused"], *(file["problem"] for file in looked["keys"]["files"] if file["problem"])]
    if problems:
        text = "; ".join(problem["text"] for problem in problems)
        raise Stopped("refused", f"{host}: {text}", "Nothing was changed")


def changed_at(listed: steps.Listed) -> datetime.datetime | None:
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


def is_young(listed: steps.Listed, job: Job) -> bool:
    """Whether the key need not be changed yet."""
    changed = changed_at(listed)
    if job.max_age is None or job.recover_only or changed is None:
        return False
    return job.now() - changed < datetime.timedelta(days=job.max_age)


def predict(run: steps.Run, job: Job) -> Protocol:
    """What C(rotate) would do, from what can be known without a secret: the list, and the state of the hosts."""
    listed = yield from steps.list_records(run)
    interrupted = False
    for host in run.hosts:
        looked = yield from steps.ask_present(run, host, "look_keys", keys=(), address=job.address)
        if looked is None:
            continue
        refuse(host, looked)
        if looked["lock"]["remaining"] and not run.limits.lock_wait:
            raise Stopped(
                "busy", f"another run ({looked['lock']['run']}) works on {host}", "Wait for it, or set lock_wait"
            )
        interrupted = interrupted or bool(looked["mark"])
    warnings = tuple(run.absent.values())
    if interrupted:
        outcome = steps.done("recovered", "an interrupted run, or a host that was not there, would be settled")
    elif job.recover_only:
        outcome = steps.done("unchanged", "no run was interrupted on the hosts")
    elif is_young(listed, job):
        outcome = steps.done("unchanged", "the key is younger than max_age")
    else:
        outcome = steps.done("changed", "the key would be changed")
    return dataclasses.replace(outcome, warnings=warnings)


def inspect(run: steps.Run, job: Job, *, compare: bool) -> Protocol:
    """How the hosts and the records stand to each other, without changing either: an Outcome whose result is one of
    C(clean), C(pending), C(drift), C(in_doubt), C(busy), or C(unknown) when nothing may be read.
    """
    listed = yield from steps.list_records(run)
    held: dict[str, Held] = {}
    if compare:
        held = yield from read_all(run, listed)
    known = {name: t.cast(Pair, entry.secret) for name, entry in held.items() if entry.secret.usable}
    found: dict[str, str] = {}
    for host in run.hosts:
        keys = sorted(pair.fingerprint for pair in known.values())
        looked = yield from steps.ask_present(run, host, "look_keys", keys=keys, address=job.address)
        if looked is None:
            found[host] = "unreachable"
            continue
        refuse(host, looked)
        if looked["lock"]["remaining"]:
            found[host] = "busy"
        elif compare:
            found[host] = _status(looked, known)
    details = {"hosts": found}
    for status, text in _STATES.items():
        some = [host for host, its in found.items() if its == status]
        if some:
            return steps.done(status, text.format(", ".join(some)), **details)
    return steps.done("unknown", "nothing was read, so the keys of the hosts were not compared", **details)


# The worst comes first.
_STATES = {
    "busy": "a run works on {}",
    "drift": "no record has a key that the user has on {}",
    "pending": "the journal has the key of an interrupted run that is on {}, or an old one has stayed there",
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
    return "in_doubt" if looked["mark"] or looked["lock"]["run"] else "clean"
