# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update or delete a DSM secret."""

from __future__ import annotations

import dataclasses
import typing as t

from ..ciphertext import judge
from ..client.connect import Client
from ..dsm_secrets import ADDED, DsmSecret, DsmSecretWrite, Renewal, SecretBlock, SecretValue
from ..errors import ConfigError, Refused
from ..plan import make_plan
from ..redaction import redact
from ..references import parse_reference
from ..settings.options import argument_spec
from ..specs import UPDATE
from .apply import TaskOutcome, apply
from .parameters import console_time, not_text
from .results import Params, Result, unread

NOUN = "DSM secret"
# What the server renews, each after its own time.
_RENEWAL = ("access_keys", "credentials", "ephemeral_credentials")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "identifier": {"type": "str", "required": True, "aliases": ["identity"]},
    "name": {"type": "str"},
    "engine": {"type": "str"},
    "description": {"type": "str"},
    "expires_at": {"type": "str"},
    "application": {"type": "str"},
    "system": {"type": "str"},
    "environment": {"type": "str"},
    "update_attributes": UPDATE,
    "renewal_minutes": {
        "type": "dict",
        "options": {name: {"type": "int", "required": True, "no_log": False} for name in _RENEWAL},
    },
    "renewal_off": {"type": "str", "choices": ["empty", "omit"]},
    "data_mode": {"type": "str", "choices": ["replace", "merge"], "default": "replace"},
    "key_value": {"type": "dict", "no_log": True},
    "credentials": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "no_log": True},
            "host": {"type": "str"},
            "additional_information": {"type": "str"},
            "labels": {
                "type": "dict",
                "apply_defaults": True,
                "options": {
                    "user": {"type": "str", "default": "USERNAME"},
                    "password": {"type": "str", "default": "PASSWORD", "no_log": False},
                    "host": {"type": "str", "default": "HOSTNAME"},
                    "additional_information": {"type": "str", "default": "ADDITIONAL_INFORMATION"},
                },
            },
        },
    },
    "access_keys": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {
            "type": {"type": "str", "default": "aws"},
            "access_key_id": {"type": "str", "required": True, "no_log": False},
            "secret_access_key": {"type": "str", "required": True, "no_log": True},
            "labels": {
                "type": "dict",
                "apply_defaults": True,
                "options": {
                    "access_key_id": {"type": "str", "default": "AWS_ACCESS_KEY_ID", "no_log": False},
                    "secret_access_key": {"type": "str", "default": "AWS_SECRET_ACCESS_KEY", "no_log": False},
                },
            },
        },
    },
}
RULES: dict[str, t.Any] = {}
_ATTRIBUTES = (
    *("identifier", "name", "engine", "description", "expires_at"),
    *("application", "system", "environment"),
)
_SHOWN = (*_ATTRIBUTES, "renewal_minutes", "key_names")
# The vendor's releases show these in some places only.
_SOMETIMES_SHOWN = ("description", "renewal_minutes")


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    wanted = _desired(params)
    merging = params["data_mode"] == "merge"
    # What others have written meanwhile must not be lost by a merge.
    held = client.secrets.find(wanted.identifier, fresh=merging)
    if params["state"] == "absent":
        return _absent(client, wanted, held, check_mode)
    if merging and held is not None:
        wanted = merged(wanted, _removed(params), held)
    wanted = _with_renewal(wanted, held)
    warnings: list[str] = []
    if held and wanted.flat():
        # Ciphertext differs each time, so the data would be written at every run.
        warnings = judge(held.values(), f"DSM secret {held.identifier}", params["on_ciphertext"])
    return _present(client, wanted, held, params, warnings, check_mode)


