# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product does with credentials and keys, whatever dialect asked for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .crypto import random_identifier, random_password, ssh_key_pair
from .errors import Problem, numbered
from .store import CHANGED, CREDENTIAL, FAILED, KEY, Client, Execution, Item
from .targets import names_of
from .world import World, changed_at

IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]+")


def may_use(client: Client, item: Item) -> bool:
    """An application sees what it created itself and what was assigned to it."""
    if client.credentials is None or item.created_by == client.id:
        return True
    return str(item.id) in client.credentials or item.identifier in client.credentials


def visible(world: World, client: Client, kind: str | None = None) -> list[Item]:
    where = {} if kind is None else {"kind": kind}
    return [
        item
        for item in world.store.all(Item, **where)
        if may_use(client, item) and (item.active or world.settings.list_inactive)
    ]


def by_id(world: World, ref: str) -> Item | None:
    # SQLite refuses integers beyond 64 bits, and str.isdigit() also holds for digits that int() reads differently.
    return world.store.first(Item, id=int(ref)) if re.fullmatch(r"[0-9]{1,18}", ref) else None


def by_reference(world: World, ref: str) -> Item | None:
    """Id, username@hostname, and (where that is on) identifier. A user name with an `@` cannot be addressed."""
    if item := by_id(world, ref):
        return item
    if "@" in ref:
        username, hostname = ref.split("@", 1)
        return world.store.first(Item, kind=CREDENTIAL, username=username, hostname=hostname)
    return world.store.first(Item, identifier=ref) if ref and world.identifier_in_path() else None


def credential(world: World, client: Client, item: Item | None) -> Item:
    if item is None:
        raise numbered(1007)
    if item.kind != CREDENTIAL:
        raise numbered(1010)
    return _allowed(client, item)


def key(world: World, client: Client, item: Item | None) -> Item:
    if item is None:
        raise numbered(1015)
    if item.kind != KEY:
        raise numbered(1016)
    return _allowed(client, item)


def need_write(client: Client) -> None:
    if client.read_only:
        raise numbered(1039)


def need_active(world: World, item: Item) -> None:
    if not item.active:
        raise inactive(world, item)


def inactive(world: World, item: Item) -> Problem:
    if item.kind == KEY:
        return numbered(1017)
    return numbered(1008) if world.profile.modern else numbered(1017, text="Credential inactive")


def already_active(world: World, item: Item) -> Problem:
    if item.kind == KEY:
        return numbered(1045)
    return numbered(1043) if world.profile.modern else numbered(1017, text="Credential already active")


def enable(world: World, client: Client, item: Item) -> None:
    """Activate an item, which must be inactive."""
    need_write(client)
    if item.active:
        raise already_active(world, item)
    item.active = True
    world.store.save(item)


def disable(world: World, client: Client, item: Item) -> None:
    """Deactivate an item, which must be active. Nothing is erased."""
    need_write(client)
    need_active(world, item)
    item.active = False
    world.store.save(item)


def check_identifier(identifier: str) -> None:
    if not IDENTIFIER.fullmatch(identifier):
        raise numbered(1053)


def new_identifier(world: World, wanted: str) -> str | None:
    return wanted or (random_identifier() if world.profile.modern or world.profile.guide_errors else None)


def check_unique(world: World, item: Item) -> None:
    """One credential per user name, host name and address, unless the system parameter allows more."""
    if world.settings.allow_duplicates:
        return
    same = world.store.all(Item, kind=item.kind, username=item.username, hostname=item.hostname, ip=item.ip)
    if any(other.id != item.id for other in same):
        raise numbered(1052)


def catch_up(world: World, request: bool = False) -> None:
    """Do what became due. Called at the start of each request and of each control call, so no timers are needed."""
    now = world.now()
    for item in world.store.due("custody_until", now):
        end_custody(world, item)
    for item in world.store.due("change_due", now):
        change_now(world, item)
    for late in list(world.postponed):
        if request and late.requests_left is not None:
            late.requests_left -= 1
        if late.requests_left == 0 or (late.due is not None and late.due <= now):
            world.postponed.remove(late)
            late.apply()


def take_custody(world: World, client: Client, item: Item) -> None:
    foreign = item.custody_client not in (None, client.id)
    if foreign and not world.settings.simultaneous_viewing:
        raise numbered(1009, detail="The credential is in the custody of another application")
    now = world.now()
    item.view, item.custody_until = now, now + world.settings.custody_lifetime
    item.custody_client = client.id
    world.store.save(item)
    world.traffic.reads[str(item.id)] += 1


def release_custody(world: World, client: Client, item: Item) -> None:
    if item.custody_client != client.id:
        raise numbered(1018)
    end_custody(world, item)


def end_custody(world: World, item: Item) -> None:
    """Release and expiry alike make the vault change what was seen."""
    item.custody_client = item.custody_until = None
    world.store.save(item)
    if item.automatic_change and (item.kind == CREDENTIAL or world.settings.key_rotation_on_release):
        request_change(world, item)


def request_change(world: World, item: Item) -> None:
    if world.settings.change_delay > 0:
        item.change_due = world.now() + world.settings.change_delay
        world.store.save(item)
    else:
        change_now(world, item)


def change_now(world: World, item: Item) -> None:
    """The vault changes by itself, or waits for `executions` to change a real host first."""
    item.change_due = None
    world.store.save(item)
    execution = Execution(item=item.id or 0, kind=item.kind, username=item.username, requested=world.now())
    if item.kind == KEY:
        execution.private_key, execution.public_key = ssh_key_pair(item.username, item.password)
    else:
        execution.password = random_password()
    if world.settings.change_result != "changed":
        finish(world, execution, FAILED, f"change_result is {world.settings.change_result}")
        return
    execution.hosts = names_of(world, item)
    if execution.hosts:
        world.store.save(execution)
    else:
        store_change(world, execution, item)
        finish(world, execution, CHANGED)


def store_change(world: World, execution: Execution, item: Item) -> None:
    """The moment at which clients see the new password or key."""
    if execution.kind == KEY:
        item.private_key, item.public_key = execution.private_key, execution.public_key
    else:
        item.password = execution.password
    item.change = changed_at(item, world.now())
    world.store.save(item)


def finish(world: World, execution: Execution, status: str, message: str = "") -> None:
    execution.status, execution.message, execution.finished = status, message, world.now()
    world.store.save(execution)


def set_secret(world: World, item: Item, **values: str | None) -> None:
    """Store a password or key material; a write of what is there already is no change."""
    if any(getattr(item, name) != value for name, value in values.items()):
        item.change = changed_at(item, world.now())
    for name, value in values.items():
        setattr(item, name, value)


def split_tags(value: object) -> list[str]:
    parts: Iterable[object] = value if isinstance(value, list) else str(value).split(",")
    return [tag for tag in (str(part).strip() for part in parts) if tag]


def _allowed(client: Client, item: Item) -> Item:
    if not may_use(client, item):
        raise numbered(1009)
    return item
