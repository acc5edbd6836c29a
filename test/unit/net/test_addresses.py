"""Names to addresses, on a thread of one's own."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kafka.errors import KafkaConnectionError
from kafka.net.addresses import ThreadResolver
from kafka.net.node_states import Address


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
def test_address_needs_no_thread(host: str) -> None:
    resolver = ThreadResolver("kafka-literal")
    assert asyncio.run(resolver.resolve(host, 9092)) == [Address(host, 9092)]
    assert "kafka-literal" not in [thread.name for thread in threading.enumerate()]


def test_name_is_looked_up_on_a_daemon_thread_that_close_ends() -> None:
    resolver = ThreadResolver("kafka-lookup")
    found = asyncio.run(resolver.resolve("localhost", 9092))
    assert Address("127.0.0.1", 9092) in found or Address("::1", 9092) in found
    thread = next(t for t in threading.enumerate() if t.name == "kafka-lookup")
    assert thread.daemon
    resolver.close()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "bad..name"])
def test_name_that_does_not_resolve_is_named(host: str) -> None:
    resolver = ThreadResolver("kafka-missing")
    try:
        with pytest.raises(KafkaConnectionError, match=host[:20]):
            asyncio.run(resolver.resolve(host, 9092))
    finally:
        resolver.close()


def test_address_is_written_with_brackets_if_it_needs_them() -> None:
    assert str(Address("::1", 9092)) == "[::1]:9092"


def test_canonical_names_are_looked_up_on_the_thread() -> None:
    resolver = ThreadResolver("kafka-canonical")
    try:
        assert asyncio.run(resolver.canonical_names("127.0.0.1"))
    finally:
        resolver.close()
