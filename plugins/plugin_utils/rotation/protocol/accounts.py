# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which accounts can have their password changed, and what is told of the others. Pure."""

from __future__ import annotations

import re
import typing as t

AccountFacts = t.Mapping[str, t.Any]
HashProblem = t.Callable[[str], "tuple[str, str] | None"]
# By the kind of obstacle that on_host/password.py has found: what is the matter, and what helps.
_OBSTACLES = {
    "read-only": ("{path} is on a file system that is mounted read-only", "Mount it writable"),
    "full": ("the file system of {path} is full", "Make room on it"),
    "immutable": ("{path} is immutable", "If that may end, run chattr -i {path} on the host"),
    "append-only": ("{path} is append-only", "If that may end, run chattr -a {path} on the host"),
    "denied": (
        "the host lets root not write to {path}, by SELinux or another security module",
        "Look for the denial on the host (ausearch -m avc, journalctl -k), and allow it for the become user",
    ),
}


def split_lock(hashed: str) -> tuple[str, str]:
    """Return what locks an account (C(!), C(!!), C(*), C(*LK*)), and the hash behind it: either may be empty."""
    found = re.fullmatch(r"((?:\*LK\*|[!*])*)(.*)", hashed, re.DOTALL)
    return (found[1], found[2]) if found else ("", hashed)


def problem(
    account: AccountFacts, accept: t.Collection[str], ages: t.Collection[str], hash_problem: HashProblem
) -> tuple[str, str] | None:
    """Return what stands against a change of the password, as (what the account is or has, what to do), or None.

    :param account: what C(look) has answered, with the hash in clear
    :param accept: those of C(locked), C(expired) and C(must_change) that may be so
    :param ages: the names of the ages that are to be set
    :param hash_problem: tells why passwords cannot be compared with a hash
    """
    return _of_files(account) or _of_host(account, ages) or _of_line(account, accept, hash_problem)


def _of_files(account: AccountFacts) -> tuple[str, str] | None:
    if not account["local"]:
        if account["directory"]:
            return (
                f"is no local user of the host: it comes from a directory (nsswitch.conf: {account['directory']})",
                "Change the passwords of LDAP, SSSD, NIS or systemd-homed where the directory is kept",
            )
        return "is no local user of the host, nor one of a directory", "Check the user name of the record, and the host"
    if not account["in_shadow"]:
        return "has no line in /etc/shadow", "Only hosts with shadow passwords can be changed (pwconv makes them)"
    if not account["shadowed"]:
        return "has a password in /etc/passwd, which counts instead of the one in /etc/shadow", "Run pwconv on the host"
    return None


def _of_host(account: AccountFacts, ages: t.Collection[str]) -> tuple[str, str] | None:
    if account["chpasswd"] == "missing":
        return "cannot be changed: the host has no chpasswd", "Install the package passwd, shadow or shadow-utils"
    if account["chpasswd"] != "ok":
        return "cannot be changed: chpasswd of the host does not take hashes (-e)", "Install shadow or shadow-utils"
    if account["obstacle"]:
        text, hint = _OBSTACLES[account["obstacle"]["kind"]]
        path = account["obstacle"]["path"]
        return f"cannot be changed: {text.format(path=path)}", hint.format(path=path)
    if not account["chage"] and (ages or account["last_change"] == 0):
        return (
            "has ages that cannot be set: the host has no chage",
            "Install the package passwd, shadow or shadow-utils. Without it, no ages can be set or kept",
        )
    return None


def _of_line(account: AccountFacts, accept: t.Collection[str], hash_problem: HashProblem) -> tuple[str, str] | None:
    locked, bare = split_lock(account["hash"])
    if not bare:
        return "has no password at all", "Give it one first"
    if locked and "locked" not in accept:
        return "is locked", "Unlock it, or set accept to locked: it is changed then and stays locked"
    if (account["expire_day"] or account["today"] + 1) <= account["today"] and "expired" not in accept:
        return "has expired", "Set accept to expired: it is changed then and stays expired"
    if account["last_change"] == 0 and "must_change" not in accept:
        return "must change the password at the next login", "Set accept to must_change: it still must afterwards"
    return hash_problem(bare)
