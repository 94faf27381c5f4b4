#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_ssh_key_rotation
short_description: Replace an SSH key on Linux hosts and in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Gives a user of one or several hosts a new SSH key, writes it to the SSH key in the vault, and takes the old one
    away. It may be killed at any moment, and a record of the vault still holds a key that logs in to each host.
  - The new key goes first to a record of its own (the journal), and is read back from there. It is added to
    C(authorized_keys) on all hosts, and proven by a login to each. Then it goes to the main record, and is read back.
    Only then the old key is removed everywhere, and a login proves that it is refused.
  - "The journal consists of two SSH keys on the same device: C(<identifier>--<machine>-j0) and
    C(<identifier>--<machine>-j1), with the user names C(<username>--rot-<machine>-j0) and
    C(<username>--rot-<machine>-j1). The machine is the first of the hosts, and only a run that holds its lock writes
    there. They stay; one of them always holds the present key. What the next run has to know is in the comments of
    their public keys."
  - Use it where keys have to be changed on hosts. M(community.senhasegura.ssh_key_rotate) only changes what the vault
    holds, for keys that something else installs.
  - This reads the SSH key and its journal, and so B(takes custody) of them. It never gives custody back.
requirements:
  - OpenSSH client on the controller (C(ssh), C(ssh-agent), C(ssh-add))
  - bcrypt, on the controller, for keys in OpenSSH form with a passphrase
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.objects.waiting
  - community.senhasegura.rotation
  - community.senhasegura.rotation.result
options:
  ssh_key:
    description:
      - The SSH key, by its id, its identifier, or C(username@hostname).
    type: str
    required: true
  hosts:
    description:
      - The hosts on which the key is changed in this run, by their names in the inventory. By default, the host of the
        task.
      - Change a key that several hosts share on all of them in one task, with C(run_once). Take the names from
        C(groups), which C(--limit) does not change.
      - The others are reached as their variables say. C(vars) of the play and of the task do not count for them.
    type: list
    elements: str
  shared_with:
    description:
      - All hosts on which the user has this key, by their names in the inventory, whether they are part of this run or
        not. By default, those of O(hosts), and those of the play for which the task names the same key, even if
        C(--limit) leaves them out.
      - Those that the run does not reach keep the old key. It stays in the journal, they are listed in
        RV(rotation.outdated_hosts), and the key is not changed again until a run has given them the new one.
    type: list
    elements: str
  verify:
    description:
      - V(login) proves by logins that each host lets the user in, with the old key before anything is changed and with
        the new one afterwards, and that it refuses the old one at last. A login starts nothing on the host.
      - V(none) is for keys with which the controller cannot log in, for example since a C(from=) leaves it out. Then it
        is not proved that C(sshd) takes the new key and refuses the old one; a warning says so.
    type: str
    choices: [login, none]
    default: login
  forks:
    description:
      - How many hosts are worked on at the same time.
    type: int
    default: 20
  host_timeout:
    description:
      - Seconds for one command or login on one host. A host that takes longer counts as one that cannot be reached, and
        the others do not wait for it.
    type: float
    default: 60.0
  source_address:
    description:
      - The address from which the key is used, if that is not the controller. With this address, sshd is asked which
        C(authorized_keys) counts; it matters with C(Match Address) only, and for connections other than SSH.
    type: str
  on_unreachable:
    description:
      - What to do when some of the hosts cannot be reached. V(fail) changes nothing on any host.
      - V(defer) goes on without them. The journal keeps the key that they have, and the next run gives them the new
        one. Until then the key is not changed again.
    type: str
    choices: [fail, defer]
    default: fail
  retired_hosts:
    description:
      - Hosts that will not come back, or that do not have the key, so that nothing has to be kept for them.
    type: list
    elements: str
    default: []
  reconcile:
    description:
      - Add the key to hosts on which the user has no key that a record of the vault holds. By default, the task stops
        and names them.
    type: bool
    default: false
  grace:
    description:
      - Seconds for which the hosts accept both keys, between the change of the main record and the removal of the old
        key. It is part of O(deadline), of which it may be half.
    type: float
    default: 0.0
  type:
    description:
      - Type of the new key.
    type: str
    choices: [ed25519, ecdsa, rsa]
    default: ed25519
  bits:
    description:
      - Size of the new key. 256, 384 or 521 with O(type=ecdsa), by default 256; 2048 to 16384 with O(type=rsa), by
        default 4096.
    type: int
  passphrase:
    description:
      - Passphrase that protects the new private key. It is stored in the vault with the key.
    type: str
  comment:
    description:
      - Comment of the new public key. By default, the lines of the hosts and the main record keep theirs.
    type: str
