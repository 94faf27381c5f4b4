# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reply to the requests of workers: lookups, operations of modules, and single calls for rotations."""

from __future__ import annotations

import collections
import select
import socket
import threading
import time
import typing as t
from concurrent import futures

from ...module_utils.client.api import Api, WrappedApi
from ...module_utils.client.connect import Client, client_over
from ...module_utils.dialects import operations
from ...module_utils.dialects.operations import Operation
from ...module_utils.errors import ConnectionFailed, ResponseLost, SenhaseguraError
from ...module_utils.models import secret_leaves
from ...module_utils.operations.lookup import look_up
from ...module_utils.queries import Query
from ...module_utils.references import parse_reference
from ...module_utils.retry import Replay
from ...module_utils.settings.settings import Settings
from ..unexpected import describe
from . import protocol
from .cache_policy import CachePolicy
from .cached_apis import CachedApis
from .key_files import Files
from .module_operations import operation_named
from .removals import Removals

Message = protocol.Message
# Seconds for which a worker waits for another one that resolves the same settings.
_REGISTERED_WITHIN = 10.0
_Answer = t.TypeVar("_Answer")
_Result = t.TypeVar("_Result")
# The name of a lookup, its client, and its options.
Context = tuple[str, Client, dict[str, t.Any]]


class WaitingWorker:
    """The worker at the other end. While its request is carried out, it says only that it has heard of a write.

    So what can be read otherwise is the end of the connection.
    """

    def __init__(self, channel: protocol.Channel, sock: socket.socket) -> None:
        self._channel, self._sock = channel, sock

    def send(self, message: Message) -> None:
        """Send it something before the reply. Raises OSError."""
        self._channel.send(protocol.dump(message))

    def report(self, replies: list[Message], writing: bool) -> None:
        """Report how calls ended, and whether a write comes next. Then return when the worker has heard it. Raises
        OSError or EOFError.

        A worker that gives up meanwhile does not know of the write, and would have it done again.
        """
        self.send(protocol.progress(replies, writing))
        if writing:
            self._channel.receive()

    def is_gone(self) -> bool:
        """Return whether it has hung up."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN | select.POLLHUP)
        return bool(poll.poll(0))


class Service:
    """The state of a run: its cached APIs, and the contexts that workers have registered."""

    def __init__(self, apis: CachedApis, files: Files, removals: Removals | None = None) -> None:
        self.apis, self.files = apis, files
        self.removals = removals or Removals("")
        self._lock = threading.Lock()
        # By their digests. None: the worker that was to register it is gone.
        self._contexts: dict[str, futures.Future[Context | None]] = {}

    def serve(self, channel: protocol.Channel, sock: socket.socket) -> None:
        """Reply to one worker until it hangs up. Raises OSError or EOFError then."""
        handler, worker = self.handler(), WaitingWorker(channel, sock)
        try:
            while True:
                request = protocol.load(channel.receive())
                worker.send(handler.reply(request, worker))
        finally:
            handler.close()

    def handler(self) -> RequestHandler:
        """Return what replies to one more worker."""
        return RequestHandler(self)

    def context(self, digest: str) -> futures.Future[Context | None] | None:
        """Return a context, registered or expected; None when the caller is the first and has to register it."""
        with self._lock:
            known = self._contexts.get(digest)
            if known is None:
                self._contexts[digest] = futures.Future()
            return known

    def register_context(self, digest: str, context: Context) -> None:
        """Store a context, for all who ask under this digest."""
        with self._lock:
            expected = self._contexts.setdefault(digest, futures.Future())
            # Who starts the broker registers its context unasked, and so may several at once.
            if not expected.done():
                expected.set_result(context)

    def withdraw(self, digest: str) -> None:
        """Expect a context no longer: the worker is gone without it, and the next one has to register it."""
        with self._lock:
            expected = self._contexts.get(digest)
            # Another worker may have registered it meanwhile.
            if expected is not None and not expected.done():
                del self._contexts[digest]
                expected.set_result(None)

    def release_all(self) -> list[str]:
        """Give custody back. Return what could not be released, in words without values."""
        return self.apis.release_all()


class RequestHandler:
    """Reply to one worker, which may ask several times."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # The digest of the context that this worker was asked to register.
        self._expected = ""

    def reply(self, request: Message, peer: WaitingWorker) -> Message:
        """Return the reply to a request. Nothing is raised but what ``peer`` raises."""
        secrets: list[str] = []
        try:
            if request["ask"] == protocol.CALL:
                return self._call(request)
            if request["ask"] == protocol.RUN:
                return self._run(request, peer, secrets)
            if request["ask"] == protocol.REMOVE_AT_END:
                self._service.removals.add(request["path"])
                return protocol.done(None)
            if request["ask"] == protocol.REGISTER_CONTEXT:
                return self._register_context(request)
            return self._look_up(request["context"], request["terms"])
        except SenhaseguraError as exc:
            error = exc
        # Catch everything: the text of an unexpected exception may quote a secret.
        except Exception as exc:  # noqa: BLE001
            error = SenhaseguraError(describe(exc))
        # A lookup shows the text, and nothing else of an error.
        whole = request["ask"] in (protocol.CALL, protocol.RUN, protocol.REMOVE_AT_END)
        return protocol.failed(error if whole else str(error), secrets)

    def _register_context(self, request: Message) -> Message:
        # Made once, and not for each worker that asks under this digest.
        client = self._service.apis.client(Settings.from_state(request["settings"]), CachePolicy(**request["policy"]))
        self._service.register_context(request["context"], (request["name"], client, request["options"]))
        self._expected = ""
        return protocol.done(None)

    def _look_up(self, digest: str, terms: list[str]) -> Message:
        names = [parse_reference(term, option=f"term {number}").term for number, term in enumerate(terms, 1)]
        while True:
            known = self._service.context(digest)
            if known is None:
                self._expected = digest
                return protocol.UNKNOWN_CONTEXT
            try:
                context = known.result(timeout=_REGISTERED_WITHIN)
            # Before Python 3.11 it is not the TimeoutError that is built in.
            except futures.TimeoutError:
                # The worker that was to register it may be stopped. Whoever is first does it for all.
                return protocol.UNKNOWN_CONTEXT
            if context:
                name, client, options = context
                read = self._service.files.look_up if options.get("as_file") else look_up
                values, warnings, secrets = read(name, client, names, options)
                return protocol.answered(values, [*warnings, *self._service.apis.warnings()], secrets)

    def _run(self, request: Message, peer: WaitingWorker, secrets: list[str]) -> Message:
        """Run the operation of a module as a whole. Add to ``secrets`` those that it uses or finds, however it ends."""
        settings, policy = Settings.from_state(request["settings"]), CachePolicy(**request["policy"])
        ends = _ends(request["until"], settings.timeout)

        def proceed() -> None:
            if peer.is_gone():
                raise ConnectionFailed("the task has ended", hint="Nothing to do: it was stopped, or has given up")

        api = OperationApi(
            self._service.apis.api(settings, policy, ends),
            secrets.extend,
            request["journal"],
            request["interrupted"],
            note=peer.report,
            proceed=proceed,
        )
        params = protocol.unpack(request["params"])
        result = operation_named(request["name"]).run(client_over(api), params, request["check_mode"])
        return protocol.finished(result, secrets)

    def _call(self, request: Message) -> Message:
        """Make one call of the dialect, or answer a query about what it lists."""
        name, subject = request["operation"], request["subject"]
        settings, policy = Settings.from_state(request["settings"]), CachePolicy(**request["policy"])
        api = self._service.apis.api(settings, policy)
        if name == "dialect":
            return protocol.done(api.dialect().name)
        operation = operations.named(name)
        query = protocol.unpack(request["query"])
        if query is not None:
            return protocol.done(api.select(operation, query, subject=subject))
        model = protocol.unpack(request["model"])
        return protocol.done(api.call(operation, ref=request["ref"], model=model, subject=subject))

    def close(self) -> None:
        """Note that the worker has hung up."""
        if self._expected:
            self._service.withdraw(self._expected)


