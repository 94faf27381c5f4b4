# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module audit_report: write what the operation has found as a document and a page."""

from __future__ import annotations

import json
import os
import typing as t

from ..module_utils.operations import audit_report
from ..module_utils.operations.results import Params, Result
from ..module_utils.settings.settings import RunSettings, Settings
from .report import files
from .report.audit_page import audit_page
from .vault_action import VaultAction

PAGE, DOCUMENT = "audit.html", "audit.json"
Document = dict[str, t.Any]
# Of the user who runs Ansible, and of those whom the umask lets in.
_FOLDER = 0o750


class AuditReportAction(VaultAction):
    """Audit the vault in the broker, and write the report from here."""

    operation = audit_report

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        result = super().perform(settings, run, params, check_mode)
        if params["report_dir"]:
            # From the folder of the play.
            folder = self._loader.path_dwim(params["report_dir"])
            result["audit"], changed, difference = write_report(folder, result["audit"], check_mode)
            result.update(changed=changed, page=os.path.join(folder, PAGE), document=os.path.join(folder, DOCUMENT))
            if self._task.diff and changed:
                result["diff"] = difference
        return result


def write_report(folder: str, document: Document, check_mode: bool) -> tuple[Document, bool, list[dict[str, str]]]:
    """Write document and page, unless those of the same day say the same.

    Returns the document that is there afterwards, whether it was written, and the texts for C(--diff).
    Raises ConfigError if a file cannot be written.
    """
    paths = {name: os.path.join(folder, name) for name in (DOCUMENT, PAGE)}
    try:
        if not check_mode:
            os.makedirs(folder, mode=_FOLDER, exist_ok=True)
        with files.locked(folder, create=not check_mode):
            held = {name: files.read(path) for name, path in paths.items()}
            earlier = _same(held[DOCUMENT], document)
            if earlier is not None and _rendered(earlier) == held:
                return earlier, False, []
            new = _rendered(document)
            if not check_mode:
                for name, content in new.items():
                    files.replace(paths[name], content)
    except OSError as exc:
        raise files.error_of(exc, "the report of the audit cannot be written", folder) from None
    before, after = ((one[DOCUMENT] or b"").decode("utf-8", "replace") for one in (held, new))
    return (
        document,
        True,
        [
            {"before": before, "after": after, "before_header": paths[DOCUMENT], "after_header": paths[DOCUMENT]},
            # It shows what is in the document.
            {"prepared": f"{paths[PAGE]} is written\n"},
        ],
    )


def _rendered(document: Document) -> dict[str, bytes]:
    texts = {DOCUMENT: json.dumps(document, indent=1) + "\n", PAGE: audit_page(document)}
    return {name: text.encode("utf-8", "replace") for name, text in texts.items()}


def _same(held: bytes | None, document: Document) -> Document | None:
    """Return an earlier document if it is of the same day and says the same, or None."""
    try:
        found = json.loads(held or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("generated"), str):
        return None
    day = document["generated"][: len("YYYY-MM-DD")]
    same = found["generated"].startswith(day) and {**found, "generated": ""} == {**document, "generated": ""}
    return found if same else None
