"""`MockConsumer`: the real consumer's calls, the test's records."""

from __future__ import annotations

import json

import pytest

from kafka import ConsumerRebalanceListener, TopicPartition
from kafka.errors import (
    CommitFailedError,
    IllegalStateError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordDeserializationError,
    WakeupError,
)
from kafka.serializer import SKIP_RECORD, UndecodedBytes
from kafka.structs import ConsumerRecord, OffsetAndMetadata, OffsetAndTimestamp
from kafka.testing import MockConsumer

TP = TopicPartition("t", 0)
OTHER = TopicPartition("t", 1)


def record(offset: int, tp: TopicPartition = TP, timestamp: int = 0) -> ConsumerRecord:
    value = b"%d" % offset
    return ConsumerRecord(*tp, 0, offset, timestamp, 0, None, value, [], None, -1, len(value), -1)


def consumer(count: int = 3, **configs: object) -> MockConsumer:
    """Return a consumer of partition 0 with *count* records."""
    made = MockConsumer(**{"auto_offset_reset": "earliest"} | configs)
    made.assign([TP])
    for offset in range(count):
        made.add_record(record(offset))
    return made


def test_records_come_in_order_and_once() -> None:
    tested = consumer()
    assert tested.poll() == {TP: [record(0), record(1), record(2)]}
    assert tested.poll() == {}
    assert tested.position(TP) == 3


def test_no_more_records_come_than_asked_for() -> None:
    tested = consumer(max_poll_records=2)
    assert [len(tested.poll(max_records=1)[TP]), len(tested.poll()[TP])] == [1, 2]


def test_records_come_as_batches() -> None:
    tested = consumer()
    (first,) = tested.consume(2)
    (second,) = tested.poll_batch()
    assert (list(first), list(second)) == ([record(0), record(1)], [record(2)])


def test_records_that_do_not_count_come_again() -> None:
    tested = consumer()
    assert tested.poll(update_offsets=False) == tested.poll()


def test_iterating_ends_when_nothing_is_left() -> None:
    assert [found.offset for found in consumer()] == [0, 1, 2]


def test_iterating_counts_record_by_record() -> None:
    tested = consumer()
    next(tested)
    assert tested.position(TP) == 1


def test_iterating_goes_through_scheduled_tasks() -> None:
    tested = consumer(1)
    tested.schedule(lambda: None)
    tested.schedule(lambda: tested.add_record(record(1)))
    assert [found.offset for found in tested] == [0, 1]


def test_a_task_runs_in_a_later_poll() -> None:
    tested = consumer(0)
    tested.schedule(lambda: tested.add_record(record(0)))
    assert tested.poll() == {TP: [record(0)]}


def test_by_default_what_is_added_after_the_assignment_is_returned() -> None:
    tested = MockConsumer()
    tested.add_record(record(0))
    tested.assign([TP])
    tested.add_record(record(1))
    assert tested.poll() == {TP: [record(1)]}
    tested.add_record(record(2))
    assert tested.poll() == {TP: [record(2)]}


def test_what_is_added_between_assignment_and_seek_to_end_is_skipped() -> None:
    tested = consumer(auto_offset_reset="latest")
    tested.seek_to_end()
    assert tested.poll() == {}


def test_partitions_assigned_later_are_read_from_then_on() -> None:
    tested = consumer(2, auto_offset_reset="latest")
    tested.add_record(record(0, OTHER))
    tested.assign([TP, OTHER])
    tested.add_record(record(1, OTHER))
    assert tested.poll() == {TP: [record(0), record(1)], OTHER: [record(1, OTHER)]}


def test_an_end_set_after_the_assignment_is_where_reading_starts() -> None:
    tested = MockConsumer()
    tested.assign([TP])
    tested.update_end_offsets({TP: 7})
    assert tested.position(TP) == 7
    added = tested.add_record("t", 0, value=b"v")
    assert (added.offset, tested.poll()) == (7, {TP: [added]})


def test_an_end_set_after_a_record_does_not_hide_it() -> None:
    tested = consumer(1, auto_offset_reset="latest")
    tested.update_end_offsets({TP: 9})
    assert (tested.poll(), tested.health()[TP].lag) == ({TP: [record(0)]}, 8)


def test_without_a_group_a_subscription_reads_every_partition() -> None:
    tested = MockConsumer("t")
    added = [tested.add_record("t", number, value=b"v") for number in (0, 1)]
    assert tested.poll() == {TP: added[:1], OTHER: added[1:]}


