"""What a record costs between the fetched bytes and the application, without a network.

    python test/bench/poll_path.py

Prints CPU nanoseconds per 100-byte record, the best of the rounds: decoding alone, and
polls of 500. For whole clients on a real broker, beside their peers, see `end_to_end`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from kafka._base.observer import Observer
from kafka.consumer.completed_fetch import CompletedFetch
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.fetch_collector import FetchCollector
from kafka.consumer.record_decoder import RecordDecoder
from kafka.record.batch import build_batch, encode_records
from kafka.structs import TopicPartition
from kafka.subscription import PartitionState

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH, BATCHES, FETCHES, ROUNDS = 150, 66, 20, 7
RECORDS = BATCH * BATCHES * FETCHES
TP = TopicPartition("bench", 0)


def fetch_data() -> bytes:
    """Return about a megabyte of 16-KB batches, as brokers return them."""
    value = os.urandom(100)
    records = encode_records([5] * BATCH, [None] * BATCH, [value] * BATCH)
    return b"".join(
        build_batch(records, count=BATCH, base_timestamp=5, max_timestamp=5, base_offset=n * BATCH)
        for n in range(BATCHES)
    )


def filled(data: bytes) -> FetchCollector:
    """Return a collector whose buffer holds the same data many times."""
    state = PartitionState(TP, 1)
    state.seek(0, 1)
    buffer = FetchBuffer(lambda _: 10**9, lambda: None)
    buffer.assign([state])
    for _ in range(FETCHES):
        buffer.put(CompletedFetch(TP, 1, 0, memoryview(data)))
    return FetchCollector(buffer, RecordDecoder(), Observer())


def decode(data: bytes) -> int:
    seen = 0
    for _ in range(FETCHES):
        fetch = CompletedFetch(TP, 1, 0, memoryview(data))
        while (part := fetch.read(500)) is not None:
            seen += len(part.offsets)
    return seen


def poll(data: bytes) -> int:
    collector, seen = filled(data), 0
    while polled := collector.collect_records(500, update_offsets=True):
        seen += len(polled[TP])
    return seen


def measure(work: Callable[[bytes], int], data: bytes) -> float:
    """Return the CPU nanoseconds per record of the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        assert work(data) == RECORDS
        best = min(best, time.process_time() - began)
    return best / RECORDS * 1e9


def main() -> None:
    data = fetch_data()
    for work in (decode, poll):
        print(f"{work.__name__:8} {measure(work, data):6.0f} ns/record")


if __name__ == "__main__":
    main()
