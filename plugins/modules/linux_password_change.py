#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_password_change
short_description: Change the password of a Linux user, on the host and in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Gives a local user of the host a new password and writes it to the credential in the vault. It may be killed at any
    moment, and a record of the vault still holds the password that logs in.
  - The present and the new password go first to records of their own (the journal), and are read back from there,
    before the host is changed. What the main record holds is written to it once, so that a vault which refuses that is
    found out in time. The host gets the hash, the password is proven by a login, and then it goes to the main record.
  - "The journal consists of two credentials on the same device: C(<identifier>--<machine>-j0) and
    C(<identifier>--<machine>-j1), with the user names C(<username>--rot-<machine>-j0) and so on. C(<machine>) is a
    number that the host keeps in C(/var/lib/senhasegura-rotation/machine.json), so no two machines write the same
    record. They stay: one of them has the present password, the other one the one before it."
  - "A third credential, C(<identifier>--lease), says which run works with the credential, and for which machine it was
    changed last. A second run says V(busy) and changes nothing. Whatever two runs do at the same time, each host's
    password stays in a record that only a run on that host writes."
  - If the vault refuses the new password for good, the host gets the old one back.
  - This reads the credential and these records, and so B(takes custody) of them. It never gives custody back.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.objects.credential
  - community.senhasegura.objects.waiting
  - community.senhasegura.rotation
  - community.senhasegura.rotation.result
options:
  hosts:
    description:
      - All hosts on which the user has this password, by their names in the inventory. By default, that of the task.
      - One credential may serve several hosts if they are changed in one task, which has C(run_once). They get the
        same password, one after another, and the main record gets it when all have it. If one of them fails, those
        before it get the old one back. What a run that was killed has left is settled by the next one with all of them.
      - A run for some of them is refused. With O(mode=vault) only the host of the task can be given.
    type: list
    elements: str
  verify:
    description:
      - V(login) proves the new password by a login over SSH from the controller. That must work with the present
        password as well, or the task stops before it has changed anything.
      - V(hash_only) compares the hash on the host alone. Use it where sshd allows no passwords.
    type: str
    choices: [login, hash_only]
    default: login
  accept:
    description:
      - What of the account is no reason to refuse.
      - V(locked) and V(expired) accounts, and those that V(must_change) the password at the next login, are changed and
        stay what they are. Locked accounts are not verified by a login.
      - V(other_host) takes over a credential that was last rotated for another machine, for example after a host was
        installed anew, or for several of which some are gone. Such a machine is left with the password that it has;
        if that is not in a journal of its own, it will be in no record some runs later.
      - It is meant for one run, not for the inventory.
    type: list
    elements: str
    choices: [locked, expired, must_change, other_host]
    default: []
  reconcile:
    description:
      - Give the user a new password although no record of the vault has the present one.
    type: bool
    default: false
  policy:
    description:
      - How the new password is made. It is drawn from the system's source of random numbers.
    type: dict
    suboptions:
      length:
        description: Number of characters.
        type: int
        default: 24
      min_lower:
        description: Lower case letters that it has at least.
        type: int
        default: 1
      min_upper:
        description: Upper case letters that it has at least.
        type: int
        default: 1
      min_digits:
        description: Digits that it has at least.
        type: int
        default: 1
      min_special:
        description: Special characters that it has at least.
        type: int
        default: 1
      special:
        description:
          - The special characters that may be in it. By default, those that need no care in shells, YAML and URLs.
          - Colons, blanks and line ends never are.
        type: str
      forbidden:
        description: Characters that must not be in it.
        type: str
        default: ""
  chage:
    description:
      - Ages of the password, as C(chage) sets them. What is not given stays as it is.
    type: dict
    suboptions:
      min_days:
        description: Days before it may be changed again.
        type: int
      max_days:
        description: Days after which it must be changed; -1 for never.
        type: int
      warn_days:
        description: Days of warning before that.
        type: int
      inactive_days:
        description: Days after that until the account is locked; -1 for never.
        type: int
      expire_day:
        description: Day on which the account expires, in days since 1970-01-01; -1 for never.
        type: int
