# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give back what is still in custody when nobody reads or writes any more."""

from __future__ import annotations

import typing as t

from ..dialects.operations import LIST_CREDENTIALS, LIST_SSH_KEYS, Operation
from ..models import CredentialInfo
from ..references import Reference
from .api import Api, WrappedApi
from .connect import Client
from .custody_rules import refuse_vault_rotation

_Result = t.TypeVar("_Result")


class OneList(WrappedApi):
    """Ask the server for each list once."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._lists: dict[str, t.Any] = {}

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        """Carry out an operation, or return the list that it has returned before."""
        if operation not in (LIST_CREDENTIALS, LIST_SSH_KEYS):
            return self._api.call(operation, ref=ref, model=model, subject=subject, fresh=fresh)
        if operation.name not in self._lists:
            self._lists[operation.name] = self._api.call(operation, subject=subject, fresh=fresh)
        listed: _Result = self._lists[operation.name]
        return listed


def give_back(client: Client, ref: Reference, *, is_key: bool, allowed: bool) -> None:
    """Give the custody of a credential or SSH key back. Raises Refused, Unsupported and other errors of ours.

    :param allowed: whether the release may make the vault change the password or key
    """
    if is_key:
        info = client.ssh_keys.find(ref) or CredentialInfo(ref.text)
        refuse_vault_rotation(info, allowed)
        client.ssh_keys.release(info.id, ref)
    else:
        client.credentials.release(ref, allow_vault_rotation=allowed)
