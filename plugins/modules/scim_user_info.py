#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: scim_user_info
short_description: List users of senhasegura by SCIM
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists users of the server by SCIM 2.0. Long lists come in parts, all of which are read.
  - The client is that of an identity provider (console, Settings > Provisioning), and not that of an A2A authorization.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the user with this id. One request is enough for it.
    type: str
  username:
    description:
      - Only the user with this name. Its case does not count.
    type: str
  external_id:
    description:
      - Only users with this id in another system.
    type: str
  email:
    description:
      - Only users with this e-mail address.
    type: str
  active:
    description:
      - Only users that are active, or only those that are not.
    type: bool
  entitlement:
    description:
      - Only users that have this role.
    type: str
  group:
    description:
      - Only users in this access group.
    type: str
  details:
    description:
      - Read each user as well, which needs one request for each. The documented list does not show all of a user.
      - This is done in any case with O(username), O(email), O(active), O(entitlement) or O(group).
    type: bool
    default: false
notes:
  - B(Before release 4.0, the ids in the list of the server are not those by which it knows its users.) A user that is
    read must have the name that the list gives it. RV(scim_users[].id_verified) tells whether it has. If not, the user
    is returned as the list shows it.
  - SCIM and its login are below C(/iso) in all releases. With the dialect V(auto), the client logs in there.
  - Filters are applied by the module, because no parameter of the list is documented.
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.scim_user
"""

EXAMPLES = r"""
- name: See who has a role
  community.senhasegura.scim_user_info:
    entitlement: Operator
    active: true
  register: operators

- name: See what the server has of somebody
  community.senhasegura.scim_user_info:
    username: jdoe
  register: jane
"""

RETURN = r"""
scim_users:
  description: The users that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the user.
      type: str
      returned: success
    username:
      description: User name.
      type: str
      returned: success
    external_id:
      description: Id in another system.
      type: str
      returned: success
    full_name:
      description: Full name.
      type: str
      returned: success
    given_name:
      description: Given name.
      type: str
      returned: success
    family_name:
      description: Family name.
      type: str
      returned: success
    email:
      description: E-mail address.
      type: str
      returned: success
    phone:
      description: Telephone number.
      type: str
      returned: success
    active:
      description: Whether the user may log in. Null where the server does not tell it.
      type: bool
      returned: success
    entitlements:
      description: Names of roles.
      type: list
      elements: str
      returned: success
    groups:
      description: Names of access groups.
      type: list
      elements: str
      returned: success
    id_verified:
      description:
        - Whether the server has this user under this id. V(false) means that nobody must use the id. Null if the user
          was not read.
      type: bool
      returned: success
  sample:
    - id: "12"
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
      id_verified: true
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
    message: the dialect rest has no call for scim_user.list
    hint: "The guide has no call for SCIM: use the console, or the dialect api or iso"
    operation: scim_user.list
    endpoint: ""
    subject: the list of SCIM users
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
