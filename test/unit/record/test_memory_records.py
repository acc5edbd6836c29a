"""Walking batches of any magic, with golden bytes and those of the Java client."""

import hashlib
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import CorruptRecordError, KafkaError
from kafka.record.abc import ABCRecord
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.record.legacy import encode_message_set
from kafka.record.memory_records import Batch, Record, iter_batches, last_offset, offset_behind

VECTORS = Path(__file__).parents[2] / "vectors"
GOLDEN = json.loads((VECTORS / "golden_records.json").read_text())
JAVA = json.loads((VECTORS / "java_records.json").read_text())
TIME = 1_700_000_000_000


def v2(first: int, values: list[bytes], **facts: object) -> bytes:
    count = len(values)
    records = encode_records([TIME] * count, None, values)
    facts = {"base_timestamp": TIME, "max_timestamp": TIME, "base_offset": first} | facts
    return build_batch(records, count=count, **facts)


def messages(magic: int, first: int, values: list[bytes], codec: Codec = Codec.NONE) -> bytes:
    times = [TIME] * len(values)
    return encode_message_set(magic, times, None, values, codec, base_offset=first)


def walk(data: bytes, *, check_crcs: bool = True) -> list[Batch]:
    return list(iter_batches(data, check_crcs=check_crcs))


def found(data: bytes) -> list[Record]:
    return [record for batch in walk(data) for record in batch.records()]


def as_json(record: Record) -> list[object]:
    def text(data: bytes | None) -> str | None:
        if data is None or len(data) <= 256:
            return None if data is None else data.hex()
        return f"sha256:{hashlib.sha256(data).hexdigest()}"

    headers = [[name, text(value)] for name, value in record.headers]
    return [record.offset, record.timestamp, text(record.key), text(record.value), headers]


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: vector["name"])
def test_golden_batches_are_read(vector):
    data = bytes.fromhex(vector["bytes"])
    assert [as_json(record) for record in found(data)] == vector["records"]


@pytest.mark.parametrize(
    "vector",
    JAVA,
    ids=lambda vector: f"v{vector['magic']}-{vector['codec']}-{len(vector['records'])}",
)
def test_what_the_java_client_wrote_is_read(vector):
    data = bytes.fromhex(vector["bytes"])
    assert [as_json(record) for record in found(data)] == vector["records"]
    assert last_offset(data) == vector["records"][-1][0]


@pytest.mark.parametrize(
    "vector", [v for v in GOLDEN if v["name"] in {"v2_none", "v2_one_record", "transactional"}],
    ids=lambda vector: vector["name"],
)  # fmt: skip
def test_golden_batches_are_written_byte_for_byte(vector):
    data = bytes.fromhex(vector["bytes"])
    (batch,) = walk(data)
    columns = batch.columns()
    encoded = encode_records(columns.timestamps, columns.keys, columns.values, columns.headers)
    again = build_batch(
        encoded,
        count=batch.count,
        base_timestamp=columns.timestamps[0],
        max_timestamp=batch.max_timestamp,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        transactional=batch.is_transactional,
        leader_epoch=batch.leader_epoch,
    )
    assert again == data


MIXED = (
    messages(0, 0, [b"a", b"b"])
    + messages(1, 2, [b"c"])
    + messages(1, 3, [b"d", b"e"], Codec.GZIP)
    + messages(1, 5, [b"f", b"g"])
    + v2(7, [b"h", b"i"], last_offset_delta=4)
    + v2(12, [], base_timestamp=-1, max_timestamp=-1, last_offset_delta=0)
)


def test_formats_may_follow_each_other():
    records = found(MIXED)
    assert [(record.offset, record.value) for record in records] == list(
        enumerate([b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h", b"i"])
    )


def test_uncompressed_messages_of_one_kind_are_one_batch():
    assert [repr(batch).split(" size")[0] for batch in walk(MIXED)] == [
        "<Batch magic=0 offsets=0..1 count=2",
        "<Batch magic=1 offsets=2..2 count=1",
        "<Batch magic=1 offsets=4..4 count=None",
        "<Batch magic=1 offsets=5..6 count=2",
        "<Batch magic=2 offsets=7..11 count=2",
        "<Batch magic=2 offsets=12..12 count=0",
    ]


def test_sizes_add_up_to_the_buffer():
    assert sum(batch.size for batch in walk(MIXED)) == len(MIXED)


@given(st.integers(0, len(MIXED)))
def test_what_is_cut_off_at_the_end_is_ignored(size):
    whole = found(MIXED)
    part = found(MIXED[:size])
    assert part == whole[: len(part)]


@given(st.integers(0, len(MIXED)))
def test_the_last_offset_needs_no_decoding(size):
    batches = walk(MIXED[:size])
    assert last_offset(MIXED[:size]) == (batches[-1].last_offset if batches else None)


def test_a_batch_knows_where_the_next_one_starts():
    (batch,) = walk(v2(7, [b"h", b"i"], last_offset_delta=4))
    assert batch.next_offset == 12


def test_facts_of_a_transactional_batch():
    (batch,) = walk(
        v2(0, [b"x"], producer_id=5, producer_epoch=2, base_sequence=9, transactional=True)
    )
    facts = (batch.producer_id, batch.producer_epoch, batch.base_sequence)
    assert (*facts, batch.is_transactional, batch.is_control) == (5, 2, 9, True, False)


def test_facts_of_a_compressed_batch():
    (batch,) = walk(v2(0, [b"x"], codec=Codec.GZIP))
    assert (batch.is_compressed, batch.codec, batch.count) == (True, Codec.GZIP, 1)


def test_keys_and_values_are_bytes_of_their_own():
    data = bytearray(v2(0, [b"value"]) + messages(1, 1, [b"value"]))
    records = found(data)
    data[:] = bytes(len(data))
    assert [(type(record.value), record.value) for record in records] == [(bytes, b"value")] * 2


def test_records_are_abc_records():
    (record,) = found(v2(0, [b"value"]))
    assert isinstance(record, ABCRecord)


@pytest.mark.parametrize(
    "data", [v2(0, [b"value"]), messages(0, 0, [b"v"]), messages(1, 0, [b"v"])]
)
def test_a_wrong_checksum_is_refused_when_checked(data):
    damaged = data[:-1] + bytes((data[-1] ^ 1,))
    with pytest.raises(CorruptRecordError, match="checksum"):
        walk(damaged)
    assert len(walk(damaged, check_crcs=False)) == 1


def test_batches_before_a_corrupt_one_come_out_first():
    walked = iter_batches(v2(0, [b"x"]) + b"\xff" * 70, check_crcs=True)
    assert next(walked).last_offset == 0
    with pytest.raises(CorruptRecordError):
        next(walked)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(struct.pack(">qiib", 0, 100, 0, 3) + bytes(100), id="magic 3"),
        pytest.param(struct.pack(">qiib", 0, 100, 0, -1) + bytes(100), id="magic -1"),
        pytest.param(struct.pack(">qiib", 0, 48, 0, 2) + bytes(100), id="short batch"),
        pytest.param(struct.pack(">qiib", 0, 13, 0, 0) + bytes(100), id="short message"),
        pytest.param(struct.pack(">qiib", 0, -5, 0, 0) + bytes(100), id="negative length"),
    ],
)
@pytest.mark.parametrize("walker", [walk, last_offset])
def test_what_no_broker_writes_is_refused(walker, data):
    with pytest.raises(CorruptRecordError):
        walker(data)


