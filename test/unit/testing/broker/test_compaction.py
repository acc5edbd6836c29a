"""Compaction: of every key the newest record stays, at the offset it has."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.record.batch import decode_header
from kafka.record.compression import Codec
from kafka.record.control import ControlType
from kafka.testing.broker.compaction import compact
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.incoming import IncomingBatch
from kafka.testing.broker.log import PartitionLog
from test.support.embedded import batch


class Entry(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None


def new_log() -> PartitionLog:
    log = PartitionLog(TopicConfig({}, {}))
    log.start_epoch(0)
    return log


def add(log: PartitionLog, data: bytes) -> None:
    log.append(IncomingBatch(decode_header(data), data), leader_epoch=0, now=0.0)


def mark(log: PartitionLog, end: ControlType, producer_id: int = 7) -> None:
    log.append_marker(
        end,
        producer_id=producer_id,
        producer_epoch=0,
        coordinator_epoch=1,
        leader_epoch=0,
        now=0.0,
        now_ms=5,
    )


def transactional(value: bytes, key: bytes, *, sequence: int = 0, producer_id: int = 7) -> bytes:
    return batch(
        value,
        keys=[key],
        producer_id=producer_id,
        epoch=0,
        sequence=sequence,
        transactional=True,
    )


def contents(log: PartitionLog) -> list[Entry]:
    """Return the records of a log without its markers."""
    return [
        Entry(*entry)
        for stored in log.batches
        if not stored.header.is_control
        for columns in [stored.columns()]
        for entry in zip(
            columns.offsets,
            columns.keys or [None] * len(columns.values),
            columns.values,
            strict=True,
        )
    ]


def test_the_newest_of_each_key_stays_and_tombstones_go_only_if_told() -> None:
    log = new_log()
    add(log, batch(b"1", b"2", b"3", b"4", keys=[b"a", b"b", b"a", b"c"]))
    add(log, batch(b"5", None, keys=[b"b", b"c"]))
    compact(log)
    assert contents(log) == [(2, b"a", b"3"), (4, b"b", b"5"), (5, b"c", None)]
    compact(log, drop_tombstones=True)
    assert contents(log) == [(2, b"a", b"3"), (4, b"b", b"5")]
    assert (log.end_offset, log.start_offset) == (6, 0)


KEYED = st.lists(
    st.lists(
        st.tuples(st.sampled_from([b"a", b"b", b"c", b""]), st.none() | st.binary(max_size=2)),
        min_size=1,
        max_size=4,
    ),
    max_size=6,
)


@given(KEYED, st.booleans())
def test_what_is_left_is_the_newest_of_each_key_in_order(
    batches: list[list[tuple[bytes, bytes | None]]], drop: bool
) -> None:
    log = new_log()
    for records in batches:
        add(log, batch(*[value for _, value in records], keys=[key for key, _ in records]))
    before = contents(log)
    newest = {entry.key: entry for entry in before}
    compact(log, drop_tombstones=drop)
    after = contents(log)
    assert after == [
        entry
        for entry in before
        if newest[entry.key] == entry and not (drop and entry.value is None)
    ]
    compact(log, drop_tombstones=drop)
    assert contents(log) == after
    assert log.end_offset == len(before)


def test_a_batch_that_lost_nothing_keeps_its_bytes() -> None:
    log = new_log()
    add(log, batch(b"1", b"2", keys=[b"a", b"b"], codec=Codec.GZIP))
    (stored,) = log.batches
    compact(log)
    assert log.batches == (stored,)


def test_each_run_of_survivors_is_a_batch_like_the_one_it_came_in() -> None:
    log = new_log()
    add(
        log,
        batch(
            *[b"1", b"2", b"3", b"4", b"5"],
            keys=[b"a", b"b", b"x", b"c", b"x"],
            producer_id=9,
            epoch=2,
            sequence=10,
            codec=Codec.GZIP,
        ),
    )
    compact(log)
    assert [(found.base_offset, found.last_offset) for found in log.batches] == [(0, 1), (3, 4)]
    for found in log.batches:
        header = found.header
        assert (header.producer_id, header.producer_epoch, header.codec) == (9, 2, Codec.GZIP)
        assert header.base_sequence == 10 + found.base_offset
        assert header.base_timestamp == 1000 + found.base_offset
    assert [found.max_timestamp for found in log.batches] == [1001, 1004]


def test_a_batch_without_a_producer_gets_no_sequence() -> None:
    log = new_log()
    add(log, batch(b"1", b"2", b"3", keys=[b"a", b"b", b"a"]))
    compact(log)
    assert [found.header.base_sequence for found in log.batches] == [-1]


def test_an_aborted_record_does_not_win() -> None:
    log = new_log()
    add(log, batch(b"1", keys=[b"a"]))
    add(log, transactional(b"2", b"a"))
    mark(log, ControlType.ABORT)
    compact(log)
    assert contents(log) == [(0, b"a", b"1")]


def test_a_committed_record_wins_and_markers_stay() -> None:
    log = new_log()
    add(log, batch(b"1", keys=[b"a"]))
    add(log, transactional(b"2", b"a"))
    mark(log, ControlType.COMMIT)
    compact(log)
    assert contents(log) == [(1, b"a", b"2")]
    assert log.batches[-1].header.is_control


def test_another_producer_s_record_between_those_of_an_aborted_transaction_wins() -> None:
    log = new_log()
    add(log, transactional(b"1", b"x"))
    add(log, batch(b"2", keys=[b"a"]))
    add(log, transactional(b"3", b"a", sequence=1))
    mark(log, ControlType.ABORT)
    compact(log)
    assert contents(log) == [(1, b"a", b"2")]


@pytest.mark.parametrize("drop", [True, False])
def test_nothing_from_the_last_stable_offset_on_is_touched(drop: bool) -> None:
    log = new_log()
    add(log, batch(b"0", keys=[b"a"]))
    add(log, transactional(b"1", b"x"))
    add(log, batch(b"2", None, keys=[b"a", b"a"]))
    before = contents(log)
    compact(log, drop_tombstones=drop)
    assert contents(log) == before
    mark(log, ControlType.COMMIT)
    compact(log, drop_tombstones=drop)
    left = [(1, b"x", b"1")] if drop else [(1, b"x", b"1"), (3, b"a", None)]
    assert contents(log) == left
