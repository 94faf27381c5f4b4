#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_report
short_description: Make a report of the rotations of passwords and SSH keys
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Reads C(history.jsonl), to which M(community.senhasegura.linux_password_change) and
    M(community.senhasegura.linux_ssh_key_rotation) append with C(report_dir), and writes C(report.html) for people and
    C(report.json) for programs beside it.
  - The report tells of each password and key its age, how the last rotation ended, which record logs in now, and the
    command that settles what is left. It holds no secret.
  - It asks neither the server nor a host, and needs no option of the connection. Run it once after the rotations of all
    hosts, with C(run_once). The playbooks of this collection do.
options:
  report_dir:
    description:
      - The folder on the controller that the rotations have as C(report_dir).
      - It must have a history. Where no rotation has run yet, the task fails.
    type: path
    required: true
  keep_days:
    description:
      - Drop lines of the history that are older than this number of days. By default, it keeps all.
      - The newest state, the last success and the age of each password and key always stay.
    type: float
attributes:
  async:
    description: Supports running in the background with C(async).
    support: none
  check_mode:
    description: Predicts what would change without changing it.
    support: full
    details: It writes nothing, not even a lock.
  diff_mode:
    description: Shows what changes. Secret values are never shown.
    support: full
    details: Of C(report.html), which shows what is in C(report.json), only the name is shown.
  idempotent:
    description: The second run with the same options changes nothing.
    support: partial
    details: The report shows ages, so the first run of each day (UTC) writes it, and any run after a password or key
      has become older than its policy allows.
  platform:
    description: Where the module runs.
    platforms: all
    support: full
    details: It runs on the controller and needs no connection to the managed host.
notes:
  - It is not in the action group of the other modules, which sets how to connect to the server.
  - All files are replaced in one step. Rotations of other runs wait meanwhile before they append to the history.
  - A line that cannot be read, for example since a job was killed while it wrote, is counted and otherwise ignored.
seealso:
  - module: community.senhasegura.linux_password_change
  - module: community.senhasegura.linux_ssh_key_rotation
"""

EXAMPLES = r"""
- name: Make the report after all hosts had their turn
  community.senhasegura.rotation_report:
    report_dir: /var/lib/awx/reports/rotation
    keep_days: 400
  run_once: true
  register: rotation_report

- name: Say so where somebody has to look
  ansible.builtin.debug:
    msg: "{{ rotation_report.summary.attention }} hosts need attention, see {{ rotation_report.page }}"
  run_once: true
  when: rotation_report.summary.attention > 0

- name: Change passwords one host after the other, and make the report also when that fails
  hosts: web
  gather_facts: false
  serial: 1
  any_errors_fatal: true
  tasks:
    - name: Change the password and make the report
      block:
        - name: Change the password
          community.senhasegura.linux_password_change:
            credential: "{{ inventory_hostname }}-app"
            report_dir: /var/lib/awx/reports/rotation
          become: true
      always:
        - name: Make the report
          community.senhasegura.rotation_report:
            report_dir: /var/lib/awx/reports/rotation
          run_once: true
"""

RETURN = r"""
history:
  description: Path of the history.
  returned: success
  type: str
  sample: /var/lib/awx/reports/rotation/history.jsonl
document:
  description: Path of the report for programs.
  returned: success
  type: str
  sample: /var/lib/awx/reports/rotation/report.json
page:
  description: Path of the report for people.
  returned: success
  type: str
  sample: /var/lib/awx/reports/rotation/report.html
pruned_lines:
  description: How many lines of the history were dropped for O(keep_days).
  returned: success
  type: int
  sample: 0
summary:
  description: The figures of the report, as in C(report.json).
  returned: success
  type: dict
  contains:
    hosts:
      description: How many hosts there are.
      type: int
      returned: success
    well:
      description: How many of them need no attention.
      type: int
      returned: success
    attention:
      description: How many hosts need attention, for a status that is not good or for an age over the limit.
      type: int
      returned: success
    secrets:
      description: How many passwords and keys there are.
      type: int
      returned: success
    overdue:
      description: How many of them are older than the C(max_age_days) of their last rotation.
      type: int
      returned: success
    age_unknown:
      description: How many of them have no known age.
      type: int
      returned: success
    oldest:
      description: The oldest of them, with the fields of its last line in the history. Null if no age is known.
      type: dict
      returned: success
    statuses:
      description: How often each status is the last one of a password or key.
      type: dict
      returned: success
    entries:
      description: How many lines of the history were read.
      type: int
      returned: success
    unreadable_lines:
      description: How many lines of the history cannot be read.
      type: int
      returned: success
  sample:
    hosts: 3
    secrets: 3
    well: 2
    attention: 1
    age_unknown: 0
    overdue: 0
    oldest: null
    statuses:
      changed: 2
      refused: 1
    entries: 6
    unreadable_lines: 0
failure:
  description:
    - What went wrong, as data.
    - C(kind) is always V(configuration), since the module talks to no server.
  returned: failure
  type: dict
  sample:
    kind: configuration
    message: there is no history of rotations in /var/lib/rotation/history.jsonl
    hint: Set report_dir to the report_dir of the rotations; the first of them writes the history
    operation: ""
    endpoint: ""
    subject: ""
    status: null
    code: null
    option: report_dir
    server: ""
    server_message: ""
"""
