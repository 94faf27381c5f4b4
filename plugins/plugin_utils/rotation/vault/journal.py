# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of a password or SSH key in the vault: the main one, which everybody reads, the journals of machines, and
the lease. All but the main one stand beside it, on the same device.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ....module_utils.client.credentials import Credentials
from ....module_utils.client.ssh_keys import SshKeys
from ....module_utils.errors import NotFound, Refused
from ....module_utils.keypair import checked_pair, new_pair
from ....module_utils.models import CredentialInfo, CredentialWrite, SshKey, SshKeyPair, SshKeyWrite, Stored
from ....module_utils.queries import ByPrefix, Find, Query, SameAccount, Several
from ....module_utils.references import Reference
from ..protocol.effects import LEASE, MAIN, SLOTS, StoredSecret
from ..protocol.notes import TAG, key_note, note_text, parse_note

# What the identifier of a record of the journal ends with: a machine, and which of its records it is.
_SLOT = re.compile("([0-9a-f]{12})-(j[01])")


class _Records:
    """Names of the records (see effects.py), and which entries of the list they are."""

    noun: t.ClassVar[str]

    def __init__(self, main: CredentialInfo, run: str, start: str) -> None:
        """Name the records of a run. ``start`` is the time at which it began, in a form that sorts."""
        self._run = {"run": run, "start": start}
        self._main = main
        self._base = main.identifier or f"senhasegura-rotation-{main.id}"
        self.labels = {MAIN: main.identifier or main.id, LEASE: f"{self._base}--{LEASE}"}
        self._ids = {MAIN: main.id}

    @property
    def main_id(self) -> str:
        return self._main.id

    def _queries(self) -> dict[str, Query[t.Any]]:
        """Return what to ask the list for: the main entry, and those whose identifiers begin as its own."""
        return {MAIN: Find(Reference(self._main.id, "id")), "others": ByPrefix(f"{self._base}--")}

    def _listed(self, found: t.Mapping[str, t.Any], machine: str | None) -> dict[str, CredentialInfo | None]:
        """Return what the vault lists of each record. Raises Refused if a write would hit another one."""
        listed: dict[str, CredentialInfo | None] = dict.fromkeys((MAIN, LEASE, *SLOTS))
        listed[MAIN] = found[MAIN]
        if machine:
            self.labels.update((slot, f"{self._base}--{machine}-{slot}") for slot in SLOTS)
        for entry in found["others"]:
            name = self._name(entry.identifier, machine)
            if name is None:
                continue
            self.labels[name] = entry.identifier
            # Never the user name of the main record: with that, the server would take it for the main record.
            if entry.username != self._username(name):
                raise Refused(
                    f"the identifier {entry.identifier} is in use for something else than the rotation of "
                    f"{self.labels[MAIN]}",
                    hint=f"Give that {self.noun} another identifier",
                )
            listed[name] = entry
            self._ids[name] = entry.id
        return listed

    def _name(self, identifier: str, machine: str | None) -> str | None:
        """Return the name of the record with this identifier, or None if it is nothing of a rotation."""
        end = identifier[len(self._base) + 2 :]
        if end == LEASE:
            return LEASE
        slot = _SLOT.fullmatch(end)
        if slot is None:
            return None
        return slot[2] if slot[1] == machine else end

    def _id(self, name: str) -> str:
        if name not in self._ids:
            raise NotFound(f"{self.noun} {self.labels[name]} not found")
        return self._ids[name]

    def _info(self, name: str) -> CredentialInfo | None:
        """Return what a write has to know of a record that is there."""
        if name not in self._ids:
            return None
        return CredentialInfo(self._ids[name], self._main.identifier if name == MAIN else self.labels[name])

    def _written(self, name: str, stored: Stored) -> None:
        # Neither the answer nor the list may tell it. Then it is not known, and the next list may have it.
        if stored.id:
            self._ids[name] = stored.id

    def _username(self, name: str) -> str:
        return f"{self._main.username}--rot-{self.labels[name][len(self._base) + 2 :]}"

    def _note(self, note: t.Mapping[str, str]) -> str:
        return note_text({**self._run, **note})


