# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of on_host/, carried out on a managed host."""

from __future__ import annotations

import os
import re
import secrets
import typing as t

from ...host.host_program import Execute, HostLost, HostProgram, HostRefused, run_program
from ..protocol.effects import Lost, NotDone
from .on_host.machine import HostError
from .on_host.password_commands import cover

# Bytes; crypt(3) returns 384 at most.
_LONGEST_HASH = 512
# Seconds that an answer may name.
_MOST_SECONDS = 86400.0
_TOKEN = re.compile(r"[0-9a-f]{12}")
ROTATION = HostProgram(
    f"{__name__.rpartition('.')[0]}.on_host",
    os.path.join(os.path.dirname(__file__), "on_host"),
    (
        "machine",
        "user_state",
        "password_commands",
        "key_lines",
        "sshd_settings",
        "safe_file",
        "authorized_keys",
        "ssh_key_commands",
        "commands",
    ),
)


def new_pad() -> str:
    """Return what C(look) covers the hash with; for one call only."""
    return secrets.token_hex(_LONGEST_HASH)


def uncovered(answer: dict[str, t.Any], pad: str) -> dict[str, t.Any]:
    """Return the answer of C(look) with C(hash) in clear."""
    account = answer["account"]
    if "covered_hash" not in account:
        return answer
    rest = {name: value for name, value in account.items() if name != "covered_hash"}
    try:
        plain = cover(bytes.fromhex(account["covered_hash"]), bytes.fromhex(pad)).decode()
    except (HostError, TypeError, ValueError):
        raise Lost("its answer is garbled: the hash cannot be read") from None
    return {**answer, "account": {**rest, "hash": plain}}


def perform(
    execute: Execute, interpreter: str | None, request: t.Mapping[str, t.Any], seconds: float
) -> dict[str, t.Any]:
    """Carry out a command on a host and return its answer. Raises NotDone or Lost, and AnsibleAuthenticationFailure.

    The parameters are those of run_program().
    """
    try:
        return _checked(run_program(execute, interpreter, request, seconds, ROTATION))
    except HostRefused as exc:
        raise NotDone(str(exc)) from None
    except HostLost as exc:
        raise Lost(str(exc)) from None


def _checked(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return an answer whose parts on which a run depends are of the right kind: a host may be hostile."""
    machine = answer.get("machine")
    lock = answer.get("lock") or {}
    if not isinstance(lock, dict):
        raise Lost("its answer is garbled")
    seconds = [answer.get("remaining", 0), answer.get("quiet_in", 0), lock.get("remaining", 0)]
    # The token becomes part of the names of records.
    if machine is not None and not (isinstance(machine, str) and _TOKEN.fullmatch(machine)):
        raise Lost("its answer is garbled: the machine has no name")
    if not all(isinstance(value, (int, float)) and 0 <= value <= 2 * _MOST_SECONDS for value in seconds):
        raise Lost("its answer is garbled: it names times that no lock has")
    return answer
