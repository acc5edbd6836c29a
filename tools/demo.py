"""Show the client at work on a real Kafka: ``python -m tools.demo``.

Starts a broker of the newest Apache Kafka on this machine (Java 17 and Maven are needed; the first
run downloads about 45 MB), makes a topic, sends records and reads them back with both faces.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.aio import AsyncKafkaConsumer
from test.support.apache_kafka import NEWEST, KafkaCluster, missing_toolchain

TOPIC = "demo"
PARTITIONS = 3


def main() -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--size", type=int, default=100, help="bytes of a value (%(default)s)")
    options = parser.parse_args()
    if missing := missing_toolchain():
        print(missing, file=sys.stderr)
        return 1
    print(f"starting Apache Kafka {NEWEST} ...", flush=True)
    with KafkaCluster(version=NEWEST) as cluster:
        print(f"broker ready at {', '.join(cluster.bootstrap_servers)}")
        cluster.create_topic(TOPIC, partitions=PARTITIONS)
        sent = produce(cluster.bootstrap_servers, options.records, options.size)
        read = consume(cluster.bootstrap_servers, options.records)
        again = asyncio.run(consume_async(cluster.bootstrap_servers, options.records))
    if not sent == read == again:
        print("what was read is not what was sent", file=sys.stderr)
        return 1
    print("every record came back, twice, exactly as sent")
    return 0


def produce(servers: list[str], count: int, size: int) -> set[bytes]:
    """Send *count* records of *size* bytes and wait until the broker has them all."""
    values = [str(number).encode().rjust(size, b".") for number in range(count)]
    with KafkaProducer(bootstrap_servers=servers, linger_ms=5) as producer:
        start = time.perf_counter()
        futures = [
            producer.send(TOPIC, value, partition=number % PARTITIONS)
            for number, value in enumerate(values)
        ]
        producer.flush()
        report("sent", count, time.perf_counter() - start)
        last = futures[-1].get()
    print(f"  the last one is at {last.topic}-{last.partition}, offset {last.offset}")
    return set(values)


def partitions() -> list[TopicPartition]:
    """Return all partitions of the demo's topic."""
    return [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]


def consume(servers: list[str], count: int) -> set[bytes]:
    """Read *count* records with the blocking client."""
    values: set[bytes] = set()
    with KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions())
        start = time.perf_counter()
        deadline = start + 60
        while len(values) < count and time.perf_counter() < deadline:
            for batch in consumer.poll(timeout_ms=1000, max_records=count).values():
                values.update(record.value or b"" for record in batch)
        report("read", len(values), time.perf_counter() - start)
    return values


async def consume_async(servers: list[str], count: int) -> set[bytes]:
    """Read *count* records with the ``async`` client."""
    values: set[bytes] = set()
    async with AsyncKafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign(partitions())
        start = time.perf_counter()
        async with asyncio.timeout(60):
            async for record in consumer:
                values.add(record.value or b"")
                if len(values) == count:
                    break
        report("read with async for", len(values), time.perf_counter() - start)
    return values


def report(what: str, count: int, seconds: float) -> None:
    """Print how fast something went."""
    print(f"{what} {count:,} records in {seconds:.2f} s: {count / seconds:,.0f} records/s")


if __name__ == "__main__":
    sys.exit(main())
