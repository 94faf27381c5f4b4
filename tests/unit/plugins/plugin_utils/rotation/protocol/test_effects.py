# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words for how a rotation ends: what is documented is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import Status

MODULES = Path(__file__).parents[6] / "plugins" / "modules"
INSPECTION = {Status.CLEAN, Status.NO_LOGIN, Status.UNKNOWN}


def documented(module: str) -> set[str]:
    """Return the values that the documentation of C(rotation.status) names."""
    text = (MODULES / f"{module}.py").read_text()
    returned = yaml.safe_load(re.search(r'RETURN = r?"""(.*?)"""', text, re.DOTALL)[1])  # type: ignore[index]
    words = " ".join(returned["rotation"]["contains"]["status"]["description"])
    return set(re.findall(r"V\((\w+)\)", words))


@pytest.mark.parametrize("module", ["linux_password_change", "linux_ssh_key_rotation"])
def test_the_ends_of_a_rotation_are_documented(module: str) -> None:
    assert documented(module) == {status.value for status in {*Status} - INSPECTION}


def test_the_ends_of_an_inspection_are_documented() -> None:
    shared = {Status.PENDING, Status.IN_DOUBT, Status.DRIFT, Status.BUSY, Status.UNREACHABLE}
    assert documented("rotation_info") == {status.value for status in INSPECTION | shared}


def test_a_status_is_shown_as_its_word() -> None:
    """On each Python: what format() makes of such an enumeration has changed with 3.12."""
    assert (str(Status.BUSY), f"{Status.BUSY}: x", f"{Status.BUSY:>5}") == ("busy", "busy: x", " busy")


def test_each_end_is_good_or_needs_action() -> None:
    good = {status.value for status in Status if status.good}
    assert good == {"changed", "recovered", "unchanged", "clean"}
    assert all(status.good != status.needs_action for status in Status)
