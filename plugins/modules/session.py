#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: session
short_description: Terminate remote sessions of senhasegura, or start one in a browser
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Ends a session of the proxy, or asks for a URL that lets its user into a session in the browser without a login.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
attributes:
  idempotent:
    description: The second run with the same options changes nothing.
    support: partial
    details: With O(state=started) every run makes another URL.
options:
  state:
    description:
      - V(terminated) ends the session with the O(id) or O(session_id). One that has ended is as wanted, and for one
        that the server does not list there is a warning.
      - V(started) makes a URL each time. B(It lets in whoever opens it), once and for about 30 seconds. The session
        begins when it is opened, so nothing is there to be found before that.
    type: str
    choices: [terminated, started]
    required: true
  id:
    description:
      - Id of the session to be ended, a number. It is read alone.
    type: str
  session_id:
    description:
      - Hash of the session to be ended. Without O(id), the list of all sessions is needed to see whether it is running,
        which may take minutes; set O(timeout) to 300 or more then.
    type: str
  user:
    description:
      - User of the server whose session it shall be. Required with O(state=started).
    type: str
  credential:
    description:
      - User name of the credential that the session is to have. Required with O(state=started).
    type: str
  device:
    description:
      - Host name or address of the target. Required with O(state=started).
    type: str
  protocol:
    description:
      - Protocol, for example V(ssh) or V(rdp). Required with O(state=started).
    type: str
  remote_device:
    description:
      - Id, address or host name of the host to log in to, where the credential is one of a domain.
    type: str
  remote_address:
    description:
      - Address of the user, which counts for the whole session.
    type: str
  port:
    description:
      - Port. By default, it is that of the device.
    type: int
  remote_app:
    description:
      - Id of the remote application to start.
    type: int
  screen_size:
    description:
      - Size of the screen, for example V(1900x1200).
    type: str
notes:
  - The client needs the resource C(PAM Core) in its A2A authorization for O(state=terminated), C(Web Proxy Session) for
    O(state=started), and the permission to write for both.
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.session_info
"""

EXAMPLES = r"""
- name: See who is on a host
  community.senhasegura.session_info:
    device: web01
    running: true
  register: open_sessions

- name: Throw everybody out before the maintenance
  community.senhasegura.session:
    state: terminated
    id: "{{ item.id }}"
  loop: "{{ open_sessions.sessions }}"

- name: Ask for a URL for somebody who may log in to the host
  community.senhasegura.session:
    state: started
    user: jdoe
    credential: root
    device: web01
    protocol: ssh
  register: entry
  no_log: true
"""

RETURN = r"""
session:
  description: The session that was ended, or what was asked for and its URL.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the session.
      type: str
      returned: with O(state=terminated)
    session_id:
      description: The hash by which it is terminated.
      type: str
      returned: with O(state=terminated)
    user:
      description: User of the server.
      type: str
      returned: if there is such a session
    origin_ip:
      description: Address that the user came from.
      type: str
      returned: with O(state=terminated), if there is such a session
    credential:
      description: User name of the credential.
      type: str
      returned: if there is such a session
    device:
      description: Host and port, as C(HOST:PORT).
      type: str
      returned: if there is such a session
    protocol:
      description: Protocol.
      type: str
      returned: if there is such a session
    proxy:
      description: Kind of proxy.
      type: str
      returned: with O(state=terminated), if there is such a session
    started_at:
      description: When it began, in the time of the server, as C(YYYY-MM-DD HH:MM:SS).
      type: str
      returned: with O(state=terminated), if there is such a session
    ended_at:
      description: When it ended, in the same form. Null while it is running.
      type: str
      returned: with O(state=terminated), if there is such a session
    duration:
      description: How long it took, as C(HH:MM:SS). Null if the server does not tell.
      type: str
      returned: with O(state=terminated), if there is such a session
    prevent_purge:
      description: Whether the record is kept from being purged.
      type: bool
      returned: with O(state=terminated), if there is such a session
    request:
      description: The request that allowed it, or null.
      type: str
      returned: with O(state=terminated), if there is such a session
    itsm:
      description: Code of the ticket, or null.
      type: str
      returned: with O(state=terminated), if there is such a session
    running:
      description: Whether it has not ended.
      type: bool
      returned: with O(state=terminated), if there is such a session
    remote_device:
      description: As given.
      type: str
      returned: with O(state=started), if it is given
    remote_address:
      description: As given.
      type: str
      returned: with O(state=started), if it is given
    port:
      description: As given.
      type: int
      returned: with O(state=started), if it is given
    remote_app:
      description: As given.
      type: int
      returned: with O(state=started), if it is given
    screen_size:
      description: As given.
      type: str
      returned: with O(state=started), if it is given
    url:
      description: The URL that lets in whoever opens it. Null in check mode.
      type: str
      returned: with O(state=started)
    token:
      description: The token of that session. Null in check mode.
      type: str
      returned: with O(state=started)
  sample:
    user: jdoe
    credential: root
    device: web01
    protocol: ssh
    url: "********"
    token: "********"
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
    kind: invalid_request
    message: the server refuses the request
    hint: Correct the option that the server names; if it names none, check url and dialect
    operation: session.create
    endpoint: POST /api/pam/remote/session
    subject: web session of jdoe on web01
    status: 400
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: Invalid protocol
"""
