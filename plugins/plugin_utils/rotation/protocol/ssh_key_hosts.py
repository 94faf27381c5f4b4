# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the keys of a user on hosts, add and remove one, and prove by a login what a host accepts."""

from __future__ import annotations

import typing as t

from ....module_utils.models import SshKeyPair
from . import host_calls
from .effects import MAIN, CallFailed, Lost, Sleep, Status, Steps, Stopped, StoredSecret
from .run import RotationRun
from .ssh_key_job import Failures, HostFailed, SshKeyJob, keys_on, refuse, sum_of, texts
from .verdict import LoginResult

# Times that a host is asked for what it has after a command whose end is not known, and seconds between them.
_LOOKS, _LOOK_PAUSE = 3, 2.0
_REMOVALS = 3


class SshKeyHosts:
    """The hosts of one run under the lock: which keys they have, and how one gets or loses a key.

    ``_held`` is what the records hold, ``_has`` which of the known keys each host has, ``_marks`` what interrupted runs
    of this record have left there, and ``_entered`` and ``_refused`` are the hosts where a login with a key was tried
    that they had or should refuse.
    """

    def __init__(self, run: RotationRun, job: SshKeyJob) -> None:
        self._run, self._job = run, job
        self._held: dict[str, StoredSecret] = {}
        self._has: dict[str, set[str]] = {}
        self._marks: dict[str, t.Mapping[str, t.Any]] = {}
        self._entered: set[str] = set()
        self._refused: set[str] = set()

    def _known(self) -> tuple[str, ...]:
        """Return the fingerprints of all keys of the records, and of those that interrupted runs were to replace."""
        found = {held.secret.fingerprint for held in self._held.values()}
        for mark in self._marks.values():
            found |= set(mark["old"]) if mark else set()
        return tuple(sorted(found - {""}))

    def _pairs(self) -> dict[str, SshKeyPair]:
        """Return the keys of the records that can be used."""
        return {name: held.secret for name, held in self._held.items() if held.secret.usable}

    def _look(self, known: t.Sequence[str]) -> Steps:
        def one(host: str) -> Steps:
            looked = yield from host_calls.ask_present(
                self._run, host, "look_keys", keys=known, address=self._job.source_address
            )
            if looked is None:
                return
            refuse(host, looked)
            if not known:
                self._run.warnings += [f"{host}: {text}" for text in looked["keys"]["warnings"]]
            self._has[host] = keys_on(looked)
            self._marks[host] = looked["mark"]

        yield from self._each("looking at the keys", self._run.present, one)

    def _holder(self, host: str) -> str | None:
        """Return the record with a key that a host has: that of main, or else of the journal."""
        pairs = {MAIN: self._held[MAIN].secret, **dict(self._pairs())}
        return next((name for name, pair in pairs.items() if pair.usable and pair.fingerprint in self._has[host]), None)

    def _note_found(self) -> None:
        """Note that what is in a file that sshd names logs in, as far as that can be known without trying."""
        for host in self._run.present:
            name = self._holder(host)
            if name is not None:
                self._run.found(host, name)

    def _look_again(self, host: str, known: t.Iterable[str]) -> Steps:
        """Return what a host has after a command whose end is not known. Raises HostFailed if it does not tell."""
        request = {"keys": sorted(known), "address": self._job.source_address}
        reason = ""
        for attempt in range(_LOOKS):
            if attempt:
                yield Sleep(_LOOK_PAUSE, f"{host} does not answer")
            try:
                looked = yield self._run.on(host, "look_keys", **request)
            except CallFailed as exc:
                reason = str(exc)
                continue
            self._has[host] = keys_on(looked)
            return
        raise HostFailed(Status.UNREACHABLE, f"{host} does not tell which keys it has now: {reason}")

    def _each(self, what: str, hosts: t.Iterable[str], work: t.Callable[[str], Steps]) -> Steps:
        """Do the work on the hosts, side by side, and return the HostFailed of those that have made some."""
        results = yield from host_calls.side_by_side(self._run, what, {host: work(host) for host in hosts})
        stops = [result for result in results.values() if isinstance(result, Exception)]
        others = [stop for stop in stops if not isinstance(stop, HostFailed)]
        if not others:
            return {host: result for host, result in results.items() if isinstance(result, HostFailed)}
        # What nobody has foreseen comes first.
        stop = min(others, key=lambda stop: isinstance(stop, Stopped))
        if not isinstance(stop, Stopped):
            raise stop
        same = [other.message for other in others if isinstance(other, Stopped) and other.status == stop.status]
        raise Stopped(stop.status, texts(same), stop.hint)

    def _without(self, troubles: Failures) -> None:
        """Go on without the hosts that cannot be reached, if that is allowed. Raises HostFailed otherwise."""
        run = self._run
        gone = {
            host: str(one)
            for host, one in troubles.items()
            if one.status == Status.UNREACHABLE and run.skip_unreachable
        }
        if len(gone) < len(troubles) or (gone and set(gone) == set(run.present)):
            raise sum_of(troubles)
        run.absent.update(gone)

    @staticmethod
    def _raise(troubles: Failures) -> None:
        if troubles:
            raise sum_of(troubles)

    def _add(self, host: str, new: SshKeyPair) -> Steps:
        """Give a host a key beside those that it has. Raises HostFailed."""
        old = self._has[host] - {new.fingerprint}
        request = {
            "old": sorted(old),
            "new": new.public_key,
            "comment": self._job.comment,
            "append": self._job.reconcile and not old,
            "address": self._job.source_address,
            "label": self._run.labels[MAIN],
        }
        before = self._marks.get(host) or {"old": ()}
        self._marks[host] = {"old": sorted({*before["old"], *old} - {new.fingerprint}), "new": new.fingerprint}
        try:
            yield self._run.on(host, "add_key", **request)
            self._has[host].add(new.fingerprint)
        except CallFailed as exc:
            yield from self._look_again(host, (*self._known(), new.fingerprint))
            if new.fingerprint not in self._has[host]:
                result = Status.UNREACHABLE if isinstance(exc, Lost) else Status.FAILED
                raise HostFailed(result, f"{host} has not got the key: {exc}") from None

    def _try_way(self, hosts: t.Iterable[str]) -> Steps:
        """See that a login can prove a key at all, with one that each host has, before anything is changed."""

        def one(host: str) -> Steps:
            name = self._holder(host)
            if name is None:
                return
            pair = self._held[name].secret
            verdict = yield from host_calls.log_in(host, pair)
            self._entered.add(host)
            if verdict.result == LoginResult.NETWORK:
                raise HostFailed(Status.UNREACHABLE, f"{host} cannot be reached for a login: {verdict.explanation}")
            if not verdict.authenticated:
                raise Stopped(
                    Status.REFUSED,
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
        except HostFailed as trouble:
            raise Stopped(trouble.status, str(trouble), "Nothing was changed") from None

    def _prove(self, host: str, pair: SshKeyPair, record: str) -> Steps:
        """Log in once with the key of this record and nothing else. Raises HostFailed."""
        if not self._job.verify:
            self._run.found(host, record)
            return
        verdict = yield from host_calls.log_in(host, pair)
        if not verdict.authenticated:
            raise HostFailed(
                Status.UNREACHABLE if verdict.result == LoginResult.NETWORK else Status.FAILED,
                f"{host} does not let {self._job.user} in with the key that it has got: {verdict.explanation}",
            )
        self._run.found(host, record, proved="login")

    def _prove_refused(self, host: str, pair: SshKeyPair) -> Steps:
        """Try a login that has to be refused, once for each host and run: some hosts count them. Raises HostFailed."""
        if not self._job.verify or host in self._refused:
            return
        verdict = yield from host_calls.log_in(host, pair)
        self._refused.add(host)
        if verdict.authenticated:
            raise HostFailed(
                Status.DRIFT,
                f"{host} still accepts the old key of {self._job.user} although no authorized_keys file contains it",
            )
        if verdict.result == LoginResult.NETWORK:
            raise HostFailed(
                Status.UNREACHABLE, f"{host} does not show that it refuses the old key: {verdict.explanation}"
            )

    def _remove(self, host: str, keys: set[str], keep: SshKeyPair) -> Steps:
        """Remove keys from a host, provided that it has the other one. Raises HostFailed."""
        request = {"old": sorted(keys), "keep": keep.fingerprint, "address": self._job.source_address}
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
        result = Status.UNREACHABLE if isinstance(reason, Lost) else Status.PENDING
        raise HostFailed(result, f"{host} still has a key that was to go: {reason}")

    def _finish_on(self, host: str, *, ended: bool = False) -> Steps:
        """Take the mark of this run away; with C(ended) it stays, since other hosts have to get the key yet, but says
        that this host is done.
        """
        try:
            yield self._run.on(host, "finish_key", ended=ended)
            self._marks[host] = {**self._marks[host], "ended": True} if ended else {}
        except CallFailed:
            self._run.warnings.append(f"{host} keeps the mark of this run: the next one will look at it again")
