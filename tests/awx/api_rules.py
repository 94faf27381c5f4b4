# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX's API takes and refuses, for the objects that awx_setup makes.

Rules and texts are those of AWX 24.6, as its documentation and users report them (facts-awx-eda.md, awx.md). Nothing
of the collection is imported here. What it does not have: users and their rights, labels, instance groups, jobs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

Json = dict[str, Any]
ENCRYPTED = "$encrypted$"


class Refusal(Exception):
    """An answer of 400 with these words."""

    def __init__(self, **words: Any) -> None:
        super().__init__(str(words))
        self.words = {name: value if isinstance(value, list) else [value] for name, value in words.items()}


# Field -> type, default (None: empty), choices or the kind of another object. A field without default is required.
REQUIRED = object()
TEXT, BOOL, INT, MAP = str, bool, int, dict


def field(kind: Any, default: Any = REQUIRED, *, choices: tuple[str, ...] = (), to: str = "") -> Json:
    return {"type": kind, "default": default, "choices": choices, "to": to}


def to(kind: str, default: Any = None) -> Json:
    return field(INT, default, to=kind)


_COMMON = {"name": field(TEXT), "description": field(TEXT, "")}
_PROMPTS = (
    *("variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory", "credential", "scm_branch"),
    *("execution_environment", "forks", "diff_mode", "timeout", "job_slice_count", "labels", "instance_groups"),
)
_ASKS = {f"ask_{name}_on_launch": field(BOOL, False) for name in _PROMPTS}
_LAUNCH = {
    "extra_data": field(MAP, {}),
    "inventory": to("inventories"),
    "scm_branch": field(TEXT, None),
    "job_type": field(TEXT, None, choices=("run", "check")),
    "limit": field(TEXT, None),
    "forks": field(INT, None),
    "verbosity": field(INT, None),
    "diff_mode": field(BOOL, None),
}
FIELDS: dict[str, dict[str, Json]] = {
    "organizations": {**_COMMON, "max_hosts": field(INT, 0), "default_environment": to("execution_environments")},
    "credential_types": {
        **_COMMON,
        "kind": field(TEXT, choices=("cloud", "net")),
        "inputs": field(MAP, {}),
        "injectors": field(MAP, {}),
    },
    "execution_environments": {
        **_COMMON,
        "organization": to("organizations"),
        "image": field(TEXT),
        "credential": to("credentials"),
        "pull": field(TEXT, "", choices=("always", "missing", "never", "")),
    },
    "credentials": {
        **_COMMON,
        "organization": to("organizations"),
        "credential_type": to("credential_types", REQUIRED),
        "inputs": field(MAP, {}),
    },
    "projects": {
        **_COMMON,
        "organization": to("organizations"),
        "local_path": field(TEXT, ""),
        "scm_type": field(TEXT, "", choices=("", "git", "svn", "insights", "archive")),
        "scm_url": field(TEXT, ""),
        "scm_branch": field(TEXT, ""),
        "scm_refspec": field(TEXT, ""),
        "scm_clean": field(BOOL, False),
        "scm_track_submodules": field(BOOL, False),
        "scm_delete_on_update": field(BOOL, False),
        "credential": to("credentials"),
        "timeout": field(INT, 0),
        "scm_update_on_launch": field(BOOL, False),
        "scm_update_cache_timeout": field(INT, 0),
        "allow_override": field(BOOL, False),
        "default_environment": to("execution_environments"),
    },
    "inventories": {
        **_COMMON,
        "organization": to("organizations", REQUIRED),
        "kind": field(TEXT, "", choices=("", "smart", "constructed")),
        "host_filter": field(TEXT, None),
        "variables": field(TEXT, ""),
        "prevent_instance_group_fallback": field(BOOL, False),
    },
    "inventory_sources": {
        **_COMMON,
        "inventory": to("inventories", REQUIRED),
        "source": field(TEXT, choices=("scm", "constructed", "ec2", "gce", "azure_rm", "vmware", "satellite6")),
        "source_path": field(TEXT, ""),
        "source_vars": field(TEXT, ""),
        "source_project": to("projects"),
        "scm_branch": field(TEXT, ""),
        "credential": to("credentials"),
        "enabled_var": field(TEXT, ""),
        "enabled_value": field(TEXT, ""),
        "host_filter": field(TEXT, ""),
        "overwrite": field(BOOL, False),
        "overwrite_vars": field(BOOL, False),
        "timeout": field(INT, 0),
        "verbosity": field(INT, 1),
        "limit": field(TEXT, ""),
        "execution_environment": to("execution_environments"),
        "update_on_launch": field(BOOL, False),
        "update_cache_timeout": field(INT, 0),
    },
    "notification_templates": {
        **_COMMON,
        "organization": to("organizations", REQUIRED),
        "notification_type": field(
            TEXT,
            choices=("email", "grafana", "irc", "mattermost", "pagerduty", "rocketchat", "slack", "twilio", "webhook"),
        ),
        "notification_configuration": field(MAP, {}),
        "messages": field(MAP, None),
    },
    "job_templates": {
        **_COMMON,
        **_ASKS,
        "job_type": field(TEXT, "run", choices=("run", "check")),
        "inventory": to("inventories"),
        "project": to("projects"),
        "playbook": field(TEXT, ""),
        "scm_branch": field(TEXT, ""),
        "forks": field(INT, 0),
        "limit": field(TEXT, ""),
        "verbosity": field(INT, 0),
        "extra_vars": field(TEXT, ""),
        "job_tags": field(TEXT, ""),
        "skip_tags": field(TEXT, ""),
        "force_handlers": field(BOOL, False),
        "start_at_task": field(TEXT, ""),
        "timeout": field(INT, 0),
        "use_fact_cache": field(BOOL, False),
        "execution_environment": to("execution_environments"),
        "host_config_key": field(TEXT, ""),
        "survey_enabled": field(BOOL, False),
        "become_enabled": field(BOOL, False),
        "diff_mode": field(BOOL, False),
        "allow_simultaneous": field(BOOL, False),
        "job_slice_count": field(INT, 1),
        "prevent_instance_group_fallback": field(BOOL, False),
    },
    "workflow_job_templates": {
        **_COMMON,
        "extra_vars": field(TEXT, ""),
        "organization": to("organizations"),
        "survey_enabled": field(BOOL, False),
        "allow_simultaneous": field(BOOL, False),
        "inventory": to("inventories"),
        "limit": field(TEXT, None),
        "scm_branch": field(TEXT, None),
        **{f"ask_{name}_on_launch": field(BOOL, False) for name in ("variables", "inventory", "limit", "scm_branch")},
    },
    "schedules": {
        **_COMMON,
        **_LAUNCH,
        "rrule": field(TEXT),
        "enabled": field(BOOL, True),
        "unified_job_template": to("templates", REQUIRED),
    },
    "workflow_job_template_nodes": {
        **_LAUNCH,
        "workflow_job_template": to("workflow_job_templates", REQUIRED),
        "unified_job_template": to("templates"),
        "all_parents_must_converge": field(BOOL, False),
        "identifier": field(TEXT),
    },
}
# By which fields an object is unique.
UNIQUE: dict[str, tuple[str, ...]] = {
    "organizations": ("name",),
    "credential_types": ("name", "kind"),
    "execution_environments": ("name",),
    "credentials": ("organization", "name", "credential_type"),
    "inventory_sources": ("name", "inventory"),
    "schedules": ("unified_job_template", "name"),
    "workflow_job_template_nodes": ("workflow_job_template", "identifier"),
}
ORGANIZED = ("name", "organization")
# What starts something, and has ids in common.
TEMPLATES = ("job_templates", "workflow_job_templates", "projects", "inventory_sources")


