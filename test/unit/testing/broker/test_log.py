"""One partition's log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import (
    InvalidProducerEpochError,
    OffsetOutOfRangeError,
    TransactionCoordinatorFencedError,
)
from kafka.record.batch import decode_header
from kafka.record.control import ControlType
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.incoming import IncomingBatch
from kafka.testing.broker.log import PartitionLog
from test.support.embedded import batch


def new_log(**config: str) -> PartitionLog:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    log = PartitionLog(TopicConfig(settings, {}))
    log.start_epoch(0)
    return log


def add(log: PartitionLog, data: bytes, *, epoch: int = 0) -> int:
    incoming = IncomingBatch(decode_header(data), data)
    return log.append(incoming, leader_epoch=epoch, now=0.0).base_offset


def mark(log: PartitionLog, end: ControlType, producer_id: int = 7, *, epoch: int = 0) -> int:
    return log.append_marker(
        end,
        producer_id=producer_id,
        producer_epoch=epoch,
        coordinator_epoch=1,
        leader_epoch=0,
        now=0.0,
        now_ms=5,
    )


def transactional(producer_id: int, sequence: int = 0) -> bytes:
    return batch(b"t", producer_id=producer_id, epoch=0, sequence=sequence, transactional=True)


def test_batches_get_offset_and_epoch_and_keep_their_checksum() -> None:
    log = new_log()
    add(log, batch(b"a", b"b"), epoch=3)
    data = batch(b"c")
    assert add(log, data, epoch=4) == 2
    header = log.batches[1].header
    assert (header.base_offset, header.partition_leader_epoch) == (2, 4)
    assert log.batches[1].data[16:] == data[16:]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.data())
def test_a_read_begins_with_the_batch_of_its_offset(counts: list[int], data: st.DataObject) -> None:
    log = new_log()
    for count in counts:
        add(log, batch(*[b"v"] * count))
    offset = data.draw(st.integers(0, log.end_offset - 1))
    upper = data.draw(st.integers(offset + 1, log.end_offset))
    pieces = log.read(offset, upper=upper, max_bytes=1 << 20, at_least_one=True)
    expected = [
        stored.data
        for stored in log.batches
        if stored.last_offset >= offset and stored.base_offset < upper
    ]
    assert pieces == expected
    assert log.available_bytes(offset, upper) == sum(map(len, expected))


@given(st.integers(0, 400))
def test_a_read_is_cut_off_at_its_limit(limit: int) -> None:
    log = new_log()
    whole = b""
    for _ in range(4):
        add(log, batch(b"v"))
    whole = b"".join(stored.data for stored in log.batches)
    first = len(log.batches[0].data)
    lenient = b"".join(log.read(0, upper=4, max_bytes=limit, at_least_one=True))
    strict = b"".join(log.read(0, upper=4, max_bytes=limit, at_least_one=False))
    assert lenient == whole[: max(limit, first)]
    assert strict == (whole[:limit] if limit >= first else b"")


@pytest.mark.parametrize("offset", [-1, 0, 3])
def test_a_read_outside_the_log_is_refused(offset: int) -> None:
    log = new_log()
    add(log, batch(b"a", b"b"))
    log.delete_before(1)
    with pytest.raises(OffsetOutOfRangeError):
        log.read(offset, upper=2, max_bytes=100, at_least_one=True)


def test_open_transactions_hold_the_last_stable_offset() -> None:
    log = new_log()
    add(log, batch(b"a"))
    add(log, transactional(7))
    add(log, transactional(8))
    assert (log.last_stable_offset, log.high_watermark) == (1, 3)
    mark(log, ControlType.COMMIT, 7)
    assert log.last_stable_offset == 2
    mark(log, ControlType.ABORT, 8)
    assert log.last_stable_offset == log.high_watermark == 5


def test_aborted_transactions_are_listed_where_they_matter() -> None:
    log = new_log()
    add(log, transactional(7))
    mark(log, ControlType.ABORT, 7)
    add(log, transactional(8))
    mark(log, ControlType.COMMIT, 8)
    add(log, transactional(9))
    mark(log, ControlType.ABORT, 9)

    def listed(offset: int, upper: int) -> list[int]:
        return [entry.producer_id for entry in log.aborted_transactions(offset, upper)]

    assert listed(0, 6) == [7, 9]
    assert listed(2, 6) == [9]
    assert listed(0, 4) == [7]


def test_a_marker_without_records_aborts_nothing() -> None:
    log = new_log()
    mark(log, ControlType.ABORT)
    assert log.aborted_transactions(0, 1) == []


def test_old_producers_and_coordinators_are_fenced() -> None:
    log = new_log()
    mark(log, ControlType.COMMIT, epoch=2)
    with pytest.raises(InvalidProducerEpochError):
        mark(log, ControlType.COMMIT, epoch=1)
    with pytest.raises(TransactionCoordinatorFencedError):
        log.append_marker(
            ControlType.COMMIT,
            producer_id=7,
            producer_epoch=2,
            coordinator_epoch=0,
            leader_epoch=0,
            now=0.0,
            now_ms=0,
        )


def test_a_held_high_watermark_hides_new_records() -> None:
    log = new_log()
    add(log, batch(b"a"))
    log.hold_high_watermark()
    add(log, batch(b"b"))
    assert (log.high_watermark, log.end_offset) == (1, 2)
    log.hold_high_watermark(False)
    assert log.high_watermark == 2


def test_deleted_records_leave_the_batch_they_share() -> None:
    log = new_log()
    add(log, batch(b"a", b"b"))
    add(log, batch(b"c"))
    assert log.delete_before(1) == 1
    assert len(log.batches) == 2
    assert log.delete_before(2) == 2
    assert len(log.batches) == 1
    assert log.delete_before(1) == 2
    assert log.delete_before(-1) == 3


@pytest.mark.parametrize("offset", [-2, 2])
def test_records_that_are_not_there_cannot_be_deleted(offset: int) -> None:
    log = new_log()
    add(log, batch(b"a"))
    with pytest.raises(OffsetOutOfRangeError):
        log.delete_before(offset)


def test_truncation_takes_batches_transactions_and_epochs() -> None:
    log = new_log()
    add(log, batch(b"a"))
    log.start_epoch(1)
    add(log, transactional(7), epoch=1)
    mark(log, ControlType.ABORT)
    log.truncate(1)
    assert (log.end_offset, log.high_watermark, log.last_stable_offset) == (1, 1, 1)
    assert log.aborted_transactions(0, 9) == []
    assert log.epoch_end(1) == (-1, -1)
    assert add(log, transactional(7)) == 1


@pytest.mark.parametrize(
    ("config", "left"),
    [
        ({"retention_ms": "500"}, [2]),
        ({"retention_ms": "-1", "retention_bytes": "150"}, [1, 2]),
        ({"retention_ms": "-1"}, [0, 1, 2]),
        ({"retention_ms": "500", "cleanup_policy": "compact"}, [0, 1, 2]),
    ],
)
def test_retention_takes_the_oldest(config: dict[str, str], left: list[int]) -> None:
    log = new_log(**config)
    for timestamp in (1000, 2000, 3000):
        add(log, batch(b"v", timestamp=timestamp))
    assert log.apply_retention(3100) == 3 - len(left)
    assert [stored.base_offset for stored in log.batches] == left


def test_whoever_waits_is_told_of_every_change() -> None:
    log, told = new_log(), []
    log.changed.subscribe(lambda: told.append(log.end_offset))
    add(log, batch(b"a"))
    log.delete_before(1)
    log.truncate(0)
    assert told == [1, 1, 0]
