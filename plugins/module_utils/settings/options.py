# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: one table that feeds argument specs, documentation fragments and the AWX credential type.

``resolve`` merges the sources: option > variable > environment > ini > configuration file of the DSM CLI > default,
which is the order of Ansible's own options.
It is pure; the edges (plugin_utils) collect the sources.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import typing as t
import urllib.parse

from ..errors import ConfigError
from ..pem import is_pem, private_parts, whole_pem
from ..redaction import SecretStr
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
    ``inverse_env`` is another one with the opposite meaning.
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

    @property
    def env(self) -> str:
        return f"SENHASEGURA_{self.name.upper()}"

    @property
    def variable(self) -> str:
        return f"senhasegura_{self.name}"


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


# How a run uses the server. They say nothing of which server or client it is, so they are no part of Settings.
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


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """The checked options of a run. ``cache_ttl`` is in seconds; None means until the run ends."""

    broker: bool = True
    cache_ttl: float | None = None
    custody: str = "keep"
    on_ciphertext: str = "warn"


@dataclasses.dataclass(frozen=True)
class Settings:
    """The checked connection settings of one client. ``timeout`` is in seconds; paths are expanded.

    What may be a path or PEM text is PEM text if C(pem.is_pem) says so.
    """

    url: str
    client_id: SecretStr | None = None
    client_secret: SecretStr | None = None
    tenant: str | None = None
    dialect: str = "auto"
    auth_method: str = "oauth2"
    consumer_key: SecretStr | None = None
    consumer_secret: SecretStr | None = None
    token_key: SecretStr | None = None
    token_secret: SecretStr | None = None
    decryption_key: SecretStr | None = None
    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: SecretStr | None = None
    client_key: SecretStr | None = None
    timeout: float = 30.0
    retries: int | None = None
    proxy: SecretStr | None = None
    allow_http: bool = False

    @property
    def server(self) -> str:
        """The base URL as errors name it: always with the port, never with user and password."""
        parts = urllib.parse.urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if ":" in host:
            address, zone, name = host.partition("%")
            # Without "::", which printable() takes out, since it begins commands to log readers.
            groups = (f"{int(group, 16):x}" for group in ipaddress.ip_address(address).exploded.split(":"))
            host = f"[{':'.join(groups)}{zone}{name}]"
        return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"

    def secrets(self) -> list[str]:
        """The values that must not turn up in any text."""
        found: list[str] = []
        for option in OPTIONS:
            value = getattr(self, option.name, None)
            if isinstance(value, SecretStr):
                # Paths and certificates are no secrets; in a text they would hide what it says.
                found += private_parts(value.reveal()) if option.pem else [value.reveal()]
        return found

    def state(self) -> dict[str, t.Any]:
        """The settings as plain data, secrets in clear: only for the memory of the broker."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value.reveal() if isinstance(value, SecretStr) else value for name, value in values.items()}

    @classmethod
    def from_state(cls, state: t.Mapping[str, t.Any]) -> Settings:
        """The settings that ``state`` gave."""
        secret = {option.name for option in OPTIONS if option.secret}
        values: dict[str, t.Any] = {
            name: SecretStr(value) if name in secret and value is not None else value for name, value in state.items()
        }
        return cls(**values)


@dataclasses.dataclass(frozen=True)
class Source:
    """One place that options may come from. ``lookup`` gives a raw value or None, ``label`` names the place."""

    lookup: t.Callable[[Option], t.Any]
    label: t.Callable[[Option], str]


def argument_spec() -> dict[str, dict[str, t.Any]]:
    """The connection options as an argument spec. It has no defaults: ``resolve`` fills them in, after all places."""
    return {
        option.name: {
            "type": option.type,
            "no_log": option.secret,
            **({"choices": list(option.choices)} if option.choices else {}),
        }
        for option in (*OPTIONS, *RUN_OPTIONS)
    }


def environment_source(environ: t.Mapping[str, t.Any], place: str = "the environment variable {}") -> Source:
    """Environment variables, or the configuration file, which has the same names. ``place`` is what to call one."""

    def lookup(option: Option) -> t.Any:
        value = environ.get(option.env)
        if is_set(value) or not option.inverse_env:
            return value
        inverse = environ.get(option.inverse_env)
        return None if not is_set(inverse) else not _boolean(inverse, option, place.format(option.inverse_env))

    return Source(lookup, lambda option: place.format(option.env))


def is_set(value: t.Any) -> bool:
    """AWX exports empty optional fields, so an empty text counts as unset, wherever it comes from."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def takes_text_only(name: str, secret: bool) -> bool:
    """Whether a number will not do for an option: YAML makes 83 of 0123 and 12 of 1_2, and nobody sees it in a secret.

    An id of digits alone is the same as the number, unless it begins with 0; then it has to be quoted.
    """
    return secret and not name.endswith("_id")


def find_value(option: Option, sources: t.Iterable[Source]) -> t.Any:
    """The first value that is set, or the default, checked and converted. Raises ConfigError without it."""
    for source in sources:
        value = source.lookup(option)
        if is_set(value):
            return _CONVERTERS[option.type](value, option, source.label(option))
    return option.default


def resolve(sources: t.Sequence[Source]) -> Settings:
    """Merge the sources (most important first) and check the result. Raises ConfigError."""
    values: dict[str, t.Any] = {}
    for option in OPTIONS:
        if option.name == "config_file":
            continue
        value = find_value(option, sources)
        values[option.name] = SecretStr(value) if option.secret and value is not None else value
    settings = Settings(**values)
    _check(settings)
    return dataclasses.replace(settings, url=check_url(settings.url, allow_http=settings.allow_http))


