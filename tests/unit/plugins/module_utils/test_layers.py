# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The import table of design.md, held by the files themselves."""

from __future__ import annotations

import ast
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
from workspace import environment

PLUGINS = pathlib.Path(__file__).resolve().parents[4] / "plugins"
PACKAGE = "ansible_collections.community.senhasegura.plugins."

# The one written copy of the rule. Layer -> what it may import: other layers, the standard library (STD), or packages.
# A folder stands for all files in it that have no line of their own.
STD = "the standard library"
PURE = {
    "errors",
    "models",
    "retry",
    "plan",
    "redaction",
    "references",
    "specs",
    "pem",
    "ciphertext",
    "queries",
    "device_models",
    "dsm_models",
    "dsm_secrets",
    "mysafe_models",
    "user_models",
    "session_models",
    "information_models",
    "external_secrets",
    "mapping_file",
    "vault_data",
    "audit",
    "times",
}
DIALECTS = {
    f"dialects/{name}"
    for name in (
        "operations",
        "dialect",
        "error_codes",
        "response",
        "envelope",
        "entities",
        "strict_json",
        "device_calls",
        "dsm",
        "dsm_applications",
        "dsm_tools",
        "mysafe_calls",
        "scim",
        "related_user_calls",
        "session_calls",
        "information_calls",
        "guide",
        "vendor",
        "catalog",
    )
}
# Parsers of what comes from the network, and what polling compares.
EVENTS = {
    f"events/{name}"
    for name in ("cef", "event_text", "event_types", "frames", "syslog_event", "syslog_header", "watch")
}
BELOW_CLIENT = {"settings", "transport", "keypair"} | DIALECTS | PURE
EDGES = {"plugin_utils", "client/connect", "operations", "settings", "secrets_file", *PURE}
REPORT = {
    f"plugin_utils/report/{name}" for name in ("files", "history", "state", "words", "charts", "page", "audit_page")
}
PROTOCOL = "plugin_utils/rotation/protocol"
LOGIN = {f"plugin_utils/rotation/login{name}" for name in ("", "/command", "/transcript")}
ALLOWED: dict[str, set[str]] = {
    **{name: {STD, *PURE} for name in PURE},
    **{name: {STD, *PURE, *DIALECTS} for name in DIALECTS},
    "settings": {STD, *PURE, "settings"},
    "settings/config_file": {STD, *PURE, "settings", "yaml"},
    "transport": {STD, *PURE, "dialects/response", "settings", "transport", "requests", "urllib3", "certifi"},
    "client/auth": {STD, *PURE, "settings", "requests_oauthlib"},
    "client/decrypt": {STD, *PURE, "cryptography"},
    "keypair": {STD, *PURE, "cryptography"},
    "client": {STD, *BELOW_CLIENT, "client"},
    # It looks at the way to the server, and not only at what comes back.
    "doctor": {STD, *BELOW_CLIENT, "client", "doctor"},
    # Another server than that of the client, with the same transport.
    "awx": {STD, *PURE, "settings", "transport", "awx"},
    # Texts of files, of values that somebody else has read.
    "secrets_file": {STD, *PURE, "secrets_file"},
    **{name: {STD, *PURE, *EVENTS} for name in EVENTS},
    # What the event sources of extensions/eda run.
    "events": {STD, *PURE, *EVENTS, "settings", "client", "events"},
    "events/syslog_listener": {STD, *PURE, *EVENTS, "transport/tls"},
    "operations": {STD, *PURE, "settings", "keypair", "client", "operations", "secrets_file"},
    "operations/awx_setup": {STD, *PURE, "awx", "operations"},
    "operations/doctor": {STD, *PURE, "settings", "doctor", "operations"},
    "plugin_utils/broker": {STD, *BELOW_CLIENT, "client", "operations", "plugin_utils", "ansible"},
    # The report is made of a file of lines and nothing else; a rotation needs no more of it than that file.
    "plugin_utils/report": {STD, *PURE, *REPORT},
    "plugin_utils/report/files": {STD, "errors"},
    "plugin_utils/report/history": {STD, "plugin_utils/report/files"},
    "plugin_utils/report/page": {STD, "redaction", "jinja2", *REPORT},
    "plugin_utils/report/audit_page": {STD, "audit", "redaction", "times", "jinja2", *REPORT},
    # Generators that ask for what they want done: see also IMPURE.
    PROTOCOL: {STD, *PURE, PROTOCOL},
    # Pure as well, and the other files of the folder start programs, which is no network code of ours.
    "plugin_utils/rotation/login/command": {STD, *PURE},
    "plugin_utils/rotation/login/transcript": {STD, *PURE, PROTOCOL},
    "plugin_utils/rotation/login": {STD, *PURE, "keypair", "ansible", PROTOCOL, *LOGIN},
    # The way to a managed host knows nothing of what is done there.
    "plugin_utils/host": {STD, *PURE, "plugin_utils/host", "plugin_utils/plugin_options", "ansible"},
    # This is sent to the managed host and executed there.
    "plugin_utils/rotation/host/on_host": {STD, "plugin_utils/rotation/host/on_host"},
    "plugin_utils/secrets_file/on_host": {STD, "plugin_utils/secrets_file/on_host"},
    "plugin_utils/awx_setup_action": {STD, *EDGES, "awx", "yaml"},
    "plugin_utils": {STD, *EDGES, "client", "keypair", "ansible", "jinja2", "yaml"},
    # Documentation only.
    "modules": {STD},
    "action": {STD, *EDGES, "ansible"},
    # It makes the key pair.
    "action/linux_ssh_key_rotation": {STD, *EDGES, "keypair", "ansible"},
    "lookup": {STD, *EDGES, "ansible"},
    "inventory": {STD, *EDGES, "client/api", "ansible"},
    "doc_fragments": {STD},
}
# These come between a plugin and the network, and cost time in every worker: only the transport imports them.
NETWORK = {"requests", "urllib3", "ssl", "http", "socket", "requests_oauthlib"}
# Files, processes, clocks and threads: a protocol asks for what they do (effects.py), and so does the analysis of a login.
IMPURE = {"asyncio", "ctypes", "multiprocessing", "os", "pathlib", "queue", "select", "selectors", "signal", "socket"}
IMPURE |= {"io", "subprocess", "tempfile", "threading", "time"}
PURE_LAYERS = {PROTOCOL, *EVENTS, "plugin_utils/rotation/login/command", "plugin_utils/rotation/login/transcript"}


