#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret
short_description: Manage DSM secrets in senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Creates and updates secrets of the DevOps Secret Manager (DSM), those of the application that the client belongs
    to.
  - Secrets can be read without custody, so their data is compared, also in check mode.
  - Values are never returned or shown.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  state:
    description:
      - V(present) creates or updates the secret.
      - V(absent) deletes it in the dialect V(rest). The dialects V(iso) and V(api) have no call for it, so there it
        fails if the secret exists. Delete it in the console. Nothing says that a secret which has expired is hidden.
    type: str
    choices: [present, absent]
    default: present
  identifier:
    description:
      - Identifier of the secret, by which applications ask for it. The server calls it its identity.
    type: str
    required: true
    aliases: [identity]
  name:
    description:
      - Name of the secret.
    type: str
  engine:
    description:
      - Engine of the secret, which must be registered on the server. V(Generic) for a new secret if nothing is given.
    type: str
  description:
    description:
      - Free text. The dialects V(iso) and V(api) do not show it, so there it is written along with another change
        only, unless O(update_attributes=always).
    type: str
  expires_at:
    description:
      - When the secret expires, as C(YYYY-MM-DD HH:MM:SS). An empty text stands for never.
    type: str
  renewal_minutes:
    description:
      - After how many minutes the server renews what the secret hands out. V(0) stands for never.
      - All three must be given, because a release may switch off what an update leaves out. The vendor's page of 3.32
        says that what is left out is ignored, and that of 4.0 that it is switched off.
      - An update without this option sends the times that the server shows. A server that does not show them may
        switch renewal off then, so give the option in each task that writes a secret with renewal.
      - Not in the dialect V(rest). Where the server does not show the times, they are written along with another
        change only, unless O(update_attributes=always).
    type: dict
    suboptions:
      access_keys:
        description: Minutes for access keys of a cloud.
        type: int
        required: true
      credentials:
        description: Minutes for credentials.
        type: int
        required: true
      ephemeral_credentials:
        description: Minutes for ephemeral credentials.
        type: int
        required: true
  renewal_off:
    description:
      - How an update switches a renewal off, since the vendor's pages contradict each other.
      - V(empty) sends an empty list, as the page of release 3.32 says. V(omit) leaves the time out, as that of 4.0
        says.
      - Needed when O(renewal_minutes) has a V(0) for what may be on.
    type: str
    choices: [empty, omit]
  update_attributes:
    description:
      - When to write O(description) and O(renewal_minutes) where the server does not show them.
      - With V(on_create), they are written with a new secret, and along with another change.
      - With V(always), they are written at every run, and each is a change.
    type: str
    choices: [on_create, always]
    default: on_create
  application:
    description:
      - DSM application that the secret belongs to. For the dialect V(rest) only; in V(iso) and V(api) it is always that
        of the client.
    type: str
  system:
    description:
      - System of the O(application). For the dialect V(rest) only.
    type: str
  environment:
    description:
      - Environment of the O(application). For the dialect V(rest) only.
    type: str
  data_mode:
    description:
      - What to do with data that the task does not name.
      - With V(replace), O(key_value), O(credentials) and O(access_keys) together are the whole data. When one of them
        is given and the data differs, all data is replaced, and what none of them names is gone. When none is given,
        or all are empty, the data stays.
      - With V(merge), keys that O(key_value) does not name stay as they are. A key with a null value is removed.
      - The server hands out credentials and access keys without their structure, so that they cannot be written again.
        With V(merge), a secret that has some must get all of them in O(credentials) and O(access_keys); it is refused
        otherwise, and so is a secret with a value that cannot be read.
      - The server replaces all data at once and has no lock. Of two tasks that merge into one secret at the same time,
        the later one wins.
    type: str
    choices: [replace, merge]
    default: replace
  key_value:
    description:
      - Names and values, as applications get them. Values must be text, so quote numbers, dates and words such as
        C(yes) in YAML, and use the filter C(string) on variables that hold others.
      - Null removes a key with O(data_mode=merge), and is refused otherwise.
    type: dict
  credentials:
    description:
      - Credentials that the secret hands out. On a real server they must exist in the vault.
    type: list
    elements: dict
    suboptions:
      user:
        description: User name.
        type: str
        required: true
      password:
        description: Password.
        type: str
      host:
        description: Host name.
        type: str
      additional_information:
        description: Additional information, for example a database.
        type: str
      labels:
        description: The names under which applications get the values.
        type: dict
        suboptions:
          user:
            description: Name for O(credentials[].user).
            type: str
            default: USERNAME
          password:
            description: Name for O(credentials[].password).
            type: str
            default: PASSWORD
          host:
            description: Name for O(credentials[].host).
            type: str
            default: HOSTNAME
          additional_information:
            description: Name for O(credentials[].additional_information).
            type: str
            default: ADDITIONAL_INFORMATION
  access_keys:
    description:
      - Access keys of a cloud that the secret hands out. On a real server they must exist in the vault.
    type: list
    elements: dict
    suboptions:
      type:
        description: Kind of the access key.
        type: str
        default: aws
      access_key_id:
        description: Id of the access key.
        type: str
        required: true
      secret_access_key:
        description: The secret part.
        type: str
        required: true
      labels:
        description: The names under which applications get the values.
        type: dict
        suboptions:
          access_key_id:
            description: Name for O(access_keys[].access_key_id).
            type: str
            default: AWS_ACCESS_KEY_ID
          secret_access_key:
            description: Name for O(access_keys[].secret_access_key).
            type: str
            default: AWS_SECRET_ACCESS_KEY
