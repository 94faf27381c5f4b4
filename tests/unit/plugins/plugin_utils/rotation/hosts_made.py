# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are folders: their /etc and /sys as distributions lay them out, their programs, and their clocks."""

from __future__ import annotations

import os
import types
import typing as t
from pathlib import Path

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host import host_commands
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import commands
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import machine as machine_

USER = "app"
DAY = 86400
TODAY = 20_000
OLD, NEW = "$6$old$" + "o" * 20, "$6$new$" + "n" * 20
_SHADOW_UTILS = "Usage: chpasswd [options]\n\nOptions:\n  -c, --crypt-method METHOD\n  -e, --encrypted   supplied ...\n"
_BUSYBOX = (
    "BusyBox v1.36.1\n\nUsage: chpasswd [--md5|--encrypted|--crypt-method|--root]\n\n\t-e\tSupplied passwords are ...\n"
)


class Made(machine_.Machine):
    """A host below a folder. Its programs change its files, and ``ran`` has their names and what they got."""

    def __init__(self, folder: Path, *, hash_: str = OLD, last_change: int | str = 19_500, **programs: str) -> None:
        self.folder = folder
        self.etc, self.usr_etc, self.sys = (str(folder / name) for name in ("etc", "usr/etc", "sys"))
        self.base = str(folder / "state")
        self.wall, self.up, self.start = float(TODAY * DAY), 1000.0, "start-1"
        self.help = {"chpasswd": _SHADOW_UTILS, "chage": "Usage: chage", **programs}
        self.failing: dict[str, int] = {}
        self.ran: list[str] = []
        self.logged: list[str] = []
        # What the kernel says, where a test cannot make it so.
        self.denied: set[str] = set()
        self.flag: dict[str, int] = {}
        self.statvfs: dict[str, t.Any] = {}
        self.users_elsewhere: set[str] = set()
        for place in ("etc", "usr/etc", "sys/class/dmi/id", "sys/class/net/eth0", "sys/class/net/lo"):
            (folder / place).mkdir(parents=True, exist_ok=True)
        self.put("etc/passwd", f"root:x:0:0::/root:/bin/sh\n{USER}:x:1000:1000::/home/{USER}:/bin/sh\n")
        self.put("etc/shadow", f"root:*:1::::::\n{USER}:{hash_}:{last_change}:0:99999:7:::\n")
        self.put("etc/machine-id", "0" * 32)
        self.put("sys/class/dmi/id/product_uuid", "11111111-2222")
        self.put("sys/class/net/eth0/address", "52:54:00:00:00:01")
        self.put("sys/class/net/lo/address", "00:00:00:00:00:00")

    def put(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def fields(self, user: str = USER) -> list[str]:
        lines = (self.folder / "etc/shadow").read_text().splitlines()
        return next(fields for line in lines if (fields := line.split(":"))[0] == user)

    def change(self, field: int, value: str) -> None:
        """As a program does it: a new file in the place of the old one."""
        lines = []
        for line in (self.folder / "etc/shadow").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == USER:
                fields[field] = value
            lines.append(":".join(fields))
        self.put("etc/shadow.new", "".join(f"{line}\n" for line in lines))
        os.replace(self.folder / "etc/shadow.new", self.folder / "etc/shadow")

    def now(self) -> float:
        return self.wall

    def boot(self) -> tuple[str, float]:
        return self.start, self.up

    def wait(self, seconds: float) -> None:
        self.wall, self.up = self.wall + seconds, self.up + seconds

    def log(self, text: str) -> bool:
        self.logged.append(text)
        return True

    def may_write(self, path: str) -> bool:
        return os.path.basename(path) not in self.denied

    def flags(self, path: str) -> int:
        return self.flag.get(os.path.basename(path), 0)

    def disk(self, path: str) -> t.Any:
        plenty = {"f_flag": 0, "f_bavail": 10**6, "f_frsize": 4096, "f_favail": 10**6, "f_files": 10**6}
        return types.SimpleNamespace(**{**plenty, **self.statvfs.get(os.path.basename(path), {})})

    def command(
        self, arguments: list[str], text: str = "", timeout: float = 60.0, keep: t.Sequence[int] = ()
    ) -> tuple[int, str]:
        name = arguments[0]
        self.ran.append(" ".join([*arguments, text.strip()]).strip())
        if name == "getent":
            return (0 if arguments[2] in self.users_elsewhere else 2), ""
        if name not in self.help:
            return 127, f"{name} is not installed"
        if "--help" in arguments:
            return 0, self.help[name]
        if name in self.failing:
            return self.failing[name], "no"
        if name == "chpasswd":
            self.change(1, text.strip().partition(":")[2])
            self.change(2, str(int(self.wall // DAY)))
        elif name == "chage":
            fields = {"-d": 2, "-m": 3, "-M": 4, "-W": 5, "-I": 6, "-E": 7}
            for option, value in zip(arguments[1:-1:2], arguments[2:-1:2], strict=True):
                self.change(fields[option], value)
        return 0, ""


def ask(machine: machine_.Machine, do: str, run: str = "run1", **more: t.Any) -> dict[str, t.Any]:
    """The whole answer to a command."""
    pad = "00" * 512
    request = {"do": do, "user": USER, "run": run, "record": "7", "pad": pad, "timeout": 5, **more}
    if do == "lock":
        request = {"lease": 300.0, "late_write_window": 120.0, **request}
    answer = commands.carry_out(machine, request)
    if "account" in answer.get("ok", {}):
        answer["ok"] = host_commands.uncovered(answer["ok"], pad)
    return answer


def did(machine: machine_.Machine, do: str, run: str = "run1", **more: t.Any) -> dict[str, t.Any]:
    """The answer to a command that is carried out."""
    answer = ask(machine, do, run, **more)
    assert "ok" in answer, answer
    return t.cast("dict[str, t.Any]", answer["ok"])


def red_hat_like(folder: Path) -> Made:
    made = Made(folder, faillock="Usage: faillock")
    made.put("etc/nsswitch.conf", "passwd:     sss files systemd\nshadow:     files\n")
    return made


def debian_like(folder: Path) -> Made:
    return Made(folder, hash_="$y$j9T$" + "s" * 22 + "$" + "h" * 43, faillock="Usage: faillock")


def suse_like(folder: Path) -> Made:
    """What the distribution sets is below /usr/etc, and /etc has only what somebody has changed."""
    made = Made(folder, faillock="Usage: faillock")
    made.put("usr/etc/nsswitch.conf", "passwd: compat usrfiles\n")
    made.put("usr/etc/login.defs", "ENCRYPT_METHOD SHA512\n")
    return made


def alpine(folder: Path) -> Made:
    """Programs of busybox: no chage, no faillock; no machine-id either."""
    made = Made(folder, chpasswd=_BUSYBOX)
    del made.help["chage"]
    (folder / "etc/machine-id").unlink()
    return made


LAYOUTS = {made.__name__: made for made in (red_hat_like, debian_like, suse_like, alpine)}
