"""`AsyncKafkaConsumer`: the consumer for programs that run an event loop themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from kafka.consumer import arguments
from kafka.consumer.async_polling import AsyncPolling
from kafka.consumer.fetch_health import PartitionHealth, partition_health
from kafka.consumer.lifecycle import wakeable
from kafka.errors import IllegalStateError, KafkaTimeoutError
from kafka.subscription.reset import EARLIEST, LATEST

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection

    from kafka.structs import OffsetAndMetadata, TopicPartition
    from kafka.subscription.subscription_state import Listener


class AsyncKafkaConsumer(AsyncPolling):
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
            ValueError: *offset* is negative, or *partition* is not assigned.
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
            reason = self._core.reason(partition)
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
        self._core.pause(states, paused=paused)

    def paused(self) -> set[TopicPartition]:
        """Return the partitions that are paused."""
        return self._subscription.paused_partitions()

    def health(self) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading of each assigned partition is going."""
        core = self._core
        now = core.clock.now()
        return {
            state.tp: partition_health(
                state, self._buffer.position(state.tp), core.reason(state.tp), now
            )
            for state in self._subscription.assignment
        }

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
