"""A batch in a log.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.record.batch import HEADER_SIZE, decode_columns, decode_header
from kafka.record.compression import decompress

if TYPE_CHECKING:
    from kafka.record.batch import BatchHeader, Columns


class StoredBatch:
    """The bytes of one batch, and the header fields that are read often."""

    __slots__ = ("base_offset", "data", "last_offset", "leader_epoch", "max_timestamp")

    def __init__(
        self,
        base_offset: int,
        last_offset: int,
        *,
        leader_epoch: int,
        max_timestamp: int,
        data: bytes,
    ) -> None:
        self.base_offset = base_offset
        self.last_offset = last_offset
        self.leader_epoch = leader_epoch
        self.max_timestamp = max_timestamp
        self.data = data

    @classmethod
    def of(cls, header: BatchHeader, data: bytes) -> StoredBatch:
        """Return the batch *data* whose header is *header*."""
        return cls(
            header.base_offset,
            header.last_offset,
            leader_epoch=header.partition_leader_epoch,
            max_timestamp=header.max_timestamp,
            data=data,
        )

    @property
    def header(self) -> BatchHeader:
        """The header, read again."""
        return decode_header(self.data)

    def columns(self) -> Columns:
        """Decode the records; compaction can leave a batch without any."""
        header = self.header
        return decode_columns(header, decompress(header.codec, memoryview(self.data)[HEADER_SIZE:]))

    def __repr__(self) -> str:
        return f"<StoredBatch {self.base_offset}..{self.last_offset} {len(self.data)} B>"
