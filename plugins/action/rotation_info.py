# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import typing as t

from ..module_utils.client.connect import Client
from ..module_utils.models import CredentialInfo, SshKeyPair
from ..module_utils.operations.results import Params, Result
from ..module_utils.references import parse_reference
from ..module_utils.settings.options import argument_spec
from ..module_utils.specs import KEY_HOSTS
from ..plugin_utils.rotation.live import LiveEnvironment, by_key, by_password
from ..plugin_utils.rotation.login import password_hash
from ..plugin_utils.rotation.protocol import password_inspection, password_job, ssh_key_inspection, ssh_key_job
from ..plugin_utils.rotation.protocol.run import RotationRun
from ..plugin_utils.rotation.rotation_action import RotationAction
from ..plugin_utils.rotation.vault.journal import KeyRecords, PasswordRecords

SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **KEY_HOSTS,
    "credential": {"type": "str", "no_log": False},
    "compare": {"type": "bool", "default": True},
    "login": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {
    "required_one_of": [["credential", "ssh_key"]],
    "mutually_exclusive": [["credential", "ssh_key"]],
}
Inspection = tuple[CredentialInfo, str, RotationRun, LiveEnvironment, t.Callable[..., t.Any]]


class ActionModule(RotationAction):
    spec = SPEC
    rules = RULES
    kind = "info"
    _looks = True

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        make = self._of_key if params["ssh_key"] else self._of_password
        info, user, run, environment, inspect = make(client, params)
        compare = params["compare"] and not check_mode
        protocol = inspect(run, compare=compare, login=compare and params["login"])
        return self.inspect_result(params, info, user, run.hosts, lambda: self.drive(protocol, environment, run))

    def _of_password(self, client: Client, params: Params) -> Inspection:
        info = client.credentials.info(parse_reference(params["credential"], option="credential"))
        user = self.user(params, info)
        records = functools.partial(PasswordRecords, client.credentials, info)
        run, environment = self.start_run(records, params["hosts"] or [self.host], user, params, by_password)
        run.skip_unreachable = len(run.hosts) > 1
        job = password_job.PasswordJob(
            user=user,
            generate=str,
            matches=password_hash.matches,
            make_hash=password_hash.hash_password,
            hash_problem=password_hash.problem,
        )
        return info, user, run, environment, functools.partial(password_inspection.inspect, job=job)

    def _of_key(self, client: Client, params: Params) -> Inspection:
        info = client.ssh_keys.info(parse_reference(params["ssh_key"], option="ssh_key"))
        user = self.user(params, info)
        records = functools.partial(KeyRecords, client.ssh_keys, info)
        run, environment = self.start_run(records, params["hosts"] or [self.host], user, params, by_key)
        run.skip_unreachable = True
        job = ssh_key_job.SshKeyJob(user=user, generate=nothing, source_address=params["source_address"])
        return info, user, run, environment, functools.partial(ssh_key_inspection.inspect, job=job)


def nothing() -> SshKeyPair:
    """Refuse to make a key: whoever only looks needs none."""
    raise NotImplementedError
