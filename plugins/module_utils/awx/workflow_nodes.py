# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring the nodes of a workflow, and the edges between them, to what they shall be."""

from __future__ import annotations

import typing as t

from ..errors import ConfigError
from ..plan import Plan, make_plan
from .awx_api import AwxApi, Json
from .object_kinds import EDGES, NODES, STARTED, ObjectReference

_NODES_PATH = "workflow_job_template_nodes"
_IDENTIFIER = "identifier"


def resolved(node: t.Any, find: t.Callable[[ObjectReference, t.Any], int | str]) -> Json:
    """Return a node with the id of what it starts. Raises ConfigError.

    :param node: C(identifier), one of the kinds in STARTED with a name, lists of identifiers for each of EDGES, and
        fields of the API
    :param find: returns the id of an object
    """
    if not isinstance(node, dict) or not isinstance(node.get(_IDENTIFIER), str):
        raise ConfigError("each node must be a map with an identifier", hint="Give it").with_context(
            option=f"objects.fields.{NODES}"
        )
    found: Json = {}
    for name, value in node.items():
        reference = STARTED.get(name)
        found[reference.field if reference else name] = find(reference, value) if reference else value
    for name in EDGES:
        found.setdefault(name, [])
    return found


def apply(api: AwxApi, workflow: int | None, wanted: list[Json], check_mode: bool) -> Plan:
    """Create, change and delete nodes, then edges. Returns the plan; in check mode, that is all.

    :param workflow: its id, None if it would be made in check mode
    """
    names = [node[_IDENTIFIER] for node in wanted]
    for node in wanted:
        for edge in EDGES:
            if unknown := sorted(set(node[edge]) - set(names)):
                raise ConfigError(
                    f"the node {node[_IDENTIFIER]} leads to {', '.join(unknown)}, which is no node of the workflow",
                    hint="Name one of its nodes",
                ).with_context(option=f"objects.fields.{NODES}")
    there = {} if workflow is None else _nodes(api, workflow)
    before = {name: _shown(node, there, _fields(wanted, name)) for name, node in there.items()}
    after = {node[_IDENTIFIER]: {name: value for name, value in node.items() if name != _IDENTIFIER} for node in wanted}
    plan = make_plan("present", {NODES: before}, {NODES: after})
    if plan.changed and not check_mode and workflow is not None:
        _store(api, workflow, wanted, there)
    return plan


def _fields(wanted: list[Json], name: str) -> list[str]:
    return next(([*node] for node in wanted if node[_IDENTIFIER] == name), ["unified_job_template", *EDGES])


def _nodes(api: AwxApi, workflow: int) -> dict[str, Json]:
    return {str(node[_IDENTIFIER]): node for node in api.list(f"workflow_job_templates/{workflow}/workflow_nodes")}


def _shown(node: Json, there: t.Mapping[str, Json], fields: list[str]) -> Json:
    """Return a node of the API as users write it."""
    names = {one["id"]: name for name, one in there.items()}
    shown = {name: node.get(name) for name in fields if name not in (_IDENTIFIER, *EDGES)}
    edges = {edge: [names.get(one) for one in node.get(field) or []] for edge, field in EDGES.items() if edge in fields}
    return {**shown, **edges}


def _store(api: AwxApi, workflow: int, wanted: list[Json], there: dict[str, Json]) -> None:
    for name in set(there) - {node[_IDENTIFIER] for node in wanted}:
        api.delete(f"{_NODES_PATH}/{there.pop(name)['id']}")
    for node in wanted:
        body = {name: value for name, value in node.items() if name not in EDGES}
        present = there.get(node[_IDENTIFIER])
        if present is None:
            there[node[_IDENTIFIER]] = api.post(f"workflow_job_templates/{workflow}/workflow_nodes", body)
        elif any(present.get(name) != value for name, value in body.items()):
            api.patch(f"{_NODES_PATH}/{present['id']}", body)
    # All of them are there now. Old edges first: AWX refuses two of different kinds between the same nodes.
    targets = {
        (node[_IDENTIFIER], edge): [there[name]["id"] for name in node[edge]] for node in wanted for edge in EDGES
    }
    for (name, edge), ids in targets.items():
        path = f"{_NODES_PATH}/{there[name]['id']}/{EDGES[edge]}"
        for one in set(there[name].get(EDGES[edge]) or []) - set(ids):
            # A node that was deleted has taken its edges along.
            if any(node["id"] == one for node in there.values()):
                api.post(path, {"id": one, "disassociate": True})
    for (name, edge), ids in targets.items():
        for one in ids:
            if one not in (there[name].get(EDGES[edge]) or []):
                api.post(f"{_NODES_PATH}/{there[name]['id']}/{EDGES[edge]}", {"id": one})
