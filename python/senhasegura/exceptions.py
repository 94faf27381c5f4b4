# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of this library. ``APIError`` is the root of all; none has a secret in its text.

Each has ``message`` (what failed), ``hint`` (what to do), ``kind`` (a word for programs), ``status_code`` (of the
response, or None), and ``context`` (server, endpoint, number of the error, words of the server).
"""

from __future__ import annotations

from ._core.errors import (
    AlreadyDone,
    ConfigError,
    ConnectionFailed,
    CustodyHeld,
    Denied,
    InvalidRequest,
    NotFound,
    Refused,
    ResponseLost,
    ServerBusy,
    ServerFailed,
    UnexpectedResponse,
    Unsupported,
)
from ._core.errors import AuthenticationFailed as AuthenticationError
from ._core.errors import SenhaseguraError as APIError

__all__ = [
    "APIError",
    "AlreadyDone",
    "AuthenticationError",
    "ConfigError",
    "ConnectionFailed",
    "CustodyHeld",
    "Denied",
    "FieldNotFound",
    "InvalidRequest",
    "NotFound",
    "Refused",
    "ResponseLost",
    "ServerBusy",
    "ServerFailed",
    "UnexpectedResponse",
    "Unsupported",
]


class FieldNotFound(NotFound):
    """The credential, key or secret is there, and has no such field or key, or nothing in it."""
