# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the harness does: each check is a run of Ansible (or some) against a server of its own, and gives an Outcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from leaks import canaries
from leaks.cases import COLLECTION, MODULES, SECRET, Case, all_cases, earlier_cases, plays
from leaks.runner import LEDGER, Hit, Run, Scene, Unsafe, dump
from leaks.world import World, faults, world

Choice = Callable[[Case], bool]
Check = Callable[..., "Outcome"]


@dataclass
class Outcome:
    """``problems``: what did not happen as it should, so that a secret may not have been in play at all."""

    cases: int = 0
    observations: int = 0
    leaks: list[Hit] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)  # the cases that ended with an error

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.cases + other.cases,
            self.observations + other.observations,
            self.leaks + other.leaks,
            self.problems + other.problems,
            self.failed | other.failed,
        )

    def __str__(self) -> str:
        lines = [f"{self.cases} cases, {self.observations} observations, {len(self.leaks)} leaks"]
        return "\n".join([*lines, *map(str, dict.fromkeys(map(str, self.leaks))), *self.problems])


def observe(run: Run, place: World, cases: list[Case]) -> Outcome:
    """Search all that a run left, and compare how its cases ended."""
    secrets = place.all_secrets()
    patterns = sum(len(canaries.forms(value)) for value in secrets.values())
    sinks = {sink for sink, _name, _content in run.sinks()}
    count = max(1, len(cases))
    problems = list(run.problems)
    problems += [f"{place.folder}: a stored value was evaluated"] if place.evaluated else []
    outcome = Outcome(count, count * len(sinks) * patterns, run.leaks(secrets), problems)
    results = run.results()
    for case in cases:
        event = results.get(case.name)
        if event is None:
            outcome.problems.append(f"{case.name}: did not run")
            continue
        status = _status(event)
        if status == "failed":
            outcome.failed.add(case.name)
        if case.status and status != case.status:
            outcome.problems.append(f"{case.name}: {status} instead of {case.status}: {_text(event)[:300]}")
        elif case.says and not re.search(case.says, _text(event)):
            outcome.problems.append(f"{case.name}: does not say {case.says!r}: {_text(event)[:300]}")
    return outcome


def _status(event: dict[str, Any]) -> str:
    if event["event"] == "v2_runner_on_failed":
        return "failed"
    return "changed" if event["result"].get("changed") else "ok"


def _text(event: dict[str, Any]) -> str:
    result = event["result"]
    return f"{result.get('msg')} {result.get('failure')} {event['summaries']}"


# Cases whose error comes before anything that the plugins do differently: one plugin of each kind is enough.
_SHARED = re.compile(
    r"login|oauth1|aws|secret as|URL|wrong scheme|no CA|no certificate|no key in|proxy|configuration|disabled client"
    r"|wrong secret, basic|line break|no TLS|TLS not|no such host|refused|compressed|wrong chunks|wrong length|no HTTP"
    r"|500 that echoes, (?!raw)|(write|release) that echoes, (url|hex|reversed|joined)|200 HTML|200 that is|Portuguese|^503|key twice"
    r"|other members|not UTF-8|connection reset"
    r"|Error in (?!direct_api DirectApi.call|direct_api fill_path|cache ServerCache)"
    r"|wrong (time-out|retries|boolean|choice|url|proxy|ca|list|map)|errors=ignore"
)
IN_FULL = {"lookup password", "module credential"}
# These are made of the same parts as secret and secret_info, so what is run is their own: calls that work, options that
# are wrong, answers of a wrong type, and echoes of what they have sent.
LIKE_SECRET = {
    f"module {name}"
    for name in (
        *("dsm_application", "dsm_application_info", "dsm_automation", "dsm_automation_info", "dsm_variables"),
        *("ephemeral_credential", "encryption_key", "encryption_key_info", "encrypt", "decrypt"),
        *("mysafe_password", "mysafe_password_info", "mysafe_note", "mysafe_note_info"),
        *("mysafe_api_secret", "mysafe_api_secret_info"),
        *("audit_report", "onboarding", "vault_export"),
        *("scim_user", "scim_user_info", "related_user", "session", "session_info"),
        *("protected_information",),
    )
}
_OWN = re.compile(r"wrong (types|members)|failed, (check|no_log)|write that echoes, raw|returned, retried")
# A few of each plugin, for the runs that differ in other things.
_SAMPLE = re.compile(
    r": (value|returned|register|another key|missing|500 that echoes, raw|malformed JSON|wrong secret|wrong unknown)$"
)


