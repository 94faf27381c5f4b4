#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dsm_application
short_description: Make a DSM application and its authorization in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Makes an application of the DevOps Secret Manager (DSM) and an authorization of it, or finds both. It returns what a
    client logs in with.
  - The server shows the application of the client itself and no other one, and nothing of any authorization. It takes
    some options only when something is made, and ignores them silently later. For these the task warns instead of
    claiming a change.
  - The authorization of the client needs the resource C(Application) and the setting "Enable creation of DSM
    applications?".
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) makes or finds the application and the authorization.
      - V(absent) deactivates the authorization of the client itself, which cannot log in any more. The server has no
        call for any other one, and none that deletes an application. So O(application) must name that of the client.
    type: str
    choices: [present, absent]
    default: present
  application:
    description:
      - Name of the application.
    type: str
    required: true
    aliases: [name]
  system:
    description:
      - System of the application. With O(environment), it finds the authorization.
    type: str
  environment:
    description:
      - Environment of the application. With O(system), it finds the authorization.
    type: str
  unique_key:
    description:
      - Finds the authorization instead of O(system) and O(environment), which then count for a new one only.
    type: str
  description:
    description:
      - Free text.
    type: str
  tags:
    description:
      - Tags of the application.
    type: list
    elements: str
  line_of_business:
    description:
      - Line of business. The server never shows it, nor the following four; see O(update_attributes).
    type: str
  application_type:
    description:
      - Type of the application.
    type: str
  aws_arns:
    description:
      - ARNs that may log in by AWS.
    type: list
    elements: str
  cloud_profiles:
    description:
      - Names of the profiles by which access keys of a cloud are provisioned.
    type: list
    elements: str
  credential_profiles:
    description:
      - Profiles by which credentials are provisioned.
    type: list
    elements: dict
    suboptions:
      device:
        description: The device.
        type: str
        required: true
      profile:
        description: Name of the profile.
        type: str
        required: true
  authentication_method:
    description:
      - How clients of the application log in, for example C(OAuth 2.0). Counts when the application is made.
    type: str
  authorized_resources:
    description:
      - What the authorization may use. Counts when the authorization is made, and so do the following five.
    type: list
    elements: str
    choices: [Application, CI/CD, Secret Management]
  expires_at:
    description:
      - When the authorization ends, as C(YYYY-MM-DD HH:MM:SS). An empty text stands for never.
    type: str
  encryption_enabled:
    description:
      - Whether the server encrypts sensitive values for this authorization.
    type: bool
  allowed_ips:
    description:
      - Addresses from which clients may come.
    type: list
    elements: str
  allowed_http_referers:
    description:
      - HTTP referers that clients may send.
    type: list
    elements: str
  certificate_fingerprint:
    description:
      - Fingerprint of the certificate that clients must have.
    type: str
  update_attributes:
    description:
      - When to write O(description), O(tags) and the options that the server never shows, if the application is there
        already. For the application of the client itself, O(description) and O(tags) are compared instead.
      - With V(on_create), they are written with a new application only.
      - With V(always), they are written at every run, and that is a change.
    type: str
    choices: [on_create, always]
    default: on_create
  allow_deprovision:
    description:
      - Allow O(state=absent). If automatic provisioning is on in the application, the server removes all secrets,
        access keys and credentials that it has provisioned for it, together with the authorization.
    type: bool
    default: false
notes:
  - Not in the dialect V(rest), for which the integration guide has no call.
  - Whether an application exists that is not that of the client is known only after a write of its names. So check mode
    predicts a change for it.
  - Ansible prints nothing of a result that holds a client secret. It is there in a registered variable, and callbacks
    get a placeholder.
  - Before ansible-core 2.19 the result of a loop is shown although its items are hidden. So a loop is refused there,
    unless the task has C(no_log=true).
seealso:
  - module: community.senhasegura.dsm_application_info
"""

EXAMPLES = r"""
- name: Make an application for the shop
  community.senhasegura.dsm_application:
    application: shop
    system: web
    environment: prod
    description: The shop
    authorized_resources: [Application, Secret Management]
  register: shop

- name: Read its secrets as the shop does
  community.senhasegura.secret_info:
    client_id: "{{ shop.authorization.client_id }}"
    client_secret: "{{ shop.authorization.client_secret }}"

- name: Deactivate the authorization with which this task logs in
  community.senhasegura.dsm_application:
    state: absent
    application: shop
    client_id: "{{ shop.authorization.client_id }}"
    client_secret: "{{ shop.authorization.client_secret }}"
    allow_deprovision: true
"""

RETURN = r"""
application:
  description: What is known of the application.
  returned: success
  type: dict
  contains:
    application:
      description: Name of the application.
      type: str
      returned: success
    system:
      description: System of the application.
      type: str
      returned: if known
    environment:
      description: Environment of the application.
      type: str
      returned: if known
    description:
      description: Free text.
      type: str
      returned: if known
    tags:
      description: Tags of the application.
      type: list
      elements: str
      returned: if known
  sample:
    application: shop
    system: web
    environment: prod
authorization:
  description:
    - What a client logs in with. Null in check mode, with O(state=absent), and when nothing had to be written to the
      application of the client itself.
  returned: success
  type: dict
  contains:
    client_id:
      description: Client id.
      type: str
      returned: success
    client_secret:
      description: Client secret.
      type: str
      returned: success
  sample:
    client_id: 4d186321c1a7f0f354b297e8914ab240
    client_secret: "********"
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
    message: with the authorization, the server may remove all that it has provisioned
    hint: Set allow_deprovision=true if that is what you want
    operation: ""
    endpoint: ""
    subject: DSM application shop
    status: null
    code: null
    option: allow_deprovision
    server: "https://pam.example.com:443"
    server_message: ""
"""
