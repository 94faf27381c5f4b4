# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The DSM application of the client, others that it makes, and pipeline variables (facts-dsm.md 2 and 4)."""

from __future__ import annotations

from ..dialects.operations import (
    CREATE_APPLICATION,
    CREATE_VARIABLES,
    DISABLE_APPLICATION,
    READ_APPLICATION,
    Operation,
)
from ..dsm_models import DsmApplication, DsmApplicationWrite, DsmAuthorization, VariablesUpload
from ..errors import NotFound
from .api import Api


class Applications:
    """The DSM applications."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def own(self) -> DsmApplication | None:
        """Return the application that the client belongs to, or None if it belongs to none."""
        try:
            return self._api.call(READ_APPLICATION, subject="the DSM application of the client")
        except NotFound:
            return None

    def check(self, wanted: DsmApplicationWrite) -> None:
        """Raise what C(store) would raise before it asks the server."""
        self._api.dialect().check(CREATE_APPLICATION, wanted)

    def store(self, wanted: DsmApplicationWrite) -> DsmAuthorization:
        """Make an application and an authorization of it, or find them, and return what a client logs in with."""
        return self._api.call(CREATE_APPLICATION, model=wanted, subject=f"DSM application {wanted.application}")

    def check_deactivate(self) -> None:
        """Raise what C(deactivate) would raise before it asks the server."""
        self._check(DISABLE_APPLICATION)

    def deactivate(self) -> None:
        """Deactivate the authorization of the client itself. It cannot log in after that."""
        self._api.call(DISABLE_APPLICATION, subject="the DSM authorization of the client")

    def check_upload(self) -> None:
        """Raise what C(upload) would raise before it asks the server."""
        self._check(CREATE_VARIABLES)

    def upload(self, wanted: VariablesUpload) -> None:
        """Upload variables of a pipeline with their mapping."""
        self._api.call(CREATE_VARIABLES, model=wanted, subject="the pipeline variables")

    def _check(self, operation: Operation[None]) -> None:
        self._api.dialect().check(operation)
