"""Count words exactly once: lines come from one topic, counts go to another.

Counts and positions are committed in one transaction. If the program dies in between, neither
counts. When it starts, it reads the counts that it has committed, and goes on from there.

    python examples/word_count.py localhost:9092
"""

from __future__ import annotations

import sys
from collections import Counter

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
LINES, COUNTS = "lines", "word-counts"

TEXT = ("the quick brown fox", "jumps over the lazy dog", "the end")


def write_lines() -> None:
    """Fill the topic that is read."""
    with KafkaProducer(bootstrap_servers=SERVERS) as producer:
        for line in TEXT:
            producer.send(LINES, line.encode())


def committed_counts() -> Counter[str]:
    """Return the last count of each word."""
    totals: Counter[str] = Counter()
    with KafkaConsumer(
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    ) as consumer:
        numbers = consumer.partitions_for_topic(COUNTS) or ()
        ends = consumer.end_offsets([TopicPartition(COUNTS, number) for number in numbers])
        consumer.assign(list(ends))
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=1_000).values():
                for record in records:
                    totals[(record.key or b"").decode()] = int(record.value or b"0")
    return totals


def count() -> None:
    """Send the count of each word, until no more lines come."""
    with (
        KafkaProducer(bootstrap_servers=SERVERS, transactional_id="word-count-1") as producer,
        KafkaConsumer(
            LINES,
            bootstrap_servers=SERVERS,
            group_id="word-count",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_committed",
        ) as consumer,
    ):
        # First, so that what an earlier run has left open is over, and counts or does not.
        producer.init_transactions()
        totals = committed_counts()
        while polled := consumer.poll(timeout_ms=10_000):
            with producer.transaction(consumer):
                for records in polled.values():
                    for record in records:
                        words = (record.value or b"").decode().split()
                        totals.update(words)
                        for word in words:
                            producer.send(COUNTS, key=word.encode(), value=b"%d" % totals[word])


if __name__ == "__main__":
    write_lines()
    count()
    for word, number in sorted(committed_counts().items()):
        print(word, number)
