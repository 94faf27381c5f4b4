# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation that the server carries out: triggered, waited for, and proven on the host."""

from __future__ import annotations

import datetime
import functools
import time
import typing as t

from ....module_utils.client.credentials import Credentials
from ....module_utils.client.ssh_keys import SshKeys
from ....module_utils.errors import ChangeNotSeen
from ....module_utils.keypair import checked_pair
from ....module_utils.models import CredentialInfo, SshKey, SshKeyPair
from ....module_utils.references import Reference
from ..login.probe import LOGIN_TIMEOUT
from ..protocol import host_calls
from ..protocol.effects import Outcome, Sleep, Status, Stopped
from ..protocol.verdict import LoginResult, Verdict

PasswordLogIn = t.Callable[[str], Verdict]
# The server takes the old key away a moment after it says that it has the new one.
_REMOVAL = 20.0
# What to do when no login can prove the new secret.
_HINTS = {"password": "Fix the way to the host, or set verify to hash_only", "key": "Fix the way to the host"}
KeyLogIn = t.Callable[[SshKeyPair, float], Verdict]


def rotate_password(
    credentials: Credentials,
    info: CredentialInfo,
    log_in: PasswordLogIn | None,
    *,
    recover_only: bool,
    max_age_days: float | None,
    pace: t.Mapping[str, float],
    check_mode: bool,
    report_progress: t.Callable[[str], None],
    sleep: t.Callable[[float], None] = time.sleep,
) -> Outcome:
    """Have the server change the password, wait for it, and prove it by a login. Raises Stopped or SenhaseguraError.

    :param log_in: tries to log in with a password once, or None to believe the list of the server
    """
    ref, name = Reference(info.id, "id"), info.identifier or info.id
    before = credentials.rotatable(ref)
    if nothing_to_do := _without_a_change(before, "password", recover_only, max_age_days, check_mode):
        return nothing_to_do
    # Where the list tells no time of change, only the password itself shows one.
    tells = before.changed_at is not None
    old = None if tells else _read(credentials, ref)
    report_progress(f"the server changes {name}: waiting up to {pace['wait']:.0f} seconds")
    after = credentials.rotate(ref, **pace, before=before)
    if not pace["wait"]:
        return _not_waited_for("password")
    new = (
        None if tells and log_in is None else _until_new(lambda: _read(credentials, ref), old, "password", pace, sleep)
    )
    if log_in is not None and new is not None:
        verdict = _tries(functools.partial(log_in, new), sleep)
        _judge(name, "the host", verdict, "password")
    return Outcome(
        Status.CHANGED,
        "the server has changed the password",
        details={"change": after.changed_at},
        works=name,
        proved="login" if log_in is not None else "",
    )


def rotate_key(
    keys: SshKeys,
    info: CredentialInfo,
    hosts: t.Mapping[str, KeyLogIn],
    *,
    recover_only: bool,
    max_age_days: float | None,
    pace: t.Mapping[str, float],
    check_mode: bool,
    report_progress: t.Callable[[str], None],
    known: frozenset[str] = frozenset(),
    sleep: t.Callable[[float], None] = time.sleep,
) -> Outcome:
    """Have the server change the key, wait for it, and prove on each host that it accepts the new one alone.

    Raises Stopped or SenhaseguraError.

    :param hosts: for each, what tries to log in there once, with a key and within so many seconds
    :param known: the names and addresses of these hosts: the vault may know the key on other devices as well
    """
    ref = Reference(info.id, "id")
    before = keys.rotatable(ref, by_server=True)
    if nothing_to_do := _without_a_change(before, "key", recover_only, max_age_days, check_mode):
        return nothing_to_do
    before_key = keys.read(ref, fresh=True)
    old = _pair(before_key)
    left = sorted({*before_key.devices} - known)
    name = info.identifier or info.id
    report_progress(f"the server changes {name}: waiting up to {pace['wait']:.0f} seconds")
    keys.rotate_by_server(ref, **pace)
    if not pace["wait"]:
        return _not_waited_for("key")
    new = _until_new(lambda: _read_key(keys, ref), old, "key", pace, sleep)
    for host, log_in in hosts.items():
        report_progress(f"the server has changed {name}: logging in to {host}")
        _judge(name, host, _tries(functools.partial(log_in, new, LOGIN_TIMEOUT), sleep), "key")
        _prove_refused(name, host, old, log_in, sleep)
    details = {"fingerprint": new.fingerprint, "previous_fingerprint": old.fingerprint, "not_proved": left}
    warnings = (f"{', '.join(left)} have the key as well by the vault: no login there has proved it",) if left else ()
    return Outcome(
        Status.CHANGED,
        "the server has changed the key, and the hosts accept no other",
        warnings,
        details,
        works=name,
        proved="login",
    )


