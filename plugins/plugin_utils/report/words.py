# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put statuses, numbers and times into words for people."""

from __future__ import annotations

import dataclasses
import datetime

from ...module_utils.redaction import printable
from .state import Group

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KINDS = {"password": "password", "ssh_key": "SSH key"}


@dataclasses.dataclass(frozen=True)
class Words:
    """Explain one status to a manager. {it} stands for "password" or "SSH key"."""

    name: str
    meaning: str
    todo: str = ""


STATUSES: dict[str, Words] = {
    "changed": Words("Changed", "The {it} was changed and checked, and the new one is in the vault."),
    "recovered": Words(
        "Recovered", "An earlier run had been cut off. This one tidied up: the {it} in the vault is the one that works."
    ),
    "unchanged": Words("Nothing due", "The {it} did not have to be changed yet. Nothing was touched."),
    "busy": Words(
        "Busy",
        "Another run was working on this host, so this one left it alone.",
        "Nothing, unless the next report says the same.",
    ),
    "unreachable": Words(
        "Not reached",
        "The host did not answer.",
        "Check that the host is up and that Ansible can log in, then run the rotation job again.",
    ),
    "pending": Words(
        "Unfinished",
        "A change was begun and not finished. The {it} that works is in the vault or in the vault's journal.",
        "Run the recovery job.",
    ),
    "in_doubt": Words(
        "In doubt",
        "The new {it} is safe in the vault's journal, but the vault did not confirm it as the current one.",
        "Run the recovery job.",
    ),
    "drift": Words(
        "Drift",
        "The {it} on the host is not one that the vault knows. Somebody may have changed it by hand.",
        "Find out who changed it, then store that {it} in the vault or set a new one.",
    ),
    "refused": Words(
        "Refused",
        "A safety check said no before anything was changed, for example because the account is locked.",
        "Put right what the message names, then run the rotation job again.",
    ),
    "failed": Words(
        "Failed",
        "The run ended in an error: see the message. The {it} that works is in the vault or in the vault's journal.",
        "Put right what the message names, then run the rotation job again. It first settles what is left.",
    ),
}
OVERDUE = Words(
    "Too old",
    "The last run ended well, but the {it} is older than the policy allows.",
    "Check that the rotation job is scheduled for this host, and run it.",
)
UNKNOWN_STATUS = "A newer version of the collection wrote this, and this one does not know what it means."
GROUP_NAMES: dict[Group, str] = {
    "changed": "Changed",
    "unchanged": "Nothing due",
    "waiting": "Not done yet",
    "problem": "Problem",
}


def span(days: float) -> str:
    """Write an age in days for people: "< 1 hour", "6 hours", "1 day", "45 days", "3.2 years". It is rounded down."""
    if days < 1:
        return quantity(int(days * 24), "hour") if days * 24 >= 1 else "< 1 hour"
    if days < 1000:
        return quantity(int(days), "day")
    return f"{int(days / 36.525) / 10:g} years"


def duration(seconds: float) -> str:
    """Write how long a rotation took: "4.2 s", "42 s", "3 min 20 s", "1 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def quantity(number: int, noun: str) -> str:
    """Write a number with its noun: "1 host", "3 hosts"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def time_text(time: datetime.datetime) -> str:
    """Write a day and a time: "24 Nov 2026, 12:00"."""
    return f"{date_text(time)}, {clock_text(time)}"


def date_text(day: datetime.date) -> str:
    """Write a day with its year: "24 Nov 2026"."""
    return f"{day_text(day)} {day.year}"


def clock_text(time: datetime.datetime) -> str:
    """Write hour and minute: "09:05"."""
    return f"{time.hour:02}:{time.minute:02}"


def day_text(day: datetime.date) -> str:
    """Write a day without its year: "24 Nov"."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def kind_text(kind: str) -> str:
    """Name the kind of an entry. A kind that only a later version knows is shown as it is."""
    return _KINDS.get(kind) or printable(kind)


def fill_in(words: Words, it: str) -> Words:
    """Return the words with ``it`` ("password", "SSH key") in place of {it}."""
    return Words(*(text.replace("{it}", it) for text in dataclasses.astuple(words)))
