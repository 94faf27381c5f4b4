# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them: a private data folder, what its injector makes of a credential, an inventory, slices."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awx.injection import Injected, inject
from workspace import ROOT, environment

# What AWX sets for each job (awx/main/tasks/jobs.py), as far as it matters outside of a container.
AWX_ENVIRONMENT = {
    "ANSIBLE_FORCE_COLOR": "True",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "AWX_HOST": "https://awx.example.com",
    "MAX_EVENT_RES": "700000",
    "PROJECT_REVISION": "0123456789abcdef0123456789abcdef01234567",
}
_SCRIPT = "#!{python}\nimport json\nprint(json.dumps({inventory!r}))\n"
SECONDS = 900


@dataclass
class Finished:
    """A job that has ended."""

    number: int
    code: int
    folder: Path
    injected: Injected
    output: str

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts" / str(self.number)

    @property
    def stdout(self) -> str:
        path = self.artifacts / "stdout"
        return path.read_text(errors="replace") if path.exists() else self.output

    def events(self) -> Iterator[dict[str, Any]]:
        """The events of the job, from which AWX makes its page."""
        for path in sorted((self.artifacts / "job_events").glob("*.json"), key=lambda one: int(one.name.split("-")[0])):
            yield json.loads(path.read_text())

    def results(self, task: str) -> dict[str, dict[str, Any]]:
        """Host -> the result of a task, with the name of its event under C(event)."""
        found = {}
        for event in self.events():
            data = event.get("event_data") or {}
            if data.get("task") == task and event["event"].startswith("runner_on_") and "res" in data:
                found[data["host"]] = {**data["res"], "event": event["event"]}
        return found

    def kept(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of all that AWX keeps or shows of a job, and what is left in its folders.

        Not C(command), into which ansible-runner writes the environment: AWX shows that as the injector masks it, and
        removes the folder with the job. Nor the files that the injector has made, which are the way to the job.
        """
        yield "job_env", json.dumps(self.injected.shown).encode()
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            if path.is_file() and path.name != "command" and name.parts[0] != "env":
                yield str(name), str(name).encode() + b"\n" + path.read_bytes()


def sliced(inventory: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """The part of an inventory (C(hosts): name -> variables, C(groups): name -> names) that a slice gets of AWX."""
    names = sorted(inventory["hosts"])[number - 1 :: count]
    groups = {
        name: {"hosts": [host for host in members if host in names]}
        for name, members in inventory.get("groups", {}).items()
    }
    hostvars = {name: inventory["hosts"][name] for name in names}
    return {"_meta": {"hostvars": hostvars}, "all": {"hosts": names, "children": list(groups)}, **groups}


@dataclass
class Template:
    """A job template: its playbook in the folder of the project, and what its credential has.

    ``slices`` is the C(job_slice_count), ``path`` what the control node adds to PYTHONPATH, for tests.
    """

    playbook: str
    credential: dict[str, Any]
    inventory: Mapping[str, Any] = field(default_factory=lambda: {"hosts": {}})
    type: str = "credential_type_oauth2"
    extra_vars: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    slices: int = 1
    forks: int = 5
    check: bool = False
    verbosity: int = 0
    project: Mapping[str, str] = field(default_factory=dict)


class Jobs:
    """Launches templates below a folder. The paths of sockets in it must be short."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 100

    def launch(self, template: Template) -> list[Finished]:
        """Start all slices at once, and wait for them."""
        started = [self._start(template, number) for number in range(1, template.slices + 1)]
        return [self._wait(*one) for one in started]

    def _start(self, template: Template, slice_number: int) -> tuple[int, Path, Injected, subprocess.Popen[str]]:
        self._count += 1
        number = self._count
        folder = self.folder / f"awx_{number}"
        injected = inject(template.type, template.credential, folder)
        self._project(folder, template)
        inventory = sliced(template.inventory, slice_number, template.slices)
        (folder / "home").mkdir()
        script = folder / "inventory" / "hosts"
        script.parent.mkdir()
        script.write_text(_SCRIPT.format(python=sys.executable, inventory=inventory))
        script.chmod(0o700)
        job = {
            "id": number,
            "launch_type": "scheduled",
            "template_id": 7,
            "template_name": template.playbook,
            "user_id": 1,
        }
        known = {
            f"{prefix}_{'job_' if name != 'user_id' else ''}{name}": value
            for prefix in ("awx", "tower")
            for name, value in job.items()
        }
        arguments = {
            "private_data_dir": str(folder),
            "playbook": template.playbook,
            "inventory": str(script),
            "ident": str(number),
            "forks": template.forks,
            "quiet": True,
            "suppress_env_files": True,
            "extravars": {**known, **template.extra_vars},
            "envvars": {**AWX_ENVIRONMENT, "JOB_ID": str(number), **template.env, **injected.outside()},
            "fact_cache": "fact_cache",
            "fact_cache_type": "jsonfile",
            "verbosity": template.verbosity or None,
            "cmdline": "--check" if template.check else None,
        }
        arguments = {name: value for name, value in arguments.items() if value is not None}
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "awx" / "run_job.py")],
            cwd=folder,
            env=self._environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdin
        process.stdin.write(json.dumps(arguments))
        process.stdin.close()
        process.stdin = None
        return number, folder, injected, process

    def _wait(self, number: int, folder: Path, injected: Injected, process: subprocess.Popen[str]) -> Finished:
        output, _errors = process.communicate(timeout=SECONDS)
        return Finished(number, process.returncode, folder, injected, output)

    def _project(self, folder: Path, template: Template) -> None:
        """What AWX has fetched: the repository's playbooks, and files of the test."""
        project = folder / "project"
        shutil.copytree(ROOT / "playbooks", project / "playbooks")
        for name, text in template.project.items():
            (project / name).write_text(text)

    def _environment(self, folder: Path) -> dict[str, str]:
        """What is in the execution environment before a credential comes in: nothing of the caller's own."""
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            **environment(),
            "HOME": str(folder / "home"),
            "ANSIBLE_HOME": str(folder / "home" / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        }


@contextmanager
def jobs() -> Iterator[Jobs]:
    """Jobs in a folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="awx", ignore_cleanup_errors=True) as folder:
        yield Jobs(Path(folder))


def survey_answers(document: Mapping[str, Any], **answers: Any) -> dict[str, Any]:
    """What a launch with these answers gives the job: those, and the defaults of the other questions."""
    found = dict(document["job_template"]["extra_vars"])
    for question in document["survey_spec"]["spec"]:
        value = answers.pop(question["variable"], question["default"])
        if question["type"] == "multiselect" and isinstance(value, str):
            value = value.splitlines()
        # AWX leaves out an answer that is empty and not required.
        if value or question["required"]:
            found[question["variable"]] = value
    assert not answers, f"nobody asks for {answers}"
    return found
