# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Share the connections to one server between all workers of a run."""

from __future__ import annotations

import math
import threading
import time
import typing as t

from ...module_utils.client.direct_api import Sender
from ...module_utils.dialects.response import Response
from ...module_utils.errors import ConnectionsBusy, Context, ServerBusy
from ...module_utils.retry import parse_retry_after
from ...module_utils.transport.deadline import Deadline

MAX_CONNECTIONS = 4
# The longest pause in seconds for everybody, when the server asks one of them for a longer one than anybody can wait,
# and the part of the option timeout that it may take.
_LONGEST_PAUSE, _PAUSE_PART = 10.0, 1 / 3


class SharedTransport:
    """Send at most MAX_CONNECTIONS requests at a time. When the server asks for a pause, everybody keeps it.

    A pause that is longer than ``timeout`` (seconds) is for the one request that has met it: it fails at once. The
    others wait for some seconds, and ask then for themselves.
    """

    def __init__(
        self,
        transport: Sender,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
        timeout: float = math.inf,
    ) -> None:
        self._transport = transport
        self._clock, self._sleep, self._timeout = clock, sleep, timeout
        self._slots = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._lock = threading.Lock()
        self._not_before, self._busy_status = 0.0, 0

    def send(self, method: str, path: str, *, deadline: Deadline, **details: t.Any) -> Response:
        """Send a request when a connection is free. Raises ConnectionsBusy and ServerBusy as well."""
        while True:
            self._keep_pause(deadline)
            if not self._slots.acquire(timeout=max(0.0, deadline.remaining())):
                raise ConnectionsBusy("other requests of this run kept all connections busy", hint="Raise timeout")
            try:
                # A pause may have begun while this one waited for a connection.
                if self._pause() <= 0:
                    answer = self._transport.send(method, path, deadline=deadline, **details)
                    break
            finally:
                self._slots.release()
        if answer.status in (429, 503):
            wait = parse_retry_after(answer.headers.get("retry-after"), now=time.time()) or 0.0
            if wait >= self._timeout:
                wait = min(_LONGEST_PAUSE, self._timeout * _PAUSE_PART)
            with self._lock:
                self._not_before, self._busy_status = max(self._not_before, self._clock() + wait), answer.status
        return answer

    def _pause(self) -> float:
        with self._lock:
            return self._not_before - self._clock()

    def _keep_pause(self, deadline: Deadline) -> None:
        """Wait, without a connection. Raises ServerBusy at once if the deadline does not allow it."""
        pause = self._pause()
        if pause <= 0:
            return
        if pause >= deadline.remaining():
            # DirectApi says for how long.
            raise ServerBusy(
                "the server is too busy for this run", retry_after=pause, context=Context(status=self._busy_status)
            )
        self._sleep(pause)
