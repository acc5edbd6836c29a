"""Certificates for tests, good and bad, each with its key.

Job: an authority that signs whatever it is asked to, also what no authority should sign.
Limits: everything is made in memory by `cryptography`; the caller decides what becomes a file.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

#: The names and addresses of a broker of a test.
HERE: Final = ("localhost", "127.0.0.1")
DAY: Final = timedelta(days=1)
SERVER: Final = x509.ExtendedKeyUsageOID.SERVER_AUTH
CLIENT: Final = x509.ExtendedKeyUsageOID.CLIENT_AUTH


class Files(NamedTuple):
    """Where a certificate and its key are."""

    certificate: str
    key: str


class Credential(NamedTuple):
    """A certificate with its key.

    Attributes:
        certificate: of the holder.
        key: of the holder.
        chain: certificates of the authorities between the holder and the root.
    """

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        """The certificate and its chain."""
        return "".join(map(_pem, (self.certificate, *self.chain)))

    def key_pem(self, password: str | None = None) -> str:
        """Return the key in PKCS#8, encrypted if there is a password."""
        encryption: KeySerializationEncryption = NoEncryption()
        if password is not None:
            encryption = BestAvailableEncryption(password.encode())
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()

    def write(self, directory: Path, name: str, password: str | None = None) -> Files:
        """Write certificate and key to two files of *directory*."""
        certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
        certificate.write_text(self.pem)
        key.write_text(self.key_pem(password))
        return Files(str(certificate), str(key))

    def pkcs12(self, password: str) -> bytes:
        """Return all of it as a key store that Java reads."""
        return serialize_key_and_certificates(
            b"broker",
            self.key,
            self.certificate,
            self.chain,
            BestAvailableEncryption(password.encode()),
        )


class Authority:
    """An authority that signs certificates.

    Args:
        name: its common name.
        issuer: the authority above it; without one it signs its own certificate.
    """

    def __init__(self, name: str = "Test CA", issuer: Authority | None = None) -> None:
        self._key = new_key()
        self._name = _name(name)
        #: Its own certificate and those above it, without the root.
        self.chain: tuple[x509.Certificate, ...] = ()
        signer = issuer or self
        builder = _builder(self._name, self._key, -DAY, 2 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        builder = builder.add_extension(_usage(is_authority=True), critical=True)
        self._certificate = signer.sign(builder)
        if issuer is not None:
            self.chain = (self._certificate, *issuer.chain)

    @property
    def pem(self) -> str:
        """Its certificate."""
        return _pem(self._certificate)

    def issue(
        self,
        name: str = "broker",
        hosts: Sequence[str] = HERE,
        *,
        starts: timedelta = -DAY,
        ends: timedelta = DAY,
        key: PrivateKey | None = None,
        purpose: x509.ObjectIdentifier | None = None,
    ) -> Credential:
        """Sign a certificate.

        Args:
            name: common name of the holder.
            hosts: names and addresses it is good for; none for a client.
            starts: when it begins to be valid, from now on.
            ends: when it ends to be valid, from now on.
            key: of the holder; a new one by default.
            purpose: the only one it is good for; by default it is good for all.
        """
        key = key or new_key()
        builder = _builder(_name(name), key, starts, ends)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(_usage(is_authority=False), critical=True)
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return Credential(self.sign(builder), key, self.chain)

    def revocations(self, *revoked: Credential) -> str:
        """Return a list of revoked certificates, signed by this authority."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder(self._name, now - DAY, now + DAY)
        for credential in revoked:
            entry = x509.RevokedCertificateBuilder(credential.certificate.serial_number, now - DAY)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Sign what *builder* says."""
        public = self._key.public_key()
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
        builder = builder.issuer_name(self._name).add_extension(key_id, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def self_signed(name: str = "broker", hosts: Sequence[str] = HERE) -> Credential:
    """Return a certificate that nobody but its holder has signed."""
    key, subject = new_key(), _name(name)
    names = x509.SubjectAlternativeName([_host(host) for host in hosts])
    builder = _builder(subject, key, -DAY, DAY).issuer_name(subject)
    builder = builder.add_extension(names, critical=False)
    return Credential(builder.sign(key, hashes.SHA256()), key)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a good key."""
    return ec.generate_private_key(ec.SECP256R1())


def weak_key() -> rsa.RSAPrivateKey:
    """Return a key that is too short for OpenSSL's security level 2."""
    return rsa.generate_private_key(65537, 1024)


def _builder(
    subject: x509.Name, key: PrivateKey, starts: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=not is_authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
