# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List remote sessions."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..models import host_key
from ..session_models import RemoteSession
from ..settings.options import argument_spec
from .parameters import numeric_id, passed
from .results import Params, Result

NOUN = "session"
_FILTERS = ("session_id", "user", "origin_ip", "credential", "protocol", "running")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **{name: {"type": "str"} for name in ("id", "session_id", "user", "origin_ip", "credential", "device", "protocol")},
    "credential": {"type": "str", "no_log": False},
    "running": {"type": "bool"},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the sessions that fit all filters."""
    id_ = numeric_id(params["id"])
    one = client.sessions.find(id=id_, session_id=None) if id_ else None
    listed = client.sessions.list() if id_ is None else (one,) if one else ()
    return {"changed": False, "sessions": [session.public() for session in listed if _fits(session, params)]}


def _fits(session: RemoteSession, params: Params) -> bool:
    device = params["device"]
    on_device = device is None or host_key(device) in (host_key(session.host), session.device.lower())
    return on_device and all(getattr(session, name) == value for name, value in passed(params, _FILTERS).items())
