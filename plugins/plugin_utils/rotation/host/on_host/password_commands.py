# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host: look at the password of a local user, and set it by its hash. No password comes here."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import (
    APPEND_ONLY,
    IMMUTABLE,
    HostError,
    Json,
    Machine,
    sync,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.user_state import UserState

# The old line of shadow, from before the hash is set until the run is over.
SAVED = "saved.json"
_DAY = 86400
# shadow(5); the number of the field in the line.
_FIELDS = {"last_change": 2, "min_days": 3, "max_days": 4, "warn_days": 5, "inactive_days": 6, "expire_day": 7}
# Options of chage(1).
_CHAGE = {"min_days": "-m", "max_days": "-M", "warn_days": "-W", "inactive_days": "-I", "expire_day": "-E"}


def look(machine: Machine, user: str, pad: bytes) -> Json:
    """Return what there is to know about the account: its hash, its ages in days, and what would make a change fail.

    The hash is covered with ``pad``, random bytes that are used once: Ansible prints what a command prints, from -vvv
    on, and nothing of what goes in.
    """
    account: Json = {"user": user, "today": int(machine.now() // _DAY)}
    entry = _line(machine, "passwd", user)
    account["local"] = entry is not None
    if entry is None:
        account["directory"] = _directory(machine, user)
    fields = _line(machine, "shadow", user)
    account["in_shadow"] = fields is not None
    if entry is None or fields is None:
        return account
    account.update(
        covered_hash=cover(fields[1].encode("utf-8", "surrogateescape"), pad).hex(),
        shell=entry[6],
        # passwd(5): only this letter sends PAM to shadow.
        shadowed=entry[1] == "x",
        obstacle=_obstacle(machine),
        failures=_failures(machine, user),
        chpasswd=_chpasswd_is(machine),
        chage=machine.command(["chage", "--help"])[0] != 127,
    )
    for name, number in _FIELDS.items():
        account[name] = int(fields[number]) if re.fullmatch("-?[0-9]{1,9}", fields[number]) else None
    return account


def _directory(machine: Machine, user: str) -> str:
    """Return where the host looks for users, if one of these places knows this one; else nothing."""
    if machine.command(["getent", "passwd", user])[0]:
        return ""
    for folder in (machine.etc, machine.usr_etc):
        try:
            with open(os.path.join(folder, "nsswitch.conf"), encoding="utf-8", errors="replace") as file:
                found = re.search(r"^passwd:[ \t]*([^#\n]*)", file.read(), re.MULTILINE)
        except OSError:
            continue
        if found and found[1].strip():
            return found[1].strip()
    return "unknown"


def _chpasswd_is(machine: Machine) -> str:
    """Return how chpasswd is: C(ok), C(missing), or C(plain) if it takes passwords only."""
    code, usage = machine.command(["chpasswd", "--help"])
    if code == 127:
        return "missing"
    return "plain" if usage and not re.search(r"(^|[\s,[|-])-?-?e(ncrypted)?\b", usage) else "ok"


def cover(text: bytes, pad: bytes) -> bytes:
    """Add a one-time pad to a text, or take it away again."""
    if len(text) > len(pad):
        raise HostError("refused", "the hash is too long")
    return bytes(byte ^ pad[at] for at, byte in enumerate(text))


def saved(state: UserState) -> Json | None:
    """Return which run has changed this account and not ended in order: {"run": ..., "record": ...}, or None."""
    found = state.load(SAVED)
    return found and {"run": found["run"], "record": found.get("record", "")}


def set_hash(state: UserState, run: str, record: str, old: str, new: str, timeout: float) -> Json:
    """Replace the hash ``old`` by ``new``, if it is still there and the run still holds the lock."""
    state.require(run)
    _require_own(state, record)
    fields = _line(state.machine, "shadow", state.user)
    if fields is None or fields[1] != old:
        raise HostError("refused", f"the password of {state.user} is not what it was a moment ago")
    # From before the first run that was interrupted: it alone knows that the password had to be changed, say.
    line = (state.load(SAVED) or {"line": fields})["line"]
    state.save(SAVED, {"run": run, "record": record, "line": line, "before": fields, "set": new})
    _chpasswd(state, new, timeout)
    _sync(state.machine)
    return {}


def restore(state: UserState, run: str, old: str, timeout: float) -> Json:
    """Put the hash ``old`` back, which was there before C(set_hash) of this run, and when it had been changed."""
    state.require(run)
    found = state.load(SAVED)
    if found is None or found["run"] != run:
        raise HostError("refused", "nothing was saved by this run")
    fields = _line(state.machine, "shadow", state.user)
    known = [line for line in (found["before"], found["line"]) if line[1] == old]
    if fields is None or not known or fields[1] not in (old, found["before"][1], found["set"]):
        raise HostError("refused", f"the password of {state.user} is neither the old nor the new one")
    _chpasswd(state, old, timeout)
    if known[0][2]:
        _chage(state, ["-d", known[0][2]])
    _sync(state.machine)
    if known[0] == found["line"]:
        state.remove(SAVED)
    return {}


def finish(state: UserState, run: str, record: str, chage: t.Mapping[str, int]) -> Json:
    """Set the ages, and remove the saved line, now that the vault has the password. Return whether ages changed.

    Who had to change the password before still has to, whichever run has saved that.
    """
    state.require(run)
    _require_own(state, record)
    before = _line(state.machine, "shadow", state.user)
    found = state.load(SAVED)
    arguments = [text for name, days in sorted(chage.items()) for text in (_CHAGE[name], str(days))]
    if found is not None and found["line"][2] == "0":
        arguments += ["-d", "0"]
    if arguments:
        _chage(state, arguments)
        _sync(state.machine)
    state.remove(SAVED)
    return {"changed": _line(state.machine, "shadow", state.user) != before}


def _require_own(state: UserState, record: str) -> None:
    found = saved(state)
    if found is not None and found["record"] not in ("", record):
        raise HostError(
            "pending",
            f"run {found['run']} of another record of the vault (id {found['record']}) has not ended in order for "
            f"{state.user}: settle that record first",
        )


def _sync(machine: Machine) -> None:
    """Have on the disk what was changed: programs that write these files leave that to the kernel."""
    try:
        for name in ("shadow", "gshadow", "passwd"):
            path = os.path.join(machine.etc, name)
            if os.path.exists(path):
                sync(path)
        sync(machine.etc)
    except OSError as error:
        raise HostError("io", f"{machine.etc} cannot be written to the disk: {error.strerror}") from None


def _line(machine: Machine, name: str, user: str) -> list[str] | None:
    """Return the fields of a user's line in passwd or shadow, or None. Only files count: no directory service."""
    with open(os.path.join(machine.etc, name), encoding="utf-8", errors="surrogateescape") as file:
        lines = [line.rstrip("\n").split(":") for line in file]
    found = [fields for fields in lines if fields[0] == user and len(fields) >= 7]
    if len(found) > 1:
        raise HostError("refused", f"{user} has several lines in {machine.etc}/{name}")
    return found[0] if found else None


def _obstacle(machine: Machine) -> Json | None:
    """Return what keeps chpasswd from replacing shadow: {"kind": ..., "path": ...}. Nothing is written."""
    shadow = os.path.join(machine.etc, "shadow")
    disk = machine.disk(machine.etc)
    if disk.f_flag & os.ST_RDONLY:
        return {"kind": "read-only", "path": machine.etc}
    # It writes a new file and a backup beside the old one.
    room = 2 * os.stat(shadow).st_size + 16 * disk.f_frsize
    if disk.f_bavail * disk.f_frsize < room or (disk.f_favail <= 4 and disk.f_files):
        return {"kind": "full", "path": machine.etc}
    for path in (shadow, machine.etc):
        flags = machine.flags(path)
        for kind, flag in (("immutable", IMMUTABLE), ("append-only", APPEND_ONLY)):
            if flags & flag:
                return {"kind": kind, "path": path}
        if not machine.may_write(path):
            # Of a single file that is mounted over the one in /etc.
            kind = "read-only" if machine.disk(path).f_flag & os.ST_RDONLY else "denied"
            return {"kind": kind, "path": path}
    return None


def _failures(machine: Machine, user: str) -> int | None:
    """Return how many failed logins faillock counts against the user now, or None where it is not installed."""
    code, output = machine.command(["faillock", "--user", user])
    return sum(line.endswith("V") for line in output.splitlines()) if code == 0 else None


def _chpasswd(state: UserState, password_hash: str, timeout: float) -> None:
    if any(character in password_hash for character in "\n\r\0:"):
        # chpasswd would take what follows for the password of somebody else.
        raise HostError("refused", "this is no password hash")
    line = f"{state.user}:{password_hash}\n"
    code, _output = state.machine.command(["chpasswd", "-e"], line, timeout, keep=state.guard)
    if code:
        # Its output may quote the line.
        raise HostError("failed", f"chpasswd ended with code {code}")


def _chage(state: UserState, arguments: list[str]) -> None:
    code, output = state.machine.command(["chage", *arguments, state.user], keep=state.guard)
    if code:
        raise HostError("failed", f"chage ended with code {code}: {output.strip()[:200]}")