def checked(kind: str, body: Json, present: Json | None, exists: Callable[[str, Any], bool]) -> Json:
    """Return the fields of a new or changed object. What the API does not know it ignores, as AWX does."""
    found = dict(present) if present else {}
    for name, details in FIELDS[kind].items():
        if name not in body:
            if present is None:
                if details["default"] is REQUIRED:
                    raise Refusal(**{name: "This field is required."})
                found[name] = details["default"]
            continue
        value = found[name] = body[name]
        if value is None:
            if details["default"] is REQUIRED:
                raise Refusal(**{name: "This field may not be null."})
        elif details["to"]:
            if isinstance(value, bool) or not isinstance(value, int):
                raise Refusal(**{name: f"Incorrect type. Expected pk value, received {type(value).__name__}."})
            if not exists(details["to"], value):
                raise Refusal(**{name: f'Invalid pk "{value}" - object does not exist.'})
        elif not isinstance(value, details["type"]) or (details["type"] is INT and isinstance(value, bool)):
            words = {TEXT: "Not a valid string.", BOOL: "Must be a valid boolean.", INT: "A valid integer is required."}
            raise Refusal(**{name: words.get(details["type"], "Expected a dictionary of items.")})
        elif details["choices"] and value not in details["choices"]:
            raise Refusal(**{name: f'"{value}" is not a valid choice.'})
        if details["default"] is REQUIRED and value == "":
            raise Refusal(**{name: "This field may not be blank."})
    for name in ("extra_vars", "variables", "source_vars"):
        if name in found:
            check_variables(name, found[name])
    return found


