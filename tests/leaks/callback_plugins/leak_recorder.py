# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: leak_recorder
type: aggregate
short_description: Writes down all that ansible-core hands to a callback
description:
  - One JSON line for each event in C(events.jsonl) of the folder that E(LEAKS_RECORD) names, with the whole result.
  - The attributes of tasks, which hold what the playbook gave them, are in C(tasks.jsonl).
  - Writes a line to the system's log at the beginning, so that the harness sees that it is collected.
"""

import json
import os
import syslog
import typing as t

from ansible.executor import task_result
from ansible.playbook.base import Base
from ansible.plugins.callback import CallbackBase

_RESULT = getattr(task_result, "CallbackTaskResult", task_result.TaskResult)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "leak_recorder"
    CALLBACK_NEEDS_ENABLED = True

    def record(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        if event == "v2_playbook_on_start":
            syslog.syslog("leak_recorder: a play begins")
        entry: dict[str, t.Any] = {"event": event, "other": []}
        for argument in arguments:
            if isinstance(argument, _RESULT):
                entry["task"] = argument._task.get_name()
                entry["result"] = argument._result
                # From ansible-core 2.19 on: the error with its causes and trace backs, and the warnings.
                entry["summaries"] = [repr(getattr(argument, "exception", None))]
                entry["summaries"] += map(
                    repr, [*getattr(argument, "warnings", ()), *getattr(argument, "deprecations", ())]
                )
                self._write("tasks.jsonl", {"event": event, "fields": argument._task_fields})
            elif isinstance(argument, Base):
                self._write("tasks.jsonl", {"event": event, "attributes": argument.dump_attrs()})
            else:
                entry["other"].append(argument)
        self._write("events.jsonl", entry)

    def _write(self, name: str, entry: dict[str, t.Any]) -> None:
        with open(os.path.join(os.environ["LEAKS_RECORD"], name), "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, default=repr, ensure_ascii=False) + "\n")


def _recorder(event: str) -> t.Callable[..., None]:
    def method(self: CallbackModule, *args: t.Any, **kwargs: t.Any) -> None:
        self.record(event, (*args, *kwargs.values()))

    return method


for _name in [name for name in dir(CallbackBase) if name.startswith("v2_") and name != "v2_on_any"]:
    setattr(CallbackModule, _name, _recorder(_name))
