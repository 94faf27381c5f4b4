#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: encrypt
short_description: Encrypt a text with a DSM encryption key in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Has the server encrypt a text with an encryption key of the DevOps Secret Manager (DSM). Nothing is stored there.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  key:
    description:
      - The encryption key, by its id or its name. Digits are an id.
    type: str
    required: true
  version:
    description:
      - Version of the key.
    type: str
    default: "1"
  value:
    description:
      - The text.
    type: str
    required: true
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
  - The text is encrypted in check mode as well, since nothing is changed by it.
seealso:
  - module: community.senhasegura.decrypt
  - module: community.senhasegura.encryption_key
"""

EXAMPLES = r"""
- name: Have a key for backups
  community.senhasegura.encryption_key:
    name: backup

- name: Encrypt the password of a backup
  community.senhasegura.encrypt:
    key: backup
    value: "{{ backup_password }}"
  register: sealed
"""

RETURN = r"""
encrypted_value:
  description: The encrypted text. It differs each time.
  returned: success
  type: str
  sample: 9GnJ0mVbU2hF
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
    kind: not_found
    message: encryption key backup not found
    hint: "Check the name, and that the key is assigned to the DSM authorization of this client"
    operation: encryption_key.list
    endpoint: GET /iso/sctm/encryption/key
    subject: encryption key backup
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
