# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client: one class per area over one API."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ..redaction import KnownSecrets
from ..settings.settings import Settings
from .api import Api
from .applications import Applications
from .automations import Automations
from .credentials import Credentials
from .devices import Devices
from .encryption_keys import EncryptionKeys
from .ephemeral import EphemeralCredentials
from .information import Information
from .mysafe import MySafe
from .related_users import RelatedUsers
from .remote_sessions import RemoteSessions
from .scim_users import ScimUsers
from .secrets import Secrets
from .ssh_keys import SshKeys

# What this process has sent and received, for the texts of all its APIs.
_KNOWN = KnownSecrets()


@dataclasses.dataclass(frozen=True)
class Client:
    """What plugins talk to. Makes no request until it is asked for something."""

    credentials: Credentials
    ssh_keys: SshKeys
    devices: Devices
    secrets: Secrets
    applications: Applications
    ephemeral: EphemeralCredentials
    automations: Automations
    encryption_keys: EncryptionKeys
    mysafe: MySafe
    scim_users: ScimUsers
    related_users: RelatedUsers
    sessions: RemoteSessions
    information: Information
    # As errors name it.
    server: str = ""


def client_over(api: Api) -> Client:
    """Return a client that talks through ``api``."""
    return Client(
        Credentials(api),
        SshKeys(api),
        Devices(api),
        Secrets(api),
        Applications(api),
        EphemeralCredentials(api),
        Automations(api),
        EncryptionKeys(api),
        MySafe(api),
        ScimUsers(api),
        RelatedUsers(api),
        RemoteSessions(api),
        Information(api),
        api.server,
    )


def direct(settings: Settings, until: t.Callable[[], float] = lambda: math.inf, *, spent: float = 0.0) -> Api:
    """Return an API of the server, without the broker in between.

    :param until: returns the monotonic time after which no write is sent, and nothing is sent again
    :param spent: how many seconds of the timeout of the first operation the way here has taken
    """
    # Imported lazily: ssl and http take long to import, which nobody needs who talks through the broker.
    from .direct_api import DirectApi

    return DirectApi(settings, known=_KNOWN, until=until, spent=spent)
