# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remember whose custody a client has taken, and give it back."""

from __future__ import annotations

import dataclasses
import logging
import threading

from ._core.client.api import Api
from ._core.client.connect import Client, client_over
from ._core.client.giving_back import OneList, give_back
from ._core.errors import CustodyHeld, Refused, SenhaseguraError, Unsupported
from ._core.models import Credential, SshKey
from ._core.references import Reference

log = logging.getLogger("senhasegura")


@dataclasses.dataclass(frozen=True)
class Held:
    """What a client has read, without its secret.

    ``allowed`` says whether its release may make the vault change the password or key.
    """

    ref: Reference
    is_key: bool
    allowed: bool
    identifier: str | None = None
    account: tuple[str, str] | None = None

    def is_named(self, ref: Reference) -> bool:
        """Return whether a reference means this."""
        names = [self.ref.text] if ref.kind in ("", self.ref.kind) else []
        names += [self.identifier or ""] if ref.may_be_identifier else []
        return ref.text in names or (ref.account is not None and ref.account == self.account)

    def __str__(self) -> str:
        return f"{'SSH key' if self.is_key else 'credential'} {self.identifier or self.ref}"


class Custody:
    """The custody that one client has taken and not given back yet. Safe for threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()

    def taken(self, read: Credential | SshKey, allowed: bool) -> None:
        """Note a read."""
        account = (read.username, read.hostname)
        self._note(Held(Reference(read.id, "id"), isinstance(read, SshKey), allowed, read.identifier, account))

    def perhaps_taken(self, ref: Reference, is_key: bool, allowed: bool) -> None:
        """Note a read of which nobody knows whether the server has carried it out."""
        self._note(Held(ref, is_key, allowed))

    def _note(self, held: Held) -> None:
        with self._lock:
            known = self._held.get(held.ref.term)
            allowed = held.allowed or bool(known and known.allowed)
            self._held[held.ref.term] = dataclasses.replace(held, allowed=allowed)

    def given_back(self, ref: Reference) -> None:
        """Note a release."""
        with self._lock:
            self._held = {name: held for name, held in self._held.items() if not held.is_named(ref)}

    def release_all(self) -> None:
        """Give back all custody. Raises CustodyHeld, after all of them were tried.

        What a release would make the vault change is kept, with a warning in the log, unless it may; and so are keys
        where the server has no custody of them.
        """
        with self._lock:
            owed, self._held = self._held, {}
        if not owed:
            return
        client = client_over(OneList(self._api))
        problems = [str(problem) for held in owed.values() if (problem := self._released(client, held))]
        if problems:
            raise CustodyHeld("; ".join(problems), hint="Look at them in the console").with_context(
                server=client.server
            )

    def _released(self, client: Client, held: Held) -> SenhaseguraError | None:
        """Give one thing back. Returns the error, if there is one."""
        try:
            give_back(client, held.ref, is_key=held.is_key, allowed=held.allowed)
        except Unsupported:
            return None
        except Refused as exc:
            log.warning("custody of %s is kept: %s", held, exc)
        except SenhaseguraError as exc:
            # It is owed still, so that a second attempt tries it again.
            with self._lock:
                self._held.setdefault(held.ref.term, held)
            return exc
        return None
