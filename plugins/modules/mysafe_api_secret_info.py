#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mysafe_api_secret_info
short_description: List API secrets in MySafe of senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists API secrets in MySafe that the owner of the access key has, or that are shared with them.
extends_documentation_fragment:
  - community.senhasegura.attributes.mysafe
  - community.senhasegura.connection.mysafe
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
  - community.senhasegura.mysafe_item.info
options:
  id:
    description:
      - Only the API secret with this id.
    type: str
  identifier:
    description:
      - Only the API secret with this identifier. The list does not show it, so what the server finds by it is read.
    type: str
  name:
    description:
      - Only API secrets with exactly this name.
    type: str
seealso:
  - module: community.senhasegura.mysafe_api_secret
  - plugin: community.senhasegura.mysafe
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See which API secrets there are
  community.senhasegura.mysafe_api_secret_info:
  register: known

- name: See whom one is shared with
  community.senhasegura.mysafe_api_secret_info:
    identifier: payments
    details: true
  register: known
"""

RETURN = r"""
mysafe_api_secrets:
  description: The API secrets that fit, in the order of the server. Empty if there are none.
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
      description: URL of the API. Null without O(details) and O(include_secrets).
      type: str
      returned: success
    identifier:
      description: Identifier. Null without O(details) and O(include_secrets).
      type: str
      returned: success
    method:
      description: Method. Null without O(details) and O(include_secrets).
      type: str
      returned: success
    tags:
      description: Tags. Null without O(details) and O(include_secrets).
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
    api_client_id:
      description: Client id.
      type: str
      returned: with O(include_secrets=true)
    api_client_secret:
      description: Client secret.
      type: str
      returned: with O(include_secrets=true)
    notes:
      description: Text that goes with it.
      type: str
      returned: with O(include_secrets=true)
  sample:
    - id: "4"
      name: Payments
      target_url: null
      identifier: null
      method: null
      tags: null
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
    operation: mysafe_api_secret.list
    endpoint: GET /api/mysafe/secretapi
    subject: the list of MySafe API secrets
    status: 500
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: You are not authorized to access this resource
"""