def test_without_a_group_a_pattern_reads_topics_that_appear() -> None:
    tested = MockConsumer()
    tested.subscribe(pattern="t.*")
    tested.update_partitions("t", 2)
    tested.update_partitions("u", 2)
    assert tested.assignment() == {TP, OTHER}


def test_after_a_rebalance_partitions_come_from_the_test_alone() -> None:
    tested = MockConsumer("t")
    tested.rebalance([TP])
    tested.add_record("t", 1, value=b"v")
    assert tested.assignment() == {TP}


def test_in_a_group_what_was_added_before_the_rebalance_is_skipped_by_default() -> None:
    tested = MockConsumer("t", group_id="g")
    tested.add_record("t", 0, value=b"before")
    tested.rebalance([TP])
    tested.add_record("t", 0, value=b"after")
    assert [found.value for found in tested.poll()[TP]] == [b"after"]


@pytest.mark.parametrize(
    ("topics", "configs", "advice"),
    [((), {}, "assign"), (("t",), {"group_id": "g"}, "rebalance")],
)
def test_nothing_to_read_is_said_once(
    topics: tuple[str, ...],
    configs: dict[str, object],
    advice: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tested = MockConsumer(*topics, **configs)
    assert [tested.poll(), tested.poll()] == [{}, {}]
    (line,) = caplog.messages
    assert f"{advice}()" in line


def test_what_is_left_out_of_a_record_is_filled_in() -> None:
    tested = consumer(3)
    added = tested.add_record("t", 0, key=b"key", value=b"value", timestamp_ms=5)
    expected = ConsumerRecord("t", 0, 0, 3, 5, 0, b"key", b"value", [], None, 3, 5, -1)
    assert (added, tested.poll()[TP][-1]) == (expected, expected)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"topic": "no topic"}, ValueError),
        ({"topic": "t", "partition": "0"}, TypeError),
        ({"topic": "t", "value": "text"}, TypeError),
        ({"topic": "t", "headers": [("h", "text")]}, TypeError),
        ({"topic": "t", "timestamp_ms": -1}, ValueError),
    ],
)
def test_records_that_no_broker_stores_are_refused(
    arguments: dict[str, object], error: type[Exception]
) -> None:
    tested = MockConsumer()
    with pytest.raises(error):
        tested.add_record(**arguments)  # type: ignore[arg-type] # wrong on purpose
    assert tested.topics() == set()


def test_deserializers_are_applied() -> None:
    tested = consumer(0, value_deserializer=json.loads, key_deserializer=bytes.decode)
    tested.add_record("t", 0, key=b"k", value=b'{"a": 1}')
    tested.add_record("t", 0, key=7, value={"b": 2}, raw=True)
    tested.add_record("t", 0, value=None)
    found = [(one.key, one.value) for one in tested.poll()[TP]]
    assert found == [("k", {"a": 1}), (7, {"b": 2}), (None, None)]


def test_deserializers_are_applied_to_batches_and_the_iterator() -> None:
    tested = consumer(0, value_deserializer=json.loads)
    tested.add_record("t", 0, value=b"1")
    (batch,) = tested.poll_batch(zero_copy=True)
    tested.add_record("t", 0, value=b"2")
    assert (list(batch.values), next(tested).value) == ([1], 2)


def test_what_a_deserializer_rejects_stops_its_partition_alone() -> None:
    tested = consumer(0, value_deserializer=json.loads)
    tested.assign([TP, OTHER])
    for value in (b"1", b"wrong", b"2"):
        tested.add_record("t", 0, value=value)
    tested.add_record("t", 1, value=b"3")
    first = {tp: [one.value for one in found] for tp, found in tested.poll().items()}
    assert first == {TP: [1], OTHER: [3]}
    for _ in range(2):
        with pytest.raises(RecordDeserializationError, match="seek to 2"):
            tested.poll()
    assert isinstance(tested.health()[TP].error, RecordDeserializationError)
    tested.seek(TP, 2)
    assert [one.value for one in tested.poll()[TP]] == [2]
    assert tested.health()[TP].error is None


def undecodable(policy: object) -> MockConsumer:
    tested = consumer(0, value_deserializer=json.loads, on_deserialize_error=policy)
    for value in (b"bad", b"1", b"bad", b"2", b"bad"):
        tested.add_record("t", 0, value=value)
    return tested


