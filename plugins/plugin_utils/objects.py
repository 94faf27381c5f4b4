# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules for credentials and SSH keys share: how they are named, enabled and disabled, and waited for."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Switchable
from ansible_collections.community.senhasegura.plugins.module_utils.client.credentials import Credentials
from ansible_collections.community.senhasegura.plugins.module_utils.client.listing import matching
from ansible_collections.community.senhasegura.plugins.module_utils.client.ssh_keys import SshKeys
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    NotFound,
    Refused,
    SenhaseguraError,
    UnexpectedAnswer,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    CredentialInfo,
    CredentialWrite,
    Entries,
    SshKeyWrite,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.plan import Plan, make_plan
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference, parse_reference
from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result

UNLISTED = "is not in the list of the server: it is inactive already, or there is none of this name"
_SHORTEST = 0.1
Write = t.TypeVar("Write", CredentialWrite, SshKeyWrite)


def named(params: Params) -> Reference:
    """What a task names by id, by identifier, or by username, hostname and, if given, ip."""
    if params["id"]:
        ref = parse_reference(params["id"], option="id", kind="id")
        if not ref.is_id:
            hint = "Give a number as id, and anything else as identifier or as username and hostname"
            raise ConfigError("id must be a number", hint=hint).with_context(option="id")
        return ref
    if params["identifier"] or not params["username"]:
        return parse_reference(params["identifier"], option="identifier", kind="identifier")
    ref = parse_reference(f"{params['username']}@{params['hostname']}", option="username", kind="account")
    return dataclasses.replace(ref, ip=params["ip"] or None)


def refuse_contradiction(params: Params, info: CredentialInfo) -> None:
    """Refuse to enable or disable what a task names by id or identifier, and describes otherwise than the list."""
    if not (params["id"] or params["identifier"]):
        return
    given = {name: params[name] for name in ("identifier", "username", "hostname", "ip") if params[name]}
    differing = [name for name in given if not matching(Entries([info]), {name: given[name]})]
    if differing:
        option = "id" if params["id"] else "identifier"
        raise Refused(
            f"the {option} names the entry {info.id} of {info.username}@{info.hostname} ({info.ip or 'no ip'}), which "
            f"the task describes with another {' and '.join(differing)}",
            hint=f"Correct {' and '.join(differing)}, or leave out what {option} makes needless",
        )


def listed(info: CredentialInfo | None, names: t.Iterable[str]) -> dict[str, t.Any] | None:
    """Some fields of what the list says, or None; a text that this dialect leaves out is None as well."""
    return None if info is None else {name: None if (value := getattr(info, name)) == "" else value for name in names}


def given(params: Params, names: t.Iterable[str]) -> dict[str, t.Any]:
    """The options among ``names`` that a task gives, with their values."""
    return {name: params[name] for name in names if params[name] is not None}


def joinable(items: list[str] | None, option: str) -> tuple[str, ...] | None:
    """The items of an option that the server takes as one text with commas. Raises ConfigError."""
    if items is None:
        return None
    if any("," in item for item in items):
        raise ConfigError(
            f"an item of {option} has a comma, with which the server would make several of it",
            hint="Give each as an item of its own",
        ).with_context(option=option)
    return tuple(items)


def at_listed_host(wanted: Write, info: CredentialInfo) -> Write:
    """The write with host name and address as listed, where they are only written in another way.

    The server may compare them letter by letter, and would make another one.
    """
    same = matching(Entries([info]), {"hostname": wanted.hostname, **({"ip": wanted.ip} if wanted.ip else {})})
    return dataclasses.replace(wanted, hostname=info.hostname, ip=info.ip or wanted.ip) if same else wanted


def unread(
    unreadable: t.Mapping[str, SenhaseguraError], noun: str, effect: str = "cannot be read and is null"
) -> list[str]:
    """The warnings about values that could not be read. ``effect`` is what that means for the result."""
    return [
        f"the value of {name} in {noun} {effect}: {problem.message}. {problem.hint}"
        for name, problem in unreadable.items()
    ]


