# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: one table that feeds settings, argument specs, documentation and the AWX credential type."""

from __future__ import annotations

import dataclasses
import typing as t

from ..retry import MAX_RETRIES

INI_SECTION = "senhasegura"
# Names alone: each worker that checks options would import the tables of all dialects otherwise.
DIALECT_NAMES = ("iso", "api", "rest")
AUTH_METHODS = ("oauth2", "oauth2_basic", "oauth1", "aws")
FROM_ENVIRONMENT = "environment"


@dataclasses.dataclass(frozen=True)
class Option:
    """One connection option. Its variable is C(senhasegura_<name>), its ini key is C(<name>).

    ``env`` is the environment variable, and at the same time the key in the DSM CLI's configuration file.
    ``inverse_env`` is another one with the opposite meaning. ``stands_for`` names the option in whose place it is, for
    plugins of a part of the server that has clients of its own.
    """

    name: str
    description: tuple[str, ...]
    type: t.Literal["str", "bool", "int", "float", "path"] = "str"
    default: t.Any = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    inverse_env: str = ""
    # For paths: whether the value may be the PEM text itself.
    pem: bool = False
    stands_for: str = ""

    @property
    def env(self) -> str:
        """Return the name of the environment variable."""
        return f"SENHASEGURA_{self.name.upper()}"

    @property
    def variable(self) -> str:
        """Return the name of the Ansible variable."""
        return f"senhasegura_{self.name}"

    @property
    def field(self) -> str:
        """Return the name of the field of Settings that has its value."""
        return self.stands_for or self.name


OPTIONS: tuple[Option, ...] = (
    Option("url", ("Base URL of the server, for example V(https://pam.example.com).",)),
    Option(
        "client_id",
        ("Client id of the A2A authorization, for OAuth 2. Quote it in YAML if it has digits only and begins with 0.",),
        secret=True,
    ),
    Option(
        "client_secret",
        ("Client secret of the A2A authorization, for OAuth 2. Like all secrets, it must be text: quote it in YAML.",),
        secret=True,
    ),
    Option(
        "tenant",
        ("Tenant (subdomain) to log in to. Needed when a server with several tenants is addressed by its IP address.",),
    ),
    Option(
        "dialect",
        (
            "Which form of the API the server speaks.",
            "V(iso) is what the vendor documents up to release 3.32, V(api) from 3.33 on.",
            "V(rest) is the form of the integration guide. It is never guessed.",
            "V(auto) finds out whether it is V(api) or V(iso).",
        ),
        default="auto",
        choices=("auto", *DIALECT_NAMES),
    ),
    Option(
        "auth_method",
        (
            "How to authenticate.",
            "V(oauth2) sends O(client_id) and O(client_secret) in the body of the token request,"
            " V(oauth2_basic) in its C(Authorization) header. There they stand as they are, not URL-encoded as RFC 6749"
            " would have it, since the server takes them as they are; O(client_id) must have no colon.",
            "V(oauth1) signs each request with O(consumer_key), O(consumer_secret), O(token_key) and O(token_secret)."
            " It needs the Python library C(requests-oauthlib).",
            "V(aws) is refused: the vendor publishes no wire format for it.",
        ),
        default="oauth2",
        choices=AUTH_METHODS,
    ),
    Option("consumer_key", ("Consumer key, for OAuth 1.",), secret=True),
    Option("consumer_secret", ("Consumer secret, for OAuth 1.",), secret=True),
    Option("token_key", ("Token key, for OAuth 1.",), secret=True),
    Option("token_secret", ("Token secret, for OAuth 1.",), secret=True),
    Option(
        "decryption_key",
        (
            "Private key (PEM, PKCS#8, without passphrase) of the authorization, when its option"
            ' "encrypt sensitive information" is on: path of a file, or PEM text as for O(ca_path).'
            " It needs the Python library C(cryptography).",
        ),
        type="path",
        secret=True,
        pem=True,
    ),
    Option(
        "validate_certs",
        ("Whether to verify the certificate of the server. Switching it off lets anybody on the way read passwords.",),
        type="bool",
        default=True,
        inverse_env="SENHASEGURA_INSECURE",
    ),
    Option(
        "ca_path",
        (
            "File (PEM) or directory of the certificate authorities to trust. With it, no others are trusted.",
            "The word V(environment) takes it from E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE),"
            " which are ignored otherwise.",
            "A value that begins with C(-----BEGIN) is the PEM text itself. Its line ends may be lost or written as"
            " C(\\n), as in environment variables and in fields of forms.",
        ),
        type="path",
        pem=True,
    ),
    Option(
        "client_cert",
        (
            "Client certificate (PEM), with its key unless O(client_key) is set: path of a file, or PEM text as for"
            " O(ca_path).",
        ),
        type="path",
        secret=True,
        pem=True,
    ),
    Option(
        "client_key",
        ("Key of O(client_cert) (PEM, without passphrase): path of a file, or PEM text as for O(ca_path).",),
        type="path",
        secret=True,
        pem=True,
    ),
    Option(
        "timeout",
        (
            "Seconds for one operation as a whole, with name resolution, connection, answer and retries.",
            "A server that asks for a longer pause (C(Retry-After)) makes the operation fail at once.",
        ),
        type="float",
        default=30.0,
    ),
    Option(
        "retries",
        (
            "The most repetitions of a request that failed. Without it, there are as many as O(timeout) has room for,"
            " with growing pauses; V(0) repeats nothing.",
            "Reads, logins and releases of custody are repeated after network errors and the statuses 429, 502, 503"
            " and 504; other writes only when they have certainly not been applied.",
            f"At most V({MAX_RETRIES}).",
        ),
        type="int",
    ),
    Option(
        "proxy",
        (
            "URL of an HTTP proxy.",
            "The word V(environment) takes it from E(HTTPS_PROXY) and E(NO_PROXY), which are ignored otherwise.",
        ),
        secret=True,
    ),
    Option(
        "allow_http",
        ("Accept an O(url) with C(http://). Everything is then readable on the network; meant for tests.",),
        type="bool",
        default=False,
    ),
    Option(
        "config_file",
        (
            "Configuration file of the vendor's DSM CLI (YAML). Its keys are the environment variables named here.",
            "It is read for what no option, variable, environment variable or ini entry sets.",
        ),
        type="path",
    ),
)


