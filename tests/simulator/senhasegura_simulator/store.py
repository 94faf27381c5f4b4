# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite state: one table per record class, columns taken from the dataclass fields."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from .platform_records import Information, RelatedUser, RemoteSession, User, WebUrl

CREDENTIAL, KEY = "credential", "key"
PENDING, RUNNING, CHANGED, FAILED = "pending", "running", "changed", "failed"


@dataclass
class Client:
    id: int | None = None
    client_id: str = ""
    client_secret: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = None
    token_key: str | None = None
    token_secret: str | None = None
    enabled: bool = True
    expires: float | None = None  # epoch seconds at which the authorization ends
    read_only: bool = False
    credentials: list[str] | None = None  # ids or identifiers; None: all
    allowed_ips: list[str] = field(default_factory=lambda: ["*"])
    allowed_referers: list[str] = field(default_factory=lambda: ["*"])
    resources: list[str] | None = None  # None: all
    tenant: str | None = None
    application: int | None = None
    encryption_public_key: str | None = None
    encryption_private_key: str | None = None  # kept for test oracles when the simulator made the pair
    mysafe_user: str | None = None  # the client is an access key for MySafe, which belongs to this user
    mysafe_items: list[str] | None = None  # ids of the items that the access key reaches; None: all of the user


@dataclass
class Token:
    id: int | None = None
    token: str = ""
    client: int = 0
    expires: float = 0


@dataclass
class Nonce:
    id: int | None = None
    nonce: str = ""
    timestamp: float = 0


@dataclass
class Device:
    id: int | None = None
    hostname: str = ""
    ip: str = ""
    model: str = "Ubuntu"
    type: str = "Server"
    vendor: str = "Canonical"
    site: str = "DC1"
    device_domain: str = ""
    device_tags: str = ""
    connectivities: str = "SSH:22"
    session_remote_config: str = ""
    active: bool = True


@dataclass
class Item:
    """A credential or an SSH key: both share one id space, so that 1010 and 1016 can occur."""

    id: int | None = None
    kind: str = CREDENTIAL
    identifier: str | None = None
    username: str = ""
    hostname: str = ""
    ip: str = ""
    password: str | None = None  # of a key: its passphrase
    type: str = "Local User"
    additional: str = ""
    domain: str = ""
    tags: list[str] = field(default_factory=list)
    parent: int | None = None
    active: bool = True
    automatic_change: bool = False
    expiration: float | None = None
    change: float | None = None
    view: float | None = None
    custody_client: int | None = None
    custody_until: float | None = None
    change_due: float | None = None
    created_by: int | None = None
    key_name: str = ""
    private_key: str | None = None
    public_key: str | None = None
    devices: list[str] = field(default_factory=list)
    rotation_days: int | None = None
    blocks: dict[str, Any] = field(default_factory=dict)  # settings blocks as sent; no documented call reads them


@dataclass
class Application:
    id: int | None = None
    name: str = ""
    system: str = ""
    environment: str = ""
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    unique_key: str | None = None
    # Parameters of the last write that no call shows: line of business, type, ARNs and profiles.
    more: dict[str, Any] = field(default_factory=dict)
    authentication_method: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)


@dataclass
class Secret:
    id: int | None = None
    application: int = 0
    identity: str = ""
    name: str = ""
    engine: str = "Generic"
    description: str | None = None
    expiration_date: str = ""
    version: int = 1
    data: list[dict[str, str | None]] = field(default_factory=list)
    # Values that the vault fills in: index of the map in `data` -> [id of the credential, name of the value].
    links: dict[str, Any] = field(default_factory=dict)
    # Minutes; 0 is never. Nothing is renewed by time.
    renew_cloud_time: int = 0
    renew_credential_time: int = 0
    renew_ephemeral_credential_time: int = 0
    # Of an ephemeral credential: what it was provisioned for.
    provisioned: dict[str, str] = field(default_factory=dict)
    # Guide only: `application`, `system`, `environment` as the writer filed it; else those of the application.
    filed: dict[str, str] = field(default_factory=dict)


@dataclass
class Automation:
    id: int | None = None
    application: int = 0
    name: str = ""
    tags: list[str] = field(default_factory=list)
    enabled: bool = True
    description: str = ""
    triggers: list[str] = field(default_factory=list)
    applications: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    plugin: str = ""
    template: str = ""
    devices: list[dict[str, str]] = field(default_factory=list)


