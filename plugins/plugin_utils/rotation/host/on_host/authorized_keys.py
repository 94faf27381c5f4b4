# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What key rotation does on the managed host: find the authorized_keys files of a user, add a key, remove a key.

The text of this file is sent to the host and executed by its Python, 3.7 or later: it imports nothing but the standard
library and the error of state.py. It sees public keys and never a private one.

A line is what sshd takes it for, not what it looks like: parse() follows auth_check_authkey_line() and sshkey_read() of
OpenSSH, with their odd corners, so that no line with the old key stays behind because it is written in an unusual way.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import grp
import hashlib
import os
import pwd
import re
import shutil
import stat
import struct
import subprocess
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.state import HostError

ATTEMPTS = 5
# Nobody's authorized_keys is larger, and what is larger is no such file.
LARGEST = 64 * 1024 * 1024
SSHD = ("/usr/sbin/sshd", "/usr/local/sbin/sshd")
HARDENED = "sshd refuses it too (StrictModes)"

# How many length-prefixed strings the blob of a plain key has, its type among them.
FIELDS = {
    "ssh-rsa": 3,
    "ssh-dss": 5,
    "ssh-ed25519": 2,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "sk-ssh-ed25519@openssh.com": 3,
    "sk-ecdsa-sha2-nistp256@openssh.com": 4,
}
POINTS = {b"nistp256": 65, b"nistp384": 97, b"nistp521": 133}
# The names of signature algorithms stand for their keys, as the first word of a line and inside a blob.
ALIASES = {
    "rsa-sha2-256": "ssh-rsa",
    "rsa-sha2-512": "ssh-rsa",
    "rsa-sha2-256-cert-v01@openssh.com": "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com": "ssh-rsa-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com": "sk-ecdsa-sha2-nistp256@openssh.com",
}
# And inside a blob a key may call itself by its short name.
SHORT = {"rsa": "ssh-rsa", "dsa": "ssh-dss", "ed25519": "ssh-ed25519", "ed25519-sk": "sk-ssh-ed25519@openssh.com"}

_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_KEY = re.compile(rb"([^ \t]+)[ \t]+([^ \t]+)")
_NAME = re.compile(r"[a-z0-9][a-z0-9@.-]+")
_BLANKS = b" \t"


class Line(t.NamedTuple):
    """A line with a key, as sshd reads it."""

    options: bytes
    type: str
    blob: bytes
    comment: bytes
    before: bytes
    """All that stands before the key's type: blanks and options."""
    after: bytes
    """All that stands after its base64, without the end of the line."""


class Account(t.NamedTuple):
    """Whose keys these are."""

    name: str
    uid: int
    gid: int
    home: str


class Located(t.NamedTuple):
    """Where sshd looks for the keys of a user, and what else decides about them."""

    paths: list[str]
    warnings: list[str]


# The content of a file


def parse(line: bytes) -> Line | None:
    """The key of a line, or None for comments, blank lines and what sshd would not take for a key either.

    The key comes in the form in which OpenSSH itself would write it, so that equal keys are equal blobs. Unknown types
    are taken as they come if line and blob agree about them. What is not checked: that a point lies on its curve, the
    length of an RSA key, the signature of a certificate, and that sshd knows the options.
    """
    # sshd reads a line into a C string.
    text = line.split(b"\0", 1)[0]
    text = text[: len(text) - len(_ending(text))]
    start = text.lstrip(_BLANKS)
    if start[:1] in (b"", b"#"):
        return None
    options, rest = b"", start
    key = _read_key(rest)
    if key is None:
        options = _options(start)
        rest = start[len(options) :].lstrip(_BLANKS)
        key = _read_key(rest)
    if key is None:
        return None
    name, blob, length = key
    after = rest[length:]
    return Line(options, name, blob, after.strip(_BLANKS), text[: len(text) - len(rest)], after)


