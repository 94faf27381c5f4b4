# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the options of a plugin: check them against its argument spec, and collect the connection settings.

Ansible's own messages about wrong options quote values; these name options. Connection settings come from all places
where users may put them, in the documented order.
"""

from __future__ import annotations

import configparser
import dataclasses
import datetime
import os
import typing as t

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import (
    AliasError,
    ArgumentTypeError,
    ArgumentValueError,
    ElementError,
    NoLogError,
    SubParameterTypeError,
)
from ansible.utils.display import Display

from ..module_utils.errors import ConfigError, SenhaseguraError
from ..module_utils.operations.parameters import not_text
from ..module_utils.pem import is_pem
from ..module_utils.settings.config_file import OTHERS, read_settings
from ..module_utils.settings.options import (
    ALL_OPTIONS,
    FROM_ENVIRONMENT,
    INI_SECTION,
    OPTIONS,
    Option,
    is_set,
    takes_text_only,
)
from ..module_utils.settings.settings import (
    RunSettings,
    Settings,
    Source,
    environment_source,
    find_value,
    resolve,
    resolve_run,
)
from .broker.client import text
from .masking import register
from .variables import VariableError, evaluate_variable, option_variables, task_environment

display = Display()
_QUOTING = (AliasError, ArgumentTypeError, ArgumentValueError, ElementError, NoLogError, SubParameterTypeError)
_HINT = "Correct the options; ansible-doc shows those of this plugin"
# What values of a type are called. A choice says more.
_TYPES = {
    "str": "text",
    "bool": "a boolean (true or false)",
    "int": "a whole number",
    "float": "a number",
    "list": "a list",
    "dict": "a map",
    "path": "a path",
}
_CONNECTION = frozenset(option.name for option in ALL_OPTIONS)
Template = t.Callable[[t.Any], t.Any]
Spec = t.Mapping[str, t.Mapping[str, t.Any]]
_CONFIG_FILE = next(option for option in OPTIONS if option.name == "config_file")


def validate(arguments: t.Mapping[str, t.Any], spec: Spec, rules: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the arguments with types and defaults of ``spec``. Raises ConfigError, whose text holds no value.

    :param rules: mutually_exclusive, required_together, required_one_of, required_if, required_by
    """
    arguments = {name: plain(value) for name, value in arguments.items()}
    known = _names(spec)
    unknown = sorted(str(name) for name in arguments if name not in known)
    if unknown:
        raise ConfigError(f"unknown option {', '.join(unknown)}", hint=f"Options are: {', '.join(sorted(spec))}")
    # An empty connection option is the same as none, also where its type has no empty value.
    given = {name: value for name, value in arguments.items() if is_set(value) or name not in _CONNECTION}
    _check_texts(given, spec)
    # Nor does it have a default, so there is nothing to check of those that are not given: most of the options.
    concerned = {name: dict(option) for name, option in spec.items() if name in given or name not in _CONNECTION}
    result = ArgumentSpecValidator(concerned, **rules).validate(given)
    # The container of the errors is true even when it is empty.
    if result.error_messages:
        if any(isinstance(error, _QUOTING) for error in result.errors.errors):
            raise _wrong_value(given, spec) or ConfigError("an option has a value of the wrong type", hint=_HINT)
        raise ConfigError(f"wrong options: {result.errors[0].msg}", hint=_HINT)
    found = {str(name): plain(value) for name, value in result.validated_parameters.items()}
    return {**dict.fromkeys(spec), **found}


