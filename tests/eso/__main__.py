# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests by what others have made: `./run manifests`. It installs from npm and PyPI below .cache, and needs node.

1. The schema that @kubernetes-models/external-secrets has made of ESO's Go types, and ours (schema.py), on all
   objects of corpus.py, right ones and wrong ones.
2. kubernetes-validate on the objects of the core.
3. The role with the real kubernetes.core against an API server of ours (api_server.py), and the simulator.
"""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from eso import corpus
from eso.api_server import ApiServer
from eso.schema import errors_of, schema_of
from workspace import CACHE, environment

from senhasegura_simulator.server import Simulator

NPM = ("@kubernetes-models/external-secrets@2.0.0", "@kubernetes-models/validate@5.0.2")
# The package ansible has kubernetes.core 6.2.0 in it.
PYPI = ("ansible==13.0.0", "kubernetes==37.0.2", "kubernetes-validate==1.37.0", "requests")
KUBERNETES = "1.31"
FOLDER = CACHE / "eso"
ROLE = "community.senhasegura.external_secrets"
# How many sets of options are made at random.
GENERATED = 2000


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = install()
    right = {**{f"right: {name}": objects for name, objects in corpus.all_rendered().items()}, **generated()}
    refused = {
        f"refused: {name}": corpus.changed(kind, change) for name, (kind, change, _says) in corpus.REFUSED.items()
    }
    ours = {
        f"only ours: {name}": corpus.changed(kind, change) for name, (kind, change, _says) in corpus.ONLY_OURS.items()
    }
    refused["refused: the guide as it stands"] = corpus.guide()
    found = by_go_types({**right, **refused, **ours})
    show("Go types: right objects", [name for name in right if found[name]], len(right))
    show("Go types: refused objects", [name for name in refused if not found[name]], len(refused))
    show("Go types: what they let pass and we refuse", [name for name in ours if found[name]], len(ours))
    show("our schema: right objects", [name for name in right if errors_of(right[name])], len(right))
    show("our schema: refused objects", [name for name in refused if not errors_of(refused[name])], len(refused))
    # Many of them are equal.
    texts = {json.dumps(manifest) for objects in right.values() for manifest in objects}
    core = [one for one in map(json.loads, sorted(texts)) if schema_of(one["kind"]) is None]
    show("kubernetes-validate", by_kubernetes(python, core), len(core))
    show(
        "a wrong object that kubernetes-validate refuses",
        [] if by_kubernetes(python, [{**core[0], "metadata": 7}]) else ["?"],
        1,
    )
    in_cluster(python)


def show(what: str, wrong: list[Any], count: int) -> None:
    """Print a line, and end with an error if anything is wrong."""
    print(f"{what}: {count - len(wrong)} of {count} as they should be", flush=True)
    if wrong:
        sys.exit(f"{what}: {wrong[:5]}")


def install() -> Path:
    """Install what is needed, once. Return the Python that has it."""
    packages = FOLDER / "npm"
    if not (packages / "node_modules").is_dir():
        packages.mkdir(exist_ok=True)
        (packages / "package.json").write_text("{}")
        npm = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
        subprocess.run([*npm, *NPM], cwd=packages, check=True)
    shutil.copy(Path(__file__).with_name("validate.mjs"), packages)
    venv = FOLDER / "venv"
    if not (venv / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", *PYPI], check=True)
        (venv / "done").touch()
    return venv / "bin" / "python"


def generated() -> dict[str, list[corpus.Manifest]]:
    """Return what the module makes of options chosen at random, with values that others may read in their own way."""
    choose = random.Random(13)
    texts = ["shop-db", "a", "1e3", "on", "a b", "é", "{{ .x }}", "x" * 300, '"', "0"]
    names = ["db", "a.b-c", "x" * 253, "0", "on", "1e3"]

    def entry(number: int) -> dict[str, Any]:
        one = {"secret_key": f"{choose.choice(['k', 'K_', '1', 'a.b-'])}{number}", "identifier": choose.choice(texts)}
        return {**one, **({"property": choose.choice(texts)} if choose.random() < 0.7 else {})}

    found = {}
    for number in range(GENERATED):
        rewrite = [{"regexp": {"source": choose.choice(texts), "target": choose.choice(texts)}}]
        external = {
            "name": choose.choice(names),
            "data": [entry(index) for index in range(choose.randrange(4))],
            "extract": [{"identifier": choose.choice(texts), "rewrite": choose.choice([None, rewrite])}],
            "refresh_interval": choose.choice(["1h", "30m", "0s", "1h30m", "1.5h"]),
            "refresh_policy": choose.choice([None, "CreatedOnce", "Periodic", "OnChange"]),
            # CreateOrMerge is younger than that schema.
            "creation_policy": choose.choice(["Owner", "Orphan"]),
            "deletion_policy": choose.choice([None, "Retain", "Delete"]),
            "template": choose.choice([None, {"type": "Opaque", "data": {"a": choose.choice(texts)}}]),
        }
        cluster = choose.random() < 0.5
        found[f"generated: {number}"] = corpus.described(
            external_secrets=[{name: value for name, value in external.items() if value is not None}],
            readers=[{"name": choose.choice(names), "secrets": names[:2], "service_accounts": ["a", "b/c"]}],
            namespace=choose.choice(["default", "shop", "x" * 63]),
            store=choose.choice(names),
            store_kind="ClusterSecretStore" if cluster else "SecretStore",
            store_namespaces=choose.choice([[], ["shop"]]),
            ignore_ssl_certificate=choose.random() < 0.2,
        )
    return found


def by_go_types(objects: dict[str, list[corpus.Manifest]]) -> dict[str, list[str]]:
    run = subprocess.run(
        ["node", "validate.mjs"],
        cwd=FOLDER / "npm",
        input=json.dumps(objects),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(run.stdout))


def by_kubernetes(python: Path, objects: list[corpus.Manifest]) -> list[str]:
    code = (
        "import json, sys, kubernetes_validate as k\n"
        "wrong = []\n"
        "for one in json.load(sys.stdin):\n"
        f"    try: k.validate(one, {KUBERNETES!r}, strict=True)\n"
        "    except k.ValidationError as exc: wrong.append(str(exc.message))\n"
        "print(json.dumps(wrong))\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [python, "-c", code], input=json.dumps(objects), stdout=subprocess.PIPE, text=True, env=env, check=True
    )
    return list(json.loads(run.stdout))


def in_cluster(python: Path) -> None:
    """Apply and verify with the real kubernetes.core, then apply a version that is not served."""
    secrets = [{"identity": "shop-db", "data": [{"USERNAME": "app", "PASSWORD": "p"}]}]
    client = {"client_id": "eso-client-0123", "client_secret": "eso-secret-0123456789"}
    seed = {
        "clients": [{**client, "application": "shop"}],
        "applications": [{"name": "shop", "system": "shop", "environment": "prod", "secrets": secrets}],
    }
    data = [{"secret_key": "user", "identifier": "shop-db", "property": "USERNAME"}]
    wanted = {
        "external_secrets_namespace": "shop",
        "external_secrets_wait_timeout": 2,
        "external_secrets_poll_interval": 1,
        "external_secrets_secrets": [{"name": "db", "data": data}],
        "external_secrets_readers": [{"name": "shop", "secrets": ["db"], "service_accounts": ["app"]}],
    }
    with Simulator(profile="4.0", seed=seed) as vault, ApiServer() as server, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "config").write_text(yaml.safe_dump(server.kubeconfig()))
        wanted["external_secrets_kubeconfig"] = str(home / "config")
        broken = copy.deepcopy(wanted)
        broken["external_secrets_secrets"][0]["name"] = "broken-db"
        apply = {"external_secrets_state": "applied"}
        steps: dict[str, tuple[str, dict[str, Any], list[str], bool]] = {
            "check mode": ("main", {**wanted, **apply}, ["--check"], True),
            "apply": ("main", {**wanted, **apply}, [], True),
            "apply again": ("main", {**wanted, **apply}, [], True),
            "verify": ("verify", wanted, [], True),
            "apply a broken one": ("main", {**broken, **apply}, [], True),
            "verify a broken one": ("verify", broken, [], False),
            "v1beta1": (
                "main",
                {**wanted, **apply, "external_secrets_api_version": "external-secrets.io/v1beta1"},
                [],
                False,
            ),
        }
        counts = {}
        for name, (entry, variables, arguments, good) in steps.items():
            done = play(python, home, vault, client, entry, variables, arguments)
            counts[name] = len(server.objects)
            if (done.returncode == 0) != good:
                sys.exit(f"{name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
            if leaked := [text for text in client.values() if text in done.stdout + done.stderr]:
                sys.exit(f"{name} shows {leaked}")
            if name == "apply again" and "changed=0" not in done.stdout:
                sys.exit(f"the second run changes something\n{done.stdout}")
            if name == "verify a broken one" and "SecretSyncedError, could not get secret data" not in done.stdout:
                sys.exit(f"the reason is not told\n{done.stdout}")
            print(f"kubernetes.core, {name}: as it should be", flush=True)
        if list(counts.values()) != [0, 5, 5, 5, 6, 6, 6]:
            sys.exit(f"objects in the cluster: {counts}")


def play(
    python: Path, home: Path, vault: Any, client: dict[str, str], entry: str, variables: dict[str, Any], more: list[str]
) -> subprocess.CompletedProcess[str]:
    """Run the role in a play of its own, with the Ansible beside that Python."""
    task = {
        "name": "Use the role",
        "ansible.builtin.include_role": {"name": ROLE, "tasks_from": entry},
        "vars": variables,
    }
    hosts = {"hosts": "localhost", "gather_facts": False, "vars": {"ansible_python_interpreter": str(python)}}
    (home / "play.yml").write_text(yaml.safe_dump([{**hosts, "tasks": [task]}]))
    env = {
        **environment(),
        "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "SENHASEGURA_URL": vault.url,
        "SENHASEGURA_CA_PATH": vault.ca_path,
        **{f"SENHASEGURA_{name.upper()}": value for name, value in client.items()},
    }
    command = [python.parent / "ansible-playbook", str(home / "play.yml"), "-vvv", *more]
    return subprocess.run(
        command, env=env, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )


if __name__ == "__main__":
    main()
