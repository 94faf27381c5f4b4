# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what the inventory and the play say from what managed hosts say.

Ansible puts the facts of a host among its variables, where they win over the inventory, and what a task registers wins
over the play too. A host would so decide which server gets the client secret. Ansible keeps facts and what was
registered apart from the other variables, so the variables can be put together again without them.

What the play names itself stays: C(vars), loop variables, C(include_vars), and C(set_fact) unless it is C(cacheable),
which makes a fact of it.
"""

from __future__ import annotations

import multiprocessing
import typing as t

from ansible.utils.display import Display

Variables = t.Mapping[str, t.Any]
Arguments = t.Mapping[str, t.Any]
Template = t.Callable[[t.Any], t.Any]
# The variables that are options: all of module_utils/settings/options.py, which takes each worker too long to load, and
# the one of check mode. A test holds both equal.
CHECK_MODE = "check_mode"
OPTIONS = (
    "url",
    "client_id",
    "client_secret",
    "tenant",
    "dialect",
    "auth_method",
    "consumer_key",
    "consumer_secret",
    "token_key",
    "token_secret",
    "decryption_key",
    "validate_certs",
    "ca_path",
    "client_cert",
    "client_key",
    "timeout",
    "retries",
    "proxy",
    "allow_http",
    "config_file",
    "broker",
    "cache_ttl",
    "custody",
    "on_ciphertext",
    CHECK_MODE,
)
# Those of the plugins for MySafe, whose client is another one. A variable of one client may hold a lookup that logs in
# with the other, so neither kind of plugin evaluates what only the other one needs.
MYSAFE_OPTIONS = (
    "url",
    "mysafe_client_id",
    "mysafe_client_secret",
    "mysafe_auth_method",
    "mysafe_decryption_key",
    "tenant",
    "validate_certs",
    "ca_path",
    "client_cert",
    "client_key",
    "timeout",
    "retries",
    "proxy",
    "allow_http",
    "config_file",
    "broker",
    "cache_ttl",
    "on_ciphertext",
)
PREFIX = "senhasegura_"
_NAMES = tuple(f"{PREFIX}{option}" for option in dict.fromkeys((*OPTIONS, *MYSAFE_OPTIONS)))
# What Ansible makes anew for each use, or what is meant to hold facts.
_SPECIAL = frozenset(("vars", "environment", "hostvars", "ansible_facts"))
# Facts that no host chooses the names of, beside those that begin with ansible_.
_GATHERED = ("module_setup", "gather_subset", "discovered_interpreter_python")
# Names of variables whose values are being evaluated, and those that turned out to need themselves.
_in_work: list[str] = []
_circular: set[str] = set()
# A worker has one task of one host, and looks at other hosts seldom.
_found: dict[tuple[str, bool], dict[str, t.Any]] = {}


class VariableError(Exception):
    """The variable of an option cannot be evaluated. The text names it, and quotes nothing."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(f"{problem}. {hint}")
        self.problem, self.hint = problem, hint


def is_omitted(value: t.Any, variables: Variables) -> bool:
    """Return whether a value is Ansible's C(omit): a text among the variables, or from 2.19 on an object."""
    return type(value).__name__ == "_OmitType" or (isinstance(value, str) and value == variables.get("omit"))


def option_variables(
    variables: Variables, arguments: Arguments, template: Template, *, mysafe: bool = False
) -> dict[str, t.Any]:
    """Evaluate the variables C(senhasegura_*) that are options, once each. Others have no effect, whatever they hold.

    Variables of options that are given as arguments are left alone: so a lookup that is given all it needs works in the
    variable of an option too.
    What managed hosts say does not count: see above.
    Returns the values by the name of the option. Raises VariableError.

    :param mysafe: whether the plugin is one for MySafe
    """
    _refuse_false_name(variables)
    names = {
        f"{PREFIX}{option}": option
        for option in (MYSAFE_OPTIONS if mysafe else OPTIONS)
        if f"{PREFIX}{option}" in variables
        and not _is_given(arguments.get(option), variables)
        and (option != CHECK_MODE or variables.get("ansible_check_mode"))
    }
    if not names:
        return {}
    if _hosts_may_have_a_say(variables, names):
        variables, template = _without_hosts_say(variables, template)
    values = {names[name]: evaluate_variable(name, variables, template) for name in names if name in variables}
    return {option: value for option, value in values.items() if value is not None}


