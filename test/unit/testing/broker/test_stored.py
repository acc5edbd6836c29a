"""A batch as a log keeps it."""

from __future__ import annotations

import pytest

from kafka.record.batch import decode_header
from kafka.record.compression import Codec
from kafka.testing.broker.stored import StoredBatch
from test.support.embedded import batch


def stored(data: bytes) -> StoredBatch:
    return StoredBatch.of(decode_header(data), data)


def test_what_is_read_often_is_that_of_the_header() -> None:
    data = batch(b"a", b"b", b"c", timestamp=50)
    found = stored(data)
    assert (found.base_offset, found.last_offset, found.leader_epoch) == (0, 2, -1)
    assert found.max_timestamp == 52
    assert found.data is data


def test_the_header_is_read_from_the_bytes() -> None:
    data = batch(b"a", producer_id=9, epoch=1, sequence=4)
    header = stored(data).header
    assert header == decode_header(data)
    assert (header.producer_id, header.producer_epoch, header.base_sequence) == (9, 1, 4)


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_records_are_decompressed_and_decoded(codec: Codec) -> None:
    columns = stored(batch(b"a", None, keys=[b"k", None], codec=codec)).columns()
    assert list(columns.offsets) == [0, 1]
    assert (columns.keys, columns.values) == ([b"k", None], [b"a", None])


def test_it_shows_offsets_and_size() -> None:
    data = batch(b"a", b"b")
    assert repr(stored(data)) == f"<StoredBatch 0..1 {len(data)} B>"
