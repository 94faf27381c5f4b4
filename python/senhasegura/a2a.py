# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of this library."""

from __future__ import annotations

import types
import typing as t

from . import sources
from ._core.ciphertext import judge
from ._core.client.connect import client_over
from ._core.client.credentials import Credentials
from ._core.client.ssh_keys import SshKeys
from ._core.dsm_secrets import DsmSecret, value_of
from ._core.errors import SenhaseguraError
from ._core.models import Credential, CredentialInfo, SshKey, hidden_fields, require_readable
from ._core.references import Reference, parse_reference
from ._core.retry import may_be_applied
from ._core.settings.settings import Settings
from .custody import Custody, log
from .exceptions import FieldNotFound
from .raw import ApiResponse, RawApi, Values

# An id, as number or text; an identifier; or username@hostname. id:7 and identifier:7 say which of them is meant.
Name = t.Union[str, int]  # noqa: UP007


class A2A:
    """A client of one server. It logs in at its first request, and threads may share it.

    Reading a password or private key takes custody of it. In a C(with) statement, what was taken with C(get_password),
    C(get_credential) and C(get_ssh_key) is given back at the end.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        auth_method: str = "oauth2",
        *,
        consumer_key: str | None = None,
        consumer_secret: str | None = None,
        token_key: str | None = None,
        token_secret: str | None = None,
        tenant: str | None = None,
        dialect: str = "auto",
        decryption_key: str | None = None,
        validate_certs: bool = True,
        ca_path: str | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        timeout: float = 30.0,
        retries: int | None = None,
        proxy: str | None = None,
        allow_http: bool = False,
    ) -> None:
        """Make a client. Nothing is sent. Raises ConfigError.

        The parameters are the connection options of the collection, which its documentation describes.

        :param base_url: the option url
        :param auth_method: oauth2, oauth2_basic, or oauth1 with the four keys and secrets
        :param dialect: auto finds out api and iso; rest is the integration guide's own
        :param ca_path: file, folder or PEM text of the authorities to trust instead of those of the system
        """
        given = {name: value for name, value in locals().items() if name not in ("self", "base_url")}
        self._open(sources.from_arguments({"url": base_url, **given}, log.warning))

    @classmethod
    def from_environment(cls, **options: t.Any) -> A2A:
        """Make a client from SENHASEGURA_* variables, and from the DSM CLI's file that SENHASEGURA_CONFIG_FILE names.

        Raises ConfigError.

        :param options: connection options that count before both
        """
        return cls.from_settings(sources.from_environment(options, log.warning))

    @classmethod
    def from_settings(cls, settings: Settings) -> A2A:
        """Make a client from settings that were checked."""
        client = cls.__new__(cls)
        client._open(settings)
        return client

    def _open(self, settings: Settings) -> None:
        self._api = RawApi(settings)
        self._client = client_over(self._api)
        self._custody = Custody(self._api)
        # What was decrypted is the value itself, whatever it looks like.
        self._on_ciphertext = "ignore" if settings.decryption_key else "warn"

    def __enter__(self) -> A2A:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        """Give back all custody. Raises CustodyHeld, unless the block itself has raised something."""
        try:
            self.release_all()
        except SenhaseguraError as exc:
            if error is None:
                raise
            log.warning("%s", exc)
        finally:
            self.close()

    def close(self) -> None:
        """Close the connections. Custody stays as it is."""
        self._api.close()

    # What the server offers, whatever its release is.

    def get_password(self, name: Name, *, release: bool = False, allow_vault_rotation: bool = False) -> str:
        """Return the password of a credential. Takes custody. Raises APIError.

        :param release: give custody back at once
        :param allow_vault_rotation: whether a release may make the vault change the password
        """
        return self.get_credential(name, release=release, allow_vault_rotation=allow_vault_rotation).password

    def get_credential(self, name: Name, *, release: bool = False, allow_vault_rotation: bool = False) -> Credential:
        """Return a credential with its password. Takes custody. The parameters are those of get_password."""
        return t.cast(Credential, self._read(self._client.credentials, name, release, allow_vault_rotation))

    def get_ssh_key(self, name: Name, *, release: bool = False, allow_vault_rotation: bool = False) -> SshKey:
        """Return an SSH key with its private part. Takes custody. The parameters are those of get_password."""
        return t.cast(SshKey, self._read(self._client.ssh_keys, name, release, allow_vault_rotation))

    def _read(self, area: Credentials | SshKeys, name: Name, release: bool, allowed: bool) -> Credential | SshKey:
        """Read a credential or SSH key, and note whose custody was taken with it, however that ends."""
        ref, unreleased = _reference(name), list[SenhaseguraError]()
        try:
            # partial: custody was taken also of what cannot be opened.
            found: Credential | SshKey = area.read(
                ref,
                release=release,
                allow_vault_rotation=allowed,
                partial=True,
                on_release_failure=unreleased.append,
            )
        except SenhaseguraError as exc:
            if may_be_applied(exc):
                self._custody.perhaps_taken(ref, isinstance(area, SshKeys), allowed)
            raise
        for error in unreleased:
            log.warning("%s", error)
        if unreleased or not release:
            self._custody.taken(found, allowed)
        subject = f"{area.noun} {ref}"
        require_readable(found.unreadable, subject)
        self._judge(hidden_fields(found).items(), subject)
        return found

    def get_secret(self, identifier: str) -> DsmSecret:
        """Return a DevOps secret. It has no custody. Raises APIError."""
        secret = self._client.secrets.read(identifier)
        secret.require_readable()
        self._judge(secret.values(), f"DSM secret {identifier}")
        return secret

    def get_secret_value(self, identifier: str, key: str) -> str:
        """Return the value that a DevOps secret has under a key. Raises APIError, NotFound if there is none."""
        secret = self.get_secret(identifier)
        value = value_of(secret, key)
        if value is None:
            hint = f"Its keys are: {', '.join(secret.public()['key_names'] or [])}"
            raise FieldNotFound(f"DSM secret {identifier} has no value under the key {key}", hint=hint)
        return str(value)

    def credential_info(self, name: Name) -> CredentialInfo:
        """Return what the list says of a credential, without password and custody. Raises APIError."""
        return self._client.credentials.info(_reference(name))

    def ssh_key_info(self, name: Name) -> CredentialInfo:
        """Return what the list says of an SSH key, without private key and custody. Raises APIError."""
        return self._client.ssh_keys.info(_reference(name))

    def list_credentials(self, **wanted: str) -> list[CredentialInfo]:
        """Return the credentials that have all these values, such as hostname="web01". Takes no custody."""
        return list(self._client.credentials.matching(wanted))

    def list_ssh_keys(self, **wanted: str) -> list[CredentialInfo]:
        """Return the SSH keys that have all these values. Takes no custody."""
        return list(self._client.ssh_keys.matching(wanted))

    def list_secrets(self) -> list[DsmSecret]:
        """Return all DevOps secrets of the application of this client."""
        return list(self._client.secrets.list())

    def release_custody(self, name: Name, *, allow_vault_rotation: bool = False) -> bool:
        """Give the custody of a credential back. Returns whether this client had it. Raises APIError.

        :param allow_vault_rotation: whether the release may make the vault change the password
        """
        ref = _reference(name)
        released = self._client.credentials.release(ref, allow_vault_rotation=allow_vault_rotation)
        self._custody.given_back(ref)
        return released

    def release_all(self) -> None:
        """Give back all custody that this client has taken. Raises CustodyHeld."""
        self._custody.release_all()

    def _judge(self, values: t.Iterable[tuple[str, t.Any]], subject: str) -> None:
        for warning in judge(values, subject, self._on_ciphertext):
            log.warning("%s", warning)

    # Requests of the caller's own. Of what they read, no custody is given back.

    def get(self, path: str, params: Values | None = None, **details: t.Any) -> ApiResponse:
        """Send a GET: see request."""
        return self._api.request("GET", path, params=params, **details)

    def post(self, path: str, json: t.Any = None, data: Values | None = None, **details: t.Any) -> ApiResponse:
        """Send a POST: see request."""
        return self._api.request("POST", path, json=json, data=data, **details)

    def put(self, path: str, json: t.Any = None, data: Values | None = None, **details: t.Any) -> ApiResponse:
        """Send a PUT: see request."""
        return self._api.request("PUT", path, json=json, data=data, **details)

    def delete(self, path: str, params: Values | None = None, **details: t.Any) -> ApiResponse:
        """Send a DELETE: see request."""
        return self._api.request("DELETE", path, params=params, **details)


def _reference(name: Name) -> Reference:
    return Reference(str(name), "id") if isinstance(name, int) else parse_reference(name, option="name")
