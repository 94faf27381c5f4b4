# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the list of all objects that jobs of this collection need, from options and the files in extensions/awx."""

from __future__ import annotations

import typing as t

from ..errors import ConfigError
from .awx_api import Json
from .object_kinds import NODES, SURVEY
from .reconcile import Wanted

# The files of extensions/awx, without ending: a credential type each, and a job template each.
TYPES: t.Mapping[str, str] = {name: f"credential_type_{name}" for name in ("oauth2", "oauth1", "mysafe")}
JOBS = (
    *("doctor", "linux_password_change", "linux_ssh_key_rotation", "rotation_state", "rotation_report"),
    *("drift", "onboard", "pipeline_secrets", "external_secrets"),
)
WORKFLOW = "nightly_rotation"
# The folder of the reports in those files.
_REPORTS = "/var/lib/awx/reports"
# A credential of AWX for A2A: either of them sets the same variables, so a job has one.
_A2A = ("oauth2", "oauth1")
Documents = t.Mapping[str, Json]


def needed_files(params: t.Mapping[str, t.Any]) -> list[str]:
    """Return the files that the options name, without ending."""
    types = [TYPES[one["type"]] for one in params["credentials"]]
    return [*dict.fromkeys(types), *params["jobs"], *([WORKFLOW] if params["workflow"] else [])]


def compose(params: t.Mapping[str, t.Any], documents: Documents) -> list[Wanted]:
    """Return all objects in the order in which they can be made. Raises ConfigError.

    :param params: the options of the module awx_setup
    :param documents: the content of the files that C(needed_files) names
    """
    composition = _Composition(params, documents)
    return [
        *composition.credential_types(),
        *composition.execution_environments(),
        *composition.credentials(),
        *composition.places(),
        *composition.notifications(),
        *composition.jobs(),
        *composition.workflow(),
        *(Wanted(one["kind"], one["name"], one["fields"], one["secrets"]) for one in params["objects"]),
    ]


