# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring the objects of an AWX to what they shall be, one after the other. In check mode, only read and predict."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

from ..errors import ConfigError, InvalidRequest, Refused, SenhaseguraError
from ..plan import HIDDEN, Plan, make_plan
from . import workflow_nodes
from .awx_api import AwxApi, Json
from .object_kinds import KINDS, NODES, SURVEY, Kind, ObjectReference

# What AWX shows of a secret that it has, and takes for "as it was".
ENCRYPTED = "$encrypted$"
# In the place of an id, for an object that would be made in check mode.
PLANNED = "(new)"
_NEVER = "never updated"
_NOT_YET = (_NEVER, "new", "pending", "waiting", "running")
_SYNCED = ("successful", "ok")
_PAUSE = 1.0


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One object as it shall be. ``fields`` has names where the API has ids, ``secrets`` what is never shown."""

    kind: str
    name: str
    fields: Json
    secrets: t.Mapping[str, str]

    @property
    def label(self) -> str:
        """Return what texts call it."""
        return f"{self.kind} {self.name}"


@dataclasses.dataclass(frozen=True)
class AppliedObject:
    """What became of one object. ``identifier`` is None if it would be made in check mode."""

    kind: str
    name: str
    identifier: int | None
    plan: Plan


class Reconciler:
    """Apply objects in the order in which they are given: what another one names has to come first, or to be there.

    :param update_secrets: send secrets again that AWX has already; nobody can tell whether they differ
    :param wait: seconds until a project must be there with its playbooks
    """

    def __init__(
        self,
        api: AwxApi,
        check_mode: bool = False,
        *,
        update_secrets: bool = False,
        wait: float = 300.0,
        pause: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._check_mode, self._update_secrets = api, check_mode, update_secrets
        self._wait, self._pause = wait, pause
        # What is known already: (kind, name, ids of its parents) -> id.
        self._known: dict[tuple[str, str, t.Any], int | str] = {}

    def apply(self, wanted: Wanted) -> AppliedObject:
        """Create or change one object, and return what became of it. Raises an error that names it."""
        try:
            return self._apply(wanted, KINDS[wanted.kind])
        except SenhaseguraError as exc:
            raise exc.with_context(subject=wanted.label) from None

    def _apply(self, wanted: Wanted, kind: Kind) -> AppliedObject:
        body, parents = self._resolved(wanted, kind)
        own = {name: body.pop(name) for name in (SURVEY, NODES, *kind.links) if name in body}
        present = None if PLANNED in parents.values() else self._find(kind, wanted.name, parents)
        before, after, sent = self._compared(wanted, kind, body, present)
        identifier: int | str = present["id"] if present else PLANNED
        plan = make_plan("present", before, after)
        if plan.changed and not self._check_mode:
            identifier = self._store(kind, wanted.name, identifier, sent)
        self._known[(wanted.kind, wanted.name, tuple(sorted(parents.items())))] = identifier
        if wanted.kind == "project" and not self._check_mode and body.get("scm_type"):
            self._await_project(int(identifier))
        parts = self._parts(kind, identifier, own)
        return AppliedObject(
            wanted.kind, wanted.name, identifier if isinstance(identifier, int) else None, _merged(plan, parts)
        )

    def _store(self, kind: Kind, name: str, identifier: int | str, body: Json) -> int:
        """Create an object or change it, and return its id."""
        texts = {field: _as_text(value) if field in kind.texts else value for field, value in body.items()}
        if identifier != PLANNED:
            self._api.patch(f"{kind.path}/{identifier}", texts)
            return int(identifier)
        made = self._api.post(kind.path, {"name": name, **texts})
        _require_fields(made, body)
        return int(made["id"])

    def _resolved(self, wanted: Wanted, kind: Kind) -> tuple[Json, dict[str, t.Any]]:
        """Return the fields with ids, and those of its parents by the names of the API."""
        body: Json = {}
        parents: dict[str, t.Any] = {}
        organization = None
        # An organization first: others may be called the same in different ones.
        for name, value in sorted(wanted.fields.items(), key=lambda item: item[0] != "organization"):
            reference = kind.references.get(name)
            if reference is not None and value is not None:
                identifier = self._identifier(reference, value, name, organization)
                organization = identifier if name == "organization" else organization
                body[reference.field or name] = identifier
                if name in kind.parents:
                    parents[reference.field or name] = identifier
            elif name in kind.links:
                linked = ObjectReference(kind.links[name])
                body[name] = [self._identifier(linked, one, name, organization) for one in value]
            elif name == NODES and kind.has_nodes:
                body[name] = [
                    workflow_nodes.resolved(
                        node, lambda reference, value: self._identifier(reference, value, NODES, None)
                    )
                    for node in value
                ]
            else:
                body[name] = value
        return body, parents

    def _identifier(self, reference: ObjectReference, value: t.Any, field: str, organization: t.Any) -> int | str:
        """Return the id of an object that a field names, by its id or name. Raises InvalidRequest."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        known = [
            found for (kind, name, _parents), found in self._known.items() if (kind, name) == (reference.kind, value)
        ]
        if len(known) == 1:
            return known[0]
        kind = KINDS[reference.kind]
        found = self._api.list(kind.path, name=value)
        # Those of a type or organization of its own, when there are several.
        if len(found) > 1 and organization is not None:
            found = [one for one in found if one.get("organization") == organization]
        if len(found) == 1:
            return int(found[0]["id"])
        problem = f"{len(found)} objects of the kind {reference.kind} are" if found else f"no {reference.kind} is"
        raise InvalidRequest(
            f"{problem} called {value}, which {field} names",
            hint="Give its id" if found else "List it before what names it, or correct the name",
        ).with_context(option=f"objects.fields.{field}")

    def _find(self, kind: Kind, name: str, parents: t.Mapping[str, t.Any]) -> Json | None:
        found = self._api.list(kind.path, name=name, **parents)
        if len(found) > 1:
            raise InvalidRequest(
                f"AWX has {len(found)} objects with this name", hint="Rename one of them, or give its organization"
            )
        return found[0] if found else None

    def _compared(self, wanted: Wanted, kind: Kind, body: Json, present: Json | None) -> tuple[Json | None, Json, Json]:
        """Return the fields as they are, as they shall be, and as they are sent. Only the last have secrets in them."""
        place, secrets = kind.secrets_in, {name: str(value) for name, value in wanted.secrets.items() if value}
        if secrets and not place:
            raise ConfigError(
                f"objects of the kind {wanted.kind} have no secrets",
                hint="Secrets are for credentials and notification templates",
            ).with_context(option="objects.secrets")
        if present is not None:
            _require_fields(present, body)
        before = {name: _as_wanted(name, value, kind) for name, value in (present or {}).items() if name in body}
        after, sent = dict(body), dict(body)
        if place in body or secrets:
            had, plain = dict((present or {}).get(place) or {}), dict(body.get(place) or {})
            # A field that AWX does not count as secret is shown there.
            new = [
                name
                for name, value in secrets.items()
                if self._update_secrets or had.get(name) not in (ENCRYPTED, value)
            ]
            before[place] = {
                name: ENCRYPTED if name in secrets else had[name] for name in {**plain, **secrets} if name in had
            }
            after[place] = {**plain, **{name: HIDDEN if name in new else ENCRYPTED for name in secrets}}
            # What is not named stays. AWX replaces the whole map, and keeps a secret that it gets as it shows it.
            kept = {name: ENCRYPTED for name in secrets if had.get(name) == ENCRYPTED}
            sent[place] = {**had, **plain, **secrets, **{name: kept[name] for name in kept if name not in new}}
        return (None if present is None else _without_null(before)), _without_null(after), sent

    def _await_project(self, identifier: int) -> None:
        """Wait until AWX has the playbooks of a project: before, it refuses job templates with them. Raises Refused."""
        end = time.monotonic() + self._wait
        while (status := self._api.get(f"projects/{identifier}").get("status")) in _NOT_YET:
            if status == _NEVER:
                self._api.post(f"projects/{identifier}/update", {})
            if time.monotonic() > end:
                raise Refused("the project has not been fetched in time", hint="Raise wait_timeout, or look at its job")
            self._pause(_PAUSE)
        if status not in _SYNCED:
            raise Refused(
                f"the project could not be fetched, its status is {status}",
                hint="Correct scm_url, scm_branch or its credential, update the project in AWX, and run this again",
            )

    def _parts(self, kind: Kind, identifier: int | str, own: Json) -> list[Plan]:
        """Bring what has endpoints of its own to what it shall be: linked objects, survey, nodes."""
        base = f"{kind.path}/{identifier}"
        new = identifier == PLANNED
        plans: list[Plan] = []
        for name in kind.links:
            if name in own:
                there = [] if new else [int(one["id"]) for one in self._api.list(f"{base}/{name}")]
                plans.append(_list_plan(name, there, own[name]))
                if not self._check_mode:
                    self._link(f"{base}/{name}", there, own[name])
        if own.get(SURVEY):
            spec = {} if new else self._api.get(f"{base}/{SURVEY}")
            same = _contains(spec, own[SURVEY])
            plans.append(make_plan("present", {SURVEY: own[SURVEY] if same else spec}, {SURVEY: own[SURVEY]}))
            if not same and not self._check_mode:
                self._api.post(f"{base}/{SURVEY}", own[SURVEY])
        if NODES in own:
            plans.append(
                workflow_nodes.apply(self._api, None if new else int(identifier), own[NODES], self._check_mode)
            )
        return plans

    def _link(self, path: str, there: list[int], wanted: list[int]) -> None:
        for one in wanted:
            if one not in there:
                self._api.post(path, {"id": one})
        for one in there:
            if one not in wanted:
                self._api.post(path, {"id": one, "disassociate": True})


