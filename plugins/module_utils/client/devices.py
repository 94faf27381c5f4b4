# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices: what the server can do with them, in terms of the models. No paths and no wire names."""

from __future__ import annotations

import typing as t

from ..device_models import Device, DeviceWrite
from ..dialects.operations import (
    CREATE_DEVICE,
    DISABLE_DEVICE,
    ENABLE_DEVICE,
    LIST_DEVICES,
    READ_DEVICE,
    UPDATE_DEVICE,
    Area,
    Operation,
    Verb,
    operation_of,
)
from ..errors import InvalidRequest, NoRoute, NotFound
from ..models import Stored
from ..plan import Action
from ..queries import FindDevice, MatchingDevices, wanted_name
from ..references import Reference
from .activation import switched
from .api import Api
from .named import other_one

# As many as the broker has connections.
_READERS = 4


class Devices:
    """The devices that the authorization may see."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: DeviceWrite | None = None) -> None:
        """Raise what create, update, enable or disable would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.DEVICES, Verb(action)), model)

    def are_known(self) -> bool:
        """Return whether the dialect has calls for devices."""
        return self._api.dialect().supports(LIST_DEVICES)

    def list(self) -> tuple[Device, ...]:
        """Return all devices as the list shows them."""
        return self._api.call(LIST_DEVICES, subject="the list of devices")

    def matching(self, wanted: t.Mapping[str, t.Any]) -> tuple[Device, ...]:
        """Return the devices that have all the ``wanted`` values, as the list shows them."""
        return self._api.select(LIST_DEVICES, MatchingDevices(wanted), subject=wanted_name("devices", wanted))

    def find(self, *, id: str | None, hostname: str | None) -> Device | None:  # noqa: A002
        """Return the device with this id, or else this host name, as listed, or None. Raises InvalidRequest."""
        return self._api.select(LIST_DEVICES, FindDevice(id, hostname), subject=f"device {id or hostname}")

    def read(self, device: Device) -> Device:
        """Return a device with all that the server tells of it. Nothing is changed by that."""
        subject = f"device {device.hostname}"
        found = self._api.call(READ_DEVICE, ref=device.id, subject=subject)
        if found.id != device.id:
            raise other_one("device", found.id, device.id).with_context(subject=subject, **self._api.place(READ_DEVICE))
        return found

    def read_all(self, devices: t.Iterable[Device]) -> tuple[Device, ...]:
        """Return devices with all that the server tells of them, in the same order. A few are read at a time."""
        # Imported lazily: hardly any task reads more than one.
        import concurrent.futures

        with concurrent.futures.ThreadPoolExecutor(_READERS) as pool:
            return tuple(pool.map(self.read, devices))

    def store(self, wanted: DeviceWrite, held: Device | None) -> Stored:
        """Create a device, or update ``held``. The server finds it by its host name."""
        subject = f"device {wanted.hostname}"
        if held is None:
            return self._api.call(CREATE_DEVICE, model=wanted, subject=subject)
        stored = self._api.call(UPDATE_DEVICE, ref=held.id, model=wanted, subject=subject)
        if stored.id not in ("", held.id):
            raise other_one("device", stored.id, held.id, "the server wrote").with_context(
                subject=subject, **self._api.place(UPDATE_DEVICE)
            )
        return stored

    def enable(self, name: str) -> bool:
        """Activate a device by its id or host name. Returns whether it was inactive. Raises NotFound."""
        return self._switch(ENABLE_DEVICE, name)

    def disable(self, name: str) -> bool:
        """Deactivate a device, which suspends its credentials. Returns whether it was active. Raises NotFound."""
        return self._switch(DISABLE_DEVICE, name)

    def _switch(self, operation: Operation[None], name: str) -> bool:
        # Only ids are documented in the path; what the vendor's own collection sends is the host name.
        ref = Reference(name)
        problem: NotFound | NoRoute | InvalidRequest | None = None
        if ref.path_safe:
            try:
                return switched(self._api, operation, name, f"device {name}")
            except NotFound:
                raise
            except (NoRoute, InvalidRequest) as exc:
                if ref.is_id:
                    raise
                problem = exc
        raise NotFound(
            f"device {name} is not in the list of the server",
            hint="Check the host name; an inactive device may be found by its id only",
            context=problem.context if problem else None,
        ).with_context(subject=f"device {name}", **self._api.place(operation))
