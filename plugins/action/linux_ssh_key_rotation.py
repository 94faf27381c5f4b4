# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import functools
import hashlib
import typing as t

from ..module_utils import keypair
from ..module_utils.client.connect import Client
from ..module_utils.errors import ConfigError
from ..module_utils.models import CredentialInfo
from ..module_utils.operations.parameters import wait_options
from ..module_utils.operations.results import Params, Result
from ..module_utils.references import parse_reference
from ..module_utils.settings.options import argument_spec
from ..module_utils.specs import KEY_HOSTS, ROTATION, WAITING
from ..plugin_utils.broker.client import address
from ..plugin_utils.host import ansible_internals
from ..plugin_utils.rotation import sharing
from ..plugin_utils.rotation.host.host_target import target_of
from ..plugin_utils.rotation.live import by_key
from ..plugin_utils.rotation.protocol import ssh_key, ssh_key_inspection, ssh_key_job
from ..plugin_utils.rotation.protocol.effects import Outcome
from ..plugin_utils.rotation.rotation_action import RotationAction
from ..plugin_utils.rotation.vault import server_side
from ..plugin_utils.rotation.vault.journal import KeyRecords

SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **WAITING,
    **ROTATION,
    **KEY_HOSTS,
    "ssh_key": {"type": "str", "required": True, "no_log": False},
    "shared_with": {"type": "list", "elements": "str"},
    "verify": {"type": "str", "choices": ["login", "none"], "default": "login"},
    "forks": {"type": "int", "default": 20},
    "host_timeout": {"type": "float", "default": 60.0},
    "on_unreachable": {"type": "str", "choices": ["fail", "defer"], "default": "fail"},
    "retired_hosts": {"type": "list", "elements": "str", "default": []},
    "reconcile": {"type": "bool", "default": False},
    "grace": {"type": "float", "default": 0.0},
    "type": {"type": "str", "choices": ["ed25519", "ecdsa", "rsa"], "default": "ed25519"},
    "bits": {"type": "int"},
    "passphrase": {"type": "str", "no_log": True},
    "comment": {"type": "str"},
}


class ActionModule(RotationAction):
    spec = SPEC
    thing = "SSH key"
    kind = "ssh_key"
    noun = "ssh_key"

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        info = client.ssh_keys.info(parse_reference(params["ssh_key"], option="ssh_key"))
        ways = {"ansible": self._by_ansible, "vault": self._by_vault}
        return self.rotate(client, info, params, check_mode, ways)

    def _by_ansible(
        self, client: Client, info: CredentialInfo, user: str, hosts: list[str], params: Params, check_mode: bool
    ) -> Outcome:
        # Written so that it holds for NaN as well.
        if not 0 <= params["grace"] <= params["deadline"] / 2:
            raise ConfigError("grace is more than half of deadline", hint="Raise deadline").with_context(option="grace")
        if params["forks"] < 1:
            raise ConfigError("forks must be at least 1", hint="Leave it out").with_context(option="forks")
        # Written so that it holds for NaN as well.
        if not params["host_timeout"] >= 1:
            raise ConfigError("host_timeout must be at least 1", hint="Leave it out").with_context(
                option="host_timeout"
            )
        job = ssh_key_job.SshKeyJob(
            user=user,
            generate=functools.partial(
                keypair.new_pair,
                params["type"],
                bits=params["bits"],
                passphrase=params["passphrase"] or None,
                comment=params["comment"] or "",
            ),
            shared_with=self._shared_with(params, hosts),
            retired_hosts=frozenset(params["retired_hosts"]),
            recover_only=params["state"] == "recovered",
            reconcile=params["reconcile"],
            max_age_days=params["max_age_days"],
            grace=params["grace"],
            comment=params["comment"],
            source_address=params["source_address"],
            play=hashlib.sha256(address().encode()).hexdigest()[:12],
            verify=params["verify"] != "none",
            part_is_meant=self._part_is_meant(params),
        )
        records = functools.partial(KeyRecords, client.ssh_keys, info)
        run, environment = self.start_run(records, hosts, user, params, by_key)
        run.skip_unreachable = params["on_unreachable"] == "defer"
        run.forks = params["forks"]
        run.limits = dataclasses.replace(run.limits, on_host=params["host_timeout"])
        same = sharing.hosts_with(self, "ssh_key", params["ssh_key"])
        # The role has all of them in hosts, and the task for the first alone.
        if len(same) > 1 and not same <= {*hosts} and not self._task.run_once:
            run.warnings.append(
                f"this task runs for each of {ssh_key_job.tell(same)}, with the same SSH key: write run_once: true, "
                "and name all that have the key in hosts"
            )
        protocol = ssh_key_inspection.predict(run, job) if check_mode else ssh_key.rotate(run, job)
        return self.drive(protocol, environment, run)

    def _part_is_meant(self, params: Params) -> bool:
        """Return whether the task itself says which hosts it leaves out. A role takes that from the inventory."""
        named = bool(params["hosts"] and params["shared_with"])
        return named and "ansible_limit" not in self.variables and not ansible_internals.is_in_role(self._task)

    def _shared_with(self, params: Params, hosts: list[str]) -> frozenset[str]:
        """Return all hosts that have the key, as far as the task tells: those that --limit leaves out as well."""
        if params["shared_with"] is not None:
            return frozenset({*hosts, *params["shared_with"]})
        if params["hosts"]:
            return frozenset({*hosts, *sharing.without_limit(self, "hosts")})
        return frozenset({*hosts, *sharing.hosts_with(self, "ssh_key", params["ssh_key"])})

    def _by_vault(
        self, client: Client, info: CredentialInfo, user: str, hosts: list[str], params: Params, check_mode: bool
    ) -> Outcome:
        targets = {host: target_of(self.connection_to(host), user) for host in hosts}
        return server_side.rotate_key(
            client.ssh_keys,
            info,
            {host: functools.partial(by_key, target) for host, target in targets.items()},
            recover_only=params["state"] == "recovered",
            max_age_days=params["max_age_days"],
            pace=wait_options(params),
            check_mode=check_mode,
            report_progress=self.report_progress,
            known=frozenset({*hosts, *(target.address for target in targets.values())}),
        )