class PasswordRecords(_Records):
    """Reads and writes them by name. Nothing of this is repeated by itself."""

    noun = "credential"

    def __init__(self, credentials: Credentials, main: CredentialInfo, run: str, start: str) -> None:
        super().__init__(main, run, start)
        self._credentials = credentials

    def list(self, machine: str | None = None) -> dict[str, CredentialInfo | None]:
        main = self._main
        like_main = SameAccount((main.username, main.hostname, main.ip))
        found = self._credentials.select(Several({**self._queries(), "like main": like_main}), fresh=True)
        listed = self._listed(found, machine)
        if main.identifier is None and len(found["like main"]) > 1:
            raise Refused(
                "several credentials have this user name, host name and ip, so a write could hit each of them",
                hint="Give them identifiers",
            )
        return listed

    def read(self, name: str) -> StoredSecret:
        credential = self._credentials.read(Reference(self._id(name), "id"), fresh=True)
        if name == LEASE:
            return StoredSecret(None, parse_note(credential.password))
        return StoredSecret(credential.password, parse_note(credential.additional))

    def write(self, name: str, secret: str | None, note: t.Mapping[str, str]) -> None:
        """Send the write once at most: one that may still be applied later must be known to the protocol."""
        main = self._main
        if name == MAIN:
            wanted = CredentialWrite(main.username, main.hostname, main.ip, main.identifier, secret)
        else:
            wanted = CredentialWrite(
                self._username(name),
                main.hostname,
                main.ip,
                self.labels[name],
                note_text(note) if name == LEASE else secret,
                additional=self._note({} if name == LEASE else note),
                tags=(TAG,),
                # Where the dialect tells nothing of automatic change, it cannot be set either.
                automatic_change=None if main.automatic_change is None else False,
            )
        self._written(name, self._credentials.store(wanted, self._info(name), repeat=False))


class KeyRecords(_Records):
    """The same for SSH keys. A note stands in the comment of the public key, where each dialect gives it back."""

    noun = "SSH key"

    def __init__(self, keys: SshKeys, main: CredentialInfo, run: str, start: str) -> None:
        super().__init__(main, run, start)
        if not main.identifier:
            raise Refused(
                f"SSH key {main.id} has no identifier, so the server cannot update it", hint="Register it anew with one"
            )
        self._keys = keys
        # What else than the pair the main record has: a write gives it again.
        self._present: SshKey | None = None

    def list(self, machine: str | None = None) -> dict[str, CredentialInfo | None]:
        return self._listed(self._keys.select(Several(self._queries()), fresh=True), machine)

    def read(self, name: str) -> StoredSecret:
        key = self._keys.read(Reference(self._id(name), "id"), fresh=True)
        if name == MAIN:
            self._present = key
        note = key_note(key.public_key)
        return StoredSecret(
            None if name == LEASE else checked_pair(key.private_key, key.public_key, key.passphrase), note
        )

    def write(self, name: str, secret: SshKeyPair | None, note: t.Mapping[str, str]) -> None:
        """Send the write once at most: one that may still be applied later must be known to the protocol."""
        if secret is None:
            secret = _throwaway()
        wanted = self._main_write(secret) if name == MAIN else self._other_write(name, secret, note)
        self._written(name, self._keys.store(wanted, self._info(name)))

    def _main_write(self, secret: SshKeyPair) -> SshKeyWrite:
        main, present = self._main, self._present
        if present is None:
            raise Refused(
                f"internal error: {self.labels[MAIN]} was not read before it was written", hint="Please report this bug"
            )
        comment = secret.comment if not secret.comment.startswith(TAG) else ""
        return SshKeyWrite(
            identifier=main.identifier or "",
            username=present.username or main.username,
            hostname=present.hostname or main.hostname,
            ip=present.ip or main.ip or None,
            private_key=secret.private_key,
            public_key=f"{secret.public_key} {comment or _comment(present.public_key)}".rstrip(),
            passphrase=secret.passphrase or "",
            key_name=present.key_name or None,
            devices=present.devices or None,
            tags=present.tags or None,
        )

    def _other_write(self, name: str, secret: SshKeyPair, note: t.Mapping[str, str]) -> SshKeyWrite:
        main = self._main
        return SshKeyWrite(
            identifier=self.labels[name],
            username=self._username(name),
            hostname=main.hostname,
            ip=main.ip or None,
            private_key=secret.private_key,
            public_key=f"{secret.public_key} {TAG} {note_text(note) if name == LEASE else self._note(note)}",
            passphrase=secret.passphrase or "",
        )


def _comment(public_key: str) -> str:
    return " ".join(public_key.split()[2:])


@functools.cache
def _throwaway() -> SshKeyPair:
    """Return what a lease on a key is written with: its comment is what counts, and no host ever gets it."""
    return new_pair("ed25519")
