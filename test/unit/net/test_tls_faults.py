"""What OpenSSL's words mean for the user."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kafka.net.certificate import Certificate
from kafka.net.tls_faults import NOT_TLS, Refused, handshake_fault

DAY = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", NOT_TLS),
        ("HTTP_REQUEST", NOT_TLS),
        ("RECORD_LAYER_FAILURE", NOT_TLS),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a client certificate: ssl_certfile"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "refuses the certificate of ssl_certfile"),
        ("SSLV3_ALERT_CERTIFICATE_UNKNOWN", "refuses the certificate of ssl_certfile"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "ssl_certfile has expired"),
        ("SSLV3_ALERT_CERTIFICATE_REVOKED", "ssl_certfile was revoked"),
        ("TLSV1_ALERT_UNKNOWN_CA", "does not trust the authority that signed ssl_certfile"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "protocol version: no version of TLS in common"),
        ("TLSV1_ALERT_INSUFFICIENT_SECURITY", "ssl_ciphers"),
        ("TLSV1_ALERT_INTERNAL_ERROR", "see its log"),
        ("TLSV1_UNRECOGNIZED_NAME", "ssl_server_hostname"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "no cipher or version of TLS in common"),
        ("UNSUPPORTED_PROTOCOL", "ssl_min_version"),
        ("NO_SHARED_CIPHER", "ssl_ciphers"),
        ("EE_KEY_TOO_SMALL", "too weak"),
    ],
)
def test_fault_of_a_handshake_is_explained(reason: str, words: str) -> None:
    assert words in handshake_fault(reason, "the text")


@pytest.mark.parametrize("reason", [None, "SOMETHING_NEW"])
def test_unknown_fault_is_told_in_the_words_of_openssl(reason: str | None) -> None:
    assert handshake_fault(reason, "the text") == "TLS failed: the text"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (3, "ssl_crlfile has no list"),
        (9, "clock"),
        (10, "new certificate"),
        (12, "ssl_crlfile is out of date"),
        (18, "signed by itself: ssl_cafile"),
        (19, "ssl_cafile"),
        (20, "leaves out the certificates between"),
        (23, "ssl_crlfile lists it"),
        (62, "ssl_check_hostname=False"),
        (64, "ssl_server_hostname"),
        (66, "ssl_ciphers"),
    ],
)
def test_refused_certificate_comes_with_advice(code: int, advice: str) -> None:
    assert advice in str(Refused(code, "why", "kafka", None))


def test_refused_certificate_is_described() -> None:
    shown = Certificate("CN=a", "CN=ca", DAY, DAY, ("a",))
    text = str(Refused(10, "certificate has expired", "kafka", shown))
    assert text.startswith("the broker's certificate is refused: certificate has expired; ")
    assert str(shown) in text


@pytest.mark.parametrize(("name", "words"), [("kafka", "refused for kafka: why"), (None, ": why")])
def test_name_is_told_where_it_is_the_fault(name: str | None, words: str) -> None:
    assert words in str(Refused(62, "why.", name, None))


def test_unknown_code_needs_no_advice() -> None:
    assert str(Refused(4711, "why", None, None)) == "the broker's certificate is refused: why"