def resolve_run(sources: t.Sequence[Source]) -> RunOptions:
    """Merge the sources of the options of a run. Raises ConfigError."""
    return RunOptions(**{option.name: find_value(option, sources) for option in RUN_OPTIONS})


def _wrong(option: Option, label: str, wanted: str) -> ConfigError:
    return ConfigError(f"{option.name} from {label} must be {wanted}", hint="Correct it there").with_context(
        option=option.name
    )


def _boolean(value: t.Any, option: Option, label: str) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "yes", "on", "1", "y", "t"):
        return True
    if text in ("false", "no", "off", "0", "n", "f"):
        return False
    raise _wrong(option, label, "a boolean (true or false)")


def _number(value: t.Any, option: Option, label: str) -> float:
    try:
        number = float(str(value).strip())
    except ValueError:
        raise _wrong(option, label, "a number of seconds") from None
    if not 0 < number <= 3600:
        raise _wrong(option, label, "a number of seconds between 0 and 3600")
    return number


def _count(value: t.Any, option: Option, label: str) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MAX_RETRIES):
        raise _wrong(option, label, f"a whole number from 0 to {MAX_RETRIES}")
    return int(text)


def _string(value: t.Any, option: Option, label: str) -> str:
    if takes_text_only(option.name, option.secret) and not isinstance(value, str):
        raise ConfigError(f"{option.name} from {label} must be text", hint="Quote it there").with_context(
            option=option.name
        )
    # Numbers are accepted elsewhere, since YAML turns a name of digits into one.
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _wrong(option, label, "text")
    text = str(value).strip()
    if not text.isprintable():
        raise _wrong(option, label, "text without control characters")
    if option.choices and text not in option.choices:
        raise _wrong(option, label, f"one of {', '.join(option.choices)}")
    return text


def _path(value: t.Any, option: Option, label: str) -> str:
    if option.pem and is_pem(value):
        try:
            return whole_pem(value)
        except ValueError:
            raise ConfigError(
                f"{option.name} from {label} begins like PEM text, but has no block with an END line",
                hint=f"Give {option.name} from BEGIN to END, or the path of a file",
            ).with_context(option=option.name) from None
    text = _string(value, option, label)
    return text if text == FROM_ENVIRONMENT else os.path.abspath(os.path.expanduser(os.path.expandvars(text)))


_CONVERTERS: dict[str, t.Callable[[t.Any, Option, str], t.Any]] = {
    "bool": _boolean,
    "float": _number,
    "int": _count,
    "str": _string,
    "path": _path,
}


def where_to_set(name: str) -> str:
    """The sentence that lists all the places where an option can be set."""
    option = next(option for option in OPTIONS if option.name == name)
    return (
        f"Set the option {name}, the variable {option.variable}, the environment variable {option.env} (of Ansible "
        "itself: lookups do not see the environment of a play or task), "
        f"{name} in section [{INI_SECTION}] of ansible.cfg, or {option.env} in the configuration file of the DSM CLI"
    )


def _check(settings: Settings) -> None:
    if settings.auth_method == "aws":
        raise ConfigError(
            "auth_method aws is not possible: the vendor publishes no wire format for AWS signatures",
            hint="Use auth_method oauth2, with an authorization of the same DSM application",
        ).with_context(option="auth_method")
    needed = {
        "oauth1": ("url", "consumer_key", "consumer_secret", "token_key", "token_secret"),
    }.get(settings.auth_method, ("url", "client_id", "client_secret"))
    for name in needed:
        if getattr(settings, name) is None:
            raise ConfigError(f"{name} is not set", hint=where_to_set(name)).with_context(option=name)


_URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/\[\]-]+\Z")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9.])?\Z")
_LONGEST_LABEL = 63


def check_url(url: str, *, allow_http: bool) -> str:
    """Return the base URL in normal form (scheme, host in IDNA, port, no trailing slash). Raises ConfigError.

    http:// needs ``allow_http``; user names, query and fragment have no place in a base URL.
    """

    def refuse(message: str, hint: str) -> t.NoReturn:
        raise ConfigError(f"url {message}", hint=hint).with_context(option="url")

    example = "Give it as https://HOST or https://HOST:PORT"
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        refuse("must be a valid URL", example)
    if parts.scheme not in ("https", "http"):
        refuse("must begin with https://", example)
    if parts.scheme == "http" and not allow_http:
        refuse(
            "begins with http://, which everybody on the network can read", "Use https://, or set allow_http for tests"
        )
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url or not host:
        refuse("must have scheme and host, and may have port and path, but nothing else", example)
    name = _host(host) or refuse("must have a valid host name", example)
    path = parts.path.rstrip("/")
    if ".." in path or "//" in path or (path and not _URL_CHARACTERS.match(path)):
        refuse("must have a plain path, or none", example)
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}"


def _host(host: str) -> str:
    """The host as it stands in a URL: IPv6 in brackets, names in IDNA; "" if it is neither name nor address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = _ascii(host).lower()
        return name if _NAME.match(name) else ""
    return f"[{address}]" if address.version == 6 else str(address)


def _ascii(host: str) -> str:
    """A host name in IDNA; "" if it has none."""
    if host.isascii():
        # As IDNA would have it, whose tables take longer to load than all options together.
        labels = host.removesuffix(".").split(".")
        return host if all(0 < len(label) <= _LONGEST_LABEL for label in labels) else ""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
