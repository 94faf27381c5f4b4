# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from module_utils/settings/options.py by scripts/generate.py: change the table, then run that.

from __future__ import annotations


class ModuleDocFragment:
    """The options by which every plugin of this collection reaches the server."""

    DOCUMENTATION = r"""
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
      - The default is V(auto).
    type: str
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
      - The default is V(oauth2).
    type: str
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
      - The default is V(true).
    type: bool
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
      - The default is V(30.0).
    type: float
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
      - The default is V(false).
    type: bool
  config_file:
    description:
      - Configuration file of the vendor's DSM CLI (YAML). Its keys are the environment variables named here.
      - It is read for what no option, variable, environment variable or ini entry sets.
    type: path
  broker:
    description:
      - 'Whether all tasks, hosts and forks of a run share one process that talks to the server: it logs in once,
        reads each thing once, and keeps both in its memory until the run ends.'
      - Without it, each evaluation of a lookup and each task logs in and reads anew. So it is, with one warning,
        where it cannot be started; that is tried again after a pause, a few times.
      - Without it, each task masks in the texts of the server what it has sent and received itself, and not what
        other tasks of the run have.
      - 'When it is killed or does not answer any more, whoever notices starts it again, with a warning and at most
        three times in a run. After that, tasks fail: something on the controller does not let it run.'
      - The default is V(true).
    type: bool
  cache_ttl:
    description:
      - For how many seconds the broker may answer with what it has read already.
      - Without it, lookups get it until the run ends, modules for 5 seconds, so that they see what others do.
      - What this run writes, rotates or releases is read again in any case.
    type: float
  custody:
    description:
      - What becomes of the custody that reads take.
      - V(keep) leaves it to the server or to M(community.senhasegura.custody).
      - V(release_at_end) gives it back when the run ends, however it ends. Credentials that change automatically
        are left out, unless the read has C(allow_vault_rotation=true). It needs the broker.
      - What is to be given back is noted in a file C(senhasegura-custody-*.jsonl) in E(ANSIBLE_LOCAL_TEMP), without
        secrets. The file is removed when all is given back.
      - Otherwise the next run of the same user warns, and names what is left.
      - Release that with M(community.senhasegura.custody), and delete the file.
      - The default is V(keep).
    type: str
    choices:
      - keep
      - release_at_end
  on_ciphertext:
    description:
      - 'What to do when a value looks like ciphertext: base64 of 256, 384 or 512 bytes, as an authorization hands
        it out whose option "encrypt sensitive information" is on. With O(decryption_key) this is not looked at.'
      - V(warn) returns it with a warning that names it, V(error) fails, V(ignore) takes it for the value itself.
      - The default is V(warn).
    type: str
    choices:
      - warn
      - error
      - ignore
notes:
  - 'A connection option may come from several places. The first of these that sets it counts: the option itself,
    the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section C([senhasegura])
    of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default. That is the order of
    Ansible''s own options.'
  - 'Modules see the C(environment) of their play, block or task as well, before the one that Ansible was started
    with. Ansible does not show it to lookups: for them, set variables instead.'
  - An empty value counts as unset, wherever it comes from.
  - 'What managed hosts say never sets a connection option. Facts, of this run or cached, and registered results
    are ignored with a warning, and the variable of the inventory or the play counts instead. That includes C(set_fact)
    with C(cacheable=true), which makes facts. Without it, C(set_fact) counts, and so do C(vars), C(include_vars)
    and loops: do not fill it from what a host has said.'
  - E(SENHASEGURA_INSECURE) with a true value is the same as O(validate_certs=false).
  - All requests to the server are made by the controller, never by managed hosts.
"""

    PLUGIN = r"""
options:
  url:
    description:
      - Base URL of the server, for example V(https://pam.example.com).
    type: str
    vars:
      - name: senhasegura_url
    ini:
      - section: senhasegura
        key: url
    env:
      - name: SENHASEGURA_URL
  client_id:
    description:
      - Client id of the A2A authorization, for OAuth 2. Quote it in YAML if it has digits only and begins with
        0.
    type: str
    vars:
      - name: senhasegura_client_id
    ini:
      - section: senhasegura
        key: client_id
    env:
      - name: SENHASEGURA_CLIENT_ID
  client_secret:
    description:
      - 'Client secret of the A2A authorization, for OAuth 2. Like all secrets, it must be text: quote it in YAML.'
    type: str
    vars:
      - name: senhasegura_client_secret
    ini:
      - section: senhasegura
        key: client_secret
    env:
      - name: SENHASEGURA_CLIENT_SECRET
  tenant:
    description:
      - Tenant (subdomain) to log in to. Needed when a server with several tenants is addressed by its IP address.
    type: str
    vars:
      - name: senhasegura_tenant
    ini:
      - section: senhasegura
        key: tenant
    env:
      - name: SENHASEGURA_TENANT
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
    vars:
      - name: senhasegura_dialect
    ini:
      - section: senhasegura
        key: dialect
    env:
      - name: SENHASEGURA_DIALECT
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
    vars:
      - name: senhasegura_auth_method
    ini:
      - section: senhasegura
        key: auth_method
    env:
      - name: SENHASEGURA_AUTH_METHOD
  consumer_key:
    description:
      - Consumer key, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_consumer_key
    ini:
      - section: senhasegura
        key: consumer_key
    env:
      - name: SENHASEGURA_CONSUMER_KEY
  consumer_secret:
    description:
      - Consumer secret, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_consumer_secret
    ini:
      - section: senhasegura
        key: consumer_secret
    env:
      - name: SENHASEGURA_CONSUMER_SECRET
  token_key:
    description:
      - Token key, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_token_key
    ini:
      - section: senhasegura
        key: token_key
    env:
      - name: SENHASEGURA_TOKEN_KEY
  token_secret:
    description:
      - Token secret, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_token_secret
    ini:
      - section: senhasegura
        key: token_secret
    env:
      - name: SENHASEGURA_TOKEN_SECRET
  decryption_key:
    description:
      - 'Private key (PEM, PKCS#8, without passphrase) of the authorization, when its option "encrypt sensitive
        information" is on: path of a file, or PEM text as for O(ca_path). It needs the Python library C(cryptography).'
    type: path
    vars:
      - name: senhasegura_decryption_key
    ini:
      - section: senhasegura
        key: decryption_key
    env:
      - name: SENHASEGURA_DECRYPTION_KEY
  validate_certs:
    description:
      - Whether to verify the certificate of the server. Switching it off lets anybody on the way read passwords.
    type: bool
    default: true
    vars:
      - name: senhasegura_validate_certs
    ini:
      - section: senhasegura
        key: validate_certs
    env:
      - name: SENHASEGURA_VALIDATE_CERTS
  ca_path:
    description:
      - File (PEM) or directory of the certificate authorities to trust. With it, no others are trusted.
      - The word V(environment) takes it from E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE), which are ignored otherwise.
      - A value that begins with C(-----BEGIN) is the PEM text itself. Its line ends may be lost or written as C(\n),
        as in environment variables and in fields of forms.
    type: path
    vars:
      - name: senhasegura_ca_path
    ini:
      - section: senhasegura
        key: ca_path
    env:
      - name: SENHASEGURA_CA_PATH
  client_cert:
    description:
      - 'Client certificate (PEM), with its key unless O(client_key) is set: path of a file, or PEM text as for
        O(ca_path).'
    type: path
    vars:
      - name: senhasegura_client_cert
    ini:
      - section: senhasegura
        key: client_cert
    env:
      - name: SENHASEGURA_CLIENT_CERT
  client_key:
    description:
      - 'Key of O(client_cert) (PEM, without passphrase): path of a file, or PEM text as for O(ca_path).'
    type: path
    vars:
      - name: senhasegura_client_key
    ini:
      - section: senhasegura
        key: client_key
    env:
      - name: SENHASEGURA_CLIENT_KEY
  timeout:
    description:
      - Seconds for one operation as a whole, with name resolution, connection, answer and retries.
      - A server that asks for a longer pause (C(Retry-After)) makes the operation fail at once.
    type: float
    default: 30.0
    vars:
      - name: senhasegura_timeout
    ini:
      - section: senhasegura
        key: timeout
    env:
      - name: SENHASEGURA_TIMEOUT
  retries:
    description:
      - The most repetitions of a request that failed. Without it, there are as many as O(timeout) has room for,
        with growing pauses; V(0) repeats nothing.
      - Reads, logins and releases of custody are repeated after network errors and the statuses 429, 502, 503 and
        504; other writes only when they have certainly not been applied.
      - At most V(1000).
    type: int
    vars:
      - name: senhasegura_retries
    ini:
      - section: senhasegura
        key: retries
    env:
      - name: SENHASEGURA_RETRIES
  proxy:
    description:
      - URL of an HTTP proxy.
      - The word V(environment) takes it from E(HTTPS_PROXY) and E(NO_PROXY), which are ignored otherwise.
    type: str
    vars:
      - name: senhasegura_proxy
    ini:
      - section: senhasegura
        key: proxy
    env:
      - name: SENHASEGURA_PROXY
  allow_http:
    description:
      - Accept an O(url) with C(http://). Everything is then readable on the network; meant for tests.
    type: bool
    default: false
    vars:
      - name: senhasegura_allow_http
    ini:
      - section: senhasegura
        key: allow_http
    env:
      - name: SENHASEGURA_ALLOW_HTTP
  config_file:
    description:
      - Configuration file of the vendor's DSM CLI (YAML). Its keys are the environment variables named here.
      - It is read for what no option, variable, environment variable or ini entry sets.
    type: path
    vars:
      - name: senhasegura_config_file
    ini:
      - section: senhasegura
        key: config_file
    env:
      - name: SENHASEGURA_CONFIG_FILE
  broker:
    description:
      - 'Whether all tasks, hosts and forks of a run share one process that talks to the server: it logs in once,
        reads each thing once, and keeps both in its memory until the run ends.'
      - Without it, each evaluation of a lookup and each task logs in and reads anew. So it is, with one warning,
        where it cannot be started; that is tried again after a pause, a few times.
      - Without it, each task masks in the texts of the server what it has sent and received itself, and not what
        other tasks of the run have.
      - 'When it is killed or does not answer any more, whoever notices starts it again, with a warning and at most
        three times in a run. After that, tasks fail: something on the controller does not let it run.'
    type: bool
    default: true
    vars:
      - name: senhasegura_broker
    ini:
      - section: senhasegura
        key: broker
    env:
      - name: SENHASEGURA_BROKER
  cache_ttl:
    description:
      - For how many seconds the broker may answer with what it has read already.
      - Without it, lookups get it until the run ends, modules for 5 seconds, so that they see what others do.
      - What this run writes, rotates or releases is read again in any case.
    type: float
    vars:
      - name: senhasegura_cache_ttl
    ini:
      - section: senhasegura
        key: cache_ttl
    env:
      - name: SENHASEGURA_CACHE_TTL
  custody:
    description:
      - What becomes of the custody that reads take.
      - V(keep) leaves it to the server or to M(community.senhasegura.custody).
      - V(release_at_end) gives it back when the run ends, however it ends. Credentials that change automatically
        are left out, unless the read has C(allow_vault_rotation=true). It needs the broker.
      - What is to be given back is noted in a file C(senhasegura-custody-*.jsonl) in E(ANSIBLE_LOCAL_TEMP), without
        secrets. The file is removed when all is given back.
      - Otherwise the next run of the same user warns, and names what is left.
      - Release that with M(community.senhasegura.custody), and delete the file.
    type: str
    default: keep
    choices:
      - keep
      - release_at_end
    vars:
      - name: senhasegura_custody
    ini:
      - section: senhasegura
        key: custody
    env:
      - name: SENHASEGURA_CUSTODY
  on_ciphertext:
    description:
      - 'What to do when a value looks like ciphertext: base64 of 256, 384 or 512 bytes, as an authorization hands
        it out whose option "encrypt sensitive information" is on. With O(decryption_key) this is not looked at.'
      - V(warn) returns it with a warning that names it, V(error) fails, V(ignore) takes it for the value itself.
    type: str
    default: warn
    choices:
      - warn
      - error
      - ignore
    vars:
      - name: senhasegura_on_ciphertext
    ini:
      - section: senhasegura
        key: on_ciphertext
    env:
      - name: SENHASEGURA_ON_CIPHERTEXT
notes:
  - 'A connection option may come from several places. The first of these that sets it counts: the option itself,
    the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section C([senhasegura])
    of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default. That is the order of
    Ansible''s own options.'
  - 'Modules see the C(environment) of their play, block or task as well, before the one that Ansible was started
    with. Ansible does not show it to lookups: for them, set variables instead.'
  - An empty value counts as unset, wherever it comes from.
  - 'What managed hosts say never sets a connection option. Facts, of this run or cached, and registered results
    are ignored with a warning, and the variable of the inventory or the play counts instead. That includes C(set_fact)
    with C(cacheable=true), which makes facts. Without it, C(set_fact) counts, and so do C(vars), C(include_vars)
    and loops: do not fill it from what a host has said.'
  - E(SENHASEGURA_INSECURE) with a true value is the same as O(validate_certs=false).
  - All requests to the server are made by the controller, never by managed hosts.
"""

    INVENTORY = r"""
options:
  url:
    description:
      - Base URL of the server, for example V(https://pam.example.com).
    type: str
    vars:
      - name: senhasegura_url
    ini:
      - section: senhasegura
        key: url
    env:
      - name: SENHASEGURA_URL
  client_id:
    description:
      - Client id of the A2A authorization, for OAuth 2. Quote it in YAML if it has digits only and begins with
        0.
    type: str
    vars:
      - name: senhasegura_client_id
    ini:
      - section: senhasegura
        key: client_id
    env:
      - name: SENHASEGURA_CLIENT_ID
  client_secret:
    description:
      - 'Client secret of the A2A authorization, for OAuth 2. Like all secrets, it must be text: quote it in YAML.'
    type: str
    vars:
      - name: senhasegura_client_secret
    ini:
      - section: senhasegura
        key: client_secret
    env:
      - name: SENHASEGURA_CLIENT_SECRET
  tenant:
    description:
      - Tenant (subdomain) to log in to. Needed when a server with several tenants is addressed by its IP address.
    type: str
    vars:
      - name: senhasegura_tenant
    ini:
      - section: senhasegura
        key: tenant
    env:
      - name: SENHASEGURA_TENANT
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
    vars:
      - name: senhasegura_dialect
    ini:
      - section: senhasegura
        key: dialect
    env:
      - name: SENHASEGURA_DIALECT
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
    vars:
      - name: senhasegura_auth_method
    ini:
      - section: senhasegura
        key: auth_method
    env:
      - name: SENHASEGURA_AUTH_METHOD
  consumer_key:
    description:
      - Consumer key, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_consumer_key
    ini:
      - section: senhasegura
        key: consumer_key
    env:
      - name: SENHASEGURA_CONSUMER_KEY
  consumer_secret:
    description:
      - Consumer secret, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_consumer_secret
    ini:
      - section: senhasegura
        key: consumer_secret
    env:
      - name: SENHASEGURA_CONSUMER_SECRET
  token_key:
    description:
      - Token key, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_token_key
    ini:
      - section: senhasegura
        key: token_key
    env:
      - name: SENHASEGURA_TOKEN_KEY
  token_secret:
    description:
      - Token secret, for OAuth 1.
    type: str
    vars:
      - name: senhasegura_token_secret
    ini:
      - section: senhasegura
        key: token_secret
    env:
      - name: SENHASEGURA_TOKEN_SECRET
  decryption_key:
    description:
      - 'Private key (PEM, PKCS#8, without passphrase) of the authorization, when its option "encrypt sensitive
        information" is on: path of a file, or PEM text as for O(ca_path). It needs the Python library C(cryptography).'
    type: path
    vars:
      - name: senhasegura_decryption_key
    ini:
      - section: senhasegura
        key: decryption_key
    env:
      - name: SENHASEGURA_DECRYPTION_KEY
  validate_certs:
    description:
      - Whether to verify the certificate of the server. Switching it off lets anybody on the way read passwords.
    type: bool
    default: true
    vars:
      - name: senhasegura_validate_certs
    ini:
      - section: senhasegura
        key: validate_certs
    env:
      - name: SENHASEGURA_VALIDATE_CERTS
  ca_path:
    description:
      - File (PEM) or directory of the certificate authorities to trust. With it, no others are trusted.
      - The word V(environment) takes it from E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE), which are ignored otherwise.
      - A value that begins with C(-----BEGIN) is the PEM text itself. Its line ends may be lost or written as C(\n),
        as in environment variables and in fields of forms.
    type: path
    vars:
      - name: senhasegura_ca_path
    ini:
      - section: senhasegura
        key: ca_path
    env:
      - name: SENHASEGURA_CA_PATH
  client_cert:
    description:
      - 'Client certificate (PEM), with its key unless O(client_key) is set: path of a file, or PEM text as for
        O(ca_path).'
    type: path
    vars:
      - name: senhasegura_client_cert
    ini:
      - section: senhasegura
        key: client_cert
    env:
      - name: SENHASEGURA_CLIENT_CERT
  client_key:
    description:
      - 'Key of O(client_cert) (PEM, without passphrase): path of a file, or PEM text as for O(ca_path).'
    type: path
    vars:
      - name: senhasegura_client_key
    ini:
      - section: senhasegura
        key: client_key
    env:
      - name: SENHASEGURA_CLIENT_KEY
  timeout:
    description:
      - Seconds for one operation as a whole, with name resolution, connection, answer and retries.
      - A server that asks for a longer pause (C(Retry-After)) makes the operation fail at once.
    type: float
    default: 30.0
    vars:
      - name: senhasegura_timeout
    ini:
      - section: senhasegura
        key: timeout
    env:
      - name: SENHASEGURA_TIMEOUT
  retries:
    description:
      - The most repetitions of a request that failed. Without it, there are as many as O(timeout) has room for,
        with growing pauses; V(0) repeats nothing.
      - Reads, logins and releases of custody are repeated after network errors and the statuses 429, 502, 503 and
        504; other writes only when they have certainly not been applied.
      - At most V(1000).
    type: int
    vars:
      - name: senhasegura_retries
    ini:
      - section: senhasegura
        key: retries
    env:
      - name: SENHASEGURA_RETRIES
  proxy:
    description:
      - URL of an HTTP proxy.
      - The word V(environment) takes it from E(HTTPS_PROXY) and E(NO_PROXY), which are ignored otherwise.
    type: str
    vars:
      - name: senhasegura_proxy
    ini:
      - section: senhasegura
        key: proxy
    env:
      - name: SENHASEGURA_PROXY
  allow_http:
    description:
      - Accept an O(url) with C(http://). Everything is then readable on the network; meant for tests.
    type: bool
    default: false
    vars:
      - name: senhasegura_allow_http
    ini:
      - section: senhasegura
        key: allow_http
    env:
      - name: SENHASEGURA_ALLOW_HTTP
  config_file:
    description:
      - Configuration file of the vendor's DSM CLI (YAML). Its keys are the environment variables named here.
      - It is read for what no option, variable, environment variable or ini entry sets.
    type: path
    vars:
      - name: senhasegura_config_file
    ini:
      - section: senhasegura
        key: config_file
    env:
      - name: SENHASEGURA_CONFIG_FILE
notes:
  - 'A connection option may come from several places. The first of these that sets it counts: the inventory source,
    the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section C([senhasegura])
    of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default.'
  - Of all variables, those of the command line (C(--extra-vars)) alone are known when an inventory is made.
  - An empty value counts as unset, wherever it comes from.
  - E(SENHASEGURA_INSECURE) with a true value is the same as O(validate_certs=false).
  - All requests to the server are made by the controller, never by managed hosts.
"""

    MYSAFE = r"""
options:
  url:
    description:
      - Base URL of the server, for example V(https://pam.example.com).
    type: str
  mysafe_client_id:
    description:
      - 'Client id of the access key for MySafe (console: MySafe > Integrations > Access keys). A client of A2A
        cannot use MySafe.'
    type: str
  mysafe_client_secret:
    description:
      - 'Client secret of the access key. Like all secrets, it must be text: quote it in YAML.'
    type: str
  mysafe_auth_method:
    description:
      - How to log in with the access key.
      - V(oauth2) sends O(mysafe_client_id) and O(mysafe_client_secret) in the body of the request for a token,
        V(oauth2_basic) in its C(Authorization) header.
      - The default is V(oauth2).
    type: str
    choices:
      - oauth2
      - oauth2_basic
  mysafe_decryption_key:
    description:
      - 'Private key (PEM, PKCS#8, without passphrase) of the access key, when its option "Encrypt sensitive data"
        is on: path of a file, or PEM text as for O(ca_path). It needs the Python library C(cryptography).'
    type: path
  tenant:
    description:
      - Tenant (subdomain) to log in to. Needed when a server with several tenants is addressed by its IP address.
    type: str
  validate_certs:
    description:
      - Whether to verify the certificate of the server. Switching it off lets anybody on the way read passwords.
      - The default is V(true).
    type: bool
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
      - The default is V(30.0).
    type: float
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
      - The default is V(false).
    type: bool
  config_file:
    description:
      - Configuration file of the vendor's DSM CLI (YAML). Its keys are the environment variables named here.
      - It is read for what no option, variable, environment variable or ini entry sets.
    type: path
  broker:
    description:
      - 'Whether all tasks, hosts and forks of a run share one process that talks to the server: it logs in once,
        reads each thing once, and keeps both in its memory until the run ends.'
      - Without it, each evaluation of a lookup and each task logs in and reads anew. So it is, with one warning,
        where it cannot be started; that is tried again after a pause, a few times.
      - Without it, each task masks in the texts of the server what it has sent and received itself, and not what
        other tasks of the run have.
      - 'When it is killed or does not answer any more, whoever notices starts it again, with a warning and at most
        three times in a run. After that, tasks fail: something on the controller does not let it run.'
      - The default is V(true).
    type: bool
  cache_ttl:
    description:
      - For how many seconds the broker may answer with what it has read already.
      - Without it, lookups get it until the run ends, modules for 5 seconds, so that they see what others do.
      - What this run writes, rotates or releases is read again in any case.
    type: float
  on_ciphertext:
    description:
      - 'What to do when a value looks like ciphertext: base64 of 256, 384 or 512 bytes, as an access key hands
        it out whose option "encrypt sensitive information" is on. With O(mysafe_decryption_key) this is not looked
        at.'
      - V(warn) returns it with a warning that names it, V(error) fails, V(ignore) takes it for the value itself.
      - The default is V(warn).
    type: str
    choices:
      - warn
      - error
      - ignore
notes:
  - 'A connection option may come from several places. The first of these that sets it counts: the option itself,
    the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section C([senhasegura])
    of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default. That is the order of
    Ansible''s own options.'
  - 'Modules see the C(environment) of their play, block or task as well, before the one that Ansible was started
    with. Ansible does not show it to lookups: for them, set variables instead.'
  - An empty value counts as unset, wherever it comes from.
  - 'What managed hosts say never sets a connection option. Facts, of this run or cached, and registered results
    are ignored with a warning, and the variable of the inventory or the play counts instead. That includes C(set_fact)
    with C(cacheable=true), which makes facts. Without it, C(set_fact) counts, and so do C(vars), C(include_vars)
    and loops: do not fill it from what a host has said.'
  - E(SENHASEGURA_INSECURE) with a true value is the same as O(validate_certs=false).
  - All requests to the server are made by the controller, never by managed hosts.
  - The access key has options of its own, with variables, environment variables and names in files of their own.
    Other plugins of this collection do not see them, and these do not see C(client_id), C(dialect) and what else
    says how an A2A authorization logs in.
  - MySafe is part of the vendor's API from release 3.32 on. The integration guide has no call for it.
"""

    MYSAFE_PLUGIN = r"""
options:
  url:
    description:
      - Base URL of the server, for example V(https://pam.example.com).
    type: str
    vars:
      - name: senhasegura_url
    ini:
      - section: senhasegura
        key: url
    env:
      - name: SENHASEGURA_URL
  mysafe_client_id:
    description:
      - 'Client id of the access key for MySafe (console: MySafe > Integrations > Access keys). A client of A2A
        cannot use MySafe.'
    type: str
    vars:
      - name: senhasegura_mysafe_client_id
    ini:
      - section: senhasegura
        key: mysafe_client_id
    env:
      - name: SENHASEGURA_MYSAFE_CLIENT_ID
  mysafe_client_secret:
    description:
      - 'Client secret of the access key. Like all secrets, it must be text: quote it in YAML.'
    type: str
    vars:
      - name: senhasegura_mysafe_client_secret
    ini:
      - section: senhasegura
        key: mysafe_client_secret
    env:
      - name: SENHASEGURA_MYSAFE_CLIENT_SECRET
  mysafe_auth_method:
    description:
      - How to log in with the access key.
      - V(oauth2) sends O(mysafe_client_id) and O(mysafe_client_secret) in the body of the request for a token,
        V(oauth2_basic) in its C(Authorization) header.
    type: str
    default: oauth2
    choices:
      - oauth2
      - oauth2_basic
    vars:
      - name: senhasegura_mysafe_auth_method
    ini:
      - section: senhasegura
        key: mysafe_auth_method
    env:
      - name: SENHASEGURA_MYSAFE_AUTH_METHOD
  mysafe_decryption_key:
    description:
      - 'Private key (PEM, PKCS#8, without passphrase) of the access key, when its option "Encrypt sensitive data"
        is on: path of a file, or PEM text as for O(ca_path). It needs the Python library C(cryptography).'
    type: path
    vars:
      - name: senhasegura_mysafe_decryption_key
    ini:
      - section: senhasegura
        key: mysafe_decryption_key
    env:
      - name: SENHASEGURA_MYSAFE_DECRYPTION_KEY
  tenant:
    description:
      - Tenant (subdomain) to log in to. Needed when a server with several tenants is addressed by its IP address.
    type: str
    vars:
      - name: senhasegura_tenant
    ini:
      - section: senhasegura
        key: tenant
    env:
      - name: SENHASEGURA_TENANT
  validate_certs:
    description:
      - Whether to verify the certificate of the server. Switching it off lets anybody on the way read passwords.
    type: bool
    default: true
    vars:
      - name: senhasegura_validate_certs
    ini:
      - section: senhasegura
        key: validate_certs
    env:
      - name: SENHASEGURA_VALIDATE_CERTS
  ca_path:
    description:
      - File (PEM) or directory of the certificate authorities to trust. With it, no others are trusted.
      - The word V(environment) takes it from E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE), which are ignored otherwise.
      - A value that begins with C(-----BEGIN) is the PEM text itself. Its line ends may be lost or written as C(\n),
        as in environment variables and in fields of forms.
    type: path
    vars:
      - name: senhasegura_ca_path
    ini:
      - section: senhasegura
        key: ca_path
    env:
      - name: SENHASEGURA_CA_PATH
  client_cert:
    description:
      - 'Client certificate (PEM), with its key unless O(client_key) is set: path of a file, or PEM text as for
        O(ca_path).'
    type: path
    vars:
      - name: senhasegura_client_cert
    ini:
      - section: senhasegura
        key: client_cert
    env:
      - name: SENHASEGURA_CLIENT_CERT
  client_key:
    description:
      - 'Key of O(client_cert) (PEM, without passphrase): path of a file, or PEM text as for O(ca_path).'
    type: path
    vars:
      - name: senhasegura_client_key
    ini:
      - section: senhasegura
        key: client_key
    env:
      - name: SENHASEGURA_CLIENT_KEY
  timeout:
    description:
      - Seconds for one operation as a whole, with name resolution, connection, answer and retries.
      - A server that asks for a longer pause (C(Retry-After)) makes the operation fail at once.
    type: float
    default: 30.0
    vars:
      - name: senhasegura_timeout
    ini:
      - section: senhasegura
        key: timeout
    env:
      - name: SENHASEGURA_TIMEOUT
  retries:
    description:
      - The most repetitions of a request that failed. Without it, there are as many as O(timeout) has room for,
        with growing pauses; V(0) repeats nothing.
      - Reads, logins and releases of custody are repeated after network errors and the statuses 429, 502, 503 and
        504; other writes only when they have certainly not been applied.
      - At most V(1000).
    type: int
    vars:
      - name: senhasegura_retries
    ini:
      - section: senhasegura
        key: retries
    env:
      - name: SENHASEGURA_RETRIES
  proxy:
    description:
      - URL of an HTTP proxy.
      - The word V(environment) takes it from E(HTTPS_PROXY) and E(NO_PROXY), which are ignored otherwise.
    type: str
    vars:
      - name: senhasegura_proxy
    ini:
      - section: senhasegura
        key: proxy
    env:
      - name: SENHASEGURA_PROXY
  allow_http:
    description:
      - Accept an O(url) with C(http://). Everything is then readable on the network; meant for tests.
    type: bool
    default: false
    vars:
      - name: senhasegura_allow_http
    ini:
      - section: senhasegura
        key: allow_http
    env:
      - name: SENHASEGURA_ALLOW_HTTP
  config_file:
    description:
      - Configuration file of the vendor's DSM CLI (YAML). Its keys are the environment variables named here.
      - It is read for what no option, variable, environment variable or ini entry sets.
    type: path
    vars:
      - name: senhasegura_config_file
    ini:
      - section: senhasegura
        key: config_file
    env:
      - name: SENHASEGURA_CONFIG_FILE
  broker:
    description:
      - 'Whether all tasks, hosts and forks of a run share one process that talks to the server: it logs in once,
        reads each thing once, and keeps both in its memory until the run ends.'
      - Without it, each evaluation of a lookup and each task logs in and reads anew. So it is, with one warning,
        where it cannot be started; that is tried again after a pause, a few times.
      - Without it, each task masks in the texts of the server what it has sent and received itself, and not what
        other tasks of the run have.
      - 'When it is killed or does not answer any more, whoever notices starts it again, with a warning and at most
        three times in a run. After that, tasks fail: something on the controller does not let it run.'
    type: bool
    default: true
    vars:
      - name: senhasegura_broker
    ini:
      - section: senhasegura
        key: broker
    env:
      - name: SENHASEGURA_BROKER
  cache_ttl:
    description:
      - For how many seconds the broker may answer with what it has read already.
      - Without it, lookups get it until the run ends, modules for 5 seconds, so that they see what others do.
      - What this run writes, rotates or releases is read again in any case.
    type: float
    vars:
      - name: senhasegura_cache_ttl
    ini:
      - section: senhasegura
        key: cache_ttl
    env:
      - name: SENHASEGURA_CACHE_TTL
  on_ciphertext:
    description:
      - 'What to do when a value looks like ciphertext: base64 of 256, 384 or 512 bytes, as an access key hands
        it out whose option "encrypt sensitive information" is on. With O(mysafe_decryption_key) this is not looked
        at.'
      - V(warn) returns it with a warning that names it, V(error) fails, V(ignore) takes it for the value itself.
    type: str
    default: warn
    choices:
      - warn
      - error
      - ignore
    vars:
      - name: senhasegura_on_ciphertext
    ini:
      - section: senhasegura
        key: on_ciphertext
    env:
      - name: SENHASEGURA_ON_CIPHERTEXT
notes:
  - 'A connection option may come from several places. The first of these that sets it counts: the option itself,
    the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section C([senhasegura])
    of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default. That is the order of
    Ansible''s own options.'
  - 'Modules see the C(environment) of their play, block or task as well, before the one that Ansible was started
    with. Ansible does not show it to lookups: for them, set variables instead.'
  - An empty value counts as unset, wherever it comes from.
  - 'What managed hosts say never sets a connection option. Facts, of this run or cached, and registered results
    are ignored with a warning, and the variable of the inventory or the play counts instead. That includes C(set_fact)
    with C(cacheable=true), which makes facts. Without it, C(set_fact) counts, and so do C(vars), C(include_vars)
    and loops: do not fill it from what a host has said.'
  - E(SENHASEGURA_INSECURE) with a true value is the same as O(validate_certs=false).
  - All requests to the server are made by the controller, never by managed hosts.
  - The access key has options of its own, with variables, environment variables and names in files of their own.
    Other plugins of this collection do not see them, and these do not see C(client_id), C(dialect) and what else
    says how an A2A authorization logs in.
  - MySafe is part of the vendor's API from release 3.32 on. The integration guide has no call for it.
"""
