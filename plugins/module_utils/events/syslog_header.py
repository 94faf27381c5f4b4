# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse the header of a syslog message: RFC 5424, RFC 3164, or none. Pure.

The appliance's RFC 5424 form has no structured data, not even the dash that stands for it (facts-platform.md 8):
``<13>1 2018-06-18T17:49:41-03:00 vm-name senhasegura 1426 - Successfully authenticated.``
"""

from __future__ import annotations

import dataclasses
import re

_PRIORITY = re.compile(r"<([0-9]{1,3})>")
_RFC5424 = re.compile(r"[0-9]{1,2} (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32})(?: |\Z)")
_NO_DATA = re.compile(r"-(?: |\Z)")
_DATA = re.compile(r'(?:\[[^\]"\\]*(?:"(?:[^"\\]|\\.)*"[^\]"\\]*)*\])+(?: |\Z)')
_RFC3164 = re.compile(r"([A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}) (\S{1,255}) ")
# What some relays write instead of it.
_ISO_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T\S{8,32}) (\S{1,255}) ")
_TAG = re.compile(r"([A-Za-z0-9_./-]{1,48})(?:\[([0-9]{1,10})\])?: ?")
_HIGHEST_PRIORITY = 191


@dataclasses.dataclass(frozen=True)
class SyslogHeader:
    """What the header says, as texts; "" for what it does not have.

    :ivar form: C(rfc5424), C(rfc3164) or C(none)
    :ivar facility: number from 0 to 23, or None
    :ivar severity: number from 0 (emergency) to 7, or None
    """

    form: str
    facility: int | None = None
    severity: int | None = None
    time: str = ""
    hostname: str = ""
    app_name: str = ""
    proc_id: str = ""
    msg_id: str = ""


def parse_header(text: str) -> tuple[SyslogHeader, str]:
    """Return the header of a message, and the message itself."""
    priority = _PRIORITY.match(text)
    if priority is None or int(priority[1]) > _HIGHEST_PRIORITY:
        return SyslogHeader("none"), text
    facility, severity = divmod(int(priority[1]), 8)
    rest = text[priority.end() :]
    if modern := _RFC5424.match(rest):
        values = ("" if value == "-" else value for value in modern.groups())
        message = rest[modern.end() :]
        data = _NO_DATA.match(message) or _DATA.match(message)
        return SyslogHeader("rfc5424", facility, severity, *values), message[data.end() if data else 0 :]
    time = hostname = app_name = proc_id = ""
    if old := _RFC3164.match(rest) or _ISO_TIME.match(rest):
        time, hostname = old.groups()
        rest = rest[old.end() :]
    # "CEF:0|" looks like a tag, and is none.
    if not rest.startswith("CEF:") and (tag := _TAG.match(rest)):
        app_name, proc_id = tag[1], tag[2] or ""
        rest = rest[tag.end() :]
    return SyslogHeader("rfc3164", facility, severity, time, hostname, app_name, proc_id), rest