def public_key(text: bytes | str) -> Line:
    """A public key by itself, as in id_ed25519.pub: type, base64 and perhaps a comment."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    raw = raw.strip()
    line = None if b"\n" in raw or b"\0" in raw else parse(raw)
    if line is None or line.options:
        raise HostError("invalid", "the public key is not one line with a type, base64 and perhaps a comment")
    return line


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` prints it, but for certificates, for which that prints the fingerprint of the key inside."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def blobs(content: bytes) -> list[tuple[int, str, str]]:
    """Line number, type and fingerprint of each key."""
    found = ((number, parse(line)) for number, line in enumerate(_LINES.findall(content), 1))
    return [(number, line.type, fingerprint(line.blob)) for number, line in found if line is not None]


def add(content: bytes, old: bytes, new: bytes, comment: bytes | None = None, append: bool = False) -> bytes:
    """Give each line with the old blob a twin with the new key right after it: same options, comment and line end.

    new is a public key as public_key() takes it, its own comment does not count. A twin that is there already, wherever
    it stands, is not added again. Without the old key the new one goes to the end of the file, without options, if
    append says so; a file that has the new key and not the old one is left as it is.
    """
    key = public_key(new)
    if comment is not None and re.search(rb"[\r\n\0]", comment):
        raise HostError("invalid", "the comment of the key has more than one line")
    text = key.type.encode() + b" " + base64.b64encode(key.blob)
    remark = b" " + comment if comment else b""
    parts = _LINES.findall(content)
    lines = [parse(part) for part in parts]
    twins = {line.options for line in lines if line and line.blob == key.blob}

    if not any(line and line.blob == old for line in lines):
        if twins:
            return content
        if not append:
            raise HostError("not_found", f"the old key {fingerprint(old)} is not in the file")
        usual = _usual_ending(parts)
        gap = usual if parts and not _ending(parts[-1]) else b""
        return content + gap + text + remark + usual

    result = []
    for index, (part, line) in enumerate(zip(parts, lines)):  # noqa: B905 (strict is new in Python 3.10)
        if line is None or line.blob != old or line.options in twins:
            result.append(part)
            continue
        twins.add(line.options)
        ending = _ending(part)
        twin = line.before + text + (line.after if comment is None else remark) + ending
        # The last line may lack its end, and its twin then does so in its place.
        result += [part if ending else part + _usual_ending(parts[:index]), twin]
    return b"".join(result)


def remove(content: bytes, blob: bytes) -> bytes:
    """Take out the lines with this key, whatever their options and comment; no other byte changes."""
    return b"".join(part for part in _LINES.findall(content) if getattr(parse(part), "blob", None) != blob)


def _ending(line: bytes) -> bytes:
    return b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""


def _usual_ending(parts: t.Sequence[bytes]) -> bytes:
    """The end of the last of these lines that has one."""
    return next(filter(None, map(_ending, reversed(parts))), b"\n")


def _options(text: bytes) -> bytes:
    """What stands before the first blank outside quotes, as sshkey_advance_past_options() finds it."""
    quoted = False
    at = 0
    while at < len(text) and (quoted or text[at] not in _BLANKS):
        if text[at : at + 2] == b'\\"':
            at += 1
        elif text[at : at + 1] == b'"':
            quoted = not quoted
        at += 1
    return text[:at]


def _read_key(text: bytes) -> tuple[str, bytes, int] | None:
    """The type and blob with which a text begins, and how far they reach: sshkey_read()."""
    match = _KEY.match(text)
    if match is None:
        return None
    # The decoder skips white space, and a line of sshd's still has its end.
    packed = match.group(2).translate(None, b"\n\v\f\r")
    try:
        blob = binascii.a2b_base64(packed)
    except binascii.Error:
        return None
    # Python's decoder is lenient, sshd's is not.
    if base64.b64encode(blob) != packed:
        return None
    word = match.group(1).decode("ascii", "replace")
    key = _canonical(blob)
    if key is None or ALIASES.get(word, word) != key[0]:
        return None
    return key[0], key[1], match.end()


def _canonical(blob: bytes) -> tuple[str, bytes] | None:
    """The type and blob of a key as OpenSSH would write it: sshkey_from_blob()."""
    first = _string(blob, 0)
    if first is None:
        return None
    name = first[0].decode("ascii", "replace")
    name = ALIASES.get(name, SHORT.get(name.lower(), name))
    if name not in FIELDS:
        # A certificate, or a type of the future.
        return (name, blob) if _NAME.fullmatch(name) and first[1] < len(blob) else None
    fields, at = [], 0
    while at < len(blob):
        field = _string(blob, at)
        if field is None:
            return None
        fields.append(field[0])
        at = field[1]
    if len(fields) != FIELDS[name]:
        return None
    fields[0] = name.encode()
    if name in ("ssh-rsa", "ssh-dss"):
        if any(number[:1] >= b"\x80" for number in fields[1:]):
            return None
        trimmed = [number.lstrip(b"\0") for number in fields[1:]]
        fields[1:] = [b"\0" + number if number[:1] >= b"\x80" else number for number in trimmed]
    elif "ecdsa" in name:
        curve = name.partition("@")[0].rpartition("-")[2].encode()
        if fields[1] != curve or len(fields[2]) != POINTS[curve] or fields[2][:1] != b"\x04":
            return None
    elif len(fields[1]) != 32:
        return None
    return name, b"".join(struct.pack(">I", len(field)) + field for field in fields)


def _string(blob: bytes, at: int) -> tuple[bytes, int] | None:
    """The string at this place, and where it ends."""
    head = blob[at : at + 4]
    end = at + 4 + int.from_bytes(head, "big")
    return (blob[at + 4 : end], end) if len(head) == 4 and end <= len(blob) else None


# Where sshd looks


def account(user: str) -> Account:
    """The entry of a user in passwd."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise HostError("not_found", f"there is no user {user} on this host") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir)


