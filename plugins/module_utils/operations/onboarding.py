# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Register many devices and credentials that the vault does not have yet.

Two lists say what is there already, however many there are. Then each device takes one request. So does a credential
on a device that was made in this run: the device is new, so nothing inactive can be on it. On another device, one more
request finds out whether an inactive credential has the account, which a write would overwrite.

What is there is never changed. So the vault itself is the record of how far a run has come: one that was killed goes on
where it stopped.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import typing as t

from ..client.connect import Client
from ..device_models import Device, DeviceWrite
from ..errors import (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    NoRoute,
    Refused,
    SenhaseguraError,
    ServerBusy,
    Unsupported,
)
from ..models import CredentialWrite, Entries, host_key
from ..queries import Matching, UpsertTarget, answer
from ..redaction import printable_message
from ..settings.options import argument_spec
from ..vault_data import DETAILS, FIELDS, NOUNS, Item, differing_fields, name_of, spec_of
from .apply import do_or_predict
from .device import require_complete
from .parameters import joinable
from .results import Params, Result, first_names

NOUN = "device"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "devices": {**spec_of("devices", ("hostname",)), "default": []},
    "credentials": {
        **spec_of("credentials", ("hostname", "username"), password={"type": "str", "no_log": True}),
        "default": [],
    },
    "allow_shared_account": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {}
# They are about the server or the client, and not about one object: the next one would end like that too.
_FOR_ALL = (AuthenticationFailed, ConnectionFailed, NoRoute, ServerBusy, Unsupported)
# So many refusals of the server without a success between them are about the client as well.
_MOST_IN_A_ROW = 5
_SETS = ("tags", "domains", "connectivities")
_Planned = t.TypeVar("_Planned")


@dataclasses.dataclass
class _Outcome:
    """What was, or would be, created, what is there already and is otherwise, and what could not be created."""

    created: dict[str, list[str]] = dataclasses.field(default_factory=lambda: {"devices": [], "credentials": []})
    present: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    differing: list[Item] = dataclasses.field(default_factory=list)
    failures: list[tuple[str, str, SenhaseguraError]] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)
    left: int = 0  # not tried, since the run was stopped


@dataclasses.dataclass(frozen=True)
class _NewCredential:
    """A credential to create. ``known_user`` says that something of the same user is listed on the host."""

    write: CredentialWrite
    known_user: bool

    @property
    def name(self) -> str:
        """Return it as results and errors name it."""
        return name_of("credentials", vars(self.write))


