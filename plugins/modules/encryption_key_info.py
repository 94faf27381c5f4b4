#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: encryption_key_info
short_description: List DSM encryption keys in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists encryption keys of the DevOps Secret Manager (DSM) without their material, which the server never hands out.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the key with this id.
    type: str
  name:
    description:
      - Only keys with this name.
    type: str
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.encryption_key
"""

EXAMPLES = r"""
- name: See which keys there are, and when they expire
  community.senhasegura.encryption_key_info:
  register: known
"""

RETURN = r"""
encryption_keys:
  description: The keys that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
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
    - id: "2"
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
    kind: unsupported
    message: the dialect rest has no call for encryption_key.list
    hint: "The guide has calls for DSM secrets only: use the console, or the dialect api or iso"
    operation: encryption_key.list
    endpoint: ""
    subject: the list of encryption keys
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
