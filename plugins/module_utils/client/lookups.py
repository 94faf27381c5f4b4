# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lookups return for their terms. Takes and gives plain data, so that it can run in another process too."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.ciphertext import judge
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
from ansible_collections.community.senhasegura.plugins.module_utils.client.credentials import refuse_stale_read
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    CustodyHeld,
    Denied,
    NotFound,
    SenhaseguraError,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    Credential,
    CredentialInfo,
    DsmSecret,
    SshKey,
    hidden_fields,
)
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.module_utils.secrecy import scrub

Options = t.Mapping[str, t.Any]
Reader = t.Callable[[Reference], t.Any]

# Stands for a secret in check mode. It is no secret itself.
PLACEHOLDER = "not-read-in-check-mode"


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a lookup reads: the model it returns, the area of the client, and the fields that only a read tells."""

    model: type[t.Any]
    area: t.Literal["credentials", "ssh_keys"]
    # The first of them is what return_format=value returns.
    hidden: tuple[str, ...]


_CREDENTIAL = Kind(Credential, "credentials", ("password",))
# All but the secret lookup, whose reads take no custody.
KINDS: t.Mapping[str, Kind] = {
    "password": _CREDENTIAL,
    "credential": _CREDENTIAL,
    "ssh_key": Kind(SshKey, "ssh_keys", ("private_key", "public_key")),
}


def check(name: str, options: Options) -> None:
    """Refuse what could only fail after something was read. Raises ConfigError."""
    field, return_format = options["field"], options["return_format"]
    if field and return_format == "raw":
        hint = "Leave one of them out: the names in the server's entity depend on the dialect"
        raise ConfigError("field and return_format=raw exclude each other", hint=hint).with_context(option="field")
    if options.get("as_file") and (field or return_format != "value"):
        raise ConfigError(
            "as_file goes with neither field nor return_format", hint="Look them up by themselves"
        ).with_context(option="as_file")
    listed = not options.get("include_password", True)
    if listed and return_format != "dict":
        hint = "Use return_format=dict, and field for one field of it"
        raise ConfigError(f"return_format={return_format} needs include_password=true", hint=hint).with_context(
            option="return_format"
        )
    if field and name in KINDS:
        fields = [item.name for item in dataclasses.fields(CredentialInfo if listed else KINDS[name].model)]
        names = [item for item in fields if item != "raw"]
        if field not in names:
            hint = f"Fields are: {', '.join(names)}"
            raise ConfigError("field names no field of this lookup", hint=hint).with_context(option="field")


def look_up(
    name: str, client: Client, terms: t.Iterable[str], options: Options
) -> tuple[list[t.Any], list[str], list[str]]:
    """The value for each term that is not left out, the warnings about those that are, and all secrets in the values.

    :param options: checked options of the lookup ``name``; C(default) is there only when the user gives it
    """
    secrets: list[str] = []
    warnings: list[str] = []
    names = list(terms)
    if name == "secret":
        read = _from_secrets(client, options, secrets, warnings, len(names))
    else:
        read = _with_custody(KINDS[name], client, options, secrets, warnings)
    values: list[t.Any] = []
    for term in names:
        try:
            values.append(read(Reference(term)))
        except NotFound as exc:
            if "default" in options:
                values.append(options["default"])
            else:
                warnings += _left_out(exc, options["on_missing"])
        except Denied as exc:
            warnings += _left_out(exc, options["on_denied"])
    return values, warnings, secrets


def _sealed(values: t.Iterable[tuple[str, t.Any]], subject: str, options: Options) -> list[str]:
    """Warnings about ciphertext among the values that the user asks for."""
    asked = [(name, value) for name, value in values if options["field"] in (None, "", name)]
    return judge(asked, subject, options.get("on_ciphertext", "warn"))


def _left_out(error: SenhaseguraError, policy: str) -> list[str]:
    if policy == "error":
        raise error
    return [f"left out: {error}"] if policy == "warn" else []


def _with_custody(kind: Kind, client: Client, options: Options, secrets: list[str], warnings: list[str]) -> Reader:
    noun = "SSH key" if kind.area == "ssh_keys" else "credential"
    area = getattr(client, kind.area)

    def unreleased(error: SenhaseguraError) -> None:
        if options["on_release_failure"] == "error":
            # Of a class of its own: for the class of a refusal there may be a default.
            raise CustodyHeld(error.message, hint=error.hint, context=error.context) from None
        warnings.append(str(error))

    def listed(ref: Reference) -> t.Any:
        return _shape(area.info(ref).public(), None, "", options)

    def read(ref: Reference) -> t.Any:
        release = {name: options[name] for name in ("release", "allow_vault_rotation")}
        found = (
            area.read(ref, **release, on_release_failure=unreleased)
            if options["check_mode"] == "read"
            else predict(ref)
        )
        hidden = hidden_fields(found)
        secrets.extend(text for text in hidden.values() if text != PLACEHOLDER)
        warnings.extend(_sealed(hidden.items(), f"{noun} {ref}", options))
        return _shape(found.values(), found.raw, kind.hidden[0], options)

    def predict(ref: Reference) -> t.Any:
        info = area.info(ref)
        if options["release"]:
            refuse_stale_read(info, options["allow_vault_rotation"])
        return _stand_in(kind, info)

    return read if options.get("include_password", True) else listed


def _stand_in(kind: Kind, info: CredentialInfo) -> t.Any:
    """What the list tells, with placeholders for what only a read would."""
    known = {name: getattr(info, name) for name in ("id", "identifier", "username", "hostname", "ip")}
    known |= dict.fromkeys(kind.hidden, PLACEHOLDER)
    return kind.model(**known, raw=known)


def _shape(values: dict[str, t.Any], raw: t.Any, main: str, options: Options) -> t.Any:
    """What the user wants of an entity: the server's own form, one field, or all fields."""
    if options["return_format"] == "raw":
        return raw
    field = options["field"] or (main if options["return_format"] == "value" else None)
    return values[field] if field else values


def _from_secrets(client: Client, options: Options, secrets: list[str], warnings: list[str], count: int) -> Reader:
    read_one = client.secrets.reader(count)

    def read(ref: Reference) -> t.Any:
        secret = read_one(ref.text)
        secrets.extend(secret.hidden())
        warnings.extend(_sealed(secret.values(), f"DSM secret {ref}", options))
        return _secret(secret, options)

    return read


def _secret(secret: DsmSecret, options: Options) -> t.Any:
    value = functools.partial(_secret_value, secret, duplicates=options["duplicates"])
    if options["return_format"] == "raw":
        return secret.raw
    if options["field"]:
        found = value(options["field"])
        if found in (None, []):
            hint = "See its keys with return_format=dict"
            raise NotFound(f"DSM secret {secret.identity} has no value under the key that field names", hint=hint)
        return found
    if options["return_format"] == "dict":
        return {**secret.public(), "data": [dict(block) for block in secret.data]}
    return {key: value(key) for block in secret.data for key in block}


def _secret_value(secret: DsmSecret, key: str, *, duplicates: str) -> t.Any:
    """The value of a key, which may stand in several maps; a null does not count where there is a value."""
    values = [block[key] for block in secret.data if block.get(key) is not None]
    if duplicates == "list":
        return values
    if duplicates == "error" and len(set(values)) > 1:
        raise ConfigError(
            f"DSM secret {secret.identity} has several values for the key {scrub(key, [])}",
            hint="Set duplicates to first, last or list, or use return_format=dict",
        ).with_context(option="duplicates")
    return values[-1 if duplicates == "last" else 0] if values else None
