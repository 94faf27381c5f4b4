# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Note the ephemeral credentials that a run owes: before they are provisioned, and until they are removed."""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils.dialects.operations import CREATE_EPHEMERAL, RELEASE_EPHEMERAL, Operation
from ...module_utils.dsm_models import EphemeralWrite
from .ledger import EPHEMERAL, ClientLedger


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
