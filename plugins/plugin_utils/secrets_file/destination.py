# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a secrets file goes: to the controller, by this process, or to the host of the task, over its connection."""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ...module_utils.errors import ConfigError, ConnectionFailed, Refused
from ...module_utils.operations.results import Params
from ...module_utils.redaction import printable_message
from ..host.host_connection import for_task_host
from ..host.host_program import HostLost, HostProgram, HostRefused, run_program
from .on_host import file_commands

# Seconds after which a host counts as lost.
_HOST_SECONDS = 60.0
_SENT = HostProgram(
    f"{__name__.rpartition('.')[0]}.on_host",
    os.path.join(os.path.dirname(__file__), "on_host"),
    ("private_files", "private_folders", "file_commands"),
)
Request = dict[str, t.Any]


class Destination:
    """The controller or the host of a task, with what is common to all files of the task.

    :param action: its action, over whose connection a host is reached
    :param variables: those of the host
    """

    def __init__(self, action: ActionBase, variables: t.Mapping[str, t.Any], params: Params, check_mode: bool) -> None:
        self._action, self._variables, self._dry = action, variables, check_mode
        self.on_host = params["location"] == "host"
        self._permissions = {
            "mode": int(params["mode"], 8),
            "owner": params["owner"],
            "group": params["group"],
        }

    def full_path(self, path: str, option: str) -> str:
        """Return an absolute path: on the controller from the current directory of Ansible. Raises ConfigError."""
        if self.on_host:
            if not path.startswith("/"):
                raise ConfigError(
                    f"{option} must be absolute on a managed host", hint="Begin it with a slash"
                ).with_context(option=option)
            return os.path.normpath(path)
        return os.path.abspath(os.path.expanduser(path))

    def write(self, path: str, content: str | dict[str, str], *, append: bool = False) -> bool:
        """Write a file, or a folder of files, and say whether it was another one. In check mode, only say it."""
        request = {"do": "write", "path": path, "content": content, "append": append, **self._permissions}
        return self._carry_out(request)

    def remove(self, path: str) -> bool:
        """Remove it, and say whether it was there. In check mode, only say it."""
        return self._carry_out({"do": "remove", "path": path})

    def _carry_out(self, request: Request) -> bool:
        request = {**request, "dry": self._dry}
        return bool((self._on_host(request) if self.on_host else _on_controller(request))["changed"])

    def _on_host(self, request: Request) -> Request:
        """Send program and content over standard input: no file of AnsiballZ has them, and no argument list."""
        name = str(self._variables.get("inventory_hostname", "the host"))
        host = for_task_host(self._action, name, self._variables)
        try:
            return run_program(host.execute, host.interpreter(), request, _HOST_SECONDS, _SENT)
        except HostRefused as exc:
            raise Refused(f"{name}: {exc}", hint="Put that right on the host") from None
        except HostLost as exc:
            raise ConnectionFailed(
                f"{name} did not answer: {exc}", hint="Run the task again: the old file or the new one is there"
            ) from None
        except AnsibleError as exc:
            text = printable_message(str(exc))
            raise ConnectionFailed(f"{name} was not reached: {text}", hint="Check how Ansible connects to it") from None


def _on_controller(request: Request) -> Request:
    answer = file_commands.answer(request)
    if "ok" not in answer:
        raise Refused(printable_message(str(answer["text"])), hint="Put that right on the controller")
    return t.cast(Request, answer["ok"])
