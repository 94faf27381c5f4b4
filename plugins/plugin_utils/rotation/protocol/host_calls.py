# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask hosts: one by one, several side by side, and by a login."""

from __future__ import annotations

import typing as t

from .effects import CallFailed, Login, Lost, NotDone, Sleep, Status, Steps, Stopped, Together
from .run import RotationRun
from .verdict import LoginResult, Verdict

# Times that a login is tried again for which nobody has judged the secret.
_LOGINS, _LOGIN_PAUSE = 3, 2.0


def ask_host(run: RotationRun, host: str, do: str, **request: t.Any) -> Steps:
    """Ask a host for something, at a time when nothing has been changed, and return its reply. Raises Stopped."""
    try:
        return (yield run.on(host, do, **request))
    except Lost as exc:
        raise Stopped(Status.UNREACHABLE, f"{host} gave no answer: {exc}", "Nothing was changed") from None
    except NotDone as exc:
        raise Stopped(Status.REFUSED, f"{host}: {exc}", "Nothing was changed") from None


def ask_present(run: RotationRun, host: str, do: str, **request: t.Any) -> Steps:
    """Ask one of several hosts, as C(ask_host) does. Return None if it is silent and the run may go on without it."""
    try:
        return (yield from ask_host(run, host, do, **request))
    except Stopped as stop:
        if stop.status != Status.UNREACHABLE or not run.skip_unreachable:
            raise
        run.absent[host] = stop.message
        if not run.present:
            raise Stopped(Status.UNREACHABLE, "no host gives an answer", "Nothing was changed") from None
        return None


def side_by_side(run: RotationRun, what: str, works: t.Mapping[str, Steps]) -> Steps:
    """Do the works of several hosts: what each has returned, or the Stopped or other exception that it has raised."""
    if run.forks > 1:
        return (yield Together(what, works, run.forks))
    results = {}
    for host, work in works.items():
        try:
            results[host] = yield from work
        except Exception as exc:  # noqa: BLE001 (whatever it is: the work of another host goes on)
            results[host] = exc
    return results


def raise_first(results: t.Mapping[str, t.Any]) -> None:
    """Raise what the work of a host has raised; what nobody has foreseen comes first."""
    stops = [result for result in results.values() if isinstance(result, Exception)]
    if stops:
        raise min(stops, key=lambda stop: isinstance(stop, Stopped))


def log_in(host: str, secret: t.Any) -> Steps:
    """Log in until somebody has judged the secret, a few times at most. Return the verdict."""
    for attempt in range(_LOGINS):
        if attempt:
            yield Sleep(_LOGIN_PAUSE, f"{host} cannot be reached for a login")
        try:
            verdict: Verdict = yield Login(host, secret)
        except CallFailed as exc:
            verdict = Verdict(LoginResult.NETWORK, str(exc))
        # A host that does not answer may have counted a password as wrong.
        if verdict.result != LoginResult.NETWORK or (verdict.sent and isinstance(secret, str)):
            break
    return verdict