def _as_text(value: t.Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value else ""


def _as_wanted(name: str, value: t.Any, kind: Kind) -> t.Any:
    """Return a field of the API as users write it: maps, where AWX has JSON in a text."""
    if name in kind.texts and isinstance(value, str):
        try:
            return json.loads(value) if value else {}
        except ValueError:
            # YAML, by somebody else.
            return value
    return value


def _require_fields(there: Json, wanted: Json) -> None:
    """Raise InvalidRequest for a field that AWX ignores: nobody would hear of it, and each run would set it again."""
    unknown = sorted(name for name in wanted if name not in there)
    if unknown:
        raise InvalidRequest(
            f"AWX has no field {', '.join(unknown)} here", hint="Correct its name; the API shows which fields there are"
        ).with_context(option="objects.fields")


def _without_null(fields: Json) -> Json:
    """Return fields for a plan, which leaves out None: AWX has it for what is empty."""
    return {name: "" if value is None else value for name, value in fields.items()}


def _list_plan(name: str, there: list[int], wanted: list[t.Any]) -> Plan:
    return make_plan("present", {name: sorted(there, key=str)}, {name: sorted(wanted, key=str)})


def _contains(there: t.Any, wanted: t.Any) -> bool:
    """Return whether a document has all of another one. AWX adds keys to questions."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_contains(there.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(map(_contains, there, wanted))
    return bool(there == wanted)


def _merged(plan: Plan, parts: list[Plan]) -> Plan:
    """Return one plan of an object and its parts."""
    if not any(part.changed for part in parts):
        return plan
    before, after = dict(plan.before), dict(plan.after)
    for part in parts:
        before.update(part.before)
        after.update(part.after)
    return Plan("update" if plan.action == "none" else plan.action, before, after)
