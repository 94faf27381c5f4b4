# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's calls for DSM applications, pipeline variables and ephemeral credentials (facts-dsm.md 2, 4 and 5)."""

from __future__ import annotations

import base64
import json
import re

from ..dsm_models import DsmApplication, DsmApplicationWrite, DsmAuthorization, EphemeralWrite, VariablesUpload
from ..dsm_secrets import DsmSecret
from ..errors import UnexpectedResponse
from .dialect import Call, Row, Unseal, row
from .dsm import decode_secret_item
from .entities import (
    as_list,
    decode_nothing,
    echoed_text,
    entities,
    entity,
    given,
    integer,
    required_secret,
    tag_list,
    text_or_none,
)
from .envelope import server_message
from .operations import (
    CREATE_APPLICATION,
    CREATE_EPHEMERAL,
    CREATE_VARIABLES,
    DISABLE_APPLICATION,
    READ_APPLICATION,
    RELEASE_EPHEMERAL,
)
from .strict_json import Json

_MADE = re.compile("created|criad|cadastrad|registered|registrad", re.IGNORECASE)
_FOUND = re.compile("updated|found|atualizad|encontrad", re.IGNORECASE)


def decode_owner(document: Json, unseal: Unseal) -> DsmApplication:
    """Decode the application of the token, without the values of its secrets."""
    item = entity(document, "application")
    return DsmApplication(
        name=echoed_text(item, "name") or "",
        system=echoed_text(item, "system") or "",
        environment=echoed_text(item, "environment") or "",
        description=text_or_none(item, "description"),
        tags=tag_list(item.get("tags")),
        # Their values stay sealed.
        secrets=tuple(decode_secret_item(one, lambda value: value).identifier for one in entities(item, "secrets")),
    )


def encode_application(model: DsmApplicationWrite) -> Json:
    """Encode an application with its authorization. None is left out."""
    return given(
        application=model.application,
        system=model.system,
        environment=model.environment,
        unique_key=model.unique_key,
        description=model.description,
        tags=as_list(model.tags),
        authentication_method=model.authentication_method,
        line_of_business=model.line_of_business,
        application_type=model.application_type,
        aws_arns=as_list(model.aws_arns),
        authorized_resources=as_list(model.authorized_resources),
        expiration_date=model.expires_at,
        encryption_enabled=model.encryption_enabled,
        allowed_ips=as_list(model.allowed_ips),
        allowed_http_referers=as_list(model.allowed_http_referers),
        certificate_fingerprint=model.certificate_fingerprint,
        cloud_profiles=as_list(model.cloud_profiles),
        credential_profiles=as_list(model.credential_profiles),
    )


def decode_authorization(document: Json, unseal: Unseal) -> DsmAuthorization:
    """Decode what a client logs in with, and what the words of the server say was made.

    They are C(Application updated: (4) NAME | Authorization found: (6)), of which the name may hold anything.
    """
    words = server_message(document)
    first, last = words.split(":", 1)[0], words.rpartition("|")[2]
    return DsmAuthorization(
        client_id=required_secret(document, "id"),
        client_secret=required_secret(document, "signature"),
        application_made=_was_made(first),
        authorization_made=_was_made(last) if "|" in words else None,
    )


def _was_made(words: str) -> bool | None:
    return False if _FOUND.search(words) else True if _MADE.search(words) else None


def encode_variables(model: VariablesUpload) -> Json:
    """Encode variables and mapping, each in the URL-safe base64 of the vendor's tool."""
    lines = "\n".join(f"{name}={value}" for name, value in model.values.items())
    return {"env": _url_base64(lines), "map": _url_base64(json.dumps(model.mapping))}


def _url_base64(value: str) -> str:
    encoded = base64.b64encode(value.encode("utf-8", "surrogateescape")).decode()
    return encoded.replace("+", "-").replace("/", "_").replace("=", ",")


def encode_ephemeral(model: EphemeralWrite) -> Json:
    """Encode what an ephemeral credential is for. Which fields a call wants differs: see the table of the dialect."""
    return given(
        identity=model.identifier,
        pod_name=model.pod_name,
        deploy=model.deploy,
        namespace=model.namespace,
        secret_id=model.secret_id,
    )


def decode_provisioned(document: Json, unseal: Unseal) -> DsmSecret:
    """Decode the secret that was provisioned: of its own (4.0), or the newest one of the application (3.32)."""
    if "secret" in document:
        return decode_secret_item(entity(document, "secret"), unseal)
    secrets = entities(entity(document, "application"), "secrets")
    if not secrets:
        raise UnexpectedResponse(
            "the server shows no secret after the provisioning", hint="Look at the secrets of the application"
        )
    return decode_secret_item(max(secrets, key=lambda item: integer(item.get("secret_id")) or 0), unseal)


def application_calls() -> tuple[Row, ...]:
    """Return the rows of the table, which are the same in all releases."""
    path, provision = "/iso/dapp/application", "/iso/coe/dapp"
    return (
        row(READ_APPLICATION, Call("GET", path, decode_owner, module="dsm", lists=True)),
        row(CREATE_APPLICATION, Call("POST", path, decode_authorization, encode_application, module="dsm")),
        row(DISABLE_APPLICATION, Call("DELETE", f"{path}/authorization", decode_nothing, module="dsm")),
        row(
            CREATE_VARIABLES,
            Call("POST", "/iso/cicd/variables", decode_nothing, encode_variables, body="form", module="dsm"),
        ),
        row(
            CREATE_EPHEMERAL, Call("POST", f"{provision}/provision", decode_provisioned, encode_ephemeral, module="dsm")
        ),
        row(
            RELEASE_EPHEMERAL, Call("POST", f"{provision}/deprovision", decode_nothing, encode_ephemeral, module="dsm")
        ),
    )
