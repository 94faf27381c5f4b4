# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the readers of secrets files do by their documented rules, written apart from the writers.

For each format a function (text) -> name -> value. Real programs are in consumers.py; these are for systems that are no
programs (GitHub's runner, GitLab, Azure's agent, Jenkins), and for tests that must need nothing.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import yaml


def github(text: str) -> dict[str, str]:
    """actions/runner FileCommandManager.SetEnvFileCommand, on Linux."""
    found: dict[str, str] = {}
    at = 0

    def line() -> tuple[str | None, int]:
        nonlocal at
        if at >= len(text):
            return None, 0
        end = text.find("\n", at)
        if end < 0:
            content, at, ended = text[at:], len(text), 0
        else:
            content, at, ended = text[at:end], end + 1, 1
        return content, ended

    while (current := line()[0]) is not None:
        if not current:
            continue
        equals, heredoc = current.find("="), current.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _mark, value = current.partition("=")
            found[name] = value
        elif heredoc >= 0:
            name, _mark, delimiter = current.partition("<<")
            assert name and delimiter, "an empty name or delimiter fails the step"
            start = end = at
            inner, ended = line()
            while inner != delimiter:
                assert inner is not None, "a missing delimiter fails the step"
                end = at - ended
                inner, ended = line()
            found[name] = text[start:end] if end > start else ""
        else:
            raise AssertionError("a line without = and << fails the step")
    return found


def github_masked(text: str) -> set[str]:
    """What the runner masks after it has read these lines of a step's output (ActionCommandManager)."""
    masked = set()
    for line in text.split("\n"):
        if line.startswith("::add-mask::"):
            value = line.removeprefix("::add-mask::")
            masked.add(value.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))
        else:
            assert not line, "the runner would print it"
    return masked


def gitlab(text: str) -> dict[str, str]:
    """ParseDotenvArtifactService, and the expansion of job variables that are not raw."""
    assert len(text.encode()) < 5 * 1024
    found = {}
    for line in _lines(text.removeprefix("\ufeff")):
        name, equals, value = line.partition("=")
        assert equals, "the report is refused"
        # What Ruby's strip takes away, and what a variable that is not raw is expanded to.
        found[name.strip()] = re.sub(r"\$\$|\$\{?\w+\}?", "(expanded)", value.strip(" \t\n\v\f\r\0"))
    return found


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


def azure(text: str) -> dict[str, str]:
    """The agent's command parser, TaskSetVariableCommand, and the replacement of $(NAME) in a step's env."""
    found: dict[str, str] = {}
    for line in re.split(r"\r\n|\n|\r", text):
        if not line:
            continue
        match = re.fullmatch(r"##vso\[task\.setvariable ([^\]]*)\](.*)", line, re.DOTALL)
        assert match, "the agent would print it"
        properties = dict(part.split("=", 1) for part in match[1].split(";") if part)
        assert properties["issecret"] == "true"
        value = match[2]
        for token, replacement in ((";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D")):
            value = value.replace(replacement, token)
        value = value.replace("%AZP25", "%")
        assert not {"\r", "\n"} & set(value), "the agent refuses secrets of several lines"
        found[properties["variable"]] = re.sub(r"\$\([^)]*\)", "(replaced)", value)
    return found


def azure_masked(text: str) -> set[str]:
    """What the agent masks: each secret variable."""
    return set(azure(text).values())


def properties(text: str) -> dict[str, str]:
    """java.util.Properties.load(Reader)."""
    found: dict[str, str] = {}
    logical: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        start = line.lstrip(" \t\f")
        if not logical and (not start or start[0] in "#!"):
            continue
        ends = len(start) - len(start.rstrip("\\"))
        if ends % 2:
            logical.append(start[:-1])
            continue
        logical.append(start)
        name, value = _split_property("".join(logical))
        found[name] = value
        logical = []
    return found


def _split_property(line: str) -> tuple[str, str]:
    match = re.match(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)\Z", line, re.DOTALL)
    assert match
    return _unescape_property(match[1]), _unescape_property(match[2])


def _unescape_property(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}.get(match[2], match[2])

    units = re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", one, text, flags=re.DOTALL)
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


def jenkins(text: str) -> dict[str, str]:
    """readProperties, and withEnv of releases that expand: Util.replaceMacro, and EnvVars.override."""
    expanded = {
        name: re.sub(r"\$(\$|\w+|\{[\w.]+\})", lambda match: "$" if match[1] == "$" else "", value)
        for name, value in properties(text).items()
    }
    return {name: value for name, value in expanded.items() if value}


