# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of modules, by the names of their files.

They are imported lazily, and the most used first: all together take 40 ms, for which the first tasks of a run would
wait.
"""

from __future__ import annotations

from ...module_utils.operations.results import ModuleOperation


def operation_named(name: str) -> ModuleOperation:
    """Return the operation of a module, by the name of its file. Raises LookupError."""
    for group in (_accounts, _platform, _dsm, _texts):
        for operation in group():
            if operation.__name__.rpartition(".")[2] == name:
                return operation
    raise LookupError("there is no such operation")


def _accounts() -> tuple[ModuleOperation, ...]:
    from ...module_utils.operations import (
        credential,
        credential_info,
        credential_rotate,
        custody,
        ssh_key,
        ssh_key_info,
        ssh_key_rotate,
    )

    return credential, credential_info, credential_rotate, custody, ssh_key, ssh_key_info, ssh_key_rotate


def _platform() -> tuple[ModuleOperation, ...]:
    from ...module_utils.operations import (
        device,
        device_info,
        mysafe_api_secret,
        mysafe_api_secret_info,
        mysafe_note,
        mysafe_note_info,
        mysafe_password,
        mysafe_password_info,
        protected_information,
        related_user,
        scim_user,
        scim_user_info,
        session,
        session_info,
    )

    return (
        *(device, device_info, protected_information, related_user, scim_user, scim_user_info, session, session_info),
        *(mysafe_api_secret, mysafe_api_secret_info, mysafe_note, mysafe_note_info),
        *(mysafe_password, mysafe_password_info),
    )


def _dsm() -> tuple[ModuleOperation, ...]:
    from ...module_utils.operations import (
        decrypt,
        dsm_application,
        dsm_application_info,
        dsm_automation,
        dsm_automation_info,
        dsm_variables,
        encrypt,
        encryption_key,
        encryption_key_info,
        ephemeral_credential,
        secret,
        secret_info,
    )

    return (
        *(secret, secret_info, dsm_application, dsm_application_info, dsm_automation, dsm_automation_info),
        *(dsm_variables, ephemeral_credential, encrypt, decrypt, encryption_key, encryption_key_info),
    )


def _texts() -> tuple[ModuleOperation, ...]:
    """Return those that read or make whole files."""
    from ...module_utils.operations import (
        audit_report,
        external_secrets,
        onboarding,
        secrets_command,
        secrets_file,
        vault_export,
    )

    return audit_report, external_secrets, onboarding, secrets_command, secrets_file, vault_export
