"""Records for clients older than the log: v2 batches as messages of magic 0 or 1.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from kafka.errors import UnsupportedCompressionTypeError
from kafka.record.compression import Codec
from kafka.record.legacy import encode_message_set
from kafka.record.memory_records import iter_batches

if TYPE_CHECKING:
    from kafka.testing.broker.wire import Pieces


def to_message_set(pieces: Pieces, magic: int, offset: int) -> bytes:
    """Return whole batches as one message set; control records and headers are left out.

    Args:
        pieces: from `PartitionLog.read`; a batch cut off at the end is left out.
        magic: 0 or 1.
        offset: first wanted; of a batch that is not compressed only the records from there on come.

    Raises:
        UnsupportedCompressionTypeError: a batch is compressed with zstd, which those never knew.
    """
    converted = []
    for batch in iter_batches(b"".join(pieces), check_crcs=False):
        if batch.is_control:
            continue
        if batch.codec == Codec.ZSTD:
            raise UnsupportedCompressionTypeError("zstd needs a newer Fetch (KIP-110)")
        columns = batch.columns()
        skipped = 0 if batch.codec else bisect_left(columns.offsets, offset)
        if len(columns.values) > skipped:
            converted.append(
                encode_message_set(
                    magic,
                    columns.timestamps[skipped:],
                    columns.keys[skipped:],
                    columns.values[skipped:],
                    batch.codec,
                    base_offset=columns.offsets[skipped],
                )
            )
    return b"".join(converted)
