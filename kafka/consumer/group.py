"""`KafkaConsumer`: the blocking consumer, with kafka-python's interface.

The network lives on a thread of its own. Records are decoded, and deserializers run, on the thread
that polls.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Final,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
)

from kafka._base.deadline import Deadline
from kafka._base.lifetime import Lifetime
from kafka._base.logs import logger
from kafka._base.loop_thread import EventLoopThread
from kafka._base.system import SystemClock, sleep
from kafka._base.type_params import K_co, V_co
from kafka._base.waiting import bounded
from kafka.config.consumer import ConsumerConfig
from kafka.config.signature import OptionsSignature
from kafka.consumer import arguments
from kafka.consumer.calls import ConsumerCalls
from kafka.consumer.client import ConsumerClient, settings_of
from kafka.consumer.fetch_collector import as_lists
from kafka.errors import IllegalStateError, KafkaConfigurationError, KafkaError
from kafka.metrics.sensors import by_raw
from kafka.sync.exclusive import ExclusiveUse
from kafka.sync.facade import GRACE, Facade, blocking, local

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from types import TracebackType
    from typing import Unpack

    from kafka.client_async import KafkaClient
    from kafka.cluster import ClusterMetadata
    from kafka.config.typed import ConsumerOptions
    from kafka.consumer.record_batch import RecordBatch
    from kafka.coordinator.membership import LeaveMode
    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.subscription import SubscriptionState

P = ParamSpec("P")
T = TypeVar("T")

log = logger(__name__)

# Seconds of one wait while the group is left, whose end wakes the waiting thread.
_A_LOOK: Final = 1.0


def _limit(calls: ConsumerCalls, given: float | None) -> float:
    return calls.client.settings.default_api_timeout if given is None else given


def _waiting(
    method: Callable[Concatenate[ConsumerCalls, P], Coroutine[None, None, T]],
    *,
    counts: bool = False,
    reports: bool = False,
) -> Callable[Concatenate[KafkaConsumer[Any, Any], P], T]:
    """Return a coroutine method as one of the face that blocks.

    Args:
        method: the method.
        counts: whether the record in hand counts as consumed first.
        reports: whether outcomes of asynchronous commits are reported in the end.
    """
    run = blocking(method, _limit)

    @wraps(method)
    def call(self: KafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._exclusively():
            if counts:
                self._cursor.mark_consumed()
            try:
                return run(self, *args, **kwargs)
            finally:
                if reports:
                    self._consumer.reports.run()

    return call


def _counting(
    method: Callable[Concatenate[ConsumerCalls, P], T],
) -> Callable[Concatenate[KafkaConsumer[Any, Any], P], T]:
    """Return *method* as one of the face that counts the record in hand, then runs on the loop."""

    @wraps(method)
    def call(self: KafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async def run() -> T:
            return method(self._calls, *args, **kwargs)

        with self._exclusively():
            self._cursor.mark_consumed()
            return self._thread.call(run(), _limit(self._calls, None))

    return call


def _leaving(
    method: Callable[Concatenate[ConsumerCalls, P], T],
) -> Callable[Concatenate[KafkaConsumer[Any, Any], P], T]:
    """Return *method* as one of the face that may end membership, and waits for its end."""
    begin = _counting(method)

    @wraps(method)
    def call(self: KafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._exclusively():
            result = begin(self, *args, **kwargs)
            problem = self._finish_leaving()
            if problem is not None:
                raise problem
            return result

    return call


def _posting(
    method: Callable[Concatenate[ConsumerCalls, P], None],
    post: Callable[Concatenate[ConsumerCalls, P], None],
) -> Callable[Concatenate[KafkaConsumer[Any, Any], P], None]:
    """Return *method* as one of the face that counts the record in hand and does not wait.

    Args:
        method: gives it name, parameters, docstring and types.
        post: does the same on this thread, and lets the loop follow.
    """

    @wraps(method)
    def call(self: KafkaConsumer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        with self._exclusively():
            self._cursor.mark_consumed()
            post(self._calls, *args, **kwargs)

    return call


class KafkaConsumer(Facade[ConsumerCalls], Generic[K_co, V_co]):
    """Read records from topics.

    A consumer is not thread-safe: one thread at a time, except `wakeup` and `close`. Iterate over
    it, or call `poll`; both may be mixed.

    A record that the iterator returned counts as consumed when the application asks for the next
    one or for positions, changes what is read, commits, or closes the consumer. It does not count
    if an exception leaves ``with``.

    Args:
        topics: names of topics to subscribe to; see `subscribe`.
        configs: the options of consumers, see the page on options; ``value_deserializer`` and
            ``key_deserializer`` give ``KafkaConsumer[K, V]`` its types.

    Raises:
        KafkaConfigurationError: an option is unknown or cannot work.
        TypeError: an option has a value of the wrong type, or a topic is no name.
        NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
    """

    __module__ = "kafka"  # where programs import it from
    __signature__ = OptionsSignature(ConsumerConfig)
    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ConsumerConfig.default_config()

    def __init__(self, *topics: str, **configs: Unpack[ConsumerOptions[K_co, V_co]]) -> None:
        configs = ConsumerConfig.sealed(configs)  # first, so that no frame shows them
        try:
            settings = settings_of(type(self).__name__, topics, configs)
            self._consumer = client = ConsumerClient(type(self).__name__, topics, settings)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__
        self.config = client.config
        super().__init__(ConsumerCalls(client), EventLoopThread(f"kafka-{settings.client_id}-io"))
        self._cursor = client.cursor
        client.collector.yield_to_loop = partial(sleep, 0)
        self._clock = SystemClock()
        self._max_records = settings.max_poll_records
        self._use = ExclusiveUse(type(self).__name__)
        self._lifetime = Lifetime(self._thread, on_fork=self._after_fork)
        self._thread.start()
        try:
            self._thread.call(client.start(), settings.bootstrap_timeout + GRACE)
        except BaseException as error:
            client.begin_close()
            self._thread.stop()
            if isinstance(error, KafkaError):
                raise error.with_traceback(None) from error.__cause__  # as above
            raise

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._consumer)

    # -- what to read ----------------------------------------------------------------------

    subscribe = _counting(ConsumerCalls.subscribe)
    assign = _leaving(ConsumerCalls.assign)
    unsubscribe = _leaving(ConsumerCalls.unsubscribe)
    subscription = local(ConsumerCalls.subscription)
    assignment = local(ConsumerCalls.assignment)
    seek = _posting(ConsumerCalls.seek, ConsumerCalls.post_seek)
    seek_to_beginning = _counting(ConsumerCalls.seek_to_beginning)
    seek_to_end = _counting(ConsumerCalls.seek_to_end)
    position = _waiting(ConsumerCalls.position, counts=True)
    highwater = local(ConsumerCalls.highwater)
    pause = _posting(ConsumerCalls.pause, ConsumerCalls.post_pause)
    resume = _posting(ConsumerCalls.resume, ConsumerCalls.post_resume)
    paused = local(ConsumerCalls.paused)
    health = _counting(ConsumerCalls.health)
    group_health = _counting(ConsumerCalls.group_health)
    current_lag = local(ConsumerCalls.current_lag)
    enforce_rebalance = _counting(ConsumerCalls.enforce_rebalance)
    commit = _waiting(ConsumerCalls.commit, counts=True, reports=True)
    commit_async = _counting(ConsumerCalls.commit_async)
    committed = _waiting(ConsumerCalls.committed)
    group_metadata = local(ConsumerCalls.group_metadata)
    consumed_offsets = _counting(ConsumerCalls.consumed_offsets)
    rewind = _waiting(ConsumerCalls.rewind)

    @property
    def revocations(self) -> int:
        """How often partitions were taken away from this consumer; any thread."""
        return self._calls.revocations

    # -- questions -------------------------------------------------------------------------

    offsets_for_times = _waiting(ConsumerCalls.offsets_for_times)
    beginning_offsets = _waiting(ConsumerCalls.beginning_offsets)
    end_offsets = _waiting(ConsumerCalls.end_offsets)
    partitions_for_topic = _waiting(ConsumerCalls.partitions_for_topic)
    topics = _waiting(ConsumerCalls.topics)
    bootstrap = _waiting(ConsumerCalls.bootstrap)
    bootstrap_connected = local(ConsumerCalls.bootstrap_connected)
    metrics = by_raw(local(ConsumerCalls.metrics))

    # -- records ---------------------------------------------------------------------------

    def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord[K_co, V_co]]]:
        """Return records that are there, or that arrive in time.

        Fetching goes on in the background, so calling it again and again with a time-out of 0
        gets records, too.

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
            IllegalStateError: the consumer is closed, or another thread is using it.
            WakeupError: `wakeup` was called.
            KafkaError: a partition cannot be read; others can, by the next call.
        """
        timeout, limit = arguments.poll_limits(timeout_ms, max_records, self._max_records)
        with self._exclusively():
            timer = self._poll_timer(timeout)
            while True:
                records = self._poll_once(timer, limit, update_offsets=update_offsets)
                if records or self._consumer.closed or timer.is_expired(self._clock.now()):
                    return as_lists(records)

    def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return records like `poll`, as batches that can be read as columns.

        Much faster than `poll` for programs that need columns only: `RecordBatch.values` and the
        others exist already, while a record object is made for each record asked for.

        Args:
            timeout_ms: how long to wait if there are none, in ms.
            max_records: at most so many, over all batches; ``None`` for ``max_poll_records``.
            zero_copy: return values as read-only `memoryview` objects of the response, which stays
                in memory while one of them does. Pays off for values of kilobytes, costs time for
                small ones; no effect with a ``value_deserializer``.

        Returns:
            Batches of one partition each, in offset order within a partition; often several of the
            same partition. All of their records count as consumed.

        Raises:
            ValueError: a negative time-out, or *max_records* < 1.
            TypeError: *max_records* is no integer.
            IllegalStateError: the consumer is closed, or another thread is using it.
            WakeupError: `wakeup` was called.
            KafkaError: a partition cannot be read; others can, by the next call.
        """
        timeout, limit = arguments.poll_limits(timeout_ms, max_records, self._max_records)
        with self._exclusively():
            timer = self._poll_timer(timeout)
            collect = partial(self._cursor.collect_batches, limit, views=zero_copy)
            while True:
                batches = self._collect_or_wait(timer, collect)
                if batches or self._consumer.closed or timer.is_expired(self._clock.now()):
                    return batches

    def consume(
        self, num_messages: int = 1, timeout_ms: float = 0
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return at most *num_messages* records, as `poll_batch` returns them.

        Args:
            num_messages: at most so many, over all batches.
            timeout_ms: how long to wait if there are none, in ms.

        Raises:
            KafkaError: what `poll_batch` raises.
        """
        return self.poll_batch(timeout_ms, num_messages)

    def __iter__(self) -> Iterator[ConsumerRecord[K_co, V_co]]:
        """Return the consumer: it iterates over its records."""
        return self

    def __next__(self) -> ConsumerRecord[K_co, V_co]:
        """Return the next record; end after ``consumer_timeout_ms`` without one, or closed."""
        cursor = self._cursor
        for record in cursor.rows:
            cursor.last = record
            return record
        return self._next()

    def _next(self) -> ConsumerRecord[K_co, V_co]:
        client, cursor = self._consumer, self._cursor
        if client.closed:
            raise StopIteration
        with self._exclusively():
            timer = self._poll_timer(client.settings.consumer_timeout)
            while not client.closed:
                records = self._poll_once(timer, self._max_records, update_offsets=False)
                record = cursor.advance(records)
                if record is not None:
                    return record
                if timer.is_expired(self._clock.now()):
                    break
        raise StopIteration

    def _poll_once(
        self, timer: Deadline, max_records: int, update_offsets: bool = True
    ) -> dict[TopicPartition, Sequence[ConsumerRecord[K_co, V_co]]]:
        """Return records at hand, or wait once for news until *timer* and look again."""
        collect = partial(self._cursor.collect_records, max_records, update_offsets=update_offsets)
        return self._collect_or_wait(timer, collect)

    def _collect_or_wait(self, timer: Deadline, collect: Callable[[], T]) -> T:
        """Return what *collect* finds, or wait once for news until *timer* and look again."""
        client = self._consumer
        if client.tasks.waiting:
            self._run_tasks()
        found = client.collect_now(collect)
        if found:
            return found
        remaining = timer.remaining(self._clock.now())
        client.check_source(remaining)
        if remaining <= 0:
            return found
        # The caller looks at its timer, and waits again if this was too short.
        try:
            client.polls.waits = 1  # no sum: Ctrl-C may come in front of it
            client.buffer.wait(bounded(remaining))
        finally:
            client.polls.waits = 0
            client.polls.last = self._clock.now()
        if client.tasks.waiting and not client.closed:
            self._run_tasks()
        return found if client.closed else client.collect_now(collect)

    def _poll_timer(self, timeout: float) -> Deadline:
        """Note that the application asks for records; return when it wants to be back."""
        now = self._clock.now()
        self._consumer.note_poll(now)
        return Deadline.after(now, timeout)

    # -- what the group asks ---------------------------------------------------------------

    def _run_tasks(self) -> None:
        self._cursor.mark_consumed()
        self._consumer.tasks.run()

    def _finish_leaving(self) -> Exception | None:
        """Run what leaving the group asks for, until it is over.

        Returns:
            The first error of a listener; all that had to run has run.
        """
        client = self._consumer
        first: Exception | None = None
        if client.tasks.is_caller():
            # A listener makes this call: it cannot be waited for.
            self._thread.call(client.go_on_alone(), GRACE)
        while client.owes_calls and self._thread.is_running:
            try:
                client.tasks.run()
            except Exception as error:  # noqa: BLE001 - the user's; raised when all has run
                first = first or error
            client.buffer.wait(_A_LOOK, client.has_news_of_leaving)
        return first

    # -- life ------------------------------------------------------------------------------

    def wakeup(self) -> None:
        """End the call that waits now, or else the next one, with `WakeupError`; any thread.

        Not ended are calls that do not wait, such as `pause`, and `close`.
        """
        self._consumer.wakeup()

    def close(
        self,
        autocommit: bool = True,
        timeout_ms: float | None = None,
        leave_group: bool | None = None,
    ) -> None:
        """Leave the group, stop reading and free all resources; any thread.

        A call in another thread that waits ends. The rebalance listener is called by this thread
        then, unless the other thread does not come out of its call in half the time.

        May be called again: it finishes what a call that was interrupted has left.

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
        client = self._consumer
        timeout = arguments.api_timeout(timeout_ms, client.settings.request_timeout)
        mode = arguments.leave_mode(leave_group)
        client.begin_close()
        self._cursor.interrupt()
        problem: Exception | None = None
        try:
            if self._thread.is_running:
                end = Deadline.after(self._clock.now(), timeout)
                try:
                    problem = self._leave_group(mode, end, autocommit=autocommit)
                finally:
                    left = end.remaining(self._clock.now())
                    closing = client.finish_close(left, commits=autocommit)
                    self._thread.call(closing, left + GRACE)
        except KafkaError as exc:
            if self._thread.is_running:  # no other call of close() has ended it
                log.warning("%s closed, but not in order: %s", self.config["client_id"], exc)
        finally:
            self._thread.stop()
        client.reports.run()
        if problem is not None:
            raise problem

    def _leave_group(self, mode: LeaveMode, end: Deadline, *, autocommit: bool) -> Exception | None:
        """Count the record in hand and leave, as far as the other threads let this one.

        Returns:
            The first error of a listener.
        """
        client = self._consumer
        timeout = end.remaining(self._clock.now())
        if client.is_member:
            self._thread.call(client.end_calls(), GRACE)
        if not self._use.enter_within(timeout / 2 if client.is_member else 0.0):
            # The call in the other thread has counted the record, when it began.
            if client.is_member:
                log.warning(
                    "%s leaves its group without the rebalance listener: %s is still in a call",
                    self.config["client_id"],
                    self._use.owner,
                )
            return None
        with self._use:
            self._use.release()
            if autocommit:
                self._cursor.mark_consumed()
            if not client.is_member:
                return None
            left = end.remaining(self._clock.now())
            self._thread.call(client.leave(mode, left, commits=autocommit), GRACE)
            return self._finish_leaving()

    def __enter__(self) -> Self:
        """Return the consumer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the consumer; after an exception, without counting the record in hand."""
        try:
            self.close(autocommit=kind is None)
        except Exception as problem:
            if kind is None:
                raise
            # The exception that ends the block is the one to see.
            log.warning("%s rebalance listener: %r", self.config["client_id"], problem)

    def __del__(self) -> None:
        """Warn if the consumer was not closed, and close its connections."""
        lifetime: Lifetime | None = self.__dict__.get("_lifetime")  # None: options refused
        if lifetime is not None:
            lifetime.on_collected(self, partial(self._consumer.finish_close, 0.0, commits=False))

    def _after_fork(self) -> None:
        """Make the next call in a forked child find that it is one."""
        self._use.reset()
        self._cursor.interrupt()

    def _exclusively(self) -> ExclusiveUse:
        """Return what keeps other threads out during a call; refuse the call if it cannot run."""
        if self._consumer.closed:
            self._consumer.check_not_closed()
        if self._thread.was_forked:
            raise IllegalStateError(
                "this process is a fork of the one the KafkaConsumer was made in; make a new one"
            )
        return self._use

    # -- what instrumentation reads --------------------------------------------------------

    @property
    def _subscription(self) -> SubscriptionState:
        return self._consumer.subscription

    @property
    def _client(self) -> KafkaClient:
        """The network of this consumer, for programs that talk to brokers through it."""
        # Few programs do.
        from kafka.client_doors import Network, door  # noqa: PLC0415

        own = self._consumer
        network = Network(self._thread, own.core.client, own.settings.network(), own.security)
        return door(self, network)

    @property
    def _metadata(self) -> ClusterMetadata:
        return self._consumer.core.client.cluster