@dataclass
class EncryptionKey:
    id: int | None = None
    application: int = 0
    name: str = ""
    description: str = ""
    algorithm: str = ""
    expires: float | None = None
    enabled: bool = True
    material: str = ""


@dataclass
class MySafeItem:
    """A password, note or API secret in MySafe. They share one id space."""

    id: int | None = None
    kind: str = "password"
    owner: str = ""
    name: str = ""
    url: str = ""
    username: str = ""
    password: str = ""
    secret_key: str = ""
    notes: str = ""  # of a note: its text
    client_id: str = ""
    client_secret: str = ""
    identifier_code: str = ""
    method: str = ""
    tags: list[str] = field(default_factory=list)
    users_allowed: list[dict[str, Any]] = field(default_factory=list)
    groups_allowed: list[dict[str, Any]] = field(default_factory=list)
    need_justify: bool = False
    need_approval: bool = False
    active: bool = True


@dataclass
class Execution:
    """One change of a password or key by the vault itself, as in the product's history of executions."""

    id: int | None = None
    item: int = 0
    kind: str = CREDENTIAL
    username: str = ""
    hosts: list[str] = field(default_factory=list)  # the targets to log in to; none: only the vault changes
    status: str = PENDING
    message: str = ""
    requested: float = 0
    started: float | None = None
    finished: float | None = None
    # What is to be stored, so that tests know it also when it was lost half-way.
    password: str | None = None
    private_key: str | None = None
    public_key: str | None = None


RECORDS: tuple[type[Any], ...] = (
    *(Client, Token, Nonce, Device, Item, Application, Secret, Automation, EncryptionKey, Execution),
    *(MySafeItem, User, RelatedUser, RemoteSession, WebUrl, Information),
)
NOT_STATE = (Token, Nonce, Execution)  # bookkeeping, not a change that a caller asked for
UNIQUE = {
    Client: ("client_id",),
    Token: ("token",),
    Nonce: ("nonce",),
    Device: ("hostname",),
}
SEARCHED = {
    Client: ("consumer_key",),
    Item: ("identifier", "hostname", "custody_until", "change_due"),
    Secret: ("application",),
    MySafeItem: ("kind",),
    Execution: ("status",),
}
R = TypeVar("R")
Row = tuple[Any, ...]


