# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: mysafe
short_description: Read passwords, codes, notes and API secrets from MySafe of senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads items of MySafe that the owner of the access key has, or that are shared with them.
  - It logs in with an access key for MySafe, which is a client of its own. See O(mysafe_client_id).
  - All lookups of a run share one login, one list of each kind, and one read of each item.
  - Reading takes no custody, so items are read in check mode as well.
options:
  _terms:
    description:
      - Items, by id or name. Lists are taken apart.
      - Digits are an id. For an item with a name of digits, write C(identifier:7).
      - With O(kind=api_secret), anything else is the identifier of an API secret, which is unique, or else its name.
    type: list
    elements: str
    required: true
  kind:
    description:
      - What the terms name.
    type: str
    choices: [password, note, api_secret]
    default: password
  username:
    description:
      - With O(kind=password), mean the password that has this user name as well. Names need not be unique.
    type: str
  target_url:
    description:
      - With O(kind=password), mean the password that is for this URL as well.
    type: str
  field:
    description:
      - Return this field alone, one of those that RV(_raw) lists.
      - V(totp) is the code of the second factor that is valid now. It is never taken from what was read before. A code
        can be used once, and for half a minute at most.
      - An item that does not have a value there counts as missing.
    type: str
  return_format:
    description:
      - V(value) returns the password, the text of the note or the client secret, V(dict) all fields, and V(raw) the
        entity as the server sends it. O(field) and V(raw) exclude each other.
    type: str
    choices: [value, dict, raw]
    default: value
extends_documentation_fragment:
  - community.senhasegura.connection.mysafe_plugin
  - community.senhasegura.lookup
notes:
  - MySafe notes each read in the history of the item, which its owner can see.
  - Items that need a justification or an approval can be read in the console only.
seealso:
  - module: community.senhasegura.mysafe_password_info
  - module: community.senhasegura.mysafe_note_info
  - module: community.senhasegura.mysafe_api_secret_info
"""

EXAMPLES = r"""
- name: Log in to a site with a second factor
  ansible.builtin.uri:
    url: https://portal.supplier.example/login
    method: POST
    body_format: json
    body:
      user: "{{ lookup('community.senhasegura.mysafe', 'Supplier portal', field='username') }}"
      password: "{{ lookup('community.senhasegura.mysafe', 'Supplier portal') }}"
      code: "{{ lookup('community.senhasegura.mysafe', 'Supplier portal', field='totp') }}"
  no_log: true

- name: Use an API secret by its identifier
  ansible.builtin.uri:
    url: https://api.payments.example/v1/payments
    url_username: shop
    url_password: "{{ lookup('community.senhasegura.mysafe', 'payments', kind='api_secret') }}"
  no_log: true

- name: One of several passwords of the same name
  ansible.builtin.set_fact:
    admin: "{{ lookup('community.senhasegura.mysafe', 'Router', username='admin', return_format='dict') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description:
    - For each term a value, or what O(field) and O(return_format) ask for, in the order of the terms.
    - Terms that O(on_missing) or O(on_denied) leave out have no entry.
    - The fields of a password are C(id), C(name), C(tags), C(users), C(groups), C(target_url), C(username),
      C(password), C(totp), C(totp_seed) and C(notes).
    - The fields of a note are C(id), C(name), C(tags), C(users), C(groups) and C(note).
    - The fields of an API secret are C(id), C(name), C(tags), C(users), C(groups), C(target_url), C(identifier),
      C(method), C(api_client_id), C(api_client_secret) and C(notes).
    - With O(return_format=dict), C(totp) is the code that was valid when the item was read, which may be earlier in the
      run. See O(fresh).
  type: list
  elements: raw
  sample:
    - "********"
"""

# Ansible reads the documentation from this file's source. Without the string, workers do not parse it (9 ms each).
del DOCUMENTATION

from ..plugin_utils.vault_lookup import VaultLookup


class LookupModule(VaultLookup):
    name = "mysafe"
