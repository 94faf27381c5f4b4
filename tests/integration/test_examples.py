# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each documented example runs as it is printed: against the simulator, and on real hosts where it names hosts.

What is replaced: modules that need something that is neither Ansible's nor ours (``STOOD_FOR``: their arguments are
evaluated, so our lookups in them are), folders of the controller that a test should not write to (``MOVED``),
and one wait (``WAITS``). Nothing else is: an example with a wrong option, a missing variable or a lookup that fails,
fails its test.

Examples depend on ansible-core, so ``./run matrix`` runs this with each: the tests use the Ansible beside the Python
that runs them. What a guide introduces with "From ansible-core X.Y on" runs from that release on only.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.release import __version__
from awx.awx_server import TOKEN, Awx
from hosts.group import Hosts
from hosts.image import PASSWORD, why_unavailable
from long_rows import rows
from walk.pages import RST
from workspace import ROOT

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))

CORE = tuple(map(int, __version__.split(".")[:2]))
COLLECTION = "community.senhasegura"
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
ACCESS_KEY = {
    "client_id": "demo-mysafe",
    "client_secret": "demo-mysafe-0123456789abcdef",
    "mysafe_user": "alice",
}
STOOD_FOR = {
    "ansible.builtin.uri": "there is no such web server",
    "ansible.posix.authorized_key": "a module of another collection",
    "community.general.mail": "a module of another collection",
}
# What the role gives to the tasks of a notification.
NOTIFIED = {"ok": False, "host": "web01", "status": "failed", "message": "m", "hint": "h", "summary": "s"}
# Modules whose examples are alternatives: each starts from a host and a vault that agree.
ALTERNATIVES = ("linux_password_change", "linux_ssh_key_rotation", "ssh_key_rotate")
MOVED = ("/var/lib/awx/reports/rotation", "/var/lib/rotation", "/var/lib/manifests")
ROTATED = {"time": "2026-11-24T12:00:00Z", "host": "web01", "kind": "password", "user": "app", "status": "refused"}
# Nothing happens while both keys are valid. That the time is what the option says is shown by
# tests/unit/plugins/plugin_utils/rotation/protocol/test_ssh_key.py.
WAITS = {"'grace': 60": "'grace': 1"}
# The warnings that examples are meant to have: what goes with a device that is disabled, and hosts that are there.
MEANT = re.compile(
    r"\[WARNING\]: (with device|credentials and SSH keys that were suspended with device|these are there already)[^\[]*"
)
# Stands in for the vendor's executable.
DSM_CLI = Path(__file__).with_name("dsm-stand-in.sh")
# What the examples leave to the user.
GIVEN = {
    "awx_setup_allow_http": True,
    "new_password": "new 'password'",
    "db_password": "db-pass-1",
    "api_key": "api-key-1",
    "backup_password": "backup-pass-1",
    "dsm_checksum": hashlib.sha256(DSM_CLI.read_bytes()).hexdigest(),
}
# A part of the guide's mapping file.
MAPPING = {
    "credentials": [
        {"name": "DATABASE_CREDS", "fields": {"user": "DB_USER", "password": "DB_PASSWORD", "host": "DB_HOST"}},
    ]
}
# Of two routers the admin's is meant.
MYSAFE: list[dict[str, Any]] = [
    {
        "name": "Supplier portal",
        "username": "shop",
        "url": "https://portal.supplier.example",
        "password": "pass-1",
        "secret_key": "JBSWY3DPEHPK3PXP",
    },
    *({"name": "Router", "username": user, "password": f"pass-{user}"} for user in ("admin", "guest")),
    {
        "kind": "secretapi",
        "name": "Payments",
        "client_id": "shop",
        "client_secret": "key-1",
        "identifier_code": "payments",
    },
]
# The AWX of the tests has no certificate.
OF_TESTS = {"module_defaults": {f"{COLLECTION}.awx_setup": {"awx_allow_http": True}}}
PASSWORDS = ("app", "batch", "root")
JOURNAL = "web01-app--5f0c6a3b9d1e-j1"


