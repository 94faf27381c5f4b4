# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set up a running AWX for jobs with this collection: from credential types to schedules and a workflow."""

from __future__ import annotations

import typing as t

from ..awx.awx_api import AwxApi, Json
from ..awx.composition import JOBS, TYPES, compose
from ..awx.object_kinds import KINDS
from ..awx.reconcile import AppliedObject, Reconciler
from ..errors import ConfigError
from .results import Params, Result

NOUN = "AWX"
_SECRETS: dict[str, t.Any] = {"type": "dict", "no_log": True, "default": {}}
SPEC: dict[str, t.Any] = {
    "awx_url": {"type": "str", "required": True},
    "awx_token": {"type": "str", "no_log": True},
    "awx_username": {"type": "str"},
    "awx_password": {"type": "str", "no_log": True},
    "awx_api_path": {"type": "str", "default": "/api/v2"},
    "awx_validate_certs": {"type": "bool", "default": True},
    "awx_ca_path": {"type": "path"},
    "awx_timeout": {"type": "float", "default": 30.0},
    "awx_allow_http": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 300.0},
    "update_secrets": {"type": "bool", "default": False, "no_log": False},
    "organization": {"type": "str", "default": "Default"},
    "credentials": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": False,
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": list(TYPES), "default": "oauth2"},
            "inputs": {"type": "dict", "default": {}},
            "secrets": _SECRETS,
        },
    },
    "job_credentials": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "execution_environment": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "default": "senhasegura"},
            "image": {"type": "str", "required": True},
            "pull": {"type": "str", "choices": ["always", "missing", "never"]},
            "credential": {"type": "str", "no_log": False},
        },
    },
    "project": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "name": {"type": "str", "default": "senhasegura"},
            "url": {"type": "str", "default": "https://github.com/ansible-collections/community.senhasegura.git"},
            "branch": {"type": "str", "default": ""},
            "credential": {"type": "str", "no_log": False},
            "playbook_folder": {"type": "str", "default": "playbooks"},
        },
    },
    "inventory": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "name": {"type": "str", "default": "senhasegura"},
            "source_name": {"type": "str", "default": "devices"},
            "source_path": {"type": "str", "default": "extensions/awx/devices.senhasegura.yml"},
            "update_on_launch": {"type": "bool", "default": True},
            "update_cache_timeout": {"type": "int", "default": 600},
        },
    },
    "jobs": {"type": "list", "elements": "str", "choices": list(JOBS), "default": list(JOBS[:5])},
    "job_fields": {"type": "dict", "default": {}},
    "job_variables": {"type": "dict", "default": {}},
    "answers": {"type": "dict", "default": {}},
    "report_dir": {"type": "str", "default": "/var/lib/awx/reports"},
    "notification": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "default": "senhasegura"},
            "type": {"type": "str", "required": True},
            "configuration": {"type": "dict", "default": {}},
            "secrets": _SECRETS,
        },
    },
    "workflow": {"type": "bool", "default": True},
    "rrules": {"type": "dict", "default": {}},
    "enabled_schedules": {"type": "list", "elements": "str", "default": []},
    "objects": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "kind": {"type": "str", "required": True, "choices": list(KINDS)},
            "name": {"type": "str", "required": True},
            "fields": {"type": "dict", "default": {}},
            "secrets": _SECRETS,
        },
    },
}
RULES: dict[str, t.Any] = {}
# Options of the connection, by the parameters of AwxApi.
_CONNECTION = ("url", "token", "username", "password", "api_path", "validate_certs", "ca_path", "timeout", "allow_http")


def connect(params: Params) -> AwxApi:
    """Return the API of the AWX that the options name. Raises ConfigError."""
    if not params["awx_token"] and not (params["awx_username"] and params["awx_password"]):
        raise ConfigError(
            "awx_token is not set",
            hint="Give awx_token, or awx_username and awx_password. The role has them from CONTROLLER_OAUTH_TOKEN,"
            " CONTROLLER_USERNAME and CONTROLLER_PASSWORD",
        ).with_context(option="awx_token")
    if not params["awx_url"]:
        raise ConfigError("awx_url is empty", hint="Set it. The role has it from CONTROLLER_HOST").with_context(
            option="awx_url"
        )
    return AwxApi(**{name: params[f"awx_{name}"] for name in _CONNECTION})


def run(client: AwxApi, params: Params, check_mode: bool, documents: t.Mapping[str, Json]) -> Result:
    """Apply all objects in their order, and return what became of each. The first that fails ends it.

    :param documents: the files of extensions/awx that C(composition.needed_files) names
    """
    reconciler = Reconciler(
        client,
        check_mode,
        update_secrets=params["update_secrets"],
        wait=params["wait_timeout"],
    )
    wanted = compose(params, documents)
    client.hide(str(value) for one in wanted for value in one.secrets.values())
    outcomes = [reconciler.apply(one) for one in wanted]
    diffs = [(f"{one.kind} {one.name}", one.plan.result()["diff"]) for one in outcomes if one.plan.changed]
    return {
        "changed": bool(diffs),
        "objects": [_shown(one) for one in outcomes],
        "diff": {key: {label: diff[key] for label, diff in diffs} for key in ("before", "after")},
    }


def _shown(outcome: AppliedObject) -> Json:
    return {"kind": outcome.kind, "name": outcome.name, "id": outcome.identifier, "action": outcome.plan.action}
