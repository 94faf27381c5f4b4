#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dsm_application_info
short_description: Show the DSM application of the client in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Shows the application of the DevOps Secret Manager (DSM) that the client belongs to, with the names of the secrets
    that it may read. The server shows no other application, and nothing of any authorization.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.dsm_application
  - module: community.senhasegura.secret_info
"""

EXAMPLES = r"""
- name: See which application this is
  community.senhasegura.dsm_application_info:
  register: own
"""

RETURN = r"""
application:
  description: The application of the client, or null if it belongs to none.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the application.
      type: str
      returned: success
    system:
      description: System of the application.
      type: str
      returned: success
    environment:
      description: Environment of the application.
      type: str
      returned: success
    description:
      description: Free text, or null.
      type: str
      returned: success
    tags:
      description: Tags of the application.
      type: list
      elements: str
      returned: success
    secrets:
      description: Identifiers of the secrets that the client may read.
      type: list
      elements: str
      returned: success
  sample:
    name: shop
    system: web
    environment: prod
    description: null
    tags: [web]
    secrets: [shop-db]
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
    message: the dialect rest has no call for application.read
    hint: "The guide has calls for DSM secrets only: use the console, or the dialect api or iso"
    operation: application.read
    endpoint: ""
    subject: the DSM application of the client
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
