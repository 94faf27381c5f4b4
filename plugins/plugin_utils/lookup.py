# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge of all lookups: their options and terms, check mode, and errors and warnings as Ansible wants them."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from jinja2.exceptions import UndefinedError

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.options import argument_spec, is_set
from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
from ansible_collections.community.senhasegura.plugins.plugin_utils import connection
from ansible_collections.community.senhasegura.plugins.plugin_utils.arguments import Spec, validate
from ansible_collections.community.senhasegura.plugins.plugin_utils.failure import describe

display = Display()
Options = t.Mapping[str, t.Any]
Variables = t.Mapping[str, t.Any]

LOOKUP_SPEC: Spec = {
    "field": {"type": "str"},
    "default": {"type": "raw"},
    "on_missing": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "on_denied": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "return_format": {"type": "str", "choices": ["value", "dict", "raw"], "default": "value"},
}
CHECK_MODES = ["placeholder", "read"]
CHECK_MODE_VARIABLE = "senhasegura_check_mode"
CUSTODY_SPEC: Spec = {
    "release": {"type": "bool", "default": False},
    "allow_vault_rotation": {"type": "bool", "default": False},
    "check_mode": {"type": "str", "choices": CHECK_MODES},
}


class SenhaseguraLookup(LookupBase):
    """Subclasses give their name and the options that they have beyond the common ones; the client does the rest."""

    name: t.ClassVar[str]
    spec: t.ClassVar[Spec] = {}

    def run(self, terms: list[t.Any], variables: Variables | None = None, **kwargs: t.Any) -> list[t.Any]:
        # Ansible before 2.19 hands this on from with_*. A lookup returns a list anyway.
        kwargs.pop("wantlist", None)
        variables = variables or {}
        given = {name: value for name, value in kwargs.items() if not connection.is_omitted(value, variables)}
        try:
            return self._run(terms, variables, given)
        except SenhaseguraError as exc:
            # "from None": from ansible-core 2.19 on, the causes of an error are printed as well.
            raise AnsibleLookupError(str(exc)) from None
        except UndefinedError:
            # An undefined variable among the terms. Ansible says so itself, unless default() makes it good.
            raise
        # Whatever it is: the text of an unexpected exception may quote a secret.
        except Exception as exc:  # noqa: BLE001
            raise AnsibleLookupError(describe(exc)) from None

    def _run(self, terms: list[t.Any], variables: Variables, arguments: Options) -> list[t.Any]:
        options = validate(arguments, {**argument_spec(), **LOOKUP_SPEC, **self.spec}, {})
        names = [str(parse_reference(term)) for term in _flat(terms)]
        if not names:
            raise ConfigError("no term is given", hint="Name at least one credential, key or secret")
        settings = connection.settings(options, variables, self._templar.template)
        options["check_mode"] = self._check_mode(options, variables)
        if "default" not in arguments:
            del options["default"]
        # Not before it is needed: all this is compiled anew in each worker of Ansible.
        from ansible_collections.community.senhasegura.plugins.module_utils.client import lookups
        from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import connect

        lookups.check(self.name, options)
        values, warnings = lookups.look_up(self.name, connect(settings), names, options)
        for warning in warnings:
            display.warning(warning)
        return values

    def _check_mode(self, options: Options, variables: Variables) -> str:
        """Whether terms are read whose read takes custody: not in check mode, unless somebody asks for it."""
        takes_custody = "check_mode" in self.spec and options.get("include_password", True)
        if not (takes_custody and variables.get("ansible_check_mode")):
            return "read"
        wanted = options["check_mode"] or connection.variable(CHECK_MODE_VARIABLE, variables, self._templar.template)
        if is_set(wanted) and wanted not in CHECK_MODES:
            choices = ", ".join(CHECK_MODES)
            raise ConfigError(
                f"the variable {CHECK_MODE_VARIABLE} is not one of {choices}", hint="Correct the variable"
            )
        if wanted != "read":
            display.warning(
                "check mode: nothing is read that takes custody, and a placeholder stands for the value. "
                f"Set check_mode=read (or the variable {CHECK_MODE_VARIABLE}) if the play needs the real one"
            )
        return wanted or CHECK_MODES[0]


def _flat(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from _flat(term)
        else:
            yield term
