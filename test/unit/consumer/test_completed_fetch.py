"""Decoding the data of one partition as it is read."""

from __future__ import annotations

import pytest

from kafka.consumer.completed_fetch import AbortedTransaction, CompletedFetch
from kafka.errors import CorruptRecordError
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.record.control import ControlType, end_transaction_batch
from kafka.structs import TopicPartition

TP = TopicPartition("orders", 0)


def batch(
    base: int, count: int = 2, *, producer_id: int = -1, last_delta: int | None = None
) -> bytes:
    """Return a batch whose values are the offsets as text."""
    values: list[bytes | None] = [b"%d" % (base + number) for number in range(count)]
    return build_batch(
        encode_records([base + number for number in range(count)], [None] * count, values),
        count=count,
        base_timestamp=base,
        max_timestamp=base + count,
        codec=Codec.NONE,
        base_offset=base,
        leader_epoch=4,
        producer_id=producer_id,
        transactional=producer_id >= 0,
        last_offset_delta=last_delta,
    )


def marker(offset: int, kind: ControlType, producer_id: int) -> bytes:
    return end_transaction_batch(
        kind,
        producer_id=producer_id,
        producer_epoch=0,
        coordinator_epoch=0,
        timestamp=0,
        base_offset=offset,
    )


def fetch(
    *batches: bytes, offset: int = 0, aborted: list[AbortedTransaction] | None = None
) -> CompletedFetch:
    return CompletedFetch(TP, 1, offset, memoryview(b"".join(batches)), aborted=aborted)


def offsets(completed: CompletedFetch, step: int = 100) -> list[int]:
    found: list[int] = []
    while (part := completed.read(step)) is not None:
        found += part.offsets
    return found


def test_batches_are_read_in_order() -> None:
    assert offsets(fetch(batch(0), batch(2))) == [0, 1, 2, 3]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 100])
def test_steps_of_any_size_give_the_same_records(step: int) -> None:
    assert offsets(fetch(batch(0, 5), batch(5, 3)), step) == list(range(8))


def test_reading_in_steps_keeps_the_place() -> None:
    completed = fetch(batch(0, 5))
    part = completed.read(2)
    assert part is not None
    assert (list(part.offsets), completed.next_offset) == ([0, 1], 2)


def test_slice_tells_the_epoch_of_its_batch() -> None:
    part = fetch(batch(0)).read(1)
    assert part is not None
    assert (part.leader_epoch, part.timestamp_type) == (4, 0)


def test_records_before_the_offset_asked_for_are_skipped() -> None:
    assert offsets(fetch(batch(0, 5), offset=3)) == [3, 4]


def test_batch_cut_off_at_the_end_is_ignored() -> None:
    assert offsets(fetch(batch(0), batch(2)[:-1])) == [0, 1]


def test_gap_left_by_compaction_is_behind_the_reader() -> None:
    completed = fetch(batch(0, 2, last_delta=9))
    offsets(completed)
    assert completed.next_offset == 10


def test_empty_batch_moves_the_place() -> None:
    completed = fetch(batch(0, 0, last_delta=4))
    assert (offsets(completed), completed.next_offset) == ([], 5)


def test_gap_between_batches_is_skipped() -> None:
    assert offsets(fetch(batch(0), batch(7)), 1) == [0, 1, 7, 8]


def test_control_batch_is_not_returned_but_moves_the_place() -> None:
    completed = fetch(batch(0, producer_id=5), marker(2, ControlType.COMMIT, 5))
    assert (offsets(completed), completed.next_offset) == ([0, 1], 3)


def test_reading_uncommitted_returns_aborted_records() -> None:
    completed = fetch(batch(0, producer_id=5), marker(2, ControlType.ABORT, 5))
    assert offsets(completed) == [0, 1]


def test_reading_committed_skips_aborted_records_up_to_the_marker() -> None:
    completed = fetch(
        batch(0, producer_id=5),
        batch(2, producer_id=6),
        marker(4, ControlType.ABORT, 5),
        batch(5, producer_id=5),
        marker(7, ControlType.COMMIT, 5),
        aborted=[AbortedTransaction(5, 0)],
    )
    assert (offsets(completed), completed.next_offset) == ([2, 3, 5, 6], 8)


