# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each value comes out of the reader of a format as it went in, or is refused by its name."""

from __future__ import annotations

import re
import subprocess
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from secrets_files import readers
from secrets_files.values import AWKWARD, generated

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Refused
from ansible_collections.community.senhasegura.plugins.module_utils.secrets_file import formats, pipeline_formats

SAMPLE = [*AWKWARD.values(), *generated(2000)]
SHELLS = ("bash", "dash")
# Of the awkward values, those that a format cannot hold. Written down, so that a format which refuses more is noticed.
CONTROL = {"NUL"}
LINES = {
    *("line feed", "ends with line feeds", "line of its own", "delimiter", "GitHub delimiter"),
    *("carriage return", "both line ends", "NUL"),
}
REFUSED: dict[str, set[str]] = {
    "posix": CONTROL,
    "github": CONTROL,
    "json": set(),
    "yaml_vars": set(),
    "properties": set(),
    "k8s_secret": set(),
    "files": set(),
    "systemd": {
        *("NUL", "carriage return", "both line ends", "odd line ends", "control characters"),
        "code points that are no characters",
    },
    "docker_env": {*LINES, "both quotes", "backtick", "quoted already", "quoted twice"},
    "dotenv": {*("NUL", "carriage return", "both line ends", "variable", "both quotes")},
    "azure": {*LINES, "substitution", "macro", "empty"},
    "jenkins": {"NUL", "substitution", "variable", "macro", "empty"},
    "gitlab_dotenv": {
        *(*LINES, "substitution", "variable", "macro", "leading blanks", "trailing blanks", "tab", "64 kB"),
        # Its end is what Python, and not Ruby, takes for a blank.
        "combining and bidirectional",
    },
}


def entries(form: Any, values: list[str]) -> dict[str, str]:
    """Those of the values that the format takes, under names of their own."""
    named = {f"K{number}": value for number, value in enumerate(values)}
    return {name: value for name, value in named.items() if not form.problem(name, value)}


def test_the_tables_of_this_test_have_each_format() -> None:
    assert set(REFUSED) == set(formats.FORMATS)
    assert set(readers.READERS) | {"posix", "files"} == set(formats.FORMATS)
    assert set(formats.TOOLS.values()) <= set(formats.FORMATS)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_which_awkward_values_are_refused(name: str) -> None:
    form = formats.FORMATS[name]
    assert {label for label, value in AWKWARD.items() if form.problem("K", value)} == REFUSED[name]


@pytest.mark.parametrize("name", readers.READERS)
def test_a_value_is_read_as_it_was_or_refused(name: str) -> None:
    form = formats.FORMATS[name]
    kept = entries(form, SAMPLE)
    assert len(kept) > 100
    # A report of GitLab is small.
    size = 20 if name == "gitlab_dotenv" else 400
    items = iter(kept.items())
    while part := dict(islice(items, size)):
        try:
            formats.refuse_unfit(form, part)
        except Refused as exc:
            # Each fits, and all of them do not.
            assert name == "gitlab_dotenv" and "5 KiB" in str(exc)
            continue
        text = str(formats.render(form, part, "shop"))
        for reader in readers.READERS[name]:
            assert reader(text) == part


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_reads_each_value_and_runs_nothing(shell: str, tmp_path: Path) -> None:
    kept = entries(formats.FORMATS["posix"], SAMPLE)
    file = tmp_path / "secrets"
    file.write_bytes(str(formats.render(formats.FORMATS["posix"], kept)).encode())
    folder = tmp_path / "cwd"
    folder.mkdir()
    # All in one environment would be too much for the kernel, so the shell prints them itself.
    script = f'. "{file}"; for name in {" ".join(kept)}; do eval "printf \'%s\\0\' \\"\\$$name\\""; done'
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([shell, "-c", script], cwd=folder, env=env, capture_output=True, check=True)
    assert done.stderr == b""
    assert dict(zip(kept, done.stdout.decode().split("\0")[:-1], strict=True)) == kept
    assert list(folder.iterdir()) == []


def test_what_is_refused_is_named_and_not_shown() -> None:
    form = formats.FORMATS["docker_env"]
    with pytest.raises(Refused) as caught:
        formats.refuse_unfit(
            form, {"GOOD": "x", "KEY": "first-secret\nline", "PATH": "p-secret", "bad name": "b-secret"}
        )
    text = str(caught.value)
    assert "docker_env" in text and "KEY: it has a line end" in text
    assert "PATH: a variable of this name" in text and "bad name: the name of a variable" in text
    assert "secret\n" not in text and "first-secret" not in text and "GOOD" not in text
    assert "rename" in text


