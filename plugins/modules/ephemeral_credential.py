#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ephemeral_credential
short_description: Provision ephemeral credentials in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Makes a credential that lives for a short time, for an identity or for a pod of Kubernetes, and removes it again.
  - At the end of the run the broker removes what was made, unless O(deprovision_at_end=false). It does so after a
    failed run too, and when the broker itself was killed. What could not be removed is told by the next run.
  - In the console, a dynamic provisioning profile must be linked to the application of the client.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
attributes:
  idempotent:
    description: The second run with the same options changes nothing.
    support: partial
    details: With O(state=present) every run makes a new credential.
options:
  state:
    description:
      - V(present) makes a credential each time.
      - V(absent) removes the one with the O(secret_id).
    type: str
    choices: [present, absent]
    default: present
  identifier:
    description:
      - What the credential is for. The server calls it its identity. Not in the dialect V(iso), where a pod is named.
    type: str
    aliases: [identity]
  pod_name:
    description:
      - Name of the pod that the credential is for. It goes together with O(deploy) and O(namespace).
    type: str
  deploy:
    description:
      - Deployment of the pod.
    type: str
  namespace:
    description:
      - Namespace of the pod.
    type: str
  secret_id:
    description:
      - Id that the provisioning has returned. Needed to remove the credential.
    type: str
  deprovision_at_end:
    description:
      - Remove the credential at the end of the run. That needs the broker; without it, a warning says that nobody does.
    type: bool
    default: true
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
  - The vendor documents the removal for pods only. For what was provisioned by O(identifier), the same call is made
    with O(secret_id) and O(identifier).
  - Ansible prints nothing of a result that holds a secret. It is there in a registered variable.
  - Before ansible-core 2.19 the result of a loop is shown although its items are hidden. So a loop is refused there,
    unless the task has C(no_log=true).
seealso:
  - module: community.senhasegura.secret_info
"""

EXAMPLES = r"""
- name: Get an account for this run
  community.senhasegura.ephemeral_credential:
    identifier: nightly-report
  register: account

- name: Get an account that stays when the run has ended
  community.senhasegura.ephemeral_credential:
    pod_name: web-1
    deploy: web
    namespace: prod
    deprovision_at_end: false
  register: pod

- name: Remove it
  community.senhasegura.ephemeral_credential:
    state: absent
    pod_name: web-1
    deploy: web
    namespace: prod
    secret_id: "{{ pod.secret.id }}"
"""

RETURN = r"""
secret:
  description:
    - With O(state=present), the secret with the credential, and what it was made for in check mode.
    - With O(state=absent), what was removed.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the secret, by which it is removed. Null in check mode.
      type: str
      returned: success
    identifier:
      description: Identifier of the secret.
      type: str
      returned: with O(state=present), or if given
    name:
      description: Name of the secret.
      type: str
      returned: with O(state=present)
    key_names:
      description: The names in its data.
      type: list
      elements: str
      returned: with O(state=present)
    data:
      description: The values, as a list of maps.
      type: list
      elements: dict
      returned: with O(state=present)
    unreadable:
      description: The names of the values that could not be read and are null for this reason. C(data) stands for all.
      type: list
      elements: str
      returned: with O(state=present)
  sample:
    id: "42"
    identifier: nightly-report
    name: nightly-report
    key_names: [PASSWORD, TTL, USERNAME]
    data:
      - {USERNAME: eph-1, PASSWORD: "********", TTL: "3600"}
    unreadable: []
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
    kind: unsupported
    message: the dialect iso cannot write identifier
    hint: "Leave these options out, or use a dialect that has them"
    operation: ephemeral_credential.create
    endpoint: ""
    subject: ephemeral credential nightly-report
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
