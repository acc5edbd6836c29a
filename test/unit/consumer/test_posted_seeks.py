"""Seeks that nobody waits for."""

from __future__ import annotations

from collections.abc import Callable

from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.posted_seeks import PostedSeeks, Seek
from kafka.subscription import PartitionState
from test.support.interruptions import interruptions
from test.unit.consumer.consumer_data import OTHER, TP, batch, fetched, started


class Bench:
    """A loop that works when it is told to."""

    def __init__(self) -> None:
        self.state = started()
        self.other = started(OTHER, 2)
        self.buffer = FetchBuffer(lambda _: 10**6, lambda: None)
        self.buffer.assign([self.state, self.other])
        self.messages: list[Callable[[], object]] = []
        self.applied: list[Seek] = []
        self.seeks = PostedSeeks(self.buffer, self.messages.append, self.apply)

    def apply(self, seeks: list[Seek]) -> None:
        for seek in seeks:
            generation = seek.state.generation + 10
            seek.state.seek(seek.offset, generation)
            self.buffer.restart(seek.state.tp, generation, seek.offset, seek.leader_epoch)
        self.applied += seeks

    def put(self, offset: int, state: PartitionState | None = None) -> None:
        self.seeks.put(Seek(state or self.state, offset, -1))

    def run(self) -> None:
        messages, self.messages[:] = list(self.messages), []
        for message in messages:
            message()


def test_seek_drops_data_at_once_and_is_applied_by_the_loop() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a")))
    bench.put(7)
    assert (bench.buffer.head(), bench.applied) == (None, [])
    bench.run()
    assert bench.applied == [Seek(bench.state, 7, -1)]
    assert bench.buffer.position(TP) == 7


def test_many_seeks_are_one_message_and_the_last_of_each_partition_counts() -> None:
    bench = Bench()
    for offset in range(100):
        bench.put(offset)
        bench.put(offset + 1, bench.other)
    assert len(bench.messages) == 1
    bench.run()
    assert bench.applied == [Seek(bench.state, 99, -1), Seek(bench.other, 100, -1)]


def test_seek_after_the_loop_has_begun_is_another_message() -> None:
    bench = Bench()
    for offset in range(3):
        bench.put(offset)
        bench.run()
    assert [seek.offset for seek in bench.applied] == [0, 1, 2]


def test_loop_that_is_faster_than_the_thread_loses_nothing() -> None:
    bench = Bench()
    at_once = PostedSeeks(bench.buffer, lambda message: message(), bench.apply)
    for offset in range(3):
        at_once.put(Seek(bench.state, offset, -1))
    assert [seek.offset for seek in bench.applied] == [0, 1, 2]
    assert bench.buffer.put(fetched(batch(2, b"a"), generation=bench.state.generation, offset=2))


def test_interrupted_seek_is_done_by_the_next_poll_or_not_at_all() -> None:
    outcomes = set()
    for found in interruptions(Bench, lambda bench: bench.put(7)):
        bench = found.value
        bench.seeks.flush()
        bench.run()
        outcomes.add(bench.buffer.position(TP))
        # Either way the partition is read on.
        assert bench.buffer.put(
            fetched(
                batch(bench.state.offset, b"a"),
                generation=bench.state.generation,
                offset=bench.state.offset,
            )
        ), found.place
        bench.put(9)
        bench.run()
        assert bench.buffer.position(TP) == 9, found.place
    assert outcomes == {0, 7}
