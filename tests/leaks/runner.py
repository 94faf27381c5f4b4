# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Ansible in a folder of its own: what it is given is below in/, everything that it leaves is below out/."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from leaks import canaries, devlog
from workspace import collections

HERE = Path(__file__).parent
# Places where Ansible leaves files; each is a sink of its own.
FOLDERS = ("home", "tmp", "local_tmp", "remote_tmp", "async", "facts", "junit", "record", "artifacts")
# What leak_recorder.py logs in each run, to show that the system's log is collected.
LOGGED = b"leak_recorder: a play begins"
# The list of custody that the broker keeps on disk while it is owed.
LEDGER = "senhasegura-custody-"
# What the playbook gave to a task is the user's own, and core shows it to callbacks.
NOT_OURS = {"tasks.jsonl"}


class Unsafe(str):
    """A text that Ansible must not evaluate."""


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def dump(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=4096)


@dataclass(frozen=True)
class Hit:
    """A secret that was found. Tells where and around what, and does not repeat it."""

    sink: str
    secret: str
    form: str
    place: str

    def __str__(self) -> str:
        return f"{self.secret} ({self.form}) in {self.sink}, after: {self.place}"


@dataclass
class Run:
    """What one run of Ansible left."""

    folder: Path
    code: int
    events: list[dict[str, Any]]
    inputs: set[Path]
    problems: list[str]  # why the run, or what was collected of it, is not what it should be
    seen: set[bytes] = field(default_factory=set)  # command lines and environments of its processes

    def sinks(self) -> Iterator[tuple[str, str, bytes]]:
        """(sink, file, content), the names of files included."""
        for path in sorted(self.folder.joinpath("out").rglob("*")):
            name = path.relative_to(self.folder / "out")
            if path.is_file() and not path.is_symlink() and path.name not in NOT_OURS:
                sink = "ledger" if LEDGER in path.name else name.parts[0]
                yield sink, str(name), str(name).encode() + b"\n" + path.read_bytes()
        for path in sorted(set(self.folder.joinpath("in").rglob("*")) - self.inputs):
            if path.is_file() and "__pycache__" not in path.parts:
                yield "beside the inputs", path.name, path.read_bytes()
        yield "processes", "processes", b"\n".join(self.seen)

    def leaks(self, secrets: dict[str, str]) -> list[Hit]:
        return [
            Hit(sink, secret, form, _around(text, position, secrets))
            for sink, _name, content in self.sinks()
            for secret, form, text, position in canaries.find(content, secrets)
        ]

    def results(self) -> dict[str, dict[str, Any]]:
        """task name -> its last event, as a callback sees it."""
        ends = ("v2_runner_on_ok", "v2_runner_on_failed", "v2_runner_on_skipped", "v2_runner_on_unreachable")
        return {event["task"]: event for event in self.events if event["event"] in ends}


def _around(text: str, position: int, secrets: dict[str, str]) -> str:
    before = text[max(0, position - 160) : position]
    for name, value in secrets.items():
        for _form, secret in canaries.forms(value):
            before = before.replace(secret, f"<{name}>")
    header = text.rfind("TASK[", 0, position)
    task = text[header : text.find("]", header) + 1] if header >= 0 else ""
    return f"{task} …{before}"


