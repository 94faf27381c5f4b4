#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mysafe_password
short_description: Manage passwords in MySafe of senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates, enables, disables and shares passwords in MySafe.
  - It logs in with an access key for MySafe, which is a client of its own. See O(mysafe_client_id).
  - Nothing is ever erased. MySafe has no call for that.
extends_documentation_fragment:
  - community.senhasegura.attributes.mysafe
  - community.senhasegura.connection.mysafe
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
  - community.senhasegura.mysafe_item
options:
  state:
    description:
      - V(present) creates or updates the password. It neither enables nor disables it.
      - V(enabled) activates it. An inactive one may be missing in the list of the server, so give its O(id).
      - V(disabled) and V(absent) deactivate it. A password that is not there is as wanted for V(absent); V(disabled)
        warns of it.
    type: str
    choices: [present, absent, disabled, enabled]
    default: present
  id:
    description:
      - Id of an existing password, a number, which MySafe calls identifier.
    type: str
  name:
    description:
      - Name of the password. Names need not be unique.
      - Without O(id), a task means the password with this name, and with the O(username) and O(target_url) that it
        gives. If there is none, it makes one, and if there are several, it fails. So to change one of these three,
        give O(id).
    type: str
  username:
    description:
      - User name that belongs to the password. A new one must have it.
    type: str
  target_url:
    description:
      - URL of the site that the password is for. MySafe calls it url.
    type: str
  password:
    description:
      - The password. A new one must have it.
    type: str
  totp_seed:
    description:
      - Secret of the second factor, in base32, of which MySafe makes the current code (TOTP).
    type: str
  notes:
    description:
      - Text that goes with it. It is treated as a secret.
    type: str
seealso:
  - module: community.senhasegura.mysafe_password_info
  - plugin: community.senhasegura.mysafe
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Store a password, and share it with a user and a group
  community.senhasegura.mysafe_password:
    name: Supplier portal
    username: shop
    target_url: https://portal.supplier.example
    password: "{{ new_password }}"
    tags: [suppliers]
    users:
      - username: bob
        can_edit: true
    groups:
      - name: Purchasing

- name: Give it a new password, and keep the rest
  community.senhasegura.mysafe_password:
    name: Supplier portal
    username: shop
    password: "{{ new_password }}"
  register: portal

- name: Rename it, and share it with nobody any more
  community.senhasegura.mysafe_password:
    id: "{{ portal.mysafe_password.id }}"
    name: Portal of the supplier
    users: []
    groups: []

- name: Disable it
  community.senhasegura.mysafe_password:
    id: "{{ portal.mysafe_password.id }}"
    state: absent
"""

RETURN = r"""
mysafe_password:
  description: What is known of the password after the task. Values that are secret are not in it.
  returned: success
  type: dict
  contains:
    id:
      description: Id. Null in check mode if it is new.
      type: str
      returned: success
    name:
      description: Name.
      type: str
      returned: success
    target_url:
      description: URL of the site. Null if it is not known.
      type: str
      returned: with O(state=present)
    username:
      description: User name. Null if it is not known.
      type: str
      returned: with O(state=present)
    tags:
      description: Tags. Null if they are not known.
      type: list
      elements: str
      returned: with O(state=present)
    users:
      description: The users whom it is shared with. Null if that is not known.
      type: list
      elements: dict
      returned: with O(state=present)
      contains:
        username:
          description: User name.
          type: str
          returned: success
        can_edit:
          description: Whether the user may change it.
          type: bool
          returned: success
    groups:
      description: The groups whom it is shared with. Null if that is not known.
      type: list
      elements: dict
      returned: with O(state=present)
      contains:
        name:
          description: Name of the group.
          type: str
          returned: success
        can_edit:
          description: Whether the users of the group may change it.
          type: bool
          returned: success
  sample:
    id: "4"
    name: Supplier portal
    target_url: https://portal.supplier.example
    username: shop
    tags: [suppliers]
    users:
      - username: bob
        can_edit: true
    groups: []
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
    kind: denied
    message: this access key has no access to the item
    hint: Ask its owner to share it with the owner of the access key, or add it to the items of the access key
    operation: mysafe_password.update
    endpoint: PUT /api/mysafe/password/update/{ref}
    subject: MySafe password Supplier portal
    status: 400
    code: 1006
    option: ""
    server: "https://pam.example.com:443"
    server_message: "1006: User does not have access"
"""