class OperationApi(WrappedApi):
    """The API of a server for one operation: it records how each call ends, and announces each secret.

    An operation is a sequence of calls, each of which follows from those before it. If its broker is lost, the next one
    runs the operation again. The calls that the journal has are not made again, but end as they did. So nothing is
    written twice. Before each write the worker gets what the journal has so far, and after it how it ended. If the
    broker is lost in between, nobody knows whether the write was applied, and in the repetition it raises ResponseLost.

    :param announce: takes the secrets of a call: what is written before it is sent, what was read before it is returned
    :param known: the journal of an earlier run of the same operation: replies as protocol.py makes them
    :param interrupted: whether that run has ended within a write, which is the call after the known ones
    :param note: takes the journal's new replies, and whether a write comes next. It may raise OSError or EOFError.
    :param proceed: is called before each call, and raises an error if nothing may be sent any more
    """

    def __init__(
        self,
        api: Api,
        announce: t.Callable[[t.Iterable[str]], None],
        known: t.Iterable[protocol.Message],
        interrupted: bool,
        *,
        note: t.Callable[[list[protocol.Message], bool], None] = lambda _replies, _writing: None,
        proceed: t.Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(api)
        self._announce = announce
        self._known, self._interrupted = collections.deque(known), interrupted
        self._note, self._proceed = note, proceed
        # Results and errors that nobody was told of yet.
        self._new: list[t.Any] = []

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        self._announce(secret_leaves(model))
        safe = operation.replay is Replay.SAFE
        return self._noted(lambda: self._api.call(operation, ref=ref, model=model, subject=subject, fresh=fresh), safe)

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        return self._noted(lambda: self._api.select(operation, query, subject=subject, fresh=fresh))

    def remember(self, make: t.Callable[[], _Answer]) -> _Answer:
        return self._noted(make)

    def _noted(self, do: t.Callable[[], _Answer], safe: bool = True) -> _Answer:
        if self._known:
            known: _Answer = protocol.result_of(self._known.popleft())
            self._announce(secret_leaves(known))
            return known
        if not safe and not self._interrupted:
            self._tell(True)
        try:
            result = self._done(do)
        except SenhaseguraError as exc:
            self._add(exc, safe)
            raise
        self._add(result, safe)
        self._announce(secret_leaves(result))
        return result

    def _add(self, end: t.Any, safe: bool) -> None:
        self._new.append(end)
        if not safe:
            self._tell(False)

    def _done(self, do: t.Callable[[], _Answer]) -> _Answer:
        if self._interrupted:
            self._interrupted = False
            raise ResponseLost(
                "the broker of this run was lost before it said whether the request was applied",
                hint="Look whether it was before you run the play again",
            )
        self._proceed()
        try:
            return do()
        except SenhaseguraError:
            raise
        # Catch everything: the text of an unexpected exception may quote a secret.
        except Exception as exc:  # noqa: BLE001
            raise SenhaseguraError(describe(exc)) from None

    def _tell(self, writing: bool) -> None:
        replies = [protocol.failed(one) if isinstance(one, Exception) else protocol.done(one) for one in self._new]
        self._new.clear()
        self._note(replies, writing)


def _ends(first: float, timeout: float) -> t.Callable[[], float]:
    """Return what returns, for each call of an operation, the monotonic time after which it must not be sent.

    An operation may make several calls at a time.
    """
    once = [first]

    def end() -> float:
        try:
            return once.pop()
        except IndexError:
            return time.monotonic() + timeout

    return end
