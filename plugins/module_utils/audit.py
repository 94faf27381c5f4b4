# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find what an auditor asks about in the lists of a vault. Pure, and without secrets: lists have none.

The lists do not show who has custody (http-api.md 3.1.1, 3.12). What they show is when a secret was last viewed and
last changed: one that was viewed since it was changed is known to somebody. Who that is has to come from elsewhere,
such as the console or events of the SIEM.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t

from .device_models import Device
from .models import CredentialInfo, host_key
from .times import moment

SCHEMA = 1
# What one finding is about: "devices" for the last, and credentials and SSH keys for all others.
FINDINGS = ("in_custody", "expired", "never_changed", "not_automatic", "shared", "without_credential")
_FIELDS = ("id", "identifier", "username", "hostname", "ip", "type", "changed_at", "viewed_at", "expires_at")
Finding = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Known:
    """What the lists do not show, and the user knows: by id or identifier of a credential or SSH key.

    ``holders`` are those who have its custody, as (user, since), where ``since`` may be empty. ``usage`` are the hosts
    that use it.
    """

    holders: t.Mapping[str, t.Sequence[tuple[str, str]]] = dataclasses.field(default_factory=dict)
    usage: t.Mapping[str, t.Sequence[str]] = dataclasses.field(default_factory=dict)


def audit(
    entries: t.Sequence[CredentialInfo],
    devices: t.Sequence[Device] | None,
    known: Known,
    now: datetime.datetime,
    server: str,
) -> dict[str, t.Any]:
    """Return the report for programs.

    :param devices: None where the dialect has none
    :param now: an aware time
    :param server: the server as errors name it
    """
    # Users may name an entry that is not there any more, which is told rather than dropped.
    names = {name for entry in entries for name in (entry.id, entry.identifier) if name}
    findings: dict[str, list[Finding]] = {
        "in_custody": _in_custody(entries, known),
        "expired": [_finding(entry) for entry in entries if _is_past(entry.expires_at, now)],
        "never_changed": [_finding(entry) for entry in entries if not entry.changed_at],
        "not_automatic": [_finding(entry) for entry in entries if entry.automatic_change is False],
        "shared": _shared(entries, known),
        "without_credential": _without(entries, devices or ()),
    }
    concerned = {one["id"] for name in FINDINGS[:-1] for one in findings[name]}
    return {
        "schema": SCHEMA,
        "generated": now.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "server": server,
        "summary": {
            "credentials": sum(not entry.is_key for entry in entries),
            "ssh_keys": sum(entry.is_key for entry in entries),
            # None stands for "the dialect does not tell".
            "devices": None if devices is None else len(devices),
            "with_findings": len(concerned),
            "findings": {name: len(findings[name]) for name in FINDINGS},
            "holders_unknown": sum(not one["holders"] for one in findings["in_custody"]),
            "automatic_change_unknown": sum(entry.automatic_change is None for entry in entries),
            "expiration_unreadable": sum(bool(entry.expires_at) and not moment(entry.expires_at) for entry in entries),
            "not_found": sorted({*known.holders, *known.usage} - names),
        },
        "findings": findings,
    }


def _is_past(text: str | None, now: datetime.datetime) -> bool:
    end = moment(text)
    return end is not None and end <= now


def _finding(entry: CredentialInfo, **more: t.Any) -> Finding:
    return {**{name: getattr(entry, name) for name in _FIELDS}, **more}


def _known_of(entry: CredentialInfo, by_name: t.Mapping[str, t.Sequence[t.Any]]) -> list[t.Any]:
    return [item for name in (entry.id, entry.identifier) if name for item in by_name.get(name, ())]


def _in_custody(entries: t.Iterable[CredentialInfo], known: Known) -> list[Finding]:
    found = []
    for entry in entries:
        holders = [{"user": user, "since": since} for user, since in _known_of(entry, known.holders)]
        # Both are times of the appliance in one form, which can be compared as they are.
        seen = bool(entry.viewed_at) and (entry.viewed_at or "") > (entry.changed_at or "")
        if seen or holders:
            found.append(_finding(entry, holders=holders, viewed_since_change=seen))
    return found


def _shared(entries: t.Iterable[CredentialInfo], known: Known) -> list[Finding]:
    entries = list(entries)
    alike: dict[str, list[CredentialInfo]] = collections.defaultdict(list)
    for entry in entries:
        if entry.public_key:
            # Without the comment.
            alike[" ".join(entry.public_key.split()[:2])].append(entry)
    found = []
    for entry in entries:
        hosts = {host_key(host): host for host in _known_of(entry, known.usage)}
        reasons = ["used_on"] if len(hosts) > 1 else []
        same = alike.get(" ".join((entry.public_key or "").split()[:2]), ())
        if len({host_key(other.hostname) for other in same}) > 1:
            hosts |= {host_key(other.hostname): other.hostname for other in same}
            reasons.append("same_key")
        if "domain" in entry.type.casefold():
            reasons.append("domain_account")
        if reasons:
            found.append(_finding(entry, reasons=reasons, hosts=sorted(hosts.values())))
    return found


def _without(entries: t.Iterable[CredentialInfo], devices: t.Iterable[Device]) -> list[Finding]:
    hosts = {host_key(entry.hostname) for entry in entries}
    names = ("id", "hostname", "ip", "type", "site")
    return [
        {name: getattr(device, name) for name in names} for device in devices if host_key(device.hostname) not in hosts
    ]
