# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small AWX: the lists and objects of its REST API that awx_setup uses, in memory, with AWX's own refusals."""

from __future__ import annotations

import base64
import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from awx.api_rules import (
    ENCRYPTED,
    FIELDS,
    NOTIFICATION_SECRETS,
    ORGANIZED,
    TEMPLATES,
    UNIQUE,
    Json,
    Refusal,
    check_credential_type,
    check_launch,
    check_rrule,
    check_survey,
    checked,
    shown_json,
    stored_inputs,
    stored_notification,
)

API = "/api/v2/"
TOKEN = "awx-token-3f9c1b7e5d2a"
USER, PASSWORD = "admin", "awx-password-81c4d0e6"
_OBJECT = re.compile(r"(?P<kind>[a-z_]+)(?:/(?P<id>\d+)(?:/(?P<part>[a-z_]+))?)?\Z")
_LINKS = {
    "credentials": "credentials",
    **{f"notification_templates_{event}": "notification_templates" for event in ("started", "success", "error")},
}
_EDGES = ("success_nodes", "failure_nodes", "always_nodes")
_MACHINE = {
    "fields": [
        {"id": "username", "label": "Username", "type": "string"},
        {"id": "password", "label": "Password", "type": "string", "secret": True},
        {"id": "ssh_key_data", "label": "Key", "type": "string", "secret": True, "multiline": True},
    ]
}