def files() -> dict[str, pathlib.Path]:
    """Each file by its layer name: errors, dialects/rest, client/direct_api, action/credential ..."""
    found = {}
    for path in PLUGINS.rglob("*.py"):
        name = path.relative_to(PLUGINS).with_suffix("").as_posix()
        found[name.removeprefix("module_utils/")] = path
    return found


FILES = files()


def layer(name: str) -> str:
    """The line of the table that a file falls under: its own, else that of the nearest folder with one."""
    while name not in ALLOWED and "/" in name:
        name = name.rpartition("/")[0]
    return name


def imports(path: pathlib.Path) -> t.Iterator[str]:
    """All modules that a file imports, at whatever place in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(path, node)
            # "from package import module" imports the module.
            for alias in node.names:
                yield f"{base}.{alias.name}" if own(f"{base}.{alias.name}") in FILES else base


def absolute(path: pathlib.Path, node: ast.ImportFrom) -> str:
    """The absolute name of what an import names, which may be relative."""
    if not node.level:
        return node.module or ""
    folder = path.parents[node.level - 1].relative_to(PLUGINS)
    return PACKAGE + ".".join([*folder.parts, *([node.module] if node.module else [])])


def own(module: str) -> str:
    """The name in FILES of a module of this collection, or ''."""
    if not module.startswith(PACKAGE):
        return ""
    return module.removeprefix(PACKAGE).removeprefix("module_utils.").replace(".", "/")


def allowed(name: str, module: str) -> bool:
    rule = ALLOWED[layer(name)]
    if target := own(module):
        return target in rule or layer(target) in rule or target.partition("/")[0] in rule
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names:
        # The broker listens on a socket in the file system; that is no network. A syslog server is one.
        local = root == "socket" and layer(name) in ("plugin_utils/broker", "events/syslog_listener")
        if root in IMPURE and layer(name) in PURE_LAYERS:
            return False
        return STD in rule and (layer(name) == "transport" or local or root not in NETWORK)
    parts = module.split(".")
    return any(".".join(parts[: i + 1]) in rule for i in range(len(parts)))


def test_the_table_knows_every_file() -> None:
    assert len(FILES) > 25
    assert [name for name in FILES if layer(name) not in ALLOWED] == []
    assert [
        name
        for name in ALLOWED
        if name not in FILES and not (PLUGINS / "module_utils" / name).is_dir() and not (PLUGINS / name).is_dir()
    ] == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_imports_only_what_stands_left_of_it(name: str) -> None:
    wrong = [module for module in imports(FILES[name]) if not allowed(name, module)]
    assert wrong == []


def test_a_protocol_reads_no_clock() -> None:
    """What a run needs of the time, it is given: Run.clock and Run.now."""
    for path in (PLUGINS / PROTOCOL).glob("*.py"):
        found = re.findall(r"datetime\.(?:now|utcnow|today)\b|date\.today\b", path.read_text())
        assert found == [], path


def test_rotations_only_append_to_the_history() -> None:
    used = {own(module) for name, path in FILES.items() if "rotation/" in name for module in imports(path)}
    assert {name for name in used if name.startswith("plugin_utils/report")} == {"plugin_utils/report/history"}


def test_no_import_circle() -> None:
    graph = {name: {own(m) for m in imports(path) if own(m) in FILES} for name, path in FILES.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"circle: {' -> '.join((*way, name))}"
        if name not in done:
            for target in graph[name]:
                visit(target, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(
    ("name", "module", "expected"),
    [
        ("errors", "ansible_collections.community.senhasegura.plugins.module_utils.transport.session", False),
        ("errors", "requests", False),
        ("errors", "ssl", False),
        ("dialects/guide", "ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api", False),
        ("client/direct_api", "requests", False),
        (f"{PROTOCOL}/phases", "time", False),
        (f"{PROTOCOL}/phases", "datetime", True),
        (f"{PROTOCOL}/password", "ansible.errors", False),
        (f"{PROTOCOL}/password", f"{PACKAGE}plugin_utils.rotation.login.probe", False),
        ("client/direct_api", "ansible_collections.community.senhasegura.plugins.plugin_utils.vault_action", False),
        ("client/direct_api", "ansible.errors", False),
        ("transport/session", "requests.utils", True),
        ("transport/tls", "ssl", True),
        ("transport/session", "ansible_collections.community.senhasegura.plugins.module_utils.client.auth", False),
        ("client/auth", "requests_oauthlib", True),
        ("lookup/password", "http.client", False),
        ("lookup/password", "ansible_collections.community.senhasegura.plugins.module_utils.transport.session", False),
        ("action/credential", "ansible_collections.community.senhasegura.plugins.modules.credential", False),
        (
            "action/credential",
            "ansible_collections.community.senhasegura.plugins.module_utils.operations.credential",
            True,
        ),
        ("modules/credential", "ansible.module_utils.basic", False),
        ("operations/credential", "ansible.module_utils.basic", False),
        (
            "operations/credential",
            "ansible_collections.community.senhasegura.plugins.module_utils.transport.session",
            False,
        ),
        ("operations/credential", "ansible_collections.community.senhasegura.plugins.plugin_utils.vault_action", False),
        ("operations/credential", "socket", False),
        (
            "client/credentials",
            "ansible_collections.community.senhasegura.plugins.module_utils.operations.apply",
            False,
        ),
    ],
)
def test_the_table_can_refuse(name: str, module: str, expected: bool) -> None:
    assert allowed(name, module) is expected


def test_relative_imports_are_resolved() -> None:
    found = set(imports(PLUGINS / "module_utils" / "operations" / "ssh_key.py"))
    assert {f"{PACKAGE}module_utils.{name}" for name in ("keypair", "client.connect", "operations.apply")} <= found


def test_operations_import_relatively() -> None:
    """So that they can be a Python library without Ansible."""
    for path in (PLUGINS / "module_utils" / "operations").glob("*.py"):
        assert "ansible_collections" not in path.read_text(), path


def test_one_guard_for_check_mode() -> None:
    """All other code hands check mode on."""
    for path in (PLUGINS / "module_utils" / "operations").glob("*.py"):
        uses = sum(
            isinstance(node, ast.Name) and node.id == "check_mode"
            for part in ast.walk(ast.parse(path.read_text()))
            if not isinstance(part, ast.Call)
            for node in ast.iter_child_nodes(part)
        )
        assert uses == (path.stem == "apply"), path


def test_no_init_files() -> None:
    assert list(PLUGINS.rglob("__init__.py")) == []


def test_no_star_and_no_hidden_imports() -> None:
    for path in FILES.values():
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)), path
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id == "__import__"), path
            assert not (isinstance(called, ast.Attribute) and called.attr == "import_module"), path


def test_the_first_worker_of_a_run_loads_no_client() -> None:
    """All others wait until it has started the broker, and the client takes 70 ms to load."""
    script = f"""if True:
        import sys
        import {PACKAGE}plugin_utils.lookup_fallback
        found = [name.removeprefix("{PACKAGE}") for name in sys.modules if name.startswith("{PACKAGE}")]
        print([name for name in found if name.startswith(("module_utils.client.", "module_utils.models", "module_utils.dsm"))])
    """
    env = {**os.environ, **environment()}
    run = subprocess.run([sys.executable, "-c", script], check=True, env=env, capture_output=True, text=True)
    assert run.stdout == "[]\n"


def test_a_file_has_fewer_than_400_lines() -> None:
    # doc_fragments/connection.py is documentation, and generated.
    long = {name: lines for name, path in FILES.items() if (lines := len(path.read_text().splitlines())) > 400}
    assert set(long) == {"doc_fragments/connection"}, long


def test_files_and_classes_have_names_of_their_own() -> None:
    # Ansible finds plugins by these names, and an operation has that of its module.
    plugins = ("action/", "doc_fragments/", "inventory/", "lookup/", "modules/", "operations/")
    files: dict[str, list[str]] = {}
    classes: dict[str, list[str]] = {}
    for name, path in FILES.items():
        if not name.startswith(plugins):
            files.setdefault(path.name, []).append(name)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in (
                "ActionModule",
                "InventoryModule",
                "LookupModule",
                "ModuleDocFragment",
            ):
                classes.setdefault(node.name, []).append(name)
    assert [places for places in (*files.values(), *classes.values()) if len(places) > 1] == []
