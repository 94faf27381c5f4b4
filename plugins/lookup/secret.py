# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: Read DSM secrets from senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads secrets of the DevOps Secret Manager (DSM), those of the application that the client belongs to.
  - Reading them takes no custody, so they are read in check mode as well.
  - The server hands out all secrets of the application at once, so a lookup makes one request, however many terms it
    has.
options:
  _terms:
    description:
      - Identities of secrets. Lists are taken apart.
    type: list
    elements: str
    required: true
  field:
    description:
      - Return the value of this key alone. Its case counts.
      - A secret that has no such key, or has it with a null value only, counts as missing.
    type: str
  duplicates:
    description:
      - What to do about a key that stands in several data maps of a secret with different values, for example when it
        holds two credentials. Null values do not count where there are others.
      - V(error) fails, V(first) and V(last) take the value of the first or last map, and V(list) returns for every key
        the list of its values.
      - It means nothing with O(return_format=dict) and O(return_format=raw), unless O(field) is set.
    type: str
    choices: [error, first, last, list]
    default: error
  return_format:
    description:
      - V(value) returns the data of a secret as one dictionary, V(dict) what is known of the secret, with its data
        as the list of maps that the server keeps, and V(raw) the entity as the server sends it.
    type: str
    choices: [value, dict, raw]
    default: value
extends_documentation_fragment:
  - community.senhasegura.connection.plugin
  - community.senhasegura.lookup
seealso:
  - module: community.senhasegura.secret
  - module: community.senhasegura.secret_info
"""

EXAMPLES = r"""
- name: Use one value of a secret
  ansible.builtin.uri:
    url: https://api.shop.example/v1/orders
    headers:
      X-Api-Key: "{{ lookup('community.senhasegura.secret', 'shop-db', field='API_KEY') }}"
  no_log: true

- name: Write all values of a secret into an environment file
  ansible.builtin.copy:
    content: |
      {% for name, value in lookup('community.senhasegura.secret', 'shop-db').items() %}
      {{ name }}={{ value | default('', true) | quote }}
      {% endfor %}
    dest: /etc/shop/env
    mode: "0600"
  no_log: true

- name: A secret with two credentials
  ansible.builtin.set_fact:
    accounts: "{{ lookup('community.senhasegura.secret', 'shop-accounts', return_format='dict').data }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description:
    - For each term a dictionary, or what O(field) and O(return_format) ask for, in the order of the terms.
    - Terms that O(on_missing) or O(on_denied) leave out have no entry.
    - Values are text, or null where the server has null.
    - With O(return_format=dict) the entries are C(id), C(identifier), C(name), C(engine), C(description), C(version),
      C(expires_at), C(application), C(system), C(environment), C(renewal_minutes), C(key_names) and C(data).
  type: list
  elements: raw
  sample:
    - HOSTNAME: db01
      USERNAME: app
      PASSWORD: "********"
"""

# Ansible reads the documentation from this file's source. Without the string, workers do not parse it (9 ms each).
del DOCUMENTATION

from ..plugin_utils.vault_lookup import VaultLookup


class LookupModule(VaultLookup):
    name = "secret"
