# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module external_secrets: make the objects, check them, compare them with DSM, write them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils.errors import ConfigError
from ..module_utils.external_secrets import manifests
from ..module_utils.external_secrets.build import EsoClient, build
from ..module_utils.external_secrets.guide_form import correct
from ..module_utils.external_secrets.manifest_rules import problems
from ..module_utils.external_secrets.manifests import Manifest
from ..module_utils.operations import external_secrets
from ..module_utils.operations.results import NO_LOG, Params, Result
from ..module_utils.redaction import SecretStr
from ..module_utils.settings.settings import RunSettings, Settings
from . import manifest_files
from .masking import register
from .vault_action import VaultAction


class ExternalSecretsAction(VaultAction):
    """Only the comparison with DSM needs the server, and is the operation. Values of Secrets stay in this process."""

    operation = external_secrets

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        register(manifests.secret_values(params["manifests"] or []))
        given = params["manifests"]
        if given is None:
            given = build(params, _client(settings, params))
        client_id = settings.client_id.reveal() if settings.client_id else ""
        objects, warnings = correct(
            given, api_version=params["api_version"], namespace=params["namespace"], client_id=client_id
        )
        if wrong := problems(objects):
            raise ConfigError("; ".join(wrong), hint="Correct the options: nothing was rendered")
        checked: Result = {"checked": 0, "warnings": []}
        if params["check_dsm"]:
            # As ESO reads them, which has no such key.
            as_eso = dataclasses.replace(settings, decryption_key=None)
            wanted = [manifest for manifest in objects if manifests.kind(manifest) == "ExternalSecret"]
            checked = super().perform(as_eso, run, {**params, "manifests": wanted}, check_mode)
            warnings += _other_client(objects, client_id)
        warnings = [*warnings, *checked["warnings"]]
        result: Result = {"changed": False, "objects": _listed(objects, params["dest"]), "checked": checked["checked"]}
        if params["dest"]:
            changed, differences = manifest_files.write(params["dest"], objects, check_mode=check_mode)
            result.update(changed=changed, **({"diff": differences} if self._task.diff else {}))
        if params["include_manifests"]:
            result.update(manifests=objects, **NO_LOG)
        return {**result, "warnings": warnings}


def _client(settings: Settings, params: Params) -> EsoClient:
    """Return the client that goes into the store. Raises ConfigError if it is not one for OAuth 2."""
    if not params["create_store"]:
        return EsoClient("", "", "")
    wanted: tuple[tuple[str, SecretStr | None], ...] = (
        ("client_id", settings.client_id),
        ("client_secret", settings.client_secret),
    )
    for name, value in wanted:
        needed = name == "client_id" or params["create_auth_secret"]
        if value is None and needed:
            raise ConfigError(
                f"{name} is needed for the store: ESO logs in with OAuth 2 and nothing else",
                hint=f"Set {name} of the DSM authorization that ESO uses, or create_store=false",
            ).with_context(option=name)
    texts = [value.reveal() if value else "" for _name, value in wanted]
    return EsoClient(params["store_url"] or settings.url, *texts)


def _other_client(objects: t.Iterable[Manifest], client_id: str) -> list[str]:
    """Return a warning for each store with another client than the one that has looked."""
    return [
        f"{manifests.label(store)}: its client is another one than that of this task, which DSM was compared with: "
        "each sees the secrets of its own authorization"
        for store in objects
        if (block := manifests.provider(store)) and manifests.inside(block, "auth", "clientId") != client_id
    ]


def _listed(objects: t.Iterable[Manifest], folder: str | None) -> list[dict[str, str | None]]:
    """Return what was made, without anything in it."""
    return [
        {
            "kind": manifests.kind(manifest),
            "namespace": manifests.namespace(manifest) or None,
            "name": manifests.name(manifest),
            "path": f"{folder.rstrip('/')}/{manifest_files.file_name(manifest)}" if folder else None,
        }
        for manifest in objects
    ]
