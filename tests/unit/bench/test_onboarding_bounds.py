# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bounds of the onboarding of many hosts notice what breaks them."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("senhasegura_simulator")

from bench import onboarding

ROW = {"run": "first", "hosts": 100, "seconds": 1.0, "for hosts": 200, "for the run": 3, "progress": 2, "doubles": 0}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"for hosts": 201}, ["first: 2.01 requests for each host"]),
        ({"for the run": 4}, ["first: 4 requests for login and lists"]),
        ({"doubles": 1}, ["first: 1 doubles"]),
        ({"in all": 206, "kills": 3}, []),
        ({"in all": 207, "kills": 3}, ["first: 207 requests for hosts with the killed runs"]),
        ({"run": "again", "for hosts": 1}, ["again: 1 requests for hosts that are there"]),
    ],
)
def test_bounds(change: dict[str, Any], says: list[str]) -> None:
    assert onboarding.broken([{**ROW, **change}]) == says


def test_a_row_of_the_table() -> None:
    assert onboarding.line(ROW) == "| first | 100 | 1.0 | 200 | 2.00 | 3 |  | 0 |"
