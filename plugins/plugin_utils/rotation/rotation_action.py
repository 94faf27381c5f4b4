# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge of the actions that rotate on a managed host: one action each, so that tags, C(ignore_errors) or a strategy
cannot reorder what must not be reordered.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import os
import re
import secrets
import time
import typing as t

from ansible import context
from ansible.utils.display import Display

from ...module_utils.client.api import AnnouncingApi
from ...module_utils.client.connect import Client, client_over
from ...module_utils.errors import ConfigError, Refused, SenhaseguraError
from ...module_utils.models import CredentialInfo
from ...module_utils.operations.results import Params, Result
from ...module_utils.redaction import printable_message
from ...module_utils.settings.settings import RunSettings, Settings
from ..broker.brokered_api import BrokeredApi
from ..broker.cache_policy import CachePolicy, policy_of
from ..broker.client import BrokerConnection, address, authentication_key
from ..broker.key_files import Files
from ..host.host_connection import HostConnection, for_other_host, for_task_host
from ..masking import register
from ..report import history
from ..vault_action import SenhaseguraAction
from .driver import Environment, Interrupt, drive
from .host.own_account import OwnKey, OwnLogin, OwnPassword
from .live import LiveEnvironment, LogIn
from .protocol import settle
from .protocol.effects import Outcome, Protocol, Status, Stopped
from .protocol.run import Limits, RotationRun, says
from .vault.journal import KeyRecords, PasswordRecords

display = Display()
RecordsOf = PasswordRecords | KeyRecords
_JOB_VARIABLES = ("awx_job_id", "tower_job_id")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}\$?")

# Does a rotation: client, entry, account, hosts, options, check mode.
Way = t.Callable[[Client, CredentialInfo, str, list[str], Params, bool], Outcome]


