# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write YAML whose texts are texts for each reader of it."""

from __future__ import annotations

import re
import typing as t

import yaml


class QuotingDumper(yaml.SafeDumper):
    """Quotes each text that another reader of YAML might take for something else, such as C(1e3) or C(on)."""

    def ignore_aliases(self, data: t.Any) -> bool:
        """Write equal values again each time."""
        return True


_PLAIN = re.compile(r"[A-Za-z][-A-Za-z0-9._/]*\Z")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Return a text as YAML has it."""
    plain = _PLAIN.match(text) and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


QuotingDumper.add_representer(str, represent_text)
