# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit tests can see a mistake in which file: quick ones first, and none that takes more than some 20 seconds."""

from __future__ import annotations

from pathlib import Path

# Where mutants are made.
FOLDERS = (
    "plugins/module_utils/operations",
    "plugins/plugin_utils/broker",
    "plugins/module_utils/client",
    "plugins/plugin_utils/rotation/protocol",
)

_UNIT = "tests/unit/plugins"
_UTILS = f"{_UNIT}/module_utils"
_BROKER = f"{_UNIT}/plugin_utils/broker"
_ROTATION = f"{_UNIT}/plugin_utils/rotation"

_OPERATIONS = (
    f"{_UNIT}/action",
    f"{_UNIT}/lookup/test_lookups.py",
    f"{_UTILS}/test_dsm_secrets.py",
    f"{_UTILS}/test_ciphertext.py",
    f"{_UTILS}/test_errors.py",
    f"{_UNIT}/plugin_utils/test_vault_action.py",
)
_CLIENT = (
    f"{_UTILS}/client/test_client.py",
    f"{_UNIT}/action",
    f"{_UTILS}/test_dsm_secrets.py",
    f"{_UTILS}/test_unreadable.py",
    f"{_UTILS}/test_ciphertext.py",
    f"{_UTILS}/test_errors.py",
    f"{_UNIT}/lookup/test_lookups.py",
    f"{_UNIT}/plugin_utils/test_path_of_a_request.py",
    f"{_UTILS}/client/test_decrypt.py",
    f"{_UTILS}/client/test_direct_api.py",
)
# Each of their writes and reads waits for real retries, 50 seconds in sum.
_SERVER = (
    f"{_UTILS}/client/test_direct_api_server.py",
    f"--deselect={_UTILS}/client/test_direct_api_server.py::test_a_write_is_applied_once_at_most",
    f"--deselect={_UTILS}/client/test_direct_api_server.py::test_a_read_is_repeated",
)
_FAST_BROKER = (
    f"{_BROKER}/test_protocol.py",
    f"{_BROKER}/test_channel.py",
    f"{_BROKER}/test_brokered_api.py",
    f"{_BROKER}/test_debts.py",
    f"{_BROKER}/test_removals.py",
    f"{_BROKER}/test_cache_policy.py",
    f"{_BROKER}/test_ledger.py",
    f"{_UNIT}/lookup/test_lookups.py",
    f"{_UNIT}/plugin_utils/test_vault_action.py",
    f"{_UNIT}/plugin_utils/test_vault_lookup.py",
    f"{_BROKER}/test_client.py",
)
_STARTS = (
    *_FAST_BROKER,
    f"{_BROKER}/test_start_lock.py",
    f"{_BROKER}/test_startup.py",
    f"--deselect={_BROKER}/test_startup.py::test_one_deadline_for_waiting_and_starting",
)
_READS = (*_FAST_BROKER, f"{_BROKER}/test_cache.py", f"{_BROKER}/test_cache_server.py")
_PROTOCOL = tuple(
    f"{_ROTATION}/protocol/test_{name}.py"
    for name in ("password", "accounts", "settle", "messages", "effects", "ssh_key", "password_faults")
)
_PASSWORDS = (f"{_ROTATION}/protocol/test_password_policy.py", *_PROTOCOL)
_RUNS = (*_PROTOCOL, f"{_UNIT}/action/test_rotation_failures.py", f"{_ROTATION}/test_driver.py")

# The longest name that a path begins with counts.
SELECTIONS: dict[str, tuple[str, ...]] = {
    "plugins/module_utils/operations/": _OPERATIONS,
    "plugins/module_utils/client/": _CLIENT,
    "plugins/module_utils/client/attempts.py": (*_CLIENT, *_SERVER),
    "plugins/module_utils/client/auth.py": (*_CLIENT, *_SERVER),
    "plugins/module_utils/client/connect.py": (*_CLIENT, *_SERVER),
    "plugins/module_utils/client/direct_api.py": (*_CLIENT, *_SERVER),
    "plugins/plugin_utils/broker/": _READS,
    "plugins/plugin_utils/broker/client.py": _STARTS,
    "plugins/plugin_utils/broker/key_files.py": (f"{_BROKER}/test_key_files.py", *_FAST_BROKER),
    # Its process runs in no other of these tests than test_startup.py.
    "plugins/plugin_utils/broker/server.py": (*_STARTS, f"{_BROKER}/test_cache_server.py"),
    "plugins/plugin_utils/broker/start_lock.py": _STARTS,
    "plugins/plugin_utils/broker/startup.py": _STARTS,
    "plugins/plugin_utils/rotation/protocol/": _RUNS,
    "plugins/plugin_utils/rotation/protocol/password_policy.py": _PASSWORDS,
}


def selection(path: str) -> tuple[str, ...]:
    """Return the arguments of pytest for the tests that can see a mistake in a file."""
    return SELECTIONS[max((name for name in SELECTIONS if path.startswith(name)), key=len)]


def nearest(path: str, root: Path) -> tuple[str, ...]:
    """Return the arguments of pytest for those of these tests that are named after the file, or it after them.

    To try these first saves most of the time: all others need not be imported where one of these fails.
    """
    stem = Path(path).stem.removesuffix("s")
    tests = selection(path)
    files = [
        file.relative_to(root).as_posix()
        for test in tests
        if not test.startswith("-")
        for file in (sorted((root / test).glob("test_*.py")) if (root / test).is_dir() else [root / test])
    ]
    near = [file for file in files if stem in (name := Path(file).stem.removeprefix("test_")) or name in stem]
    return (*near, *(test for test in tests if test.startswith("-"))) if near else ()
