#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_info
short_description: Tell whether a host and senhasegura agree on a password
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Tells how the password of a local user of the host and the records of the vault stand to each other, and whether a
    run of M(community.senhasegura.linux_password_rotate) was interrupted. It changes nothing, and returns no secret.
  - The comparison reads the credential and its journal, and so B(takes custody) of them, unless O(compare=false).
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
  - community.senhasegura.objects.credential
options:
  user:
    description:
      - The local user of the host. By default, the user name of the credential.
    type: str
  compare:
    description:
      - Compare the records of the vault with the hash on the host. Without it, and in check mode, nothing is read, and
        all that can be told is whether a run works on the host.
    type: bool
    default: true
attributes:
  platform:
    description: Where the module runs.
    platforms: Linux
    support: full
    details: It runs on the controller and looks at the host over Ansible's connection, as root (C(become)).
seealso:
  - module: community.senhasegura.linux_password_rotate
"""

EXAMPLES = r"""
- name: See whether all is well
  community.senhasegura.rotation_info:
    credential: "{{ inventory_hostname }}-app"
  become: true
  register: rotation_state

- name: Settle it if not
  community.senhasegura.linux_password_rotate:
    credential: "{{ inventory_hostname }}-app"
    state: recovered
  become: true
  when: rotation_state.rotation.status in ['pending', 'in_doubt']
"""

RETURN = r"""
credential:
  description: The credential.
  returned: success
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
rotation:
  description: How things stand. Never a secret.
  returned: success
  type: dict
  contains:
    status:
      description:
        - V(clean) if the main record has the password of the host.
        - V(pending) if only the journal has it, and V(in_doubt) if the main record has it but a run did not end in
          order. M(community.senhasegura.linux_password_rotate) settles both, with C(state=recovered).
        - V(drift) if no record has it.
        - V(busy) if a run works on the host.
        - V(unknown) if nothing was compared.
      type: str
      returned: success
    message:
      description: The same in a sentence.
      type: str
      returned: success
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
    message: the main record has the password of the host
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
    endpoint: web01
    subject: credential web01-app
    status: null
    code: null
    option: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.senhasegura.plugins.module_utils.options import argument_spec

ARGUMENT_SPEC = {
    **argument_spec(),
    "credential": {"type": "str", "required": True, "no_log": False},
    "user": {"type": "str"},
    "compare": {"type": "bool", "default": True},
}


def main() -> None:
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="This module runs as an action plugin on the controller; it cannot run on its own")


if __name__ == "__main__":
    main()
