#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key
short_description: Manage SSH keys in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Registers, updates, enables and disables SSH key pairs in the vault.
  - It writes to the vault only. It installs no key on any host.
requirements:
  - cryptography, on the controller (ansible-core itself requires it)
  - bcrypt, on the controller, for keys in OpenSSH form with a passphrase
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) registers or updates the key. It neither enables nor disables it. One that is inactive is not in the
        list. Where the server tells that it is there, nothing is written and a warning says so, unless
        O(update_key=always). Where it does not, the key is taken for new and its pair is overwritten; enable it first.
      - V(enabled) activates it. An inactive key is not listed, so it is found by its O(id) only.
      - V(disabled) and V(absent) deactivate it; the server erases nothing. One that is not in the list is inactive
        already or does not exist; V(disabled) warns of it, for V(absent) it is as wanted.
      - These three find the key by O(id), by O(identifier), or by O(username), O(hostname) and, if it is given, O(ip).
        What is given beside O(id) or O(identifier) must fit as well.
      - The dialect V(rest) has no calls for V(enabled), V(disabled) and V(absent).
    type: str
    choices: [present, absent, disabled, enabled]
    default: present
  id:
    description:
      - Id of the key to enable or disable.
    type: str
  identifier:
    description:
      - Identifier of the key. Letters, digits, C(_), C(-) and C(.). Required with O(state=present).
    type: str
  username:
    description:
      - User name. Required with O(state=present).
    type: str
  hostname:
    description:
      - Host name of the main device. Required with O(state=present). Its case does not count for finding a key, and the
        address of the device finds it as well.
    type: str
  ip:
    description:
      - Address of the main device. The dialects V(iso) and V(api) need it for a new key; V(rest) has no use for it.
    type: str
  private_key:
    description:
      - The private key, in OpenSSH or PEM form. Line ends are brought into the form that ssh reads.
      - Needed for a new key.
    type: str
  public_key:
    description:
      - The public key, as one line. It is worked out from O(private_key) when it is left out, and must fit to it.
    type: str
  passphrase:
    description:
      - Passphrase of O(private_key), which is stored with it.
    type: str
  update_key:
    description:
      - V(on_create) stores O(private_key), O(public_key) and O(passphrase) only when the key is new. A key that was
        rotated meanwhile is not overwritten.
      - V(always) stores them whenever they may differ. The dialect V(rest) lists the public key, so it is compared.
        The dialects V(iso) and V(api) list none, so that every run stores them and counts as a change.
      - The dialects V(iso) and V(api) want both keys at every update. So with V(on_create) a changed attribute is
        refused there, instead of reading the present key (which takes custody) or overwriting it.
    type: str
    choices: [on_create, always]
    default: on_create
  update_attributes:
    description:
      - When to write O(key_name), O(devices) and O(tags), which the server never lists.
      - V(on_create) writes them when the key is new, and along with any other change. V(always) writes them at every
        run, which counts as a change.
    type: str
    choices: [on_create, always]
    default: on_create
  key_name:
    description:
      - Name of the key. Not in the dialect V(rest).
    type: str
  devices:
    description:
      - Host names of further devices that have the key. They must be registered. Not in the dialect V(rest).
    type: list
    elements: str
  tags:
    description:
      - Tags. One with a comma is refused, since the server would make several of it. Not in the dialect V(rest).
    type: list
    elements: str
  automatic_change:
    description:
      - Whether the vault replaces the key by itself. In the dialect V(rest) only.
    type: bool
  rotation_days:
    description:
      - Days between two replacements. In the dialect V(rest) only.
    type: int
notes:
  - The API does not tell whether a key is active. Outside check mode the server is asked to enable or disable it and
    says whether it was so already. In check mode, a key in the list is taken to be active.
  - Options that a dialect has no field for are refused.
seealso:
  - module: community.senhasegura.ssh_key_info
  - module: community.senhasegura.ssh_key_rotate
  - plugin: community.senhasegura.ssh_key
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Register the key pair of the deployment user
  community.senhasegura.ssh_key:
    identifier: deploy-key
    username: deploy
    hostname: web01
    ip: 192.0.2.10
    private_key: "{{ lookup('ansible.builtin.file', '~/.ssh/id_deploy') }}"
    devices: [web02, web03]

- name: Disable it when it is not needed any more
  community.senhasegura.ssh_key:
    identifier: deploy-key
    state: absent
"""

RETURN = r"""
ssh_key:
  description: What is known of the key after the task. Never the private key or its passphrase.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the key, or null when check mode predicts a new one.
      type: str
      returned: success
    identifier:
      description: Identifier of the key.
      type: str
      returned: success
    username:
      description: User name.
      type: str
      returned: success
    hostname:
      description: Host name of the main device.
      type: str
      returned: success
    ip:
      description: Address of the main device.
      type: str
      returned: success
    public_key:
      description: The public key without its comment, where it is known.
      type: str
      returned: success
    automatic_change:
      description: Whether the vault replaces the key by itself.
      type: bool
      returned: success
    rotation_days:
      description: Days between two replacements.
      type: int
      returned: success
  sample:
    id: "9"
    identifier: deploy-key
    username: deploy
    hostname: web01
    ip: 192.0.2.10
    public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA
unlinked_devices:
  description: Those of O(devices) that the server could not link to the key, for example since they are not registered.
  returned: with O(state=present)
  type: list
  elements: str
  sample: [web03]
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
    kind: invalid_request
    message: public_key does not belong to private_key
    hint: Leave public_key out
    operation: ""
    endpoint: ""
    subject: ""
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
