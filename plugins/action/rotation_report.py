# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils.errors import SenhaseguraError
from ..module_utils.operations.results import Result
from ..module_utils.redaction import printable_message
from ..plugin_utils.plugin_options import validate
from ..plugin_utils.report import render
from ..plugin_utils.unexpected import describe


class ActionModule(ActionBase):
    """Renders the report on the controller. It needs neither the server nor the host."""

    spec = render.SPEC
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        try:
            params = validate(self._task.args, self.spec, {})
            result.update(render.run(params, check_mode=self._task.check_mode, diff_mode=self._task.diff))
        except SenhaseguraError as exc:
            result.update(failed=True, msg=printable_message(str(exc)), failure=exc.failure())
        # Catch everything: the text of an unexpected exception may quote a value.
        except Exception as exc:  # noqa: BLE001
            result.update(failed=True, msg=describe(exc))
        return result