@dataclasses.dataclass
class _Host:
    """What one host needs. ``device`` is None if it is there already."""

    device: DeviceWrite | None = None
    credentials: list[_NewCredential] = dataclasses.field(default_factory=list)


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Create what is missing, and return what that was."""
    devices, credentials = params["devices"], params["credentials"]
    _refuse_doubles(devices, credentials)
    outcome = _Outcome()
    hosts = _Planner(client, params, outcome).plan(devices, credentials)

    def predicted() -> _Outcome:
        for host in hosts.values():
            if host.device:
                outcome.created["devices"].append(host.device.hostname)
            outcome.created["credentials"] += [credential.name for credential in host.credentials]
        return outcome

    return _result(do_or_predict(check_mode, lambda: _create(client, hosts, outcome), predicted))


class _Planner:
    """Compare what is given with what the vault lists."""

    def __init__(self, client: Client, params: Params, outcome: _Outcome) -> None:
        self._client, self._outcome = client, outcome
        self._shared = params["allow_shared_account"]
        self._devices: dict[str, Device] = {}
        # The list fails in the integration guide's dialect, which has no devices and needs none for a credential.
        if params["devices"] or client.devices.are_known():
            self._devices = {host_key(device.hostname): device for device in client.devices.list()}
        self._entries = Entries()
        if params["credentials"]:
            self._entries = client.credentials.select(Matching({}))
        # How the vault writes the name of each host, and its address. The server may compare names letter by letter.
        self._known = {host_key(item["hostname"]): (item["hostname"], item["ip"]) for item in params["devices"]}
        self._known |= {key: (device.hostname, device.ip) for key, device in self._devices.items()}

    def plan(self, devices: t.Iterable[Item], credentials: t.Iterable[Item]) -> dict[str, _Host]:
        """Return what each host needs, in the given order. Without its device, a host needs nothing."""
        hosts: dict[str, _Host] = collections.defaultdict(_Host)
        failed: set[str] = set()
        for item in devices:
            key, before = host_key(item["hostname"]), len(self._outcome.failures)
            hosts[key].device = self._attempt("devices", item, self._device)
            if len(self._outcome.failures) > before:
                failed.add(key)
        for item in credentials:
            key = host_key(item["hostname"])
            if key not in failed and (new := self._attempt("credentials", item, self._credential)):
                hosts[key].credentials.append(new)
        return hosts

    def _attempt(self, kind: str, item: Item, plan: t.Callable[[Item], _Planned | None]) -> _Planned | None:
        """Return what has to be done for an item. None if it is there, or cannot be created: both are noted."""
        try:
            planned = plan(item)
        except _FOR_ALL:
            raise
        except SenhaseguraError as exc:
            self._outcome.failures.append((kind, name_of(kind, item), exc))
            return None
        if planned is None:
            self._outcome.present[kind] += 1
        return planned

    def _device(self, item: Item) -> DeviceWrite | None:
        held = self._devices.get(host_key(item["hostname"]))
        if held is not None:
            self._compare("devices", item, vars(held), DETAILS)
            return None
        fields = {**{name: item[name] for name in FIELDS["devices"]}, **{n: joinable(item[n], n) for n in _SETS}}
        wanted = DeviceWrite(**fields)
        require_complete(wanted)
        self._client.devices.check("create", wanted)
        return wanted

    def _credential(self, item: Item) -> _NewCredential | None:
        fields = {name: item[name] for name in (*FIELDS["credentials"], "password")}
        fields["hostname"], address = self._known.get(host_key(item["hostname"]), (item["hostname"], None))
        fields["ip"] = item["ip"] or address
        if not fields["ip"]:
            raise ConfigError(
                f"credential {name_of('credentials', item)} has no ip", hint="Set its ip, or that of its device"
            ).with_context(option="ip")
        wanted = CredentialWrite(**fields)
        account = (wanted.username, wanted.hostname, wanted.ip)
        held = answer(self._entries, UpsertTarget(wanted.identifier, account, None, self._shared))
        if held is not None:
            self._compare("credentials", item, vars(held))
            return None
        self._client.credentials.check("create", wanted)
        return _NewCredential(wanted, bool(self._entries.of_account(wanted.username, wanted.hostname)))

    def _compare(self, kind: str, item: Item, held: t.Mapping[str, t.Any], unknown: t.Container[str] = ()) -> None:
        names = [name for name in differing_fields(kind, item, held) if name not in unknown and item[name] is not None]
        if names:
            given, listed = ({name: one[name] for name in names} for one in (item, held))
            self._outcome.differing.append(
                {"object": NOUNS[kind], "name": name_of(kind, item), "given": given, "listed": _plain(listed)}
            )


def _create(client: Client, hosts: t.Mapping[str, _Host], outcome: _Outcome) -> _Outcome:
    steps = [host for host in hosts.values() if host.device or host.credentials]
    in_a_row = 0
    for number, host in enumerate(steps):
        failed = len(outcome.failures)
        try:
            _create_host(client, host, outcome)
        except _Stopped:
            outcome.left = len(steps) - number - 1
            return outcome
        in_a_row = in_a_row + 1 if len(outcome.failures) > failed else 0
        if in_a_row == _MOST_IN_A_ROW:
            outcome.left = len(steps) - number - 1
            return outcome
    return outcome


class _Stopped(Exception):
    """An error that the next host would have as well."""


def _create_host(client: Client, host: _Host, outcome: _Outcome) -> None:
    """Create a device and its credentials, and note how that ended. Raises _Stopped."""
    if host.device is not None:
        create = functools.partial(_create_device, client, host.device)
        if not _attempted(outcome, "devices", host.device.hostname, create):
            return
    for new in host.credentials:
        probe = host.device is None and not new.known_user
        create = functools.partial(_create_credential, client, new, probe, outcome)
        _attempted(outcome, "credentials", new.name, create)


def _attempted(outcome: _Outcome, kind: str, name: str, create: t.Callable[[], None]) -> bool:
    """Create something, and note how that ended. Returns whether it is there. Raises _Stopped."""
    try:
        create()
    except SenhaseguraError as exc:
        outcome.failures.append((kind, name, exc))
        if isinstance(exc, _FOR_ALL):
            raise _Stopped from None
        return False
    outcome.created[kind].append(name)
    return True


def _create_device(client: Client, wanted: DeviceWrite) -> None:
    stored = client.devices.store(wanted, None)
    if stored.updated:
        # What is on it is inactive too, and a write would overwrite it.
        raise Refused(
            f"the server updated device {wanted.hostname}, which it does not list: it is inactive, or the "
            "authorization may not see it",
            hint="Enable it by community.senhasegura.device with state=enabled, and run this again",
        ).with_context(subject=f"device {wanted.hostname}")


def _create_credential(client: Client, new: _NewCredential, probe: bool, outcome: _Outcome) -> None:
    """Create a credential.

    :param probe: whether an inactive one may have the account. It is not asked for where another one has it.
    """
    area = client.credentials
    if probe and area.is_inactive_account(new.write):
        raise Refused(
            f"credential {new.name} is there and inactive, so that nothing was written",
            hint="Enable it by community.senhasegura.credential with state=enabled, and run this again",
        ).with_context(subject=f"credential {new.name}")
    stored = area.store(new.write, None)
    if stored.updated:
        outcome.warnings.append(
            f"the server updated credential {new.name}, which it does not list: it is inactive, or the authorization "
            "may not see it"
        )


def _plain(values: t.Mapping[str, t.Any]) -> Item:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _refuse_doubles(devices: t.Iterable[Item], credentials: t.Sequence[Item]) -> None:
    """Refuse two items that the server would take for one, and so overwrite the first with the second."""
    names: tuple[tuple[str, t.Callable[[Item], t.Any], t.Iterable[Item]], ...] = (
        ("devices", lambda item: host_key(item["hostname"]), devices),
        ("credentials", lambda item: item["identifier"], [item for item in credentials if item["identifier"]]),
        (
            "credentials",
            lambda item: (item["username"], host_key(item["hostname"]), host_key(item["ip"] or "")),
            credentials,
        ),
    )
    for kind, key, items in names:
        seen: set[t.Any] = set()
        for item in items:
            if key(item) in seen:
                raise ConfigError(
                    f"{kind} has {name_of(kind, item)} twice: the server would overwrite one with the other",
                    hint=f"Leave one of them out of {kind}",
                ).with_context(option=kind)
            seen.add(key(item))


def _result(outcome: _Outcome) -> Result:
    created = outcome.created
    result: Result = {
        "changed": any(created.values()),
        "created": created,
        "present": {kind: outcome.present[kind] for kind in created},
        "differing": outcome.differing,
        "failures": [
            {"object": NOUNS[kind], "name": name, "message": printable_message(str(exc))}
            for kind, name, exc in outcome.failures
        ],
        "diff": {"before": {}, "after": {kind: names for kind, names in created.items() if names}},
        "warnings": [*_about_differing(outcome.differing), *outcome.warnings],
    }
    if outcome.failures:
        error = outcome.failures[0][2]
        number = len(outcome.failures)
        more = f", and {number - 1} more" if number > 1 else ""
        left = f". {outcome.left} hosts were not tried after that" if outcome.left else ""
        result.update(failed=True, failure=error.failure(), msg=f"not onboarded: {error}{more}{left}: see failures")
    return result


def _about_differing(differing: t.Sequence[Item]) -> list[str]:
    if not differing:
        return []
    names = [f"{one['name']} ({', '.join(one['given'])})" for one in differing]
    return [f"these are there already with other values, and were left as they are: {first_names(names)}"]
