# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell ansible-core which texts are secret, where it wants to know: from 2.22 on it masks them in all its output."""

from __future__ import annotations

import os
import typing as t

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    register_secrets = None

# A short text would be masked in the middle of ordinary words.
_SHORTEST = 4
# Those of the connection, as options.py has them: each worker of a lookup needs the names, and not all of that file.
CONNECTION = (
    *("client_id", "client_secret", "consumer_key", "consumer_secret", "token_key", "token_secret", "proxy"),
    *("mysafe_client_id", "mysafe_client_secret"),
)
PEM = ("decryption_key", "client_cert", "client_key", "mysafe_decryption_key")


def register(secrets: t.Iterable[t.Any]) -> None:
    """Register secrets in each form in which they may turn up. Does nothing before ansible-core 2.22."""
    if register_secrets is None:
        return
    from ..module_utils.redaction import encoded_forms

    texts = {secret for secret in secrets if isinstance(secret, str) and len(secret) >= _SHORTEST}
    register_secrets({form for secret in texts for form in encoded_forms(secret)})


def register_options(*sources: t.Mapping[str, t.Any]) -> None:
    """Register the secrets among the options of a connection, and those in the environment, before anything is done.

    Those in files are registered when they are read.
    """
    if register_secrets is None:
        return
    environment = {name: os.environ.get(f"SENHASEGURA_{name.upper()}") for name in (*CONNECTION, *PEM)}
    for source in (*sources, environment):
        register(source.get(name) for name in CONNECTION)
        register_pem(source.get(name) for name in PEM)


def register_pem(values: t.Iterable[t.Any]) -> None:
    """Register private keys that are given as text. Paths and certificates are no secrets."""
    if register_secrets is None:
        return
    from ..module_utils.pem import is_pem, private_parts, whole_pem

    for value in values:
        if is_pem(value) and "PRIVATE KEY" in value:
            try:
                register([value, *private_parts(whole_pem(value))])
            except ValueError:
                # It has no end, so it is refused later.
                register([value])


def register_arguments(arguments: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """Register the secrets among the arguments of a task, before they are checked: an error may be the first result.

    :param arguments: as the task has them
    :param spec: an argument spec, which says by C(no_log) what is secret, in the options of an option too
    """
    if register_secrets is None:
        return
    from ..module_utils.models import texts

    for name, entry in spec.items():
        value = arguments.get(name)
        if name in PEM:
            register_pem([value])
        elif entry.get("no_log"):
            register(texts(value))
        elif "options" in entry:
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    register_arguments(part, entry["options"])
