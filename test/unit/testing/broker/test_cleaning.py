"""When a log is compacted."""

from __future__ import annotations

from kafka.testing.broker.cleaning import Cleaner
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.log import PartitionLog
from kafka.testing.broker.seeding import batch_of, stored_records

DAY = 86_400_000


def log_of(*records: tuple[bytes, bytes | None], at: int = 0, **configs: str) -> PartitionLog:
    """Return a compacted log; ``segment_ms`` and others are configs."""
    named = {name.replace("_", "."): value for name, value in configs.items()}
    log = PartitionLog(TopicConfig({"cleanup.policy": "compact", **named}, {}))
    add(log, *records, at=at)
    return log


def add(log: PartitionLog, *records: tuple[bytes, bytes | None], at: int = 0) -> None:
    for key, value in records:
        log.append_internal(batch_of([value], timestamp_ms=at, key=key), leader_epoch=0)


def values(log: PartitionLog) -> list[bytes | None]:
    return [record.value for record in stored_records(log)]


TWICE = ((b"k", b"1"), (b"k", b"2"))


def test_a_log_is_compacted_once_its_segments_are_closed() -> None:
    log, cleaner = log_of(*TWICE), Cleaner()
    assert not cleaner.clean(log, 7 * DAY - 1)
    assert cleaner.clean(log, 7 * DAY)
    assert values(log) == [b"2"]
    assert not cleaner.clean(log, 8 * DAY)


def test_a_log_that_is_not_compacted_stays() -> None:
    log = log_of(*TWICE, cleanup_policy="delete")
    assert not Cleaner().clean(log, 100 * DAY)


def test_segments_close_as_the_topic_says() -> None:
    log = log_of(*TWICE, segment_ms="1000")
    assert Cleaner().clean(log, 1000)


def test_young_records_stay() -> None:
    log, cleaner = log_of(*TWICE, segment_ms="1", min_compaction_lag_ms="5000"), Cleaner()
    add(log, (b"k", b"3"), at=2000)
    assert cleaner.clean(log, 5000)
    assert values(log) == [b"2", b"3"]


def test_records_above_the_last_stable_offset_stay() -> None:
    log = log_of(*TWICE, segment_ms="1")
    log.hold_high_watermark()
    add(log, (b"k", b"3"))
    assert Cleaner().clean(log, DAY)
    assert values(log) == [b"2", b"3"]


def test_a_log_that_is_clean_enough_waits() -> None:
    log, cleaner = log_of(*((b"%d" % n, b"v") for n in range(10)), segment_ms="1"), Cleaner()
    assert cleaner.clean(log, 10)
    add(log, (b"1", b"w"), at=20)
    assert not cleaner.clean(log, 40)
    for number in range(2, 9):
        add(log, (b"%d" % number, b"w"), at=30)
    assert not cleaner.clean(log, 40)
    add(log, *((b"%d" % n, b"x") for n in range(5)), at=30)
    assert cleaner.clean(log, 40)


def test_the_longest_lag_makes_a_log_dirty_whatever_its_ratio() -> None:
    log = log_of(
        *TWICE, min_cleanable_dirty_ratio="1", max_compaction_lag_ms="1000", segment_ms="9999"
    )
    cleaner = Cleaner()
    assert not cleaner.clean(log, 1000)
    assert cleaner.clean(log, 1001)


def test_a_tombstone_goes_its_retention_after_it_was_kept() -> None:
    log = log_of((b"k", b"1"), (b"k", None), segment_ms="1", delete_retention_ms="1000")
    cleaner = Cleaner()
    assert cleaner.clean(log, 100)
    assert values(log) == [None]
    assert not cleaner.clean(log, 1099)
    assert cleaner.clean(log, 1100)
    assert values(log) == []
    assert not cleaner.clean(log, 9000)


def test_a_truncated_log_is_dirty_again() -> None:
    log, cleaner = log_of(*TWICE, segment_ms="1"), Cleaner()
    cleaner.clean(log, 10)
    log.truncate(1)
    add(log, *TWICE, (b"k", b"3"), at=20)
    assert cleaner.clean(log, 40)
    assert values(log) == [b"3"]
