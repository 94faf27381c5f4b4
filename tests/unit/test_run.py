# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ./run needs of the machine that it runs on (it finds it, installs it, or says what to install), and how it tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cores import PYTHONS, units_of_core
from hosts import registries, system
from packaging.requirements import Requirement
from workspace import ROOT

# What a machine has that has no usable Python.
TOOLS = ("bash", "cat", "dirname", "env", "realpath", "sort")
VERSIONS = {"demo": "3.13 3.12 3.14 3.11 3.10", "simulator": "3.13 3.12 3.14 3.11 3.10", "units": "3.13 3.12 3.14 3.11"}

Program = Callable[[str, str], None]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A PATH with hardly anything in it; gives what adds a script to it. They write down how they are called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(str(shutil.which(name)))

    def program(name: str, script: str) -> None:
        (folder / name).write_text(f'#!/bin/bash\necho "{name} $*" >>{tmp_path}/calls\n{script}\n')
        (folder / name).chmod(0o755)

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return program


def calls(tmp_path: Path) -> list[str]:
    path = tmp_path / "calls"
    return path.read_text().splitlines() if path.exists() else []


def run(task: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ROOT / "run"), task], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("task", VERSIONS)
def test_without_a_python_it_names_the_packages(task: str, bare: Program, tmp_path: Path) -> None:
    bare("id", "echo 1000")
    bare("python3", "exit 127")
    done = run(task)
    assert done.returncode == 1
    assert f"{task} needs a Python of one of the versions {VERSIONS[task]}" in done.stderr
    for system_name, package in {
        "Debian 12 and 13": "python3-venv",
        "Ubuntu 24.04": "python3-venv",
        "Ubuntu 22.04": "python3.11-venv",
        "RHEL": "python3.12",
        "macOS": "python@3",
    }.items():
        assert re.search(f"{re.escape(system_name)}.*{re.escape(package)}", done.stderr), system_name
    assert not any(call.startswith("apt-get") for call in calls(tmp_path))


@pytest.mark.parametrize(("user", "installs"), [("0", True), ("1000", False)])
def test_only_root_installs_what_makes_environments(user: str, installs: bool, bare: Program, tmp_path: Path) -> None:
    bare("id", f"echo {user}")
    bare("apt-get", "exit 0")
    assert run("demo").returncode == 1
    wanted = ["apt-get update -q", "apt-get install -qy --no-install-recommends python3-venv"]
    assert [call for call in calls(tmp_path) if call.startswith("apt-get")] == (wanted if installs else [])


def test_a_python_without_what_it_needs_is_not_taken(bare: Program) -> None:
    # Debian's own has no ensurepip, and a shim of pyenv may stand for a version that is not there.
    bare("id", "echo 1000")
    bare("python3.13", 'case $* in *ensurepip*) exit 1 ;; esac; echo "3.13 /usr/bin/python3.13"')
    bare("python3.12", "exit 127")
    assert run("demo").returncode == 1


def locked(name: str, python: str) -> dict[str, str]:
    """package -> version, of those that pip installs on this Python."""
    packages = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text().splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\").strip())
            environment = {"python_version": python, "python_full_version": f"{python}.1"}
            if requirement.marker is None or requirement.marker.evaluate(environment):
                assert requirement.name not in packages
                packages[requirement.name] = str(requirement.specifier).removeprefix("==")
    return packages


@pytest.mark.parametrize(
    ("name", "python", "core"),
    [
        ("demo", "3.10", "2.17"),
        ("demo", "3.11", "2.19"),
        *(("demo", python, "2.21") for python in ("3.12", "3.13", "3.14")),
        ("dev", "3.11", "2.19"),
        *(("dev", python, "2.21") for python in ("3.12", "3.13", "3.14")),
        *(("oldest", python, "2.17") for python in ("3.10", "3.11", "3.12")),
    ],
)
def test_each_python_gets_the_newest_ansible_core_that_runs_on_it(name: str, python: str, core: str) -> None:
    version = locked(name, python)["ansible-core"]
    assert version.rsplit(".", 1)[0] == core
    assert python in PYTHONS[core]


def test_the_environment_of_the_demo_is_small() -> None:
    assert set(locked("demo", "3.13")) < set(locked("dev", "3.13"))
    assert len(locked("demo", "3.13")) < 30


def test_the_releases_of_ansible_core_are_those_that_the_collection_takes() -> None:
    wanted = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert wanted == f">={next(iter(PYTHONS))}.0"
    first, last = next(iter(PYTHONS)), list(PYTHONS)[-1]
    assert f"ansible-core {first} to {last}," in (ROOT / "README.md").read_text()


