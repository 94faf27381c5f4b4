# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base classes of all actions. Modules run on the controller: the server's allow-list names the controller, and a
module that is copied to a host would leave its parameters on disk there.
"""

from __future__ import annotations

import functools
import math
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible.release import __version__

from ..module_utils.client.api import AnnouncingApi, Api, HeardApi
from ..module_utils.client.connect import client_over, direct
from ..module_utils.errors import ConfigError, ConnectionFailed, Refused, SenhaseguraError
from ..module_utils.operations.parameters import subject_of
from ..module_utils.operations.results import NO_LOG, ModuleOperation, Params, Result
from ..module_utils.redaction import printable_message
from ..module_utils.settings.options import ALL_OPTIONS
from ..module_utils.settings.settings import RunSettings, Settings
from . import plugin_options
from .broker import protocol
from .broker.cache_policy import NEWS_AFTER, CachePolicy, policy_of
from .broker.client import BrokerConnection
from .broker.startup import BrokerUnavailable, go_on_without_broker, open_connection, warn_of_custody
from .controller_files import read_text
from .masking import register, register_arguments
from .plugin_options import Spec
from .unexpected import describe

# Before ansible-core 2.19, callbacks get the result of a whole loop with all that the results of its items hide.
_LOOPS_SHOW_SECRETS = tuple(map(int, __version__.split(".")[:2])) < (2, 19)
# These say how to reach the server, and are none of an operation's business. on_ciphertext is.
_CONNECTION = frozenset(option.name for option in ALL_OPTIONS) - {"on_ciphertext"}


class SenhaseguraAction(ActionBase):
    """Check the options, connect, call C(perform), and turn errors into a failed task. Subclasses set the first two."""

    spec: t.ClassVar[Spec]
    rules: t.ClassVar[t.Mapping[str, t.Any]] = {}
    # What errors call the object of the task.
    thing: t.ClassVar[str] = "credential"
    _requires_connection = False

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        """Do the task and return its result. In check mode, only predict it."""
        raise NotImplementedError

    def open(self, settings: Settings, run: RunSettings, until: float) -> BrokerConnection | Api:
        """Return a connection to the broker, or the API of the server where there is none.

        Raises ConnectionFailed if a broker was lost, and cannot be replaced until then (monotonic).
        """
        if run.broker:
            try:
                return open_connection(until)
            except BrokerUnavailable as exc:
                go_on_without_broker(exc)
        if run.custody != "keep":
            warn_of_custody()
        spent = settings.timeout - (until - time.monotonic()) if run.broker else 0.0
        return direct(settings, self.until, spent=spent)

    def policy(self, run: RunSettings, params: Params) -> CachePolicy:
        """Return what the task takes from the cache."""
        # The hosts of one task share a list, and a task that is retried sees what others have changed meanwhile.
        return policy_of(run, params, ttl=NEWS_AFTER)

    def without_server(self, params: Params, variables: dict[str, t.Any], check_mode: bool) -> Result | None:
        """Return the result of a task that needs no server, or None if this one does."""
        return None

    def settings(self, params: Params, variables: dict[str, t.Any]) -> tuple[Settings, RunSettings]:
        """Return the settings and run options of the task."""
        environment = self._task.environment or ()
        mysafe = "mysafe_client_id" in self.spec
        return plugin_options.settings(params, variables, self._templar.template, environment, mysafe=mysafe)

    def until(self) -> float:
        """Return the monotonic time after which nothing is sent any more for this task."""
        return math.inf

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the task for one host and return its result. Errors are in it; nothing is raised."""
        result: Result = super().run(tmp, task_vars)
        place: dict[str, str] = {}
        try:
            register_arguments(self._task.args, self.spec)
            params = plugin_options.validate(self._task.args, self.spec, self.rules)
            done = self.without_server(params, task_vars or {}, self._task.check_mode)
            if done is not None:
                result.update(_safe_to_print(done))
                return result
            settings, run = self.settings(params, task_vars or {})
            place = {"subject": subject_of(params, self.thing), "server": settings.server}
            params["on_ciphertext"] = run.on_ciphertext
            done = self.perform(settings, run, params, self._task.check_mode)
            if _LOOPS_SHOW_SECRETS and NO_LOG.items() <= done.items() and self._task.loop and not self._task.no_log:
                raise Refused("this ansible-core shows the secrets that a loop returns", hint="Set no_log on the task")
            result.update(_safe_to_print(done))
        except SenhaseguraError as exc:
            exc.with_context(**place)
            result.update(failed=True, msg=str(exc), failure=exc.failure())
        # Catch everything: the text of an unexpected exception may quote a secret.
        except Exception as exc:  # noqa: BLE001
            result.update(failed=True, msg=describe(exc))
        return result


