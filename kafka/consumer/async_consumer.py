"""`AsyncKafkaConsumer`: the consumer for programs that run an event loop themselves."""

from __future__ import annotations

import asyncio
import warnings
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Concatenate, ParamSpec, Self, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.observer import Observer
from kafka._base.system import LoopClock, uniform
from kafka.config.consumer import ConsumerConfig
from kafka.consumer import arguments
from kafka.consumer.core import ConsumerCore
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.records import Handout, RecordReader
from kafka.errors import IllegalStateError, KafkaTimeoutError, WakeupError
from kafka.net.addresses import ThreadResolver
from kafka.net.network_client import NetworkClient
from kafka.serializer.adapt import adapt_deserializer
from kafka.subscription import SubscriptionState
from kafka.subscription.reset import (
    EARLIEST,
    EARLIEST_TIMESTAMP,
    LATEST,
    LATEST_TIMESTAMP,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Coroutine
    from types import TracebackType

    from kafka.cluster import ClusterMetadata
    from kafka.structs import (
        ConsumerRecord,
        OffsetAndMetadata,
        OffsetAndTimestamp,
        TopicPartition,
    )
    from kafka.subscription.subscription_state import Listener

P = ParamSpec("P")
T = TypeVar("T")

_WOKEN = "the call was ended by wakeup()"


def _wakeable(
    method: Callable[Concatenate[AsyncKafkaConsumer, P], Coroutine[None, None, T]],
) -> Callable[Concatenate[AsyncKafkaConsumer, P], Coroutine[None, None, T]]:
    """Have `wakeup` end the coroutine, and refuse it while the consumer is not open."""

    @wraps(method)
    async def call(self: AsyncKafkaConsumer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._wakeable_call(method(self, *args, **kwargs))

    return call


class AsyncKafkaConsumer(Handout):
    """Read records from topics, in ``async`` code.

    Start it with ``async with`` or `start`, stop it with `close`; between the two all calls are
    made on the event loop it was started on. Only `wakeup` may be called from other threads.

    Args:
        topics: names of topics to subscribe to; see `subscribe`.
        configs: the options of `kafka.config.consumer.ConsumerConfig`.

    Raises:
        KafkaConfigurationError: an option is unknown or cannot work.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ConsumerConfig.default_config()

    def __init__(self, *topics: str, **configs: object) -> None:
        self._settings = settings = ConsumerConfig.from_kwargs(configs)
        self.config = settings.as_dict()
        self._observer = Observer()
        self._subscription = SubscriptionState()
        self._buffer = FetchBuffer(settings.max_buffered_bytes, self._on_room)
        self._buffer.on_change(self._note_change)
        self._reader = RecordReader(
            self._buffer,
            deserialize_key=adapt_deserializer(
                settings.key_deserializer, option="key_deserializer"
            ),
            deserialize_value=adapt_deserializer(
                settings.value_deserializer, option="value_deserializer"
            ),
            observer=self._observer,
        )
        self._core_or_none: ConsumerCore | None = None
        self._closed = False
        self._calls: set[asyncio.Task[object]] = set()
        self._woken: set[asyncio.Task[object]] = set()
        if topics:
            self._subscription.subscribe(topics)

    def __repr__(self) -> str:
        """Return a status line."""
        state = "CLOSED" if self._closed else "OPEN" if self._core_or_none else "NEW"
        return f"<{type(self).__name__} {self._settings.client_id} {state} {self._subscription!r}>"

    def __del__(self) -> None:
        """Warn about a consumer that was started and never closed."""
        if getattr(self, "_core_or_none", None) is not None and not self._closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find a broker and begin.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        if self._core_or_none is not None or self._closed:
            raise IllegalStateError(f"{self!r} can be started once only")
        settings = self._settings
        clock = LoopClock(asyncio.get_running_loop())
        client = NetworkClient(
            settings.network(),
            clock=clock,
            observer=self._observer,
            uniform=uniform,
            resolver=ThreadResolver(f"kafka-{settings.client_id}-dns"),
        )
        core = ConsumerCore(
            settings,
            client,
            self._subscription,
            self._buffer,
            clock=clock,
            uniform=uniform,
            observer=self._observer,
        )
        self._core_or_none = core
        try:
            await core.start(Deadline.after(clock.now(), settings.bootstrap_timeout))
        except BaseException:
            self._closed = True
            await core.close(Deadline.after(clock.now(), 0.0))
            raise

    async def close(self, autocommit: bool = True, timeout_ms: float | None = None) -> None:
        """Stop reading and free all resources; calling it again does nothing.

        Args:
            autocommit: commit positions first, if the consumer is in a group.
            timeout_ms: how long to wait for brokers, in ms; ``None`` for ``request_timeout_ms``.
        """
        del autocommit  # without a group there is nothing to commit
        if self._closed:
            return
        self._closed = True
        self._note_change()
        core = self._core_or_none
        if core is None:
            self._buffer.close()
            return
        timeout = arguments.api_timeout(timeout_ms, self._settings.request_timeout)
        await core.close(Deadline.after(core.clock.now(), timeout))

    async def stop(self) -> None:
        """Close the consumer (aiokafka's name)."""
        await self.close()

    async def __aenter__(self) -> Self:
        """Start and return the consumer."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the consumer, without committing after an exception."""
        await self.close(autocommit=kind is None)

    def wakeup(self) -> None:
        """End the call that waits now, or else the next one, with `WakeupError`; any thread.

        Not ended are calls that do not wait, such as `pause`, and `close`.
        """
        self._buffer.wake()
        core = self._core_or_none
        if core is not None:
            core.post(self._wake_calls)

    def _wake_calls(self) -> None:
        for task in self._calls:
            self._woken.add(task)
            task.cancel()
        if self._calls:
            self._buffer.take_wakeup()

    async def _wakeable_call(self, work: Coroutine[None, None, T]) -> T:
        task = asyncio.current_task()
        try:
            self._check_open()
            self._raise_wakeup()
        except BaseException:
            work.close()
            raise
        if task is None:
            return await work
        self._calls.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._woken and task.uncancel() == 0:
                raise WakeupError(_WOKEN) from None
            raise
        finally:
            self._calls.discard(task)
            self._woken.discard(task)

    def _raise_wakeup(self) -> None:
        if self._buffer.take_wakeup():
            raise WakeupError(_WOKEN)

    def _check_open(self) -> ConsumerCore:
        if self._closed:
            raise IllegalStateError(f"{type(self).__name__} is closed")
        core = self._core_or_none
        if core is None:
            raise IllegalStateError(
                f"{type(self).__name__} is not started: use 'async with' or await start()"
            )
        core.client.supervisor.check()
        return core

    @property
    def _core(self) -> ConsumerCore:
        return self._check_open()

    def _on_room(self) -> None:
        core = self._core_or_none
        if core is not None and not self._closed:
            core.on_room()

    def _deadline(self, timeout_ms: float | None) -> Deadline:
        timeout = arguments.api_timeout(timeout_ms, self._settings.default_api_timeout)
        return Deadline.after(self._core.clock.now(), timeout)

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

    @_wakeable
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

    # -- questions -------------------------------------------------------------------------

    @_wakeable
    async def offsets_for_times(
        self, timestamps: dict[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return the first offset whose timestamp is not before the one given, by partition.

        Args:
            timestamps: ms since the Unix epoch, by partition; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Returns:
            ``None`` for partitions without such a record.

        Raises:
            ValueError: a timestamp is negative.
            UnsupportedVersionError: a broker is older than 0.10.1.
            KafkaTimeoutError: not all leaders answered in time.
        """
        wanted = arguments.search_times(timestamps)
        return await self._core.find_offsets(wanted, self._deadline(timeout_ms))

    @_wakeable
    async def beginning_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the first offset of each of *partitions*; positions stay as they are.

        Args:
            partitions: any partitions; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: not all leaders answered in time.
        """
        return await self._ends(partitions, EARLIEST_TIMESTAMP, timeout_ms)

    @_wakeable
    async def end_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each of *partitions*.

        With ``read_committed`` it is the end of what can be read, the last stable offset.

        Args:
            partitions: any partitions; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: not all leaders answered in time.
        """
        return await self._ends(partitions, LATEST_TIMESTAMP, timeout_ms)

    async def _ends(
        self, partitions: Collection[TopicPartition], target: int, timeout_ms: float | None
    ) -> dict[TopicPartition, int]:
        arguments.check_partitions(partitions)
        wanted = dict.fromkeys(partitions, target)
        found = await self._core.find_offsets(wanted, self._deadline(timeout_ms))
        return {tp: answer.offset for tp, answer in found.items() if answer is not None}

    @_wakeable
    async def partitions_for_topic(self, topic: str, timeout_ms: float | None = None) -> set[int]:
        """Return the numbers of the partitions of *topic*, empty if it does not exist.

        Args:
            topic: name of the topic.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            TopicAuthorizationFailedError: the topic may not be described.
            KafkaTimeoutError: no broker answered in time.
        """
        return await self._core.partitions_for_topic(topic, self._deadline(timeout_ms))

    @_wakeable
    async def topics(self, timeout_ms: float | None = None) -> set[str]:
        """Return the names of all topics that may be described.

        Args:
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: no broker answered in time.
        """
        return await self._core.topics(self._deadline(timeout_ms))

    def bootstrap_connected(self) -> bool:
        """Return whether a connection to any broker is open."""
        core = self._core_or_none
        if core is None or self._closed:
            return False
        brokers = core.client.cluster.snapshot.brokers
        return any(core.client.is_connected(node_id) for node_id in brokers)

    @property
    def _metadata(self) -> ClusterMetadata:
        """What is known of the cluster; instrumentation reads its ``controller``."""
        return self._core.client.cluster
