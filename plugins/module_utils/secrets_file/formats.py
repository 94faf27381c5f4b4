# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the formats of secrets files, and of the tools of the DSM CLI: the only place that lists them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..errors import ConfigError, Refused
from ..redaction import redact
from . import document_formats, entry_names, env_file_formats, pipeline_formats, shell_format
from .value_rules import Check, Entries, first_reason, in_environment, not_unicode

Render = t.Callable[[Entries], str]


@dataclasses.dataclass(frozen=True)
class FileFormat:
    """How a secrets file is written.

    :param reader: what reads it, in a few words
    :param checks: say why a value would not come out of the reader as it went in
    :param check_name: the same for a name
    :param render: returns the text of the file; None where it is written in another way
    :param appends: whether the reader made the file, and what is written goes to its end
    """

    name: str
    reader: str
    checks: tuple[Check, ...]
    check_name: t.Callable[[str], str]
    render: Render | None
    appends: bool = False

    def problem(self, name: str, value: str) -> str:
        """Return why an entry cannot be written, or ''."""
        return self.check_name(name) or first_reason((not_unicode, *self.checks), name, value)


def _azure_name(name: str) -> str:
    return entry_names.variable(name) or pipeline_formats.azure_name(name)


_FORMATS = (
    FileFormat(
        "posix",
        "bash, dash and other shells (source)",
        (shell_format.check,),
        entry_names.variable,
        shell_format.render,
    ),
    FileFormat(
        "dotenv",
        "python-dotenv and dotenv for Node",
        (env_file_formats.check_dotenv,),
        entry_names.variable,
        env_file_formats.render_dotenv,
    ),
    FileFormat(
        "docker_env",
        "docker run --env-file, and podman",
        (env_file_formats.check_docker,),
        entry_names.variable,
        env_file_formats.render_docker,
    ),
    FileFormat(
        "systemd",
        "EnvironmentFile of systemd",
        (env_file_formats.check_systemd,),
        entry_names.variable,
        env_file_formats.render_systemd,
    ),
    FileFormat(
        "github",
        "GITHUB_ENV of GitHub Actions",
        (in_environment,),
        entry_names.variable,
        pipeline_formats.render_github,
        appends=True,
    ),
    FileFormat(
        "gitlab_dotenv",
        "a dotenv report of GitLab",
        (pipeline_formats.check_gitlab,),
        entry_names.variable,
        pipeline_formats.render_gitlab,
    ),
    FileFormat(
        "azure",
        "logging commands of Azure Pipelines",
        (pipeline_formats.check_azure,),
        _azure_name,
        pipeline_formats.render_azure,
    ),
    FileFormat(
        "jenkins",
        "readProperties and withEnv of Jenkins",
        (pipeline_formats.check_jenkins,),
        entry_names.variable,
        pipeline_formats.render_jenkins,
    ),
    FileFormat(
        "properties",
        "java.util.Properties",
        (document_formats.any_value,),
        entry_names.any_text,
        document_formats.render_properties,
    ),
    FileFormat(
        "json", "any reader of JSON", (document_formats.any_value,), entry_names.any_text, document_formats.render_json
    ),
    FileFormat(
        "yaml_vars",
        "include_vars and vars_files of Ansible",
        (document_formats.any_value,),
        entry_names.ansible_variable,
        document_formats.render_yaml_vars,
    ),
    FileFormat("k8s_secret", "kubectl apply", (document_formats.any_value,), entry_names.key, None),
    FileFormat(
        "files", "programs that read one file for each value", (document_formats.any_value,), entry_names.key, None
    ),
)
FORMATS: t.Mapping[str, FileFormat] = {one.name: one for one in _FORMATS}
# As the tools of the DSM CLI (cmd/runb.go) and of the integration guide, each in the form that is safe there. What the
# CLI writes for the last four sets no variable (unfinished templates), or one that is not masked; a sourced file does.
TOOLS: t.Mapping[str, str] = {
    "linux": "posix",
    "github": "github",
    "azure-devops": "azure",
    "gitlab": "posix",
    "jenkins": "posix",
    "bamboo": "posix",
    "bitbucket": "posix",
    "circleci": "posix",
    "teamcity": "posix",
}
DEFAULT_TOOL = "linux"


def refuse_unfit(form: FileFormat, entries: Entries) -> None:
    """Raise Refused, which names all entries that the format or its reader would change, and why.

    :param entries: name -> value
    """
    problems = {name: problem for name, value in entries.items() if (problem := form.problem(name, value))}
    if problems:
        shown = "; ".join(f"{redact(name, [])}: {problem}" for name, problem in problems.items())
        hint = (
            "Choose another format, leave the key out with keys, give it another name with rename, or change the value"
        )
        raise Refused(f"the format {form.name} ({form.reader}) cannot hold {shown}", hint=hint)
    if form.name == "azure":
        _refuse_same_but_for_case(entries)
    _refuse_too_large(form, entries)


def _refuse_same_but_for_case(entries: Entries) -> None:
    """Names of Azure's variables have no case."""
    seen: dict[str, str] = {}
    for name in entries:
        other = seen.setdefault(name.upper(), name)
        if other != name:
            raise Refused(
                f"the names {other} and {name} are one for Azure", hint="Give one of them another name with rename"
            )


def _refuse_too_large(form: FileFormat, entries: Entries) -> None:
    size = sum(len(value.encode()) for value in entries.values())
    if form.name == "k8s_secret" and size > document_formats.KUBERNETES_SECRET:
        raise Refused("the values are more than a Secret of Kubernetes holds (1 MiB)", hint="Choose fewer with keys")
    if form.name == "gitlab_dotenv" and len(pipeline_formats.render_gitlab(entries).encode()) >= (
        pipeline_formats.GITLAB_REPORT
    ):
        raise Refused("the values are more than a dotenv report of GitLab holds (5 KiB)", hint="Choose fewer with keys")


def render(form: FileFormat, entries: Entries, name: str = "", namespace: str | None = None) -> str | dict[str, str]:
    """Return the text of the file, or for C(files) the text of each file by its name. Raises ConfigError.

    :param entries: name -> value, checked by C(refuse_unfit)
    :param name: the name of the Secret, for C(k8s_secret)
    :param namespace: its namespace
    """
    if form.render is not None:
        return form.render(entries)
    if form.name == "files":
        return dict(entries)
    for option, value in (("k8s_name", name), ("k8s_namespace", namespace)):
        problem = document_formats.kubernetes_name(value, namespace=option == "k8s_namespace") if value else ""
        if problem:
            raise ConfigError(f"{option} is no name that Kubernetes takes", hint=problem.capitalize()).with_context(
                option=option
            )
    return document_formats.render_kubernetes_secret(entries, name, namespace)
