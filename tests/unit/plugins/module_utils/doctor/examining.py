# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the doctor in a test, and look at what it says."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.doctor.checks import CHECKS
from ansible_collections.community.senhasegura.plugins.module_utils.operations import doctor
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CLIENT_SECRET,
    settings,
)

# Seconds. Servers of the tests keep silent for longer, and machines are busy.
TIMEOUT, SLACK = 1.0, 10.0


class Examined(t.NamedTuple):
    """The result of the module, and how long it took."""

    result: dict[str, t.Any]
    seconds: float
    announced: list[str]

    def __getitem__(self, check: str) -> dict[str, str]:
        (found,) = [one for one in self.result["checks"] if one["check"] == check]
        return found

    def statuses(self, *statuses: str) -> dict[str, str]:
        """The checks with one of these statuses, in their order."""
        return {one["check"]: one["status"] for one in self.result["checks"] if one["status"] in statuses}

    @property
    def failed(self) -> list[str]:
        return list(self.statuses("failed"))


def examine(
    url: str, *, options: dict[str, t.Any] | None = None, check_mode: bool = False, **changes: t.Any
) -> Examined:
    """Examine a server. What holds for every result is checked here.

    :param options: of the module
    :param changes: fields of Settings
    """
    known = settings(**{"url": url, "timeout": TIMEOUT, "retries": 3, "dialect": "auto", **changes})
    params, announced = validate(options or {}, doctor.SPEC, doctor.RULES), list[str]()
    began = time.monotonic()
    result = doctor.run(known, params, check_mode, announced.extend)
    done = Examined(result, time.monotonic() - began, announced)
    checks = result["checks"]
    assert [one["check"] for one in checks] == list(CHECKS)
    assert {one["status"] for one in checks} <= {"ok", "warning", "failed", "skipped"}
    assert all(one["verdict"] for one in checks)
    assert [one["check"] for one in checks if bool(one["fix"]) != (one["status"] in ("warning", "failed"))] == []
    assert [line.split()[:2] for line in result["lines"]] == [[one["status"], one["check"]] for one in checks]
    text = json.dumps(result)
    for secret in (*known.secrets(), CLIENT_SECRET):
        assert secret not in text
    assert result["changed"] is False
    if done.failed:
        first = done[done.failed[0]]
        assert result["msg"] == f"{first['check']}: {first['verdict']}. Fix: {first['fix']}"
    assert result.get("failed", False) is bool(done.failed)
    return done
