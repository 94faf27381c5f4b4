# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and edit the content of an authorized_keys file: parse its lines, add a key, remove a key.

A line is what sshd takes it for, not what it looks like: parse() follows auth_check_authkey_line() and sshkey_read() of
OpenSSH, with their odd corners, so that no line with the old key stays behind because it is written in an unusual way.

Runs on the managed host, with its Python (3.6 or later) and the files of this directory.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import HostError

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
LINES = re.compile(rb"[^\n]*\n|[^\n]+")
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


def parse(line: bytes) -> Line | None:
    """Return the key of a line, or None for comments, blank lines and what sshd would not take for a key either.

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
    """Return a public key by itself, as in id_ed25519.pub: type, base64 and perhaps a comment."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    raw = raw.strip()
    line = None if b"\n" in raw or b"\0" in raw else parse(raw)
    if line is None or line.options:
        raise HostError("invalid", "the public key is not one line with a type, base64 and perhaps a comment")
    return line


def fingerprint(blob: bytes) -> str:
    """Return the fingerprint of a key as `ssh-keygen -l` prints it, and of a certificate that of the whole."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def blobs(content: bytes) -> list[tuple[int, str, str]]:
    """Return line number, type and fingerprint of each key."""
    found = ((number, parse(line)) for number, line in enumerate(LINES.findall(content), 1))
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
    parts = LINES.findall(content)
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
    return b"".join(part for part in LINES.findall(content) if getattr(parse(part), "blob", None) != blob)


def _ending(line: bytes) -> bytes:
    return b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""


def _usual_ending(parts: t.Sequence[bytes]) -> bytes:
    """Return the end of the last of these lines that has one."""
    return next(filter(None, map(_ending, reversed(parts))), b"\n")


def _options(text: bytes) -> bytes:
    """Return what stands before the first blank outside quotes, as sshkey_advance_past_options() finds it."""
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
    """Return the type and blob with which a text begins, and how far they reach: sshkey_read()."""
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
    """Return the type and blob of a key as OpenSSH would write it: sshkey_from_blob()."""
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
    """Return the string at this place, and where it ends."""
    head = blob[at : at + 4]
    end = at + 4 + int.from_bytes(head, "big")
    return (blob[at + 4 : end], end) if len(head) == 4 and end <= len(blob) else None
