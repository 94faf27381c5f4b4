# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say which texts are templates, for variables that a plugin makes, on each supported ansible-core.

From 2.19 on, a text is a template if it is marked as trusted, and no other one. Before, each text of a variable is a
template, unless it is marked as unsafe.
"""

from __future__ import annotations

import typing as t

try:
    from ansible.template import trust_as_template
except ImportError:
    trust_as_template = None


def template(text: str) -> str:
    """Return a text that Ansible evaluates when the variable is used. It must hold nothing of a server."""
    trusted: str = trust_as_template(text) if trust_as_template else text
    return trusted


def no_template(value: t.Any) -> t.Any:
    """Return a value, and what is in it, in which Ansible evaluates nothing."""
    if trust_as_template:
        # Plain texts are not trusted.
        return value
    from ansible.utils.unsafe_proxy import wrap_var

    return wrap_var(value)
