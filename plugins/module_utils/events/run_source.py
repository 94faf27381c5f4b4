# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run an event source in the event loop of ansible-rulebook: C(receive) for syslog, C(poll) for the API.

ansible-rulebook ends when a source returns or raises. So nothing that may pass ends one: only options that cannot work.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import threading
import time
import typing as t

from ..errors import SenhaseguraError
from ..redaction import printable_message
from .frames import Frame
from .poller import Poller
from .source_options import FEEDBACK_QUEUE, SYSLOG, check_options
from .syslog_event import syslog_event
from .syslog_listener import SyslogListener
from .watch import Sighting

# Seconds between two saves while events are handed over.
_SAVE_EACH = 5.0
# At least, between two polls, so that what is in the queue is taken out of it: that many events at most.
_SHORTEST_PAUSE = 0.5
_IN_QUEUE = 2
# Seconds for which the rules may take for an event with C(feedback).
_FEEDBACK_WITHIN = 120.0
_Result = t.TypeVar("_Result")


class Log(t.Protocol):
    """Where warnings go: a logger."""

    def warning(self, text: str, *args: t.Any) -> None:
        """Log a warning."""


async def in_thread(do: t.Callable[[], _Result]) -> _Result:
    """Return what a function that blocks returns. If the task is cancelled, the thread is left behind.

    A daemon, unlike the threads of C(asyncio.to_thread), for which Python would wait at its end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def settle(result: t.Any, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, error = None, None
        # Catch everything: it is raised again where the result is waited for.
        try:
            result = do()
        except Exception as exc:  # noqa: BLE001
            error = exc
        # If the loop has been closed, nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="senhasegura event source", daemon=True).start()
    return await future


async def receive(
    queue: asyncio.Queue[t.Any],
    args: t.Mapping[str, t.Any],
    log: Log,
    ready: t.Callable[[int], None] = lambda port: None,
) -> None:
    """Put the events of syslog messages into the queue until the task is cancelled. Raises ConfigError.

    :param ready: is called with the port when the sockets listen
    """
    options = check_options(args, SYSLOG)
    wanted, types = frozenset(options["types"]), options["event_types"]

    async def deliver(frame: Frame, sender: str) -> None:
        event = syslog_event(frame, sender, types)
        if not wanted or event["type"] in wanted:
            await queue.put(event)
            # The queue may have room for all, and the rules need their turn.
            await asyncio.sleep(0)

    listener = SyslogListener(options, deliver, log.warning)
    await listener.run(lambda: ready(listener.port))


async def poll(queue: asyncio.Queue[t.Any], args: t.Mapping[str, t.Any], log: Log) -> None:
    """Put what polling sees into the queue until the task is cancelled. Raises ConfigError."""
    poller = await in_thread(lambda: Poller(args, os.environ))
    if poller.warning:
        log.warning("%s", poller.warning)
    hand_over = _HandOver(queue, args.get(FEEDBACK_QUEUE), poller, log)
    try:
        while True:
            began = time.monotonic()
            # What was put into the queue before the pause has been taken out of it.
            hand_over.settle(0)
            hand_over.save()
            try:
                sightings = await in_thread(poller.poll)
            # Catch everything: a source that ends takes all rules with it. The text of others may quote anything.
            except Exception as exc:  # noqa: BLE001
                what = printable_message(str(exc)) if isinstance(exc, SenhaseguraError) else type(exc).__name__
                pause = poller.pause()
                log.warning("cannot poll senhasegura, next try in %d seconds: %s", pause, what)
                await asyncio.sleep(pause)
                continue
            await hand_over.put(sightings)
            # What was seen for the first time: later changes are seen against that.
            hand_over.save()
            await asyncio.sleep(max(_SHORTEST_PAUSE, poller.options["interval"] - (time.monotonic() - began)))
    finally:
        # Also when the task is cancelled: what was taken is not reported again.
        hand_over.save()
        poller.close()


class _HandOver:
    """Put events into the queue, and note those that the rules have certainly taken.

    The queue of ansible-rulebook has room for one event, and what is in there is lost when it is killed. So an event
    counts when two more were put there after it, or after a pause. If it ends meanwhile, these events come once more.
    """

    def __init__(
        self, queue: asyncio.Queue[t.Any], feedback: asyncio.Queue[t.Any] | None, poller: Poller, log: Log
    ) -> None:
        self._queue, self._feedback, self._poller, self._log = queue, feedback, poller, log
        self._put: collections.deque[Sighting] = collections.deque()
        self._saved = time.monotonic()

    async def put(self, sightings: t.Sequence[Sighting]) -> None:
        """Put events into the queue, as fast as the rules take them."""
        for sighting in sightings:
            # What came too late for an earlier event confirms nothing now.
            while self._feedback is not None and not self._feedback.empty():
                self._feedback.get_nowait()
            await self._queue.put(sighting.data)
            if self._feedback is None:
                self._put.append(sighting)
                self.settle(_IN_QUEUE)
            elif await _confirmed(self._feedback):
                self._poller.handed_over(sighting)
            else:
                text = "the rules did not confirm an event within %d seconds; it comes again"
                self._log.warning(text, _FEEDBACK_WITHIN)
                return
            # The queue may have room for all, and the rules need their turn.
            await asyncio.sleep(0)
            if time.monotonic() - self._saved > _SAVE_EACH:
                self.save()

    def settle(self, uncertain: int) -> None:
        """Count events as reported, but for the last ones."""
        while len(self._put) > uncertain:
            self._poller.handed_over(self._put.popleft())

    def save(self) -> None:
        """Save without a thread, which a task that is cancelled could not wait for; it takes milliseconds."""
        self._saved = time.monotonic()
        try:
            self._poller.save()
        except SenhaseguraError as exc:
            # The events were handed over. Without the file they come again after a restart, and not before.
            self._log.warning("%s", printable_message(str(exc)))


async def _confirmed(feedback: asyncio.Queue[t.Any]) -> bool:
    try:
        await asyncio.wait_for(feedback.get(), _FEEDBACK_WITHIN)
    except asyncio.TimeoutError:
        return False
    return True
