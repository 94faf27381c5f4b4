#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_info
short_description: Tell whether hosts and senhasegura agree on a password or SSH key
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Tells how the password of a local user of the host, or an SSH key of a user of one or several hosts, and the records
    of the vault stand to each other, and whether a run of M(community.senhasegura.linux_password_change) or
    M(community.senhasegura.linux_ssh_key_rotation) was interrupted. It changes nothing, and returns no secret.
  - The comparison reads the record and its journal, and so B(takes custody) of them, unless O(compare=false).
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
options:
  credential:
    description:
      - The credential whose password is compared, by its id, its identifier, or C(username@hostname).
      - Exactly one of O(credential) and O(ssh_key) is needed.
    type: str
  ssh_key:
    description:
      - The SSH key that is compared, by its id, its identifier, or C(username@hostname).
    type: str
  hosts:
    description:
      - All hosts on which the user has the password or SSH key, by their names in the inventory. By default, the host
        of the task.
    type: list
    elements: str
  user:
    description:
      - The user of the hosts. By default, the user name of the credential or SSH key.
    type: str
  source_address:
    description:
      - The address from which the SSH key is used, if that is not the controller.
    type: str
  compare:
    description:
      - Compare the records of the vault with the hash, or with the keys, on the host. Without it, and in check mode,
        nothing is read, and all that can be told is whether a run works on the host.
    type: bool
    default: true
  login:
    description:
      - Prove it by a login over SSH from the controller as well, one for each host that has the password or key of the
        main record. That is the verification which other systems have as a job of its own; it changes nothing.
      - At most one login for each host is refused. Locked accounts are not logged in to.
    type: bool
    default: false
attributes:
  platform:
    description: Where the module runs.
    platforms: Linux
    support: full
    details: It runs on the controller and looks at the host over Ansible's connection, as root (C(become)).
seealso:
  - module: community.senhasegura.linux_password_change
  - module: community.senhasegura.linux_ssh_key_rotation
"""

EXAMPLES = r"""
- name: See whether all is well
  community.senhasegura.rotation_info:
    credential: "{{ inventory_hostname }}-app"
  become: true
  register: rotation_state

- name: Settle it if not
  community.senhasegura.linux_password_change:
    credential: "{{ inventory_hostname }}-app"
    state: recovered
  become: true
  when: rotation_state.rotation.status in ['pending', 'in_doubt']

- name: See whether all web servers have the key that they share, and no older one
  community.senhasegura.rotation_info:
    ssh_key: deploy-key
    hosts: "{{ groups['web'] }}"
  become: true
  run_once: true
"""

RETURN = r"""
credential:
  description: The credential.
  returned: success, with O(credential)
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: success
    identifier:
      description: Its identifier.
      type: str
      returned: success
  sample:
    id: "7"
    identifier: web01-app
ssh_key:
  description: The SSH key.
  returned: success, with O(ssh_key)
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: success
    identifier:
      description: Its identifier.
      type: str
      returned: success
  sample:
    id: "9"
    identifier: deploy-key
rotation:
  description: How things stand. Never a secret.
  returned: success
  type: dict
  contains:
    status:
      description:
        - V(clean) if the main record has the password of the host.
        - V(pending) if only the journal has it, and V(in_doubt) if the main record has it but a run did not end in
          order. M(community.senhasegura.linux_password_change) settles both, with C(state=recovered).
        - V(drift) if no record has it.
        - V(no_login) if the main record has it, but no login could prove it (with O(login=true)).
        - V(busy) if a run works on the host, or for another host with the same record.
        - V(unreachable) if a host gives no answer, and V(unknown) if nothing was compared.
        - Of several hosts, what is worst about one of them counts.
      type: str
      returned: success
    message:
      description: The same in a sentence.
      type: str
      returned: success
    hosts:
      description: The status of each host; V(unreachable) if it gives no answer.
      type: dict
      returned: success, if something was compared
    works:
      description: The record that logs in now. Empty if that was not compared, or if it differs between hosts.
      type: str
      returned: success
    proved:
      description: How that is known, C(hash) or C(login). Empty if it is not proved.
      type: str
      returned: success
    login:
      description: Both in a sentence for each host.
      type: str
      returned: always
    settle:
      description: The command that settles what is left. Empty if all is well.
      type: str
      returned: always
    summary:
      description: RV(rotation.login) and RV(rotation.settle) as a text for whoever is called.
      type: str
      returned: always
    user:
      description: The user of the host.
      type: str
      returned: success
    host:
      description: The host, by its name in the inventory.
      type: str
      returned: success
  sample:
    status: clean
    message: the main record has the password of app on web01
    works: web01-app
    proved: hash
    login: "web01: app logs in with web01-app (proved by its hash in this run)"
    settle: ""
    summary: "web01: app logs in with web01-app (proved by its hash in this run)"
    user: app
    host: web01
failure:
  description: What went wrong, as data.
  returned: failure
  type: dict
  sample:
    kind: unreachable
    message: web01 gave no answer
    hint: Nothing was changed
    operation: rotation
    endpoint: ""
    host: web01
    subject: credential web01-app
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
