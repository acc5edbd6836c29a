"""Decoding of fetched data into chunks of batches."""

from __future__ import annotations

import pytest

from kafka.consumer.record_decoder import Chunk, RecordDecoder
from kafka.errors import CorruptRecordError, RecordDeserializationError
from kafka.record.control import ControlType, end_transaction_batch
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
