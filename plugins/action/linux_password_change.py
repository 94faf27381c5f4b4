# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import typing as t

from ..module_utils.client.connect import Client
from ..module_utils.errors import ConfigError
from ..module_utils.models import CredentialInfo
from ..module_utils.operations.parameters import wait_options
from ..module_utils.operations.results import Params, Result
from ..module_utils.references import parse_reference
from ..module_utils.settings.options import argument_spec
from ..module_utils.specs import ROTATION, WAITING
from ..plugin_utils.rotation.host.host_target import target_of
from ..plugin_utils.rotation.live import by_password
from ..plugin_utils.rotation.login import password_hash, probe
from ..plugin_utils.rotation.protocol import password, password_inspection, password_job, password_policy
from ..plugin_utils.rotation.protocol.effects import Outcome
from ..plugin_utils.rotation.rotation_action import RotationAction
from ..plugin_utils.rotation.vault import server_side
from ..plugin_utils.rotation.vault.journal import PasswordRecords

SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **WAITING,
    **ROTATION,
    "credential": {"type": "str", "required": True, "no_log": False},
    "hosts": {"type": "list", "elements": "str"},
    "verify": {"type": "str", "choices": ["login", "hash_only"], "default": "login"},
    "accept": {
        "type": "list",
        "elements": "str",
        "choices": ["locked", "expired", "must_change", "other_host"],
        "default": [],
    },
    "reconcile": {"type": "bool", "default": False},
    "policy": {
        "type": "dict",
        "options": {
            "length": {"type": "int", "default": 24},
            "min_lower": {"type": "int", "default": 1},
            "min_upper": {"type": "int", "default": 1},
            "min_digits": {"type": "int", "default": 1},
            "min_special": {"type": "int", "default": 1},
            "special": {"type": "str"},
            "forbidden": {"type": "str", "default": ""},
        },
    },
    "chage": {
        "type": "dict",
        "options": {
            name: {"type": "int"} for name in ("min_days", "max_days", "warn_days", "inactive_days", "expire_day")
        },
    },
}


class ActionModule(RotationAction):
    spec = SPEC
    kind = "password"

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        info = client.credentials.info(parse_reference(params["credential"], option="credential"))
        ways = {"ansible": self._by_ansible, "vault": self._by_vault}
        return self.rotate(client, info, params, check_mode, ways)

    def _by_ansible(
        self, client: Client, info: CredentialInfo, user: str, hosts: list[str], params: Params, check_mode: bool
    ) -> Outcome:
        rules = _policy(params["policy"] or {})
        job = password_job.PasswordJob(
            user=user,
            generate=functools.partial(password_policy.generate, rules),
            matches=password_hash.matches,
            make_hash=password_hash.hash_password,
            hash_problem=password_hash.problem,
            verify_login=params["verify"] == "login",
            accept=frozenset(params["accept"]),
            recover_only=params["state"] == "recovered",
            reconcile=params["reconcile"],
            max_age_days=params["max_age_days"],
            chage={name: days for name, days in (params["chage"] or {}).items() if days is not None},
        )
        records = functools.partial(PasswordRecords, client.credentials, info)
        run, environment = self.start_run(records, hosts, user, params, by_password)
        protocol = password_inspection.predict(run, job) if check_mode else password.rotate(run, job)
        return self.drive(protocol, environment, run)

    def _by_vault(
        self, client: Client, info: CredentialInfo, user: str, hosts: list[str], params: Params, check_mode: bool
    ) -> Outcome:
        if hosts != [self.host]:
            raise ConfigError(
                "with mode=vault the server changes the password of one host, that of the credential",
                hint="Leave hosts out, or set mode to ansible",
            ).with_context(option="hosts")
        target = target_of(self.connection_to(self.host), user) if params["verify"] == "login" else None
        return server_side.rotate_password(
            client.credentials,
            info,
            functools.partial(probe.by_password, target) if target else None,
            recover_only=params["state"] == "recovered",
            max_age_days=params["max_age_days"],
            pace=wait_options(params),
            check_mode=check_mode,
            report_progress=self.report_progress,
        )


def _policy(given: t.Mapping[str, t.Any]) -> password_policy.PasswordPolicy:
    return password_policy.PasswordPolicy(**{name: value for name, value in given.items() if value is not None})
