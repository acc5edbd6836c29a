"""TLS contexts made of options, tried against a server in memory."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kafka.config import SecurityConfig
from kafka.errors import KafkaConfigurationError, KafkaError, TlsError, TlsVerificationError
from kafka.net.tls import Tls, prepare_tls, tls_error
from kafka.testing.broker.security.certificates import CertificateAuthority, CertificateFiles
from test.support.certificates import Authority

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


@pytest.fixture(scope="module")
def stranger() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


@pytest.fixture(scope="module")
def client(authority: CertificateAuthority) -> CertificateFiles:
    return authority.issue("client")


def tls(**options: Any) -> Tls:  # Any: each option has a type of its own
    return prepare_tls(SecurityConfig(security_protocol="SSL", **options))


def shake_hands(
    mine: Tls, server: ssl.SSLContext, host: str = "localhost"
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Return both sides after the handshake; raise what it ends with on the client's side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = mine.context.wrap_bio(to_client, to_server, server_hostname=mine.name_for(host))
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                if side is near:
                    raise
    return near, far


def fault(mine: Tls, server: ssl.SSLContext, host: str = "localhost") -> KafkaError:
    with pytest.raises(ssl.SSLError) as caught:
        # With TLS 1.3, what the server does not like comes with the first read.
        shake_hands(mine, server, host)[0].read(1)
    return tls_error(caught.value, "node 1", mine.name_for(host))


def test_authority_may_be_a_file_text_or_a_list(
    authority: CertificateAuthority, stranger: CertificateAuthority
) -> None:
    text = Path(authority.file).read_text()
    for cafile in (
        authority.file,
        Path(authority.file),
        text,
        text.encode(),
        [stranger.file, text],
        ["system", authority.file],
    ):
        shake_hands(tls(ssl_cafile=cafile), authority.server_context())


def test_named_authority_takes_the_place_of_those_of_the_system(
    authority: CertificateAuthority,
) -> None:
    default = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    default.load_default_certs()
    counts = [
        tls(**options).context.cert_store_stats()["x509"]
        for options in ({}, {"ssl_cafile": authority.file}, {"ssl_cafile": "system"})
    ]
    system = default.cert_store_stats()["x509"]
    assert counts == [system, 1, system]


def test_intermediate_authority_is_trusted_as_a_root_is(tmp_path: Path) -> None:
    intermediate = Authority("Intermediate", Authority("Root"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*intermediate.issue("broker").write(tmp_path, "broker"))
    shake_hands(tls(ssl_cafile=intermediate.pem), server)


def test_broker_of_another_authority_is_described(
    authority: CertificateAuthority, stranger: CertificateAuthority
) -> None:
    error = fault(tls(ssl_cafile=stranger.file), authority.server_context())
    assert type(error) is TlsVerificationError
    text = str(error.args[0])
    assert text.startswith("node 1: the broker's certificate is refused: ")
    for words in ("CN=localhost", "CN=Embedded Cluster CA", "127.0.0.1", "ssl_cafile"):
        assert words in text


def test_name_is_checked_unless_told_otherwise(authority: CertificateAuthority) -> None:
    server = authority.server_context()
    error = fault(tls(ssl_cafile=authority.file), server, "kafka.example.org")
    assert type(error) is TlsVerificationError
    assert "refused for kafka.example.org" in str(error)
    shake_hands(
        tls(ssl_cafile=authority.file, ssl_check_hostname=False), server, "kafka.example.org"
    )
    shake_hands(
        tls(ssl_cafile=authority.file, ssl_server_hostname="localhost"), server, "kafka.example.org"
    )


def asked_name(mine: Tls, authority: CertificateAuthority, host: str) -> str | None:
    names: list[str | None] = []
    server = authority.server_context(hosts=(host.rstrip(".").partition("%")[0],))
    server.sni_callback = lambda _, name, __: names.append(name)
    shake_hands(mine, server, host)
    return names[0]


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("kafka.example.org", "kafka.example.org"),
        ("kafka.example.org.", "kafka.example.org"),
        ("10.0.0.1", None),
        ("::1", None),
        ("fe80::1%eth0", None),
    ],
)
def test_broker_is_asked_for_by_name_but_not_by_address(
    authority: CertificateAuthority, host: str, name: str | None, checks: bool
) -> None:
    mine = tls(ssl_cafile=authority.file, ssl_check_hostname=checks)
    assert asked_name(mine, authority, host) == name


def test_configured_name_is_asked_for(authority: CertificateAuthority) -> None:
    mine = tls(ssl_cafile=authority.file, ssl_server_hostname="localhost")
    assert asked_name(mine, authority, "10.0.0.1") == "localhost"


def test_client_shows_its_certificate(
    authority: CertificateAuthority, client: CertificateFiles
) -> None:
    server = authority.server_context(wants_client_certificate=True)
    key = Path(client.key).read_text()
    chain = Path(client.certificate).read_text()
    for options in (
        {"ssl_certfile": client.certificate, "ssl_keyfile": client.key},
        {"ssl_certfile": chain, "ssl_keyfile": key},
        {"ssl_certfile": client.certificate, "ssl_keyfile": key},
        {"ssl_certfile": chain + key},
    ):
        _, far = shake_hands(tls(ssl_cafile=authority.file, **options), server)
        shown = far.getpeercert()
        assert shown is not None
        assert shown["subject"] == ((("commonName", "client"),),)


def test_client_without_a_certificate_is_told_which_option_to_set(
    authority: CertificateAuthority,
) -> None:
    server = authority.server_context(wants_client_certificate=True)
    error = fault(tls(ssl_cafile=authority.file), server)
    assert type(error) is TlsError
    assert "the broker wants a client certificate: ssl_certfile" in str(error)


@pytest.mark.parametrize(
    ("minimum", "newest_of_server", "agreed"),
    [("TLSv1.2", "TLSv1_2", "TLSv1.2"), ("tlsv1.3", "TLSv1_3", "TLSv1.3")],
)
def test_both_versions_of_tls_are_spoken(
    authority: CertificateAuthority, minimum: str, newest_of_server: str, agreed: str
) -> None:
    server = authority.server_context()
    server.maximum_version = ssl.TLSVersion[newest_of_server]
    near, _ = shake_hands(tls(ssl_cafile=authority.file, ssl_min_version=minimum), server)
    assert near.version() == agreed


def test_server_that_is_too_old_is_named_as_such(authority: CertificateAuthority) -> None:
    server = authority.server_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    error = fault(tls(ssl_cafile=authority.file, ssl_min_version="TLSv1.3"), server)
    assert type(error) is TlsError
    assert "ssl_min_version" in str(error)


def test_ciphers_are_those_of_the_option(authority: CertificateAuthority) -> None:
    server = authority.server_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    name = "ECDHE-ECDSA-AES128-GCM-SHA256"
    near, _ = shake_hands(tls(ssl_cafile=authority.file, ssl_ciphers=name), server)
    cipher = near.cipher()
    assert cipher is not None
    assert cipher[0] == name


def test_given_context_is_used_as_it_is() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made = tls(ssl_context=context)
    assert made.context is context
    assert context.sslobject_class is ssl.SSLObject


# -- revoked ---------------------------------------------------------------------------------


def revocation_list(serial: int, path: Path) -> tuple[Path, str]:
    """Write a list with one certificate, and the authority that signs it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Listing CA")])
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(NOW - DAY)
        .next_update(NOW + DAY)
        .add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(NOW - DAY)
            .build()
        )
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    server = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (path / "ca.pem").write_bytes(own.public_bytes(pem))
    (path / "server.pem").write_bytes(server.public_bytes(pem) + private(key))
    return path, listed.decode()


