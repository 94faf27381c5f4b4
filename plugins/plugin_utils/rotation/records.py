# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of a password in the vault: the main one, which everybody reads, and two of a journal beside it."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client import listing
from ansible_collections.community.senhasegura.plugins.module_utils.client.credentials import Credentials
from ansible_collections.community.senhasegura.plugins.module_utils.errors import NotFound, Refused
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo, CredentialWrite
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import MAIN, SLOTS, Held

TAG = "ansible-rotation-journal"


class PasswordRecords:
    """Reads and writes them by name ("main", "j0", "j1"). Nothing of this is repeated by itself."""

    def __init__(self, credentials: Credentials, main: CredentialInfo, run: str, start: str) -> None:
        """``start`` is the time at which the run began, in a form that sorts."""
        self._credentials = credentials
        self._run = {"run": run, "start": start}
        self._main = main
        base = main.identifier or f"senhasegura-rotation-{main.id}"
        self.labels = {MAIN: main.identifier or main.id, **{slot: f"{base}--{slot}" for slot in SLOTS}}
        self._ids = {MAIN: main.id}

    def list(self) -> dict[str, CredentialInfo | None]:
        """What the vault lists of each record. Raises Refused if a write would hit another one."""
        entries = self._credentials.list(fresh=True)
        listed = {MAIN: listing.find(entries, Reference(self._main.id))}
        for slot in SLOTS:
            entry = next((entry for entry in entries if entry.identifier == self.labels[slot]), None)
            # Never the user name of the main record: with that, the server would take the journal for it.
            if entry is not None and entry.username != self._username(slot):
                raise Refused(
                    f"the identifier {self.labels[slot]} is in use for something else than the journal of a rotation",
                    hint="Give that credential another identifier",
                )
            listed[slot] = entry
            if entry is not None:
                self._ids[slot] = entry.id
        if self._main.identifier is None and sum(self._like_main(entry) for entry in entries) > 1:
            raise Refused(
                "several credentials have this user name, host name and ip, so a write could hit each of them",
                hint="Give them identifiers",
            )
        return listed

    def read(self, name: str) -> Held:
        if name not in self._ids:
            raise NotFound(f"credential {self.labels[name]} not found")
        credential = self._credentials.read(Reference(self._ids[name]), fresh=True)
        return Held(credential.password, _parse(credential.additional))

    def write(self, name: str, secret: str, note: t.Mapping[str, str]) -> None:
        """Sent once at most: a write that may still be applied later must be known to the protocol."""
        main, info = self._main, None
        if name in self._ids:
            info = CredentialInfo(self._ids[name], main.identifier if name == MAIN else self.labels[name])
        if name == MAIN:
            wanted = CredentialWrite(main.username, main.hostname, main.ip, main.identifier, secret)
        else:
            wanted = CredentialWrite(
                self._username(name),
                main.hostname,
                main.ip,
                self.labels[name],
                secret,
                additional=self._note(note),
                tags=(TAG,),
                # Where the dialect tells nothing of automatic change, it cannot be set either.
                automatic_change=None if main.automatic_change is None else False,
            )
        self._ids[name] = self._credentials.store(wanted, info, repeat=False).id

    def _username(self, slot: str) -> str:
        return f"{self._main.username}--rot-{slot}"

    def _like_main(self, entry: CredentialInfo) -> bool:
        main = self._main
        return not entry.is_key and (entry.username, entry.hostname, entry.ip) == (
            main.username,
            main.hostname,
            main.ip,
        )

    def _note(self, note: t.Mapping[str, str]) -> str:
        return " ".join(f"{key}={value}" for key, value in {**self._run, **note}.items())


def _parse(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split() if "=" in part)