def check_variables(name: str, text: str) -> None:
    """AWX takes JSON or YAML, but a map."""
    try:
        document = yaml.safe_load(text) if text else {}
    except yaml.YAMLError:
        document = None
    if document is not None and not isinstance(document, dict):
        raise Refusal(**{name: "Input type `str` is not a dictionary"})


FIELD_KEYS = {"id", "label", "type", "format", "secret", "multiline", "choices", "default", "help_text"}


def check_credential_type(item: Json) -> None:
    inputs, injectors = item["inputs"], item["injectors"]
    if set(inputs) - {"fields", "required"}:
        raise Refusal(inputs="Additional properties are not allowed")
    ids: list[str] = []
    for entry in inputs.get("fields", []):
        if set(entry) - FIELD_KEYS:
            raise Refusal(inputs=f"Additional properties are not allowed ({sorted(set(entry) - FIELD_KEYS)})")
        if not {"id", "label"} <= set(entry):
            raise Refusal(inputs="'label' is a required property")
        kind = entry.get("type", "string")
        if kind not in ("string", "boolean"):
            raise Refusal(inputs=f"'{kind}' is not one of ['string', 'boolean']")
        if not re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", entry["id"]):
            raise Refusal(inputs=f"{entry['id']} is an invalid variable name")
        if entry["id"] == "tower":
            raise Refusal(inputs='"tower" is a reserved field name')
        for key in ("secret", "multiline", "choices", "format"):
            if kind == "boolean" and key in entry:
                raise Refusal(inputs=f"{key} not allowed for {kind} type ({entry['id']})")
        if entry.get("format") not in (None, "ssh_private_key", "url"):
            raise Refusal(inputs=f"'{entry['format']}' is not one of ['ssh_private_key', 'url']")
        if entry["id"] in ids:
            raise Refusal(inputs=f"field IDs must be unique ({entry['id']})")
        ids.append(entry["id"])
    if set(injectors) - {"file", "env", "extra_vars"}:
        raise Refusal(injectors="Additional properties are not allowed")
    files = injectors.get("file", {})
    if any(name != "template" and not re.fullmatch(r"template\.[a-zA-Z_]+[a-zA-Z0-9_]*", name) for name in files):
        raise Refusal(injectors="must be template or template.NAME")
    if "template" in files and len(files) > 1:
        raise Refusal(injectors="Must define unnamed file injector in order to reference `tower.filename`.")
    known = {*ids, *(f"tower.filename.{name.partition('.')[2]}" for name in files), "tower.filename"}
    for template in [*injectors.get("env", {}).values(), *files.values(), *injectors.get("extra_vars", {}).values()]:
        for used in re.findall(r"\{\{\s*([\w.]+)", str(template)) + re.findall(r"\{%\s*if\s+([\w.]+)", str(template)):
            if used not in known:
                raise Refusal(injectors=f"{item['name']} uses an undefined field ('{used}' is undefined)")
    for name, template in injectors.get("env", {}).items():
        if name.startswith("ANSIBLE_"):
            raise Refusal(
                injectors=f"Environment variable {name} may affect Ansible configuration so its use is not allowed"
            )
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or not str(template).isascii():
            raise Refusal(injectors="does not match")