notes:
  - The dialect V(rest) sends the whole data as one map, so there each name can have one value only.
  - The server may add values to those of a credential or access key, such as C(ip) and C(TTL). So an additional
    value in one of them is no difference.
  - After an update without data, the task compares the data with what was there. If the server did not keep it, the
    task writes it back where that is possible, and fails in any case.
seealso:
  - module: community.senhasegura.secret_info
  - plugin: community.senhasegura.secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Store what the shop needs
  community.senhasegura.secret:
    identifier: shop-db
    name: Database of the shop
    credentials:
      - user: app
        password: "{{ db_password }}"
        host: db01
        additional_information: shop
        labels:
          additional_information: SCHEMA
    key_value:
      API_KEY: "{{ api_key }}"
      API_URL: https://api.shop.example/v1

- name: Change one value, remove another, and leave all others as they are
  community.senhasegura.secret:
    identifier: shop-api
    data_mode: merge
    key_value:
      API_KEY: "{{ api_key }}"
      OLD_API_KEY: null

- name: Renew its credentials once a day, and nothing else
  community.senhasegura.secret:
    identifier: shop-db
    update_attributes: always
    renewal_minutes:
      access_keys: 0
      credentials: 1440
      ephemeral_credentials: 0
    renewal_off: omit

- name: Let it expire
  community.senhasegura.secret:
    identifier: shop-db
    expires_at: "2026-12-31 23:59:59"
"""

RETURN = r"""
secret:
  description: What is known of the secret after the task. Never its values.
  returned: success
  type: dict
  contains:
    identifier:
      description: Identifier of the secret.
      type: str
      returned: success
    name:
      description: Name of the secret.
      type: str
      returned: with O(state=present)
    engine:
      description: Engine of the secret.
      type: str
      returned: with O(state=present)
    description:
      description: Free text, or null where the server does not tell.
      type: str
      returned: with O(state=present)
    expires_at:
      description: When the secret expires; empty if never.
      type: str
      returned: with O(state=present)
    application:
      description: DSM application that the secret belongs to, or null where the server does not tell.
      type: str
      returned: with O(state=present)
    system:
      description: System of that application, or null where the server does not tell.
      type: str
      returned: with O(state=present)
    environment:
      description: Environment of that application, or null where the server does not tell.
      type: str
      returned: with O(state=present)
    renewal_minutes:
      description:
        - After how many minutes the server renews each of C(access_keys), C(credentials) and C(ephemeral_credentials),
          0 for never. Null where the server does not tell.
      type: dict
      returned: with O(state=present)
    key_names:
      description: The names in its data.
      type: list
      elements: str
      returned: with O(state=present)
  sample:
    identifier: shop-db
    name: Database of the shop
    engine: Generic
    description: null
    expires_at: ""
    application: shop
    system: web
    environment: prod
    renewal_minutes: null
    key_names: [API_KEY, API_URL, HOSTNAME, PASSWORD, SCHEMA, USERNAME]
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
    message: the dialect api has no call for secret.delete
    hint: >-
      Delete it in the console: the vendor documents no call for it, nor that expires_at hides a secret
    operation: secret.delete
    endpoint: ""
    subject: ""
    status: null
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: ""
"""
