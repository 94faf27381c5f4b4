# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a login has shown."""

from __future__ import annotations

import dataclasses
import enum


class LoginResult(enum.Enum):
    """What a login has shown."""

    OK = "ok"
    WRONG = "wrong"
    MUST_CHANGE = "must_change"
    EXPIRED = "expired"
    MFA = "mfa"
    NO_SHELL = "no_shell"
    NOT_OFFERED = "not_offered"
    HOST_KEY = "host_key"
    NETWORK = "network"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a login has shown, and why, in words of our own: what the host says may hold anything.

    ``sent`` says that nobody has judged the secret although the server has got it, and may have counted it as wrong.
    """

    result: LoginResult
    explanation: str
    sent: bool = False

    @property
    def ok(self) -> bool:
        """Return whether the account was let in and its command ran."""
        return self.result is LoginResult.OK

    @property
    def authenticated(self) -> bool:
        """Return whether the server has let the account in, even if no command ran then."""
        return self.result in (LoginResult.OK, LoginResult.NO_SHELL)
