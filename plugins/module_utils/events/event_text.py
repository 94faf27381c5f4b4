# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make texts of events harmless for what comes after: rules, logs, and the templates of Ansible.

ansible-rulebook hands an event to a playbook as an extra variable, and Ansible evaluates templates in extra variables.
So whoever can send a line, or name a device, could have the controller run anything.
"""

from __future__ import annotations

import re

from ..redaction import printable

# What begins a template is taken apart. A template that never begins needs no end.
_TEMPLATE = re.compile(r"\{(?=[{%#])")
_UNUSABLE = re.compile(r"[^A-Za-z0-9_]")


def harmless(text: str) -> str:
    """Return text as one printable line that no template begins in: V({{) becomes V({ {)."""
    # In this order: what printable() takes out may stand between two braces.
    return _TEMPLATE.sub("{ ", printable(text))


def field_name(name: str) -> str:
    """Return a name that conditions of rules can use: letters, digits and underscores."""
    return _UNUSABLE.sub("_", name)