def sources() -> dict[str, list[Any]]:
    """Name of a place -> its examples: parsed YAML, or the text of a command line."""
    found: dict[str, list[Any]] = {}
    for path in sorted([*ROOT.glob("plugins/modules/*.py"), *ROOT.glob("plugins/lookup/*.py")]):
        (block,) = re.findall(r'EXAMPLES = r"""(.*?)"""', path.read_text(), re.DOTALL)
        name = f"{path.parent.name}/{path.stem}"
        entries = yaml.safe_load(block)
        if path.stem in ALTERNATIVES:
            found |= {f"{name}, {entry['name']}": [[entry]] for entry in entries if COLLECTION in str(entry)}
        else:
            found[name] = [entries]
    for path in sorted([ROOT / "README.md", *ROOT.glob("roles/*/README.md")]):
        found[str(path.relative_to(ROOT))] = list(runnable(blocks(path.read_text(), MARKDOWN)))
    # The examples of keeping_secrets.rst, some of which show what not to do, are run by test_keeping_secrets.py.
    for path in sorted(set(ROOT.glob("docs/docsite/rst/*.rst")) - {ROOT / "docs/docsite/rst/keeping_secrets.rst"}):
        found[str(path.relative_to(ROOT))] = list(runnable(blocks(path.read_text(), RST)))
    return {name: examples for name, examples in found.items() if examples}


MARKDOWN = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(text: str, pattern: re.Pattern[str], core: tuple[int, ...] = CORE) -> Iterator[tuple[str, str]]:
    """Language and content of each block of a document, without those that are for newer releases of ansible-core."""
    for found in pattern.finditer(text):
        introduction = text[: found.start()].rstrip().rpartition("\n\n")[2]
        since = re.match(r"From ansible-core (\d+)\.(\d+) on ", introduction)
        if not since or core >= tuple(map(int, since.groups())):
            yield found[1], found[2]


def runnable(blocks: Iterable[tuple[str, str]]) -> Iterator[Any]:
    """Tasks, plays and inventories of YAML blocks, and the commands of Ansible in shell blocks.

    Rulebooks are none of Ansible's: tests/unit/test_eda.py checks those of the guides.
    """
    for language, text in blocks:
        if language == "yaml":
            content = yaml.safe_load(text)
            if any("rules" in entry for entry in content):
                continue
            # A block that is a map is an inventory, or shows variables of hosts, with or without the user that the text
            # names.
            given = isinstance(content, dict) and "plugin" not in content
            yield (
                [{"hosts": "web", "vars": {"ansible_user": "deploy", **content}, "tasks": [PING]}] if given else content
            )
        else:
            yield from (line for line in commands(text) if re.match("(ansible|ansible-playbook) ", line))


def commands(text: str) -> Iterator[str]:
    """The lines of a shell, each of which goes on until its quotes are closed."""
    command = ""
    for line in re.sub(r" +#.*", "", text).replace("\\\n", " ").splitlines():
        command = f"{command}\n{line}".strip()
        # What is no command may be a sentence with an apostrophe.
        if not command.startswith("ansible") or command.count("'") % 2 == 0:
            yield command
            command = ""


PING = {"name": "See that the variables let Ansible in", "ansible.builtin.ping": {}}
SOURCES = sources()
# ./run long and ./run matrix run all of them. ./run test runs the lookups, the guides, every third module (of those with
# alternatives the first one), and the pages of roles that no guide shows as well.
MODULES = [name for name in SOURCES if name.startswith("modules/")]
LONG = {
    *set(MODULES) - set(MODULES[::3]),
    *(f"roles/{role}/README.md" for role in ("linux_password_change", "linux_ssh_key_rotation", "dsm_cli")),
}


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie"]) as hosts:
        for host in hosts:
            host.add_user("deploy")
            host.add_user("batch", locked=True)
            host.run("mkdir -p /etc/shop")
        yield hosts