def _present(
    client: Client,
    wanted: DsmSecretWrite,
    held: DsmSecret | None,
    params: Params,
    warnings: list[str],
    check_mode: bool,
) -> Result:
    if held is None:
        wanted = dataclasses.replace(wanted, engine=wanted.engine or "Generic")
    desired: dict[str, t.Any] = {name: getattr(wanted, name) for name in _ATTRIBUTES}
    if wanted.renewal and not (held and wanted.renewal == held.renewal):
        desired["renewal_minutes"] = wanted.renewal.public()
    data = wanted.flat()
    rewrite = bool(data) and (held is None or not wanted.same_data(held.data, as_one=held.as_one))
    if rewrite:
        desired["key_names"] = sorted({key for block in data for key in block})
    before, hidden = _shown(held) or {}, ["data"] if rewrite else []
    if held and params["update_attributes"] == "always":
        # The server takes them and does not show them.
        hidden += [name for name in _SOMETIMES_SHOWN if desired.get(name) is not None and before.get(name) is None]
    plan = make_plan("present", before if held else None, desired, hidden=hidden)
    if held and rewrite:
        warnings = [*warnings, *unread(held.unreadable, f"DSM secret {held.identifier}", "cannot be compared")]
    shown = {name: desired[name] if name in hidden else plan.after.get(name) for name in _SHOWN}
    predicted = TaskOutcome(plan, shown, warnings)

    def store() -> TaskOutcome:
        differing = _not_as_sent(wanted, client.secrets.store(wanted, held))
        return dataclasses.replace(predicted, warnings=[*warnings, *differing])

    return apply(predicted, lambda: client.secrets.check(plan.action, wanted), store, check_mode).result("secret")


def _not_as_sent(wanted: DsmSecretWrite, now: DsmSecret | None) -> list[str]:
    """Return the warning about what the server shows after a write, if that is not what was sent."""
    if now is None:
        return [
            f"the server took DSM secret {wanted.identifier} and does not list it: assign it to the authorization of "
            "this client in the console"
        ]
    if now.problem is not None:
        return [
            f"DSM secret {wanted.identifier} is written, and could not be compared with what the server shows: "
            f"{now.problem}"
        ]
    if not wanted.flat() or now.unreadable or wanted.same_data(now.data, as_one=now.as_one):
        return []
    return [
        f"the server shows other data for DSM secret {wanted.identifier} than what was sent, so that it differs at "
        f"every run. It has the keys {', '.join(now.public()['key_names']) or 'none'}. Credentials and access keys "
        "must exist in the vault"
    ]


def merged(wanted: DsmSecretWrite, removed: t.Collection[str], held: DsmSecret) -> DsmSecretWrite:
    """Return the write with all data that is there already and that it neither changes nor removes.

    The server replaces all data at once, and hands out credentials and access keys without their structure. So those
    must be given again. Raises Refused or UnexpectedResponse if anything would be lost.
    """
    if not (wanted.flat() or removed):
        return wanted
    if held.problem is not None:
        held.require_readable()
    left = _not_given(wanted, held)
    kept = {key: value for block in left for key, value in block.items() if key not in removed}
    rest = dataclasses.replace(held, data=({key: kept[key] for key in kept if key not in wanted.key_value},))
    rest.require_readable()
    values = rest.as_key_value() if len(left) < 2 else None
    if values is None:
        keys = sorted({key for block in left for key in block})
        raise Refused(
            f"data_mode=merge cannot keep all data of DSM secret {held.identifier}: the keys {', '.join(keys)} may "
            "belong to a credential or access key, which the server hands out without its structure",
            hint="Give all credentials and access_keys of the secret as well, or use data_mode=replace",
        ).with_context(subject=f"DSM secret {held.identifier}")
    # In the order in which they are there, so that nothing but what was asked for changes.
    both = {**values, **wanted.key_value}
    order = [*(key for key in kept if key in both), *(key for key in both if key not in kept)]
    result = dataclasses.replace(wanted, key_value={key: both[key] for key in order})
    if not result.flat():
        raise Refused(
            f"nothing would be left of the data of DSM secret {held.identifier}, and the server takes no empty data",
            hint="Keep one key, or delete the secret",
        ).with_context(option="key_value")
    return result


def _not_given(wanted: DsmSecretWrite, held: DsmSecret) -> list[dict[str, SecretValue]]:
    """Return the blocks of the data that are none of the credentials and access keys that are given."""
    left = [block for block in held.data if block]
    for given in (*wanted.credentials, *wanted.access_keys):
        labels = given.flat().keys()
        # One with other keys is of key_value, and these must stay.
        fitting = (one for one in left if labels <= one.keys() and (held.as_one or one.keys() - labels <= ADDED))
        block = next(fitting, None)
        if block is not None:
            left.remove(block)
            if held.as_one:
                # The rest is of something else.
                left.append({key: block[key] for key in block if key not in labels and key not in ADDED})
    return [block for block in left if block]


