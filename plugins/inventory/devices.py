# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: devices
short_description: Make hosts from the devices of senhasegura
version_added: 0.1.0
author:
  - community.senhasegura contributors (@community-senhasegura)
description:
  - Makes a host from each device of the vault, with its address, and with the user of one of its credentials.
  - B(No secret is read, and no custody is taken, when the inventory is made.) Passwords and private keys are
    templates with the lookups P(community.senhasegura.password#lookup) and P(community.senhasegura.ssh_key#lookup).
    Ansible evaluates them when a play has a task for the host, which takes custody, once in a run. So neither
    C(ansible-inventory) nor a cache shows a secret.
  - It makes two requests for lists, however many devices there are, and one for each device with O(details=true).
  - The file of the inventory must have a name that ends with V(senhasegura.yml) or V(senhasegura.yaml).
extends_documentation_fragment:
  - community.senhasegura.connection.inventory
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
requirements:
  - requests >= 2.31.0, on the controller
options:
  plugin:
    description:
      - Says that the file is one of this plugin.
    type: str
    required: true
    choices: [community.senhasegura.devices]
  filters:
    description:
      - Which devices become hosts. A device must have one of the values of each filter that is set.
    type: dict
    suboptions:
      site:
        description: Sites.
        type: list
        elements: str
      type:
        description: Types of devices.
        type: list
        elements: str
      vendor:
        description: Vendors.
        type: list
        elements: str
      model:
        description: Models.
        type: list
        elements: str
      tag:
        description: Tags of devices.
        type: list
        elements: str
      domain:
        description: Domains. The list does not show them, so this reads each device as O(details=true) does.
        type: list
        elements: str
  credentials:
    description:
      - Rules that say which credential or SSH key a host is used with. The first credential that the first rule fits
        which fits any is taken, in the order of the list of the server. All that is set in a rule must fit.
      - A warning names hosts that no rule fits. They are in the inventory, without a user.
      - Without rules, no host gets a user. C([{}]) takes the first credential of each host.
    type: list
    elements: dict
    suboptions:
      username:
        description: User name. Here, in O(credentials[].identifier) and O(credentials[].type), C(*), C(?) and C([...])
          stand for any letters, any letter, and one of these letters.
        type: str
      identifier:
        description: Identifier of the credential or SSH key.
        type: str
      type:
        description: Type of the credential, for example V(Local User). That of SSH keys is V(SSH Key).
        type: str
      tag:
        description: The rule is for devices with this tag only. The list shows no tags of credentials.
        type: str
  connections:
    description:
      - Which C(ansible_connection) hosts get, by the name of the connectivity of the credential. Others get none.
    type: dict
    default:
      SSH: ssh
  details:
    description:
      - Read each device, four at a time, for its ports, domains and connectivities.
    type: bool
    default: false
  group:
    description:
      - Group of all hosts of this inventory. Its variables hold the connection options that the file of the inventory
        sets, so that the lookups of its hosts use the same server.
      - A secret among them is there only if it is a template or encrypted with Ansible Vault. A secret in plain text is
        not handed on, and a warning says so. Set it in the environment, in O(config_file), or as a template.
    type: str
    default: senhasegura
notes:
  - Each host has C(ansible_host), C(ansible_user), C(ansible_connection) and, with O(details=true), C(ansible_port), as
    far as they are known. It has C(ansible_password) for a credential with a password, and
    C(ansible_ssh_private_key_file) for an SSH key, both as a template.
  - The variable C(senhasegura_device) has C(id), C(hostname), C(ip), C(type), C(vendor), C(model), C(site), C(tags),
    C(domains), C(connectivities) and C(session_remote_config) of the device. The last three are null without
    O(details=true).
  - The variable C(senhasegura_credential) has C(id), C(identifier), C(username), C(hostname), C(type) and
    C(connectivity) of the credential that is used, or is null.
  - The templates read in check mode as well, because Ansible would try to log in with a placeholder otherwise.
  - O(compose), O(groups) and O(keyed_groups) see the variables of the host but for the two with a secret. What they
    evaluate is evaluated when the inventory is made. For a password that is read later, put a template into
    C(group_vars), for example C(ansible_become_password) with the value C({{ ansible_password }}).
  - A host has the host name of the device as its name. Where that has other characters than letters, digits, C(_), C(-)
    and C(.), they become C(_). Where the name is taken, or is one that means something to Ansible such as
    V(localhost), the id of the device is appended. Nothing of the server is ever evaluated as a template.
  - A device without an address that can be one is left out with a warning.
  - With O(cache=true), the cache has the devices and the names of credentials. What has changed in the vault is seen
    when it has expired, or with C(--flush-cache).
  - Not in the dialect V(rest), for which the integration guide has no call.
seealso:
  - plugin: community.senhasegura.password
    plugin_type: lookup
  - module: community.senhasegura.device_info
  - module: community.senhasegura.device
"""

EXAMPLES = r"""
# hosts.senhasegura.yml: the server comes from the environment, each host is used with the account ansible.
plugin: community.senhasegura.devices
credentials:
  - username: ansible

---
# Some hosts of one server, with groups such as site_DC1 and tag_web.
plugin: community.senhasegura.devices
url: https://pam.example.com
client_id: "{{ lookup('ansible.builtin.env', 'PAM_ID') }}"
client_secret: "{{ lookup('ansible.builtin.env', 'PAM_SECRET') }}"
filters:
  type: [Server]
  tag: [web, database]
credentials:
  - type: SSH Key
    username: ansible
  - tag: legacy
    username: root
  - identifier: "*-ansible"
details: true
keyed_groups:
  - key: senhasegura_device.site
    prefix: site
  - key: senhasegura_device.tags
    prefix: tag
groups:
  debian: senhasegura_device.vendor == 'Debian'
compose:
  ansible_python_interpreter: "'/usr/bin/python3'"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/inventory
"""

import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable, to_safe_group_name

from ..plugin_utils.inventory_hosts import InventoryFile, host_variables


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "community.senhasegura.devices"
    _host_names: t.Collection[str] = ()

    def verify_file(self, path: str) -> bool:
        """Return whether the name of a file says that it is for this plugin, and it can be read."""
        valid: bool = super().verify_file(path)
        return valid and path.endswith(("senhasegura.yml", "senhasegura.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add the hosts. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        problem = ""
        try:
            config = self._read_config_data(path)
        except AnsibleParserError:
            raise
        except AnsibleError:
            # Its text quotes the value, which may be a secret in the wrong place.
            problem = "an option has a value of the wrong type. Compare it with ansible-doc -t inventory " + self.NAME
        if problem:
            raise AnsibleParserError(problem)
        file = InventoryFile(config, self._vars or {}, self.templar)
        hosts, warnings = file.hosts(self._data(file, path, cache), {*inventory.groups, *(config.get("groups") or ())})
        for warning in warnings:
            self.display.warning(warning)
        self._add(file, hosts)

    def _data(self, file: InventoryFile, path: str, cache: bool) -> t.Any:
        """Return devices and credentials, from the cache if they are there and were asked for in the same way."""
        if not self.get_option("cache"):
            return file.read()
        key = self.get_cache_key(path)
        found = self._cache.get(key) if cache and key in self._cache else None
        if not file.accepts(found):
            found = file.read()
            self._cache[key] = found
        return found

    def _sanitize_group_name(self, name: str) -> str:
        safe: str = to_safe_group_name(name)
        # A group with the name of a host would get what is meant for the host.
        return f"{safe}_group" if safe in self._host_names else safe

    def _add(self, file: InventoryFile, hosts: t.Sequence[t.Any]) -> None:
        group = self.inventory.add_group(self._sanitize_group_name(file.group))
        for name, value in file.group_variables().items():
            self.inventory.set_variable(group, name, value)
        self._host_names = {host.name for host in hosts}
        strict, compose = self.get_option("strict"), self.get_option("compose")
        known = []
        for host in hosts:
            self.inventory.add_host(host.name, group)
            public, lazy = host_variables(host)
            entry = self.inventory.get_host(host.name)
            for name, value in (*public.items(), *lazy.items()):
                entry.set_variable(name, value)
            if compose:
                self._set_composite_vars(compose, public, host.name, strict=strict)
                public = {name: value for name, value in entry.get_vars().items() if name not in lazy}
            known.append((host.name, public))
        groups, keyed = self.get_option("groups"), self.get_option("keyed_groups")
        for name, variables in known if groups or keyed else ():
            self._add_host_to_composed_groups(groups, variables, name, strict=strict, fetch_hostvars=False)
            self._add_host_to_keyed_groups(keyed, variables, name, strict=strict, fetch_hostvars=False)
