#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: scim_user
short_description: Manage users of senhasegura by SCIM
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates, activates, deactivates and deletes users of the server, with their roles and access groups, by
    SCIM 2.0.
  - The client is that of an identity provider (console, Settings > Provisioning), and not that of an A2A authorization.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the user. It neither activates nor deactivates it.
      - V(enabled) and V(disabled) activate and deactivate it. A user that is not there is an error for V(enabled), and
        V(disabled) warns of it.
      - V(absent) deletes the user. B(Whether the server erases it or keeps it as an inactive one is not documented.)
        The module looks, and a warning tells if the server keeps it.
    type: str
    choices: [present, absent, disabled, enabled]
    default: present
  id:
    description:
      - Id of an existing user, as O(state=present) has returned it when it created the user. If O(username) is given as
        well, it must be that of this user.
      - B(Before release 4.0, the ids in the list of the server are not those by which it knows its users.) There, a
        user has to be named by its id. The module reads each user that it has found by its name under the id of the
        list, and refuses to go on if that is somebody else.
    type: str
  username:
    description:
      - User name to log in with. Its case does not count for finding a user. The module does not rename users.
      - Required for a new user.
    type: str
  external_id:
    description:
      - Id of the user in another system. Required for a new user.
    type: str
  full_name:
    description:
      - Full name. Required for a new user.
    type: str
  given_name:
    description:
      - Given name.
    type: str
  family_name:
    description:
      - Family name.
    type: str
  email:
    description:
      - E-mail address. The server has one for each user. Required for a new user.
    type: str
  phone:
    description:
      - Telephone number. It replaces all of the user.
    type: str
  entitlements:
    description:
      - Names of roles, as the console shows them. All roles of the user are replaced by these.
    type: list
    elements: str
  groups:
    description:
      - Names of access groups, as the console shows them. The user is taken out of all others.
    type: list
    elements: str
  password:
    description:
      - Password of a new user. It is sent when the user is created, and never after that, since the server does not
        change passwords by SCIM.
      - Without one, an administrator has to set it in the console.
    type: str
  patch_style:
    description:
      - How an update is sent. The vendor documents the fields of an update and not its form.
      - V(patch_op) sends what is new as a PatchOp of RFC 7644, as the identity providers do for which the vendor has
        instructions.
      - V(user) sends the whole user, as the table of the vendor has it. Use it if the server does not take the other
        form.
    type: str
    choices: [patch_op, user]
    default: patch_op
notes:
  - SCIM and its login are below C(/iso) in all releases. With the dialect V(auto), the client logs in there.
  - Roles and access groups must exist. The module reads a user again after each write, and warns of what the server
    does not show then.
  - Groups as objects of their own, with their members, are not documented for SCIM, so there is no module for them.
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.scim_user_info
  - module: community.senhasegura.related_user
  - name: RFC 7644
    description: System for Cross-domain Identity Management, the protocol.
    link: https://datatracker.ietf.org/doc/html/rfc7644
"""

EXAMPLES = r"""
- name: Let somebody in, with a role and an access group
  community.senhasegura.scim_user:
    username: jdoe
    external_id: "4711"
    full_name: Jane Doe
    email: jane.doe@example.com
    entitlements: [Operator]
    groups: [Linux servers]
  register: jane

- name: Give her another role, and keep the rest
  community.senhasegura.scim_user:
    username: jdoe
    entitlements: [Auditor, Operator]

- name: Lock her out, by the id, which works with every release
  community.senhasegura.scim_user:
    id: "{{ jane.scim_user.id }}"
    state: disabled

- name: Remove her
  community.senhasegura.scim_user:
    username: jdoe
    state: absent
"""

RETURN = r"""
scim_user:
  description: The user after the task, as the server shows it. After O(state=absent), as it was before or is kept.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the user. Null in check mode if it is new.
      type: str
      returned: success
    username:
      description: User name.
      type: str
      returned: success
    external_id:
      description: Id in another system.
      type: str
      returned: if there is such a user
    full_name:
      description: Full name.
      type: str
      returned: if there is such a user
    given_name:
      description: Given name.
      type: str
      returned: if there is such a user
    family_name:
      description: Family name.
      type: str
      returned: if there is such a user
    email:
      description: E-mail address.
      type: str
      returned: if there is such a user
    phone:
      description: Telephone number.
      type: str
      returned: if there is such a user
    active:
      description: Whether the user may log in. Null where the server does not tell it.
      type: bool
      returned: if there is such a user
    entitlements:
      description: Names of roles.
      type: list
      elements: str
      returned: if there is such a user
    groups:
      description: Names of access groups.
      type: list
      elements: str
      returned: if there is such a user
  sample:
    id: "12"
    username: jdoe
    external_id: "4711"
    full_name: Jane Doe
    given_name: ""
    family_name: ""
    email: jane.doe@example.com
    phone: ""
    active: true
    entitlements: [Operator]
    groups: [Linux servers]
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
    kind: unexpected_response
    message: the list gives SCIM user jdoe the id 13, under which the server has the user asmith
    hint: >-
      Before release 4.0 the ids in the list are wrong: give the option id, with the id that was returned when the user
      was created, or that the console shows
    operation: scim_user.read
    endpoint: GET /iso/scim/v2/Users/{ref}
    subject: SCIM user jdoe
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
