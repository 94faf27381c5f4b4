#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dsm_automation
short_description: Manage DSM automations in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates and deletes automations of the DevOps Secret Manager (DSM), which run an executor when a secret or
    an authorization changes.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the automation. V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  id:
    description:
      - Id of the automation. Without it, O(name) says which one is meant.
    type: str
  name:
    description:
      - Name of the automation, which must fit one only. With O(id), the new name.
    type: str
  tags:
    description:
      - Tags.
    type: list
    elements: str
  enabled:
    description:
      - Whether it runs. The server does not show it; see O(update_attributes).
    type: bool
  description:
    description:
      - Free text. The server does not show it; see O(update_attributes).
    type: str
  triggers:
    description:
      - When it runs. The server does not show them; see O(update_attributes).
    type: list
    elements: str
    choices:
      - When a secret is created
      - When a secret is updated
      - When a secret is inactivated
      - When a secret is activated
      - When an authorization is created
      - When an authorization is updated
      - When an authorization is inactivated
      - When an authorization is activated
  applications:
    description:
      - Applications whose authorizations it watches.
    type: list
    elements: str
  secrets:
    description:
      - Secrets that it watches.
    type: list
    elements: str
  plugin:
    description:
      - Executor that it runs.
    type: str
  template:
    description:
      - Template of the executor.
    type: str
  devices:
    description:
      - Devices on which it runs. The server shows their host names only, so another credential is no difference.
    type: list
    elements: dict
    suboptions:
      hostname:
        description: Host name of the device.
        type: str
        required: true
      credential:
        description: Credential with which the executor logs in to it.
        type: str
        required: true
  update_attributes:
    description:
      - When to write O(enabled), O(description) and O(triggers), which the server does not show.
      - With V(on_create), they are written with a new automation, and along with another change.
      - With V(always), they are written at every run, and that is a change.
    type: str
    choices: [on_create, always]
    default: on_create
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
  - An update sends all that the server shows, since nothing says that it keeps what is left out. It cannot send devices
    without their credentials; if they are lost, the task fails.
seealso:
  - module: community.senhasegura.dsm_automation_info
"""

EXAMPLES = r"""
- name: Change the password of the database when its secret changes
  community.senhasegura.dsm_automation:
    name: shop-db
    enabled: true
    triggers: [When a secret is updated]
    secrets: [shop-db]
    plugin: SSH Executor
    template: Restart of the shop
    devices:
      - hostname: web01
        credential: deploy
"""

RETURN = r"""
automation:
  description: What is known of the automation after the task.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the automation, or null if it is not known.
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
      returned: with O(state=present)
    plugin:
      description: Executor that it runs.
      type: str
      returned: with O(state=present)
    template:
      description: Template of the executor.
      type: str
      returned: with O(state=present)
    applications:
      description: Applications whose authorizations it watches.
      type: list
      elements: str
      returned: with O(state=present)
    secrets:
      description: Secrets that it watches.
      type: list
      elements: str
      returned: with O(state=present)
    devices:
      description: Host names of the devices on which it runs.
      type: list
      elements: str
      returned: with O(state=present)
  sample:
    id: "3"
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
    subject: automation shop-db
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
