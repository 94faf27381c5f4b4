# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rotation asks of the world, one call at a time, and how it ends.

The protocols are generators: they yield these calls, and driver.py carries them out and sends back the answers. So a
protocol is pure, and a test can stop, lose, delay or garble each of its calls.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ....module_utils.models import CredentialInfo

# Names of the records of one secret. What consumers read:
MAIN = "main"
# The journal of the machine whose lock the run holds: what its host accepts now, and what it shall accept next.
SLOTS = ("j0", "j1")
# What is noted with a record of the journal as C(holds): that it is what the hosts had, and what they shall have.
BEFORE, NEW = "before", "new"
# Who owns the secret at the moment.
LEASE = "lease"


def foreign_slots(names: t.Iterable[str]) -> list[str]:
    """Those of the journals of other machines, whose names are C(<machine>-j0) and C(<machine>-j1)."""
    return sorted(name for name in names if name not in (MAIN, LEASE, *SLOTS))


@dataclasses.dataclass(frozen=True)
class ListRecords:
    """What the vault lists of the records of the secret, without custody: name -> entry, or None if there is none.

    ``machine`` says whose journal is the own one. Without, the journals of all machines are foreign.
    """

    machine: str | None = None


# What the vault lists of each record, without custody: the answer to ListRecords.
Listed = t.Mapping[str, "CredentialInfo | None"]


@dataclasses.dataclass(frozen=True)
class Held:
    """What a record holds. ``note`` is what a rotation has noted with it. The lease is a note alone."""

    secret: t.Any = dataclasses.field(repr=False)
    note: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class ReadRecord:
    """What is in a record, a Held. Reading takes custody."""

    name: str


@dataclasses.dataclass(frozen=True)
class WriteRecord:
    """Put a secret into a record; all but the main one are created if there are none. The lease has no secret."""

    name: str
    secret: t.Any = dataclasses.field(repr=False)
    note: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class OnHost:
    """A command of on_host/ on a managed host. The answer is its dict."""

    host: str
    do: str
    request: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True)
class Login:
    """One login with this secret and nothing else. The answer is a Verdict of login.py."""

    host: str
    secret: t.Any = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Sleep:
    """Wait so many seconds, and tell the user what for."""

    seconds: float
    reason: str


@dataclasses.dataclass(frozen=True)
class Together:
    """Works on several hosts, side by side: none waits for another. The answer has what each has returned or raised,
    by host. ``what`` tells the user what is done, ``most`` is how many hosts are worked on at the same time.

    The works themselves run one step at a time, so they may change what they share. Only their calls overlap.
    """

    what: str
    works: t.Mapping[str, Steps]
    most: int


Call = ListRecords | ReadRecord | WriteRecord | OnHost | Login | Sleep | Together
Protocol = t.Generator[Call, t.Any, "Outcome"]
Steps = t.Generator[Call, t.Any, t.Any]


class CallFailed(Exception):
    """Thrown into a protocol in place of an answer. The text holds no secret."""


class NotDone(CallFailed):
    """The call was certainly not applied."""


class Lost(CallFailed):
    """The call may have been applied, may not have been, or may still be: there was no answer."""


# How a run can end: well, or so that somebody has to look.
GOOD = ("changed", "recovered", "unchanged")
BAD = ("failed", "refused", "busy", "drift", "pending", "in_doubt", "unreachable")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended well: one of GOOD.

    ``works`` is the record that logs in now (nothing if that was not compared, or differs between hosts); ``proved`` is
    how that is known: C(hash), C(login), or nothing. ``login`` says both in words, for each host. ``settles`` is the
    record whose run has to be settled, as a reference, if that is another one than that of this run.
    """

    result: str
    message: str
    warnings: tuple[str, ...] = ()
    details: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    works: str = ""
    proved: str = ""
    login: str = ""
    settles: str = ""


class Stopped(Exception):
    """A run that ended otherwise: one of BAD, what it means, and what to do. The rest is as in Outcome."""

    works = proved = login = settles = ""

    def __init__(self, result: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.result, self.message, self.hint = result, message, hint


def done(result: str, message: str, **details: t.Any) -> Outcome:
    return Outcome(result, message, details=details)
