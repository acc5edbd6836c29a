"""The files of the TLS options: read them, say what is wrong with them, hand them to OpenSSL.

Certificates, keys and lists may be given as PEM text. CPython takes them from files only, so what
was read goes through a file in memory. Where there is no such thing, it goes through one that only
the user can read and that is removed at once. A file of the user is read once: a pipe has nothing
for the second reader, and a file that is replaced meanwhile would be checked in one version and
used in another.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.secret import Secret, is_hidden
from kafka.errors import KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_JAVA_KEYSTORE: Final = b"\xfe\xed\xfe\xed"
_ASN1: Final = b"\x30"
_KEY: Final = "PRIVATE KEY-----"
_BEGIN: Final = b"-----BEGIN "
# No "-" inside: another block that began there would be handed on with it.
_REVOCATIONS: Final = re.compile(rb"-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----\n?")


class PemSource(NamedTuple):
    """What one option names.

    Attributes:
        option: the name of the option.
        path: the path of a file; ``None`` for text, which is never shown.
        content: what the file holds, or the text.
    """

    option: str
    path: str | None
    content: Secret[bytes]

    def __str__(self) -> str:
        """Return option and path, never the text."""
        if self.path is not None:
            return f"{self.option}={self.path!r}"
        content = self.content.reveal()
        kind = "PEM text" if _BEGIN in content else f"{len(content)} bytes that are no path"
        return f"{self.option} ({kind})"

    def has(self, label: str) -> bool:
        """Return whether a PEM block with *label* begins in it."""
        return f"-----BEGIN {label}".encode() in self.content.reveal()

    def has_key(self) -> bool:
        """Return whether there is a private key of any kind in it, in PEM form."""
        content = self.content.reveal()
        return _BEGIN in content and _KEY.encode() in content

    def require(self, label: str, what: str) -> None:
        """Raise `KafkaConfigurationError` if there is no PEM block with *label*."""
        if not self.has(label) and not (label == "CERTIFICATE" and self.has("TRUSTED CERTIFICATE")):
            raise KafkaConfigurationError(f"{self}: holds no {what} in PEM form{self._instead()}")

    def _instead(self) -> str:
        """Return what there is instead, as far as it is easy to see."""
        content = self.content.reveal()
        if content.startswith(_JAVA_KEYSTORE):
            return ", but is a Java keystore; export it with keytool and openssl"
        if content.startswith(_ASN1):
            return ", but seems to be DER or PKCS #12; convert it with openssl"
        begin = content.find(_BEGIN)
        if begin < 0 and self.path is None:
            return "; give the path of a file, or text with its lines -----BEGIN and -----END"
        if begin < 0:
            return " and is empty" if not content.strip() else ""
        label = content[begin + len(_BEGIN) :].partition(b"-----")[0]
        return f", but {label[:40].decode('ascii', 'replace')}"

    def revocations(self) -> PemSource:
        """Return the same source with nothing but the lists of revoked certificates."""
        return self._replace(
            content=Secret(b"\n".join(_REVOCATIONS.findall(self.content.reveal())))
        )

    def first_certificate(self) -> bytes:
        """Return the DER bytes of the first certificate.

        Raises:
            ValueError: there is none.
        """
        text = self.content.reveal().decode("ascii", "replace")
        begin = text.index("-----BEGIN CERTIFICATE-----")
        end = text.index("-----END CERTIFICATE-----", begin)
        return ssl.PEM_cert_to_DER_cert(text[begin:end] + "-----END CERTIFICATE-----")


def pem_source(option: str, value: object) -> PemSource:
    """Return what *option* names with *value*, a path or hidden PEM text.

    Raises:
        KafkaConfigurationError: the file cannot be read.
    """
    if is_hidden(value):
        # What was given as bytes may be anything; it was decoded as a path would be.
        text = str(value.reveal()).encode("utf-8", "surrogateescape")
        return PemSource(option, None, Secret(text))
    path = str(value)
    try:
        return PemSource(option, path, Secret(Path(path).read_bytes()))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    raise KafkaConfigurationError(f"{option}={path!r}: cannot be read: {reason}")


def check_pair(certificate: PemSource, key: PemSource | None) -> None:
    """Raise `KafkaConfigurationError` if there is no private key where one should be."""
    if (key or certificate).has_key():
        return
    if key is None:
        raise KafkaConfigurationError(f"{certificate}: holds no private key: set ssl_keyfile")
    key.require("PRIVATE KEY", "private key")


@contextmanager
def on_disk(source: PemSource) -> Iterator[str]:
    """Give the path of a file with what *source* holds; nothing of it stays behind."""
    descriptor = _memory_file()
    if descriptor is None and source.path is not None and _holds(source.path, source.content):
        yield source.path  # better than a copy of a key on the disk
        return
    if descriptor is None:
        descriptor, path = tempfile.mkstemp(prefix="kafka-")  # for this user only: mode 0600
        kept = path
    else:
        path, kept = f"/proc/self/fd/{descriptor}", None
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(source.content.reveal())
        yield path
    finally:
        os.close(descriptor)
        if kept is not None:
            Path(kept).unlink()


def _holds(path: str, content: Secret[bytes]) -> bool:
    """Return whether a file that can be read once more has *content*."""
    file = Path(path)
    return file.is_file() and Secret(file.read_bytes()) == content


def _memory_file() -> int | None:
    """Return the descriptor of a file that has no name, ``None`` where there is no such thing."""
    make = getattr(os, "memfd_create", None)
    if make is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        descriptor: int = make("kafka")  # closed in children that run another program
    except OSError:  # the system is older than the C library
        return None
    return descriptor
