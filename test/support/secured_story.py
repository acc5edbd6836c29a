"""Records that go and come over a way that is secured, and admin calls, with both faces."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaAdminClient, AsyncKafkaConsumer, AsyncKafkaProducer

if TYPE_CHECKING:
    from test.support.security_options import Options

COUNT = 20


# Any: options of every type.
def _reading(topic: str, isolation: str = "read_uncommitted") -> dict[str, Any]:
    return {
        "group_id": f"group-of-{topic}",
        "isolation_level": isolation,
        "auto_offset_reset": "earliest",
        "consumer_timeout_ms": 100_000,
    }


def values(first: int) -> list[bytes]:
    """Return `COUNT` values from *first* on."""
    return [b"%d" % number for number in range(first, first + COUNT)]


def send(options: Options, topic: str, first: int) -> None:
    """Send `values` with the blocking producer."""
    with KafkaProducer(**options) as producer:
        for future in [producer.send(topic, value) for value in values(first)]:
            future.get(30)


def send_in_transactions(options: Options, topic: str, first: int) -> None:
    """Send `values` in a transaction of the blocking producer, after one that is aborted."""
    with KafkaProducer(**options, transactional_id=topic) as producer:
        producer.init_transactions()
        for commits in (False, True):
            producer.begin_transaction()
            for value in values(first):
                producer.send(topic, value)
            producer.commit_transaction() if commits else producer.abort_transaction()


def read(options: Options, topic: str, **more: str) -> list[bytes]:
    """Read the next `COUNT` values as a member of the topic's group, and commit."""
    with KafkaConsumer(topic, **options, **_reading(topic, **more)) as consumer:
        found = [next(consumer).value for _ in range(COUNT)]
        consumer.commit()
    return found


def send_async(options: Options, topic: str, first: int) -> None:
    """Send `values` with the async producer."""

    async def story() -> None:
        async with AsyncKafkaProducer(**options) as producer:
            for future in [await producer.send(topic, value) for value in values(first)]:
                await future

    asyncio.run(story())


def send_in_transactions_async(options: Options, topic: str, first: int) -> None:
    """Send as `send_in_transactions` does, with the async producer."""

    async def story() -> None:
        async with AsyncKafkaProducer(**options, transactional_id=topic) as producer:
            await producer.init_transactions()
            for commits in (False, True):
                await producer.begin_transaction()
                for value in values(first):
                    await producer.send(topic, value)
                await (producer.commit_transaction if commits else producer.abort_transaction)()

    asyncio.run(story())


def read_async(options: Options, topic: str, **more: str) -> list[bytes]:
    """Read as `read` does, with the async consumer."""

    async def story() -> list[bytes]:
        async with AsyncKafkaConsumer(topic, **options, **_reading(topic, **more)) as consumer:
            found = [(await anext(consumer)).value for _ in range(COUNT)]
            await consumer.commit()
        return found

    return asyncio.run(story())


def go_and_come(options: Options, topic: str) -> None:
    """Have each face send and read; the second reader goes on where the first has committed.

    Raises:
        AssertionError: something else was read than what was sent.
    """
    send(options, topic, 0)
    assert read_async(options, topic) == values(0)
    send_async(options, topic, COUNT)
    assert read(options, topic) == values(COUNT)


def go_and_come_in_transactions(options: Options, topic: str) -> None:
    """Have each face send in transactions, and read what was committed.

    Raises:
        AssertionError: something else was read.
    """
    send_in_transactions(options, topic, 2 * COUNT)
    assert read_async(options, topic, isolation="read_committed") == values(2 * COUNT)
    send_in_transactions_async(options, topic, 3 * COUNT)
    assert read(options, topic, isolation="read_committed") == values(3 * COUNT)


def make_and_delete(options: Options, topic: str) -> None:
    """Have the blocking admin client create a topic, and the async one describe and delete it.

    Raises:
        AssertionError: it is not there, or stays.
    """
    with KafkaAdminClient(**options) as admin:
        admin.create_topics([topic], wait_for_metadata=True)

    async def story() -> None:
        async with AsyncKafkaAdminClient(**options) as admin:
            (found,) = await admin.describe_topics([topic])
            assert (found["name"], len(found["partitions"])) == (topic, 1)
            await admin.delete_topics([topic], wait_for_metadata=True)
            assert topic not in await admin.list_topics()

    asyncio.run(story())