def in_full(case: Case) -> bool:
    return case.plugin in IN_FULL


def brief(case: Case) -> bool:
    if case.plugin in LIKE_SECRET:
        name, title = case.plugin.split()[1], case.name.partition(": ")[2]
        return sample(case) or bool(_OWN.match(title)) or title.removeprefix("wrong ") in MODULES[name].wrong
    return in_full(case) or not _SHARED.search(case.name.partition(": ")[2])


def sample(case: Case) -> bool:
    return bool(_SAMPLE.search(case.name)) or _is_good_call(case)


def _is_good_call(case: Case) -> bool:
    kind, name = case.plugin.split()
    title = case.name.partition(": ")[2]
    return kind == "module" and any(title == good for good, _options, _status in MODULES[name].good)


def fault_names() -> set[str]:
    """Return the names of the injected exceptions, each of which lookups and modules must meet."""
    plan = faults(canaries.make())
    return {*plan["faults"], *plan["broker"]}


def run_cases(
    scene: Scene,
    choose: Choice,
    profile: str = "4.0",
    how: str = "playbook",
    inject: bool = True,
    watch: bool = False,
) -> Outcome:
    """Run the chosen cases of all plugins; ``how`` is playbook or runner, ``inject`` arms the injected exceptions."""
    with world(profile) as place:
        chosen = [case for case in all_cases(place) if choose(case)]
        run = getattr(scene, how)(plays(place, chosen), faults=place.faults if inject else None, watch=watch)
        return observe(run, place, chosen if profile == "4.0" else [_unjudged(case) for case in chosen])


def _unjudged(case: Case) -> Case:
    """Another dialect may refuse what this one does: the point is then only that nothing leaks."""
    return Case(case.name, case.task, "", "")


def earlier(scene: Scene, *, act: bool = True, broker: bool = True) -> Outcome:
    """The server quotes, to one plugin, what others have sent and received before.

    :param act: false leaves out what came before, so that nobody but the server knows the secrets
    :param broker: whether there is a process that knows what other tasks have done
    """
    with world() as place:
        first, later = earlier_cases(place)
        cases = [*first, *later] if act else later
        env = {} if broker else {"SENHASEGURA_BROKER": "false"}
        return observe(scene.playbook(plays(place, cases), env=env), place, cases)


def owed(scene: Scene) -> Outcome:
    """The server refuses, with secrets, to take custody back: the broker's list of it outlives the run."""
    with world() as place:
        call = f"lookup('{COLLECTION}.password', 'web-root', config_file={place.config('custody owed')!r})"
        case = Case("custody owed", {"ansible.builtin.assert": {"that": f"{call} == canary.password"}}, "ok")
        play = {"vars_files": [place.variables], "tasks": [{"name": case.name, **case.task}]}
        # The broker gives custody back when Ansible has ended.
        run = scene.start_playbook([play]).remains()
        outcome = observe(run, place, [case])
        if not any(sink == "ledger" for sink, _name, _content in run.sinks()):
            outcome.problems.append("no list of custody is left")
        return outcome


def check_mode(scene: Scene) -> Outcome:
    """All plugins with --check --diff. Lookups give a placeholder, and nothing is read that takes custody."""
    with world() as place:
        cases = [_unjudged(case) for case in all_cases(place) if sample(case)]
        outcome = observe(scene.playbook(plays(place, cases), "--check", "--diff"), place, cases)
        reads = place.server.control.counters()["reads"]
        return outcome + Outcome(problems=[f"check mode read {reads}"] if reads else [])