def test_aborted_transaction_starts_at_its_first_offset() -> None:
    completed = fetch(
        batch(0, producer_id=5),
        marker(2, ControlType.COMMIT, 5),
        batch(3, producer_id=5),
        marker(5, ControlType.ABORT, 5),
        aborted=[AbortedTransaction(5, 3)],
    )
    assert offsets(completed) == [0, 1]


def test_records_outside_transactions_are_never_aborted() -> None:
    completed = fetch(batch(0, producer_id=5), batch(2), aborted=[AbortedTransaction(5, 0)])
    assert offsets(completed) == [2, 3]


def corrupt(good: bytes) -> bytes:
    return good[:-1] + bytes([good[-1] ^ 1])


def test_corrupt_batch_raises_and_the_place_stays() -> None:
    completed = fetch(batch(0), corrupt(batch(2)), batch(4))
    first = completed.read(100)
    with pytest.raises(CorruptRecordError):
        completed.read(100)
    assert first is not None
    assert completed.next_offset == 2


def test_corrupt_batch_raises_every_time() -> None:
    completed = fetch(corrupt(batch(0)), batch(2))
    for _ in range(2):
        with pytest.raises(CorruptRecordError):
            completed.read(100)


@pytest.mark.parametrize(
    ("batches", "behind"),
    [
        ([corrupt(batch(0, 3)), batch(3)], 3),
        ([batch(0), corrupt(batch(2, 3)), batch(9)], 9),
        ([batch(0), batch(2), corrupt(batch(4, 3))], 7),
        ([batch(0), b"\xff" * 100], 3),
    ],
    ids=["first", "before a gap", "last", "no header"],
)
def test_place_behind_a_corrupt_batch_is_known(batches: list[bytes], behind: int) -> None:
    completed = fetch(*batches)
    with pytest.raises(CorruptRecordError):
        offsets(completed)
    assert completed.offset_behind == behind


def test_place_behind_a_batch_with_nonsense_in_it_is_known() -> None:
    lying = build_batch(
        encode_records([0], [None], [b"x"]), count=3, base_timestamp=0, max_timestamp=0
    )
    completed = fetch(lying, batch(3))
    with pytest.raises(CorruptRecordError):
        completed.read(100)
    assert completed.offset_behind == 3


def test_place_is_the_same_when_reading_was_interrupted_meanwhile() -> None:
    completed = fetch(batch(0), corrupt(batch(2, 3)), batch(5))
    completed.read(100)
    completed.restart(2)
    with pytest.raises(CorruptRecordError):
        completed.read(100)
    assert completed.offset_behind == 5


def test_slice_without_some_records_has_the_others() -> None:
    part = fetch(batch(0, 5)).read(100)
    assert part is not None
    rest = part.without([0, 3])
    assert (rest.offsets, rest.values) == ([1, 2, 4], [b"1", b"2", b"4"])
    assert rest.leader_epoch == part.leader_epoch


def test_batch_that_cannot_be_decoded_raises_every_time() -> None:
    lying = build_batch(
        encode_records([0], [None], [b"x"]), count=3, base_timestamp=0, max_timestamp=0
    )
    completed = fetch(lying, batch(3))
    for _ in range(2):
        with pytest.raises(CorruptRecordError):
            completed.read(100)


def test_checksums_are_not_looked_at_if_not_wanted() -> None:
    completed = CompletedFetch(TP, 1, 0, corrupt(batch(0, 1)), check_crcs=False)
    # The last byte is the number of headers: damaged into a nonsense count, or harmless.
    with pytest.raises(CorruptRecordError, match="header"):
        completed.read(1)


def test_slice_can_be_given_back_in_part() -> None:
    completed = fetch(batch(0, 5))
    completed.read(3)
    completed.unread(1)
    part = completed.read(100)
    assert part is not None
    assert list(part.offsets) == [1, 2, 3, 4]


def test_last_slice_can_be_given_back() -> None:
    completed = fetch(batch(0, 2))
    completed.read(2)
    completed.unread(1)
    assert offsets(completed) == [1]
