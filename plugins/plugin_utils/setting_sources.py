# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the connection settings from all places where users may put them, in the documented order."""

from __future__ import annotations

import configparser
import dataclasses
import os
import stat
import typing as t

import yaml
from ansible import constants
from ansible.utils.display import Display

from ..module_utils.errors import ConfigError, ConnectionFailed, SenhaseguraError
from ..module_utils.pem import is_pem
from ..module_utils.settings.options import FROM_ENVIRONMENT, INI_SECTION, OPTIONS, RUN_OPTIONS, Option, is_set
from ..module_utils.settings.settings import (
    RunSettings,
    Settings,
    Source,
    environment_source,
    find_value,
    resolve,
    resolve_run,
)
from .broker.client import run_is_over, text
from .masking import register
from .variables import VariableError, evaluate_variable, option_variables, task_environment

display = Display()
Template = t.Callable[[t.Any], t.Any]
_CONFIG_FILE = next(option for option in OPTIONS if option.name == "config_file")


def settings(
    arguments: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    template: Template,
    environment: t.Sequence[t.Any] = (),
    default_file: str | None = None,
) -> tuple[Settings, RunSettings]:
    """Return the settings and run options for one task.

    :param variables: the variables of the host, whose values may hold templates
    :param template: evaluates such a value
    :param environment: what the play, the blocks and the task set, the innermost last
    :param default_file: the configuration file where config_file is set nowhere
    """
    try:
        values = option_variables(variables, arguments, template)
        return merge(arguments, values, task_environment(environment, variables, template), default_file)
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
) -> tuple[Settings, RunSettings]:
    """Merge what all places say: option > variable > environment > ini > configuration file, as Ansible itself does.

    Warns of a connection that is open to anybody. Ansible shows the same warning only once in a run.

    :param values: those of the variables that are options, by the name of the option
    :param environment: that of the task, which wins over the one of the process
    :param default_file: as above
    """
    sources = _sources(arguments, values, environment or {})
    path = find_value(_CONFIG_FILE, sources) or default_file
    if path is not None:
        sources.append(environment_source(_read_file(path), "{} in config_file"))
    found, run = resolve(sources), resolve_run(sources)
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


class _TextLoader(yaml.SafeLoader):
    """Leave numbers, dates and booleans as they are written: a secret of digits is a string."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_file(path: str) -> tuple[dict[t.Any, t.Any], int]:
    """Read the DSM CLI's YAML file, and return its content, with its numbers and dates as texts, and its mode.

    Raises ConfigError.
    """
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            # It is a kind of SafeLoader.
            content = yaml.load(file, _TextLoader)  # noqa: S506
    except FileNotFoundError:
        raise _unusable("does not exist") from None
    except yaml.YAMLError:
        # The text of the error quotes the line at fault, which may be the one with the secret.
        raise _unusable("must be valid YAML") from None
    except (OSError, ValueError, RecursionError):
        raise _unusable("cannot be read") from None
    if not isinstance(content, dict):
        raise _unusable("must be a map of names and values")
    return content, mode


def _read_file(path: str) -> dict[str, str | None]:
    """Return the settings in the DSM CLI's file, a flat map with the names of the environment variables."""
    content, mode = load_file(path)
    options = (*OPTIONS, *RUN_OPTIONS)
    known = {name: content.get(name) for option in options for name in (option.env, option.inverse_env)}
    nested = [name for name, value in known.items() if isinstance(value, (dict, list))]
    if nested:
        raise _unusable(f"must have text under {nested[0]}")
    register(known.get(option.env) for option in OPTIONS if option.secret and not option.pem)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        display.warning("config_file can be read by other users: chmod 600 it")
    return known


def _unusable(problem: str) -> SenhaseguraError:
    hint = (
        "Give config_file (SENHASEGURA_CONFIG_FILE) the path of a YAML file of the DSM CLI, with SENHASEGURA_URL and so"
        " on, or leave it out"
    )
    return ConfigError(f"config_file {problem}", hint=hint).with_context(option="config_file")


def go_on_without_broker(error: Exception) -> None:
    """Warn (once per run) that the broker is not used.

    Raises ConnectionFailed if the run is over: its workers must not take custody that nobody gives back.
    """
    if run_is_over():
        raise ConnectionFailed("the run has ended", hint="Nothing to do: the task was stopped with it") from None
    display.warning(
        f"the broker of this run cannot be used ({error}): each lookup and task logs in and reads by itself. "
        "Set broker=false to do without it silently"
    )


def broker_lost() -> ConnectionFailed:
    """Return the error for a run whose brokers were all lost. To go on, each host would log in and read by itself."""
    return ConnectionFailed(
        "the broker of this run was started several times, and killed or stopped each time",
        hint="Find out what does it, for example the out-of-memory killer in the kernel's log; with broker=false each "
        "lookup and task logs in and reads by itself. The next run says which custody was not given back",
    )


def broker_late() -> ConnectionFailed:
    """Return the error for a task whose time ended before there was a broker again. The run's others wait as well."""
    return ConnectionFailed(
        "the broker of this run was killed or did not answer, and no other one was ready within the option timeout",
        hint="Run the play again. Raise timeout or lower forks if the controller is busy, and find out what ends the "
        "broker, for example the out-of-memory killer in the kernel's log",
    )


def warn_of_custody() -> None:
    display.warning("custody=release_at_end needs the broker: custody is kept")
