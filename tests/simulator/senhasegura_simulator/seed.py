# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a seed (YAML file or mapping) and turns it into records."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from .crypto import encryption_pair, random_password, ssh_key_pair
from .platform_records import Information, RelatedUser, RemoteSession, User
from .store import CREDENTIAL, KEY, Application, Client, Device, Item, MySafeItem, Secret, Store

PACKAGED = Path(__file__).parent / "seeds"
SECTIONS = (
    *("settings", "clients", "devices", "credentials", "keys", "applications", "secrets"),
    *("users", "related_users", "sessions", "information", "mysafe"),
)
TIMES = ("expiration", "change", "view", "expires", "custody_until", "started", "ended")
R = TypeVar("R")


class SeedError(ValueError):
    """The seed is not usable; the text names the section and the field."""


@dataclass
class Seed:
    settings: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any] | None) -> Seed:
        if source is None:
            return cls()
        if isinstance(source, Mapping):
            raw: Any = copy.deepcopy(dict(source))
        else:
            raw = yaml.safe_load(_file(source).read_text(encoding="utf-8")) or {}
        if not isinstance(raw, dict):
            raise SeedError("a seed is a mapping")
        if unknown := set(raw) - set(SECTIONS):
            raise SeedError(f"unknown section(s): {', '.join(sorted(map(str, unknown)))}; known: {', '.join(SECTIONS)}")
        settings = raw.pop("settings", None) or {}
        return cls(settings, {name: list(entries or []) for name, entries in raw.items()})

    def entries(self, section: str) -> list[dict[str, Any]]:
        return [_randomised(entry) for entry in self.sections.get(section, [])]


def _file(source: str | Path) -> Path:
    """A path, or the name of a seed that comes with the simulator; `./demo` is a path."""
    names = sorted(path.stem for path in PACKAGED.glob("*.yml"))
    if str(source) in names:
        return PACKAGED / f"{source}.yml"
    path = Path(source)
    if not path.exists():
        raise SeedError(f"no seed {str(source)!r}: it must be the path of a YAML file or one of {', '.join(names)}")
    return path


def plant(seed: Seed, store: Store, now: float) -> None:
    applications: dict[str, int] = {}
    for entry in seed.entries("applications"):
        secrets = entry.pop("secrets", [])
        application = store.save(_record(Application, "applications", entry))
        applications[application.name] = _id(application)
        _plant_secrets(store, secrets, applications, application.name)
    _plant_secrets(store, seed.entries("secrets"), applications, None)
    for entry in seed.entries("clients"):
        store.save(_client(entry, applications))
    for entry in seed.entries("devices"):
        store.save(_record(Device, "devices", entry))
    clients = {client.client_id: client.id for client in store.all(Client)}
    for section, kind in (("credentials", CREDENTIAL), ("keys", KEY)):
        for entry in seed.entries(section):
            store.save(_item(store, section, kind, entry, clients, now))
    for entry in seed.entries("mysafe"):
        store.save(_record(MySafeItem, "mysafe", entry))
    for entry in seed.entries("users"):
        store.save(_user(entry, now))
    for number, entry in enumerate(seed.entries("sessions"), 1):
        known = {"session_id": f"{number:040x}", "started": now - 60, **entry}
        store.save(_record(RemoteSession, "sessions", known))
    for section, cls in (("related_users", RelatedUser), ("information", Information)):
        for entry in seed.entries(section):
            store.save(_record(cls, section, entry))


def _plant_secrets(
    store: Store, entries: list[dict[str, Any]], applications: dict[str, int], owner: str | None
) -> None:
    for entry in entries:
        name = entry.pop("application", owner)
        if name not in applications:
            raise SeedError(f"secrets: {entry.get('identity')!r} names no application of the seed: {name!r}")
        data = entry.pop("data", [])
        maps = [data] if isinstance(data, dict) else data
        ends = entry.get("expiration_date")
        if isinstance(ends, date):  # YAML reads a time without quotes so
            entry["expiration_date"] = f"{ends:%Y-%m-%d %H:%M:%S}"
        store.save(_record(Secret, "secrets", {**entry, "data": maps, "application": applications[name]}))


def _client(entry: dict[str, Any], applications: dict[str, int]) -> Client:
    name = entry.pop("application", None)
    if name is not None and name not in applications:
        raise SeedError(f"clients: {entry.get('client_id')!r} names no application of the seed: {name!r}")
    if entry.pop("encryption", None) == "generate":
        entry["encryption_private_key"], entry["encryption_public_key"] = encryption_pair()
    if entry.get("credentials") is not None:
        entry["credentials"] = [str(c) for c in entry["credentials"]]
    if entry.get("mysafe_items") is not None:
        entry["mysafe_items"] = [str(item) for item in entry["mysafe_items"]]
    return _record(Client, "clients", {**entry, "application": applications.get(name) if name else None})


def _item(
    store: Store, section: str, kind: str, entry: dict[str, Any], clients: dict[str, int | None], now: float
) -> Item:
    generate = entry.pop("generate", None)
    if generate not in (None, "ed25519"):
        raise SeedError(f"{section}: generate must be ed25519, not {generate!r}")
    holder, creator = entry.pop("custody_client", None), entry.pop("created_by", None)
    for name in (holder, creator):
        if name is not None and name not in clients:
            raise SeedError(f"{section}: no client {name!r} in the seed")
    item = _record(Item, section, {"change": now - 86400, **entry, "kind": kind})
    item.custody_client, item.created_by = clients.get(holder), clients.get(creator)
    if kind == KEY and item.type == "Local User":
        item.type = "SSH Key"
    if generate:
        item.private_key, item.public_key = ssh_key_pair(item.username, item.password)
    if not item.ip and (device := store.first(Device, hostname=item.hostname)):
        item.ip = device.ip
    return item


def _user(entry: dict[str, Any], now: float) -> User:
    """A user as SCIM shows it: `userName`, `externalId`, `name`, `emails`, `entitlements`, `groups` ..."""
    document = {"active": True, **entry}
    try:
        username, external_id = str(document["userName"]), str(document["externalId"])
    except KeyError as error:
        raise SeedError(f"users: {error} is missing") from error
    password = document.pop("password", None)
    names: dict[str, Any] = {"username": username.lower(), "external_id": external_id}
    return User(**names, document=document, password=password, created=now, modified=now)


def _record(cls: type[R], section: str, entry: dict[str, Any]) -> R:
    known = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := set(entry) - known:
        raise SeedError(f"{section}: unknown field(s) {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    return cls(**{name: _epoch(name, value) for name, value in entry.items()})


def _epoch(name: str, value: Any) -> Any:
    """Times may be written as YAML dates, ISO texts or epoch seconds."""
    if name not in TIMES or value is None or isinstance(value, (int, float)):
        return value
    return (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).timestamp()


def _randomised(value: Any) -> Any:
    if value == {"random": True}:
        return random_password()
    if isinstance(value, dict):
        return {name: _randomised(part) for name, part in value.items()}
    return [_randomised(part) for part in value] if isinstance(value, list) else value


def _id(record: Any) -> int:
    return int(record.id)
