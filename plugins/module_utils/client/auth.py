# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authentication of a client: token requests and responses of OAuth 2, signatures of OAuth 1. No network here."""

from __future__ import annotations

import base64
import dataclasses
import importlib.util
import typing as t
import urllib.parse

from ..errors import ConfigError, UnexpectedResponse, missing_library
from ..redaction import SecretStr
from ..settings.settings import Settings

# Not imported before it is needed: that takes 35 ms of the start of each run.
HAS_OAUTH1 = importlib.util.find_spec("requests_oauthlib") is not None
FORM = "application/x-www-form-urlencoded"
# For a reply without a sensible life time: short, but not so short that every request asks for a new token.
_DOUBTFUL_LIFETIME = 60.0
_LONGEST_LIFETIME = 7 * 86400.0
# So many digits are no life time any more.
_DIGITS = 10
# Renewed early, so that a token does not expire on the way.
_USABLE_PART = 0.8


@dataclasses.dataclass(frozen=True)
class Token:
    """An access token and the monotonic time (seconds) from which on it is not used any more."""

    value: SecretStr
    renew_at: float

    def header(self) -> dict[str, str]:
        """Return the header that carries the token."""
        return {"Authorization": f"Bearer {self.value.reveal()}"}


def token_request(settings: Settings) -> tuple[dict[str, str], bytes]:
    """Return headers and body of the token request: credentials in the form body, or with HTTP Basic."""
    client_id, client_secret = _reveal(settings.client_id), _reveal(settings.client_secret)
    fields = {"grant_type": "client_credentials"}
    headers = {"Content-Type": FORM}
    if settings.auth_method == "oauth2_basic":
        if ":" in client_id:
            raise ConfigError(
                "client_id has a colon, with which auth_method oauth2_basic would cut it in two",
                hint="Set auth_method to oauth2",
            ).with_context(option="client_id")
        # RFC 6749 2.3.1 wants both URL-encoded first. The server's OAuth library takes what it gets as it is.
        headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    else:
        fields |= {"client_id": client_id, "client_secret": client_secret}
    if settings.tenant:
        fields["tenant"] = settings.tenant
    return headers, urllib.parse.urlencode(fields).encode()


def parse_token(document: t.Mapping[str, t.Any], *, now: float) -> Token:
    """Return the token in a response, usable for 80 % of its life time. The server's clock plays no part."""
    value, kind = document.get("access_token"), document.get("token_type", "Bearer")
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        raise UnexpectedResponse("the reply to the token request must have an access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise UnexpectedResponse("the token must be of the type Bearer")
    lifetime = document.get("expires_in")
    if isinstance(lifetime, str) and lifetime.isascii() and lifetime.isdigit() and len(lifetime) < _DIGITS:
        lifetime = int(lifetime)
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or not 0 < lifetime <= _LONGEST_LIFETIME:
        lifetime = _DOUBTFUL_LIFETIME
    return Token(SecretStr(value), now + lifetime * _USABLE_PART)


def oauth1_signer(settings: Settings) -> t.Any:
    """Return a requests authentication object that signs each request (HMAC-SHA1, in the header)."""
    if not HAS_OAUTH1:
        raise missing_library("auth_method oauth1 needs the Python library requests-oauthlib", "requests-oauthlib")
    import logging

    from requests_oauthlib import OAuth1

    # At DEBUG they log the keys and all that is signed, passwords included: log_path has it if the root logs at DEBUG.
    for name in ("oauthlib", "requests_oauthlib"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return OAuth1(
        _reveal(settings.consumer_key),
        client_secret=_reveal(settings.consumer_secret),
        resource_owner_key=_reveal(settings.token_key),
        resource_owner_secret=_reveal(settings.token_secret),
    )


def _reveal(value: SecretStr | None) -> str:
    return value.reveal() if value is not None else ""
