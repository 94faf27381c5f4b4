#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key_rotate
short_description: Replace an SSH key pair in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Replaces the key pair of an SSH key in the vault by a new one.
  - B(It does not install the new key on any host.) Until somebody does, hosts accept the old key only. So the old
    pair is kept in the vault as C(<identifier>--previous), unless O(keep_previous=false) or the server itself makes
    the new pair.
  - O(mode) says who makes the new pair.
requirements:
  - cryptography, on the controller (ansible-core itself requires it)
  - bcrypt, on the controller, for keys in OpenSSH form with a passphrase
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.each_time
  - community.senhasegura.objects.waiting
options:
  ssh_key:
    description:
      - The SSH key, by its id, its identifier, C(username@hostname) or C(username@address). The case of a host name
        does not count.
      - Digits are an id. Where they are an identifier as well, the task fails; C(id:7) and C(identifier:7) say which is
        meant.
    type: str
    required: true
  mode:
    description:
      - Who makes the new pair. The default is V(vault) in the dialect V(rest), else V(client).
      - With V(client) this module makes the pair, stores it and reads it back, which takes custody. Not in the dialect
        V(rest).
      - With V(vault) the server replaces the key by itself, and on the devices as well. In the dialects V(iso) and
        V(api) automatic change must be configured for the key.
    type: str
    choices: [client, vault]
  wait:
    description:
      - With O(mode=vault), wait until the list of the server shows the new key, and fail if it does not in time.
      - With O(mode=client) there is nothing to wait for.
    type: bool
    default: true
  type:
    description:
      - Type of the new key. V(ed25519) if nothing is given.
      - O(type), O(bits), O(passphrase) and O(comment) are refused where the server makes the new pair.
    type: str
    choices: [ed25519, ecdsa, rsa]
  bits:
    description:
      - Size of the new key. 256, 384 or 521 with O(type=ecdsa), by default 256; 2048 to 16384 with O(type=rsa), by
        default 4096.
    type: int
  passphrase:
    description:
      - Passphrase that protects the new private key. It is stored in the vault with the key.
    type: str
  comment:
    description:
      - Comment of the new public key.
    type: str
  keep_previous:
    description:
      - Keep the old pair as C(<identifier>--previous), with C(--previous) behind its user name as well. An older pair
        that is kept there is overwritten.
      - Where the server makes the new pair, nothing is kept.
    type: bool
    default: true
seealso:
  - module: community.senhasegura.ssh_key
  - module: community.senhasegura.credential_rotate
  - plugin: community.senhasegura.ssh_key
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Put a new key pair into the vault, and keep the old one
  community.senhasegura.ssh_key_rotate:
    ssh_key: deploy-key
  register: rotated

- name: Install the new key with the old one
  ansible.posix.authorized_key:
    user: deploy
    key: "{{ rotated.ssh_key.public_key }}"

- name: Have the vault replace a key that it changes automatically
  community.senhasegura.ssh_key_rotate:
    ssh_key: backup-key
    mode: vault
    wait_timeout: 600
"""

RETURN = r"""
ssh_key:
  description: The key before and after. Never a private key.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the key, which stays the same.
      type: str
      returned: success
    identifier:
      description: Identifier of the key.
      type: str
      returned: success
    public_key:
      description: The new public key, or null where the server does not tell it (yet), and in check mode.
      type: str
      returned: success
    fingerprint:
      description: SHA-256 fingerprint of the new public key, or null.
      type: str
      returned: success
    previous_fingerprint:
      description: SHA-256 fingerprint of the old public key, or null where it is not known.
      type: str
      returned: success
    previous_identifier:
      description: Identifier under which the old pair is kept, or null.
      type: str
      returned: success
  sample:
    id: "9"
    identifier: deploy-key
    public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA
    fingerprint: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
    previous_fingerprint: SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg
    previous_identifier: deploy-key--previous
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
    kind: refused
    message: SSH key deploy-key has no automatic change
    hint: Rotate with mode=client
    operation: ""
    endpoint: ""
    subject: SSH key deploy-key
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
