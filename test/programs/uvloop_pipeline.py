"""A producer and a consumer on uvloop: ``uvloop_pipeline.py SERVERS``."""

import asyncio
import sys

import uvloop

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer

COUNT = 2000


async def write(servers: str) -> None:
    """Send numbers."""
    async with AsyncKafkaProducer(bootstrap_servers=servers, linger_ms=5) as producer:
        for number in range(COUNT):
            await producer.send("numbers", b"%d" % number)


async def double(servers: str) -> None:
    """Read numbers, and send twice as much."""
    async with (
        AsyncKafkaConsumer(
            "numbers", bootstrap_servers=servers, auto_offset_reset="earliest"
        ) as consumer,
        AsyncKafkaProducer(bootstrap_servers=servers) as producer,
    ):
        for _ in range(COUNT):
            record = await consumer.getone()
            delivery = await producer.send("doubles", b"%d" % (2 * int(record.value)))
        await delivery


async def main() -> None:
    """Do both at a time."""
    servers = sys.argv[1]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write(servers))
        tasks.create_task(double(servers))
    print("doubled on", type(asyncio.get_running_loop()).__module__)


if __name__ == "__main__":
    uvloop.run(main())
