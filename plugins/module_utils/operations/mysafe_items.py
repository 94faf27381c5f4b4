# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules for the three kinds of items in MySafe, and their lookup, have in common."""

from __future__ import annotations

import dataclasses
import typing as t

from ..ciphertext import judge
from ..client.connect import Client
from ..client.mysafe import MySafeItems
from ..errors import ConfigError, Denied, NotFound, SenhaseguraError, UnexpectedResponse
from ..models import hidden_fields
from ..mysafe_models import (
    MySafeApiSecret,
    MySafeApiSecretWrite,
    MySafeItem,
    MySafeNote,
    MySafeNoteWrite,
    MySafePassword,
    MySafePasswordWrite,
    MySafeShare,
    secret_fields,
    shown_shares,
)
from ..plan import Plan, make_plan
from ..references import Reference
from ..settings.options import mysafe_argument_spec
from ..specs import STATES, UPDATE
from .apply import NOT_LISTED, TaskOutcome, apply
from .lookup_options import MYSAFE_KINDS
from .parameters import joinable, numeric_id, passed
from .results import NO_LOG, Params, Result, unread

_SHARED = ("users", "groups")


@dataclasses.dataclass(frozen=True)
class MySafeKind:
    """One kind of items.

    :ivar name: the module, and the key of its result
    :ivar area: the area of the client
    :ivar names: the options by which a task names an item that has no id, those that it gives
    :ivar required: what the server wants when an item is made
    :ivar main: the secret that the lookup returns if it is asked for no other field
    """

    name: str
    area: t.Literal["passwords", "notes", "api_secrets"]
    model: type[MySafeItem]
    write: type[t.Any]
    names: tuple[str, ...]
    required: tuple[str, ...]
    main: str

    @property
    def noun(self) -> str:
        """Return what errors call an item."""
        return {"passwords": "MySafe password", "notes": "MySafe note", "api_secrets": "MySafe API secret"}[self.area]

    @property
    def secrets(self) -> list[str]:
        """Return the names of the options that are secret."""
        return secret_fields(self.write)

    @property
    def visible(self) -> list[str]:
        """Return the names of the options that results show."""
        return [field.name for field in dataclasses.fields(self.write) if field.repr]

    def items(self, client: Client) -> MySafeItems[t.Any]:
        """Return the area of the client."""
        area: MySafeItems[t.Any] = getattr(client.mysafe, self.area)
        return area


PASSWORD = MySafeKind(
    "mysafe_password",
    "passwords",
    MySafePassword,
    MySafePasswordWrite,
    ("name", "username", "target_url"),
    ("name", "username", "password"),
    "password",
)
NOTE = MySafeKind("mysafe_note", "notes", MySafeNote, MySafeNoteWrite, ("name",), ("name", "note"), "note")
API_SECRET = MySafeKind(
    "mysafe_api_secret",
    "api_secrets",
    MySafeApiSecret,
    MySafeApiSecretWrite,
    ("identifier", "name"),
    ("name", "target_url", "api_client_id"),
    "api_client_secret",
)
# By the option C(kind) of the lookup.
KINDS: t.Mapping[str, MySafeKind] = dict(zip(MYSAFE_KINDS, (PASSWORD, NOTE, API_SECRET), strict=True))


def item_spec(kind: MySafeKind) -> dict[str, t.Any]:
    """Return the argument spec of the module for a kind of items."""
    texts = [name for name in kind.visible if name not in ("tags", *_SHARED)]
    return {
        **mysafe_argument_spec(),
        "state": STATES,
        "id": {"type": "str"},
        **{name: {"type": "str"} for name in texts},
        **{name: {"type": "str", "no_log": True} for name in kind.secrets},
        "tags": {"type": "list", "elements": "str"},
        **{name: _share_spec(key) for name, key in (("users", "username"), ("groups", "name"))},
        "update_attributes": UPDATE,
    }


def _share_spec(key: str) -> dict[str, t.Any]:
    options = {key: {"type": "str", "required": True}, "can_edit": {"type": "bool", "default": False}}
    return {"type": "list", "elements": "dict", "options": options}


def info_spec(kind: MySafeKind) -> dict[str, t.Any]:
    """Return the argument spec of the module that lists a kind of items."""
    return {
        **mysafe_argument_spec(),
        **{name: {"type": "str"} for name in ("id", *kind.names)},
        # The list of API secrets does not show them.
        **({} if kind is API_SECRET else {"tags": {"type": "list", "elements": "str"}}),
        "details": {"type": "bool", "default": False},
        "include_secrets": {"type": "bool", "default": False, "no_log": False},
    }


