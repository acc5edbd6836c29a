"""Decoding of fetched data into chunks of batches."""

from __future__ import annotations

import pytest

from kafka.consumer.record_decoder import Chunk, RecordDecoder
from kafka.consumer.rejected_records import PolicyError, RejectedRecords
from kafka.errors import CorruptBatchError, CorruptRecordError, RecordDeserializationError
from kafka.record.control import ControlType, end_transaction_batch
from kafka.serializer import SKIP_RECORD, UndecodedBytes
from test.unit.consumer.consumer_data import TP, batch, fetched


def chunk() -> Chunk:
    return Chunk(TP, 1)


def offsets(of: Chunk) -> list[int]:
    return [offset for found in of.batches for offset in found.offsets]


def whole_chunk(*batches: bytes) -> Chunk:
    """Return a chunk with all records of *batches*."""
    found, fetch = chunk(), fetched(*batches)
    while RecordDecoder().decode_into(found, fetch, 500, views=False):
        pass
    return found


def test_records_are_appended_until_the_data_ends() -> None:
    found, fetch = chunk(), fetched(batch(0, b"a", b"b"), batch(2, b"c"))
    decoder = RecordDecoder()
    counts = [decoder.decode_into(found, fetch, 500, views=False) for _ in range(3)]
    assert sum(counts) == found.count == 3
    assert counts[-1] == 0
    assert found.next_offset == 3


def test_no_more_records_are_appended_than_asked_for() -> None:
    found, fetch = chunk(), fetched(batch(0, b"a", b"b", b"c"))
    assert RecordDecoder().decode_into(found, fetch, 2, views=False) == 2
    assert (offsets(found), found.next_offset) == ([0, 1], 2)


def test_end_of_the_data_moves_the_chunk_over_a_marker() -> None:
    marker = end_transaction_batch(
        ControlType.COMMIT,
        base_offset=4,
        producer_id=5,
        producer_epoch=0,
        coordinator_epoch=0,
        timestamp=5,
    )
    found, fetch = chunk(), fetched(marker, offset=4)
    assert RecordDecoder().decode_into(found, fetch, 500, views=False) == 0
    assert (found.count, found.next_offset) == (0, 5)


def test_all_bytes_received_belong_to_the_chunk() -> None:
    data = batch(0, b"a", b"b")
    assert whole_chunk(data).size == len(data)


def test_deserializers_get_topic_and_headers_and_no_tombstone() -> None:
    calls = []

    def deserialize(topic: str, headers: object, data: bytes | None) -> object:
        calls.append((topic, headers))
        return len(data or b"")

    found = chunk()
    decoder = RecordDecoder(deserialize_value=deserialize)
    decoder.decode_into(found, fetched(batch(0, b"abc", None, headers=True)), 500, views=False)
    assert found.batches[0].values == [3, None]
    assert calls == [("t", [("h", b"v"), ("n", None)])]


def test_decoder_with_a_value_deserializer_does_not_keep_values() -> None:
    assert RecordDecoder(deserialize_key=lambda _t, _h, data: data).keeps_values
    assert not RecordDecoder(deserialize_value=lambda _t, _h, data: data).keeps_values


def test_records_before_a_rejected_one_are_appended() -> None:
    def reject_b(topic: str, headers: object, data: bytes | None) -> object:
        if data == b"b":
            raise ValueError(topic)
        return data

    found, fetch = chunk(), fetched(batch(0, b"a", b"b", b"c"))
    decoder = RecordDecoder(deserialize_value=reject_b)
    for _ in range(2):
        with pytest.raises(RecordDeserializationError, match="seek to 2") as caught:
            decoder.decode_into(found, fetch, 500, views=False)
        assert caught.value.offset == 1
    assert (offsets(found), found.next_offset) == ([0], 1)


def reject(topic: str, headers: object, data: bytes | None) -> object:
    """Reject what starts with a b."""
    del topic, headers
    if data is not None and data.startswith(b"b"):
        raise ValueError(data)
    return data


def decoded(policy: object, *values: bytes | None, headers: bool = False, **kinds: bool) -> Chunk:
    """Return the records of one batch, of which *policy* settles those that start with a b."""
    decoder = RecordDecoder(
        deserialize_key=reject if kinds.get("key") else None,
        deserialize_value=reject if kinds.get("value", True) else None,
        rejected=RejectedRecords(policy),  # type: ignore[arg-type]
    )
    found = chunk()
    data = fetched(batch(0, *values, headers=headers, keys=kinds.get("key", False)))
    while decoder.decode_into(found, data, 500, views=False):
        pass
    return found


def rows(of: Chunk) -> list[tuple[int, object, object]]:
    records = [record for found in of.batches for record in found]
    return [(record.offset, record.key, record.value) for record in records]


def test_skipped_records_leave_gaps_and_count_as_read() -> None:
    found = decoded("skip", b"b", b"a", b"bad", b"c", None, b"b", headers=True)
    assert rows(found) == [(1, None, b"a"), (3, None, b"c"), (4, None, None)]
    assert (found.count, found.next_offset) == (3, 6)
    assert [len(found.batches[0].timestamps), len(found.batches[0].headers)] == [3, 3]


def test_nothing_but_skipped_records_move_the_chunk() -> None:
    found = decoded("skip", b"b", b"b")
    assert (found.count, found.batches, found.next_offset) == (0, [], 2)


