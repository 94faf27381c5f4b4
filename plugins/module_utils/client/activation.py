# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enable and disable credentials, SSH keys and devices, and find out whether one is inactive."""

from __future__ import annotations

import typing as t

from ..dialects.operations import Area, Operation, Verb, operation_of
from ..errors import AlreadyDone, Denied, InvalidRequest, NoRoute, NotFound
from ..references import Reference
from .api import Api

# The server's error numbers that say "already so" (http-api.md 2.4). Releases up to 3.32 have 1017 for both.
_ACTIVE, _INACTIVE = frozenset({1043, 1044, 1045, 1017}), frozenset({1008, 1017})


def switched(api: Api, operation: Operation[None], name: str, subject: str) -> bool:
    """Enable or disable by id or name, and return whether that changed anything.

    Only the numbers that are known to say so mean that it was in that state already (http-api.md 2.4).
    """
    try:
        api.call(operation, ref=name, subject=subject)
    except AlreadyDone as exc:
        if exc.context.code in (_ACTIVE if operation.verb is Verb.ENABLE else _INACTIVE):
            return False
        raise
    return True


def says_inactive(api: Api, area: Area, names: t.Iterable[Reference]) -> bool:
    """Return whether the server reports one of these names as inactive: see C(Credentials.is_inactive)."""
    dialect, release = api.dialect(), operation_of(area, Verb.RELEASE)
    if not (dialect.supports(release) and dialect.supports(operation_of(area, Verb.ENABLE))):
        return False
    for ref in names:
        if not ref.path_safe:
            continue
        try:
            api.call(release, ref=ref.text, subject=f"{area.value} {ref}")
        except AlreadyDone as exc:
            if exc.context.code in _INACTIVE:
                return True
        except (NotFound, NoRoute, InvalidRequest, Denied):
            continue
    return False
