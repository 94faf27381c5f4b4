# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `./run TASK` does, one session for each task. `./run` has put the tools of requirements/dev.txt in PATH.

`./run test` runs those with the tag "test", two at a time and in this order (scripts/lanes.py): the longest begins.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tests"))

from cores import PYTHONS, units_of_core  # noqa: E402
from hosts.image import why_unavailable  # noqa: E402
from hosts.system import why_no_browser  # noqa: E402
from workspace import CACHE, NAME, checkout, environment  # noqa: E402

nox.options.default_venv_backend = "none"
nox.options.envdir = str(CACHE / "nox")

COLLECTION = "community.senhasegura"
PYTEST = ("-m", "pytest")
# As many as the cores of the machines that run this.
WORKERS = ("-n", "2")
# Integration tests: a file at a time in each process, since its tests share hosts. In the order of their names, since
# xdist would begin with the files that have most tests: those that take longest have few, and one process would be left
# alone with them. One process more than cores, because most tests wait for hosts and locks some of the time.
BESIDE_EACH_OTHER = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
# Parts of a collection that are not plugins of their own, or whose documentation is the module's.
UNDOCUMENTED = {"action", "doc_fragments", "module_utils", "plugin_utils"}

# Integration tests whose subject differs most between the releases of ansible-core.
RUNS_ON_EACH_CORE = ("tests/integration/test_examples.py", "tests/integration/test_variables.py")

# For tools of the tests that are run as modules.
TESTS = {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT / "tests" / "simulator")])}

os.environ.update(environment())
# For the tools that write to the home folder whatever else they are told.
HOME = CACHE / "home"
HOME.mkdir(parents=True, exist_ok=True)


@nox.session(tags=["test"])
def integration(session: nox.Session) -> None:
    """Real ansible-playbook runs against the simulator."""
    arguments = session.posargs or ["-m", "not long", *BESIDE_EACH_OTHER]
    where = () if any(argument.startswith("tests/") for argument in arguments) else ("tests/integration",)
    # The slowest, since CI has a limit of time.
    session.run("python", *PYTEST, "--durations", "20", *where, *arguments)


@nox.session
def long(session: nox.Session) -> None:
    """The tests that `./run test` leaves out: the other rows of long tables, and what takes long."""
    where = ("tests/integration", "tests/unit")
    session.run("python", *PYTEST, "-m", "long", *(session.posargs or BESIDE_EACH_OTHER), *where)


