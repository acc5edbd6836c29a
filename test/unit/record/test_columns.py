"""Columns against a plain reader, and malformed records."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import CorruptRecordError, KafkaError
from kafka.record._columns import Columns, decode_records
from kafka.record._encode import encode_records
from test.support.record_oracle import PlainRecord, read, write

TIME = 1_700_000_000_000

datum = st.one_of(st.none(), st.binary(max_size=20), st.just(b"x" * 70), st.just(b"y" * 9000))
header = st.tuples(st.text(max_size=5), st.one_of(st.none(), st.binary(max_size=70)))
timestamp = st.one_of(
    st.integers(TIME, TIME + 3),
    st.integers(TIME - 10_000, TIME + 10_000_000),
    st.integers(-(1 << 61), 1 << 61),
)


@st.composite
def record_lists(draw, offsets_have_gaps=False):
    count = draw(st.integers(0, 6))
    first = draw(st.integers(0, 1 << 40))
    gap = st.integers(1, draw(st.sampled_from([1, 3, 10_000]))) if offsets_have_gaps else st.just(1)
    offsets = accumulate(draw(st.lists(gap, min_size=count, max_size=count)), initial=first)
    headers = st.lists(header, max_size=2 * draw(st.booleans())).map(tuple)
    keys = draw(st.sampled_from([st.none(), datum, st.binary(max_size=9)]))
    values = draw(st.sampled_from([datum, st.binary(max_size=200)]))
    times = draw(st.lists(timestamp, min_size=count, max_size=count))
    if draw(st.booleans()):
        times.sort()
    return [
        PlainRecord(offset, time, draw(keys), draw(values), draw(headers))
        for offset, time in zip(offsets, times, strict=False)
    ]


def decode(data: bytes, count: int, **header: int) -> Columns:
    header = {"base_offset": 0, "last_offset_delta": count - 1, "base_timestamp": TIME} | header
    return decode_records(data, count, **header)


def rows(columns: Columns) -> list[PlainRecord]:
    headers = columns.headers or [[] for _ in columns.values]
    every = zip(
        columns.offsets,
        columns.timestamps,
        columns.keys,
        columns.values,
        map(tuple, headers),
        strict=True,
    )
    return [PlainRecord(*row) for row in every]


def encode_plain(records: list[PlainRecord]) -> bytes:
    return encode_records(
        [record.timestamp for record in records],
        [record.key for record in records],
        [record.value for record in records],
        [record.headers for record in records],
    )


@given(record_lists())
def test_encoding_equals_the_plain_writer(records):
    first = records[0].offset if records else 0
    assert encode_plain(records) == write(records, first)


@given(record_lists(offsets_have_gaps=True))
def test_decoding_equals_the_plain_records(records):
    first = records[0].offset if records else 5
    delta = records[-1].offset - first + 2 if records else 5
    columns = decode(
        write(records, first),
        len(records),
        base_offset=first,
        base_timestamp=records[0].timestamp if records else 0,
        last_offset_delta=delta,
    )
    assert rows(columns) == records


# Around every change of width: offsets at 64 and 8,192, lengths at 64 and 8,192.
@pytest.mark.parametrize("count", [1, 63, 64, 65, 128, 129, 8191, 8192, 8193, 8300])
def test_offsets_of_a_dense_batch_are_a_range(count):
    data = encode_records([TIME] * count, None, [b"v"] * count)
    assert decode(data, count, base_offset=7).offsets == range(7, 7 + count) or count > 8192
    assert list(decode(data, count, base_offset=7).offsets) == list(range(7, 7 + count))


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 63, 64, 8183, 8184, 8191, 8192, 1 << 20])
@pytest.mark.parametrize("key", [None, b"", b"k" * 63, b"k" * 64, b"k" * 8192])
def test_lengths_at_every_change_of_width_survive(size, key):
    values = [b"v" * size, b"w" * size, b""]
    columns = decode(encode_records([TIME] * 3, [key] * 3, values), 3)
    assert (columns.keys, columns.values) == ([key] * 3, values)


@pytest.mark.parametrize("step", [0, 1, 40, 3000, 1 << 40])
@pytest.mark.parametrize("count", [3, 100])
def test_rising_timestamps_equal_the_plain_writer(step, count):
    records = [PlainRecord(n, TIME + n // 2 * step, b"k", b"v") for n in range(count)]
    assert encode_plain(records) == write(records)


def test_runs_of_equal_timestamps_equal_the_plain_writer():
    records = [PlainRecord(n, TIME + n // 30, None, b"v" * (n % 3)) for n in range(100)]
    assert encode_plain(records) == write(records)


def test_many_lengths_do_not_outgrow_the_caches():
    values = [b"v" * (n % 2500) for n in range(5000)]
    keys = [b"k" * (n % 1300) for n in range(5000)]
    data = encode_records([TIME] * 5000, keys, values)
    columns = decode(data, 5000)
    assert (columns.keys, columns.values) == (keys, values)


def test_keys_of_none_are_the_same_as_no_keys():
    assert encode_records([TIME], [None], [b"v"]) == encode_records([TIME], None, [b"v"])


def test_a_batch_of_nothing_is_empty():
    assert encode_records([], None, []) == b""
    assert decode(b"", 0) == Columns(range(0), [], [], [], None)


def test_each_record_has_a_header_list_of_its_own():
    headers = [[], [("a", b"1")], []]
    columns = decode(encode_records([TIME] * 3, None, [b""] * 3, headers), 3)
    assert columns.headers == headers
    assert len({id(found) for found in columns.headers}) == 3


def test_append_time_replaces_every_timestamp():
    data = encode_records([TIME, TIME + 5], None, [b"a", b"b"])
    assert decode(data, 2, append_timestamp=9).timestamps == [9, 9]


def test_offset_deltas_that_repeat_are_decoded_as_they_are():
    first = write([PlainRecord(0, TIME, None, b"a")])
    columns = decode(first + first, 2)
    assert list(columns.offsets) == [0, 0]


def test_header_names_that_are_not_utf8_do_not_stop_the_reader():
    data = b"\x14\0\0\0\x01\x01\x02\x02\xff\x02v"
    assert decode(data, 1).headers == [[("�", b"v")]]


# One record: length, attributes, timestamp delta, offset delta, key, value, headers.
@pytest.mark.parametrize(
    ("data", "count"),
    [
        pytest.param(b"\x0c\0\0\0\x01\x01", 1, id="cut off"),
        pytest.param(b"\x0c\0\0\0\x01\x01\0\0", 1, id="a byte left over"),
        pytest.param(b"\x0c\0\0\0\x01\x01\0" * 2, 1, id="a record left over"),
        pytest.param(b"\x0c\0\0\0\x01\x01\0", 2, id="a record missing"),
        pytest.param(b"\x0c\0\0\0\x01\x01\0", -1, id="negative count"),
        pytest.param(b"\x0c\0\0\0\x01\x01\0", 1 << 30, id="count without bytes"),
        pytest.param(b"\x0d\0\0\0\x01\x01\0", 1, id="negative length"),
        pytest.param(b"\x0d\0\0\0\x01\x00\0", 1, id="negative length, value"),
        pytest.param(b"\x0a\0\0\0\x01\x01\0", 1, id="length too short"),
        pytest.param(b"\x0e\0\0\0\x01\x01\0", 1, id="length too long"),
        pytest.param(b"\x0c\0\0\0\x03\x01\0", 1, id="key length -2"),
        pytest.param(b"\x0c\0\0\0\x01\x03\0", 1, id="value length -2"),
        pytest.param(b"\x0e\0\0\0\x01\x03v\0", 1, id="value length -2 with a byte"),
        pytest.param(b"\x0c\0\0\0\x7e\x01\0", 1, id="key too long"),
        pytest.param(b"\x0c\0\0\0\x01\x7e\0", 1, id="value too long"),
        pytest.param(b"\x14\0\0\0\x01\xff\xff\xff\xff\x0f\0", 1, id="large negative value length"),
        pytest.param(b"\x14\0\0\0\xff\xff\xff\xff\x0f\x01\0", 1, id="large negative key length"),
        pytest.param(b"\xff\xff\xff\xff\x0f\0\0\0\x01\x01\0", 1, id="large negative length"),
        pytest.param(b"\xff\xff\xff\xff\xff\x01\0\0\0\x01\x01\0", 1, id="length of six bytes"),
        pytest.param(b"\x20\0" + b"\xff" * 10 + b"\x01\0\x01\x01\0", 1, id="timestamp of 11 bytes"),
        pytest.param(b"\x0c\0\0\x01\x01\x01\0", 1, id="negative offset delta"),
        pytest.param(b"\x0c\0\0\x02\x01\x01\0", 1, id="offset delta past the last"),
        pytest.param(b"\x0c\0\0\0\x01\x01\x01", 1, id="negative header count"),
        pytest.param(b"\x0c\0\0\0\x01\x01\x7e", 1, id="headers without bytes"),
        pytest.param(b"\x10\0\0\0\x01\x01\x02\x01\x01", 1, id="header name null"),
        pytest.param(b"\x10\0\0\0\x01\x01\x02\x7e\x01", 1, id="header name too long"),
        pytest.param(b"\x10\0\0\0\x01\x01\x02\x00\x03", 1, id="header value length -2"),
        pytest.param(b"\x10\0\0\0\x01\x01\x02\x00\x7e", 1, id="header value too long"),
        pytest.param(b"\x12\0\0\0\x01\x01\x02\x00\x01\0", 1, id="a byte left after headers"),
    ],
)
def test_malformed_records_are_refused(data, count):
    with pytest.raises(CorruptRecordError):
        decode(data, count, last_offset_delta=0 if count <= 1 else count - 1)


def test_more_records_than_offsets_are_refused():
    data = encode_records([TIME] * 2, None, [b"a", b"b"])
    with pytest.raises(CorruptRecordError, match="promises 2 records"):
        decode(data, 2, last_offset_delta=0)


RECORDS = encode_records(
    [TIME, TIME + 1, TIME + 100],
    [b"key", None, b""],
    [b"value" * 20, None, b""],
    [[], [("name", b"value"), ("n", None)], []],
)


@given(st.data())
def test_mutated_records_raise_only_kafka_errors_or_decode(data):
    mutated = bytearray(RECORDS)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    try:
        columns = decode(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]), 3)
    except KafkaError:
        return
    assert len(rows(columns)) == 3


@given(record_lists())
def test_the_plain_reader_reads_what_was_encoded(records):
    first = records[0] if records else PlainRecord(0, 0, None, None)
    assert read(encode_plain(records), first.offset, first.timestamp) == records