def docker(text: str, *, unquotes: bool) -> dict[str, str]:
    """docker/cli pkg/kvfile. ``unquotes``: as from release 29 on, and podman."""
    found = {}
    for line in _lines(text):
        # bufio.ScanLines.
        line = line.removesuffix("\r")
        assert len(line.encode()) < 65_536, "token too long"
        line = line.lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        assert name and equals and not set(name) & {" ", "\t"}
        if unquotes and len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name] = value
    return found


def systemd(text: str) -> dict[str, str]:
    """EnvironmentFile= of systemd.exec(5); what systemd drops as invalid is missing (env_value_is_valid)."""
    found: dict[str, str] = {}
    pattern = re.compile(
        r'\s*(?:[#;][^\n]*\n|([^=\n]+)=\s*(?:"((?:\\.|[^"\\])*)"|\'([^\']*)\'|([^\n]*))[ \t]*\n)', re.DOTALL
    )
    at = 0
    while at < len(text) and (match := pattern.match(text, at)):
        at = match.end()
        if match[1] is None:
            continue
        if match[2] is not None:
            value = re.sub(
                r"\\(.)",
                lambda escape: escape[1] if escape[1] in '"\\`$' else "" if escape[1] == "\n" else escape[0],
                match[2],
                flags=re.DOTALL,
            )
        else:
            value = match[3] if match[3] is not None else re.sub(r"\\(.)", r"\1", match[4].strip())
        if not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
            found[match[1].strip()] = value
    assert at == len(text), "systemd would read on in another way"
    return found


def dotenv_of_node(text: str) -> dict[str, str]:
    """Parser of dotenv for Node: its regular expression."""
    line = re.compile(
        r"^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*\"(?:\\\"|[^\"])*\"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?"
        r"\s*(?:#.*)?$",
        re.MULTILINE,
    )
    found = {}
    for match in line.finditer(re.sub(r"\r\n?", "\n", text)):
        value = (match[2] or "").strip().strip("\ufeff")
        quote = value[:1]
        value = re.sub(r"^(['\"`])([\s\S]*)\1$", lambda quoted: quoted[2], value, flags=re.MULTILINE)
        if quote == '"':
            value = value.replace("\\n", "\n").replace("\\r", "\r")
        found[match[1]] = value
    return found


def dotenv_of_python(text: str) -> dict[str, str]:
    """Parser of python-dotenv, and its interpolation. It matches part after part, and never goes back."""
    found: dict[str, str] = {}
    at = 0

    def take(pattern: str) -> str:
        nonlocal at
        match = re.compile(pattern).match(text, at)
        assert match, "python-dotenv would skip the line"
        at = match.end()
        return match[1]

    while at < len(text):
        name = take(r"\s*(?:export\s+)?([^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
        quote = text[at : at + 1]
        if quote == "'":
            value = re.sub(r"\\([\\'])", r"\1", take(r"'((?:\\'|[^'])*)'"))
        elif quote == '"':
            value = re.sub(r"\\([\\'\"abfnrtv])", _python_escape, take(r'"((?:\\"|[^"])*)"'))
        else:
            value = re.sub(r"\s+#.*", "", take(r"([^\r\n]*)")).rstrip()
        take(r"([^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z))")
        found[name] = re.sub(r"\$\{[^\}:]*(?::-[^\}]*)?\}", "", value)
    return found


def _python_escape(escape: re.Match[str]) -> str:
    names = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    return names.get(escape[1], escape[1])


class AnsibleVariables(yaml.SafeLoader):
    """Reads a map with !unsafe, as Ansible does: its texts are never templates."""


AnsibleVariables.add_constructor("!unsafe", lambda loader, node: loader.construct_mapping(node, deep=True))


def yaml_vars(text: str) -> dict[str, Any]:
    """PyYAML."""
    return dict(yaml.load(text, AnsibleVariables))


def kubernetes(text: str) -> dict[str, str]:
    """The data of a Secret, as a pod gets it."""
    document = json.loads(text)
    assert (document["apiVersion"], document["kind"], document["type"]) == ("v1", "Secret", "Opaque")
    assert "stringData" not in document
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) for key in document["data"])
    return {key: base64.b64decode(value, validate=True).decode() for key, value in document["data"].items()}


READERS: dict[str, list[Any]] = {
    "dotenv": [dotenv_of_node, dotenv_of_python],
    "docker_env": [lambda text: docker(text, unquotes=False), lambda text: docker(text, unquotes=True)],
    "systemd": [systemd],
    "github": [github],
    "gitlab_dotenv": [gitlab],
    "azure": [azure],
    "jenkins": [jenkins],
    "properties": [properties],
    "json": [json.loads],
    "yaml_vars": [yaml_vars],
    "k8s_secret": [kubernetes],
}
