# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of one server for all workers of a run, in which each thing is read once, and the API that uses it.

In memory only, and without sockets: server.py puts this behind one.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import threading
import time
import typing as t
from concurrent import futures

from ...module_utils.client.api import Api
from ...module_utils.client.direct_api import DirectApi, Sender
from ...module_utils.dialects.dialect import Dialect
from ...module_utils.dialects.operations import LIST_SECRETS, READ_CREDENTIAL, Area, Operation, Verb
from ...module_utils.dsm_secrets import DsmSecret, with_news
from ...module_utils.errors import ConnectionFailed, Denied, NotFound, SenhaseguraError
from ...module_utils.queries import Query
from ...module_utils.redaction import KnownSecrets
from ...module_utils.retry import Replay, is_not_applied
from ...module_utils.settings.settings import Settings
from ...module_utils.transport.deadline import Deadline
from ...module_utils.transport.session import Transport
from .cache_policy import NEWS_AFTER, CachePolicy
from .debts import EphemeralDebt
from .ledger import ClientLedger, Ledger
from .shared_transport import SharedTransport

# Seconds. How much longer than its deadline a call may take to end.
_GRACE = 5.0
_Answer = t.TypeVar("_Answer")
Clock = t.Callable[[], float]
_Result = t.TypeVar("_Result")
# What is read, and the id or name in its path.
_Key = tuple[Operation[t.Any], str]


@dataclasses.dataclass
class _Entry:
    """One read: under way, or done at ``at`` (monotonic seconds)."""

    future: futures.Future[t.Any]
    at: float


