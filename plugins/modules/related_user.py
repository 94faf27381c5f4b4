#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: related_user
short_description: Manage related users in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates and deactivates related users, each of which is another name for a user of the server.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the related user.
      - V(absent) deactivates it. The server has no call that erases one, or that activates one again.
    type: str
    choices: [present, absent]
    default: present
  id:
    description:
      - Id of an existing related user, a number. Needed to change its name, or if several have the same name.
    type: str
  name:
    description:
      - Name of the related user. Without O(id), it is found by this name, exactly as it is written.
    type: str
  username:
    description:
      - The user of the server that it stands for, who must exist. Required for a new related user.
    type: str
notes:
  - The client needs the resource C(Users) in its A2A authorization.
  - Whether the list of the server has related users that are inactive is not documented. If it has, V(absent) tells in
    check mode that it would change one, and outside of it the server says that there was nothing to do.
  - What the server does with the name of an inactive one that is created again is not documented either.
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.scim_user
"""

EXAMPLES = r"""
- name: Let an application name somebody in its own words
  community.senhasegura.related_user:
    name: jane.doe
    username: jdoe
  register: related

- name: Give her another name there
  community.senhasegura.related_user:
    id: "{{ related.related_user.id }}"
    name: jane.smith

- name: Deactivate it
  community.senhasegura.related_user:
    name: jane.smith
    state: absent
"""

RETURN = r"""
related_user:
  description: The related user after the task.
  returned: success
  type: dict
  contains:
    id:
      description: Its id. Null if it is new and check mode is on, or if the server does not tell it.
      type: str
      returned: success
    name:
      description: Its name.
      type: str
      returned: success
    username:
      description: The user of the server that it stands for.
      type: str
      returned: if there is such a related user
  sample:
    id: "6"
    name: jane.doe
    username: jdoe
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
    message: the server does not have this user
    hint: Check that username is a user of the server, and id that of a related user
    operation: related_user.create
    endpoint: POST /api/user/related
    subject: related user jane.doe
    status: 400
    code: 1005
    option: ""
    server: "https://pam.example.com:443"
    server_message: "1005: User does not exist"
"""