def list_items(kind: MySafeKind, client: Client, params: Params) -> Result:
    """Return the items that fit, with what only a read tells if the task asks for that."""
    numeric_id(params["id"])
    area = kind.items(client)
    found = list(area.matching(passed(params, ("id", *kind.names, *(("tags",) if "tags" in params else ())))))
    secret, warnings = params["include_secrets"], []
    if not (params["details"] or secret):
        return {"changed": False, f"{kind.name}s": [item.public() for item in found]}
    shown = []
    for entry in found:
        noun = f"{kind.noun} {entry.name} (id {entry.id})"
        try:
            item = area.read(entry)
        except Denied as exc:
            item = entry
            warnings.append(f"{noun} cannot be read, and what the list does not show of it is null: {exc}")
        if secret:
            warnings += [
                *unread(item.unreadable, noun),
                *judge(hidden_fields(item).items(), noun, params["on_ciphertext"]),
            ]
        shown.append(item.values() if secret else item.public())
    return {"changed": False, f"{kind.name}s": shown, "warnings": warnings, **(NO_LOG if secret else {})}


def named_item(kind: MySafeKind, client: Client, ref: Reference, options: Params) -> t.Any:
    """Return what a term of the lookup names, with its secrets. Raises NotFound.

    A code lasts for half a minute, so it is never taken from what has been read before.
    """
    area = kind.items(client)
    fresh = options["field"] == "totp"
    if ref.is_id:
        # Found without the list.
        return area.read(kind.model(ref.text), fresh=fresh)
    more = passed(options, kind.names[1:]) if kind is PASSWORD else {}
    # Only what is safe in a URL can be looked for as an identifier.
    by_identifier = kind is API_SECRET and Reference(ref.text).path_safe
    entry = area.find({"identifier": ref.text}) if by_identifier else None
    entry = entry or area.find({"name": ref.text, **more})
    if entry is None:
        raise area.not_found(str(ref))
    return area.read(entry, fresh=fresh)


