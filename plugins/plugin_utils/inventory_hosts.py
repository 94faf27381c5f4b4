# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's side of the inventory plugin: its file, what is asked of the server, and the variables of hosts."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleParserError

from ..module_utils.client.api import AnnouncingApi
from ..module_utils.client.connect import client_over, direct
from ..module_utils.errors import SenhaseguraError
from ..module_utils.operations.device_inventory import SPEC, InventoryHost, hosts_of, read
from ..module_utils.pem import is_pem
from ..module_utils.settings.options import OPTIONS, is_set
from ..module_utils.settings.settings import Settings
from .broker.client import text
from .masking import register, register_options
from .plugin_options import merge, validate
from .template_trust import no_template, template
from .unexpected import describe

_Result = t.TypeVar("_Result")
# The lookup of each kind of login, the variable that it is for, and its options. In check mode Ansible connects too.
_LOGINS = {
    "password": ("ansible_password", "check_mode='read'"),
    "ssh_key": ("ansible_ssh_private_key_file", "as_file=true, check_mode='read'"),
}


def _told(do: t.Callable[[], _Result]) -> _Result:
    """Return what ``do`` returns, and raise all its errors as AnsibleParserError, without the text of unknown ones."""
    try:
        return do()
    except AnsibleParserError:
        raise
    except SenhaseguraError as exc:
        problem = str(exc)
    # Catch everything: the text of an unexpected exception may quote a secret.
    except Exception as exc:  # noqa: BLE001
        problem = describe(exc)
    raise AnsibleParserError(problem)


class InventoryFile:
    """The file of an inventory, with its options checked.

    :ivar group: the group of all hosts
    """

    def __init__(self, config: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any], templar: t.Any) -> None:
        """Check the options. Raises AnsibleParserError.

        :param config: the file as it is written
        :param variables: the extra variables
        :param templar: evaluates templates
        """
        self._written = {name: config[name] for name in config if name in SPEC}
        self._params: dict[str, t.Any]
        self._kept: list[str]
        self._settings: Settings
        _told(lambda: self._check(variables, templar))
        self.group: str = self._params["group"]

    def _check(self, variables: t.Mapping[str, t.Any], templar: t.Any) -> None:
        templar.available_variables = variables
        given = {name: templar.template(value) for name, value in self._written.items()}
        register_options(given)
        # Secrets in plain text. A template becomes another text, and what is encrypted another object.
        self._kept = [
            option.name
            for option in OPTIONS
            if option.secret
            # The path of a file is no secret.
            and (not option.pem or is_pem(given.get(option.name)))
            and is_set(written := self._written.get(option.name))
            and text(written) is written
            and given[option.name] == written
        ]
        self._params = validate(given, SPEC, {})
        named = {option.name: variables.get(option.variable) for option in OPTIONS}
        values = {name: templar.template(value) for name, value in named.items() if value is not None}
        self._settings, _run = merge(self._params, values)

    def read(self) -> dict[str, t.Any]:
        """Return devices and credentials, and what was asked for. Raises AnsibleParserError."""
        return {"asked": self._asked(), **_told(self._read)}

    def _read(self) -> dict[str, t.Any]:
        client = client_over(AnnouncingApi(direct(self._settings), register))
        return dict(read(client, self._params))

    def _asked(self) -> str:
        """Return all that decides what the server is asked for, but for the client."""
        settings = (self._settings.server, self._settings.tenant, self._settings.dialect)
        return repr((settings, self._params["details"], sorted((self._params["filters"] or {}).items())))

    def accepts(self, cached: t.Any) -> bool:
        """Return whether what a cache has is the answer to what this file asks for."""
        return (
            isinstance(cached, dict)
            and cached.get("asked") == self._asked()
            and all(isinstance(cached.get(name), list) for name in ("devices", "credentials"))
        )

    def hosts(self, data: t.Mapping[str, t.Any], taken: t.Collection[str]) -> tuple[list[InventoryHost], list[str]]:
        """Return the hosts, and warnings. Raises AnsibleParserError.

        :param data: what C(read) has returned
        :param taken: names that no host may have
        """
        hosts, warnings = _told(lambda: hosts_of(data, self._params, {*taken, self.group}))
        if self._kept and any(host.login for host in hosts):
            warnings.append(
                f"{', '.join(self._kept)} in the file of the inventory is not handed on to the lookups of its hosts, "
                "since it is in plain text: set it in the environment, in config_file, or as a template"
            )
        return hosts, warnings

    def group_variables(self) -> dict[str, t.Any]:
        """Return the connection options that the file sets, as it sets them, without secrets in plain text."""
        return {
            option.variable: self._written[option.name]
            for option in OPTIONS
            if is_set(self._written.get(option.name)) and option.name not in self._kept
        }


def host_variables(host: InventoryHost) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """Return the variables of a host: those that may be shown, and those that become a secret when they are used."""
    known = {
        "ansible_host": host.address,
        "ansible_user": host.user,
        "ansible_port": host.port,
        "ansible_connection": host.connection,
    }
    public: dict[str, t.Any] = {name: value for name, value in known.items() if value}
    public.update(senhasegura_device=host.device, senhasegura_credential=host.credential)
    if host.login is None:
        return no_template(public), {}
    kind, id_ = host.login
    variable, options = _LOGINS[kind]
    return no_template(public), {
        variable: template(f"{{{{ lookup('community.senhasegura.{kind}', 'id:{id_}', {options}) }}}}")
    }
