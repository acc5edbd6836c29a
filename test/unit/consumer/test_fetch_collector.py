"""Records as the application gets them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import pytest

from kafka._base.observer import Observer
from kafka.consumer.completed_fetch import CompletedFetch
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.fetch_collector import FetchCollector, RecordCursor, as_lists
from kafka.consumer.record_decoder import RecordDecoder
from kafka.consumer.rejected_records import RejectedRecords
from kafka.errors import CorruptRecordError, RecordDeserializationError
from kafka.record.batch import build_batch
from kafka.record.control import ControlType, end_transaction_batch
from kafka.structs import ConsumerRecord, OffsetAndMetadata, TopicPartition
from kafka.subscription import Hold
from test.unit.consumer.consumer_data import OTHER, TP, batch, fetched, started


class Notes(Observer):
    """Remember what was consumed."""

    __slots__ = ("consumed", "sizes")

    def __init__(self) -> None:
        self.consumed: list[tuple[str, int, int]] = []
        self.sizes: list[int] = []

    def records_consumed(self, topic: str, partition: int, records: int, size: int) -> None:
        self.consumed.append((topic, partition, records))
        self.sizes.append(size)


class Bench:
    """A collector on a buffer with one assigned partition."""

    def __init__(self, policy: object = "raise", **deserializers: object) -> None:
        self.buffer = FetchBuffer(lambda _: 10**6, lambda: None)
        self.buffer.assign([started(), started(OTHER, 2)])
        self.notes = Notes()
        self.collector = FetchCollector(
            self.buffer,
            RecordDecoder(
                deserialize_key=deserializers.get("key"),  # type: ignore[arg-type]
                deserialize_value=deserializers.get("value"),  # type: ignore[arg-type]
                rejected=RejectedRecords(policy),  # type: ignore[arg-type]
            ),
            self.notes,
        )

    def poll(
        self, count: int = 500, *, update: bool = True
    ) -> dict[TopicPartition, Sequence[ConsumerRecord]]:
        return self.collector.collect_records(count, update_offsets=update)

    def values(self, count: int = 500, *, update: bool = True) -> list[object]:
        polled = self.poll(count, update=update)
        return [record.value for records in polled.values() for record in records]


def test_record_has_all_thirteen_fields() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(7, b"value", headers=True), offset=7))
    (record,) = bench.poll()[TP]
    assert record == ConsumerRecord(
        topic="t",
        partition=0,
        leader_epoch=3,
        offset=7,
        timestamp=5,
        timestamp_type=0,
        key=None,
        value=b"value",
        headers=[("h", b"v"), ("n", None)],
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=5,
        serialized_header_size=3,
    )


def test_sizes_of_missing_values_are_minus_one() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"abc", None)))
    assert [record.serialized_value_size for record in bench.poll()[TP]] == [3, -1]


def test_unknown_epoch_is_none() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", epoch=-1)))
    assert bench.poll()[TP][0].leader_epoch is None


def test_limit_holds_over_all_partitions() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    bench.buffer.put(fetched(batch(0, b"x", b"y"), tp=OTHER, generation=2))
    assert [bench.values(3), bench.values(3)] == [[b"a", b"b", b"x"], [b"y"]]


def test_successive_fetches_of_a_partition_come_as_one_list() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a")))
    bench.buffer.put(fetched(batch(1, b"b"), offset=1))
    assert [record.offset for record in bench.poll()[TP]] == [0, 1]


def test_polled_records_are_consumed_and_reported() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    bench.poll()
    assert (bench.buffer.position(TP), bench.notes.consumed) == (2, [("t", 0, 2)])


def test_records_not_consumed_come_again() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    first = bench.values(update=False)
    assert (first, bench.buffer.position(TP), bench.values()) == ([b"a", b"b"], 0, [b"a", b"b"])


def test_records_are_consumed_up_to_the_last_one_handed_out() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    records = bench.poll(update=False)[TP]
    bench.collector.mark_consumed(records[1])
    assert (bench.buffer.position(TP), bench.values()) == (2, [b"c"])


def test_settling_the_last_record_moves_over_the_gap_behind_it() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a")))
    (record,) = bench.poll(update=False)[TP]
    bench.collector.mark_consumed(record)
    assert (bench.buffer.position(TP), bench.values()) == (1, [])


def test_partitions_handed_out_before_are_consumed_whole() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    bench.buffer.put(fetched(batch(0, b"x", b"y"), tp=OTHER, generation=2))
    polled = bench.poll(update=False)
    bench.collector.mark_consumed(polled[OTHER][0])
    assert (bench.buffer.position(TP), bench.buffer.position(OTHER)) == (2, 1)


def test_partitions_handed_out_before_are_consumed_also_if_they_are_on_hold_by_now() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    bench.buffer.put(fetched(batch(0, b"x", b"y"), tp=OTHER, generation=2))
    polled = bench.poll(update=False)
    for tp in (TP, OTHER):
        bench.buffer.hold(tp, Hold.REVOKING)
    bench.collector.mark_consumed(polled[OTHER][0])
    assert (bench.buffer.position(TP), bench.buffer.position(OTHER)) == (2, 1)


def test_list_in_the_hands_of_the_application_is_never_changed() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    records = bench.poll(update=False)[TP]
    bench.collector.mark_consumed(records[0])
    bench.values(1)
    assert len(records) == 3


def test_held_records_of_a_partition_sought_meanwhile_are_dropped() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    bench.poll(update=False)
    bench.buffer.restart(TP, 3, 0, -1)
    assert bench.values() == []


def test_held_records_wait_while_their_partition_is_paused() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    bench.buffer.put(fetched(batch(0, b"x"), tp=OTHER, generation=2))
    bench.poll(2, update=False)
    bench.buffer.hold(TP, Hold.PAUSED)
    before = bench.values()
    bench.buffer.release(TP, Hold.PAUSED)
    assert (before, bench.values()) == ([b"x"], [b"a", b"b"])


def test_late_mark_does_not_undo_a_seek() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    record = bench.poll(update=False)[TP][0]
    bench.buffer.restart(TP, 3, 9, -1)
    bench.collector.mark_consumed(record)
    assert bench.buffer.position(TP) == 9


def test_mark_counts_after_a_new_start_at_the_same_place() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    record = bench.poll(update=False)[TP][0]
    for generation in (3, 4):
        bench.buffer.restart(TP, generation, 0, -1)
    bench.buffer.put(fetched(batch(0, b"a", b"b"), generation=4))
    bench.collector.mark_consumed(record)
    assert bench.buffer.position(TP) == 1
    # It says where to start, and until then has nothing that would hand the record out again.
    assert (bench.buffer.place_passed(TP), bench.values()) == ((1, 3), [])
    assert bench.buffer.consumed() == {
        TP: OffsetAndMetadata(1, "", 3),
        OTHER: OffsetAndMetadata(0, "", -1),
    }
    bench.buffer.restart(TP, 5, 1, 3)
    bench.buffer.put(fetched(batch(1, b"b"), offset=1, generation=5))
    assert (bench.buffer.place_passed(TP), bench.values()) == (None, [b"b"])


def test_late_mark_does_not_undo_a_seek_to_the_same_place() -> None:
    bench = Bench()
    state = started()
    bench.buffer.assign([state])
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    record = bench.poll(update=False)[TP][0]
    bench.buffer.leave(state, 1)
    bench.buffer.restart(TP, 3, 0, -1)
    bench.collector.mark_consumed(record)
    assert (bench.buffer.position(TP), bench.buffer.place_passed(TP)) == (0, None)


def rejecting(bad: bytes) -> object:
    def deserialize(topic: str, headers: list[tuple[str, bytes | None]], data: bytes) -> object:
        if data == bad:
            raise UnicodeDecodeError("ascii", data, 0, 1, "bad")
        return data.decode()

    return deserialize


def test_records_before_a_rejected_one_come_first() -> None:
    bench = Bench(value=rejecting(b"b"))
    bench.buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    assert bench.values() == ["a"]
    with pytest.raises(RecordDeserializationError, match="t-0 offset 1; seek to 2") as caught:
        bench.poll()
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)
    assert bench.buffer.position(TP) == 1


def test_what_the_policy_raises_comes_after_the_records_before_it() -> None:
    def refuse(_: RecordDeserializationError) -> object:
        raise LookupError("mine")

    bench = Bench(value=rejecting(b"b"), policy=refuse)
    bench.buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    assert bench.values() == ["a"]
    for _ in range(2):
        with pytest.raises(LookupError, match="mine") as caught:
            bench.poll()
        cause = caught.value.__cause__
        assert isinstance(cause, RecordDeserializationError)
        assert (cause.offset, bench.buffer.position(TP)) == (1, 1)


def test_skipped_records_are_passed_with_the_ones_before_them() -> None:
    bench = Bench(value=rejecting(b"b"), policy="skip")
    bench.buffer.put(fetched(batch(0, b"b", b"a", b"b", b"c", b"b")))
    records = bench.poll(update=False)[TP]
    assert [record.offset for record in records] == [1, 3]
    assert bench.buffer.position(TP) == 0
    bench.collector.mark_consumed(records[0])
    assert bench.buffer.position(TP) == 3
    bench.collector.mark_consumed(records[1])
    assert bench.buffer.position(TP) == 5


def test_nothing_but_skipped_records_move_the_position() -> None:
    bench = Bench(value=rejecting(b"b"), policy="skip")
    bench.buffer.put(fetched(batch(0, b"b", b"b")))
    assert (bench.poll(update=False), bench.buffer.position(TP)) == ({}, 2)


def test_rejected_record_travels_with_its_error() -> None:
    bench = Bench(value=rejecting(b"a"))
    bench.buffer.put(fetched(batch(0, b"a", headers=True)))
    with pytest.raises(RecordDeserializationError) as caught:
        bench.poll()
    for error in (caught.value, copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert (error.topic_partition, error.offset, error.value) == (TP, 0, b"a")
        assert error.headers == [("h", b"v"), ("n", None)]


def test_payload_stays_out_of_the_text_of_the_error() -> None:
    bench = Bench(value=rejecting(b"secret"))
    bench.buffer.put(fetched(batch(0, b"secret")))
    with pytest.raises(RecordDeserializationError) as caught:
        bench.poll()
    assert "secret" not in str(caught.value)


def test_tombstones_are_not_shown_to_the_deserializer() -> None:
    bench = Bench(value=rejecting(b"zzz"), key=rejecting(b"zzz"))
    bench.buffer.put(fetched(batch(0, None, b"a")))
    assert bench.values() == [None, "a"]


def test_headers_are_shown_to_the_deserializer() -> None:
    seen = []
    bench = Bench(value=lambda topic, headers, data: seen.append((topic, headers, data)))
    bench.buffer.put(fetched(batch(0, b"a", b"b", headers=True)))
    bench.poll()
    assert seen == [("t", [("h", b"v"), ("n", None)], b"a"), ("t", [], b"b")]


def test_corrupt_batch_names_where_it_is() -> None:
    bench = Bench()
    damaged = batch(0, b"a")
    bench.buffer.put(fetched(damaged[:-3] + b"?" + damaged[-2:]))
    with pytest.raises(CorruptRecordError, match="t-0 at offset 0"):
        bench.poll()


def test_corrupt_batch_lets_other_partitions_go_first() -> None:
    bench = Bench()
    damaged = batch(0, b"a")
    bench.buffer.put(fetched(damaged[:-3] + b"?" + damaged[-2:]))
    bench.buffer.put(fetched(batch(0, b"x"), tp=OTHER, generation=2))
    with pytest.raises(CorruptRecordError):
        bench.poll()
    assert bench.values() == [b"x"]


def test_batch_emptied_by_compaction_moves_the_position() -> None:
    bench = Bench()
    empty = build_batch(b"", count=0, base_timestamp=0, max_timestamp=0, last_offset_delta=4)
    bench.buffer.put(fetched(empty))
    assert (bench.poll(), bench.buffer.position(TP)) == ({}, 5)


def test_batches_taken_are_consumed_and_reported() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    (taken,) = bench.collector.collect_batches(500, views=False)
    assert (taken.values, bench.buffer.position(TP)) == ([b"a", b"b"], 2)
    assert bench.notes.consumed == [("t", 0, 2)]


def test_batches_are_cut_at_the_limit() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    taken = [
        bench.collector.collect_batches(2, views=False),
        bench.collector.collect_batches(2, views=False),
        bench.collector.collect_batches(2, views=False),
    ]
    assert [[list(each.values) for each in batches] for batches in taken] == [
        [[b"a", b"b"]],
        [[b"c"]],
        [],
    ]


def test_batches_of_a_partition_sought_meanwhile_are_not_handed_out() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    bench.poll(1, update=False)
    bench.buffer.restart(TP, 9, 0, -1)
    assert bench.collector.collect_batches(500, views=False) == []


def test_error_is_raised_once_batches_are_taken() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a")))
    bench.buffer.put_error(TP, 1, CorruptRecordError("broken"))
    assert len(bench.collector.collect_batches(500, views=False)) == 1
    with pytest.raises(CorruptRecordError, match="broken"):
        bench.collector.collect_batches(500, views=False)


def test_records_not_counted_yet_are_made_when_asked_for() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    held = bench.poll(update=False)[TP]
    assert (len(held), held[1].value, [record.value for record in held]) == (2, b"b", [b"a", b"b"])


def test_values_are_views_if_asked_for() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    (taken,) = bench.collector.collect_batches(500, views=True)
    assert [type(value) for value in taken.values] == [memoryview, memoryview]


def test_deserializers_get_bytes_all_the_same() -> None:
    bench = Bench(value=lambda topic, headers, data: type(data))
    bench.buffer.put(fetched(batch(0, b"a")))
    (taken,) = bench.collector.collect_batches(500, views=True)
    assert taken.values == [bytes]


def test_bytes_are_reported_with_the_records_they_hold() -> None:
    bench = Bench()
    small, large = batch(0, b"x" * 10, b"y" * 10), batch(2, b"z" * 10_000)
    bench.buffer.put(fetched(small, large))
    for _ in range(3):
        bench.poll(1)
    assert bench.notes.sizes == [len(small) // 2, len(small) - len(small) // 2, len(large)]


def test_bytes_of_held_records_are_reported_as_they_are_marked_consumed() -> None:
    bench = Bench()
    data = batch(0, *[b"x" * 100] * 4)
    bench.buffer.put(fetched(data))
    (rows,) = bench.poll(update=False).values()
    bench.collector.mark_consumed(rows[0])
    first = list(bench.notes.sizes)
    bench.poll()
    assert (first, sum(bench.notes.sizes)) == ([len(data) // 4], len(data))


def _marker(offset: int) -> bytes:
    return end_transaction_batch(
        ControlType.COMMIT,
        producer_id=5,
        producer_epoch=0,
        coordinator_epoch=0,
        timestamp=5,
        base_offset=offset,
    )


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_bytes_of_a_fetch_add_up_without_the_partial_batch_at_its_end(step: int) -> None:
    bench = Bench()
    whole = batch(0, *[b"x"] * 3) + _marker(3) + batch(4, *[b"y" * 50] * 7) + _marker(11)
    bench.buffer.put(fetched(whole, batch(12, b"cut off")[:-1]))
    for _ in range(20):
        bench.poll(step)
    assert sum(bench.notes.sizes) == len(whole)


def test_bytes_count_once_when_a_deserializer_rejects_a_record() -> None:
    def refuse(_: str, __: object, data: bytes) -> bytes:
        if data == b"bad":
            raise ValueError
        return data

    bench = Bench(value=refuse)
    data = batch(0, b"one", b"two", b"bad", b"end")
    bench.buffer.put(fetched(data))
    bench.poll()
    for _ in range(2):
        with pytest.raises(RecordDeserializationError):
            bench.poll()
    assert bench.notes.sizes == [len(data) // 2]


def bulky(size: int, records: int = 1, tp: TopicPartition = TP) -> CompletedFetch:
    data = batch(0, *[bytes(size // records)] * records)
    return fetched(data, tp=tp, generation=1 if tp == TP else 2)


@pytest.mark.parametrize(
    ("fetches", "calls"),
    [
        ([bulky(600_000, 60)], 1),
        ([bulky(600_000, 6000)], 0),
        ([bulky(300_000)], 0),
        ([bulky(300_000), bulky(300_000, tp=OTHER)], 1),
    ],
    ids=["large records", "small records", "less", "partitions together"],
)
def test_loop_may_run_after_half_a_megabyte_of_large_records(
    fetches: list[CompletedFetch], calls: int
) -> None:
    bench, made = Bench(), Notes()
    bench.collector.yield_to_loop = lambda: made.sizes.append(1)
    list(map(bench.buffer.put, fetches))
    while bench.poll():
        pass
    assert len(made.sizes) == calls


# -- the cursor ----------------------------------------------------------------------------


class Iteration:
    """A cursor on a buffer with four records, used as an iterator uses it."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.buffer = self.bench.buffer
        self.buffer.put(fetched(batch(0, b"a", b"b", b"c", b"d")))
        self.cursor = RecordCursor(self.buffer, self.bench.collector)

    def next_offset(self) -> int | None:
        """Take the next record of the rows, or look for new ones."""
        for record in self.cursor.rows:
            self.cursor.last = record
            return record.offset
        polled = self.cursor.collect_records(500, update_offsets=False)
        found = self.cursor.advance(polled)
        return None if found is None else found.offset


