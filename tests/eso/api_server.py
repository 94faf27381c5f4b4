# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of a Kubernetes API server as kubernetes.core needs: discovery, read, create and merge patch, in memory.

It serves external-secrets.io/v1 and not v1beta1, as every ESO since 0.17 does, and marks objects of ESO as ready or, if
their names say so, as failed. Nothing is authenticated.
"""

from __future__ import annotations

import functools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Group and version -> plural -> kind, and whether it is in a namespace.
RESOURCES: dict[str, dict[str, tuple[str, bool]]] = {
    "v1": {"secrets": ("Secret", True)},
    "rbac.authorization.k8s.io/v1": {"roles": ("Role", True), "rolebindings": ("RoleBinding", True)},
    "external-secrets.io/v1": {
        "secretstores": ("SecretStore", True),
        "clustersecretstores": ("ClusterSecretStore", False),
        "externalsecrets": ("ExternalSecret", True),
    },
}
VERBS = ["get", "list", "create", "patch", "update", "delete"]
# /api/v1/namespaces/NAMESPACE/PLURAL/NAME, /apis/GROUP/VERSION/PLURAL/NAME and so on.
PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+))?\Z"
)


def resource_list(version: str) -> dict[str, Any]:
    """Return the answer to what there is of a group and version."""
    found = [
        {"name": plural, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": VERBS}
        for plural, (kind, namespaced) in RESOURCES[version].items()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found}


def group_list() -> dict[str, Any]:
    groups = []
    for version in RESOURCES:
        group, slash, number = version.partition("/")
        if slash:
            one = {"groupVersion": version, "version": number}
            groups.append({"name": group, "versions": [one], "preferredVersion": one})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def merged(old: Any, new: Any) -> Any:
    """Return a JSON merge patch applied (RFC 7386)."""
    if not isinstance(new, dict):
        return new
    base = old if isinstance(old, dict) else {}
    found = {**base, **{name: merged(base.get(name), value) for name, value in new.items()}}
    return {name: value for name, value in found.items() if value is not None}


class ApiServer(ThreadingHTTPServer):
    """``objects``: (kind, namespace, name) -> object. Start it with C(with)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def kubeconfig(self) -> dict[str, Any]:
        server = f"http://127.0.0.1:{self.server_port}"
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }

    def keep(self, key: tuple[str, str, str], value: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
        """Store an object unless it is a dry run, and return it as the server shows it."""
        if value["apiVersion"].startswith("external-secrets.io/"):
            ready = not key[2].startswith("broken")
            value["status"] = {
                "conditions": [
                    {
                        "type": "Ready",
                        "status": str(ready),
                        "reason": "SecretSynced" if ready else "SecretSyncedError",
                        "message": "secret synced" if ready else "could not get secret data from provider",
                    }
                ]
            }
        before = self.objects.get(key, {}).get("metadata", {}).get("resourceVersion", "0")
        old = {name: part for name, part in self.objects.get(key, {}).items() if name != "metadata"}
        same = old == {name: part for name, part in value.items() if name != "metadata"}
        value["metadata"]["resourceVersion"] = before if same else str(int(before) + 1)
        if not dry_run:
            self.objects[key] = value
        return value


class Handler(BaseHTTPRequestHandler):
    server: ApiServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        fixed = {
            "/version": {"major": "1", "minor": "31", "gitVersion": "v1.31.0"},
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": group_list(),
            **{f"/{'apis' if '/' in version else 'api'}/{version}": resource_list(version) for version in RESOURCES},
        }
        self._answer(fixed[path]) if path in fixed else self._object(None)

    def do_POST(self) -> None:
        self._object(lambda _old, new: new)

    def do_PATCH(self) -> None:
        self._object(merged)

    def _object(self, change: Any) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        found = PATH.match(self.path.partition("?")[0])
        version = "/".join(filter(None, [found["group"], found["version"]])) if found else ""
        if not found or found["plural"] not in RESOURCES.get(version, {}):
            self._answer(_status("the server could not find the requested resource"), 404)
            return
        kind, _namespaced = RESOURCES[version][found["plural"]]
        name = found["name"] or body.get("metadata", {}).get("name", "")
        key = kind, found["namespace"] or "", name
        held = self.server.objects.get(key)
        # With this kubernetes.core asks in check mode.
        keep = functools.partial(self.server.keep, key, dry_run="dryRun=All" in self.path)
        if self.command == "POST":
            self._answer(keep(body), 201)
        elif held is None:
            self._answer(_status(f"{kind} {name} not found"), 404)
        else:
            self._answer(held if change is None else keep(change(json.loads(json.dumps(held)), body)))

    def _answer(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        pass


def _status(message: str) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": "NotFound",
        "code": 404,
    }
