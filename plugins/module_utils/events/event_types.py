# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name the kinds of events, and say which number of the vendor is which. Pure.

Facts: facts-platform.md 8. The vendor has two tables with different numbers, and no real line but one is known. So a
number counts alone only where the two do not contradict each other, and everything else is C(other).
"""

from __future__ import annotations

import re
import typing as t

# What polling can see as well.
EXPIRED, CHANGED, CUSTODY_HELD, CHANGE_FAILED = "expired", "changed", "custody_held", "change_failed"
OTHER = "other"
# Origin (the code of a module) and number.
_BY_ORIGIN: t.Mapping[str, str] = {
    "COSE.1": "viewed",
    "COSE.2": CHANGED,
    "COSE.3": EXPIRED,
    "COEQ.8": "connectivity_lost",
    "COEQ.9": "connectivity_back",
    "COAC.13": "request_made",
    "COAC.14": "request_approved",
    "COAC.15": "request_refused",
    "COSS.16": "session_started",
    "COSS.17": "session_ended",
    "COTR.20": CHANGE_FAILED,
    "COTR.21": CHANGED,
    "CORE.22": "password_confirmed",
    "CORE.23": "password_invalid",
    "COTR.24": "activated",
    "COTR.25": "activation_failed",
    "336.500": "alert",
    "336.501": "incident",
    "1695.001": "login",
    "1695.002": "logout",
    "1695.003": "session_expired",
}
# 8, 9, 15 and 17 mean something else in each of the tables.
_AMBIGUOUS = {"8", "9", "15", "17"}
_BY_NUMBER: t.Mapping[str, str] = {
    **{
        number: name
        for key, name in _BY_ORIGIN.items()
        for origin, _dot, number in [key.partition(".")]
        if not origin.isdigit() and number not in _AMBIGUOUS
    },
    "164": "viewed",
}
SYSLOG_TYPES = tuple(sorted({*_BY_ORIGIN.values(), *_BY_NUMBER.values(), OTHER}))
_WITH_ORIGIN = re.compile(r"([A-Z]{4})[ .:/_-]?0*([0-9]{1,4})\Z")
_WITH_MODULE = re.compile(r"(336|1695)[.]?([0-9]{1,3})\Z")


def event_type(event_id: str, own: t.Mapping[str, str] | None = None) -> str:
    """Return the type of an event of the vendor.

    :param event_id: as the message has it, such as V(COSE.3), V(336.501), V(336501) or V(3)
    :param own: types by event id that the user knows better
    """
    text = event_id.strip().upper()
    if own and text in own:
        return own[text]
    if found := _WITH_ORIGIN.match(text):
        return _BY_ORIGIN.get(f"{found[1]}.{found[2]}", OTHER)
    if found := _WITH_MODULE.match(text):
        return _BY_ORIGIN.get(f"{found[1]}.{found[2]:0>3}", OTHER)
    return _BY_NUMBER.get(text, OTHER)
