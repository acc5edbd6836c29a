"""Work on many keys at once, and on the records of each key in order.

One thread polls. Each key belongs to one worker thread. A partition is committed as far as all of
its records are done, so that nothing is lost if the program dies; and before another member of the
group gets it, its work is finished and committed.

    python examples/per_key_workers.py localhost:9092
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from zlib import crc32

from kafka import (
    ConsumerRebalanceListener,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.errors import CommitFailedError, RebalanceInProgressError
from kafka.structs import ConsumerRecord

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
TOPIC = "keyed-jobs"
WORKERS = 4
MOST_WAITING = 1_000

# Offsets of the records that were worked on, by key; a key is in one partition.
seen: defaultdict[bytes, list[int]] = defaultdict(list)


def handle(record: ConsumerRecord) -> None:
    """Work on one record; another service takes its time."""
    time.sleep(0.002)
    seen[record.key].append(record.offset)


class Progress:
    """What is under way and what is to be committed, by partition."""

    def __init__(self) -> None:
        self._jobs: dict[TopicPartition, list[tuple[int, Future[None]]]] = defaultdict(list)
        self._done: dict[TopicPartition, OffsetAndMetadata] = {}

    def __len__(self) -> int:
        return sum(map(len, self._jobs.values()))

    def add(self, record: ConsumerRecord, job: Future[None]) -> None:
        """Note a job."""
        self._jobs[TopicPartition(record.topic, record.partition)].append((record.offset, job))

    def commit(self, consumer: KafkaConsumer) -> None:
        """Commit each partition up to its first record that is not done."""
        for partition, jobs in self._jobs.items():
            while jobs and jobs[0][1].done():
                offset, job = jobs.pop(0)
                job.result()  # raises what the work has raised
                self._done[partition] = OffsetAndMetadata(offset + 1, "", -1)
        # While the group rebalances, the next poll calls the listener, which commits or gives up.
        with suppress(RebalanceInProgressError, CommitFailedError):
            if self._done:
                consumer.commit(self._done)
            self._done.clear()

    def finish(self, partitions: Iterable[TopicPartition]) -> None:
        """Wait until the jobs of *partitions* are done."""
        wait([job for partition in partitions for _, job in self._jobs[partition]])

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget *partitions*."""
        for partition in partitions:
            self._jobs.pop(partition, None)
            self._done.pop(partition, None)


class FinishFirst(ConsumerRebalanceListener):
    """Finishes the work on partitions before they are given up, so that keys stay in order."""

    def __init__(self, consumer: KafkaConsumer, progress: Progress) -> None:
        self._consumer = consumer
        self._progress = progress

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Do nothing."""

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish what is under way, and commit it."""
        self._progress.finish(revoked)
        self._progress.commit(self._consumer)
        self._progress.drop(revoked)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Commit nothing: others have the partitions already."""
        self._progress.finish(lost)
        self._progress.drop(lost)


def work() -> None:
    """Read, hand out and commit, until nothing more comes."""
    workers = [ThreadPoolExecutor(1) for _ in range(WORKERS)]
    progress = Progress()
    with KafkaConsumer(
        bootstrap_servers=SERVERS,
        group_id="per-key",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    ) as consumer:
        consumer.subscribe([TOPIC], listener=FinishFirst(consumer, progress))
        quiet = 0
        while quiet < 3 or len(progress):
            polled = consumer.poll(timeout_ms=500, max_records=200)
            quiet = 0 if polled else quiet + 1
            for records in polled.values():
                for record in records:
                    worker = workers[crc32(record.key or b"") % WORKERS]
                    progress.add(record, worker.submit(handle, record))
            while len(progress) > MOST_WAITING:
                time.sleep(0.01)
                progress.commit(consumer)
            progress.commit(consumer)
    for worker in workers:
        worker.shutdown()


if __name__ == "__main__":
    with KafkaProducer(bootstrap_servers=SERVERS) as producer:
        for number in range(200):
            producer.send(TOPIC, b"%d" % number, key=b"key-%d" % (number % 10))
    work()
    in_order = all(offsets == sorted(offsets) for offsets in seen.values())
    print(sum(map(len, seen.values())), "jobs done; in order by key:", in_order)