@nox.session(tags=["test", "fast"])
def lint(session: nox.Session) -> None:
    """Style, types, licences, changelog and documentation."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    scripts = [*Path("scripts").glob("*.sh"), *Path("tests").glob("*/*.sh"), *Path("roles").glob("*/files/*.sh")]
    session.run("shellcheck", "run", ".ci/run", *map(str, scripts))
    session.run("python", "scripts/generate.py", "--check")
    session.run("mypy", "-p", "ansible_collections.community.senhasegura.plugins")
    session.run("mypy", "-p", "senhasegura")
    session.run("mypy", "-p", "senhasegura_simulator")
    session.run("mypy", "-p", "hosts", env={"MYPYPATH": "tests"})
    session.run("yamllint", "--strict", ".")
    check_formalities(session)
    docs = ("python", "scripts/run_antsibull_docs.py", "lint-collection-docs", "--plugin-docs", ".")
    session.run(*docs, env={"HOME": str(HOME)})
    session.run("ansible-lint", "--offline", "--strict")


@nox.session
def checklist(session: nox.Session) -> None:
    """What Galaxy and the inclusion in Ansible ask for: licences, the changelog, and the archive in galaxy-importer."""
    check_formalities(session)
    build(session)


@nox.session
def units(session: nox.Session) -> None:
    """Unit tests."""
    session.run("python", *PYTEST, *WORKERS, *session.posargs)


@nox.session(tags=["fast"])
def short_units(session: nox.Session) -> None:
    """Unit tests without those that take long: every fault in every call."""
    # More processes than cores: a third of their time they wait for servers and programs.
    session.run("python", *PYTEST, "-n", "4", "-m", "not no_cover and not long", *session.posargs)


@nox.session(tags=["test"])
def coverage(session: nox.Session) -> None:
    """Unit tests without those of `./run long`, and how much of plugins/ they cover."""
    session.run("python", *PYTEST, *WORKERS, "-m", "not long", "--cov", *session.posargs)


@nox.session(tags=["test"])
def demo(session: nox.Session) -> None:
    """Start the simulator and run playbooks/demo.yml against each dialect."""
    session.run("python", "tests/demo.py", *session.posargs)


@nox.session
def molecule(session: nox.Session) -> None:
    """The playbooks as molecule scenarios on real hosts: check, converge, idempotence, side effect, verify."""
    if reason := why_unavailable():
        session.skip(reason)
    # It puts frames around the output of Ansible otherwise.
    session.run("molecule", "test", "--all", "--no-command-borders", *session.posargs)


@nox.session(tags=["test"])
def build(session: nox.Session) -> None:
    """Build, install and import the archive that users get."""
    contents = []
    for attempt in ("again", "archive"):
        source, output = checkout(CACHE / "build" / "source"), CACHE / "build" / attempt
        shutil.rmtree(output, ignore_errors=True)
        session.run("ansible-galaxy", "collection", "build", str(source), "--output-path", str(output))
        (archive,) = output.iterdir()
        contents.append(manifest(archive))
    if contents[0] != contents[1]:
        session.error("two builds of the same tree differ")

    installed = CACHE / "build" / "installed"
    shutil.rmtree(installed, ignore_errors=True)
    # ansible-galaxy and ansible-doc look into PYTHONPATH too, and would find this checkout there.
    env = {"ANSIBLE_COLLECTIONS_PATH": str(installed), "PYTHONPATH": ""}
    install = ("ansible-galaxy", "collection", "install", "--offline", "--no-deps", "-p", str(installed), str(archive))
    session.run(*install, env=env)
    for folder in sorted(installed.joinpath(*NAME, "plugins").iterdir()):
        if folder.name not in UNDOCUMENTED:
            kind = folder.name.removesuffix("s") if folder.name == "modules" else folder.name
            names = {f"{COLLECTION}.{path.stem}" for path in folder.glob("*.py")}
            output = session.run("ansible-doc", "--json", "-t", kind, *sorted(names), env=env, silent=True)
            if missing := names - {name for name, docs in json.loads(output).items() if docs["doc"]}:
                session.error(f"ansible-doc knows nothing of {missing}")

    # Metadata that names a file which is not in the archive makes it fail.
    session.run("ansible-builder", "introspect", str(installed), silent=True)
    with session.chdir(archive.parent):
        env["HOME"] = str(HOME)
        log = session.run("python", "-m", "galaxy_importer.main", str(archive), env=env, silent=True)
    session.log(log)
    if complaints := re.findall(r"^(?:WARNING|ERROR).*", log, re.MULTILINE):
        session.error(f"galaxy-importer: {complaints}")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site, with warnings as errors and a look at each link."""
    run_docsite(session, "build")


@nox.session(name="docs-browser", tags=["test"])
def docs_browser(session: nox.Session) -> None:
    """The same site, and a look at it in Chromium: no page is too wide, nothing fails, and the search finds."""
    run_docsite(session, "build")
    if reason := why_no_browser():
        session.skip(reason)
    run_docsite(session, "browser")


@nox.session(tags=["test"])
def sanity(session: nox.Session) -> None:
    """ansible-test sanity of what users get, on the newest ansible-core, with nothing ignored."""
    # All of its tests run, but pslint finds no PowerShell to check, and validate-modules cannot compare with an earlier
    # release. On one Python, and without the tests, which are not in the archive: ./run matrix looks at all of it.
    python = "{}.{}".format(*sys.version_info)
    arguments = session.posargs or ("--python", python, "--exclude", "tests/")
    session.run("python", "scripts/run_ansible_test.py", "sanity", *arguments)


@nox.session
def ansible_test_units(session: nox.Session) -> None:
    """Unit tests of what depends on ansible-core, as ansible-test runs them, on the newest one of this Python."""
    units_in_ansible_test(session, Path(sys.executable).parent, "{}.{}".format(*sys.version_info), *session.posargs)


