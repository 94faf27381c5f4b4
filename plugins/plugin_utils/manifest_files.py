# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write Kubernetes objects to files on the controller, one each. A file with a Secret is for its owner alone."""

from __future__ import annotations

import os
import typing as t

import yaml

from ..module_utils.errors import ConfigError
from ..module_utils.external_secrets import manifests
from ..module_utils.external_secrets.manifests import Manifest
from .controller_files import read, replace, sweep
from .quoted_yaml import QuotingDumper

_PRIVATE, _PUBLIC = 0o600, 0o644
# Of the user who runs Ansible, and of those whom the umask lets in.
_FOLDER = 0o750
_HEAD = "# Rendered by Ansible (community.senhasegura.external_secrets): change the play instead.\n---\n"


def to_yaml(manifest: Manifest) -> str:
    """Return an object as a YAML document, with its keys in the given order."""
    text: str = yaml.dump(manifest, Dumper=QuotingDumper, sort_keys=False, allow_unicode=True, width=10**6)
    return text


def file_name(manifest: Manifest) -> str:
    """Return the name of the file of an object. Names in Kubernetes have neither slash nor underscore."""
    parts = (manifests.kind(manifest).lower(), manifests.namespace(manifest), manifests.name(manifest))
    return "_".join(part for part in parts if part) + ".yml"


def write(folder: str, objects: t.Sequence[Manifest], *, check_mode: bool) -> tuple[bool, list[dict[str, str]]]:
    """Write the objects that are not there yet. Return whether there were any, and what differs, without secrets.

    At any time there is the old file or the new one. Raises ConfigError if a file cannot be written.
    """
    changed, differences = False, []
    try:
        if not check_mode:
            os.makedirs(folder, mode=_FOLDER, exist_ok=True)
        for manifest in objects:
            path = os.path.join(folder, file_name(manifest))
            mode = _PRIVATE if manifests.kind(manifest) == "Secret" else _PUBLIC
            data = (_HEAD + to_yaml(manifest)).encode()
            if not check_mode:
                sweep(path)
            held, held_mode = read(path)
            if held == data and (held_mode == mode or mode != _PRIVATE):
                continue
            changed = True
            differences.append(_difference(path, held, manifest))
            if not check_mode:
                replace(path, data, mode)
    except OSError as exc:
        raise ConfigError(
            f"the manifests cannot be written: {exc.filename or folder}: {exc.strerror or type(exc).__name__}",
            hint="Set dest to a folder on the controller that this user may create or write. Links are not followed",
        ).with_context(option="dest") from None
    return changed, differences


def _difference(path: str, held: bytes | None, manifest: Manifest) -> dict[str, str]:
    """Return the two texts that C(--diff) compares, with neither values of a Secret nor a client id."""
    before = ""
    if held is not None:
        try:
            known = yaml.safe_load(held)
        except (yaml.YAMLError, ValueError):
            known = None
        # Anything else may be a secret as well.
        ours = isinstance(known, dict) and manifests.kind(known) == manifests.kind(manifest)
        before = to_yaml(manifests.without_secrets(known)) if ours else "(not shown)\n"
    after = to_yaml(manifests.without_secrets(manifest))
    return {"before": before, "after": after, "before_header": path, "after_header": path}