# How a run uses the server. They do not identify a server or client, hence not part of Settings.
RUN_OPTIONS: tuple[Option, ...] = (
    Option(
        "broker",
        (
            "Whether all tasks, hosts and forks of a run share one process that talks to the server: it logs in once,"
            " reads each thing once, and keeps both in its memory until the run ends.",
            "Without it, each evaluation of a lookup and each task logs in and reads anew. So it is, with one warning,"
            " where it cannot be started; that is tried again after a pause, a few times.",
            "Without it, each task masks in the texts of the server what it has sent and received itself, and not what"
            " other tasks of the run have.",
            "When it is killed or does not answer any more, whoever notices starts it again, with a warning and at most"
            " three times in a run. After that, tasks fail: something on the controller does not let it run.",
        ),
        type="bool",
        default=True,
    ),
    Option(
        "cache_ttl",
        (
            "For how many seconds the broker may answer with what it has read already.",
            "Without it, lookups get it until the run ends, modules for 5 seconds, so that they see what others do.",
            "What this run writes, rotates or releases is read again in any case.",
        ),
        type="float",
    ),
    Option(
        "custody",
        (
            "What becomes of the custody that reads take.",
            "V(keep) leaves it to the server or to M(community.senhasegura.custody).",
            "V(release_at_end) gives it back when the run ends, however it ends. Credentials that change automatically"
            " are left out, unless the read has C(allow_vault_rotation=true). It needs the broker.",
            "What is to be given back is noted in a file C(senhasegura-custody-*.jsonl) in E(ANSIBLE_LOCAL_TEMP),"
            " without secrets. The file is removed when all is given back.",
            "Otherwise the next run of the same user warns, and names what is left.",
            "Release that with M(community.senhasegura.custody), and delete the file.",
        ),
        default="keep",
        choices=("keep", "release_at_end"),
    ),
    Option(
        "on_ciphertext",
        (
            "What to do when a value looks like ciphertext: base64 of 256, 384 or 512 bytes, as an authorization hands"
            ' it out whose option "encrypt sensitive information" is on. With O(decryption_key) this is not looked at.',
            "V(warn) returns it with a warning that names it, V(error) fails, V(ignore) takes it for the value itself.",
        ),
        default="warn",
        choices=("warn", "error", "ignore"),
    ),
)


