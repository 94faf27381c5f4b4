# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bounds of the benchmark of the inventory notice what breaks them."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("senhasegura_simulator")

from bench import inventory

THREE = {"POST /api/oauth2/token": 1, "GET /api/pam/device": 1, "GET /api/pam/credential": 1}


def rows(*, ratio: float = 0.3, cpu: float = 20.0, rss: float = 800.0, requests: Any = None) -> list[dict[str, Any]]:
    """Rows of 2,000 and 20,000 devices; the first has taken 2 s and 85 KiB."""
    row = {"kind": "plain", "devices": 2000, "plugin cpu": 2.0, "plugin rss": 85.0, "ratio wall": ratio}
    more = {"kind": "plain", "devices": 20000, "plugin cpu": cpu, "plugin rss": rss}
    return [{**one, "requests": requests or THREE} for one in (row, more)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"ratio": 1.5}, ["2000 devices, plain: 1.50 times the static file"]),
        ({"cpu": 23.0}, ["plain, 2000 to 20000 devices: cpu 11.5 times"]),
        ({"rss": 1000.0}, ["plain, 2000 to 20000 devices: rss 11.8 times"]),
    ],
)
def test_bounds(change: dict[str, float], says: list[str]) -> None:
    assert inventory.broken(rows(**change)) == says


def test_one_request_more_is_noticed() -> None:
    found = inventory.broken(rows(requests={**THREE, "GET /api/pam/credential": 2}))
    assert len(found) == 2
    assert "instead of one token and two lists" in found[0]


def test_the_static_file_has_the_same_hosts() -> None:
    hosts = inventory.static(3, True)["all"]["children"]
    vault = inventory.seed(3)
    assert list(hosts["senhasegura"]["hosts"]) == [device["hostname"] for device in vault["devices"]]
    assert set(hosts) == {"senhasegura", "site_DC0", "site_DC1", "site_DC2"}
    # The second credential of each device is the one that the rule names.
    for number, variables in enumerate(hosts["senhasegura"]["hosts"].values()):
        chosen = vault["credentials"][int(variables["senhasegura_credential"]["id"]) - 1]
        assert chosen["identifier"] == variables["senhasegura_credential"]["identifier"] == f"host-{number:05}-ansible"
    assert "" not in map(inventory.line, [{**rows()[0], "plugin wall": 1.0}])
