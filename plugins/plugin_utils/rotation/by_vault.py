# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation that the server carries out: triggered, waited for, and proven on the host."""

from __future__ import annotations

import datetime
import time
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.credentials import Credentials
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ChangeNotSeen
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.plugin_utils.registry import register
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Outcome, Stopped
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import Result, Verdict

_LOGINS = 3
LogIn = t.Callable[[str], Verdict]


def rotate_password(
    credentials: Credentials,
    info: CredentialInfo,
    log_in: LogIn | None,
    *,
    recover_only: bool,
    max_age: float | None,
    pace: t.Mapping[str, float],
    check_mode: bool,
    say: t.Callable[[str], None],
    sleep: t.Callable[[float], None] = time.sleep,
) -> Outcome:
    """Have the server change the password, wait for it, and prove it by a login. Raises Stopped or SenhaseguraError.

    :param log_in: tries to log in with a password once, or None to believe the list of the server
    """
    ref = Reference(info.id)
    before = credentials.rotatable(ref)
    if recover_only:
        return Outcome("unchanged", "the server settles by itself what it has begun")
    if _is_young(before, max_age):
        return Outcome("unchanged", "the password is younger than max_age")
    if check_mode:
        return Outcome("changed", "the server would change the password")
    # Where the list tells no time of change, only the password itself shows one.
    tells = before.change is not None
    old = None if tells else _read(credentials, ref)
    say(f"the server changes {info.identifier or info.id}: waiting up to {pace['wait']:.0f} seconds")
    after = credentials.rotate(ref, **pace, before=before)
    if not pace["wait"]:
        return Outcome("changed", "the server was asked to change the password; nobody has waited for it")
    new = None if tells and log_in is None else _new_password(credentials, ref, old, pace, sleep)
    if log_in is not None and new is not None:
        _prove(info, new, log_in, sleep)
    return Outcome("changed", "the server has changed the password", details={"change": after.change})


def _is_young(info: CredentialInfo, max_age: float | None) -> bool:
    """By the server's own clock, whose time zone is not told: a day more or less does not matter here."""
    if max_age is None or not info.change:
        return False
    try:
        changed = datetime.datetime.strptime(info.change, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return False
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    return now - changed < datetime.timedelta(days=max_age)


def _read(credentials: Credentials, ref: Reference) -> str:
    password = credentials.read(ref, fresh=True).password
    register([password])
    return password


def _new_password(
    credentials: Credentials,
    ref: Reference,
    old: str | None,
    pace: t.Mapping[str, float],
    sleep: t.Callable[[float], None],
) -> str:
    """The password after the change. Raises ChangeNotSeen if it stays the old one."""
    end = time.monotonic() + pace["wait"]
    while True:
        new = _read(credentials, ref)
        if new != old:
            return new
        if time.monotonic() >= end:
            raise ChangeNotSeen(
                f"the server still gives the old password after {pace['wait']:.0f} seconds",
                hint="Look at Executions in the console; raise wait_timeout if the server is only slow",
            )
        sleep(pace["poll"])


def _prove(info: CredentialInfo, new: str, log_in: LogIn, sleep: t.Callable[[float], None]) -> None:
    name = info.identifier or info.id
    for attempt in range(_LOGINS):
        if attempt:
            sleep(2.0)
        verdict = log_in(new)
        if verdict.result != Result.NETWORK:
            break
    if verdict.ok:
        return
    if verdict.result in (Result.WRONG, Result.MUST_CHANGE, Result.EXPIRED):
        raise Stopped(
            "drift",
            f"the server says that it has changed {name}, but the host does not take the new password: "
            f"{verdict.explanation}",
            "Look at Executions in the console, and at the template that changes it",
        )
    raise Stopped(
        "in_doubt",
        f"the server says that it has changed {name}, but no login could prove it: {verdict.explanation}",
        "Mend the way to the host, or set verify to hash_only",
    )