class RotationAction(SenhaseguraAction):
    """Subclasses say what to do; this does the rest: who and where, the run, the history, and how it ended."""

    kind: t.ClassVar[str]
    # The name of the record in results.
    noun: t.ClassVar[str] = "credential"
    _requires_connection = True
    # Whether the task changes nothing, and only looks.
    _looks: t.ClassVar[bool] = False
    # Those of the task.
    variables: dict[str, t.Any]
    _run: RotationRun | None = None
    _server = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        self.variables = task_vars or {}
        result = super().run(tmp, task_vars)
        if "failure" in result:
            result["failure"] = {**result["failure"], "host": self.host}
        if result.get("failed") and "rotation" not in result:
            # It has ended before there was a run: the vault did not answer, or an option is wrong.
            end = Stopped(Status.FAILED, result["msg"])
            result["rotation"] = {"status": end.status.value, "message": end.message, "host": self.host}
            result["rotation"].update(self._access(end, self._subject_of(self._task.args), ""))
            result["msg"] = f"{result['msg']}. {result['rotation']['login']}"
        return result

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        return self.work(self.connect(settings, run, params), params, check_mode)

    def connect(self, settings: Settings, run: RunSettings, params: Params) -> Client:
        """Return the client that talks through the broker, or directly where there is none.

        Refuses what would make the guarantees of a rotation void.
        """
        self._server = settings.server
        if not settings.validate_certs and not params.get("allow_insecure_rotation", True):
            raise Refused(
                "without validate_certs, anybody in between could take the new secret",
                hint="Give ca_path, or set allow_insecure_rotation=true",
            )
        if settings.timeout > params.get("late_write_window", settings.timeout):
            raise ConfigError(
                "late_write_window is shorter than timeout, so a request could outlive it",
                hint="Raise late_write_window",
            ).with_context(option="late_write_window")
        began = time.monotonic()
        reached = self.open(settings, run, began + settings.timeout)
        if isinstance(reached, BrokerConnection):
            again = functools.partial(self.open, settings, run)
            spent = time.monotonic() - began
            policy = self.policy(run, params)
            reached = BrokeredApi(reached, settings, policy, until=self.until, reconnect=again, spent=spent)
        return client_over(AnnouncingApi(reached, register))

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        """Do the task and return its result. In check mode, only predict it."""
        raise NotImplementedError

    def policy(self, run: RunSettings, params: Params) -> CachePolicy:
        return policy_of(run, {**params, "fresh": True})

    def until(self) -> float:
        return self._run.ends if self._run else super().until()

    @property
    def host(self) -> str:
        """Return the name of the host of the task."""
        return str(self.variables.get("inventory_hostname", "localhost"))

    def user(self, params: Params, info: CredentialInfo) -> str:
        """Return the account whose secret it is. Raises ConfigError: what is no name would be shown, and may be
        anything.
        """
        if params["user"] and not _USER.fullmatch(params["user"]):
            raise ConfigError("user must be the name of a local user", hint="Check user").with_context(option="user")
        return str(params["user"] or info.username)

    def start_run(
        self,
        records: t.Callable[[str, str], RecordsOf],
        hosts: t.Iterable[str],
        user: str,
        params: Params,
        log_in: LogIn,
    ) -> tuple[RotationRun, LiveEnvironment]:
        """Return the run for these hosts, and the environment in which its protocol is driven.

        :param records: makes the records, of the id of the run and the time at which it begins
        """
        now = _utc()
        run_id = secrets.token_hex(8)
        made = records(run_id, now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        connections = {host: self.connection_to(host) for host in sorted(set(hosts))}
        self._run = RotationRun(
            run_id,
            tuple(connections),
            _limits(params),
            made.labels,
            time.monotonic,
            _utc,
            record=made.main_id,
            user=user,
            breaks=params.get("break_lock") or "",
        )
        may_read = params.get("compare", True) and not self._task.check_mode
        own: t.Callable[..., OwnLogin] = functools.partial(OwnPassword, may_read=may_read)
        if isinstance(made, KeyRecords):
            files = Files(os.path.dirname(address()), authentication_key())
            own = functools.partial(OwnKey, files=files, may_read=may_read)
        return self._run, LiveEnvironment(self._run, made, connections, log_in, own)

    def connection_to(self, host: str) -> HostConnection:
        """Return the way to a host: that of the task if it is its own."""
        if host == self.host and not self._task.delegate_to:
            return for_task_host(self, host, self.variables)
        return for_other_host(self, host, self.variables)

    def report_progress(self, text: str) -> None:
        """Show the user a line while the task goes on."""
        display.display(printable_message(f"{self.host}: {text}"))

    def drive(self, protocol: Protocol, environment: Environment, run: RotationRun) -> Outcome:
        """Carry out what a protocol wants, and return its outcome. Raises Stopped.

        Signals end it between two effects.
        """
        interrupt = Interrupt()
        with interrupt.held():
            return drive(protocol, environment, run, interrupt)

    def inspect_result(
        self, params: Params, info: CredentialInfo, user: str, hosts: t.Iterable[str], work: t.Callable[[], Outcome]
    ) -> Result:
        """Return the result of a task that only looks."""
        noun = "ssh_key" if info.is_key else "credential"
        subject = dataclasses.replace(self._subject_of(params), hosts=tuple(hosts))
        result: Result = {"changed": False, noun: {"id": info.id, "identifier": info.identifier}}
        rotation: dict[str, t.Any] = {"user": user, "host": self.host}
        end: Outcome | Stopped
        try:
            end = work()
            rotation.update(end.details)
        except Stopped as stop:
            end = stop
            rotation["hint"] = stop.hint
            result.update(self._stopped(stop, info, subject, user))
        rotation.update(status=end.status.value, message=end.message, **self._access(end, subject, user))
        return {**result, "rotation": rotation}

    def rotate(
        self, client: Client, info: CredentialInfo, params: Params, check_mode: bool, ways: t.Mapping[str, Way]
    ) -> Result:
        """Rotate the secret of an entry on the hosts of the task, report, and return the result of the task.

        :param ways: what does it, by the option C(mode)
        """
        user, way = self.user(params, info), ways[params["mode"]]
        hosts = sorted({*(params["hosts"] or [self.host])})
        return self.run_and_report(
            params, info, user, lambda: way(client, info, user, hosts, params, check_mode), hosts=hosts
        )

    def run_and_report(
        self, params: Params, info: CredentialInfo, user: str, work: t.Callable[[], Outcome], **more: t.Any
    ) -> Result:
        """Do the work, append how it ended to the history if there is one, and return the result of the task.

        :param more: what else there is to say of the rotation
        """
        start = time.monotonic()
        rotation: dict[str, t.Any] = {
            **more,
            "user": user,
            "mode": params["mode"],
            "host": self.host,
            "own_account": for_task_host(self, self.host, self.variables).option("remote_user") == user,
        }
        subject = dataclasses.replace(self._subject_of(params), hosts=tuple(rotation.get("hosts", [self.host])))
        result: Result = {self.noun: {"id": info.id, "identifier": info.identifier}, "rotation": rotation}
        warnings: list[str] = []
        end: Outcome | Stopped
        try:
            end = work()
            rotation.update(end.details)
            warnings += end.warnings
            result["changed"] = end.status.has_changed
        except Stopped as stop:
            end = stop
            rotation["hint"] = stop.hint
            result.update(self._stopped(stop, info, subject, user))
            warnings += self._run.warnings if self._run else ()
        except SenhaseguraError as exc:
            exc.with_context(subject=_subject(info), server=self._server)
            end = Stopped(Status.FAILED, exc.message, exc.hint)
            rotation["hint"] = exc.hint
            result.update(
                failed=True,
                msg=f"{exc}. {self._access(end, subject, user)['summary']}",
                failure={**exc.failure(), "host": self.host},
            )
        rotation.update(status=end.status.value, message=end.message, **self._access(end, subject, user))
        rotation.update(
            seconds=round(time.monotonic() - start, 3), run=self._run.id if self._run else None, playbook_run=this_run()
        )
        if params["report_dir"] and not self._task.check_mode:
            try:
                self._record(params, info, rotation, subject)
            except SenhaseguraError as exc:
                warnings.append(str(exc))
        if warnings:
            result["warnings"] = warnings
        return result

    def _record(
        self, params: Params, info: CredentialInfo, rotation: dict[str, t.Any], subject: settle.Subject
    ) -> None:
        """Append a line for each host to the history in C(report_dir). Raises ConfigError if it cannot be written.

        A host that was not there has to be looked at again, whatever became of the others.
        """
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        entries = []
        for host in subject.hosts:
            told = Status(rotation["status"])
            status = Status.PENDING if host in rotation.get("absent", ()) else told
            works, proved, login = self._access_of(host, rotation)
            entry = history.Entry(
                time=now,
                host=host,
                kind=self.kind,
                user=rotation["user"],
                credential=info.identifier or info.id,
                mode=rotation["mode"],
                status=status.value,
                message=rotation["message"],
                seconds=rotation["seconds"],
                last_change=now if status == Status.CHANGED else rotation.get("last_change"),
                run=rotation["playbook_run"],
                job=self._job(),
                max_age_days=params["max_age_days"],
                works=works,
                proved=proved,
                login=login,
                # All hosts that share it are settled together.
                settle=settle.command(subject, status) if status != told else rotation["settle"],
                broke=self._run.broken if self._run else "",
            )
            entries.append(entry)
        history.append(params["report_dir"], entries)

    def _job(self) -> str | None:
        job = next((str(self.variables[name]) for name in _JOB_VARIABLES if self.variables.get(name)), None)
        return job or os.environ.get("JOB_ID") or None

    def _subject_of(self, params: Params) -> settle.Subject:
        """Return what the task is about, for the command that settles it. The options may be those that nobody has
        checked.
        """
        user = params.get("user")
        secret = params.get("ssh_key") or params.get("credential")
        return settle.Subject(
            kind="ssh_key" if params.get("ssh_key") else "password",
            secret=secret if isinstance(secret, str) else "",
            user=user if isinstance(user, str) and _USER.fullmatch(user) else "",
            hosts=_names_in(params.get("hosts")) or (self.host,),
            mode="vault" if params.get("mode") == "vault" else "ansible",
            # What AWX makes of an inventory is gone with its job.
            inventories=() if self._job() else tuple(context.CLIARGS.get("inventory") or ()),
            shared_with=_names_in(params.get("shared_with")),
            looks=self._looks,
        )

    def _access(self, end: Outcome | Stopped, subject: settle.Subject, user: str) -> dict[str, str]:
        """Return which record logs in now, how that is known, and what settles the rest."""
        login = end.login or f"{', '.join(subject.hosts)}: {says(user, end.works, end.proved)}"
        command = settle.command(subject, end.status, end.settles)
        return {
            "works": end.works,
            "proved": end.proved,
            "login": login,
            "settle": command,
            "summary": settle.summary(login, command),
        }

    def _access_of(self, host: str, rotation: t.Mapping[str, t.Any]) -> tuple[str, str, str]:
        if self._run and self._run.works:
            return self._run.access(host)
        works, proved = rotation["works"], rotation["proved"]
        return works, proved, f"{host}: {says(rotation['user'], works, proved)}"

    def _stopped(self, stop: Stopped, info: CredentialInfo, subject: settle.Subject, user: str) -> Result:
        access = self._access(stop, subject, user)
        command = f"To settle it: {access['settle']}" if access["settle"] else ""
        parts = (f"{stop.status}: {stop.message}", access["login"], stop.hint, command)
        text = ". ".join(part.rstrip(".") for part in parts if part)
        failure = {
            "kind": stop.status.value,
            "message": stop.message,
            "hint": stop.hint,
            "operation": "rotation",
            "endpoint": "",
            "host": self.host,
            "subject": _subject(info),
            "status": None,
            "code": None,
            "option": "",
            "server": self._server,
            "server_message": "",
        }
        return {"failed": True, "msg": text, "failure": failure}


def _utc() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def this_run() -> str:
    """Return an id of the whole run of ansible-playbook, the same for all its hosts and tasks."""
    return hashlib.sha256(address().encode()).hexdigest()[:16]


def _names_in(value: t.Any) -> tuple[str, ...]:
    """Return the texts of a list. An option that nobody has checked may be anything."""
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def _subject(info: CredentialInfo) -> str:
    """Return the secret, as errors name it."""
    return f"{'SSH key' if info.is_key else 'credential'} {info.identifier or info.id}"


def _limits(params: Params) -> Limits:
    given = {name: params[name] for name in ("deadline", "late_write_window", "lock_wait") if name in params}
    for option, seconds in given.items():
        # Written so that it holds for NaN as well.
        if not seconds >= (0 if option == "lock_wait" else 1):
            raise ConfigError(f"{option} is too small", hint="Give seconds, or leave it out").with_context(
                option=option
            )
    return Limits(**given)
