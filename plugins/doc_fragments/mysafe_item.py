# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that items of MySafe have alike, and those of the modules that list them."""

    DOCUMENTATION = r"""
options:
  tags:
    description:
      - Tags, without commas in them. All tags of the item are replaced by these.
    type: list
    elements: str
  users:
    description:
      - The users whom the item is shared with, beside its owner. They must exist on the server.
      - All users of the item are replaced by these, and an empty list shares it with none. Groups are not concerned.
    type: list
    elements: dict
    suboptions:
      username:
        description:
          - User name.
        type: str
        required: true
      can_edit:
        description:
          - Whether the user may change the item, and disable it. Others may only read it.
        type: bool
        default: false
  groups:
    description:
      - The groups whose users the item is shared with. Groups are made in the console, since they have no API.
      - All groups of the item are replaced by these, and an empty list shares it with none. Users are not concerned.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the group.
        type: str
        required: true
      can_edit:
        description:
          - Whether the users of the group may change the item, and disable it. Others may only read it.
        type: bool
        default: false
  update_attributes:
    description:
      - What to do about options that this access key may change and cannot read. That is so for an item that needs a
        justification or an approval.
      - V(on_create) leaves them as they are, with a warning that names them. V(always) writes them at every run.
    type: str
    choices: [on_create, always]
    default: on_create
notes:
  - Only what differs is sent. An update is followed by a look at the item, and fails if anything is lost that was not
    sent.
  - The values are compared with what a read shows. MySafe has no custody, but notes each read in the history of the
    item, which its owner can see. There is none if the list of the server shows all that the task gives.
  - Whether an item is active is seen by a read alone, so O(state=enabled), O(state=disabled) and O(state=absent) read
    it.
  - Items that are made belong to the user who owns the access key.
  - Files in MySafe, and sharing by a link with people outside, have no API. Do both in the console. See
    R(the guide,ansible_collections.community.senhasegura.docsite.mysafe).
"""

    INFO = r"""
options:
  details:
    description:
      - Return whom each item is shared with, and all that the list does not show of it, as well. That needs one request
        for each item.
    type: bool
    default: false
  include_secrets:
    description:
      - Return the secret values as well. Callbacks print nothing of the result then.
      - Before ansible-core 2.19, a loop with it needs C(no_log=true) on the task.
    type: bool
    default: false
notes:
  - O(details) and O(include_secrets) read each item that fits. MySafe has no custody, but notes each read in its
    history, which its owner can see.
  - An item that this access key cannot read is returned as the list shows it, with a warning. Whether the list has
    inactive ones is not documented.
"""
