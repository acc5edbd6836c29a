"""Futures that users' tests make by hand, as with kafka-python 2.x and 3.x."""

from __future__ import annotations

import logging
import threading

import pytest

from kafka.errors import IllegalStateError, KafkaTimeoutError, NotLeaderForPartitionError
from kafka.producer.future import FutureProduceResult, FutureRecordMetadata, future_of
from kafka.structs import RecordMetadata, TopicPartition
from test.unit.producer.support import sealed_batch

T3 = TopicPartition("t", 3)


def made(result: FutureProduceResult, index: int = 0) -> FutureRecordMetadata:
    return FutureRecordMetadata(result, index, 123, None, 1, 5, -1)


def test_the_partition_can_be_read_as_instrumentation_does() -> None:
    result = FutureProduceResult(("t", 4))  # type: ignore[arg-type]
    future = FutureRecordMetadata(result, 0, None, None, -1, -1, -1)
    assert future._produce_future.topic_partition[1] == 4  # noqa: SLF001 - as OpenTelemetry reads it
    assert isinstance(future._produce_future, FutureProduceResult)  # noqa: SLF001 - as OpenTelemetry reads it


def test_a_result_is_pending_until_it_is_told() -> None:
    result = FutureProduceResult(T3)
    future = made(result)
    assert (result.is_done, future.is_done, future.value) == (False, False, None)
    assert result.wait(0) is False
    with pytest.raises(KafkaTimeoutError):
        future.get(0)
    assert "pending" in repr(result)


def test_success_gives_every_record_its_place() -> None:
    result = FutureProduceResult(T3)
    first, second = made(result), made(result, 1)
    assert result.success((7, -1, None)) is result
    assert first.get() == RecordMetadata("t", 3, T3, 7, 123, None, 1, 5, -1)
    assert second.get().offset == 8
    assert result.wait() is True
    assert result.is_done


@pytest.mark.parametrize(
    ("value", "offset", "timestamp"),
    [((7, 99), 8, 99), ((7, None), 8, 123), ((-1, -1, None), -1, 123)],
)
def test_the_forms_of_older_releases_are_understood(
    value: tuple[int, ...], offset: int, timestamp: int
) -> None:
    result = FutureProduceResult(T3)
    future = made(result, 1)
    result.success(value)
    assert (future.get().offset, future.get().timestamp) == (offset, timestamp)


def test_a_record_made_after_the_outcome_has_it_at_once() -> None:
    result = FutureProduceResult(T3).success((7, -1, None))
    assert made(result, 2).get(0).offset == 9


@pytest.mark.parametrize("error", [NotLeaderForPartitionError, NotLeaderForPartitionError("no")])
def test_failure_fails_every_record(error: NotLeaderForPartitionError) -> None:
    result = FutureProduceResult(T3)
    future = made(result)
    result.failure(error)
    assert future.failed()
    assert future.retriable()
    with pytest.raises(NotLeaderForPartitionError):
        future.get()


def test_records_can_fail_with_errors_of_their_own() -> None:
    result = FutureProduceResult(T3)
    first, second = made(result), made(result, 1)
    errors = [NotLeaderForPartitionError("a"), KafkaTimeoutError("b")]
    result.success((-1, -1, errors.__getitem__))
    assert (first.exception, second.exception) == tuple(errors)


def test_callbacks_run_when_it_is_told_and_may_raise(caplog: pytest.LogCaptureFixture) -> None:
    result = FutureProduceResult(T3)
    seen: list[object] = []
    future = made(result)
    future.add_callback(lambda _: 1 / 0)
    future.add_callback(seen.append).add_errback(seen.append)
    result.success((7, -1, None))
    assert seen == [future.get()]
    assert [r.levelno for r in caplog.records] == [logging.ERROR]


def test_a_thread_waits_for_it() -> None:
    result = FutureProduceResult(T3)
    offsets: list[int] = []
    thread = threading.Thread(target=lambda: offsets.append(made(result).get().offset))
    thread.start()
    result.success((7, -1, None))
    thread.join(30)
    assert offsets == [7]


async def test_a_task_waits_for_it() -> None:
    result = FutureProduceResult(T3)
    future = made(result)
    result.success((7, -1, None))
    assert (await future).offset == 7


def test_an_outcome_is_set_once() -> None:
    result = FutureProduceResult(T3).success((7, -1, None))
    with pytest.raises(IllegalStateError, match="already"):
        result.failure(KafkaTimeoutError("late"))


def test_only_the_producer_sets_the_outcome_of_what_it_sends() -> None:
    sent = future_of(sealed_batch(b"a"), 0)
    with pytest.raises(IllegalStateError, match="the producer sets"):
        sent._produce_future.success((7, -1, None))  # noqa: SLF001 - as OpenTelemetry reads it