def connection() -> dict[str, str]:
    """From where and to where the SSH connection goes through which this runs: addr, laddr and lport, or nothing.

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
    """The settings that sshd has for this user coming from this address: what `sshd -T -C ...` prints.

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
            done = subprocess.run(
                [*command, mode, "-C", specification],
                stdin=subprocess.DEVNULL,
                capture_output=True,
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


def locate(whose: Account, config: str) -> Located:
    """The files in which sshd looks for the keys of a user, by the output of sshd_config()."""
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


def _expand(pattern: str, whose: Account) -> str:
    values = {"%%": "%", "%h": whose.home, "%u": whose.name, "%U": str(whose.uid)}
    path = re.sub(r"%.?", lambda match: values[match.group()], pattern)
    return path if path.startswith("/") else f"{whose.home}/{path}"


# The file itself


def read(path: str, whose: Account) -> bytes | None:
    """The content of a file that is safe to change; None if there is no such file."""
    with _explained(path, whose), _folder(path, whose) as (folder, name):
        if folder is None:
            return None
        with _opened(folder, name, path, whose) as file:
            return None if file is None else _content(file, path)


def change(
    path: str,
    whose: Account,
    edit: t.Callable[[bytes], bytes],
    create: bool = False,
    permit: t.Callable[[], None] = lambda: None,
) -> bool:
    """Replace the content of a file by what edit() makes of it, in one step, and say whether that is something else.

    Owner, mode, ACL, SELinux label and other extended attributes stay. permit is called at the last moment, and may
    raise. Wherever this is killed, the old or the new file is in place; a temporary file that is left then goes
    with the next change. What others write to the file meanwhile is kept, but for the instant between look and rename.
    """
    for _attempt in range(ATTEMPTS):
        with _explained(path, whose), _folder(path, whose) as (folder, name):
            if folder is None:
                raise FileNotFoundError
            temporary = f".senhasegura-{whose.uid}-{name}"[:200]
            _sweep(folder, temporary, path)
            with _opened(folder, name, path, whose) as file:
                if file is None and not create:
                    raise FileNotFoundError
                old = b"" if file is None else _content(file, path)
                new = edit(old)
                if new == old:
                    return False
                # Somebody else's attempt to write is tried again with what they wrote.
                if _replace(folder, name, temporary, file, old, new, whose, path, permit):
                    return True
    raise HostError(
        "busy", f"{path} of {whose.name} keeps changing while it is being edited: find out who writes to it"
    )


@contextlib.contextmanager
def _explained(path: str, whose: Account) -> t.Iterator[None]:
    """What the operating system says, in the words of HostError."""
    try:
        yield
    except FileNotFoundError:
        raise HostError("not_found", f"{path} of {whose.name} does not exist") from None
    except OSError as error:
        reason = error.strerror or str(error)
        hint = ""
        if error.errno in (errno.EACCES, errno.EPERM):
            hint = (
                ": on NFS root is nobody (root_squash), and elsewhere the file may be immutable (lsattr)"
                if os.geteuid() == 0
                else f": become root or {whose.name}"
            )
        elif error.errno in (errno.ENOTDIR, errno.ELOOP):
            hint = ": its folders were changed meanwhile"
        raise HostError("io", f"{path} of {whose.name} cannot be read or written: {reason}{hint}") from error


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@contextlib.contextmanager
def _folder(path: str, whose: Account) -> t.Iterator[tuple[int | None, str]]:
    """The folder of a file, opened, and the file's name in it; None if there is no such folder.

    Symbolic links count where they stay inside the home folder, or in the file's own folder elsewhere. From then on no
    link is followed, and each folder is checked as sshd checks it, so that only the user and root can exchange one.
    """
    home = os.path.realpath(whose.home)
    real = os.path.realpath(path)
    at_home = _within(os.path.normpath(path), os.path.normpath(whose.home))
    inside = home if at_home else os.path.realpath(os.path.dirname(path))
    if not _within(real, inside):
        raise HostError(
            "unsafe", f"{path} of {whose.name} is a symbolic link that leads out of {inside}, to {real}: make it a file"
        )
    checked = home if _within(real, home) else "/"
    folders, name = os.path.split(real)
    # The folders above need not be readable.
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
    at = "/"
    opened = os.open(at, flags)
    try:
        for part in ["", *filter(None, folders.split("/"))]:
            if part:
                at = os.path.join(at, part)
                try:
                    below = os.open(part, flags, dir_fd=opened)
                except FileNotFoundError:
                    yield None, name
                    return
                os.close(opened)
                opened = below
            if _within(at, checked):
                _trusted(opened, at, whose)
        # What is open as a path only cannot be synced.
        below = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=opened)
        os.close(opened)
        opened = below
        yield opened, name
    finally:
        os.close(opened)


