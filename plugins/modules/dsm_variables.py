#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dsm_variables
short_description: Upload variables of a pipeline as DSM secrets to senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Uploads variables of a pipeline with a mapping that says what they stand for, as the vendor's DSM CLI does. The
    server records them as secrets of the application that the client belongs to.
  - Only the variables that the mapping names are uploaded. The CLI uploads its whole environment.
  - The server records an access key or a credential as such if it knows one with these values, and as key and value
    otherwise. It does not say which, so the task reads the secrets afterwards, and says what is there.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  mapping:
    description:
      - The mapping, as a map or as the text of a mapping file, with the lists C(access_keys), C(credentials) and
        C(key_value).
      - Each entry of a list has a C(name). In C(access_keys) it has a C(type), one of C(aws), C(azure) and C(gcp), as
        well. C(fields) says which variable holds what; in C(key_value) it is a list of variables.
    type: raw
  mapping_file:
    description:
      - Path of a mapping file on the controller, in JSON. A relative one is looked up beside the playbook.
    type: path
  variables:
    description:
      - The values of the variables by name. Each variable that the mapping names must be there. Others are not
        uploaded.
      - Values must be text without line ends, so quote numbers and words such as C(yes) in YAML.
    type: dict
    required: true
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
  - The authorization of the client needs the resource C(CI/CD), and C(Application) to see what became of the variables.
    Without the latter, each run uploads and counts as a change.
  - Nothing is uploaded if for each entry of the mapping a secret has all its variables with their values already. It is
    found by its identifier or, if there is none, by its name. No page says under which name the server records an
    entry, nor whether it updates it; a warning names what is not found.
seealso:
  - module: community.senhasegura.secret
"""

EXAMPLES = r"""
- name: Upload what the mapping file of the pipeline names
  community.senhasegura.dsm_variables:
    mapping_file: senhasegura-mapping.json
    variables:
      DB_USER: app
      DB_PASSWORD: "{{ db_password }}"
      DB_HOST: db01

- name: Upload two variables from the environment of the controller
  community.senhasegura.dsm_variables:
    mapping:
      key_value:
        - name: API_TOKENS
          fields: [API_KEY, API_SECRET]
    variables:
      API_KEY: "{{ lookup('ansible.builtin.env', 'API_KEY') }}"
      API_SECRET: "{{ lookup('ansible.builtin.env', 'API_SECRET') }}"
"""

RETURN = r"""
variables:
  description: What was uploaded, and what became of it. Never a value.
  returned: success
  type: dict
  contains:
    uploaded:
      description: Names of the variables that were uploaded, or would be in check mode.
      type: list
      elements: str
      returned: success
    secrets:
      description:
        - For each entry of the mapping its C(name), its C(kind) there (V(access_key), V(credential) or V(key_value)),
          and what is known of its secret after the task.
        - C(identifier) and C(key_names) are those of the secret, or null if there is none or it cannot be read.
          C(as_given) says whether it has all variables with their values, and is null if that cannot be read.
      type: list
      elements: dict
      returned: success
  sample:
    uploaded: [API_KEY, API_SECRET]
    secrets:
      - name: API_TOKENS
        kind: key_value
        identifier: API_TOKENS
        key_names: [API_KEY, API_SECRET]
        as_given: true
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
    kind: configuration
    message: "the mapping names variables that have no value: API_SECRET"
    hint: Set them in the option variables, or take them out of the mapping
    operation: ""
    endpoint: ""
    subject: the pipeline variables
    status: null
    code: null
    option: variables
    server: "https://pam.example.com:443"
    server_message: ""
"""
