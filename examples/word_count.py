"""Count words exactly once: lines come from one topic, counts go to another.

Counts and positions are committed in one transaction. If the program dies in between, neither
counts, and it begins again where it was.

    python examples/word_count.py localhost:9092
"""

from __future__ import annotations

import sys
from collections import Counter

from kafka import KafkaConsumer, KafkaProducer

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
LINES, COUNTS = "lines", "word-counts"

TEXT = ("the quick brown fox", "jumps over the lazy dog", "the end")


def write_lines() -> None:
    """Fill the topic that is read."""
    with KafkaProducer(bootstrap_servers=SERVERS) as producer:
        for line in TEXT:
            producer.send(LINES, line.encode())


def count() -> None:
    """Send the count of each word, until no more lines come."""
    totals: Counter[str] = Counter()
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
        producer.init_transactions()
        while polled := consumer.poll(timeout_ms=10_000):
            with producer.transaction(consumer):
                for records in polled.values():
                    for record in records:
                        words = (record.value or b"").decode().split()
                        totals.update(words)
                        for word in words:
                            producer.send(COUNTS, key=word.encode(), value=b"%d" % totals[word])


def show() -> None:
    """Print the last count of each word."""
    counts: dict[bytes | None, bytes | None] = {}
    with KafkaConsumer(
        COUNTS,
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=10_000,
    ) as consumer:
        for record in consumer:
            counts[record.key] = record.value
    for word, number in sorted(counts.items(), key=lambda item: item[0] or b""):
        print((word or b"").decode(), (number or b"").decode())


if __name__ == "__main__":
    write_lines()
    count()
    show()
