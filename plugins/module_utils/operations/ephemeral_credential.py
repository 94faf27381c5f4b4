# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provision and deprovision ephemeral credentials (facts-dsm.md 5)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..dsm_models import EphemeralWrite
from ..plan import Plan
from ..settings.options import argument_spec
from .apply import TaskOutcome, apply
from .results import NO_LOG, Params, Result, secret_with_data, unread

NOUN = "ephemeral credential"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "identifier": {"type": "str", "aliases": ["identity"]},
    "pod_name": {"type": "str"},
    "deploy": {"type": "str"},
    "namespace": {"type": "str"},
    "secret_id": {"type": "str", "no_log": False},
    "deprovision_at_end": {"type": "bool", "default": True},
}
RULES: dict[str, t.Any] = {
    "required_one_of": [("identifier", "pod_name")],
    "mutually_exclusive": [("identifier", "pod_name")],
    "required_together": [("pod_name", "deploy", "namespace")],
    "required_if": [("state", "absent", ("secret_id",))],
}
_NAMES = ("identifier", "pod_name", "deploy", "namespace", "secret_id")
_NOBODY = (
    "nobody deprovisions this at the end of the run, since it goes without a broker: add a task with state=absent and "
    "this secret_id"
)


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    wanted = EphemeralWrite(**{name: params[name] for name in _NAMES})
    named = {name: params[name] for name in _NAMES if params[name]}
    if params["state"] == "absent":
        return _absent(client, wanted, named, check_mode)
    at_end = params["deprovision_at_end"]
    # The id is that of what is made here.
    wanted = dataclasses.replace(wanted, secret_id=None, at_end=at_end and client.ephemeral.given_back_at_end)
    named.pop("secret_id", None)
    warnings = [_NOBODY] if at_end and not wanted.at_end else []
    predicted = TaskOutcome(Plan("create", {}, named), {**named, "id": None}, warnings)

    def provision() -> TaskOutcome:
        made = client.ephemeral.provision(wanted)
        noun = f"DSM secret {made.identifier}"
        return dataclasses.replace(
            predicted, shown=secret_with_data(made), warnings=[*warnings, *unread(made.unreadable, noun)], more=NO_LOG
        )

    return apply(predicted, lambda: client.ephemeral.check_provision(wanted), provision, check_mode).result("secret")


def _absent(client: Client, wanted: EphemeralWrite, named: dict[str, str], check_mode: bool) -> Result:
    plan = Plan("delete", {**named, "active": True}, {**named, "active": False})
    predicted = TaskOutcome(plan, {**named, "id": wanted.secret_id}, [])

    def deprovision() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=client.ephemeral.deprovision(wanted))

    return apply(predicted, lambda: client.ephemeral.check_deprovision(wanted), deprovision, check_mode).result(
        "secret"
    )
