# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the TLS context: TLS 1.2 or newer, and no trust but in what the settings name.

requests would take the CAs of its own bundle or of the environment, and wants client certificates in files.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import typing as t

from ..errors import ConfigError
from ..pem import is_pem
from ..redaction import SecretStr
from ..settings.options import FROM_ENVIRONMENT
from ..settings.settings import Settings
from .deadline import TlsSocket


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return the context for the server of ``settings``. Raises ConfigError, which names the option.

    It checks the host name, trusts only the store that the settings name, and has their client certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = TlsSocket
    # Gateways with several protocols at one port go by this.
    context.set_alpn_protocols(["http/1.1"])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _load_trusted(context, settings.ca_path)
    if settings.client_cert:
        with (
            _naming("client_cert", "Give PEM files or text, also in client_key; the key must have no passphrase"),
            _file_of(settings.client_cert) as certificate,
            _file_of(settings.client_key) as key,
        ):
            # Without the callback OpenSSL would ask for a passphrase on the terminal.
            context.load_cert_chain(t.cast(str, certificate), key, password=lambda: b"")
    return context


def listening_context(certificate: str, key: str | None, client_ca: str | None) -> ssl.SSLContext:
    """Return the context for a socket that listens. Raises ConfigError, which names the option.

    :param certificate: path of a PEM file with the certificates of this side, and its key unless ``key`` names it
    :param client_ca: path of the CA certificates of senders, which must show a certificate then; None: any sender
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with _naming("tls_cert", "Give PEM files, also in tls_key; the key must have no passphrase"):
        context.load_cert_chain(certificate, key, password=lambda: b"")
    if client_ca:
        with _naming("tls_client_ca", "Give a file with CA certificates in PEM form"):
            context.load_verify_locations(cafile=client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load_trusted(context: ssl.SSLContext, ca_path: str | None) -> None:
    if ca_path == FROM_ENVIRONMENT:
        ca_path = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if ca_path:
        with _naming("ca_path", "Give a file or directory with CA certificates in PEM form, or the PEM text"):
            kind = "cadata" if is_pem(ca_path) else "capath" if os.path.isdir(ca_path) else "cafile"
            context.load_verify_locations(**{kind: ca_path})
        return
    # Not load_default_certs(): SSL_CERT_FILE and SSL_CERT_DIR in the environment would replace the system's store.
    defaults = ssl.get_default_verify_paths()
    cafile = defaults.openssl_cafile if os.path.isfile(defaults.openssl_cafile) else None
    capath = defaults.openssl_capath if os.path.isdir(defaults.openssl_capath) else None
    if not cafile and not capath:
        # Comes with requests. Imported here, because few systems are without a store.
        import certifi

        cafile = certifi.where()
    context.load_verify_locations(cafile=cafile, capath=capath)


@contextlib.contextmanager
def _naming(option: str, hint: str) -> t.Iterator[None]:
    """Turn what OpenSSL says of a file into a ConfigError that names the option."""
    try:
        yield
    except (OSError, ValueError, TypeError) as exc:
        reason = exc.strerror if isinstance(exc, FileNotFoundError) else "it must be a usable PEM file or text"
        error = ConfigError(f"{option} cannot be loaded: {reason}", hint=hint)
        raise error.with_context(option=option) from None


@contextlib.contextmanager
def _file_of(option: SecretStr | None) -> t.Iterator[str | None]:
    """Give a path to what OpenSSL takes from files only. PEM text is there meanwhile, for this user alone."""
    value = option.reveal() if option else None
    if value is None or not is_pem(value):
        yield value
        return
    with contextlib.ExitStack() as stack:
        yield _in_memory(value.encode(), stack) or _on_disk(value.encode(), stack)


def _in_memory(data: bytes, stack: contextlib.ExitStack) -> str | None:
    """Return a path into the memory of this process, or None on systems without one (macOS, or no /proc)."""
    try:
        descriptor = os.memfd_create("senhasegura-pem", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        return None
    stack.callback(os.close, descriptor)
    path = f"/proc/self/fd/{descriptor}"
    _write(descriptor, data)
    return path if os.path.exists(path) else None


def _on_disk(data: bytes, stack: contextlib.ExitStack) -> str:
    """Write a file that only this user can read, in a folder of its own. The ``stack`` removes both."""
    # Imported here, because it takes long and hardly any run needs it.
    import tempfile

    path = os.path.join(stack.enter_context(tempfile.TemporaryDirectory(prefix="senhasegura-")), "pem")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write(descriptor, data)
    finally:
        os.close(descriptor)
    return path


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
