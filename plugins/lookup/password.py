# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: password
short_description: Read passwords from senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads the passwords of credentials.
  - B(Reading takes custody.) The server notes it, may refuse other users for the time, and may change the password
    some time after. Use O(release=true) to give custody back after the read.
  - Use P(community.senhasegura.credential#lookup) for more than the password.
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
  field:
    description:
      - Return this field alone. Fields are those of P(community.senhasegura.credential#lookup).
      - The default with O(return_format=value) is V(password).
    type: str
extends_documentation_fragment:
  - community.senhasegura.connection.plugin
  - community.senhasegura.lookup
  - community.senhasegura.lookup.custody
seealso:
  - plugin: community.senhasegura.credential
    plugin_type: lookup
  - module: community.senhasegura.custody
"""

EXAMPLES = r"""
- name: Use a password in a task
  ansible.builtin.uri:
    url: https://app.example.com/api
    url_username: app
    url_password: "{{ lookup('community.senhasegura.password', 'db-app') }}"
  no_log: true

- name: Read two passwords, and give custody back at once
  ansible.builtin.set_fact:
    passwords: "{{ query('community.senhasegura.password', 'web-root', 'root@web02', release=true) }}"
  no_log: true

- name: Fall back to a value when there is no such credential
  ansible.builtin.debug:
    msg: "{{ lookup('community.senhasegura.password', 'not-there', default='') | length }}"
"""

RETURN = r"""
_raw:
  description:
    - For each term the password, or what O(field) and O(return_format) ask for, in the order of the terms.
    - Terms that O(on_missing) or O(on_denied) leave out have no entry.
  type: list
  elements: raw
"""

# Ansible reads the documentation from this file's source. Without the string, workers do not parse it (9 ms each).
del DOCUMENTATION

from ..plugin_utils.vault_lookup import VaultLookup


class LookupModule(VaultLookup):
    name = "password"