def test_what_is_before_a_malformed_header_has_a_last_offset():
    assert last_offset(v2(4, [b"a", b"b"]) + b"\xff" * 100) == 5


@pytest.mark.parametrize(
    ("bad", "following", "expected"),
    [
        pytest.param(v2(7, [b"a", b"b"]), v2(20, [b"c"]), 20, id="next batch"),
        pytest.param(v2(7, [b"a", b"b"]), v2(20, [b"c"])[:17], 20, id="next header cut off"),
        pytest.param(v2(7, [b"a", b"b"]), v2(20, [b"c"])[:16], 9, id="last of the log"),
        pytest.param(messages(1, 7, [b"a"]), messages(1, 8, [b"b", b"c"], Codec.GZIP), 8, id="old"),
        pytest.param(messages(1, 6, [b"a", b"b"], Codec.GZIP), b"", 8, id="old, compressed"),
        pytest.param(v2(7, [b"a", b"b"]), v2(3, [b"c"]), 9, id="next batch before it"),
        pytest.param(v2(3, [b"a", b"b"]), b"", 8, id="offsets that cannot be"),
        pytest.param(v2(7, [b"a"], last_offset_delta=-9), b"", 8, id="no last offset"),
        pytest.param(b"\xff" * 70, b"", 8, id="nonsense"),
        pytest.param(b"short", b"", 8, id="short"),
    ],
)
def test_offset_behind_a_bad_batch_is_the_best_that_is_known(bad, following, expected):
    assert offset_behind(b"xyz" + bad + following, 3, 7) == expected


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_offset_behind_a_good_batch_is_that_of_the_next_one(codec):
    data = messages(0, 0, [b"a", b"b"], codec) + v2(2, [b"c"])
    assert offset_behind(data, 0, 0 if codec is Codec.NONE else 1) in {1, 2}


@given(st.binary(max_size=80), st.integers(0, 1 << 60))
def test_offset_behind_is_always_behind(data, offset):
    assert offset < offset_behind(data, 0, offset) <= offset + (1 << 31)


def test_more_than_the_limit_is_not_decompressed():
    (batch,) = walk(v2(0, [bytes(100_000)], codec=Codec.GZIP))
    with pytest.raises(CorruptRecordError, match="larger than 50000"):
        batch.columns(50_000)


SAMPLES = [bytes.fromhex(vector["bytes"]) for vector in GOLDEN + JAVA if len(vector["bytes"]) < 900]


@given(st.sampled_from(SAMPLES), st.data())
def test_mutated_batches_raise_only_kafka_errors(sample, data):
    mutated = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    try:
        for batch in iter_batches(mutated, check_crcs=False):
            batch.columns(1_000_000)
    except KafkaError:
        return


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_values_are_views_if_asked_for(codec):
    data = build_batch(
        encode_records([5] * 2, None, [b"a" * 9000, None]),
        count=2,
        base_timestamp=5,
        max_timestamp=5,
        codec=codec,
    )
    (found,) = iter_batches(bytearray(data), check_crcs=True)
    value, missing = found.columns(views=True).values
    assert (bytes(value), missing, value.readonly) == (b"a" * 9000, None, True)


@pytest.mark.parametrize("size", [10, 9000])
def test_values_are_bytes_whatever_their_size(size):
    data = build_batch(
        encode_records([5] * 2, None, [b"a" * size, None]),
        count=2,
        base_timestamp=5,
        max_timestamp=5,
    )
    (found,) = iter_batches(memoryview(data), check_crcs=True)
    assert found.columns().values == [b"a" * size, None]
