# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replace the key pair of an SSH key in the vault."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..errors import Unsupported
from ..models import KeyRotation
from ..plan import Plan
from ..references import parse_reference
from ..settings.options import argument_spec
from ..specs import WAITING
from .apply import do_or_predict
from .parameters import wait_options
from .results import Params, Result

if t.TYPE_CHECKING:
    from ..keypair import KeyPair

NOUN = "SSH key"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **WAITING,
    "ssh_key": {"type": "str", "required": True, "no_log": False},
    "mode": {"type": "str", "choices": ["client", "vault"]},
    "wait": {"type": "bool", "default": True},
    "type": {"type": "str", "choices": ["ed25519", "ecdsa", "rsa"]},
    "bits": {"type": "int"},
    "passphrase": {"type": "str", "no_log": True},
    "comment": {"type": "str"},
    "keep_previous": {"type": "bool", "default": True},
}
RULES: dict[str, t.Any] = {}
_PAIR_OPTIONS = ("type", "bits", "passphrase", "comment")


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Replace the key pair and return both fingerprints.

    Raises Unsupported for options of a pair that the server makes, and Refused if the pair cannot be replaced.
    """
    keys, ref, pace = client.ssh_keys, parse_reference(params["ssh_key"], option="ssh_key"), wait_options(params)
    by_server = params["mode"] == "vault" or keys.server_rotates()
    if by_server and params["mode"] == "client":
        raise Unsupported(
            "in this dialect the server makes the new key pair", hint="Leave mode out, or set it to vault"
        ).with_context(option="mode")
    given = ", ".join(name for name in _PAIR_OPTIONS if params[name] is not None)
    if by_server and given:
        raise Unsupported(
            f"the server makes the new key pair by itself, so {given} cannot be chosen", hint=f"Leave out {given}"
        )
    # Made before anything is asked: options that make no pair are an error in check mode as well.
    pair = None if by_server else keys.new_pair(lambda: _new_pair(params))

    def rotate() -> KeyRotation:
        if pair is None:
            return keys.rotate_by_server(ref, **pace)
        return keys.replace(ref, pair, keep_previous=params["keep_previous"])

    def predict() -> KeyRotation:
        before = keys.rotatable(ref, by_server=by_server)
        return KeyRotation(before.id, before.identifier, previous_public_key=before.public_key)

    return _result(do_or_predict(check_mode, rotate, predict))


def _new_pair(params: Params) -> KeyPair:
    # Imported lazily, here and below: cryptography takes 25 ms, for which all runs with modules would wait.
    from .. import keypair

    return keypair.generate(
        params["type"] or keypair.KEY_TYPES[0],
        bits=params["bits"],
        passphrase=params["passphrase"] or None,
        comment=params["comment"] or "",
    )


def _result(rotation: KeyRotation) -> Result:
    before, after = (_fingerprint(key) for key in (rotation.previous_public_key, rotation.public_key))
    ssh_key: dict[str, t.Any] = {
        "id": rotation.id,
        "identifier": rotation.identifier,
        "public_key": rotation.public_key,
        "fingerprint": after,
        "previous_fingerprint": before,
        "previous_identifier": rotation.previous_identifier,
    }
    return {**Plan("update", {"fingerprint": before}, {"fingerprint": after}).result(), "ssh_key": ssh_key}


def _fingerprint(public_key: str | None) -> str | None:
    from ..keypair import fingerprint

    return fingerprint(public_key) if public_key else None
