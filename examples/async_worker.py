"""An async worker that stops gracefully: on SIGTERM it finishes its record, commits and leaves.

python examples/async_worker.py localhost:9092
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import WakeupError

if TYPE_CHECKING:
    from kafka.structs import ConsumerRecord

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"


async def handle(record: ConsumerRecord, producer: AsyncKafkaProducer) -> None:
    """Work on one record, and send what comes of it."""
    await asyncio.sleep(0.01)  # a call of another service
    await (await producer.send("results", record.value.upper(), key=record.key))
    print("done with", record.value, flush=True)


async def main() -> None:
    """Work until somebody sends SIGTERM or SIGINT."""
    async with (
        AsyncKafkaProducer(bootstrap_servers=SERVERS) as producer,
        AsyncKafkaConsumer(
            "jobs",
            bootstrap_servers=SERVERS,
            group_id="workers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        ) as consumer,
    ):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, consumer.wakeup)
        print("ready", flush=True)
        with contextlib.suppress(WakeupError):
            async for record in consumer:
                await handle(record, producer)
                await consumer.commit()
        # The signal ends the call that waits, which may have been the commit of the last record.
        await consumer.commit()
    print("stopped", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
