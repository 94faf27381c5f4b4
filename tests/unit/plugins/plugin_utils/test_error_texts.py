# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users read when something fails: the whole table, compared with error_texts.txt and checked by rules."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import tempfile

import pytest
import yaml

pytest.importorskip("requests")
pytest.importorskip("requests_oauthlib")
pytest.importorskip("cryptography")
pytest.importorskip("aiohttp")
pytest.importorskip("senhasegura_simulator")

from ansible_collections.community.senhasegura.plugins.module_utils import errors
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils import error_cases
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.error_bench import CANARY

# Sections whose failures all come from a request; of the others, those that do are known by an HTTP status.
WITH_REQUEST = ("connection", "http", "login", "broker")
SERVER = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+):(PORT|[0-9]+)")
ENDPOINT = re.compile(r"\b(GET|POST|PUT|DELETE) /[a-z0-9/{}]+")
# A fix is a sentence of its own at the end, and begins with what to do, or with what to know for it.
FIX = re.compile(
    r"(?:[.\"] |^\[WARNING\] .*)(Add|Ask|Check|Choose|Compare|Configure|Correct|Delete|Download|Enable|Fields are|Find|Give|Have|"
    r"Install|Keep|Leave|Log in|Look|Name|Options are|Quote|Raise|Register|Remove|Renew|Run|Say|Send|Set|Show|See|Switch|The \w+|There is|"
    r"This (server|path)|Try|Use)\b"
)
KINDS = {c.kind for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.SenhaseguraError)}
# Their failures are those of a rotation, which has kinds of its own.
ROTATIONS = ("linux_password_change", "linux_ssh_key_rotation", "rotation_info")
# Warnings that say what was left out and why; there is nothing to put right.
TOLD = (
    "warnings: check mode of an info module",
    "warnings: credential to disable that is not listed",
    "warnings: config_file that others can read",
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return error_cases.texts()


def test_the_table_is_up_to_date(texts: dict[str, str]) -> None:
    known = error_cases.TABLE.read_text(encoding="utf-8")
    renew = f"what users read has changed: run {error_cases.RENEW}, and read the difference"
    assert error_cases.table(texts).splitlines() == known.splitlines(), renew


def test_the_table_is_large() -> None:
    assert len(error_cases.SECTIONS) >= 7
    assert sum(len(cases) for cases in error_cases.SECTIONS.values()) >= 150


def test_each_failure_of_a_request_names_server_and_endpoint(texts: dict[str, str]) -> None:
    concerned = {
        name: text for name, text in texts.items() if name.startswith(WITH_REQUEST) or re.search("HTTP [0-9]", text)
    }
    assert len(concerned) > 100
    assert [name for name, text in concerned.items() if not SERVER.search(text)] == []
    assert [
        name
        for name, text in concerned.items()
        if not ENDPOINT.search(text) and not name.startswith("broker: broker that has ended")
    ] == []


def test_each_failure_about_an_object_names_it_and_its_server(texts: dict[str, str]) -> None:
    concerned = {name: text for name, text in texts.items() if name.startswith("objects: ")}
    asked = re.compile(
        r"\b(credential|SSH key|DSM secret) (999|7|9|[a-z-]+@[a-z0-9]+|nothing|twin|new|web-root|db-app|deploy-key|shop-db|u@h)\b"
        r"|DSM application (shop|billing)|pipeline variables|ephemeral credential job|automation 99"
        r"|device (99|1|new|not there)\b|devices with hostname=new"
        r"|MySafe (password|note|API secret) [a-z0-9]+|(several|the list of) MySafe \w+|new MySafe password"
        r"|encryption key (backup|99)|list of encryption keys"
        r"|SCIM user 7\b|list of (SCIM users|related users)|web session of u on d|protected information 28\b"
    )
    assert [name for name, text in concerned.items() if not SERVER.search(text)] == []
    assert [name for name, text in concerned.items() if not asked.search(text)] == []


def test_nobody_is_told_of_all_when_one_was_asked_for(texts: dict[str, str]) -> None:
    assert [
        name for name, text in texts.items() if re.search(r"\ball (credentials|SSH keys|DSM secrets)\b", text)
    ] == []


def test_numbers_mean_something(texts: dict[str, str]) -> None:
    shown = {name: re.findall(r"server code (\S+?)[,)]", text) for name, text in texts.items() if "code" in text}
    assert any(shown.values())
    assert [name for name, numbers in shown.items() if not all(re.fullmatch("1[0-9]{3}", n) for n in numbers)] == []


def test_the_servers_words_are_there(texts: dict[str, str]) -> None:
    """Each reply of the cases that has words has them in the text, printable and without secrets."""
    silent = {
        "http: 400 without words", "http: empty answer", "http: text that is not JSON", "http: JSON that is cut",
        "http: JSON that is a list", "http: JSON with a key twice", "http: answer in another charset",
        "http: answer that is compressed", "http: answer without what was asked for", "http: answer about another credential", "http: redirect",
        "login: 400 without words", "login: 403 without words", "login: no token", "login: token of another type",
    }  # fmt: skip
    concerned = {name: text for name, text in texts.items() if name.startswith(("http: ", "login: "))}
    assert silent <= set(concerned)
    assert {name for name, text in concerned.items() if 'The server says "' not in text} == silent


def test_one_printable_line_without_secrets(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        assert text.isprintable(), name
        assert "::" not in text and "##" not in text, name
        assert CANARY not in text and CANARY[:8] not in text and CANARY[-8:] not in text, name
        assert len(text) < 900, name


def test_each_has_a_fix(texts: dict[str, str]) -> None:
    assert [name for name, text in texts.items() if not FIX.search(text) and name not in TOLD] == []


def test_no_german_in_disguise(texts: dict[str, str]) -> None:
    """The house says "must be a number", not "is no number"."""
    ours = {name: re.sub(r'The server says .*?"', "", text) for name, text in texts.items()}
    odd = re.compile(r"(?<!there )\bis no (?!longer)|\bholds no\b|\bare no\b|\bhas no valid\b|nothing usable")
    assert [name for name, text in ours.items() if odd.search(text)] == []


def test_the_failure_of_a_task_has_all_of_it_as_data() -> None:
    """What the text says, playbooks can use: server, subject, endpoint, status, number and words."""
    with tempfile.TemporaryDirectory() as folder, error_cases.Bench(pathlib.Path(folder)) as bench:
        refused = error_cases.envelope("No access to credential", 400, 1009)
        wire = bench.wire({"GET /api/pam/credential": error_cases.listed(error_cases.WEB_ROOT), "*": refused})
        result = bench.result(wire, "custody", credential="web-root")
    failure = result["failure"]
    assert failure == {
        "kind": failure["kind"], "message": failure["message"], "hint": failure["hint"],
        "operation": "credential.release", "endpoint": "DELETE /api/pam/credential/custody/{ref}",
        "subject": "credential web-root", "status": 400, "code": 1009, "option": "", "server": wire.url(),
        "server_message": "1009: No access to credential",
    }  # fmt: skip
    assert failure["kind"] in KINDS
    assert "this client has no access to the credential" in failure["message"]


def test_the_modules_document_what_a_failure_holds() -> None:
    folder = pathlib.Path(errors.__file__).parents[1] / "modules"
    blocks = {
        path.stem: yaml.safe_load(match[1])["failure"]
        for path in folder.glob("*.py")
        if (match := re.search(r'^RETURN = r"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
        and path.stem not in ROTATIONS
    }
    assert len(blocks) >= 9
    fields = {"kind", "message", "hint", *(field.name for field in dataclasses.fields(errors.Context))}
    for name, block in blocks.items():
        assert set(block["sample"]) == fields, name
        assert block["sample"]["kind"] in KINDS, name
        kinds = KINDS if name not in ("doctor", "rotation_report") else {"configuration"}
        assert set(re.findall(r"V\((\w+)\)", block["description"][1])) == kinds, name
