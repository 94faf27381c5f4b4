# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: OAuth 2 client credentials, OAuth 1 signatures, and the limits of an authorization."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import ipaddress
import re
import time
from typing import Any
from urllib.parse import unquote, unquote_plus

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from .call import Call, Incoming
from .crypto import random_token
from .envelope import Reply
from .errors import Problem, TokenProblem, no_route
from .store import Client, Nonce, Token
from .world import World

DENIED = "Client authentication failed"
# The resource that access keys have, and nothing else.
MYSAFE = "MySafe"
# Production code exists that writes a blank after `oauth_signature=`, and RFC 5849 (3.5.1) lets blanks stand there.
_PARAMETER = re.compile(r'\b(oauth_\w+|realm)\s*=\s*("?)\s*')


def token(call: Call) -> Reply:
    """POST .../oauth2/token: body credentials or HTTP Basic; a stale Bearer header does not matter here."""
    world, params = call.world, call.params
    if params.get("grant_type") != "client_credentials":
        raise TokenProblem(
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server.",
            400,
        )
    pairs = _offered(call.incoming)
    if not pairs[0][0]:
        raise TokenProblem("invalid_request", "The request is missing a required parameter: client_id", 400)
    found = ((world.store.first(Client, client_id=name), secret) for name, secret in pairs)
    client = next((c for c, secret in found if c and secret and c.client_secret == secret and _alive(world, c)), None)
    if client is None:
        raise TokenProblem("invalid_client", DENIED, 401)
    client_id = client.client_id
    _check_tenant(world, client, str(params.get("tenant") or ""))
    lifetime = _lifetime(world, params.get("ttl"))
    now = world.now()
    record = Token(token=random_token(client_id, now, now + lifetime), client=_id(client), expires=now + lifetime)
    world.store.save(record)
    world.traffic.tokens += 1
    call.client = client
    return Reply(200, {"token_type": "Bearer", "expires_in": int(lifetime), "access_token": record.token})


def authenticate(world: World, incoming: Incoming) -> Client:
    """The caller of an API request, or the refusal that the gateway or the product gives."""
    client, why = identify(world, incoming)
    if client is None:
        raise why
    if not _alive(world, client):
        raise Problem("Inactive authorization", 401)
    if not _address_allowed(client, incoming.peer):
        raise Problem("The IP is not allowed", 500, guide_status=403)
    if not _referer_allowed(client, incoming.headers.get("Referer", "")):
        raise Problem("The http referer is not allowed", 500, number=1105, error_code=1105)
    return client


def identify(world: World, incoming: Incoming) -> tuple[Client | None, Problem]:
    header = incoming.headers.get("Authorization")
    if header is None:
        return _unsigned_query(world, incoming), no_route()
    scheme, _blank, value = header.partition(" ")
    if scheme.lower() == "bearer":
        found = world.store.first(Token, token=value.strip())
        alive = found is not None and found.expires > world.now()
        client = world.store.first(Client, id=found.client) if found and alive else None
        return client, Problem("Unauthorized", 401)
    if scheme.lower() == "oauth":
        return _signed(world, incoming), Problem("Invalid signature", 401)
    return None, Problem("Unauthorized", 401)


def bearer_token(world: World, incoming: Incoming) -> Token | None:
    value = incoming.headers.get("Authorization", "").partition(" ")[2].strip()
    return world.store.first(Token, token=value) if value else None


def peek(world: World, incoming: Incoming, operation: str) -> str | None:
    """The client that a request names, for fault rules and the log; nothing is checked and no nonce is used up."""
    header = incoming.headers.get("Authorization", "")
    scheme, _blank, value = header.partition(" ")
    if operation == "token":
        names = [name for name, _secret in _offered(incoming) if name]
        return next((name for name in names if world.store.first(Client, client_id=name)), next(iter(names), None))
    if scheme.lower() == "oauth":
        found = re.search(r'oauth_consumer_key="([^"]*)"', value)
        client = world.store.first(Client, consumer_key=unquote(found[1])) if found else None
        return client.client_id if client else None
    if scheme.lower() == "bearer" and (token := bearer_token(world, incoming)):
        client = world.store.first(Client, id=token.client)
        return client.client_id if client else None
    return None


def need_resource(client: Client, resource: str) -> None:
    """An access key for MySafe has no other resource unless the seed names some, and no other client has this one."""
    granted = client.resources
    if client.mysafe_user is not None:
        granted = [MYSAFE, *(granted or ())]
    elif resource == MYSAFE:
        granted = []
    if granted is not None and resource not in granted:
        raise Problem("You are not authorized to access this resource.", 500, guide_status=403)


def _alive(world: World, client: Client) -> bool:
    return client.enabled and (client.expires is None or client.expires > world.now())


