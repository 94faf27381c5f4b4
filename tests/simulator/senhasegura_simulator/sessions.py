# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote sessions: the list, the end of one, and a URL that starts one in a browser."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

from . import vault
from .call import Call
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .platform_records import RemoteSession, WebUrl
from .wire import naive, text

REQUIRED = (
    ("user", "Username not specified"),
    ("credential", "Credential not specified"),
    ("device", "Credential device not specified"),
    ("protocol", "Invalid protocol"),
)
PROTOCOLS = ("ssh", "rdp", "http", "https", "telnet", "vnc", "mysql")


def list_sessions(call: Call) -> Reply:
    return reply(call, "", remote_sessions=[_row(call, one) for one in call.world.store.all(RemoteSession)])


def read_session(call: Call) -> Reply:
    ref = call.args["ref"]
    found = call.world.store.first(RemoteSession, id=int(ref)) if re.fullmatch("[0-9]{1,18}", ref) else None
    if found is None:
        raise numbered(1002)
    return reply(call, "", remote_session=[_row(call, found)])


def drop_session(call: Call) -> Reply:
    """By its hash. The text is Portuguese in all languages."""
    vault.need_write(call.caller)
    found = call.world.store.first(RemoteSession, session_id=call.args["ref"])
    if found is None or found.ended is not None:
        raise Problem("An error occurred while droping session", 500) if call.world.profile.modern else numbered(1002)
    found.ended = call.world.now()
    call.world.store.save(found)
    return reply(call, "Sessão interrompida com sucesso")


def start_session(call: Call) -> Reply:
    """Nothing is there to be listed until somebody opens the URL, which the simulator does not serve."""
    vault.need_write(call.caller)
    wanted: dict[str, Any] = {name: text(call.params, name) for name, _message in REQUIRED}
    for name, message in REQUIRED:
        if not wanted[name] or (name == "protocol" and str(wanted[name]).lower() not in PROTOCOLS):
            raise Problem(message)
    token = secrets.token_hex(20)
    url = f"https://{call.incoming.headers.get('Host', '')}/modulos/auth?_sr={secrets.token_urlsafe(90)}"
    call.world.store.save(WebUrl(**wanted, url=url, token=token))
    return reply(call, "Session created successfully", session={"session_url": url, "token": token})


def _row(call: Call, one: RemoteSession) -> dict[str, Any]:
    modern = call.world.profile.modern
    credential, device = ("credential", "device") if modern else ("credencial", "dispositivo")
    length = None if one.ended is None else f"{timedelta(seconds=int(one.ended - one.started))!s:0>8}"
    return {
        "id": str(one.id),
        "user": one.user,
        "origin_ip": one.origin_ip,
        credential: one.credential,
        device: one.device,
        "protocol": one.protocol,
        "proxy": one.proxy,
        "session_id": one.session_id,
        "start": naive(call, one.started),
        "end": naive(call, one.ended),
        "time": length,
        "prevent_purge": "No" if modern else "Não",
        "request": None,
        "ITSM": None,
    }
