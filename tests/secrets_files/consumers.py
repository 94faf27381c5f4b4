# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs and libraries that read secrets files, as they are: each takes the path of a file, and returns a map.

What is not installed here is left out, and C(missing) says so.
"""

from __future__ import annotations

import ctypes
import glob
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secrets_files import readers

Consumer = Callable[[Path, list[str]], dict[str, Any]]
# Pinned, since a reader that reads in another way has to be noticed by whoever updates it.
NODE_PACKAGES = ("dotenv@18.0.10", "js-yaml@5.5.0")
DEBIAN_PACKAGES = {"dash": "dash", "bash": "bash", "node": "nodejs", "npm": "npm", "java": "default-jre-headless"}
_NODE_SCRIPT = """\
const fs = require('fs'), [kind, file] = process.argv.slice(2), text = fs.readFileSync(file, 'utf8');
const readers = {
  dotenv: () => require('dotenv').parse(text),
  json: () => JSON.parse(text),
  yaml: () => {
    const yaml = require('js-yaml');
    // The tag is Ansible's own. Any other reader takes the map without it.
    return yaml.load(text.replace(/^--- !unsafe$/m, '---'));
  },
};
process.stdout.write(JSON.stringify(readers[kind]()));
"""


class Consumers:
    """All that is there, by format. ``cwd`` is the current directory of each program, in which nothing may appear."""

    def __init__(self, cache: Path, cwd: Path) -> None:
        self._cwd, self._cache = cwd, cache
        self.missing: list[str] = []
        self.found: dict[str, dict[str, Consumer]] = {}
        for shell in ("bash", "dash"):
            if self._has(shell):
                self._add("posix", shell, lambda file, names, shell=shell: self._shell(shell, file, names))
        self._python()
        if self._has("node") and self._has("npm"):
            self._node()
        self._systemd()
        if self._has("java"):
            self._java()
        if shutil.which("docker"):
            self._add("docker_env", "docker", self._docker)
        else:
            self.missing.append("docker")
        for name, own in readers.READERS.items():
            for number, reader in enumerate(own):
                label = f"own reader {number + 1}" if len(own) > 1 else "own reader"
                self._add(name, label, lambda file, _names, reader=reader: reader(file.read_bytes().decode()))

    def _has(self, program: str) -> bool:
        if shutil.which(program):
            return True
        self.missing.append(f"{program} (Debian: {DEBIAN_PACKAGES[program]})")
        return False

    def _add(self, name: str, label: str, consumer: Consumer) -> None:
        self.found.setdefault(name, {})[label] = consumer

    def _run(self, *command: str, env: dict[str, str] | None = None) -> bytes:
        done = subprocess.run(
            command, cwd=self._cwd, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(env or {})},
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0 and not done.stderr, f"{command[0]}: {done.stderr[:300]!r}"
        return done.stdout

    def _shell(self, shell: str, file: Path, names: list[str]) -> dict[str, str]:
        script = f'. "{file}"; for name in {" ".join(names)}; do eval "printf \'%s\\0\' \\"\\$$name\\""; done'
        output = self._run(shell, "-c", script).decode()
        found = dict(zip(names, output.split("\0")[:-1], strict=True))
        # And as a program gets them, of which the kernel takes no more than fit.
        if sum(len(value.encode()) for value in found.values()) < 500_000:
            exported = self._run(shell, "-c", f'. "{file}" && exec env -0').decode().split("\0")
            pairs = dict(line.partition("=")[::2] for line in exported if line)
            assert {name: pairs.get(name) for name in names} == found
        return found

    def _python(self) -> None:
        import dotenv
        import yaml

        def dotenv_values(file: Path, _names: list[str]) -> dict[str, Any]:
            return dict(dotenv.dotenv_values(file, encoding="utf-8"))

        class Fast(yaml.CSafeLoader):  # type: ignore[misc]
            """libyaml."""

        Fast.add_constructor("!unsafe", lambda loader, node: loader.construct_mapping(node, deep=True))

        def ansible(file: Path, _names: list[str]) -> dict[str, Any]:
            from ansible.parsing.dataloader import DataLoader

            found = DataLoader().load_from_file(str(file))
            assert all(isinstance(value, str) for value in found.values())
            assert not any(_is_template(value) for value in found.values())
            return {str(name): str(value) for name, value in found.items()}

        self._add("dotenv", "python-dotenv", dotenv_values)
        self._add("yaml_vars", "libyaml", lambda file, _names: dict(yaml.load(file.read_bytes(), Fast)))
        self._add("yaml_vars", "Ansible", ansible)
        self._add("json", "json", lambda file, _names: dict(json.loads(file.read_bytes())))
        self._add("k8s_secret", "kubernetes-validate", self._kubernetes)
        self._add("files", "read", lambda file, names: {name: (file / name).read_bytes().decode() for name in names})

    def _kubernetes(self, file: Path, _names: list[str]) -> dict[str, Any]:
        import kubernetes_validate

        document = json.loads(file.read_bytes())
        kubernetes_validate.validate(document, "1.29", strict=True)
        return readers.kubernetes(file.read_bytes().decode())

    def _node(self) -> None:
        folder = self._cache / "node"
        if not (folder / "complete").exists():
            folder.mkdir(parents=True, exist_ok=True)
            install = (
                "npm",
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--silent",
                "--prefix",
                str(folder),
            )
            subprocess.run([*install, *NODE_PACKAGES], check=True)
            (folder / "complete").touch()
        script = folder / "read.js"
        script.write_text(_NODE_SCRIPT)
        for name, label, kind in (
            ("dotenv", "dotenv for Node", "dotenv"),
            ("json", "JSON.parse", "json"),
            ("yaml_vars", "js-yaml", "yaml"),
            ("k8s_secret", "js-yaml", "yaml"),
        ):

            def read(file: Path, _names: list[str], kind: str = kind, name: str = name) -> dict[str, Any]:
                found = json.loads(self._run("node", str(script), kind, str(file)))
                return readers.kubernetes(json.dumps(found)) if name == "k8s_secret" else dict(found)

            self._add(name, label, read)

    def _systemd(self) -> None:
        """systemd's own parser, from its library: a running systemd is not needed, and not there in a container."""
        libraries = glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so") + glob.glob(
            "/usr/lib/systemd/libsystemd-shared-*.so"
        )
        if not libraries:
            self.missing.append("systemd")
            return
        library = ctypes.CDLL(sorted(libraries)[-1])
        library.strv_env_clean_with_callback.restype = ctypes.POINTER(ctypes.c_char_p)

        def read(file: Path, _names: list[str]) -> dict[str, str]:
            found = ctypes.POINTER(ctypes.c_char_p)()
            code = library.load_env_file(None, str(file).encode(), ctypes.byref(found))
            assert code == 0, f"load_env_file: {code}"
            # As exec_context_load_environment() does: what is invalid goes, with a warning.
            kept = library.strv_env_clean_with_callback(found, None, None)
            pairs = []
            while kept and kept[len(pairs)] is not None:
                pairs.append(kept[len(pairs)].decode())
            return dict(pair.partition("=")[::2] for pair in pairs)

        self._add("systemd", Path(libraries[-1]).stem, read)

    def _java(self) -> None:
        import jpype

        if not jpype.isJVMStarted():
            jpype.startJVM(convertStrings=False)
        stream, reader = jpype.JClass("java.io.FileInputStream"), jpype.JClass("java.io.InputStreamReader")
        properties = jpype.JClass("java.util.Properties")

        def load(file: Path, as_text: bool) -> dict[str, str]:
            found = properties()
            source = stream(str(file))
            found.load(reader(source, "UTF-8") if as_text else source)
            source.close()
            return {_java_text(entry.getKey()): _java_text(entry.getValue()) for entry in found.entrySet()}

        def _java_text(text: Any) -> str:
            units = b"".join(ord(str(unit)).to_bytes(2, "big") for unit in text.toCharArray())
            return units.decode("utf-16-be")

        for name in ("properties", "jenkins"):
            self._add(name, "JVM, bytes", lambda file, _names: load(file, False))
            self._add(name, "JVM, UTF-8", lambda file, _names: load(file, True))

    def _docker(self, file: Path, _names: list[str]) -> dict[str, str]:
        """docker reads the file itself, and sends what it has read to the daemon, which is one of ours."""
        with _daemon() as (port, bodies):
            env = {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", "HOME": str(self._cache)}
            self._run("docker", "create", "--pull", "never", "--env-file", str(file), "image", env=env)
        return dict(pair.partition("=")[::2] for pair in bodies[0]["Env"])


def _is_template(value: str) -> bool:
    """Whether Ansible would evaluate a text: from 2.19 on those with a tag, before all that are not marked unsafe."""
    try:
        from ansible._internal._datatag._tags import TrustedAsTemplate
    except ImportError:
        return not hasattr(value, "__UNSAFE__")
    return TrustedAsTemplate.is_tagged_on(value)


@contextmanager
def _daemon() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    bodies: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({})

        do_HEAD = do_GET  # noqa: N815

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length")
            bodies.append(json.loads(self.rfile.read(int(length)) if length else self._chunks()))
            self._reply({"Id": "0" * 64, "Warnings": []}, 201)

        def _chunks(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(parts)

        def _reply(self, body: dict[str, Any], status: int = 200) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Api-Version", "1.45")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, bodies
        server.shutdown()
