# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ephemeral credentials: provision and deprovision them (facts-dsm.md 5)."""

from __future__ import annotations

from ..dialects.operations import CREATE_EPHEMERAL, RELEASE_EPHEMERAL
from ..dsm_models import EphemeralWrite
from ..dsm_secrets import DsmSecret
from ..errors import AlreadyDone, NotFound
from .api import Api


class EphemeralCredentials:
    """The ephemeral credentials of the application of the client."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @property
    def given_back_at_end(self) -> bool:
        """Return whether somebody gives back at the end of the run what was provisioned with C(at_end)."""
        return self._api.gives_back_at_end

    def check_provision(self, wanted: EphemeralWrite) -> None:
        """Raise what C(provision) would raise before it asks the server."""
        self._api.dialect().check(CREATE_EPHEMERAL, wanted)

    def check_deprovision(self, wanted: EphemeralWrite) -> None:
        """Raise what C(deprovision) would raise before it asks the server."""
        self._api.dialect().check(RELEASE_EPHEMERAL, wanted)

    def provision(self, wanted: EphemeralWrite) -> DsmSecret:
        """Make an ephemeral credential and return its secret."""
        return self._api.call(CREATE_EPHEMERAL, model=wanted, subject=subject(wanted))

    def deprovision(self, wanted: EphemeralWrite) -> bool:
        """Remove an ephemeral credential. Returns whether it was there."""
        try:
            # The note is the name under which the broker remembers it.
            self._api.call(RELEASE_EPHEMERAL, ref=wanted.note, model=wanted, subject=subject(wanted))
        except (AlreadyDone, NotFound):
            return False
        return True


def subject(wanted: EphemeralWrite) -> str:
    """Return what errors call an ephemeral credential."""
    pod = "/".join(part for part in (wanted.namespace, wanted.deploy, wanted.pod_name) if part)
    return f"ephemeral credential {wanted.identifier or pod or wanted.secret_id}"
