# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the module of kubernetes.core: the "cluster" is a JSON file, whose path is the option kubeconfig.

It marks the objects of ESO as ready, but those that the file lists as broken. The real module runs in `./run manifests`.
"""

from __future__ import annotations

import json
import pathlib

from ansible.module_utils.basic import AnsibleModule


def main():
    spec = {
        "state": {"type": "str", "choices": ["present"], "required": True},
        "definition": {"type": "list", "elements": "dict", "required": True},
        "kubeconfig": {"type": "path", "required": True},
        "context": {"type": "str"},
    }
    module = AnsibleModule(spec, supports_check_mode=True)
    path = pathlib.Path(module.params["kubeconfig"])
    cluster = json.loads(path.read_text())
    before = json.dumps(cluster["objects"], sort_keys=True)
    for definition in module.params["definition"]:
        metadata = definition["metadata"]
        name = "/".join([definition["kind"], metadata.get("namespace", ""), metadata["name"]])
        found = dict(definition)
        if definition["apiVersion"].startswith("external-secrets.io/"):
            found["status"] = {"conditions": [_condition(metadata["name"] not in cluster["broken"])]}
        cluster["objects"][name] = found
    changed = json.dumps(cluster["objects"], sort_keys=True) != before
    if not module.check_mode:
        path.write_text(json.dumps(cluster))
    module.exit_json(changed=changed, result={"results": module.params["definition"]})


def _condition(ready):
    if ready:
        return {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
    return {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get secret data"}


if __name__ == "__main__":
    main()
