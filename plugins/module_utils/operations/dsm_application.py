# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make a DSM application and an authorization of it, or deactivate the authorization of the client itself.

The server shows nothing but the application of the client, and takes many options only when something is made
(facts-dsm.md 2). So what is there already is found out by a write of the names alone.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..dsm_models import DsmApplication, DsmApplicationWrite, DsmAuthorization
from ..errors import ConfigError, Refused
from ..plan import Plan, make_plan
from ..settings.options import argument_spec
from ..specs import UPDATE
from .apply import TaskOutcome, apply
from .parameters import console_time
from .results import NO_LOG, Params, Result

NOUN = "DSM application"
RESOURCES = ("Application", "CI/CD", "Secret Management")
_LIST = {"type": "list", "elements": "str"}
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "application": {"type": "str", "required": True, "aliases": ["name"]},
    "system": {"type": "str"},
    "environment": {"type": "str"},
    "unique_key": {"type": "str", "no_log": False},
    "description": {"type": "str"},
    "tags": _LIST,
    "line_of_business": {"type": "str"},
    "application_type": {"type": "str"},
    "aws_arns": _LIST,
    "cloud_profiles": _LIST,
    "credential_profiles": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {"device": {"type": "str", "required": True}, "profile": {"type": "str", "required": True}},
    },
    "authentication_method": {"type": "str", "no_log": False},
    "authorized_resources": {**_LIST, "choices": list(RESOURCES), "no_log": False},
    "expires_at": {"type": "str"},
    "encryption_enabled": {"type": "bool"},
    "allowed_ips": _LIST,
    "allowed_http_referers": _LIST,
    "certificate_fingerprint": {"type": "str"},
    "update_attributes": UPDATE,
    "allow_deprovision": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {}
_NAMES = ("application", "system", "environment")
_VISIBLE = ("description", "tags")
# Written at every update, and never shown.
_HIDDEN = ("line_of_business", "application_type", "aws_arns", "cloud_profiles", "credential_profiles")
_FOR_AUTHORIZATION = (
    *("authorized_resources", "expires_at", "encryption_enabled", "allowed_ips"),
    *("allowed_http_referers", "certificate_fingerprint"),
)
_FOR_APPLICATION = ("authentication_method",)
_LISTS = ("tags", "aws_arns", "cloud_profiles", "credential_profiles", "authorized_resources", "allowed_ips")


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    own = client.applications.own()
    if params["state"] == "absent":
        return _deactivate(client, params, own, check_mode)
    wanted = _desired(params)
    if own is not None and wanted.unique_key is None and _is_same(wanted, own):
        return _update_own(client, wanted, own, params, check_mode)
    return _make(client, wanted, params, check_mode)


def _update_own(
    client: Client, wanted: DsmApplicationWrite, own: DsmApplication, params: Params, check_mode: bool
) -> Result:
    """Update the application of the client, which is the only one that the server shows."""
    hidden = [name for name in _HIDDEN if getattr(wanted, name) is not None]
    if params["update_attributes"] == "on_create":
        hidden = []
    before = {**_identity(own), "description": own.description or "", "tags": sorted(own.tags)}
    desired = {"description": wanted.description, "tags": None if wanted.tags is None else sorted(wanted.tags)}
    plan = make_plan("present", before, desired, hidden=hidden)
    warnings = _ignored(wanted, application=True, authorization=True)
    predicted = TaskOutcome(plan, {name: plan.after[name] for name in before}, warnings, more={"authorization": None})

    def store() -> TaskOutcome:
        names_and_attributes = _only(wanted, (*_VISIBLE, *_HIDDEN))
        return dataclasses.replace(predicted, more=_shown(client.applications.store(names_and_attributes)))

    return _hide(apply(predicted, lambda: client.applications.check(wanted), store, check_mode).result("application"))


