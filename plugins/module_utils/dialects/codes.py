# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server's error numbers and HTTP statuses: what each means, and what to do (http-api.md 1.7 and 2.4).

A number means something only together with its module: DSM and MySafe reuse PAM's numbers.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
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


_ASK_ACCESS = "Add it to the A2A authorization of this client (A2A > Applications > Authorizations)"
_NAME_IT = "Check the id, identifier or username@hostname, and that the authorization may see it"
_WRITE_PERMISSION = "Give the authorization the PAM permission read and write"

CODES: t.Mapping[tuple[str, int], Meaning] = {
    ("pam", 1003): Meaning(InvalidRequest, "unexpected type of identifier", _NAME_IT),
    ("pam", 1004): Meaning(InvalidRequest, "the host name of the device is missing", "Set the option hostname"),
    ("pam", 1005): Meaning(InvalidRequest, "the IP address of the device is missing", "Set the option ip"),
    ("pam", 1007): Meaning(NotFound, "credential not found", _NAME_IT),
    ("pam", 1008): Meaning(AlreadyDone, "the credential is inactive", "Enable it first (state=enabled)"),
    ("pam", 1009): Meaning(Denied, "no access to this credential", _ASK_ACCESS),
    ("pam", 1010): Meaning(InvalidRequest, "this id belongs to an SSH key", "Use the ssh_key lookup and modules"),
    ("pam", 1011): Meaning(NotFound, "device not found", "Register the device first, or check hostname and ip"),
    ("pam", 1013): Meaning(InvalidRequest, "the public key is missing", "Set the option public_key"),
    ("pam", 1014): Meaning(InvalidRequest, "the private key is missing", "Set the option private_key"),
    ("pam", 1015): Meaning(NotFound, "SSH key not found", _NAME_IT),
    ("pam", 1016): Meaning(InvalidRequest, "this id belongs to a credential", "Use the password lookup or credential"),
    ("pam", 1017): Meaning(
        AlreadyDone, "the key or credential is already in that state", "Enable it before reading it"
    ),
    ("pam", 1018): Meaning(AlreadyDone, "the credential is not in the custody of this client", "Nothing to release"),
    ("pam", 1029): Meaning(InvalidRequest, "the domain of the device is not registered", "Register it in the console"),
    ("pam", 1039): Meaning(Denied, "this authorization is read-only", _WRITE_PERMISSION),
    ("pam", 1042): Meaning(InvalidRequest, "the user name is missing", "Set the option username"),
    ("pam", 1043): Meaning(AlreadyDone, "the credential is active already", "Nothing to do"),
    ("pam", 1045): Meaning(AlreadyDone, "the SSH key is active already", "Nothing to do"),
    ("pam", 1046): Meaning(
        InvalidRequest, "the execution plugin does not exist", "Check change_plugin in the settings"
    ),
    ("pam", 1047): Meaning(InvalidRequest, "the execution template does not exist", "Check the template's name"),
    ("pam", 1052): Meaning(
        InvalidRequest,
        "the same credential exists on the device already",
        "Use its identifier, or allow duplicate credentials in the system parameters",
    ),
    ("pam", 1053): Meaning(
        InvalidRequest, "the identifier has characters that the server does not take", "Use letters, digits, _, - and ."
    ),
}
# 1105 is the same in every module.
REFERER = Meaning(Denied, "the HTTP referer is not allowed", "Remove the referer list from the A2A authorization")

STATUSES: t.Mapping[int, Meaning] = {
    400: Meaning(InvalidRequest, "the server refuses the request", "Check the option values"),
    401: Meaning(
        TokenRefused,
        "the server does not accept the token or the signature",
        "Check that the authorization is enabled and not expired, and client_id and client_secret",
    ),
    403: Meaning(
        Denied,
        "the server forbids this",
        "Check the A2A authorization: permission, resources and allowed IPs (the address of this controller)",
    ),
    404: Meaning(NotFound, "the server has no such object", "Check the id or identifier"),
    500: Meaning(ServerFailed, "the server reports an error of its own", "See the server's system error log"),
}
NOT_AUTHORISED = Meaning(
    Denied,
    "this resource is not granted to the authorization",
    "Add the resource (PAM Core, or Application and Secret Management for DSM) to the A2A authorization",
)
# A path that leads nowhere: the product's and the gateway's words for it.
NO_CALL = re.compile("Resource sub not found|no Route matched", re.IGNORECASE)
# What comes without a number, under status 500. The text for an address is a guess after that for the referer.
TEXTS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile("not authori[sz]ed", re.IGNORECASE), NOT_AUTHORISED),
    (
        re.compile(r"\bIP\b.*not allowed", re.IGNORECASE),
        Meaning(
            Denied,
            "the address of this controller is not allowed",
            "Add it to the allowed IPs of the A2A authorization",
        ),
    ),
)
LOGIN: t.Mapping[int, Meaning] = {
    400: Meaning(
        AuthenticationFailed, "the server does not take this kind of token request", "Try auth_method=oauth2_basic"
    ),
    401: Meaning(
        AuthenticationFailed,
        "the server does not accept client_id and client_secret",
        "Compare both with the console (A2A > Applications > Authorization > View); set tenant if there are several",
    ),
    403: Meaning(
        AuthenticationFailed,
        "the server forbids this client to log in",
        "Add the address of this controller to the allowed IPs of the A2A authorization",
    ),
}
