# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that choose values of DSM secrets, and the names under which somebody else gets them."""

    DOCUMENTATION = r"""
options:
  secrets:
    description:
      - Identifiers of the secrets. Without it, all secrets of the application are taken, as the DSM CLI does.
      - In any case, one request reads all of them.
    type: list
    elements: str
  keys:
    description:
      - Keys whose values are taken. Without it, all of them are. It is an error if one is in none of the secrets.
      - Null values, such as the C(TTL) of an access key that has none, are left out.
    type: list
    elements: str
  rename:
    description:
      - Other names for values, as a map from the name that a value would have to the one that it gets. Without it, the
        name of a value is its key.
      - It is an error if no value has the name.
    type: dict
  prefix:
    description: What all names begin with, after O(rename).
    type: str
  duplicates:
    description:
      - What to do with different values that have one name.
      - V(error) refuses them. V(first) and V(last) take the first or the last one, in the order of the server and of
        O(secrets); the DSM CLI takes the last one.
      - V(prefix) puts the identifier of its secret before each key, in capital letters and with underscores, so that
        C(PASSWORD) of C(shop-db) becomes C(SHOP_DB_PASSWORD). O(rename) comes after it.
    type: str
    choices: [error, first, last, prefix]
    default: error
  application:
    description:
      - Application that the secrets must belong to, as a check. The client decides which application it is. Where the
        server does not say what a secret belongs to, this is not checked.
    type: str
  system:
    description: The same for the system of the application.
    type: str
  environment:
    description: The same for the environment of the application.
    type: str
"""