def test_skipped_records_are_passed_and_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    tested = undecodable("skip")
    for _ in range(2):
        assert [one.value for one in tested.poll(update_offsets=False)[TP]] == [1, 2]
    assert next(tested).offset == 1
    assert tested.position(TP) == 3
    assert [one.offset for one in tested.poll()[TP]] == [3]
    assert (tested.position(TP), tested.poll()) == (5, {})
    (line,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert "3 so far, the last at offset 4" in line


def test_nothing_but_skipped_records_move_the_position() -> None:
    tested = undecodable("skip")
    assert (tested.poll(max_records=1), tested.position(TP)) == ({}, 1)
    assert [one.value for one in tested] == [1, 2]


def test_skipped_records_are_tried_again_after_a_seek() -> None:
    tested = undecodable("skip")
    tested.poll()
    tested.seek(TP, 2)
    assert [one.value for one in tested.poll()[TP]] == [2]


def test_raw_values_are_told_by_their_type() -> None:
    (batch,) = undecodable("raw").poll_batch()
    kinds = [type(value) for value in batch.values]
    assert kinds == [UndecodedBytes, int, UndecodedBytes, int, UndecodedBytes]


def test_what_a_callable_raises_comes_after_the_records_before_it() -> None:
    def park(error: RecordDeserializationError) -> object:
        if error.offset == 2:
            raise LookupError("mine")
        return SKIP_RECORD

    tested = undecodable(park)
    assert [one.value for one in tested.poll()[TP]] == [1]
    with pytest.raises(LookupError, match="mine"):
        tested.poll()
    assert isinstance(tested.health()[TP].error, LookupError)
    tested.seek(TP, 3)
    assert [one.value for one in tested.poll()[TP]] == [2]


def test_health_is_that_of_a_consumer_that_reads() -> None:
    tested = consumer(3)
    tested.assign([TP, OTHER])
    tested.poll(max_records=1)
    tested.pause(OTHER)
    health = tested.health()
    assert (health[TP].state, health[TP].reason, health[TP].error) == ("fetching", None, None)
    assert (health[TP].position, health[TP].lag) == (1, 2)
    assert health[OTHER].reason == "paused by the application"


def test_health_names_the_error_of_a_partition_without_position() -> None:
    health = consumer(auto_offset_reset="none").health()[TP]
    assert (health.state, health.position) == ("initializing", None)
    assert isinstance(health.error, NoOffsetForPartitionError)


def test_without_position_and_policy_poll_fails() -> None:
    with pytest.raises(NoOffsetForPartitionError, match="t-0"):
        consumer(auto_offset_reset="none").poll()


def test_an_offset_that_does_not_exist_is_reset() -> None:
    tested = consumer()
    tested.seek(TP, 99)
    assert len(tested.poll()[TP]) == 3


def test_an_offset_that_does_not_exist_fails_without_policy() -> None:
    tested = consumer(auto_offset_reset="none")
    tested.seek(TP, 99)
    with pytest.raises(OffsetOutOfRangeError, match="99"):
        tested.poll()


def test_records_before_the_beginning_are_gone() -> None:
    tested = consumer()
    tested.update_beginning_offsets({TP: 2})
    assert tested.poll() == {TP: [record(2)]}


def test_seeking_goes_there() -> None:
    tested = consumer()
    tested.seek_to_end()
    ends = tested.position(TP)
    tested.seek_to_beginning(TP)
    begins = tested.position(TP)
    tested.seek(TP, 2)
    assert (ends, begins, tested.poll()) == (3, 0, {TP: [record(2)]})


def test_what_is_not_assigned_cannot_be_sought() -> None:
    with pytest.raises(ValueError, match="Unassigned"):
        consumer().seek(OTHER, 0)


def test_offsets_can_be_asked_for() -> None:
    tested = consumer()
    tested.update_end_offsets({OTHER: 9})
    assert tested.beginning_offsets([TP, OTHER]) == {TP: 0, OTHER: 0}
    assert tested.end_offsets([TP, OTHER]) == {TP: 3, OTHER: 9}
    assert tested.highwater(TP) == 3


def test_offsets_are_found_by_time() -> None:
    tested = consumer(0)
    for offset in range(3):
        tested.add_record(record(offset, timestamp=offset * 10))
    found = tested.offsets_for_times({TP: 5, OTHER: 5})
    assert found == {TP: OffsetAndTimestamp(1, 10, 0), OTHER: None}


def test_paused_partitions_wait() -> None:
    tested = consumer()
    tested.pause(TP)
    assert (tested.poll(), tested.paused()) == ({}, {TP})
    tested.resume(TP)
    assert len(tested.poll()[TP]) == 3


def test_offsets_must_grow() -> None:
    with pytest.raises(ValueError, match="not after"):
        consumer().add_record(record(2))


def test_wakeup_ends_the_next_poll() -> None:
    tested = consumer()
    tested.wakeup()
    with pytest.raises(WakeupError):
        tested.poll()
    assert len(tested.poll()[TP]) == 3


def test_an_error_can_be_planned() -> None:
    tested = consumer()
    tested.raise_next(CommitFailedError())
    with pytest.raises(CommitFailedError):
        tested.poll()


def test_topics_and_partitions_are_known() -> None:
    tested = consumer(1)
    tested.update_partitions("u", 3)
    assert tested.topics() == {"t", "u"}
    assert tested.partitions_for_topic("u") == {0, 1, 2}
    assert tested.partitions_for_topic("v") == set()


class Listener(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.heard: list[tuple[str, set[TopicPartition]]] = []

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.heard.append(("revoked", revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.heard.append(("assigned", assigned))


def test_a_rebalance_tells_the_listener_and_keeps_what_stays() -> None:
    listener = Listener()
    tested = MockConsumer(group_id="g", auto_offset_reset="earliest")
    tested.subscribe(["t"], listener=listener)
    tested.add_record(record(0))
    tested.rebalance([TP])
    tested.poll()
    tested.rebalance([TP, OTHER])
    tested.rebalance([TP])
    assert listener.heard == [
        ("assigned", {TP}),
        ("assigned", {OTHER}),
        ("revoked", {OTHER}),
        ("assigned", set()),
    ]
    assert (tested.assignment(), tested.position(TP)) == ({TP}, 1)


def test_a_rebalance_needs_a_subscription() -> None:
    with pytest.raises(IllegalStateError):
        consumer().rebalance([TP])


def test_a_pattern_subscribes_to_the_topics_it_matches() -> None:
    tested = MockConsumer(group_id="g")
    tested.update_partitions("orders", 1)
    tested.update_partitions("users", 1)
    tested.subscribe(pattern="ord.*")
    assert tested.subscription() == {"orders"}


def test_commits_are_kept() -> None:
    tested = consumer(group_id="g")
    tested.poll(max_records=2)
    tested.commit()
    assert (tested.committed(TP), tested.committed(OTHER)) == (2, None)
    tested.commit({TP: OffsetAndMetadata(1, "note", -1)})
    assert tested.committed(TP, metadata=True) == OffsetAndMetadata(1, "note", -1)


def test_reading_goes_on_at_the_committed_offset() -> None:
    tested = consumer(group_id="g")
    tested.commit({TP: OffsetAndMetadata(2, "", -1)})
    assert tested.poll() == {TP: [record(2)]}


def test_an_asynchronous_commit_calls_back() -> None:
    heard: list[object] = []
    tested = consumer(group_id="g")
    offsets = {TP: OffsetAndMetadata(1, "", -1)}
    tested.commit_async(offsets, lambda *args: heard.extend(args))
    assert heard == [offsets, None]


def test_commits_need_a_group() -> None:
    with pytest.raises(IllegalStateError, match="group_id"):
        consumer().commit()


@pytest.mark.parametrize(("auto", "expected"), [(True, 3), (False, None)])
def test_closing_commits_if_the_options_say_so(auto: bool, expected: int | None) -> None:
    tested = consumer(group_id="g", enable_auto_commit=auto)
    with tested:
        tested.poll()
    found = tested.committed_offsets().get(TP)
    assert (found and found.offset) == expected


def test_a_closed_consumer_refuses() -> None:
    tested = consumer()
    tested.close()
    with pytest.raises(IllegalStateError, match="closed"):
        tested.poll()


def test_values_of_batches_are_views_if_asked_for() -> None:
    (batch,) = consumer(1).poll_batch(zero_copy=True)
    assert [type(value) for value in batch.values] == [memoryview]


def test_status_line_says_what_a_person_asks() -> None:
    consumer = MockConsumer("orders", group_id="billing")
    assert repr(consumer) == "<MockConsumer open, group=billing, 0 partitions>"
    consumer.close()
    assert repr(consumer).startswith("<MockConsumer closed")
