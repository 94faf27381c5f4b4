#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dsm_automation_info
short_description: List DSM automations in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists automations of the DevOps Secret Manager (DSM). The server shows neither their triggers, nor their
    description, nor whether they are enabled.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the automation with this id.
    type: str
  name:
    description:
      - Only automations with this name.
    type: str
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.dsm_automation
"""

EXAMPLES = r"""
- name: See which automations there are
  community.senhasegura.dsm_automation_info:
  register: known
"""

RETURN = r"""
automations:
  description: The automations that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the automation.
      type: str
      returned: success
    name:
      description: Name of the automation.
      type: str
      returned: success
    tags:
      description: Tags.
      type: list
      elements: str
      returned: success
    plugin:
      description: Executor that it runs.
      type: str
      returned: success
    template:
      description: Template of the executor.
      type: str
      returned: success
    applications:
      description: Applications whose authorizations it watches.
      type: list
      elements: str
      returned: success
    secrets:
      description: Secrets that it watches.
      type: list
      elements: str
      returned: success
    devices:
      description: Host names of the devices on which it runs.
      type: list
      elements: str
      returned: success
  sample:
    - id: "3"
      name: shop-db
      tags: []
      plugin: SSH Executor
      template: Restart of the shop
      applications: []
      secrets: [shop-db]
      devices: [web01]
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
    message: the dialect rest has no call for automation.list
    hint: "The guide has calls for DSM secrets only: use the console, or the dialect api or iso"
    operation: automation.list
    endpoint: ""
    subject: the list of automations
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
