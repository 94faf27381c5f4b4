# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one kind of refusal that handlers raise, and the vendor's error numbers."""

from __future__ import annotations

MESSAGES: dict[int, str] = {
    1001: "Parameter '{}' was not informed!",
    1002: "Session not found",
    1004: "The device's hostname was not informed",
    1005: "The device's IP was not informed",
    1007: "Credential not found",
    1008: "Credential inactive",
    1009: "No access to credential",
    1010: "The item is not a credential",
    1011: "Device not found",
    1013: "The public key was not informed",
    1014: "The private key was not informed",
    1015: "SSH key not found",
    1016: "The item is not a ssh key",
    1017: "Key inactive",
    1018: "The credential is not in the user custody",
    1019: "The device's site was not informed",
    1020: "The device's model was not informed",
    1021: "The device's vendor was not informed",
    1022: "The device's type was not informed",
    1023: "Information not found",
    1024: "Inactive information",
    1026: "The information content was not informed",
    1029: "It is not possible to enter a domain that has not been previously registered",
    1039: "Without PAM Configuration Access permission",
    1042: "Invalid username",
    1043: "Credential is already activated",
    1044: "Device is already activated",
    1045: "Ssh key is already activated",
    1046: "Plugin not informed",
    1047: "Template plugin not informed",
    1052: "the same credential already exists on the device",
    1053: 'The identifier can only contain letters, numbers, "_" and "-".',
    1105: "The http referer is not allowed",
}

# The guide has a status per kind of refusal where the vendor answers 400 to all; everything else stays 400.
GUIDE_STATUS: dict[int, int] = {1007: 404, 1015: 404, 1010: 404, 1016: 404, 1011: 404, 1009: 403, 1039: 403, 1105: 403}


class Problem(Exception):
    """A refused call. `number` is the vendor's error number, None where the documents give none."""

    def __init__(
        self,
        message: str,
        status: int = 400,
        number: int | None = None,
        error_code: int = 1,
        detail: str = "",
        guide_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.number = number
        self.error_code = error_code
        self.detail = detail
        self.guide_status = guide_status or GUIDE_STATUS.get(number or 0, status)


class GatewayProblem(Problem):
    """An answer of the gateway in front of the product: flat JSON, no envelope."""


class TokenProblem(Problem):
    """An answer of the OAuth 2 server: flat JSON with `error`, `error_description`, `message`."""

    def __init__(self, error: str, message: str, status: int) -> None:
        super().__init__(message, status)
        self.error = error


class ScimProblem(Problem):
    """A refusal in the form of SCIM (RFC 7644, 3.12)."""

    def __init__(self, message: str, status: int = 400, scim_type: str | None = None) -> None:
        super().__init__(message, status)
        self.scim_type = scim_type


def numbered(number: int, *words: str, text: str | None = None, detail: str = "") -> Problem:
    return Problem(f"{number}: {text or MESSAGES[number].format(*words)}", number=number, detail=detail)


def no_route() -> GatewayProblem:
    return GatewayProblem("no Route matched with those values", 404)
