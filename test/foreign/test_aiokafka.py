"""aiokafka against the embedded cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest

aiokafka = pytest.importorskip(
    "aiokafka", reason="aiokafka is not installed: tox -e foreign installs it"
)
from aiokafka import (  # noqa: E402 - after the check
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # noqa: E402 - the same

PATIENCE = 100.0


def tell(story: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(story, PATIENCE))


async def read(consumer: AIOKafkaConsumer, count: int) -> list[bytes]:
    return [(await consumer.getone()).value for _ in range(count)]


@pytest.mark.parametrize("codec", [None, "gzip"])
def test_records_go_there_and_back(servers: str, codec: str | None) -> None:
    async def story() -> None:
        async with AIOKafkaProducer(bootstrap_servers=servers, compression_type=codec) as producer:
            for number in range(100):
                await producer.send("t", b"%d" % number, key=b"k", headers=[("h", b"x")])
        async with AIOKafkaConsumer(
            "t", bootstrap_servers=servers, auto_offset_reset="earliest"
        ) as consumer:
            assert await read(consumer, 100) == [b"%d" % number for number in range(100)]

    tell(story())


def test_two_members_share_a_group(servers: str) -> None:
    def member() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            "t", bootstrap_servers=servers, group_id="g", heartbeat_interval_ms=100
        )

    async def divided(*wanted: tuple[AIOKafkaConsumer, int]) -> None:
        while any(len(found.assignment()) != count for found, count in wanted):
            for found, _ in wanted:
                await found.getmany(timeout_ms=20)

    async def story() -> None:
        async with member() as first:
            await divided((first, 4))
            async with member() as second:
                await divided((first, 2), (second, 2))
            await divided((first, 4))
            await first.commit({TopicPartition("t", 0): 7})
            assert await first.committed(TopicPartition("t", 0)) == 7

    tell(story())


def test_only_committed_transactions_are_read(servers: str) -> None:
    async def story() -> None:
        async with AIOKafkaProducer(bootstrap_servers=servers, transactional_id="tx") as producer:
            for number, commit in enumerate((True, False, True)):
                await producer.begin_transaction()
                await producer.send_and_wait("t", b"%d" % number, partition=0)
                if commit:
                    await producer.commit_transaction()
                else:
                    await producer.abort_transaction()
        async with AIOKafkaConsumer(
            bootstrap_servers=servers,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        ) as consumer:
            consumer.assign([TopicPartition("t", 0)])
            assert await read(consumer, 2) == [b"0", b"2"]

    tell(story())


def test_topics_are_created_and_deleted(servers: str) -> None:
    async def story() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        try:
            await admin.create_topics([NewTopic("made", 2, 1)])
            (found,) = await admin.describe_topics(["made"])
            assert len(found["partitions"]) == 2
            await admin.delete_topics(["made"])
            assert await admin.list_topics() == ["t"]
        finally:
            await admin.close()

    tell(story())