notes:
  - Options of the line (such as C(from=) and C(command=)), owner, mode and all other lines of the file stay as they
    are.
  - "A user may have keys of several records of the vault. A run touches the lines of its own record alone, and ends as
    V(pending) while a rotation of another one is interrupted on a host: settle that one first."
  - Hosts are refused on which C(AuthorizedKeysCommand) lists the keys, or on which others than the user and root may
    write to the file.
  - Each rotation makes one login with the old key that the host refuses. Mind that if something counts those. With
    O(verify=none) there is none.
  - The key with which Ansible itself logs in can be changed as well. Set C(ansible_ssh_private_key_file) to a template
    with P(community.senhasegura.ssh_key#lookup) and its C(as_file), so that the tasks that follow use the new one. On
    controllers other than Linux, the connection to the host has to stay open meanwhile (C(ControlPersist)).
  - With O(mode=ansible), automatic change must be off for the SSH key, since two writers would lose one.
seealso:
  - module: community.senhasegura.rotation_info
  - module: community.senhasegura.rotation_report
  - module: community.senhasegura.ssh_key_rotate
  - module: community.senhasegura.linux_password_change
"""

EXAMPLES = r"""
- name: Replace the key of a user of this host when it is 30 days old
  community.senhasegura.linux_ssh_key_rotation:
    ssh_key: "{{ inventory_hostname }}-deploy"
    max_age_days: 30
    report_dir: /var/lib/awx/reports/rotation
  become: true

- name: Replace a key that all web servers share
  community.senhasegura.linux_ssh_key_rotation:
    ssh_key: deploy-key
    hosts: "{{ groups['web'] }}"
  become: true
  run_once: true

- name: The same, without those that are switched off; the next run gives them the new key
  community.senhasegura.linux_ssh_key_rotation:
    ssh_key: deploy-key
    hosts: "{{ groups['web'] }}"
    on_unreachable: defer
    grace: 60
  become: true
  run_once: true

- name: Try it on one of them first; the others keep the old key, which stays in the journal until a run for all of them
  community.senhasegura.linux_ssh_key_rotation:
    ssh_key: deploy-key
    hosts: [web01]
    shared_with: "{{ groups['web'] }}"
  become: true
  run_once: true

- name: Settle what an interrupted run has left
  community.senhasegura.linux_ssh_key_rotation:
    ssh_key: deploy-key
    hosts: "{{ groups['web'] }}"
    state: recovered
  become: true
  run_once: true

- name: Have the server change it, and prove that the host accepts the new key alone
  community.senhasegura.linux_ssh_key_rotation:
    ssh_key: web01-deploy
    mode: vault
"""

RETURN = r"""
ssh_key:
  description: The SSH key.
  returned: when the SSH key was found
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
  description: What was done. Never a secret.
  returned: when the SSH key was found
  type: dict
  contains:
    status:
      description:
        - How it ended. V(changed), V(recovered) (an interrupted run was settled) and V(unchanged) are good.
        - V(failed) and V(refused) have changed nothing that stays; V(busy) says that another run works on a host.
        - V(drift) says that a host and the vault do not agree, and that somebody has to look.
        - V(pending) and V(in_doubt) say that hosts may accept two keys, and that O(state=recovered) settles it.
        - V(unreachable) says that a host did not answer before anything was changed.
      type: str
      returned: always
    message:
      description: The same in a sentence.
      type: str
      returned: always
    works:
      description:
        - The record that logs in now. Empty if that was not compared, or if it differs between hosts.
        - Several that are joined with C(or) are those of which one does.
      type: str
      returned: always
    proved:
      description: How that is known from this run, C(login). Empty if it is not proved.
      type: str
      returned: always
    login:
      description: Both in a sentence for each host. It is in the text of the error as well, before what to do.
      type: str
      returned: always
    settle:
      description:
        - The command that settles what is left. Empty if all is well. In AWX, which keeps no inventory file, its
          C(-l) and C(-e) are the limit and the extra variables of the job template.
      type: str
      returned: always
    summary:
      description: RV(rotation.login) and RV(rotation.settle) as a text for whoever is called.
      type: str
      returned: always
    user:
      description: The user of the hosts.
      type: str
      returned: always
    host:
      description: The host of the task, by its name in the inventory.
      type: str
      returned: always
    hosts:
      description: The hosts of the run.
      type: list
      elements: str
      returned: always
    absent:
      description: Those that the run did without. The next run settles them.
      type: list
      elements: str
      returned: success, with O(mode=ansible)
    outdated_hosts:
      description: The hosts that may accept the previous key alone. A run for them, or O(state=recovered), settles it.
      type: list
      elements: str
      returned: success, with O(mode=ansible)
    not_proved:
      description: Devices that have the key by the vault, and to which no login was tried.
      type: list
      elements: str
      returned: success, with O(mode=vault), when the key was changed
    fingerprint:
      description: Fingerprint of the new key.
      type: str
      returned: when the key was changed
    previous_fingerprint:
      description: Fingerprint of the old key.
      type: str
      returned: when the key was changed
    mode:
      description: Who has changed it.
      type: str
      returned: always
    own_account:
      description: Whether Ansible logs in to the host of the task with this account.
      type: bool
      returned: always
    seconds:
      description: How long it took.
      type: float
      returned: always
    playbook_run:
      description: Id of the whole run of the playbook, the same for all its hosts. The report calls it the run.
      type: str
      returned: always
    run:
      description: Id of the run, as the lock on the hosts and the journal name it.
      type: str
      returned: always
  sample:
    status: changed
    message: the hosts and the main record have the new key
    works: deploy-key
    proved: login
    login: "web01, web02: deploy logs in with deploy-key (proved by a login in this run)"
    settle: ""
    summary: "web01, web02: deploy logs in with deploy-key (proved by a login in this run)"
    user: deploy
    host: web01
    hosts: [web01, web02]
    absent: []
    outdated_hosts: []
    fingerprint: SHA256:Ab0qDW1bY0mVd9a3m9PsE4ZKp5mpJ0N8d7Gk4w5wV6U
    previous_fingerprint: SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
    mode: ansible
    own_account: false
    seconds: 4.87
    run: 5f0c6a3b9d1e2f47
    playbook_run: 0b1d9c6e52f3a847
failure:
  description: What went wrong, as data. C(kind) is one of the results above.
  returned: failure
  type: dict
  sample:
    kind: failed
    message: "web02 does not let deploy in with the key that it has got: the server does not accept the key"
    hint: deploy-key has the key that works; the hosts are as they were
    operation: rotation
    endpoint: ""
    host: web01
    subject: SSH key deploy-key
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
