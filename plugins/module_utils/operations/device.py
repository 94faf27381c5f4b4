# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update, enable or disable a device."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..device_models import Device, DeviceWrite
from ..errors import ConfigError, NotFound, Refused
from ..models import CredentialInfo, host_key
from ..plan import make_plan
from ..queries import Matching
from ..settings.options import argument_spec
from ..specs import STATES
from .apply import NOT_LISTED, TaskOutcome, apply, do_or_predict
from .parameters import joinable, numeric_id
from .results import Params, Result

NOUN = "device"
_LIST = {"type": "list", "elements": "str"}
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": STATES,
    "id": {"type": "str"},
    "hostname": {"type": "str"},
    "ip": {"type": "str"},
    "type": {"type": "str"},
    "vendor": {"type": "str"},
    "model": {"type": "str"},
    "site": {"type": "str"},
    "tags": _LIST,
    "domains": _LIST,
    "connectivities": _LIST,
    "session_remote_config": {"type": "str"},
}
RULES: dict[str, t.Any] = {
    "required_one_of": [("id", "hostname")],
    "required_if": [("state", "present", ("hostname",))],
}
# The server wants them at every write (http-api.md 3.3).
_REQUIRED = ("ip", "type", "vendor", "model", "site")
_SETS = ("tags", "domains", "connectivities")
_FIELDS = ("hostname", *_REQUIRED, *_SETS, "session_remote_config")
_MOST_NAMES = 10
_NOT_BACK = "enabling the device does not bring them back: enable each of them by state=enabled of its own module"


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    id_ = numeric_id(params["id"])
    held = client.devices.find(id=id_, hostname=params["hostname"])
    if id_ is not None and held is not None and params["hostname"]:
        _require_same_host(held, params["hostname"])
    if params["state"] == "present":
        return _present(client, params, held, check_mode)
    return _switch(client, params, held, check_mode)


def _present(client: Client, params: Params, held: Device | None, check_mode: bool) -> Result:
    if held is None and params["id"] is not None:
        hint = "Check the id, or leave it out to create a device by its host name"
        raise NotFound(f"device {params['id']} not found", hint=hint)
    known = client.devices.read(held) if held else None
    wanted = _desired(params, known)
    plan = make_plan("present", _shown(known), _compared(wanted))
    sent = _whole(wanted, known)
    require_complete(sent)
    predicted = TaskOutcome(plan, {"id": held.id if held else None, **{n: plan.after.get(n) for n in _FIELDS}}, [])

    def store() -> TaskOutcome:
        stored = client.devices.store(sent, held)
        warnings = []
        if held is None and stored.updated:
            warnings = [
                f"the server updated device {sent.hostname}, which it does not list: it is inactive "
                "(state=enabled activates it), or the authorization may not see it"
            ]
        return dataclasses.replace(
            predicted, shown={**predicted.shown, "id": stored.id or predicted.shown["id"]}, warnings=warnings
        )

    return apply(predicted, lambda: client.devices.check(plan.action, sent), store, check_mode).result("device")


def _switch(client: Client, params: Params, held: Device | None, check_mode: bool) -> Result:
    """Enable or disable. Also what is listed, or is not: only the server knows for sure what is active."""
    state, area = params["state"], client.devices
    enabling = state == "enabled"
    area.check("enable" if enabling else "disable")
    name = params["id"] or params["hostname"]
    host = held.hostname if held else name
    # Looked up before, since the list does not show them afterwards.
    lost = [] if enabling or held is None else _credentials_of(client, held)
    listed = {n: value for n, value in (_shown(held) or {}).items() if value is not None}
    plan = make_plan(state, listed if held else None, {})
    more = {} if enabling else {"suspended_credentials": [_identity(entry) for entry in lost]}
    told = [_about_enabled(host) if enabling else _about_disabled(host, lost)]
    shown = {"id": held.id if held else params["id"], "hostname": host if held else params["hostname"], **listed}
    predicted = TaskOutcome(plan, shown, told if plan.changed else [], more=more)

    def switch() -> TaskOutcome:
        try:
            changed = (area.enable if enabling else area.disable)(held.id if held else name)
        except NotFound:
            if enabling:
                raise
            warnings = [f"device {host} {NOT_LISTED}"] if state == "disabled" else []
            return dataclasses.replace(predicted, changed=False, warnings=warnings)
        return dataclasses.replace(predicted, changed=changed, warnings=told if changed else [])

    return do_or_predict(check_mode, switch, lambda: predicted).result("device")


def _credentials_of(client: Client, held: Device) -> list[CredentialInfo]:
    """Return the credentials and SSH keys that are listed for a device."""
    key = host_key(held.hostname)
    found = client.credentials.select(Matching({"hostname": held.hostname}), subject=f"device {held.hostname}")
    # The query takes an address for a name as well.
    return [entry for entry in found if host_key(entry.hostname) == key]


def _about_disabled(host: str, lost: list[CredentialInfo]) -> str:
    names = [entry.identifier or f"{entry.username} (id {entry.id})" for entry in lost]
    shown = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    which = f" ({len(names)} listed: {shown})" if names else ""
    return f"with device {host}, the server suspends its credentials and SSH keys{which}, and {_NOT_BACK}"


def _about_enabled(host: str) -> str:
    return f"credentials and SSH keys that were suspended with device {host} stay so: {_NOT_BACK}"


def _identity(entry: CredentialInfo) -> dict[str, t.Any]:
    return {name: getattr(entry, name) for name in ("id", "identifier", "username", "type")}


def _require_same_host(held: Device, hostname: str) -> None:
    if host_key(held.hostname) != host_key(hostname):
        raise Refused(
            f"the id names device {held.id} with the host name {held.hostname}, and the task gives another one",
            hint="Correct one of them. The server cannot rename a device: make a new one, and disable this one",
        ).with_context(option="hostname")


def require_complete(sent: DeviceWrite) -> None:
    """Raise ConfigError if a device lacks what the server wants at every write (http-api.md 3.3)."""
    missing = [name for name in _REQUIRED if not getattr(sent, name)]
    if missing:
        raise ConfigError(
            f"device {sent.hostname} is not complete: {', '.join(missing)} must be set",
            hint=f"Set {' and '.join(missing)}; the server wants them for every device",
        ).with_context(option=missing[0])


def _whole(wanted: DeviceWrite, known: Device | None) -> DeviceWrite:
    """Return the write with all that is known of the device, since nothing says that an update keeps the rest.

    What is empty is left out: nothing says whether that clears a field.
    """
    if known is None:
        return wanted
    kept: dict[str, t.Any] = {n: getattr(known, n) or None for n in _FIELDS if getattr(wanted, n) is None}
    return dataclasses.replace(wanted, **kept)


def _shown(known: Device | None) -> dict[str, t.Any] | None:
    """Return what can be compared. The order of tags, domains and connectivities has no meaning."""
    return None if known is None else _compared(known)


def _compared(model: Device | DeviceWrite) -> dict[str, t.Any]:
    found = {name: getattr(model, name) for name in _FIELDS}
    return {name: sorted(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _desired(params: Params, known: Device | None) -> DeviceWrite:
    given: dict[str, t.Any] = {name: params[name] for name in (*_REQUIRED, "session_remote_config")}
    given |= {name: joinable(params[name], name) for name in _SETS}
    wanted = DeviceWrite(known.hostname if known else params["hostname"], **given)
    if known and wanted.ip and host_key(wanted.ip) == host_key(known.ip):
        # The same address, written in another way.
        wanted = dataclasses.replace(wanted, ip=known.ip)
    return wanted
