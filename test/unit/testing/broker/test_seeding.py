"""Records that a test puts into a log, and what it finds there."""

from __future__ import annotations

import pytest

from kafka.errors import CorruptRecordError
from kafka.record.control import ControlType
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.log import PartitionLog
from kafka.testing.broker.seeding import batch_of, stored_records


def log_with(*values: bytes | None) -> PartitionLog:
    log = PartitionLog(TopicConfig({}, {}))
    log.append_internal(batch_of(values, timestamp_ms=1_600_000_000_000), leader_epoch=0)
    return log


def test_each_value_becomes_a_record_without_key() -> None:
    records = stored_records(log_with(b"a", None, b"c"))
    assert [record.value for record in records] == [b"a", None, b"c"]
    assert [record.offset for record in records] == [0, 1, 2]
    assert {(record.key, record.timestamp) for record in records} == {(None, 1_600_000_000_000)}


def test_a_batch_without_values_is_refused() -> None:
    with pytest.raises(ValueError, match="a batch needs a record"):
        batch_of([], timestamp_ms=0)


def test_control_records_are_left_out() -> None:
    log = log_with(b"a")
    log.append_marker(
        ControlType.COMMIT,
        producer_id=1,
        producer_epoch=0,
        coordinator_epoch=0,
        leader_epoch=0,
        now=0.0,
        now_ms=0,
    )
    assert [record.value for record in stored_records(log)] == [b"a"]


def test_a_damaged_batch_is_noticed() -> None:
    log = log_with(b"a")
    log.corrupt(0)
    with pytest.raises(CorruptRecordError):
        stored_records(log)
