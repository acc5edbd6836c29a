"""A throw-away certificate authority for TLS listeners; needs the `cryptography` package.

Keys are made for the process and never leave a private directory, which `close` removes.
"""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from types import TracebackType

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_LIFETIME = timedelta(days=2)
_HOSTS = ("localhost", "127.0.0.1", "::1")


class CertificateFiles(NamedTuple):
    """A certificate and its key, in PEM files."""

    certificate: str
    key: str


class CertificateAuthority:
    """A private certificate authority, for a server on this machine and for its clients.

    Attributes:
        file: its certificate, as a PEM file for clients to trust.

    Raises:
        ImportError: `cryptography` is not installed.
    """

    def __init__(self) -> None:
        self._key = _new_key()
        self._directory = tempfile.TemporaryDirectory(prefix="kafka-ca-")
        self._name = _subject("Embedded Cluster CA")
        self._count = 0
        own = self._signed(self._name, self._key, hosts=(), is_authority=True)
        self.file = str(self._write("ca.pem", _pem(own)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()

    def issue(self, common_name: str, *hosts: str) -> CertificateFiles:
        """Make a certificate for a client, or for a server at *hosts*, and return its files."""
        key = _new_key()
        certificate = self._signed(_subject(common_name), key, hosts=hosts, is_authority=False)
        self._count += 1
        return CertificateFiles(
            str(self._write(f"{self._count}.pem", _pem(certificate))),
            str(self._write(f"{self._count}.key", _key_pem(key))),
        )

    def server_context(
        self, *, wants_client_certificate: bool = False, hosts: tuple[str, ...] = ()
    ) -> ssl.SSLContext:
        """Return a context for a listener on this machine.

        Args:
            wants_client_certificate: refuse clients that have none of this authority.
            hosts: names and addresses of the server, in addition to localhost.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        names = dict.fromkeys((*_HOSTS, *hosts))
        context.load_cert_chain(*self.issue("localhost", *names))
        if wants_client_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context

    def client_context(self, common_name: str | None = None) -> ssl.SSLContext:
        """Return a context that trusts this authority, with a certificate for *common_name*."""
        context = ssl.create_default_context(cafile=self.file)
        if common_name is not None:
            context.load_cert_chain(*self.issue(common_name))
        return context

    def _write(self, name: str, content: bytes) -> Path:
        path = Path(self._directory.name, name)
        path.write_bytes(content)
        return path

    def _signed(
        self,
        subject: x509.Name,
        key: EllipticCurvePrivateKey,
        *,
        hosts: tuple[str, ...],
        is_authority: bool,
    ) -> x509.Certificate:
        from cryptography import x509  # noqa: PLC0415 - optional
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - optional

        now = datetime.now(UTC)
        authority_key = self._key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFETIME)
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), False)
            .add_extension(_usage(is_authority=is_authority), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _new_key() -> EllipticCurvePrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - optional
    except ImportError as exc:
        raise ImportError(
            "certificates for tests need a package: pip install cryptography"
        ) from exc
    return ec.generate_private_key(ec.SECP256R1())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    from cryptography import x509  # noqa: PLC0415 - optional

    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(common_name: str) -> x509.Name:
    from cryptography import x509  # noqa: PLC0415 - optional

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    from cryptography import x509  # noqa: PLC0415 - optional

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - optional

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - optional
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