def task_environment(items: t.Sequence[t.Any], variables: Variables, template: Template) -> dict[str, t.Any]:
    """Merge and evaluate the variables C(SENHASEGURA_*) of the C(environment) of a task, as Ansible does.

    What managed hosts say does not count here either. Raises VariableError.

    :param items: dictionaries or templates of such, the innermost last
    """
    if not items:
        return {}
    if _hosts_may_have_a_say(variables, ()):
        variables, template = _without_hosts_say(variables, template)
        items = _as_written(getattr(multiprocessing.current_process(), "_task", None)) or items
    found: dict[str, t.Any] = {}
    for item in items if isinstance(items, (list, tuple)) else [items]:
        try:
            values = template(item) if isinstance(item, str) else item or {}
            found.update({name: template(values[name]) for name in values if str(name).startswith("SENHASEGURA_")})
        # As above.
        except Exception as exc:  # noqa: BLE001
            problem = f"the environment of the task cannot be evaluated ({type(exc).__name__})"
            raise VariableError(problem, "Show it with ansible.builtin.debug to see why") from None
    return {name: value for name, value in found.items() if not is_omitted(value, variables)}


def _as_written(task: t.Any) -> list[t.Any]:
    """Return the environments of the play, the blocks and the task, as they are before Ansible evaluates them."""
    own = getattr(task, "_ds", None)
    found = [own.get("environment") if isinstance(own, t.Mapping) else None]
    around, play = getattr(task, "_parent", None), None
    while around is not None:
        # What is not set is no attribute, or a class that says so.
        found.insert(0, getattr(around, "_environment", None))
        play = getattr(around, "_play", None) or play
        around = getattr(around, "_parent", None)
    found.insert(0, getattr(play, "_environment", None))
    lists = (item if isinstance(item, list) else [item] for item in found)
    return [item for items in lists for item in items if isinstance(item, (str, t.Mapping))]


def _refuse_false_name(variables: Variables) -> None:
    """Raise VariableError for a host that says by a fact that it is another one, whose secrets it would get."""
    host = getattr(multiprocessing.current_process(), "_host", None)
    # Variables without hostvars are those of another host, seen through hostvars.
    if host is not None and "hostvars" in variables and variables.get("inventory_hostname") != host.name:
        problem = f"inventory_hostname of {host.name} is not its name: a fact says that it is another host"
        raise VariableError(
            problem, "Find out why the host returns it, and remove it with ansible.builtin.meta: clear_facts"
        )


def _hosts_may_have_a_say(variables: Variables, names: t.Iterable[str]) -> bool:
    """Return whether any of these variables, or what they are made of, may come from a fact or a result."""
    worker = multiprocessing.current_process()
    task, host = getattr(worker, "_task", None), getattr(worker, "_host", None)
    # Not in a worker, or seen through hostvars: the name of the host is what the host says itself.
    if task is None or host is None or "hostvars" not in variables:
        return True
    # What a task has returned for one item or attempt is a variable at the next.
    if task.loop or task.loop_with or task.until or any(hasattr(variables[name], "keys") for name in names):
        return True
    return any(_is_own_fact(name) for name in _facts_of(_manager_of(variables), host.name))


def _manager_of(variables: Variables) -> t.Any:
    """Return Ansible's VariableManager, which knows where variables come from; None outside of Ansible."""
    manager = getattr(multiprocessing.current_process(), "_variable_manager", None)
    return manager or getattr(variables.get("hostvars"), "_variable_manager", None)


def _facts_of(manager: t.Any, host: t.Any) -> t.Mapping[str, t.Any]:
    """Return the facts of a host: of this run, and of earlier ones if they are kept."""
    try:
        return manager._fact_cache.get(host) or {}
    # From ansible-core 2.19 on, where the host has none. Outside of Ansible there is no manager.
    except (KeyError, AttributeError):
        return {}


def _is_own_fact(name: str) -> bool:
    """Return whether a fact may be called like a variable of the inventory: those that Ansible gathers are not."""
    return not name.startswith(("ansible_", "_ansible_")) and name not in _GATHERED


