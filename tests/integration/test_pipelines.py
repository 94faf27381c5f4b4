# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pipelines of docs/examples: their steps run as they are, in shells, against the simulator."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from long_rows import rows
from secrets_files.pipelines import RUNNERS, Job, gitlab_ci_local
from workspace import CACHE, ROOT, environment

EXAMPLES = ROOT / "docs" / "examples"
CLIENT = {"client_id": "pipeline-client-id", "client_secret": "demo-secret-0123456789abcdef"}
# The last one of a value that Azure takes as well.
VALUES = {"USERNAME": "app", "PASSWORD": 'it\'s 100%25; $HOME `touch PWNED` "x"]', "API_KEY": "key-of-the-shop"}
SEED = {
    "clients": [{**CLIENT, "application": "shop"}],
    "applications": [
        {
            "name": "shop",
            "system": "web",
            "environment": "prod",
            "secrets": [{"identity": "shop", "name": "Shop", "data": [VALUES]}],
        }
    ],
}
# Writes down what it has got, and prints what may be printed where the system masks it.
DEPLOY = """\
#!/bin/sh
printf '%s\\0' "$USERNAME" "$PASSWORD" "$API_KEY" > "$SEEN/seen"
env | grep -c '^SENHASEGURA_CLIENT' >> "$SEEN/clients" || true
[ "$PRINTS" = no ] || echo "deploying with $PASSWORD and $API_KEY"
exit "${DEPLOY_ENDS_WITH:-0}"
"""


def test_each_example_is_run() -> None:
    files = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*") if path.is_file()}
    assert files == {"README.md", *(f"{name}/{file}" for name, (file, _run) in RUNNERS.items())}


def prepared(vault: Any, tmp_path: Path, ends_with: int, prints: bool) -> tuple[Job, dict[str, str]]:
    """Return a job in a folder with deploy.sh, and what the CI system stores for it."""
    folder, home = tmp_path / "workspace", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "deploy.sh").write_text(DEPLOY)
    (folder / "deploy.sh").chmod(0o755)
    base = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        **environment(),
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "SENHASEGURA_CA_PATH": vault.ca_path,
        "DEPLOY_ENDS_WITH": str(ends_with),
        "SEEN": str(folder),
        "PRINTS": "yes" if prints else "no",
    }
    given = {
        "SENHASEGURA_URL": vault.url,
        "SENHASEGURA_CLIENT_ID": CLIENT["client_id"],
        "SENHASEGURA_CLIENT_SECRET": CLIENT["client_secret"],
    }
    return Job(folder, base), given


PIPELINES = [("github", 0), *((system, 3) for system in RUNNERS)]


# A deployment that fails has had the values as well, so it tells more than one that does not.
@pytest.mark.parametrize(
    ("system", "ends_with"),
    rows(PIPELINES, "github-3", "gitlab-3", ids=[f"{system}-{ends_with}" for system, ends_with in PIPELINES]),
)
def test_a_pipeline(system: str, ends_with: int, serve_profile: Any, tmp_path: Path) -> None:
    vault = serve_profile("4.0", SEED)
    file, run = RUNNERS[system]
    # Where no value is masked, the deployment must not print them, as the example says.
    masks = system in ("github", "azure")
    job, given = prepared(vault, tmp_path, ends_with, masks)
    folder = job.folder
    run(EXAMPLES / system / file, job, given)
    # The deployment had the values, and the last step, which removes them, ran whatever came of it.
    assert (folder / "seen").read_text().split("\0")[:-1] == list(VALUES.values()), job.log
    assert [good for _name, good in job.ended].count(False) == (1 if ends_with else 0), job.log
    assert job.ended[-1][1], job.log
    # Nobody saw one, and nothing is left.
    secrets = [*(value for value in VALUES.values() if len(value) > 3), CLIENT["client_secret"]]
    assert [value for value in secrets if value in job.log] == []
    assert "[WARNING]" not in job.log or system == "github"
    assert not masks or "deploying with *** and ***" in job.log
    left = [
        path for path in tmp_path.rglob("*") if path.is_file() and path.name not in ("seen", "deploy.sh", "clients")
    ]
    assert [path for path in left for value in secrets if value in path.read_text(errors="replace")] == []
    assert not list(Path("/dev/shm").glob(f"secrets-{os.getpid()}-{folder.name}*"))
    assert not (folder / "PWNED").exists()
    # Only the step that reads has the secret of the client; GitLab gives its variables to each.
    assert (folder / "clients").read_text() == ("2\n" if system == "gitlab" else "0\n")
    assert sum("oauth2/token" in entry["line"] for entry in vault.control.log()) == 1


def test_what_a_mapping_file_names_is_uploaded_first(serve_profile: Any, run_command: Any, tmp_path: Path) -> None:
    """As dsm runb does, with the CLI's own file; nothing but what the mapping names leaves the pipeline."""
    vault = serve_profile("4.0", SEED)
    home = tmp_path / "home"
    home.mkdir()
    fields = {"user": "DB_USER", "password": "DB_PASSWORD", "host": "DB_HOST"}
    mapping = {
        "credentials": [{"name": "DB", "fields": fields}],
        "key_value": [{"name": "TOKENS", "fields": ["TOKEN"]}],
    }
    (tmp_path / "mapping.json").write_text(json.dumps(mapping))
    (home / ".config.yaml").write_text(
        f"SENHASEGURA_MAPPING_FILE: {tmp_path / 'mapping.json'}\nSENHASEGURA_DISABLE_RUNB: 0\n"
    )
    (home / ".config.yaml").chmod(0o600)
    given = {"DB_USER": "u-1", "DB_PASSWORD": "p'1", "DB_HOST": "h-1", "TOKEN": "t-1"}
    command = ("ansible-playbook", "community.senhasegura.pipeline_secrets")
    env = {**given, "OTHER": "o-1", "SENHASEGURA_SECRETS_FILE": str(tmp_path / "vars")}
    env["SENHASEGURA_CLIENT_ID"] = CLIENT["client_id"]
    disabled = run_command(vault, *command, env={**env, "SENHASEGURA_DISABLE_RUNB": "1"})
    assert disabled.rc == 0 and vault.writes == [], disabled
    run = run_command(vault, *command, env=env)
    assert run.rc == 0, run
    lines = (line.removeprefix("export ").partition("=") for line in (tmp_path / "vars").read_text().splitlines())
    written = {name: "".join(shlex.split(value)) for name, _equals, value in lines}
    assert written == {**VALUES, **given}
    assert sum("oauth2/token" in entry["line"] for entry in vault.control.log()) == 1
    missing = run_command(vault, *command, env={**env, "TOKEN": ""})
    assert missing.rc and "no value: TOKEN" in str(missing.results)


@pytest.mark.skipif(
    "SENHASEGURA_TEST_GITLAB" not in os.environ, reason="installs a program of npm: ./run secrets-files"
)
def test_gitlab_ci_local(serve_profile: Any, tmp_path: Path) -> None:
    """GitLab's example by a program that others have written."""
    job, given = prepared(serve_profile("4.0", SEED), tmp_path, 3, prints=False)
    gitlab_ci_local(EXAMPLES / "gitlab" / "gitlab-ci.yml", job, given, CACHE / "secrets-files" / "gitlab")
    assert (job.folder / "seen").read_text().split("\0")[:-1] == list(VALUES.values()), job.log
    assert job.failed and "FAIL 3" in job.log
    # It ran after_script, which has removed the file.
    assert job.log.count("deploy > changed: [localhost]") == 2, job.log
    assert [value for value in VALUES.values() if len(value) > 3 and value in job.log] == []
