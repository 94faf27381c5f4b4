#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: device
short_description: Manage devices in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates, enables and disables devices in the vault.
  - The server knows a device by its host name. It has no call that renames or erases one.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the device. It neither enables nor disables it. An inactive device may be missing
        in the list of the server; then it is taken for new, and a warning tells if the server has updated it instead.
      - V(enabled) activates it. B(This does not bring back its credentials), which were suspended when it was
        disabled. Each has to be enabled by M(community.senhasegura.credential) or M(community.senhasegura.ssh_key).
        A warning says so.
      - V(disabled) and V(absent) deactivate it. B(The server suspends the credentials and SSH keys of the device with
        it.) A warning names them, and RV(suspended_credentials) has them as data, since the list of the server does
        not show them any more. A device that is not there is as wanted for V(absent); V(disabled) warns of it.
    type: str
    choices: [present, absent, disabled, enabled]
    default: present
  id:
    description:
      - Id of an existing device, a number. An inactive device may be found by its id only.
    type: str
  hostname:
    description:
      - Host name of the device. Required with O(state=present). Its case does not count for finding a device.
    type: str
  ip:
    description:
      - Address of the device. A new device must have it, and O(type), O(vendor), O(model) and O(site) as well.
    type: str
  type:
    description:
      - Type of the device, for example V(Server). The server creates a type, vendor, model or site that does not
        exist, so mind the spelling.
    type: str
  vendor:
    description:
      - Vendor of the device.
    type: str
  model:
    description:
      - Model of the device.
    type: str
  site:
    description:
      - Site of the device.
    type: str
  tags:
    description:
      - Tags, without commas in them. All tags of the device are replaced by these.
    type: list
    elements: str
  domains:
    description:
      - Domains. They must be registered on the server. All domains of the device are replaced by these.
    type: list
    elements: str
  connectivities:
    description:
      - Ways to connect, each as C(NAME:PORT), for example V(SSH:22), without commas in them. All of the device are
        replaced by these.
    type: list
    elements: str
  session_remote_config:
    description:
      - Settings of remote sessions, sent as they are.
    type: str
notes:
  - What the task leaves out is sent as the server has it, because nothing says that an update keeps it.
  - The API does not tell whether a device is active. Outside check mode the server is asked to enable or disable it and
    says whether it was so already. In check mode, a device in the list is taken to be active.
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.device_info
  - module: community.senhasegura.credential
  - plugin: community.senhasegura.devices
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Register a new host
  community.senhasegura.device:
    hostname: web03
    ip: 192.0.2.12
    type: Server
    vendor: Debian
    model: Debian 13
    site: DC1
    tags: [linux, web]
    connectivities: ["SSH:22"]

- name: Change its site, and keep the rest
  community.senhasegura.device:
    hostname: web03
    site: DC2

- name: Disable it when the host is gone, with all its credentials
  community.senhasegura.device:
    hostname: web03
    state: absent
  register: gone

- name: Bring it back, with the credentials that were suspended
  community.senhasegura.device:
    id: "{{ gone.device.id }}"
    state: enabled

- name: Enable each of them
  community.senhasegura.credential:
    id: "{{ item.id }}"
    state: enabled
  loop: "{{ gone.suspended_credentials | rejectattr('type', 'equalto', 'SSH Key') }}"
"""

RETURN = r"""
device:
  description: What is known of the device after the task.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the device. Null in check mode if it is new.
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
      description: Domains.
      type: list
      elements: str
      returned: with O(state=present)
    connectivities:
      description: Ways to connect, each as C(NAME:PORT).
      type: list
      elements: str
      returned: with O(state=present)
    session_remote_config:
      description: Settings of remote sessions.
      type: str
      returned: with O(state=present)
  sample:
    id: "14"
    hostname: web03
    ip: 192.0.2.12
    type: Server
    vendor: Debian
    model: Debian 13
    site: DC1
    tags: [linux, web]
    domains: []
    connectivities: ["SSH:22"]
    session_remote_config: ""
suspended_credentials:
  description:
    - The credentials and SSH keys of the device that were listed before it was disabled. Empty if it was not listed.
  returned: with O(state=disabled) or O(state=absent)
  type: list
  elements: dict
  contains:
    id:
      description: Id of the credential or SSH key.
      type: str
      returned: success
    identifier:
      description: Its identifier, or null.
      type: str
      returned: success
    username:
      description: Its user name.
      type: str
      returned: success
    type:
      description: Its type. That of an SSH key is V(SSH Key).
      type: str
      returned: success
  sample:
    - id: "7"
      identifier: web03-root
      username: root
      type: Local User
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
    kind: configuration
    message: "device web03 is not complete: vendor must be set"
    hint: Set vendor; the server wants them for every device
    operation: ""
    endpoint: ""
    subject: device web03
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
