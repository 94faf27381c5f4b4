# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of calls, and the way from a raw path to a call. Paths are never normalised."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from . import (
    auth,
    automations,
    devices,
    dsm,
    encryption,
    ephemeral,
    information,
    keys,
    mysafe,
    pam,
    related_users,
    rest,
    scim,
    sessions,
)
from .call import Call
from .envelope import Reply
from .errors import Problem, ScimProblem, no_route
from .profiles import DSM, GUIDE, INFO, LEGACY, MYSAFE, OLD_SESSIONS, PAM, SCIM, SESSIONS, TOKEN, USERS, Profile
from .settings import Settings

CORE, APP, SECRETS, CICD = "PAM Core", "Application", "Secret Management", "CI/CD"
IDENTITIES, PEOPLE, WEB = "SCIM", "Users", "Web Proxy Session"
Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    area: str
    operation: str
    method: str
    path: str  # below the prefix of its area
    handler: Handler
    resource: str = CORE


def _mysafe_routes(operation: str, kind: str) -> tuple[Route, ...]:
    path, handlers = f"/mysafe/{kind}", mysafe.handlers(kind)
    calls = (
        ("list", "GET", ""),
        ("create", "POST", ""),
        ("update", "PUT", "/update/{ref}"),
        ("enable", "POST", "/active/{ref}"),
        ("disable", "POST", "/inactive/{ref}"),
        ("read", "GET", "/{ref}"),
    )
    return tuple(
        Route(MYSAFE, f"{operation}.{verb}", method, path + below, handlers[verb], auth.MYSAFE)
        for verb, method, below in calls
    )


