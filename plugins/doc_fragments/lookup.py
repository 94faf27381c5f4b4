# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the lookups share."""

    DOCUMENTATION = r"""
requirements:
  - requests >= 2.31.0, on the controller
options:
  default:
    description:
      - What to return for a term that does not exist. It goes before O(on_missing).
    type: raw
  on_missing:
    description:
      - What to do about a term that does not exist, or that the authorization may not see.
      - V(error) fails, V(warn) leaves the term out with a warning, V(skip) leaves it out silently.
      - Before a term counts as missing, the list of the server is asked for again if it is older than five seconds.
    type: str
    choices: [error, warn, skip]
    default: error
  on_denied:
    description:
      - What to do about a term that the authorization may see but not read. The values are those of O(on_missing).
    type: str
    choices: [error, warn, skip]
    default: error
  fresh:
    description:
      - Read again what the broker of the run has read already, for whatever task or host that was.
    type: bool
    default: false
  return_format:
    description:
      - V(value) returns one field, V(dict) all fields under the same names for every dialect, and V(raw) the entity
        as the server sends it. O(field) and V(raw) exclude each other.
    type: str
    choices: [value, dict, raw]
    default: value
notes:
  - A value that cannot be read, for example since it was too long for the server to encrypt, fails the lookup that asks
    for it, also with O(default). Other fields, terms and secrets are not concerned.
  - Use C(no_log=true) on tasks that would print the value.
  - Use C(query) rather than C(lookup) for several terms, or for terms that may be left out. C(lookup) joins texts by
    commas, and turns a list of one into its only item.
  - All terms are checked before the first is read.
  - Terms may be any list, tuple, set, range or view of the language, also within each other.
  - Before ansible-core 2.19, Ansible turns a text that looks like a list, a dictionary or a boolean into one. Put the
    filter C(string) behind the lookup if a value may look so.
  - With the option C(jinja2_native) of ansible-core 2.17 and 2.18, a text stays one as long as it comes from the lookup
    alone, whatever it looks like. Behind other filters, C(+) or C(~), or in C(set_fact), Ansible makes a number of
    C(1e10), C(0x1F), C(1_000) or C(12.50), and a tuple of C(1,2). Put the filter C(string) last there.
"""

    CUSTODY = r"""
options:
  release:
    description:
      - Give custody back right after the read.
      - Refused for what changes automatically, since the vault would change the value that was just read, unless
        O(allow_vault_rotation=true). The dialect V(rest) does not tell what changes automatically, so there it is
        needed always.
    type: bool
    default: false
  allow_vault_rotation:
    description:
      - Allow a release that makes, or may make, the vault change the value.
    type: bool
    default: false
  on_release_failure:
    description:
      - What to do when the value was read, and custody could not be given back with O(release=true).
      - V(warn) returns the value, with a warning that names whose custody is still held and how to give it back.
      - V(error) fails and says the same. The value is lost.
    type: str
    choices: [warn, error]
    default: warn
  check_mode:
    description:
      - What to do when Ansible runs with C(--check).
      - V(placeholder) looks the term up without taking custody and returns C(not-read-in-check-mode) for what only a
        read would tell; O(return_format=raw) then has but a few entries.
      - V(read) reads it all the same, which takes custody; needed if the play connects to hosts with it.
      - The variable sets it for all lookups. Without either, it is V(placeholder).
      - A C(check_mode=true) on a single task cannot be seen by a lookup; only C(--check) can.
    type: str
    choices: [placeholder, read]
    vars:
      - name: senhasegura_check_mode
notes:
  - A read takes custody. Ansible evaluates a lookup again at every use of a variable that holds it.
"""