class Site:
    """Two real hosts called web01 and web02, and what the vault has of them."""

    def __init__(self, hosts: Hosts, folder: Path) -> None:
        self.hosts = hosts
        self.home = folder / "home"
        (self.home / ".ssh").mkdir(parents=True)
        self.reports = folder / "reports"
        self.reports.mkdir()
        # As an earlier run has left it, for the examples that only make the report.
        (self.reports / "history.jsonl").write_text(f"{json.dumps(ROTATED)}\n")
        self.key = self.home / ".ssh" / "id_deploy"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        public = self.key.with_suffix(".pub").read_text().strip()
        for host in hosts:
            host.run("rm -rf /var/lib/senhasegura-rotation")
            host.run(f"echo 'app:{PASSWORD}' | chpasswd; echo 'batch:{PASSWORD}' | chpasswd; usermod -L batch")
            for user in ("app", "deploy"):
                host.authorize(user, f"{public}\n")
            for user in PASSWORDS:
                host.forget_failures(user)
        (self.home / "inventory").write_text(json.dumps(self.inventory()))
        # Beside the playbook, as the notification of the roles.
        (folder / "notify.yml").write_text(yaml.safe_dump([PING]))
        shutil.copy(DSM_CLI, folder / "dsm-linux-amd64")
        (folder / "senhasegura-mapping.json").write_text(json.dumps(MAPPING))

    def inventory(self) -> dict[str, Any]:
        listed = {f"web{number:02}": host.inventory("admin") for number, host in enumerate(self.hosts, 1)}
        groups = {name: {"hosts": dict.fromkeys(listed)} for name in ("web", "linux", "cluster")}
        return {"all": {"hosts": listed, "children": groups}}

    def seed(self, text: str) -> dict[str, Any]:
        """What the vault holds before the examples in ``text``: what they read and change, not what they create."""
        names = [f"web{number:02}" for number in range(1, len(self.hosts) + 1)]
        more = {"automatic_change": by_vault(text)}
        pair = {
            "private_key": self.key.read_text(),
            "public_key": self.key.with_suffix(".pub").read_text().strip(),
            "username": "deploy",
            **more,
        }
        accounts = [
            {"identifier": f"{name}-{user}", "username": user, "hostname": name, "password": PASSWORD, **more}
            for name in names
            for user in ("app", "batch")
        ]
        if "'cluster-app'" in text:
            accounts = [{"identifier": "cluster-app", "username": "app", "hostname": "web01", "password": PASSWORD}]
        # As a run has left it that was killed; the hosts let Ansible in by its key.
        if JOURNAL in text:
            other = {
                "identifier": JOURNAL,
                "username": "app--rot-5f0c6a3b9d1e-j1",
                "hostname": "web01",
                "password": "p-2",
            }
            accounts.append(other)
        others = [
            {
                "identifier": "web-root",
                "username": "root",
                "hostname": "web01",
                "password": "root-1",
                "automatic_change": "'root@web01', 'wait'" in text,
            },
            {"identifier": "web02-root", "username": "root", "hostname": "web02", "password": "root-2"},
            {"identifier": "db-app", "username": "db", "hostname": "web02", "password": "x", "automatic_change": True},
        ]
        backup = {"identifier": "backup-key", "username": "backup", "hostname": "web02", "generate": "ed25519"}
        keys: list[dict[str, Any]] = [{**backup, "automatic_change": True}]
        if "-deploy'" in text:
            keys += [{"identifier": f"{name}-deploy", "hostname": name, **pair} for name in names]
        elif "id_deploy" not in text:
            keys += [{"identifier": "deploy-key", "hostname": "web01", "devices": names[1:], **pair}]
        block = {"HOSTNAME": "db01", "USERNAME": "app", "PASSWORD": "p-1"}
        secrets = [
            {"identity": "shop-db", "name": "Shop", "data": [block, {"API_KEY": "k-1"}]},
            {"identity": "shop-accounts", "name": "Accounts", "data": [block, {**block, "USERNAME": "admin"}]},
        ]
        devices = [{"hostname": name, "ip": host.address} for name, host in zip(names, self.hosts, strict=True)]
        return {
            "clients": [{**CLIENT, "application": "shop"}, ACCESS_KEY],
            "mysafe": [{"owner": "alice", **item} for item in MYSAFE],
            "devices": [*devices, {"hostname": "web03", "ip": "192.0.2.12"}],
            "credentials": [*accounts, *others],
            "keys": keys,
            "applications": [{"name": "shop", "system": "shop", "environment": "prod", "secrets": secrets}],
            "sessions": [{"user": "jdoe", "credential": "root", "device": "web01:22"}],
            "information": [{"id": 28, "identifier": "license", "content": "text"}],
        }

    def targets(self) -> dict[str, Any]:
        return {f"web{number:02}": host.target() for number, host in enumerate(self.hosts, 1)}


