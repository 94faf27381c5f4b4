# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run operations over an API that is made up: no server, no task."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.fake_api import FakeApi

PLUGINS = "ansible_collections.community.senhasegura.plugins"


Work = Callable[..., dict[str, Any]]


@pytest.fixture
def make_api() -> Callable[[str], FakeApi]:
    """Return what makes the API of a server of a dialect."""
    return FakeApi


@pytest.fixture
def work() -> Work:
    """Return what runs the operation of a module: work(api, module, check_mode=False, **options) -> its result."""

    def run(api: FakeApi, module: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        operation = importlib.import_module(f"{PLUGINS}.module_utils.operations.{module}")
        params = validate(options, operation.SPEC, operation.RULES)
        return operation.run(client_over(api), params, check_mode)

    return run
