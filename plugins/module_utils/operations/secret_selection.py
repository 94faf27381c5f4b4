# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choose values of DSM secrets, and the names under which a file or a command gets them. One read gets all secrets."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..ciphertext import judge
from ..client.connect import Client
from ..dsm_secrets import DsmSecret
from ..errors import ConfigError, NotFound, Refused
from ..redaction import redact
from .results import Params

# None of these options holds a value.
SPEC: dict[str, t.Any] = {
    "secrets": {"type": "list", "elements": "str", "no_log": False},
    "keys": {"type": "list", "elements": "str", "no_log": False},
    "rename": {"type": "dict"},
    "prefix": {"type": "str"},
    "duplicates": {"type": "str", "choices": ["error", "first", "last", "prefix"], "default": "error"},
    "application": {"type": "str"},
    "system": {"type": "str"},
    "environment": {"type": "str"},
}
_OWNER = ("application", "system", "environment")


@dataclasses.dataclass(frozen=True)
class Selection:
    """The chosen values by their names, in the order of the names; the secrets that they are of; and warnings."""

    entries: dict[str, str] = dataclasses.field(repr=False)
    secrets: list[str]
    warnings: list[str]


class _Value(t.NamedTuple):
    """A value, and where it is from."""

    secret: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{redact(self.key, [])} of DSM secret {redact(self.secret, [])}"


def select(client: Client, params: Params) -> Selection:
    """Read all secrets at once, and return the chosen values. Raises NotFound, Refused or ConfigError."""
    chosen = _secrets(client, params["secrets"])
    _check_owner(chosen, params)
    keys = params["keys"]
    warnings: list[str] = []
    values: list[_Value] = []
    for secret in chosen:
        names = list(dict.fromkeys(key for block in secret.data for key in block))
        wanted = [key for key in names if keys is None or key in keys]
        if keys is None or secret.problem is not None:
            secret.require_readable()
        for key in wanted:
            secret.require_readable(key)
        found = [(key, value) for key, value in secret.values() if key in wanted and value is not None]
        warnings += judge(found, f"DSM secret {secret.identifier}", params["on_ciphertext"])
        values += [_Value(secret.identifier, key, value) for key, value in found]
    _check_keys(keys, values)
    entries = _named(values, params)
    return Selection(entries, [secret.identifier for secret in chosen], warnings)


def _secrets(client: Client, identifiers: list[str] | None) -> list[DsmSecret]:
    """Return the secrets from one list, whichever they are: other hosts and tasks of the run then need no read."""
    if identifiers is None:
        return [client.secrets.complete(secret) for secret in client.secrets.list()]
    if not identifiers:
        raise ConfigError("secrets names none", hint="Name some, or leave it out for all").with_context(
            option="secrets"
        )
    unique = list(dict.fromkeys(identifiers))
    listed = client.secrets.several(unique)
    return [client.secrets.complete(client.secrets.require(listed[one], one)) for one in unique]


def _check_owner(secrets: list[DsmSecret], params: Params) -> None:
    """Refuse secrets of another application, system or environment than the task names, as far as the server says."""
    for name in _OWNER:
        wanted = params[name]
        for secret in secrets:
            there = getattr(secret, name)
            if wanted and there and there != wanted:
                raise Refused(
                    f"DSM secret {secret.identifier} belongs to another {name} than the option {name} says",
                    hint="Use the client of that application, or correct the option",
                ).with_context(option=name)


def _check_keys(keys: list[str] | None, values: list[_Value]) -> None:
    missing = sorted(set(keys or ()) - {value.key for value in values})
    if missing:
        shown = ", ".join(redact(key, []) for key in missing)
        hint = "Check keys, and see the keys with community.senhasegura.secret_info"
        raise NotFound(f"no secret has a value under the key {shown}", hint=hint).with_context(option="keys")


def _named(values: list[_Value], params: Params) -> dict[str, str]:
    """Return name -> value, with the names that the options give."""
    rename: dict[str, str] = {}
    for old, new in (params["rename"] or {}).items():
        if not isinstance(new, str) or not new:
            raise ConfigError("rename must give a new name for each name", hint="Quote it in YAML").with_context(
                option="rename"
            )
        rename[str(old)] = new
    holders: dict[str, _Value] = {}
    used: set[str] = set()
    for value in values:
        name = f"{_as_prefix(value.secret)}_{value.key}" if params["duplicates"] == "prefix" else value.key
        if name in rename:
            used.add(name)
            name = rename[name]
        name = f"{params['prefix'] or ''}{name}"
        other = holders.setdefault(name, value)
        # The same value twice is no contradiction.
        if other.text == value.text or params["duplicates"] == "first":
            continue
        if params["duplicates"] != "last":
            hint = "Choose with keys or secrets, or set duplicates to prefix, first or last"
            raise Refused(f"{other} and {value} have one name and different values", hint=hint).with_context(
                option="duplicates"
            )
        holders[name] = value
    if unused := sorted(rename.keys() - used):
        shown = ", ".join(redact(name, []) for name in unused)
        raise NotFound(f"rename names {shown}, which no value has as its name", hint="Correct rename").with_context(
            option="rename"
        )
    return {name: holders[name].text for name in sorted(holders)}


def _as_prefix(identifier: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", identifier).strip("_").upper()