class _Composition:
    """Hold the options and files while the objects are made."""

    def __init__(self, params: t.Mapping[str, t.Any], documents: Documents) -> None:
        self._params, self._documents = params, documents
        self._organization = {"organization": params["organization"]}
        self._answers: Json = params["answers"]
        self._check()

    def _check(self) -> None:
        """Refuse what names a job or a question that there is not: it would change nothing, without a word."""
        names, jobs = self._params["jobs"], set(self._params["jobs"])
        for option in ("job_fields", "job_variables"):
            self._refuse_unknown(option, set(self._params[option]) - jobs, "which is not one of jobs")
        asked = {one["variable"] for name in names for one in self._documents[name][SURVEY]["spec"]}
        self._refuse_unknown("answers", set(self._answers) - asked, "which no job asks for")
        if self._params["workflow"]:
            missing = {node["job"] for node in self._documents[WORKFLOW][NODES]} - jobs
            self._refuse_unknown("jobs", missing, "which the workflow needs", verb="does not name")
        schedules = {one.name for one in [*self.jobs(), *self.workflow()] if one.kind == "schedule"}
        unknown = set(self._params["enabled_schedules"]) - schedules
        self._refuse_unknown("enabled_schedules", unknown, f"and there are: {', '.join(sorted(schedules)) or 'none'}")

    def _refuse_unknown(self, option: str, names: set[str], problem: str, verb: str = "names") -> None:
        if names:
            raise ConfigError(
                f"{option} {verb} {', '.join(sorted(names))}, {problem}", hint=f"Correct {option}"
            ).with_context(option=option)

    def credential_types(self) -> t.Iterator[Wanted]:
        """Make a type for each way to log in that a credential has."""
        for name in dict.fromkeys(one["type"] for one in self._params["credentials"]):
            document = dict(self._documents[TYPES[name]])
            yield Wanted("credential_type", document.pop("name"), document, {})

    def credentials(self) -> t.Iterator[Wanted]:
        """Make the credentials of senhasegura."""
        for one in self._params["credentials"]:
            kind = self._documents[TYPES[one["type"]]]["name"]
            fields = {**self._organization, "credential_type": kind, "inputs": one["inputs"]}
            yield Wanted("credential", one["name"], fields, one["secrets"])

    def execution_environments(self) -> t.Iterator[Wanted]:
        """Make the execution environment, if there is one of ours."""
        if given := self._params["execution_environment"]:
            fields = {name: given[name] for name in ("image", "pull", "credential") if given[name]}
            yield Wanted("execution_environment", given["name"], fields, {})

    def places(self) -> t.Iterator[Wanted]:
        """Make the project, and the inventory with its source."""
        project, inventory = self._params["project"], self._params["inventory"]
        fields = {
            **self._organization,
            "scm_type": "git",
            "scm_url": project["url"],
            "scm_branch": project["branch"],
            **({"credential": project["credential"]} if project["credential"] else {}),
        }
        yield Wanted("project", project["name"], fields, {})
        yield Wanted("inventory", inventory["name"], dict(self._organization), {})
        if inventory["source_path"]:
            yield Wanted("inventory_source", inventory["source_name"], self._source(), {})

    def _source(self) -> Json:
        """Return the fields of the source that makes a host of each device."""
        project, inventory = self._params["project"], self._params["inventory"]
        credential = self._own_credentials()
        environment = self._params["execution_environment"]
        return {
            "inventory": inventory["name"],
            "source": "scm",
            "source_project": project["name"],
            "source_path": inventory["source_path"],
            "overwrite": True,
            "update_on_launch": inventory["update_on_launch"],
            "update_cache_timeout": inventory["update_cache_timeout"],
            **({"credential": credential[0]} if credential else {}),
            **({"execution_environment": environment["name"]} if environment else {}),
        }

    def _own_credentials(self) -> list[str]:
        """Return the credential that each job has. One for MySafe would set some of the same variables."""
        return [one["name"] for one in self._params["credentials"] if one["type"] in _A2A][:1]

    def notifications(self) -> t.Iterator[Wanted]:
        """Make the notification of what has failed."""
        if given := self._params["notification"]:
            fields = {
                **self._organization,
                "notification_type": given["type"],
                "notification_configuration": given["configuration"],
            }
            yield Wanted("notification_template", given["name"], fields, given["secrets"])

    def _notified(self) -> Json:
        given = self._params["notification"]
        return {"notification_templates_error": [given["name"]]} if given else {}

    def jobs(self) -> t.Iterator[Wanted]:
        """Make a template of each job, with its survey and schedules."""
        for name in self._params["jobs"]:
            document = self._documents[name]
            fields = dict(document["job_template"])
            title, folder = fields.pop("name"), self._params["project"]["playbook_folder"].strip("/")
            environment = self._params["execution_environment"]
            variables = {key: self._moved(value) for key, value in fields["extra_vars"].items()}
            fields.update(
                playbook=f"{folder}/{fields['playbook']}" if folder else fields["playbook"],
                project=self._params["project"]["name"],
                inventory=self._params["inventory"]["name"],
                extra_vars={**variables, **self._params["job_variables"].get(name, {})},
                credentials=[*self._own_credentials(), *self._params["job_credentials"]],
                survey_spec=self._survey(document[SURVEY]),
                **({"execution_environment": environment["name"]} if environment else {}),
                **self._notified(),
            )
            yield Wanted("job_template", title, {**fields, **self._params["job_fields"].get(name, {})}, {})
            for schedule in document["schedules"]:
                yield self._schedule("job_template", title, schedule)

    def _moved(self, value: t.Any) -> t.Any:
        """Return a variable with the folder of the reports that the options name."""
        if isinstance(value, list):
            return [self._moved(one) for one in value]
        if isinstance(value, str) and value.startswith(f"{_REPORTS}/"):
            return self._params["report_dir"].rstrip("/") + value.removeprefix(_REPORTS)
        return value

    def _survey(self, survey: Json) -> Json:
        """Return a survey whose defaults are the answers of the options."""
        questions = [
            {**one, "default": self._answers[one["variable"]]} if one["variable"] in self._answers else one
            for one in survey["spec"]
        ]
        return {**survey, "spec": questions}

    def _answered(self, given: Json) -> Json:
        """Return the answers of a schedule or node, those of the options in their place."""
        return {name: self._answers.get(name, value) for name, value in given.items()}

    def _schedule(self, kind: str, title: str, schedule: Json) -> Wanted:
        name = f"{title} - {schedule['name']}"
        fields = {
            kind: title,
            "rrule": self._params["rrules"].get(name, schedule["rrule"]),
            # Whatever the file says: what rotates by itself is switched on by whoever sets it up.
            "enabled": name in self._params["enabled_schedules"],
            "extra_data": self._answered(schedule.get("extra_data", {})),
        }
        return Wanted("schedule", name, fields, {})

    def workflow(self) -> t.Iterator[Wanted]:
        """Make the workflow and its schedules, if it is wanted."""
        if not self._params["workflow"]:
            return
        document = self._documents[WORKFLOW]
        fields = dict(document["workflow_job_template"])
        title = fields.pop("name")
        titles = {job: self._documents[job]["job_template"]["name"] for job in self._params["jobs"]}
        nodes = [
            {
                **{key: value for key, value in node.items() if key != "job"},
                "job_template": titles[node["job"]],
                "extra_data": self._answered(node["extra_data"]),
            }
            for node in document[NODES]
        ]
        yield Wanted(
            "workflow_job_template", title, {**fields, **self._organization, **self._notified(), NODES: nodes}, {}
        )
        for schedule in document["schedules"]:
            yield self._schedule("workflow_job_template", title, schedule)
