# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected information, which MySafe has replaced: it is made, read and disabled, and neither listed nor changed."""

from __future__ import annotations

import re
from typing import Any

from . import vault
from .call import Call
from .crypto import random_identifier
from .envelope import Reply
from .errors import numbered
from .pam import reply
from .platform_records import Information
from .wire import text

FIELDS = ("name", "identifier", "type", "service", "url", "content", "users_allowed")


def create_information(call: Call) -> Reply:
    """The answer has no id. One with the same identifier may exist."""
    vault.need_write(call.caller)
    if not text(call.params, "content"):
        raise numbered(1026)
    given: dict[str, Any] = {name: text(call.params, name) or "" for name in FIELDS}
    found = Information(**{**given, "identifier": given["identifier"] or random_identifier()})
    call.world.store.save(found)
    shown = {name: getattr(found, name) for name in FIELDS}
    return reply(call, "Information successfully registered!", 201, 200, info=shown)


def read_information(call: Call) -> Reply:
    found = _find(call)
    shown = {"id": str(found.id), "tag": found.identifier, "type": found.type, "content": found.content}
    return reply(call, f"Information {found.id}", info=shown)


def disable_information(call: Call) -> Reply:
    found = _find(call)
    vault.need_write(call.caller)
    found.active = False
    call.world.store.save(found)
    return reply(call, "Information successfully disabled")


def _find(call: Call) -> Information:
    ref, store = call.args["ref"], call.world.store
    found = store.first(Information, id=int(ref)) if re.fullmatch("[0-9]{1,18}", ref) else None
    if found is None and call.world.identifier_in_path():
        found = store.first(Information, identifier=ref)
    if found is None:
        raise numbered(1023)
    if not found.active:
        raise numbered(1024)
    return found
