# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of the server's error numbers, statuses and OAuth errors, with hints (http-api.md 1.7 and 2.4).

A number means something only together with its module: DSM and MySafe reuse PAM's numbers.
"""

from __future__ import annotations

import re
import typing as t

from ..errors import (
    AlreadyDone,
    AuthenticationFailed,
    Denied,
    InvalidRequest,
    NotFound,
    SenhaseguraError,
    ServerFailed,
    TokenRefused,
)


class Meaning(t.NamedTuple):
    """The exception class for a number or status, our own words for it, and the fix."""

    error: type[SenhaseguraError]
    text: str
    hint: str


# Where a right is granted. Nothing of it can be read or changed by the API.
_AUTHORIZATION = "the A2A authorization of this client (console: A2A > Applications > Authorizations"
_ASK_ACCESS = f"Add it to {_AUTHORIZATION}, tab Credential)"
_NAME_IT = f"Check the id, identifier or username@hostname, and that it is in {_AUTHORIZATION}, tab Credential)"
_WRITE_PERMISSION = f"Set the PAM permission to read and write in {_AUTHORIZATION}, tab Security)"
_DSM_RESOURCES = (
    "Add the resources Application and Secret Management, and CI/CD for pipeline variables, to the DSM authorization "
    "of this client (console: DevOps Secret Manager, its application > Authorizations)"
)
_CHECK_LOGIN = (
    f"Check that {_AUTHORIZATION}) is enabled and not expired, and that client_id and client_secret are its own"
)

_NAME_ITEM = "Check the id or the name, and that the owner of the access key has the item or shares it"
_FILL_IN = "Correct the option that the server names"
_READ_ONLY = Meaning(Denied, "this authorization is read-only", _WRITE_PERMISSION)

CODES: t.Mapping[tuple[str, int], Meaning] = {
    ("pam", 1003): Meaning(InvalidRequest, "the server does not accept this form of name", _NAME_IT),
    ("pam", 1004): Meaning(InvalidRequest, "the host name of the device is missing", "Set the option hostname"),
    ("pam", 1005): Meaning(InvalidRequest, "the IP address of the device is missing", "Set the option ip"),
    ("pam", 1007): Meaning(NotFound, "credential not found", _NAME_IT),
    ("pam", 1008): Meaning(
        AlreadyDone,
        "the credential is inactive",
        "Enable it with the module community.senhasegura.credential and state=enabled, or in the console",
    ),
    ("pam", 1009): Meaning(Denied, "this client has no access to the credential", _ASK_ACCESS),
    ("pam", 1010): Meaning(
        InvalidRequest,
        "this is an SSH key, not a credential",
        "Use the lookup or module community.senhasegura.ssh_key for it",
    ),
    ("pam", 1011): Meaning(
        NotFound,
        "the device is not registered",
        "Register it with the module community.senhasegura.device, or check hostname and ip",
    ),
    ("pam", 1013): Meaning(InvalidRequest, "the public key is missing", "Set the option public_key"),
    ("pam", 1014): Meaning(InvalidRequest, "the private key is missing", "Set the option private_key"),
    ("pam", 1015): Meaning(NotFound, "SSH key not found", _NAME_IT),
    ("pam", 1016): Meaning(
        InvalidRequest,
        "this is a credential, not an SSH key",
        "Use the lookup community.senhasegura.password or the module community.senhasegura.credential for it",
    ),
    ("pam", 1017): Meaning(
        AlreadyDone,
        "the key or credential is inactive, or already in the state that is asked for",
        "Enable it with state=enabled before it is read, or in the console",
    ),
    ("pam", 1018): Meaning(
        AlreadyDone, "the credential is not in the custody of this client", "There is nothing to release"
    ),
    ("pam", 1019): Meaning(InvalidRequest, "the site of the device is missing", "Set the option site of the device"),
    ("pam", 1020): Meaning(InvalidRequest, "the model of the device is missing", "Set the option model of the device"),
    ("pam", 1021): Meaning(
        InvalidRequest, "the vendor of the device is missing", "Set the option vendor of the device"
    ),
    ("pam", 1022): Meaning(InvalidRequest, "the type of the device is missing", "Set the option type of the device"),
    ("pam", 1023): Meaning(
        NotFound,
        "protected information not found",
        f"Give the id, since not every server finds an identifier; it must be in {_AUTHORIZATION}, tab Protected "
        "information)",
    ),
    ("pam", 1024): Meaning(
        AlreadyDone, "the protected information is inactive", "Activate it in the console, or give another identifier"
    ),
    ("pam", 1026): Meaning(InvalidRequest, "the content is missing", "Set the option content"),
    ("pam", 1029): Meaning(
        InvalidRequest,
        "the domain of the device is not registered",
        "Register the domain in the console, or correct the domain of the device",
    ),
    ("pam", 1039): _READ_ONLY,
    ("pam", 1042): Meaning(InvalidRequest, "the user name is missing or not valid", "Set the option username"),
    ("pam", 1043): Meaning(AlreadyDone, "the credential is active already", "There is nothing to do"),
    ("pam", 1044): Meaning(AlreadyDone, "the device is active already", "There is nothing to do"),
    ("pam", 1045): Meaning(AlreadyDone, "the SSH key is active already", "There is nothing to do"),
    ("pam", 1046): Meaning(
        InvalidRequest,
        "the execution plugin does not exist",
        "Correct change_plugin in the option execution_settings or jit_settings",
    ),
    ("pam", 1047): Meaning(
        InvalidRequest,
        "the execution template does not exist",
        "Correct the name of the template (console: Executions > Templates)",
    ),
    ("pam", 1052): Meaning(
        InvalidRequest,
        "the device has the same credential already, under another identifier",
        "Use the identifier of that credential, or allow duplicate credentials in the system parameters of the server",
    ),
    ("pam", 1053): Meaning(
        InvalidRequest,
        "the identifier has characters that the server does not accept",
        "Use letters, digits, '_', '-' and '.' in identifier",
    ),
    ("mysafe", 1001): Meaning(InvalidRequest, "a value is missing, too long, or taken by another item", _FILL_IN),
    ("mysafe", 1005): Meaning(NotFound, "the server does not have this item or user", _NAME_ITEM),
    ("mysafe", 1006): Meaning(
        Denied,
        "this access key has no access to the item",
        "Ask its owner to share it with the owner of the access key, or add it to the items of the access key; one "
        "that needs a justification or an approval can be read in the console only",
    ),
    ("mysafe", 1009): Meaning(
        AlreadyDone, "the item is inactive", "Enable it with state=enabled of its own module, or in the console"
    ),
    ("mysafe", 1010): Meaning(InvalidRequest, "the server does not accept this form of id", "Give a number as id"),
    ("users", 1001): Meaning(InvalidRequest, "a value of the related user is missing", "Set name and username"),
    ("users", 1005): Meaning(
        NotFound,
        "the server does not have this user",
        "Check that username is a user of the server, and id that of a related user",
    ),
    ("session", 1039): _READ_ONLY,
    ("session", 1002): Meaning(NotFound, "session not found", "It may have ended: look at it with session_info"),
}
# 1105 is the same in every module.
REFERER = Meaning(
    Denied, "the HTTP referer is not allowed", f"Remove the list of referers from {_AUTHORIZATION}, tab Security)"
)

_LOOK_AT_LOG = "Look at the system error log of the server for this time; ask its support if that does not help"
_SERVER_FAILED = Meaning(ServerFailed, "the server reports an error of its own", _LOOK_AT_LOG)
_REFUSED = Meaning(
    InvalidRequest,
    "the server refuses the request",
    "Correct the option that the server names; if it names none, check url and dialect",
)
STATUSES: t.Mapping[int, Meaning] = {
    400: _REFUSED,
    401: Meaning(TokenRefused, "the server does not accept the token", _CHECK_LOGIN),
    403: Meaning(
        Denied,
        "the server forbids this",
        f"Check permission, resources and allowed IPs (this controller's address) in {_AUTHORIZATION}, tab Security)",
    ),
    404: Meaning(NotFound, "the server does not have this object", _NAME_IT),
    405: _REFUSED._replace(
        text="the server does not allow this method at this path", hint="Check that dialect and url fit the server"
    ),
    407: _REFUSED._replace(
        text="a proxy wants user and password", hint="Set proxy to http://USER:PASSWORD@HOST:PORT of that proxy"
    ),
    413: _REFUSED._replace(
        text="the request is too large for the server", hint="Send less, or raise the limit of the gateway"
    ),
    500: _SERVER_FAILED,
}

_PROVIDER = (
    "the identity provider that this client belongs to (console: Settings > Provisioning), which must be enabled and "
    "not expired"
)
# Where a status means something else in a module than in all others.
STATUSES_OF: t.Mapping[str, t.Mapping[int, Meaning]] = {
    "scim": {
        400: Meaning(
            InvalidRequest,
            "the server refuses the request",
            "Correct what the server names. Roles and access groups must exist under the same names; patch_style=user "
            "sends the other form of an update",
        ),
        401: Meaning(
            TokenRefused,
            "the server does not accept the token",
            f"SCIM wants client_id and client_secret of an identity provider, not of an A2A authorization: check "
            f"{_PROVIDER}",
        ),
        403: Meaning(
            Denied, "the server forbids this", f"Check the allowed IPs (this controller's address) of {_PROVIDER}"
        ),
        404: Meaning(NotFound, "the server does not have this user", "Check the id, or give username"),
        409: Meaning(
            InvalidRequest,
            "another user has the same user name, external id or e-mail address",
            "Give the id of that user, or other values",
        ),
    },
}


class ServerWords(t.NamedTuple):
    """A message of the server without a number: a pattern for it, our own words, and the fix.

    ``error`` is None where the HTTP status says what class of error it is.
    """

    pattern: re.Pattern[str]
    text: str
    hint: str
    error: type[SenhaseguraError] | None = None


def _words(pattern: str, text: str, hint: str, error: type[SenhaseguraError] | None = None) -> ServerWords:
    return ServerWords(re.compile(pattern, re.IGNORECASE), text, hint, error)


_CLIENT_CERT_HINT = "Set client_cert and client_key to a certificate of a CA that the server knows"
_ADDRESS_HINT = f"Add the address of this controller to the allowed IPs of {_AUTHORIZATION}, tab Security)"
# For all statuses from 400 on. The text for an address is a guess after that for the referer; those about TLS
# are those of nginx, which stands in front.
TEXTS: tuple[ServerWords, ...] = (
    _words("referer.{0,20}not allowed", REFERER.text, REFERER.hint, Denied),
    _words(r"\bIP\b.*not allowed", "the address of this controller is not allowed", _ADDRESS_HINT, Denied),
    _words("inactive authorization", "the authorization is inactive", _CHECK_LOGIN),
    _words(
        r"(token|authori[sz]ation)\b.*expired|expired\b.*(token|authori[sz]ation)",
        "the token, or the authorization, has expired",
        _CHECK_LOGIN,
    ),
    _words(
        "no required SSL certificate|SSL certificate error", "the server wants a client certificate", _CLIENT_CERT_HINT
    ),
    _words(
        "HTTP request was sent to HTTPS port",
        "the server speaks TLS at this port",
        "Set url to https:// with this port",
    ),
)
# What the product says under status 500 of a resource that the authorization does not have.
NOT_AUTHORISED = re.compile("not authori[sz]ed", re.IGNORECASE)
RESOURCES: t.Mapping[str, str] = {
    "pam": f"Add the resource PAM Core to {_AUTHORIZATION}, tab Security)",
    "dsm": _DSM_RESOURCES,
    "mysafe": "Use an access key for MySafe (console: MySafe > Integrations > Access keys), not a client of A2A",
    "users": f"Add the resource Users to {_AUTHORIZATION}, tab Security)",
    "session": f"Add the resources PAM Core and Web Proxy Session to {_AUTHORIZATION}, tab Security)",
    "scim": f"SCIM wants the client of an identity provider, not of an A2A authorization: check {_PROVIDER}",
    "login": f"Add the resources that it needs (PAM Core; Application and Secret Management) to {_AUTHORIZATION})",
}
# How the product and its gateway report an unknown path.
NO_CALL = re.compile("Resource sub not found|no Route matched", re.IGNORECASE)
NO_DSM_CALL = f"{_DSM_RESOURCES}; if it has them, check url: DSM answers below /iso in every release"
NO_SCIM_CALL = (
    "Check url: SCIM answers below /iso/scim/v2 in every release, and may have to be switched on (console: Settings > "
    "Provisioning)"
)

_COMPARE = (
    f"Compare client_id and client_secret with {_AUTHORIZATION} > View), which must be enabled and not expired; "
    "set tenant if the server has several"
)
_OTHER_PLACE = (
    "If they are right, the server may want them elsewhere: auth_method=oauth2_basic sends them with HTTP Basic, "
    "oauth2 in the body"
)
_NOT_ACCEPTED = "the server does not accept this kind of token request"
LOGIN: t.Mapping[int, Meaning] = {
    400: Meaning(AuthenticationFailed, _NOT_ACCEPTED, f"Check url, dialect and tenant. {_OTHER_PLACE}"),
    401: Meaning(
        AuthenticationFailed, "the server does not accept client_id and client_secret", f"{_COMPARE}. {_OTHER_PLACE}"
    ),
    403: Meaning(AuthenticationFailed, "the server forbids this client to log in", _ADDRESS_HINT),
}
# The errors of RFC 6749 5.2, whatever the status is that comes with them.
OAUTH_ERRORS: t.Mapping[str, Meaning] = {
    "invalid_client": Meaning(AuthenticationFailed, "client_id or client_secret is wrong", _COMPARE),
    "unauthorized_client": Meaning(
        AuthenticationFailed,
        "this client may not log in with client_id and client_secret alone",
        "Use client_id and client_secret of an A2A authorization whose application authenticates with OAuth 2.0 "
        "(console: A2A > Applications > Authorizations)",
    ),
    "invalid_grant": Meaning(AuthenticationFailed, "the server does not accept this login", _COMPARE),
    "invalid_scope": Meaning(
        AuthenticationFailed,
        "the authorization has none of the resources that the server asks for",
        f"Add the resources (PAM Core; for DSM Application and Secret Management) to {_AUTHORIZATION}, tab Security)",
    ),
    "unsupported_grant_type": Meaning(
        AuthenticationFailed,
        _NOT_ACCEPTED,
        f"Check url and dialect: the server, or a gateway in front of it, has not read the body. {_OTHER_PLACE}",
    ),
    "invalid_request": Meaning(
        AuthenticationFailed,
        "the token request lacks something that the server needs",
        f"Set tenant if the server has several. {_OTHER_PLACE}",
    ),
    "access_denied": Meaning(AuthenticationFailed, "the server forbids this client to log in", _ADDRESS_HINT),
}
# What the server says of a tenant at the login.
TENANT = re.compile(r"\btenant\b", re.IGNORECASE)
WRONG_TENANT = Meaning(
    AuthenticationFailed,
    "the server does not accept the tenant",
    "Set tenant to the subdomain of the tenant that has the authorization, or use the host name of that tenant in url",
)


def refuses_address(error: SenhaseguraError) -> bool:
    """Return whether an error means that requests may not come from this controller."""
    return error.hint == _ADDRESS_HINT


def refuses_tenant(error: SenhaseguraError) -> bool:
    """Return whether an error means that the tenant is wrong or missing."""
    return error.message == WRONG_TENANT.text
