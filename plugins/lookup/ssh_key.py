# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ssh_key
short_description: Read SSH keys from senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads SSH key pairs, by default the private keys. Key texts have Unix line ends and end with a newline.
  - B(Reading takes custody) in the dialects V(api) and V(iso). The server notes it, and may refuse other users for the
    time. Use O(release=true) to give custody back after the read.
options:
  _terms:
    description:
      - SSH keys, each by its id, its identifier, or C(username@hostname). Lists are taken apart.
      - A host may be named by its address as well, and the case of a host name does not count.
      - Digits are an id. Where they are an identifier as well, the lookup fails before it reads anything; C(id:7) and
        C(identifier:7) say which is meant. With C(id:7) nothing has to be looked up before the read.
    type: list
    elements: str
    required: true
  field:
    description:
      - Return this field alone, for example V(public_key) or V(passphrase).
      - The default with O(return_format=value) is V(private_key).
    type: str
  as_file:
    description:
      - Return a path instead of the private key, for C(ansible_ssh_private_key_file) and for programs that take nothing
        else.
      - What is under that path is readable for the user of the run alone. It has no passphrase.
      - On Linux it is memory of the broker of this run. It is on no disk, and gone when the run ends, however it ends.
      - On other systems, and with O(broker=false), it is a file (mode 0600) in the run's own folder below
        E(ANSIBLE_LOCAL_TEMP). Ansible removes it when the run ends. When Ansible is killed, the broker does.
        Without a broker it stays then.
      - Use the lookup anew in each task, as a template does. A path that was stored with C(register) or C(set_fact) is
        gone when the broker had to be started again.
    type: bool
    default: false
extends_documentation_fragment:
  - community.senhasegura.connection.plugin
  - community.senhasegura.lookup
  - community.senhasegura.lookup.custody
notes:
  - The dialect V(rest) knows no custody of keys, so O(release=true) is refused there before anything is read.
  - In check mode the public key is a placeholder too.
seealso:
  - module: community.senhasegura.ssh_key
  - module: community.senhasegura.ssh_key_info
"""

EXAMPLES = r"""
- name: Install a private key
  ansible.builtin.copy:
    content: "{{ lookup('community.senhasegura.ssh_key', 'deploy-key') }}"
    dest: /home/deploy/.ssh/id_ed25519
    owner: deploy
    mode: "0600"
  no_log: true

- name: Allow the public key on a host
  ansible.posix.authorized_key:
    user: deploy
    key: "{{ lookup('community.senhasegura.ssh_key', 'deploy@web01', field='public_key', release=true) }}"

- name: Log in with a key from the vault, on each supported ansible-core
  hosts: web
  vars:
    ansible_user: deploy
    ansible_ssh_private_key_file: >-
      {{ lookup('community.senhasegura.ssh_key', 'deploy-key', as_file=true, check_mode='read') }}
  tasks:
    - name: See who is there
      ansible.builtin.command: id
      changed_when: false

# It goes to an agent that Ansible starts with ANSIBLE_SSH_AGENT=auto.
- name: The same without any path, on ansible-core 2.19 or later
  hosts: web
  vars:
    ansible_user: deploy
    ansible_ssh_private_key: "{{ lookup('community.senhasegura.ssh_key', 'deploy-key', check_mode='read') }}"
  tasks:
    - name: See who is there
      ansible.builtin.command: id
      changed_when: false
"""

RETURN = r"""
_raw:
  description:
    - For each term the private key, or what O(field) and O(return_format) ask for, in the order of the terms.
    - Terms that O(on_missing) or O(on_denied) leave out have no entry.
    - The fields are C(id), C(private_key), C(public_key), C(identifier), C(username), C(key_name), C(hostname), C(ip),
      C(passphrase), C(tags), C(devices) and C(expires_at). What a dialect does not tell is empty.
  type: list
  elements: raw
"""

# Ansible reads the documentation from this file's source. Without the string, workers do not parse it (9 ms each).
del DOCUMENTATION

from ..plugin_utils.vault_lookup import VaultLookup


class LookupModule(VaultLookup):
    name = "ssh_key"
