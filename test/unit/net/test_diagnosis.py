"""Guesses about peers that are no Kafka brokers."""

from __future__ import annotations

import pytest

from kafka.errors import KafkaConnectionError, UnsupportedVersionError
from kafka.net.diagnosis import Stage, guess_peer, handshake_error


@pytest.mark.parametrize(
    ("head", "port", "hung_up", "words"),
    [
        (b"HTTP/1.1", 80, True, "HTTP server"),
        (b"\x15\x03\x03\x00\x02\x02\x50", 9093, True, "speaks TLS"),
        (b"\x16\x03\x01", 9093, False, "speaks TLS"),
        (b"", 2181, True, "ZooKeeper"),
        (b"", 9092, True, "hangs up"),
    ],
)
def test_peer_is_recognised(head: bytes, port: int, hung_up: bool, words: str) -> None:
    assert words in (guess_peer(head, port, hung_up=hung_up) or "")


def test_kafka_broker_needs_no_hint() -> None:
    assert guess_peer(b"\0\0\0\x20\0\0\0\0", 9092, hung_up=False) is None


def test_failed_handshake_names_the_connection_and_the_guess() -> None:
    error = handshake_error(
        KafkaConnectionError("node 1 kafka:1: reset"), "node 1 kafka:1", head=b"HTTP/1.1", port=80
    )
    assert error.stage is Stage.API_VERSIONS
    assert str(error.args[0]) == (
        "node 1 kafka:1: reset (an HTTP server answers there, not a Kafka broker)"
    )


def test_failed_handshake_without_a_guess_gives_the_error_alone() -> None:
    refused = UnsupportedVersionError("the broker refuses ApiVersions 0")
    error = handshake_error(refused, "node 1 kafka:9092", head=b"", port=9092)
    assert error.args[0] == f"node 1 kafka:9092: {refused}"
