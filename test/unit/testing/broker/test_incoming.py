"""Checks of incoming batches that the stories of Produce do not reach."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka.errors import (
    CorruptRecordError,
    InvalidRecordError,
    InvalidTimestampError,
    KafkaError,
)
from kafka.record._varint import read_varint
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.incoming import IncomingBatch, accept, check_framing
from test.support.embedded import batch

NOW_MS = 1_600_000_000_000
Sizes = st.lists(st.integers(0, 9000), max_size=5)


def take(records: bytes, version: int = 9, **config: str) -> IncomingBatch:
    settings = {name.replace("_", "."): value for name, value in config.items()}
    return accept(records, produce_version=version, config=TopicConfig(settings, {}), now_ms=NOW_MS)


@given(Sizes)
def test_encoded_records_pass(sizes: list[int]) -> None:
    section = encode_records([0] * len(sizes), [None] * len(sizes), [b"v" * n for n in sizes])
    check_framing(section, len(sizes))


@given(Sizes.filter(bool), st.sampled_from([-1, 1]))
def test_another_number_of_records_does_not_pass(sizes: list[int], more: int) -> None:
    section = encode_records([0] * len(sizes), [None] * len(sizes), [b"v" * n for n in sizes])
    with pytest.raises(InvalidRecordError):
        check_framing(section, len(sizes) + more)


Runs = st.lists(st.tuples(st.integers(1, 1500), st.integers(0, 300)), min_size=1, max_size=3)


def section_of(runs: list[tuple[int, int]]) -> tuple[bytes, int]:
    """Return the records of runs of (number, size), and how many there are."""
    values = [b"v" * size for number, size in runs for _ in range(number)]
    return encode_records([0] * len(values), [None] * len(values), values), len(values)


@settings(max_examples=30)
@given(Runs)
def test_runs_of_records_of_one_length_pass(runs: list[tuple[int, int]]) -> None:
    section, count = section_of(runs)
    check_framing(section, count)
    for wrong in (count - 1, count + 1):
        with pytest.raises(InvalidRecordError):
            check_framing(section, wrong)


@settings(max_examples=50)
@given(Runs, st.data())
def test_a_wrong_length_in_a_run_does_not_pass(
    runs: list[tuple[int, int]], data: st.DataObject
) -> None:
    section, count = section_of(runs)
    starts, position = [], 0
    while position < len(section):
        starts.append(position)
        size, position = read_varint(section, position)
        position += size
    damaged = bytearray(section)
    damaged[data.draw(st.sampled_from(starts))] ^= 2
    with pytest.raises(InvalidRecordError):
        check_framing(bytes(damaged), count)


@pytest.mark.parametrize(
    "section", [b"\0", b"\1", b"\x80\0", b"\xff\xff\xff\xff\xff", b"\x0c", b""]
)
def test_a_length_that_cannot_be_does_not_pass(section: bytes) -> None:
    with pytest.raises(InvalidRecordError):
        check_framing(section, 1)


@pytest.mark.parametrize("codec", Codec)
def test_a_batch_is_kept_as_it_came(codec: Codec) -> None:
    data = batch(b"a", b"b", codec=codec)
    assert take(data).data is data


def test_a_control_batch_is_refused() -> None:
    section = encode_records([0], [b"\0\0\0\0"], [b""])
    data = build_batch(section, count=1, base_timestamp=0, max_timestamp=0, control=True)
    with pytest.raises(KafkaError, match="control"):
        take(data)


def test_a_producer_does_not_stamp_append_time() -> None:
    section = encode_records([0], [None], [b""])
    data = build_batch(section, count=1, base_timestamp=0, max_timestamp=0, log_append_time=True)
    with pytest.raises(InvalidTimestampError):
        take(data)


@pytest.mark.parametrize(
    ("timestamp", "config"),
    [
        (NOW_MS + 3_600_001, {}),
        (NOW_MS - 1001, {"message_timestamp_before_max_ms": "1000"}),
    ],
)
def test_times_too_far_off_are_refused(timestamp: int, config: dict[str, str]) -> None:
    with pytest.raises(InvalidTimestampError):
        take(batch(b"a", timestamp=timestamp), **config)


def test_a_bomb_is_refused() -> None:
    with pytest.raises(CorruptRecordError):
        take(batch(b"0" * 100_000, codec=Codec.GZIP), max_decompressed_message_bytes="50000")


@given(st.integers(0, 200), st.integers(0, 255), st.sampled_from([0, 3, 9]))
def test_a_damaged_batch_raises_nothing_but_kafkas_errors(at: int, byte: int, version: int) -> None:
    data = bytearray(batch(b"a" * 50, b"b" * 50))
    data[at % len(data)] = byte
    try:
        accepted = take(bytes(data), version)
    except KafkaError:
        return
    # Base offset and leader epoch are not covered by the checksum; nothing else may differ.
    assert bytes(accepted.data)[16:] == batch(b"a" * 50, b"b" * 50)[16:]
