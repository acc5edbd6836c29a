"""``python -m kafka demo``: a cluster in this process, records there and back, a leader that moves.

Clients and brokers share one Python process here, and so one processor: the figures say that it
works and give an idea, no more.
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.testing import EmbeddedCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.structs import ConsumerRecord, RecordMetadata
    from kafka.testing.broker.control import Control

TOPIC: Final = "demo"
MOVING: Final = "moving"
PARTITIONS: Final = 3
BROKERS: Final = 3
MOVES: Final = 3

# Seconds after which the demo gives up waiting for records.
_PATIENCE: Final = 60.0
# Seconds between two records, and between two moves of the leader.
_PACE: Final = 0.001
_BETWEEN_MOVES: Final = 0.4


class Reading(NamedTuple):
    """What a consumer has read.

    Args:
        values: per partition, in the order they came.
        seconds: from the first request to the last record.
        longest_gap: longest time without a record, in seconds.
    """

    values: dict[TopicPartition, list[bytes]]
    seconds: float
    longest_gap: float

    @property
    def total(self) -> int:
        """How many records."""
        return sum(map(len, self.values.values()))


def main(arguments: Sequence[str]) -> int:
    """Run the demo; return 0 if every record came back in order, else 1."""
    parser = argparse.ArgumentParser(prog="python -m kafka demo", description=__doc__)
    parser.add_argument("--records", type=_positive, default=100_000, help="default: %(default)s")
    parser.add_argument("--size", type=_positive, default=100, help="bytes each (%(default)s)")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    topics = {TOPIC: PARTITIONS, MOVING: 1}
    with EmbeddedCluster(BROKERS, topics=topics) as cluster:
        servers = cluster.bootstrap_servers
        ready = time.perf_counter() - started
        print(f"{BROKERS} brokers in this process after {ready * 1000:.0f} ms: {' '.join(servers)}")
        good = there_and_back(servers, options.records, options.size) and move_under_load(cluster)
    print("every record came back, once and in order" if good else "records are missing or twice")
    return 0 if good else 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def there_and_back(servers: list[str], count: int, size: int) -> bool:
    """Send records, read them, say how fast; return whether all came back in order."""
    sent = send(servers, count, size)
    reading = read(servers, [*sent], count)
    _report("read", reading.total, size, reading.seconds)
    return reading.values == sent


def send(servers: list[str], count: int, size: int) -> dict[TopicPartition, list[bytes]]:
    """Send *count* records of *size* bytes and return what went to which partition."""
    values = [str(number).encode().rjust(size, b".") for number in range(count)]
    with KafkaProducer(bootstrap_servers=servers, linger_ms=5) as producer:
        start = time.perf_counter()
        for number, value in enumerate(values):
            last = producer.send(TOPIC, value, partition=number % PARTITIONS)
        producer.flush()
        _report("sent", count, size, time.perf_counter() - start)
        place = last.get()
    print(f"  the last one is at {place.topic}-{place.partition}, offset {place.offset}")
    return {
        TopicPartition(TOPIC, partition): values[partition::PARTITIONS]
        for partition in range(PARTITIONS)
        if partition < count
    }


def read(
    servers: list[str],
    partitions: list[TopicPartition],
    count: int | None,
    done: threading.Event | None = None,
) -> Reading:
    """Read partitions from their beginning.

    Args:
        servers: of the cluster.
        partitions: what to read.
        count: how many records to wait for; ``None`` for all that are there once *done* is set.
        done: set when nothing more will be sent.
    """
    found: dict[TopicPartition, list[bytes]] = {tp: [] for tp in partitions}
    total, gap = 0, 0.0
    with KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions)
        start = latest = time.perf_counter()
        while total != count and time.perf_counter() - start < _PATIENCE:
            ended = done is not None and done.is_set()
            batches = consumer.poll(timeout_ms=200, max_records=10_000)
            now = time.perf_counter()
            if not batches and ended:
                break
            if batches:
                gap, latest = max(gap, now - latest), now
                total += _keep(found, batches)
    return Reading(found, latest - start, gap)


def _keep(
    found: dict[TopicPartition, list[bytes]],
    batches: dict[TopicPartition, list[ConsumerRecord]],
) -> int:
    for tp, records in batches.items():
        found[tp] += [record.value for record in records]
    return sum(map(len, batches.values()))


def move_under_load(cluster: EmbeddedCluster) -> bool:
    """Move a leader while records go both ways; return whether none was lost or came twice."""
    place = TopicPartition(MOVING, 0)
    load = Load(cluster.bootstrap_servers)
    mover = threading.Thread(target=_move, args=(cluster, load), name="demo-mover")
    mover.start()
    reading = read(cluster.bootstrap_servers, [place], None, load.done)
    mover.join()
    print(
        f"the leader moved {MOVES} times under {len(load.sent):,} records: the slowest took "
        f"{load.slowest * 1000:.0f} ms to be acknowledged,\n"
        f"  the consumer waited {reading.longest_gap * 1000:.0f} ms at most, nothing failed"
    )
    # By offset, not as the callbacks ran: one that is added when the answer is there already runs
    # at once, while those of batches before it may still wait for their thread.
    stored = [value for _, value in sorted(load.sent)]
    return reading.values[place] == stored == sorted(stored, key=int)


def _move(cluster: EmbeddedCluster, load: Load) -> None:
    """Send for as long as it takes to move the leader to each broker in turn."""
    try:
        with load:
            for _ in range(MOVES):
                time.sleep(_BETWEEN_MOVES)
                leader = cluster.run(_leader)
                cluster.move_leader(MOVING, 0, (leader + 1) % BROKERS)
            time.sleep(_BETWEEN_MOVES)
    finally:
        load.done.set()


def _leader(control: Control) -> int:
    return control.state.existing(MOVING, 0).leader


class Load:
    """A thread that sends one small record after another, while in its ``with`` block.

    Attributes:
        sent: offsets and values that were acknowledged.
        slowest: longest time from send to acknowledgement, in seconds.
        done: set when the last record was acknowledged.
    """

    def __init__(self, servers: list[str]) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.slowest = 0.0
        self.done = threading.Event()
        self._servers = servers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, name="demo-load")

    def __enter__(self) -> None:
        """Start sending."""
        self._thread.start()

    def __exit__(self, *exc_info: object) -> None:
        """Stop sending, when all that was sent is acknowledged."""
        self._stopping.set()
        self._thread.join()

    def _send(self) -> None:
        number = 0
        with KafkaProducer(bootstrap_servers=self._servers) as producer:
            while not self._stopping.wait(_PACE):
                value = str(number).encode()
                future = producer.send(MOVING, value, partition=0)
                future.add_callback(self._acknowledged, value, time.perf_counter())
                number += 1
            producer.flush()

    def _acknowledged(self, value: bytes, start: float, stored: RecordMetadata) -> None:
        self.sent.append((stored.offset, value))
        self.slowest = max(self.slowest, time.perf_counter() - start)


def _report(what: str, count: int, size: int, seconds: float) -> None:
    rate = count / seconds
    print(
        f"{what} {count:,} records of {size} bytes in {seconds:.2f} s: "
        f"{rate:,.0f} records/s, {rate * size / 1e6:,.0f} MB/s"
    )
