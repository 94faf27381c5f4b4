#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mysafe_password_info
short_description: List passwords in MySafe of senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists passwords in MySafe that the owner of the access key has, or that are shared with them.
extends_documentation_fragment:
  - community.senhasegura.attributes.mysafe
  - community.senhasegura.connection.mysafe
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
  - community.senhasegura.mysafe_item.info
options:
  id:
    description:
      - Only the password with this id.
    type: str
  name:
    description:
      - Only passwords with exactly this name.
    type: str
  username:
    description:
      - Only passwords with exactly this user name.
    type: str
  target_url:
    description:
      - Only passwords for exactly this URL.
    type: str
  tags:
    description:
      - Only passwords that have all these tags.
    type: list
    elements: str
seealso:
  - module: community.senhasegura.mysafe_password
  - plugin: community.senhasegura.mysafe
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See which passwords of suppliers there are
  community.senhasegura.mysafe_password_info:
    tags: [suppliers]
  register: known

- name: See whom one is shared with
  community.senhasegura.mysafe_password_info:
    name: Supplier portal
    details: true
  register: known
"""

RETURN = r"""
mysafe_passwords:
  description: The passwords that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id.
      type: str
      returned: success
    name:
      description: Name.
      type: str
      returned: success
    target_url:
      description: URL of the site.
      type: str
      returned: success
    username:
      description: User name.
      type: str
      returned: success
    tags:
      description: Tags.
      type: list
      elements: str
      returned: success
    need_justify:
      description: Whether a read needs a justification, which only the console can give.
      type: bool
      returned: success
    need_approval:
      description: Whether a read needs an approval.
      type: bool
      returned: success
    can_view:
      description: Whether this access key may read it.
      type: bool
      returned: success
    can_write:
      description: Whether this access key may change it.
      type: bool
      returned: success
    users:
      description: The users whom it is shared with. Null without O(details) and O(include_secrets).
      type: list
      elements: dict
      returned: success
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
      description: The groups whom it is shared with. Null without O(details) and O(include_secrets).
      type: list
      elements: dict
      returned: success
      contains:
        name:
          description: Name of the group.
          type: str
          returned: success
        can_edit:
          description: Whether the users of the group may change it.
          type: bool
          returned: success
    password:
      description: The password.
      type: str
      returned: with O(include_secrets=true)
    totp:
      description: The code of the second factor that was valid at the time of the read. Null without one.
      type: str
      returned: with O(include_secrets=true)
    totp_seed:
      description: The seed of the second factor. Null without one.
      type: str
      returned: with O(include_secrets=true)
    notes:
      description: Text that goes with it.
      type: str
      returned: with O(include_secrets=true)
  sample:
    - id: "4"
      name: Supplier portal
      target_url: https://portal.supplier.example
      username: shop
      tags: []
      need_justify: false
      need_approval: false
      can_view: true
      can_write: true
      users: null
      groups: null
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
    message: this resource is not granted to the access key
    hint: "Use an access key for MySafe (console: MySafe > Integrations > Access keys), not a client of A2A"
    operation: mysafe_password.list
    endpoint: GET /api/mysafe/password
    subject: the list of MySafe passwords
    status: 500
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: You are not authorized to access this resource
"""
