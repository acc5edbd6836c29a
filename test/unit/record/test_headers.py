"""Records of any kind, their headers encoded before, against records written one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.record._headers import NO_HEADERS, encode_headed, encode_headers
from kafka.record._varint import TABLE_LIMIT, encode_varint
from test.support.record_oracle import PlainRecord, write

DATA = st.none() | st.binary(max_size=100)
HEADERS = st.lists(st.tuples(st.text(max_size=5), DATA), max_size=3)
RECORDS = st.tuples(st.integers(-(2**40), 2**40), DATA, DATA, HEADERS)


@given(st.lists(RECORDS, min_size=1, max_size=20))
def test_any_records_come_out_as_one_by_one(
    records: list[tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]],
) -> None:
    timestamps, keys, values, headers = zip(*records, strict=True)
    plain = [PlainRecord(number, *record) for number, record in enumerate(records)]
    assert encode_headed(timestamps, keys, values, map(encode_headers, headers)) == write(plain)


def test_no_records_are_no_bytes() -> None:
    assert encode_headed([], None, [], []) == b""


def test_no_headers_are_one_byte() -> None:
    assert encode_headers([]) == NO_HEADERS


@pytest.mark.parametrize("count", [TABLE_LIMIT, TABLE_LIMIT + 1])
def test_a_batch_of_any_size_has_an_offset_delta_for_each(count: int) -> None:
    encoded = encode_headed([0] * count, None, [b""] * count, [NO_HEADERS] * count)
    # The last one: attributes, timestamp, offset, no key, empty value, no headers.
    assert encoded.endswith(b"\0\0" + encode_varint(count - 1) + b"\x01\0\0")