def test_what_reaches_ansible_core_is_tested_on_other_releases() -> None:
    names = {path.removeprefix("tests/unit/plugins/") for path in units_of_core()}
    # By an import of their own, of what they test, of a file beside them, and of conftest.py.
    assert {
        "lookup/test_lookups.py",
        "plugin_utils/test_masking.py",
        "plugin_utils/rotation/test_driver.py",
        "plugin_utils/test_error_texts.py",
        "action/test_secret.py",
    } <= names
    plain = {
        # The conftest.py beside it imports ansible-core, but it uses none of its fixtures.
        "plugin_utils/broker/test_cache.py",
        "plugin_utils/rotation/protocol/test_model.py",
        "plugin_utils/rotation/protocol/test_password_policy.py",
        "module_utils/test_layers.py",
    }
    assert not plain & names
    assert not [name for name in names if not (ROOT / "tests" / "unit" / "plugins" / name).exists()]


class TestLanes:
    """How ./run test runs its tasks."""

    @pytest.fixture(autouse=True)
    def _nox(self, bare: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # A task's own script, in the folder, says what it does.
        bare("nox", f'[ "$1" = --session ] && exec bash {tmp_path}/"$2"; cat {tmp_path}/listed')
        self.command = [sys.executable, str(ROOT / "scripts" / "lanes.py"), "test", str(tmp_path / "logs")]
        self.folder = tmp_path

    def tasks(self, **scripts: str) -> None:
        for name, script in scripts.items():
            (self.folder / name).write_text(script)
        (self.folder / "listed").write_text(json.dumps([{"session": name} for name in scripts]))

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command, capture_output=True, text=True, check=False, timeout=300)

    def test_all_of_them_run_and_are_shown_one_after_the_other(self) -> None:
        meet = "echo {0} 1 >&2; echo >{2}/{0}; until [ -e {2}/{1} ]; do /bin/sleep 0.05; done; echo {0} 2"
        self.tasks(
            one=meet.format("here1", "here2", self.folder),
            two=meet.format("here2", "here1", self.folder),
            three="echo 3",
        )
        done = self.run()
        assert done.returncode == 0, done.stderr
        # The first two have met, so they ran at the same time.
        for name in ("here1", "here2"):
            assert f"{name} 1\n{name} 2\n" in done.stdout
        assert sorted(line.split()[:2] for line in done.stdout.splitlines()[-3:]) == [
            ["one", "ok"],
            ["three", "ok"],
            ["two", "ok"],
        ]
        assert calls(self.folder)[0] == "nox --list --json --tags test"

    def test_one_that_fails_stops_no_other_and_fails_all(self) -> None:
        self.tasks(bad="echo the reason; exit 3", good="echo good", late="echo late")
        done = self.run()
        assert done.returncode == 1
        assert "the reason" in done.stdout
        assert "late\n" in done.stdout
        assert done.stderr == "lanes.py: failed: bad\n"
        # The reason once more, below all output.
        assert done.stdout.index("late\n") < done.stdout.rindex("===== bad has failed\n\nthe reason\n")

    def test_why_tests_fail_is_shown_once_more(self) -> None:
        (self.folder / "test_numbers.py").write_text(
            "import pytest\n"
            "@pytest.fixture\ndef broken():\n    raise OSError('no disk')\n"
            "def test_wrong():\n    print('printed by it')\n    assert 1 + 1 == 3\n"
            "def test_error(broken):\n    pass\n"
            "def test_right():\n    print('of no interest')\n"
        )
        pytest_here = f"{sys.executable} -m pytest -q -p no:cacheprovider --rootdir {self.folder} --durations 0"
        after = "for number in {1..60}; do echo coverage of a file; done; exit 1"
        self.tasks(bad=f"{pytest_here} -c /dev/null {self.folder}/test_numbers.py; {after}")
        end = self.run().stdout.partition("===== bad has failed\n")[2]
        for told in (
            "_ test_wrong _",
            "assert (1 + 1) == 3",
            "printed by it",
            "_ ERROR at setup of test_error _",
            "no disk",
        ):
            assert told in end
        assert "coverage of a file" not in end
        assert "slowest durations" not in end
        assert end.splitlines()[-1].startswith("bad ")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_whoever_stops_it_stops_all(self, number: signal.Signals) -> None:
        forever = "trap 'echo >{0}/{1}.stopped; exit 1' INT; echo so far; echo >{0}/{1}.started; while :; do /bin/sleep 0.05; done"
        self.tasks(one=forever.format(self.folder, "one"), two=forever.format(self.folder, "two"))
        process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 120
        while len(list(self.folder.glob("*.started"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 1
        assert errors.decode() == f"lanes.py: stopped by {number.name}\n"
        assert output.decode().count("so far\n") == 2
        assert sorted(path.name for path in self.folder.glob("*.stopped")) == ["one.stopped", "two.stopped"]


class TestSystem:
    """What the tests need of the system."""

    @pytest.fixture(autouse=True)
    def _cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: Program) -> None:
        monkeypatch.setattr(system, "CACHE", tmp_path)
        self.program = bare

    def user(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: number)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(system, "_has_overlay", lambda: True)

    def test_root_gets_all_of_it_before_the_first_test(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.user(monkeypatch, 0)
        tools = " ".join({**system.TOOLS, **system.HOST_TOOLS})
        self.program("apt-get", f'[[ " $* " != *" install "* ]] || touch {{{tools.replace(" ", ",")}}}; exit 0')
        for name in ("touch", "chmod"):
            (tmp_path / "bin" / name).symlink_to(f"/usr/bin/{name}")
        packages = system.missing(system.needed())
        assert {"openssh-client", "iproute2", "mount", "mmdebstrap", "openssl"} <= set(packages)
        monkeypatch.chdir(tmp_path / "bin")
        monkeypatch.setattr(shutil, "which", lambda name: name if (tmp_path / "bin" / name).exists() else None)
        system.prepare()
        update, install = calls(tmp_path)
        assert update.endswith(" update")
        assert install.endswith(" ".join(["install", "--no-install-recommends", *packages]))
        system.prepare()
        assert len(calls(tmp_path)) == 2

    def test_others_are_told_in_one_sentence(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.user(monkeypatch, 1000)
        self.program("apt-get", "exit 0")
        with pytest.raises(system.Missing) as error:
            system.prepare()
        # Not what only test hosts need: they need root as well.
        assert str(error.value) == (
            "The tests need the packages git, openssh-client, openssl: sudo apt-get install git openssh-client openssl"
        )
        assert calls(tmp_path) == []

    def test_without_apt_it_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.user(monkeypatch, 0)
        with pytest.raises(system.Missing, match=r"what Debian has in the packages git, openssh-client, openssl"):
            system.prepare()
        assert "apt-get" in str(system.why_no_hosts())

    def test_what_apt_says_is_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.user(monkeypatch, 0)
        self.program("apt-get", "echo 'E: no network'; exit 100")
        with pytest.raises(system.Missing, match=r"(?s)apt-get install .*E: no network"):
            system.prepare()

    def test_without_modprobe_it_is_no_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Path, "read_text", lambda self: "nodev\tproc\n")
        assert not system._has_overlay()

    def test_it_says_what_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.user(monkeypatch, 1000)
        monkeypatch.setattr(sys, "version_info", (3, 11, 2))
        hosts, browser, core = system.left_out()
        assert hosts.startswith("Left out: the tests on real hosts (test hosts need root")
        assert browser.startswith("Left out: the documentation in a browser (it needs the program chromium")
        assert "run with ansible-core 2.19" in core
        assert "Left out: ansible-core 2.20 and newer" in core
        self.program("apt-get", "exit 0")
        self.user(monkeypatch, 0)
        monkeypatch.setattr(sys, "version_info", (3, 13, 5))
        assert system.left_out() == []


class TestRegistries:
    """What a place gets that does not see this machine's settings."""

    def test_variables_count_more_than_files(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file.invalid/simple\ntimeout = 7\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        monkeypatch.setenv("PIP_INDEX_URL", "https://variable.invalid/simple")
        settings = registries.pip_settings(quiet="2")
        assert "index-url = https://variable.invalid/simple" in settings
        assert "timeout = 7" in settings
        assert "file.invalid" not in settings
        assert "quiet = 2" in settings

    def test_local_paths_are_those_that_exist(self, tmp_path: Path) -> None:
        (tmp_path / "index" / "simple").mkdir(parents=True)
        certificates = tmp_path / "ca.pem"
        certificates.touch()
        settings = f"extra-index-url = file://{tmp_path}/index/simple https://x.invalid/simple\ncert = {certificates}\n"
        found = registries.local_paths(f"{settings}find-links = /not/there\n")
        assert found == [certificates, tmp_path / "index"]

    def test_the_mirror_is_that_of_debian(self, bare: Program) -> None:
        bare(
            "apt-get",
            "printf '%s\\n' 'http://a.invalid/debian-security/ main' 'http://b.invalid/debian/ contrib'"
            " 'http://b.invalid/debian/ main' 'http://c.invalid/debian/ main'",
        )
        assert registries.debian_mirror() == "http://b.invalid/debian/"
        bare("apt-get", "echo 'http://a.invalid/ubuntu/ main'")
        assert registries.debian_mirror() == ""