def run_item(kind: MySafeKind, client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state that a task wants of an item, and return its result."""
    area = kind.items(client)
    entry = _find(kind, area, params)
    if entry is not None and entry.can_write is False:
        raise Denied(
            f"{kind.noun} {entry.name} (id {entry.id}) is shared with the owner of the access key for reading only",
            hint="Ask its owner to share it with can_edit=true",
        )
    if params["state"] == "present":
        return _present(kind, area, entry, params, check_mode)
    return _switch(kind, area, entry, params, check_mode)


def _find(kind: MySafeKind, area: MySafeItems[t.Any], params: Params) -> t.Any:
    """Return the item that a task means as the list shows it, or one with nothing but its id, or None."""
    id_ = numeric_id(params["id"])
    if id_ is not None:
        found = area.find({"id": id_})
        if found is None and params["state"] == "present":
            raise area.not_found(id_)
        return found or kind.model(id_)
    wanted = passed(params, kind.names)
    if "identifier" in wanted:
        # It is unique, and a name is not.
        wanted = {"identifier": wanted["identifier"]}
    return area.find(wanted)


def _present(kind: MySafeKind, area: MySafeItems[t.Any], entry: t.Any, params: Params, check_mode: bool) -> Result:
    wanted = _desired(kind, params)
    given = [name for name in (*kind.visible, *kind.secrets) if getattr(wanted, name) is not None]
    known, unknown = _compared(area, entry, given)
    warnings: list[str] = []
    if entry is None:
        _require_all(kind, wanted)
    elif unknown and params["update_attributes"] == "on_create":
        warnings = [
            f"{', '.join(unknown)} of {kind.noun} {entry.name or entry.id} cannot be read with this access key, and "
            "so not be compared: they stay as they are. Set update_attributes=always to write them at every run"
        ]
        given = [name for name in given if name not in unknown]
    # What no list and no read shows of an item, and what is never shown in a result.
    hidden = [
        name
        for name in given
        if name in unknown
        or (name in kind.secrets and (known is None or _normal(known, name) != _normal(wanted, name)))
    ]
    before = None if known is None else {name: _shown(known, name) for name in kind.visible}
    desired = {name: _shown(wanted, name) for name in given if name in kind.visible and name not in unknown}
    plan = make_plan("present", before, desired, hidden=hidden)
    written = [name for name in given if name in hidden or plan.before.get(name) != plan.after.get(name)]
    sent = kind.write(**{name: getattr(wanted, name) for name in written})
    shown = {name: _shown(wanted, name) if name in hidden else plan.after.get(name) for name in kind.visible}
    predicted = TaskOutcome(plan, {"id": entry.id if entry else None, **shown}, warnings)

    def store() -> TaskOutcome:
        stored = area.store(sent, entry)
        name = f"{kind.noun} {wanted.name or entry.name}"
        told = [*warnings, *_unshared(name, stored.unshared)]
        if known is not entry:
            told += _not_kept(kind, area, known, written)
        id_ = stored.id or predicted.shown["id"]
        return dataclasses.replace(predicted, shown={**predicted.shown, "id": id_}, warnings=told)

    return apply(predicted, lambda: area.check(plan.action, sent), store, check_mode).result(kind.name)


def _compared(area: MySafeItems[t.Any], entry: t.Any, given: t.Sequence[str]) -> tuple[t.Any, list[str]]:
    """Return an item with all that is needed to compare the ``given`` attributes, and which of them nobody can compare.

    It is read only if the list does not show them all: a read is noted in the history of the item.
    """
    if entry is None or all(getattr(entry, name) is not None for name in given):
        return entry, []
    try:
        known = area.read(entry, fresh=True)
    except Denied:
        return entry, [name for name in given if getattr(entry, name) is None]
    # A secret that a read shows as none is none.
    untold = [name for name in _SHARED if getattr(known, name) is None]
    return known, [name for name in given if name in known.unreadable or name in untold]


def _unshared(item: str, names: t.Sequence[str]) -> list[str]:
    """Return the warning about those with whom the server did not share an item, if there are any."""
    why = "it does not know them, or they may not use MySafe. Correct the names"
    return [f"the server did not share {item} with {', '.join(names)}: {why}"] if names else []


def _not_kept(kind: MySafeKind, area: MySafeItems[t.Any], known: t.Any, written: t.Sequence[str]) -> list[str]:
    """Look at an item after an update. Raises UnexpectedResponse if it lost what was not sent.

    That an update keeps it is documented for notes and API secrets only (facts-platform.md 2).
    """
    try:
        now = area.read(known, fresh=True)
    except SenhaseguraError as exc:
        return [f"{kind.noun} {known.name} is written, and could not be looked at afterwards: {exc}"]
    others = (name for name in (*kind.visible, *kind.secrets) if name not in written)
    lost = [name for name in others if name not in known.unreadable and _normal(known, name) != _normal(now, name)]
    if lost:
        raise UnexpectedResponse(
            f"the server did not keep {', '.join(lost)} of {kind.noun} {known.name} at an update that did not send it",
            hint=f"Give {', '.join(lost)} in the task, whenever another option changes",
        ).with_context(subject=f"{kind.noun} {known.name}")
    return []


def _normal(item: t.Any, name: str) -> t.Any:
    """Return a value as it is compared: nothing is the same as an empty text, and line ends are all the same."""
    value = getattr(item, name)
    if name in _SHARED or name == "tags":
        return _shown(item, name)
    text = (value or "").replace("\r\n", "\n")
    return text.replace(" ", "").rstrip("=").upper() if name == "totp_seed" else text


def _shown(item: t.Any, name: str) -> t.Any:
    """Return a value as results show it. The order of tags, users and groups has no meaning."""
    value = getattr(item, name)
    if value is None:
        return None
    if name in _SHARED:
        return shown_shares(value, name)
    return sorted(value) if isinstance(value, tuple) else value


def _desired(kind: MySafeKind, params: Params) -> t.Any:
    given: dict[str, t.Any] = {name: params[name] for name in (*kind.visible, *kind.secrets)}
    given["tags"] = joinable(params["tags"], "tags")
    for name, key in (("users", "username"), ("groups", "name")):
        if given[name] is not None:
            shares = {share[key]: bool(share["can_edit"]) for share in given[name]}
            if len(shares) < len(given[name]):
                raise ConfigError(f"{name} must name each only once", hint="Remove the other one").with_context(
                    option=name
                )
            given[name] = tuple(MySafeShare(*share) for share in shares.items())
    return kind.write(**given)


def _require_all(kind: MySafeKind, wanted: t.Any) -> None:
    missing = [name for name in kind.required if not getattr(wanted, name)]
    if missing:
        raise ConfigError(
            f"a new {kind.noun} needs {', '.join(missing)}",
            hint=f"Set {' and '.join(missing)}, or check the name: no such item is listed",
        ).with_context(option=missing[0])


def _switch(kind: MySafeKind, area: MySafeItems[t.Any], entry: t.Any, params: Params, check_mode: bool) -> Result:
    """Enable or disable an item. What tells whether it is active is a read, and nothing else."""
    state = params["state"]
    enabling = state == "enabled"
    action: t.Literal["enable", "disable"] = "enable" if enabling else "disable"
    area.check(action)
    name = (entry.name or entry.id) if entry else params.get("identifier") or params["name"]
    active: bool | None = False
    try:
        if entry is None:
            raise area.not_found(name)
        active = area.is_active(entry)
    except NotFound:
        if enabling:
            raise
        gone = TaskOutcome(Plan("none", {}, {}), {"id": params["id"], "name": params["name"]})
        told = [f"{kind.noun} {name} {NOT_LISTED}"] if state == "disabled" else []
        return dataclasses.replace(gone, warnings=told).result(kind.name)
    known = {name: value for name in kind.visible if (value := _shown(entry, name)) not in (None, "")}
    before, after = {**known, "active": not enabling}, {**known, "active": enabling}
    nothing = active is enabling
    plan = Plan("none" if nothing else action, after if nothing else before, after)
    predicted = TaskOutcome(plan, {"id": entry.id, "name": params["name"], **known}, [])

    def switch() -> TaskOutcome:
        already = area.switch(entry, action)
        # Where nobody may read it, the words of the server have to do.
        return dataclasses.replace(predicted, changed=not (already and active is None))

    return apply(predicted, lambda: area.check(action), switch, check_mode).result(kind.name)
