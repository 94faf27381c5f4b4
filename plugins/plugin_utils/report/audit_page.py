# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the audit of a vault as one HTML page for people."""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import typing as t

import jinja2

from ...module_utils.redaction import printable
from ...module_utils.times import moment
from .words import quantity, time_text

_TEMPLATE = "audit.html.j2"
# Rows of a table: those that are seen at once, and with what can be opened. All of them are in the document.
_FIRST_ROWS, _MOST_ROWS = 20, 200
_PARTS = re.compile(r"[^.-]*[.-]*")
Sign = t.Literal["changed", "unchanged", "waiting", "problem"]
Document = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Topic:
    """One finding in words. ``sign`` is its colour and sign where there is something to show."""

    title: str
    short: str
    sign: Sign
    meaning: str
    todo: str
    column: str  # what is told of each object besides its name


TOPICS: t.Mapping[str, Topic] = {
    "in_custody": Topic(
        "In custody",
        "seen since the last change",
        "waiting",
        "Somebody has seen the secret since it was last changed, so that somebody may still know it.",
        "Find out who needs it still. Have the others give it back, and have the secret changed.",
        "By whom",
    ),
    "expired": Topic(
        "Expired",
        "past the date in the vault",
        "problem",
        "The date until which the secret should be used is over, and it was not changed.",
        "Have it changed, or disable the credential if nobody needs it.",
        "Expired on",
    ),
    "never_changed": Topic(
        "Never changed",
        "since they were registered",
        "problem",
        "The vault knows of no change. Whoever knew the secret before it came into the vault knows it still.",
        "Have it changed once, better on a schedule.",
        "Last viewed",
    ),
    "not_automatic": Topic(
        "Not under automatic change",
        "the vault does not change them",
        "waiting",
        "The vault does not change the secret by itself. A job of Ansible may do it, which the vault does not know.",
        "Switch automatic change on, or see that a rotation job covers it.",
        "Last changed",
    ),
    "shared": Topic(
        "Shared between hosts",
        "one secret opens several hosts",
        "waiting",
        "One secret opens more than one host. Whoever gets it on one of them is on all of them.",
        "Give each host an account with a secret of its own.",
        "Hosts",
    ),
    "without_credential": Topic(
        "Devices without a credential",
        "nothing in custody of the vault",
        "problem",
        "The vault knows the device and no account on it. Its passwords are somewhere else.",
        "Register its privileged accounts, or disable the device if it is gone.",
        "Site",
    ),
}
_REASONS = {
    "used_on": "several hosts use it",
    "same_key": "the key is the same there",
    "domain_account": "a domain account, which works on many hosts",
}


@dataclasses.dataclass(frozen=True)
class AuditRow:
    """One object in the table of a topic."""

    name: list[str]  # in parts, between which the line may break
    account: str
    told: str
    more: str


@dataclasses.dataclass(frozen=True)
class AuditSection:
    """One topic with its objects. ``count`` is None where the dialect does not tell."""

    key: str
    topic: Topic
    count: int | None
    share: int  # percent of all that it could be
    of: str
    notes: list[str]
    rows: list[AuditRow]
    more_rows: list[AuditRow]  # in a part of the page that has to be opened
    left_out: int


def audit_page(document: Document) -> str:
    """Render the whole page. It needs no other file and runs no script.

    :param document: what C(audit) of module_utils/audit.py has returned
    """
    loader = jinja2.FileSystemLoader(os.path.dirname(os.path.abspath(__file__)))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    summary = document["summary"]
    return environment.get_template(_TEMPLATE).render(
        now=_utc(t.cast(datetime.datetime, moment(document["generated"]))),
        server=printable(document["server"]),
        headline=audit_headline(summary),
        numbers=summary,
        sections=[_section(document, key) for key in TOPICS],
    )