class Awx(ThreadingHTTPServer):
    """``objects``: kind -> id -> fields as they are kept, secrets too. ``writes``: what was not only read.

    :param playbooks: what AWX finds in each project
    :param fetched: the status at which the fetch of a project ends
    """

    daemon_threads = True

    def __init__(self, playbooks: list[str], *, fetched: str = "successful", delay: int = 2) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.playbooks, self.fetched, self.delay = playbooks, fetched, delay
        self.lock = threading.RLock()
        self.objects: dict[str, dict[int, Json]] = {kind: {} for kind in FIELDS}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Json] = {}
        self.left: dict[int, int] = {}
        self.writes: list[str] = []
        self.requests: list[str] = []
        self._next = 0
        self.make("organizations", {"name": "Default"})
        machine = {"name": "Machine", "kind": "net", "inputs": _MACHINE}
        self.objects["credential_types"][self.make("credential_types", machine)["id"]]["kind"] = "ssh"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Awx:
        return self

    def __exit__(self, *_details: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def named(self, kind: str, name: str) -> Json:
        """The one object with this name."""
        (found,) = [one for one in self.objects[kind].values() if one.get("name") == name]
        return found

    def exists(self, kind: str, number: int) -> bool:
        return any(number in self.objects[one] for one in (TEMPLATES if kind == "templates" else (kind,)))

    def make(self, kind: str, body: Json) -> Json:
        item = checked(kind, body, None, self.exists)
        self._check(kind, item, {}, None)
        self._next += 1
        self.objects[kind][self._next] = item = {"id": self._next, **item}
        if kind == "projects" and item["scm_type"]:
            self.left[item["id"]] = self.delay
        return self.shown(kind, item)

    def make_machine_credential(self, name: str) -> Json:
        """A credential with which jobs log in to hosts, as somebody has made it by hand."""
        fields = {"organization": self.named("organizations", "Default")["id"], "inputs": {"username": "admin"}}
        kind = self.named("credential_types", "Machine")["id"]
        return self.make("credentials", {"name": name, "credential_type": kind, **fields})

    def change(self, kind: str, number: int, body: Json) -> Json:
        present = self.objects[kind][number]
        item = checked(kind, body, present, self.exists)
        self._check(kind, item, present, number)
        if kind == "projects" and any(item[name] != present[name] for name in item if name.startswith("scm_")):
            self.left[number] = self.delay
        self.objects[kind][number] = item
        return self.shown(kind, item)

    def _check(self, kind: str, item: Json, before: Json, number: int | None) -> None:
        """What is to be said of the whole object. Replaces what is kept in another form."""
        keys = UNIQUE.get(kind, ORGANIZED)
        for other, one in self.objects[kind].items():
            if other != number and all(one.get(key) == item.get(key) for key in keys):
                raise Refusal(__all__=f"{kind} with this ({', '.join(keys)}) combination already exists.")
        if kind == "credential_types":
            check_credential_type(item)
        elif kind == "credentials":
            if item["organization"] is None:
                raise Refusal(detail="Missing 'user', 'team', or 'organization'.")
            inputs = self.objects["credential_types"][item["credential_type"]]["inputs"]
            item["inputs"] = stored_inputs(
                inputs.get("fields", []), inputs.get("required", []), item["inputs"], before.get("inputs", {})
            )
        elif kind == "notification_templates":
            had = before.get("notification_configuration", {})
            item["notification_configuration"] = stored_notification(item, had)
        elif kind == "projects":
            if item["scm_type"] == "git" and not item["scm_url"]:
                raise Refusal(scm_url="SCM URL is required.")
        elif kind == "inventory_sources":
            self._check_source(item)
        elif kind == "job_templates":
            self._check_template(item)
        elif kind == "schedules":
            check_rrule(item["rrule"])
            self._check_launch(item, with_required=True)
        elif kind == "workflow_job_template_nodes" and item["unified_job_template"] is not None:
            self._check_launch(item, with_required=False)

    def _check_source(self, item: Json) -> None:
        if item["source"] == "scm" and item["source_project"] is None:
            raise Refusal(source_project="Project required for scm type sources.")
        if item["source"] != "scm" and item["source_project"] is not None:
            raise Refusal(source_project="Cannot set source_project if not SCM type.")
        if item["credential"] is not None:
            kind = self.objects["credential_types"][self.objects["credentials"][item["credential"]]["credential_type"]]
            if kind["kind"] in ("scm", "ssh", "insights", "vault"):
                raise Refusal(
                    credential="Credentials of type machine, source control, insights and vault are disallowed"
                )

    def _check_template(self, item: Json) -> None:
        if item["project"] is None:
            raise Refusal(project="This field is required.")
        if not item["playbook"]:
            raise Refusal(playbook="Must select playbook for project.")
        if item["inventory"] is None and not item["ask_inventory_on_launch"]:
            raise Refusal(inventory="Must either set a default value or ask to prompt on launch.")
        if self.status(item["project"]) != "successful" or item["playbook"] not in self.playbooks:
            raise Refusal(playbook="Playbook not found for project.")

    def _check_launch(self, item: Json, *, with_required: bool) -> None:
        number = item["unified_job_template"]
        (kind,) = (one for one in TEMPLATES if number in self.objects[one])
        survey = self.surveys.get((kind, number), {})
        check_launch(item, self.objects[kind][number], survey, with_required=with_required)

    def status(self, project: int) -> str:
        if not self.objects["projects"][project]["scm_type"]:
            return "ok"
        return "running" if self.left.get(project) else self.fetched

    def shown(self, kind: str, item: Json) -> Json:
        """An object as the API shows it."""
        found = dict(item)
        if kind == "credentials":
            entries = self.objects["credential_types"][item["credential_type"]]["inputs"].get("fields", [])
            secret = {entry["id"] for entry in entries if entry.get("secret")}
            found["inputs"] = {
                name: ENCRYPTED if name in secret and value else value for name, value in item["inputs"].items()
            }
        elif kind == "notification_templates":
            found["notification_configuration"] = {
                name: ENCRYPTED if name in NOTIFICATION_SECRETS and value else value
                for name, value in item["notification_configuration"].items()
            }
        elif kind == "projects":
            found["status"] = self.status(item["id"])
        elif kind == "workflow_job_template_nodes":
            for edge in _EDGES:
                found[edge] = self.links.get((kind, item["id"], edge), [])
        return found

    def below(self, kind: str, number: int, part: str) -> list[Json]:
        if part == "workflow_nodes":
            nodes = self.objects["workflow_job_template_nodes"]
            return [
                self.shown("workflow_job_template_nodes", one)
                for one in nodes.values()
                if one["workflow_job_template"] == number
            ]
        target = "workflow_job_template_nodes" if part in _EDGES else _LINKS[part]
        return [self.shown(target, self.objects[target][one]) for one in self.links.get((kind, number, part), [])]

    def link(self, kind: str, number: int, part: str, body: Json) -> Json | None:
        if part == "workflow_nodes":
            return self.make("workflow_job_template_nodes", {**body, "workflow_job_template": number})
        if part == "survey_spec":
            check_survey(body)
            self.surveys[kind, number] = body
            return {}
        if part == "update":
            self.left[number] = self.delay
            return {"project_update": 1}
        target = "workflow_job_template_nodes" if part in _EDGES else _LINKS[part]
        if not isinstance(body.get("id"), int) or body["id"] not in self.objects[target]:
            raise Refusal(msg='"id" field must be an integer.')
        linked = self.links.setdefault((kind, number, part), [])
        if body.get("disassociate"):
            linked[:] = [one for one in linked if one != body["id"]]
            return None
        if part in _EDGES:
            self._check_edge(number, part, body["id"])
        if part == "credentials":
            kinds = [self.objects["credentials"][one]["credential_type"] for one in linked]
            if self.objects["credentials"][body["id"]]["credential_type"] in kinds:
                raise Refusal(error="Cannot assign multiple credentials of one type.")
        if body["id"] not in linked:
            linked.append(body["id"])
        return None

    def _check_edge(self, number: int, part: str, child: int) -> None:
        kind = "workflow_job_template_nodes"
        if any(child in self.links.get((kind, number, edge), []) for edge in _EDGES if edge != part):
            raise Refusal(Error="Relationship not allowed.")
        ahead, seen = [child], set()
        while ahead:
            one = ahead.pop()
            if one == number:
                raise Refusal(Error="Cycle detected.")
            if one not in seen:
                seen.add(one)
                ahead += [other for edge in _EDGES for other in self.links.get((kind, one, edge), [])]

    def remove(self, kind: str, number: int) -> None:
        del self.objects[kind][number]
        for linked in self.links.values():
            linked[:] = [one for one in linked if one != number]


class Handler(BaseHTTPRequestHandler):
    server: Awx
    protocol_version = "HTTP/1.1"
    # Head and body in one piece: a client would wait 40 ms for the second otherwise.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        parts = urllib.parse.urlsplit(self.path)
        with self.server.lock:
            self.server.requests.append(f"{self.command} {parts.path}")
            try:
                status, body = self._result(parts, json.loads(content) if content else {})
            except Refusal as exc:
                status, body = 400, exc.words
            if self.command != "GET" and status < 300:
                self.server.writes.append(f"{self.command} {parts.path}")
        data = b"" if body is None else shown_json(body)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"{parts.path}/")
        if data:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _result(self, parts: urllib.parse.SplitResult, body: Any) -> tuple[int, Any]:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"Basic {basic}"):
            return 401, {"detail": "Authentication credentials were not provided. To establish a login session, visit"}
        if not parts.path.endswith("/"):
            return 301, None
        match = _OBJECT.match(parts.path.removeprefix(API).rstrip("/"))
        if not parts.path.startswith(API) or not match or match["kind"] not in FIELDS:
            return 404, {"detail": "The requested resource could not be found."}
        kind, part = match["kind"], match["part"]
        if not match["id"]:
            if self.command == "POST":
                return 201, self.server.make(kind, body)
            items = [self.server.shown(kind, one) for one in self.server.objects[kind].values()]
            return 200, self._page(kind, items, parts)
        number = int(match["id"])
        if number not in self.server.objects[kind]:
            return 404, {"detail": "Not found."}
        if part is None:
            return self._one(kind, number, body)
        if self.command == "POST":
            made = self.server.link(kind, number, part, body)
            return (204, None) if made is None else (201 if made else 200, made)
        if part == "survey_spec":
            return 200, self.server.surveys.get((kind, number), {})
        return 200, self._page("", self.server.below(kind, number, part), parts)

    def _one(self, kind: str, number: int, body: Any) -> tuple[int, Any]:
        if self.command == "PATCH":
            return 200, self.server.change(kind, number, body)
        if self.command == "DELETE":
            self.server.remove(kind, number)
            return 204, None
        shown = self.server.shown(kind, self.server.objects[kind][number])
        if self.server.left.get(number):
            self.server.left[number] -= 1
        return 200, shown

    def _page(self, kind: str, items: list[Json], parts: urllib.parse.SplitResult) -> Json:
        query = dict(urllib.parse.parse_qsl(parts.query))
        number, size = int(query.pop("page", "1")), min(int(query.pop("page_size", "25")), 200)
        for name, value in query.items():
            if name not in FIELDS.get(kind, {}):
                raise Refusal(detail=f"{kind} has no field named '{name}'")
            items = [one for one in items if str(one.get(name)) == value]
        more = len(items) > number * size
        page = items[(number - 1) * size : number * size]
        link = f"{parts.path}?page={number + 1}" if more else None
        return {"count": len(items), "next": link, "previous": None, "results": page}

    def log_message(self, *_arguments: Any) -> None:
        """Print nothing."""
