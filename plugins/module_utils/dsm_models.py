# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What DSM has beside secrets, plain and frozen: applications, pipeline variables, ephemeral credentials, automations
and encryption keys (facts-dsm.md 2 and 4 to 7).

C(None) in a write model means "not given: leave as it is". Secrets have C(repr=False).
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse


@dataclasses.dataclass(frozen=True)
class DsmApplication:
    """The application that the client belongs to. ``secrets`` are the identities of those that it may read."""

    name: str
    system: str = ""
    environment: str = ""
    description: str | None = None
    tags: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name, with lists for tuples."""
        return {**dataclasses.asdict(self), "tags": list(self.tags), "secrets": list(self.secrets)}


@dataclasses.dataclass(frozen=True)
class DsmApplicationWrite:
    """An application and an authorization of it, as one call makes or finds both (facts-dsm.md 2)."""

    application: str
    system: str | None = None
    environment: str | None = None
    unique_key: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    line_of_business: str | None = None
    application_type: str | None = None
    aws_arns: tuple[str, ...] | None = None
    cloud_profiles: tuple[str, ...] | None = None
    credential_profiles: tuple[dict[str, str], ...] | None = None
    # Counts when the application is made.
    authentication_method: str | None = None
    # These count when the authorization is made.
    authorized_resources: tuple[str, ...] | None = None
    expires_at: str | None = None
    encryption_enabled: bool | None = None
    allowed_ips: tuple[str, ...] | None = None
    allowed_http_referers: tuple[str, ...] | None = None
    certificate_fingerprint: str | None = None


@dataclasses.dataclass(frozen=True)
class DsmAuthorization:
    """What a client logs in with. The two flags are None where the words of the server are unknown."""

    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    application_made: bool | None = None
    authorization_made: bool | None = None


@dataclasses.dataclass(frozen=True)
class VariablesUpload:
    """Variables of a pipeline by name, and the mapping that says what they stand for, as JSON has it."""

    values: dict[str, str] = dataclasses.field(repr=False)
    mapping: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class EphemeralWrite:
    """What an ephemeral credential is provisioned or deprovisioned for: an identity, or a pod of a deployment.

    ``at_end`` says that the broker gives it back at the end of the run.
    """

    identifier: str | None = None
    pod_name: str | None = None
    deploy: str | None = None
    namespace: str | None = None
    secret_id: str | None = None
    at_end: bool = False

    @property
    def note(self) -> str:
        """Return the text by which the ledger of the broker remembers it, and that has no secret in it."""
        names = ("identifier", "pod_name", "deploy", "namespace", "secret_id")
        return urllib.parse.urlencode({name: value for name in names if (value := getattr(self, name))})

    @classmethod
    def of_note(cls, note: str) -> EphemeralWrite:
        """Return what C(note) was made of."""
        known: dict[str, t.Any] = dict(urllib.parse.parse_qsl(note))
        return cls(**known)


@dataclasses.dataclass(frozen=True)
class Automation:
    """An automation as the server lists it. ``devices`` are host names."""

    id: str
    name: str
    tags: tuple[str, ...] = ()
    plugin: str = ""
    template: str = ""
    applications: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name, with lists for tuples."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }


@dataclasses.dataclass(frozen=True)
class AutomationWrite:
    """What shall be true of an automation. ``devices`` are maps of hostname and credential."""

    name: str
    tags: tuple[str, ...] | None = None
    enabled: bool | None = None
    description: str | None = None
    triggers: tuple[str, ...] | None = None
    applications: tuple[str, ...] | None = None
    secrets: tuple[str, ...] | None = None
    plugin: str | None = None
    template: str | None = None
    devices: tuple[dict[str, str], ...] | None = None


@dataclasses.dataclass(frozen=True)
class EncryptionKey:
    """An encryption key as the server lists it. Its material never leaves the server."""

    id: str
    name: str
    description: str = ""
    algorithm: str = ""
    expires_at: str | None = None
    enabled: bool | None = None

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class EncryptionKeyWrite:
    """What shall be true of an encryption key. ``expires_at`` is C(YYYY-MM-DD HH:MM:SS)."""

    name: str
    description: str | None = None
    algorithm: str | None = None
    expires_at: str | None = None


@dataclasses.dataclass(frozen=True)
class EncryptWrite:
    """A text to be encrypted with a version of a key. ``key`` is its id or, in the dialect iso, its name."""

    key: str
    value: str = dataclasses.field(repr=False)
    version: str = "1"


@dataclasses.dataclass(frozen=True)
class DecryptWrite:
    """What was encrypted with a version of a key."""

    key: str
    value: str
    version: str = "1"


@dataclasses.dataclass(frozen=True)
class Ciphertext:
    """An encrypted text, which may be shown."""

    value: str


@dataclasses.dataclass(frozen=True)
class Cleartext:
    """A decrypted text."""

    value: str = dataclasses.field(repr=False)