def _trusted(opened: int, where: str, whose: Account) -> None:
    """Refuse what somebody else than the user and root may write to, as secure_filename() of OpenSSH does."""
    info = os.fstat(opened)
    what = "folder" if stat.S_ISDIR(info.st_mode) else "file"
    if info.st_uid not in (0, whose.uid):
        raise HostError(
            "unsafe",
            f"the {what} {where} belongs to user id {info.st_uid}, neither to {whose.name} nor to root; {HARDENED}: "
            "give it its owner back (chown)",
        )
    others = info.st_mode & 0o002 or (info.st_mode & 0o020 and not _own_group(opened, info.st_gid, whose))
    if others:
        raise HostError(
            "unsafe",
            f"others than {whose.name} may write to the {what} {where} (mode {stat.S_IMODE(info.st_mode):04o}); "
            f"{HARDENED}: take that right away (chmod go-w)",
        )


def _own_group(opened: int, gid: int, whose: Account) -> bool:
    """Whether a group is the user's own and has nobody else in it, which is enough for Debian's sshd."""
    with contextlib.suppress(OSError, AttributeError):
        # With an access control list, the bits of the group speak of everybody in it.
        if "system.posix_acl_access" in os.listxattr(f"/proc/self/fd/{opened}"):
            return False
    try:
        members = grp.getgrgid(gid).gr_mem
    except KeyError:
        return False
    return (
        gid == whose.gid
        and all(member == whose.name for member in members)
        and all(entry.pw_uid == whose.uid for entry in pwd.getpwall() if entry.pw_gid == gid)
    )


@contextlib.contextmanager
def _opened(folder: int, name: str, path: str, whose: Account) -> t.Iterator[int | None]:
    """The file, opened for reading and found safe; None if there is none."""
    try:
        info = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        yield None
        return
    # Before opening it, which of a device or FIFO can do something.
    if not stat.S_ISREG(info.st_mode):
        raise HostError(
            "unsafe", f"{path} of {whose.name} is not a regular file: sshd does not read it; make it a file"
        )
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        info = os.fstat(opened)
        if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1:
            raise HostError(
                "unsafe",
                f"{path} of {whose.name} has {info.st_nlink} names (hard links), of which one would change: "
                "make it a file of its own (cp, mv)",
            )
        _trusted(opened, path, whose)
        yield opened
    finally:
        os.close(opened)


def _content(opened: int, path: str) -> bytes:
    size = os.fstat(opened).st_size
    if size > LARGEST:
        raise HostError("unsafe", f"{path} has {size} bytes: that is no list of keys")
    content = b""
    while len(content) <= LARGEST:
        block = os.pread(opened, 1 << 20, len(content))
        if not block:
            break
        content += block
    return content


