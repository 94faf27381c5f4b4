# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine what the authorization may do. None of it can be read: a verdict comes from what is refused.

facts-platform.md 7 has the evidence for each verdict.
"""

from __future__ import annotations

import typing as t

from ..ciphertext import looks_encrypted
from ..client.api import AnnouncingApi
from ..client.connect import client_over
from ..dialects.operations import CREATE_CREDENTIAL, LIST_SECRETS
from ..dsm_secrets import DsmSecret
from ..errors import AlreadyDone, Denied, InvalidRequest, NotFound, Refused, SenhaseguraError, UnexpectedResponse
from ..models import CredentialWrite
from ..references import Reference
from ..settings.settings import Settings
from .access import Contact
from .check_api import CheckApi
from .checks import FAILED, OK, WARNING, Diagnosis, counted

_ASSIGN = (
    "Add what this client needs to its A2A authorization (console: A2A > Applications > Authorizations, tab Credential)"
)
_ASSIGN_SECRETS = (
    "Add what this client needs to its DSM authorization (console: DevOps Secret Manager, its application > "
    "Authorizations, tab Secrets)"
)
_SET_KEY = (
    "Set decryption_key to the private key of the authorization, or switch off 'encrypt sensitive information' there"
)
_STORED_SO = "If they are meant to be stored like that, set on_ciphertext=ignore where they are used"


class Rights:
    """Examine the rights of a client that has logged in."""

    def __init__(
        self,
        contact: Contact,
        announce: t.Callable[[t.Iterable[str]], None],
        settings: Settings,
        diagnosis: Diagnosis,
    ) -> None:
        """Take what was found out so far.

        :param announce: gets each secret that is read
        """
        self._contact, self._settings, self._diagnosis = contact, settings, diagnosis
        self._check = CheckApi(contact.api)
        self._api = AnnouncingApi(self._check, announce)
        # The values of each thing that was read, and what could not be opened of them.
        self._values: list[list[t.Any]] = []
        self._sealed: list[SenhaseguraError] = []

    def examine(self, expect: t.Collection[str], credential: Reference | None, check_mode: bool) -> None:
        """Examine all rights.

        :param expect: what the client must be able to do: C(pam), C(dsm), C(write)
        :param credential: what to read, which takes custody for a moment
        :param check_mode: whether to send reads only, and take no custody
        """
        secrets, refused = self._secrets()
        self._examine_pam("pam" in expect, secrets is not None)
        pam = self._diagnosis.status_of("pam") == OK
        self._examine_write("write" in expect, pam, check_mode)
        self._examine_custody(credential, check_mode)
        if refused is not None:
            self._diagnosis.error("dsm", refused, FAILED if "dsm" in expect or not pam else WARNING)
        elif secrets:
            self._diagnosis.ok("dsm", f"the client sees {counted(len(secrets), 'DSM secret')}")
        else:
            status = FAILED if "dsm" in expect else WARNING
            self._diagnosis.add("dsm", status, "no DSM secret is assigned to the client", _ASSIGN_SECRETS)
        self._examine_encryption()

    def _secrets(self) -> tuple[tuple[DsmSecret, ...] | None, SenhaseguraError | None]:
        """Read all DSM secrets, which takes no custody. Returns them, or the error."""
        self._check.begin()
        try:
            secrets = self._api.call(LIST_SECRETS, subject="the list of DSM secrets")
        except SenhaseguraError as exc:
            return None, exc
        for secret in secrets:
            self._values.append([value for block in secret.data for value in block.values()])
            self._sealed += secret.unreadable.values()
        return secrets, None

    def _examine_pam(self, expected: bool, dsm: bool) -> None:
        error, entries = self._contact.error, self._contact.entries
        if error is not None:
            if isinstance(error, UnexpectedResponse):
                self._diagnosis.skip("see dialect", "pam")
            else:
                # A client may be for DSM alone.
                is_optional = isinstance(error, Denied) and dsm and not expected
                self._diagnosis.error("pam", error, WARNING if is_optional else FAILED)
            self._diagnosis.skip("the list of credentials cannot be read", "credentials")
            return
        self._diagnosis.ok("pam", "the client may use PAM Core")
        if entries:
            # The guide lists keys elsewhere.
            kinds = ((entries.credentials, "credential"), (entries.keys, "SSH key"))
            found = " and ".join(counted(len(some), noun) for some, noun in kinds if some)
            self._diagnosis.ok("credentials", f"the client sees {found}")
        else:
            status = FAILED if expected else WARNING
            self._diagnosis.add("credentials", status, "no credential is assigned to the client", _ASSIGN)

    def _examine_write(self, expected: bool, pam: bool, check_mode: bool) -> None:
        """Try to create a credential without names, which the server must refuse (1004, 1005 and 1042).

        With a read-only authorization it refuses that as any write (1039).
        """
        if not pam or check_mode:
            self._diagnosis.skip("nothing is written in check mode" if pam else "PAM Core cannot be used", "write")
            return
        self._check.begin()
        try:
            self._api.call(CREATE_CREDENTIAL, model=CredentialWrite("", "", ""), subject="a credential without names")
        except Denied as exc:
            self._diagnosis.error("write", exc, FAILED if expected else WARNING)
        except (InvalidRequest, NotFound, AlreadyDone):
            self._diagnosis.ok("write", "the server does not call the authorization read-only")
        except SenhaseguraError as exc:
            self._diagnosis.error("write", exc, FAILED if expected else WARNING)
        else:
            fix = "Remove it in the console"
            self._diagnosis.add("write", WARNING, "the server has stored a credential without names", fix)

    def _examine_custody(self, ref: Reference | None, check_mode: bool) -> None:
        if ref is None or check_mode:
            why = "no custody is taken in check mode" if ref else "the option credential names none to read"
            self._diagnosis.skip(why, "custody")
            return
        self._check.begin()
        try:
            read = client_over(self._api).credentials.read(ref, release=True, partial=True)
        except Refused as exc:
            fix = "Name a credential without automatic change"
            self._diagnosis.add("custody", WARNING, f"it was not read: {exc.message}", fix)
            return
        except SenhaseguraError as exc:
            self._diagnosis.error("custody", exc)
            return
        self._diagnosis.ok("custody", f"credential {ref} was read, and its custody given back")
        self._values.append([read.password])
        self._sealed += read.unreadable.values()

    def _examine_encryption(self) -> None:
        if self._sealed:
            self._diagnosis.error("encryption", self._sealed[0])
        elif not self._values:
            self._diagnosis.skip("no value was read", "encryption")
        elif self._settings.decryption_key:
            self._diagnosis.ok("encryption", "decryption_key opens what was read")
        elif all(sealed := [any(map(looks_encrypted, values)) for values in self._values]):
            verdict = "values look encrypted, and decryption_key is not set"
            self._diagnosis.add("encryption", FAILED, verdict, _SET_KEY)
        elif any(sealed):
            # The authorization encrypts all or nothing, so these may be stored like that.
            verdict = f"values of {sum(sealed)} of {len(sealed)} things that were read look encrypted, of others not"
            self._diagnosis.add("encryption", WARNING, verdict, _STORED_SO)
        else:
            self._diagnosis.ok("encryption", "no value that was read looks encrypted")
