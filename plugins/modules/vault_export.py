#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_export
short_description: Export a senhasegura vault without its secrets, and compare it with an earlier export
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Returns devices, credentials and SSH keys of the vault as data for playbooks. No secret is read, and no custody is
    taken.
  - Each item has options of M(community.senhasegura.device), M(community.senhasegura.credential) or
    M(community.senhasegura.ssh_key). The playbook C(community.senhasegura.import) makes the same vault of it
    elsewhere.
  - With O(expected), it also tells what differs from an earlier export.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  include:
    description:
      - What to export.
    type: list
    elements: str
    choices: [devices, credentials, ssh_keys]
    default: [devices, credentials, ssh_keys]
  details:
    description:
      - Export domains, connectivities and settings of remote sessions of devices as well. That needs one request for
        each device, four at a time.
      - With V(false), they are not compared either.
    type: bool
    default: true
  dest:
    description:
      - File on the controller to write the export to, as the variable C(senhasegura_vault). A relative path begins in
        the folder of the play. Only its owner may write it, and its group may read it.
      - Texts that Ansible would take for templates are marked with C(!unsafe), so that nothing of the vault is
        evaluated when the file is loaded.
    type: path
  expected:
    description:
      - An earlier export, with which the vault is compared. Lists that it does not have are not compared, and neither
        is what O(include) leaves out.
      - Host names and addresses are compared as such, so that their case does not count. The order of lists does not
        count either. What is missing in an item is taken for empty.
    type: dict
    suboptions:
      devices:
        description:
          - Devices.
        type: list
        elements: dict
        suboptions:
          hostname:
            description:
              - Host name.
            type: str
          ip:
            description:
              - Address.
            type: str
          type:
            description:
              - Type.
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
              - Tags.
            type: list
            elements: str
          domains:
            description:
              - Domains.
            type: list
            elements: str
          connectivities:
            description:
              - Ways to connect, each as C(NAME:PORT).
            type: list
            elements: str
          session_remote_config:
            description:
              - Settings of remote sessions.
            type: str
      credentials:
        description:
          - Credentials, without passwords.
        type: list
        elements: dict
        suboptions:
          identifier:
            description:
              - Identifier.
            type: str
          username:
            description:
              - User name.
            type: str
          hostname:
            description:
              - Host name of the device.
            type: str
          ip:
            description:
              - Address of the device.
            type: str
          type:
            description:
              - Type of the credential.
            type: str
          automatic_change:
            description:
              - Whether the vault changes the password by itself.
            type: bool
      ssh_keys:
        description:
          - SSH keys, without the keys.
        type: list
        elements: dict
        suboptions:
          identifier:
            description:
              - Identifier.
            type: str
          username:
            description:
              - User name.
            type: str
          hostname:
            description:
              - Host name of the device.
            type: str
          ip:
            description:
              - Address of the device.
            type: str
          automatic_change:
            description:
              - Whether the vault changes the key by itself.
            type: bool
          rotation_days:
            description:
              - After how many days the key is rotated.
            type: int
notes:
  - What is empty is left out of an item.
  - What the API does not show without custody is not part of an export, and so neither compared nor imported. These
    are tags, domain, parent, additional text and settings of credentials, and devices, tags and names of SSH keys.
  - What a dialect cannot write is left out as well, since it could not be imported. That is
    O(expected.ssh_keys[].automatic_change) in the vendor's dialects, and O(expected.credentials[].automatic_change) in
    V(rest).
  - The lists of the server show what is active and what the client may see. An inactive object is missing in them.
  - The integration guide has no call for devices, so set O(include) to V(credentials) and V(ssh_keys) in the dialect
    V(rest).
seealso:
  - module: community.senhasegura.onboarding
  - module: community.senhasegura.audit_report
  - module: community.senhasegura.device
  - module: community.senhasegura.credential
  - module: community.senhasegura.ssh_key
"""

EXAMPLES = r"""
- name: Keep the vault as a file of variables
  community.senhasegura.vault_export:
    dest: vault.yml
  register: exported

- name: See what has changed since
  community.senhasegura.vault_export:
    expected: "{{ exported.vault }}"
  register: compared

- name: Show it
  ansible.builtin.debug:
    msg: "{{ compared.differences | map(attribute='text') }}"

- name: Compare accounts alone, with two requests
  community.senhasegura.vault_export:
    include: [credentials, ssh_keys]
    expected: "{{ exported.vault }}"
"""

RETURN = r"""
vault:
  description: The vault without its secrets. C(changed) is whether the file in O(dest) was written.
  returned: success
  type: dict
  contains:
    devices:
      description: Devices, in the order of their host names. The fields are those of O(expected.devices).
      type: list
      elements: dict
      returned: if it is in O(include)
    credentials:
      description: Credentials, in the same order. The fields are those of O(expected.credentials).
      type: list
      elements: dict
      returned: if it is in O(include)
    ssh_keys:
      description: SSH keys, in the same order. The fields are those of O(expected.ssh_keys).
      type: list
      elements: dict
      returned: if it is in O(include)
  sample:
    devices:
      - hostname: web01
        ip: 192.0.2.10
        type: Server
        vendor: Debian
        model: Debian 13
        site: DC1
        tags: [linux, web]
        connectivities: ["SSH:22"]
    credentials:
      - identifier: web01-root
        username: root
        hostname: web01
        ip: 192.0.2.10
        type: Local User
        automatic_change: true
    ssh_keys:
      - identifier: deploy-key
        username: deploy
        hostname: web01
        ip: 192.0.2.10
dest:
  description: Path of the file.
  returned: with O(dest)
  type: str
  sample: /srv/site/vault.yml
differences:
  description: What is not as expected, by kind and name. Empty if all is.
  returned: with O(expected)
  type: list
  elements: dict
  contains:
    kind:
      description: V(devices), V(credentials) or V(ssh_keys).
      type: str
      returned: success
    name:
      description: Host name of a device. Identifier and account of a credential or SSH key.
      type: str
      returned: success
    change:
      description:
        - V(missing) is expected and not in the vault. V(unexpected) is the other way round. V(different) is in both.
      type: str
      returned: success
    before:
      description: What is expected. With V(different), the fields that differ.
      type: dict
      returned: success
    after:
      description: What the vault has, in the same way.
      type: dict
      returned: success
    text:
      description: The difference in one line.
      type: str
      returned: success
  sample:
    - kind: devices
      name: web01
      change: different
      before: {site: DC1}
      after: {site: DC2}
      text: "device web01: site was DC1 and is DC2"
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
    kind: unsupported
    message: the dialect rest has no call for device.list
    hint: "The guide has no call for devices: use the console, or the dialect api or iso"
    operation: device.list
    endpoint: ""
    subject: the list of devices
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