def private(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        locked = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


@pytest.mark.parametrize("in_file", [True, False])
@pytest.mark.parametrize(("serial", "is_revoked"), [(2, True), (3, False)])
def test_revoked_certificate_is_refused(
    tmp_path: Path, serial: int, is_revoked: bool, in_file: bool
) -> None:
    made, listed = revocation_list(serial, tmp_path)
    if in_file:
        (tmp_path / "crl.pem").write_text(listed)
    crl = tmp_path / "crl.pem" if in_file else listed
    mine = tls(ssl_cafile=made / "ca.pem", ssl_crlfile=crl)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made / "server.pem")
    if is_revoked:
        error = fault(mine, server)
        assert type(error) is TlsVerificationError
        assert "revoked; certificate of nobody, issued by CN=Listing CA" in str(error)
        assert "ssl_crlfile lists it" in str(error)
    else:
        shake_hands(mine, server)


@pytest.mark.parametrize("first", ["certificate", "list"])
def test_certificate_beside_a_list_of_revoked_ones_is_not_trusted(
    tmp_path: Path,
    authority: CertificateAuthority,
    stranger: CertificateAuthority,
    first: str,
) -> None:
    _, listed = revocation_list(3, tmp_path)
    parts = [listed, Path(stranger.file).read_text()]
    crl = "".join(reversed(parts) if first == "certificate" else parts)
    mine = tls(ssl_cafile=authority.file, ssl_crlfile=crl)
    assert mine.context.cert_store_stats() == {"x509": 1, "crl": 1, "x509_ca": 1}
    assert type(fault(mine, stranger.server_context())) is TlsVerificationError


