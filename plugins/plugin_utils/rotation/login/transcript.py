# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the ssh client has said so far, and what that means for the login. Pure: nothing is started or read here."""

from __future__ import annotations

import re
import secrets

from ....module_utils.errors import ConfigError
from ..protocol.verdict import LoginResult, Verdict

_KEPT = 100_000
_INTERACTIVE = "keyboard-interactive"
_PASSWORD_METHODS = (_INTERACTIVE, "password")
_PASSWORD = re.compile(r"password|passwd|passwort|kennwort|senha|contrase|mot de passe", re.IGNORECASE)
_CHANGE = re.compile(r"\b(current|old|new|retype|re-?enter|again|change|changing|nova|atual)\b", re.IGNORECASE)
_OTHER_FACTOR = re.compile(
    r"\b(one[- ]?time|[th]?otp|oath|passcode|verification|token|code|duo|factor|pin|challenge|response)\b",
    re.IGNORECASE,
)
_MUST_CHANGE_TEXT = re.compile(
    r"password (has |is )?expired|(required to|must) change your password|password change required|expired password",
    re.IGNORECASE,
)
_EXPIRED_TEXT = re.compile(
    r"account (has |is |was |been |temporarily |currently )*(expired|locked|disabled)|locked due to", re.IGNORECASE
)
# Where authentication begins in the log of ssh, and what it writes when the server has answered.
_BEGINNING = re.compile(r"debug\d: Next authentication method: ")
_JUDGED = re.compile(r"debug\d: (Server accepts key|Authentications that can continue|Authentication succeeded)\b")
_HOST_KEY_TEXT = re.compile(
    r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED|requested strict checking|was revoked"
)
_UNUSABLE_OPTIONS = re.compile(
    r"bad configuration option|terminating, \d+ bad|^usage: ssh|bad owner or permissions|missing argument"
    r"|unsupported option|unknown option|extra arguments at end",
    re.IGNORECASE | re.MULTILINE,
)
_NETWORK_TEXTS = {
    "resolve hostname": "the name of the host cannot be resolved",
    "Connection refused": "the host refuses the connection",
    "timed out": "the host does not answer",
    "No route to host": "there is no route to the host",
    "Network is unreachable": "there is no route to the host",
    "UNKNOWN port": "the jump host or the proxy command gives no connection to the host",
    "Unable to negotiate": "ssh and the server have no algorithm in common",
    "reset by": "the connection was reset",
    "closed by": "the server closed the connection",
}