def evaluate_variable(name: str, variables: Variables, template: Template) -> t.Any:
    """Evaluate one variable that exists. Returns None if it is omitted. Raises VariableError."""
    if name in _in_work:
        _circular.add(name)
        raise VariableError(f"the variable {name} needs itself", "See where it is used in its own value")
    _in_work.append(name)
    try:
        value = template(variables[name])
    # Whatever it is: Ansible's errors quote the template, and those of other plugins may quote anything.
    except Exception as exc:  # noqa: BLE001
        if type(exc).__name__ == "AnsibleValueOmittedError":
            return None
        if name in _circular:
            problem = f"the variable {name} needs itself: its value holds a lookup of this collection that needs it"
            hint = f"Give that lookup the option {name.removeprefix(PREFIX)}, or take the value from elsewhere"
            raise VariableError(problem, hint) from None
        problem = f"the variable {name} cannot be evaluated ({type(exc).__name__})"
        raise VariableError(problem, "Show it with ansible.builtin.debug to see why") from None
    finally:
        _in_work.remove(name)
        _circular.discard(name)
    return None if is_omitted(value, variables) else value


def _is_given(value: t.Any, variables: Variables) -> bool:
    """Return whether an argument counts: as with all options, an empty text is the same as none."""
    return value is not None and not (isinstance(value, str) and not value.strip()) and not is_omitted(value, variables)


def _without_hosts_say(variables: Variables, template: Template) -> tuple[Variables, Template]:
    """Return the variables as they are without facts and registered results, and what evaluates them among those.

    A variable that only a fact has is left, unless it is an option: who names it in a template means the fact.
    Warns of each option that a host has tried to set. Raises VariableError where it cannot be found out.
    """
    manager, worker = _manager_of(variables), multiprocessing.current_process()
    if manager is None:
        return variables, template
    # A fact can change inventory_hostname, but not the host of the worker.
    own = "hostvars" in variables
    told = variables.get("ansible_facts") or {}
    host = str(worker._host.name if own and hasattr(worker, "_host") else variables.get("inventory_hostname"))
    said = {**told, **_facts_of(manager, host)}
    task = getattr(worker, "_task", None)
    if task is None or (not own and "inventory_hostname" in told):
        # The main process, which evaluates names of tasks and the like, and cannot see for which task, or a host that
        # is seen through hostvars and says that it is another.
        for name in _NAMES:
            if name in variables and name in said and said[name] == variables[name]:
                raise _unknown(name)
        return variables, template
    honest = _found.get((host, own))
    if honest is None:
        honest = _found[host, own] = _put_together(manager, host, task if own else None, said)
    loop = _loop_names(task) if own else set()
    merged = {name: value for name, value in variables.items() if name not in _NAMES or name in loop}
    merged.update((name, value) for name, value in honest.items() if name not in loop)
    for name in _NAMES:
        if name in variables and not _is_same(variables[name], merged.get(name)):
            Display().warning(
                f"the variable {name} of {host} comes from a fact or a registered result and is ignored: "
                "what hosts say does not decide about the server. Rename it, or set it in the inventory or in vars"
            )
    from ansible.template import Templar

    return merged, Templar(loader=manager._loader, variables=merged).template


def _put_together(manager: t.Any, host: str, task: t.Any, said: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the variables of a host, with those facts only that Ansible itself gathers.

    :param task: None for a host that is seen through hostvars
    :param said: what the host has said
    """
    facts, ephemeral = manager._fact_cache, manager._nonpersistent_fact_cache
    gathered = {name: value for name, value in _facts_of(manager, host).items() if not _is_own_fact(name)}
    set_by_play = {
        name: value
        for name, value in ephemeral.get(host, {}).items()
        if name not in _NAMES or not (isinstance(value, t.Mapping) or (name in said and said[name] == value))
    }
    play = task.get_play() if task is not None else None
    try:
        # This process is a copy of Ansible's main process, for one task: nobody else sees the change.
        manager._fact_cache, manager._nonpersistent_fact_cache = {host: gathered}, {host: set_by_play}
        found = manager.get_vars(play=play, host=manager._inventory.get_host(host), task=task, include_hostvars=False)
    finally:
        manager._fact_cache, manager._nonpersistent_fact_cache = facts, ephemeral
    return {name: value for name, value in found.items() if name not in _SPECIAL}


def _is_same(one: t.Any, other: t.Any) -> bool:
    # What is encrypted with Ansible Vault takes long to compare.
    return one is other or bool(one == other)


def _loop_names(task: t.Any) -> set[str]:
    """Return the variables of the loop of a task: the play names them, and only the worker knows their values."""
    control = getattr(task, "loop_control", None)
    if control is None or not (task.loop or task.loop_with):
        return set()
    return {str(name) for name in (control.loop_var or "item", control.index_var) if name}


def _unknown(name: str) -> VariableError:
    problem = f"the variable {name} has the value of a fact, and what it stands in the way of is not known here"
    return VariableError(problem, "Use the lookup in the arguments of a task, or rename the fact")
