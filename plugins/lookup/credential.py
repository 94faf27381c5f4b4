# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: credential
short_description: Read credentials from senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads credentials with all their fields, the password included.
  - B(Reading the password takes custody.) The server notes it, may refuse other users for the time, and may change
    the password some time after. Use O(release=true) to give custody back after the read, or O(include_password=false)
    if the password is not needed.
options:
  _terms:
    description:
      - Credentials, each by its id, its identifier, or C(username@hostname). Lists are taken apart.
      - A host may be named by its address as well, and the case of a host name does not count.
      - Digits are an id. Where they are an identifier as well, the lookup fails before it reads anything; C(id:7) and
        C(identifier:7) say which is meant. With C(id:7) nothing has to be looked up before the read.
    type: list
    elements: str
    required: true
  include_password:
    description:
      - Whether to read the password. With V(false) nothing takes custody, and the fields are those that the server
        lists. Then O(release) and O(check_mode) mean nothing, and O(return_format) can only be V(dict).
    type: bool
    default: true
  field:
    description:
      - Return this field alone.
      - The default with O(return_format=value) is V(password).
    type: str
  return_format:
    description:
      - V(dict) returns all fields under the same names for every dialect, V(value) one of them, and V(raw) the entity
        as the server sends it.
    type: str
    choices: [value, dict, raw]
    default: dict
extends_documentation_fragment:
  - community.senhasegura.connection.plugin
  - community.senhasegura.lookup
  - community.senhasegura.lookup.custody
seealso:
  - plugin: community.senhasegura.password
    plugin_type: lookup
  - module: community.senhasegura.credential_info
  - module: community.senhasegura.custody
"""

EXAMPLES = r"""
- name: Keep a credential for the rest of the play, so that it is read once
  ansible.builtin.set_fact:
    account: "{{ lookup('community.senhasegura.credential', 'app@web02') }}"
  no_log: true

- name: Use it
  ansible.builtin.uri:
    url: "https://{{ account.hostname }}/api"
    url_username: "{{ account.username }}"
    url_password: "{{ account.password }}"
  no_log: true

- name: When did the vault change this password?
  ansible.builtin.debug:
    msg: "{{ lookup('community.senhasegura.credential', 'db-app', include_password=false, field='changed_at') }}"
"""

RETURN = r"""
_raw:
  description:
    - For each term a dictionary, or what O(field) and O(return_format) ask for, in the order of the terms.
    - Terms that O(on_missing) or O(on_denied) leave out have no entry.
    - The fields are C(id), C(password), C(identifier), C(username), C(hostname), C(ip), C(port), C(domain),
      C(additional), C(model), C(parent_id) and C(expires_at). What a dialect does not tell is empty.
    - With O(include_password=false) they are C(id), C(identifier), C(username), C(hostname), C(ip), C(type),
      C(automatic_change), C(changed_at), C(viewed_at), C(expires_at), C(device_type), C(device_vendor),
      C(device_model), C(connectivity), C(public_key) and C(rotation_days).
  type: list
  elements: raw
  sample:
    - id: "7"
      password: "********"
      identifier: db-app
      username: app
      hostname: web02
      ip: 192.0.2.11
      port: "22"
      domain: ""
      additional: ""
      model: Debian 13
      parent_id: null
      expires_at: "2026-12-24T12:00:00"
"""

# Ansible reads the documentation from this file's source. Without the string, workers do not parse it (9 ms each).
del DOCUMENTATION

from ..plugin_utils.vault_lookup import VaultLookup


class LookupModule(VaultLookup):
    name = "credential"