@pytest.fixture
def site(hosts: Hosts, tmp_path: Path) -> Site:
    return Site(hosts, tmp_path)


@pytest.fixture
def short() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ex") as folder:
        yield folder


def by_vault(text: str) -> bool:
    """Whether the examples have the vault change what is on the hosts."""
    return "'mode': 'vault'" in text


def stood_for(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks, with a task that evaluates the same arguments in the place of what cannot run here."""
    result = []
    for task in tasks:
        parts = {key: stood_for(value) for key, value in task.items() if key in ("tasks", "block", "always", "rescue")}
        changed = {**task, **parts}
        for module in STOOD_FOR:
            if module in changed:
                changed["ansible.builtin.debug"] = {"msg": changed.pop(module)}
        result.append(changed)
    return result


def as_plays(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content as plays: single tasks run on web01 as root, as in the play that would be around them."""
    alone = [entry for entry in content if "hosts" not in entry]
    plays = [{"hosts": "web01", "become": True, "tasks": alone}] if alone else []
    plays += [entry for entry in content if "hosts" in entry]
    return [{"gather_facts": False, **OF_TESTS, **play} for play in stood_for(plays)]


@pytest.fixture
def awx() -> Iterator[Awx]:
    with Awx([f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")]) as server:
        # The guide has it made by hand.
        server.make_machine_credential("Linux hosts")
        yield server


@pytest.mark.parametrize("source", rows(SOURCES, *(name for name in SOURCES if name not in LONG)))
def test_documented_examples_run(
    source: str, site: Site, short: str, serve_profile: Any, run_play: Any, run_command: Any, awx: Awx
) -> None:
    text = str(SOURCES[source])
    for folder in MOVED:
        text = text.replace(folder, str(site.reports))
    for long, brief in WAITS.items():
        text = text.replace(long, brief)
    targets = site.targets() if by_vault(text) else {}
    vault = serve_profile("4.0", site.seed(text), targets=targets, key_rotation_on_release=True)
    # As the documentation says of a key that is given without a path. The path of the agent's socket must be short.
    env = {"ANSIBLE_SSH_AGENT": "auto"} if "'ansible_ssh_private_key':" in text else {}
    env |= {"ANSIBLE_LOCAL_TEMP": short, "ANSIBLE_REMOTE_TMP": "~/.ansible/tmp"}
    env |= {"API_KEY": "key-1", "API_SECRET": "secret-1"}
    env |= {"CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}
    for example in ast.literal_eval(text):
        if isinstance(example, str):
            done = run_command(vault, *shlex.split(example), env=env)
        elif isinstance(example, dict):
            (site.home / "hosts.senhasegura.yml").write_text(yaml.safe_dump(example))
            done = run_command(vault, "ansible-inventory", "-i", "hosts.senhasegura.yml", "--list", env=env)
            # Here it warns of hosts that no rule fits.
            assert (done.rc, set(json.loads(done.stdout)["_meta"]["hostvars"])) == (0, {"web01", "web02", "web03"}), (
                done
            )
            continue
        else:
            given = {**GIVEN, **({"linux_password_change_result": NOTIFIED} if "_result." in str(example) else {})}
            done = run_play(vault, as_plays(example), "-i", "inventory", "-e", json.dumps(given), env=env)
        assert done.rc == 0, f"{example}\n{done}"
        assert "[WARNING]" not in MEANT.sub("", done.stderr), f"{example}\n{done}"


def test_examples_of_all_kinds_are_found() -> None:
    kinds = {name.partition("/")[0] for name in SOURCES}
    assert kinds == {"modules", "lookup", "roles", "docs", "README.md"}
    assert sum(isinstance(example, str) for examples in SOURCES.values() for example in examples) >= 5


def test_what_a_guide_says_of_newer_releases_is_not_run_on_older_ones() -> None:
    text = (ROOT / "docs/docsite/rst/linux_ssh_key_rotation.rst").read_text()
    keys = {
        core: sum("private_key: " in content for _label, content in blocks(text, RST, core))
        for core in ((2, 18), (2, 19))
    }
    assert keys == {(2, 18): 0, (2, 19): 1}
    assert len(list(blocks(text, RST, (2, 19)))) == len(RST.findall(text))
