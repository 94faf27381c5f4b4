# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that name, rotate or make credentials and SSH keys."""

    CREDENTIAL = r"""
options:
  credential:
    description:
      - The credential, by its id, its identifier, C(username@hostname) or C(username@address). The case of a host name
        does not count.
      - Digits are an id. Where they are an identifier as well, the task fails; C(id:7) and C(identifier:7) say which is
        meant.
    type: str
    required: true
"""

    WAITING = r"""
options:
  wait_timeout:
    description:
      - Seconds to wait for the change.
    type: float
    default: 300.0
  poll_interval:
    description:
      - Seconds between two looks at the list of the server while waiting.
    type: float
    default: 2.0
"""