@nox.session(tags=["test"])
def oldest(session: nox.Session) -> None:
    """Unit tests of what depends on ansible-core, by its ansible-test, and the demo, on the oldest supported one."""
    release, versions = next(iter(PYTHONS.items()))
    if not (found := pick_python(*reversed(versions))):
        session.skip(f"ansible-core {release} needs one of Python {', '.join(versions)}, and none is here")
    programs = make_environment(session, found, "oldest")
    ask = [found, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    version = subprocess.run(ask, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    units_in_ansible_test(session, programs, version, *session.posargs)
    if not session.posargs:
        units_on_core(session, programs, "tests/unit/test_role.py")
    demo_on_core(session, programs)


@nox.session
def matrix(session: nox.Session) -> None:
    """All of it that depends on ansible-core, on each supported one, or on those that are named: ./run matrix 2.19."""
    rows, logs = [], CACHE / "matrix"
    logs.mkdir(exist_ok=True)
    stages = {"sanity": sanity_on_core, "units": units_on_core, "demo": demo_on_core, "runs": runs_on_core}
    for release in session.posargs or PYTHONS:
        if not (found := pick_python(*PYTHONS[release])):
            rows.append([release, "none here", *["left out"] * len(stages)])
            continue
        # The newest of that release, whichever it is today. Of the last one there may be previews only.
        preview = "rc0" if release == list(PYTHONS)[-1] else ""
        programs = make_environment(session, found, "test", f"core-{release}", f"ansible-core~={release}.0{preview}")
        version = subprocess.run([programs / "python", "-c", VERSIONS], stdout=subprocess.PIPE, text=True, check=True)
        row = version.stdout.split()
        for name, stage in stages.items():
            start, log = time.monotonic(), logs / f"{release}-{name}.log"
            session.log(f"ansible-core {release}, {name}: {log.relative_to(ROOT)}")
            try:
                with log.open("w") as file:
                    stage(session, programs, stdout=file, stderr=subprocess.STDOUT)
                end = "ok"
            except CommandFailed:
                session.warn("\n".join(log.read_text(errors="replace").splitlines()[-40:]))
                end = "FAILED"
            row.append(f"{end}, {time.monotonic() - start:.0f} s")
        rows.append(row)
    table = [["ansible-core", "Python", *stages], *rows]
    session.log("\n" + "\n".join("".join(f"{cell:14}" for cell in row) for row in table))
    if any("FAILED" in cell for row in rows for cell in row):
        session.error("failed")


@nox.session
def bench(session: nox.Session) -> None:
    """Time our lookups against those of other collections (--help for its arguments)."""
    programs = make_environment(session, pick_python("{}.{}".format(*sys.version_info)), "bench")
    session.run(programs / "python", "-m", "bench", *session.posargs, env=TESTS)


@nox.session
def inventory(session: nox.Session) -> None:
    """Time the inventory of 2,000 and 20,000 devices against a static file (--help for its arguments)."""
    session.run("python", "-m", "bench.inventory", *session.posargs, env=TESTS)


@nox.session
def onboarding(session: nox.Session) -> None:
    """Count the requests of onboarding 1,000 hosts, and kill runs of it (--help for its arguments)."""
    session.run("python", "-m", "bench.onboarding", *session.posargs, env=TESTS)


@nox.session
def pages(session: nox.Session) -> None:
    """Look at the pages of the reports in Chromium, on wide and narrow screens; apt installs it if it is missing."""
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    session.run("python", "-m", "pages", *session.posargs, env={"PYTHONPATH": path})


@nox.session
def crash(session: nox.Session) -> None:
    """All pairs of faults in rotations, in memory; with `real`, all faults on real hosts (--help)."""
    session.run("python", "-m", "faults", *session.posargs, env=TESTS)


@nox.session
def mutants(session: nox.Session) -> None:
    """100 small mistakes in plugins/, one at a time: those that no unit test sees (--help)."""
    session.run("python", "-m", "mutants", *session.posargs, env=TESTS)


@nox.session
def fleet(session: nox.Session) -> None:
    """Many hosts at 100 forks: 500 undisturbed, and 300 whose broker is killed and stopped at random."""
    for size, tests in (("500x100", "makes_one_login"), ("300x100", "every_host")):
        arguments = ("tests/integration/test_broker_fleet.py", "-s", "-k", tests, *session.posargs)
        session.run("python", *PYTEST, *arguments, env={"SENHASEGURA_TEST_FLEET": size})


@nox.session
def slices(session: nox.Session) -> None:
    """Ten jobs at once, as AWX slices one: 500 hosts with lookups, and rotations on real hosts (--help)."""
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    session.run("python", "-m", "awx", *session.posargs, env={"PYTHONPATH": path})


@nox.session(name="secrets-files")
def secrets_files(session: nox.Session) -> None:
    """Secrets files: every awkward value through each format and its real readers; writers that are killed (--help)."""
    programs = make_environment(session, pick_python("{}.{}".format(*sys.version_info)), "consumers")
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    session.run(programs / "python", "-m", "secrets_files", *session.posargs, env={"PYTHONPATH": path})
    if all(map(shutil.which, ("npm", "git", "rsync"))):
        arguments = ("tests/integration/test_pipelines.py", "-k", "gitlab_ci_local")
        session.run("python", *PYTEST, *arguments, env={"SENHASEGURA_TEST_GITLAB": "1"})


@nox.session
def scim(session: nox.Session) -> None:
    """The SCIM of the simulator by scim2-tester: all that the vendor documents of it."""
    tester = make_environment(session, pick_python("{}.{}".format(*sys.version_info)), "scim")
    session.run("python", "-m", "scim", str(tester / "python"), *session.posargs, env=TESTS)


@nox.session
def manifests(session: nox.Session) -> None:
    """Manifests by the schema of ESO's Go types (npm), by kubernetes-validate, and with the real kubernetes.core."""
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    session.run("python", "-m", "eso", *session.posargs, env={"PYTHONPATH": path})


@nox.session
def python(session: nox.Session) -> None:
    """Build the Python library, and run its tests with each Python that is here: ./run python 3.12 for one."""
    versions = session.posargs or ("3.14", "3.13", "3.12", "3.11", "3.10")
    pythons = {version: found for version in versions if (found := pick_python(version))}
    if not pythons:
        session.error(f"none of Python {', '.join(versions)} is here")
    programs = {
        version: make_environment(session, found, "python", f"python-{version}") for version, found in pythons.items()
    }
    # The wheel is built from the source distribution, not from the checkout.
    output = CACHE / "python-dist"
    shutil.rmtree(output, ignore_errors=True)
    session.run(next(iter(programs.values())) / "python", "-m", "build", "--outdir", str(output), "python")
    for version, folder in programs.items():
        session.log(f"Python {version}")
        env = {"SENHASEGURA_TEST_DIST": str(output), **first_in_path(folder)}
        session.run(folder / "python", *PYTEST, *WORKERS, "tests/unit/python", env=env)
    if missing := [version for version in versions if version not in pythons]:
        session.log(f"left out, since it is not here: Python {', '.join(missing)}")


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheels of the Python library and of the simulator, each with its software bill of materials."""
    programs = make_environment(session, pick_python("{}.{}".format(*sys.version_info)), "wheels")
    output = CACHE / "wheels"
    shutil.rmtree(output, ignore_errors=True)
    for source in ("python", "tests/simulator"):
        session.run(programs / "python", "scripts/wheels.py", source, str(output), env=first_in_path(programs))


@nox.session
def eda(session: nox.Session) -> None:
    """Event sources and rulebooks under ansible-rulebook, which needs Java, and a soak: --minutes, --lines (--help)."""
    programs = make_environment(session, pick_python("{}.{}".format(*sys.version_info)), "eda")
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    session.run("python", "-m", "eda", "--programs", str(programs), *session.posargs, env={"PYTHONPATH": path})


@nox.session
def walk(session: nox.Session) -> None:
    """The way of a new user, from the pages alone, each step timed (as root; --help)."""
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    session.run("python", "-m", "walk", *session.posargs, env={"PYTHONPATH": path})


@nox.session
def bare(session: nox.Session) -> None:
    """Run demo and test, or another task, in a bare root of each Debian release (as root; --help)."""
    session.run("python", "-m", "hosts.bare", *session.posargs, env=TESTS)


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Format the code and mend what ruff can mend."""
    session.run("ruff", "check", "--fix", *session.posargs)
    session.run("ruff", "format", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Pin requirements/*.in in requirements/*.txt (--upgrade for newer versions)."""
    # With extras, without which the pip of Debian 12 finds no version for them.
    options = ("--universal", "--generate-hashes", "--no-strip-extras", "--no-python-downloads")
    options += ("--custom-compile-command", "./run lock")
    with session.chdir("requirements"):
        for name, python in (
            ("dev", "3.11"),
            ("demo", "3.10"),
            ("test", "3.10"),
            ("oldest", "3.10"),
            ("bench", "3.12"),
            ("consumers", "3.11"),
            ("python", "3.10"),
            ("eda", "3.11"),
            ("docs", "3.11"),
            ("scim", "3.11"),
            ("wheels", "3.11"),
        ):
            files = (f"{name}.in", "--output-file", f"{name}.txt")
            session.run(
                "uv", "pip", "compile", "--quiet", *options, "--python-version", python, *files, *session.posargs
            )


def pick_python(*versions: str) -> str:
    """The path of the first of these Pythons that can be used here, or an empty string."""
    command = ["scripts/pick-python.sh", *versions]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def manifest(archive: Path) -> list[object]:
    """The names and check sums in a collection archive, which unlike the archive itself hold no times."""
    with tarfile.open(archive) as tar:
        return [json.load(tar.extractfile(name)) for name in ("MANIFEST.json", "FILES.json")]


def make_environment(session: nox.Session, python: str, *arguments: str) -> Path:
    """The folder with the programs of an environment (see scripts/venv.py), made if it is not there."""
    venv = session.run(python, "scripts/venv.py", *arguments, silent=True, stderr=None, external=True)
    return Path(venv.strip(), "bin")


def check_formalities(session: nox.Session) -> None:
    """Licences of all files, and the form of the changelog."""
    # In a copy, since it also looks at ignored files where a whole folder is new.
    session.run("reuse", "--root", str(checkout(CACHE / "lint")), "lint", "--lines")
    session.run("antsibull-changelog", "lint")


def run_docsite(session: nox.Session, task: str) -> None:
    """A task of tests/docsite in its own environment."""
    programs = make_environment(session, pick_python("{}.{}".format(*sys.version_info)), "docs")
    path = os.pathsep.join([TESTS["PYTHONPATH"], environment()["PYTHONPATH"]])
    env = {"PYTHONPATH": path, "HOME": str(HOME), **first_in_path(programs)}
    session.run(programs / "python", "-m", "docsite", task, env=env)


def sanity_on_core(session: nox.Session, programs: Path, **options: Any) -> None:
    """ansible-test sanity of another environment."""
    session.run(programs / "python", "scripts/run_ansible_test.py", "sanity", **options)


def units_on_core(session: nox.Session, programs: Path, *arguments: str, **options: Any) -> None:
    """Unit tests in another environment."""
    # Not what takes minutes in plain Python, as every fault in every call: that is no question to an ansible-core.
    # Nor what is for AWX and rulebooks, whose libraries know nothing of ansible-core; nor the Python library.
    others = ("tests/unit/test_awx.py", "tests/unit/test_walk.py", "tests/unit/test_eda.py", "tests/unit/python")
    arguments = arguments or ("-m", "not no_cover", *(word for name in others for word in ("--ignore", name)))
    session.run(programs / "python", *PYTEST, *WORKERS, *arguments, env=first_in_path(programs), **options)


def units_in_ansible_test(session: nox.Session, programs: Path, python: str, *tests: str) -> None:
    """Unit tests of what depends on ansible-core, in another environment by its ansible-test: with a loader of its own,
    and a fork for each test.
    """
    command = ("scripts/run_ansible_test.py", "units", "--python", python, "--num-workers", "2")
    session.run(programs / "python", *command, *(tests or units_of_core()))


def demo_on_core(session: nox.Session, programs: Path, **options: Any) -> None:
    """The demo in another environment."""
    session.run(programs / "python", "tests/demo.py", env=first_in_path(programs), **options)


def runs_on_core(session: nox.Session, programs: Path, **options: Any) -> None:
    """The integration tests that depend most on ansible-core, in another environment."""
    arguments = (*WORKERS, "--dist", "loadfile", *RUNS_ON_EACH_CORE)
    session.run(programs / "python", *PYTEST, *arguments, env=first_in_path(programs), **options)


def first_in_path(*folders: str | Path) -> dict[str, str]:
    """The variable PATH with these folders before all others."""
    return {"PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]])}


VERSIONS = """\
import platform
from ansible import release
print(release.__version__, platform.python_version())
"""