def _make(client: Client, wanted: DsmApplicationWrite, params: Params, check_mode: bool) -> Result:
    """Make or find an application that the server does not show."""
    given = {name: value for name in (*_NAMES, *_VISIBLE) if (value := _plain(getattr(wanted, name))) is not None}
    attributes = [name for name in (*_VISIBLE, *_HIDDEN) if getattr(wanted, name) is not None]
    predicted = TaskOutcome(Plan("create", {}, given), given, [], more={"authorization": None})

    def store() -> TaskOutcome:
        # First the names and what counts for something new only: the response says whether it is new.
        found = client.applications.store(_only(wanted, (*_FOR_APPLICATION, *_FOR_AUTHORIZATION)))
        known = found.application_made is not None and found.authorization_made is not None
        write = bool(attributes) and (found.application_made is not False or params["update_attributes"] == "always")
        if write:
            client.applications.store(_only(wanted, (*_VISIBLE, *_HIDDEN)))
        warnings = _ignored(
            wanted, application=found.application_made is False, authorization=found.authorization_made is False
        )
        if not known:
            warnings.append(
                f"the server does not say whether DSM application {wanted.application} and its authorization were "
                "there already, so this task counts as a change"
            )
        changed = write or not known or bool(found.application_made or found.authorization_made)
        return dataclasses.replace(predicted, warnings=warnings, changed=changed, more=_shown(found))

    return _hide(apply(predicted, lambda: client.applications.check(wanted), store, check_mode).result("application"))


def _deactivate(client: Client, params: Params, own: DsmApplication | None, check_mode: bool) -> Result:
    """Deactivate the authorization of the client itself: there is no call for any other one."""
    wanted = DsmApplicationWrite(*(params[name] for name in _NAMES))
    if own is None or not _is_same(wanted, own):
        has = "the client belongs to none" if own is None else f"the client belongs to {_name(own)}"
        raise Refused(
            f"the server can deactivate the authorization of the client itself and no other one, and {has}",
            hint=f"Log in with the client of the application {params['application']}, or use the console",
        ).with_context(option="application")
    if not params["allow_deprovision"]:
        raise Refused(
            "with the authorization, the server may remove all secrets, access keys and credentials that it has "
            "provisioned for the application, if automatic provisioning is on",
            hint="Set allow_deprovision=true if that is what you want",
        ).with_context(option="allow_deprovision")
    plan = Plan("disable", {**_identity(own), "active": True}, {**_identity(own), "active": False})
    predicted = TaskOutcome(plan, _identity(own), [], more={"authorization": None})

    def disable() -> TaskOutcome:
        client.applications.deactivate()
        return predicted

    return apply(predicted, client.applications.check_deactivate, disable, check_mode).result("application")


def _is_same(wanted: DsmApplicationWrite, own: DsmApplication) -> bool:
    """Return whether a task names the application of the client. What it leaves out fits."""
    return own.name == wanted.application and all(
        getattr(wanted, name) in (None, getattr(own, name)) for name in ("system", "environment")
    )


def _ignored(wanted: DsmApplicationWrite, *, application: bool, authorization: bool) -> list[str]:
    """Return the warnings about options that did not count, since what they are for was there already."""
    return [
        f"the {thing} of {wanted.application} was there already, and the server takes {', '.join(names)} for a new one "
        "only. Compare them in the console"
        for thing, was_there, options in (
            ("application", application, _FOR_APPLICATION),
            ("authorization", authorization, _FOR_AUTHORIZATION),
        )
        if was_there and (names := [name for name in options if getattr(wanted, name) is not None])
    ]


def _only(wanted: DsmApplicationWrite, names: t.Iterable[str]) -> DsmApplicationWrite:
    """Return a write of the names by which it is found, and of these fields."""
    found = {name: getattr(wanted, name) for name in (*_NAMES, "unique_key", *names)}
    return DsmApplicationWrite(**found)


def _desired(params: Params) -> DsmApplicationWrite:
    if params["unique_key"] is None and not (params["system"] and params["environment"]):
        raise ConfigError(
            "system and environment are missing, by which the server finds the authorization",
            hint="Give both, or unique_key",
        ).with_context(option="system" if not params["system"] else "environment")
    fields = {field.name: params[field.name] for field in dataclasses.fields(DsmApplicationWrite)}
    for name in (*_LISTS, "allowed_http_referers"):
        fields[name] = None if fields[name] is None else tuple(fields[name])
    fields["expires_at"] = console_time(params["expires_at"], "expires_at")
    return DsmApplicationWrite(**fields)


def _identity(own: DsmApplication) -> dict[str, t.Any]:
    return {"application": own.name, "system": own.system, "environment": own.environment}


def _name(own: DsmApplication) -> str:
    return " / ".join(part for part in (own.name, own.system, own.environment) if part)


def _plain(value: t.Any) -> t.Any:
    return list(value) if isinstance(value, tuple) else value


def _shown(found: DsmAuthorization) -> dict[str, t.Any]:
    return {"authorization": {"client_id": found.client_id, "client_secret": found.client_secret}}


def _hide(result: Result) -> Result:
    """Return the result, of which nothing is printed if it holds the client secret."""
    return {**result, **NO_LOG} if result.get("authorization") else result
