# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credential plugins for AWX and Automation Platform: a field of a credential or SSH key, and of a DevOps secret.

AWX calls a backend once for each linked field of each job, in processes that live long. It shows the class of an error
to whoever tests a link, and its text to whoever may see the job: so classes tell what is wrong, and texts hold no value
and no words of the server.
"""

from __future__ import annotations

import collections
import contextlib
import importlib.resources
import json
import os
import threading
import time
import typing as t

from . import exceptions
from ._core import errors
from ._core.pem import is_pem
from ._core.redaction import printable
from ._core.settings.options import FROM_ENVIRONMENT
from ._core.settings.settings import Settings
from ._core.transport.failures import UNTRUSTED
from .a2a import A2A
from .custody import log
from .fields import CREDENTIAL, MAIN_FIELD, SECRET, SSH_KEY, read_field
from .sources import from_arguments

# A client, and with it its token, is used again for so many seconds, and there are so many at most.
CLIENT_LIFETIME = 300.0
MOST_CLIENTS = 50


class CredentialPlugin(t.NamedTuple):
    """A plugin as AWX reads it. The same as the class of that name in awx_plugins, which need not be there."""

    name: str
    inputs: dict[str, t.Any]
    backend: t.Callable[..., str]
    plugin_description: str = ""


class LookupFailed(Exception):
    """The value could not be read. Each class below says why."""


class SettingsWrong(LookupFailed):
    """A field of the credential in AWX cannot be used."""


class CertificateNotTrusted(LookupFailed):
    """The certificate of the server is not signed by what CA content names, or is for another host."""


class ServerNotReached(LookupFailed):
    """There is no connection to the server."""


class ServerBusy(LookupFailed):
    """The server, or the gateway before it, has no time now."""


class NoAnswer(LookupFailed):
    """The server has not answered in time."""


class UnexpectedAnswer(LookupFailed):
    """What answers is no senhasegura server, or one of another dialect."""


class LoginRefused(LookupFailed):
    """The server does not accept client id and client secret."""


class AccessDenied(LookupFailed):
    """The authorization of the client does not cover this."""


class SecretNotFound(LookupFailed):
    """There is no such credential, key or secret, or the authorization does not show it."""


class FieldNotFound(LookupFailed):
    """The credential, key or secret is there, and has no such field, or it is empty."""


class ReleaseRefused(LookupFailed):
    """To give custody back would make the vault change the password."""


# The first that fits.
_CLASSES: tuple[tuple[type[errors.SenhaseguraError], type[LookupFailed]], ...] = (
    (errors.ConfigError, SettingsWrong),
    (errors.ConnectionFailed, ServerNotReached),
    (errors.ServerBusy, ServerBusy),
    (errors.ResponseLost, NoAnswer),
    (errors.UnexpectedResponse, UnexpectedAnswer),
    (errors.AuthenticationFailed, LoginRefused),
    (errors.Denied, AccessDenied),
    (exceptions.FieldNotFound, FieldNotFound),
    (errors.NotFound, SecretNotFound),
    (errors.Refused, ReleaseRefused),
)


@contextlib.contextmanager
def _telling() -> t.Iterator[None]:
    """Turn errors of the client into those of the plugins. The server's own words go to the log of AWX only."""
    try:
        yield
    except errors.SenhaseguraError as exc:
        log.info("%s", exc)
        found = next((telling for kind, telling in _CLASSES if isinstance(exc, kind)), LookupFailed)
        found = CertificateNotTrusted if exc.message.startswith(UNTRUSTED) else found
        place = exc.context.place(exc.message)
        parts = (f"{exc.message} ({place})" if place else exc.message, exc.hint)
        raise found(printable(". ".join(part for part in parts if part))) from None


class _Clients:
    """The clients of this process, by their settings. Safe for threads and forks."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin without any: a fork must not use the connections and locks of its parent."""
        self._lock = threading.Lock()
        self._known: collections.OrderedDict[Settings, tuple[float, A2A]] = collections.OrderedDict()

    def client(self, settings: Settings) -> A2A:
        """Return the client with these settings."""
        now = time.monotonic()
        with self._lock:
            # The oldest come first.
            while self._known and next(iter(self._known.values()))[0] < now - CLIENT_LIFETIME:
                self._known.popitem(last=False)
            if settings not in self._known:
                self._known[settings] = (now, A2A.from_settings(settings))
                if len(self._known) > MOST_CLIENTS:
                    self._known.popitem(last=False)
            return self._known[settings][1]


