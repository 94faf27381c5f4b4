# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: protected_information
short_description: Read protected information from senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads protected information, a text that the vault keeps.
  - MySafe has replaced it from release 3.26 on, and the vendor still documents it in 4.0.
  - Reading it takes no custody, so it is read in check mode as well. Each read is an event in the vault.
options:
  _terms:
    description:
      - Ids. Lists are taken apart.
      - An identifier works only where the server finds protected information by that, which not all pages of the vendor
        say. Write C(identifier:NAME) if it could be taken for an id.
    type: list
    elements: str
    required: true
  field:
    description:
      - Return this field alone, one of V(id), V(identifier), V(type) and V(content).
    type: str
extends_documentation_fragment:
  - community.senhasegura.connection.plugin
  - community.senhasegura.lookup
notes:
  - The information must be in the A2A authorization of the client (console, tab Protected information).
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - module: community.senhasegura.protected_information
"""

EXAMPLES = r"""
- name: Write a text of the vault into a file
  ansible.builtin.copy:
    content: "{{ lookup('community.senhasegura.protected_information', '28') }}"
    dest: /etc/shop/license
    mode: "0600"
  no_log: true

- name: Go on without it
  ansible.builtin.set_fact:
    license: "{{ lookup('community.senhasegura.protected_information', '99', default='') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description:
    - For each term the content, or what O(field) and O(return_format) ask for, in the order of the terms.
    - Terms that O(on_missing) or O(on_denied) leave out have no entry.
    - With O(return_format=dict) the entries are C(id), C(identifier), C(type) and C(content).
  type: list
  elements: raw
  sample:
    - "********"
"""

# Ansible reads the documentation from this file's source. Without the string, workers do not parse it (9 ms each).
del DOCUMENTATION

from ..plugin_utils.vault_lookup import VaultLookup


class LookupModule(VaultLookup):
    name = "protected_information"