ROUTES: tuple[Route, ...] = (
    Route(TOKEN, "token", "POST", "/oauth2/token", auth.token),
    Route(PAM, "credential.list", "GET", "/pam/credential", pam.list_credentials),
    Route(PAM, "credential.write", "POST", "/pam/credential", pam.write_credential),
    Route(PAM, "custody.release", "DELETE", "/pam/credential/custody/{ref}", pam.release_custody),
    Route(PAM, "credential.read", "GET", "/pam/credential/{ref}", pam.read_credential),
    Route(PAM, "credential.enable", "PUT", "/pam/credential/{ref}", pam.enable_credential),
    Route(PAM, "credential.disable", "DELETE", "/pam/credential/{ref}", pam.disable_credential),
    Route(PAM, "key.write", "POST", "/pam/key", keys.write_key),
    Route(PAM, "key.read", "GET", "/pam/key", keys.read_key_without_id),
    Route(PAM, "key.read", "GET", "/pam/key/", keys.read_key_without_id),
    Route(PAM, "key.read", "GET", "/pam/key/{ref}", keys.read_key),
    Route(PAM, "key.enable", "PUT", "/pam/key/{ref}", keys.enable_key),
    Route(PAM, "key.disable", "DELETE", "/pam/key/{ref}", keys.disable_key),
    Route(PAM, "device.list", "GET", "/pam/device", devices.list_devices),
    Route(PAM, "device.write", "POST", "/pam/device", devices.write_device),
    Route(PAM, "device.read", "GET", "/pam/device/{ref}", devices.read_device),
    Route(PAM, "device.enable", "PUT", "/pam/device/{ref}", devices.enable_device),
    Route(PAM, "device.disable", "DELETE", "/pam/device/{ref}", devices.disable_device),
    Route(LEGACY, "credential.read", "GET", "/coe/senha/{ref}", pam.read_legacy),
    Route(DSM, "application.read", "GET", "/dapp/application", dsm.read_application, APP),
    Route(DSM, "application.read", "GET", "/dapp/Application", dsm.read_application, APP),
    Route(DSM, "application.write", "POST", "/dapp/application", dsm.write_application, APP),
    Route(DSM, "application.write", "POST", "/dapp/Application", dsm.write_application, APP),
    Route(DSM, "authorization.delete", "DELETE", "/dapp/application/authorization", dsm.delete_authorization, APP),
    Route(DSM, "secret.list", "GET", "/sctm/secret", dsm.list_secrets, SECRETS),
    Route(DSM, "secret.write", "POST", "/sctm/secret", dsm.write_secret, SECRETS),
    Route(DSM, "variables.write", "POST", "/cicd/variables", dsm.write_variables, CICD),
    Route(DSM, "ephemeral.provision", "POST", "/coe/dapp/provision", ephemeral.provision, APP),
    Route(DSM, "ephemeral.deprovision", "POST", "/coe/dapp/deprovision", ephemeral.deprovision, APP),
    Route(DSM, "automation.list", "GET", "/sctm/automations", automations.list_automations, SECRETS),
    Route(DSM, "automation.create", "POST", "/sctm/automation", automations.create_automation, SECRETS),
    Route(DSM, "automation.read", "GET", "/sctm/automation/{ref}", automations.read_automation, SECRETS),
    Route(DSM, "automation.update", "PUT", "/sctm/automation/{ref}", automations.update_automation, SECRETS),
    Route(DSM, "automation.delete", "DELETE", "/sctm/automation/{ref}", automations.delete_automation, SECRETS),
    Route(DSM, "encryption.list", "GET", "/sctm/encryption/key", encryption.list_keys, SECRETS),
    Route(DSM, "encryption.create", "POST", "/sctm/encryption/key", encryption.create_key, SECRETS),
    Route(DSM, "encryption.read", "GET", "/sctm/encryption/key/{ref}", encryption.read_key, SECRETS),
    Route(DSM, "encryption.update", "PUT", "/sctm/encryption/key/{ref}", encryption.update_key, SECRETS),
    Route(DSM, "encryption.disable", "DELETE", "/sctm/encryption/key/{ref}", encryption.disable_key, SECRETS),
    Route(DSM, "encryption.encrypt", "POST", "/sctm/encryption/encrypt", encryption.encrypt_text, SECRETS),
    Route(DSM, "encryption.decrypt", "POST", "/sctm/encryption/decrypt", encryption.decrypt_text, SECRETS),
    *_mysafe_routes("mysafe_password", mysafe.PASSWORD),
    *_mysafe_routes("mysafe_note", mysafe.NOTE),
    *_mysafe_routes("mysafe_api_secret", mysafe.API_SECRET),
    Route(SCIM, "scim.config", "GET", "/scim/v2/ServiceProviderConfig", scim.service_provider_config, IDENTITIES),
    Route(SCIM, "scim.types", "GET", "/scim/v2/ResourceTypes", scim.list_resource_types, IDENTITIES),
    Route(SCIM, "scim.types", "GET", "/scim/v2/ResourceTypes/{ref}", scim.read_resource_type, IDENTITIES),
    Route(SCIM, "scim.schemas", "GET", "/scim/v2/Schemas", scim.list_schemas, IDENTITIES),
    Route(SCIM, "scim.schemas", "GET", "/scim/v2/Schemas/{ref}", scim.read_schema, IDENTITIES),
    Route(SCIM, "scim_user.list", "GET", "/scim/v2/Users", scim.list_users, IDENTITIES),
    Route(SCIM, "scim_user.create", "POST", "/scim/v2/Users", scim.create_user, IDENTITIES),
    Route(SCIM, "scim_user.read", "GET", "/scim/v2/Users/{ref}", scim.read_user, IDENTITIES),
    Route(SCIM, "scim_user.change", "PATCH", "/scim/v2/Users/{ref}", scim.change_user, IDENTITIES),
    Route(SCIM, "scim_user.delete", "DELETE", "/scim/v2/Users/{ref}", scim.delete_user, IDENTITIES),
    Route(USERS, "related_user.list", "GET", "/user/related", related_users.list_related_users, PEOPLE),
    Route(USERS, "related_user.create", "POST", "/user/related", related_users.create_related_user, PEOPLE),
    Route(USERS, "related_user.update", "PUT", "/user/related", related_users.update_related_user, PEOPLE),
    Route(USERS, "related_user.read", "GET", "/user/related/{ref}", related_users.read_related_user, PEOPLE),
    Route(USERS, "related_user.update", "PUT", "/user/related/{ref}", related_users.update_related_user, PEOPLE),
    Route(USERS, "related_user.disable", "DELETE", "/user/related/{ref}", related_users.disable_related_user, PEOPLE),
    *(
        route
        for area, below in ((SESSIONS, "/pam"), (OLD_SESSIONS, ""))
        for route in (
            Route(area, "session.list", "GET", f"{below}/session/remotesessions", sessions.list_sessions),
            Route(area, "session.read", "GET", f"{below}/session/remotesessions/{{ref}}", sessions.read_session),
            Route(area, "session.drop", "DELETE", f"{below}/session/drop/{{ref}}", sessions.drop_session),
            Route(area, "session.start", "POST", f"{below}/remote/session", sessions.start_session, WEB),
        )
    ),
    Route(INFO, "information.create", "POST", "/pam/info", information.create_information),
    Route(INFO, "information.read", "GET", "/pam/info/{ref}", information.read_information),
    Route(INFO, "information.disable", "DELETE", "/pam/info/{ref}", information.disable_information),
    Route(GUIDE, "credential.list", "GET", "/api/pam/credential", rest.list_credentials),
    Route(GUIDE, "credential.create", "POST", "/api/pam/credential", rest.create_credential),
    Route(GUIDE, "credential.info", "GET", "/api/pam/credential/{ref}", rest.read_credential),
    Route(GUIDE, "credential.update", "PUT", "/api/pam/credential/{ref}", rest.update_credential),
    Route(GUIDE, "credential.disable", "DELETE", "/api/pam/credential/{ref}", rest.disable_credential),
    Route(GUIDE, "credential.rotate", "POST", "/api/pam/credential/{ref}/rotate", rest.rotate_credential),
    Route(GUIDE, "credential.read", "GET", "/iso/coe/senha", rest.read_password),
    Route(GUIDE, "custody.release", "DELETE", "/iso/pam/credential/custody/{ref}", rest.release_custody),
    Route(GUIDE, "key.list", "GET", "/api/pam/sshkey", rest.list_keys),
    Route(GUIDE, "key.create", "POST", "/api/pam/sshkey", rest.create_key),
    Route(GUIDE, "key.read", "GET", "/api/pam/sshkey/{ref}", rest.read_key),
    Route(GUIDE, "key.update", "PUT", "/api/pam/sshkey/{ref}", rest.update_key),
    Route(GUIDE, "key.rotate", "POST", "/api/pam/sshkey/{ref}/rotate", rest.rotate_key),
    Route(GUIDE, "secret.list", "GET", "/api/dsm/secret", rest.list_secrets, SECRETS),
    Route(GUIDE, "secret.create", "POST", "/api/dsm/secret", rest.create_secret, SECRETS),
    Route(GUIDE, "secret.read", "GET", "/api/dsm/secret/{ref}", rest.read_secret, SECRETS),
    Route(GUIDE, "secret.update", "PUT", "/api/dsm/secret/{ref}", rest.update_secret, SECRETS),
    Route(GUIDE, "secret.delete", "DELETE", "/api/dsm/secret/{ref}", rest.delete_secret, SECRETS),
)
MYSAFE_TOKEN = "/api"


