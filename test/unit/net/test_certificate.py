"""What a certificate says of itself."""

from __future__ import annotations

import ipaddress
import random
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from kafka.net.certificate import Certificate, read_certificate

KEY = ec.generate_private_key(ec.SECP256R1())
BEGIN, END = datetime(2020, 1, 2, 3, 4, tzinfo=UTC), datetime(2030, 5, 6, 7, 8, tzinfo=UTC)


def named(**parts: str) -> x509.Name:
    oids = {"cn": x509.NameOID.COMMON_NAME, "o": x509.NameOID.ORGANIZATION_NAME}
    return x509.Name([x509.NameAttribute(oids[key], text) for key, text in parts.items()])


def certificate(
    *names: x509.GeneralName, end: datetime = END, subject: x509.Name | None = None
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(o="Example", cn="broker") if subject is None else subject)
        .issuer_name(named(cn="Test CA"))
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_all_that_helps_is_read() -> None:
    names = (
        x509.DNSName("kafka.example.org"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
        x509.UniformResourceIdentifier("https://example.org"),
    )
    assert read_certificate(certificate(*names)) == Certificate(
        "CN=broker,O=Example", "CN=Test CA", BEGIN, END, ("kafka.example.org", "10.0.0.1", "::1")
    )


def test_it_is_told_in_a_line() -> None:
    assert str(read_certificate(certificate(x509.DNSName("kafka")))) == (
        "certificate of CN=broker,O=Example, issued by CN=Test CA, valid from 2020-01-02 03:04 UTC "
        "to 2030-05-06 07:08 UTC, good for kafka"
    )


def test_certificate_for_no_host_says_so() -> None:
    found = read_certificate(certificate(subject=x509.Name([])))
    assert found.names == ()
    assert str(found).startswith("certificate of nobody, ")
    assert str(found).endswith("good for no name")


def test_many_names_are_counted() -> None:
    names = [x509.DNSName(f"b{number}") for number in range(10)]
    assert str(read_certificate(certificate(*names))).endswith("b6, b7 and 2 more")


@pytest.mark.parametrize("year", [2049, 2050, 2120])
def test_years_are_read_in_both_forms(year: int) -> None:
    end = END.replace(year=year)
    assert read_certificate(certificate(end=end)).not_after == end


def test_control_characters_of_a_name_are_not_repeated() -> None:
    found = read_certificate(certificate(subject=named(cn="a\x1b[31m\nb")))
    assert found.subject == "CN=a?[31m?b"


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x00", b"\x30\x85\x01\x01\x01\x01\x01", b"no certificate"]
)
def test_what_is_no_certificate_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        read_certificate(data)


def test_damaged_certificates_end_in_the_declared_error_only() -> None:
    whole, chance = certificate(x509.DNSName("kafka")), random.Random(1)
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        del damaged[chance.randrange(1, len(damaged) + 1) :]
        with suppress(ValueError):
            read_certificate(bytes(damaged))