def audit_headline(summary: Document) -> str:
    """Sum up the report in one sentence."""
    number, whole = summary["with_findings"], summary["credentials"] + summary["ssh_keys"]
    bare = summary["findings"]["without_credential"]
    also = f", and {quantity(bare, 'device')} {'has' if bare == 1 else 'have'} none" if bare else ""
    if not whole:
        return f"The vault shows no credentials{also}."
    if not number:
        return f"Nothing to say about {quantity(whole, 'credential')}{also}."
    verb = "has" if number == 1 else "have"
    return f"{number} of {quantity(whole, 'credential')} {verb} findings{also}."


def _section(document: Document, key: str) -> AuditSection:
    summary, found = document["summary"], document["findings"][key]
    about_devices = key == "without_credential"
    whole = summary["devices"] if about_devices else summary["credentials"] + summary["ssh_keys"]
    if key == "not_automatic" and whole and summary["automatic_change_unknown"] == whole:
        # None would look as if all were well.
        whole = None
    return AuditSection(
        key=key.replace("_", "-"),
        topic=TOPICS[key],
        count=None if whole is None else len(found),
        share=round(100 * len(found) / whole) if whole else 0,
        of="" if whole is None else quantity(whole, "device" if about_devices else "credential"),
        notes=_notes(summary, key),
        rows=[_row(key, one) for one in found[:_FIRST_ROWS]],
        more_rows=[_row(key, one) for one in found[_FIRST_ROWS:_MOST_ROWS]],
        left_out=max(len(found) - _MOST_ROWS, 0),
    )


def _notes(summary: Document, key: str) -> list[str]:
    notes = []
    if key == "without_credential" and summary["devices"] is None:
        notes.append("This server's dialect tells nothing of devices.")
    if key == "in_custody" and summary["holders_unknown"]:
        notes.append(
            f"Of {quantity(summary['holders_unknown'], 'credential')}, the report does not know who: the server's API "
            "does not tell. The console shows it under Dashboard, Credentials custody."
        )
    if key == "not_automatic" and summary["automatic_change_unknown"]:
        notes.append(f"Not told by the server: {quantity(summary['automatic_change_unknown'], 'credential')}.")
    if key == "expired" and summary["expiration_unreadable"]:
        notes.append(f"A date that cannot be read: {quantity(summary['expiration_unreadable'], 'credential')}.")
    if key == "shared":
        notes.append("Which hosts use a credential is known as far as the report was told.")
    return notes


def _row(key: str, one: Document) -> AuditRow:
    if key == "without_credential":
        kind = printable(one["type"])
        return AuditRow(_breakable(one["hostname"]), printable(one["ip"]), printable(one["site"]), kind)
    name = one["identifier"] or f"{one['username']}@{one['hostname']}"
    account = f"{printable(one['username'])} on {printable(one['hostname'])}"
    told, more = _told(key, one)
    return AuditRow(_breakable(name), account, printable(told), printable(more))


def _told(key: str, one: Document) -> tuple[str, str]:
    """Return what the last column says of a credential, in large and in small."""
    if key == "in_custody":
        names = [
            f"{holder['user']} since {holder['since']}" if holder["since"] else holder["user"]
            for holder in one["holders"]
        ]
        return ", ".join(names) or "not known", f"viewed {one['viewed_at']}" if one["viewed_at"] else ""
    if key == "expired":
        end = moment(one["expires_at"])
        return _utc(end) if end else one["expires_at"], f"changed {one['changed_at']}" if one[
            "changed_at"
        ] else "never changed"
    if key == "never_changed":
        return one["viewed_at"] or "never", ""
    if key == "not_automatic":
        return one["changed_at"] or "never", ""
    return ", ".join(one["hosts"]) or "any", "; ".join(_REASONS.get(reason, reason) for reason in one["reasons"])


def _utc(time: datetime.datetime) -> str:
    return f"{time_text(time.astimezone(datetime.timezone.utc))} UTC"


def _breakable(text: str) -> list[str]:
    return _PARTS.findall(printable(text))