def channels(scene: Scene) -> Outcome:
    """The secrets of the client by each way in which users give them, for calls that work and that fail."""
    with world() as place:
        client = {"client_id": f"{place.secrets['client_id']}-ok", "client_secret": place.secrets["client_secret"]}
        given = {"client_id": "{{ canary.client_id }}-ok", "client_secret": SECRET}
        expressions = ", client_id=canary.client_id ~ '-ok', client_secret=canary.client_secret"
        variables = {f"senhasegura_{name}": value for name, value in given.items()}
        env = {f"SENHASEGURA_{name.upper()}": value for name, value in client.items()}
        ini = "[senhasegura]\n" + "".join(f"{name} = {value}\n" for name, value in client.items())
        defaults = {f"group/{COLLECTION}.senhasegura": given}
        mysafe = {f"mysafe_{name}": value for name, value in given.items()}
        mysafe_expressions = expressions.replace("client_", "mysafe_client_").replace("canary.mysafe_", "canary.")
        mysafe_variables = {f"senhasegura_{name}": value for name, value in mysafe.items()}
        mysafe_defaults = {f"group/{COLLECTION}.mysafe": mysafe}
        env |= {f"SENHASEGURA_MYSAFE_{name.upper()}": value for name, value in client.items()}
        ini += "".join(f"mysafe_{name} = {value}\n" for name, value in client.items())
        cases = [
            *_by(place, "option", expressions, given),
            *_by(place, "variable", vars=variables),
            *[case for case in _by(place, "module_defaults", module_defaults=defaults) if "module" in case.plugin],
            *_by(place, "option", mysafe_expressions, mysafe, of=_MYSAFE),
            *_by(place, "variable", of=_MYSAFE, vars=mysafe_variables),
            *[
                case
                for case in _by(place, "module_defaults", of=_MYSAFE, module_defaults=mysafe_defaults)
                if "module" in case.plugin
            ],
        ]
        by_env, by_ini = ([*_by(place, way), *_by(place, way, of=_MYSAFE)] for way in ("environment", "ini"))
        return (
            observe(scene.playbook(plays(place, cases)), place, cases)
            + observe(scene.playbook(plays(place, by_env), env=env), place, by_env)
            + observe(scene.playbook(plays(place, by_ini), ini=ini), place, by_ini)
        )


# A lookup, its term, a module, and its options. Both find a record whose password is a secret.
_A2A = ("password", "web-root", "credential_info", {"identifier": "web-root"})
_MYSAFE = ("mysafe", "portal", "mysafe_password_info", {"name": "portal"})


