# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one definition of create, update, enable, disable and nothing, of C(changed) and of C(diff)."""

from __future__ import annotations

import dataclasses
import typing as t

HIDDEN = "(hidden)"
Action = t.Literal["none", "create", "update", "enable", "disable", "delete"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What has to be done, and how the object looks before and after. Holds no secret values."""

    action: Action
    before: dict[str, t.Any]
    after: dict[str, t.Any]

    @property
    def changed(self) -> bool:
        """Return whether anything has to be done."""
        return self.action != "none"

    def result(self, *, changed: bool | None = None) -> dict[str, t.Any]:
        """Return the keys C(changed) and C(diff) of a task result. ``changed``: what the server said, where it did."""
        changed = self.changed if changed is None else changed
        keys = [key for key in self.after if self.before.get(key) != self.after[key]] if changed else []
        before = {key: self.before[key] for key in keys if key in self.before}
        after = {key: self.after[key] for key in keys}
        return {"changed": changed, "diff": {"before": before, "after": after}}


def make_plan(
    state: str, before: dict[str, t.Any] | None, desired: dict[str, t.Any], *, hidden: t.Iterable[str] = ()
) -> Plan:
    """Compare what is with what shall be.

    :param state: present, enabled, disabled or absent
    :param before: the readable attributes, or None if the object is not there
    :param desired: the wanted attributes; None means "not given, keep"
    :param hidden: names of attributes to be written that the server never shows: each is a change, since nobody can
        tell whether it differs
    """
    if state in ("enabled", "disabled", "absent"):
        return _state_plan(state, before)
    wanted = {name: value for name, value in desired.items() if value is not None}
    written = dict.fromkeys(hidden, HIDDEN)
    if before is None:
        return Plan("create", {}, {**wanted, **written})
    # An attribute that the server did not show (None) cannot be compared, and is no reason to write.
    differs = any(before.get(name) is not None and before[name] != value for name, value in wanted.items())
    if not differs and not written:
        return Plan("none", before, before)
    return Plan("update", before, {**before, **wanted, **written})


def _state_plan(state: str, before: dict[str, t.Any] | None) -> Plan:
    known = before or {}
    if state == "enabled":
        # The list has no "active" flag and holds active objects: what is listed needs nothing.
        return Plan("none", known, known) if before is not None else Plan("enable", {"active": False}, {"active": True})
    if before is None:
        # What is active and may be seen is listed.
        return Plan("none", {}, {})
    return Plan("delete" if state == "absent" else "disable", {**known, "active": True}, {**known, "active": False})
