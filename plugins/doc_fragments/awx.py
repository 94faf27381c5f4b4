# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How to log in to AWX, and what objects of it are."""

    DOCUMENTATION = r"""
options:
  awx_url:
    description:
      - Base URL of AWX, for example V(https://awx.example.com).
    type: str
    required: true
  awx_token:
    description:
      - A personal token with the scope C(write).
      - Without it, O(awx_username) and O(awx_password) count.
    type: str
  awx_username:
    description:
      - The user, where there is no token. Whoever makes credential types must be a system administrator.
    type: str
  awx_password:
    description:
      - Its password.
    type: str
  awx_api_path:
    description:
      - Path of the API. An AAP with a gateway (2.5 and newer) has it at V(/api/controller/v2).
    type: str
    default: /api/v2
  awx_validate_certs:
    description:
      - Whether to verify the certificate of AWX. Switching it off lets anybody on the way read token and secrets.
    type: bool
    default: true
  awx_ca_path:
    description:
      - File (PEM) or directory of the certificate authorities to trust. With it, no others are trusted.
    type: path
  awx_timeout:
    description:
      - Seconds for each request.
    type: float
    default: 30.0
  awx_allow_http:
    description:
      - Accept an O(awx_url) with C(http://). Everybody on the network can then read token, password and secrets.
    type: bool
    default: false
"""

    FURTHER = r"""
options:
  objects:
    description:
      - Further objects of your own, made after all others in the order of the list.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description:
          - The kind of object, as AWX's API calls it.
        type: str
        required: true
        choices:
          - organization
          - credential_type
          - execution_environment
          - credential
          - project
          - inventory
          - inventory_source
          - notification_template
          - job_template
          - workflow_job_template
          - schedule
      name:
        description:
          - Its name.
        type: str
        required: true
      fields:
        description:
          - Its fields, as AWX's API calls them. A field that is not here stays as it is.
          - Where the API wants the id of another object, give its name.
          - C(extra_vars), C(variables) and C(source_vars) are maps.
          - C(credentials), C(notification_templates_started), C(notification_templates_success) and
            C(notification_templates_error) are lists of names. What else is linked is unlinked.
          - C(survey_spec) is the survey of a template.
          - A schedule has one of C(job_template), C(workflow_job_template), C(project) and C(inventory_source)
            instead of
            C(unified_job_template), and so does a node.
          - C(nodes) are all nodes of a workflow, each with C(identifier), with C(success), C(failure) and C(always)
            as
            lists of identifiers of those that follow, and with fields of the API such as C(extra_data).
        type: dict
        default: {}
      secrets:
        description:
          - Secret entries of C(inputs) of a credential, or of C(notification_configuration) of a notification
            template.
        type: dict
        default: {}
"""
