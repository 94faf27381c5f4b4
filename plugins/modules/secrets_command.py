#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets_command
short_description: Run a command with DSM secrets in its environment and nowhere else
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Runs a program on the controller, without a shell, with secrets of the DevOps Secret Manager (DSM) as its
    environment variables. No file and no argument list has them.
  - Each value is masked in what the program prints.
  - It takes the configuration file of the vendor's CLI where the CLI finds it, which is that of O(config_file), else
    C(~/.config.yaml) if it has settings of the CLI.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.selection
attributes:
  check_mode:
    description: Predicts what would change without changing it.
    support: full
    details: It reads the secrets, so that a missing one is noticed, and does not run the command.
  diff_mode:
    description: Shows what changes.
    support: N/A
    details: Nobody knows what the command changes.
  idempotent:
    description: The second run with the same options changes nothing.
    support: none
    details: The command runs each time. Use C(when) and C(changed_when).
options:
  argv:
    description: The program and its arguments.
    type: list
    elements: str
  cmd:
    description: The same as one text, in which quotes count as in a shell. No shell sees it, and no variable counts.
    type: str
  chdir:
    description: Current directory of the program. Without it, that is the one of Ansible.
    type: path
  stdin:
    description: What the program gets on its standard input.
    type: str
  command_timeout:
    description: Seconds after which the program and its children are killed. Without it, there is no limit.
    type: float
  keep_environment:
    description:
      - Whether the program has the environment of Ansible as well. Variables that begin with C(SENHASEGURA_), and so
        the secret of the client itself, are left out in any case.
      - Without it, that is E(PATH), E(HOME), E(LANG), E(LC_ALL) and E(TMPDIR).
    type: bool
    default: true
notes:
  - Other processes of the same user, and root, can see the environment of a program while it runs.
  - A value is masked wherever it is, however short it is. Choose with O(keys) where that makes the output unreadable.
  - A word of the output is masked as well if it shares eight characters in a row with a value as it is or in a usual
    encoding. What a program makes of a value otherwise, for example one character on each line, is not masked.
seealso:
  - module: community.senhasegura.secrets_file
  - plugin: community.senhasegura.secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Migrate the database
  community.senhasegura.secrets_command:
    argv: [sh, -c, 'test -n "$DB_PASSWORD" && echo "migrated as $DB_USER"']
    secrets: [shop-db]
    keys: [USERNAME, PASSWORD]
    rename:
      USERNAME: DB_USER
      PASSWORD: DB_PASSWORD
  register: migration
  changed_when: "'migrated' in migration.stdout"
"""

RETURN = r"""
names:
  description: Names of the variables that the command got.
  returned: success
  type: list
  elements: str
  sample: [DB_PASSWORD, DB_USER]
rc:
  description: Code with which the command ended. With another one than 0 the task fails.
  returned: when the command ran
  type: int
  sample: 0
stdout:
  description: Standard output of the command, with the values masked.
  returned: when the command ran
  type: str
  sample: migrated as ********
stdout_lines:
  description: The same as lines.
  returned: when the command ran
  type: list
  elements: str
  sample: [migrated as ********]
stderr:
  description: Standard error of the command, with the values masked.
  returned: when the command ran
  type: str
  sample: ""
stderr_lines:
  description: The same as lines.
  returned: when the command ran
  type: list
  elements: str
  sample: []
failure:
  description:
    - What went wrong, as data. It is missing where the command itself failed.
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
    message: "the command cannot be started: No such file or directory"
    hint: Check the program and chdir; together, arguments and environment may also be too long
    operation: ""
    endpoint: ""
    subject: the list of DSM secrets
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