def test_record_in_hand_does_not_count_by_itself() -> None:
    iteration = Iteration()
    assert [iteration.next_offset(), iteration.next_offset()] == [0, 1]
    assert (iteration.buffer.position(TP), iteration.bench.notes.consumed) == (0, [])


def test_marking_counts_the_record_in_hand_and_those_before_it_once() -> None:
    iteration = Iteration()
    for _ in range(2):
        iteration.next_offset()
    for _ in range(2):
        iteration.cursor.mark_consumed()
    assert (iteration.buffer.position(TP), iteration.bench.notes.consumed) == (2, [("t", 0, 2)])


def test_iteration_goes_on_behind_a_marked_record() -> None:
    iteration = Iteration()
    seen = [iteration.next_offset(), iteration.next_offset()]
    iteration.cursor.mark_consumed()
    seen += [iteration.next_offset() for _ in range(3)]
    assert seen == [0, 1, 2, 3, None]


def test_record_in_hand_counts_before_records_are_collected() -> None:
    iteration = Iteration()
    iteration.next_offset()
    polled = iteration.cursor.collect_records(2, update_offsets=True)
    assert [record.offset for record in polled[TP]] == [1, 2]
    batches = iteration.cursor.collect_batches(500, views=False)
    assert [list(found.offsets) for found in batches] == [[3]]


