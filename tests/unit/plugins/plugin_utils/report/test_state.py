# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The latest state of each password and key, as folded from the history."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.report.state import document, fold, summary
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.entries import NOW, ago, entry


def test_the_newest_entry_counts_whatever_the_order_of_the_lines() -> None:
    entries = [entry(days=3), entry(status="failed", days=1), entry(status="unreachable", days=0.5)]
    states = {fold(random.Random(seed).sample(entries, 3)).latest for seed in range(6)}
    ((latest,),) = states
    assert latest.entry.status == "unreachable"
    assert latest.failures == 2
    # A change that succeeded gives the age; an entry that knows nothing does not take it away.
    assert latest.last_success == latest.last_change == NOW - timedelta(days=3)


def test_the_age_is_what_the_entries_know() -> None:
    (latest,) = fold([entry(days=3), entry(status="unchanged", days=1, last_change=ago(40))]).latest
    assert latest.age_days(NOW) == 3
    (latest,) = fold([entry(status="unchanged", last_change=ago(40))]).latest
    assert (latest.age_days(NOW), latest.overdue_days(NOW), latest.urgency(NOW)) == (40, 10, 2)
    (latest,) = fold([entry(status="unchanged")]).latest
    assert (latest.age_days(NOW), latest.overdue_days(NOW), latest.urgency(NOW)) == (None, 0, 0)
    # A clock that is ahead does not make it younger than new.
    (latest,) = fold([entry(days=-2)]).latest
    assert latest.age_days(NOW) == 0


def test_each_password_and_key_of_a_host_is_one_of_its_own() -> None:
    state = fold([entry(), entry(user="deploy"), entry(kind="ssh_key"), entry(kind="ssh_key", status="drift")])
    numbers = summary(state, NOW)
    assert [(item.entry.kind, item.entry.user) for item in state.latest] == [
        ("password", "deploy"),
        ("password", "root"),
        ("ssh_key", "root"),
    ]
    assert (numbers.hosts, numbers.secrets, numbers.well, numbers.attention) == (1, 3, 0, 1)


@pytest.mark.parametrize(
    ("status", "urgency"),
    [
        *((name, 0) for name in ("changed", "recovered", "unchanged")),
        *((name, 1) for name in ("busy", "pending", "unreachable")),
        *((name, 3) for name in ("failed", "refused", "drift", "in_doubt", "of_a_later_version")),
    ],
)
def test_a_status_decides_how_urgent_a_host_is(status: str, urgency: int) -> None:
    (latest,) = fold([entry(status=status)]).latest
    assert latest.urgency(NOW) == urgency


def test_the_document() -> None:
    entries = [
        entry("a", "unchanged", last_change=ago(45.5)),
        entry("b", "in_doubt", last_change=ago(2), message="why", run="r2", job=None),
        entry("c"),
    ]
    found = document(fold(entries, 2), NOW)
    json.dumps(found, allow_nan=False)
    assert found["schema"] == 1
    assert found["generated"] == "2026-11-24T12:00:00Z"
    numbers = found["summary"]
    assert numbers["oldest"]["host"] == "a"
    assert numbers["statuses"] == {"unchanged": 1, "in_doubt": 1, "changed": 1}
    assert {name: numbers[name] for name in ("hosts", "well", "attention", "overdue", "age_unknown")} == {
        "hosts": 3,
        "well": 1,
        "attention": 2,
        "overdue": 1,
        "age_unknown": 0,
    }
    assert (numbers["entries"], numbers["unreadable_lines"]) == (3, 2)
    a, b, c = found["latest"]
    assert (a["age_days"], a["overdue_days"], a["attention"]) == (45.5, 15.5, True)
    assert (b["message"], b["last_success"], b["failures"]) == ("why", None, 1)
    assert (c["last_change"], c["attention"]) == ("2026-11-24T12:00:00Z", False)
    assert {run["run"]: (run["hosts"], run["job"], run["statuses"]) for run in found["runs"]} == {
        "r1": (2, "77", {"unchanged": 1, "changed": 1}),
        "r2": (1, None, {"in_doubt": 1}),
    }


def test_only_the_last_runs_are_kept_the_newest_first() -> None:
    state = fold(entry(run=f"r{number}", days=100 - number) for number in range(50))
    assert [run.run for run in state.runs] == [f"r{number}" for number in range(49, 29, -1)]
