# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of secrets_file: what the operation has read becomes a file, whose values the result does not have."""

from __future__ import annotations

import os
import time
import typing as t

from ...module_utils.errors import ConfigError, Refused
from ...module_utils.operations import secrets_file
from ...module_utils.operations.results import Params, Result
from ...module_utils.operations.secrets_file import CONTENT, MASKS, format_of
from ...module_utils.settings.settings import RunSettings, Settings
from ..broker import protocol
from ..broker.client import BrokerConnection
from ..cli_settings import CliSettings
from .destination import Destination
from .selection_action import SelectionAction

# Where the CLI writes to when nobody says where.
_CLI_PATH = ".runb.vars"
_GITHUB_FILE = "GITHUB_ENV"


class SecretsFileAction(SelectionAction):
    """Read secrets in the broker, and write them from here. Nothing is written unless each value fits the format."""

    operation = secrets_file
    _requires_connection = True

    def without_server(self, params: Params, variables: dict[str, t.Any], check_mode: bool) -> Result | None:
        """Remove files, skip the task where runb is switched off, and refuse what could only fail after a read."""
        self._variables = variables
        self._destination = Destination(self, variables, params, check_mode)
        self._cli = CliSettings(params, variables, self._templar.template, self._task.environment or ())
        form = format_of(params)
        if params["state"] == "absent":
            return self._remove(params)
        if self._cli.is_disabled():
            return {"changed": False, "skipped": True, "msg": "SENHASEGURA_DISABLE_RUNB is set: nothing was written"}
        self._path, self._masks_path = self._paths(params)
        if form.name == "github" and self._masks_path is None:
            raise ConfigError(
                "masks_path is needed with the format github",
                hint="Give a path, and have the step print that file: GitHub masks no value of GITHUB_ENV by itself",
            ).with_context(option="masks_path")
        if form.name == "gitlab_dotenv" and not params["allow_readable_artifact"]:
            raise Refused(
                "whoever may see the artifacts of the pipeline can download a dotenv report, and GitLab masks nothing",
                hint="Use tool_name gitlab in one job, or set allow_readable_artifact=true",
            ).with_context(option="allow_readable_artifact")
        if params["remove_at_end"] and (self._destination.on_host or form.appends):
            raise Refused(
                "remove_at_end is for files of the controller that belong to this run",
                hint="Remove it with state=absent in the always section of a block",
            ).with_context(option="remove_at_end")
        return None

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        if params["remove_at_end"] and not run.broker:
            raise self._no_broker()
        result = super().perform(settings, run, params, check_mode)
        content, masks = result.pop(CONTENT), result.pop(MASKS, None)
        paths = [path for path in (self._masks_path, self._path) if path is not None]
        if params["remove_at_end"] and not check_mode:
            self._remove_at_end(settings, run, paths)
        changed = False
        # Masks come before values: whatever happens between, no value is there without its mask.
        if masks is not None and self._masks_path is not None:
            changed |= self._destination.write(self._masks_path, masks)
        changed |= self._destination.write(self._path, content, append=format_of(params).appends)
        return self._told(result, changed, self._path, result["secrets_file"]["names"])

    def _paths(self, params: Params) -> tuple[str, str | None]:
        """Return where the file goes, and where the masks go. Raises ConfigError."""
        path, where = params["path"], "path"
        if not path and format_of(params).appends:
            path, where = os.environ.get(_GITHUB_FILE), _GITHUB_FILE
            if not path:
                raise ConfigError(
                    "GITHUB_ENV is not set", hint="Run this in a step of GitHub Actions, or give path"
                ).with_context(option="path")
        if not path and self._destination.on_host:
            raise ConfigError("path is needed on a managed host", hint="Give path").with_context(option="path")
        path = path or self._cli.secrets_file() or _CLI_PATH
        masks = params["masks_path"]
        return (
            self._destination.full_path(path, where),
            self._destination.full_path(masks, "masks_path") if masks else None,
        )

    def _remove(self, params: Params) -> Result:
        """Remove the file and the masks. That of GitHub belongs to its runner, which removes it after the step."""
        removed = False
        if format_of(params).appends:
            masks = params["masks_path"]
            path = self._destination.full_path(masks, "masks_path") if masks else None
            if path is not None:
                removed = self._destination.remove(path)
        else:
            path, masks = self._paths(params)
            for each in (path, masks):
                if each is not None:
                    removed |= self._destination.remove(each)
        return self._told({"secrets_file": {"names": []}}, removed, path, [])

    def _told(self, result: Result, changed: bool, path: str | None, names: list[str]) -> Result:
        """Return the result with what became of the file. Never a value."""
        result["changed"] = changed
        result["secrets_file"] = {"path": path, **result["secrets_file"]}
        if self._task.diff and changed:
            after = {"path": path, "names": names, "content": "(hidden)"} if names else {}
            result["diff"] = {"before": {"path": path, "content": "(hidden)"}, "after": after}
        return result

    def _remove_at_end(self, settings: Settings, run: RunSettings, paths: list[str]) -> None:
        """Have the broker remove the files. Before they are written: a worker may be killed at any time."""
        connection = self.open(settings, run, time.monotonic() + settings.timeout)
        if not isinstance(connection, BrokerConnection):
            raise self._no_broker()
        try:
            for path in paths:
                protocol.result_of(connection.ask(protocol.remove_at_end(path)))
        except (OSError, EOFError):
            raise self._no_broker() from None
        finally:
            connection.close()

    def _no_broker(self) -> Refused:
        return Refused(
            "remove_at_end needs the broker, which removes the file when the run ends",
            hint="Leave broker on, or remove the file with state=absent in the always section of a block",
        ).with_context(option="remove_at_end")
