# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator for each profile that a test names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ansible_collections.community.senhasegura.tests.unit.python.vaults import ENCRYPTED_SEED, SEED, Vault
from senhasegura_simulator.server import Simulator


@pytest.fixture(scope="session")
def _vaults() -> Iterator[Callable[[str], Vault]]:
    """Give the simulator of a profile, the same for all tests."""
    with ExitStack() as stack:
        known: dict[str, Vault] = {}

        def vault(profile: str) -> Vault:
            if profile not in known:
                known[profile] = Vault(stack.enter_context(Simulator(profile=profile, seed=SEED)), profile)
            return known[profile]

        yield vault


@pytest.fixture(params=["4.0"])
def vault(request: pytest.FixtureRequest, _vaults: Callable[[str], Vault]) -> Vault:
    """A freshly seeded vault; tests name other profiles with indirect parameters."""
    found = _vaults(request.param)
    found.control.reset()
    return found


@pytest.fixture(scope="session")
def encrypting_vault() -> Iterator[Vault]:
    """A vault with an authorization that encrypts what it hands out."""
    with Simulator(profile="4.0", seed=ENCRYPTED_SEED) as simulator:
        yield Vault(simulator, "4.0")
