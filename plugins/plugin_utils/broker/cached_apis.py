# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the servers of a run, each with its cache, and give custody back at the end."""

from __future__ import annotations

import math
import threading
import typing as t

from ...module_utils.client.api import Api
from ...module_utils.client.connect import Client, client_over
from ...module_utils.client.direct_api import DirectApi
from ...module_utils.client.giving_back import OneList, give_back
from ...module_utils.dialects.dialect import Dialect
from ...module_utils.dialects.operations import Area, Operation
from ...module_utils.dsm_models import EphemeralWrite
from ...module_utils.errors import (
    ConnectionFailed,
    Refused,
    ResponseLost,
    SenhaseguraError,
    ServerBusy,
    Unsupported,
)
from ...module_utils.redaction import KnownSecrets
from ...module_utils.references import Reference
from ...module_utils.settings.settings import Settings
from .cache import CachedApi, ServerCache
from .cache_policy import CachePolicy
from .ledger import EPHEMERAL, Ledger

# Seconds for each release at the end, when the server has not answered one before.
_SHORT_TIMEOUT = 5.0
_Result = t.TypeVar("_Result")


class FinalApi(Api):
    """Make calls, each within the same time.

    :param timeout: seconds for each call; C(timeout) may be set to less
    """

    def __init__(self, api: DirectApi, timeout: float) -> None:
        self._api, self.timeout = api, timeout

    @property
    def server(self) -> str:
        return self._api.server

    def dialect(self) -> Dialect:
        return self._api.dialect(self._api.deadline(self.timeout))

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        deadline = self._api.deadline(self.timeout)
        return self._api.call(operation, ref=ref, model=model, subject=subject, deadline=deadline)


def release_all(cache: ServerCache) -> list[str]:
    """Take no more calls for a server, and give back what was to be released at the end.

    Returns what could not be released, in words without values.
    """
    cache.close()
    problems: list[str] = []
    account, last = cache.account, FinalApi(cache.direct, cache.timeout)
    client = client_over(OneList(last))
    for (area, name), allowed in account.items().items():
        ref = Reference(name, "id" if name.isdigit() else "")
        try:
            if area == EPHEMERAL:
                client.ephemeral.deprovision(EphemeralWrite.of_note(name))
            else:
                give_back(client, ref, is_key=area == Area.SSH_KEYS.value, allowed=allowed)
        except Unsupported:
            account.settle((area, name))
        except Refused as exc:
            # Documented: it is kept unless the task allows that the vault changes it.
            account.settle((area, name))
            problems.append(str(exc))
        except SenhaseguraError as exc:
            account.owe((area, name), allowed, str(exc))
            problems.append(str(exc))
            if isinstance(exc, (ResponseLost, ConnectionFailed, ServerBusy)):
                # The server is perhaps gone, and there may be hundreds: none of the others is given so long.
                last.timeout = _SHORT_TIMEOUT
        else:
            account.settle((area, name))
    return problems


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
        problems = [problem for cache in list(self._caches.values()) for problem in release_all(cache)]
        told = [owed for owed in self._ledger.owed() if not owed.problem]
        problems += [f"{owed}: a broker of the run was lost, and nobody has used its settings since" for owed in told]
        self._ledger.close()
        return problems