def store(
    area: Credentials | SshKeys, wanted: t.Any, info: CredentialInfo | None, plan: Plan, compared: t.Iterable[str]
) -> tuple[Stored, list[str]]:
    """Write, and compare what the server says and lists afterwards with what was meant. Also returns warnings.

    Raises UnexpectedAnswer if the write hit an entry of the other kind, or changed what it did not send.

    :param info: what is listed before, or None for something new
    :param compared: the attributes that the list tells and that a write may leave out
    """
    stored = area.store(wanted, info)
    if not stored.id:
        # The answer did not tell, and the list does not have it under its name.
        name = stored.identifier or f"{wanted.username}@{wanted.hostname}"
        return stored, [f"the server took {area.noun} {name} and neither tells its id nor lists it: see the console"]
    noun, other = (area.noun, "credential") if area.noun == "SSH key" else (area.noun, "SSH key")
    try:
        now = area.listed(stored.id)
    except SenhaseguraError as exc:
        # It is written all the same.
        return stored, [f"{noun} {stored.id} is written, and could not be compared with the list of the server: {exc}"]
    if now is None:
        did = "updated" if stored.updated else "took"
        return stored, [
            f"the server {did} {noun} {stored.id} and does not list it: it is inactive (state=enabled activates it), "
            "or the authorization may not see it"
        ]
    if now.is_key != (noun == "SSH key"):
        raise UnexpectedAnswer(
            f"the server wrote the {other} {now.identifier or now.id} instead of the {noun}",
            hint=f"Compare {now.id} in the console with what it should be, and give the {noun} another account",
        ).with_context(subject=f"{noun} {stored.id}")
    written = {name for name, value in plan.after.items() if plan.before.get(name) != value}
    lost = [name for name in compared if info and name not in written and _differ(info, now, name)]
    if lost:
        was = ", ".join(f"{name} {getattr(info, name)} (now {getattr(now, name)})" for name in lost)
        raise UnexpectedAnswer(
            f"the server has changed more of {noun} {stored.id} than the task asked for; before, it had {was}",
            hint=f"Set {', '.join(lost)} in the task",
        ).with_context(subject=f"{noun} {stored.id}")
    return stored, []


def _differ(before: CredentialInfo, now: CredentialInfo, name: str) -> bool:
    return getattr(before, name) not in (None, "") and getattr(before, name) != getattr(now, name)


def switch(
    area: Switchable,
    params: Params,
    check_mode: bool,
    shown: t.Callable[[CredentialInfo | None], dict[str, t.Any] | None],
    noun: str,
) -> Result:
    """Bring about the state enabled, disabled or absent.

    :param shown: what of a list entry the result shows
    :param noun: the key under which it shows it
    """
    state, ref = params["state"], named(params)
    enabling = state == "enabled"
    area.check("enable" if enabling else "disable")
    info = area.find(ref)
    if info is not None:
        refuse_contradiction(params, info)
    before = shown(info)
    plan = make_plan(state, before, {})
    changed, warnings = plan.changed, []
    if not check_mode:
        try:
            changed = (area.enable if enabling else area.disable)(ref, info)
        except NotFound:
            if enabling:
                raise
            changed = False
            warnings = [f"{noun.replace('ssh_', 'SSH ')} {ref} {UNLISTED}"] if state == "disabled" else []
    known = {"id": info.id if info else None, **(before or {})}
    return {**plan.result(changed=changed), "warnings": warnings, noun: known}


def waiting(params: Params) -> dict[str, float]:
    """How long to wait for a rotation, and how often to look, in seconds."""
    for option in ("wait_timeout", "poll_interval"):
        # Written so that it holds for NaN as well.
        if not params[option] >= _SHORTEST:
            raise ConfigError(
                f"{option} must be at least {_SHORTEST} seconds", hint="Leave it out for the default"
            ).with_context(option=option)
    return {"wait": params["wait_timeout"] if params["wait"] else 0.0, "poll": params["poll_interval"]}
