# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give a user of one or several hosts a new SSH key. The run may be killed anywhere.

At every moment each host accepts a key that the main record or one of the journal holds. Hosts accept the old key, then
both, and the new one alone only after it was read back from the main record:

    state     hosts accept   main   own journal   how it gets there
    -------   ------------   ----   -----------   --------------------------------------------------------------------
    (start)   old            old    -
    JOURNAL   old            old    old, new      both are written and read back, before any host changes
    ADD       old and new    old    old, new      add_key on each host, which leaves a mark of this run there
    PROVE     old and new    old    old, new      a login with the new key alone, on each host
    COMMIT    old and new    new    old, new      main is written and read back
    REMOVE    new            new    old, new      remove_key on each host, proof that the old key is refused, no mark

Until COMMIT is tried, a run that cannot go on takes the new key back from the hosts (_take_back). From then on it goes
forward only, unless the vault has refused each try for certain. The next run finds what a killed one has left by the
marks on the hosts, and by the keys that they accept (_settle):

    killed in JOURNAL      hosts have the key of main alone: nothing to settle
    killed in ADD, PROVE   some host has the key of the journal: ADD it to all, PROVE, COMMIT, REMOVE
    killed after COMMIT    hosts have marks, and the key of main: REMOVE what the marks name

A host that is away keeps the old key. The journal keeps that too, and its note says who has it (ssh_key_journal.py).
Pure: see effects.py. The rules that make it safe are in phases.py.
"""

from __future__ import annotations

import typing as t

from ....module_utils.models import SshKeyPair
from . import locking, phases, record_calls
from .effects import MAIN, Listing, Outcome, Protocol, Sleep, Status, Steps, Stopped, StoredSecret, done
from .notes import packed_names
from .run import RotationRun
from .ssh_key_job import HostFailed, SshKeyJob, changed_at, interrupted, is_young, sum_of, tell
from .ssh_key_journal import SshKeyJournal, read_all


def rotate(run: RotationRun, job: SshKeyJob) -> Protocol:
    """Change the key, after an interrupted run was settled; with C(recover_only) nothing but the latter."""
    return (yield from locking.holding_the_lock(run, lambda: _SshKeyRotation(run, job).work()))


class _SshKeyRotation(SshKeyJournal):
    """The work under the lock. ``_seen`` is the list as it was at first."""

    def __init__(self, run: RotationRun, job: SshKeyJob) -> None:
        super().__init__(run, job)
        self._seen: Listing = {}
        self._recovered = self._written = False

    def work(self) -> Protocol:
        job, run = self._job, self._run
        self._seen = yield from record_calls.list_records(run)
        yield from self._look(())
        # A run for a part of the hosts may be for one that has not got the young key yet.
        complete = job.shared_with <= {*run.hosts}
        if complete and not job.reconcile and not any(self._marks.values()) and is_young(self._seen, job, run.now()):
            return self._done(Status.UNCHANGED, "the key is younger than max_age_days")
        self._seen = yield from locking.claim(run)
        self._held = yield from read_all(run, self._seen)
        yield from self._look(self._known())
        self._note_found()
        yield from self._settle()
        yield from self._note_done()
        outdated = self._outdated_hosts()
        if job.recover_only or is_young(self._seen, job, run.now()) or (self._recovered and self._is_enough()):
            if not outdated:
                yield from self._finish()
            return self._settled(outdated)
        if outdated:
            raise Stopped(
                Status.REFUSED if set(outdated) - set(run.absent) else Status.UNREACHABLE,
                f"{tell(outdated)} may accept the previous key alone, which the journal would lose with a new one",
                "Run it again when they can be reached, with all of them in hosts; name in retired_hosts what is gone",
            )
        return (yield from self._change())

    def _is_enough(self) -> bool:
        """Return whether a host that has just got the key of main needs no new one: by its age, or since this very
        play has made it. Then the task runs once for each host, and each would take the key away from the one before
        it.
        """
        job = self._job
        made = {held.note.get("play") for name, held in self._journal() if held.secret == self._main}
        return job.max_age_days is not None or bool(job.play and job.play in made)

    def _settle(self) -> Steps:
        """Bring what an interrupted run has begun to its end, so that all hosts have the key of main and no other."""
        name = self._unfinished()
        if name is not None and self._has_room(self._held[name].secret):
            yield from self._try_way(self._run.present)
            held = self._held[name]
            slot = yield from self._own_copy(held.secret, held.note)
            yield from self._install(held.secret, slot)
            self._recovered = True
            self._seen = yield from record_calls.list_records(self._run)
            return
        if not self._main.usable:
            raise Stopped(
                Status.DRIFT,
                f"{self._run.labels[MAIN]} holds no private key that fits its public key (or its passphrase is wrong)",
                "Put the right pair there, and run it again",
            )
        yield from self._only_main()

    def _unfinished(self) -> str | None:
        """Return the record of the journal whose key an interrupted run was about to make the main one, if hosts have
        it.
        """
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
        """Keep main alone: add it where it is missing, and remove what it has replaced."""
        run, job, main = self._run, self._job, self._main
        missing = [host for host in run.present if main.fingerprint not in self._has[host]]
        strangers = [host for host in missing if not self._has[host]]
        if strangers and not job.reconcile:
            raise Stopped(
                Status.DRIFT,
                f"{tell(strangers)}: no key for {job.user} that is stored in the vault",
                "It was changed on the host. Set reconcile=true to add the key of the main record",
            )
        others = {host: self._has[host] - {main.fingerprint} for host in run.present}
        touched = [host for host in run.present if host in missing or others[host] or interrupted(self._marks[host])]
        if not touched:
            return
        yield from self._try_way(touched)
        yield from locking.require_lease(run, Status.BUSY, "Nothing was changed. Run it again when that one is over")
        if self._free_slot(main) or self._own(main):
            yield from self._own_copy(main, {"hosts": packed_names(self._sharing())})
        for key, hosts in self._by_foreign(touched).items():
            if key:
                yield from self._own_copy(*self._foreign(key))
            try:
                self._raise((yield from self._each("adding the key", hosts, lambda host: self._add(host, main))))
                self._raise((yield from self._each("logging in", hosts, lambda host: self._prove(host, main, MAIN))))
            except HostFailed as trouble:
                raise Stopped(
                    Status.UNREACHABLE if trouble.status == Status.UNREACHABLE else Status.PENDING,
                    str(trouble),
                    "It has kept the keys that it had; fix it, and run state=recovered",
                ) from None
        yield from self._close(main, touched, main)
        self._recovered = any(host in missing or others[host] for host in touched)

    def _change(self) -> Protocol:
        run, job, old = self._run, self._job, self._main
        yield from self._try_way(run.present)
        new = job.generate()
        sharing = self._sharing()
        elsewhere = sharing - set(run.present)
        hosts = {"hosts": packed_names(sharing)}
        # What the hosts have now comes first: a host that goes back to it, or is not reached, shall not be lost.
        yield from self._own_copy(old, {**hosts, **self._deferred_note(elsewhere, new)})
        slot = self._room(old)
        note = {**hosts, "play": job.play} if job.play else hosts
        yield from phases.journal(run, slot, new, note)
        self._held[slot] = StoredSecret(new, note)
        yield from self._install(new, slot)
        outdated = sorted(sharing - set(run.present))
        have = "the host and the main record have" if len(run.hosts) == 1 else "the hosts and the main record have"
        if outdated:
            have = f"the main record and {len(run.present)} of {len(run.present) + len(outdated)} hosts have"
        left = set(outdated) - set(run.absent)
        if left and not job.part_is_meant:
            run.warnings.append(f"{tell(left)} may accept the previous key alone: the next run for them settles it")
        return self._done(
            Status.CHANGED,
            f"{have} the new key",
            recovered_first=self._recovered,
            fingerprint=new.fingerprint,
            previous_fingerprint=old.fingerprint,
            outdated_hosts=outdated,
        )

    def _install(self, new: SshKeyPair, slot: str) -> Steps:
        """Add a key of the journal to all hosts, prove it there, make it the main one, and remove what it replaces."""
        run, label, before = self._run, self._run.labels[slot], self._main
        yield from self._prove_main()
        try:
            self._without((yield from self._each("adding the new key", run.present, lambda host: self._add(host, new))))
            self._without((yield from self._each("logging in", run.present, lambda host: self._prove(host, new, slot))))
            yield from self._keep_old(new)
        except HostFailed as trouble:
            yield from self._take_back(new, label, trouble.status, str(trouble))
        except Stopped as stop:
            yield from self._take_back(new, label, stop.status, stop.message)
        self._note_left_out(before)
        try:
            yield from phases.commit(run, new, self._seen, before)
        except phases.MainRefused as exc:
            why = f"{run.labels[MAIN]} cannot be written: {exc}"
            yield from self._take_back(new, label, Status.FAILED, why)
        self._held[MAIN], self._written = StoredSecret(new), True
        if self._job.grace:
            yield Sleep(self._job.grace, "the old key is left in place for a while")
        yield from self._close(new, run.present, before)

    def _note_left_out(self, before: SshKeyPair) -> None:
        """Note that hosts that are not reached keep what main is about to lose: our own journal has it from now on."""
        for host in self._run.absent:
            works = self._run.works.get(host)
            if works and MAIN in works.records:
                slot = self._own(before)
                if slot is None:
                    del self._run.works[host]
                else:
                    self._run.found(host, slot, proved=works.proved)

    def _prove_main(self) -> Steps:
        """See that the vault lets us write main, before the first host changes."""
        run = self._run
        yield from locking.require_lease(run, Status.BUSY, "No host was changed. Run it again when that one is over")
        # There is no way to prove it with what cannot be used; and once it was written in this run, it can be.
        if self._main.usable and not self._written:
            self._seen = yield from phases.prove_main(run, self._main, self._seen)

    def _take_back(self, new: SshKeyPair, label: str, result: Status, why: str) -> Steps:
        """Remove the new key from the hosts that have it, and stop. Only before a commit was tried."""
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
            Status.PENDING if left else result,
            why,
            f"{tell(left)} may accept the new key beside the old one; run state=recovered. {label} has it"
            if left
            else f"{run.labels[MAIN]} has the key that works; the hosts are as they were",
        )

    def _close(self, new: SshKeyPair, hosts: t.Iterable[str], before: SshKeyPair) -> Steps:
        """Leave nothing but the new key on each host, and prove it, after the commit. ``before`` is what main had."""
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
        worse = {host: trouble for host, trouble in troubles.items() if trouble.status != Status.UNREACHABLE}
        if worse or (troubles and not self._run.skip_unreachable):
            raise Stopped(
                Status.DRIFT if any(trouble.status != Status.PENDING for trouble in worse.values()) else Status.PENDING,
                str(sum_of(worse or troubles)),
                f"{self._run.labels[MAIN]} has the key that works. Fix the host, and run state=recovered",
            )
        self._run.absent.update((host, str(trouble)) for host, trouble in troubles.items())

    def _finish(self) -> Steps:
        marked = [host for host in self._run.present if self._marks.get(host)]
        yield from self._each("ending the run", marked, self._finish_on)

    def _settled(self, outdated: t.Sequence[str]) -> Outcome:
        if outdated:
            self._run.warnings.append(f"{tell(outdated)} may accept the previous key alone, and was not seen")
        if self._recovered:
            return self._done(
                Status.RECOVERED, "what an interrupted run has left is settled", outdated_hosts=[*outdated]
            )
        return self._done(
            Status.UNCHANGED,
            "all hosts that were seen have the key of the main record",
            outdated_hosts=[*outdated],
        )

    def _done(self, result: Status, message: str, **details: t.Any) -> Outcome:
        run = self._run
        run.warnings += [f"{why}; the next run settles it" for why in run.absent.values()]
        if not self._job.verify and result != Status.UNCHANGED:
            run.warnings.append(
                f"verify is none: no login has proved that the hosts let {self._job.user} in with the key of the main "
                "record, and with no other"
            )
        changed = changed_at(self._seen)
        if result != Status.CHANGED and changed is not None:
            details["last_change"] = changed.date().isoformat()
        return done(result, message, absent=sorted(run.absent), **details)