def test_reading_goes_on_while_all_records_are_skipped() -> None:
    decoder = RecordDecoder(deserialize_value=reject, rejected=RejectedRecords("skip"))
    found, data = chunk(), fetched(batch(0, b"b", b"b", b"a"))
    assert [decoder.decode_into(found, data, 1, views=False) for _ in range(4)] == [1, 1, 1, 0]
    assert offsets(found) == [2]


def test_raw_record_is_told_by_the_type_of_its_value() -> None:
    found = decoded("raw", b"a", b"bad", b"c")
    assert rows(found) == [(0, None, b"a"), (1, None, b"bad"), (2, None, b"c")]
    assert [type(value) for value in found.batches[0].values] == [bytes, UndecodedBytes, bytes]


def test_callable_replaces_a_value() -> None:
    found = decoded(lambda error: error.value.upper(), b"a", b"bad", b"c")
    assert rows(found) == [(0, None, b"a"), (1, None, b"BAD"), (2, None, b"c")]


def test_callable_is_asked_for_the_key_and_for_the_value() -> None:
    found = decoded(lambda error: f"{error.origin} {error.offset}", b"a", b"b", b"c", key=True)
    assert rows(found) == [(0, b"a", b"a"), (1, "key 1", "value 1"), (2, b"c", b"c")]


def test_callable_that_is_asked_for_a_key_only_keeps_the_value() -> None:
    found = decoded(lambda error: error.origin, b"a", b"b", b"c", key=True, value=False)
    assert rows(found) == [(0, b"a", b"a"), (1, "key", b"b"), (2, b"c", b"c")]


@pytest.mark.parametrize("origin", ["key", "value"])
def test_callable_may_skip_by_key_or_by_value(origin: str) -> None:
    found = decoded(
        lambda error: SKIP_RECORD if error.origin == origin else "x", b"a", b"b", b"c", key=True
    )
    assert rows(found) == [(0, b"a", b"a"), (2, b"c", b"c")]


def test_records_before_one_that_a_callable_refuses_are_appended() -> None:
    def park(error: RecordDeserializationError) -> object:
        if error.offset == 3:
            raise LookupError("mine")
        return SKIP_RECORD

    decoder = RecordDecoder(deserialize_value=reject, rejected=RejectedRecords(park))
    found, data = chunk(), fetched(batch(0, b"a", b"b", b"c", b"b", b"d"))
    for _ in range(2):
        with pytest.raises(PolicyError):
            decoder.decode_into(found, data, 500, views=False)
    assert (offsets(found), found.next_offset, data.next_offset) == ([0, 2], 3, 3)


def test_error_says_whether_the_key_was_rejected() -> None:
    with pytest.raises(RecordDeserializationError, match="key deserializer") as caught:
        decoded("raise", b"b", key=True)
    assert (caught.value.origin, caught.value.key, caught.value.value) == ("key", b"b", b"b")
    assert caught.value.timestamp == 5


def test_damaged_batch_says_where_to_go_on() -> None:
    data = bytearray(batch(7, b"abc", b"d"))
    data[-1] ^= 1
    with pytest.raises(CorruptBatchError, match="seek to 9") as caught:
        RecordDecoder().decode_into(chunk(), fetched(bytes(data), offset=7), 500, views=False)
    error = caught.value
    assert (error.topic_partition, error.offset, error.next_offset) == (TP, 7, 9)


def test_data_that_cannot_be_decoded_is_named_in_the_error() -> None:
    data = bytearray(batch(7, b"abc"))
    data[-1] ^= 1
    with pytest.raises(CorruptRecordError, match="t-0 at offset 7"):
        RecordDecoder().decode_into(chunk(), fetched(bytes(data), offset=7), 500, views=False)


def test_interrupted_data_is_decoded_again_behind_the_last_record_appended() -> None:
    presses = [KeyboardInterrupt]

    def deserialize(topic: str, headers: object, data: bytes | None) -> object:
        if data == b"c" and presses:
            raise presses.pop()
        return data

    found, fetch = chunk(), fetched(batch(0, b"a", b"b"), batch(2, b"c"))
    decoder = RecordDecoder(deserialize_value=deserialize)
    assert decoder.decode_into(found, fetch, 2, views=False) == 2
    with pytest.raises(KeyboardInterrupt):
        decoder.decode_into(found, fetch, 2, views=False)
    assert (found.count, found.next_offset) == (2, 2)
    assert decoder.decode_into(found, fetch, 500, views=False) == 1
    assert offsets(found) == [0, 1, 2]


def test_split_chunk_shares_count_position_and_bytes() -> None:
    whole = whole_chunk(batch(0, b"a", b"b"), batch(2, b"c", b"d"))
    first, rest = whole.split(3)
    assert (first.count, first.next_offset, rest.count, rest.next_offset) == (3, 3, 1, 4)
    assert first.size + rest.size == whole.size


def test_split_at_the_end_leaves_no_records() -> None:
    first, rest = whole_chunk(batch(0, b"a", b"b")).split(2)
    assert (first.count, first.next_offset, rest.count) == (2, 2, 0)


def test_joined_parts_are_the_whole() -> None:
    whole = whole_chunk(batch(0, b"a", b"b", b"c"))
    first, rest = whole.split(1)
    joined = first.joined(rest)
    assert (offsets(joined), joined.next_offset) == ([0, 1, 2], 3)
    assert (joined.count, joined.size) == (whole.count, whole.size)


def test_records_up_to_an_offset_are_counted_over_gaps() -> None:
    whole = whole_chunk(batch(0, b"a", b"b"), batch(7, b"c"))
    assert [whole.count_to(offset) for offset in (0, 1, 5, 7, 9)] == [1, 2, 2, 3, 3]
