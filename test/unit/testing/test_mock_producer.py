"""`MockProducer`: the real producer's calls, the test's outcomes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading

import pytest

from kafka import TopicPartition
from kafka.errors import (
    IllegalStateError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    ProducerFencedError,
    UndeliveredRecordsError,
)
from kafka.partitioner import DefaultPartitioner
from kafka.producer.future import FutureRecordMetadata, RecordMetadata
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata
from kafka.testing import MockConsumer, MockProducer


def test_records_are_delivered_at_once() -> None:
    producer = MockProducer()
    offsets = [producer.send("t", value).get().offset for value in (b"a", b"b")]
    assert offsets == [0, 1]


def test_metadata_say_what_was_sent() -> None:
    future = MockProducer().send("t", b"value", b"k", [("h", b"xy")], timestamp_ms=7)
    assert future.get() == ("t", 0, TopicPartition("t", 0), 0, 7, None, 1, 5, 3)


def test_history_has_what_was_given_and_what_was_serialized() -> None:
    producer = MockProducer(value_serializer=lambda value: json.dumps(value).encode())
    producer.send("t", {"a": 1}, timestamp_ms=5)
    (record,) = producer.history()
    assert (record.value, record.serialized_value, record.timestamp_ms) == (
        {"a": 1},
        b'{"a": 1}',
        5,
    )


def test_many_records_have_one_future() -> None:
    producer = MockProducer(auto_complete=False, partitions={"t": 2})
    future = producer.send_many("t", [b"a", b"b", b"c"])
    assert not future.is_done
    producer.flush()
    assert [(place.partition, place.offset) for place in future.get()] == [(0, 0), (1, 0), (0, 1)]


def test_of_many_records_none_is_sent_if_one_is_wrong() -> None:
    producer = MockProducer()
    with pytest.raises(TypeError, match="must be bytes"):
        producer.send_many("t", [b"a", "text"])
    assert producer.history() == []


def test_what_is_no_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="value must be bytes"):
        MockProducer().send("t", "text")


def test_keys_are_placed_as_the_real_producer_does() -> None:
    producer = MockProducer(partitions={"t": 7})
    reference = DefaultPartitioner()
    keys = [b"a", b"customer-7", b"x" * 40]
    places = [producer.send("t", b"v", key).get().partition for key in keys]
    assert places == [reference(key, range(7), range(7)) for key in keys]


def test_records_without_key_go_to_the_partitions_in_turn() -> None:
    producer = MockProducer(partitions={"t": 2})
    assert [producer.send("t", b"v").get().partition for _ in range(4)] == [0, 1, 0, 1]


def test_a_partitioner_is_asked() -> None:
    producer = MockProducer(partitions={"t": 5}, partitioner=lambda key, every, there: every[-1])
    assert producer.send("t", b"v").get().partition == 4


def test_a_partition_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="partition 3 of topic t does not exist"):
        MockProducer().send("t", b"v", partition=3)


@pytest.mark.parametrize("option", ["max_request_size", "buffer_memory"])
def test_what_is_too_large_is_refused(option: str) -> None:
    producer = MockProducer(**{option: 20_000, "batch_size": 1000})
    with pytest.raises(MessageSizeTooLargeError, match=f"{option}=20000"):
        producer.send("t", bytes(20_000))
    producer.send("t", bytes(19_000))
    assert len(producer.history()) == 1


def test_of_many_records_none_is_sent_if_one_is_too_large() -> None:
    producer = MockProducer(max_request_size=1000)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send_many("t", [b"small", bytes(1000)])
    assert producer.history() == []


def test_without_auto_complete_the_test_decides() -> None:
    producer = MockProducer(auto_complete=False)
    first, second = producer.send("t", b"a"), producer.send("t", b"b")
    assert producer.error_next(NotLeaderForPartitionError())
    assert (first.failed(), second.is_done) == (True, False)
    assert producer.complete_next()
    assert second.get().offset == 0
    assert not producer.complete_next()


def test_callbacks_hear_of_the_outcome() -> None:
    heard: list[object] = []
    producer = MockProducer(auto_complete=False)
    error = NotLeaderForPartitionError()
    producer.send("t", b"a").add_errback(heard.append)
    producer.send("t", b"b").add_callback(lambda metadata: heard.append(metadata.offset))
    producer.error_next(error)
    producer.flush()
    assert heard == [error, 0]


def test_a_callback_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    MockProducer().send("t", b"a").add_callback(lambda _: 1 / 0)
    assert "callback raised" in caplog.text


def test_flush_delivers_everything() -> None:
    producer = MockProducer(auto_complete=False)
    future = producer.send("t", b"a")
    producer.flush()
    assert (future.succeeded(), producer.flushes) == (True, 1)


def test_close_delivers_and_ends() -> None:
    with MockProducer(auto_complete=False) as producer:
        future = producer.send("t", b"a")
    assert (future.succeeded(), producer.closed) == (True, True)
    with pytest.raises(KafkaError, match="closed"):
        producer.send("t", b"b")


def test_close_without_time_drops() -> None:
    producer = MockProducer(auto_complete=False)
    future = producer.send("t", b"a")
    producer.close(timeout=0)
    assert isinstance(future.exception, KafkaTimeoutError)


def test_the_next_call_can_be_made_to_fail() -> None:
    producer = MockProducer()
    producer.raise_next("send", KafkaTimeoutError("no metadata"))
    with pytest.raises(KafkaTimeoutError, match="no metadata"):
        producer.send("t", b"a")
    producer.send("t", b"b")


@pytest.mark.parametrize("auto_complete", [True, False])
def test_the_delivery_of_the_next_record_can_be_made_to_fail(auto_complete: bool) -> None:
    producer = MockProducer(auto_complete=auto_complete)
    before = producer.send("t", b"before")
    error = NotLeaderForPartitionError()
    producer.fail_next(error)
    heard: list[object] = []
    failing = producer.send("t", b"a").add_errback(heard.append)
    with pytest.raises(NotLeaderForPartitionError):
        failing.get(timeout=0)
    assert heard == [error]
    assert before.is_done == auto_complete
    after = producer.send("t", b"after")
    producer.flush()
    assert (before.get().offset, after.get().offset) == (0, 1)
    assert [sent.value for sent in producer.history()] == [b"before", b"a", b"after"]


def test_one_of_many_records_can_be_made_to_fail() -> None:
    producer = MockProducer()
    producer.fail_next(NotLeaderForPartitionError())
    with pytest.raises(NotLeaderForPartitionError):
        producer.send_many("t", [b"a", b"b"]).get()


def test_a_delivery_that_fails_in_a_transaction_fails_its_commit() -> None:
    producer = MockProducer(transactional_id="x")
    producer.init_transactions()
    producer.begin_transaction()
    producer.fail_next(NotLeaderForPartitionError())
    producer.send("t", b"a")
    with pytest.raises(KafkaError, match="call abort_transaction"):
        producer.commit_transaction()


def test_a_call_that_does_not_exist_cannot_fail() -> None:
    with pytest.raises(ValueError, match="'sent' is not one of"):
        MockProducer().raise_next("sent", KafkaError())


def test_unknown_options_are_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="linger"):
        MockProducer(linger=5)


def test_clear_forgets() -> None:
    producer = MockProducer(auto_complete=False)
    producer.send("t", b"a")
    producer.clear()
    assert (producer.history(), producer.complete_next()) == ([], False)


def transactional() -> MockProducer:
    producer = MockProducer(transactional_id="tx")
    producer.init_transactions()
    return producer


def test_committed_records_and_offsets_count() -> None:
    producer = transactional()
    offsets = {TopicPartition("in", 0): OffsetAndMetadata(5, "", -1)}
    producer.begin_transaction()
    producer.send("t", b"a")
    producer.send_offsets_to_transaction(offsets, ConsumerGroupMetadata("g"))
    assert (producer.history(), len(producer.uncommitted())) == ([], 1)
    producer.commit_transaction()
    assert [record.value for record in producer.history()] == [b"a"]
    assert producer.committed_offsets() == [("g", offsets)]
    assert producer.commits == 1


def test_aborted_records_and_offsets_do_not_count() -> None:
    producer = transactional()
    producer.begin_transaction()
    producer.send("t", b"a")
    producer.send_offsets_to_transaction(
        {TopicPartition("in", 0): OffsetAndMetadata(5, "", -1)}, "g"
    )
    producer.abort_transaction()
    assert (producer.history(), producer.committed_offsets()) == ([], [])


def test_a_transaction_with_a_failed_record_can_only_be_aborted() -> None:
    producer = MockProducer(auto_complete=False, transactional_id="tx")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send("t", b"a")
    producer.error_next(NotLeaderForPartitionError())
    with pytest.raises(KafkaError, match="call abort_transaction"):
        producer.commit_transaction()
    producer.abort_transaction()
    producer.begin_transaction()


@pytest.mark.parametrize(
    "call",
    [
        MockProducer.init_transactions,
        MockProducer.commit_transaction,
        MockProducer.abort_transaction,
        lambda producer: producer.send("t", b"a"),
        lambda producer: producer.send_offsets_to_transaction({}, "g"),
    ],
)
def test_outside_of_a_transaction_its_calls_are_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(IllegalStateError):
        call(transactional())


@pytest.mark.parametrize("call", [MockProducer.init_transactions, MockProducer.begin_transaction])
def test_inside_a_transaction_no_other_begins(call: object) -> None:
    assert callable(call)
    producer = transactional()
    producer.begin_transaction()
    with pytest.raises(IllegalStateError):
        call(producer)


def test_a_fenced_producer_says_so() -> None:
    producer = transactional()
    producer.fence()
    with pytest.raises(ProducerFencedError):
        producer.begin_transaction()


def test_a_thread_without_a_loop_completes_what_a_coroutine_awaits() -> None:
    async def story() -> int:
        with MockProducer(auto_complete=False) as producer:
            future = producer.send("t", b"v")
            waiting = asyncio.ensure_future(_awaited(future))
            await asyncio.sleep(0)
            thread = threading.Thread(target=producer.complete_next)
            thread.start()
            found = await asyncio.wait_for(waiting, 5)
            thread.join(5)
            return found.offset

    assert asyncio.run(story()) == 0


async def _awaited(future: FutureRecordMetadata) -> RecordMetadata:
    return await future


def test_a_block_commits_its_transaction_or_aborts_it() -> None:
    producer = transactional()
    with producer.transaction():
        producer.send("t", b"counts")
    with contextlib.suppress(ZeroDivisionError), producer.transaction():
        producer.send("t", b"does not")
        raise ZeroDivisionError
    assert [record.value for record in producer.history()] == [b"counts"]
    assert producer.commits == 1


def test_a_block_with_a_consumer_commits_what_it_has_consumed() -> None:
    producer = transactional()
    consumer = MockConsumer(group_id="g", enable_auto_commit=False, auto_offset_reset="earliest")
    tp = TopicPartition("t", 0)
    consumer.assign([tp])
    consumer.add_record("t", value=b"in")
    with producer.transaction(consumer):
        for records in consumer.poll().values():
            producer.send("out", records[0].value)
    ((group, offsets),) = producer.committed_offsets()
    assert group == "g"
    assert offsets[tp].offset == 1


def test_what_fails_can_be_raised_by_flush_and_close() -> None:
    producer = MockProducer(auto_complete=False)
    producer.send("t", b"a")
    producer.send("t", b"b").add_errback(lambda _: None)
    producer.error_next(KafkaError("no"))
    producer.error_next(KafkaError("seen"))
    with pytest.raises(UndeliveredRecordsError, match=r"1 records were not delivered.*no"):
        producer.flush(raise_on_error=True)
    producer.flush(raise_on_error=True)
    producer.fail_next(KafkaError("again"))
    producer.send("t", b"c")
    with pytest.raises(UndeliveredRecordsError, match="again"):
        producer.close(raise_on_error=True)
    assert producer.closed
