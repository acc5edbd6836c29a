"""The embedded cluster beside librdkafka's mock cluster, with the same client on both.

librdkafka's ``test.mock.num.brokers`` starts brokers written in C inside a client; another client
in another process uses their address. What is compared is the broker, so client, records and
machine are the same, and the rounds alternate. A Fetch that waits for a record is no row: the mock
cluster answers it only when the time is over that it may wait. The mock cluster keeps 5 MB of each
partition, so more than 20 MB in all cannot be read back.

    python -m test.bench.embedded_broker --rounds 5 --count 100000 --size 100
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, Producer, TopicPartition

from test.bench.brokers import mock_cluster, printing_process

TOPIC = "bench"
PARTITIONS = 4
PATIENCE = 60.0
# Records sent one by one take so much longer.
FEWER = 50

_EMBEDDED = """
import sys
from kafka.testing.__main__ import main
main(["--port", "0", "--topic", "bench:4"])
"""


@contextmanager
def embedded() -> Iterator[str]:
    """Run the embedded cluster in a process of its own; yield its bootstrap servers."""
    with printing_process([sys.executable, "-c", _EMBEDDED]) as line:
        yield line.partition("=")[2]


BROKERS = {"embedded": embedded, "librdkafka mock": mock_cluster}


def produce(servers: str, count: int, size: int) -> float:
    """Send *count* records and return the seconds it took."""
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "log_level": 2,
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
            "acks": 1,
        }
    )
    producer.list_topics(TOPIC, PATIENCE)
    value = bytes(size)
    start = time.perf_counter()
    for number in range(count):
        producer.produce(TOPIC, value, partition=number % PARTITIONS)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(PATIENCE) == 0
    return time.perf_counter() - start


def fetch(servers: str, count: int) -> float:
    """Read *count* records and return the seconds it took."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "log_level": 2,
            "group.id": "bench",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    start = time.perf_counter()
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(PARTITIONS)])
    seen = 0
    while seen < count:
        assert time.perf_counter() - start < PATIENCE, f"{seen} of {count} records came"
        seen += len(consumer.consume(10_000, 0.1))
    seconds = time.perf_counter() - start
    consumer.close()
    return seconds


def one_by_one(servers: str, count: int, size: int) -> float:
    """Send *count* records, each after the one before was acknowledged; return the seconds."""
    producer = Producer(
        {"bootstrap.servers": servers, "log_level": 2, "linger.ms": 0, "acks": 1},
    )
    producer.list_topics(TOPIC, PATIENCE)
    value = bytes(size)
    start = time.perf_counter()
    for number in range(count):
        producer.produce(TOPIC, value, partition=number % PARTITIONS)
        assert producer.flush(PATIENCE) == 0
    return time.perf_counter() - start


def measure(name: str, count: int, size: int) -> dict[str, float]:
    """Return records per second, by what was done."""
    with BROKERS[name]() as servers:
        rates = {
            "produce": count / produce(servers, count, size),
            "fetch": count / fetch(servers, count),
        }
        few = max(count // FEWER, 1)
        rates["one by one"] = few / one_by_one(servers, few, size)
    return rates


def main() -> None:
    """Run the rounds and print medians, and the median of the ratios of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=100)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in BROKERS}
    for _ in range(options.rounds):
        for name in BROKERS:
            found[name].append(measure(name, options.count, options.size))
    for what in ("produce", "fetch", "one by one"):
        rates = {name: statistics.median(run[what] for run in runs) for name, runs in found.items()}
        pairs = zip(found["embedded"], found["librdkafka mock"], strict=True)
        ratio = statistics.median(ours[what] / theirs[what] for ours, theirs in pairs)
        shown = ", ".join(f"{name} {rate:,.0f}/s" for name, rate in rates.items())
        print(f"{what}: {shown}, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
