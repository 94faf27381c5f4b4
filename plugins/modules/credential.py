#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credential
short_description: Manage credentials in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates, updates, enables and disables credentials in the vault.
  - It writes to the vault only. It does not change a password on a device.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the credential. It neither enables nor disables it. One that is inactive is not
        in the list; where the server tells that it is there, nothing is written and a warning says so, unless
        O(update_password=always) or O(update_attributes=always). In check mode it is taken for new.
      - V(enabled) activates it.
      - V(disabled) and V(absent) deactivate it; the server erases nothing. One that is not in the list is inactive
        already or does not exist, which the API does not tell apart; V(disabled) warns of it, for V(absent) it is as
        wanted.
      - V(enabled), V(disabled) and V(absent) find the credential by O(id), by O(identifier), or by O(username),
        O(hostname) and, if it is given, O(ip). What is given beside O(id) or O(identifier) must fit as well.
    type: str
    choices: [present, absent, disabled, enabled]
    default: present
  id:
    description:
      - Id of an existing credential, a number. Needed only for one that has no identifier.
    type: str
  identifier:
    description:
      - Identifier of the credential. Letters, digits, C(_), C(-) and C(.). Here it may consist of digits alone.
      - Without it and without O(id), the credential is found by O(username), O(hostname) and O(ip).
    type: str
  username:
    description:
      - User name. Required with O(state=present).
    type: str
  hostname:
    description:
      - Host name of the device. Required with O(state=present). Its case does not count for finding a credential, and
        the address of the device finds it as well.
    type: str
  ip:
    description:
      - Address of the device. Required with O(state=present).
    type: str
  password:
    description:
      - The password to store.
    type: str
  update_password:
    description:
      - V(on_create) stores O(password) only when the credential is new. V(always) stores it at every run, which
        counts as a change, because the present one could be read only by taking custody.
    type: str
    choices: [on_create, always]
    default: on_create
  update_attributes:
    description:
      - When to write the options that the server never shows, and that cannot be compared for this reason. These are
        O(additional), O(tags), O(domain), O(parent), O(device.domain), O(device.tags), O(device.connectivities),
        O(execution_settings), O(session_settings), O(additional_settings) and
        O(jit_settings).
      - V(on_create) writes them when the credential is new, and along with any other change. V(always) writes them at
        every run, which counts as a change.
    type: str
    choices: [on_create, always]
    default: on_create
  allow_shared_account:
    description:
      - Create the credential although an SSH key has the same O(username), O(hostname) and O(ip) already. The server
        searches by these three, and no documentation says whether it would overwrite the key. So this is refused
        otherwise. The id in the answer of the server is compared in any case.
    type: bool
    default: false
  type:
    description:
      - Type of the credential, for example V(Local User), which is the server's default.
    type: str
  additional:
    description:
      - Free text.
    type: str
  tags:
    description:
      - Tags. One with a comma is refused, since the server would make several of it.
    type: list
    elements: str
  domain:
    description:
      - Domain of the credential. It must be registered on the server.
    type: str
  parent:
    description:
      - Id of the parent credential.
    type: int
  automatic_change:
    description:
      - Whether the vault changes the password by itself. Then a release of custody triggers a change.
    type: bool
  device:
    description:
      - Attributes of the device, which the server creates when it is new. A type, vendor, model or site that does not
        exist is created as well, so mind the spelling.
      - A device that has a credential in the list already keeps its type, vendor, model and site. A warning says so
        where they differ. Change them with M(community.senhasegura.device).
    type: dict
    suboptions:
      type:
        description: Type of the device, for example V(Server).
        type: str
      vendor:
        description: Vendor of the device.
        type: str
      model:
        description: Model of the device.
        type: str
      site:
        description: Site of the device.
        type: str
      domain:
        description: Domain of the device. It must be registered on the server.
        type: str
      tags:
        description: Tags of the device, without commas in them.
        type: list
        elements: str
      connectivities:
        description: Ways to connect, each as C(NAME:PORT), for example V(SSH:22), without commas in them.
        type: list
        elements: str
  execution_settings:
    description:
      - The server's block C(execution_settings), sent as it is.
    type: dict
  session_settings:
    description:
      - The server's block C(session_settings), sent as it is.
    type: dict
  additional_settings:
    description:
      - The server's block C(additional_settings), sent as it is. Its C(secret_key) is the seed of one-time passwords.
    type: dict
  jit_settings:
    description:
      - The server's block C(jit_settings), sent as it is.
    type: dict
notes:
  - The API does not tell whether a credential is active. Outside check mode the server is asked to enable or disable
    it and says whether it was so already. In check mode, a credential in the list is taken to be active.
  - The dialect V(rest) can write O(identifier), O(username), O(hostname), O(ip), O(password), O(type), O(additional)
    and O(tags). Other options are refused, and so is O(state=enabled).
seealso:
  - module: community.senhasegura.credential_info
  - module: community.senhasegura.credential_rotate
  - plugin: community.senhasegura.password
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Register the root password of a new host
  community.senhasegura.credential:
    identifier: web03-root
    username: root
    hostname: web03
    ip: 192.0.2.12
    password: "{{ new_password }}"
    tags: [linux, web]
    device:
      type: Server
      vendor: Debian
      model: Debian 13
      site: DC1
      connectivities: ["SSH:22"]

- name: Disable it when the host is gone
  community.senhasegura.credential:
    identifier: web03-root
    state: absent
"""

RETURN = r"""
credential:
  description: What is known of the credential after the task. Never the password.
  returned: success
  type: dict
  sample:
    id: "7"
    identifier: web03-root
    username: root
    hostname: web03
    ip: 192.0.2.12
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
    kind: not_found
    message: credential not found
    hint: Check the id
    operation: credential.list
    endpoint: GET /api/pam/credential
    subject: credential web03-root
    status: 400
    code: 1007
    option: ""
    server: "https://pam.example.com:443"
    server_message: "1007: Credential not found"
"""
