#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets_file
short_description: Write DSM secrets to a file for shells, containers, services and pipelines
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Writes secrets of the DevOps Secret Manager (DSM) to a file, in the form that its reader takes, as C(dsm runb) of
    the vendor's CLI does.
  - No two readers agree on quotes. So each format is for one kind of reader, and a value that this reader would change
    is refused before anything is written. The error names the key, and never shows the value.
  - The file is the old or the new one whole, wherever the run is killed, and nobody but its owner can read it at any
    time. Links are not followed.
  - It takes C(SENHASEGURA_SECRETS_FILE) and C(SENHASEGURA_DISABLE_RUNB) from the environment or from the configuration
    file of the CLI, which is that of O(config_file), else C(~/.config.yaml) if it has settings of the CLI.
  - To use secrets without a file, see M(community.senhasegura.secrets_command) and the lookup
    P(community.senhasegura.secret#lookup).
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
  - community.senhasegura.selection
attributes:
  platform:
    details: It reads from the controller. With O(location=host) the host needs Python 3.6 or later.
options:
  state:
    description:
      - V(present) writes the file.
      - V(absent) removes it, with what a killed run has left beside it and the file of O(masks_path). It needs neither
        the server nor its options, so that it can clean up after any failure.
      - What was on a disk may be read from it by other means. Choose a path in memory, such as below C(/dev/shm), where
        that matters.
    type: str
    choices: [present, absent]
    default: present
  path:
    description:
      - Path of the file, or of a folder with O(format=files). The folder that it is in must be there.
      - Without it, that is the file of E(GITHUB_ENV) with O(format=github), else E(SENHASEGURA_SECRETS_FILE), else
        C(.runb.vars) in the current directory, as for the CLI. On a managed host there is no such default.
    type: str
  format:
    description:
      - What the file is for. Without it, O(tool_name) decides.
      - V(posix) is for shells, which read it with C(.) or C(source), and exports each value.
      - V(dotenv) is for python-dotenv and dotenv for Node. Values that they read differently are refused.
      - V(docker_env) is for C(docker run --env-file) and podman, which know no quotes and no line ends.
      - V(systemd) is for C(EnvironmentFile=) of a unit.
      - V(github) is appended to the file of E(GITHUB_ENV), for later steps of the job. It needs O(masks_path).
      - V(gitlab_dotenv) is for C(artifacts:reports:dotenv) of GitLab, for later jobs. It needs
        O(allow_readable_artifact).
      - V(azure) is for Azure Pipelines, which sets secret variables when a step prints the file. Each later step has to
        map them in its C(env).
      - V(jenkins) is for C(readProperties) and C(withEnv) of Jenkins, which masks none of them.
      - V(properties) is for C(java.util.Properties). V(json) is a map of names and texts.
      - V(yaml_vars) is for C(vars_files) and M(ansible.builtin.include_vars). Ansible evaluates no template in it.
      - V(k8s_secret) is a Secret of Kubernetes for C(kubectl apply), with the values in base64.
      - V(files) is a folder with one file for each value, which has the value and nothing else. What was written there
        before and is no longer wanted goes; files that others have put there stay.
      - Names of variables that change how shells, interpreters or pipelines work, such as E(PATH), E(LD_PRELOAD) and
        E(NODE_OPTIONS), are refused.
    type: str
    choices:
      - posix
      - dotenv
      - docker_env
      - systemd
      - github
      - gitlab_dotenv
      - azure
      - jenkins
      - properties
      - json
      - yaml_vars
      - k8s_secret
      - files
  tool_name:
    description:
      - The tool, by the names of the DSM CLI, in the place of O(format). V(linux) if neither is given.
      - V(github) stands for O(format=github), V(azure-devops) for O(format=azure), and all others for O(format=posix),
        a file that a step of the same job reads with C(source).
    type: str
    choices: [linux, github, azure-devops, gitlab, jenkins, bamboo, bitbucket, circleci, teamcity]
    aliases: [tool]
  location:
    description:
      - Where the file is. With V(host) it goes to the managed host over the connection of Ansible, on standard input,
        so that neither a file of a module nor an argument list there has a value.
      - With V(controller) all hosts of the play write the same file. Use C(run_once).
    type: str
    choices: [controller, host]
    default: controller
  mode:
    description:
      - Permissions of the file. A folder gets those to enter as well. Others can never read it.
      - The file of E(GITHUB_ENV) gets V(0600) in any case, and keeps its owner.
    type: str
    choices: ["0400", "0600", "0640"]
    default: "0600"
  owner:
    description: Name of the user who owns the file. Without it, that is the user who writes it.
    type: str
  group:
    description: Name of the group of the file.
    type: str
  masks_path:
    description:
      - With O(format=github), the path of a file that is written before the values. It has the commands by which GitHub
        masks each value, and each line of it, in the log of the job. The step has to print it, and should remove it.
      - Values of less than four characters cannot be masked. A warning names them.
    type: str
  k8s_name:
    description: Name of the Secret, for O(format=k8s_secret).
    type: str
  k8s_namespace:
    description: Namespace of the Secret. Without it, C(kubectl) decides.
    type: str
  remove_at_end:
    description:
      - Whether the file is removed when the run of Ansible ends, however it ends. The broker does it, so it needs
        O(broker). It is possible on the controller only.
    type: bool
    default: false
  allow_readable_artifact:
    description:
      - Whether O(format=gitlab_dotenv) may be written. Whoever may see the artifacts of the pipeline can download a
        dotenv report, and GitLab does not mask its values.
    type: bool
    default: false
notes:
  - Secrets can be read without custody. All hosts and tasks of a run share one read, as those of lookups do.
  - With O(format=github), the file belongs to the runner of GitHub, which has made it for the step. So each run adds to
    it, and O(state=absent) removes the file of O(masks_path) only.
  - Each file of O(format=files) is the old or the new one whole, and not all of them together.
seealso:
  - module: community.senhasegura.secrets_command
  - module: community.senhasegura.secret
  - plugin: community.senhasegura.secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Deploy with secrets in a file that the shell reads
  delegate_to: localhost
  run_once: true
  become: false
  block:
    - name: Write the secrets
      community.senhasegura.secrets_file:
        path: "{{ playbook_dir }}/.runb.vars"
        secrets: [shop-db]

    - name: Use them
      ansible.builtin.shell:
        cmd: . ./.runb.vars && test -n "$API_KEY"
        chdir: "{{ playbook_dir }}"
      changed_when: false
  always:
    - name: Remove them
      community.senhasegura.secrets_file:
        path: "{{ playbook_dir }}/.runb.vars"
        state: absent

- name: Give a service of the host what it needs
  community.senhasegura.secrets_file:
    path: /etc/shop/secrets.env
    format: systemd
    location: host
    secrets: [shop-db]
    rename:
      PASSWORD: DB_PASSWORD
      USERNAME: DB_USER
      HOSTNAME: DB_HOST
  become: true

- name: Make a Secret for kubectl, which is gone when the run ends
  community.senhasegura.secrets_file:
    path: "{{ playbook_dir }}/shop-secret.json"
    format: k8s_secret
    k8s_name: shop
    keys: [API_KEY]
    remove_at_end: true
  run_once: true
"""

RETURN = r"""
secrets_file:
  description: What is in the file. Never a value.
  returned: success
  type: dict
  contains:
    path:
      description: Path of the file.
      type: str
      returned: success
    format:
      description: Format of the file.
      type: str
      returned: with O(state=present)
    names:
      description: Names of the values.
      type: list
      elements: str
      returned: success
    secrets:
      description: Identifiers of the secrets that they are of.
      type: list
      elements: str
      returned: with O(state=present)
  sample:
    path: /etc/shop/secrets.env
    format: systemd
    names: [DB_HOST, DB_PASSWORD, DB_USER]
    secrets: [shop-db]
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
    message: "the format docker_env (docker run --env-file, and podman) cannot hold CERTIFICATE: it has a line end, and
      each value is one line of the file"
    hint: Choose another format, leave the key out with keys, give it another name with rename, or change the value
    operation: ""
    endpoint: ""
    subject: the list of DSM secrets
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
