# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils import keypair
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.errors import Unsupported
    from ansible_collections.community.senhasegura.plugins.module_utils.models import KeyRotation
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import Plan
    from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
    from ansible_collections.community.senhasegura.plugins.modules.ssh_key_rotate import ARGUMENT_SPEC
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import waiting

PAIR_OPTIONS = ("type", "bits", "passphrase", "comment")


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    thing = "SSH key"

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        keys, ref, pace = client.ssh_keys, parse_reference(params["ssh_key"], option="ssh_key"), waiting(params)
        by_server = params["wait"] or keys.server_rotates()
        given = ", ".join(name for name in PAIR_OPTIONS if params[name] is not None)
        if by_server and given:
            raise Unsupported(
                f"the server makes the new key pair by itself, so {given} cannot be chosen", hint=f"Leave out {given}"
            )
        pair = None if by_server else _new_pair(params)
        if check_mode:
            before = keys.rotatable(ref, by_server=by_server)
            return _result(KeyRotation(before.id, before.identifier, previous_public_key=before.public_key))
        if pair is None:
            return _result(keys.rotate_by_server(ref, **pace))
        return _result(keys.replace(ref, pair, keep_previous=params["keep_previous"]))


def _new_pair(params: Params) -> keypair.KeyPair:
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
    return keypair.fingerprint(public_key) if public_key else None
