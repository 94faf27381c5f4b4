# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Attributes that all modules share, and those of modules that change something, or nothing."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: Use C(group/community.senhasegura.senhasegura) in C(module_defaults) to set options for all modules.
    support: full
    membership:
      - community.senhasegura.senhasegura
  async:
    description: Supports running in the background with C(async).
    support: none
    details: Results of background tasks are kept in files, which must not hold secrets.
  platform:
    description: Where the module runs.
    platforms: all
    support: full
    details: It runs on the controller and needs no connection to the managed host.
requirements:
  - requests >= 2.31.0, on the controller
"""

    # Before the first in the list of fragments, so that its group counts.
    MYSAFE = r"""
attributes:
  action_group:
    description: Use C(group/community.senhasegura.mysafe) in C(module_defaults) to set options for modules of MySafe.
    support: full
    membership:
      - community.senhasegura.mysafe
"""

    STATE = r"""
attributes:
  check_mode:
    description: Predicts what would change without changing it.
    support: full
  diff_mode:
    description: Shows what changes. Secret values are never shown.
    support: full
"""

    EACH_TIME = r"""
attributes:
  check_mode:
    description: Predicts what would change without changing it.
    support: full
  diff_mode:
    description: Shows what changes. Secret values are never shown.
    support: full
  idempotent:
    description: The second run with the same options changes nothing.
    support: none
    details: Every run rotates.
"""

    INFO = r"""
attributes:
  check_mode:
    description: Makes no changes anyway.
    support: full
  diff_mode:
    description: Shows what changes.
    support: N/A
    details: It changes nothing.
"""
