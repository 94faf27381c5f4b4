# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source for ansible-rulebook: syslog messages of senhasegura."""

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Receive the syslog messages of senhasegura
description:
  - Listens for syslog messages in CEF and in the appliance's RFC 5424 form, over TCP and UDP. TCP may use octet
    counting or lines (RFC 6587).
  - Each event has C(type), C(event_id), C(source) (V(syslog)), C(format), C(name), C(fields) with all pairs, C(header),
    C(complete), C(uncertain), C(sender) and C(raw), and as far as they are known C(id) (the id of the credential),
    C(username), C(hostname), C(severity) and C(device).
  - C(id) is there only if the message has exactly one C(duid) of digits, and did not end in it. A message that
    was cut has C(complete=false), without the pair that it ends in; C(uncertain) names such pairs.
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
options:
  host:
    description:
      - Address to listen on.
    type: str
    default: 127.0.0.1
  port:
    description:
      - Port to listen on, for TCP and for UDP.
    type: int
    default: 1514
  protocols:
    description:
      - How messages may come.
    type: list
    elements: str
    default:
      - tcp
    choices:
      - tcp
      - udp
  senders:
    description:
      - Networks or addresses that messages are accepted from, for example V(192.0.2.10) or V(192.0.2.0/24).
      - 'It must be set unless O(host) is an address of this machine alone: who can send a message can start what
        the rules say. The address of a datagram can be forged.'
    type: list
    elements: str
    default: []
  types:
    description:
      - Which types of events to report. Without it, all of them.
    type: list
    elements: str
    default: []
    choices:
      - activated
      - activation_failed
      - alert
      - change_failed
      - changed
      - connectivity_back
      - connectivity_lost
      - expired
      - incident
      - login
      - logout
      - other
      - password_confirmed
      - password_invalid
      - request_approved
      - request_made
      - request_refused
      - session_ended
      - session_expired
      - session_started
      - viewed
  event_types:
    description:
      - 'Types by event id, where the appliance sends other ids than the vendor documents, for example C({''17'':
        changed}).'
    type: dict
  max_message:
    description:
      - The longest message in bytes. What is longer is cut, and its rest is skipped.
    type: int
    default: 8192
  max_connections:
    description:
      - How many TCP connections there may be at a time.
    type: int
    default: 64
  max_waiting:
    description:
      - How many datagrams may wait for the rules. More are dropped, and a warning says how many.
    type: int
    default: 1000
  tls_cert:
    description:
      - File with the certificate of this side (PEM), and its key unless O(tls_key) is set. TCP is TLS then.
      - The appliance sends without TLS; this is for a relay such as rsyslog.
    type: path
  tls_key:
    description:
      - File with the key of O(tls_cert) (PEM, without passphrase).
    type: path
  tls_client_ca:
    description:
      - File with CA certificates (PEM). Senders must show a certificate of one of them.
    type: path
notes:
  - The appliance documents neither TLS nor all of its event ids. Look at C(raw), and set O(event_types).
  - Messages that come while nothing listens are lost. The event source C(senhasegura) finds most of them.
  - 'Take an event for a hint, and ask the vault before something is changed, as the playbooks of this collection
    do: whoever can reach the port can send a message.'
  - 'Texts have no template in them, because rules hand events to Ansible as variables: V({{) becomes V({ {).'
"""

EXAMPLES = r"""
# The appliance sends CEF or RFC 5424 over TCP to port 1514 of this machine.
- community.senhasegura.senhasegura_syslog:
    host: 0.0.0.0
    port: 1514
    senders: [192.0.2.10]

# A relay sends over TLS, and shows a certificate. Only what may end in a rotation is of interest.
- community.senhasegura.senhasegura_syslog:
    host: 0.0.0.0
    port: 6514
    senders: [192.0.2.20]
    tls_cert: /etc/senhasegura-eda/cert.pem
    tls_key: /etc/senhasegura-eda/key.pem
    tls_client_ca: /etc/senhasegura-eda/relays.pem
    types: [expired, changed, change_failed, password_invalid]
"""

import asyncio
import importlib
import logging
import sys
import types
import typing as t
from pathlib import Path

# ansible-rulebook runs this file by its path, without the loader that knows ansible_collections. What it needs of the
# collection imports nothing of Ansible, and imports relatively: so any name will do for the folder.
_FOLDER = Path(__file__).absolute().parents[4] / "plugins" / "module_utils"
_NAME = "community_senhasegura_client"


def _part(name: str) -> t.Any:
    """Import a file of plugins/module_utils."""
    package = sys.modules.setdefault(_NAME, types.ModuleType(_NAME))
    package.__path__ = [str(_FOLDER)]
    return importlib.import_module(f"{_NAME}.{name}")


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """Listen until the task is cancelled. Raises an error if the options cannot work."""
    await _part("events.run_source").receive(queue, args, logging.getLogger(__name__))
