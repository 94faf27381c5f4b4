# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies as the documents show them: the entity beside `response`, the Portuguese twins, the types."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .errors import GatewayProblem, Problem, ScimProblem, TokenProblem
from .profiles import Profile


@dataclass
class Reply:
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        if self.status == 204:
            return b""
        return json.dumps(self.body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def block(status: int, message: str, error_code: int = 0, detail: str = "") -> dict[str, Any]:
    error = status >= 400
    return {
        "status": status,
        "message": message,
        "error": error,
        "error_code": error_code,
        "detail": detail,
        "mensagem": message,
        "erro": error,
        "cod_erro": error_code,
    }


def success(
    profile: Profile, tenant: str, message: str, status: int = 200, outer: int | None = None, **entities: Any
) -> Reply:
    """`outer` is the HTTP status where the documents show one that differs from the inner."""
    body: dict[str, Any] = {"response": block(status, message), **entities}
    return Reply(outer or status, _modern(profile, tenant, status, body))


def guide_success(message: str, status: int = 200, **entities: Any) -> Reply:
    head = {"status": status, "message": message, "error": False, "error_code": 0}
    return Reply(status, {"response": {**head, **entities}})


def failure(profile: Profile, tenant: str, problem: Problem, guide: bool = False) -> Reply:
    if isinstance(problem, TokenProblem):
        flat = {"error": problem.error, "error_description": problem.message, "message": problem.message}
        return Reply(problem.status, flat)
    if isinstance(problem, GatewayProblem):
        return Reply(problem.status, {"message": problem.message})
    if isinstance(problem, ScimProblem):
        return _scim_failure(profile, problem)
    if guide:
        return _guide_failure(problem)
    body: dict[str, Any] = {"response": block(problem.status, problem.message, problem.error_code, problem.detail)}
    if problem.number is not None or problem.status == 500:
        number = problem.number or problem.status
        body["exception"] = {"code": number, "message": problem.message, "detail": problem.detail or None}
    return Reply(problem.status, _modern(profile, tenant, problem.status, body))


def _scim_failure(profile: Profile, problem: ScimProblem) -> Reply:
    document = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": str(problem.status),
        "detail": problem.message,
        **({"scimType": problem.scim_type} if problem.scim_type else {}),
    }
    return Reply(problem.status, document, scim_media_type(profile))


def scim_media_type(profile: Profile) -> dict[str, str]:
    """4.0 has set it right (SSGR-3116)."""
    return {"Content-Type": "application/scim+json" if profile.modern else "application/json"}


def _guide_failure(problem: Problem) -> Reply:
    status = problem.guide_status
    head = {"status": status, "message": problem.message, "error": True, "error_code": problem.number or status}
    return Reply(status, {"response": head})


def _modern(profile: Profile, tenant: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"code": status, **body, "tenant": tenant} if profile.modern else body
