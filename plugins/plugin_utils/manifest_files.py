# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write Kubernetes objects to files on the controller, one each. A file with a Secret is for its owner alone."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import typing as t

import yaml

from ..module_utils.errors import ConfigError
from ..module_utils.external_secrets import manifests
from ..module_utils.external_secrets.manifests import Manifest
from .secrets_file.on_host import private_files

_PRIVATE, _PUBLIC = 0o600, 0o644
# Of the user who runs Ansible, and of those whom the umask lets in.
_FOLDER = 0o750
_HEAD = "# Rendered by Ansible (community.senhasegura.external_secrets): change the play instead.\n---\n"


class _Dumper(yaml.SafeDumper):
    """Quotes each text that another reader of YAML might take for something else, such as C(1e3) or C(on)."""

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


_PLAIN = re.compile(r"[A-Za-z][-A-Za-z0-9._/]*\Z")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.match(text) and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _represent_text)


def to_yaml(manifest: Manifest) -> str:
    """Return an object as a YAML document, with its keys in the given order."""
    text: str = yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
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
                _sweep(path)
            held, held_mode = _read(path)
            if held == data and (held_mode == mode or mode != _PRIVATE):
                continue
            changed = True
            differences.append(_difference(path, held, manifest))
            if not check_mode:
                _replace(path, data, mode)
    except OSError as exc:
        raise ConfigError(
            f"the manifests cannot be written: {exc.filename or folder}: {exc.strerror or type(exc).__name__}",
            hint="Set dest to a folder on the controller that this user may create or write. Links are not followed",
        ).with_context(option="dest") from None
    return changed, differences


def _read(path: str) -> tuple[bytes | None, int]:
    """Return content and mode of a file, or None and 0 if there is none. Raises OSError, also for a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None, 0
    with open(descriptor, "rb") as file:
        return file.read(), stat.S_IMODE(os.fstat(descriptor).st_mode)


def _sweep(path: str) -> None:
    """Remove what a killed run has left beside a file. Raises OSError."""
    with _folder_of(path) as folder:
        private_files.sweep(folder, os.path.basename(path))


def _replace(path: str, data: bytes, mode: int) -> None:
    """Put a file with this mode in the place of another one, or of none. Raises OSError."""
    with _folder_of(path) as folder:
        private_files.put(folder, os.path.basename(path), data, mode, (private_files.SAME, private_files.SAME))


@contextlib.contextmanager
def _folder_of(path: str) -> t.Iterator[int]:
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)


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
