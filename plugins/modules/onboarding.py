#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onboarding
short_description: Register many devices and credentials in senhasegura at once
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates the devices and credentials that the vault does not have yet. What it has is left as it is. Its state, its
    password and its attributes do not change.
  - Two lists say what is there, however many there are. Then each new device takes one request. A new credential takes
    one on a new device, and two on a device that was there before. For single objects, and to change what is there, use
    M(community.senhasegura.device) and M(community.senhasegura.credential).
  - It can be killed at any moment. Run it again, and it goes on where it stopped, since the vault shows what is there.
    The server knows a device by its host name, and a credential by identifier or account, so nothing is made twice.
  - After each hundred objects it shows a line with its progress.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  devices:
    description:
      - Devices, in the form in which M(community.senhasegura.vault_export) returns them.
    type: list
    elements: dict
    default: []
    suboptions:
      hostname:
        description:
          - Host name. Its case does not count for finding the device.
        type: str
        required: true
      ip:
        description:
          - Address. A new device must have it, and O(devices[].type), O(devices[].vendor), O(devices[].model) and
            O(devices[].site) as well.
        type: str
      type:
        description:
          - Type, for example V(Server). The server creates a type, vendor, model or site that does not exist, so mind
            the spelling.
        type: str
      vendor:
        description:
          - Vendor.
        type: str
      model:
        description:
          - Model.
        type: str
      site:
        description:
          - Site.
        type: str
      tags:
        description:
          - Tags, without commas in them.
        type: list
        elements: str
      domains:
        description:
          - Domains. They must be registered on the server.
        type: list
        elements: str
      connectivities:
        description:
          - Ways to connect, each as C(NAME:PORT), for example V(SSH:22).
        type: list
        elements: str
      session_remote_config:
        description:
          - Settings of remote sessions, sent as they are.
        type: str
  credentials:
    description:
      - Credentials, in the form in which M(community.senhasegura.vault_export) returns them.
    type: list
    elements: dict
    default: []
    suboptions:
      identifier:
        description:
          - Identifier. Without one, the server makes one up.
        type: str
      username:
        description:
          - User name.
        type: str
        required: true
      hostname:
        description:
          - Host name of its device, which is in O(devices) or in the vault already.
        type: str
        required: true
      ip:
        description:
          - Address. Without one, that of the device counts.
        type: str
      type:
        description:
          - Type of the credential. The server takes V(Local User) where none is given.
        type: str
      automatic_change:
        description:
          - Whether the vault changes the password by itself.
        type: bool
      password:
        description:
          - Password of a new credential. Without one, the vault has none until somebody sets it, for example
            M(community.senhasegura.linux_password_change).
        type: str
  allow_shared_account:
    description:
      - Create a credential although an SSH key has the same user name, host name and address. Set it only if the vault
        shall have both, since nothing says that the server keeps them apart.
    type: bool
    default: false
notes:
  - Two items that the server would take for one are refused, before anything is written.
  - An inactive device or credential is not in the lists of the server. It is left alone, and its item fails. For that,
    the server is asked to give back custody of an account of which nothing is listed, which does nothing to it.
  - An item that cannot be created does not stop the others. The task fails at the end, and RV(failures) names each. It
    stops at an error that the next item would have too, and after five hosts in a row whose items the server refuses.
  - The integration guide has no call for devices, so that in the dialect V(rest) only O(credentials) can be given.
seealso:
  - module: community.senhasegura.vault_export
  - module: community.senhasegura.device
  - module: community.senhasegura.credential
"""

EXAMPLES = r"""
- name: Register hosts, and an account of each
  community.senhasegura.onboarding:
    devices:
      - hostname: app01
        ip: 192.0.2.21
        type: Server
        vendor: Debian
        model: Debian 13
        site: DC1
        connectivities: ["SSH:22"]
      - hostname: app02
        ip: 192.0.2.22
        type: Server
        vendor: Debian
        model: Debian 13
        site: DC1
    credentials:
      - identifier: app01-root
        username: root
        hostname: app01
        password: "{{ new_password }}"
      - identifier: app02-root
        username: root
        hostname: app02

- name: Export a vault
  community.senhasegura.vault_export:
  register: exported

- name: See what another one does not have
  community.senhasegura.onboarding:
    devices: "{{ exported.vault.devices | selectattr('site', 'defined') }}"
    credentials: "{{ exported.vault.credentials }}"
  check_mode: true
"""

RETURN = r"""
created:
  description: What was created, or would be in check mode.
  returned: success, or if an item could not be created
  type: dict
  contains:
    devices:
      description: Host names.
      type: list
      elements: str
      returned: success
    credentials:
      description: Identifiers and accounts.
      type: list
      elements: str
      returned: success
  sample:
    devices: [app01, app02]
    credentials: ["app01-root (root@app01)", "app02-root (root@app02)"]
present:
  description: How many were there already.
  returned: success, or if an item could not be created
  type: dict
  contains:
    devices:
      description: Number of devices.
      type: int
      returned: success
    credentials:
      description: Number of credentials.
      type: int
      returned: success
  sample:
    devices: 0
    credentials: 0
differing:
  description:
    - What was there already with other values, and was left as it is. A warning names it as well. Domains,
      connectivities and settings of remote sessions are not compared.
  returned: success, or if an item could not be created
  type: list
  elements: dict
  contains:
    object:
      description: V(device) or V(credential).
      type: str
      returned: success
    name:
      description: Host name, or identifier and account.
      type: str
      returned: success
    given:
      description: The values of the task that differ.
      type: dict
      returned: success
    listed:
      description: Those of the vault.
      type: dict
      returned: success
  sample:
    - object: device
      name: app01
      given: {site: DC2}
      listed: {site: DC1}
failures:
  description:
    - What could not be created. What is on a device that could not be created is left out, and not named here.
  returned: success, or if an item could not be created
  type: list
  elements: dict
  contains:
    object:
      description: V(device) or V(credential).
      type: str
      returned: success
    name:
      description: Host name, or identifier and account.
      type: str
      returned: success
    message:
      description: Why.
      type: str
      returned: success
  sample: []
failure:
  description:
    - What went wrong, as data. If several items could not be created, it is about the first.
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
    message: "device app01 is not complete: site must be set"
    hint: Set site; the server wants them for every device
    operation: ""
    endpoint: ""
    subject: ""
    status: null
    code: null
    option: site
    server: ""
    server_message: ""
"""
