# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's dialects: C(iso) up to release 3.32 and C(api) from 3.33 on (http-api.md 3.1, 3.2, 3.7).

They differ in the prefix of the PAM calls and of the token, and in a few spellings that the decoders all understand.
DSM stays below /iso in both.
"""

from __future__ import annotations

import typing as t

from ..errors import SenhaseguraError
from ..models import Credential, CredentialInfo, CredentialWrite, Entries, SshKey, SshKeyWrite, Stored, key_text
from .device_calls import device_calls
from .dialect import Call, Dialect, Unseal, row
from .dsm import decode_application, decode_stored_secret, encode_secret
from .dsm_applications import application_calls
from .dsm_tools import tool_calls
from .entities import (
    attempt,
    decode_nothing,
    echo,
    echoed_id,
    echoed_text,
    entities,
    entity,
    given,
    joined,
    required_id,
    required_secret,
    tag_list,
    text,
    text_or_none,
    truth,
)
from .envelope import says_updated
from .information_calls import information_calls
from .mysafe_calls import mysafe_calls
from .operations import (
    CREATE_CREDENTIAL,
    CREATE_EPHEMERAL,
    CREATE_SECRET,
    CREATE_SSH_KEY,
    DELETE_SECRET,
    DISABLE_CREDENTIAL,
    DISABLE_SSH_KEY,
    ENABLE_CREDENTIAL,
    ENABLE_SSH_KEY,
    LIST_CREDENTIALS,
    LIST_SECRETS,
    READ_CREDENTIAL,
    READ_SSH_KEY,
    RELEASE_CREDENTIAL,
    RELEASE_EPHEMERAL,
    RELEASE_SSH_KEY,
    ROTATE_CREDENTIAL,
    ROTATE_SSH_KEY,
    UPDATE_CREDENTIAL,
    UPDATE_SECRET,
    UPDATE_SSH_KEY,
    Area,
    Operation,
)
from .related_user_calls import related_user_calls
from .scim import scim_calls
from .session_calls import session_calls
from .strict_json import Json


def decode_list(document: Json, unseal: Unseal) -> Entries:
    """Decode the list of credentials and SSH keys (http-api.md 3.1.1)."""
    return Entries(_info(item) for item in entities(document, "credentials"))


def _info(item: Json) -> CredentialInfo:
    return CredentialInfo(
        id=required_id(item),
        identifier=text_or_none(item, "identifier", "tag"),
        username=text(item, "username"),
        hostname=text(item, "hostname"),
        ip=text(item, "management_ip", "ip"),
        type=text(item, "type"),
        automatic_change=truth(item.get("automatic_change")),
        changed_at=text_or_none(item, "change"),
        viewed_at=text_or_none(item, "view"),
        expires_at=text_or_none(item, "expiration"),
        device_type=text_or_none(item, "device_type"),
        device_vendor=text_or_none(item, "device_vendor"),
        device_model=text_or_none(item, "device_model"),
        connectivity=text_or_none(item, "connectivity"),
    )


def decode_credential(document: Json, unseal: Unseal) -> Credential:
    """Decode a credential with its password. A password that cannot be opened is kept as the reason."""
    item = entity(document, "credential")
    unreadable: dict[str, SenhaseguraError] = {}
    password = attempt(unreadable, "password", lambda: unseal(required_secret(item, "password", "content")))
    return Credential(
        id=required_id(item),
        password=password,
        identifier=text_or_none(item, "identifier", "tag"),
        username=text(item, "username"),
        hostname=text(item, "hostname"),
        ip=text(item, "ip"),
        port=text(item, "port"),
        domain=text(item, "domain"),
        additional=text(item, "additional"),
        model=text(item, "model"),
        parent_id=text_or_none(item, "parent_credential_cod"),
        expires_at=text_or_none(item, "expiration_time"),
        raw={**item, "password": password, "content": password},
        unreadable=unreadable,
    )


def decode_stored_credential(document: Json, unseal: Unseal) -> Stored:
    """Decode the receipt for the write of a credential."""
    item = echo(document, "credential")
    return Stored(id=echoed_id(item), identifier=echoed_text(item, "identifier", "tag"), updated=says_updated(document))


def encode_credential(model: CredentialWrite) -> Json:
    """Encode a credential. None is left out, and the server keeps it."""
    settings = {name: dict(block) for name, block in model.settings.items()}
    if model.automatic_change is not None:
        settings.setdefault("execution_settings", {})["automatic_change"] = model.automatic_change
    return given(
        username=model.username,
        hostname=model.hostname,
        ip=model.ip,
        identifier=model.identifier,
        content=model.password,
        credential_type=model.type,
        additional=model.additional,
        tags=joined(model.tags),
        domain=model.domain,
        parent_password=model.parent,
        type=model.device_type,
        vendor=model.device_vendor,
        model=model.device_model,
        site=model.device_site,
        device_domain=model.device_domain,
        device_tags=joined(model.device_tags),
        connectivities=joined(model.connectivities),
        **settings,
    )


def decode_key(document: Json, unseal: Unseal) -> SshKey:
    """Decode an SSH key pair. A private key that cannot be opened is kept as the reason."""
    item = entity(document, "key")
    unreadable: dict[str, SenhaseguraError] = {}
    private_key = attempt(unreadable, "private_key", lambda: key_text(unseal(required_secret(item, "private_key"))))
    sealed = text(item, "password")
    passphrase = attempt(unreadable, "passphrase", lambda: unseal(sealed)) if sealed else None
    devices = item.get("devices")
    return SshKey(
        id=required_id(item),
        private_key=private_key,
        public_key=key_text(text(item, "public_key")).strip(),
        identifier=text_or_none(item, "identifier", "tag"),
        username=text(item, "username"),
        key_name=text(item, "key_name"),
        hostname=text(item, "hostname"),
        ip=text(item, "ip"),
        passphrase=passphrase,
        tags=tag_list(item.get("tags")),
        devices=_hostnames(devices),
        expires_at=text_or_none(item, "expiration_time"),
        raw={**item, "private_key": private_key, "password": passphrase},
        unreadable=unreadable,
    )


def _hostnames(value: t.Any) -> tuple[str, ...]:
    """Return devices by name: from objects, names, or names with commas; by address where there is no name."""
    items = value.split(",") if isinstance(value, str) else [value] if isinstance(value, dict) else value or ()
    if not isinstance(items, (list, tuple)):
        return ()
    names = (
        echoed_text(item, "hostname", "ip") if isinstance(item, dict) else str(item).strip()
        for item in items
        if item is not None
    )
    return tuple(name for name in names if name)


def decode_stored_key(document: Json, unseal: Unseal) -> Stored:
    """Decode the receipt for the write of an SSH key."""
    item = echo(document, "key")
    return Stored(
        id=echoed_id(item),
        identifier=echoed_text(item, "identifier", "tag"),
        devices_error=_hostnames(item.get("devices_error")),
        updated=says_updated(document),
    )


def encode_key(model: SshKeyWrite) -> Json:
    """Encode an SSH key. None is left out, and the server keeps it."""
    return given(
        identifier=model.identifier,
        username=model.username,
        hostname=model.hostname,
        ip=model.ip,
        private_key=model.private_key,
        public_key=model.public_key,
        password=model.passphrase,
        key_name=model.key_name,
        devices=None if model.devices is None else [{"hostname": name} for name in model.devices],
        tags=joined(model.tags),
        enabled=model.enabled,
    )


# To list, to terminate, and to start in a browser (http-api.md 3.5).
_SESSION_PATHS = {
    "/iso": ("/api/session/remotesessions", "/iso/session/drop", "/iso/remote/session"),
    "/api": ("/api/pam/session/remotesessions", "/api/pam/session/drop", "/api/pam/remote/session"),
}


def _vendor_calls(prefix: str, *, key_field: str, time_form: str) -> dict[Operation[t.Any], Call[t.Any]]:
    credential, key = f"{prefix}/pam/credential", f"{prefix}/pam/key"
    store_credential = Call("POST", credential, decode_stored_credential, encode_credential)
    store_key = Call("POST", key, decode_stored_key, encode_key)
    store_secret = Call("POST", "/iso/sctm/secret", decode_stored_secret, encode_secret, body="form", module="dsm")
    rows = (
        row(LIST_CREDENTIALS, Call("GET", credential, decode_list, lists=True)),
        row(READ_CREDENTIAL, Call("GET", credential + "/{ref}", decode_credential)),
        # POST is an upsert. PUT activates; it does not update.
        row(CREATE_CREDENTIAL, store_credential),
        row(UPDATE_CREDENTIAL, store_credential),
        row(ENABLE_CREDENTIAL, Call("PUT", credential + "/{ref}", decode_nothing)),
        row(DISABLE_CREDENTIAL, Call("DELETE", credential + "/{ref}", decode_nothing)),
        row(RELEASE_CREDENTIAL, Call("DELETE", credential + "/custody/{ref}", decode_nothing)),
        row(READ_SSH_KEY, Call("GET", key + "/{ref}", decode_key)),
        row(CREATE_SSH_KEY, store_key),
        row(UPDATE_SSH_KEY, store_key),
        row(ENABLE_SSH_KEY, Call("PUT", key + "/{ref}", decode_nothing)),
        row(DISABLE_SSH_KEY, Call("DELETE", key + "/{ref}", decode_nothing)),
        # Not documented for keys: the credential call with the id of the key (http-api.md 3.2).
        row(RELEASE_SSH_KEY, Call("DELETE", credential + "/custody/{ref}", decode_nothing)),
        *device_calls(prefix),
        *scim_calls(),
        *related_user_calls(prefix, id_in_path=prefix == "/iso"),
        *information_calls(),
        *session_calls(*_SESSION_PATHS[prefix]),
        row(LIST_SECRETS, Call("GET", "/iso/dapp/application", decode_application, module="dsm", lists=True)),
        row(CREATE_SECRET, store_secret),
        row(UPDATE_SECRET, store_secret),
        *application_calls(),
        *tool_calls(key_field=key_field, time_form=time_form),
        *mysafe_calls(),
    )
    return dict(rows)


_MISSING: t.Mapping[Operation[t.Any], str] = {
    DELETE_SECRET: "Delete it in the console: the vendor documents no call for it, nor that expires_at hides a secret",
    ROTATE_CREDENTIAL: "Rotate by release of custody, with automatic change configured on the credential",
    ROTATE_SSH_KEY: "Rotate with a new key pair, or with the vault's own change (mode=vault)",
}
_UNWRITABLE = {
    Area.SSH_KEYS: frozenset({"automatic_change", "rotation_days"}),
    # A secret belongs to the application of the token (http-api.md 3.7).
    Area.SECRETS: frozenset({"application", "system", "environment"}),
}
_PAIR = "Set update_key=always and the private_key that the vault shall hold: it wants the key pair at every update"
_REQUIRED = {
    CREATE_SSH_KEY: {"ip": "Set the option ip", "private_key": "Set the option private_key"},
    UPDATE_SSH_KEY: {"ip": "Set the option ip", "private_key": _PAIR},
}

# The page of 3.32 wants a pod where an ephemeral credential is provisioned, and shows no identity (facts-dsm.md 5).
_POD = {
    name: f"Set the option {name}: up to release 3.32, a pod is named" for name in ("pod_name", "deploy", "namespace")
}
_SECRET_ID = {"secret_id": "Set the option secret_id to the id that the provisioning has returned"}
_ISO_ONLY: dict[Operation[t.Any], t.Mapping[str, str]] = {
    CREATE_EPHEMERAL: _POD,
    RELEASE_EPHEMERAL: {**_POD, **_SECRET_ID},
}
_ISO_CALLS = _vendor_calls("/iso", key_field="key", time_form="%Y-%m-%d %H:%M:%S")
_API_CALLS = _vendor_calls("/api", key_field="key_id", time_form="%Y-%m-%dT%H:%M:%SZ")

ISO = Dialect(
    "iso",
    "/iso/oauth2/token",
    _ISO_CALLS,
    _MISSING,
    {**_UNWRITABLE, Area.EPHEMERAL: frozenset({"identifier"})},
    {**_REQUIRED, **_ISO_ONLY},
)
API = Dialect(
    "api", "/api/oauth2/token", _API_CALLS, _MISSING, _UNWRITABLE, {**_REQUIRED, RELEASE_EPHEMERAL: _SECRET_ID}
)
