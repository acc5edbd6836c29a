"""Two async members of a group, and one that leaves: ``group_async_workers.py SERVERS``."""

import asyncio
import sys
from collections import Counter

from kafka import AsyncConsumerRebalanceListener, TopicPartition
from kafka.aio import AsyncKafkaConsumer


class CommitFirst(AsyncConsumerRebalanceListener):
    """Commits what was done before others go on."""

    def __init__(self, consumer: AsyncKafkaConsumer) -> None:
        self.consumer = consumer

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Look where it begins."""
        for partition in assigned:
            assert await self.consumer.position(partition) is not None

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Commit by hand."""
        await self.consumer.commit()


async def work(servers: str, seen: Counter[bytes], stopping: asyncio.Event) -> None:
    """Count what one member gets, until *stopping* is set."""
    consumer = AsyncKafkaConsumer(
        bootstrap_servers=servers,
        group_id="workers",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        heartbeat_interval_ms=500,
    )
    await consumer.start()
    try:
        consumer.subscribe(["tasks"], listener=CommitFirst(consumer))
        commits = []
        while not stopping.is_set():
            for records in (await consumer.getmany(timeout_ms=200, max_records=5)).values():
                for record in records:
                    seen[record.value] += 1
                    await asyncio.sleep(0.005)
            commits.append(consumer.commit_async())
        await asyncio.gather(*commits)
    finally:
        await consumer.stop()


async def main(servers: str) -> None:
    """Have a second member come, and the first one go."""
    seen: Counter[bytes] = Counter()

    async def until(number: int) -> None:
        async with asyncio.timeout(60):
            while len(seen) < number:  # noqa: ASYNC110 - as users write it
                await asyncio.sleep(0.01)

    stop_first, stop_second = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(work(servers, seen, stop_first))
        await until(100)
        tasks.create_task(work(servers, seen, stop_second))
        await until(300)
        stop_first.set()
        await first
        await until(600)
        stop_second.set()
    print(len(seen), "tasks done,", max(seen.values()), "time each")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
