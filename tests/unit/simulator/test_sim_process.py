# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

LONG = 120  # seconds, when something is wrong; nothing here depends on how fast the machine is


@pytest.fixture
def launch(tmp_path, demo_seed, environment):
    processes = []

    def run(*more, **options):
        ready = tmp_path / f"ready{len(processes)}.json"
        command = [
            sys.executable,
            "-m",
            "senhasegura_simulator",
            "--seed",
            demo_seed,
            "--ready-file",
            str(ready),
            *more,
        ]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)
        processes.append(process)
        deadline = time.monotonic() + LONG
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return process, json.loads(ready.read_text()), ready

    yield run
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_start_and_stop(launch, number):
    process, facts, ready = launch("--profile", "3.32", "--set", "token_lifetime=60")
    assert set(facts) == {"url", "control_url", "control_key", "ca_path", "profile", "pid"}
    assert facts["profile"] == "3.32"
    assert facts["pid"] == process.pid
    assert ready.stat().st_mode & 0o77 == 0
    assert os.path.exists(facts["ca_path"])
    process.send_signal(number)
    output, _error = process.communicate(timeout=LONG)
    assert process.returncode == 0
    assert output.count("\n") == 1
    assert facts["url"] in output
    assert not ready.exists()
    assert not os.path.exists(os.path.dirname(facts["ca_path"]))


def test_ends_with_its_standard_input(launch):
    process, _facts, _ready = launch("--exit-with-stdin", stdin=subprocess.PIPE)
    process.stdin.close()
    assert process.wait(timeout=LONG) == 0


def test_ends_with_another_process(launch):
    parent = subprocess.Popen(["sleep", "3600"])
    process, _facts, _ready = launch("--parent-pid", str(parent.pid))
    parent.kill()
    parent.wait()
    assert process.wait(timeout=LONG) == 0


def test_seeds_that_come_along_are_known_by_name(launch):
    process, facts, _ready = launch("--seed", "many")
    control = urllib.request.Request(facts["control_url"] + "/state", headers={"X-Control-Key": facts["control_key"]})
    with urllib.request.urlopen(control, timeout=LONG) as answer:
        clients = [client["client_id"] for client in json.load(answer)["clients"]]
    assert "second" in clients
    process.terminate()
    process.communicate(timeout=LONG)


@pytest.mark.parametrize(
    "arguments",
    [["--seed", "/nonexistent"], ["--seed", "dem"], ["--set", "nothing=1"], ["--port", "1", "--host", "203.0.113.1"]],
)
def test_a_bad_start_is_one_line(arguments, environment):
    command = [sys.executable, "-m", "senhasegura_simulator", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("senhasegura-simulator: ")
    assert done.stderr.count("\n") == 1
