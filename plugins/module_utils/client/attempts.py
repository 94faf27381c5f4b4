# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a request until there is a response that counts."""

from __future__ import annotations

import math
import random
import time
import typing as t

from ..errors import AlreadyDone, ConnectionFailed, ConnectionsBusy, SenhaseguraError, ServerBusy
from ..retry import Replay, has_room, may_be_applied, may_retry, retry_delay
from ..settings.settings import Settings
from ..transport.deadline import Deadline

# The part of its timeout that an operation must have left at its first attempt, to find out that there is no server.
_WHOLE = 0.9


class Attempts:
    """Repeat requests to one server where that is safe, for as long as the deadline and the option retries allow."""

    def __init__(
        self,
        settings: Settings,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._clock, self._sleep = settings, clock, sleep
        # True if somebody has waited for the server in vain, and it has not responded since.
        self._away = False

    def run(
        self, send: t.Callable[[], t.Any], replay: Replay, deadline: Deadline, not_after: float = math.inf
    ) -> t.Any:
        """Send until there is a response that counts, for as long as the deadline and the option retries allow.

        Once that has been in vain for a whole timeout because the server cannot be reached, later calls try once, until
        it answers again: hundreds of hosts would otherwise wait their whole timeout, one after the other.
        """
        # Not where waiting for something else has taken a part of it.
        in_vain = deadline.remaining() >= _WHOLE * self._settings.timeout
        attempt, perhaps_done, retries = 0, False, self._settings.retries
        while True:
            try:
                result = send()
            except AlreadyDone:
                self._away = False
                if not perhaps_done:
                    raise
                # By an attempt whose response was lost.
                return None
            except SenhaseguraError as exc:
                attempt += 1
                in_vain = in_vain and isinstance(exc, ConnectionFailed) and not isinstance(exc, ConnectionsBusy)
                if not isinstance(exc, ConnectionFailed):
                    self._away = False
                perhaps_done = perhaps_done or (replay is Replay.REPEATABLE and may_be_applied(exc))
                if self._away or not may_retry(exc, replay):
                    raise
                remaining = min(deadline.remaining(), not_after - self._clock())
                after = exc.retry_after if isinstance(exc, ServerBusy) else None
                if after is not None and after >= remaining:
                    exc.message = f"{exc.message} and asks for a pause of {after:.0f} seconds"
                    exc.hint = "Run it again after that time"
                    raise
                delay = retry_delay(attempt, retry_after=after, remaining=remaining, random=random.random)
                if delay is None or (retries is not None and attempt > retries):
                    # With time left, it was the lease of the caller that has ended, or the retries that it allows.
                    self._away = in_vain and not has_room(deadline.remaining())
                    raise
                self._sleep(delay)
            else:
                self._away = False
                return result
