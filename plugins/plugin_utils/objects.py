# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules for credentials and SSH keys share: how they are named, enabled and disabled, and waited for."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Switchable
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.plan import make_plan
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference, parse_reference
from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result

UNLISTED = "is not in the list of the server: it is inactive already, or there is none of this name"
_SHORTEST = 0.1


def named(params: Params) -> Reference:
    """What a task names by id, by identifier, or by username and hostname."""
    option = next((name for name in ("id", "identifier", "username") if params[name]), "identifier")
    text = f"{params['username']}@{params['hostname']}" if option == "username" else params[option]
    ref = parse_reference(text, option=option)
    if ref.is_id != (option == "id"):
        problem = f"{option} must {'' if option == 'id' else 'not '}be a number"
        hint = "Give a number as id, and anything else as identifier or as username and hostname"
        raise ConfigError(problem, hint=hint).with_context(option=option)
    return ref


def listed(info: CredentialInfo | None, names: t.Iterable[str]) -> dict[str, t.Any] | None:
    """Some fields of what the list says, or None; a text that this dialect leaves out is None as well."""
    return None if info is None else {name: None if (value := getattr(info, name)) == "" else value for name in names}


def given(params: Params, names: t.Iterable[str]) -> dict[str, t.Any]:
    """The options among ``names`` that a task gives, with their values."""
    return {name: params[name] for name in names if params[name] is not None}


def as_tuple(items: list[str] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(items)


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
