#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_report
short_description: Report what an auditor asks about in a senhasegura vault
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Finds credentials and SSH keys that are in custody, expired, never changed, not under automatic change or shared
    between hosts, and devices without a credential.
  - Two lists tell it all. No secret is read, and no custody is taken.
  - Returns the report as data, and writes it as a page for people and a document for programs.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.state
options:
  report_dir:
    description:
      - Folder on the controller for C(audit.html) and C(audit.json). It is created if it is missing. A relative path
        begins in the folder of the play.
      - The files are written if the report is another one, or of an earlier day. Only their owner may write them, and
        their group may read them.
    type: path
  holders:
    description:
      - Who has custody, as far as you know it. The API of the server does not tell that. The console does, under
        Dashboard, Credentials custody. So do the events of the SIEM, in which C(duid) is the id of a credential and
        C(suser) the user.
    type: list
    elements: dict
    default: []
    suboptions:
      credential:
        description:
          - Id or identifier of a credential or SSH key.
        type: str
        required: true
      user:
        description:
          - Who has it.
        type: str
        required: true
      since:
        description:
          - Since when, in any form.
        type: str
  usage:
    description:
      - Which hosts use a credential or SSH key, as far as you know it, for example from your inventory. One that
        several hosts use counts as shared.
    type: list
    elements: dict
    default: []
    suboptions:
      credential:
        description:
          - Id or identifier of a credential or SSH key.
        type: str
        required: true
      hosts:
        description:
          - The hosts.
        type: list
        elements: str
        required: true
notes:
  - What is inactive, and what the client may not see, is not in the lists of the server, and so not in the report.
  - A credential counts as in custody if it was viewed after it was last changed, or if O(holders) says so. A view by
    this collection counts as well.
  - A date of expiry without a time zone is taken for UTC.
  - Without O(usage), credentials count as shared if their type names a domain, or, in the dialect V(rest), if their
    public key is that of another host.
seealso:
  - module: community.senhasegura.vault_export
  - module: community.senhasegura.rotation_report
"""

EXAMPLES = r"""
- name: Write the report
  community.senhasegura.audit_report:
    report_dir: audit
    holders:
      - credential: web-root
        user: alice
        since: "2026-11-24"
    usage:
      - credential: db-app
        hosts: [web01, web02]
  register: report

- name: Fail if a credential has expired
  ansible.builtin.assert:
    that: report.audit.summary.findings.expired == 0
    fail_msg: "{{ report.audit.findings.expired | map(attribute='identifier') | join(', ') }}: see {{ report.page }}"
"""

RETURN = r"""
audit:
  description: The report, which is also the content of C(audit.json).
  returned: success
  type: dict
  contains:
    schema:
      description: Number of the form of the document.
      type: int
      returned: success
    generated:
      description: Time of the report, ISO 8601 in UTC.
      type: str
      returned: success
    server:
      description: The server with its port.
      type: str
      returned: success
    summary:
      description: The numbers.
      type: dict
      returned: success
      contains:
        credentials:
          description: Credentials that are listed.
          type: int
          returned: success
        ssh_keys:
          description: SSH keys that are listed.
          type: int
          returned: success
        devices:
          description: Devices that are listed. Null where the dialect has none.
          type: int
          returned: success
        with_findings:
          description: Credentials and SSH keys of which at least one finding is told.
          type: int
          returned: success
        findings:
          description: Number of objects for each key of RV(audit.findings).
          type: dict
          returned: success
        holders_unknown:
          description: Credentials and SSH keys in custody of whom is not known.
          type: int
          returned: success
        automatic_change_unknown:
          description: Credentials and SSH keys of which the server does not tell whether they change automatically.
          type: int
          returned: success
        expiration_unreadable:
          description: Credentials and SSH keys with a date of expiry that is no time.
          type: int
          returned: success
        not_found:
          description: Names in O(holders) and O(usage) that no listed object has.
          type: list
          elements: str
          returned: success
    findings:
      description:
        - Lists under the keys C(in_custody), C(expired), C(never_changed), C(not_automatic), C(shared) and
          C(without_credential).
        - Items of the last have C(id), C(hostname), C(ip), C(type) and C(site) of a device. All others have C(id),
          C(identifier), C(username), C(hostname), C(ip), C(type), C(changed_at), C(viewed_at) and C(expires_at).
        - Items of C(in_custody) have C(holders) as well, a list of C(user) and C(since), and whether they were viewed
          since the last change (C(viewed_since_change)). Items of C(shared) have C(hosts), and in C(reasons) one or
          several of C(used_on), C(same_key) and C(domain_account).
      type: dict
      returned: success
  sample:
    schema: 1
    generated: "2026-11-30T08:00:00Z"
    server: "https://pam.example.com:443"
    summary:
      credentials: 2
      ssh_keys: 1
      devices: 2
      with_findings: 1
      findings: {in_custody: 0, expired: 1, never_changed: 0, not_automatic: 0, shared: 0, without_credential: 0}
      holders_unknown: 0
      automatic_change_unknown: 0
      expiration_unreadable: 0
      not_found: []
    findings:
      in_custody: []
      expired:
        - id: "7"
          identifier: web-root
          username: root
          hostname: web01
          ip: 192.0.2.10
          type: Local User
          changed_at: "2026-01-10 08:15:00"
          viewed_at: null
          expires_at: "2026-03-01T12:00:00-03:00"
      never_changed: []
      not_automatic: []
      shared: []
      without_credential: []
page:
  description: Path of the page.
  returned: with O(report_dir)
  type: str
  sample: /srv/site/audit/audit.html
document:
  description: Path of the document.
  returned: with O(report_dir)
  type: str
  sample: /srv/site/audit/audit.json
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
    message: "the report of the audit cannot be written: /srv/audit: Permission denied"
    hint: Set report_dir to a folder on the controller that this user may create or write, with space left
    operation: ""
    endpoint: ""
    subject: the list of credentials
    status: null
    code: null
    option: report_dir
    server: "https://pam.example.com:443"
    server_message: ""
"""
