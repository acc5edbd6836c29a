"""Records of one partition as columns, and as records made on demand.  Pure.

Nothing here touches a record one by one in Python: records are built in C when asked for, and never
if only columns are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, Generic, overload

from kafka.structs import ConsumerRecord, RK_co, RV_co, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from kafka.consumer.completed_fetch import RecordSlice
    from kafka.record.batch import Headers

_new_record: Final = tuple.__new__


class RecordBatch(Sequence[ConsumerRecord[RK_co, RV_co]], Generic[RK_co, RV_co]):
    """Successive records of one partition: a sequence of records, and a sequence for each field.

    Iterating and indexing make new `ConsumerRecord` objects; the columns exist already. Treat
    columns as read-only: all records come from them.

    Attributes:
        topic: name of the topic.
        partition: number of the partition.
        leader_epoch: epoch of the leader that wrote them, ``None`` if unknown (KIP-320).
        timestamp_type: 0 if the producer set the timestamps, 1 if the broker did; ``None`` for
            records of the oldest format.
        offsets: offsets; a `range` where none is missing.
        timestamps: milliseconds since the Unix epoch.
        keys: keys after the deserializer, ``None`` for records without.
        values: values after the deserializer, ``None`` for tombstones.
    """

    __slots__ = (
        "_part",
        "keys",
        "leader_epoch",
        "offsets",
        "partition",
        "timestamp_type",
        "timestamps",
        "topic",
        "values",
    )

    def __init__(
        self,
        tp: TopicPartition,
        part: RecordSlice,
        keys: Sequence[Any] | None = None,  # Any: what the user's deserializer returns
        values: Sequence[Any] | None = None,  # the same
    ) -> None:
        """Wrap *part*; *keys* and *values* replace its own if they went through deserializers."""
        self.topic, self.partition = tp
        self.leader_epoch = None if part.leader_epoch < 0 else part.leader_epoch
        self.timestamp_type = part.timestamp_type
        self.offsets = part.offsets
        self.timestamps = part.timestamps
        # Without deserializers the types are those of bytes, which only the consumer knows.
        raw_keys: Sequence[Any] = part.keys
        raw_values: Sequence[Any] = part.values
        self.keys: Sequence[RK_co] = raw_keys if keys is None else keys
        self.values: Sequence[RV_co] = raw_values if values is None else values
        self._part = part

    @property
    def topic_partition(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)

    @property
    def headers(self) -> list[Headers]:
        """The headers of each record (KIP-82), a list of pairs of name and bytes each."""
        headers = self._part.headers
        return [[] for _ in self.offsets] if headers is None else headers

    @property
    def size(self) -> int:
        """The bytes of all keys and values as received."""
        sizes = chain(_sizes(self._part.keys), _sizes(self._part.values))
        return sum(size for size in sizes if size > 0)

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.offsets)

    def __iter__(self) -> Iterator[ConsumerRecord[RK_co, RV_co]]:
        """Return an iterator that makes the records one at a time."""
        part = self._part
        headers = part.headers
        rows = zip(
            repeat(self.topic),
            repeat(self.partition),
            repeat(self.leader_epoch),
            self.offsets,
            self.timestamps,
            repeat(self.timestamp_type),
            self.keys,
            self.values,
            # A list of its own for each record: users and instrumentation append to it.
            map(list, repeat(()) if headers is None else headers),
            repeat(None) if part.checksums is None else part.checksums,
            _sizes(part.keys),
            _sizes(part.values),
            repeat(-1) if headers is None else map(_header_size, headers),
            strict=False,
        )
        return map(_new_record, repeat(ConsumerRecord), rows)

    @overload
    def __getitem__(self, index: int) -> ConsumerRecord[RK_co, RV_co]: ...

    @overload
    def __getitem__(self, index: slice) -> RecordBatch[RK_co, RV_co]: ...

    def __getitem__(
        self, index: int | slice
    ) -> ConsumerRecord[RK_co, RV_co] | RecordBatch[RK_co, RV_co]:
        """Return a record; for a slice, its records as a batch."""
        if isinstance(index, slice):
            return self._cut(index)
        at = range(len(self))[index]
        return next(iter(self._cut(slice(at, at + 1))))

    def _cut(self, cut: slice) -> RecordBatch[RK_co, RV_co]:
        part = self._part
        return RecordBatch(self.topic_partition, part.cut(cut), self.keys[cut], self.values[cut])

    def __repr__(self) -> str:
        """Return a status line, without any data."""
        where = f"{self.offsets[0]}..{self.offsets[-1]}" if self.offsets else "none"
        return f"<RecordBatch {self.topic}-{self.partition} offsets={where} count={len(self)}>"

    def to_arrow(self) -> pa.RecordBatch:
        """Return the columns as an Arrow record batch.

        Its columns are ``offset``, ``timestamp`` (UTC, milliseconds), ``key`` and ``value``; keys
        and values are binary, or what Arrow makes of the deserializers' results.

        Raises:
            ImportError: pyarrow is not installed; ``pip install pyarrow``.
        """
        try:
            from kafka.consumer.arrow_export import record_batch  # noqa: PLC0415 - optional
        except ImportError as exc:
            raise ImportError(
                "RecordBatch.to_arrow() needs pyarrow, which is not installed: pip install pyarrow"
            ) from exc
        return record_batch(
            self.offsets,
            self.timestamps,
            self.keys,
            self.values,
            keys_are_bytes=self.keys is self._part.keys,
            values_are_bytes=self.values is self._part.values,
        )


class Rows(Sequence[ConsumerRecord]):
    """The records of some batches of one partition, made on demand.

    Args:
        batches: the batches, in order.
    """

    __slots__ = ("_batches",)

    def __init__(self, batches: list[RecordBatch]) -> None:
        self._batches = batches

    def __len__(self) -> int:
        """Return how many records there are."""
        return sum(map(len, self._batches))

    def __iter__(self) -> Iterator[ConsumerRecord]:
        """Return an iterator that makes the records one at a time."""
        return chain.from_iterable(self._batches)

    @overload
    def __getitem__(self, index: int) -> ConsumerRecord: ...

    @overload
    def __getitem__(self, index: slice) -> list[ConsumerRecord]: ...

    def __getitem__(self, index: int | slice) -> ConsumerRecord | list[ConsumerRecord]:
        """Return a record, or a list of records."""
        return list(self)[index]


def _sizes(column: list[bytes | None]) -> Iterable[int]:
    """Return the length of each item of *column*, -1 for ``None``."""
    nulls = column.count(None)
    if nulls == len(column):
        return repeat(-1, nulls)
    if not nulls:
        return map(len, column)  # type: ignore[arg-type]  # no None in it
    return [-1 if data is None else len(data) for data in column]


def _header_size(headers: Headers) -> int:
    if not headers:
        return -1
    return sum(len(name.encode()) + len(value or b"") for name, value in headers)
