# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for a filter of kubernetes.core, by which the role sees whether that collection is installed."""

from __future__ import annotations


class FilterModule:
    def filters(self):
        return {"k8s_config_resource_name": str}
