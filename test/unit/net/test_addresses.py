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


def test_a_name_is_not_found_while_there_is_no_thread_to_look_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolver = ThreadResolver("kafka-no-thread")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(KafkaConnectionError, match=r"localhost.*no thread"):
            asyncio.run(resolver.resolve("localhost", 9092))
    assert asyncio.run(resolver.resolve("localhost", 9092))
    resolver.close()


def test_address_is_written_with_brackets_if_it_needs_them() -> None:
    assert str(Address("::1", 9092)) == "[::1]:9092"


def test_canonical_names_are_looked_up_on_the_thread() -> None:
    resolver = ThreadResolver("kafka-canonical")
    try:
        assert asyncio.run(resolver.canonical_names("127.0.0.1"))
    finally:
        resolver.close()


def test_lookup_that_hangs_does_not_hold_up_the_others() -> None:
    release = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host == "hangs":
            release.wait(10)
        return ["10.0.0.1"]

    async def story() -> list[Address]:
        hanging = asyncio.ensure_future(resolver.resolve("hangs", 1))
        await asyncio.sleep(0)
        found = await resolver.resolve("kafka", 9092)
        assert not hanging.done()
        release.set()
        await hanging
        return found

    resolver = ThreadResolver("kafka-hanging", lookup)
    try:
        assert asyncio.run(story()) == [Address("10.0.0.1", 9092)]
    finally:
        resolver.close()


def test_lookups_one_after_the_other_share_a_thread() -> None:
    resolver = ThreadResolver("kafka-shared", lambda host, port: [threading.current_thread().name])

    async def story() -> None:
        for _ in range(3):
            await resolver.resolve("kafka", 1)

    try:
        asyncio.run(story())
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("kafka-shared") == 1
    finally:
        resolver.close()