@dataclass(frozen=True)
class Match:
    route: Route
    template: str
    args: dict[str, str]


class Router:
    """Routes of one profile. Where the guide and the vendor use one call, the vendor's route comes first and wins."""

    def __init__(self, profile: Profile) -> None:
        current, legacy = _calls(profile.prefixes), _calls(profile.legacy)
        # By the setting legacy_paths, which may change while the simulator runs.
        self._calls = {False: current, True: [*current, *legacy]}
        # The gateway routes whole modules (/iso/pam, /api/pam, ...); what is below is the product's business.
        self._modules = {
            chosen: {_module(template) for template, _pattern, _route in calls} for chosen, calls in self._calls.items()
        }

    def match(self, method: str, path: str, settings: Settings) -> Match | None:
        for template, pattern, route in self._calls[settings.legacy_paths]:
            if route.method == method and (found := pattern.fullmatch(path)):
                return Match(route, template, {k: _decoded(v) for k, v in found.groupdict().items()})
        if settings.mysafe_token and (method, path) == ("POST", MYSAFE_TOKEN + "/oauth2/token"):
            return Match(ROUTES[0], path, {})
        return None

    def refusal(self, path: str, settings: Settings) -> Problem:
        """For a path that no call has: the gateway's answer, or the product's when the gateway knows the module."""
        module = _module(path)
        if module not in self._modules[settings.legacy_paths]:
            return no_route()
        if module.endswith("/scim"):
            known = any(pattern.fullmatch(path) for _template, pattern, _route in self._calls[settings.legacy_paths])
            return ScimProblem("Method not allowed", 405) if known else ScimProblem("Resource not found", 404)
        in_dsm = module.endswith(("/dapp", "/sctm", "/cicd", "/dsm"))
        return Problem("Resource sub not found", 404, error_code=4 if in_dsm else 1)


def _calls(prefixes: dict[str, tuple[str, ...]]) -> list[tuple[str, re.Pattern[str], Route]]:
    return [
        (prefix + route.path, _pattern(prefix + route.path), route)
        for route in ROUTES
        for prefix in prefixes.get(route.area, ())
    ]


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.escape(template).replace(r"\{ref\}", "(?P<ref>[^/]+)"))


def _decoded(part: str) -> str:
    """Once, as the product would; bytes that are no UTF-8 become the replacement character."""
    return unquote(part).encode("utf-8", "replace").decode()


def _module(path: str) -> str:
    # Protected information stays below /iso/pam where the rest of it is below /api/pam.
    parts = path.split("/")
    return "/".join(parts[: 4 if parts[1:4] == ["iso", "pam", "info"] else 3])
