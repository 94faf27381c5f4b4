# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the password of a Linux user, on one or several hosts and in the vault. The run may be killed anywhere.

At every moment the main record or one of the own journal holds the password that each host accepts. Hosts get it one
after another, and the main record when all have it:

    state     hosts accept   main   own journal   how it gets there
    -------   ------------   ----   -----------   --------------------------------------------------------------------
    (start)   old            old    -
    JOURNAL   old            old    old, new      both are written and read back, before any host changes
    SET       old or new     old    old, new      main is proved writable; the hash is set on one host after another
    PROVE     old or new     old    old, new      a login with the new password, on each host that has just got it
    COMMIT    new            new    old, new      main is written and read back
    FINISH    new            new    old, new      the ageing is set, and the saved line of shadow is removed

Until COMMIT is tried, a run that cannot go on puts the old password back on the hosts (_put_all_back). From then on it
goes forward only, unless the vault has refused each try for certain. The next run compares the hash of each host with
the records, which shows what a killed one has left (_find_holders, _settle):

    all hosts have that of main       nothing to settle: a new password, or FINISH
    some have one of the journal      SET it on the others, COMMIT, FINISH
    a host has none of the records'   drift: somebody else has changed it there

Pure: see effects.py. The rules that make it safe are in phases.py.
"""

from __future__ import annotations

import typing as t

from . import host_calls, locking, phases, record_calls
from .effects import (
    BEFORE,
    MAIN,
    NEW,
    SLOTS,
    Listing,
    Protocol,
    Status,
    Steps,
    Stopped,
    StoredSecret,
    done,
    foreign_slots,
)
from .lease import Lease
from .notes import named, names
from .password_hosts import PasswordHosts
from .password_job import PasswordJob, age_of, holder_of, is_young, refuse, unusable
from .run import SETTLE, RotationRun

# Characters that a note may have for names of hosts.
_LONGEST_NAMES = 1500


def rotate(run: RotationRun, job: PasswordJob) -> Protocol:
    """Change the password, after an interrupted run was settled; with C(recover_only) nothing but the latter."""
    return (yield from locking.holding_the_lock(run, lambda: _PasswordRotation(run, job).work()))


class _PasswordRotation(PasswordHosts):
    """The work under the lock. ``_seen`` is what the vault has listed when main was read, ``_held`` what the records
    hold.
    """

    def __init__(self, run: RotationRun, job: PasswordJob) -> None:
        super().__init__(run, job)
        self._seen: Listing = {}
        self._held: dict[str, StoredSecret] = {}

    def work(self) -> Protocol:
        job, run = self._job, self._run
        yield from record_calls.list_records(run)
        interrupted = yield from self._look()
        if not interrupted and all(is_young(account, job) for account in self._accounts.values()):
            return done(Status.UNCHANGED, "the password is younger than max_age_days", **age_of(self._accounts))
        self._seen = yield from locking.claim(run)
        yield from self._find_holders()
        yield from self._refuse_others()
        strangers = [host for host, holder in self._holders.items() if holder is None]
        if strangers and (job.recover_only or not job.reconcile):
            raise Stopped(
                Status.DRIFT,
                self._drift(strangers),
                "It was changed on the host. Set reconcile=true to assign a new password",
            )
        recovered = yield from self._settle()
        if job.recover_only or (recovered and job.max_age_days is not None and not strangers):
            yield from self._finish()
            if recovered:
                message = "the password of an interrupted run is in the main record now"
            else:
                message = f"the main record has the password of {_the_hosts(run)}"
            return done(Status.RECOVERED if recovered else Status.UNCHANGED, message, **age_of(self._accounts))
        yield from self._change(proved=recovered)
        return done(
            Status.CHANGED, f"{_the_hosts(run)} and the main record have the new password", recovered_first=recovered
        )

    def _look(self) -> Steps:
        """Return what the hosts say of the account. Returns whether a run on this record did not end in order there."""
        run, interrupted = self._run, False
        for host in run.hosts:
            looked = yield from host_calls.ask_host(run, host, "look")
            refuse(host, looked, run, self._job)
            self._accounts[host] = looked["account"]
            interrupted = interrupted or bool(looked["saved"])
        if len({*run.machines.values()}) < len(run.hosts):
            raise Stopped(
                Status.REFUSED, f"some of {', '.join(run.hosts)} are the same machine", "Name each machine once"
            )
        if len(names(run.hosts)) > _LONGEST_NAMES:
            raise Stopped(
                Status.REFUSED, "these are too many hosts for one credential", "Give some of them another one"
            )
        return interrupted

    def _find_holders(self) -> Steps:
        """Read the records, and find out which one each host accepts: a journal of another machine only if no other."""
        run = self._run
        yield from self._read((MAIN, *SLOTS))
        if None in self._holders.values():
            yield from self._read(foreign_slots(self._seen))
        for host, holder in self._holders.items():
            if holder is not None:
                run.found(host, holder, proved="hash")

    def _read(self, records: t.Iterable[str]) -> Steps:
        for name in records:
            if self._seen[name] is not None:
                self._held[name] = yield from record_calls.read(self._run, name)
        for host, account in self._accounts.items():
            self._holders[host] = holder_of(self._held, account, self._job)

    def _refuse_others(self) -> Steps:
        """Stop if the secret is that of a machine which this run would leave without it."""
        run, main = self._run, self._run.labels[MAIN]
        if "other_host" in self._job.accept:
            return
        ours = {*run.machines.values()}
        served, names = self._served()
        if served and not served & ours:
            yield from self._keep_all()
            raise Stopped(
                Status.REFUSED,
                f"{main} was last rotated for another machine, {', '.join(sorted(names))} "
                f"({', '.join(sorted(served))}); {', '.join(run.hosts)} is {', '.join(run.machines.values())}",
                "No host was changed. Give each host a credential of its own, or name all of them in hosts; if it was "
                "installed anew, set accept to other_host",
            )
        newest = self._newest(SLOTS)
        left = named(self._held[newest].note.get("hosts", "")) if newest else set()
        if served - ours:
            left |= names
        left -= {*run.hosts}
        if left:
            raise Stopped(
                Status.REFUSED,
                f"{', '.join(sorted(left))} got this password as well, and would be left with the old one",
                "No host was changed. Name all its hosts in hosts; if they are gone, set accept to other_host",
            )

    def _served(self) -> tuple[set[str], set[str]]:
        """Return the machines for which main was rotated last, and the names of their hosts. Journals go before the
        lease.
        """
        for name in (*SLOTS, *foreign_slots(self._held)):
            if name in self._held and self._held[name].secret == self._held[MAIN].secret:
                ours = name in SLOTS
                machines = {*self._run.machines.values()} if ours else {name.partition("-")[0]}
                return machines, set() if ours else named(self._held[name].note.get("hosts", ""))
        lease = self._run.lease or Lease()
        return {*lease.serves.split(",")} - {""}, {*lease.serves_host.split(",")}

    def _keep_all(self) -> Steps:
        """Put what the hosts have into the own journal: nobody else keeps it for them."""
        for host, holder in self._holders.items():
            if holder is not None and holder not in SLOTS:
                slot = yield from self._keep(self._held[holder].secret, self._free(), BEFORE)
                self._run.found(host, slot, proved="hash")

    def _newest(self, records: t.Iterable[str]) -> str:
        """Return the one of these records that the latest run has written as the new one, or nothing."""

        def age(name: str) -> tuple[str, bool]:
            note = self._held[name].note
            return note.get("start", ""), note.get("holds") != BEFORE

        return max((name for name in records if name in self._held), key=age, default="")

    def _drift(self, strangers: t.Sequence[str]) -> str:
        text = f"no record of the vault has the password of {self._job.user} on {', '.join(strangers)}"
        bad = {self._run.labels[name]: why for name, held in self._held.items() if (why := unusable(held.secret))}
        return "; ".join([text, *(f"{label} {why}" for label, why in bad.items())])

    def _taken(self) -> list[str]:
        """Return the records of the own journal that hold what a host accepts."""
        held = {name: self._held[name] for name in SLOTS if name in self._held}
        return [
            name
            for name, one in held.items()
            if any(holder_of({name: one}, account, self._job) for account in self._accounts.values())
        ]

    def _free(self) -> list[str]:
        """Return the other records of the own journal, the oldest first."""
        taken, newest = self._taken(), self._newest(SLOTS)
        return sorted((name for name in SLOTS if name not in taken), key=lambda name: (name == newest, name))

    def _keep(self, secret: str, free: list[str], holds: str) -> Steps:
        """Put a secret into the first of the free records of the journal, and return which one that is."""
        run = self._run
        if not free:
            raise Stopped(
                Status.REFUSED,
                f"the hosts of {run.labels[MAIN]} have too many different passwords",
                "Nothing was changed. Settle them one by one: hosts with one name, and accept with other_host",
            )
        slot, note = free[0], {"hosts": names(run.hosts), "holds": holds}
        yield from phases.journal(run, slot, secret, note)
        # Later than all that was written by others.
        self._held[slot] = StoredSecret(secret, {**note, "start": "~"})
        return slot

    def _settle(self) -> Steps:
        """Bring all hosts to what an interrupted run was about to make the main record, and make it that."""
        run = self._run
        found = {holder for holder in self._holders.values() if holder not in (None, MAIN)}
        if not found:
            return False
        for name in sorted(found - {*SLOTS}):
            slot = yield from self._keep(self._held[name].secret, self._free(), BEFORE)
            for host, holder in self._holders.items():
                if holder == name:
                    self._holders[host] = slot
                    run.found(host, slot, proved="hash")
        target = self._newest(self._taken())
        secret = self._held[target].secret
        others = [
            host for host, holder in self._holders.items() if holder is not None and self._held[holder].secret != secret
        ]
        hashes = {host: self._hash(host, secret) for host in others}
        if others:
            yield from self._prove_main()
        yield from self._give(hashes, secret, target)
        yield from self._commit(secret, target)
        return True

    def _change(self, *, proved: bool) -> Steps:
        """Give all hosts a new password. ``proved`` says that this run has written main already."""
        job = self._job
        current = next((self._held[MAIN].secret for holder in self._holders.values() if holder == MAIN), None)
        for host, holder in self._holders.items():
            if holder is not None and self._verifies(host):
                yield from self._prove_method(host, self._held[holder].secret)
        new = job.generate()
        hashes = {host: self._hash(host, new) for host in self._run.hosts}
        free = self._free()
        if current is not None and len(free) == len(SLOTS):
            # What the hosts have now outlives main: a host may get it back from a snapshot.
            yield from self._keep(current, free, BEFORE)
            free = free[1:]
        slot = yield from self._keep(new, free, NEW)
        if proved:
            self._seen = yield from record_calls.list_records(self._run)
        else:
            yield from self._prove_main()
        yield from self._give(hashes, new, slot)
        yield from self._commit(new, slot)
        yield from self._finish()

    def _prove_main(self) -> Steps:
        yield from locking.require_lease(
            self._run, Status.BUSY, "No host was changed. Run it again when that one is over"
        )
        main = self._held[MAIN].secret
        # There is no way to prove it with what cannot be written; then a refused commit is made up for.
        if unusable(main):
            return
        try:
            self._seen = yield from phases.prove_main(self._run, main, self._seen)
        except Stopped as stop:
            # Main may have been spoiled by that; the journal has the same.
            kept = next((name for name in SLOTS if name in self._held and self._held[name].secret == main), MAIN)
            if stop.status == Status.PENDING:
                for host, holder in self._holders.items():
                    if holder == MAIN:
                        self._run.found(host, kept, proved="hash")
            raise

    def _give(self, hashes: t.Mapping[str, str], secret: str, slot: str) -> Steps:
        """Set the hash of a secret of the journal on hosts, one after another. If one fails, the others go back."""
        for host, wanted in hashes.items():
            try:
                yield from self._set(host, wanted, slot)
                if self._verifies(host):
                    yield from self._verify(host, secret, slot)
            except Stopped:
                self._changed.pop(host, None)
                yield from self._put_all_back(slot)
                raise

    def _commit(self, secret: str, slot: str) -> Steps:
        """Put what the hosts have into main, and see that they still have it."""
        run, main = self._run, self._run.labels[MAIN]
        try:
            yield from phases.commit(run, secret, self._seen, self._held[MAIN].secret)
        except phases.MainRefused as exc:
            changed = bool(self._changed)
            left = yield from self._put_all_back(slot)
            if left or not changed:
                raise Stopped(Status.PENDING, f"{main} cannot be written: {exc}", SETTLE) from None
            raise Stopped(
                Status.FAILED,
                f"{main} cannot be written ({exc}), so the old password was put back",
                "Find out who may write it",
            ) from None
        self._held[MAIN] = StoredSecret(secret)
        self._changed.clear()
        for host, account in self._accounts.items():
            if self._holders[host] is None:
                continue
            if (yield from self._judge(host)) != account["hash"]:
                raise self._changed_by_others(host)
            self._holders[host] = MAIN
            run.found(host, MAIN, proved=run.works[host].proved)


def _the_hosts(run: RotationRun) -> str:
    return "the host" if len(run.hosts) == 1 else "the hosts"
