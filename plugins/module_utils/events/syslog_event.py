# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make an event of a syslog message of the appliance: CEF, or RFC 5424 with C(key=value) pairs. Pure.

Everything in an event comes from whoever can send a message, so all texts are made harmless (event_text.py), and an id
is one only if it consists of digits and is certain.
"""

from __future__ import annotations

import re
import typing as t

from .cef import Extensions, is_cef, keys_of, parse_cef, parse_extensions
from .event_text import field_name, harmless
from .event_types import event_type
from .frames import Frame
from .syslog_header import SyslogHeader, parse_header

_ID = re.compile(r"[0-9]{1,19}\Z")
# A relay may put a header of its own before the one of the appliance.
_CEF_INSIDE = re.compile(r"(?<![A-Za-z0-9])CEF:[0-9]{1,3}\|")
_HEADERS_WITHIN = 512
# The appliance cuts datagrams there (facts-platform.md 8).
LONGEST_DATAGRAM = 1024
_HIGHEST_SEVERITY = 10
SyslogEvent = dict[str, t.Any]


def datagram(data: bytes, limit: int) -> Frame:
    """Return the frame of a datagram. One as long as the appliance makes them at most may have been cut.

    :param limit: the longest message in bytes
    """
    return Frame(data[:limit], complete=len(data) < LONGEST_DATAGRAM and len(data) <= limit)


def syslog_event(frame: Frame, sender: str, types: t.Mapping[str, str] | None = None) -> SyslogEvent:
    """Return the event of a message; what the message does not have is left out.

    :param sender: the address that it came from
    :param types: types by event id that the user knows better
    """
    text = frame.data.decode("utf-8", "replace").strip("\ufeff \t\r\n\0")
    header, message = parse_header(text)
    message = message.lstrip("\ufeff ")
    if not is_cef(message) and (inside := _CEF_INSIDE.search(message, 0, _HEADERS_WITHIN)):
        message = message[inside.start() :]
    if cef := parse_cef(message, complete=frame.complete):
        fields, complete, event_id = cef.extensions, cef.complete, cef.event_id
        event: SyslogEvent = {
            "format": "cef",
            "name": harmless(cef.name),
            "device": {
                "vendor": harmless(cef.device_vendor),
                "product": harmless(cef.device_product),
                "version": harmless(cef.device_version),
            },
        }
        if cef.severity.isascii() and cef.severity.isdigit() and int(cef.severity[:3]) <= _HIGHEST_SEVERITY:
            event["severity"] = int(cef.severity[:3])
    else:
        fields = parse_extensions(message, complete=frame.complete)
        complete, event_id = frame.complete and fields.cut is None, header.msg_id
        event = {"format": header.form if header.form != "none" else "text", "name": harmless(fields.text)}
    return {
        "source": "syslog",
        "type": event_type(event_id, types),
        "event_id": harmless(event_id),
        **event,
        **_subject(fields),
        "fields": {field_name(name): harmless(value) for name, value in fields.values.items()},
        "header": _header(header),
        "uncertain": [field_name(name) for name in (*fields.repeated, *([fields.cut] if fields.cut else ()))],
        "complete": complete,
        "sender": harmless(sender),
        "raw": harmless(text),
    }


def _subject(fields: Extensions) -> SyslogEvent:
    """Return which credential it is about, as far as that is certain."""
    subject: SyslogEvent = {}
    id_ = keys_of(fields, ["duid"])
    if id_ is not None and _ID.match(id_):
        subject["id"] = id_
    for name, keys in (("username", ["duser"]), ("hostname", ["dhost", "dst"])):
        if value := harmless(keys_of(fields, keys) or ""):
            subject[name] = value
    return subject


def _header(header: SyslogHeader) -> SyslogEvent:
    values = {name: harmless(value) if isinstance(value, str) else value for name, value in vars(header).items()}
    return {name: value for name, value in values.items() if value not in ("", None)}
