# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate the terms of a lookup, and check its options. Takes and gives plain data."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..ciphertext import judge
from ..client.connect import Client
from ..client.custody_rules import refuse_stale_read
from ..dsm_secrets import DsmSecret, value_of
from ..errors import ConfigError, CustodyHeld, Denied, NotFound, SenhaseguraError
from ..information_models import ProtectedInformation
from ..models import Credential, CredentialInfo, SshKey, fields_of, hidden_fields, require_readable
from ..mysafe_models import item_fields
from ..redaction import redact
from ..references import Reference, parse_reference
from .mysafe_items import KINDS as MYSAFE_KINDS
from .mysafe_items import named_item

LookupOptions = t.Mapping[str, t.Any]
Reader = t.Callable[[Reference], t.Any]

# Stands for a secret in check mode. It is no secret itself.
PLACEHOLDER = "not-read-in-check-mode"


@dataclasses.dataclass(frozen=True)
class LookupTarget:
    """Say what a lookup reads: the model it returns, its name, the area of the client, and what only a read tells."""

    model: type[t.Any]
    noun: str
    area: t.Literal["credentials", "ssh_keys"]
    # The first of them is what return_format=value returns.
    hidden: tuple[str, ...]


_CREDENTIAL = LookupTarget(Credential, "credential", "credentials", ("password",))
# Those whose reads take custody.
KINDS: t.Mapping[str, LookupTarget] = {
    "password": _CREDENTIAL,
    "credential": _CREDENTIAL,
    "ssh_key": LookupTarget(SshKey, "SSH key", "ssh_keys", ("private_key", "public_key")),
}
# What errors call a term of a lookup.
_NOUNS: t.Mapping[str, str] = {
    "password": "credential",
    "credential": "credential",
    "ssh_key": "SSH key",
    "secret": "DSM secret",
    "protected_information": "protected information",
}


def check(name: str, options: LookupOptions) -> None:
    """Refuse what could only fail after something was read. Raises ConfigError."""
    field, return_format = options["field"], options["return_format"]
    if field and return_format == "raw":
        hint = "Leave one of them out: the names in the server's entity depend on the dialect"
        raise ConfigError("field and return_format=raw exclude each other", hint=hint).with_context(option="field")
    if options.get("as_file") and (field or return_format != "value"):
        raise ConfigError(
            "as_file cannot be combined with field or return_format", hint="Use a lookup of its own for each"
        ).with_context(option="as_file")
    listed = not options.get("include_password", True)
    if listed and return_format != "dict":
        hint = "Use return_format=dict, and field for one field of it"
        raise ConfigError(f"return_format={return_format} needs include_password=true", hint=hint).with_context(
            option="return_format"
        )
    if field and name != "secret":
        names = fields_of(CredentialInfo) if listed else _fields(name, options)
        if field not in names:
            hint = f"Fields are: {', '.join(names)}"
            raise ConfigError("field must be the name of a field of this lookup", hint=hint).with_context(
                option="field"
            )


def _fields(name: str, options: LookupOptions) -> list[str]:
    """Return the names of the fields that a lookup of something with fixed fields returns."""
    if name == "mysafe":
        return item_fields(MYSAFE_KINDS[options["kind"]].model)
    return fields_of(ProtectedInformation if name == "protected_information" else KINDS[name].model)


def look_up(
    name: str, client: Client, terms: t.Iterable[str], options: LookupOptions
) -> tuple[list[t.Any], list[str], list[str]]:
    """Return the values of the terms that are not left out, warnings about those that are, and all secrets in them.

    Raises ConfigError, before anything is read, for options that contradict each other.

    :param options: those of lookup_options.py for the lookup ``name``; C(default) is there only when the user gives it
    """
    check(name, options)
    secrets: list[str] = []
    values: list[t.Any] = []
    warnings: list[str] = []
    # An identity of DSM is nothing else, whatever it looks like.
    refs = [Reference(term, "identifier") if name == "secret" else parse_reference(term) for term in terms]
    if name == "secret":
        read = _from_secrets(client, [ref.text for ref in refs], options, secrets, warnings)
    elif name == "mysafe":
        read = _from_mysafe(client, options, secrets, warnings)
    elif name == "protected_information":
        read = _from_information(client, options, secrets, warnings)
    else:
        read = _with_custody(KINDS[name], client, options, secrets, warnings)
    noun = MYSAFE_KINDS[options["kind"]].noun if name == "mysafe" else _NOUNS[name]
    for ref in refs:
        try:
            values.append(read(ref))
        except SenhaseguraError as exc:
            exc.with_context(subject=f"{noun} {ref}", server=client.server)
            if isinstance(exc, NotFound) and "default" in options:
                values.append(options["default"])
            elif isinstance(exc, (NotFound, Denied)):
                warnings += _left_out(exc, options["on_missing" if isinstance(exc, NotFound) else "on_denied"])
            else:
                raise
    return values, warnings, secrets


