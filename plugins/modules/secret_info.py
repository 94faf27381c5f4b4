#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_info
short_description: List DSM secrets in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists secrets of the DevOps Secret Manager (DSM), those of the application that the client belongs to.
  - Reading them takes no custody.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  identifier:
    description:
      - Only the secret with this identifier, which the server calls its identity.
    type: str
    aliases: [identity]
  include_data:
    description:
      - Return the values as well, not only their names.
    type: bool
    default: false
notes:
  - With O(include_data=true), a value that cannot be read (for example since it was too long for the server to encrypt)
    is null. The task then warns, and C(unreadable) names its key.
  - With O(include_data=true) Ansible prints nothing of the result. The values are there in a registered variable.
  - Before ansible-core 2.19 the result of a loop is shown although its items are hidden. So a loop with
    O(include_data=true) is refused there, unless the task has C(no_log=true).
seealso:
  - module: community.senhasegura.secret
  - plugin: community.senhasegura.secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See which secrets there are, and when they expire
  community.senhasegura.secret_info:
  register: known

- name: Read one of them
  community.senhasegura.secret_info:
    identifier: shop-db
    include_data: true
  register: shop
"""

RETURN = r"""
secrets:
  description: The secrets that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the secret.
      type: str
      returned: success
    identifier:
      description: Identifier of the secret.
      type: str
      returned: success
    name:
      description: Name of the secret.
      type: str
      returned: success
    engine:
      description: Engine of the secret.
      type: str
      returned: success
    description:
      description: Free text, or null where the server does not tell.
      type: str
      returned: success
    version:
      description: Version, which rises with every write.
      type: str
      returned: success
    expires_at:
      description: When the secret expires, in the time zone of the server, or null.
      type: str
      returned: success
    application:
      description: DSM application that the secret belongs to, or null where the server does not tell.
      type: str
      returned: success
    system:
      description: System of that application, or null where the server does not tell.
      type: str
      returned: success
    environment:
      description: Environment of that application, or null where the server does not tell.
      type: str
      returned: success
    renewal_minutes:
      description:
        - After how many minutes the server renews each of C(access_keys), C(credentials) and C(ephemeral_credentials),
          0 for never. Null where the server does not tell.
      type: dict
      returned: success
    key_names:
      description:
        - The names in its data.
        - In the dialect V(rest) null if the server lists secrets without their data, and neither O(identifier) nor
          O(include_data=true) is given.
      type: list
      elements: str
      returned: success
    data:
      description: The values, as a list of maps. The same name may be in several of them.
      type: list
      elements: dict
      returned: with O(include_data=true)
    unreadable:
      description: The names of the values that could not be read and are null for this reason. C(data) stands for all.
      type: list
      elements: str
      returned: with O(include_data=true)
  sample:
    - id: "12"
      identifier: shop-db
      name: Database of the shop
      engine: Generic
      description: null
      version: "3"
      expires_at: null
      application: shop
      system: web
      environment: prod
      renewal_minutes: null
      key_names: [HOSTNAME, PASSWORD, USERNAME]
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
    message: this resource is not granted to the authorization
    hint: Add the resource to the A2A authorization
    operation: secret.list
    endpoint: GET /iso/dapp/application
    subject: the list of DSM secrets
    status: 500
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: You are not authorized to access this resource.
"""
