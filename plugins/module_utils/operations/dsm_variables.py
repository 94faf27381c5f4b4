# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upload variables of a pipeline with the mapping that says what they stand for (facts-dsm.md 4).

The response tells nothing, so what became of them is read from the secrets of the application, where that can be read.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import mapping_file
from ..client.connect import Client
from ..dsm_models import VariablesUpload
from ..dsm_secrets import DsmSecret
from ..errors import ConfigError, Denied, NotFound
from ..plan import Plan
from ..redaction import redact
from ..settings.options import argument_spec
from .apply import TaskOutcome, apply
from .parameters import not_text
from .results import Params, Result

NOUN = "pipeline variable"
_SUBJECT = "the pipeline variables"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    # The text of the file, or what YAML has made of it.
    "mapping": {"type": "raw"},
    # Read by the action, which knows the folder of the play.
    "mapping_file": {"type": "path"},
    "variables": {"type": "dict", "required": True, "no_log": True},
}
RULES: dict[str, t.Any] = {
    "required_one_of": [("mapping", "mapping_file")],
    "mutually_exclusive": [("mapping", "mapping_file")],
}
# An upload is made of lines, and no environment holds a NUL.
_UNFIT = re.compile(r"[\n\0]")
_KINDS = {
    mapping_file.MappedAccessKey: "access_key",
    mapping_file.MappedCredential: "credential",
    mapping_file.MappedKeyValue: "key_value",
}
Entry = t.Union[mapping_file.MappedAccessKey, mapping_file.MappedCredential, mapping_file.MappedKeyValue]  # noqa: UP007


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Upload the variables if the secrets do not have all of them already, and return what became of them."""
    mapping = _mapping(params)
    entries = mapping_file.entries(mapping)
    values = _values(params["variables"], mapping_file.variables(mapping))
    client.applications.check_upload()
    known, _problem = _secrets(client)
    same = [entry.name for entry in entries if _has(_named(known, entry.name), entry, values)]
    names = [entry.name for entry in entries]
    plan = Plan("none", {}, {}) if same == names else Plan("create", {"up_to_date": same}, {"up_to_date": names})
    shown = {
        "uploaded": [] if same == names else list(values),
        "secrets": [_shown(known, one, values) for one in entries],
    }
    predicted = TaskOutcome(plan, shown, [])

    def upload() -> TaskOutcome:
        client.applications.upload(VariablesUpload(values, mapping_file.as_data(mapping)))
        now, problem = _secrets(client)
        became = [_shown(now, entry, values) for entry in entries]
        return dataclasses.replace(
            predicted, shown={**shown, "secrets": became}, warnings=_unseen(became) if now is not None else [problem]
        )

    return apply(predicted, lambda: None, upload, check_mode).result("variables")


def _mapping(params: Params) -> mapping_file.Mapping:
    given = params["mapping"]
    try:
        return mapping_file.parse(given) if isinstance(given, str) else mapping_file.from_data(given)
    except ConfigError as exc:
        option = "mapping_file" if params["mapping_file"] else "mapping"
        raise exc.with_context(option=option, subject=_SUBJECT) from None


def _values(given: t.Mapping[t.Any, t.Any], wanted: t.Sequence[str]) -> dict[str, str]:
    """Return the values of the variables that the mapping names, and of no other one. Raises ConfigError."""
    missing = [name for name in wanted if given.get(name) is None]
    if missing:
        raise ConfigError(
            f"the mapping names variables that have no value: {', '.join(redact(name, []) for name in missing)}",
            hint="Set them in the option variables, or take them out of the mapping",
        ).with_context(option="variables", subject=_SUBJECT)
    values = {name: given[name] for name in wanted}
    for name, value in values.items():
        shown = redact(name, [])
        if not isinstance(value, str):
            raise not_text(f"the value of {shown} in variables", "variables").with_context(subject=_SUBJECT)
        if _UNFIT.search(value):
            raise ConfigError(
                f"the value of {shown} in variables has a line end or a NUL, which an upload of lines cannot carry",
                hint="Store it with the module community.senhasegura.secret, or encode it, for example in base64",
            ).with_context(option="variables", subject=_SUBJECT)
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise ConfigError(
                f"the value of {shown} in variables must be valid text", hint="Encode it, for example in base64"
            ).with_context(option="variables", subject=_SUBJECT) from None
    return values


def _secrets(client: Client) -> tuple[tuple[DsmSecret, ...] | None, str]:
    """Return the secrets of the application or, where they may not be read, None and the warning about that."""
    try:
        return client.secrets.list(), ""
    except (Denied, NotFound) as exc:
        return None, f"the variables are uploaded, and what became of them cannot be read: {exc}"


def _named(secrets: t.Iterable[DsmSecret] | None, name: str) -> DsmSecret | None:
    """Return the secret that an entry of the mapping has become. No page says which name it gets."""
    listed = tuple(secrets or ())
    by_identity = (secret for secret in listed if secret.identifier == name)
    return next(by_identity, next((secret for secret in listed if secret.name == name), None))


def _has(secret: DsmSecret | None, entry: Entry, values: t.Mapping[str, str]) -> bool:
    """Return whether a secret has all variables of an entry with their values."""
    known = set(secret.values()) if secret else set()
    return bool(secret) and all((name, values[name]) in known for name in entry.variables)


def _shown(secrets: t.Iterable[DsmSecret] | None, entry: Entry, values: t.Mapping[str, str]) -> dict[str, t.Any]:
    secret = _named(secrets, entry.name)
    return {
        "name": entry.name,
        "kind": _KINDS[type(entry)],
        "identifier": secret.identifier if secret else None,
        "key_names": secret.public()["key_names"] if secret else None,
        "as_given": None if secrets is None else _has(secret, entry, values),
    }


def _unseen(became: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    lost = [one["name"] for one in became if one["identifier"] is None]
    if not lost:
        return []
    return [
        f"the server took the variables and lists no secret for {', '.join(lost)}: assign it to the authorization of "
        "this client in the console, or look for it there under another name"
    ]
