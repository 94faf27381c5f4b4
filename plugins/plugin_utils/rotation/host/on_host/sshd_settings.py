# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the authorized_keys files of a user: ask sshd for its settings, and expand the paths in them.

Runs on the managed host, with its Python (3.6 or later) and the files of this directory.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import HostError

SSHD = ("/usr/sbin/sshd", "/usr/local/sbin/sshd")


class KeyOwner(t.NamedTuple):
    """Whose keys these are."""

    name: str
    uid: int
    gid: int
    home: str


class Located(t.NamedTuple):
    """Where sshd looks for the keys of a user, and what else decides about them."""

    paths: list[str]
    warnings: list[str]


def account(user: str) -> KeyOwner:
    """Return the entry of a user in passwd."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise HostError("not_found", f"there is no user {user} on this host") from None
    return KeyOwner(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir)


def connection() -> dict[str, str]:
    """Return the ends of the SSH connection through which this runs: addr, laddr and lport, or nothing.

    sudo takes SSH_CONNECTION out of the environment, so the processes above this one are asked too.
    """
    text = os.environ.get("SSH_CONNECTION", "")
    process = os.getppid()
    while not text and process > 1:
        try:
            with open(f"/proc/{process}/environ", "rb") as file:
                variables = dict(item.partition(b"=")[::2] for item in file.read().split(b"\0"))
            text = variables.get(b"SSH_CONNECTION", b"").decode()
            with open(f"/proc/{process}/stat", "rb") as file:
                process = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    words = text.split()
    return {"addr": words[0], "laddr": words[2], "lport": words[3]} if len(words) == 4 else {}


def sshd_config(
    user: str, address: str | None = None, host: str | None = None, program: t.Sequence[str] | None = None
) -> str:
    """Return the settings that sshd has for this user coming from this address: what `sshd -T -C ...` prints.

    program is the command of an sshd that is not the host's usual one, as ["/opt/sshd", "-f", "/opt/sshd_config"].
    """
    found = next(filter(None, (shutil.which("sshd"), *map(shutil.which, SSHD))), None)
    command = list(program or filter(None, [found]))
    if not command:
        raise HostError("unsupported", "there is no sshd of OpenSSH in PATH, /usr/sbin or /usr/local/sbin on this host")
    match = connection()
    if address is not None and match.get("addr") != address:
        match = {"addr": address}
    if "addr" not in match:
        raise HostError("invalid", "SSH_CONNECTION is not set, so say from which address the user logs in (address)")
    match = {"user": user, "host": host or match["addr"], **match}
    if any(re.search(r"[,\s\0]", value) for value in match.values()):
        raise HostError("invalid", f"sshd cannot be asked about {match!r}: a comma or blank is in it")
    specification = ",".join(f"{name}={value}" for name, value in match.items())

    complaint = ""
    # -G needs neither host keys nor /run/sshd, but OpenSSH 9.3.
    for mode in ("-T", "-G"):
        try:
            # Python 3.6 has no capture_output.
            done = subprocess.run(  # noqa: UP022
                [*command, mode, "-C", specification],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "LC_ALL": "C"},
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HostError("io", f"{command[0]} cannot be asked for its settings: {error}") from error
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "surrogateescape")
        complaint = complaint or done.stderr.decode("utf-8", "replace").strip()
    hint = "" if os.geteuid() == 0 else " (only root may read its settings and keys: use become)"
    raise HostError("unsupported", f"{command[0]} -T -C {specification} fails{hint}: {complaint}")


def locate(whose: KeyOwner, config: str) -> Located:
    """Return the files in which sshd looks for the keys of a user, by the output of sshd_config()."""
    settings: dict[str, str] = {}
    for row in config.splitlines():
        name, _unused, value = row.strip().partition(" ")
        settings.setdefault(name.lower(), value.strip())

    def says(name: str) -> bool:
        return settings.get(name, "none").lower() not in ("none", "")

    reasons = []
    if settings.get("pubkeyauthentication", "yes").lower() == "no":
        reasons.append("PubkeyAuthentication is no, so that no key can log in")
    if says("authorizedkeyscommand"):
        reasons.append(
            f"AuthorizedKeysCommand is {settings['authorizedkeyscommand']}, and keys that a program lists cannot be "
            "rotated in a file: rotate them where that program has them from"
        )
    if "authorizedkeysfile" not in settings:
        reasons.append("sshd does not say what AuthorizedKeysFile is")
    patterns = [word for word in settings.get("authorizedkeysfile", "").split() if word.lower() != "none"]
    if "authorizedkeysfile" in settings and not patterns:
        reasons.append("AuthorizedKeysFile is none, so that no key in a file can log in")
    paths: list[str] = []
    for pattern in patterns:
        if re.search(r"[*?\[]", pattern):
            reasons.append(f"AuthorizedKeysFile has wildcards ({pattern}), which not each sshd understands")
            continue
        try:
            path = _expand(pattern, whose)
        except KeyError as error:
            reasons.append(f"AuthorizedKeysFile is {pattern}, and {error.args[0]} in it means nothing to sshd")
            continue
        if path not in paths:
            paths.append(path)
    if reasons:
        raise HostError("unsupported", f"the keys of {whose.name} cannot be rotated: {'; '.join(reasons)}")

    warnings = []
    if says("trustedusercakeys"):
        warnings.append(
            f"TrustedUserCAKeys is {settings['trustedusercakeys']}: certificates log in, whatever keys are in the files"
        )
    if settings.get("usedns", "no").lower() == "yes":
        warnings.append("UseDNS is yes: a Match block for a host name counts only if the request names that host")
    return Located(paths, warnings)


def _expand(pattern: str, whose: KeyOwner) -> str:
    values = {"%%": "%", "%h": whose.home, "%u": whose.name, "%U": str(whose.uid)}
    path = re.sub(r"%.?", lambda match: values[match.group()], pattern)
    return path if path.startswith("/") else f"{whose.home}/{path}"
