# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of operations: all that can be asked of a server, each with the type of its result.

A dialect says by which HTTP call it carries out an operation, if it can. What an operation means is the same in all of
them, so code above the dialects looks at the fields of an operation, and never at its name.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from ..device_models import Device
from ..dsm_models import Automation, Ciphertext, Cleartext, DsmApplication, DsmAuthorization, EncryptionKey
from ..dsm_secrets import DsmSecret
from ..information_models import ProtectedInformation
from ..models import Credential, Entries, SshKey, Stored
from ..mysafe_models import MySafeApiSecret, MySafeNote, MySafePassword
from ..retry import Replay
from ..session_models import RemoteSession, WebSession
from ..user_models import RelatedUser, ScimPage, ScimUser

_Result = t.TypeVar("_Result")


class Area(enum.Enum):
    """What an operation works on. The value is the first part of the operation's name."""

    CREDENTIALS = "credential"
    SSH_KEYS = "key"
    DEVICES = "device"
    SECRETS = "secret"
    APPLICATIONS = "application"
    VARIABLES = "variables"
    EPHEMERAL = "ephemeral_credential"
    AUTOMATIONS = "automation"
    ENCRYPTION_KEYS = "encryption_key"
    MYSAFE_PASSWORDS = "mysafe_password"
    MYSAFE_NOTES = "mysafe_note"
    MYSAFE_API_SECRETS = "mysafe_api_secret"
    SCIM_USERS = "scim_user"
    RELATED_USERS = "related_user"
    SESSIONS = "session"
    INFORMATION = "protected_information"

    def shares_lists_with(self, other: Area) -> bool:
        """Return whether a write in one area may change a list of the other."""
        return self is other or any({self, other} <= areas for areas in _ONE_LIST)


# What only the vendor's own API has of DSM.
DSM_ONLY = frozenset(
    {Area.APPLICATIONS, Area.VARIABLES, Area.EPHEMERAL, Area.AUTOMATIONS, Area.ENCRYPTION_KEYS},
)
# What only an access key for MySafe may use, and only in the vendor's own API.
MYSAFE = frozenset({Area.MYSAFE_PASSWORDS, Area.MYSAFE_NOTES, Area.MYSAFE_API_SECRETS})
# Credentials and keys have one list, which tells their devices: a credential may make one, and one that is disabled
# takes its credentials with it. What becomes a secret of the application has one list as well.
_ONE_LIST = (
    {Area.CREDENTIALS, Area.SSH_KEYS, Area.DEVICES},
    {Area.SECRETS, Area.APPLICATIONS, Area.VARIABLES, Area.EPHEMERAL},
)


class Verb(enum.Enum):
    """What an operation does. The value is the second part of the operation's name."""

    LIST = "list"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    RELEASE = "release"
    ROTATE = "rotate"
    DELETE = "delete"
    ENCRYPT = "encrypt"
    DECRYPT = "decrypt"


@dataclasses.dataclass(frozen=True)
class Operation(t.Generic[_Result]):
    """One thing to ask of a server. The type parameter is the type of its result.

    ``replay`` says whether it may be repeated when no response came.
    """

    area: Area
    verb: Verb
    replay: Replay = Replay.ONCE

    @property
    def name(self) -> str:
        """Return the name, such as C(credential.read), for errors, logs, and the wire between worker and broker."""
        return f"{self.area.value}.{self.verb.value}"

    @property
    def takes_custody(self) -> bool:
        """Return whether it reads a password or private key, which takes custody. DSM has none."""
        return self.verb is Verb.READ and self.area in (Area.CREDENTIALS, Area.SSH_KEYS)


LIST_CREDENTIALS = Operation[Entries](Area.CREDENTIALS, Verb.LIST, Replay.SAFE)
# A repeated read of the same client takes no more custody than the first.
READ_CREDENTIAL = Operation[Credential](Area.CREDENTIALS, Verb.READ, Replay.SAFE)
CREATE_CREDENTIAL = Operation[Stored](Area.CREDENTIALS, Verb.CREATE)
UPDATE_CREDENTIAL = Operation[Stored](Area.CREDENTIALS, Verb.UPDATE)
ENABLE_CREDENTIAL = Operation[None](Area.CREDENTIALS, Verb.ENABLE)
DISABLE_CREDENTIAL = Operation[None](Area.CREDENTIALS, Verb.DISABLE)
# The second time, the server says that it is in nobody's custody (1018).
RELEASE_CREDENTIAL = Operation[None](Area.CREDENTIALS, Verb.RELEASE, Replay.REPEATABLE)
ROTATE_CREDENTIAL = Operation[Stored](Area.CREDENTIALS, Verb.ROTATE)

