"""`AsyncMockConsumer`: returns the records a test gives it, as an `AsyncKafkaConsumer` would."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

from kafka._base.type_params import K_co, V_co
from kafka.config.consumer import ConsumerConfig
from kafka.config.signature import OptionsSignature
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import IllegalStateError
from kafka.metrics.sensors import by_raw
from kafka.testing.mock_consumer_calls import MockConsumerCalls
from kafka.testing.mock_faces import awaited, direct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Generator
    from typing import Unpack

    from kafka.config.typed import ConsumerOptions
    from kafka.consumer.record_batch import RecordBatch
    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.subscription import SubscriptionState

# Seconds that a poll waits which finds nothing: programs that poll in a loop let others run.
_PAUSE = 0.001


class AsyncMockConsumer(AsyncKafkaConsumer[K_co, V_co]):
    """An `AsyncKafkaConsumer` without Kafka; see `MockConsumer`.

    It may be used without ``start()``. Tasks given to `schedule` may be coroutine functions.
    `getone` waits until a record is there; a poll that finds none waits a millisecond at most.

    Args:
        *topics: names of topics to subscribe to.
        **configs: the options of `AsyncKafkaConsumer`: ``auto_offset_reset``,
            ``max_poll_records``, ``group_id`` and the deserializers are used, the others only
            checked.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.

    Attributes:
        started: whether ``start()`` was called.
    """

    __module__ = "kafka.testing"
    __signature__ = OptionsSignature(ConsumerConfig)

    # AsyncKafkaConsumer.__init__ is not called: every public method is replaced, so nothing asks
    # for what it would have set.
    def __init__(self, *topics: str, **configs: Unpack[ConsumerOptions[K_co, V_co]]) -> None:
        self._mock = MockConsumerCalls(type(self).__name__, topics, configs)
        self.config = self._mock.config
        self.started = False

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._mock)

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._mock.closed

    @property
    def revocations(self) -> int:
        """How often partitions were taken away."""
        return self._mock.revocations

    @property
    def _subscription(self) -> SubscriptionState:
        return self._mock.subscriptions

    # -- what the test calls ----------------------------------------------------------------------

    add_record = direct(MockConsumerCalls.add_record)
    update_partitions = direct(MockConsumerCalls.update_partitions)
    update_beginning_offsets = direct(MockConsumerCalls.update_beginning_offsets)
    update_end_offsets = direct(MockConsumerCalls.update_end_offsets)
    schedule = direct(MockConsumerCalls.schedule)
    raise_next = direct(MockConsumerCalls.raise_next)
    committed_offsets = direct(MockConsumerCalls.committed_offsets)

    async def rebalance(self, partitions: Collection[TopicPartition]) -> None:
        """Assign *partitions* to this member of the group, and call or await its listener.

        Raises:
            IllegalStateError: there is no subscription.
        """
        mock = self._mock
        mock.begin_rebalance(partitions)
        await mock.listening.run_async()
        mock.end_rebalance(partitions)
        await mock.listening.run_async()

    # -- life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take note of the start; nothing has to be looked for."""
        if self.started or self.closed:
            raise IllegalStateError(f"{self!r} can be started once only")
        self.started = True

    close = awaited(MockConsumerCalls.close)

    async def stop(self) -> None:
        """Close the consumer (aiokafka's name)."""
        await self.close()

    wakeup = direct(MockConsumerCalls.wakeup)

    # -- what the code under test calls -----------------------------------------------------------

    subscribe = direct(MockConsumerCalls.subscribe)
    assign = direct(MockConsumerCalls.assign)

    def unsubscribe(self) -> Awaitable[None]:
        """Drop the subscription, or the assignment; need not be awaited."""
        self._mock.unsubscribe()
        return _Done()

    subscription = direct(MockConsumerCalls.subscription)
    assignment = direct(MockConsumerCalls.assignment)
    seek = direct(MockConsumerCalls.seek)
    seek_to_beginning = direct(MockConsumerCalls.seek_to_beginning)
    seek_to_end = direct(MockConsumerCalls.seek_to_end)
    position = awaited(MockConsumerCalls.position)
    highwater = direct(MockConsumerCalls.highwater)
    pause = direct(MockConsumerCalls.pause)
    resume = direct(MockConsumerCalls.resume)
    paused = direct(MockConsumerCalls.paused)
    health = direct(MockConsumerCalls.health)
    group_health = direct(MockConsumerCalls.group_health)
    current_lag = direct(MockConsumerCalls.current_lag)
    enforce_rebalance = direct(MockConsumerCalls.enforce_rebalance)
    commit = awaited(MockConsumerCalls.commit)
    commit_async = direct(MockConsumerCalls.commit_async)
    committed = awaited(MockConsumerCalls.committed)
    group_metadata = direct(MockConsumerCalls.group_metadata)
    consumed_offsets = direct(MockConsumerCalls.consumed_offsets)
    rewind = awaited(MockConsumerCalls.rewind)

    offsets_for_times = awaited(MockConsumerCalls.offsets_for_times)
    beginning_offsets = awaited(MockConsumerCalls.beginning_offsets)
    end_offsets = awaited(MockConsumerCalls.end_offsets)
    partitions_for_topic = awaited(MockConsumerCalls.partitions_for_topic)
    topics = awaited(MockConsumerCalls.topics)
    bootstrap = awaited(MockConsumerCalls.bootstrap)
    bootstrap_connected = direct(MockConsumerCalls.bootstrap_connected)
    metrics = by_raw(direct(MockConsumerCalls.metrics))

    async def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord[K_co, V_co]]]:
        """Run a scheduled task, then return the next records; see `AsyncKafkaConsumer.poll`."""
        limit = await self._begin_poll(timeout_ms, max_records)
        found = self._mock.collect(limit, update_offsets=update_offsets)
        if not found:
            await asyncio.sleep(min(timeout_ms / 1000, _PAUSE))
        return found

    async def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return records like `poll`, a batch for each partition."""
        limit = await self._begin_poll(timeout_ms, max_records)
        found = self._mock.collect_batches(limit, views=zero_copy)
        if not found:
            await asyncio.sleep(min(timeout_ms / 1000, _PAUSE))
        return found

    async def consume(
        self, num_messages: int = 1, timeout_ms: float = 0
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return at most *num_messages* records; otherwise as `poll_batch`."""
        return await self.poll_batch(timeout_ms, num_messages)

    async def getmany(
        self, *, timeout_ms: float = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord[K_co, V_co]]]:
        """Return records like `poll` (aiokafka's name)."""
        return await self.poll(timeout_ms, max_records)

    async def getone(self) -> ConsumerRecord[K_co, V_co]:
        """Return the next record, waiting until the test adds one (aiokafka's name)."""
        self._mock.check_open()
        while True:
            record = await self._next_record()
            if record is not None:
                return record
            self._mock.check_open()
            await asyncio.sleep(_PAUSE)

    async def __anext__(self) -> ConsumerRecord[K_co, V_co]:
        """Return the next record; stop when neither a record nor a task is left."""
        record = await self._next_record()
        if record is None:
            raise StopAsyncIteration
        return record

    async def _next_record(self) -> ConsumerRecord[K_co, V_co] | None:
        mock = self._mock
        record = mock.next_row()
        while record is None and not mock.closed:
            more = mock.has_more
            mock.set_rows(await self.poll(update_offsets=False))
            record = mock.next_row()
            if not more:
                break
        return record

    async def _begin_poll(self, timeout_ms: float, max_records: int | None) -> int:
        limit = self._mock.begin_poll(timeout_ms, max_records)
        task = self._mock.next_task()
        if task is not None:
            await _finished(task())
        self._mock.find_positions()
        await self._mock.listening.run_async()
        return limit


class _Done:
    """Something to await that is over already."""

    def __await__(self) -> Generator[None, None, None]:
        """Let other tasks run."""
        yield


async def _finished(result: object) -> None:
    """Await *result* if it can be awaited."""
    if inspect.isawaitable(result):
        await result