def _by(
    place: World,
    way: str,
    expressions: str = "",
    options: dict[str, Any] | None = None,
    *,
    of: tuple[str, str, str, dict[str, Any]] = _A2A,
    **keywords: Any,
) -> list[Case]:
    """A lookup and a module whose configuration file names no client, each with success and a refusal."""
    config, (name, term, module_name, named) = place.config("no client"), of
    lookup = f"lookup('{COLLECTION}.{name}', {term!r}, config_file={config!r}{expressions}%s) == canary.password"
    module = {**named, "config_file": config, **(options or {})}
    refused, says = {"tenant": "nobody"}, "does not accept"

    def task(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {name: arguments, **keywords}

    right = task("ansible.builtin.assert", {"that": lookup % ""})
    wrong = task("ansible.builtin.assert", {"that": lookup % ", tenant='nobody'"})
    info = f"{COLLECTION}.{module_name}"
    return [
        Case(f"lookup {name}: by {way}", right, "ok"),
        Case(f"lookup {name}: by {way}, refused", wrong, "failed", says),
        Case(f"module {module_name}: by {way}", task(info, module), "ok"),
        Case(f"module {module_name}: by {way}, refused", task(info, {**module, **refused}), "failed", says),
    ]


def processes(scene: Scene) -> Outcome:
    """Command lines and environments while all plugins run with the client's secrets in a file.

    All but the one whose purpose is a program with secrets in its environment.
    """
    return run_cases(
        scene, lambda case: sample(case) and "secrets_command" not in case.plugin, inject=False, watch=True
    )


def adhoc(scene: Scene, modules: Iterable[str] = tuple(MODULES)) -> Outcome:
    """`ansible localhost -m` for each module, working and failing."""
    outcome = Outcome()
    with world() as place:
        for number, name in enumerate(modules):
            entry = MODULES[name]
            for config in ("ok", "500 that echoes, raw")[: 2 if number % 3 == 0 else 1]:
                arguments = {**entry.reach, "config_file": place.config(config)}
                run = scene.adhoc(f"{COLLECTION}.{name}", arguments, "-e", f"@{place.variables}", "--tree", "tree")
                outcome += observe(run, place, [])
    return outcome


def debug_logging(scene: Scene) -> Outcome:
    """With the loggers of all libraries at DEBUG (into log_path), and http.client printing what it sends."""
    chosen = re.compile(": (value|oauth1|oauth1 refused|returned|create)$")
    with world() as place:
        cases = [case for case in all_cases(place) if chosen.search(case.name)]
        # Unbuffered, since workers end without writing what they printed.
        unbuffered = {"PYTHONUNBUFFERED": "1"}
        run = scene.playbook(plays(place, cases), faults={**place.faults, "debug": True}, env=unbuffered)
        outcome = observe(run, place, cases)
        text = (run.folder / "out" / "log").read_text(encoding="utf-8")
        if "a plugin is called" not in text:
            outcome.problems.append("the log has nothing of the level DEBUG")
        return outcome


# operation of the server, when it holds the request, and the case that makes it
GATES = (
    ("token", "before", "lookup password: value"),
    ("token", "after", "lookup password: value"),
    ("credential.list", "after", "lookup password: released"),
    ("credential.read", "before", "lookup password: value"),
    ("credential.read", "after", "lookup password: value"),
    ("credential.write", "before", "module credential: create"),
    ("credential.write", "after", "module credential: create"),
    ("key.read", "after", "module ssh_key_info: with key"),
    ("key.write", "after", "module ssh_key_rotate: replace"),
    ("application.read", "after", "lookup secret: value"),
)


def killed(scene: Scene) -> Outcome:
    """SIGKILL for the controller, with or without its workers, while a request waits in the server."""
    outcome = Outcome()
    with world() as place:
        server = place.server.control
        for number, (operation, when, name) in enumerate(GATES):
            server.fault("gate", operation=operation, when=when)
            started = scene.start_playbook(plays(place, [case for case in all_cases(place) if case.name == name]))
            gate = server.wait_for_gate(30)
            started.kill(workers=bool(number % 2))
            server.release_gate(gate["number"], "drop")
            outcome += observe(started.remains(), place, [])
    return outcome


def inert(scene: Scene) -> Outcome:
    """Values that look like templates stay what they are, whichever way they take."""
    with world() as place:
        value = f"lookup('{COLLECTION}.password', item, config_file={place.config('ok')!r})"
        templated = f"{{{{ {value} }}}}"
        hidden = {"no_log": True}
        ways: dict[str, dict[str, Any]] = {
            "lookup": _assert(value),
            "variable": {**_assert("way"), "vars": {"way": templated}},
            "nested variable": {**_assert("outer.inner[0]"), "vars": {"outer": {"inner": [templated]}}},
            "variable of a variable": {**_assert("outer"), "vars": {"outer": "{{ way }}", "way": templated}},
            "set_fact": {"ansible.builtin.set_fact": {"fact": templated}, **hidden},
            "fact": {"ansible.builtin.debug": {"msg": "{{ fact | length }}"}},
            "combine": _assert(f"({{}} | combine({{'a': {value}}})).a"),
            "JSON": _assert(f"({value} | to_json | from_json)"),
            "copy": {"ansible.builtin.copy": {"content": templated, "dest": "{{ place }}/{{ item }}"}, **hidden},
            "read back": _assert("lookup('ansible.builtin.file', place ~ '/' ~ item, rstrip=false)"),
            "add_host": {"ansible.builtin.add_host": {"name": "{{ item }}", "kept": templated}, **hidden},
            "hostvars": _assert("hostvars[item].kept"),
            "dict": _assert(value.replace(".password", ".credential") + ".password"),
            "default": _assert(f"(nothing | default({value}))"),
            "module": {
                f"{COLLECTION}.credential": {
                    "identifier": "{{ item }}",
                    "username": "{{ item | replace('-', '') }}",
                    "hostname": "web01",
                    "ip": "192.0.2.10",
                    "password": templated,
                    "update_password": "always",
                    "config_file": place.config("ok"),
                }
            },
            "read again": _assert(value),
        }
        common = {"loop": list(_inert_names(place)), "ignore_errors": True, "register": "result"}
        tasks = [{"name": name, **common, **task} for name, task in ways.items()]
        run = scene.playbook([{"vars_files": [place.variables], "vars": {"place": str(place.folder)}, "tasks": tasks}])
        cases = [Case(name, {}, "changed" if name in ("copy", "add_host", "module") else "ok") for name in ways]
        return observe(run, place, cases)


def _assert(expression: str) -> dict[str, Any]:
    return {"ansible.builtin.assert": {"that": f"{expression} == inert[item]"}}


def _inert_names(place: World) -> Iterator[str]:
    items = place.server.control.state()["items"]
    return (item["identifier"] for item in items if str(item["identifier"]).startswith("inert-"))


def evaluation_is_noticed(scene: Scene) -> bool:
    """The control of ``inert``: a value that does become a template leaves the marker."""
    with world() as place:
        stored = {item["identifier"]: item["password"] for item in place.server.control.state()["items"]}
        template = place.folder / "template"
        template.write_text(stored["inert-1"])
        task = {"ansible.builtin.template": {"src": str(template), "dest": f"{place.folder}/rendered"}}
        scene.playbook([{"tasks": [task]}])
        return place.evaluated


def planted(scene: Scene) -> dict[str, set[tuple[str, str]]]:
    """The control of all: every form of every secret is put into every sink. Returns what was found in each."""
    secrets = canaries.make()
    texts = {name: [text for _form, text in canaries.forms(value)] for name, value in secrets.items()}
    place = scene.folder / "planted.vars"
    place.write_text(dump({"planted": {name: [Unsafe(text) for text in each] for name, each in texts.items()}}))
    everything = "{{ planted }}"
    out = "{{ lookup('ansible.builtin.env', 'LEAKS_RECORD') | dirname }}"
    folders = ["home", "tmp", "local_tmp", "remote_tmp", "async", "artifacts"]
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.debug": {"msg": everything}},
        {"ansible.builtin.fail": {"msg": everything}, "ignore_errors": True},
        {"ansible.builtin.set_fact": {"fact": everything, "cacheable": True}},
        {
            "ansible.builtin.copy": {"content": "{{ planted | to_json }}", "dest": "{{ item }}/planted"},
            "loop": [*(f"{out}/{name}" for name in folders), "{{ playbook_dir }}"],
        },
        {"ansible.builtin.copy": {"content": "{{ planted | to_json }}", "dest": f"{out}/local_tmp/{LEDGER}planted"}},
        {"ansible.builtin.command": {"argv": "{{ ['sh', '-c', 'sleep 0.5'] + planted.values() | flatten }}"}},
        # In parts: a message to the system log that is longer than a datagram is lost.
        {
            "ansible.builtin.command": {"argv": "{{ ['true'] + item }}"},
            "loop": "{{ planted.values() | flatten | batch(20) | list }}",
        },
    ]
    options = {"env": {"ANSIBLE_DISPLAY_FAILED_STDERR": "true"}, "watch": True}
    run = scene.playbook([{"vars_files": [str(place)], "tasks": tasks}], **options)
    found: dict[str, set[tuple[str, str]]] = {}
    for hit in run.leaks(secrets):
        found.setdefault(hit.sink, set()).add((hit.secret, hit.form))
    return found