LIST_SSH_KEYS = Operation[Entries](Area.SSH_KEYS, Verb.LIST, Replay.SAFE)
READ_SSH_KEY = Operation[SshKey](Area.SSH_KEYS, Verb.READ, Replay.SAFE)
CREATE_SSH_KEY = Operation[Stored](Area.SSH_KEYS, Verb.CREATE)
UPDATE_SSH_KEY = Operation[Stored](Area.SSH_KEYS, Verb.UPDATE)
ENABLE_SSH_KEY = Operation[None](Area.SSH_KEYS, Verb.ENABLE)
DISABLE_SSH_KEY = Operation[None](Area.SSH_KEYS, Verb.DISABLE)
RELEASE_SSH_KEY = Operation[None](Area.SSH_KEYS, Verb.RELEASE, Replay.REPEATABLE)
ROTATE_SSH_KEY = Operation[Stored](Area.SSH_KEYS, Verb.ROTATE)

LIST_DEVICES = Operation[tuple[Device, ...]](Area.DEVICES, Verb.LIST, Replay.SAFE)
# With what the list does not show. It has no custody.
READ_DEVICE = Operation[Device](Area.DEVICES, Verb.READ, Replay.SAFE)
CREATE_DEVICE = Operation[Stored](Area.DEVICES, Verb.CREATE)
UPDATE_DEVICE = Operation[Stored](Area.DEVICES, Verb.UPDATE)
ENABLE_DEVICE = Operation[None](Area.DEVICES, Verb.ENABLE)
DISABLE_DEVICE = Operation[None](Area.DEVICES, Verb.DISABLE)

LIST_SECRETS = Operation[tuple[DsmSecret, ...]](Area.SECRETS, Verb.LIST, Replay.SAFE)
READ_SECRET = Operation[DsmSecret](Area.SECRETS, Verb.READ, Replay.SAFE)
# The secrets that the response shows, or None if it shows none. It is written in any case.
CREATE_SECRET = Operation["tuple[DsmSecret, ...] | None"](Area.SECRETS, Verb.CREATE)
UPDATE_SECRET = Operation["tuple[DsmSecret, ...] | None"](Area.SECRETS, Verb.UPDATE)
DELETE_SECRET = Operation[None](Area.SECRETS, Verb.DELETE)

READ_APPLICATION = Operation[DsmApplication](Area.APPLICATIONS, Verb.READ, Replay.SAFE)
# Makes or finds an application and its authorization.
CREATE_APPLICATION = Operation[DsmAuthorization](Area.APPLICATIONS, Verb.CREATE)
# The authorization of the client itself.
DISABLE_APPLICATION = Operation[None](Area.APPLICATIONS, Verb.DISABLE)
CREATE_VARIABLES = Operation[None](Area.VARIABLES, Verb.CREATE)
CREATE_EPHEMERAL = Operation[DsmSecret](Area.EPHEMERAL, Verb.CREATE)
RELEASE_EPHEMERAL = Operation[None](Area.EPHEMERAL, Verb.RELEASE, Replay.REPEATABLE)

LIST_AUTOMATIONS = Operation[tuple[Automation, ...]](Area.AUTOMATIONS, Verb.LIST, Replay.SAFE)
# The id, or "" if the response does not have it.
CREATE_AUTOMATION = Operation[str](Area.AUTOMATIONS, Verb.CREATE)
UPDATE_AUTOMATION = Operation[str](Area.AUTOMATIONS, Verb.UPDATE)
DELETE_AUTOMATION = Operation[None](Area.AUTOMATIONS, Verb.DELETE)

LIST_ENCRYPTION_KEYS = Operation[tuple[EncryptionKey, ...]](Area.ENCRYPTION_KEYS, Verb.LIST, Replay.SAFE)
CREATE_ENCRYPTION_KEY = Operation[str](Area.ENCRYPTION_KEYS, Verb.CREATE)
UPDATE_ENCRYPTION_KEY = Operation[str](Area.ENCRYPTION_KEYS, Verb.UPDATE)
DISABLE_ENCRYPTION_KEY = Operation[None](Area.ENCRYPTION_KEYS, Verb.DISABLE)
# Nothing is stored, and what comes is not kept either.
ENCRYPT = Operation[Ciphertext](Area.ENCRYPTION_KEYS, Verb.ENCRYPT, Replay.REPEATABLE)
DECRYPT = Operation[Cleartext](Area.ENCRYPTION_KEYS, Verb.DECRYPT, Replay.REPEATABLE)

LIST_MYSAFE_PASSWORDS = Operation[tuple[MySafePassword, ...]](Area.MYSAFE_PASSWORDS, Verb.LIST, Replay.SAFE)
# MySafe has no custody, but notes each read in the history of the item.
READ_MYSAFE_PASSWORD = Operation[MySafePassword](Area.MYSAFE_PASSWORDS, Verb.READ, Replay.SAFE)
CREATE_MYSAFE_PASSWORD = Operation[Stored](Area.MYSAFE_PASSWORDS, Verb.CREATE)
UPDATE_MYSAFE_PASSWORD = Operation[Stored](Area.MYSAFE_PASSWORDS, Verb.UPDATE)
# Whether it was so already, by the words of the server: it answers 200 in both cases.
ENABLE_MYSAFE_PASSWORD = Operation[bool](Area.MYSAFE_PASSWORDS, Verb.ENABLE)
DISABLE_MYSAFE_PASSWORD = Operation[bool](Area.MYSAFE_PASSWORDS, Verb.DISABLE)