def _sealed(values: t.Iterable[tuple[str, t.Any]], subject: str, options: LookupOptions) -> list[str]:
    """Return warnings about ciphertext among the values that the user asks for."""
    asked = [(name, value) for name, value in values if options["field"] in (None, "", name)]
    return judge(asked, subject, options.get("on_ciphertext", "warn"))


def _left_out(error: SenhaseguraError, policy: str) -> list[str]:
    if policy == "error":
        raise error
    return [f"left out: {error}"] if policy == "warn" else []


def _with_custody(
    kind: LookupTarget, client: Client, options: LookupOptions, secrets: list[str], warnings: list[str]
) -> Reader:
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
            area.read(ref, partial=True, **release, on_release_failure=unreleased)
            if options["check_mode"] == "read"
            else predict(ref)
        )
        require_readable(found.unreadable, f"{kind.noun} {ref}", _asked_for(kind.hidden[0], options))
        hidden = hidden_fields(found)
        secrets.extend(text for text in hidden.values() if text != PLACEHOLDER)
        warnings.extend(_sealed(hidden.items(), f"{kind.noun} {ref}", options))
        return _shape(found.values(), found.raw, kind.hidden[0], options)

    def predict(ref: Reference) -> t.Any:
        info = area.info(ref)
        if options["release"]:
            refuse_stale_read(info, options["allow_vault_rotation"])
        return _stand_in(kind, info)

    return read if options.get("include_password", True) else listed


def _stand_in(kind: LookupTarget, info: CredentialInfo) -> t.Any:
    """Return what the list tells, with placeholders for what only a read would."""
    known = {name: getattr(info, name) for name in ("id", "identifier", "username", "hostname", "ip")}
    known |= dict.fromkeys(kind.hidden, PLACEHOLDER)
    return kind.model(**known, raw=known)


def _asked_for(main: str, options: LookupOptions) -> list[str] | None:
    """Return the one field that is asked for, as a list, or None if all are."""
    field = options["field"] or (main if options["return_format"] == "value" else None)
    return [field] if field else None


def _shape(values: dict[str, t.Any], raw: t.Any, main: str, options: LookupOptions) -> t.Any:
    """Return what the user wants of an entity: the server's own form, one field, or all fields."""
    if options["return_format"] == "raw":
        return raw
    asked = _asked_for(main, options)
    return values[asked[0]] if asked else values


def _from_mysafe(client: Client, options: LookupOptions, secrets: list[str], warnings: list[str]) -> Reader:
    kind = MYSAFE_KINDS[options["kind"]]

    def read(ref: Reference) -> t.Any:
        found, subject = named_item(kind, client, ref, options), f"{kind.noun} {ref}"
        asked = _asked_for(kind.main, options)
        require_readable(found.unreadable, subject, asked)
        hidden = hidden_fields(found)
        secrets.extend(filter(None, hidden.values()))
        warnings.extend(_sealed(hidden.items(), subject, options))
        known = found.values()
        if asked and known[asked[0]] in (None, ""):
            raise NotFound(f"{subject} has no {asked[0]}", hint="See what it has with return_format=dict")
        return _shape({name: known[name] for name in item_fields(kind.model)}, found.raw, kind.main, options)

    return read


def _from_information(client: Client, options: LookupOptions, secrets: list[str], warnings: list[str]) -> Reader:
    def read(ref: Reference) -> t.Any:
        found = client.information.read(ref)
        secrets.append(found.content)
        warnings.extend(_sealed([("content", found.content)], f"protected information {ref}", options))
        values = {name: getattr(found, name) for name in fields_of(ProtectedInformation)}
        return _shape(values, found.raw, "content", options)

    return read


def _from_secrets(
    client: Client, identities: list[str], options: LookupOptions, secrets: list[str], warnings: list[str]
) -> Reader:
    read_one = client.secrets.reader(identities)

    def read(ref: Reference) -> t.Any:
        secret = read_one(ref.text)
        secrets.extend(secret.hidden())
        warnings.extend(_sealed(secret.values(), f"DSM secret {ref}", options))
        return _secret(secret, options)

    return read


def _secret(secret: DsmSecret, options: LookupOptions) -> t.Any:
    value = functools.partial(value_of, secret, duplicates=options["duplicates"])
    secret.require_readable(options["field"] or None)
    if options["return_format"] == "raw":
        return secret.raw
    if options["field"]:
        found = value(options["field"])
        if found in (None, []):
            hint = "See its keys with return_format=dict"
            key = redact(options["field"], [])
            raise NotFound(
                f"DSM secret {secret.identifier} has no value under the key {key}, which field asks for",
                hint=hint,
            )
        return found
    if options["return_format"] == "dict":
        return {**secret.public(), "data": [dict(block) for block in secret.data]}
    return {key: value(key) for block in secret.data for key in block}
