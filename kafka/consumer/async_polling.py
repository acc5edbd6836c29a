"""How an asynchronous consumer hands out records: in lists, as batches, one by one."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Self, TypeVar

from kafka._base.deadline import Deadline
from kafka.consumer import arguments
from kafka.consumer.handout import as_lists
from kafka.consumer.queries import Queries
from kafka.errors import IllegalStateError, KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.consumer.record_batch import RecordBatch
    from kafka.structs import ConsumerRecord, TopicPartition

T = TypeVar("T")


class AsyncPolling(Queries):
    """A base of `AsyncKafkaConsumer`."""

    async def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return records that are there, or that arrive in time.

        Args:
            timeout_ms: how long to wait if there are none, in ms.
            max_records: at most so many; ``None`` for ``max_poll_records``.
            update_offsets: whether they count as consumed; otherwise the next call returns them
                again.

        Returns:
            Records by partition, in offset order; empty if none arrived in time.

        Raises:
            ValueError: a negative time-out, or *max_records* < 1.
            TypeError: *max_records* is no integer.
            IllegalStateError: the consumer is closed or not started.
            WakeupError: `wakeup` was called.
            KafkaError: a partition cannot be read; others can, by the next call.
        """
        timeout, limit = arguments.poll_limits(
            timeout_ms, max_records, self._settings.max_poll_records
        )
        timer = Deadline.after(self._core.clock.now(), timeout)
        while True:
            records = await self._poll_once(timer, limit, update_offsets=update_offsets)
            if records or self._closed or timer.is_expired(self._core.clock.now()):
                return as_lists(records)

    async def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch]:
        """Return records like `poll`, as batches that can be read as columns.

        For arguments and errors see `poll`; all records returned count as consumed. With
        *zero_copy*, values are read-only `memoryview` objects of the response, see
        `KafkaConsumer.poll_batch`.
        """
        timeout, limit = arguments.poll_limits(
            timeout_ms, max_records, self._settings.max_poll_records
        )
        timer = Deadline.after(self._core.clock.now(), timeout)
        while True:
            batches = await self._once(timer, partial(self._take, limit, views=zero_copy))
            if batches or self._closed or timer.is_expired(self._core.clock.now()):
                return batches

    async def consume(self, num_messages: int = 1, timeout_ms: float = 0) -> list[RecordBatch]:
        """Return at most *num_messages* records; otherwise as `poll_batch`."""
        return await self.poll_batch(timeout_ms, num_messages)

    async def _poll_once(
        self, timer: Deadline, max_records: int, update_offsets: bool = True
    ) -> dict[TopicPartition, Sequence[ConsumerRecord]]:
        """Return records at hand, or wait once for news until *timer* and look again."""
        return await self._once(
            timer, partial(self._collect, max_records, update_offsets=update_offsets)
        )

    async def _once(self, timer: Deadline, take: Callable[[], T]) -> T:
        """Return what *take* finds, or wait once for news until *timer* and look again."""
        core = self._check_open()
        core.activate()
        self._raise_wakeup()
        try:
            found = take()
        except KafkaError:
            # A loop of polls that raise must let the fetches of other partitions through.
            await asyncio.sleep(0)
            raise
        if found:
            return found
        if timer.is_expired(core.clock.now()):
            # A loop of poll(0) must let the fetches through.
            await asyncio.sleep(0)
        else:
            await core.changed.wait(timer, self._buffer.has_news)
        if self._closed:
            return found
        core.client.supervisor.check()
        self._raise_wakeup()
        return take()

    async def getmany(
        self, *, timeout_ms: float = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return records like `poll` (aiokafka's name)."""
        return await self.poll(timeout_ms, max_records)

    async def getone(self) -> ConsumerRecord:
        """Return the next record, waiting for it as long as it takes (aiokafka's name).

        Raises:
            WakeupError: `wakeup` was called.
            IllegalStateError: the consumer is closed or not started.
        """
        record = await self._next(Deadline.after(0.0, None))
        if record is None:
            raise IllegalStateError(f"{type(self).__name__} is closed")
        return record

    def __aiter__(self) -> Self:
        """Return the consumer: it iterates over its records."""
        return self

    async def __anext__(self) -> ConsumerRecord:
        """Return the next record; end after ``consumer_timeout_ms`` without one, or closed."""
        if not self._attention:
            record = next(self._rows, None)
            if record is not None:
                self._last = record
                return record
        if self._closed:
            raise StopAsyncIteration
        timeout = self._settings.consumer_timeout
        record = await self._next(Deadline.after(self._core.clock.now(), timeout))
        if record is None:
            raise StopAsyncIteration
        return record

    async def _next(self, timer: Deadline) -> ConsumerRecord | None:
        while not self._closed:
            self._attention = False
            records = await self._poll_once(
                timer, self._settings.max_poll_records, update_offsets=False
            )
            self._rows = chain.from_iterable(records.values())
            record = self._last = next(self._rows, None)
            if record is not None:
                return record
            if not self._closed and timer.is_expired(self._core.clock.now()):
                break
        return None
