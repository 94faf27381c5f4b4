# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected information, in terms of the models. No paths and no wire names."""

from __future__ import annotations

from ..dialects.operations import CREATE_INFORMATION, DISABLE_INFORMATION, READ_INFORMATION
from ..errors import AlreadyDone, InvalidRequest, NoRoute, NotFound, UnexpectedResponse
from ..information_models import InformationWrite, ProtectedInformation
from ..references import Reference
from .api import Api


class Information:
    """The protected information that the authorization may see. The server lists none of it."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(self, ref: Reference) -> ProtectedInformation:
        """Return what has this id or identifier. Raises NotFound, or AlreadyDone if it is inactive.

        An identifier works on some servers only: all pages have an id there, and some of them say that both do.
        """
        subject = f"protected information {ref}"
        found = self._api.call(READ_INFORMATION, ref=ref.text, subject=subject)
        if (found.id if ref.is_id else found.identifier) != ref.text:
            raise UnexpectedResponse(
                f"the answer is about protected information {found.id}", hint="Compare both in the console"
            ).with_context(subject=subject, **self._api.place(READ_INFORMATION))
        return found

    def find(self, ref: Reference) -> ProtectedInformation | None:
        """Return the same, or None if there is none, or if the server cannot be asked for it by this name."""
        if not ref.path_safe:
            return None
        try:
            return self.read(ref)
        except (NotFound, InvalidRequest, NoRoute):
            return None

    def check_create(self, wanted: InformationWrite) -> None:
        """Raise what C(create) would raise before it asks the server."""
        self._api.dialect().check(CREATE_INFORMATION, wanted)

    def create(self, wanted: InformationWrite) -> str:
        """Make protected information, and return its identifier, or "" if the server does not tell it."""
        subject = f"protected information {wanted.identifier or wanted.name or ''}".strip()
        return self._api.call(CREATE_INFORMATION, model=wanted, subject=subject)

    def check_disable(self) -> None:
        """Raise what C(disable) would raise before it asks the server."""
        self._api.dialect().check(DISABLE_INFORMATION)

    def disable(self, ref: Reference) -> bool:
        """Deactivate protected information, and return whether it was there and active."""
        try:
            self._api.call(DISABLE_INFORMATION, ref=ref.text, subject=f"protected information {ref}")
        except (AlreadyDone, NotFound):
            return False
        return True