notes:
  - One credential should serve one user of a host. If a run for another credential of the same user was interrupted,
    the task says V(pending) and names it.
  - With O(mode=ansible), automatic change must be off for the credential, since two writers would lose a password.
  - With O(mode=vault) and O(verify=login) the new password is read, which takes custody; in the dialects V(iso) and
    V(api) the vault changes it again when that custody ends.
  - If Ansible itself logs in with the password that changes, set C(ansible_password) to a template with
    P(community.senhasegura.password#lookup), so that the tasks that follow use the new one.
seealso:
  - module: community.senhasegura.rotation_info
  - module: community.senhasegura.rotation_report
  - module: community.senhasegura.credential_rotate
"""

EXAMPLES = r"""
- name: Give the user of a host a new password when it is 30 days old
  community.senhasegura.linux_password_change:
    credential: "{{ inventory_hostname }}-app"
    max_age_days: 30
    report_dir: /var/lib/awx/reports/rotation
  become: true

- name: Settle what an interrupted run has left
  community.senhasegura.linux_password_change:
    credential: app@web01
    state: recovered
  become: true

- name: Have the server change it, and prove that the host accepts it
  community.senhasegura.linux_password_change:
    credential: web01-app
    mode: vault

- name: Long passwords without special characters, for a locked service account
  community.senhasegura.linux_password_change:
    credential: web01-batch
    accept: [locked]
    verify: hash_only
    policy:
      length: 40
      min_special: 0
      special: ""
    chage:
      max_days: 90
  become: true

- name: Give one password to all hosts of a cluster
  community.senhasegura.linux_password_change:
    credential: cluster-app
    hosts: "{{ groups['cluster'] }}"
  become: true
  run_once: true

- name: Do not wait for a run that is known to be dead
  community.senhasegura.linux_password_change:
    credential: web01-app
    break_lock: 5f0c6a3b9d1e2f47
  become: true
"""

RETURN = r"""
credential:
  description: The credential.
  returned: when the credential was found
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
  description: What was done. Never a secret.
  returned: when the credential was found
  type: dict
  contains:
    status:
      description:
        - How it ended. V(changed), V(recovered) (an interrupted run was settled) and V(unchanged) are good.
        - V(failed) and V(refused) have changed nothing that stays; V(busy) says that another run works on the host, or
          with the credential.
        - V(drift) says that no record has the password of the host.
        - V(pending) and V(in_doubt) say that the journal may have the password, and that O(state=recovered) settles it.
        - V(unreachable) says that the host did not answer before anything was changed.
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
      description: How that is known from this run, C(hash) or C(login). Empty if it is not proved.
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
      description: The user of the host.
      type: str
      returned: always
    hosts:
      description: All hosts of the run.
      type: list
      elements: str
      returned: always
    host:
      description: The host, by its name in the inventory.
      type: str
      returned: always
    mode:
      description: Who has changed it.
      type: str
      returned: always
    own_account:
      description: Whether Ansible logs in to the host with this account.
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
      description: Id of the run, as the lock on the host and the journal name it.
      type: str
      returned: always
  sample:
    status: changed
    message: the host and the main record have the new password
    works: web01-app
    proved: login
    login: "web01: app logs in with web01-app (proved by a login in this run)"
    settle: ""
    summary: "web01: app logs in with web01-app (proved by a login in this run)"
    user: app
    hosts: [web01]
    host: web01
    mode: ansible
    own_account: false
    seconds: 2.41
    run: 5f0c6a3b9d1e2f47
    playbook_run: 0b1d9c6e52f3a847
failure:
  description: What went wrong, as data. C(kind) is one of the results above.
  returned: failure
  type: dict
  sample:
    kind: pending
    message: web01 has the new password, but no login could prove it
    hint: Run it again with state=recovered
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
