#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: encryption_key
short_description: Manage DSM encryption keys in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates and disables encryption keys of the DevOps Secret Manager (DSM). The server makes their material,
    and never hands it out. The modules M(community.senhasegura.encrypt) and M(community.senhasegura.decrypt) use them.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the key. V(disabled) disables it, which the server calls deleting in some
        releases. It has no call that enables a key again.
    type: str
    choices: [present, disabled]
    default: present
  id:
    description:
      - Id of the key. Without it, O(name) says which one is meant.
    type: str
  name:
    description:
      - Name of the key. With O(id), the new name.
    type: str
  description:
    description:
      - Free text.
    type: str
  algorithm:
    description:
      - Algorithm, such as C(aes256-gcm96) or C(aes128-gcm96). The former for a new key if nothing is given. It cannot
        be changed.
    type: str
  expires_at:
    description:
      - When the key expires, as C(YYYY-MM-DD HH:MM:SS). An empty text stands for never.
      - In the dialect V(api) in UTC, and in V(iso) in the time zone of the server.
    type: str
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.encryption_key_info
  - module: community.senhasegura.encrypt
  - module: community.senhasegura.decrypt
"""

EXAMPLES = r"""
- name: Have a key for backups
  community.senhasegura.encryption_key:
    name: backup
    description: Backups of the shop
    expires_at: "2030-12-31 23:59:59"

- name: Let nobody use it any more
  community.senhasegura.encryption_key:
    name: backup
    state: disabled
"""

RETURN = r"""
encryption_key:
  description: What is known of the key after the task.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the key, or null if it is not known.
      type: str
      returned: success
    name:
      description: Name of the key.
      type: str
      returned: success
    description:
      description: Free text.
      type: str
      returned: success
    algorithm:
      description: Algorithm of the key.
      type: str
      returned: success
    expires_at:
      description: When the key expires, or empty or null for never.
      type: str
      returned: success
    enabled:
      description: Whether the key can be used.
      type: bool
      returned: success
  sample:
    id: "2"
    name: backup
    description: Backups of the shop
    algorithm: aes256-gcm96
    expires_at: "2030-12-31 23:59:59"
    enabled: true
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
    message: encryption key backup has the algorithm aes256-gcm96, which belongs to its material
    hint: Make another key for another algorithm
    operation: ""
    endpoint: ""
    subject: encryption key backup
    status: null
    code: null
    option: algorithm
    server: "https://pam.example.com:443"
    server_message: ""
"""
