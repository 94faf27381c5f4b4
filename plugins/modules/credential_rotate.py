#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_rotate
short_description: Have senhasegura change a password
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Has the server change the password of a credential, in the vault and on the device.
  - The dialects V(iso) and V(api) have no call for it. There, custody of the credential is taken and given back,
    which triggers the automatic change. This must be configured for the credential; it is refused otherwise.
  - The dialect V(rest) has a call for it.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.each_time
  - community.senhasegura.objects.credential
  - community.senhasegura.objects.waiting
options:
  wait:
    description:
      - Wait until the list of the server shows a new time of change, and fail if it does not in time.
      - The dialect V(rest) lists no time of change. There, the server's answer to the request is taken for it.
    type: bool
    default: true
notes:
  - The new password is never returned. Read it with P(community.senhasegura.password#lookup).
seealso:
  - module: community.senhasegura.credential
  - module: community.senhasegura.custody
  - module: community.senhasegura.ssh_key_rotate
"""

EXAMPLES = r"""
- name: Change the password of the application
  community.senhasegura.credential_rotate:
    credential: db-app

- name: Start the change of another one, and do not wait for it
  community.senhasegura.credential_rotate:
    credential: root@web01
    wait: false
"""

RETURN = r"""
credential:
  description:
    - What the list tells of the credential after the task, with the keys that
      M(community.senhasegura.credential_info) returns and C(previous_changed_at). Never the password.
    - Its C(changed_at) is the time of the new change, or null if none was seen (with O(wait=false), in check mode, and
      in the dialect V(rest)).
  returned: success
  type: dict
  contains:
    id:
      description: Id of the credential.
      type: str
      returned: success
    identifier:
      description: Identifier of the credential.
      type: str
      returned: success
    changed_at:
      description: When the password was changed by this task, in the time zone of the server, or null.
      type: str
      returned: success
    previous_changed_at:
      description: When it was changed before this task.
      type: str
      returned: success
  sample:
    id: "8"
    identifier: db-app
    username: app
    hostname: web02
    changed_at: "2026-01-12 10:00:00"
    previous_changed_at: "2026-01-10 08:15:00"
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
    kind: refused
    message: credential web-root has no automatic change
    hint: Configure automatic change for it
    operation: ""
    endpoint: ""
    subject: credential web-root
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
