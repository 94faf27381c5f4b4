# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring about what a task asks for: match, plan, check, store, result.

The functions C(match) of the client and C(make_plan) say what has to be done. What comes then is here, once for all
modules. In check mode nothing is read that takes custody, and nothing is written: C(do_or_predict) sees to it, and no
other code of the operations looks at check mode.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.credentials import Credentials
from ..client.ssh_keys import SshKeys
from ..errors import NotFound, Refused, SenhaseguraError, UnexpectedResponse
from ..models import CredentialInfo, CredentialWrite, SshKeyWrite, Stored
from ..plan import Plan, make_plan
from ..queries import fits
from .parameters import reference_from
from .results import Params, Result

NOT_LISTED = "is not in the list of the server: it is inactive already, or there is none of this name"
# What can be enabled and disabled.
# pylint takes X | Y for an operation on classes here.
Switchable = t.Union[Credentials, SshKeys]  # noqa: UP007
Write = t.TypeVar("Write", CredentialWrite, SshKeyWrite)
_Done = t.TypeVar("_Done")


def do_or_predict(check_mode: bool, do: t.Callable[[], _Done], predict: t.Callable[[], _Done]) -> _Done:
    """Return what ``do`` returns or, in check mode, what ``predict`` says without it. This is the only guard."""
    return predict() if check_mode else do()


@dataclasses.dataclass(frozen=True)
class TaskOutcome:
    """How a task ends, or would end.

    ``shown`` is what the result shows of the object, and ``more`` what it shows besides. ``warnings`` is None where the
    result has none at any time. ``changed`` is what the server said, or None where the plan decides.
    """

    plan: Plan
    shown: dict[str, t.Any]
    warnings: t.Sequence[str] | None = None
    changed: bool | None = None
    more: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def result(self, noun: str) -> Result:
        """Return the result of the task, which shows the object under the key ``noun``."""
        warnings = {} if self.warnings is None else {"warnings": list(self.warnings)}
        return {**self.plan.result(changed=self.changed), noun: self.shown, **self.more, **warnings}


def apply(
    predicted: TaskOutcome, check: t.Callable[[], None], store: t.Callable[[], TaskOutcome], check_mode: bool
) -> TaskOutcome:
    """Store what the plan of ``predicted`` changes, if it changes anything.

    :param predicted: how the task ends if the server does what is planned
    :param check: raises what the write would raise before it asks the server; called in check mode too
    :param store: makes the write, and returns how it ended
    """
    if not predicted.plan.changed:
        return predicted
    check()
    return do_or_predict(check_mode, store, lambda: predicted)


def at_listed_host(wanted: Write, info: CredentialInfo) -> Write:
    """Return the write with host name and address as listed, where they are only written in another way.

    The server may compare them letter by letter, and would make another one.
    """
    same = fits(info, {"hostname": wanted.hostname, **({"ip": wanted.ip} if wanted.ip else {})})
    return dataclasses.replace(wanted, hostname=info.hostname, ip=info.ip or wanted.ip) if same else wanted


def store_and_compare(
    area: Switchable, wanted: t.Any, info: CredentialInfo | None, plan: Plan, compared: t.Iterable[str]
) -> tuple[Stored, list[str]]:
    """Write, and compare what the server says and lists afterwards with what was meant. Also returns warnings.

    Raises UnexpectedResponse if the write hit an entry of the other kind, or changed what it did not send.

    :param info: what is listed before, or None for something new
    :param compared: the attributes that the list shows and that a write may leave out
    """
    stored = area.store(wanted, info)
    if not stored.id:
        # The response has no id, and the list does not have it under its name.
        name = stored.identifier or f"{wanted.username}@{wanted.hostname}"
        return stored, [f"the server took {area.noun} {name} and neither tells its id nor lists it: see the console"]
    noun, other = (area.noun, "credential") if area.noun == "SSH key" else (area.noun, "SSH key")
    try:
        now = area.listed(stored.id)
    except SenhaseguraError as exc:
        # It is written all the same.
        return stored, [f"{noun} {stored.id} is written, and could not be compared with the list of the server: {exc}"]
    if now is None:
        did = "updated" if stored.updated else "took"
        return stored, [
            f"the server {did} {noun} {stored.id} and does not list it: it is inactive (state=enabled activates it), "
            "or the authorization may not see it"
        ]
    if now.is_key != (noun == "SSH key"):
        raise UnexpectedResponse(
            f"the server wrote the {other} {now.identifier or now.id} instead of the {noun}",
            hint=f"Compare {now.id} in the console with what it should be, and give the {noun} another account",
        ).with_context(subject=f"{noun} {stored.id}")
    written = {name for name, value in plan.after.items() if plan.before.get(name) != value}
    lost = [name for name in compared if info and name not in written and _differ(info, now, name)]
    if lost:
        was = ", ".join(f"{name} {getattr(info, name)} (now {getattr(now, name)})" for name in lost)
        raise UnexpectedResponse(
            f"the server has changed more of {noun} {stored.id} than the task asked for; before, it had {was}",
            hint=f"Set {', '.join(lost)} in the task",
        ).with_context(subject=f"{noun} {stored.id}")
    return stored, []


def _differ(before: CredentialInfo, now: CredentialInfo, name: str) -> bool:
    return getattr(before, name) not in (None, "") and getattr(before, name) != getattr(now, name)


def set_enabled(
    area: Switchable,
    params: Params,
    check_mode: bool,
    shown: t.Callable[[CredentialInfo | None], dict[str, t.Any] | None],
    noun: str,
) -> Result:
    """Bring about the state enabled, disabled or absent.

    :param shown: returns what of a list entry the result shows
    :param noun: the key under which it shows it
    """
    state, ref = params["state"], reference_from(params)
    enabling = state == "enabled"
    area.check("enable" if enabling else "disable")
    info = area.find(ref)
    if info is not None:
        _refuse_contradiction(params, info)
    before = shown(info)
    plan = make_plan(state, before, {})
    predicted = TaskOutcome(plan, {"id": info.id if info else None, **(before or {})}, [])

    def switch() -> TaskOutcome:
        # Also what is listed, or is not: only the server knows for sure what is active.
        try:
            changed = (area.enable if enabling else area.disable)(ref, info)
        except NotFound:
            if enabling:
                raise
            warnings = [f"{noun.replace('ssh_', 'SSH ')} {ref} {NOT_LISTED}"] if state == "disabled" else []
            return dataclasses.replace(predicted, changed=False, warnings=warnings)
        return dataclasses.replace(predicted, changed=changed)

    return do_or_predict(check_mode, switch, lambda: predicted).result(noun)


def _refuse_contradiction(params: Params, info: CredentialInfo) -> None:
    """Refuse to enable or disable what a task names by id or identifier, and describes otherwise than the list."""
    if not (params["id"] or params["identifier"]):
        return
    given = {name: params[name] for name in ("identifier", "username", "hostname", "ip") if params[name]}
    differing = [name for name in given if not fits(info, {name: given[name]})]
    if differing:
        option = "id" if params["id"] else "identifier"
        raise Refused(
            f"the {option} names the entry {info.id} of {info.username}@{info.hostname} ({info.ip or 'no ip'}), which "
            f"the task describes with another {' and '.join(differing)}",
            hint=f"Correct {' and '.join(differing)}, or leave out what {option} makes needless",
        )