LIST_MYSAFE_NOTES = Operation[tuple[MySafeNote, ...]](Area.MYSAFE_NOTES, Verb.LIST, Replay.SAFE)
READ_MYSAFE_NOTE = Operation[MySafeNote](Area.MYSAFE_NOTES, Verb.READ, Replay.SAFE)
CREATE_MYSAFE_NOTE = Operation[Stored](Area.MYSAFE_NOTES, Verb.CREATE)
UPDATE_MYSAFE_NOTE = Operation[Stored](Area.MYSAFE_NOTES, Verb.UPDATE)
ENABLE_MYSAFE_NOTE = Operation[bool](Area.MYSAFE_NOTES, Verb.ENABLE)
DISABLE_MYSAFE_NOTE = Operation[bool](Area.MYSAFE_NOTES, Verb.DISABLE)

# All, or those with the identifier that is given as name.
LIST_MYSAFE_API_SECRETS = Operation[tuple[MySafeApiSecret, ...]](Area.MYSAFE_API_SECRETS, Verb.LIST, Replay.SAFE)
READ_MYSAFE_API_SECRET = Operation[MySafeApiSecret](Area.MYSAFE_API_SECRETS, Verb.READ, Replay.SAFE)
CREATE_MYSAFE_API_SECRET = Operation[Stored](Area.MYSAFE_API_SECRETS, Verb.CREATE)
UPDATE_MYSAFE_API_SECRET = Operation[Stored](Area.MYSAFE_API_SECRETS, Verb.UPDATE)
ENABLE_MYSAFE_API_SECRET = Operation[bool](Area.MYSAFE_API_SECRETS, Verb.ENABLE)
DISABLE_MYSAFE_API_SECRET = Operation[bool](Area.MYSAFE_API_SECRETS, Verb.DISABLE)
# A part of the list. Its name in the path is the number of the first user.
LIST_SCIM_USERS = Operation[ScimPage](Area.SCIM_USERS, Verb.LIST, Replay.SAFE)
READ_SCIM_USER = Operation[ScimUser](Area.SCIM_USERS, Verb.READ, Replay.SAFE)
# The id, or "" if the response does not have it.
CREATE_SCIM_USER = Operation[str](Area.SCIM_USERS, Verb.CREATE)
UPDATE_SCIM_USER = Operation[None](Area.SCIM_USERS, Verb.UPDATE)
DELETE_SCIM_USER = Operation[None](Area.SCIM_USERS, Verb.DELETE)

LIST_RELATED_USERS = Operation[tuple[RelatedUser, ...]](Area.RELATED_USERS, Verb.LIST, Replay.SAFE)
# The id, or "" if the response does not have it.
CREATE_RELATED_USER = Operation[str](Area.RELATED_USERS, Verb.CREATE)
UPDATE_RELATED_USER = Operation[str](Area.RELATED_USERS, Verb.UPDATE)
# Whether it was active, as far as the server tells.
DISABLE_RELATED_USER = Operation[bool](Area.RELATED_USERS, Verb.DISABLE)

LIST_SESSIONS = Operation[tuple[RemoteSession, ...]](Area.SESSIONS, Verb.LIST, Replay.SAFE)
READ_SESSION = Operation[RemoteSession](Area.SESSIONS, Verb.READ, Replay.SAFE)
# Terminates it. Its name in the path is the hash, and not the id.
DELETE_SESSION = Operation[None](Area.SESSIONS, Verb.DELETE)
# A URL that starts one.
CREATE_WEB_SESSION = Operation[WebSession](Area.SESSIONS, Verb.CREATE)

# It has no custody, and no list.
READ_INFORMATION = Operation[ProtectedInformation](Area.INFORMATION, Verb.READ, Replay.SAFE)
# The identifier, or "" if the response does not have it.
CREATE_INFORMATION = Operation[str](Area.INFORMATION, Verb.CREATE)
DISABLE_INFORMATION = Operation[None](Area.INFORMATION, Verb.DISABLE)

BY_NAME: t.Mapping[str, Operation[t.Any]] = {
    operation.name: operation for operation in tuple(globals().values()) if isinstance(operation, Operation)
}


def named(name: str) -> Operation[t.Any]:
    """Return the operation with this name. Raises KeyError."""
    return BY_NAME[name]


def operation_of(area: Area, verb: Verb) -> Operation[t.Any]:
    """Return the operation that does this in this area. Raises KeyError if there is none in any dialect."""
    return BY_NAME[f"{area.value}.{verb.value}"]
