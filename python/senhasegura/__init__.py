# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talk to senhasegura (Segura PAM): passwords, SSH keys and DevOps secrets, from one client with one login.

The code below ``_core`` is that of the Ansible collection community.senhasegura, and private.
"""

from __future__ import annotations

from ._core.dsm_secrets import DsmSecret
from ._core.models import Credential, CredentialInfo, SshKey
from .a2a import A2A
from .raw import ApiResponse

__all__ = ["A2A", "ApiResponse", "Credential", "CredentialInfo", "DsmSecret", "SshKey"]
__version__ = "0.1.0"
