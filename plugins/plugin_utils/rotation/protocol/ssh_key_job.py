# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of a rotation of an SSH key, and what follows from it about hosts and records."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ....module_utils.models import SshKeyPair
from .effects import MAIN, SLOTS, Listing, Status, Stopped
from .notes import key_note

# How many hosts are told in one message.
_TOLD = 5
# The time zone of the vault is not told, so it is off by up to half a day.
_VAULT_TIME, _OWN_TIME = "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclasses.dataclass(frozen=True)
class SshKeyJob:
    """What is wanted of a rotation of an SSH key. RotationRun says whether hosts may be absent.

    ``generate`` makes a new pair. ``shared_with`` are all hosts that have the key, whether this run reaches them or
    not; ``retired_hosts`` are those of them that will not come back. ``max_age_days``: a younger key is not changed.
    ``grace`` is for how many seconds both keys are accepted. ``source_address`` is the address from which the user of
    the key logs in, where it is not the controller. ``play`` names the run of Ansible, for a task that runs once for
    each host although these share a key. Without ``verify`` nothing is proved by logins. With ``part_is_meant`` nobody
    is warned of the hosts that this run leaves out, since the task itself says so.
    """

    user: str
    generate: t.Callable[[], SshKeyPair]
    shared_with: frozenset[str] = frozenset()
    retired_hosts: frozenset[str] = frozenset()
    recover_only: bool = False
    reconcile: bool = False
    max_age_days: float | None = None
    grace: float = 0.0
    comment: str | None = None
    source_address: str | None = None
    play: str = ""
    verify: bool = True
    part_is_meant: bool = False


class HostFailed(Exception):
    """A host that did not do what it was asked for. ``status`` is that with which the run ends if nothing follows."""

    def __init__(self, status: Status, text: str) -> None:
        super().__init__(text)
        self.status = status


Failures = t.Mapping[str, HostFailed]


def interrupted(mark: t.Mapping[str, t.Any] | None) -> bool:
    """Return whether the mark of a run on a host says that it has not ended there."""
    return bool(mark) and not (mark or {}).get("ended")


def sum_of(troubles: Failures) -> HostFailed:
    """Return the failures of several hosts as one; the worse status counts."""
    status = next((one.status for one in troubles.values() if one.status != Status.UNREACHABLE), Status.UNREACHABLE)
    return HostFailed(status, texts(str(one) for one in troubles.values() if one.status == status))


def texts(texts: t.Iterable[str]) -> str:
    """Return several texts as one for a message: not hundreds of them."""
    texts = list(texts)
    more = [f"and {len(texts) - _TOLD} more"] if len(texts) > _TOLD else []
    return "; ".join([*texts[:_TOLD], *more])


def tell(hosts: t.Collection[str]) -> str:
    """Return the names of hosts for a message: not hundreds of them."""
    names = sorted(hosts)
    more = [f"and {len(names) - _TOLD} more"] if len(names) > _TOLD else []
    return ", ".join([*names[:_TOLD], *more])


def keys_on(looked: t.Mapping[str, t.Any]) -> set[str]:
    """Return the fingerprints of the keys that a host has, by its reply to C(look)."""
    return {key for key, places in looked["keys"]["present"].items() if places}


def refuse(host: str, looked: t.Mapping[str, t.Any]) -> None:
    """Stop before anything is changed, or read, if the keys of a host are not such that they can be changed."""
    if looked["others"]:
        other = looked["others"][0]
        stop = Stopped(
            Status.PENDING,
            f"a rotation of {other['label']} (id {other['record']}), another SSH key of this user on {host}, was "
            "interrupted",
            f"Nothing was changed. Run state=recovered for {other['label']}; if the vault has it no more, remove "
            f"key-{other['record']}.json below /var/lib/senhasegura-rotation on {host}",
        )
        stop.settles = f"id:{other['record']}"
        raise stop
    problems = [*looked["keys"]["refused"], *(file["problem"] for file in looked["keys"]["files"] if file["problem"])]
    if problems:
        text = "; ".join(problem["text"] for problem in problems)
        raise Stopped(Status.REFUSED, f"{host}: {text}", "Nothing was changed")


def changed_at(listed: Listing) -> datetime.datetime | None:
    """Return when the main record got its key, as far as the list tells: by its time of change, or by a journal's
    note.
    """
    main = listed[MAIN]
    if main is None:
        return None
    if main.changed_at:
        return _time(main.changed_at, _VAULT_TIME)
    keys = [entry.public_key or "" for slot in SLOTS if (entry := listed[slot]) is not None]
    same = [key for key in keys if key and key.split()[:2] == (main.public_key or "").split()[:2]]
    return _time(key_note(same[0]).get("start", ""), _OWN_TIME) if same else None


def _time(text: str, form: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, form)
    except ValueError:
        return None


def is_young(listed: Listing, job: SshKeyJob, now: datetime.datetime) -> bool:
    """Return whether the key need not be changed yet."""
    changed = changed_at(listed)
    if job.max_age_days is None or job.recover_only or changed is None:
        return False
    return now.replace(tzinfo=None) - changed < datetime.timedelta(days=job.max_age_days)