def test_paused_partition_interrupts_the_rows() -> None:
    iteration = Iteration()
    iteration.next_offset()
    iteration.buffer.hold(TP, Hold.PAUSED)
    assert iteration.next_offset() is None
    assert iteration.buffer.position(TP) == 1
    iteration.buffer.release(TP, Hold.PAUSED)
    assert iteration.next_offset() == 1


def test_interruption_between_collecting_and_advancing_is_not_lost() -> None:
    iteration = Iteration()
    polled = iteration.cursor.collect_records(500, update_offsets=False)
    iteration.buffer.restart(TP, 7, 3, -1)
    first = iteration.cursor.advance(polled)
    assert first is not None
    assert list(iteration.cursor.rows) == []


def test_mark_after_the_buffer_was_closed_does_nothing() -> None:
    iteration = Iteration()
    iteration.next_offset()
    iteration.buffer.close()
    iteration.cursor.mark_consumed()
    assert iteration.bench.notes.consumed == []


def test_lists_are_made_of_rows_and_kept_as_they_are() -> None:
    bench = Bench()
    bench.buffer.put(fetched(batch(0, b"a", b"b")))
    rows = bench.poll(update=False)
    lists = as_lists(rows)
    assert [record.value for record in lists[TP]] == [b"a", b"b"]
    assert as_lists(lists)[TP] is lists[TP]
