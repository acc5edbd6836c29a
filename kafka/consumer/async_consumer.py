"""`AsyncKafkaConsumer`: the consumer for programs that run an event loop themselves."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING, NoReturn, Self

from kafka._base.deadline import Deadline
from kafka.consumer import arguments
from kafka.consumer.health import PartitionHealth, partition_health
from kafka.consumer.lifecycle import wakeable
from kafka.consumer.queries import Queries
from kafka.errors import IllegalStateError, KafkaTimeoutError
from kafka.subscription.reset import EARLIEST, LATEST

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection

    from kafka.structs import ConsumerRecord, OffsetAndMetadata, TopicPartition
    from kafka.subscription.subscription_state import Listener


class AsyncKafkaConsumer(Queries):
    """Read records from topics, in ``async`` code.

    Start it with ``async with`` or `start`, stop it with `close`; between the two all calls are
    made on the event loop it was started on. Only `wakeup` may be called from other threads.

    Args:
        topics: names of topics to subscribe to; see `subscribe`.
        configs: the options of `kafka.config.consumer.ConsumerConfig`.

    Raises:
        KafkaConfigurationError: an option is unknown or cannot work.
    """

    # -- what to read ----------------------------------------------------------------------

    def subscribe(
        self,
        topics: Collection[str] = (),
        pattern: str | re.Pattern[str] | None = None,
        listener: Listener | None = None,
    ) -> None:
        """Read all partitions of *topics*, or of all topics whose names match *pattern*.

        The topics replace those of an earlier subscription. Partitions and topics that appear
        later are picked up; a partition that appears later is read from its beginning if
        ``auto_offset_reset`` is ``latest``, so that nothing written to it is lost.

        Args:
            topics: names of topics.
            pattern: a regular expression, matched from the start of each name.
            listener: told of changes of the assignment, once the consumer is in a group.

        Raises:
            ValueError: neither is given, or a name is not legal.
            IllegalStateError: both are given, or `assign` was used before.
            TypeError: *topics* is a string, or *listener* no rebalance listener.
        """
        self._change()
        self._subscription.subscribe(topics, pattern, listener)
        self._apply_subscription()

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Read exactly *partitions*; those read already keep their positions.

        Args:
            partitions: the partitions; none to read nothing, like `unsubscribe`.

        Raises:
            IllegalStateError: `subscribe` was used before.
            TypeError: an element is no `TopicPartition`.
        """
        self._change()
        if partitions:
            self._subscription.assign_from_user(partitions)
        else:
            self._subscription.unsubscribe()
        self._apply_subscription()

    def unsubscribe(self) -> None:
        """Read nothing any more, and forget all positions."""
        self._change()
        self._subscription.unsubscribe()
        self._apply_subscription()

    def subscription(self) -> set[str] | None:
        """Return the names of the topics subscribed to, ``None`` without a subscription."""
        topics = self._subscription.subscription
        return None if topics is None else set(topics)

    def assignment(self) -> set[TopicPartition]:
        """Return the partitions read now."""
        return set(self._subscription.assignment.partitions)

    def _change(self) -> None:
        """Count what was handed out as consumed, before something changes."""
        if self._closed:
            raise IllegalStateError(f"{type(self).__name__} is closed")
        self._settle()
        self._attention = True

    def _apply_subscription(self) -> None:
        if self._core_or_none is not None:
            self._core_or_none.apply_subscription()

    # -- positions -------------------------------------------------------------------------

    def seek(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        """Have *offset* be the next one read from *partition*.

        Args:
            partition: an assigned partition.
            offset: the offset; with an `OffsetAndMetadata` whose ``leader_epoch`` is known, the
                leader is asked first whether its log still has that record (KIP-320).

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            ValueError: *offset* is no integer >= 0, or *partition* is not assigned.
        """
        (state,) = arguments.seekable(self._subscription.assignment, (partition,))
        target, epoch = arguments.seek_target(offset)
        self._change()
        self._core.seek(state, target, epoch)

    def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go to the first offset of *partitions*, of all assigned ones if none is given.

        The offset is looked up in the background; `position` waits for it.

        Raises:
            TypeError: one is no `TopicPartition`.
            ValueError: one is not assigned, or nothing is.
        """
        states = arguments.seekable(self._subscription.assignment, partitions)
        self._change()
        self._core.seek_to(states, EARLIEST)

    def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Go to the end of *partitions*, of all assigned ones if none is given.

        The offset is looked up in the background; `position` waits for it.

        Raises:
            TypeError: one is no `TopicPartition`.
            ValueError: one is not assigned, or nothing is.
        """
        states = arguments.seekable(self._subscription.assignment, partitions)
        self._change()
        self._core.seek_to(states, LATEST)

    @wakeable
    async def position(
        self, partition: TopicPartition, timeout_ms: float | None = None
    ) -> int | None:
        """Return the offset of the next record to be returned, looking it up if need be.

        Args:
            partition: an assigned partition.
            timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

        Returns:
            The offset; ``None`` if there was none within a *timeout_ms* given.

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            IllegalStateError: it is not assigned.
            KafkaTimeoutError: no offset within ``default_api_timeout_ms``.
            NoOffsetForPartitionError: there is no position and no policy to find one.
        """
        arguments.assigned(self._subscription.assignment, partition)
        self._settle()
        position = await self._core.position(partition, self._deadline(timeout_ms))
        if position is None and timeout_ms is None:
            reason = self._core.fetcher.reason(partition)
            why = f": it {reason.value}" if reason else ""
            raise KafkaTimeoutError(
                f"no position for {partition.topic}-{partition.partition} in time{why}"
            )
        return position

    def highwater(self, partition: TopicPartition) -> int | None:
        """Return the offset after the last record of *partition*, as of its last fetch.

        Raises:
            TypeError: *partition* is no `TopicPartition`.
            IllegalStateError: it is not assigned.
        """
        return arguments.assigned(self._subscription.assignment, partition).high_watermark

    def pause(self, *partitions: TopicPartition) -> None:
        """Return no records of *partitions* until `resume`; what is fetched already is kept.

        Raises:
            TypeError: one is no `TopicPartition`.
            IllegalStateError: one is not assigned.
        """
        self._set_paused(partitions, paused=True)

    def resume(self, *partitions: TopicPartition) -> None:
        """Return records of *partitions* again.

        Raises:
            TypeError: one is no `TopicPartition`.
            IllegalStateError: one is not assigned.
        """
        self._set_paused(partitions, paused=False)

    def _set_paused(self, partitions: tuple[TopicPartition, ...], *, paused: bool) -> None:
        states = [arguments.assigned(self._subscription.assignment, tp) for tp in partitions]
        self._change()
        for state in states:
            self._core.pause(state, paused=paused)
        self._core.fetcher.drive()

    def paused(self) -> set[TopicPartition]:
        """Return the partitions that are paused."""
        return self._subscription.paused_partitions()

    def health(self) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading of each assigned partition is going."""
        core = self._core
        now = core.clock.now()
        return {
            state.tp: partition_health(
                state, self._buffer.position(state.tp), core.fetcher.reason(state.tp), now
            )
            for state in self._subscription.assignment
        }

    # -- records ---------------------------------------------------------------------------

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
                return records

    async def _poll_once(
        self, timer: Deadline, max_records: int, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return records at hand, or wait once for news until *timer* and look again."""
        core = self._check_open()
        core.fetcher.activate()
        self._raise_wakeup()
        records = self._collect(max_records, update_offsets=update_offsets)
        if records:
            return records
        if timer.is_expired(core.clock.now()):
            # A loop of poll(0) must let the fetches through.
            await asyncio.sleep(0)
        else:
            await core.pulse.wait(self._buffer.has_news, timer)
        if self._closed:
            return {}
        core.client.supervisor.check()
        self._raise_wakeup()
        return self._collect(max_records, update_offsets=update_offsets)

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

    # -- groups ----------------------------------------------------------------------------

    async def commit(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata] | None = None,
        timeout_ms: float | None = None,
    ) -> NoReturn:
        """Commit offsets to the group's coordinator.

        Raises:
            IllegalStateError: the consumer has no ``group_id``.
        """
        del offsets, timeout_ms
        raise IllegalStateError("Requires group_id")

    def commit_async(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata] | None = None,
        callback: Callable[[object, object], object] | None = None,
    ) -> NoReturn:
        """Commit offsets to the group's coordinator in the background.

        Raises:
            IllegalStateError: the consumer has no ``group_id``.
        """
        del offsets, callback
        raise IllegalStateError("Requires group_id")

    async def committed(
        self,
        partition: TopicPartition,
        metadata: bool = False,
        timeout_ms: float | None = None,
    ) -> NoReturn:
        """Return the group's committed offset of *partition*.

        Raises:
            IllegalStateError: the consumer has no ``group_id``.
        """
        del partition, metadata, timeout_ms
        raise IllegalStateError("Requires group_id")
