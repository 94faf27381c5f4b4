# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List devices."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from .parameters import numeric_id, passed
from .results import Params, Result

NOUN = "device"
_LISTED = ("id", "hostname", "ip", "type", "vendor", "model", "site")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **{name: {"type": "str"} for name in _LISTED},
    "tags": {"type": "list", "elements": "str"},
    "domain": {"type": "str"},
    "details": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the devices that fit all filters. A domain is told by a read of each device only."""
    numeric_id(params["id"])
    found = list(client.devices.matching(passed(params, (*_LISTED, "tags"))))
    domain = params["domain"]
    if params["details"] or domain is not None:
        found = [client.devices.read(device) for device in found]
    if domain is not None:
        found = [device for device in found if domain in (device.domains or ())]
    return {"changed": False, "devices": [device.public() for device in found]}
