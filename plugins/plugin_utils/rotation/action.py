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
import secrets
import time
import typing as t

from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
from ansible_collections.community.senhasegura.plugins.module_utils.client.credentials import Credentials
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Refused, SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.options import RunOptions, Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils import connection
from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.policy import Policy, policy_of
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import login, report
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Outcome, Protocol, Stopped
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.driver import Interrupt, World, drive
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.records import PasswordRecords
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.steps import Limits, Run
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.world import HostWorld

# Options of a connection that decide how ssh reaches the host.
_SSH_OPTIONS = (
    "host",
    "port",
    "ssh_executable",
    "ssh_args",
    "ssh_common_args",
    "ssh_extra_args",
    "host_key_checking",
    "timeout",
)
display = Display()
_JOB_VARIABLES = ("awx_job_id", "tower_job_id")


class RotationAction(SenhaseguraAction):
    """Subclasses say what to do; this does the rest: who and where, the run, the report, and how it ended."""

    kind: t.ClassVar[str]
    _requires_connection = True
    _variables: dict[str, t.Any]
    _run: Run | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        self._variables = task_vars or {}
        return super().run(tmp, task_vars)

    def connect(self, settings: Settings, run: RunOptions, params: Params) -> Client:
        """Refuses what would make the guarantees of a rotation void."""
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

    def prepare(
        self, credentials: Credentials, info: CredentialInfo, user: str, params: Params
    ) -> tuple[Run, HostWorld]:
        """The run for the host of this task, and the world in which its protocol is driven."""
        now = datetime.datetime.now(datetime.timezone.utc)
        run_id = secrets.token_hex(8)
        records = PasswordRecords(credentials, info, run_id, now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        self._run = Run(run_id, (self.host,), _limits(params), records.labels)
        return self._run, HostWorld(
            records, self._low_level_execute_command, self._connection, user, self.interpreter(), self.login_of(user)
        )

    def login_of(self, user: str) -> t.Callable[..., login.Verdict]:
        """Tries once to log in as ``user`` with a password: (password, timeout) -> verdict."""
        return functools.partial(login.by_password, self.target(user))

    def say(self, text: str) -> None:
        display.display(f"{self.host}: {text}")

    def interpreter(self) -> str | None:
        """The Python of the host, or None where nobody has said which."""
        facts = self._variables.get("ansible_facts") or {}
        for name, place in (
            ("ansible_python_interpreter", self._variables),
            ("discovered_interpreter_python", facts),
        ):
            value = connection.variable(name, place, self._templar.template)
            if value and not str(value).startswith("auto"):
                return str(value)
        return None

    def target(self, user: str) -> login.Target:
        """How a login as ``user`` reaches the host: as Ansible itself does, but for the user."""
        names = ("ansible_host", "ansible_port", *(f"ansible_{name}" for name in _SSH_OPTIONS), "inventory_hostname")
        variables = {
            name: value
            for name in names
            if (value := connection.variable(name, self._variables, self._templar.template)) is not None
        }
        defaults = {name: value for name in _SSH_OPTIONS if (value := self._connection_option(name)) is not None}
        return login.options_from(variables, user=user, defaults=defaults)

    def _connection_option(self, name: str) -> t.Any:
        try:
            return self._connection.get_option(name)
        # Connections other than ssh do not have them.
        except (KeyError, AttributeError):
            return None

    def drive(self, protocol: Protocol, world: World, run: Run) -> Outcome:
        interrupt = Interrupt()
        with interrupt.held():
            return drive(protocol, world, run, interrupt)

    def told(self, info: CredentialInfo, user: str, work: t.Callable[[], Outcome]) -> Result:
        """The result of a task that only looks."""
        result: Result = {"changed": False, "credential": {"id": info.id, "identifier": info.identifier}}
        try:
            outcome = work()
        except Stopped as stop:
            return {**result, **_stopped(stop, self.host, info)}
        shown = {"status": outcome.result, "message": outcome.message, "user": user, "host": self.host}
        return {**result, "rotation": shown}

    def reported(self, params: Params, info: CredentialInfo, user: str, work: t.Callable[[], Outcome]) -> Result:
        """Do the work, add how it ended to the report if there is one, and return the result of the task."""
        start = time.monotonic()
        rotation: dict[str, t.Any] = {
            "user": user,
            "mode": params["mode"],
            "host": self.host,
            "own_account": self._connection_option("remote_user") == user,
        }
        result: Result = {"credential": {"id": info.id, "identifier": info.identifier}, "rotation": rotation}
        warnings: list[str] = []
        try:
            outcome = work()
            rotation.update(result=outcome.result, message=outcome.message, **outcome.details)
            warnings += outcome.warnings
            result["changed"] = outcome.result in ("changed", "recovered")
        except Stopped as stop:
            rotation.update(result=stop.result, message=stop.message, hint=stop.hint)
            result.update(_stopped(stop, self.host, info))
            warnings += self._run.warnings if self._run else ()
        except SenhaseguraError as exc:
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
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        job = next((str(self._variables[name]) for name in _JOB_VARIABLES if self._variables.get(name)), None)
        entry = report.Entry(
            time=now,
            host=self.host,
            kind=self.kind,
            user=rotation["user"],
            credential=info.identifier or info.id,
            mode=rotation["mode"],
            result=rotation["result"],
            message=rotation["message"],
            seconds=rotation["seconds"],
            last_change=now if rotation["result"] == "changed" else rotation.get("last_change"),
            run=rotation["run"] or "",
            job=job or os.environ.get("JOB_ID") or None,
            max_age_days=params["max_age"],
        )
        report.record(params["report_dir"], entry, keep_days=params["report_keep_days"])


def _limits(params: Params) -> Limits:
    given = {name: params[name] for name in ("deadline", "request_life", "lock_wait") if name in params}
    for option, seconds in given.items():
        # Written so that it holds for NaN as well.
        if not seconds >= (0 if option == "lock_wait" else 1):
            raise ConfigError(f"{option} is too small", hint="Give seconds, or leave it out").with_context(
                option=option
            )
    return Limits(**given)


def _stopped(stop: Stopped, host: str, info: CredentialInfo) -> Result:
    name = info.identifier or info.id
    text = f"{stop.result}: {stop.message}. {stop.hint}" if stop.hint else f"{stop.result}: {stop.message}"
    failure = {
        "kind": stop.result,
        "message": stop.message,
        "hint": stop.hint,
        "operation": "rotation",
        "endpoint": host,
        "subject": f"credential {name}",
        "status": None,
        "code": None,
        "option": "",
    }
    return {"failed": True, "msg": text, "failure": failure, "unreachable": False}
