"""Decode fetched data into batches of records.  Pure.

A decoder knows nothing of positions: it does not decide whether records may be handed out, nor
whether they count as consumed. That is the job of its caller, `kafka.consumer.fetch_collector`.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import repeat
from typing import TYPE_CHECKING

from kafka.consumer.record_batch import RecordBatch
from kafka.consumer.rejected_records import Received, RejectedRecords, corrupt_batch
from kafka.errors import CorruptRecordError, KafkaError
from kafka.serializer.undecoded import SKIP_RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka.consumer.completed_fetch import CompletedFetch, RecordSlice
    from kafka.record.batch import Headers
    from kafka.structs import TopicPartition

    # topic, headers, data -> what the user gets; the user's own type, so object.
    Deserialize = Callable[[str, Headers, bytes | None], object]


class Chunk:
    """Successive records of one partition.

    Attributes:
        tp: the partition.
        generation: generation of the partition's start under which they were fetched.
        batches: the records, in offset order; no batch is empty.
        count: number of records.
        next_offset: the position once all of them are consumed.
        size: bytes they took as received (`CompletedFetch.take_size`); a part of a chunk has its
            share by number of records.
    """

    __slots__ = ("batches", "count", "generation", "next_offset", "size", "tp")

    def __init__(self, tp: TopicPartition, generation: int) -> None:
        self.tp = tp
        self.generation = generation
        self.batches: list[RecordBatch] = []
        self.count = 0
        self.next_offset = -1
        self.size = 0

    def add(self, batch: RecordBatch) -> None:
        """Append *batch*, unless it is empty."""
        if batch:
            self.batches.append(batch)
            self.count += len(batch)

    def end(self, start: int) -> int:
        """Return where reading from *start* on was interrupted, and correct the count."""
        self.count = sum(map(len, self.batches))
        if self.batches and self.batches[-1].offsets[-1] >= start:
            self.next_offset = start = self.batches[-1].offsets[-1] + 1
        return start

    def split(self, count: int) -> tuple[Chunk, Chunk]:
        """Return the first *count* records and the others, each as a chunk of its own."""
        first, rest = Chunk(self.tp, self.generation), Chunk(self.tp, self.generation)
        for batch in self.batches:
            wanted = count - first.count
            if wanted >= len(batch):
                first.add(batch)
            else:
                first.add(batch[:wanted])
                rest.add(batch[wanted:])
        first.size = self.size * first.count // max(self.count, 1)
        rest.size = self.size - first.size
        first.next_offset = rest.batches[0].offsets[0] if rest.batches else self.next_offset
        rest.next_offset = self.next_offset
        return first, rest

    def joined(self, other: Chunk) -> Chunk:
        """Return these records and those of *other*, which come next, as one chunk."""
        whole = Chunk(self.tp, self.generation)
        whole.batches = self.batches + other.batches
        whole.count = self.count + other.count
        whole.next_offset = other.next_offset
        whole.size = self.size + other.size
        return whole

    def count_to(self, offset: int) -> int:
        """Return the number of records up to and including *offset*."""
        return sum(bisect_right(batch.offsets, offset) for batch in self.batches)


class RecordDecoder:
    """Decode fetched data and run the user's deserializers on it.

    Args:
        deserialize_key: called for each key that is not ``None``, if given.
        deserialize_value: called for each value that is not ``None``, if given; a tombstone stays
            ``None``.
        rejected: settles what becomes of a record that one of them rejects; by default an error.
    """

    def __init__(
        self,
        *,
        deserialize_key: Deserialize | None = None,
        deserialize_value: Deserialize | None = None,
        rejected: RejectedRecords | None = None,
    ) -> None:
        self._rejected = RejectedRecords() if rejected is None else rejected
        self._deserialize_key = deserialize_key
        self._deserialize_value = deserialize_value

    @property
    def keeps_values(self) -> bool:
        """Whether values are returned as they were received."""
        return self._deserialize_value is None

    def decode_into(
        self, chunk: Chunk, fetch: CompletedFetch, max_records: int, *, views: bool
    ) -> int:
        """Append the next records of *fetch* to *chunk*.

        Args:
            chunk: records of the partition and generation of *fetch*.
            fetch: the data; it remembers how far it was decoded.
            max_records: the limit.
            views: whether values may be views of what was received.

        Returns:
            The number of records read, 0 at the end of the data. It includes skipped ones, so that
            a call ends also where there are nothing but these.

        Raises:
            CorruptBatchError: the next batch cannot be decoded.
            UnsupportedCodecError: the library for its compression is missing.
            RecordDeserializationError: a deserializer rejects a record; those in front of it are
                appended.
            PolicyError: the same, and the application's callable has raised something else.
        """
        start = fetch.next_offset
        try:
            return self._append_records(chunk, fetch, max_records, views=views)
        except KafkaError:
            raise
        except BaseException:
            # A signal handler has raised. It leaves iterators that look exhausted, so the data is
            # decoded again from behind the last record appended.
            fetch.restart(chunk.end(start))
            raise

    def _append_records(
        self, chunk: Chunk, fetch: CompletedFetch, max_records: int, *, views: bool
    ) -> int:
        try:
            part = fetch.read(max_records, views=views)
        except KafkaError as exc:
            raise _located(exc, fetch) from exc
        if part is None:
            chunk.next_offset = fetch.next_offset
            chunk.size += fetch.take_size()
            return 0
        if self._deserialize_key is None and self._deserialize_value is None:
            chunk.add(RecordBatch(fetch.tp, part))
        else:
            self._append_deserialized(chunk, fetch, part)
        chunk.next_offset = fetch.next_offset
        chunk.size += fetch.take_size()
        return len(part.offsets)

    def _append_deserialized(self, chunk: Chunk, fetch: CompletedFetch, part: RecordSlice) -> None:
        """Append the records up to the first that cannot be returned, then raise for it."""
        keys, values, skipped, failure = self._deserialize(fetch.tp, part)
        read = len(values) + len(skipped)
        good = part if failure is None else part.cut(slice(read))
        chunk.add(RecordBatch(fetch.tp, good.without(skipped) if skipped else good, keys, values))
        if skipped:
            self._rejected.report()
        if failure is not None:
            offset = part.offsets[read]
            fetch.unread(offset)
            chunk.size += fetch.take_size()
            chunk.next_offset = offset
            raise failure

    def _deserialize(
        self, tp: TopicPartition, part: RecordSlice
    ) -> tuple[list[object], list[object], list[int], KafkaError | None]:
        """Return keys, values, indexes of skipped records, and why the next one is not there."""
        keys: list[object] = []
        values: list[object] = []
        skipped: list[int] = []
        headers: Iterable[Headers] = part.headers or map(list, repeat(()))
        topic = tp.topic
        for key, value, head in zip(part.keys, part.values, headers, strict=False):
            try:
                keys.append(_apply(self._deserialize_key, topic, head, key))
                new_value = _apply(self._deserialize_value, topic, head, value)
            except Exception as exc:  # noqa: BLE001 - the user's code may raise anything
                index = len(values) + len(skipped)
                try:
                    self._settle(_received(tp, part, index), keys, values, exc)
                except KafkaError as failure:
                    return keys, values, skipped, failure
                if len(values) + len(skipped) == index:
                    skipped.append(index)
            else:
                # Not above: what a signal handler raises behind it would count for the next record.
                values.append(new_value)
        return keys, values, skipped, None

    def _settle(
        self, record: Received, keys: list[object], values: list[object], cause: Exception
    ) -> None:
        """Append what stands in for a rejected record, or nothing if it is skipped.

        Args:
            record: the record.
            keys: keys of the records before it; its own as well, if that could be read.
            values: values of the records before it.
            cause: what the deserializer of the value raised, if its key could be read.

        Raises:
            KafkaError: it cannot be returned, and nothing was appended.
        """
        try:
            if len(keys) > len(values):
                value = self._rejected.settle(record.rejection("value"), cause)
            else:
                keys.append(self._rejected.settle(record.rejection("key"), cause))
                value = SKIP_RECORD if keys[-1] is SKIP_RECORD else self._value_of(record)
            if value is not SKIP_RECORD:
                values.append(value)
        finally:
            del keys[len(values) :]

    def _value_of(self, record: Received) -> object:
        try:
            topic, headers = record.tp.topic, record.headers
            return _apply(self._deserialize_value, topic, headers, record.value)
        except Exception as exc:  # noqa: BLE001 - the user's code may raise anything
            return self._rejected.settle(record.rejection("value"), exc)


def _apply(
    deserialize: Deserialize | None, topic: str, headers: Headers, data: bytes | None
) -> object:
    # A tombstone has no data to deserialize.
    return data if deserialize is None or data is None else deserialize(topic, headers, data)


def _received(tp: TopicPartition, part: RecordSlice, index: int) -> Received:
    return Received(
        tp,
        part.offsets[index],
        part.timestamps[index],
        part.keys[index],
        part.values[index],
        [] if part.headers is None else part.headers[index],
    )


def _located(error: KafkaError, fetch: CompletedFetch) -> KafkaError:
    """Return *error* again with the partition and offset in front of its message."""
    if isinstance(error, CorruptRecordError):
        return corrupt_batch(error, fetch.tp, fetch.next_offset, fetch.offset_behind)
    where = f"{fetch.tp.topic}-{fetch.tp.partition} at offset {fetch.next_offset}"
    return type(error)(f"{where}: {', '.join(map(str, error.args))}")
