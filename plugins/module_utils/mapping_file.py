# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the mapping file of the integration guide, which says what the variables of a pipeline stand for.

It names variables and holds no values (integration-guide.txt, "Mapping File for Secret Registration"; facts-dsm.md 4).
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from .errors import ConfigError
from .redaction import redact

# The clouds that the vendor names (facts-dsm.md 4).
CLOUDS = ("aws", "azure", "gcp")
_LARGEST = 1 << 20
# An environment cannot hold a name with "=" or NUL, and the upload is made of lines.
_VARIABLE = re.compile(r"[^=\0\r\n]+\Z")
_HINT = (
    "Compare it with the mapping file of the integration guide: access_keys, credentials and key_value are lists of "
    "maps with name and fields"
)


@dataclasses.dataclass(frozen=True)
class MappedAccessKey:
    """An access key of a cloud. ``fields`` is field of the server -> name of the variable that holds it."""

    name: str
    type: str
    fields: dict[str, str]

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables, in the order of the file."""
        return tuple(self.fields.values())


@dataclasses.dataclass(frozen=True)
class MappedCredential:
    """A credential. ``fields`` is field of the server (user, password, host) -> name of the variable that holds it."""

    name: str
    fields: dict[str, str]

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables, in the order of the file."""
        return tuple(self.fields.values())


@dataclasses.dataclass(frozen=True)
class MappedKeyValue:
    """Any variables. ``fields`` holds their names."""

    name: str
    fields: tuple[str, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables, in the order of the file."""
        return self.fields


class Mapping(t.TypedDict):
    """A whole mapping file. Each list is there, and may be empty."""

    access_keys: list[MappedAccessKey]
    credentials: list[MappedCredential]
    key_value: list[MappedKeyValue]


def parse(text: str) -> Mapping:
    """Read a mapping file. Raises ConfigError, which names the place and no content, for anything doubtful.

    :param text: the file as text, JSON, with or without a byte order mark
    """
    if len(text) > _LARGEST:
        raise ConfigError("the mapping file is larger than 1 MiB", hint=_HINT)
    try:
        document = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_unique)
    # A deeply nested one is a RecursionError.
    except (ValueError, RecursionError) as exc:
        where = f" (line {exc.lineno})" if isinstance(exc, json.JSONDecodeError) else ""
        raise ConfigError(f"the mapping file must be valid JSON{where}", hint=_HINT) from None
    return from_data(document)


def from_data(document: object) -> Mapping:
    """Read a mapping that is data already, as YAML or JSON has made it. Raises ConfigError."""
    sections = _map(document, "the mapping")
    _refuse_others(sections, ("access_keys", "credentials", "key_value"), "the mapping")
    mapping = Mapping(
        access_keys=[_access_key(item, place) for place, item in _items(sections, "access_keys")],
        credentials=[_credential(item, place) for place, item in _items(sections, "credentials")],
        key_value=[_key_value(item, place) for place, item in _items(sections, "key_value")],
    )
    if not entries(mapping):
        raise ConfigError("the mapping names no variables", hint=_HINT)
    return mapping


def entries(mapping: Mapping) -> tuple[MappedAccessKey | MappedCredential | MappedKeyValue, ...]:
    """Return all entries of a mapping, in the order of its sections."""
    return (*mapping["access_keys"], *mapping["credentials"], *mapping["key_value"])


def variables(mapping: Mapping) -> tuple[str, ...]:
    """Return the names of all variables of a mapping, each once, in the order of the file."""
    return tuple(dict.fromkeys(name for entry in entries(mapping) for name in entry.variables))


def as_data(mapping: Mapping) -> dict[str, t.Any]:
    """Return a mapping as JSON has it, without the sections that are empty."""
    data: dict[str, t.Any] = {
        "access_keys": [{"name": one.name, "type": one.type, "fields": one.fields} for one in mapping["access_keys"]],
        "credentials": [{"name": one.name, "fields": one.fields} for one in mapping["credentials"]],
        "key_value": [{"name": one.name, "fields": list(one.fields)} for one in mapping["key_value"]],
    }
    return {section: items for section, items in data.items() if items}


def _access_key(item: object, place: str) -> MappedAccessKey:
    entry = _map(item, place)
    _refuse_others(entry, ("name", "type", "fields"), place)
    if entry.get("type") not in CLOUDS:
        raise ConfigError(f"{place}.type must be {', '.join(CLOUDS[:-1])} or {CLOUDS[-1]}", hint=_HINT)
    return MappedAccessKey(_name(entry, place), entry["type"], _named_fields(entry, place))


def _credential(item: object, place: str) -> MappedCredential:
    entry = _map(item, place)
    _refuse_others(entry, ("name", "fields"), place)
    return MappedCredential(_name(entry, place), _named_fields(entry, place))


def _key_value(item: object, place: str) -> MappedKeyValue:
    entry = _map(item, place)
    _refuse_others(entry, ("name", "fields"), place)
    fields = entry.get("fields")
    if not isinstance(fields, list) or not fields:
        raise ConfigError(f"{place}.fields must be a list of names of variables", hint=_HINT)
    return MappedKeyValue(_name(entry, place), tuple(_variable(name, f"{place}.fields") for name in fields))


def _name(entry: dict[str, t.Any], place: str) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ConfigError(f"{place}.name must be printable text", hint=_HINT)
    return name


def _named_fields(entry: dict[str, t.Any], place: str) -> dict[str, str]:
    fields = _map(entry.get("fields"), f"{place}.fields")
    if not fields:
        raise ConfigError(f"{place}.fields must name a variable", hint=_HINT)
    return {field: _variable(name, f"{place}.fields") for field, name in fields.items()}


def _variable(name: object, place: str) -> str:
    if not isinstance(name, str) or not _VARIABLE.match(name):
        raise ConfigError(
            f"{place} must hold names of variables",
            hint="Give the name of each variable, without '=' and line ends, and not its value",
        )
    return name


def _items(sections: dict[str, t.Any], section: str) -> list[tuple[str, object]]:
    """Return each item of a section with its place, as errors name it."""
    items = sections.get(section)
    if items is None:
        return []
    if not isinstance(items, list):
        raise ConfigError(f"{section} in the mapping must be a list", hint=_HINT)
    return [(f"{section}[{number}]", item) for number, item in enumerate(items)]


def _map(value: object, place: str) -> dict[str, t.Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f"{place} must be a map", hint=_HINT)
    return value


def _refuse_others(entry: dict[str, t.Any], known: tuple[str, ...], place: str) -> None:
    """Refuse what would be lost: a part of the mapping that neither the guide nor the vendor describes."""
    others = sorted(entry.keys() - set(known))
    if others:
        names = ", ".join(redact(name, []) for name in others)
        raise ConfigError(f"{place} has {names}, which no mapping file has", hint=_HINT)


def _unique(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found
