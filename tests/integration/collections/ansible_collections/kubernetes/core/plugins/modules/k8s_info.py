# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the module of kubernetes.core: see k8s.py."""

from __future__ import annotations

import json
import pathlib

from ansible.module_utils.basic import AnsibleModule


def main():
    spec = {
        "api_version": {"type": "str", "required": True},
        "kind": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str"},
        "kubeconfig": {"type": "path", "required": True},
        "context": {"type": "str"},
    }
    module = AnsibleModule(spec, supports_check_mode=True)
    cluster = json.loads(pathlib.Path(module.params["kubeconfig"]).read_text())
    name = "/".join([module.params["kind"], module.params["namespace"] or "", module.params["name"]])
    found = [cluster["objects"][name]] if name in cluster["objects"] else []
    module.exit_json(changed=False, resources=found)


if __name__ == "__main__":
    main()