class VaultAction(SenhaseguraAction):
    """Run the operation of a module that only talks to the server. Subclasses name it, or are bases of such."""

    operation: ModuleOperation
    # Options that name a file of the controller, each with the option that its text is for.
    files: t.ClassVar[t.Mapping[str, str]] = {}

    def __init_subclass__(cls) -> None:
        if "operation" in vars(cls):
            cls.spec, cls.rules, cls.thing = cls.operation.SPEC, cls.operation.RULES, cls.operation.NOUN

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        connect = functools.partial(self.open, settings, run)
        # Here, because the broker does not know the folder of the play.
        texts = {
            option: read_text(self._loader.path_dwim(params[file]), file)
            for file, option in self.files.items()
            if params[file]
        }
        params = {**params, **texts}
        policy = self.policy(run, params)
        return run_operation(self.operation, params, check_mode, settings, policy, connect, self.wrote)

    def wrote(self, result: t.Any) -> None:
        """Hear what a write of the operation has returned, while the operation goes on."""


def _safe_to_print(result: Result) -> Result:
    """Make the texts of a result printable: they may quote a server or a host, and are shown as they are.

    From ansible-core 2.19 on, messages and warnings reach the terminal with all control characters in them.
    """
    safe = dict(result)
    if "warnings" in safe:
        safe["warnings"] = [printable_message(text) for text in safe["warnings"]]
    if "msg" in safe:
        safe["msg"] = printable_message(safe["msg"])
    for block in ("failure", "rotation"):
        if isinstance(safe.get(block), dict):
            texts = {name: text for name, text in safe[block].items() if name in ("message", "hint")}
            safe[block] = {**safe[block], **{name: printable_message(text) for name, text in texts.items() if text}}
    return safe


def run_operation(
    operation: ModuleOperation,
    params: Params,
    check_mode: bool,
    settings: Settings,
    policy: CachePolicy,
    connect: t.Callable[[float], BrokerConnection | Api],
    wrote: t.Callable[[t.Any], None] = lambda _result: None,
) -> Result:
    """Run an operation and return its result. Raises its error.

    :param params: its checked options
    :param connect: returns a connection to a broker, or the API of the server without one, by a monotonic time. It is
        called again when the broker is lost. A write whose end is not known is never repeated.
    :param wrote: gets what each write has returned, when it has ended
    """
    own = {name: value for name, value in params.items() if name not in _CONNECTION}
    name = operation.__name__.rpartition(".")[2]
    journal: list[protocol.Message] = []
    interrupted = False

    def heard(progress: protocol.Message) -> None:
        nonlocal interrupted
        journal.extend(progress[protocol.PROGRESS])
        interrupted = progress["writing"]
        if not interrupted:
            for reply in progress[protocol.PROGRESS]:
                if protocol.FAILURE not in reply:
                    wrote(protocol.result_of(reply))

    until = time.monotonic() + settings.timeout
    while True:
        began, calls = time.monotonic(), len(journal)
        connection = connect(until)
        if not isinstance(connection, BrokerConnection):
            alone = _go_on(HeardApi(connection, wrote), journal, interrupted)
            return operation.run(client_over(alone), own, check_mode)
        try:
            request = protocol.run(
                settings.state(),
                policy.state(),
                name,
                own,
                check_mode,
                until=until,
                journal=journal,
                interrupted=interrupted,
            )
        except protocol.Unsendable:
            raise _unsendable(own) from None
        try:
            reply = connection.ask(request, heard)
        except (OSError, EOFError):
            # The broker is lost, and so is its connection. Another one goes on.
            now = time.monotonic()
            if len(journal) > calls or now - began > settings.timeout:
                # It has done something meanwhile, so that the next call has a timeout of its own.
                until = now + settings.timeout
            if now >= until:
                raise ConnectionFailed(
                    "the broker of this run did not answer in time", hint="Run the play again, or raise timeout"
                ) from None
            continue
        connection.close()
        register(protocol.secrets_of(reply))
        result: Result = protocol.result_of(reply)
        return result


def _go_on(api: Api, journal: list[protocol.Message], interrupted: bool) -> Api:
    """Return the API with which an operation runs without a broker. One that was lost may have begun with it."""
    if not (journal or interrupted):
        return AnnouncingApi(api, register)
    # Imported lazily: it takes long, and hardly any task needs it.
    from .broker.service import OperationApi

    return OperationApi(api, register, journal, interrupted)


def _unsendable(params: Params) -> ConfigError:
    """Make the error that names the option with a value that JSON has no form for."""
    option = next(name for name, value in params.items() if not _is_sendable(value))
    error = ConfigError(f"{option} has a value that cannot be sent as text", hint="Quote it in YAML if a text is meant")
    return error.with_context(option=option)


def _is_sendable(value: t.Any) -> bool:
    try:
        protocol.pack(value)
    except protocol.Unsendable:
        return False
    return True
