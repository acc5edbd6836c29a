"""Batches of equal values come out as any others do."""

from __future__ import annotations

import pytest

from kafka.producer.batch_encoding import Encoded, Encoding, Shape, Ticks, encode_entries
from kafka.record.compression import Codec, decompress

PLAIN = Encoding(2, Codec.NONE)
# As many ticks as make the short way pointless, and then some.
BUSY: Ticks = [(number, 1000 + number) for number in range(100)]


def both_ways(values: list[bytes], ticks: Ticks, encoding: Encoding) -> tuple[Encoded, Encoded]:
    """Encode values as they are, and as pairs with no key, which go the general way."""
    pairs = [(None, value) for value in values]
    return (
        encode_entries(Shape.PLAIN, values, ticks, encoding),
        encode_entries(Shape.KEYED, pairs, ticks, encoding),
    )


@pytest.mark.parametrize("magic", [0, 1, 2])
@pytest.mark.parametrize(
    "values", [[b"v"] * 300, [b""] * 100, [b"v" * n for n in range(100)]], ids=["1", "0", "mixed"]
)
@pytest.mark.parametrize(
    "ticks", [[(0, 5)], [(0, 5), (0, 7), (90, 9)], [(0, 9), (50, 8)], BUSY], ids=str
)
def test_values_without_keys_come_out_the_same_both_ways(
    ticks: Ticks, values: list[bytes], magic: int
) -> None:
    short, general = both_ways(values, ticks, Encoding(magic, Codec.NONE))
    assert short == general


def test_equal_values_are_compressed_as_a_whole() -> None:
    encoding = Encoding(2, Codec.GZIP, level=1)
    encoded = encode_entries(Shape.PLAIN, [b"value"] * 200, [(0, 5)], encoding)
    raw = encode_entries(Shape.PLAIN, [b"value"] * 200, [(0, 5)], PLAIN).payload
    assert decompress(Codec.GZIP, encoded.payload) == raw
    assert encoded.raw_size == len(raw)


@pytest.mark.parametrize("shape", [Shape.PLAIN, Shape.KEYED])
def test_a_timestamp_that_no_format_can_carry_is_found_when_encoding(shape: Shape) -> None:
    entries = [b"v"] if shape is Shape.PLAIN else [(b"k", b"v")]
    with pytest.raises(OverflowError):
        encode_entries(shape, entries, [(0, 2**63)], PLAIN)


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
@pytest.mark.parametrize("key", [None, b"", b"key"])
@pytest.mark.parametrize("value", [None, b"", b"value"])
def test_a_record_alone_comes_out_as_a_whole_record_does(
    key: bytes | None, value: bytes | None, codec: Codec
) -> None:
    encoding = Encoding(2, codec)
    ticks = [(0, 5), (0, 7)]
    general = encode_entries(Shape.FULL, [(key, value, None, -1)], ticks, encoding)
    pair = encode_entries(Shape.KEYED, [(key, value)], ticks, encoding)
    # What is kept of the time: a column there, its ticks here.
    assert pair == general._replace(timestamps=())
    if key is None:
        assert encode_entries(Shape.PLAIN, [value], ticks, encoding) == pair


@pytest.mark.parametrize("timestamp", [2**63, -(2**63) - 1])
def test_a_record_alone_of_an_impossible_time_is_refused(timestamp: int) -> None:
    with pytest.raises(OverflowError):
        encode_entries(Shape.PLAIN, [b"v"], [(0, timestamp)], PLAIN)


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("value", [b"v", b""])
def test_a_time_that_no_record_came_in_does_not_count(count: int, value: bytes) -> None:
    ticks = [(0, 1000), (count, 5000)]
    encoded = encode_entries(Shape.PLAIN, [value] * count, ticks, PLAIN)
    assert (encoded.base_timestamp, encoded.max_timestamp) == (1000, 1000)
