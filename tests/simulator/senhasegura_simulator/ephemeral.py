# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ephemeral credentials: a secret that is made for a pod, or for an identity, and removed again."""

from __future__ import annotations

from .call import Call
from .crypto import random_password
from .dsm import RENEWAL, own_application, secret_entity
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .store import Secret
from .wire import invalid, text

POD = ("pod_name", "deploy", "namespace")
# Seconds, the default of a dynamic provisioning profile.
TTL = "3600"


def provision(call: Call) -> Reply:
    """3.32 wants a pod; 4.0 shows an identity alone. Each call makes a new credential."""
    application = own_application(call)
    asked = {name: value for name in ("identity", *POD) if (value := text(call.params, name))}
    modern = call.world.profile.modern
    if not (modern and "identity" in asked):
        for name in POD:
            if name not in asked:
                raise numbered(1001, name)
    identity = asked.get("identity") or "-".join(asked[name] for name in reversed(POD))
    secret = Secret(
        application=application.id or 0,
        identity=identity,
        name=identity,
        provisioned=asked,
        data=[{"USERNAME": f"eph-{random_password(8)}", "PASSWORD": random_password(), "TTL": TTL}],
    )
    call.world.store.save(secret)
    item = {**secret_entity(call, secret), "description": None}
    if modern:
        return reply(call, "Secret provisions done.", secret={**item, **dict.fromkeys(RENEWAL, False)})
    # The sample of 3.32 has one object for the data.
    (data,) = item["data"]
    shown = {"name": application.name, "secrets": [{**item, "data": data}]}
    return reply(call, f"Application {application.id}", application=shown)


def deprovision(call: Call) -> Reply:
    """Removes the secret. What it was provisioned for must be named in the same way."""
    application, params = own_application(call), call.params
    number = text(params, "secret_id")
    if not number:
        raise numbered(1001, "secret_id")
    secret = call.world.store.first(Secret, id=int(number) if number.isdecimal() else 0, application=application.id)
    if secret is None or not secret.provisioned:
        raise Problem("Secret not found", 404, error_code=404)
    for name in POD if "pod_name" in secret.provisioned else ():
        if not text(params, name):
            raise numbered(1001, name)
        if text(params, name) != secret.provisioned[name]:
            raise invalid(name)
    call.world.store.delete(secret)
    return reply(call, "Secret deprovision done.")
