"""The plain lock is the oracle of the gate: the same calls give the same batches and accounts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.producer.arguments import owned_headers
from kafka.producer.batch_encoding import EncodedHeaders, Headers, Shape, record_memory
from kafka.producer.fast_append import FastAppend
from kafka.producer.locked_append import LockedAppend
from kafka.producer.producer_batch import Outcome, ProducerBatch
from kafka.producer.record_accumulator import AccumulatorSettings
from kafka.producer.topic_info import TopicInfo
from kafka.record.compression import Codec
from test.unit.producer.support import make_accumulator
from test.unit.producer.test_record_accumulator import Interrupting

LARGEST = 700
WALLS = [1_700_000_000.0, 1_700_000_000.25, 1_700_000_000.2503, 1_699_999_999.5]
KEYS = [None, b"a", b"b", b"cc"]
SIZES = [0, 1, 40, 300, 499, 501, 600]
HEADERS: list[Headers | None] = [
    None,
    None,
    [],
    [("h", b"x")],
    [("h", b"")],
    [("h", b"x"), ("trace", b"y" * 30)],
    [("none", None)],
    [("n" * 70, b"v")],
    [("\u00e9", b"v")],
]
Step = tuple[str, object]


@dataclass
class Found:
    """What came of the steps so far."""

    answers: list[object] = field(default_factory=list)
    batches: list[object] = field(default_factory=list)


class Producer:
    """An accumulator with two partitions, driven as the send path and the sender do."""

    def __init__(self, memory: int, batch_size: int) -> None:
        self.wall = WALLS[0]
        self.wakes = 0
        settings = AccumulatorSettings(batch_size, 5.0, 120.0, Codec.NONE)
        self.accumulator, self.incomplete = make_accumulator(
            settings, memory=memory, clock=Interrupting(), notify=self._wake
        )
        self.accumulator.gate.configure(largest=LARGEST, wall=lambda: self.wall)
        self.topic = TopicInfo(
            "t",
            batch_size=batch_size,
            limit=settings.batch_limit,
            uniform=random.Random(1).uniform,
        )
        self.topic.update(2, (0, 1))
        self.accumulator.gate.topics["t"] = self.topic
        self.encoded: list[ProducerBatch] = []
        self.found = Found()

    def _wake(self) -> None:
        self.wakes += 1

    def do(self, step: Step) -> None:
        """Do one step and note what came of it."""
        name, argument = step
        self.found.answers.append((name, getattr(self, name)(argument), self.account()))

    def account(self) -> object:
        """Return what all batches count, without the memory reserved for records to come."""
        pool = self.accumulator.pool
        queues = self.topic.queues
        batches = [batch for queue in queues for batch in queue.batches] + self.encoded
        accounts = [
            (b.memory - b.room, b.overhead_memory, b.backlog_size, b.state, len(b.records))
            for b in batches
        ]
        reserved = sum(batch.room for batch in batches)
        assert reserved == sum(batch.room for batch in pool.reserved)
        assert pool.used == sum(batch.memory + batch.overhead_memory for batch in batches)
        return accounts, pool.used - reserved, pool.backlog

    def append(self, argument: tuple[int, bytes | None]) -> object:
        """Send a record."""
        size, key = argument
        future = self.accumulator.gate.append("t", b"v" * size, key)
        if future is not None:
            return "at once", future._index  # noqa: SLF001 - the future of no other record
        return self._append(size, key)

    def append_with(
        self, argument: tuple[int, bytes | None, Headers | None, int | None, int | None]
    ) -> object:
        """Send a record of which the user says more."""
        size, key, headers, partition, timestamp = argument
        gate = self.accumulator.gate
        future = gate.append_with("t", b"v" * size, key, headers, partition, timestamp)
        if future is not None:
            return "at once", future._index  # noqa: SLF001 - the future of no other record
        if partition not in (None, 0, 1) or (timestamp or 0) < 0:
            return "refused"
        owned = None if headers is None else owned_headers(headers, 2)
        return self._append(size, key, owned, partition, timestamp)

    def _append(
        self,
        size: int,
        key: bytes | None,
        headers: EncodedHeaders | None = None,
        partition: int | None = None,
        timestamp: int | None = None,
    ) -> object:
        if timestamp is None:
            timestamp = int(self.wall * 1000)
        record = (timestamp, key, b"v" * size, headers)
        queue = None if key is None else self.topic.place(key)
        if partition is not None:
            queue = self.topic.queues[partition]
        slow = self.accumulator.append(self.topic, queue, record, record_memory(record))
        return None if slow is None else slow._index  # noqa: SLF001 - the same

    def append_many(self, sizes: Sequence[int]) -> object:
        """Send records together, as `send_many` does."""
        entries = [b"w" * size for size in sizes]
        ends = [0]
        for size in sizes:
            ends.append(ends[-1] + size + 12)
        places: list[int] = []
        while len(places) < len(entries):
            queue, done = self.topic.sticky, len(places)
            block = self.accumulator.gate.append_block(queue, Shape.PLAIN, entries, ends, done)
            if block is not None:
                places += range(block[1], block[1] + block[2])
                continue
            record = (int(self.wall * 1000), None, entries[done], None)
            future = self.accumulator.append(self.topic, None, record, record_memory(record))
            if future is None:
                break
            places.append(future._index)  # noqa: SLF001 - the same
        return places

    def tick(self, number: int) -> object:
        """Let time pass."""
        self.wall = WALLS[number]
        return None

    def flush(self, _: int) -> object:
        """Make open batches due."""
        self.accumulator.flush()
        return [queue.due_at(0.0, hurry=False) for queue in self.topic.queues]

    def take(self, number: int) -> object:
        """Take a batch and encode it, as the sender does."""
        batch = self.accumulator.pop(self.topic.queues[number])
        if batch is None:
            return None
        self.accumulator.encode(batch, self.topic, take_over=True)
        self.encoded.append(batch)
        self.found.batches.append((batch.topic_partition, batch.decoded(), batch.key_sizes))
        return batch.count

    def put_back(self, number: int) -> object:
        """Put an encoded batch back."""
        if self.encoded:
            batch = self.encoded.pop(0)
            number = batch.topic_partition.partition
            self.accumulator.put_back(self.topic.queues[number], batch)
        return number

    def deliver(self, _: int) -> object:
        """Complete the oldest batch taken."""
        if not self.encoded:
            return None
        batch = self.encoded.pop(0)
        self.incomplete.complete(batch, Outcome(0))
        self.accumulator.release(batch)
        return batch.count

    def interrupt(self, size: int) -> object:
        """Send a record in the middle of a step of the loop, as a signal handler does."""
        value = b"s" * size
        record = (int(self.wall * 1000), None, value, None)
        gate = self.accumulator.gate

        def step() -> None:
            assert gate.append("t", value, None) is None
            future = self.accumulator.append(self.topic, None, record, record_memory(record))
            assert future is not None

        gate.guarded(step)
        return None


STEPS = st.one_of(
    st.tuples(
        st.just("append"),
        st.tuples(st.sampled_from(SIZES), st.sampled_from(KEYS)),
    ),
    st.tuples(
        st.just("append_with"),
        st.tuples(
            st.sampled_from(SIZES),
            st.sampled_from(KEYS),
            st.sampled_from(HEADERS),
            st.sampled_from([None, None, 0, 1, 2, -1]),
            st.sampled_from([None, None, 0, 5, 6, 1_700_000_000_000, 2**63 - 1, -1]),
        ),
    ),
    st.tuples(st.just("append_many"), st.lists(st.integers(0, 200), min_size=1, max_size=12)),
    st.tuples(st.just("tick"), st.integers(0, len(WALLS) - 1)),
    st.tuples(st.sampled_from(["take", "flush", "deliver", "put_back"]), st.integers(0, 1)),
    st.tuples(st.just("interrupt"), st.integers(0, 100)),
)


def run(lock: str, memory: int, batch_size: int, steps: list[Step]) -> tuple[Producer, Found]:
    """Do all steps with one of the two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_PRODUCER_LOCK", lock)
        producer = Producer(memory, batch_size)
    for step in steps:
        producer.do(step)
    return producer, producer.found


@given(
    memory=st.sampled_from([1500, 4000, 10**6]),
    batch_size=st.sampled_from([0, 2000, 16_384]),
    steps=st.lists(STEPS, min_size=20, max_size=80),
)
def test_gate_and_lock_make_the_same_batches_and_accounts(
    memory: int, batch_size: int, steps: list[Step]
) -> None:
    gate, by_gate = run("", memory, batch_size, steps)
    plain, by_lock = run("plain", memory, batch_size, steps)
    assert type(gate.accumulator.gate) is FastAppend
    assert type(plain.accumulator.gate) is LockedAppend
    assert by_gate.answers == by_lock.answers
    assert by_gate.batches == by_lock.batches
    assert gate.wakes == plain.wakes
