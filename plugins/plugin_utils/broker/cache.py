# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API of a server as a caller of the broker sees it, through the one cache that the run has for this server."""

from __future__ import annotations

import dataclasses
import math
import threading
import typing as t

from ...module_utils.client.api import Api
from ...module_utils.client.connect import Client, client_over
from ...module_utils.dialects.dialect import Dialect
from ...module_utils.dialects.operations import Operation
from ...module_utils.errors import NotFound
from ...module_utils.queries import Query
from ...module_utils.redaction import KnownSecrets
from ...module_utils.settings.settings import Settings
from .cache_policy import NEWS_AFTER, CachePolicy
from .ledger import Ledger
from .server_cache import ServerCache

_Answer = t.TypeVar("_Answer")
_Result = t.TypeVar("_Result")


class CachedApi(Api):
    """Use a shared API with the policy of one caller."""

    def __init__(
        self, shared: ServerCache, policy: CachePolicy, until: t.Callable[[], float] = lambda: math.inf
    ) -> None:
        """Make one. ``until`` tells, for each call, the monotonic time after which nothing is sent."""
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
            found = super().select(operation, query, subject=subject, fresh=fresh)
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


class CachedApis:
    """Keep all shared APIs of a run, by their settings."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._known = KnownSecrets()
        self._ledger = ledger or Ledger()
        self._warned = False
        self._lock = threading.Lock()
        self._caches: dict[Settings, ServerCache] = {}

    def api(self, settings: Settings, policy: CachePolicy, until: t.Callable[[], float] = lambda: math.inf) -> Api:
        """Return the API of a server for one caller. ``until``: see CachedApi."""
        with self._lock:
            if settings not in self._caches:
                account = self._ledger.account(settings)
                self._caches[settings] = ServerCache(settings, account=account, known=self._known)
            return CachedApi(self._caches[settings], policy, until)

    def client(self, settings: Settings, policy: CachePolicy) -> Client:
        """Return a client for one caller."""
        return client_over(self.api(settings, policy))

    def warnings(self) -> list[str]:
        """Return, once, what users should know about the custody that is kept for the end of the run."""
        with self._lock:
            if self._warned or not self._ledger.problem:
                return []
            self._warned = True
        return [
            f"the list of custody to give back cannot be written beside the run's temporary folder "
            f"({self._ledger.problem}): if the broker of this run is killed, that custody is kept"
        ]

    def release_all(self) -> list[str]:
        """Release, server by server, what was to be released at the end."""
        problems = [problem for session in list(self._caches.values()) for problem in session.release_all()]
        told = [owed for owed in self._ledger.owed() if not owed.problem]
        problems += [f"{owed}: a broker of the run was lost, and nobody has used its settings since" for owed in told]
        self._ledger.close()
        return problems
