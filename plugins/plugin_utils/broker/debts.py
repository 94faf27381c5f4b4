# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run owes the server: note it before it is taken, and give it back at the end.

That is custody of credentials and SSH keys, and ephemeral credentials.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils.client.connect import Client, client_over
from ...module_utils.client.custody_rules import refuse_vault_rotation
from ...module_utils.dialects.operations import CREATE_EPHEMERAL, RELEASE_EPHEMERAL, Area, Operation
from ...module_utils.dsm_models import EphemeralWrite
from ...module_utils.errors import (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    ResponseLost,
    SenhaseguraError,
    ServerBusy,
    Unsupported,
)
from ...module_utils.models import CredentialInfo
from ...module_utils.references import Reference
from .final_api import FinalApi
from .ledger import EPHEMERAL, ClientLedger, Item

# Seconds for each release at the end, when the server has not answered one before.
_SHORT_TIMEOUT = 5.0
# After these nothing was certainly taken; after all others it may have been.
NOT_APPLIED = (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    Unsupported,
)


@dataclasses.dataclass(frozen=True)
class EphemeralDebt:
    """What a write does to the ephemeral credentials that are owed. Most writes do nothing."""

    account: ClientLedger
    provisions: EphemeralWrite | None = None
    deprovisions: EphemeralWrite | None = None

    @classmethod
    def of(cls, account: ClientLedger, operation: Operation[t.Any], model: t.Any) -> EphemeralDebt:
        """Return what this write does. What it is about to provision is owed from now on."""
        if operation == CREATE_EPHEMERAL and model.at_end:
            # Before the request, since this process may be killed at any moment.
            account.owe((EPHEMERAL, model.note), False)
            return cls(account, provisions=model)
        return cls(account, deprovisions=model if operation == RELEASE_EPHEMERAL else None)

    def done(self, secret_id: str) -> None:
        """Note that the write was applied, and the id of the secret that was provisioned, if that is known."""
        if self.provisions is not None and secret_id:
            # First the one that can be given back.
            self.account.owe((EPHEMERAL, dataclasses.replace(self.provisions, secret_id=secret_id).note), False)
            self.account.settle((EPHEMERAL, self.provisions.note))
        if self.deprovisions is not None:
            for area, name in self.account.items():
                # The task may have named it in another way.
                if area == EPHEMERAL and EphemeralWrite.of_note(name).secret_id == self.deprovisions.secret_id:
                    self.account.settle((area, name))

    def refused(self) -> None:
        """Note that nothing was provisioned."""
        if self.provisions is not None:
            self.account.settle((EPHEMERAL, self.provisions.note))


def give_back(account: ClientLedger, last: FinalApi) -> list[str]:
    """Give back all that one client owes. Returns what could not be given back, in words without values."""
    problems: list[str] = []
    client = client_over(last)
    for item, allowed in account.items().items():
        try:
            _release(client, item, allowed)
        except Unsupported:
            account.settle(item)
        except Refused as exc:
            # Documented: it is kept unless the task allows that the vault changes it.
            account.settle(item)
            problems.append(str(exc))
        except SenhaseguraError as exc:
            account.owe(item, allowed, str(exc))
            problems.append(str(exc))
            if isinstance(exc, (ResponseLost, ConnectionFailed, ServerBusy)):
                # The server is perhaps gone, and there may be hundreds: none of the others is given so long.
                last.timeout = _SHORT_TIMEOUT
        else:
            account.settle(item)
    return problems


def _release(client: Client, item: Item, allowed: bool) -> None:
    area, name = item
    if area == EPHEMERAL:
        client.ephemeral.deprovision(EphemeralWrite.of_note(name))
        return
    ref = Reference(name, "id" if name.isdigit() else "")
    if area == Area.SSH_KEYS.value:
        refuse_vault_rotation(client.ssh_keys.find(ref) or CredentialInfo(name), allowed)
        client.ssh_keys.release(name, ref)
    else:
        client.credentials.release(ref, allow_vault_rotation=allowed)
