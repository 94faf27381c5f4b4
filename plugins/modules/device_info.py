#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: device_info
short_description: List devices in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists devices of the vault.
  - Whether the list has inactive devices is not documented.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the device with this id.
    type: str
  hostname:
    description:
      - Only the device with this host name. Its case does not count.
    type: str
  ip:
    description:
      - Only devices with this address.
    type: str
  type:
    description:
      - Only devices of this type.
    type: str
  vendor:
    description:
      - Only devices of this vendor.
    type: str
  model:
    description:
      - Only devices of this model.
    type: str
  site:
    description:
      - Only devices of this site.
    type: str
  tags:
    description:
      - Only devices that have all these tags.
    type: list
    elements: str
  domain:
    description:
      - Only devices of this domain. The list does not show domains, so each device that fits the other options is read.
    type: str
  details:
    description:
      - Return domains, connectivities and settings of remote sessions as well. That needs one request for each device.
    type: bool
    default: false
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.device
  - plugin: community.senhasegura.devices
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: See which servers a site has
  community.senhasegura.device_info:
    site: DC1
    type: Server
  register: known

- name: See on which port a host listens
  community.senhasegura.device_info:
    hostname: web03
    details: true
  register: known
"""

RETURN = r"""
devices:
  description: The devices that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the device.
      type: str
      returned: success
    hostname:
      description: Host name.
      type: str
      returned: success
    ip:
      description: Address.
      type: str
      returned: success
    type:
      description: Type.
      type: str
      returned: success
    vendor:
      description: Vendor.
      type: str
      returned: success
    model:
      description: Model.
      type: str
      returned: success
    site:
      description: Site.
      type: str
      returned: success
    tags:
      description: Tags.
      type: list
      elements: str
      returned: success
    domains:
      description: Domains. Null without O(details) and O(domain).
      type: list
      elements: str
      returned: success
    connectivities:
      description: Ways to connect, each as C(NAME:PORT). Null without O(details) and O(domain).
      type: list
      elements: str
      returned: success
    session_remote_config:
      description: Settings of remote sessions. Null without O(details) and O(domain).
      type: str
      returned: success
  sample:
    - id: "14"
      hostname: web03
      ip: 192.0.2.12
      type: Server
      vendor: Debian
      model: Debian 13
      site: DC1
      tags: [linux, web]
      domains: null
      connectivities: null
      session_remote_config: null
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
    message: the dialect rest has no call for device.list
    hint: "The guide has no call for devices: use the console, or the dialect api or iso"
    operation: device.list
    endpoint: ""
    subject: the list of devices
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
