# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one definition of what has to be done."""

from __future__ import annotations

import typing as t

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils.plan import HIDDEN, make_plan  # noqa: E402

HERE = {"username": "root", "hostname": "web01", "type": "Local User", "automatic_change": None}
NOTHING: dict[str, t.Any] = {}


@pytest.mark.parametrize(
    ("before", "desired", "hidden", "action", "diff_before", "diff_after"),
    [
        (None, {"username": "root", "ip": None}, (), "create", {}, {"username": "root"}),
        (None, {"username": "root"}, ("password",), "create", {}, {"username": "root", "password": HIDDEN}),
        (None, {}, (), "create", {}, {}),
        (HERE, {}, (), "none", {}, {}),
        (HERE, {"username": "root", "hostname": None}, (), "none", {}, {}),
        (HERE, {"username": "app"}, (), "update", {"username": "root"}, {"username": "app"}),
        (HERE, {"username": "app", "hostname": "web01"}, (), "update", {"username": "root"}, {"username": "app"}),
        (HERE, {"username": ""}, (), "update", {"username": "root"}, {"username": ""}),
        # What the server does not show cannot differ.
        (HERE, {"automatic_change": True}, (), "none", {}, {}),
        (HERE, {"unknown": "x"}, (), "none", {}, {}),
        # What it never shows always may.
        (HERE, {}, ("password",), "update", {}, {"password": HIDDEN}),
        (HERE, {"username": "root"}, ["tags", "password"], "update", {}, {"tags": HIDDEN, "password": HIDDEN}),
        ({**HERE, "automatic_change": True}, {"automatic_change": False}, (), "update",
         {"automatic_change": True}, {"automatic_change": False}),
    ],
)  # fmt: skip
def test_state_present_creates_updates_or_does_nothing(
    before: dict[str, t.Any] | None,
    desired: dict[str, t.Any],
    hidden: t.Sequence[str],
    action: str,
    diff_before: dict[str, t.Any],
    diff_after: dict[str, t.Any],
) -> None:
    plan = make_plan("present", before, desired, hidden=hidden)
    assert plan.action == action
    assert plan.changed is (action != "none")
    assert plan.result() == {"changed": action != "none", "diff": {"before": diff_before, "after": diff_after}}


@pytest.mark.parametrize(
    ("state", "before", "action", "diff"),
    [
        ("enabled", HERE, "none", ({}, {})),
        ("enabled", None, "enable", ({"active": False}, {"active": True})),
        ("disabled", HERE, "disable", ({"active": True}, {"active": False})),
        ("absent", HERE, "delete", ({"active": True}, {"active": False})),
        ("absent", None, "none", ({}, {})),
        ("disabled", None, "none", ({}, {})),
    ],
)
def test_other_states_enable_disable_delete_or_do_nothing(
    state: str, before: dict[str, t.Any] | None, action: str, diff: tuple[t.Any, t.Any]
) -> None:
    plan = make_plan(state, before, {"username": "ignored"}, hidden=("password",))
    assert plan.action == action
    assert plan.result() == {"changed": action != "none", "diff": {"before": diff[0], "after": diff[1]}}


def test_what_the_server_said_counts_more() -> None:
    assert make_plan("enabled", None, {}).result(changed=False) == {
        "changed": False,
        "diff": {"before": {}, "after": {}},
    }
    assert make_plan("present", HERE, {}).result(changed=True)["changed"] is True


VALUES = st.none() | st.booleans() | st.text(max_size=3)
ATTRIBUTES = st.dictionaries(st.sampled_from("abcd"), VALUES)


@hypothesis.given(before=ATTRIBUTES, desired=ATTRIBUTES)
def test_a_second_run_changes_nothing(before: dict[str, t.Any], desired: dict[str, t.Any]) -> None:
    plan = make_plan("present", before, desired)
    again = make_plan("present", plan.after, desired)
    assert again.action == "none"
    assert set(plan.result()["diff"]["after"]) <= {name for name, value in desired.items() if value is not None}
