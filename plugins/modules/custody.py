#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custody
short_description: Give custody of credentials back to senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Releases a credential from the custody that a read of its password has taken.
  - Only the custody of this client can be released.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
  - community.senhasegura.objects.credential
attributes:
  check_mode:
    details: The server does not tell who has custody, so a change is predicted for every credential in its list.
options:
  state:
    description:
      - V(released) gives custody back. A credential that is not in custody is left as it is.
    type: str
    choices: [released]
    default: released
  allow_vault_rotation:
    description:
      - Allow the release of a credential that changes automatically. The vault then changes its password, and the one
        that was read is no longer valid.
    type: bool
    default: false
notes:
  - For SSH keys use the option C(release) of P(community.senhasegura.ssh_key#lookup).
seealso:
  - plugin: community.senhasegura.password
    plugin_type: lookup
  - module: community.senhasegura.credential_rotate
"""

EXAMPLES = r"""
- name: Work with a password and give it back afterwards
  block:
    - name: Call the application
      ansible.builtin.uri:
        url: https://app.example.com/api
        url_username: root
        url_password: "{{ lookup('community.senhasegura.password', 'web-root') }}"
      no_log: true
  always:
    - name: Give custody back
      community.senhasegura.custody:
        credential: web-root
"""

RETURN = r"""
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
    message: releasing db-app would make the vault change its password
    hint: Set allow_vault_rotation=true if that is wanted
    operation: ""
    endpoint: ""
    subject: credential db-app
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
