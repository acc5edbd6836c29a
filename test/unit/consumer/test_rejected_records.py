"""What becomes of records that cannot be read."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest

from kafka.consumer.rejected_records import PolicyError, Received, RejectedRecords, corrupt_batch
from kafka.errors import CorruptRecordError, RecordDeserializationError
from kafka.serializer import SKIP_RECORD, UndecodedBytes
from test.unit.consumer.consumer_data import OTHER, TP

CAUSE = ValueError("secret")


def received(offset: int = 7, *, value: bytes | memoryview = b"value") -> Received:
    return Received(TP, offset, 5, b"key", value, [("h", b"v")])  # type: ignore[arg-type]


def settle(policy: RejectedRecords, offset: int = 7, origin: str = "value") -> object:
    return policy.settle(received(offset).rejection(origin), CAUSE)


def test_error_tells_all_about_its_record() -> None:
    error = received().rejection("key")
    assert (error.topic_partition, error.topic, error.partition) == (TP, "t", 0)
    assert (error.offset, error.next_offset, error.timestamp, error.origin) == (7, 8, 5, "key")
    assert (error.key, error.value, error.headers) == (b"key", b"value", [("h", b"v")])


def test_error_keeps_no_view_of_the_response() -> None:
    error = received(value=memoryview(b"value")).rejection("key")
    assert (type(error.value), error.value) == (bytes, b"value")


def test_raise_raises_the_error_with_its_cause() -> None:
    with pytest.raises(RecordDeserializationError, match="t-0 offset 7; seek to 8") as caught:
        settle(RejectedRecords("raise"))
    assert caught.value.__cause__ is CAUSE


@pytest.mark.parametrize(("origin", "data"), [("key", b"key"), ("value", b"value")])
def test_raw_returns_what_was_received_and_why(origin: str, data: bytes) -> None:
    found = settle(RejectedRecords("raw"), origin=origin)
    assert isinstance(found, UndecodedBytes)
    assert (found, found.error and found.error.offset) == (data, 7)
    assert found.error is not None
    assert found.error.__cause__ is CAUSE


def test_raw_keeps_no_frames_alive() -> None:
    def chained() -> ValueError:
        try:
            try:
                {}["inner"]
            except KeyError as exc:
                raise ValueError("outer") from exc
        except ValueError as exc:
            return exc

    found = RejectedRecords("raw").settle(received().rejection("value"), chained())
    assert isinstance(found, UndecodedBytes)
    assert "File" not in "".join(traceback.format_exception(found.error))
    assert "inner" in "".join(traceback.format_exception(found.error))


def test_undecoded_bytes_can_be_pickled() -> None:
    found = pickle.loads(pickle.dumps(settle(RejectedRecords("raw"))))
    assert (type(found), found, found.error.offset) == (UndecodedBytes, b"value", 7)


def test_skip_warns_once_with_the_number_and_then_ten_times_less(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = RejectedRecords("skip", "me")
    for offset in range(1000):
        assert settle(policy, offset) is SKIP_RECORD
        if offset % 3 == 2:
            policy.report()
    shown = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.split("rejects: ")[1] for line in shown] == [
        "3 so far, the last at offset 2 (value: ValueError)",
        "12 so far, the last at offset 11 (value: ValueError)",
        "102 so far, the last at offset 101 (value: ValueError)",
    ]
    assert all(line.startswith("me: skipped records of t-0") for line in shown)
    assert "secret" not in caplog.text


def test_skip_counts_by_partition(caplog: pytest.LogCaptureFixture) -> None:
    policy = RejectedRecords("skip")
    settle(policy)
    policy.settle(received()._replace(tp=OTHER).rejection("value"), CAUSE)
    policy.report()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_callable_gets_the_error_and_returns_the_replacement() -> None:
    seen: list[RecordDeserializationError] = []

    def replace(error: RecordDeserializationError) -> object:
        seen.append(error)
        return "instead"

    assert settle(RejectedRecords(replace)) == "instead"
    assert [(error.offset, error.__cause__) for error in seen] == [(7, CAUSE)]


def test_callable_may_raise_the_error_it_got() -> None:
    def refuse(error: RecordDeserializationError) -> object:
        raise error

    with pytest.raises(RecordDeserializationError) as caught:
        settle(RejectedRecords(refuse))
    assert caught.value.__cause__ is CAUSE


def test_what_a_callable_raises_says_where_the_record_is() -> None:
    raised = LookupError("mine")

    def refuse(_: RecordDeserializationError) -> object:
        raise raised

    with pytest.raises(PolicyError) as caught:
        settle(RejectedRecords(refuse))
    assert caught.value.raised is raised
    assert isinstance(raised.__cause__, RecordDeserializationError)


def test_cause_that_a_callable_gave_is_kept() -> None:
    def refuse(_: RecordDeserializationError) -> object:
        raise LookupError("mine") from CAUSE

    with pytest.raises(PolicyError) as caught:
        settle(RejectedRecords(refuse))
    assert caught.value.raised.__cause__ is CAUSE


@pytest.mark.parametrize("policy", ["raise", "skip", "raw", lambda _: "instead"])
def test_lack_of_memory_is_no_reason_to_drop_a_record(policy: str) -> None:
    with pytest.raises(RecordDeserializationError) as caught:
        RejectedRecords(policy).settle(received().rejection("value"), MemoryError())
    assert isinstance(caught.value.__cause__, MemoryError)


def test_error_about_a_batch_says_where_and_how_to_go_on() -> None:
    error = corrupt_batch(CorruptRecordError("damaged"), TP, 7, 10)
    assert str(error) == (
        "[Error 2] CorruptBatchError: t-0 at offset 7: damaged; seek to 10 to go past the batch"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (again.topic_partition, again.offset, again.next_offset) == (TP, 7, 10)