def _removed(params: Params) -> set[str]:
    """Return the keys that are to be removed: those with a null value."""
    return {str(name) for name, value in (params["key_value"] or {}).items() if value is None}


def _absent(client: Client, wanted: DsmSecretWrite, held: DsmSecret | None, check_mode: bool) -> Result:
    plan = make_plan("absent", _shown(held), {})
    predicted = TaskOutcome(plan, {"identifier": wanted.identifier})

    def delete() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=client.secrets.delete(wanted.identifier))

    return apply(predicted, lambda: client.secrets.check("delete"), delete, check_mode).result("secret")


def _shown(secret: DsmSecret | None) -> dict[str, t.Any] | None:
    if secret is None:
        return None
    public = secret.public()
    # "No date" is compared, unlike what the server does not show.
    public["expires_at"] = secret.expires_at or ""
    return {name: public[name] for name in _SHOWN}


def _desired(params: Params) -> DsmSecretWrite:
    console_time(params["expires_at"], "expires_at")
    return DsmSecretWrite(
        identifier=parse_reference(params["identifier"], option="identifier", kind="identifier").text,
        **{name: params[name] for name in _ATTRIBUTES[1:]},
        renewal=_renewal(params),
        credentials=tuple(_block(item) for item in params["credentials"] or ()),
        access_keys=tuple(_block(item) for item in params["access_keys"] or ()),
        key_value=_texts(params["key_value"] or {}, merging=params["data_mode"] == "merge"),
    )


def _renewal(params: Params) -> Renewal | None:
    minutes = params["renewal_minutes"]
    if minutes is None:
        return None
    if min(minutes.values()) < 0:
        raise ConfigError(
            "renewal_minutes must be 0 or more", hint="Give minutes, or 0 to switch renewal off"
        ).with_context(option="renewal_minutes")
    return Renewal(**minutes, off=params["renewal_off"] or "")


def _with_renewal(wanted: DsmSecretWrite, held: DsmSecret | None) -> DsmSecretWrite:
    """Return the write with the times of renewal, and how it tells that one is switched off. Raises Refused.

    Release 4.0 switches off what an update leaves out, so what is known to be on is sent again.
    """
    known = held.renewal if held else None
    if wanted.renewal is None:
        return dataclasses.replace(wanted, renewal=known) if known and any(known.public().values()) else wanted
    times = wanted.renewal.public()
    switched_off = [name for name in times if not times[name] and not (known and not known.public()[name])]
    if held is None or not switched_off:
        # Both releases take what is left out for off here.
        return dataclasses.replace(wanted, renewal=dataclasses.replace(wanted.renewal, off="omit"))
    if not wanted.renewal.off:
        raise Refused(
            f"nothing says how this server wants the renewal of {', '.join(switched_off)} to be switched off: the "
            "vendor's pages contradict each other",
            hint="Set renewal_off to empty for release 3.32, or to omit for release 4.0",
        ).with_context(option="renewal_off")
    return wanted


def _block(item: Params) -> SecretBlock:
    fields = {name: item[name] for name in item["labels"] if item[name] is not None}
    return SecretBlock(fields, {name: item["labels"][name] for name in fields}, item.get("type", ""))


def _texts(values: t.Mapping[t.Any, t.Any], *, merging: bool) -> dict[str, str]:
    """Return the values by name, without null, which removes a key in a merge.

    Raises ConfigError for what is no text: nobody could say for sure which text a number is meant to be.
    """
    for name, value in values.items():
        if not (isinstance(value, str) or (value is None and merging)):
            error = not_text(f"the value of {redact(str(name), [])} in key_value", "key_value")
            if value is None:
                error.hint = "Null removes a key with data_mode=merge only. Quote it in YAML if a text is meant"
            raise error
    return {str(name): value for name, value in values.items() if value is not None}
