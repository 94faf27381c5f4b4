#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: session_info
short_description: List remote sessions in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists sessions of the proxy, those that run and those that have ended.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the session with this id. It is read alone, without the list.
    type: str
  session_id:
    description:
      - Only the session with this hash.
    type: str
  user:
    description:
      - Only sessions of this user of the server.
    type: str
  origin_ip:
    description:
      - Only sessions from this address.
    type: str
  credential:
    description:
      - Only sessions with a credential of this user name.
    type: str
  device:
    description:
      - Only sessions on this host, given by its name or address as the server shows it, with or without the port.
    type: str
  protocol:
    description:
      - Only sessions of this protocol, for example V(ssh).
    type: str
  running:
    description:
      - Only sessions that run, or only those that have ended.
    type: bool
notes:
  - The list has all sessions since the last purge, and has no parts and no filters. The vendor warns that it may take
    minutes, so set O(timeout) to 300 or more for it.
  - The client needs the resources C(PAM Core) and C(Web Proxy Session) in its A2A authorization, as far as the
    documentation tells.
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.session
"""

EXAMPLES = r"""
- name: See who is on a host now
  community.senhasegura.session_info:
    device: web01
    running: true
    timeout: 300
  register: open_sessions
"""

RETURN = r"""
sessions:
  description: The sessions that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the session.
      type: str
      returned: success
    session_id:
      description: The hash by which it is terminated.
      type: str
      returned: success
    user:
      description: User of the server.
      type: str
      returned: success
    origin_ip:
      description: Address that the user came from.
      type: str
      returned: success
    credential:
      description: User name of the credential.
      type: str
      returned: success
    device:
      description: Host and port, as C(HOST:PORT).
      type: str
      returned: success
    protocol:
      description: Protocol.
      type: str
      returned: success
    proxy:
      description: Kind of proxy.
      type: str
      returned: success
    started_at:
      description: When it began, in the time of the server, as C(YYYY-MM-DD HH:MM:SS).
      type: str
      returned: success
    ended_at:
      description: When it ended, in the same form. Null while it is running.
      type: str
      returned: success
    duration:
      description: How long it took, as C(HH:MM:SS). Null if the server does not tell.
      type: str
      returned: success
    prevent_purge:
      description: Whether the record is kept from being purged.
      type: bool
      returned: success
    request:
      description: The request that allowed it, or null.
      type: str
      returned: success
    itsm:
      description: Code of the ticket, or null.
      type: str
      returned: success
    running:
      description: Whether it has not ended.
      type: bool
      returned: success
  sample:
    - id: "53"
      session_id: e7acacb6aedbab70073456da5744166939b77527
      user: jdoe
      origin_ip: 192.0.2.99
      credential: root
      device: "web01:22"
      protocol: ssh
      proxy: Web Proxy
      started_at: "2026-11-24 16:05:07"
      ended_at: null
      duration: null
      prevent_purge: false
      request: null
      itsm: null
      running: true
failure:
  description:
    - What went wrong, as data.
    - C(kind) is one of V(error), V(configuration), V(connection), V(connections_busy), V(unknown_host),
      V(response_lost), V(unexpected_response), V(no_route), V(authentication), V(token_refused), V(not_found),
      V(denied), V(already_done), V(invalid_request), V(custody_held), V(server_busy), V(server), V(refused),
      V(unsupported) and V(change_not_seen).
    - C(server) and C(endpoint) say where it happened, C(subject) what was asked for. C(status) is the HTTP status,
      C(code) the error number of the server, and C(server_message) holds its own words, without secrets.
  returned: failure
  type: dict
  sample:
    kind: unsupported
    message: the dialect rest has no call for session.list
    hint: "The guide has no call for sessions: use the console, or the dialect api or iso"
    operation: session.list
    endpoint: ""
    subject: the list of sessions
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
