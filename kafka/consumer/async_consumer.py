"""`AsyncKafkaConsumer`: the consumer for programs that run an event loop themselves."""

from __future__ import annotations

import asyncio
import warnings
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar

from kafka._base.deadline import NEVER, Deadline
from kafka._base.logs import logger
from kafka._base.type_params import K_co, V_co
from kafka.config.consumer import ConsumerConfig
from kafka.config.signature import OptionsSignature
from kafka.consumer import arguments
from kafka.consumer.calls import ConsumerCalls
from kafka.consumer.client import ConsumerClient, settings_of
from kafka.consumer.fetch_collector import as_lists
from kafka.errors import IllegalStateError, KafkaConfigurationError, KafkaError
from kafka.metrics.sensors import by_raw

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
    from types import TracebackType
    from typing import Unpack

    from kafka.cluster import ClusterMetadata
    from kafka.config.typed import ConsumerOptions
    from kafka.consumer.record_batch import RecordBatch
    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.subscription import SubscriptionState

P = ParamSpec("P")
T = TypeVar("T")

log = logger(__name__)


def _reading(
    method: Callable[Concatenate[ConsumerCalls, P], T],
) -> Callable[Concatenate[AsyncKafkaConsumer[Any, Any], P], T]:
    """Return *method*, which changes nothing, as a method of the face."""

    @wraps(method)
    def call(self: AsyncKafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(self._calls, *args, **kwargs)

    return call


def _counting(
    method: Callable[Concatenate[ConsumerCalls, P], T],
) -> Callable[Concatenate[AsyncKafkaConsumer[Any, Any], P], T]:
    """Return *method* as one of the face that counts the record in hand as consumed first."""

    @wraps(method)
    def call(self: AsyncKafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._client.check_loop()
        self._cursor.mark_consumed()
        return method(self._calls, *args, **kwargs)

    return call


def _awaiting(
    method: Callable[Concatenate[ConsumerCalls, P], Coroutine[None, None, T]],
    *,
    counts: bool = False,
) -> Callable[Concatenate[AsyncKafkaConsumer[Any, Any], P], Coroutine[None, None, T]]:
    """Return a coroutine method as one of the face.

    Args:
        method: the method.
        counts: whether the record in hand counts as consumed first.
    """

    @wraps(method)
    async def call(self: AsyncKafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._client.check_loop()
        if counts:
            self._cursor.mark_consumed()
        return await method(self._calls, *args, **kwargs)

    return call


class _Leaving:
    """The end of membership in a group, for whoever wants to await it."""

    def __init__(self, finish: Callable[[], Coroutine[None, None, None]]) -> None:
        self._finish = finish

    def __await__(self) -> Generator[None, None, None]:
        """Wait for it."""
        return self._finish().__await__()


class AsyncKafkaConsumer(Generic[K_co, V_co]):
    """Read records from topics, in ``async`` code.

    Start it with ``async with`` or `start`, stop it with `close`; between the two all calls are
    made on the event loop it was started on: others raise `IllegalStateError`. Only `wakeup`, and
    what reads without waiting, may be called from other threads.

    A record that the consumer returned one by one counts as consumed when the application asks
    for the next one or for positions, changes what is read, commits, or closes the consumer. It
    does not count if an exception leaves ``async with``.

    Args:
        topics: names of topics to subscribe to; see `subscribe`.
        configs: the options of consumers, see the page on options; ``value_deserializer`` and
            ``key_deserializer`` give ``AsyncKafkaConsumer[K, V]`` its types.

    Raises:
        KafkaConfigurationError: an option is unknown or cannot work.
        TypeError: an option has a value of the wrong type, or a topic is no name.
    """

    __module__ = "kafka.aio"  # where programs import it from
    __signature__ = OptionsSignature(ConsumerConfig)
    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ConsumerConfig.default_config()

    def __init__(self, *topics: str, **configs: Unpack[ConsumerOptions[K_co, V_co]]) -> None:
        configs = ConsumerConfig.sealed(configs)  # first, so that no frame shows them
        try:
            settings = settings_of(type(self).__name__, topics, configs)
            self._client = client = ConsumerClient(type(self).__name__, topics, settings)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__
        self.config = client.config
        self._calls = ConsumerCalls(client)
        self._cursor = client.cursor
        client.reports.at_once = True
        self._max_records = client.settings.max_poll_records

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._client)

    def __del__(self) -> None:
        """Warn about a consumer that was started and never closed."""
        # There is no client if the options were refused.
        client: ConsumerClient | None = self.__dict__.get("_client")
        if client is not None and client.state == "OPEN":
            text = f"{self!r} was not closed: use 'async with', or await its close()"
            warnings.warn(text, ResourceWarning, stacklevel=2, source=self)

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find a broker and begin.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        try:
            await self._client.start()
        except KafkaError as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__

    async def close(
        self,
        autocommit: bool = True,
        timeout_ms: float | None = None,
        leave_group: bool | None = None,
    ) -> None:
        """Leave the group, stop reading and free all resources.

        May be called again, also at the same time: the call returns when all is free. If a call is
        cancelled, closing goes on in the background, without the rebalance listener.

        Args:
            autocommit: count the record in hand as consumed, and commit positions if the consumer
                is in a group and ``enable_auto_commit`` is set.
            timeout_ms: how long to wait for brokers, in ms; ``None`` for ``request_timeout_ms``.
            leave_group: whether to tell the group, so that others get the partitions at once
                (KIP-1092); ``None``: a static member stays a member until its session ends, others
                leave.

        Raises:
            Exception: what the rebalance listener has raised; the consumer is closed all the same.
        """
        client = self._client
        timeout = arguments.api_timeout(timeout_ms, client.settings.request_timeout)
        mode = arguments.leave_mode(leave_group)
        client.check_loop()
        now = asyncio.get_running_loop().time
        end = Deadline.after(now(), timeout)
        first, problem = client.begin_close(), None
        if first:
            if autocommit:
                self._cursor.mark_consumed()
            self._cursor.interrupt()
        try:
            if first and client.is_member:
                client.buffer.nudge()
                await client.leave(mode, timeout, commits=autocommit)
            await self._finish_leaving()
        except Exception as error:  # noqa: BLE001 - the listener's; raised at the end
            problem = error
        except BaseException:
            client.begin_free(end.remaining(now()), commits=autocommit)
            raise
        await client.finish_close(end.remaining(now()), commits=autocommit)
        if problem is not None:
            raise problem

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
        """Close the consumer; after an exception, without counting the record in hand."""
        try:
            await self.close(autocommit=kind is None)
        except Exception as problem:
            if kind is None:
                raise
            # The exception that ends the block is the one to see.
            log.warning("%s rebalance listener: %r", self.config["client_id"], problem)

    def wakeup(self) -> None:
        """End the call that waits now, or else the next one, with `WakeupError`; any thread.

        Not ended are calls that do not wait, such as `pause`, and `close`.
        """
        self._client.wakeup()

    # -- what to read ----------------------------------------------------------------------

    subscribe = _counting(ConsumerCalls.subscribe)
    assign = _counting(ConsumerCalls.assign)

    def unsubscribe(self) -> Awaitable[None]:
        """Stop reading, forget all positions, and leave the group.

        Returns:
            Something that may be awaited: it runs what leaving the group asks for, such as the
            rebalance listener. Otherwise the next calls that ask for records run it.
        """
        self._client.check_loop()
        self._cursor.mark_consumed()
        self._calls.unsubscribe()
        return _Leaving(self._finish_leaving)

    subscription = _reading(ConsumerCalls.subscription)
    assignment = _reading(ConsumerCalls.assignment)
    seek = _counting(ConsumerCalls.seek)
    seek_to_beginning = _counting(ConsumerCalls.seek_to_beginning)
    seek_to_end = _counting(ConsumerCalls.seek_to_end)
    position = _awaiting(ConsumerCalls.position, counts=True)
    highwater = _reading(ConsumerCalls.highwater)
    pause = _counting(ConsumerCalls.pause)
    resume = _counting(ConsumerCalls.resume)
    paused = _reading(ConsumerCalls.paused)
    health = _counting(ConsumerCalls.health)
    group_health = _counting(ConsumerCalls.group_health)
    current_lag = _reading(ConsumerCalls.current_lag)
    enforce_rebalance = _counting(ConsumerCalls.enforce_rebalance)
    commit = _awaiting(ConsumerCalls.commit, counts=True)
    commit_async = _counting(ConsumerCalls.commit_async)
    committed = _awaiting(ConsumerCalls.committed)
    group_metadata = _reading(ConsumerCalls.group_metadata)
    consumed_offsets = _counting(ConsumerCalls.consumed_offsets)
    rewind = _awaiting(ConsumerCalls.rewind)

    @property
    def revocations(self) -> int:
        """How often partitions were taken away from this consumer; any thread."""
        return self._calls.revocations

    # -- questions -------------------------------------------------------------------------

    offsets_for_times = _awaiting(ConsumerCalls.offsets_for_times)
    beginning_offsets = _awaiting(ConsumerCalls.beginning_offsets)
    end_offsets = _awaiting(ConsumerCalls.end_offsets)
    partitions_for_topic = _awaiting(ConsumerCalls.partitions_for_topic)
    topics = _awaiting(ConsumerCalls.topics)
    bootstrap = _awaiting(ConsumerCalls.bootstrap)
    bootstrap_connected = _reading(ConsumerCalls.bootstrap_connected)
    metrics = by_raw(_reading(ConsumerCalls.metrics))

    # -- records ---------------------------------------------------------------------------

    async def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord[K_co, V_co]]]:
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
        timeout, limit = arguments.poll_limits(timeout_ms, max_records, self._max_records)
        timer = self._poll_timer(timeout)
        while True:
            records = await self._poll_once(timer, limit, update_offsets=update_offsets)
            if records or self._client.closed or timer.is_expired(self._now()):
                return as_lists(records)

    async def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return records like `poll`, as batches that can be read as columns.

        Args:
            timeout_ms: how long to wait if there are none, in ms.
            max_records: at most so many, over all batches; ``None`` for ``max_poll_records``.
            zero_copy: return values as read-only `memoryview` objects of the response, which stays
                in memory while one of them does; see `KafkaConsumer.poll_batch`.

        Returns:
            Batches of one partition each, in offset order within a partition; often several of the
            same partition. All of their records count as consumed.

        Raises:
            ValueError: a negative time-out, or *max_records* < 1.
            TypeError: *max_records* is no integer.
            IllegalStateError: the consumer is closed or not started.
            WakeupError: `wakeup` was called.
            KafkaError: a partition cannot be read; others can, by the next call.
        """
        timeout, limit = arguments.poll_limits(timeout_ms, max_records, self._max_records)
        timer = self._poll_timer(timeout)
        collect = partial(self._cursor.collect_batches, limit, views=zero_copy)
        while True:
            batches = await self._collect_or_wait(timer, collect)
            if batches or self._client.closed or timer.is_expired(self._now()):
                return batches

    async def consume(
        self, num_messages: int = 1, timeout_ms: float = 0
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return at most *num_messages* records, as `poll_batch` returns them.

        Args:
            num_messages: at most so many, over all batches.
            timeout_ms: how long to wait if there are none, in ms.

        Raises:
            KafkaError: what `poll_batch` raises.
        """
        return await self.poll_batch(timeout_ms, num_messages)

    async def getmany(
        self, *, timeout_ms: float = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord[K_co, V_co]]]:
        """Return records like `poll` (aiokafka's name).

        Args:
            timeout_ms: how long to wait if there are none, in ms.
            max_records: at most so many; ``None`` for ``max_poll_records``.

        Raises:
            KafkaError: what `poll` raises.
        """
        return await self.poll(timeout_ms, max_records)

    async def getone(self) -> ConsumerRecord[K_co, V_co]:
        """Return the next record, waiting for it as long as it takes (aiokafka's name).

        Raises:
            WakeupError: `wakeup` was called.
            IllegalStateError: the consumer is closed or not started.
        """
        record = await self._next(None)
        if record is None:
            raise IllegalStateError(f"{type(self).__name__} is closed")
        return record

    def __aiter__(self) -> Self:
        """Return the consumer: it iterates over its records."""
        return self

    async def __anext__(self) -> ConsumerRecord[K_co, V_co]:
        """Return the next record; end after ``consumer_timeout_ms`` without one, or closed."""
        cursor = self._cursor
        record = next(cursor.rows, None)
        if record is not None:
            cursor.last = record
            return record
        if self._client.closed:
            raise StopAsyncIteration
        record = await self._next(self._client.settings.consumer_timeout)
        if record is None:
            raise StopAsyncIteration
        return record

    async def _next(self, timeout: float | None) -> ConsumerRecord[K_co, V_co] | None:  # noqa: ASYNC109 - waits by it
        cursor = self._cursor
        if self._client.closed:
            return None
        timer = self._poll_timer(timeout)
        while not self._client.closed:
            records = await self._poll_once(timer, self._max_records, update_offsets=False)
            record = cursor.advance(records)
            if record is not None:
                return record
            if not self._client.closed and timer.is_expired(self._now()):
                break
        return None

    async def _poll_once(
        self, timer: Deadline, max_records: int, update_offsets: bool = True
    ) -> dict[TopicPartition, Sequence[ConsumerRecord[K_co, V_co]]]:
        """Return records at hand, or wait once for news until *timer* and look again."""
        collect = partial(self._cursor.collect_records, max_records, update_offsets=update_offsets)
        return await self._collect_or_wait(timer, collect)

    async def _collect_or_wait(self, timer: Deadline, collect: Callable[[], T]) -> T:
        """Return what *collect* finds, or wait once for news until *timer* and look again."""
        client = self._client
        client.check_loop()
        if client.tasks.waiting:
            await self._run_tasks()
        try:
            found = client.collect_now(collect)
        except KafkaError:
            # A loop of polls that raise must let the fetches of other partitions through.
            await asyncio.sleep(0)
            raise
        if found:
            return found
        remaining = timer.remaining(self._now())
        client.check_source(remaining)
        if remaining <= 0:
            # A loop of poll(0) must let the fetches through.
            await asyncio.sleep(0)
        else:
            await self._wait_for_news(timer)
        if client.tasks.waiting and not client.closed:
            await self._run_tasks()
        return found if client.closed else client.collect_now(collect)

    async def _wait_for_news(self, timer: Deadline) -> None:
        client = self._client
        client.polls.waits += 1  # other tasks may poll as well
        try:
            await client.core.changed.wait(timer, client.buffer.has_news)
        finally:
            client.polls.waits -= 1
            client.polls.last = self._now()

    def _poll_timer(self, timeout: float | None) -> Deadline:
        """Note that the application asks for records; return when it wants to be back."""
        now = self._now()
        self._client.note_poll(now)
        return Deadline.after(now, timeout)

    def _now(self) -> float:
        return self._client.core.clock.now()

    # -- what the group asks ---------------------------------------------------------------

    async def _run_tasks(self) -> None:
        self._cursor.mark_consumed()
        await self._client.tasks.run_async()

    async def _finish_leaving(self) -> None:
        """Run what leaving the group asks for, until it is over.

        Raises:
            BaseException: the first error of a listener; all that had to run has run.
        """
        client, first = self._client, None
        if client.tasks.is_caller():
            # A listener makes this call: it cannot be waited for.
            client.tasks.desert()
        while client.owes_calls:
            try:
                await client.tasks.run_async()
            except Exception as error:  # noqa: BLE001 - the user's; raised when all has run
                first = first or error
            await client.core.changed.wait(NEVER, client.has_news_of_leaving)
        if first is not None:
            raise first

    # -- what instrumentation reads --------------------------------------------------------

    @property
    def _subscription(self) -> SubscriptionState:
        return self._client.subscription

    @property
    def _metadata(self) -> ClusterMetadata:
        return self._client.core.client.cluster
