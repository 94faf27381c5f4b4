# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's calls for devices (http-api.md 3.3, facts-platform.md 1). POST is an upsert by host name."""

from __future__ import annotations

import typing as t

from ..device_models import Device, DeviceWrite
from ..models import Stored
from .dialect import Call, Row, Unseal, row
from .entities import (
    decode_nothing,
    echo,
    echoed_id,
    entities,
    entity,
    given,
    joined,
    required_id,
    tag_list,
    text,
)
from .envelope import says_updated
from .operations import (
    CREATE_DEVICE,
    DISABLE_DEVICE,
    ENABLE_DEVICE,
    LIST_DEVICES,
    READ_DEVICE,
    UPDATE_DEVICE,
)
from .strict_json import Json


def decode_devices(document: Json, unseal: Unseal) -> tuple[Device, ...]:
    """Decode the list of devices."""
    return tuple(Device(**_listed(item, "tags")) for item in entities(document, "devices"))


def decode_device(document: Json, unseal: Unseal) -> Device:
    """Decode one device, with what the list does not show."""
    item = entity(document, "device")
    return Device(
        **_listed(item, "device_tags"),
        domains=tag_list(item.get("device_domain")),
        connectivities=tag_list(item.get("connectivities")),
        session_remote_config=text(item, "session_remote_config"),
    )


def _listed(item: Json, tags: str) -> dict[str, t.Any]:
    names = ("hostname", "ip", "type", "vendor", "model", "site")
    return {"id": required_id(item), **{name: text(item, name) for name in names}, "tags": tag_list(item.get(tags))}


def decode_stored_device(document: Json, unseal: Unseal) -> Stored:
    """Decode the receipt for the write of a device."""
    return Stored(id=echoed_id(echo(document, "device")), updated=says_updated(document))


def encode_device(model: DeviceWrite) -> Json:
    """Encode a device. None is left out. Domains are joined without blanks, as documented."""
    return given(
        hostname=model.hostname,
        ip=model.ip,
        type=model.type,
        vendor=model.vendor,
        model=model.model,
        site=model.site,
        device_tags=joined(model.tags),
        device_domain=joined(model.domains),
        connectivities=joined(model.connectivities),
        session_remote_config=model.session_remote_config,
    )


def device_calls(prefix: str) -> tuple[Row, ...]:
    """Return the rows of the table, which begin with the prefix of the dialect."""
    path = f"{prefix}/pam/device"
    store = Call("POST", path, decode_stored_device, encode_device)
    return (
        row(LIST_DEVICES, Call("GET", path, decode_devices, lists=True)),
        row(READ_DEVICE, Call("GET", path + "/{ref}", decode_device)),
        row(CREATE_DEVICE, store),
        row(UPDATE_DEVICE, store),
        row(ENABLE_DEVICE, Call("PUT", path + "/{ref}", decode_nothing)),
        row(DISABLE_DEVICE, Call("DELETE", path + "/{ref}", decode_nothing)),
    )