def _without_a_change(
    info: CredentialInfo, what: str, recover_only: bool, max_age_days: float | None, check_mode: bool
) -> Outcome | None:
    """Return how a task ends that does not ask the server for a change, or None if it does."""
    if recover_only:
        return Outcome(Status.UNCHANGED, "the server settles by itself what it has begun")
    if _is_young(info, max_age_days):
        return Outcome(Status.UNCHANGED, f"the {what} is younger than max_age_days")
    if check_mode:
        return Outcome(Status.CHANGED, f"the server would change the {what}")
    return None


def _not_waited_for(what: str) -> Outcome:
    return Outcome(Status.CHANGED, f"the server was asked to change the {what}; nobody has waited for it")


def _read_key(keys: SshKeys, ref: Reference) -> SshKeyPair:
    return _pair(keys.read(ref, fresh=True))


def _pair(key: SshKey) -> SshKeyPair:
    return checked_pair(key.private_key, key.public_key, key.passphrase)


def _prove_refused(name: str, host: str, old: SshKeyPair, log_in: KeyLogIn, sleep: t.Callable[[float], None]) -> None:
    if not old.usable:
        return
    end = time.monotonic() + _REMOVAL
    while log_in(old, LOGIN_TIMEOUT).authenticated:
        if time.monotonic() >= end:
            raise Stopped(
                Status.DRIFT,
                f"the server says that it has changed {name}, but {host} still accepts the old key",
                "Look at Executions in the console, and take the old key away there",
            )
        sleep(1.0)


def _is_young(info: CredentialInfo, max_age_days: float | None) -> bool:
    """Return whether an entry was changed in the last days. The time zone is not told, but a day does not matter."""
    if max_age_days is None or not info.changed_at:
        return False
    try:
        changed = datetime.datetime.strptime(info.changed_at, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return False
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    return now - changed < datetime.timedelta(days=max_age_days)


def _read(credentials: Credentials, ref: Reference) -> str:
    return credentials.read(ref, fresh=True).password


_Secret = t.TypeVar("_Secret")


def _until_new(
    read: t.Callable[[], _Secret],
    old: _Secret | None,
    what: str,
    pace: t.Mapping[str, float],
    sleep: t.Callable[[float], None],
) -> _Secret:
    """Return the secret after the change. Raises ChangeNotSeen if it stays the old one."""
    end = time.monotonic() + pace["wait"]
    while True:
        new = read()
        if new != old:
            return new
        if time.monotonic() >= end:
            raise ChangeNotSeen(
                f"the server still gives the old {what} after {pace['wait']:.0f} seconds",
                hint="Look at Executions in the console; raise wait_timeout if the server is only slow",
            )
        sleep(pace["poll"])


def _tries(log_in: t.Callable[[], Verdict], sleep: t.Callable[[float], None]) -> Verdict:
    """Log in until somebody has judged the secret, with as many tries as a rotation by Ansible makes."""
    work, verdict = host_calls.log_in("the host", None), None
    while True:
        try:
            call = work.send(verdict)
        except StopIteration as end:
            return t.cast(Verdict, end.value)
        if isinstance(call, Sleep):
            sleep(call.seconds)
        else:
            verdict = log_in()


def _judge(name: str, host: str, verdict: Verdict, what: str) -> None:
    """Raise Stopped unless the login has proven the new secret: a key by authentication, a password by a command."""
    if verdict.ok or (what == "key" and verdict.authenticated):
        return
    if verdict.result in (LoginResult.WRONG, LoginResult.MUST_CHANGE, LoginResult.EXPIRED):
        raise Stopped(
            Status.DRIFT,
            f"the server says that it has changed {name}, but {host} does not take the new {what}: "
            f"{verdict.explanation}",
            "Look at Executions in the console, and at the template that changes it",
        )
    stop = Stopped(
        Status.IN_DOUBT,
        f"the server says that it has changed {name}, but no login to {host} could prove it: {verdict.explanation}",
        _HINTS[what],
    )
    stop.works = name
    raise stop
