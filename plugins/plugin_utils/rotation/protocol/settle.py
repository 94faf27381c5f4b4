# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that settles what a run has left: somebody who is called at night can copy it."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import typing as t

from .effects import Status

# What -e takes as it is.
_PLAIN = re.compile(r"[\w.@:/+-]+", re.ASCII)
_ROLES = {"password": "linux_password_change", "ssh_key": "linux_ssh_key_rotation"}
_SECRETS = {"password": "credential", "ssh_key": "key"}
_COLLECTION = "community.senhasegura"


@dataclasses.dataclass(frozen=True)
class Subject:
    """What a task is about. ``secret`` is a reference of the vault, ``user`` what the task gives, if it does, and
    ``inventories`` is what C(-i) was given. ``shared_with`` is that option, if it was given. ``looks`` says that it
    changes nothing.
    """

    kind: str  # password | ssh_key
    secret: str
    user: str
    hosts: tuple[str, ...]
    mode: str = "ansible"
    inventories: tuple[str, ...] = ()
    shared_with: tuple[str, ...] = ()
    looks: bool = False


def command(subject: Subject, status: Status, settles: str = "") -> str:
    """Return the playbook to run after a task with this end, or nothing if all is well.

    :param settles: the record whose run is to be settled, if that is another one
    """
    if status.good or not (settles or subject.secret):
        return ""
    role = _ROLES[subject.kind]
    variables: dict[str, t.Any] = {_SECRETS[subject.kind]: settles or subject.secret}
    if subject.user:
        variables["user"] = subject.user
    if subject.kind == "ssh_key":
        variables["hosts"] = [*subject.hosts]
        if subject.shared_with:
            variables["shared_with"] = [*subject.shared_with]
    elif len(subject.hosts) > 1:
        variables["share"] = True
    playbook = role
    if subject.mode == "vault" or (subject.looks and not status.is_unsettled):
        # The server has changed it, or nobody was to change anything: see who has what.
        playbook = "rotation_state"
    elif status == Status.DRIFT:
        variables["reconcile"] = True
    elif status.is_unsettled:
        variables["state"] = "recovered"
    named = {f"{role}_{name}": value for name, value in variables.items()}
    words = ["ansible-playbook", f"{_COLLECTION}.{playbook}"]
    for inventory in subject.inventories:
        words += ["-i", inventory]
    return shlex.join([*words, "-l", ",".join(subject.hosts), *_extra(named)])


def _extra(variables: t.Mapping[str, t.Any]) -> list[str]:
    texts = {name: str(value).lower() if value is True else value for name, value in variables.items()}
    if all(isinstance(text, str) and _PLAIN.fullmatch(text) for text in texts.values()):
        return [word for name, text in texts.items() for word in ("-e", f"{name}={text}")]
    return ["-e", json.dumps(variables)]


def summary(login: str, settle: str) -> str:
    """Return the sentence for whoever is called: who logs in with what, and what to do."""
    return f"{login}. To settle it: {settle}" if settle else login
