# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read DSM secrets and make the text of a secrets file. The action writes it, on the controller or on the host."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..secrets_file.formats import DEFAULT_TOOL, FORMATS, TOOLS, FileFormat, refuse_unfit, render
from ..secrets_file.pipeline_formats import github_masks, unmasked
from ..settings.options import argument_spec
from . import secret_selection
from .results import Params, Result

NOUN = "DSM secret"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **secret_selection.SPEC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "path": {"type": "str"},
    "format": {"type": "str", "choices": list(FORMATS)},
    "tool_name": {"type": "str", "choices": list(TOOLS), "aliases": ["tool"]},
    "location": {"type": "str", "choices": ["controller", "host"], "default": "controller"},
    "mode": {"type": "str", "choices": ["0400", "0600", "0640"], "default": "0600"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "masks_path": {"type": "str"},
    "k8s_name": {"type": "str"},
    "k8s_namespace": {"type": "str"},
    "remove_at_end": {"type": "bool", "default": False},
    "allow_readable_artifact": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {
    "mutually_exclusive": [["format", "tool_name"]],
    "required_if": [["format", "k8s_secret", ["k8s_name"]]],
}
# What the result has for the action alone.
CONTENT, MASKS = "content", "masks"
# GitLab.com's limit for its free plan, and that of one's own server as long as nobody changes it (facts-dsm.md 9).
_GITLAB_VARIABLES = 20


def format_of(params: Params) -> FileFormat:
    """Return the format that a task asks for, by its name or by that of a tool."""
    return FORMATS[params["format"] or TOOLS[params["tool_name"] or DEFAULT_TOOL]]


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the text of the file, and for GitHub the commands that mask its values. Check mode makes no difference.

    Raises Refused if the format or its reader would change a value or name.
    """
    form = format_of(params)
    chosen = secret_selection.select(client, params)
    refuse_unfit(form, chosen.entries)
    warnings = [*chosen.warnings]
    if form.name == "github" and (short := unmasked(chosen.entries)):
        warnings.append(f"too short to be masked in the log of GitHub: {', '.join(short)}")
    if form.name == "gitlab_dotenv" and len(chosen.entries) > _GITLAB_VARIABLES:
        warnings.append(f"{len(chosen.entries)} variables: some plans of GitLab take {_GITLAB_VARIABLES} in a report")
    masks = {MASKS: github_masks(chosen.entries)} if form.name == "github" else {}
    return {
        "changed": False,
        "secrets_file": {"format": form.name, "names": list(chosen.entries), "secrets": chosen.secrets},
        CONTENT: render(form, chosen.entries, params["k8s_name"] or "", params["k8s_namespace"]),
        **masks,
        "warnings": warnings,
    }
