# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request is about, before any handler has seen it: for fault rules and the texts that they answer."""

from __future__ import annotations

import re

from . import vault
from .call import Call
from .store import CREDENTIAL, Device, Item, Secret
from .wire import text

QUOTE = re.compile(r"\{(item|secret|sent):([^:{}]+)(?::([^{}]+))?\}")


def names(call: Call) -> frozenset[str]:
    """All names by which a rule may know the record that a call reads or writes.

    Credentials and keys: id, identifier, `username@hostname`; devices: id, host name; DSM secrets: identity. What the
    request itself says counts too, so that a record which does not exist yet can be named.
    """
    kind, _dot, _verb = call.operation.partition(".")
    params, ref = call.params, call.args.get("ref") or text(call.params, "credentialId") or ""
    if kind == "secret":
        return _known(ref, text(params, "identity"), text(params, "identifier"))
    if kind == "device":
        device = _device(call, ref or text(params, "hostname") or "")
        return _known(ref, text(params, "hostname"), *([str(device.id), device.hostname] if device else []))
    if kind == "scim_user":
        return _known(ref, text(params, "userName"))
    if kind == "related_user":
        return _known(ref, text(params, "id"), text(params, "name"))
    if kind in ("session", "information"):
        return _known(ref, text(params, "device"), text(params, "identifier"))
    if kind not in ("credential", "key", "custody"):
        return frozenset()
    username, hostname, identifier = (text(params, name) for name in ("username", "hostname", "identifier"))
    user_on_host = f"{username}@{hostname}" if username and hostname else None
    item = _item(call, ref) or _item(call, identifier) or (kind == "credential" and _same(call)) or None
    stored = [str(item.id), item.identifier, f"{item.username}@{item.hostname}"] if item else []
    return _known(ref, identifier, user_on_host, *stored)


def quoted(call: Call, template: str) -> str:
    """The template with the values that it names.

    `{item:web-root:password}` is a field of a credential or key as stored, `{secret:shop-db:PASSWORD}` a value of a DSM
    secret, `{sent:content}` a parameter of this request. What does not exist stays as it is written.
    """

    def value(found: re.Match[str]) -> str:
        kind, name, part = found.groups()
        if kind == "sent":
            return _written(text(call.params, name), found)
        if kind == "item":
            return _written(getattr(_item(call, name), part or "", None), found)
        secret = call.world.store.first(Secret, identity=name)
        parts = [data[part] for data in (secret.data if secret else []) if part in data]
        return _written(parts[0] if parts else None, found)

    return QUOTE.sub(value, template)


def _written(value: object, found: re.Match[str]) -> str:
    return found[0] if value is None else str(value)


def _known(*values: str | None) -> frozenset[str]:
    return frozenset(value for value in values if value)


def _item(call: Call, ref: str | None) -> Item | None:
    if not ref:
        return None
    return vault.by_reference(call.world, ref) or call.world.store.first(Item, identifier=ref)


def _same(call: Call) -> Item | None:
    """The credential that a write without identifier finds."""
    where = {name: text(call.params, name) for name in ("username", "hostname", "ip")}
    where = {name: value for name, value in where.items() if value}
    if not {"username", "hostname"} <= set(where):
        return None
    return call.world.store.first(Item, kind=CREDENTIAL, **where)


def _device(call: Call, ref: str) -> Device | None:
    store = call.world.store
    found = store.first(Device, id=int(ref)) if re.fullmatch(r"[0-9]{1,18}", ref) else None
    return found or store.first(Device, hostname=ref)
