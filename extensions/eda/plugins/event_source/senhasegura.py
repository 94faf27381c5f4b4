# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source for ansible-rulebook: what polling senhasegura shows."""

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Poll senhasegura for what expired, was changed, is in custody or could not be changed
description:
  - Lists the credentials and SSH keys that the client may see, compares them with what it remembers, and reports
    what is new. It reads no secret and takes no custody.
  - Each event has C(type), C(id), C(kind) (V(credential) or V(ssh_key)), C(source) (V(poll)), and as far as they
    are known C(identifier), C(username), C(hostname), C(ip), C(account_type), C(automatic_change), C(changed_at),
    C(viewed_at) and C(expires_at).
  - Its type is V(expired) when its expiration has passed, and V(changed) when its time of change or its public
    key is another one; C(previous_changed_at) has the time before.
  - It is V(custody_held) when it was viewed and not changed since, so that somebody may have it in custody, and
    V(change_failed) when the vault should have changed it and has not. The API shows neither custody nor failed
    changes, so these two are conclusions.
  - 'C(repeated) is true for an event that was reported before and is still true: see O(repeat_after).'
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
options:
  url:
    description:
      - Base URL of the server, for example V(https://pam.example.com).
    type: str
  client_id:
    description:
      - Client id of the A2A authorization, for OAuth 2. Quote it in YAML if it has digits only and begins with
        0.
    type: str
  client_secret:
    description:
      - 'Client secret of the A2A authorization, for OAuth 2. Like all secrets, it must be text: quote it in YAML.'
    type: str
  tenant:
    description:
      - Tenant (subdomain) to log in to. Needed when a server with several tenants is addressed by its IP address.
    type: str
  dialect:
    description:
      - Which form of the API the server speaks.
      - V(iso) is what the vendor documents up to release 3.32, V(api) from 3.33 on.
      - V(rest) is the form of the integration guide. It is never guessed.
      - V(auto) finds out whether it is V(api) or V(iso).
    type: str
    default: auto
    choices:
      - auto
      - iso
      - api
      - rest
  auth_method:
    description:
      - How to authenticate.
      - V(oauth2) sends O(client_id) and O(client_secret) in the body of the token request, V(oauth2_basic) in its
        C(Authorization) header. There they stand as they are, not URL-encoded as RFC 6749 would have it, since
        the server takes them as they are; O(client_id) must have no colon.
      - V(oauth1) signs each request with O(consumer_key), O(consumer_secret), O(token_key) and O(token_secret).
        It needs the Python library C(requests-oauthlib).
      - 'V(aws) is refused: the vendor publishes no wire format for it.'
    type: str
    default: oauth2
    choices:
      - oauth2
      - oauth2_basic
      - oauth1
      - aws
  consumer_key:
    description:
      - Consumer key, for OAuth 1.
    type: str
  consumer_secret:
    description:
      - Consumer secret, for OAuth 1.
    type: str
  token_key:
    description:
      - Token key, for OAuth 1.
    type: str
  token_secret:
    description:
      - Token secret, for OAuth 1.
    type: str
  decryption_key:
    description:
      - 'Private key (PEM, PKCS#8, without passphrase) of the authorization, when its option "encrypt sensitive
        information" is on: path of a file, or PEM text as for O(ca_path). It needs the Python library C(cryptography).'
    type: path
  validate_certs:
    description:
      - Whether to verify the certificate of the server. Switching it off lets anybody on the way read passwords.
    type: bool
    default: true
  ca_path:
    description:
      - File (PEM) or directory of the certificate authorities to trust. With it, no others are trusted.
      - The word V(environment) takes it from E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE), which are ignored otherwise.
      - A value that begins with C(-----BEGIN) is the PEM text itself. Its line ends may be lost or written as C(\n),
        as in environment variables and in fields of forms.
    type: path
  client_cert:
    description:
      - 'Client certificate (PEM), with its key unless O(client_key) is set: path of a file, or PEM text as for
        O(ca_path).'
    type: path
  client_key:
    description:
      - 'Key of O(client_cert) (PEM, without passphrase): path of a file, or PEM text as for O(ca_path).'
    type: path
  timeout:
    description:
      - Seconds for one operation as a whole, with name resolution, connection, answer and retries.
      - A server that asks for a longer pause (C(Retry-After)) makes the operation fail at once.
    type: float
    default: 30.0
  retries:
    description:
      - The most repetitions of a request that failed. Without it, there are as many as O(timeout) has room for,
        with growing pauses; V(0) repeats nothing.
      - Reads, logins and releases of custody are repeated after network errors and the statuses 429, 502, 503 and
        504; other writes only when they have certainly not been applied.
      - At most V(1000).
    type: int
  proxy:
    description:
      - URL of an HTTP proxy.
      - The word V(environment) takes it from E(HTTPS_PROXY) and E(NO_PROXY), which are ignored otherwise.
    type: str
  allow_http:
    description:
      - Accept an O(url) with C(http://). Everything is then readable on the network; meant for tests.
    type: bool
    default: false
  interval:
    description:
      - Seconds between two polls.
    type: float
    default: 60.0
  types:
    description:
      - Which types of events to report.
    type: list
    elements: str
    default:
      - expired
      - changed
      - custody_held
      - change_failed
    choices:
      - expired
      - changed
      - custody_held
      - change_failed
  expires_within:
    description:
      - Seconds before the expiration at which a credential is reported as V(expired).
    type: float
    default: 0.0
  custody_after:
    description:
      - Seconds after which a credential that was viewed, and not changed since, is reported as V(custody_held).
      - They count from the first poll that sees it.
    type: float
    default: 3600.0
  failed_after:
    description:
      - Seconds after its expiration at which a credential that the vault changes by itself, and has not changed,
        is reported as V(change_failed).
    type: float
    default: 3600.0
  repeat_after:
    description:
      - Seconds after which V(expired), V(custody_held) and V(change_failed) are reported again if they are still
        true, for an action that has failed. V(0) reports them once.
    type: float
    default: 86400.0
  first_poll:
    description:
      - What the first poll without a state file does.
      - V(report) reports what is true then. V(remember) reports only what becomes true later.
    type: str
    default: report
    choices:
      - report
      - remember
  identifiers:
    description:
      - Only entries whose identifier fits one of these patterns, with V(*) and V(?).
    type: list
    elements: str
    default: []
  hostnames:
    description:
      - Only entries whose host name fits one of these patterns.
    type: list
    elements: str
    default: []
  state_file:
    description:
      - File that remembers what was reported, with mode 0600 and without any secret.
      - By default it is in C($XDG_STATE_HOME) or C(~/.local/state), with a name made of server and client.
      - In a container, put it on a volume. One source at a time can use it.
    type: path
  max_pause:
    description:
      - The longest pause in seconds between two tries while the server cannot be polled.
    type: float
    default: 300.0
  feedback:
    description:
      - Count an event as reported when the rules have it, not when it was handed over.
      - It needs C(--persistence-id) of ansible-rulebook, and a name of its own for the source.
    type: bool
    default: false
notes:
  - 'An event is reported at least once. It is remembered as reported when the rules have certainly taken it: the
    last events before a restart may come again.'
  - 'If the server cannot be polled, a warning says why, and the next try comes after a growing pause. What happens
    meanwhile is reported afterwards, as far as the list still shows it: of two changes between two polls, one is
    seen.'
  - 'Texts have no template in them, because rules hand events to Ansible as variables: V({{) becomes V({ {).'
  - Options of the connection that are not set here are taken from the environment (C(SENHASEGURA_URL), ...), and
    then the default. C(ansible.cfg) and the file of the DSM CLI are not read.
"""

EXAMPLES = r"""
# Server and client come from the environment: SENHASEGURA_URL, SENHASEGURA_CLIENT_ID, SENHASEGURA_CLIENT_SECRET.
- community.senhasegura.senhasegura:
    interval: 60

# Passwords that expire within a day, of some hosts. What is expired already is no news.
- community.senhasegura.senhasegura:
    url: https://pam.example.com
    client_id: "{{ pam_id }}"
    client_secret: "{{ pam_secret }}"
    ca_path: /etc/ssl/pam.pem
    types: [expired]
    expires_within: 86400
    hostnames: ["web*"]
    first_poll: remember
    state_file: /var/lib/senhasegura-eda/web.json
"""

import asyncio
import importlib
import logging
import sys
import types
import typing as t
from pathlib import Path

# ansible-rulebook runs this file by its path, without the loader that knows ansible_collections. What it needs of the
# collection imports nothing of Ansible, and imports relatively: so any name will do for the folder.
_FOLDER = Path(__file__).absolute().parents[4] / "plugins" / "module_utils"
_NAME = "community_senhasegura_client"


def _part(name: str) -> t.Any:
    """Import a file of plugins/module_utils."""
    package = sys.modules.setdefault(_NAME, types.ModuleType(_NAME))
    package.__path__ = [str(_FOLDER)]
    return importlib.import_module(f"{_NAME}.{name}")


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """Poll until the task is cancelled. Raises an error if the options cannot work."""
    await _part("events.run_source").poll(queue, args, logging.getLogger(__name__))