def stored_inputs(entries: list[Json], required: list[str], given: Json, before: Json) -> Json:
    """Return the inputs of a credential as they are kept. The API applies no default of a field."""
    known = {entry["id"]: entry for entry in entries}
    found: Json = {}
    for name, value in given.items():
        if name not in known:
            raise Refusal(inputs=f"Additional properties are not allowed ('{name}' was unexpected)")
        entry = known[name]
        if entry.get("secret") and value == ENCRYPTED:
            if name not in before:
                raise Refusal(inputs=f"'{ENCRYPTED}' is reserved")
            found[name] = before[name]
            continue
        if entry.get("type") == "boolean" and not isinstance(value, bool):
            raise Refusal(inputs=f"{value!r} is not of type 'boolean' ({name})")
        if entry.get("type", "string") == "string" and not isinstance(value, str):
            raise Refusal(inputs=f"{value!r} is not of type 'string' ({name})")
        if "choices" in entry and value not in entry["choices"]:
            raise Refusal(inputs=f"{value!r} is not one of {entry['choices']} ({name})")
        found[name] = value
    missing = sorted(name for name in required if not found.get(name))
    if missing:
        raise Refusal(inputs=f"required for {missing}")
    return found


# Type -> field -> type, and default if it may be left out.
NOTIFICATIONS: Mapping[str, Json] = {
    "webhook": {
        "url": (str,),
        "headers": (dict,),
        "http_method": (str, "POST"),
        "disable_ssl_verification": (bool, False),
        "username": (str, ""),
        "password": (str, ""),
    },
    "slack": {"token": (str,), "channels": (list,), "hex_color": (str, "")},
    "email": {
        "host": (str,),
        "port": (int,),
        "username": (str,),
        "password": (str,),
        "use_tls": (bool,),
        "use_ssl": (bool,),
        "sender": (str,),
        "recipients": (list,),
        "timeout": (int, 30),
    },
}
NOTIFICATION_SECRETS = {"password", "token"}


def stored_notification(item: Json, before: Json) -> Json:
    known = NOTIFICATIONS[item["notification_type"]]
    found = dict(item["notification_configuration"])
    missing = [name for name, details in known.items() if name not in found and len(details) == 1]
    if missing:
        raise Refusal(notification_configuration=f"Missing required fields for Notification Configuration: {missing}.")
    for name, value in found.items():
        if name in known and not isinstance(value, known[name][0]):
            raise Refusal(notification_configuration=f"Configuration field '{name}' incorrect type")
        if name in NOTIFICATION_SECRETS and value == ENCRYPTED:
            found[name] = before.get(name, "")
    return {**{name: details[1] for name, details in known.items() if len(details) > 1}, **found}


QUESTIONS: Mapping[str, type] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}


