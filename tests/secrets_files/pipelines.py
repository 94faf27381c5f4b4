# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the steps of a pipeline's file as its CI system would, by its documented rules: which shell, which environment, what
is masked, and which steps run after a failure. Sources: facts-dsm.md 9.

What installs Ansible is left out, since it is there, and so are steps that are no script.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from secrets_files import readers

_INSTALLS = "ansible-galaxy collection install"


@dataclass
class Job:
    """What a job has left: its log as people see it, and whether each step that ran has ended well."""

    folder: Path
    base: Mapping[str, str]
    log: str = ""
    ended: list[tuple[str, bool]] = field(default_factory=list)
    masked: set[str] = field(default_factory=set)

    @property
    def failed(self) -> bool:
        return not all(good for _name, good in self.ended)

    def run(self, name: str, command: list[str], env: Mapping[str, str], script: str) -> str:
        """Run one step, and return what it has printed."""
        done = subprocess.run(
            command,
            input=script,
            cwd=self.folder,
            env={**self.base, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.ended.append((name, done.returncode == 0))
        return done.stdout

    def show(self, text: str) -> None:
        """Add to the log, with what is masked by now hidden. The longest goes first."""
        for value in sorted(self.masked, key=len, reverse=True):
            text = text.replace(value, "***")
        self.log += text


def github(file: Path, job: Job, given: Mapping[str, str]) -> None:
    """bash -e for each step. Variables of GITHUB_ENV reach later steps; commands in the output count line by line."""
    document = yaml.safe_load(file.read_text())
    (steps,) = (entry["steps"] for entry in document["jobs"].values())
    temp = job.folder / "temp"
    temp.mkdir()
    exported: dict[str, str] = {}
    job.masked |= {given["SENHASEGURA_CLIENT_ID"], given["SENHASEGURA_CLIENT_SECRET"]}
    for number, step in enumerate(steps):
        if "run" not in step or _INSTALLS in step["run"] or (job.failed and step.get("if") != "always()"):
            continue
        commands = temp / f"set_env_{number}"
        commands.write_text("")
        env = {name: _github_expression(value, given) for name, value in step.get("env", {}).items()}
        env |= {"GITHUB_ENV": str(commands), "RUNNER_TEMP": str(temp), "GITHUB_ACTIONS": "true", "CI": "true"}
        output = job.run(step["name"], ["bash", "-e"], {**exported, **env}, step["run"])
        for line in output.splitlines(keepends=True):
            if line.startswith("::add-mask::"):
                job.masked |= readers.github_masked(line)
            else:
                job.show(line)
        found = readers.github(commands.read_text())
        # As it logs them in debug mode.
        job.show("".join(f"{name}='{value}'\n" for name, value in found.items()))
        exported.update(found)
        commands.unlink()


def _github_expression(text: str, given: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ (?:secrets|vars)\.(\w+) \}\}", lambda match: given[match[1]], text)


def azure(file: Path, job: Job, given: Mapping[str, str]) -> None:
    """bash for each step. Commands in the output set secret variables, which a step has only if its env maps them."""
    temp = job.folder / "temp"
    temp.mkdir()
    variables = {**given, "Agent.TempDirectory": str(temp)}
    secret = {"SENHASEGURA_CLIENT_ID", "SENHASEGURA_CLIENT_SECRET"}
    job.masked |= {given[name] for name in secret}
    for step in yaml.safe_load(file.read_text())["steps"]:
        if _INSTALLS in step["bash"] or (job.failed and step.get("condition") != "always()"):
            continue
        env = {name: _macro(value, variables) for name, value in step.get("env", {}).items()}
        script = _macro(step["bash"], variables)
        output = job.run(step["displayName"], ["bash"], {**env, "TF_BUILD": "True"}, f"set -e\n{script}")
        for line in output.splitlines(keepends=True):
            if line.startswith("##vso["):
                found = readers.azure(line)
                variables |= found
                job.masked |= set(found.values())
            else:
                job.show(line)


def _macro(text: str, variables: Mapping[str, str]) -> str:
    # What is unknown stays as it is.
    return re.sub(r"\$\(([\w.]+)\)", lambda match: variables.get(match[1], match[0]), text)


def gitlab(file: Path, job: Job, given: Mapping[str, str]) -> None:
    """One shell for before_script and script, and another one for after_script, which always runs."""
    (entry,) = (value for value in yaml.safe_load(file.read_text()).values() if isinstance(value, dict))
    job.masked |= {given["SENHASEGURA_CLIENT_ID"], given["SENHASEGURA_CLIENT_SECRET"]}
    env = {**given, "GITLAB_CI": "true", "CI": "true", "CI_JOB_ID": f"{os.getpid()}-{job.folder.name}"}
    for name, value in entry["variables"].items():
        env[name] = re.sub(r"\$(\w+)", lambda match: env.get(match[1], ""), value)
    script = [line for line in entry["before_script"] if _INSTALLS not in line and "pip install" not in line]
    for name, lines in (("script", [*script, *entry["script"]]), ("after_script", entry["after_script"])):
        job.show(job.run(name, ["bash"], env, "\n".join(["set -eo pipefail", *lines, ""])))


def jenkins(file: Path, job: Job, given: Mapping[str, str]) -> None:
    """sh -xe for each step that is a text in single quotes; withCredentials masks what it binds."""
    text = file.read_text()
    temp = job.folder / "temp"
    temp.mkdir()
    job.masked |= {given["SENHASEGURA_CLIENT_ID"], given["SENHASEGURA_CLIENT_SECRET"]}
    stages, _mark, post = text.partition("post {")
    assert "always {" in post
    assert '"""' not in text
    for name, part in (("stages", stages), ("post", post)):
        for match in re.finditer(r"sh '''(.*?)'''", part, re.DOTALL):
            if _INSTALLS in match[1]:
                continue
            env = {"JENKINS_URL": "http://ci", "WORKSPACE_TMP": str(temp), "SENHASEGURA_URL": given["SENHASEGURA_URL"]}
            # The braces that are open there: those of withCredentials bind its variables.
            if _is_open(part[: match.start()], "withCredentials"):
                env |= {key: given[key] for key in ("SENHASEGURA_CLIENT_ID", "SENHASEGURA_CLIENT_SECRET")}
            if not (job.failed and name == "stages"):
                job.show(job.run(name, ["sh", "-xe"], env, match[1]))


def _is_open(text: str, word: str) -> bool:
    open_blocks: list[str] = []
    for match in re.finditer(r"([^\n{}]*)\{|\}", text):
        if match[0] == "}":
            open_blocks.pop()
        else:
            open_blocks.append(match[1])
    return any(word in block for block in open_blocks)


# The last release that Node 20 runs.
GITLAB_CI_LOCAL = "gitlab-ci-local@4.60.1"


def gitlab_ci_local(file: Path, job: Job, given: Mapping[str, str], cache: Path) -> None:
    """The program gitlab-ci-local of npm, with its shell executor. It needs npm, git and rsync, and masks nothing."""
    program = cache / "node_modules" / ".bin" / "gitlab-ci-local"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        install = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(cache))
        subprocess.run([*install, GITLAB_CI_LOCAL], check=True)
    lines = file.read_text().splitlines(keepends=True)
    kept = "".join(line for line in lines if _INSTALLS not in line and "pip install" not in line)
    (job.folder / ".gitlab-ci.yml").write_text(kept.replace("  before_script:\n", ""))
    me = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for command in (["init", "-q"], ["remote", "add", "origin", "git@gitlab.com:a/b.git"], ["add", "."]):
        subprocess.run(["git", *command], cwd=job.folder, check=True)
    subprocess.run(["git", *me, "commit", "-qm", "a"], cwd=job.folder, check=True)
    variables = [part for name, value in given.items() for part in ("--variable", f"{name}={value}")]
    job.show(job.run("deploy", [str(program), "--force-shell-executor", "deploy", *variables], {}, ""))


RUNNERS: dict[str, tuple[str, Any]] = {
    "github": ("deploy.yml", github),
    "azure": ("azure-pipelines.yml", azure),
    "gitlab": ("gitlab-ci.yml", gitlab),
    "jenkins": ("Jenkinsfile", jenkins),
}
