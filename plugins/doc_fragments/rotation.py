# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that rotate a secret on managed hosts and in the vault."""

    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(rotated) settles what an interrupted run has left, and gives a new secret.
      - V(recovered) only does the former. A password of a host stays as it is then, and an SSH key that a run has begun
        to install is completed, or taken back.
    type: str
    choices: [rotated, recovered]
    default: rotated
  mode:
    description:
      - Who changes the secret. V(ansible) does it over Ansible's connection, and writes it to the vault.
      - With V(vault) the server does it; this triggers the change, waits for it, and verifies it on the host.
    type: str
    choices: [ansible, vault]
    default: ansible
  user:
    description:
      - The local user whose secret it is. By default, the user name of the record in the vault.
    type: str
  wait:
    description:
      - With O(mode=vault), wait until the server has changed the secret, and fail if it does not in time.
    type: bool
    default: true
  max_age_days:
    description:
      - Days. What is younger is left as it is, unless an interrupted run has to be settled.
      - By default, every run rotates.
    type: float
  deadline:
    description:
      - Seconds after which a run stops, at a point where nothing is lost. Lock and lease of a run that was killed end
        then.
    type: float
    default: 300.0
  late_write_window:
    description:
      - Seconds for which a request to the server may still be carried out after it was sent. The next run waits so long
        after a run that was killed. It must not be less than O(timeout).
    type: float
    default: 120.0
  lock_wait:
    description:
      - Seconds to wait for another run on the same host or with the same record. By default, the task fails and says
        which run that is.
    type: float
    default: 0.0
  break_lock:
    description:
      - The id of a run that is known to be dead, as the result or the error of another task names it. Its lock on the
        hosts and its lease on the record are not waited for. Those of any other run are.
      - It costs no secret if that run is alive after all, which then stops. The task warns of each lock that it breaks,
        and the log of the host says who did that.
    type: str
  allow_insecure_rotation:
    description:
      - Rotate even with O(validate_certs=false).
    type: bool
    default: false
  report_dir:
    description:
      - A folder on the controller, which is created if need be. How the task ends is appended to C(history.jsonl)
        there, with a line for each host and no secret.
      - M(community.senhasegura.rotation_report) makes a report of it, once for all hosts.
      - If that file cannot be written, the task warns. The rotation itself ends as it would without.
    type: path
notes:
  - Everything happens in this one task, so that tags, C(ignore_errors), C(any_errors_fatal) or a strategy cannot tear
    apart what belongs together. It may be killed at any moment; the next run settles what it has left.
  - It needs root on the host (C(become)), Python 3.7 or later there, and a connection that passes standard input on
    (P(ansible.builtin.ssh#connection) does). Nothing is copied to the host, and no secret is in an argument list.
"""

    RESULT = r"""
attributes:
  check_mode:
    description: Predicts what would change without changing it.
    support: full
    details: It reads no secret, and takes no custody and no lock.
  diff_mode:
    description: Shows what changes. Secret values are never shown.
    support: none
  idempotent:
    description: The second run with the same options changes nothing.
    support: partial
    details: With O(max_age_days) or O(state=recovered).
  platform:
    description: Where the module runs.
    platforms: Linux
    support: full
    details: It runs on the controller and works on the host over Ansible's connection.
"""
