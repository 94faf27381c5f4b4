# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a protocol asks for, one effect at a time, and how it ends.

A protocol is a generator: it yields effects, which are data, and driver.py carries them out and sends back each reply,
or throws in an error. So a protocol is pure, and a test can stop, lose, delay or garble each of its effects.

Two errors stand in place of a reply: NotDone says that the effect was certainly not applied, Lost that nobody knows.
What an effect of a Together raises ends the work of its host alone.
"""

from __future__ import annotations

import dataclasses
import enum
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
    """Return those of the journals of other machines, whose names are C(<machine>-j0) and C(<machine>-j1)."""
    return sorted(name for name in names if name not in (MAIN, LEASE, *SLOTS))


# What the vault lists of each record, by name; None for a record that it does not have.
Listing = t.Mapping[str, t.Optional[CredentialInfo]]  # noqa: UP045


@dataclasses.dataclass(frozen=True)
class StoredSecret:
    """A record with its secret: a str for a password, an SshKeyPair for a key, None for the lease, a note alone.

    ``note`` is what a rotation has noted with it (notes.py).
    """

    secret: t.Any = dataclasses.field(repr=False)
    note: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


# The effects


@dataclasses.dataclass(frozen=True)
class ListRecords:
    """List the records of the secret, without taking custody.

    ``machine``: whose journal is the own one; with None the journals of all machines are foreign.
    Reply: Listing. Errors: NotDone, Lost.
    """

    machine: str | None = None


@dataclasses.dataclass(frozen=True)
class ReadRecord:
    """Read a record, which takes custody.

    ``name``: one of the names that were listed.
    Reply: StoredSecret. Errors: NotDone, Lost (reading changes nothing, so both mean that nothing was read).
    """

    name: str


@dataclasses.dataclass(frozen=True)
class WriteRecord:
    """Write a secret into a record, once: it is never sent again. All records but the main one are created if needed.

    ``secret``, ``note``: as in StoredSecret. The lease has no secret.
    Reply: None. Errors: NotDone (the vault has refused it), Lost (it may be applied now, later or never).
    """

    name: str
    secret: t.Any = dataclasses.field(repr=False)
    note: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class OnHost:
    """Carry out a command of on_host/ on a managed host.

    ``host``: its name in the inventory. ``do``: a command of on_host/commands.py. ``request``: its arguments.
    Reply: a dict, as the command returns it. Errors: NotDone (the host has refused it, or it was not started), Lost (it
    may have been carried out, or still be).
    """

    host: str
    do: str
    request: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True)
class Login:
    """Try one login with this secret and with nothing else.

    ``secret``: a password (str) or an SshKeyPair.
    Reply: a Verdict (verdict.py), also if the host cannot be reached. Errors: NotDone, Lost.
    """

    host: str
    secret: t.Any = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Sleep:
    """Wait, and show the user why.

    ``seconds``: how long, at most until the run has to end. ``reason``: words to go on with "waiting".
    Reply: None. Errors: none.
    """

    seconds: float
    reason: str


@dataclasses.dataclass(frozen=True)
class Together:
    """Work on several hosts side by side: none waits for another.

    ``what``: shown to the user as progress. ``works``: a generator of effects for each host. ``most``: how many hosts
    are worked on at the same time. The works run one step at a time, so they may change what they share; only their
    effects overlap.
    Reply: what each work has returned, or the exception that it has raised, by host. Errors: none.
    """

    what: str
    works: t.Mapping[str, Steps]
    most: int


Effect = ListRecords | ReadRecord | WriteRecord | OnHost | Login | Sleep | Together
# A whole protocol, and a part of one, which returns whatever its docstring says.
Protocol = t.Generator[Effect, t.Any, "Outcome"]
Steps = t.Generator[Effect, t.Any, t.Any]


class CallFailed(Exception):
    """Thrown into a protocol in place of a reply. The text holds no secret."""


class NotDone(CallFailed):
    """The effect was certainly not applied."""


class Lost(CallFailed):
    """The effect may have been applied, may not have been, or may still be: there was no reply."""


# How a protocol ends


class Status(str, enum.Enum):
    """How a rotation or an inspection ended. This is the one list of these words; results show the values.

    A rotation ends with one of the first ten, an inspection with one of the others, or with BUSY, DRIFT, PENDING,
    IN_DOUBT or UNREACHABLE.
    """

    CHANGED = "changed"
    RECOVERED = "recovered"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    REFUSED = "refused"
    BUSY = "busy"
    DRIFT = "drift"
    PENDING = "pending"
    IN_DOUBT = "in_doubt"
    UNREACHABLE = "unreachable"
    CLEAN = "clean"
    NO_LOGIN = "no_login"
    UNKNOWN = "unknown"

    # As enum.StrEnum of Python 3.11 does it.
    __str__ = str.__str__
    __format__ = str.__format__  # type: ignore[assignment]

    @property
    def good(self) -> bool:
        """Return whether all is well."""
        return self in (Status.CHANGED, Status.RECOVERED, Status.UNCHANGED, Status.CLEAN)

    @property
    def needs_action(self) -> bool:
        """Return whether somebody has to look, or to run something again."""
        return not self.good

    @property
    def has_changed(self) -> bool:
        """Return whether a rotation with this end has changed a secret somewhere."""
        return self in (Status.CHANGED, Status.RECOVERED)

    @property
    def is_unsettled(self) -> bool:
        """Return whether hosts and vault differ, or may differ, until a rotation settles it."""
        return self in (Status.PENDING, Status.IN_DOUBT, Status.DRIFT)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a protocol ended, if it was not stopped.

    ``message``: one sentence for the user. ``details``: more fields of the result, by name.
    ``works``: the record that logs in now (nothing if that was not compared, or differs between hosts). ``proved``: how
    that is known: C(hash), C(login), or nothing. ``login``: both in words, for each host.
    ``settles``: a reference of the record whose run has to be settled, if that is another one than that of this run.
    """

    status: Status
    message: str
    warnings: tuple[str, ...] = ()
    details: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    works: str = ""
    proved: str = ""
    login: str = ""
    settles: str = ""


def done(status: Status, message: str, **details: t.Any) -> Outcome:
    """Return an Outcome with these details."""
    return Outcome(status, message, details=details)


class Stopped(Exception):
    """A protocol that ended because something was in the way: ``status`` needs action.

    ``message``: what is the matter. ``hint``: what to do about it. The rest is as in Outcome.
    """

    works = proved = login = settles = ""

    def __init__(self, status: Status, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint
