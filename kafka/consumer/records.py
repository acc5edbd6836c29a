"""Turn fetched data into the records the application gets; runs where the application polls.

Both faces use it, so that a `poll` and an iterator may be mixed: records taken from the buffer but
not yet counted as consumed are *held* here and served first.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from kafka.consumer.record_batch import RecordBatch, Rows
from kafka.errors import KafkaError, RecordDeserializationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kafka._base.observer import Observer
    from kafka.consumer.completed_fetch import CompletedFetch, RecordSlice
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.record.batch import Headers
    from kafka.structs import ConsumerRecord, TopicPartition

    # topic, headers, data -> what the user gets; the user's own type, so object.
    Deserialize = Callable[[str, Headers, bytes | None], object]


# Bytes of large records after which the loop may run.
_WAY: Final = 512 * 1024


class Chunk:
    """Records of one partition that belong together.

    Attributes:
        tp: the partition.
        generation: generation of the partition's start they were fetched under.
        batches: the records, in offset order; no batch is empty.
        count: how many records there are.
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
        """Add *batch* at the end, unless it is empty."""
        if batch:
            self.batches.append(batch)
            self.count += len(batch)

    def end(self, start: int) -> int:
        """Return where reading from *start* on was interrupted; count what was added."""
        self.count = sum(map(len, self.batches))
        if self.batches and self.batches[-1].offsets[-1] >= start:
            self.next_offset = start = self.batches[-1].offsets[-1] + 1
        return start

    def split(self, count: int) -> tuple[Chunk, Chunk]:
        """Return the first *count* records and the others, each as a chunk of their own."""
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
        """Return how many records there are up to and including *offset*."""
        return sum(bisect_right(batch.offsets, offset) for batch in self.batches)


class RecordReader:
    """Take records out of a `FetchBuffer`, at most one call at a time.

    Args:
        buffer: where the data is.
        deserialize_key: called per key that is not ``None``, if given.
        deserialize_value: called per value that is not ``None`` (a tombstone stays one), if given.
        observer: told once per chunk.

    Attributes:
        make_way: called now and then, if the loop is on another thread, to let it run.
    """

    def __init__(
        self,
        buffer: FetchBuffer,
        *,
        deserialize_key: Deserialize | None,
        deserialize_value: Deserialize | None,
        observer: Observer,
    ) -> None:
        self._buffer = buffer
        self._deserialize_key = deserialize_key
        self._deserialize_value = deserialize_value
        self._observer = observer
        self._held: list[Chunk] = []
        self.make_way: Callable[[], None] | None = None
        self._through = 0

    def collect(
        self, max_records: int, *, update_offsets: bool
    ) -> dict[TopicPartition, Sequence[ConsumerRecord]]:
        """Return the records that can be handed out now, by partition.

        Args:
            max_records: at most so many, over all partitions.
            update_offsets: whether they count as consumed; otherwise they stay held, and the
                next call returns them again unless `settle` is told better. Held records are
                made one by one when asked for, the others are lists.

        Raises:
            KafkaError: there are no records, but an error waits to be raised.
        """
        chunks = self._take(max_records)
        found: dict[TopicPartition, Sequence[ConsumerRecord]]
        try:
            if not update_offsets:
                current = filter(self._is_current, chunks)
                found = {chunk.tp: Rows(chunk.batches) for chunk in current}
                self._hold(chunks)
                return found
            # Made before the claim: that takes long, and a signal handler may raise after it.
            made = [list(chain.from_iterable(chunk.batches)) for chunk in chunks]
            pairs = zip(chunks, made, strict=True)
            return {chunk.tp: records for chunk, records in pairs if self._claim(chunk)}
        except BaseException:
            self._give_back(chunks)
            raise

    def take(self, max_records: int, *, views: bool) -> list[RecordBatch]:
        """Return what `collect` would, as batches; all of it counts as consumed.

        Args:
            max_records: at most so many, over all partitions.
            views: whether values may be views of what arrived; those that go through a
                deserializer never are.
        """
        views = views and self._deserialize_value is None
        chunks = self._take(max_records, views=views)
        try:
            claimed = [chunk.batches for chunk in chunks if self._claim(chunk)]
            return list(chain.from_iterable(claimed))
        except BaseException:
            self._give_back(chunks)
            raise

    def _take(self, max_records: int, *, views: bool = False) -> list[Chunk]:
        chunks = self._take_held(max_records) or self._read(max_records, views=views)
        if not chunks:
            error = self._buffer.take_error()
            if error is not None:
                raise error
        return chunks

    def settle(self, last: ConsumerRecord | None) -> None:
        """Count held records up to and including *last* as consumed, in the order handed out."""
        if last is None:
            return
        kept: list[Chunk] = []
        for index, chunk in enumerate(self._held):
            if chunk.tp == last[:2]:
                first, rest = chunk.split(chunk.count_to(last.offset))
                self._claim(first)
                kept += [rest] if rest.count else []
                kept += self._held[index + 1 :]
                break
            if self._is_current(chunk):
                self._claim(chunk)
            elif self._is_valid(chunk):
                kept.append(chunk)
        # Without a break the partition of *last* is gone from the chunks: revoked or sought.
        # What a signal handler interrupts before here is handed out once more, and not lost.
        self._held = kept

    def _take_held(self, max_records: int) -> list[Chunk]:
        """Take held chunks that may be handed out; forget those that are out of date."""
        if not self._held:
            return []
        kept: list[Chunk] = []
        taken: list[Chunk] = []
        for chunk in self._held:
            if max_records <= 0 or not self._is_current(chunk):
                kept += [chunk] if self._is_valid(chunk) else []
                continue
            first = chunk
            if chunk.count > max_records:
                first, rest = chunk.split(max_records)
                kept.append(rest)
            max_records -= first.count
            taken.append(first)
        # Only now, with nothing left to do: a signal handler may have raised before.
        self._held = kept
        return taken

    def _give_back(self, chunks: Iterable[Chunk]) -> None:
        """Have *chunks* served again, also those that were claimed: nobody has got them."""
        for chunk in chunks:
            self._buffer.advance(chunk.tp, chunk.generation, chunk.batches[0].offsets[0], None)
        self._hold(chunks)

    def _hold(self, chunks: Iterable[Chunk]) -> None:
        """Have *chunks* served first; what is held of the same partition follows them in one."""
        found: dict[tuple[TopicPartition, int], Chunk] = {}
        for chunk in chain(chunks, self._held):
            key = chunk.tp, chunk.generation
            found[key] = found[key].joined(chunk) if key in found else chunk
        self._held = list(found.values())

    def _is_current(self, chunk: Chunk) -> bool:
        return self._buffer.is_current(chunk.tp, chunk.generation)

    def _is_valid(self, chunk: Chunk) -> bool:
        return self._buffer.is_valid(chunk.tp, chunk.generation)

    def _claim(self, chunk: Chunk) -> bool:
        """Count *chunk* as consumed; return False if its records must not be handed out."""
        count = chunk.count
        epoch = chunk.batches[-1].leader_epoch if count else None
        current = self._buffer.advance(chunk.tp, chunk.generation, chunk.next_offset, epoch)
        if current and count:
            tp = chunk.tp
            self._observer.records_consumed(tp.topic, tp.partition, count, chunk.size)
        return current and count > 0

    # -- reading and decoding --------------------------------------------------------------

    def _read(self, max_records: int, *, views: bool) -> list[Chunk]:
        chunks: dict[TopicPartition, Chunk] = {}
        try:
            return self._read_to(chunks, max_records, views=views)
        except BaseException:
            # A signal handler may raise anywhere, most likely while this makes way: what is decoded
            # is in the buffer no more, and the next poll would go on behind it.
            self._hold(chunk for chunk in chunks.values() if chunk.count)
            raise

    def _read_to(
        self, chunks: dict[TopicPartition, Chunk], max_records: int, *, views: bool
    ) -> list[Chunk]:
        buffer = self._buffer
        while max_records > 0 and (fetch := buffer.head()) is not None:
            chunk = chunks.get(fetch.tp)
            if chunk is None or chunk.generation != fetch.generation:
                chunk = chunks[fetch.tp] = Chunk(fetch.tp, fetch.generation)
            try:
                count = self._read_into(chunk, fetch, max_records, views=views)
            except KafkaError:
                # What was read before the bad batch or record goes first; it raises again then.
                buffer.set_stuck(fetch, True)
                if not (good := self._with_records(chunks.values())):
                    raise
                return good
            if buffer.stuck:
                buffer.set_stuck(fetch, False)
            if count == 0:
                buffer.finish(fetch)
                # Now, for the loop may want to receive the next one into its memory at once.
                fetch.release()
                if self.make_way is not None and fetch.is_bulky:
                    # While others compute the loop runs every 5 ms only, and these are decoded in
                    # less. Once it receives it does not need the interpreter.
                    self._through += fetch.size
                    if self._through >= _WAY:
                        self._through = 0
                        self.make_way()
            max_records -= count
        return self._with_records(chunks.values())

    def _with_records(self, chunks: Iterable[Chunk]) -> list[Chunk]:
        """Drop empty chunks, moving the position over their markers and compacted batches."""
        for chunk in chunks:
            if not chunk.count and chunk.next_offset >= 0:
                tp = chunk.tp
                current = self._buffer.advance(tp, chunk.generation, chunk.next_offset, None)
                if current and chunk.size:
                    self._observer.records_consumed(tp.topic, tp.partition, 0, chunk.size)
        return [chunk for chunk in chunks if chunk.count]

    def _read_into(
        self, chunk: Chunk, fetch: CompletedFetch, max_records: int, *, views: bool
    ) -> int:
        """Append the next records of *fetch* to *chunk*; return how many, 0 at the end."""
        start = fetch.next_offset
        try:
            return self._read_part(chunk, fetch, max_records, views=views)
        except KafkaError:
            raise
        except BaseException:
            fetch.restart(chunk.end(start))
            raise

    def _read_part(
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
        """Append the records up to the first that a deserializer rejects, then raise for it."""
        keys: list[object] = []
        values: list[object] = []
        failure: Exception | None = None
        topic = fetch.tp.topic
        headers: Iterable[Headers] = part.headers or map(list, repeat(()))
        for key, value, head in zip(part.keys, part.values, headers, strict=False):
            try:
                new_key = _apply(self._deserialize_key, topic, head, key)
                values.append(_apply(self._deserialize_value, topic, head, value))
            except Exception as exc:  # noqa: BLE001 - the user's code may raise anything
                failure = exc
                break
            keys.append(new_key)
        bad = len(keys)
        good = part if failure is None else part.cut(slice(bad))
        chunk.add(RecordBatch(fetch.tp, good, keys, values[:bad]))
        if failure is not None:
            offset = part.offsets[bad]
            fetch.unread(offset)
            chunk.size += fetch.take_size()
            chunk.next_offset = offset
            raise _rejected(fetch.tp, part, bad) from failure


def _apply(
    deserialize: Deserialize | None, topic: str, headers: Headers, data: bytes | None
) -> object:
    # A tombstone is no data: user code is not asked about it.
    return data if deserialize is None or data is None else deserialize(topic, headers, data)


def _rejected(tp: TopicPartition, part: RecordSlice, index: int) -> RecordDeserializationError:
    offset = part.offsets[index]
    return RecordDeserializationError(
        f"the deserializer cannot read the record at {tp.topic}-{tp.partition} offset {offset}; "
        f"seek to {offset + 1} to go past it",
        tp,
        offset,
        part.keys[index],
        part.values[index],
        [] if part.headers is None else part.headers[index],
    )


def _located(error: KafkaError, fetch: CompletedFetch) -> KafkaError:
    """Return *error* again with the partition and offset in front of its message."""
    where = f"{fetch.tp.topic}-{fetch.tp.partition} at offset {fetch.next_offset}"
    return type(error)(f"{where}: {', '.join(map(str, error.args))}")
