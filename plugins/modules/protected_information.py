#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: protected_information
short_description: Create or deactivate protected information in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates and deactivates protected information, a text that the vault keeps.
  - MySafe has replaced it from release 3.26 on, and the vendor still documents it in 4.0.
  - The server can make, read and deactivate protected information. B(It has no call that lists, changes or activates
    it.)
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
attributes:
  check_mode:
    description: Predicts what would change without changing it.
    support: partial
    details: Nothing is read in check mode, so it tells a change also where there is nothing to do.
  idempotent:
    description: The second run with the same options changes nothing.
    support: partial
    details:
      - With O(state=present) it is, if O(identifier) is given and the server finds protected information by that. Not
        all pages of the vendor say that it does. Otherwise, every run makes another one.
options:
  state:
    description:
      - V(present) creates protected information. If the server has one under the O(identifier) already, with the same
        O(content) and, if given, O(type), nothing is done. If it has another content, the task fails, since the server
        has no call that changes it.
      - V(absent) deactivates it. What is not there, or is inactive, is as wanted.
    type: str
    choices: [present, absent]
    default: present
  id:
    description:
      - Id of what is to be deactivated, a number.
    type: str
  identifier:
    description:
      - Identifier. Without one, the server makes one up.
      - With O(state=absent), it works only where the server finds protected information by its identifier.
    type: str
  name:
    description:
      - Name. The server does not show it again, so it is not compared.
    type: str
  type:
    description:
      - Type.
    type: str
  content:
    description:
      - The text that is to be protected. Required with O(state=present).
    type: str
notes:
  - The reply of the server has no id, so the module reads by the identifier what it has made, and warns if that is not
    possible. Each read is an event in the vault.
  - The information must be in the A2A authorization of the client (console, tab Protected information).
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - plugin: community.senhasegura.protected_information
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Keep a text in the vault
  community.senhasegura.protected_information:
    identifier: alarm-code
    name: Alarm of the data center
    type: Text
    content: "{{ new_password }}"
  register: kept

- name: Deactivate it
  community.senhasegura.protected_information:
    id: "{{ kept.protected_information.id }}"
    state: absent
"""

RETURN = r"""
protected_information:
  description: What is known of the protected information, without its content.
  returned: success
  type: dict
  contains:
    id:
      description: Its id. Null in check mode, or if the server does not tell it.
      type: str
      returned: success
    identifier:
      description: Its identifier.
      type: str
      returned: success
    name:
      description: Its name, as given.
      type: str
      returned: with O(state=present)
    type:
      description: Its type.
      type: str
      returned: with O(state=present)
  sample:
    id: "28"
    identifier: alarm-code
    name: Alarm of the data center
    type: Text
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
    message: protected information alarm-code (id 28) has another content, and the server has no call that changes it
    hint: Give another identifier, and remove this one with state=absent
    operation: ""
    endpoint: ""
    subject: protected information alarm-code
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