def check_survey(spec: Json) -> None:
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if name not in spec:
            raise Refusal(error=f"Field '{name}' is missing from survey spec.")
        if not isinstance(spec[name], kind):
            raise Refusal(error=f"Expected {kind.__name__} for field '{name}'.")
    if not spec["spec"]:
        raise Refusal(error="'spec' doesn't contain any items.")
    seen: set[str] = set()
    for number, question in enumerate(spec["spec"]):
        if not isinstance(question, dict):
            raise Refusal(error=f"Survey question {number} is not a json object.")
        for name in ("type", "question_name", "variable", "required"):
            if name not in question:
                raise Refusal(error=f"'{name}' missing from survey question {number}.")
        kind = question["type"]
        if kind not in QUESTIONS:
            raise Refusal(error=f"'{kind}' in survey question {number} is not one of the allowed question types.")
        if question["variable"] in seen:
            raise Refusal(error=f"'variable' '{question['variable']}' duplicated in survey question {number}.")
        seen.add(question["variable"])
        for name in ("min", "max"):
            if not isinstance(question.get(name, 0), int):
                raise Refusal(error=f"The {name} limit in survey question {number} expected to be integer.")
        default = question.get("default", "")
        choices = question.get("choices", [])
        choices = choices.splitlines() if isinstance(choices, str) else choices
        if kind in ("multiplechoice", "multiselect"):
            if not choices:
                raise Refusal(error=f"Survey question {number} of type {kind} must specify choices.")
            chosen = [default] if kind == "multiplechoice" else str(default).splitlines()
            if default and not set(chosen) <= set(choices):
                raise Refusal(error="Default choice must be answered from the choices listed.")
        elif default != "" and (not isinstance(default, QUESTIONS[kind]) or isinstance(default, bool)):
            raise Refusal(error=f"Default value {default!r} in survey question {number} expected to be {kind}.")


def check_rrule(rule: str) -> None:
    if len(re.findall(r"DTSTART[^\s]*:", rule)) != 1:
        raise Refusal(
            rrule="Multiple DTSTART is not supported." if rule.count("DTSTART") else "DTSTART required in rrule."
        )
    if not re.search(r"DTSTART(;TZID=[\w/+-]+:\d{8}T\d{6}|:\d{8}T\d{6}Z)", rule):
        raise Refusal(rrule="DTSTART cannot be a naive datetime. Supply ;TZINFO= or YYYYMMDDTHHMMSSZZ")
    if "RRULE:" not in rule:
        raise Refusal(rrule="One or more rule required in rrule.")
    if "INTERVAL" not in rule:
        raise Refusal(rrule="INTERVAL required in rrule.")
    if "FREQ=SECONDLY" in rule:
        raise Refusal(rrule="SECONDLY is not supported.")
    if "FREQ=" not in rule:
        raise Refusal(rrule="rrule parsing failed validation: FREQ")


def check_launch(item: Json, template: Json, survey: Json, *, with_required: bool) -> None:
    """Refuse what a schedule or a node gives to a template that does not ask for it, or a wrong answer."""
    questions = {one["variable"]: one for one in survey.get("spec", [])} if template.get("survey_enabled") else {}
    extra = sorted(set(item["extra_data"]) - set(questions))
    if extra and not template.get("ask_variables_on_launch"):
        raise Refusal(
            extra_data=f"Variables {', '.join(extra)} are not allowed on launch. Check the Prompt on Launch setting "
            "on the Job Template to include Extra Variables."
        )
    for name, question in questions.items():
        if name not in item["extra_data"]:
            if question["required"] and with_required:
                raise Refusal(variables_needed_to_start=f"'{name}' value missing")
            continue
        value, kind = item["extra_data"][name], QUESTIONS[question["type"]]
        if not isinstance(value, list if question["type"] == "multiselect" else kind) or isinstance(value, bool):
            raise Refusal(variables_needed_to_start=f"Value {value!r} for '{name}' expected to be {kind.__name__}.")
        if question["type"] == "multiplechoice" and value not in question["choices"]:
            raise Refusal(
                variables_needed_to_start=f"Value {value} for '{name}' expected to be one of {question['choices']}."
            )
        size: Any = value if kind is int else len(str(value))
        if not question.get("min", size) <= size <= question.get("max", size):
            raise Refusal(variables_needed_to_start=f"'{name}' value {value} is out of its limits")
    for name in ("inventory", "scm_branch", "job_type", "limit", "forks", "verbosity", "diff_mode"):
        if item.get(name) is not None and not template.get(f"ask_{name}_on_launch"):
            raise Refusal(**{name: "Field is not configured to prompt on launch."})


def shown_json(value: Any) -> bytes:
    return json.dumps(value).encode()