def plain(value: t.Any) -> t.Any:
    """Return a value, and what is in it, in plain types: ansible-core marks where texts come from, or that they are
    encrypted.
    """
    value = text(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {plain(name): plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _check_texts(arguments: t.Mapping[str, t.Any], spec: Spec, place: str = "", exact: bool = False) -> None:
    """Refuse what the validator would make a text of, and another one than was meant.

    A secret has to be a text, and so has what is stored beside it in one dictionary. Elsewhere whole numbers and dates
    are as good, since ids are often written so.

    :param exact: whether only text will do for all options
    """
    exact = exact or (bool(place) and any(details.get("no_log") for details in spec.values()))
    for name, details in spec.items():
        for key in {name, *details.get("aliases", ())} & arguments.keys():
            value, kind = arguments[key], details.get("type", "str")
            items = value if isinstance(value, list) and kind == "list" else [value]
            for item in items:
                if "options" in details and isinstance(item, dict):
                    _check_texts(item, details["options"], f"{place}{name}.", exact)
                only = exact or takes_text_only(name, details.get("no_log", False))
                good = (str,) if only else (str, int, datetime.date)
                if details.get("elements", kind) == "str" and not (
                    item is None or (isinstance(item, good) and not isinstance(item, bool))
                ):
                    raise not_text(f"the option {place}{name}", f"{place}{name}")


def _names(spec: Spec) -> set[str]:
    return {name for option, details in spec.items() for name in (option, *details.get("aliases", ()))}


def _wrong_value(arguments: t.Mapping[str, t.Any], spec: Spec, place: str = "") -> SenhaseguraError | None:
    """Find the option at fault by checking each alone, since the message that names it shows its value too."""
    for name, details in spec.items():
        alone = {key: value for key, value in details.items() if key not in ("required", "default")}
        given = {key: arguments[key] for key in (name, *details.get("aliases", ())) if key in arguments}
        if not given or not ArgumentSpecValidator({name: alone}).validate(given).error_messages:
            continue
        for value in given.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and (
                    inner := _wrong_value(item, details.get("options", {}), f"{place}{name}.")
                ):
                    return inner
        choices = details.get("choices")
        kind = details.get("type", "str")
        wanted = f"one of {', '.join(map(str, choices))}" if choices else _TYPES.get(kind, kind)
        error = ConfigError(f"the option {place}{name} must be {wanted}", hint=f"Correct {place}{name}")
        return error.with_context(option=f"{place}{name}")
    return None


def settings(
    arguments: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    template: Template,
    environment: t.Sequence[t.Any] = (),
    default_file: str | None = None,
    *,
    mysafe: bool = False,
) -> tuple[Settings, RunSettings]:
    """Return the settings and run options for one task.

    :param variables: the variables of the host, whose values may hold templates
    :param template: evaluates such a value
    :param environment: what the play, the blocks and the task set, the innermost last
    :param default_file: the configuration file where config_file is set nowhere
    :param mysafe: whether the task is one of MySafe, whose client has options of its own
    """
    try:
        values = option_variables(variables, arguments, template, mysafe=mysafe)
        told = task_environment(environment, variables, template)
        return merge(arguments, values, told, default_file, mysafe=mysafe)
    except VariableError as exc:
        raise ConfigError(exc.problem, hint=exc.hint) from None


def environment_and_file(
    arguments: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    template: Template,
    environment: t.Sequence[t.Any] = (),
) -> tuple[dict[str, t.Any], str | None]:
    """Return the variables C(SENHASEGURA_*) of a task, and the path of the CLI's file if config_file is set."""
    try:
        values = option_variables(variables, arguments, template)
        task = {name: text(value) for name, value in task_environment(environment, variables, template).items()}
    except VariableError as exc:
        raise ConfigError(exc.problem, hint=exc.hint) from None
    return task, find_value(_CONFIG_FILE, _sources(arguments, values, task))


def merge(
    arguments: t.Mapping[str, t.Any],
    values: t.Mapping[str, t.Any],
    environment: t.Mapping[str, t.Any] | None = None,
    default_file: str | None = None,
    *,
    mysafe: bool = False,
) -> tuple[Settings, RunSettings]:
    """Merge what all places say: option > variable > environment > ini > configuration file, as Ansible itself does.

    Warns of a connection that is open to anybody. Ansible shows the same warning only once in a run.

    :param values: those of the variables that are options, by the name of the option
    :param environment: that of the task, which wins over the one of the process
    :param default_file: as above
    :param mysafe: as above
    """
    sources = _sources(arguments, values, environment or {})
    path = find_value(_CONFIG_FILE, sources) or default_file
    if path is not None:
        sources.append(environment_source(_read_file(path), "{} in config_file"))
    found, run = resolve(sources, mysafe=mysafe), resolve_run(sources, mysafe=mysafe)
    # Before any warning.
    register(found.secrets())
    if not found.validate_certs:
        display.warning(
            "validate_certs is false: nobody checks the certificate of the server, so anybody on the way to it can "
            "read and change passwords. Give ca_path instead"
        )
    # What was decrypted is the value itself, whatever it looks like.
    return found, dataclasses.replace(run, on_ciphertext="ignore") if found.decryption_key else run


def _sources(
    arguments: t.Mapping[str, t.Any], values: t.Mapping[str, t.Any], environment: t.Mapping[str, t.Any]
) -> list[Source]:
    """Return all places but the configuration file, the most important first."""
    return [
        Source(lambda option: arguments.get(option.name), lambda option: f"the option {option.name}"),
        Source(lambda option: text(values.get(option.name)), lambda option: f"the variable {option.variable}"),
        environment_source(
            {name: text(value) for name, value in environment.items()},
            "the environment variable {} of the task",
        ),
        environment_source(os.environ),
        _ini_source(),
    ]


def variable(name: str, variables: t.Mapping[str, t.Any], template: Template) -> t.Any:
    """Return the value of a variable, or None if there is none. Raises ConfigError."""
    if name not in variables:
        return None
    try:
        return evaluate_variable(name, variables, template)
    except VariableError as exc:
        raise ConfigError(exc.problem, hint=exc.hint) from None


def _ini_source() -> Source:
    section: t.Mapping[str, str] = {}
    if constants.CONFIG_FILE:
        parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
        parser.read(constants.CONFIG_FILE, encoding="utf-8")
        section = parser[INI_SECTION] if parser.has_section(INI_SECTION) else {}

    def lookup(option: Option) -> str | None:
        value = section.get(option.name)
        if option.type != "path" or not is_set(value) or value == FROM_ENVIRONMENT or is_pem(value):
            return value
        # As Ansible does it: a path in a configuration file starts from there.
        return os.path.join(os.path.dirname(constants.CONFIG_FILE), os.path.expanduser(os.path.expandvars(str(value))))

    return Source(lookup, lambda option: f"{option.name} in [{INI_SECTION}] of ansible.cfg")


def _read_file(path: str) -> dict[str, str | None]:
    """Return the settings in the DSM CLI's file, and register the secrets among them."""
    known, mode = read_settings(path)
    register(known.get(option.env) for option in ALL_OPTIONS if option.secret and not option.pem)
    if mode & OTHERS:
        display.warning("config_file can be read by other users: chmod 600 it")
    return known
