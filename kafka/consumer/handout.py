"""What both faces of the consumer keep of the records they hand out one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kafka.consumer.record_batch import RecordBatch
    from kafka.consumer.records import RecordReader
    from kafka.structs import ConsumerRecord, TopicPartition


class Handout:
    """A base of both faces.

    `_rows` yields records taken from the reader but not counted as consumed. A record counts when
    the next one is asked for, or when the application asks for positions or changes something.
    """

    _reader: RecordReader
    # Set, by any thread, when `_rows` may hold records that must not be handed out any more.
    _attention: bool = False
    _rows: Iterator[ConsumerRecord] = iter(())
    _last: ConsumerRecord | None = None

    def _note_change(self) -> None:
        self._attention = True

    def _settle(self) -> None:
        last, self._last = self._last, None
        self._rows = iter(())
        self._reader.settle(last)

    def _collect(
        self, max_records: int, *, update_offsets: bool
    ) -> dict[TopicPartition, Sequence[ConsumerRecord]]:
        self._settle()
        return self._reader.collect(max_records, update_offsets=update_offsets)

    def _take(self, max_records: int, *, views: bool) -> list[RecordBatch]:
        self._settle()
        return self._reader.take(max_records, views=views)


def as_lists(
    polled: dict[TopicPartition, Sequence[ConsumerRecord]],
) -> dict[TopicPartition, list[ConsumerRecord]]:
    """Return *polled* with all records made."""
    return {
        tp: records if isinstance(records, list) else list(records)
        for tp, records in polled.items()
    }