class Transcript:
    """What ssh has said so far, and what that means. What comes from a host is looked at and never shown."""

    def __init__(self, answer: bytes | None, fingerprint: str = "") -> None:
        self._answer, self._fingerprint = answer, fingerprint
        # The command's text and its output differ, so that no program that repeats the former looks like a shell.
        nonce = secrets.token_hex(8)
        self.remote = f'true && echo log"g"ed-in-{nonce}'
        self._marker = f"logged-in-{nonce}"
        self._output, self._log_rest, self._prompt = "", "", ""
        # The log of ssh and what came on stderr, from the beginning of authentication on.
        self._text: list[str] = []
        self._method = ""
        self._offered: frozenset[str] = frozenset()
        self._tried = self._failed = self._partial = self._key_accepted = False
        self._authenticated = ""
        self._verdict: Verdict | None = None

    @property
    def decided(self) -> bool:
        """Return whether the verdict is known, so that nothing more need be read."""
        if self._verdict is not None:
            return True
        return self._logged_in() and (bool(self._fingerprint) or self._marker in self._output)

    @property
    def prompted(self) -> bool:
        """Return whether the terminal shows something that may be a prompt."""
        return bool(self._prompt.strip())

    @property
    def prompt_complete(self) -> bool:
        """Return whether the prompt ends as prompts do."""
        return self._prompt.rstrip().endswith((":", "?"))

    def log(self, text: str) -> None:
        """Take a part of what ssh writes to its log."""
        *lines, self._log_rest = (self._log_rest + text).split("\n")
        for number, line in enumerate(lines, 1):
            if not self._method and _BEGINNING.match(line) and not any(map(_JUDGED.match, lines[number:])):
                # What came before is a banner. After an answer to the login it may be the reason for that answer.
                self._text.clear()
            self._log_line(line.rstrip("\r"))

    def _log_line(self, line: str) -> None:
        level, _unused, message = line.partition(": ")
        debug = message if re.fullmatch(r"debug\d", level) else ""
        name, _unused, value = (debug or line).partition(": ")
        if debug and name == "Next authentication method":
            self._method = value
        elif debug and name == "Authentications that can continue":
            self._offered = frozenset(value.split(","))
            self._failed = self._failed or (self._tried and not self._partial)
        elif debug and name == "Offering public key":
            self._tried = self._tried or self._fingerprint in value.split(" ")
        elif debug and name == "Server accepts key":
            self._key_accepted = self._fingerprint in value.split(" ")
        elif found := re.fullmatch(r"Authentication succeeded \((\S+)\)\.", debug):
            self._authenticated = found[1]
        elif not debug and re.match(r"Authenticated .*with partial success", line):
            self._partial = True
        elif not debug and (found := re.fullmatch(r'Authenticated to .* using "(\S+)"\.', line)):
            self._authenticated = found[1]
        elif not debug:
            self.other(line + "\n")

    def other(self, text: str) -> None:
        """Take what ssh or the host says elsewhere: banners, and the output of the host's own programs."""
        self._text.append(text)
        if sum(map(len, self._text)) > _KEPT:
            del self._text[:-1]

    def output(self, text: str) -> None:
        """Take a part of what the command on the host has written."""
        self._output = (self._output + text)[-_KEPT:]
        self.other(text)

    def terminal(self, text: str) -> None:
        """Take a part of what the terminal shows: prompts."""
        self._prompt = (self._prompt + text)[-_KEPT:]

    def reply(self) -> bytes | None:
        """Return what to type now that a prompt is there. With None there may be a verdict."""
        prompt, self._prompt = re.sub(r"\([^()\s]+@[^()\s]+\) ", "", self._prompt).strip(), ""
        said = "".join(self._text)
        if self._method not in _PASSWORD_METHODS or self._answer is None:
            if re.search(r"fingerprint|continue connecting", prompt):
                self._verdict = Verdict(LoginResult.HOST_KEY, "the key of the host is not known")
            else:
                self._verdict = Verdict(
                    LoginResult.NETWORK, "something on the way to the host asks a question (a jump host, a key file)"
                )
        elif _EXPIRED_TEXT.search(said):
            self._verdict = Verdict(LoginResult.EXPIRED, "the account has expired or is locked")
        elif self._is_change(prompt) or _MUST_CHANGE_TEXT.search(said):
            self._verdict = Verdict(LoginResult.MUST_CHANGE, "the password must be changed before it can be used")
        elif not self._is_password(prompt):
            self._verdict = Verdict(LoginResult.MFA, "the server asks for something else than a password")
        elif self._tried:
            # The same again, within one method or by the next one.
            self._verdict = Verdict(LoginResult.WRONG, "the server does not accept the password")
        else:
            self._tried = True
            answer, self._answer = self._answer, b""
            return answer
        return None

    def _is_change(self, prompt: str) -> bool:
        if self._method == "password":
            # In the words of ssh itself, whatever the names of host and account are.
            return bool(re.search(r"'s (old|new) password:$", prompt))
        return bool(_CHANGE.search(prompt))

    def _is_password(self, prompt: str) -> bool:
        if self._method == "password":
            return prompt.endswith("'s password:")
        return bool(_PASSWORD.search(prompt)) and not _OTHER_FACTOR.search(prompt)

    def _logged_in(self) -> bool:
        """Return whether the credential has opened the door, and not something else."""
        if self._fingerprint:
            return self._authenticated == "publickey" and self._key_accepted
        return self._tried and self._authenticated in _PASSWORD_METHODS

    def verdict(self, *, in_time: bool) -> Verdict:
        """Return the verdict when ssh has ended, or was ended because it took too long."""
        self.log("\n")
        what = "key" if self._fingerprint else "password"
        said = "".join(self._text)
        must_change = bool(_MUST_CHANGE_TEXT.search(said))
        if self._verdict is not None:
            return self._verdict
        if self.decided and self._fingerprint:
            return Verdict(LoginResult.OK, "the server lets the account in with this key")
        if self.decided:
            return Verdict(LoginResult.OK, "logged in and ran a command")
        if self._authenticated and not self._logged_in():
            return Verdict(LoginResult.NOT_OFFERED, f"the server lets the account in without this {what}")
        if self._authenticated:
            if must_change:
                return Verdict(LoginResult.MUST_CHANGE, "the password is right, but must be changed")
            late = "" if in_time else " in time"
            return Verdict(LoginResult.NO_SHELL, f"the password is right, but no command could be run{late}")
        if self._partial:
            return Verdict(LoginResult.MFA, f"the {what} is right, but the server asks for more")
        if self._method and _EXPIRED_TEXT.search(said):
            return Verdict(LoginResult.EXPIRED, "the account has expired or is locked")
        if self._method and must_change:
            return Verdict(LoginResult.MUST_CHANGE, "the password must be changed before it can be used")
        if self._failed or (self._tried and "Too many authentication failures" in said):
            return Verdict(LoginResult.WRONG, f"the server does not accept the {what}")
        if _HOST_KEY_TEXT.search(said):
            return Verdict(LoginResult.HOST_KEY, "the key of the host is unknown or has changed")
        if not self._tried and self._fingerprint and "publickey" in self._offered:
            # Its agent may have been too slow. That the server refuses the key is not proved by this.
            return Verdict(LoginResult.NETWORK, "the ssh client did not offer the key to the server", sent=False)
        if not self._tried and self._offered and "Permission denied" in said:
            methods = " or ".join(("publickey",) if self._fingerprint else _PASSWORD_METHODS)
            return Verdict(LoginResult.NOT_OFFERED, f"the server does not offer {methods} to this account")
        if _UNUSABLE_OPTIONS.search(said):
            raise ConfigError(
                "the ssh client refuses its options",
                hint="Check ansible_ssh_args, ansible_ssh_common_args, ansible_ssh_extra_args and ssh_config",
            )
        return Verdict(LoginResult.NETWORK, self._why_not_reached(said, in_time=in_time), sent=self._tried)

    def _why_not_reached(self, said: str, *, in_time: bool) -> str:
        if not in_time:
            return "the login took too long"
        if self._tried:
            return "the connection ended without an answer to the login: the server may refuse the account"
        known = (why for text, why in _NETWORK_TEXTS.items() if text in said)
        return next(known, "the connection to the host failed")
