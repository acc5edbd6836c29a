"""Guesses about peers that are no Kafka brokers."""

from __future__ import annotations

import pytest

from kafka.net.hints import hint


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
    assert words in (hint(head, port, hung_up=hung_up) or "")


def test_kafka_broker_needs_no_hint() -> None:
    assert hint(b"\0\0\0\x20\0\0\0\0", 9092, hung_up=False) is None
