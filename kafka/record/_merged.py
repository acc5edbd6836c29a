"""Take successive batches of large records as one.  Pure.

Large records are few in a batch, often one: what a batch costs is then what a record costs. Batches
of plain large records that follow each other are therefore decoded in one go, as views. Any batch
that is not exactly that ends the run and is left to `memory_records`, which says what is wrong with
it if something is.
"""

from typing import NamedTuple

from kafka.record._large import cut_equal, decode_large
from kafka.record._runs import ONE_BYTE_END, timestamps_of
from kafka.record.batch import (
    CRC_STARTS,
    HEADER,
    HEADER_SIZE,
    LARGEST_OFFSET,
    LOG_OVERHEAD,
    MAGIC,
)
from kafka.record.crc32c import crc32c

# Records of this many bytes are large: copying their values one by one out of the response is
# cheaper than copying the whole batch first.
LARGE_RECORD = 2048

# As many as one header takes care of are enough, and their values still fit a processor's cache.
_ENOUGH_RECORDS = 64


class Merged(NamedTuple):
    """Records of successive batches that miss no offset.

    Attributes:
        end: Where the next batch starts.
        base_offset: The first offset.
        leader_epoch: That of all the batches.
        timestamps: Milliseconds since the epoch.
        values: The values, or views of them.
    """

    end: int
    base_offset: int
    leader_epoch: int
    timestamps: list[int]
    values: list[bytes | None]


def take_large(
    view: memoryview, start: int, *, check_crcs: bool, views: bool = False
) -> Merged | None:
    """Take the batches from *start* on that hold nothing but plain large records.

    Such batches are not compressed, transactional or control batches, have timestamps of the
    producer, and records without keys and headers.

    Args:
        view: The records of one partition of a fetch response.
        start: Where the first batch starts.
        check_crcs: Whether to compare checksums.
        views: Whether views of all values are wanted; otherwise some are bytes already.

    Returns:
        About `_ENOUGH_RECORDS`; None if the first batch is of another kind, cut off, or corrupt.
    """
    position, following, first_epoch = start, -1, -1
    values: list[bytes | None] = []
    timestamps: list[int] = []
    while len(values) < _ENOUGH_RECORDS and len(view) - position >= HEADER_SIZE:
        header = HEADER.unpack_from(view, position)
        base, length, epoch, magic, crc, attributes, last_delta, timestamp, *_, count = header
        end = position + LOG_OVERHEAD + length
        # The first two: no compression, and none of the other attributes.
        if (
            attributes
            or magic != MAGIC
            or not 0 < count <= ONE_BYTE_END
            or last_delta != count - 1
            or length < LARGE_RECORD * count
            or end > len(view)
        ):
            break
        if not values:
            following, first_epoch = base, epoch
        if base != following or not 0 <= base <= LARGEST_OFFSET - count or epoch != first_epoch:
            break
        if check_crcs and crc32c(view[position + CRC_STARTS : end]) != crc:
            break
        records = view[position + HEADER_SIZE : end]
        run = None if views else cut_equal(records, count)
        try:
            run = run or decode_large(records, 0, 0, count)
        except IndexError:
            break
        if run is None or run.end != len(records) or len(run.values) != count:
            break
        values += run.values
        timestamps += timestamps_of(run.deltas, timestamp)
        position, following = end, base + count
    if not values:
        return None
    return Merged(position, following - len(values), first_epoch, timestamps, values)
