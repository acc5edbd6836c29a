"""Hand fetched records to the application; runs where the application polls.

`FetchCollector` takes data out of the `FetchBuffer`, has it decoded and counts records as consumed.
Records that were handed out but do not count yet are *held*; the next poll returns them first.
`RecordCursor` is the place of an application among the records it gets one by one. Both faces of a
consumer use both, so `poll` and an iterator may be mixed.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from kafka.consumer.record_batch import Rows
from kafka.consumer.record_decoder import Chunk
from kafka.consumer.rejected_records import PolicyError
from kafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kafka._base.observer import Observer
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.record_batch import RecordBatch
    from kafka.consumer.record_decoder import RecordDecoder
    from kafka.structs import ConsumerRecord, TopicPartition

    Polled = dict[TopicPartition, Sequence[ConsumerRecord]]


# Bytes of large records after which the loop may run.
_YIELD_BYTES: Final = 512 * 1024


class FetchCollector:
    """Collect records from a `FetchBuffer`, at most one call at a time.

    Args:
        buffer: holds the fetched data.
        decoder: decodes it.
        observer: is told once per chunk consumed.

    Attributes:
        yield_to_loop: called now and then to let the loop run, if the loop is on another thread.
    """

    def __init__(self, buffer: FetchBuffer, decoder: RecordDecoder, observer: Observer) -> None:
        self._buffer = buffer
        self._decoder = decoder
        self._observer = observer
        self._held: list[Chunk] = []
        self.yield_to_loop: Callable[[], None] | None = None
        self._bytes_since_yield = 0

    def collect_records(self, max_records: int, *, update_offsets: bool) -> Polled:
        """Return the records that can be handed out now, by partition.

        Args:
            max_records: the limit over all partitions.
            update_offsets: whether the records count as consumed. Otherwise they are held, and the
                next call returns them again unless `mark_consumed` is called before. Held records
                are made one by one when they are asked for, the others are lists.

        Raises:
            KafkaError: there are no records, but an error waits to be raised.
        """
        chunks = self._take_chunks(max_records)
        found: Polled
        try:
            if not update_offsets:
                current = [chunk for chunk in chunks if self._is_current(chunk)]
                found = {chunk.tp: Rows(chunk.batches) for chunk in current}
                # What is not handed out comes behind what is; `mark_consumed` relies on it.
                self._hold_chunks(sorted(chunks, key=lambda chunk: chunk.tp not in found))
                return found
            # Records are made before they count: that takes long, and a signal handler may raise
            # after it.
            made = [list(chain.from_iterable(chunk.batches)) for chunk in chunks]
            pairs = zip(chunks, made, strict=True)
            return {chunk.tp: records for chunk, records in pairs if self._mark_chunk(chunk)}
        except BaseException:
            self._return_chunks(chunks)
            raise

    def collect_batches(self, max_records: int, *, views: bool) -> list[RecordBatch]:
        """Return the records of `collect_records` as batches; all of them count as consumed.

        Args:
            max_records: the limit over all partitions.
            views: whether values may be views of what was received; values that go through a
                deserializer never are.
        """
        chunks = self._take_chunks(max_records, views=views and self._decoder.keeps_values)
        try:
            marked = [chunk.batches for chunk in chunks if self._mark_chunk(chunk)]
            return list(chain.from_iterable(marked))
        except BaseException:
            self._return_chunks(chunks)
            raise

    def mark_consumed(self, last: ConsumerRecord) -> None:
        """Count held records up to and including *last* as consumed, in the order handed out."""
        kept: list[Chunk] = []
        # What comes before *last* was handed out, even if it is on hold by now.
        in_order = last[:2] in [chunk.tp for chunk in self._held]
        for index, chunk in enumerate(self._held):
            if chunk.tp == last[:2]:
                first, rest = chunk.split(chunk.count_to(last.offset))
                self._mark_handed_out(first)
                kept += [rest] if rest.count else []
                kept += self._held[index + 1 :]
                break
            if in_order or self._is_current(chunk):
                self._mark_handed_out(chunk)
            elif self._is_valid(chunk):
                kept.append(chunk)
        # Without a break no chunk is of the partition of *last*: it was revoked or sought.
        # If a signal handler raises before this line, records are handed out once more, not lost.
        self._held = kept

    # -- held chunks -----------------------------------------------------------------------

    def _take_chunks(self, max_records: int, *, views: bool = False) -> list[Chunk]:
        """Take held chunks, or decode new ones; without any, raise the error that waits."""
        chunks = self._take_held_chunks(max_records) or self._decode_chunks(
            max_records, views=views
        )
        if not chunks:
            error = self._buffer.take_error()
            if error is not None:
                raise error
        return chunks

    def _take_held_chunks(self, max_records: int) -> list[Chunk]:
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
        # Only now, when nothing is left to do: a signal handler may have raised before.
        self._held = kept
        return taken

    def _return_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Hold *chunks* that nobody has got, and undo the count of those that were counted."""
        for chunk in chunks:
            self._buffer.advance(chunk.tp, chunk.generation, chunk.batches[0].offsets[0], None)
        self._hold_chunks(chunks)

    def _hold_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Put *chunks* in front of the held ones; join chunks of the same partition."""
        found: dict[tuple[TopicPartition, int], Chunk] = {}
        for chunk in chain(chunks, self._held):
            key = chunk.tp, chunk.generation
            found[key] = found[key].joined(chunk) if key in found else chunk
        self._held = list(found.values())

    def _is_current(self, chunk: Chunk) -> bool:
        return self._buffer.is_current(chunk.tp, chunk.generation)

    def _is_valid(self, chunk: Chunk) -> bool:
        return self._buffer.is_valid(chunk.tp, chunk.generation)

    def _mark_chunk(self, chunk: Chunk) -> bool:
        """Count *chunk* as consumed; return False if its records must not be handed out."""
        count = chunk.count
        epoch = chunk.batches[-1].leader_epoch if count else None
        current = self._buffer.advance(chunk.tp, chunk.generation, chunk.next_offset, epoch)
        if current and count:
            tp = chunk.tp
            self._observer.records_consumed(tp.topic, tp.partition, count, chunk.size)
        return current and count > 0

    def _mark_handed_out(self, chunk: Chunk) -> None:
        """Count *chunk* as consumed, also if its partition was started anew at its first record."""
        if not self._mark_chunk(chunk) and chunk.count:
            known = chunk.batches[-1].leader_epoch
            epoch = -1 if known is None else known
            self._buffer.advance_late(chunk.tp, chunk.generation, chunk.next_offset, epoch)

    # -- new chunks ------------------------------------------------------------------------

    def _decode_chunks(self, max_records: int, *, views: bool) -> list[Chunk]:
        chunks: dict[TopicPartition, Chunk] = {}
        try:
            return self._decode_fetches(chunks, max_records, views=views)
        except BaseException:
            # A signal handler may raise anywhere, most likely while the loop runs. What was decoded
            # is no longer in the buffer, and the next poll would go on behind it.
            self._hold_chunks(chunk for chunk in chunks.values() if chunk.count)
            raise

    def _decode_fetches(
        self, chunks: dict[TopicPartition, Chunk], max_records: int, *, views: bool
    ) -> list[Chunk]:
        buffer = self._buffer
        while max_records > 0 and (fetch := buffer.head()) is not None:
            chunk = chunks.get(fetch.tp)
            if chunk is None or chunk.generation != fetch.generation:
                chunk = chunks[fetch.tp] = Chunk(fetch.tp, fetch.generation)
            try:
                count = self._decoder.decode_into(chunk, fetch, max_records, views=views)
            except KafkaError as exc:
                # The records in front of the bad one are returned first; the next call raises.
                buffer.set_stuck(fetch, True)
                if good := self._with_records(chunks.values()):
                    return good
                if isinstance(exc, PolicyError):
                    raise exc.raised from exc.raised.__cause__
                raise
            if buffer.stuck:
                buffer.set_stuck(fetch, False)
            if count == 0:
                buffer.finish(fetch)
                # At once: the loop may receive the next response into this memory.
                fetch.release()
                if self.yield_to_loop is not None and fetch.is_bulky:
                    # While this thread computes, the loop gets to run every 5 ms only, and bulky
                    # data is decoded in less. Once the loop receives, it needs no interpreter.
                    self._bytes_since_yield += fetch.size
                    if self._bytes_since_yield >= _YIELD_BYTES:
                        self._bytes_since_yield = 0
                        self.yield_to_loop()
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


class RecordCursor:
    """The place of an application among the records it gets one by one.

    The last record handed out is *in hand*: it does not count as consumed before the application
    asks for the next one, asks for positions, changes what is read, or closes the consumer.

    Args:
        buffer: tells when held records may no longer be handed out.
        collector: holds the records.

    Attributes:
        rows: yields the records to hand out next; empty when records must be looked for anew. The
            faces read it for each record, so a flag in addition would cost as much again.
        last: the record in hand; a face that takes a record from *rows* puts it here.
    """

    __slots__ = ("_collector", "_interrupted", "last", "rows")

    def __init__(self, buffer: FetchBuffer, collector: FetchCollector) -> None:
        self._collector = collector
        self._interrupted = False
        self.rows: Iterator[ConsumerRecord] = iter(())
        self.last: ConsumerRecord | None = None
        buffer.on_change(self.interrupt)

    def interrupt(self) -> None:
        """Hand out no more of *rows*, which may be out of date; any thread."""
        # In this order: `advance` sets the rows first and then looks at the flag.
        self._interrupted = True
        self.rows = iter(())

    def mark_consumed(self) -> None:
        """Count the record in hand, and those before it, as consumed."""
        last, self.last = self.last, None
        self.rows = iter(())
        if last is not None:
            self._collector.mark_consumed(last)

    def advance(self, polled: Polled) -> ConsumerRecord | None:
        """Return the first of the records collected last, and hand the others out after it.

        Args:
            polled: what `collect_records` returned without counting it.
        """
        rows = self.rows = chain.from_iterable(polled.values())
        if self._interrupted:
            self.rows = iter(())
        self.last = next(rows, None)
        return self.last

    def collect_records(self, max_records: int, *, update_offsets: bool) -> Polled:
        """Count the record in hand, then return records; see `FetchCollector`."""
        self.mark_consumed()
        self._interrupted = False
        return self._collector.collect_records(max_records, update_offsets=update_offsets)

    def collect_batches(self, max_records: int, *, views: bool) -> list[RecordBatch]:
        """Count the record in hand, then return batches; see `FetchCollector`."""
        self.mark_consumed()
        return self._collector.collect_batches(max_records, views=views)


def as_lists(polled: Polled) -> dict[TopicPartition, list[ConsumerRecord]]:
    """Return *polled* with all records made."""
    return {
        tp: records if isinstance(records, list) else list(records)
        for tp, records in polled.items()
    }