class Store:
    """Records in, records out. `touched` lists what changed since it was last cleared.

    Each record that comes out is the caller's own: what is done to it shows elsewhere only when it has been saved.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self.touched: list[Any] = []
        self._found: dict[type[Any], dict[Row, Row | None]] = {cls: {} for cls in RECORDS}  # see _first_values
        for cls in RECORDS:
            columns = ", ".join(
                "id INTEGER PRIMARY KEY AUTOINCREMENT" if name == "id" else f'"{name}"' for name in _CODECS[cls].names
            )
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {cls.__name__} ({columns})")
            for kind, names in (("UNIQUE INDEX", UNIQUE.get(cls)), ("INDEX", SEARCHED.get(cls))):
                for name in names or ():
                    self._db.execute(f"CREATE {kind} IF NOT EXISTS {cls.__name__}_{name} ON {cls.__name__} ({name})")

    def close(self) -> None:
        self._db.close()

    @property
    def empty(self) -> bool:
        return not any(self.all(cls) for cls in (Client, Device, Item, Application))

    def wipe(self) -> None:
        for cls in RECORDS:
            self._write(cls, f"DELETE FROM {cls.__name__}")
        self._db.execute("DELETE FROM sqlite_sequence")

    def all(self, cls: type[R], **where: Any) -> list[R]:
        codec = _CODECS[cls]
        return [codec.record(codec.values(row)) for row in self._select(cls, where)]

    def first(self, cls: type[R], **where: Any) -> R | None:
        values = self._first_values(cls, where)
        return None if values is None else _CODECS[cls].record(values)

    def due(self, column: str, now: float) -> list[Item]:
        # Mostly there is none, and even an empty result takes time for each column that was asked for.
        ids = self._db.execute(f'SELECT id FROM Item WHERE "{column}" <= ? ORDER BY "{column}"', [now]).fetchall()
        return [item for row in ids if (item := self.first(Item, id=row[0]))]

    def save(self, record: R) -> R:
        """Insert a record without id, update one with; a write that alters nothing does not count as a change."""
        cls, row_id = type(record), record.id  # type: ignore[attr-defined]
        codec = _CODECS[cls]
        known = None if row_id is None else self._first_values(cls, {"id": row_id})
        values = codec.attributes(record)
        if values == known:
            return record
        if known is None:
            cursor = self._write(cls, codec.insert, values)
            if row_id is None:
                record.id = cursor.lastrowid  # type: ignore[attr-defined]
        else:
            # Identity, because equal maps may differ in their order; a column too many does no harm.
            pairs = zip(codec.names, known, values, strict=True)
            changed = {name: value for name, old, value in pairs if value is not old}
            columns = ", ".join(f'"{name}" = ?' for name in changed)
            # Whoever else has a value that must be unique goes.
            update = f"UPDATE OR REPLACE {cls.__name__} SET {columns} WHERE id = ?"
            self._write(cls, update, [*changed.values(), row_id])
        self._note(record)
        return record

    def delete(self, record: Any) -> None:
        self._write(type(record), f"DELETE FROM {type(record).__name__} WHERE id = ?", [record.id])
        self._note(record)

    def delete_older(self, cls: type[Any], column: str, limit: float) -> None:
        self._write(cls, f'DELETE FROM {cls.__name__} WHERE "{column}" < ?', [limit])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested. Rolls back on any exception, `Rollback` included."""
        name, mark = "nested", len(self.touched)
        self._db.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self._db.execute(f"ROLLBACK TO {name}")
            for found in self._found.values():
                found.clear()
            del self.touched[mark:]
            raise
        finally:
            self._db.execute(f"RELEASE {name}")

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        return {
            cls.__name__.lower() + "s": [dataclasses.asdict(record) for record in self.all(cls)]
            for cls in RECORDS
            if cls is not Nonce
        }

    def _write(self, cls: type[Any], statement: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """The one way by which a table changes, but for a rollback."""
        self._found[cls].clear()
        return self._db.execute(statement, [_to_db(value) for value in values])

    def _first_values(self, cls: type[Any], where: dict[str, Any]) -> Row | None:
        """Remembered until the table changes: who calls, for one, is asked with each request and seldom new."""
        found, key = self._found[cls], (*where, *map(_to_db, where.values()))
        if key not in found:
            row = self._select(cls, where).fetchone()
            found[key] = None if row is None else _CODECS[cls].values(row)
        return found[key]

    def _select(self, cls: type[Any], where: dict[str, Any]) -> sqlite3.Cursor:
        clause = " AND ".join(f'"{name}" IS ?' for name in where) or "1"
        values = [_to_db(value) for value in where.values()]
        return self._db.execute(f"SELECT * FROM {cls.__name__} WHERE {clause} ORDER BY id", values)

    def _note(self, record: Any) -> None:
        if not isinstance(record, NOT_STATE):
            self.touched.append(record)


class Rollback(Exception):
    """Raised inside `Store.transaction` to undo it on purpose."""


class _Codec:
    """The way of one class of records into its table and back, worked out once: each request goes it several times."""

    def __init__(self, cls: type[Any]) -> None:
        fields = dataclasses.fields(cls)
        self._cls = cls
        self.names = tuple(f.name for f in fields)
        self.attributes = attrgetter(*self.names)
        self._structured = [i for i, f in enumerate(fields) if str(f.type).startswith(("list", "dict"))]
        self._flags = [i for i, f in enumerate(fields) if str(f.type).startswith("bool")]
        into = ", ".join(f'"{name}"' for name in self.names)
        self.insert = f"INSERT INTO {cls.__name__} ({into}) VALUES ({', '.join('?' * len(fields))})"

    def values(self, row: Row) -> Row:
        """A row as the values of a record; lists and maps in it are not for handing out, see `record`."""
        values = list(row)
        for index in self._structured:
            values[index] = _parsed(row[index])
        for index in self._flags:
            values[index] = bool(row[index])
        return tuple(values)

    def record(self, values: Row) -> Any:
        """A new record that shares nothing with another made of the same values."""
        own = list(values)
        for index in self._structured:
            own[index] = _copied(own[index])
        return self._cls(*own)


def _copied(value: Any) -> Any:
    """What `copy.deepcopy` does, for what JSON can hold, and much faster."""
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return {name: _copied(part) for name, part in value.items()} if isinstance(value, dict) else value


@lru_cache(maxsize=1024)
def _parsed(text: str | None) -> Any:
    """Most texts are `[]`, `{}` and `["*"]`; what comes out is shared, so it has to be copied."""
    return None if text is None else json.loads(text)


def _to_db(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value) if value else str(value)  # the same for an empty one, and at once
    return value


_CODECS = {cls: _Codec(cls) for cls in RECORDS}
