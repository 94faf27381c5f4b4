# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A corpus of authorized_keys files, each with one oddity that its name tells.

In a file, @OLD@ stands for the old key where sshd would accept it, and @DEAD@ for the same text where it does not count.
From that follows what must come out, without any parsing: see expected().
"""

from __future__ import annotations

import ast
import base64
import struct
from pathlib import Path

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import (
    authorized_keys,
    key_lines,
    machine,
    safe_file,
    sshd_settings,
)

# Public keys. The private ones are lost.
OLD = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMU/L85xyx+YSqA8+xGrJM3PBu+lCDO03otlwABC2xVd"
NEW = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOrBYSS9tra78WG5LSyQXyRbCRts7w3PTTYr4kP37Gqc"
ANNA = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFPiwZisMYqyEqLIYNpl0liC+qiNNWrH3vezFtxPrNy"
BEN = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAANz8HbLn23wseRrtBleKYM5VZLy1i4OvdWD7jqwJEC"
CA = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJDfHhxRUHQpuK0IQHGWT5Gkdki/UOMovewgeizMf0kS"
EC256 = (
    b"ecdsa-sha2-nistp256 "
    b"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOCLZOCDY9nLpv1Tu6f6SF7+mMJFU+twB6dFkkk+pi1Te35p"
    b"baBuOHVYPgBdRQWqcV8QJNNCtFu0KVFmHj2ZIIo="
)
EC384 = (
    b"ecdsa-sha2-nistp384 "
    b"AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBM7S4/i94NAY/j+Qp1x8/phKsd0j4JDfXePhMdF6YQNo1xgy"
    b"5Idm5woAFrQc2YNXCem5+HnK5vnvAyRcNs4vLyB80j3Dh2fXhecA67s9FXQDqrsVDMHsxGO6nxksJKhe5w=="
)
EC521 = (
    b"ecdsa-sha2-nistp521 "
    b"AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHeNm2+C04Y6RRLxVghEVMP/nHzskdrDneIaz8lFom9in+D"
    b"YA8yuikWwD2RTwZsB6eXHlza7UT4kVVJgauW1VIckgBq1uT41OdUQsqvhefa2ZITBpB6mWuG1I4iQ7y+Dwxth02vQUFOJRtE0OKB"
    b"wEWdZTWJntHVw5Dh1EQQqDFnC7PTYA=="
)
RSA = (
    b"ssh-rsa "
    b"AAAAB3NzaC1yc2EAAAADAQABAAABAQCO8nmwB/r9muhbIlq/A33wxq3kz8RKTJVpMNl7ocHv45miKLRujH2s0m9CJ2Y8qzm4S8Fw"
    b"e/kT/SaqojNQXmwUc3Aw+mh3n2jR3mb5QXDOjmfYJgFsPHE28/YPJA19Tk9rEZCFwqeNdTs+8pqrG22Q+j+e6sI3+eV1fvxhfcFD"
    b"whfhWTtkYVpfw6JCOpM52N8cGU5QU3SAy+yYYsF1uGyXAe4iM1/aiGlFx+0EXW1OzH3jshEvk7Lm+bJAN1ApT9HelqdMQBgbjq9b"
    b"wyoqHI9Zoslqjrqg8NKlpMeVBg80l1FEpxdEOXi4Q5KN6+XAALgVWFqmpy1Mh1qThSOmOqyJ"
)
DSS = (
    b"ssh-dss "
    b"AAAAB3NzaC1kc3MAAACBANxaztp2b8o/um06/4DwjpaR237atS9KnY6qHJ2OYQjJm34IxlcfuMSW5BBONjrG2MmRokzdnQrPG06s"
    b"sKT65mlq0ypJj6y4A9sx8JN9AmpcYZPegICmHhcB7yrt3wZ6BA3/3h+ThvQOKw2buopHVV7HSd2uwdZKklZFX3z/oq8LAAAAFQCn"
    b"84Hx5ULCZtY/uYwV9uO3Y37dawAAAIBBBq+YyT/75sf+rsP3JAeQ6RhG9OKQnePpRe2JCwXlFXM9Fgiaw3UiDTA/DnajOVfLm59O"
    b"WU3aUDDc4pECHa+DoUZwfu2H0F2ovAGcyBi3S3JeTWNmtuqRFkQtzu1ZVK57onHqbsYswHLMrIUGWgP+w3N4ONifQcS5ZwqSzpqs"
    b"9gAAAIBCkt1/XUF4yqCTwCqu2MA1mkmtIL0C4BU/47Kx0Qo6aZcsXgDjDhDZ3L0oBBmbMftz7Nvu0/AsoTyifr+mmSBz/I3EhVOq"
    b"f0HpDQWG4W44tgxmgRXqbqO4sT8IYj2kA0Ji/TR3d3m/R7GTMv97gO37F79ZHeXPcCULUbdXCNMkZA=="
)
CERTIFICATE = (
    b"ssh-ed25519-cert-v01@openssh.com "
    b"AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAILxBB6VHyvexsgOr3HXexabEC7JPd6bMXSkixW2BgQfPAAAA"
    b"IMU/L85xyx+YSqA8+xGrJM3PBu+lCDO03otlwABC2xVdAAAAAAAAAAAAAAABAAAAAmlkAAAABwAAAANraW0AAAAAXgvhAAAAAACD"
    b"qn6AAAAAAAAAAIIAAAAVcGVybWl0LVgxMS1mb3J3YXJkaW5nAAAAAAAAABdwZXJtaXQtYWdlbnQtZm9yd2FyZGluZwAAAAAAAAAW"
    b"cGVybWl0LXBvcnQtZm9yd2FyZGluZwAAAAAAAAAKcGVybWl0LXB0eQAAAAAAAAAOcGVybWl0LXVzZXItcmMAAAAAAAAAAAAAADMA"
    b"AAALc3NoLWVkMjU1MTkAAAAgkN8eHFFQdCm4rQhAcZZPkaR2SL9Q4yi97CB6LMx/SRIAAABTAAAAC3NzaC1lZDI1NTE5AAAAQNU9"
    b"HYk5lsKwVoiDyNmQu8xo13U+krlQ3FusQD2YUAqvaRvhmzlU/d1RdAMkD8B9tZE6j3O6fPJDgmpQ2BbcaQU="
)


def pack(*fields: bytes) -> bytes:
    """The base64 of a blob."""
    return base64.b64encode(b"".join(struct.pack(">I", len(field)) + field for field in fields))


def unpack(text: bytes) -> list[bytes]:
    """The fields of the blob of a public key."""
    blob, fields = base64.b64decode(text.split()[1]), []
    while blob:
        end = 4 + int.from_bytes(blob[:4], "big")
        fields.append(blob[4:end])
        blob = blob[end:]
    return fields


SK_ED25519 = b"sk-ssh-ed25519@openssh.com " + pack(b"sk-ssh-ed25519@openssh.com", unpack(BEN)[1], b"ssh:")
SK_EC256 = b"sk-ecdsa-sha2-nistp256@openssh.com " + pack(
    b"sk-ecdsa-sha2-nistp256@openssh.com", *unpack(EC256)[1:], b"ssh:"
)

OTHERS = {
    b"@ANNA@": ANNA,
    b"@BEN@": BEN,
    b"@CA@": CA,
    b"@RSA@": RSA,
    b"@DSS@": DSS,
    b"@EC256@": EC256,
    b"@EC384@": EC384,
    b"@EC521@": EC521,
    b"@SK1@": SK_ED25519,
    b"@SK2@": SK_EC256,
    b"@CERT@": CERTIFICATE,
}

# The name says what is special.
FILES: dict[str, bytes] = {
    # Ends of lines and of the file
    "only the key": b"@OLD@\n",
    "only the key with a comment": b"@OLD@ me@here\n",
    "no final newline": b"@ANNA@ anna\n@OLD@ me",
    "no final newline, only the key": b"@OLD@",
    "no final newline, key not last": b"@OLD@ me\n@ANNA@ anna",
    "CRLF": b"@ANNA@ anna\r\n@OLD@ me\r\n@BEN@ ben\r\n",
    "CRLF without comments": b"@ANNA@\r\n@OLD@\r\n@BEN@\r\n",
    "CRLF, no final newline": b"@ANNA@ anna\r\n@OLD@ me",
    "CRLF, no final newline, key not last": b"@OLD@ me\r\n@ANNA@ anna",
    "mixed line ends, key with LF": b"@ANNA@ anna\r\n@OLD@ me\n@BEN@ ben\r\n",
    "mixed line ends, key with CRLF": b"@ANNA@ anna\n@OLD@ me\r\n@BEN@ ben\n",
    "lone CR in a comment": b"@OLD@ me\rand more\n@ANNA@ anna\r\n",
    "old Macintosh file, one line for sshd": b"@ANNA@ anna\r@DEAD@ me\r\n@OLD@ me\n",
    "CR CR LF": b"@ANNA@ anna\r\r\n@OLD@ me\r\r\n",
    "many blank lines": b"\n\n\n@OLD@ me\n\n\n",
    "lines of blanks": b"  \n\t\n@OLD@ me\n \t \n",
    "blank CRLF lines": b"\r\n@OLD@ me\r\n\r\n",
    "form feed and vertical tab between lines": b"@ANNA@ anna\n\x0c\n@OLD@ me\n\x0b\n",
    # Blanks
    "leading blanks": b"   @OLD@ me\n@ANNA@ anna\n",
    "leading tabs": b"\t\t@OLD@ me\n@ANNA@ anna\n",
    "tab before the comment": b"@OLD@\tme\n",
    "several blanks before the comment": b"@OLD@   me \t too\n",
    "trailing blanks": b"@OLD@ me  \t\n",
    "trailing blanks without a comment": b"@OLD@ \n@ANNA@\t\n",
    "tab after the options": b"no-pty\t@OLD@ me\n",
    "several blanks after the options": b"no-pty  \t @OLD@ me\n",
    "blanks at both ends of the options": b" \t no-pty  @OLD@ me\n",
    # Options
    "command": b'command="/usr/bin/backup --all" @OLD@ backup\n@ANNA@ anna\n',
    "command with escaped quotes": b'command="echo \\"a  b\\" done" @OLD@ me\n',
    "command with a hash": b'command="echo # no comment" @OLD@ me\n',
    "command with a comma": b'command="echo a, b",no-pty @OLD@ me\n',
    "command that quotes a key": b'command="echo @DEAD@ x" @OLD@ me\n',
    "command of another key that quotes the key": b"command=\"grep '@DEAD@ x' f\" @ANNA@ anna\n@OLD@ me\n",
    "command with backslashes": b'command="printf \\\\n \\t" @OLD@ me\n',
    "command with a quoted backslash before the quote": b'command="echo \\\\\\" x" @OLD@ me\n',
    "command with an equals sign": b'command="A=1 B=2 run" @OLD@ me\n',
    "command with bytes that are not UTF-8": b'command=": \xff\xe9" @OLD@ me\n',
    "command with an umlaut": 'command="echo ä€" @OLD@ jürgen\n'.encode(),
    "from": b'from="10.0.0.0/8,!10.1.1.1,*.example.com" @OLD@ me\n',
    "environment": b'environment="LANG=C",environment="A=b c" @OLD@ me\n',
    "permitopen": b'permitopen="[::1]:80",permitopen="db:5432",permitlisten="8080" @OLD@ me\n',
    "expiry-time": b'expiry-time="20991231" @OLD@ me\n',
    "restrict": b"restrict,pty @OLD@ me\n",
    "options in capitals": b"No-Pty,NO-X11-FORWARDING @OLD@ me\n",
    "tunnel": b'tunnel="0",command="x" @OLD@ me\n',
    "all flags": b"no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding @OLD@ me\n",
    "options of security keys": b"no-touch-required,verify-required @SK1@ stick\n@OLD@ me\n",
    "empty command": b'command="" @OLD@ me\n',
    "unterminated quote on another line": b'command="oops @ANNA@ anna\n@OLD@ me\n',
    "unterminated quote before the key": b'command="oops @DEAD@ me\n@OLD@ me\n',
    "unknown option on another line": b"frobnicate @ANNA@ anna\n@OLD@ me\n",
    "long options": b'from="10.*,' + b",".join(b"10.0.%d.%d" % divmod(n, 256) for n in range(600)) + b'" @OLD@ me\n',
    # The key more than once
    "duplicate": b"@OLD@ me\n@ANNA@ anna\n@OLD@ me\n",
    "duplicate with another comment": b"@OLD@ me\n@OLD@ also me\n@OLD@\n",
    "duplicate with other options": b'@OLD@ me\nno-pty @OLD@ me\n@ANNA@ anna\ncommand="x" @OLD@ me\n',
    "duplicate, one with leading blanks": b"@OLD@ me\n  @OLD@ me\n",
    "duplicate at the end without a newline": b"no-pty @OLD@ me\n@OLD@ me",
    "options in another order": b"no-pty,no-user-rc @OLD@ me\nno-user-rc,no-pty @OLD@ me\n",
    # Text that looks like the key
    "commented-out copy": b"#@DEAD@ me\n@OLD@ me\n# @DEAD@ me\n",
    "commented-out copy with leading blanks": b" \t# @DEAD@ me\n@OLD@ me\n",
    "copy in the comment of another key": b"@ANNA@ @DEAD@\n@OLD@ me\n",
    "another key in the comment": b"@OLD@ @ANNA@\n@BEN@ ben\n",
    "the comment is like an option": b'@OLD@ command="x" no-pty\n',
    "another key with the same comment": b"@ANNA@ me\n@OLD@ me\n@BEN@ me\n",
    "the key cut short": b"@DEADCUT@\n@OLD@ me\n",
    "the key with more text": b"@DEAD@AAAA me\n@OLD@ me\n",
    "the key with padding too much": b"@DEAD@== me\n@OLD@ me\n",
    "the key after a wrong type": b"ssh-rsa @DEAD64@ me\n@OLD@ me\n",
    "the key without a type": b"@DEAD64@ me\n@OLD@ me\n",
    "the key's type in capitals": b"@DEADBIG@ me\n@OLD@ me\n",
    "the key broken over two lines": b"@DEADBROKEN@\n@OLD@ me\n",
    "known_hosts line": b"|1|abc=|def= @ANNA@\n@OLD@ me\n",
    "form feed before the key": b"\x0c@DEAD@ me\n@OLD@ me\n",
    # Other kinds of lines
    "comments": b"# keys of the team\n#\n@OLD@ me\n## end\n",
    "comment without a newline": b"@OLD@ me\n# end",
    "garbage": b'hello\nssh-ed25519\nssh-ed25519 \nssh-rsa AAAA\n@OLD@ me\n= = =\n"\n',
    "private key pasted": b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n@OLD@ me\n",
    "PuTTY key pasted": b'---- BEGIN SSH2 PUBLIC KEY ----\nComment: "me"\nAAAA\n---- END SSH2 PUBLIC KEY ----\n@OLD@ me\n',
    "bytes that are not UTF-8": b"\xff\xfe\x80\n@OLD@ m\xe9\n@ANNA@ \xc3\x28\n",
    "NUL after the key": b"@OLD@ me\0junk\n@ANNA@ anna\0\n",
    "NUL before a copy": b"x\0@DEAD@ me\n@OLD@ me\n",
    "binary": bytes(range(256)) + b"\n@OLD@ me\n",
    "BOM before another key": b"\xef\xbb\xbf@ANNA@ anna\n@OLD@ me\n",
    "BOM before the key": b"\xef\xbb\xbf@DEAD@ me\n@OLD@ me\n",
    "UTF-16 line": "ssh-ed25519 AAAA me\n".encode("utf-16-le") + b"\n@OLD@ me\n",
    # Other people's keys
    "all types": b"@RSA@ rsa\n@DSS@ dss\n@EC256@\n@EC384@\n@EC521@\n@SK1@ stick\n@SK2@ stick\n@OLD@ me\n@ANNA@ a\n",
    "certificate authority": b'cert-authority,principals="kim,pat" @CA@ ca\n@OLD@ me\n',
    "the key as certificate authority too": b"cert-authority @OLD@ ca\n@OLD@ me\n",
    "certificate of the key": b"@CERT@ me\n@OLD@ me\n",
    "team": b'@ANNA@ anna\nfrom="10.0.0.1" @BEN@ ben\n# robots\ncommand="x" @OLD@ robot\n@RSA@ eve\n',
    "very long line of another": b"@ANNA@ " + b"x" * 16384 + b"\n@OLD@ me\n",
    "very long comment": b"@OLD@ " + b"x" * 16384 + b"\n@ANNA@ anna\n",
    "rsa of 16384 bits": b"ssh-rsa " + pack(b"ssh-rsa", b"\1\0\1", b"\0" + b"\xc5" * 2048) + b" big\n@OLD@ me\n",
    "1000 keys": b"".join(
        b"ssh-ed25519 " + pack(b"ssh-ed25519", struct.pack(">I", n) * 8) + b" user%d\n" % n + b"@OLD@ me\n" * (n == 500)
        for n in range(1000)
    ),
}

# Files in which the old key is not in force.
WITHOUT: dict[str, bytes] = {
    "empty file": b"",
    "one newline": b"\n",
    "only comments": b"# nothing\n#@DEAD@ me\n",
    "only others": b"@ANNA@ anna\n@BEN@ ben\n",
    "only others, no final newline": b"@ANNA@ anna\n@BEN@ ben",
    "only others, CRLF": b"@ANNA@ anna\r\n@BEN@ ben\r\n",
    "only others, CRLF, no final newline": b"@ANNA@ anna\r\n@BEN@ ben",
    "only its certificate": b"@CERT@ me\n",
    "only a copy behind a BOM": b"\xef\xbb\xbf@DEAD@ me\n",
}


def build(template: bytes, old: bytes = OLD, new: bytes = NEW) -> bytes:
    """The content of a file."""
    kind, text = old.split()
    values = {
        **OTHERS,
        b"@OLD@": old,
        b"@NEW@": new,
        b"@DEAD@": old,
        b"@DEAD64@": text,
        b"@DEADCUT@": old[:-4],
        b"@DEADBIG@": kind.upper() + b" " + text,
        b"@DEADBROKEN@": old[:50] + b"\n" + old[50:],
    }
    for mark, value in values.items():
        template = template.replace(mark, value)
    return template


def expected(template: bytes) -> tuple[bytes, bytes]:
    """What the file must be with both keys, and then with the new one alone: as templates."""
    lines = template.split(b"\n")
    both: list[bytes] = []
    alone: list[bytes] = []
    seen = set()
    for line in lines:
        both.append(line)
        if b"@OLD@" not in line:
            alone.append(line)
            continue
        options = line.partition(b"@OLD@")[0].strip(b" \t")
        if options not in seen:
            seen.add(options)
            # sshd does not see what follows a NUL, and nobody copies it.
            start, nul, junk = line.replace(b"@OLD@", b"@NEW@").partition(b"\0")
            end = b"\r" if nul and junk.endswith(b"\r") else b""
            both.append(start + end)
            alone.append(start + end)
    if not template.endswith(b"\n") and b"@OLD@" in lines[-1]:
        # The line before the last has got an end, as those above it have.
        end = b"\r" if len(lines) > 1 and lines[-2].endswith(b"\r") else b""
        if both[-1] == lines[-1]:
            # No twin for the last line: nothing was added after it, and nothing replaces it.
            alone.append(b"")
        else:
            both[-2] += end
    return b"\n".join(both), b"\n".join(alone)


def program() -> str:
    """Return the source of authorized_keys.py, and of what it imports, as one program."""
    text = "from __future__ import annotations\nimport types\n"
    for module in (machine, key_lines, sshd_settings, safe_file, authorized_keys):
        source = Path(module.__file__ or "").read_text()
        body = ast.parse(source).body
        own = {ast.ImportFrom: lambda node: node.module == "__future__" or ".on_host" in node.module}
        kept = [node for node in body if not own.get(type(node), lambda _node: False)(node)]
        if module is machine:
            kept = [node for node in kept if getattr(node, "name", "") == "HostError"]
        # The lines as they are: what ast.unparse makes of them may need the Python of this machine.
        for node in kept:
            begin = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
            text += "\n".join(source.splitlines()[begin - 1 : node.end_lineno]) + "\n"
    # authorized_keys.py calls some functions by the name of their file.
    return text + "key_lines = types.SimpleNamespace(**globals())\n"
