# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of custody that credentials and SSH keys share: when to refuse a release, and what its failure means."""

from __future__ import annotations

import contextlib
import typing as t

from ..errors import NotFound, Refused, SenhaseguraError
from ..models import CredentialInfo
from ..retry import may_be_applied

# Gets the error of a release that has failed after a read that was not in vain.
OnReleaseFailure = t.Callable[[SenhaseguraError], None]


def fail(error: SenhaseguraError) -> None:
    """Let a read fail whose release has failed."""
    raise error


def after_read(release: t.Callable[[], object], on_failure: OnReleaseFailure) -> None:
    """Give custody back after a read, and leave it to ``on_failure`` what a failure means."""
    try:
        release()
    except SenhaseguraError as exc:
        on_failure(exc)


@contextlib.contextmanager
def naming_custody(subject: str, *, read: bool) -> t.Iterator[None]:
    """Make the error of a release say whose custody is still held, and how to give it back.

    :param read: whether custody was taken just before; otherwise, what does not exist has none
    """
    try:
        yield
    except SenhaseguraError as exc:
        if isinstance(exc, NotFound) and not read:
            raise
        held = "may still be held" if may_be_applied(exc) else "is still held"
        exc.message = f"the custody of {subject} could not be given back and {held}: {exc.message}"
        exc.hint = (
            "Give it back with community.senhasegura.custody (an SSH key: by a read with release=true), or in the "
            f"console. {exc.hint}"
        )
        raise


def refuse_vault_rotation(info: CredentialInfo, allowed: bool) -> None:
    """Raise Refused if a release would make the vault change the password, unless ``allowed``."""
    if info.automatic_change and not allowed:
        raise Refused(
            f"releasing {info.identifier or info.id} would make the vault change its password",
            hint="Set allow_vault_rotation=true if that is wanted, or do not release it",
        ).with_context(subject=f"credential {info.identifier or info.id}")


def refuse_stale_read(info: CredentialInfo, allowed: bool) -> None:
    """Refuse a read with release after which the value might not be valid any more."""
    refuse_vault_rotation(info, allowed)
    if info.automatic_change is None and not allowed:
        raise Refused(
            f"this dialect does not tell whether releasing {info.identifier or info.id} would make the vault change it",
            hint="Set allow_vault_rotation=true if you know that, or do not release it",
        ).with_context(subject=f"credential {info.identifier or info.id}")