def _check_tenant(world: World, client: Client, wanted: str) -> None:
    """Authentication never crosses the tenant of the request; by IP, a multi-tenant instance must be told it."""
    own = client.tenant or world.settings.tenant
    if wanted != own if wanted else world.settings.tenant_required:
        raise TokenProblem("invalid_client", DENIED, 401)


def _lifetime(world: World, ttl: Any) -> float:
    try:
        wanted = float(ttl)
    except (TypeError, ValueError):
        return world.settings.token_lifetime
    return min(wanted, world.settings.token_lifetime) if wanted > 0 else world.settings.token_lifetime


def _offered(incoming: Incoming) -> list[tuple[str, str]]:
    """The pairs of client id and secret that a token request may mean; what is in the body wins over the header.

    The product's library takes the two parts of HTTP Basic as they are, RFC 6749 (2.3.1) wants them URL-encoded, and
    clients do either. So both readings are tried: a secret with a `+` or `%` in it works raw and encoded.
    """
    params = incoming.params()
    name, secret = (str(params.get(field) or "") for field in ("client_id", "client_secret"))
    raw_name, raw_secret = _basic(incoming.headers.get("Authorization", ""))
    readings = [(raw_name, raw_secret), (unquote_plus(raw_name), unquote_plus(raw_secret))]
    return [(name or basic_name, secret or basic_secret) for basic_name, basic_secret in readings]


def _basic(header: str) -> tuple[str, str]:
    scheme, _blank, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, secret


def _address_allowed(client: Client, peer: str) -> bool:
    """X-Forwarded-For is not looked at: it counts only for origins that the appliance was told to trust."""
    return any(
        rule == "*" or ipaddress.ip_address(peer) in ipaddress.ip_network(rule, strict=False)
        for rule in client.allowed_ips
    )


def _referer_allowed(client: Client, referer: str) -> bool:
    return any(fnmatch.fnmatchcase(referer, rule) for rule in client.allowed_referers)


def _unsigned_query(world: World, incoming: Incoming) -> Client | None:
    consumer, token_key = incoming.query.get("oauth_consumer_key"), incoming.query.get("oauth_token")
    if not (world.settings.oauth1_unsigned_query and consumer and token_key):
        return None
    return world.store.first(Client, consumer_key=consumer, token_key=token_key)


def _signed(world: World, incoming: Incoming) -> Client | None:
    validator = _Validator(world)
    endpoint = ResourceEndpoint(validator)
    is_form = incoming.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    headers = {name: value for name, value in incoming.headers.items() if name.lower() != "authorization"}
    headers["Authorization"] = _PARAMETER.sub(r"\1=\2", incoming.headers["Authorization"])
    try:
        valid, request = endpoint.validate_protected_resource_request(
            f"https://{incoming.headers.get('Host', '')}{incoming.target}",
            incoming.method,
            incoming.body.decode("utf-8", "replace") if is_form else None,
            headers,
        )
    except ValueError:
        return None
    return world.store.first(Client, consumer_key=request.client_key) if valid else None


class _Validator(RequestValidator):  # type: ignore[misc]
    """What oauthlib asks about keys, secrets and replays."""

    dummy_client = "dummy"
    dummy_access_token = "dummy"

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return ("HMAC-SHA1", "PLAINTEXT") if self._world.settings.oauth1_plaintext else ("HMAC-SHA1",)

    @property
    def timestamp_lifetime(self) -> float:
        return self._world.settings.oauth1_window

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_access_token(self, request_token: str) -> bool:
        return bool(request_token)

    def check_nonce(self, nonce: str) -> bool:
        return 0 < len(nonce) <= 128

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: Any,
        request_token: Any = None,
        access_token: Any = None,
    ) -> bool:
        now, sent = time.time(), float(timestamp)
        if abs(now - sent) > self.timestamp_lifetime:
            return False
        self._world.store.delete_older(Nonce, "timestamp", now - 2 * self.timestamp_lifetime)
        text = f"{client_key} {access_token} {timestamp} {nonce}"
        if self._world.store.first(Nonce, nonce=text):
            return False
        self._world.store.save(Nonce(nonce=text, timestamp=sent))
        return True

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return self._client(client_key) is not None

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        client = self._client(client_key)
        return client is not None and client.token_key == token

    def validate_realms(self, client_key: str, token: str, request: Any, uri: Any = None, realms: Any = None) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        client = self._client(client_key)
        return client.consumer_secret or "" if client else "dummy"

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        client = self._client(client_key)
        return client.token_secret or "" if client and client.token_key == token else "dummy"

    def _client(self, client_key: str) -> Client | None:
        return self._world.store.first(Client, consumer_key=client_key)


def _id(client: Client) -> int:
    return client.id or 0
