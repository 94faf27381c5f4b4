# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test what the options of a run and of a plugin mean for the cache."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import RunSettings
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy, policy_of


@pytest.mark.parametrize(
    ("run", "options", "ttl", "expected"),
    [
        (RunSettings(), {}, None, CachePolicy()),
        (RunSettings(custody="keep"), {}, None, CachePolicy()),
        (RunSettings(custody="release_at_end"), {}, None, CachePolicy(release_at_end=True)),
        (RunSettings(), {"fresh": True}, None, CachePolicy(fresh=True)),
        (RunSettings(), {"allow_vault_rotation": True}, None, CachePolicy(allow_vault_rotation=True)),
        (RunSettings(), {}, 5.0, CachePolicy(ttl=5.0)),
        (RunSettings(cache_ttl=60.0), {}, 5.0, CachePolicy(ttl=60.0)),
        (RunSettings(cache_ttl=0.0), {}, 5.0, CachePolicy(ttl=0.0)),
    ],
)
def test_each_option_reaches_the_policy(
    run: RunSettings, options: dict[str, t.Any], ttl: float | None, expected: CachePolicy
) -> None:
    assert policy_of(run, options, ttl=ttl) == expected
