# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checked settings of one client and of one run, and how they are resolved from several sources.

``resolve`` merges the sources: option > variable > environment > ini > configuration file of the DSM CLI > default,
which is the order of Ansible's own options. It is pure; the edges (plugin_utils) collect the sources.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
import urllib.parse

from ..errors import ConfigError
from ..pem import is_pem, private_parts, whole_pem
from ..redaction import SecretStr
from ..retry import MAX_RETRIES
from .options import (
    DEFAULTS,
    FROM_ENVIRONMENT,
    MYSAFE_OPTIONS,
    MYSAFE_RUN_OPTIONS,
    OPTIONS,
    RUN_OPTIONS,
    Option,
    is_set,
    takes_text_only,
    where_to_set,
)
from .url import check_url, shown_host


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """The checked options of a run, one field for each of C(RUN_OPTIONS).

    ``cache_ttl`` is in seconds; None means until the run ends.
    """

    broker: bool = DEFAULTS["broker"]
    cache_ttl: float | None = DEFAULTS["cache_ttl"]
    custody: str = DEFAULTS["custody"]
    on_ciphertext: str = DEFAULTS["on_ciphertext"]


@dataclasses.dataclass(frozen=True)
class Settings:
    """The checked connection settings of one client, one field for each of C(OPTIONS) but config_file.

    ``timeout`` is in seconds; paths are expanded. A value that may be a path or PEM text is PEM text if C(pem.is_pem)
    says so.
    """

    url: str
    client_id: SecretStr | None = DEFAULTS["client_id"]
    client_secret: SecretStr | None = DEFAULTS["client_secret"]
    tenant: str | None = DEFAULTS["tenant"]
    dialect: str = DEFAULTS["dialect"]
    auth_method: str = DEFAULTS["auth_method"]
    consumer_key: SecretStr | None = DEFAULTS["consumer_key"]
    consumer_secret: SecretStr | None = DEFAULTS["consumer_secret"]
    token_key: SecretStr | None = DEFAULTS["token_key"]
    token_secret: SecretStr | None = DEFAULTS["token_secret"]
    decryption_key: SecretStr | None = DEFAULTS["decryption_key"]
    validate_certs: bool = DEFAULTS["validate_certs"]
    ca_path: str | None = DEFAULTS["ca_path"]
    client_cert: SecretStr | None = DEFAULTS["client_cert"]
    client_key: SecretStr | None = DEFAULTS["client_key"]
    timeout: float = DEFAULTS["timeout"]
    retries: int | None = DEFAULTS["retries"]
    proxy: SecretStr | None = DEFAULTS["proxy"]
    allow_http: bool = DEFAULTS["allow_http"]

    @property
    def server(self) -> str:
        """Return the base URL as errors name it: always with the port, never with user and password."""
        parts = urllib.parse.urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        return f"{parts.scheme}://{shown_host(host)}:{port}{parts.path.rstrip('/')}"

    def secrets(self) -> list[str]:
        """Return the values that must not turn up in any text."""
        found: list[str] = []
        for option in OPTIONS:
            value = getattr(self, option.name, None)
            if isinstance(value, SecretStr):
                # Paths and certificates are no secrets; in a text they would hide what it says.
                found += private_parts(value.reveal()) if option.pem else [value.reveal()]
        return found

    def state(self) -> dict[str, t.Any]:
        """Return the settings as plain data, secrets in clear: only for the memory of the broker."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value.reveal() if isinstance(value, SecretStr) else value for name, value in values.items()}

    @classmethod
    def from_state(cls, state: t.Mapping[str, t.Any]) -> Settings:
        """Return the settings that ``state`` gave."""
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


def environment_source(environ: t.Mapping[str, t.Any], place: str = "the environment variable {}") -> Source:
    """Return environment variables, or the configuration file (same names), as a source. ``place`` names one."""

    def lookup(option: Option) -> t.Any:
        value = environ.get(option.env)
        if is_set(value) or not option.inverse_env:
            return value
        inverse = environ.get(option.inverse_env)
        return None if not is_set(inverse) else not _boolean(inverse, option, place.format(option.inverse_env))

    return Source(lookup, lambda option: place.format(option.env))


def find_value(option: Option, sources: t.Iterable[Source]) -> t.Any:
    """Return the first value that is set, or the default, checked and converted. Raises ConfigError."""
    for source in sources:
        value = source.lookup(option)
        if is_set(value):
            return _CONVERTERS[option.type](value, option, source.label(option))
    return option.default


def resolve(
    sources: t.Sequence[Source], where: t.Callable[[str], str] = where_to_set, *, mysafe: bool = False
) -> Settings:
    """Merge the sources (most important first) and check the result. Raises ConfigError.

    :param where: returns the sentence that says where an option that is missing can be set
    :param mysafe: whether the client is an access key for MySafe, which has options of its own. Its paths and that of
        its token are those of C(api) in all releases (http-api.md 3.8).
    """
    options = MYSAFE_OPTIONS if mysafe else OPTIONS
    values: dict[str, t.Any] = {"dialect": "api"} if mysafe else {}
    for option in options:
        if option.name == "config_file":
            continue
        value = find_value(option, sources)
        values[option.field] = SecretStr(value) if option.secret and value is not None else value
    settings = Settings(**values)
    _check(settings, {option.field: option.name for option in options}, where)
    return dataclasses.replace(settings, url=check_url(settings.url, allow_http=settings.allow_http))


def resolve_run(sources: t.Sequence[Source], *, mysafe: bool = False) -> RunSettings:
    """Merge the sources of the options of a run. Raises ConfigError."""
    options = MYSAFE_RUN_OPTIONS if mysafe else RUN_OPTIONS
    return RunSettings(**{option.name: find_value(option, sources) for option in options})


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


def _check(settings: Settings, options: t.Mapping[str, str], where: t.Callable[[str], str]) -> None:
    """Refuse settings that cannot work. Raises ConfigError.

    :param options: the option that sets a field, by the name of the field
    :param where: returns the sentence that says where that option can be set
    """
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
            option = options[name]
            raise ConfigError(f"{option} is not set", hint=where(option)).with_context(option=option)