@dataclass
class Scene:
    """A folder for runs of Ansible of one installation (``bin`` holds ansible-playbook)."""

    folder: Path
    bin: Path = field(default_factory=lambda: Path(sys.executable).parent)
    verbosity: int = 5
    stdout_callback: str = "default"
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def playbook(self, plays: list[dict[str, Any]], *arguments: str, **options: Any) -> Run:
        """Run plays on localhost. The options are those of ``start``."""
        return self.start_playbook(plays, *arguments, **options).wait()

    def start_playbook(self, plays: list[dict[str, Any]], *arguments: str, **options: Any) -> Started:
        folder = self._prepare()
        play = _write(folder / "in" / "play.yml", plays)
        return self.start(folder, ["ansible-playbook", *self._verbose(), *arguments, str(play)], **options)

    def adhoc(self, module: str, arguments: dict[str, Any], *more: str, **options: Any) -> Run:
        folder = self._prepare()
        command = ["ansible", "localhost", "-m", module, "-a", json.dumps(arguments), *self._verbose(), *more]
        return self.start(folder, command, **options).wait()

    def inventory(self, *arguments: str, **options: Any) -> Run:
        folder = self._prepare()
        return self.start(folder, ["ansible-inventory", *arguments], **options).wait()

    def runner(self, plays: list[dict[str, Any]], **options: Any) -> Run:
        """The same by ansible-runner, as AWX does it."""
        folder = self._prepare()
        project = folder / "in" / "project"
        project.mkdir()
        _write(project / "play.yml", plays)
        command = [f"{self.bin}/python", "-m", "ansible_runner", "run", str(folder / "in"), "-p", "play.yml", "--quiet"]
        command += [*self._verbose(), "--artifact-dir", str(folder / "out" / "artifacts")]
        return self.start(folder, command, **options).wait()

    def start(
        self,
        folder: Path,
        command: list[str],
        *,
        env: dict[str, str] | None = None,
        faults: dict[str, Any] | None = None,
        ini: str = "",
        watch: bool = False,
    ) -> Started:
        """Start Ansible.

        :param faults: exceptions that functions of the collection shall raise (see leak_faults.py)
        :param ini: more lines of ansible.cfg
        :param watch: whether to look at the command lines and environments of all processes
        """
        source, target = folder / "in", folder / "out"
        (source / "ansible.cfg").write_text(f"[defaults]\n{ini}")
        callbacks = ["leak_recorder", "junit"]
        if faults:
            callbacks.append("leak_faults")
            (source / "faults.json").write_text(json.dumps(faults))
        environment = {
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": str(target / "home"),
            "TMPDIR": str(target / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANSIBLE_CONFIG": str(source / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections()),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_LOCAL_TEMP": str(target / "local_tmp"),
            "ANSIBLE_REMOTE_TEMP": str(target / "remote_tmp"),
            "ANSIBLE_ASYNC_DIR": str(target / "async"),
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(target / "facts"),
            "ANSIBLE_LOG_PATH": str(target / "log"),
            "ANSIBLE_STDOUT_CALLBACK": self.stdout_callback,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": ",".join(callbacks),
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "JUNIT_OUTPUT_DIR": str(target / "junit"),
            "LEAKS_RECORD": str(target / "record"),
            "LEAKS_FAULTS": str(source / "faults.json"),
            **(env or {}),
        }
        inputs = set(source.rglob("*"))
        log = devlog.Devlog(target / "syslog")
        command, more = log.wrap(command)
        with (target / "stdout").open("wb") as stdout, (target / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                command,
                cwd=source,
                env={**environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        return Started(folder, process, inputs, log, Sampler(process.pid, str(target)) if watch else None)

    def _prepare(self) -> Path:
        with self._lock:
            self._count += 1
            folder = self.folder / f"run{self._count}"
        for name in FOLDERS:
            (folder / "out" / name).mkdir(parents=True)
        (folder / "in").mkdir()
        return folder

    def _verbose(self) -> list[str]:
        return ["-" + "v" * self.verbosity] if self.verbosity else []


def _write(path: Path, plays: list[dict[str, Any]]) -> Path:
    path.write_text(dump([{"hosts": "localhost", "gather_facts": False, **play} for play in plays]), encoding="utf-8")
    return path


@dataclass
class Started:
    folder: Path
    process: subprocess.Popen[bytes]
    inputs: set[Path]
    log: devlog.Devlog
    sampler: Sampler | None = None

    def wait(self, timeout: float = 3600) -> Run:
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        seen = self.sampler.stop() if self.sampler else set()
        self.log.stop()
        faults, out = self.folder / "in" / "faults.json", self.folder / "out"
        problems = []
        if faults.exists() and not (out / "record" / "armed").exists():
            problems.append(f"{self.folder}: the faults could not be planted, see its out/stderr")
        if not devlog.why_unavailable() and LOGGED not in (out / "syslog").read_bytes():
            problems.append(f"{self.folder}: its system log was not collected")
        return Run(self.folder, code, self._events(), self.inputs, problems, seen)

    def kill(self, *, workers: bool = True) -> None:
        """SIGKILL the controller, and its workers unless they shall find out by themselves."""
        for pid in self._family() if workers else {self.process.pid}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(120)

    def remains(self, timeout: float = 120) -> Run:
        """What is left of a killed run, when its last process has ended."""
        deadline = time.monotonic() + timeout
        while self._family():
            if time.monotonic() > deadline:
                raise TimeoutError("processes of the run outlive it")
            time.sleep(0.05)
        return self.wait()

    def _family(self) -> set[int]:
        return _family(self.process.pid, str(self.folder))

    def _events(self) -> list[dict[str, Any]]:
        path = self.folder / "out" / "record" / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]


class Sampler:
    """Reads command line and environment of a run's processes, as often as it can, until stopped."""

    def __init__(self, pid: int, mark: str) -> None:
        self._pid, self._mark, self._seen, self._on = pid, mark, set[bytes](), True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> set[bytes]:
        self._on = False
        self._thread.join()
        return self._seen

    def _watch(self) -> None:
        while self._on:
            for pid in _family(self._pid, self._mark):
                self._seen |= {_read(f"/proc/{pid}/environ"), _read(f"/proc/{pid}/cmdline")}
            time.sleep(0.005)


def _family(pid: int, mark: str) -> set[int]:
    """The process and those that descend from it. A daemon is known by the mark in its environment."""
    parents = {int(name): _parent(name) for name in os.listdir("/proc") if name.isdigit()}
    found = {each for each in parents if each == pid or mark.encode() in _read(f"/proc/{each}/environ")}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return {each for each in found if parents[each]}


def _parent(pid: str) -> int:
    """0 for a process that has ended."""
    words = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(words[1]) if words and words[0] != b"Z" else 0


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:  # it has ended
        return b""
