# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit the vault by its lists. No secret is read, and no custody is taken."""

from __future__ import annotations

import datetime
import typing as t

from ..audit import Known, audit
from ..client.connect import Client
from ..errors import ConfigError
from ..models import CredentialInfo
from ..settings.options import argument_spec
from .results import Params, Result

NOUN = "credential"
_NAMED: dict[str, t.Any] = {"credential": {"type": "str", "required": True, "no_log": False}}
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "report_dir": {"type": "path"},
    "holders": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {**_NAMED, "user": {"type": "str", "required": True}, "since": {"type": "str"}},
    },
    "usage": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {**_NAMED, "hosts": {"type": "list", "elements": "str", "required": True}},
    },
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the report as data. The lists take no custody, so check mode makes no difference here."""
    holders: dict[str, list[tuple[str, str]]] = {}
    for one in params["holders"]:
        holders.setdefault(_named(one), []).append((one["user"], one["since"] or ""))
    usage: dict[str, list[str]] = {}
    for one in params["usage"]:
        usage.setdefault(_named(one), []).extend(one["hosts"])
    entries: list[CredentialInfo] = [*client.credentials.matching({}), *client.ssh_keys.matching({})]
    devices = client.devices.list() if client.devices.are_known() else None
    now = datetime.datetime.now(datetime.timezone.utc)
    report = audit(entries, devices, Known(holders, usage), now, client.server)
    missing = report["summary"]["not_found"]
    warnings = []
    if missing:
        warnings = [f"holders and usage name what is not in the list of the server: {', '.join(missing)}"]
    return {"changed": False, "audit": report, "warnings": warnings}


def _named(item: t.Mapping[str, t.Any]) -> str:
    name: str = item["credential"]
    if not name:
        raise ConfigError("credential must not be empty", hint="Give the id or the identifier")
    return name
