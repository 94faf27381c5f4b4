#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: awx_setup
short_description: Set up AWX for jobs with this collection
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Makes in a running AWX or automation controller what jobs with this collection need. These are credential types,
    their
    credentials, an execution environment, a project, an inventory of the devices of senhasegura, job templates with
    surveys, schedules, a notification and a workflow that rotates each night.
  - The second run changes nothing. It deletes nothing but nodes of its own workflow.
  - The role and the playbook C(community.senhasegura.awx_setup) have the same options, and take the login from the
    environment.
extends_documentation_fragment:
  - community.senhasegura.awx
  - community.senhasegura.awx.further
options:
  wait_timeout:
    description:
      - Seconds to wait until AWX has fetched the project. Before, it refuses job templates with its playbooks.
    type: float
    default: 300.0
  update_secrets:
    description:
      - Send secrets also where AWX has one already. AWX never shows a secret, so each run is then a change.
    type: bool
    default: false
  organization:
    description:
      - The organization of AWX that all belongs to. It must be there.
    type: str
    default: Default
  credentials:
    description:
      - The credentials for senhasegura. Their types are made with them, from the files in C(extensions/awx).
      - Each job and the inventory get the first one for A2A (V(oauth2) or V(oauth1)). Say otherwise with C(credentials)
        in O(job_fields). Each of them sets the same variables of a job, so a job should have one.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Its name.
        type: str
        required: true
      type:
        description:
          - How it logs in. V(mysafe) is an access key for MySafe.
        type: str
        choices: [oauth2, oauth1, mysafe]
        default: oauth2
      inputs:
        description:
          - Fields of the type that are no secret, for example C(url) and C(ca_content). What is not named stays.
        type: dict
        default: {}
      secrets:
        description:
          - Secret fields of the type, for example C(client_id) and C(client_secret).
          - They are sent if AWX has none under this name, or with O(update_secrets). They are never shown.
        type: dict
        default: {}
  job_credentials:
    description:
      - Names of other credentials that each job gets, for example a machine credential. They must be there, or in
        O(objects) of an earlier run.
    type: list
    elements: str
    default: []
  execution_environment:
    description:
      - The execution environment of all jobs, made from C(extensions/awx/execution-environment.yml). Without it,
        jobs have
        the default of AWX, which must then have this collection.
    type: dict
    suboptions:
      name:
        description:
          - Its name.
        type: str
        default: senhasegura
      image:
        description:
          - The image, with registry and tag.
        type: str
        required: true
      pull:
        description:
          - When to pull the image. By default, AWX decides.
        type: str
        choices: [always, missing, never]
      credential:
        description:
          - Name of a credential for the registry, which must be there.
        type: str
  project:
    description:
      - The project with the playbooks.
    type: dict
    suboptions:
      name:
        description:
          - Its name.
        type: str
        default: senhasegura
      url:
        description:
          - URL of the git repository. By default, that of this collection, whose folder C(playbooks) has all that is
            needed.
          - One of your own needs a file for each job, with one line that imports the playbook of this collection.
        type: str
        default: https://github.com/ansible-collections/community.senhasegura.git
      branch:
        description:
          - Branch, tag or commit. Name a tag, so that it fits the collection in the execution environment.
        type: str
        default: ""
      credential:
        description:
          - Name of a source control credential, which must be there.
        type: str
      playbook_folder:
        description:
          - Folder of the playbooks in the repository.
        type: str
        default: playbooks
  inventory:
    description:
      - The inventory of all jobs.
    type: dict
    suboptions:
      name:
        description:
          - Its name.
        type: str
        default: senhasegura
      source_name:
        description:
          - Name of its source.
        type: str
        default: devices
      source_path:
        description:
          - File of the project that makes hosts of devices with P(community.senhasegura.devices#inventory). With an
            empty
            text there is no source, and the inventory is yours to fill.
        type: str
        default: extensions/awx/devices.senhasegura.yml
      update_on_launch:
        description:
          - Whether AWX asks for the devices before a job.
        type: bool
        default: true
      update_cache_timeout:
        description:
          - Seconds for which it does not ask again.
        type: int
        default: 600
  jobs:
    description:
      - The job templates to make, each from the file of this name in C(extensions/awx).
    type: list
    elements: str
    choices:
      - doctor
      - linux_password_change
      - linux_ssh_key_rotation
      - rotation_state
      - rotation_report
      - drift
      - onboard
      - pipeline_secrets
      - external_secrets
    default: [doctor, linux_password_change, linux_ssh_key_rotation, rotation_state, rotation_report]
  job_fields:
    description:
      - For each job, fields of its job template that shall be different, as AWX's API calls them. Where the API
        wants ids,
        these are names.
      - 'For example V({"linux_password_change": {"job_slice_count": 10}}).'
    type: dict
    default: {}
  job_variables:
    description:
      - For each job, more of its C(extra_vars). They must not be secrets.
    type: dict
    default: {}
  answers:
    description:
      - Answers to questions of the surveys, by variable. They become the defaults of the questions, and the answers
        of
        schedules and of the workflow.
    type: dict
    default: {}
  report_dir:
    description:
      - Folder for the reports of the rotations. AWX must expose it to jobs (Settings > Jobs > Paths to expose to
        isolated
        jobs), or it is gone with the job.
    type: str
    default: /var/lib/awx/reports
  notification:
    description:
      - Whom to tell that a job or the workflow has failed.
    type: dict
    suboptions:
      name:
        description:
          - Its name.
        type: str
        default: senhasegura
      type:
        description:
          - Type of notification, as AWX's API calls it, for example V(webhook), V(slack) or V(email).
        type: str
        required: true
      configuration:
        description:
          - What AWX needs for this type.
        type: dict
        default: {}
      secrets:
        description:
          - What of it is secret, for example C(password), C(token), or the C(url) of a webhook.
        type: dict
        default: {}
  workflow:
    description:
      - Whether to make the workflow C(Nightly rotation), which needs the jobs V(doctor), V(linux_password_change),
        V(rotation_state) and V(rotation_report).
    type: bool
    default: true
  rrules:
    description:
      - Other times for schedules, by the name of the schedule, as C(rrule) of AWX's API.
    type: dict
    default: {}
  enabled_schedules:
    description:
      - Names of the schedules that shall run, for example V(Nightly rotation - Each night). The others are made, and
        are
        off.
    type: list
    elements: str
    default: []
attributes:
  async:
    description: Supports running in the background with C(async).
    support: none
    details: Results of background tasks are kept in files, which must not hold secrets.
  check_mode:
    description: Predicts what would change without changing it.
    support: full
    details: It sends nothing but C(GET), also to an AWX that has none of the objects.
  diff_mode:
    description: Shows what changes. Secret values are never shown.
    support: full
  idempotent:
    description: The second run with the same options changes nothing.
    support: partial
    details: With O(update_secrets), each run sends the secrets.
  platform:
    description: Where the module runs.
    platforms: all
    support: full
    details: It runs on the controller and needs no connection to the managed host.
requirements:
  - requests >= 2.31.0, on the controller
notes:
  - It is not in the action group of the other modules, which sets how to connect to senhasegura.
  - A field that AWX does not know fails the task, since AWX itself ignores it without a word.
  - The first object that fails ends the task. What was done before it stays, and the next run goes on from there.
"""

EXAMPLES = r"""
- name: Set up AWX for a nightly rotation
  community.senhasegura.awx_setup:
    awx_url: "{{ lookup('ansible.builtin.env', 'CONTROLLER_HOST') }}"
    awx_token: "{{ lookup('ansible.builtin.env', 'CONTROLLER_OAUTH_TOKEN') }}"
    credentials:
      - name: senhasegura
        inputs:
          url: https://pam.example.com
        secrets:
          client_id: "{{ lookup('community.senhasegura.credential', 'web-root').username }}"
          client_secret: "{{ lookup('community.senhasegura.password', 'web-root') }}"
    execution_environment:
      image: registry.example.com/senhasegura-ee:0.1.0
    answers:
      linux_password_change_user: app
    enabled_schedules:
      - Nightly rotation - Each night

- name: Have the rotation run in ten slices, and one more job template
  community.senhasegura.awx_setup:
    awx_url: "{{ lookup('ansible.builtin.env', 'CONTROLLER_HOST') }}"
    awx_token: "{{ lookup('ansible.builtin.env', 'CONTROLLER_OAUTH_TOKEN') }}"
    job_fields:
      linux_password_change:
        job_slice_count: 10
    objects:
      - kind: job_template
        name: Doctor of the night
        fields:
          project: senhasegura
          inventory: senhasegura
          playbook: playbooks/doctor.yml
"""

RETURN = r"""
objects:
  description: What became of each object, in the order in which they are made.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Its kind.
      type: str
      returned: success
    name:
      description: Its name.
      type: str
      returned: success
    id:
      description: Its id in AWX. Null in check mode for an object that would be made.
      type: int
      returned: success
    action:
      description: What was done, V(create), V(update) or V(none).
      type: str
      returned: success
  sample:
    - kind: project
      name: senhasegura
      id: 8
      action: none
failure:
  description:
    - What went wrong, as data.
    - C(kind) is one of V(error), V(configuration), V(connection), V(connections_busy), V(unknown_host),
      V(response_lost), V(unexpected_response), V(no_route), V(authentication), V(token_refused), V(not_found),
      V(denied), V(already_done), V(invalid_request), V(custody_held), V(server_busy), V(server), V(refused),
      V(unsupported) and V(change_not_seen).
    - C(server) is that of AWX, C(endpoint) one of its API, and C(subject) the object. C(server_message) is what AWX
      says of the fields, without secrets.
  returned: failure
  type: dict
  sample:
    kind: invalid_request
    message: AWX refuses the values
    hint: Correct the fields of this object
    operation: ""
    endpoint: POST /api/v2/job_templates/
    subject: job_template senhasegura - doctor
    status: 400
    code: null
    option: ""
    server: https://awx.example.com:443
    server_message: "playbook: Playbook not found for project"
"""
