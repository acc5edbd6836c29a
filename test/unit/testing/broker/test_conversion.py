"""Batches as messages of the old formats, for clients that know no others."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import UnsupportedCompressionTypeError
from kafka.record.batch import decode_header
from kafka.record.compression import Codec
from kafka.record.control import ControlType
from kafka.record.memory_records import iter_batches
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.conversion import to_message_set
from kafka.testing.broker.incoming import IncomingBatch
from kafka.testing.broker.log import PartitionLog
from kafka.testing.broker.wire import Pieces
from test.support.embedded import batch

Entry = tuple[int, bytes | None, bytes | None]


def log_of(*batches: bytes) -> PartitionLog:
    log = PartitionLog(TopicConfig({}, {}))
    log.start_epoch(0)
    for data in batches:
        log.append(IncomingBatch(decode_header(data), data), leader_epoch=0, now=0.0)
    return log


def pieces_of(log: PartitionLog, offset: int = 0) -> Pieces:
    return log.read(offset, upper=log.end_offset, max_bytes=1 << 20, at_least_one=True)


def entries(data: bytes, magic: int) -> list[Entry]:
    found: list[Entry] = []
    for one in iter_batches(data, check_crcs=True):
        assert one.magic == magic
        columns = one.columns()
        keys = columns.keys or [None] * len(columns.values)
        found += zip(columns.offsets, keys, columns.values, strict=True)
    return found


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_records_keep_offsets_keys_and_values(magic: int, codec: Codec) -> None:
    log = log_of(batch(b"a", None, keys=[None, b"k"], codec=codec), batch(b"c", codec=codec))
    assert entries(to_message_set(pieces_of(log), magic, 0), magic) == [
        (0, None, b"a"),
        (1, b"k", None),
        (2, None, b"c"),
    ]


def test_messages_of_magic_1_have_the_timestamps_of_the_records() -> None:
    log = log_of(batch(b"a", b"b", timestamp=70))
    data = to_message_set(pieces_of(log), 1, 0)
    times = (one.columns().timestamps for one in iter_batches(data, check_crcs=True))
    assert list(chain.from_iterable(times)) == [70, 71]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.data())
def test_records_before_the_wanted_offset_are_left_out(
    counts: list[int], data: st.DataObject
) -> None:
    log = log_of(*[batch(*[b"v"] * count) for count in counts])
    offset = data.draw(st.integers(0, log.end_offset - 1))
    found = entries(to_message_set(pieces_of(log, offset), 1, offset), 1)
    assert [place for place, _, _ in found] == list(range(offset, log.end_offset))


def test_a_compressed_batch_comes_whole() -> None:
    log = log_of(batch(b"a", b"b", b"c", codec=Codec.GZIP))
    found = entries(to_message_set(pieces_of(log, 2), 1, 2), 1)
    assert [place for place, _, _ in found] == [0, 1, 2]


def test_control_records_are_left_out() -> None:
    log = log_of(
        batch(b"t", producer_id=7, epoch=0, sequence=0, transactional=True),
    )
    log.append_marker(
        ControlType.COMMIT,
        producer_id=7,
        producer_epoch=0,
        coordinator_epoch=0,
        leader_epoch=0,
        now=0.0,
        now_ms=0,
    )
    assert entries(to_message_set(pieces_of(log), 1, 0), 1) == [(0, None, b"t")]


def test_a_batch_that_is_cut_off_is_left_out() -> None:
    whole = b"".join(pieces_of(log_of(batch(b"a"), batch(b"b"))))
    assert entries(to_message_set([whole[:-1]], 1, 0), 1) == [(0, None, b"a")]


def test_an_old_client_cannot_be_sent_zstd() -> None:
    zstd = bytearray(batch(b"a"))
    zstd[22] |= Codec.ZSTD
    with pytest.raises(UnsupportedCompressionTypeError, match="zstd needs a newer Fetch"):
        to_message_set([bytes(zstd)], 1, 0)
