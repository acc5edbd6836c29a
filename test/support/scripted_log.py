"""One partition of the scripted broker: a log of v2 batches.  Other magics are refused."""

from __future__ import annotations

from typing import NamedTuple

from kafka.record._encode import encode_records
from kafka.record.batch import build_batch, decode_header, with_position
from kafka.record.compression import Codec
from kafka.record.memory_records import Record, iter_batches


class StoredBatch(NamedTuple):
    base_offset: int
    next_offset: int
    data: bytes


class PartitionLog:
    """Batches as produced, with the offsets this broker gave them."""

    def __init__(self, leader: int, replicas: tuple[int, ...]) -> None:
        self.leader = leader
        self.leader_epoch = 0
        self.replicas = replicas
        self.start_offset = 0
        self.batches: list[StoredBatch] = []
        # What a transaction still open hides; None: everything is stable.
        self.last_stable_offset: int | None = None

    @property
    def high_watermark(self) -> int:
        return self.batches[-1].next_offset if self.batches else self.start_offset

    def append(self, records: bytes) -> int:
        """Append the v2 batches in *records*; return the offset of the first."""
        first = self.high_watermark
        position = 0
        while position < len(records):
            header = decode_header(records, position)
            base = self.high_watermark
            data = with_position(
                records[position : position + header.size],
                base_offset=base,
                leader_epoch=self.leader_epoch,
            )
            self.batches.append(StoredBatch(base, base + header.last_offset_delta + 1, data))
            position += header.size
        return first

    def append_values(
        self, *values: bytes | None, timestamp: int = 0, codec: Codec = Codec.NONE
    ) -> int:
        """Append one batch with a record for each of *values*, without keys."""
        count = len(values)
        records = encode_records([timestamp] * count, [None] * count, list(values), None)
        return self.append(
            build_batch(
                records,
                count=count,
                base_timestamp=timestamp,
                max_timestamp=timestamp,
                codec=codec,
            )
        )

    def read(self, offset: int, max_bytes: int) -> bytes:
        """Return whole batches from the one that holds *offset*, at least one if there is any."""
        found: list[bytes] = []
        size = 0
        for batch in self.batches:
            if batch.next_offset <= offset:
                continue
            if found and size + len(batch.data) > max_bytes:
                break
            found.append(batch.data)
            size += len(batch.data)
        return b"".join(found)

    def records(self) -> list[Record]:
        """Return everything in the log, decoded."""
        data = b"".join(batch.data for batch in self.batches)
        return [
            record for batch in iter_batches(data, check_crcs=True) for record in batch.records()
        ]

    def offset_for(self, timestamp: int) -> tuple[int, int]:
        """Return (offset, timestamp) as ListOffsets answers for *timestamp*."""
        if timestamp == -1:
            return self.high_watermark, -1
        if timestamp == -2:
            return self.start_offset, -1
        for record in self.records():
            if record.timestamp >= timestamp:
                return record.offset, record.timestamp
        return -1, -1