@pytest.mark.parametrize("name", formats.FORMATS)
def test_half_of_a_surrogate_pair_is_refused(name: str) -> None:
    assert formats.FORMATS[name].problem("KEY", "a\ud800b") == "it is not valid Unicode text"


@pytest.mark.parametrize(
    "name",
    ["PATH", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "ENV", "IFS", "NODE_OPTIONS", "PYTHONPATH", "GITHUB_ENV",
     "RUNNER_TEMP", "CI", "ANSIBLE_CONFIG", "GIT_SSH_COMMAND", "path", "1A", "A-B", "A B", "A=B", "", "A\nB", "É"],
)  # fmt: skip
@pytest.mark.parametrize(
    "form", ["posix", "dotenv", "docker_env", "systemd", "github", "gitlab_dotenv", "azure", "jenkins"]
)
def test_names_that_no_variable_may_have(form: str, name: str) -> None:
    assert formats.FORMATS[form].problem(name, "x")


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("k8s_secret", ["a", "A-b_c.d", "PATH"], ["", ".a", "..", "a/b", "a b", "é", "x" * 254]),
        ("files", ["a", "A-b_c.d", "PATH"], ["", ".", "..", ".hidden", "a/b", "a\0b"]),
        ("json", ["a b", "é", "PATH", "=:#"], ["", "a\nb"]),
        ("properties", ["a b", "é", "PATH", "=:#"], ["", "a\nb"]),
        ("yaml_vars", ["PATH", "db_password"], ["ansible_password", "ANSIBLE_HOST", "hosts", "class", "a-b", "environment"]),
        ("azure", ["DB_PASSWORD", "INTERNAL", "AGENTS", "SYSTEMD"], ["SECRET_KEY", "secret", "PATHS", "INPUT_A", "ENDPOINT", "AGENT_ID"]),
    ],
)  # fmt: skip
def test_names_of_other_formats(form: str, good: list[str], bad: list[str]) -> None:
    assert [name for name in good if formats.FORMATS[form].problem(name, "x")] == []
    assert [name for name in bad if not formats.FORMATS[form].problem(name, "x")] == []


@pytest.mark.parametrize("form", ["json", "properties"])
def test_any_name_comes_back(form: str) -> None:
    named = {"a b": "1", "=:#!": "2", "é\U0001f511": "3", " x ": "4", "\\": "5"}
    assert readers.READERS[form][0](str(formats.render(formats.FORMATS[form], named))) == named


def test_azure_knows_no_case() -> None:
    with pytest.raises(Refused, match="the names A_key and A_KEY are one for Azure"):
        formats.refuse_unfit(formats.FORMATS["azure"], {"A_key": "1", "A_KEY": "2"})


def test_a_long_value_is_no_variable() -> None:
    assert "128 KiB" in formats.FORMATS["posix"].problem("K", "é" * 65_540)
    assert not formats.FORMATS["posix"].problem("K", "é" * 65_500)
    assert not formats.FORMATS["json"].problem("K", "é" * 65_540)
    with pytest.raises(Refused, match="1 MiB"):
        formats.refuse_unfit(formats.FORMATS["k8s_secret"], {"a": "x" * (1 << 20), "b": "y"})


@pytest.mark.parametrize(("name", "namespace"), [("A", None), ("a_b", None), ("-a", None), ("ok", "a.b"), ("ok", "A")])
def test_names_of_kubernetes(name: str, namespace: str | None) -> None:
    with pytest.raises(ConfigError, match="k8s_name" + ("space" if name == "ok" else "")):
        formats.render(formats.FORMATS["k8s_secret"], {"a": "b"}, name, namespace)


def test_a_secret_of_kubernetes_shows_no_value_in_clear() -> None:
    text = str(formats.render(formats.FORMATS["k8s_secret"], {"a": "clear-text"}, "shop.db", "prod"))
    assert "clear-text" not in text
    assert '"name": "shop.db"' in text and '"namespace": "prod"' in text


def test_each_value_and_each_of_its_lines_is_masked() -> None:
    values = {"A": "first line\nsecond 100%\r\nxy\n", "B": "abc", "C": "%0Awhole", "D": "", "E": " abcd"}
    masked = readers.github_masked(pipeline_formats.github_masks(values))
    assert masked == {values["A"], "first line", "second 100%", "%0Awhole", " abcd"}
    assert pipeline_formats.unmasked(values) == ["B"]


def test_delimiters_are_random_and_not_in_the_value() -> None:
    texts = [pipeline_formats.render_github({"A": "x"}) for _each in range(20)]
    delimiters = {text.split("\n", 1)[0].partition("<<")[2] for text in texts}
    assert len(delimiters) == 20
    assert all(re.fullmatch(r"ghadelimiter_[0-9a-f]{32}", each) for each in delimiters)