class ServerCache:
    """The cache of one server and one client of it, for all workers of a run.

    :ivar server: the server as errors name it
    :ivar direct: the API without a cache
    :ivar timeout: seconds for each call
    :ivar account: the custody that is to be given back at the end
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: Sender | None = None,
        clock: Clock = time.monotonic,
        account: ClientLedger | None = None,
        known: KnownSecrets | None = None,
    ) -> None:
        """Make a cache.

        :param account: where the custody is noted that is to be given back. A broker of this run that was lost may
            have taken some of it.
        :param known: what all APIs of the run have sent and received
        """
        self._clock = clock
        shared = SharedTransport(transport or Transport(settings), clock, timeout=settings.timeout)
        # A refused login stays refused for the run: 500 hosts must not lock the client.
        self.direct = DirectApi(settings, transport=shared, clock=clock, login_pause=math.inf, known=known)
        self.server = settings.server
        self.timeout = settings.timeout
        self._lock = threading.Lock()
        # Calls under way, and whether the run is over and no more are taken.
        self._idle = threading.Condition()
        self._active, self._closed = 0, False
        self._entries: dict[_Key, _Entry] = {}
        self.account = account or Ledger().account(settings)

    def dialect(self) -> Dialect:
        """Return the dialect of the server."""
        return self.direct.dialect()

    def call(
        self,
        operation: Operation[_Result],
        *,
        policy: CachePolicy,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
    ) -> _Result:
        """Carry out an operation. Equal reads are made once, and writes invalidate what they may change."""
        with self._idle:
            if self._closed:
                raise ConnectionFailed("the run has ended", hint="Nothing to do: the task was stopped with it")
            if self._clock() >= policy.not_after:
                # The worker was paused between its decision and this request, and others may have gone on since.
                raise ConnectionFailed("the deadline of the task is over", hint="Nothing was sent")
            self._active += 1
        try:
            return self._call(operation, policy, ref, model, subject)
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()

    def _call(
        self, operation: Operation[_Result], policy: CachePolicy, ref: str, model: t.Any, subject: str
    ) -> _Result:
        deadline = self.direct.deadline()
        # First of all: what this dialect cannot do, or a login that fails, takes no custody.
        self.direct.dialect(deadline).call(operation)
        if operation.replay is not Replay.SAFE:
            return self._write(operation, ref, model, subject, deadline, policy.not_after)
        if not (policy.release_at_end and operation.takes_custody):
            return self._read(operation, ref, subject, policy, deadline)
        area = operation.area.value
        asked = (area, ref)
        known = asked in self.account.items()
        # Before the read, since this process may be killed at any moment.
        self.account.owe(asked, policy.allow_vault_rotation)
        try:
            value = self._read(operation, ref, subject, policy, deadline)
        except SenhaseguraError as exc:
            # After all other errors it may have taken custody.
            if is_not_applied(exc) and not known:
                self.account.settle(asked)
            raise
        read = getattr(value, "id", "")
        if read and read != ref:
            self.account.owe((area, read), policy.allow_vault_rotation)
            self.account.settle(asked)
        return value

    def _read(
        self, operation: Operation[_Result], ref: str, subject: str, policy: CachePolicy, deadline: Deadline
    ) -> _Result:
        key = (operation, ref)
        with self._lock:
            entry = self._entries.get(key)
            ours = entry is None or (policy.fresh and entry.future.done()) or self._stale(entry, policy)
            if ours:
                others = [] if policy.fresh else self._by_another_name(operation, ref)
                entry = self._entries[key] = _Entry(futures.Future(), self._clock())
        if entry is None:
            raise AssertionError("unreachable: it was made above")
        if ours and not self._adopt(entry, ref, others, policy):
            self._fetch(entry, operation, ref, deadline)
        try:
            # Another call may be making the read, which its own deadline ends.
            value: _Result = entry.future.result(max(0.0, deadline.remaining()) + _GRACE)
            return value
        # Before Python 3.11 it is not the TimeoutError that is built in.
        except futures.TimeoutError:
            raise ConnectionFailed(
                "the same read by another task did not end in time", hint="Raise timeout"
            ).with_context(subject=subject, server=self.server) from None
        except SenhaseguraError as exc:
            # A copy, since others get the same error, each for what it has asked for.
            raise copy.copy(exc).with_context(subject=subject) from None

    def _by_another_name(self, operation: Operation[t.Any], ref: str) -> list[_Entry]:
        """Return reads of credentials by id if this is one by username@hostname, and the other way round."""
        if operation != READ_CREDENTIAL:
            return []
        return [
            entry for key, entry in self._entries.items() if key[0] == operation and key[1].isdigit() != ref.isdigit()
        ]

    def _adopt(self, entry: _Entry, ref: str, others: list[_Entry], policy: CachePolicy) -> bool:
        """Take the value from a read by another name, or custody would be taken twice. Returns whether there is one.

        Waits for those that have begun before; none of them waits for this one.
        """
        for other in others:
            try:
                value = other.future.result()
            # That is for who has asked under that name.
            except Exception:  # noqa: BLE001, S112
                continue
            if ref in (value.id, f"{value.username}@{value.hostname}") and not self._stale(other, policy):
                entry.at = other.at
                entry.future.set_result(value)
                return True
        return False

    def _stale(self, entry: _Entry, policy: CachePolicy) -> bool:
        if not entry.future.done():
            return False
        age = self._clock() - entry.at
        # "Not there" and "not allowed" are remembered too, but not for long: somebody may be about to put it right.
        return age >= (policy.ttl if policy.ttl is not None else math.inf) or (
            entry.future.exception() is not None and age >= NEWS_AFTER
        )

    def _fetch(self, entry: _Entry, operation: Operation[t.Any], ref: str, deadline: Deadline) -> None:
        try:
            value = self.direct.call(operation, ref=ref, deadline=deadline)
        # Whatever it is, those who wait for it must hear of it.
        except BaseException as exc:  # noqa: BLE001
            if not isinstance(exc, (NotFound, Denied)):
                self._drop(lambda key, other: other is entry)
            entry.future.set_exception(exc)
        else:
            entry.at = self._clock()
            entry.future.set_result(value)

    def _write(
        self, operation: Operation[_Result], ref: str, model: t.Any, subject: str, deadline: Deadline, not_after: float
    ) -> _Result:
        written: set[str] | None = None
        learned: _Entry | None = None
        taken = EphemeralDebt.of(self.account, operation, model)
        try:
            result = self.direct.call(
                operation, ref=ref, model=model, subject=subject, deadline=deadline, not_after=not_after
            )
            taken.done(getattr(result, "id", ""))
            # Not every answer tells which one was written.
            told = getattr(result, "id", ref) or ref
            written = {ref, told} if told else None
            if operation.area is Area.SECRETS and isinstance(result, tuple):
                learned = self._learn(result)
        except SenhaseguraError as exc:
            if is_not_applied(exc):
                taken.refused()
            # Perhaps applied, and perhaps to something that is not known by its id yet.
            written = {ref} if ref else None
            raise
        finally:
            self._forget(operation.area, written, learned)
        if operation.verb is Verb.RELEASE:
            self.account.settle((operation.area.value, ref))
        return result

    def _learn(self, shown: tuple[DsmSecret, ...]) -> _Entry | None:
        """Put what the response to a write shows into the cached list of DSM secrets, and return its new entry.

        The vendor's servers show the whole application, so that 200 writes need one list (facts-dsm.md 3). None if
        there is no list yet, or if it has to be read again.
        """
        key = (LIST_SECRETS, "")
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.future.done() or entry.future.exception():
                return None
            listed: tuple[DsmSecret, ...] = entry.future.result()
            now = with_news(listed, shown)
            if now is None:
                return None
            whole = {secret.identifier for secret in listed} <= {secret.identifier for secret in shown}
            # What is not shown is as old as it was.
            self._entries[key] = learned = _Entry(futures.Future(), self._clock() if whole else entry.at)
            learned.future.set_result(now)
            return learned

    def _forget(self, area: Area, ids: set[str] | None, spared: _Entry | None) -> None:
        """Invalidate the area's lists but ``spared``, and the cached reads of ``ids`` (all reads if None)."""

        def concerned(key: _Key, entry: _Entry) -> bool:
            operation, ref = key
            if entry is spared or not operation.area.shares_lists_with(area):
                return False
            if Area.DEVICES in (area, operation.area) and operation.area is not area:
                # A device changes no secret, so none is read again. Its own attributes may come with a credential.
                return not operation.takes_custody
            # What is read without a name is a list, or an application with the names of its secrets. A list may be
            # read with the name of a filter, or in parts, each with the number of its first one for a name.
            if ids is None or not ref or operation.verb is Verb.LIST or not entry.future.done():
                return True
            value = None if entry.future.exception() else entry.future.result()
            # Some things have another name, by which they are written. Not what has custody, which no read takes twice.
            names = ("id",) if operation.takes_custody else ("id", "identifier", "session_id")
            return value is None or ref in ids or any(getattr(value, name, None) in ids for name in names)

        self._drop(concerned)

    def _drop(self, concerned: t.Callable[[_Key, _Entry], bool]) -> None:
        with self._lock:
            for key in [key for key, entry in self._entries.items() if concerned(key, entry)]:
                del self._entries[key]

    def close(self) -> None:
        """Let the calls under way finish, for the time of one call at most, and take no more."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: not self._active, timeout=self.timeout)


class CachedApi(Api):
    """Use a shared API with the policy of one caller."""

    def __init__(
        self, shared: ServerCache, policy: CachePolicy, until: t.Callable[[], float] = lambda: math.inf
    ) -> None:
        """Use ``shared``. ``until`` returns, for each call, the monotonic time after which nothing is sent."""
        self._shared, self._policy, self._until = shared, policy, until

    @property
    def server(self) -> str:
        return self._shared.server

    @property
    def gives_back_at_end(self) -> bool:
        return True

    def dialect(self) -> Dialect:
        return self._shared.dialect()

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        policy = self._now(fresh=fresh or self._policy.fresh)
        return self._shared.call(operation, policy=policy, ref=ref, model=model, subject=subject)

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        """Answer a query. If the list lacks what is looked for, ask again for one that is a few seconds old at most."""
        try:
            found = self.answered(operation, query, self.call(operation, subject=subject, fresh=fresh), subject)
            if fresh or self._policy.fresh or not _incomplete(found):
                return found
        except NotFound:
            if fresh or self._policy.fresh:
                raise
        ttl = NEWS_AFTER if self._policy.ttl is None else min(NEWS_AFTER, self._policy.ttl)
        # Shared with all who miss something, since it is made once and then not old any more.
        policy = self._now(ttl=ttl)
        return self.answered(operation, query, self._shared.call(operation, policy=policy, subject=subject), subject)

    def _now(self, **changes: t.Any) -> CachePolicy:
        """Return the policy for a call that begins now."""
        return dataclasses.replace(self._policy, not_after=min(self._policy.not_after, self._until()), **changes)


def _incomplete(found: t.Any) -> bool:
    """Return whether a list lacks what was looked for: one thing, all that fits, or one of several."""
    return found is None or found == () or (isinstance(found, dict) and None in found.values())
