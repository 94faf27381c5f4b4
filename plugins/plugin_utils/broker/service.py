# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reply to the requests of workers: lookups, operations of modules, and single calls for rotations."""

from __future__ import annotations

import threading
import time
import typing as t
from concurrent import futures

from ...module_utils.client.api import AnnouncingApi
from ...module_utils.client.connect import Client, client_over
from ...module_utils.dialects import operations
from ...module_utils.errors import ConnectionFailed, SenhaseguraError
from ...module_utils.operations.lookup import look_up
from ...module_utils.references import parse_reference
from ...module_utils.settings.settings import Settings
from ..unexpected import describe
from . import protocol
from .cache import CachedApis
from .cache_policy import CachePolicy
from .call_journal import JournaledApi
from .key_files import Files
from .operation import ModuleOperation
from .removals import Removals

Message = protocol.Message
# Seconds for which a worker waits for another one that resolves the same settings.
_REGISTERED_WITHIN = 10.0
# The name of a lookup, its client, and its options.
Context = tuple[str, Client, dict[str, t.Any]]


class WaitingWorker(t.Protocol):
    """The worker at the other end, while its request is carried out."""

    def send(self, message: Message) -> None:
        """Send it something before the reply. Raises OSError."""

    def is_gone(self) -> bool:
        """Return whether it has hung up."""


class Service:
    """The state of a run: its cached APIs, and the contexts that workers have registered."""

    def __init__(self, apis: CachedApis, files: Files, removals: Removals | None = None) -> None:
        self.apis, self.files = apis, files
        self.removals = removals or Removals("")
        self._lock = threading.Lock()
        # By their digests. None: the worker that was to register it is gone.
        self._contexts: dict[str, futures.Future[Context | None]] = {}

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

        api = JournaledApi(
            self._service.apis.api(settings, policy, lambda: next(ends)),
            request["journal"],
            request["interrupted"],
            note=lambda replies, writing: peer.send(protocol.progress(replies, writing)),
            proceed=proceed,
        )
        client = client_over(AnnouncingApi(api, secrets.extend))
        params = protocol.unpack(request["params"])
        result = _operations()[request["name"]].run(client, params, request["check_mode"])
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


def _ends(first: float, timeout: float) -> t.Iterator[float]:
    """Yield, for each call of an operation, the monotonic time after which it must not be sent."""
    yield first
    while True:
        yield time.monotonic() + timeout


def _operations() -> t.Mapping[str, ModuleOperation]:
    """Return the operations by their names."""
    # Imported lazily: many runs have lookups only.
    from ...module_utils.operations import (
        credential,
        credential_info,
        credential_rotate,
        custody,
        secret,
        secret_info,
        secrets_command,
        secrets_file,
        ssh_key,
        ssh_key_info,
        ssh_key_rotate,
    )

    modules = (
        *(credential, credential_info, credential_rotate, custody),
        *(secret, secret_info, ssh_key, ssh_key_info, ssh_key_rotate),
        *(secrets_command, secrets_file),
    )
    return {module.__name__.rpartition(".")[2]: module for module in modules}