_clients = _Clients()
os.register_at_fork(after_in_child=_clients.forget)


def _client(given: t.Mapping[str, t.Any]) -> A2A:
    """Return the client for the fields of a credential in AWX."""
    options: dict[str, t.Any] = {}
    for field in _FIELDS:
        name, value = field["id"], given.get(field["id"])
        if not name.endswith("_content"):
            options[name] = value
        elif value and not is_pem(value):
            # It would be taken for the path of a file on this machine.
            raise errors.ConfigError(f"{name} must be PEM text", hint="Give it from BEGIN to END")
        else:
            options[_OPTIONS.get(name, name.removesuffix("_content"))] = value
    options["validate_certs"] = not options.pop("skip_tls_verify")
    # AWX sets the proxies of its settings in the environment, as its own plugins want it.
    options["proxy"] = options["proxy"] or FROM_ENVIRONMENT
    return _clients.client(from_arguments(options, log.warning))


def pam_backend(**given: t.Any) -> str:
    """Return a field of a credential or SSH key, for AWX. Raises LookupFailed.

    :param given: the fields and the metadata of the plugin; AWX leaves out those that are empty, and sets no default
    """
    with _telling():
        kind = given.get("secret_type") or CREDENTIAL
        if kind not in MAIN_FIELD:
            raise errors.ConfigError(f"secret_type must be one of {', '.join(MAIN_FIELD)}", hint="Correct it there")
        field = given.get("secret_field") or MAIN_FIELD[kind]
        release = given.get("custody") == "release"
        return read_field(_client(given), kind, given.get("secret_id") or "", field, release=release)


def dsm_backend(**given: t.Any) -> str:
    """Return the value of a DevOps secret under a key, for AWX. Raises LookupFailed.

    :param given: as for pam_backend
    """
    with _telling():
        name, key = given.get("secret_id"), given.get("secret_field")
        if not name or not key:
            raise errors.ConfigError("secret_id and secret_field must be set", hint="Set both in the link")
        return read_field(_client(given), SECRET, name, key)


def _metadata(id_: str, label: str, help_text: str, **more: t.Any) -> dict[str, t.Any]:
    return {"id": id_, "label": label, "type": "string", "help_text": help_text, **more}


def _inputs(metadata: list[dict[str, t.Any]], *required: str) -> dict[str, t.Any]:
    return {"fields": _FIELDS, "metadata": metadata, "required": [*_GENERATED["required"], *required]}


# The same fields as those of the credential type in extensions/awx of the collection (scripts/generate.py).
_GENERATED = json.loads(importlib.resources.files(__package__).joinpath("awx_fields.json").read_text("utf-8"))
_FIELDS: list[dict[str, t.Any]] = _GENERATED["fields"]
# Options of fields that are not called like them.
_OPTIONS = {"ca_content": "ca_path"}

pam_plugin = CredentialPlugin(
    "senhasegura PAM",
    _inputs(
        [
            _metadata("secret_id", "Credential or SSH key", "Its id, its identifier, or username@hostname."),
            _metadata(
                "secret_type",
                "Type",
                "What the name above is a name of.",
                choices=[CREDENTIAL, SSH_KEY],
                default=CREDENTIAL,
            ),
            _metadata(
                "secret_field",
                "Field",
                "Of a credential: password (default), username, hostname, ip, domain and others. Of an SSH key:"
                " private_key (default), public_key, passphrase, username and others. Only password, keys, passphrase"
                " and what no list shows take custody.",
            ),
            _metadata(
                "custody",
                "Custody",
                "keep leaves it to the server when the custody ends; release gives it back right after the read, which"
                " is refused for what the vault would then change.",
                choices=["keep", "release"],
                default="keep",
            ),
        ],
        "secret_id",
    ),
    pam_backend,
    "Read a password, SSH key or another field from the PAM of senhasegura (Segura)",
)
dsm_plugin = CredentialPlugin(
    "senhasegura DevOps Secret Manager",
    _inputs(
        [
            _metadata("secret_id", "Secret", "The identifier of the DevOps secret."),
            _metadata("secret_field", "Key", "The key in the data of the secret whose value is wanted."),
        ],
        "secret_id",
        "secret_field",
    ),
    dsm_backend,
    "Read a value of a DevOps secret of senhasegura (Segura)",
)
