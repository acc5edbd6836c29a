"""Work on many keys at once, and on the records of each key in order.

One thread polls. Each key belongs to one worker thread. A partition is committed as far as all of
its records are done, so that nothing is lost if the program dies.

    python examples/per_key_workers.py localhost:9092
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from zlib import crc32

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.structs import ConsumerRecord

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
TOPIC = "keyed-jobs"
WORKERS = 4
MOST_WAITING = 1_000

# What was done, by key.
seen: defaultdict[bytes, list[bytes]] = defaultdict(list)


def handle(record: ConsumerRecord) -> None:
    """Work on one record; another service takes its time."""
    time.sleep(0.002)
    seen[record.key].append(record.value)


class Progress:
    """What is under way, by partition, oldest first."""

    def __init__(self) -> None:
        self._jobs: dict[TopicPartition, list[tuple[int, Future[None]]]] = defaultdict(list)

    def __len__(self) -> int:
        return sum(map(len, self._jobs.values()))

    def add(self, record: ConsumerRecord, job: Future[None]) -> None:
        """Note a job."""
        self._jobs[TopicPartition(record.topic, record.partition)].append((record.offset, job))

    def done(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """Forget the jobs that are done, up to the first that is not; return what to commit."""
        offsets = {}
        for partition, jobs in self._jobs.items():
            while jobs and jobs[0][1].done():
                offset, job = jobs.pop(0)
                job.result()  # raises what the work has raised
                offsets[partition] = OffsetAndMetadata(offset + 1, "", -1)
        return offsets


def work() -> None:
    """Read, hand out and commit, until nothing more comes."""
    workers = [ThreadPoolExecutor(1) for _ in range(WORKERS)]
    progress = Progress()
    with KafkaConsumer(
        TOPIC,
        bootstrap_servers=SERVERS,
        group_id="per-key",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    ) as consumer:
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
                commit(consumer, progress)
            commit(consumer, progress)
    for worker in workers:
        worker.shutdown()


def commit(consumer: KafkaConsumer, progress: Progress) -> None:
    """Commit what is done."""
    offsets = progress.done()
    if offsets:
        consumer.commit(offsets)


if __name__ == "__main__":
    with KafkaProducer(bootstrap_servers=SERVERS) as producer:
        for number in range(200):
            producer.send(TOPIC, b"%d" % number, key=b"key-%d" % (number % 10))
    work()
    in_order = all(values == sorted(values, key=int) for values in seen.values())
    print(sum(map(len, seen.values())), "jobs done; in order by key:", in_order)
