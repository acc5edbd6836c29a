"""Guesses about peers that are no Kafka brokers, and what an error says about the next attempt."""

from __future__ import annotations

import pytest

from kafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    RequestTimedOutError,
    SaslAuthenticationFailedError,
    TlsError,
    TlsVerificationError,
    UnsupportedSaslMechanismError,
    UnsupportedVersionError,
)
from kafka.net.diagnosis import (
    Ending,
    Stage,
    StageError,
    again,
    ending_of,
    guess_at_hang_up,
    guess_at_refused_metadata,
    guess_foreigner,
    handshake_error,
    stage_of,
)

ALERT = b"\x15\x03\x03\x00\x02\x02\x50"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"HTTP/1.1", "HTTP server"),
        (ALERT, "speaks TLS; security_protocol is PLAINTEXT"),
        (b"\x16\x03\x01", "speaks TLS"),
    ],
)
def test_peer_that_speaks_something_else_is_recognised(head: bytes, words: str) -> None:
    assert words in (guess_foreigner(head, "PLAINTEXT") or "")


@pytest.mark.parametrize("head", [b"", b"\0\0\0\x20\0\0\0\0", b"\x15"])
def test_kafka_broker_needs_no_hint(head: bytes) -> None:
    assert guess_foreigner(head, "PLAINTEXT") is None


@pytest.mark.parametrize(
    ("port", "protocol", "words"),
    [
        (2181, "PLAINTEXT", "ZooKeeper"),
        (9092, "PLAINTEXT", "a TLS or SASL listener (security_protocol is PLAINTEXT)"),
        (2181, "SSL", "wants a client certificate (ssl_certfile)"),
        (9093, "SASL_SSL", "wants a client certificate"),
    ],
)
def test_hang_up_is_explained(port: int, protocol: str, words: str) -> None:
    assert words in guess_at_hang_up(port, protocol)


@pytest.mark.parametrize(
    ("protocol", "words"),
    [("PLAINTEXT", "require SASL"), ("SSL", "security_protocol is SSL"), ("SASL_SSL", "None")],
)
def test_hang_up_on_metadata_may_ask_for_sasl(protocol: str, words: str) -> None:
    assert words in str(guess_at_refused_metadata(protocol))


def test_failed_handshake_names_the_connection_and_the_guess() -> None:
    error = handshake_error(
        KafkaConnectionError("node 1 kafka:1: reset"),
        "node 1 kafka:1",
        head=b"HTTP/1.1",
        port=80,
        protocol="PLAINTEXT",
    )
    assert (error.stage, error.ending) == (Stage.API_VERSIONS, Ending.PROVED)
    assert str(error.args[0]) == (
        "node 1 kafka:1: reset (an HTTP server answers there, not a Kafka broker)"
    )


def test_failed_handshake_without_a_guess_gives_the_error_alone() -> None:
    refused = UnsupportedVersionError("the broker refuses ApiVersions 0")
    error = handshake_error(refused, "node 1 kafka:9092", head=b"", port=9092, protocol="PLAINTEXT")
    assert error.args[0] == f"node 1 kafka:9092: {refused}"
    assert error.ending is Ending.PROVED


def test_hang_ups_of_a_handshake_are_counted() -> None:
    error = handshake_error(
        KafkaConnectionError("kafka:1: closed"),
        "kafka:1",
        head=b"",
        port=9092,
        protocol="PLAINTEXT",
        hang_ups=2,
    )
    assert (error.ending, error.hang_ups) == (Ending.HUNG_UP, 2)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (TlsError("x"), Ending.PROVED),
        (TlsVerificationError("x"), Ending.PROVED),
        (SaslAuthenticationFailedError("x"), Ending.PROVED),
        (UnsupportedSaslMechanismError("x"), Ending.PROVED),
        (IllegalSaslStateError("x"), Ending.PROVED),
        (UnsupportedVersionError("x"), Ending.PROVED),
        (KafkaConnectionError("x"), Ending.HUNG_UP),
        (StageError("x", Stage.TCP), Ending.OTHER),
        (StageError("x", Stage.TLS, Ending.SILENT), Ending.SILENT),
        (RequestTimedOutError("x"), Ending.OTHER),
        (KafkaProtocolError("x"), Ending.OTHER),
    ],
)
def test_error_says_whether_the_next_attempt_will_end_so(error: KafkaError, ending: Ending) -> None:
    assert ending_of(error) is ending


@pytest.mark.parametrize(
    ("error", "stage"),
    [
        (TlsError("x"), Stage.TLS),
        (SaslAuthenticationFailedError("x"), Stage.SASL),
        (StageError("x", Stage.API_VERSIONS), Stage.API_VERSIONS),
        (RequestTimedOutError("x"), Stage.METADATA),
    ],
)
def test_error_names_its_stage(error: KafkaError, stage: Stage) -> None:
    assert stage_of(error, Stage.METADATA) is stage


def test_refusal_that_is_told_again_says_when_the_next_attempt_is_due() -> None:
    error = TlsVerificationError("node 1: expired")
    repeated = again(error, 12.34)
    assert type(repeated) is TlsVerificationError
    assert repeated.args[0] == "node 1: expired; the next attempt is due in 12.3 s"
    assert repeated.__cause__ is error
