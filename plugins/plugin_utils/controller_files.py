# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and replace files of the controller that an option names."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from ..module_utils.errors import ConfigError
from .secrets_file.on_host import private_files


def read_text(path: str, option: str) -> str:
    """Return the text of a file. Raises ConfigError, which names the option, the path and no content."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as exc:
        raise _unreadable(option, exc.strerror or type(exc).__name__) from None
    except UnicodeDecodeError:
        raise _unreadable(option, "it must be UTF-8 text") from None


def _unreadable(option: str, reason: str) -> ConfigError:
    return ConfigError(
        f"the file of {option} cannot be read: {reason}", hint=f"Check {option}, a file of the controller"
    ).with_context(option=option)


def read(path: str) -> tuple[bytes | None, int]:
    """Return content and mode of a file, or None and 0 if there is none. Raises OSError, also for a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None, 0
    with open(descriptor, "rb") as file:
        return file.read(), stat.S_IMODE(os.fstat(descriptor).st_mode)


def sweep(path: str) -> None:
    """Remove what a killed run has left beside a file. Raises OSError."""
    with _folder_of(path) as folder:
        private_files.sweep(folder, os.path.basename(path))


def replace(path: str, data: bytes, mode: int) -> None:
    """Put a file with this mode in the place of another one, or of none. Raises OSError.

    At any time there is the old file or the new one.
    """
    with _folder_of(path) as folder:
        private_files.put(folder, os.path.basename(path), data, mode, (private_files.SAME, private_files.SAME))


@contextlib.contextmanager
def _folder_of(path: str) -> t.Iterator[int]:
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)