# What the plugins for MySafe have in the place of the options that they stand for (facts-platform.md 2): an access key
# is a client of its own, whose form of the API is the same in all releases.
_OWN_OF_MYSAFE: tuple[Option, ...] = (
    Option(
        "mysafe_client_id",
        (
            "Client id of the access key for MySafe (console: MySafe > Integrations > Access keys). A client of A2A"
            " cannot use MySafe.",
        ),
        secret=True,
        stands_for="client_id",
    ),
    Option(
        "mysafe_client_secret",
        ("Client secret of the access key. Like all secrets, it must be text: quote it in YAML.",),
        secret=True,
        stands_for="client_secret",
    ),
    Option(
        "mysafe_auth_method",
        (
            "How to log in with the access key.",
            "V(oauth2) sends O(mysafe_client_id) and O(mysafe_client_secret) in the body of the request for a token,"
            " V(oauth2_basic) in its C(Authorization) header.",
        ),
        default="oauth2",
        choices=("oauth2", "oauth2_basic"),
        stands_for="auth_method",
    ),
    Option(
        "mysafe_decryption_key",
        (
            'Private key (PEM, PKCS#8, without passphrase) of the access key, when its option "Encrypt sensitive data"'
            " is on: path of a file, or PEM text as for O(ca_path). It needs the Python library C(cryptography).",
        ),
        type="path",
        secret=True,
        pem=True,
        stands_for="decryption_key",
    ),
)
# How an A2A authorization logs in, and what form of the API it uses.
_OWN_OF_A2A = (
    *("client_id", "client_secret", "dialect", "auth_method", "decryption_key"),
    *("consumer_key", "consumer_secret", "token_key", "token_secret"),
)
MYSAFE_OPTIONS: tuple[Option, ...] = (
    *(option for option in OPTIONS if option.name == "url"),
    *_OWN_OF_MYSAFE,
    *(option for option in OPTIONS if option.name not in ("url", *_OWN_OF_A2A)),
)
# Nothing of MySafe is in custody.
MYSAFE_RUN_OPTIONS: tuple[Option, ...] = tuple(
    dataclasses.replace(
        option,
        description=tuple(
            line.replace("O(decryption_key)", "O(mysafe_decryption_key)").replace("an authorization", "an access key")
            for line in option.description
        ),
    )
    for option in RUN_OPTIONS
    if option.name != "custody"
)
# Each option of any plugin, once.
ALL_OPTIONS: tuple[Option, ...] = (*OPTIONS, *_OWN_OF_MYSAFE, *RUN_OPTIONS)


DEFAULTS: t.Mapping[str, t.Any] = {option.name: option.default for option in (*OPTIONS, *RUN_OPTIONS)}


def argument_spec(options: tuple[Option, ...] = (*OPTIONS, *RUN_OPTIONS)) -> dict[str, dict[str, t.Any]]:
    """Return connection options as an argument spec. It has no defaults: ``resolve`` fills them in at the end."""
    return {
        option.name: {
            "type": option.type,
            "no_log": option.secret,
            **({"choices": list(option.choices)} if option.choices else {}),
        }
        for option in options
    }


def mysafe_argument_spec() -> dict[str, dict[str, t.Any]]:
    """Return the connection options of the plugins for MySafe as an argument spec, without defaults."""
    return argument_spec((*MYSAFE_OPTIONS, *MYSAFE_RUN_OPTIONS))


def is_set(value: t.Any) -> bool:
    """Return whether a value counts. AWX exports empty optional fields, so an empty string counts as unset."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def takes_text_only(name: str, secret: bool) -> bool:
    """Return whether an option must be a string: YAML makes 83 of 0123, and nobody sees it in a secret.

    A client id of digits alone is the same as the number, unless it begins with 0; then it has to be quoted.
    """
    return secret and name not in ("client_id", "mysafe_client_id")


def where_to_set(name: str) -> str:
    """Return the sentence that lists all the places where an option can be set."""
    option = next(option for option in ALL_OPTIONS if option.name == name)
    return (
        f"Set the option {name}, the variable {option.variable}, the environment variable {option.env} (of Ansible "
        "itself: lookups do not see the environment of a play or task), "
        f"{name} in section [{INI_SECTION}] of ansible.cfg, or {option.env} in the configuration file of the DSM CLI"
    )
