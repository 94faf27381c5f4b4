#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_info
short_description: List credentials in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists what the server tells of credentials without their passwords.
  - It takes no custody. Use P(community.senhasegura.password#lookup) to read a password.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the credential with this id.
    type: str
  identifier:
    description:
      - Only the credential with this identifier.
    type: str
  username:
    description:
      - Only credentials with this user name.
    type: str
  hostname:
    description:
      - Only credentials of the device with this host name, in whatever case, or with this address.
    type: str
  ip:
    description:
      - Only credentials of the device with this address.
    type: str
  type:
    description:
      - Only credentials of this type, for example V(Local User).
    type: str
  include_ssh_keys:
    description:
      - List SSH keys as well.
    type: bool
    default: false
notes:
  - The filters compare whole values, and those for hosts without case. All that are given must fit.
  - What is inactive, or what the authorization may not see, may be missing.
seealso:
  - module: community.senhasegura.credential
  - module: community.senhasegura.ssh_key_info
  - plugin: community.senhasegura.credential
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See which accounts of web01 the vault knows
  community.senhasegura.credential_info:
    hostname: web01
  register: known

- name: Name those that the vault changes by itself
  ansible.builtin.debug:
    msg: "{{ known.credentials | selectattr('automatic_change') | map(attribute='identifier') }}"
"""

RETURN = r"""
credentials:
  description: The credentials that fit, in the order of the server. Empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id, unique among credentials and SSH keys together.
      type: str
      returned: success
    identifier:
      description: Identifier, or null.
      type: str
      returned: success
    username:
      description: User name.
      type: str
      returned: success
    hostname:
      description: Host name of the device.
      type: str
      returned: success
    ip:
      description: Address of the device.
      type: str
      returned: success
    type:
      description: Type of the credential. That of SSH keys is C(SSH Key).
      type: str
      returned: success
    automatic_change:
      description: Whether the vault changes it by itself.
      type: bool
      returned: success
    changed_at:
      description: When it was changed last, in the time zone of the server, as C(YYYY-MM-DD HH:MM:SS).
      type: str
      returned: success
    viewed_at:
      description: When it was viewed last, in the time zone of the server.
      type: str
      returned: success
    expires_at:
      description: When it expires, as ISO 8601.
      type: str
      returned: success
    device_type:
      description: Type of the device.
      type: str
      returned: success
    device_vendor:
      description: Vendor of the device.
      type: str
      returned: success
    device_model:
      description: Model of the device.
      type: str
      returned: success
    connectivity:
      description: How the device is connected to, for example C(SSH).
      type: str
      returned: success
    public_key:
      description: Public key of an SSH key. Listed in the dialect V(rest) only.
      type: str
      returned: success
    rotation_days:
      description: Days between the changes of an SSH key. Listed in the dialect V(rest) only.
      type: int
      returned: success
  sample:
    - id: "7"
      identifier: web-root
      username: root
      hostname: web01
      ip: 192.0.2.10
      type: Local User
      automatic_change: false
      changed_at: "2026-01-10 08:15:00"
      viewed_at: null
      expires_at: "2026-03-01T12:00:00-03:00"
      device_type: Server
      device_vendor: Canonical
      device_model: Ubuntu
      connectivity: SSH
      public_key: null
      rotation_days: null
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
    operation: credential.list
    endpoint: GET /api/pam/credential
    subject: the list of credentials
    status: 500
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: You are not authorized to access this resource.
"""
