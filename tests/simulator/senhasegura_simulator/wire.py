# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values look on the wire: times, tags, sensitive values, texts that arrive as JSON numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .call import Call
from .crypto import encrypt
from .errors import Problem


def naive(call: Call, when: float | None) -> str | None:
    """`YYYY-MM-DD HH:MM:SS` in the appliance's zone, as `change` and `view` are."""
    return None if when is None else _local(call, when).strftime("%Y-%m-%d %H:%M:%S")


def iso_naive(call: Call, when: float | None) -> str | None:
    return None if when is None else _local(call, when).replace(tzinfo=None).isoformat(timespec="seconds")


def iso_offset(call: Call, when: float | None) -> str | None:
    return None if when is None else _local(call, when).isoformat(timespec="seconds")


def iso_utc(when: float | None) -> str | None:
    return None if when is None else datetime.fromtimestamp(when, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def console_time(call: Call, written: str, name: str) -> float | None:
    """`YYYY-MM-DD HH:MM:SS` (or a date, or ISO 8601) in the appliance's zone, as epoch seconds; None for ""."""
    if not written:
        return None
    try:
        when = datetime.fromisoformat(written.replace("Z", "+00:00"))
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone(timedelta(hours=call.world.settings.utc_offset_hours)))
        return when.timestamp()
    except (ValueError, OverflowError) as error:
        raise invalid(name) from error


def invalid(name: str) -> Problem:
    """What is said of a parameter that cannot be read."""
    return Problem(f"Parameter '{name}' is invalid!")


def sensitive(call: Call, value: str | None) -> str | None:
    key = call.caller.encryption_public_key
    return value if value is None or not key else encrypt(value, key)


def crlf(value: str | None) -> str | None:
    return None if value is None else value.replace("\r\n", "\n").strip("\n").replace("\n", "\r\n")


def text(params: Mapping[str, Any], name: str) -> str | None:
    """The parameter as text; None when it was not sent (or sent as JSON null)."""
    value = params.get(name)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def flag(value: Any) -> bool:
    return str(value).lower() in ("1", "true", "yes")


def section(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A settings block: an object (4.0) or an array with one object (3.32)."""
    value = params.get(name)
    if isinstance(value, list):
        value = value[0] if value else {}
    return dict(value) if isinstance(value, dict) else {}


def _local(call: Call, when: float) -> datetime:
    return datetime.fromtimestamp(when, timezone(timedelta(hours=call.world.settings.utc_offset_hours)))