def test_every_list_of_revoked_certificates_is_used(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made, listed = revocation_list(2, tmp_path)
    other = revocation_list(2, tmp_path_factory.mktemp("other"))[1]
    mine = tls(ssl_cafile=made / "ca.pem", ssl_crlfile=f"{other}text\n{listed}")
    assert mine.context.cert_store_stats()["crl"] == 2


# -- the key's password ----------------------------------------------------------------------


@pytest.fixture
def locked(authority: CertificateAuthority, tmp_path: Path) -> dict[str, object]:
    """The options of a certificate whose key has the password "pw"."""
    files = authority.issue("locked")
    key = serialization.load_pem_private_key(Path(files.key).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    (tmp_path / "locked.key").write_bytes(private(key, b"pw"))
    return {"ssl_certfile": files.certificate, "ssl_keyfile": str(tmp_path / "locked.key")}


@pytest.mark.parametrize("password", ["pw", b"pw", lambda: "pw", lambda: b"pw"])
def test_key_is_decrypted_with_the_password(locked: dict[str, object], password: object) -> None:
    tls(**locked, ssl_password=password)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (None, "the key is encrypted, and ssl_password is not set"),
        ("px", "ssl_password is wrong"),
        ("", "ssl_password is wrong"),
        (lambda: b"px", "ssl_password is wrong"),
        (lambda: 7, "ssl_password: the function returned int"),
    ],
)
def test_key_that_stays_locked_is_an_error(
    locked: dict[str, object], password: object, words: str
) -> None:
    with pytest.raises(KafkaConfigurationError, match="ssl_") as caught:
        tls(**locked, ssl_password=password)
    assert words in str(caught.value)
    assert "px" not in str(caught.value)


@pytest.mark.parametrize("password", ["b'pw'", "'pw'"])
def test_password_is_taken_where_text_and_bytes_must_not_be_compared(
    locked: dict[str, object], password: str
) -> None:
    options = ", ".join(f"{name}={value!r}" for name, value in locked.items())
    code = (
        "from kafka.config import SecurityConfig; from kafka.net.tls import prepare_tls;"
        f"prepare_tls(SecurityConfig(security_protocol='SSL', {options}, ssl_password={password}))"
    )
    subprocess.run([sys.executable, "-bb", "-c", code], check=True)


def test_error_of_the_function_is_the_cause(locked: dict[str, object]) -> None:
    def ask() -> str:
        raise LookupError("no vault")

    with pytest.raises(KafkaConfigurationError, match="no vault") as caught:
        tls(**locked, ssl_password=ask)
    assert isinstance(caught.value.__cause__, LookupError)


# -- what is wrong with the options ------------------------------------------------------------

Make = Callable[[Path, CertificateFiles], dict[str, object]]


def junk(path: Path, content: bytes) -> str:
    (path / "junk").write_bytes(content)
    return str(path / "junk")


def other_key(path: Path, _: CertificateFiles) -> str:
    return junk(path, private(ec.generate_private_key(ec.SECP256R1())))


