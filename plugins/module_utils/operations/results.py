# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types of operations, and of what they take and return; how results show list entries."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    # The first worker of a run loads this file before it starts the broker, for which all others wait.
    from ..dsm_secrets import DsmSecret
    from ..errors import SenhaseguraError
    from ..models import CredentialInfo

# The options of a task as its SPEC has checked them, by name. C(on_ciphertext) is resolved from all places.
Params = t.Mapping[str, t.Any]
# What the task returns, as Ansible wants it.
Result = dict[str, t.Any]
# Present in a result that holds secrets: callbacks then print nothing of it, and register still has the values.
NO_LOG: Result = {"_ansible_no_log": True}
# So many names stand in a message.
_MOST_NAMES = 10


class ModuleOperation(t.Protocol):
    """One file of module_utils/operations."""

    __name__: str
    NOUN: str
    SPEC: dict[str, t.Any]
    RULES: dict[str, t.Any]

    def run(self, client: t.Any, params: Params, check_mode: bool) -> Result:
        """Do what the module is for, and return its result. In check mode, only predict it."""


def first_names(names: t.Sequence[str]) -> str:
    """Return names for a message: the first ones, and how many there are beside them."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def listed_fields(info: CredentialInfo | None, names: t.Iterable[str]) -> dict[str, t.Any] | None:
    """Return some fields of a list entry by name, or None without one. A text that the dialect leaves out is None."""
    return None if info is None else {name: None if (value := getattr(info, name)) == "" else value for name in names}


def secret_with_data(secret: DsmSecret) -> dict[str, t.Any]:
    """Return all of a DSM secret for the user, its values included; those that could not be read are None."""
    data = [{key: value if isinstance(value, str) else None for key, value in one.items()} for one in secret.data]
    return {**secret.public(), "data": data, "unreadable": sorted(secret.unreadable)}


def unread(
    unreadable: t.Mapping[str, SenhaseguraError], noun: str, effect: str = "cannot be read and is null"
) -> list[str]:
    """Return a warning for each value that could not be read.

    :param unreadable: name of a value -> why it could not be read
    :param noun: what has the values, such as C(SSH key 9)
    :param effect: what that means for the result
    """
    return [
        f"the value of {name} in {noun} {effect}: {problem.message}. {problem.hint}"
        for name, problem in unreadable.items()
    ]
