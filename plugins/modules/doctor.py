#!/usr/bin/python
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor
short_description: Find out why senhasegura cannot be reached or used, and what to do
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Goes the way from this controller to the server step by step, logs in, and finds out what the client may do there.
    It returns one verdict and one fix for each check.
  - It works where everything is broken, a missing option included. What cannot be examined, because something before it
    has failed, is V(skipped).
  - It takes no custody unless O(credential) is set, and shows no secret.
  - None of the rights of an authorization can be read. A verdict comes from what the server refuses.
extends_documentation_fragment:
  - community.senhasegura.connection
  - community.senhasegura.attributes
  - community.senhasegura.attributes.info
attributes:
  check_mode:
    description: Makes no changes anyway.
    support: full
    details: In check mode it sends reads only, so V(write) and V(custody) are skipped.
options:
  expect:
    description:
      - What the client must be able to do. Without that, what is not granted is a warning, since many a client is not
        meant to do all.
      - V(pam) is to use the credentials that are assigned to it, V(dsm) to read DevOps secrets, V(write) to change
        credentials.
      - If neither PAM Core nor DSM is granted, that is a failure in any case.
    type: list
    elements: str
    choices: [pam, dsm, write]
    default: []
  credential:
    description:
      - Id, identifier or V(username@hostname) of a credential to read, to find out whether the client gets custody, and
        whether passwords come encrypted.
      - B(The read takes custody), which is given back at once. A credential that changes automatically is not read,
        because giving its custody back would make the vault change its password.
    type: str
  fail_on:
    description:
      - Which verdicts make the task fail.
      - V(never) is for playbooks that show all verdicts first, and decide by RV(status).
    type: str
    choices: [failed, warning, never]
    default: failed
notes:
  - Each check ends within O(timeout); giving custody back has a time of its own. Nothing is tried again, whatever
    O(retries) says.
  - It asks the server itself and does not use the broker of the run, which would hide the way that is examined.
  - To find out whether the authorization is read-only, it tries to create a credential without user name, host name and
    address. The server must refuse that; it notes the attempt in its log.
  - It cannot examine what only the console shows, such as the expiry of the authorization.
seealso:
  - module: community.senhasegura.custody
"""

EXAMPLES = r"""
- name: Examine the set-up
  community.senhasegura.doctor:

- name: Examine a client that is to change credentials, and read one of them
  community.senhasegura.doctor:
    expect: [pam, write]
    credential: web-root

- name: Show all verdicts, whatever they are
  community.senhasegura.doctor:
    fail_on: never
  register: examined

- name: Name what is broken
  ansible.builtin.debug:
    msg: "{{ examined.checks | selectattr('status', 'equalto', 'failed') | map(attribute='fix') }}"
"""

RETURN = r"""
status:
  description: The worst status of all checks, V(ok), V(warning) or V(failed).
  returned: when the options of the module are usable
  type: str
  sample: failed
checks:
  description:
    - All checks in the order in which they are made.
    - V(settings) to V(hostname) are about the way to the server, V(clock) to V(dialect) about the login, the rest about
      the rights of the client.
  returned: when the options of the module are usable
  type: list
  elements: dict
  contains:
    check:
      description: >-
        Name of the check, one of V(settings), V(dns), V(tcp), V(proxy), V(tls), V(certificate), V(hostname), V(clock),
        V(login), V(tenant), V(address), V(dialect), V(pam), V(credentials), V(write), V(custody), V(dsm),
        V(encryption).
      type: str
      returned: success
    status:
      description: One of V(ok), V(warning), V(failed) and V(skipped).
      type: str
      returned: success
    verdict:
      description: What was found out.
      type: str
      returned: success
    fix:
      description: What to do. Empty for V(ok) and V(skipped).
      type: str
      returned: success
  sample:
    - check: tcp
      status: failed
      verdict: the server refuses the connection
      fix: Check host and port of url, that the server runs, and that no firewall rejects this controller
lines:
  description: The same as texts, one line for each check.
  returned: when the options of the module are usable
  type: list
  elements: str
  sample:
    - "ok      dns         pam.example.com has 1 address: 192.0.2.1"
    - "failed  tcp         the server refuses the connection. Fix: Check host and port of url"
server:
  description: Base URL that was examined, with its port; empty if O(url) or another option cannot be used.
  returned: when the options of the module are usable
  type: str
  sample: "https://pam.example.com:443"
msg:
  description: The first verdict that made the task fail, and its fix; otherwise how many checks ended how.
  returned: always
  type: str
  sample: "18 checks: 17 ok, 1 skipped"
failure:
  description:
    - Which option of the module itself is wrong, as data. What is wrong with the connection is in RV(checks).
    - C(kind) is V(configuration), C(option) the name of the option.
  returned: when an option of the module is wrong
  type: dict
  sample:
    kind: configuration
    message: the option fail_on must be one of failed, warning, never
    hint: Correct fail_on
    operation: ""
    endpoint: ""
    subject: ""
    status: null
    code: null
    option: fail_on
    server: ""
    server_message: ""
"""
