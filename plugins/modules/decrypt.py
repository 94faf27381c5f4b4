#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: decrypt
short_description: Decrypt a text with a DSM encryption key in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Has the server decrypt what it has encrypted with an encryption key of the DevOps Secret Manager (DSM).
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
      - What M(community.senhasegura.encrypt) has returned.
    type: str
    required: true
  decode_base64:
    description:
      - Decode what the server returns. The changelog of release 4.0 says that some data come in base64, and not which.
    type: bool
    default: false
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
  - The text is decrypted in check mode as well, since nothing is changed by it.
  - Ansible prints nothing of a result that holds a secret. It is there in a registered variable.
  - Before ansible-core 2.19 the result of a loop is shown although its items are hidden. So a loop is refused there,
    unless the task has C(no_log=true).
seealso:
  - module: community.senhasegura.encrypt
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

- name: Decrypt it
  community.senhasegura.decrypt:
    key: backup
    value: "{{ sealed.encrypted_value }}"
  register: backup
"""

RETURN = r"""
value:
  description: The text.
  returned: success
  type: str
  sample: "********"
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
    hint: "Correct the option that the server names; if it names none, check url and dialect"
    operation: encryption_key.decrypt
    endpoint: POST /iso/sctm/encryption/decrypt
    subject: encryption key backup
    status: 400
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: "Parameter 'value' is invalid!"
"""
