# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the broker does for workers: lookups, operations of modules, and single calls for rotations."""

from __future__ import annotations

import threading
import time
import typing as t

from ...module_utils.client.api import AnnouncingApi
from ...module_utils.client.connect import client_over
from ...module_utils.dialects import operations
from ...module_utils.errors import ConnectionFailed, SenhaseguraError
from ...module_utils.operations.lookup import look_up
from ...module_utils.references import parse_reference
from ...module_utils.settings.settings import Settings
from ..unexpected import describe
from . import protocol
from .cache import CachedApis
from .cache_policy import Policy
from .journal import JournaledApi
from .key_files import Files
from .operation import ModuleOperation
from .promise import Promise

Message = protocol.Message
# How long a worker waits for another one that works out the same settings.
_INTRODUCTION_WITHIN = 10.0


class Peer(t.Protocol):
    """The worker at the other end, while its request is carried out."""

    def send(self, message: Message) -> None:
        """Tell it something before the reply. Raises OSError."""

    def is_gone(self) -> bool:
        """Whether it has hung up."""


class Service:
    """The state of a run: sessions, and the settings that workers have introduced under a digest."""

    def __init__(self, sessions: CachedApis, files: Files) -> None:
        self.sessions, self.files = sessions, files
        self._lock = threading.Lock()
        self._introductions: dict[str, Promise[t.Any]] = {}

    def worker(self) -> RequestHandler:
        return RequestHandler(self)

    def introduced(self, digest: str) -> Promise[t.Any] | None:
        """The introduction for a digest, made or promised; None when the caller is the first and has to make it."""
        with self._lock:
            known = self._introductions.get(digest)
            if known is None:
                self._introductions[digest] = Promise()
            return known

    def introduce(self, digest: str, introduction: t.Any) -> None:
        with self._lock:
            promised = self._introductions.setdefault(digest, Promise())
            # Who starts the broker introduces itself unasked, and so may several at once.
            if not promised.done():
                promised.set_result(introduction)

    def withdraw(self, digest: str) -> None:
        """The worker that promised an introduction is gone without it: the next one has to make it."""
        with self._lock:
            promised = self._introductions.pop(digest)
        promised.set_result(None)

    def release_all(self) -> list[str]:
        return self.sessions.release_all()


class RequestHandler:
    """The conversation with one worker."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._promised = ""

    def answer(self, request: Message, peer: Peer) -> Message:
        """Return the reply to a request. Nothing is raised but what ``peer`` raises."""
        secrets: list[str] = []
        try:
            if request["ask"] == protocol.CALL:
                return self._call(request)
            if request["ask"] == protocol.RUN:
                return self._run(request, peer, secrets)
            if request["ask"] == protocol.REGISTER_CONTEXT:
                return self._introduce(request)
            return self._look_up(request["context"], request["terms"])
        except SenhaseguraError as exc:
            error = exc
        # Catch everything: the text of an unexpected exception may quote a secret.
        except Exception as exc:  # noqa: BLE001
            error = SenhaseguraError(describe(exc))
        # A lookup shows the text, and nothing else of an error.
        whole = request["ask"] in (protocol.CALL, protocol.RUN)
        return protocol.failed(error if whole else str(error), secrets)

    def _introduce(self, request: Message) -> Message:
        # Made once, and not for each worker that asks under this digest.
        client = self._service.sessions.client(Settings.from_state(request["settings"]), Policy(**request["policy"]))
        self._service.introduce(request["context"], (request["name"], client, request["options"]))
        self._promised = ""
        return protocol.done(None)

    def _look_up(self, digest: str, terms: list[str]) -> Message:
        names = [parse_reference(term, option=f"term {number}").term for number, term in enumerate(terms, 1)]
        while True:
            known = self._service.introduced(digest)
            if known is None:
                self._promised = digest
                return protocol.UNKNOWN_CONTEXT
            try:
                introduction = known.result(timeout=_INTRODUCTION_WITHIN)
            except TimeoutError:
                # The worker that promised it may be stopped. Whoever makes it first does it for all.
                return protocol.UNKNOWN_CONTEXT
            # None if the worker that promised it is gone: then another has to make it.
            if introduction:
                name, client, options = introduction
                read = self._service.files.look_up if options.get("as_file") else look_up
                values, warnings, secrets = read(name, client, names, options)
                return protocol.answered(values, [*warnings, *self._service.sessions.warnings()], secrets)

    def _run(self, request: Message, peer: Peer, secrets: list[str]) -> Message:
        """Run the operation of a module as a whole. ``secrets`` gets those that it uses or finds, however it ends."""
        settings, policy = Settings.from_state(request["settings"]), Policy(**request["policy"])
        ends = _ends(request["until"], settings.timeout)

        def proceed() -> None:
            if peer.is_gone():
                raise ConnectionFailed("the task has ended", hint="Nothing to do: it was stopped, or has given up")

        conversation = JournaledApi(
            self._service.sessions.conversation(settings, policy, lambda: next(ends)),
            request["journal"],
            request["interrupted"],
            note=lambda replies, writing: peer.send(protocol.progress(replies, writing)),
            proceed=proceed,
        )
        client = client_over(AnnouncingApi(conversation, secrets.extend))
        params = protocol.unpack(request["params"])
        result = _operations()[request["name"]].run(client, params, request["check_mode"])
        return protocol.finished(result, secrets)

    def _call(self, request: Message) -> Message:
        """Carry out one call of a session, or answer a query about a list."""
        name, subject = request["operation"], request["subject"]
        settings, policy = Settings.from_state(request["settings"]), Policy(**request["policy"])
        conversation = self._service.sessions.conversation(settings, policy)
        if name == "dialect":
            return protocol.done(conversation.dialect().name)
        operation = operations.named(name)
        query = protocol.unpack(request["query"])
        if query is not None:
            return protocol.done(conversation.select(operation, query, subject=subject))
        model = protocol.unpack(request["model"])
        return protocol.done(conversation.call(operation, ref=request["ref"], model=model, subject=subject))

    def gone(self) -> None:
        if self._promised:
            self._service.withdraw(self._promised)


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
        ssh_key,
        ssh_key_info,
        ssh_key_rotate,
    )

    modules = (
        *(credential, credential_info, credential_rotate, custody),
        *(secret, secret_info, ssh_key, ssh_key_info, ssh_key_rotate),
    )
    return {module.__name__.rpartition(".")[2]: module for module in modules}
