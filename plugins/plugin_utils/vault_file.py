# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the file of variables that has an exported vault."""

from __future__ import annotations

import typing as t

import yaml

from ..module_utils.errors import ConfigError
from .controller_files import read, replace, sweep
from .quoted_yaml import QuotingDumper, represent_text

# The variable in the file.
VARIABLE = "senhasegura_vault"
# It has no secrets, but says which accounts there are.
_MODE = 0o640
_HEAD = "# Exported by Ansible (community.senhasegura.vault_export). It has no secrets.\n---\n"
_TEMPLATE_MARKS = ("{{", "{%", "{#")


class _Dumper(QuotingDumper):
    """Marks each text that Ansible would take for a template: what is in a vault must not run on the controller."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if any(mark in text for mark in _TEMPLATE_MARKS):
        return dumper.represent_scalar("!unsafe", text, style='"')
    return represent_text(dumper, text)


_Dumper.add_representer(str, _represent_text)


def to_text(vault: t.Mapping[str, t.Any]) -> str:
    """Return the content of the file. The same vault has the same content."""
    document = {VARIABLE: dict(vault)}
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return _HEAD + text


def write(path: str, vault: t.Mapping[str, t.Any], *, check_mode: bool) -> tuple[bool, dict[str, str]]:
    """Write the file unless it has the same content. Return whether it differs, and the two texts for C(--diff).

    :param path: absolute
    Raises ConfigError if it cannot be written.
    """
    text = to_text(vault)
    try:
        if not check_mode:
            sweep(path)
        held, _mode = read(path)
        if held == text.encode():
            return False, {}
        if not check_mode:
            replace(path, text.encode(), _MODE)
    except OSError as exc:
        raise ConfigError(
            f"the export cannot be written: {exc.filename or path}: {exc.strerror or type(exc).__name__}",
            hint="Set dest to a file in a folder of the controller that this user may write. Links are not followed",
        ).with_context(option="dest") from None
    before = "" if held is None else held.decode("utf-8", "replace")
    return True, {"before": before, "after": text, "before_header": path, "after_header": path}