WRONG: dict[str, tuple[Make, str]] = {
    "no-ca-file": (lambda p, c: {"ssl_cafile": str(p / "no")}, "ssl_cafile=.*cannot be read: No "),
    "ca-is-a-folder": (lambda p, c: {"ssl_cafile": str(p)}, "ssl_cafile=.*Is a directory"),
    "ca-is-empty": (
        lambda p, c: {"ssl_cafile": junk(p, b"")},
        "holds no certificate in PEM form and is empty",
    ),
    "ca-is-java": (
        lambda p, c: {"ssl_cafile": junk(p, b"\xfe\xed\xfe\xed\0\0")},
        "ssl_cafile=.*a Java keystore",
    ),
    "ca-is-der": (lambda p, c: {"ssl_cafile": junk(p, b"\x30\x82\0\0")}, "DER or PKCS #12"),
    "ca-is-a-key": (lambda p, c: {"ssl_cafile": c.key}, "ssl_cafile=.*but PRIVATE KEY"),
    "ca-is-damaged": (
        lambda p, c: {"ssl_cafile": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
        r"ssl_cafile \(PEM text\): cannot be used",
    ),
    "one-of-the-list": (
        lambda p, c: {"ssl_cafile": ["system", str(p / "no")]},
        "ssl_cafile=.*cannot be read",
    ),
    "no-certificate-file": (
        lambda p, c: {"ssl_certfile": str(p / "no"), "ssl_keyfile": c.key},
        "ssl_certfile=.*cannot be read",
    ),
    "no-key-file": (
        lambda p, c: {"ssl_certfile": c.certificate, "ssl_keyfile": str(p / "no")},
        "ssl_keyfile=.*cannot be read",
    ),
    "certificate-without-key": (
        lambda p, c: {"ssl_certfile": c.certificate},
        "ssl_certfile=.*holds no private key: set ssl_keyfile",
    ),
    "key-for-certificate": (
        lambda p, c: {"ssl_certfile": c.key, "ssl_keyfile": c.key},
        "ssl_certfile=.*but PRIVATE KEY",
    ),
    "certificate-for-key": (
        lambda p, c: {"ssl_certfile": c.certificate, "ssl_keyfile": c.certificate},
        "ssl_keyfile=.*but CERTIFICATE",
    ),
    "key-of-another": (
        lambda p, c: {"ssl_certfile": c.certificate, "ssl_keyfile": other_key(p, c)},
        "ssl_keyfile=.*the key does not belong to the certificate of ssl_certfile=",
    ),
    "no-crl-file": (lambda p, c: {"ssl_crlfile": str(p / "no")}, "ssl_crlfile=.*cannot be read"),
    "crl-is-a-certificate": (
        lambda p, c: {"ssl_crlfile": c.certificate},
        "ssl_crlfile=.*list of revoked certificates in PEM form, but CERTIFICATE",
    ),
    "crl-is-damaged": (
        lambda p, c: {"ssl_crlfile": "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"},
        r"ssl_crlfile \(PEM text\): cannot be used",
    ),
    "crl-is-cut": (
        lambda p, c: {"ssl_crlfile": "-----BEGIN X509 CRL-----\nAAAA\n"},
        r"ssl_crlfile \(PEM text\): cannot be used",
    ),
    "ciphers": (lambda p, c: {"ssl_ciphers": "NOPE"}, "ssl_ciphers='NOPE'"),
}


@pytest.mark.parametrize("row", WRONG)
def test_wrong_option_is_named(row: str, tmp_path: Path, client: CertificateFiles) -> None:
    make, pattern = WRONG[row]
    with pytest.raises(KafkaConfigurationError, match=pattern):
        tls(**make(tmp_path, client))


def test_context_that_is_none_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"ssl_context must be an ssl\.SSLContext, not str"):
        tls(ssl_context="ca.pem")


@pytest.mark.parametrize(
    ("shift", "words"), [(-30 * DAY, "has expired"), (30 * DAY, "is not valid yet"), (0 * DAY, "")]
)
def test_own_certificate_out_of_time_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, shift: timedelta, words: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + shift - DAY)
        .not_valid_after(NOW + shift + DAY)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "own.pem"
    path.write_bytes(own.public_bytes(serialization.Encoding.PEM) + private(key))
    with caplog.at_level(logging.WARNING), warnings.catch_warnings():
        tls(ssl_certfile=path)
    assert [words in record.getMessage() for record in caplog.records] == [True] * bool(words)
