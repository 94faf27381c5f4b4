# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of Sphinx for the documentation site."""

from __future__ import annotations

import zlib
from pathlib import Path

from workspace import CACHE, ROOT

# The pages of Ansible that antsibull-docs and our guides refer to by their labels. An inventory from docs.ansible.com
# would have them all, but a build asks no other server.
ANSIBLE = "https://docs.ansible.com/projects/ansible/devel/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_collections.ansible.builtin.include_vars_module": "collections/ansible/builtin/include_vars_module.html",
    "ansible_collections.ansible.builtin.ssh_connection": "collections/ansible/builtin/ssh_connection.html",
    "ansible_collections.ansible.builtin.user_module": "collections/ansible/builtin/user_module.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
VARIABLES = (
    "ANSIBLE_CACHE_PLUGIN",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION",
    "ANSIBLE_CACHE_PLUGIN_PREFIX",
    "ANSIBLE_CACHE_PLUGIN_TIMEOUT",
    "ANSIBLE_LOCAL_TEMP",
)


def inventory() -> str:
    """Write these in the form of an inventory of Sphinx, and return the path of that."""
    lines = [f"{name} std:label -1 {page}# {name}" for name, page in LABELS.items()]
    lines += [f"{name} std:envvar 1 reference_appendices/config.html#envvar-$ -" for name in VARIABLES]
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: devel\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    path: Path = CACHE / "docsite" / "ansible.inv"
    path.write_bytes(head.encode() + zlib.compress("".join(f"{line}\n" for line in lines).encode()))
    return str(path)


project = "community.senhasegura"
copyright = "community.senhasegura contributors"  # noqa: A001
html_title = "community.senhasegura"
html_theme = "furo"
html_static_path = [str(ROOT / "tests" / "docsite" / "static")]
html_favicon = str(ROOT / "tests" / "docsite" / "static" / "favicon.svg")
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_use_index = False
html_domain_indices = False
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
intersphinx_mapping = {"ansible": (ANSIBLE, inventory())}
pygments_style = "ansible"
pygments_dark_style = "monokai"
highlight_language = "YAML+Jinja"
default_role = "any"
nitpicky = True
