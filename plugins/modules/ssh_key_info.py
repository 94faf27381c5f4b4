#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key_info
short_description: List SSH keys in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Lists what the server tells of SSH keys, and reads the key pairs if asked.
  - Without O(include_key=true) it takes no custody.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  id:
    description:
      - Only the key with this id.
    type: str
  identifier:
    description:
      - Only the key with this identifier.
    type: str
  username:
    description:
      - Only keys of this user name.
    type: str
  hostname:
    description:
      - Only keys whose main device has this host name, in whatever case, or this address.
    type: str
  ip:
    description:
      - Only keys whose main device has this address. The dialect V(rest) lists no addresses of keys, so nothing fits
        there.
    type: str
  include_key:
    description:
      - Read the key pairs as well. B(This takes custody) of each key, so one of O(id), O(identifier), O(username),
        O(hostname) and O(ip) must be given.
      - In check mode the key pairs are left out, with a warning.
    type: bool
    default: false
notes:
  - With O(include_key=true), a private key or passphrase that cannot be read (for example since it was too long for
    the server to encrypt) is null. The task then warns, and C(unreadable) names it.
  - With O(include_key=true) Ansible prints nothing of the result. The values are there in a registered variable.
  - Before ansible-core 2.19 the result of a loop is shown although its items are hidden. So a loop with
    O(include_key=true) is refused there, unless the task has C(no_log=true).
  - The filters compare whole values, and those for hosts without case. All that are given must fit.
  - What is inactive, or what the authorization may not see, may be missing.
seealso:
  - module: community.senhasegura.ssh_key
  - plugin: community.senhasegura.ssh_key
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List the keys of a user
  community.senhasegura.ssh_key_info:
    username: deploy
  register: keys

- name: Read a key pair, which takes custody
  community.senhasegura.ssh_key_info:
    identifier: deploy-key
    include_key: true
  register: deploy
"""

RETURN = r"""
ssh_keys:
  description: The SSH keys that fit, in the order of the server. Empty if there are none.
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
      description: Always C(SSH Key).
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
      description: The public key. Listed in the dialect V(rest); otherwise with O(include_key=true) only.
      type: str
      returned: success
    rotation_days:
      description: Days between two replacements. Listed in the dialect V(rest) only.
      type: int
      returned: success
    private_key:
      description: The private key, with line ends as ssh reads them.
      type: str
      returned: with O(include_key=true)
    passphrase:
      description: Passphrase of the private key, or null.
      type: str
      returned: with O(include_key=true)
    key_name:
      description: Name of the key.
      type: str
      returned: with O(include_key=true)
    tags:
      description: Tags of the key.
      type: list
      elements: str
      returned: with O(include_key=true)
    devices:
      description: Host names of further devices that have the key.
      type: list
      elements: str
      returned: with O(include_key=true)
    unreadable:
      description: The names of the values that could not be read and are null for this reason.
      type: list
      elements: str
      returned: with O(include_key=true)
  sample:
    - id: "9"
      identifier: deploy-key
      username: deploy
      hostname: web01
      ip: 192.0.2.10
      type: SSH Key
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
    message: this client has no access to the credential
    hint: Add it to the A2A authorization of this client
    operation: key.read
    endpoint: "GET /api/pam/key/{ref}"
    subject: SSH key 9
    status: 400
    code: 1009
    option: ""
    server: "https://pam.example.com:443"
    server_message: "1009: No access to credential"
"""
