# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of this library. ``APIError`` is the root of all; none has a secret in its text.

Each has ``message`` (what failed), ``hint`` (what to do), ``kind`` (a word for programs), ``status_code`` (of the
response, or None), and ``context`` (server, endpoint, number of the error, words of the server).
"""

from __future__ import annotations

from ._core.errors import AlreadyDone as AlreadyDone
from ._core.errors import AuthenticationFailed as AuthenticationError
from ._core.errors import ConfigError as ConfigError
from ._core.errors import ConnectionFailed as ConnectionFailed
from ._core.errors import CustodyHeld as CustodyHeld
from ._core.errors import Denied as Denied
from ._core.errors import InvalidRequest as InvalidRequest
from ._core.errors import NotFound as NotFound
from ._core.errors import Refused as Refused
from ._core.errors import ResponseLost as ResponseLost
from ._core.errors import SenhaseguraError as APIError
from ._core.errors import ServerBusy as ServerBusy
from ._core.errors import ServerFailed as ServerFailed
from ._core.errors import UnexpectedResponse as UnexpectedResponse
from ._core.errors import Unsupported as Unsupported

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