def _sweep(folder: int, temporary: str, path: str) -> None:
    """Remove what a killed run left."""
    try:
        info = os.lstat(temporary, dir_fd=folder)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(info.st_mode):
        raise HostError("unsafe", f"{temporary} in the folder of {path} is in the way: remove it")
    os.unlink(temporary, dir_fd=folder)


def _replace(
    folder: int,
    name: str,
    temporary: str,
    file: int | None,
    old: bytes,
    new: bytes,
    whose: Account,
    path: str,
    permit: t.Callable[[], None],
) -> bool:
    """Put a new file in the place of the old one. False, and nothing is done, if that has changed since it was read."""
    info = None if file is None else os.fstat(file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    made = os.open(temporary, flags, 0o600, dir_fd=folder)
    try:
        try:
            left = memoryview(new)
            while left:
                left = left[os.write(made, left) :]
            if info is None:
                os.fchown(made, whose.uid, whose.gid)
            else:
                os.fchown(made, info.st_uid, info.st_gid)
                os.fchmod(made, stat.S_IMODE(info.st_mode))
            if file is not None:
                _carry_attributes(file, made, path)
            os.fsync(made)
        finally:
            os.close(made)
        permit()
        if not _unchanged(folder, name, file, info, old, path):
            os.unlink(temporary, dir_fd=folder)
            return False
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    try:
        os.fsync(folder)
    except OSError as error:
        # Not each file system can do that with a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    return True


def _unchanged(folder: int, name: str, file: int | None, info: os.stat_result | None, old: bytes, path: str) -> bool:
    try:
        now = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return file is None
    if file is None or info is None:
        return False

    def state(of: os.stat_result) -> tuple[int, ...]:
        return of.st_dev, of.st_ino, of.st_mtime_ns, of.st_ctime_ns, of.st_size, of.st_nlink

    # Clocks of file systems are coarse, so the content is compared as well.
    return state(now) == state(info) and _content(file, path) == old


def _carry_attributes(source: int, target: int, path: str) -> None:
    """Give the new file the access control list, SELinux label and other extended attributes of the old one."""
    if not hasattr(os, "listxattr"):
        return
    try:
        wanted = {name: os.getxattr(source, name) for name in os.listxattr(source)}
        present = {name: os.getxattr(target, name) for name in os.listxattr(target)}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return
        raise
    # These sign the content, which is another one now.
    for name in ("security.ima", "security.evm"):
        wanted.pop(name, None)
        present.pop(name, None)
    try:
        for name, value in wanted.items():
            if present.get(name) != value:
                os.setxattr(target, name, value)
        # As from the default list of the folder.
        for name in present:
            if name not in wanted and name.startswith(("system.posix_acl", "user.")):
                os.removexattr(target, name)
    except OSError as error:
        raise HostError("io", f"{path} has the attribute {name}, which its new version cannot have: {error}") from error


# What the controller asks for


def perform(request: dict[str, t.Any], owned: t.Callable[[str], bool] | None = None) -> dict[str, t.Any]:
    """Do what a request says, without any locking, and return plain data. Raises HostError.

    All requests have `do` and `user`, and may have `address`, `host` and `sshd` (see sshd_config). A key is given as a
    fingerprint or a public key.

    - look: which of the `keys` are where, and what stands against a change: `files`, `present`, `refused`, `warnings`.
    - add: the public key `new` beside each of the keys in `old`, with the `comment` if there is one. With `append` it
      goes to the end of the first file if no file has one of them. Where only the new key is, there is nothing to do.
    - remove: the keys in `old` from all files. With `keep` only if that key is there.

    The last two have `run`, and write only while owned(run) is true.
    """
    actions = {"look": (_look, ()), "add": (_add, ("old", "new")), "remove": (_remove, ("old",))}
    if request.get("do") not in actions:
        raise HostError("invalid", f"there is no such operation: {request.get('do')!r}")
    action, needed = actions[request["do"]]
    missing = [name for name in ("user", *needed, *(["run"] if needed and owned else [])) if name not in request]
    if missing:
        raise HostError("invalid", f"the request to {request['do']} lacks {', '.join(missing)}")
    whose = account(request["user"])

    def permit() -> None:
        if owned is not None and not owned(request["run"]):
            raise HostError("lost", f"the lock on this host is not (or no longer) that of run {request['run']}")

    return action(request, whose, permit)


def _places(request: dict[str, t.Any], whose: Account) -> Located:
    config = sshd_config(whose.name, request.get("address"), request.get("host"), request.get("sshd"))
    return locate(whose, config)


def _wanted(keys: t.Iterable[str]) -> set[str]:
    return {key if key.startswith("SHA256:") else fingerprint(public_key(key).blob) for key in keys}


def _look(request: dict[str, t.Any], whose: Account, _permit: t.Callable[[], None]) -> dict[str, t.Any]:
    present: dict[str, list[dict[str, t.Any]]] = {key: [] for key in sorted(_wanted(request.get("keys", ())))}
    files: list[dict[str, t.Any]] = []
    result = {"user": whose.name, "home": whose.home, "files": files, "present": present, "refused": [], "warnings": []}
    try:
        located = _places(request, whose)
    except HostError as error:
        return {**result, "refused": [{"kind": error.kind, "text": str(error)}]}
    for path in located.paths:
        entry: dict[str, t.Any] = {"path": path, "exists": os.path.lexists(path), "lines": 0, "problem": None}
        files.append(entry)
        with contextlib.suppress(OSError):
            info = os.stat(path)
            entry.update(mode=f"{stat.S_IMODE(info.st_mode):04o}", uid=info.st_uid, gid=info.st_gid)
        try:
            content = read(path, whose) or b""
        except HostError as error:
            entry["problem"] = {"kind": error.kind, "text": str(error)}
            continue
        entry["lines"] = len(_LINES.findall(content))
        for number, kind, key in blobs(content):
            if key in present:
                present[key].append({"path": path, "line": number, "type": kind})
    return {**result, "warnings": located.warnings}


def _add(request: dict[str, t.Any], whose: Account, permit: t.Callable[[], None]) -> dict[str, t.Any]:
    new = public_key(request["new"])
    text = new.type.encode() + b" " + base64.b64encode(new.blob)
    comment = request.get("comment")
    remark = None if comment is None else comment.encode("utf-8", "surrogateescape")
    old = _wanted(request["old"])
    located = _places(request, whose)

    def edit(content: bytes) -> bytes:
        for blob in _blobs_of(content, old):
            content = add(content, blob, text, remark)
        return content

    def append(content: bytes) -> bytes:
        return add(content, b"", text, remark, append=True)

    # All files are looked at before the first is changed.
    contents = {path: read(path, whose) for path in located.paths}
    present = [path for path, content in contents.items() if content and _blobs_of(content, old)]
    changed = [path for path in present if change(path, whose, edit, permit=permit)]
    if not present and not any(_blobs_of(content or b"", {fingerprint(new.blob)}) for content in contents.values()):
        if not request.get("append"):
            raise HostError(
                "not_found",
                f"none of the keys {', '.join(sorted(old))} is in {' or '.join(located.paths)} of {whose.name}: "
                "see whether the vault has the key that this host knows",
            )
        changed += [path for path in located.paths[:1] if change(path, whose, append, create=True, permit=permit)]
    return {"changed": bool(changed), "paths": changed, "warnings": located.warnings}


def _remove(request: dict[str, t.Any], whose: Account, permit: t.Callable[[], None]) -> dict[str, t.Any]:
    old = _wanted(request["old"])
    located = _places(request, whose)

    def edit(content: bytes) -> bytes:
        for blob in _blobs_of(content, old):
            content = remove(content, blob)
        return content

    contents = {path: read(path, whose) for path in located.paths}
    if request.get("keep"):
        keep = _wanted([request["keep"]])
        if keep & old or not any(_blobs_of(content or b"", keep) for content in contents.values()):
            raise HostError(
                "unsafe",
                f"the old key of {whose.name} stays, because the new one, {', '.join(keep)}, is not in "
                f"{' or '.join(located.paths)}",
            )
    present = [path for path, content in contents.items() if content and _blobs_of(content, old)]
    changed = [path for path in present if change(path, whose, edit, permit=permit)]
    return {"changed": bool(changed), "paths": changed, "warnings": located.warnings}


def _blobs_of(content: bytes, keys: set[str]) -> list[bytes]:
    """The blobs with these fingerprints, in the order of the file."""
    lines = map(parse, _LINES.findall(content))
    return list(dict.fromkeys(line.blob for line in lines if line and fingerprint(line.blob) in keys))
