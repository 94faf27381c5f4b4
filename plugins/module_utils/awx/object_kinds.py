# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe the kinds of AWX objects that can be kept as code: where they are, and what of them names other objects.

Facts: the field tables of AWX's API (facts-awx-eda.md 4, awx.md 1.1 and 1.4).
"""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class ObjectReference:
    """A field that names an object of another kind. The API wants its id under ``field``, or under the same name."""

    kind: str
    field: str = ""


def _same(*kinds: str) -> dict[str, ObjectReference]:
    """Return references that are called as their kind is."""
    return {kind: ObjectReference(kind) for kind in kinds}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of object.

    ``path`` is its list below the API. ``parents`` are references that identify an object together with its name.
    ``links`` are lists of other objects, each an endpoint of its own below the object. ``texts`` are fields that are
    maps here, and JSON in a text there. ``secrets_in`` is the map that the option secrets goes into.
    """

    path: str
    parents: tuple[str, ...] = ()
    references: t.Mapping[str, ObjectReference] = dataclasses.field(default_factory=dict)
    links: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    texts: tuple[str, ...] = ()
    secrets_in: str = ""
    has_survey: bool = False
    has_nodes: bool = False


_NOTIFICATIONS = {
    f"notification_templates_{event}": "notification_template" for event in ("started", "success", "error")
}
# A schedule and a node of a workflow name what they start. AWX looks that up by its name among all kinds, and finds two
# where a project is called as a job template is; so the field says which kind is meant.
STARTED: t.Mapping[str, ObjectReference] = {
    kind: ObjectReference(kind, "unified_job_template")
    for kind in ("job_template", "workflow_job_template", "project", "inventory_source")
}
KINDS: t.Mapping[str, Kind] = {
    "organization": Kind("organizations"),
    "credential_type": Kind("credential_types"),
    "execution_environment": Kind("execution_environments", references=_same("organization", "credential")),
    "credential": Kind(
        "credentials",
        parents=("organization", "credential_type"),
        references=_same("organization", "credential_type"),
        secrets_in="inputs",
    ),
    "project": Kind(
        "projects",
        parents=("organization",),
        references={
            **_same("organization", "credential"),
            "default_environment": ObjectReference("execution_environment"),
        },
    ),
    "inventory": Kind("inventories", parents=("organization",), references=_same("organization"), texts=("variables",)),
    "inventory_source": Kind(
        "inventory_sources",
        parents=("inventory",),
        references={
            **_same("inventory", "credential", "execution_environment"),
            "source_project": ObjectReference("project"),
        },
        texts=("source_vars",),
    ),
    "notification_template": Kind(
        "notification_templates",
        parents=("organization",),
        references=_same("organization"),
        secrets_in="notification_configuration",
    ),
    "job_template": Kind(
        "job_templates",
        references=_same("project", "inventory", "execution_environment"),
        links={"credentials": "credential", **_NOTIFICATIONS},
        texts=("extra_vars",),
        has_survey=True,
    ),
    "workflow_job_template": Kind(
        "workflow_job_templates",
        parents=("organization",),
        references=_same("organization", "inventory"),
        links=_NOTIFICATIONS,
        texts=("extra_vars",),
        has_survey=True,
        has_nodes=True,
    ),
    "schedule": Kind("schedules", parents=tuple(STARTED), references=STARTED),
}
SURVEY, NODES = "survey_spec", "nodes"
# The edges of a workflow: the key of a node here, and the endpoint and field of the API.
EDGES: t.Mapping[str, str] = {"success": "success_nodes", "failure": "failure_nodes", "always": "always_nodes"}
