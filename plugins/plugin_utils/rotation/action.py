# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge of the actions that rotate on a managed host: one action each, so that tags, C(ignore_errors) or a strategy
cannot reorder what must not be reordered.
"""

from __future__ import annotations

import datetime
import functools
import os
import re
import secrets
import time
import typing as t

from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Refused, SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.options import RunOptions, Settings
from ansible_collections.community.senhasegura.plugins.module_utils.secrecy import printable_message
from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import address, authentication_key
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.policy import Policy, policy_of
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import reach, report
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Outcome, Protocol, Stopped
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.driver import Interrupt, World, drive
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.own_login import (
    OwnKey,
    OwnLogin,
    OwnPassword,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.records import KeyRecords, PasswordRecords
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.steps import Limits, Run
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.world import HostsWorld, LogIn

display = Display()
RecordsOf = PasswordRecords | KeyRecords
_JOB_VARIABLES = ("awx_job_id", "tower_job_id")


class RotationAction(SenhaseguraAction):
    """Subclasses say what to do; this does the rest: who and where, the run, the report, and how it ended."""

    kind: t.ClassVar[str]
    # The name of the record in results.
    noun: t.ClassVar[str] = "credential"
    _requires_connection = True
    _variables: dict[str, t.Any]
    _run: Run | None = None
    _server = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        self._variables = task_vars or {}
        return super().run(tmp, task_vars)

    def connect(self, settings: Settings, run: RunOptions, params: Params) -> Client:
        """Refuses what would make the guarantees of a rotation void."""
        self._server = settings.server
        if not settings.validate_certs and not params.get("allow_insecure_rotation", True):
            raise Refused(
                "without validate_certs, anybody in between could take the new secret",
                hint="Give ca_path, or set allow_insecure_rotation=true",
            )
        if settings.timeout > params.get("request_life", settings.timeout):
            raise ConfigError(
                "request_life is shorter than timeout, so a request could outlive it", hint="Raise request_life"
            ).with_context(option="request_life")
        return super().connect(settings, run, params)

    def policy(self, run: RunOptions, params: Params) -> Policy:
        return policy_of(run, {**params, "fresh": True})

    def until(self) -> float:
        return self._run.ends if self._run else super().until()

    @property
    def host(self) -> str:
        return str(self._variables.get("inventory_hostname", "localhost"))

    def user(self, params: Params, info: CredentialInfo) -> str:
        """The account whose secret it is. Raises ConfigError: what is no name would be shown, and may be anything."""
        if params["user"] and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}\$?", params["user"]):
            raise ConfigError("user is no name of a local user", hint="Check user").with_context(option="user")
        return str(params["user"] or info.username)

    def prepare(
        self,
        records: t.Callable[[str, str], RecordsOf],
        hosts: t.Iterable[str],
        user: str,
        params: Params,
        log_in: LogIn,
    ) -> tuple[Run, HostsWorld]:
        """The run for these hosts, and the world in which its protocol is driven.

        :param records: makes the records, of the id of the run and the time at which it begins
        """
        now = datetime.datetime.now(datetime.timezone.utc)
        run_id = secrets.token_hex(8)
        made = records(run_id, now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        reaches = {host: self.reach(host) for host in sorted(set(hosts))}
        self._run = Run(
            run_id,
            tuple(reaches),
            _limits(params),
            made.labels,
            record=made.main_id,
            user=user,
            breaks=params.get("break_lock") or "",
        )
        may_read = params.get("compare", True) and not self._task.check_mode
        own: t.Callable[..., OwnLogin] = functools.partial(OwnPassword, may_read=may_read)
        if isinstance(made, KeyRecords):
            files = Files(os.path.dirname(address()), authentication_key())
            own = functools.partial(OwnKey, files=files, may_read=may_read)
        return self._run, HostsWorld(self._run, made, reaches, log_in, own)

    def reach(self, host: str) -> reach.Reach:
        """The way to a host: that of the task if it is its own."""
        if host == self.host and not self._task.delegate_to:
            return reach.own(self, host, self._variables)
        return reach.other(self, host, self._variables)

    def say(self, text: str) -> None:
        display.display(printable_message(f"{self.host}: {text}"))

    def drive(self, protocol: Protocol, world: World, run: Run) -> Outcome:
        interrupt = Interrupt()
        with interrupt.held():
            return drive(protocol, world, run, interrupt)

    def told(self, info: CredentialInfo, user: str, work: t.Callable[[], Outcome]) -> Result:
        """The result of a task that only looks."""
        noun = "ssh_key" if info.is_key else "credential"
        result: Result = {"changed": False, noun: {"id": info.id, "identifier": info.identifier}}
        try:
            outcome = work()
        except Stopped as stop:
            return {**result, **self._stopped(stop, info)}
        shown = {"status": outcome.result, "message": outcome.message, "user": user, "host": self.host}
        return {**result, "rotation": {**shown, **_access(outcome), **outcome.details}}

    def reported(
        self, params: Params, info: CredentialInfo, user: str, work: t.Callable[[], Outcome], **more: t.Any
    ) -> Result:
        """Do the work, add how it ended to the report if there is one, and return the result of the task.

        :param more: what else there is to say of the rotation
        """
        start = time.monotonic()
        rotation: dict[str, t.Any] = {
            **more,
            "user": user,
            "mode": params["mode"],
            "host": self.host,
            "own_account": reach.own(self, self.host, self._variables).option("remote_user") == user,
        }
        result: Result = {self.noun: {"id": info.id, "identifier": info.identifier}, "rotation": rotation}
        warnings: list[str] = []
        try:
            outcome = work()
            rotation.update(result=outcome.result, message=outcome.message, **_access(outcome), **outcome.details)
            warnings += outcome.warnings
            result["changed"] = outcome.result in ("changed", "recovered")
        except Stopped as stop:
            rotation.update(result=stop.result, message=stop.message, hint=stop.hint, **_access(stop))
            result.update(self._stopped(stop, info))
            warnings += self._run.warnings if self._run else ()
        except SenhaseguraError as exc:
            exc.with_context(subject=_subject(info), server=self._server)
            rotation.update(result="failed", message=exc.message, hint=exc.hint)
            result.update(failed=True, msg=str(exc), failure=exc.failure())
        rotation.update(seconds=round(time.monotonic() - start, 3), run=self._run.id if self._run else None)
        if params["report_dir"] and not self._task.check_mode:
            try:
                self._report(params, info, rotation)
            except SenhaseguraError as exc:
                warnings.append(str(exc))
        if warnings:
            result["warnings"] = warnings
        return result

    def _report(self, params: Params, info: CredentialInfo, rotation: dict[str, t.Any]) -> None:
        """A line for each host. One that was not there has to be looked at again, whatever became of the others."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        job = next((str(self._variables[name]) for name in _JOB_VARIABLES if self._variables.get(name)), None)
        for host in rotation.get("hosts", [self.host]):
            result = "pending" if host in rotation.get("absent", ()) else rotation["result"]
            entry = report.Entry(
                time=now,
                host=host,
                kind=self.kind,
                user=rotation["user"],
                credential=info.identifier or info.id,
                mode=rotation["mode"],
                result=result,
                message=rotation["message"],
                seconds=rotation["seconds"],
                last_change=now if result == "changed" else rotation.get("last_change"),
                run=rotation["run"] or "",
                job=job or os.environ.get("JOB_ID") or None,
                max_age_days=params["max_age"],
            )
            report.record(params["report_dir"], entry, keep_days=params["report_keep_days"])

    def _stopped(self, stop: Stopped, info: CredentialInfo) -> Result:
        text = ". ".join(part for part in (f"{stop.result}: {stop.message}", stop.login, stop.hint) if part)
        failure = {
            "kind": stop.result,
            "message": stop.message,
            "hint": stop.hint,
            "operation": "rotation",
            "endpoint": self.host,
            "subject": _subject(info),
            "status": None,
            "code": None,
            "option": "",
            "server": self._server,
            "server_message": "",
        }
        return {"failed": True, "msg": text, "failure": failure, "unreachable": False}


def _access(end: Outcome | Stopped) -> dict[str, str]:
    """Which record logs in now, and how that is known."""
    return {"works": end.works, "proved": end.proved, "login": end.login}


def _subject(info: CredentialInfo) -> str:
    """The secret, as errors name it."""
    return f"{'SSH key' if info.is_key else 'credential'} {info.identifier or info.id}"


def _limits(params: Params) -> Limits:
    given = {name: params[name] for name in ("deadline", "request_life", "lock_wait") if name in params}
    for option, seconds in given.items():
        # Written so that it holds for NaN as well.
        if not seconds >= (0 if option == "lock_wait" else 1):
            raise ConfigError(f"{option} is too small", hint="Give seconds, or leave it out").with_context(
                option=option
            )
    return Limits(**given)
