#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: external_secrets
short_description: Render manifests that bring DSM secrets into Kubernetes
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Renders the objects with which the External Secrets Operator (ESO) copies DevOps secrets (DSM) into Kubernetes.
    These are the authentication Secret, the SecretStore or ClusterSecretStore, ExternalSecrets, and Roles with
    RoleBindings.
  - Before anything is written, it reads DSM once, as ESO will read it. It fails if a secret or a property does not
    exist, or if the authorization encrypts values, since ESO cannot decrypt them.
  - Describe what you want with O(external_secrets) and O(readers), or give finished objects with O(manifests). Those
    may have the form of the integration guide, which no current ESO accepts. They are corrected, and each correction
    is a warning that says why.
  - It does not talk to a cluster. The role P(community.senhasegura.external_secrets#role) applies the objects too.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
options:
  external_secrets:
    description:
      - The Secrets that ESO shall keep in Kubernetes, and what of DSM is in them.
      - ESO logs in and reads all of DSM once for each of them at each refresh. So put what belongs together into one.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the ExternalSecret.
        type: str
        required: true
      namespace:
        description:
          - Its namespace. By default, that of O(namespace).
          - With O(store_kind=SecretStore) it must be that of the store.
        type: str
      target:
        description: Name of the Secret that ESO makes. By default, that of the ExternalSecret.
        type: str
      data:
        description: Single values.
        type: list
        elements: dict
        suboptions:
          secret_key:
            description: Key in the Secret.
            type: str
            required: true
          identifier:
            description: Identifier of the DSM secret.
            type: str
            required: true
          property:
            description:
              - Key in the DSM secret, exactly as it is written there. Credentials usually have C(USERNAME),
                C(PASSWORD) and C(HOSTNAME).
              - Without it, the value is the JSON text of the whole DSM secret, which is a list.
            type: str
      extract:
        description: Whole DSM secrets, of which each key becomes one of the Secret.
        type: list
        elements: dict
        suboptions:
          identifier:
            description: Identifier of the DSM secret.
            type: str
            required: true
          rewrite:
            description: How ESO renames the keys, in its own form. See the documentation of ESO.
            type: list
            elements: dict
      template:
        description:
          - What stands in C(spec.target.template), in the form of ESO. Mark texts with braces as C(!unsafe), since
            they are templates of ESO and not of Ansible.
        type: dict
      refresh_interval:
        description: How often ESO reads DSM again, as a duration such as V(30m). With V(0s) it does so once.
        type: str
        default: 1h
      refresh_policy:
        description: When ESO reads DSM again. By default, that is left to ESO.
        type: str
        choices: [CreatedOnce, Periodic, OnChange]
      creation_policy:
        description: Whether ESO owns the Secret. V(CreateOrMerge) needs ESO 2.8 or later.
        type: str
        choices: [Owner, Orphan, Merge, None, CreateOrMerge]
        default: Owner
      deletion_policy:
        description: What becomes of the Secret when DSM has the values no longer. By default, ESO keeps it.
        type: str
        choices: [Retain, Delete, Merge]
  readers:
    description:
      - Who may read the Secrets. Each makes a Role that allows C(get) on the named Secrets, and a RoleBinding.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the Role and of the RoleBinding.
        type: str
        required: true
      namespace:
        description: Their namespace. By default, that of O(namespace).
        type: str
      secrets:
        description: Names of the Secrets.
        type: list
        elements: str
        required: true
      service_accounts:
        description: Service accounts, as V(name) or V(namespace/name).
        type: list
        elements: str
        required: true
  manifests:
    description:
      - Finished objects, in the form of ESO or of the integration guide. They may be of the kinds Secret, SecretStore,
        ClusterSecretStore, ExternalSecret, Role and RoleBinding.
      - An object without a namespace gets that of O(namespace).
    type: list
    elements: dict
  namespace:
    description: The namespace of everything that names no other.
    type: str
    default: default
  store:
    description: Name of the store.
    type: str
    default: senhasegura-dsm
  store_kind:
    description:
      - A V(SecretStore) serves its own namespace, and its authentication Secret is there too.
      - A V(ClusterSecretStore) serves all namespaces, or those of O(store_namespaces).
    type: str
    choices: [SecretStore, ClusterSecretStore]
    default: SecretStore
  store_url:
    description:
      - URL of the server as the cluster sees it. By default, that of O(url).
      - ESO keeps scheme, host and port of it, and no path.
    type: str
  store_namespaces:
    description: The namespaces that may use a ClusterSecretStore. By default, all of them.
    type: list
    elements: str
  create_store:
    description: Render the store and its authentication Secret. If false, O(store) names one that exists.
    type: bool
    default: true
  create_auth_secret:
    description: Render the authentication Secret. If false, it is one that exists, with the key C(clientSecret).
    type: bool
    default: true
  auth_secret:
    description: Name of the authentication Secret, which holds the client secret of O(client_secret).
    type: str
    default: senhasegura-auth
  auth_namespace:
    description: Where the authentication Secret of a ClusterSecretStore is.
    type: str
    default: external-secrets
  ignore_ssl_certificate:
    description:
      - Let ESO accept any certificate of the server. The task warns of it.
      - The store has no option for a private CA. Put it into the trust store of ESO's controller.
    type: bool
    default: false
  api_version:
    description:
      - The version of the objects of ESO. V(external-secrets.io/v1beta1) is for ESO up to 0.15.
    type: str
    choices: [external-secrets.io/v1, external-secrets.io/v1beta1]
    default: external-secrets.io/v1
  check_dsm:
    description:
      - Read DSM once, and fail unless it has everything that the ExternalSecrets name.
      - If false, the server is not asked at all.
    type: bool
    default: true
  dest:
    description:
      - A folder on the controller that gets a file for each object. It is made if it is missing. By default, nothing
        is written.
      - A file with a Secret has mode 0600. Files of objects that are no longer asked for stay.
    type: path
  include_manifests:
    description:
      - Return the objects too. Ansible then prints nothing of the result, since a Secret and a client id are in them.
    type: bool
    default: false
attributes:
  check_mode:
    description: Predicts what would change without changing it.
    support: full
    details: DSM is compared in check mode too. That takes no custody.
  diff_mode:
    description: Shows what changes. Secret values are never shown.
    support: full
    details: Neither the values of a Secret nor the client id of a store are shown.
  idempotent:
    description: The second run with the same options changes nothing.
    support: full
notes:
  - O(client_id) and O(client_secret) are those of the DSM authorization that ESO logs in with. The client id stands
    in the store as plain text, since ESO has no other way. The task logs in with them to compare DSM.
  - ESO logs in with OAuth 2 only.
seealso:
  - module: community.senhasegura.secret
  - module: community.senhasegura.secret_info
"""

EXAMPLES = r"""
- name: Render what brings the database account of the shop into its namespace
  community.senhasegura.external_secrets:
    namespace: shop
    dest: /var/lib/manifests/shop
    external_secrets:
      - name: database-credentials
        target: db-secret
        data:
          - secret_key: username
            identifier: shop-db
            property: USERNAME
          - secret_key: password
            identifier: shop-db
            property: PASSWORD
    readers:
      - name: shop-secrets
        secrets: [db-secret]
        service_accounts: [shop]

- name: Use one store in two namespaces, and all keys of a DSM secret with a prefix
  community.senhasegura.external_secrets:
    store: senhasegura-dsm-global
    store_kind: ClusterSecretStore
    store_namespaces: [shop, billing]
    dest: /var/lib/manifests/global
    external_secrets:
      - name: shop-config
        namespace: shop
        extract:
          - identifier: shop-db
            rewrite:
              - regexp:
                  source: (.*)
                  target: DB_$1

- name: Check finished objects, and compare them with DSM
  community.senhasegura.external_secrets:
    dest: /var/lib/manifests/checked
    manifests:
      - apiVersion: external-secrets.io/v1
        kind: ExternalSecret
        metadata:
          name: api-secrets
          namespace: shop
        spec:
          refreshInterval: 30m
          secretStoreRef:
            name: senhasegura-dsm
            kind: SecretStore
          target:
            name: api-config
          dataFrom:
            - extract:
                key: shop-db
"""

RETURN = r"""
objects:
  description: The objects that were rendered, in the order in which they are applied.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the object.
      type: str
      returned: success
    namespace:
      description: Its namespace, or null where there is none.
      type: str
      returned: success
    name:
      description: Its name.
      type: str
      returned: success
    path:
      description: Path of its file on the controller, or null without O(dest).
      type: str
      returned: success
  sample:
    - kind: Secret
      namespace: shop
      name: senhasegura-auth
      path: /var/lib/manifests/shop/secret_shop_senhasegura-auth.yml
    - kind: SecretStore
      namespace: shop
      name: senhasegura-dsm
      path: /var/lib/manifests/shop/secretstore_shop_senhasegura-dsm.yml
checked:
  description: How many DSM secrets were compared.
  returned: success
  type: int
  sample: 1
manifests:
  description: The objects themselves, in the same order.
  returned: with O(include_manifests=true)
  type: list
  elements: dict
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
    kind: denied
    message: this resource is not granted to the authorization
    hint: Add the resource to the A2A authorization
    operation: secret.list
    endpoint: GET /iso/dapp/application
    subject: the list of DSM secrets
    status: 500
    code: null
    option: ""
    server: "https://pam.example.com:443"
    server_message: You are not authorized to access this resource.
"""
