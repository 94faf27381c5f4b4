# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand in for the API of a server, for tests of what is above it: no transport, no login, no cache."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.api import Api
from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    DSM_ONLY,
    LIST_CREDENTIALS,
    LIST_DEVICES,
    LIST_SCIM_USERS,
    LIST_SECRETS,
    LIST_SSH_KEYS,
    MYSAFE,
    READ_APPLICATION,
    READ_CREDENTIAL,
    READ_DEVICE,
    READ_SCIM_USER,
    READ_SECRET,
    READ_SESSION,
    READ_SSH_KEY,
    Area,
    Operation,
    Verb,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import AlreadyDone, Context, Denied, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.information_models import ProtectedInformation
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    Credential,
    CredentialInfo,
    Entries,
    SshKey,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.mysafe_models import (
    LISTED_ONLY,
    MySafeItem,
    secret_fields,
)
from ansible_collections.community.senhasegura.plugins.module_utils.session_models import WebSession
from ansible_collections.community.senhasegura.plugins.module_utils.user_models import ScimPage, ScimUser

# What is no call that a test counts: it changes nothing and tells no secret, or only one of DSM.
_LOOKS = (READ_SECRET, READ_APPLICATION, READ_DEVICE, READ_SCIM_USER, READ_SESSION)


class FakeApi(Api):
    """Answer from the entries and secrets that a test puts in, and apply what is written. What is created has id 77.

    :ivar devices: the devices with all their attributes; the list shows fewer
    :ivar items: the items of MySafe with all their attributes; the list shows fewer
    :ivar inactive: the ids of those that are inactive
    :ivar users: the users of SCIM, of which the list shows C(page) at a time
    :ivar wrong_ids: the id of a user -> the one under which the list shows it
    :ivar own: the application of the client
    :ivar listed: what all other lists have: automations, encryption keys, related users,
        sessions, or what there is of protected information
    :ivar answers: operation -> what it returns, or the error that it raises. Lists and reads of secrets are not asked.
    :ivar error: what every call raises
    :ivar denied: the ids of what may not be read
    :ivar operations: the names of all calls
    :ivar calls: operation, name in the path and model of those calls that are more than a look at a list or a secret
    :ivar fresh: the operations that shall not be answered from a cache
    """

    server = "https://pam:443"

    def __init__(
        self, dialect: str = "api", entries: t.Iterable[CredentialInfo] = (), secrets: t.Iterable[DsmSecret] = ()
    ) -> None:
        self._dialect = DIALECTS[dialect]
        self.entries, self.secrets = list(entries), list(secrets)
        self.devices: list[Device] = []
        self.items: list[MySafeItem] = []
        self.inactive: set[str] = set()
        self.users: list[ScimUser] = []
        self.page = 2
        self.wrong_ids: dict[str, str] = {}
        self.own: t.Any = None
        self.listed: list[t.Any] = []
        self.answers: dict[str, t.Any] = {}
        self.error: Exception | None = None
        self.denied: set[str] = set()
        self.operations: list[str] = []
        self.calls: list[tuple[str, str, t.Any]] = []
        self.fresh: list[str] = []

    def dialect(self) -> t.Any:
        return self._dialect

    def call(
        self, operation: Operation[t.Any], *, ref: str = "", model: t.Any = None, subject: str = "", fresh: bool = False
    ) -> t.Any:
        self._dialect.check(operation, model)
        name = operation.name
        self.operations.append(name)
        self.fresh += [name] if fresh else []
        if self.error is not None:
            raise self.error
        if operation.verb is Verb.LIST or operation in _LOOKS:
            return self._look(operation, ref)
        self.calls.append((name, ref, model))
        answer = self.answers[name] if name in self.answers else self.apply(operation, ref, model)
        if isinstance(answer, Exception):
            # A copy, since errors collect their context on the way up.
            raise copy.copy(answer)
        return answer

    def _look(self, operation: Operation[t.Any], ref: str) -> t.Any:
        if operation.area in MYSAFE:
            return tuple(_as_listed(item) for item in self._items_of(operation.area) if item.id not in self.inactive)
        if operation == LIST_DEVICES:
            hidden = dict.fromkeys(("domains", "connectivities", "session_remote_config"))
            return tuple(dataclasses.replace(device, **hidden) for device in self.devices)
        if operation == READ_DEVICE:
            return self._found(device for device in self.devices if device.id == ref)
        if operation == LIST_SCIM_USERS:
            part = self.users[int(ref) - 1 : int(ref) - 1 + self.page]
            shown = (dataclasses.replace(user, id=self.wrong_ids.get(user.id, user.id)) for user in part)
            return ScimPage(tuple(shown), len(self.users))
        if operation == READ_SCIM_USER:
            return self._found(user for user in self.users if user.id == ref)
        if operation == READ_SESSION:
            return self._found(session for session in self.listed if session.id == ref)
        if operation == LIST_SECRETS:
            return tuple(self.secrets)
        if operation == READ_SECRET:
            return self._found(secret for secret in self.secrets if secret.identifier == ref)
        if operation == READ_APPLICATION:
            return self._found(application for application in (self.own,) if application is not None)
        if operation not in (LIST_CREDENTIALS, LIST_SSH_KEYS):
            return tuple(self.listed)
        entries = Entries(self.entries)
        return entries.keys if operation == LIST_SSH_KEYS else entries

    def apply(self, operation: Operation[t.Any], ref: str, model: t.Any) -> t.Any:
        """Do what an operation is for, and return its result or its error."""
        if operation.area is Area.SECRETS:
            return self._store_secret(model) if operation.verb in (Verb.CREATE, Verb.UPDATE) else None
        if operation.area is Area.DEVICES:
            return Stored(ref or "77") if operation.verb in (Verb.CREATE, Verb.UPDATE) else None
        if operation.area in MYSAFE:
            return self._item(operation, ref, model)
        if operation.area is Area.SCIM_USERS:
            return self._store_user(operation.verb, ref, model)
        if operation.area is Area.INFORMATION:
            return self._information(operation.verb, ref, model)
        if operation.area is Area.RELATED_USERS:
            return True if operation.verb is Verb.DISABLE else ref or "77"
        if operation.area is Area.SESSIONS:
            return WebSession("https://url", "token") if operation.verb is Verb.CREATE else None
        if operation.area in DSM_ONLY:
            return "77" if operation.verb in (Verb.CREATE, Verb.UPDATE) else None
        if operation.verb is Verb.CREATE:
            kind = SSH_KEY_TYPE if operation.area is Area.SSH_KEYS else "Local User"
            entry = CredentialInfo("77", model.identifier, model.username, model.hostname, model.ip or "", kind)
            self.entries.append(entry)
        if operation == READ_CREDENTIAL:
            info = self._readable(ref)
            names = (info.identifier, info.username, info.hostname, info.ip)
            return Credential(info.id, f"pw-{info.id}", *names, raw={"wire": info.id})
        if operation == READ_SSH_KEY:
            info = self._readable(ref)
            return SshKey(info.id, f"private-{info.id}\n", "ssh-ed25519 AAAA", info.identifier, raw={"wire": info.id})
        if operation.verb is Verb.RELEASE and not any(entry.id == ref for entry in self.entries):
            return NotFound("x")
        return Stored(ref or "77")

    def _items_of(self, area: Area) -> list[MySafeItem]:
        kinds = {
            Area.MYSAFE_PASSWORDS: "MySafePassword",
            Area.MYSAFE_NOTES: "MySafeNote",
            Area.MYSAFE_API_SECRETS: "MySafeApiSecret",
        }
        return [item for item in self.items if type(item).__name__ == kinds[area]]

    def _item(self, operation: Operation[t.Any], ref: str, model: t.Any) -> t.Any:
        if operation.verb is Verb.CREATE:
            return Stored("77")
        item = self._found(one for one in self._items_of(operation.area) if one.id == ref)
        if operation.verb in (Verb.ENABLE, Verb.DISABLE):
            already = (ref in self.inactive) == (operation.verb is Verb.DISABLE)
            self.inactive ^= set() if already else {ref}
            return already
        if ref in self.inactive:
            return AlreadyDone("inactive", context=Context(code=1009))
        if operation.verb is Verb.READ:
            return Denied("not for you") if ref in self.denied else item
        sent = {f.name: value for f in dataclasses.fields(model) if (value := getattr(model, f.name)) is not None}
        self.items = [dataclasses.replace(item, **sent) if one is item else one for one in self.items]
        return Stored(ref)

    def _store_user(self, verb: Verb, ref: str, model: t.Any) -> t.Any:
        if verb is not Verb.CREATE and not any(user.id == ref for user in self.users):
            return NotFound("x")
        if verb is Verb.DELETE:
            self.users = [user for user in self.users if user.id != ref]
            return None
        names = model.changes or [f.name for f in dataclasses.fields(ScimUser) if f.name != "id"]
        new = {name: value for name in names if (value := getattr(model, name)) is not None}
        if verb is Verb.CREATE:
            self.users.append(ScimUser(id="77", **{"active": True, **new}))
            return "77"
        self.users = [dataclasses.replace(user, **new) if user.id == ref else user for user in self.users]
        return None

    def _information(self, verb: Verb, ref: str, model: t.Any) -> t.Any:
        if verb is Verb.CREATE:
            new = ProtectedInformation("77", model.identifier or "made-up", model.type or "", model.content)
            self.listed.append(new)
            return new.identifier
        found = self._found(one for one in self.listed if ref in (one.id, one.identifier))
        return found if verb is Verb.READ else self.listed.remove(found)

    def _readable(self, ref: str) -> CredentialInfo:
        info = self._found(i for i in self.entries if ref in (i.id, f"{i.username}@{i.hostname}"))
        if info.id in self.denied:
            raise Denied("not for you")
        return t.cast(CredentialInfo, info)

    @staticmethod
    def _found(candidates: t.Iterator[t.Any]) -> t.Any:
        for candidate in candidates:
            return candidate
        raise NotFound("not there")

    def _store_secret(self, model: t.Any) -> None:
        held = next((secret for secret in self.secrets if secret.identifier == model.identifier), None)
        changes = {name: value for name in ("name", "engine") if (value := getattr(model, name)) is not None}
        data = model.flat() or (held.data if held else ())
        new = dataclasses.replace(held or DsmSecret("77", model.identifier, ()), data=data, **changes)
        self.secrets = [*(secret for secret in self.secrets if secret is not held), new]


def _as_listed(item: MySafeItem) -> MySafeItem:
    """What a list shows of an item. That of API secrets shows hardly anything."""
    hidden = {"users", "groups", *secret_fields(type(item))}
    if type(item).__name__ == "MySafeApiSecret":
        shown = {"id", "name", *LISTED_ONLY, "raw", "unreadable"}
        hidden |= {field.name for field in dataclasses.fields(item)} - shown
    return dataclasses.replace(item, **dict.fromkeys(hidden))
