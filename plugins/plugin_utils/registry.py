# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell ansible-core which texts are secret, where it wants to know: from 2.22 on it masks them in all its output."""

from __future__ import annotations

import typing as t

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    register_secrets = None

# A short text would be masked in the middle of ordinary words.
_SHORTEST = 4


def register(secrets: t.Iterable[t.Any]) -> None:
    """Register secrets in each form in which they may turn up. Does nothing before ansible-core 2.22."""
    if register_secrets is None:
        return
    from ansible_collections.community.senhasegura.plugins.module_utils.secrecy import encoded_forms

    texts = {secret for secret in secrets if isinstance(secret, str) and len(secret) >= _SHORTEST}
    register_secrets({form for secret in texts for form in encoded_forms(secret)})
