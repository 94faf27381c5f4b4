#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mysafe_note
short_description: Manage notes in MySafe of senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates, enables, disables and shares notes in MySafe.
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
      - V(present) creates or updates the note. It neither enables nor disables it.
      - V(enabled) activates it. An inactive one may be missing in the list of the server, so give its O(id).
      - V(disabled) and V(absent) deactivate it. A note that is not there is as wanted for V(absent); V(disabled)
        warns of it.
    type: str
    choices: [present, absent, disabled, enabled]
    default: present
  id:
    description:
      - Id of an existing note, a number, which MySafe calls identifier.
    type: str
  name:
    description:
      - Name of the note. Names need not be unique.
      - Without O(id), a task means the note with this name. If there is none, it makes one, and if there are several,
        it fails. To change the name, give O(id).
    type: str
  note:
    description:
      - The text, of 900 characters at most. A new note must have it. It is treated as a secret.
    type: str
seealso:
  - module: community.senhasegura.mysafe_note_info
  - plugin: community.senhasegura.mysafe
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Write a note, and share it with a group
  community.senhasegura.mysafe_note:
    name: Door of the server room
    note: "The code is {{ new_password }}"
    groups:
      - name: Operations
  register: door

- name: Let one user change it as well
  community.senhasegura.mysafe_note:
    id: "{{ door.mysafe_note.id }}"
    users:
      - username: bob
        can_edit: true
"""

RETURN = r"""
mysafe_note:
  description: What is known of the note after the task. Values that are secret are not in it.
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
    name: Door of the server room
    tags: [shared]
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
    operation: mysafe_note.update
    endpoint: PUT /api/mysafe/note/update/{ref}
    subject: MySafe note Door of the server room
    status: 400
    code: 1006
    option: ""
    server: "https://pam.example.com:443"
    server_message: "1006: User does not have access"
"""
