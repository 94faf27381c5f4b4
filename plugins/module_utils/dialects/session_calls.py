# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's calls for remote sessions (http-api.md 3.5, facts-platform.md 5)."""

from __future__ import annotations

from ..errors import UnexpectedResponse
from ..references import Reference
from ..session_models import RemoteSession, WebSession, WebSessionWrite
from .dialect import Call, Row, Unseal, row
from .entities import decode_nothing, entities, entity, given, required_id, required_secret, text, text_or_none, truth
from .operations import CREATE_WEB_SESSION, DELETE_SESSION, LIST_SESSIONS, READ_SESSION
from .strict_json import Json


def decode_sessions(document: Json, unseal: Unseal) -> tuple[RemoteSession, ...]:
    """Decode the list of sessions. Releases up to 3.32 have some names in Portuguese."""
    return tuple(_session(item) for item in entities(document, "remote_sessions"))


def decode_session(document: Json, unseal: Unseal) -> RemoteSession:
    """Decode one session, which comes in a list of one."""
    name = "remote_session" if "remote_session" in document else "remote_sessions"
    if isinstance(document.get(name), dict):
        return _session(entity(document, name))
    items = entities(document, name)
    if len(items) != 1:
        raise UnexpectedResponse(f"{name!r} in the answer must hold one session, and holds {len(items)}")
    return _session(items[0])


def _session(item: Json) -> RemoteSession:
    session_id = text(item, "session_id")
    if not Reference(session_id).path_safe:
        raise UnexpectedResponse("'session_id' in the answer must be letters and digits")
    return RemoteSession(
        id=required_id(item),
        session_id=session_id,
        user=text(item, "user", "usuario"),
        origin_ip=text(item, "origin_ip"),
        credential=text(item, "credential", "credencial"),
        device=text(item, "device", "dispositivo"),
        protocol=text(item, "protocol", "protocolo"),
        proxy=text(item, "proxy"),
        started_at=text_or_none(item, "start"),
        ended_at=text_or_none(item, "end"),
        duration=text_or_none(item, "time"),
        prevent_purge=truth(item.get("prevent_purge")),
        request=text_or_none(item, "request"),
        itsm=text_or_none(item, "ITSM"),
    )


def decode_web_session(document: Json, unseal: Unseal) -> WebSession:
    """Decode the URL of a web session, and its token."""
    item = entity(document, "session")
    return WebSession(required_secret(item, "session_url"), required_secret(item, "token"))


def encode_web_session(model: WebSessionWrite) -> Json:
    """Encode what a web session is asked for. None is left out."""
    return given(
        user=model.user,
        credential=model.credential,
        device=model.device,
        protocol=model.protocol,
        remotedevice=model.remote_device,
        remoteAddr=model.remote_address,
        port=model.port,
        remoteapp=model.remote_app,
        screensize=model.screen_size,
    )


def session_calls(listed: str, dropped: str, web: str) -> tuple[Row, ...]:
    """Return the rows of the table. The three paths do not have the same prefix in each release."""
    return (
        row(LIST_SESSIONS, Call("GET", listed, decode_sessions, module="session", lists=True)),
        row(READ_SESSION, Call("GET", listed + "/{ref}", decode_session, module="session")),
        row(DELETE_SESSION, Call("DELETE", dropped + "/{ref}", decode_nothing, module="session")),
        row(CREATE_WEB_SESSION, Call("POST", web, decode_web_session, encode_web_session, module="session")),
    )
