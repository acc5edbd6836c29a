"""`KafkaConsumer`: the blocking consumer, with kafka-python's interface.

The network lives on a thread of its own; records are decoded, and deserializers run, on the thread
that polls.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from functools import partial, wraps
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Concatenate, ParamSpec, Self, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.loop_thread import EventLoopThread
from kafka._base.system import SystemClock
from kafka.config.consumer import ConsumerConfig
from kafka.consumer import arguments
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.consumer.handout import Handout, as_lists
from kafka.errors import IllegalStateError, KafkaError, WakeupError
from kafka.sync.facade import GRACE, Facade, blocking, local

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from types import TracebackType

    from kafka.cluster import ClusterMetadata
    from kafka.consumer.record_batch import RecordBatch
    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.subscription import SubscriptionState

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


def _limit(core: AsyncKafkaConsumer, given: float | None) -> float:
    return core.api_timeout if given is None else given


def _ask(
    method: Callable[Concatenate[AsyncKafkaConsumer, P], Coroutine[None, None, T]],
) -> Callable[Concatenate[KafkaConsumer, P], T]:
    """Return a method of the core that waits, as a blocking one."""
    ask = blocking(method, _limit)

    @wraps(method)
    def call(self: KafkaConsumer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._exclusively():
            self._settle()
            return ask(self, *args, **kwargs)

    return call


def _tell(
    method: Callable[Concatenate[AsyncKafkaConsumer, P], T],
) -> Callable[Concatenate[KafkaConsumer, P], T]:
    """Return a method of the core that changes something, to be run on its loop."""

    @wraps(method)
    def call(self: KafkaConsumer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        async def run() -> T:
            return method(self._core, *args, **kwargs)

        with self._exclusively():
            self._settle()
            self._attention = True
            return self._thread.call(run(), self._core.api_timeout)

    return call


class KafkaConsumer(Facade[AsyncKafkaConsumer], Handout):
    """Read records from topics.

    A consumer is not thread-safe: one thread at a time, except `wakeup` and `close`. Iterate over
    it, or call `poll`; both may be mixed. A record counts as consumed when the next one is asked
    for.

    Args:
        topics: names of topics to subscribe to; see `subscribe`.
        configs: the options of `kafka.config.consumer.ConsumerConfig`.

    Raises:
        KafkaConfigurationError: an option is unknown or cannot work.
        NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ConsumerConfig.default_config()

    def __init__(self, *topics: str, **configs: object) -> None:
        core = AsyncKafkaConsumer(*topics, **configs)
        core.warn_unclosed = False  # the thread warns
        settings = core.settings
        super().__init__(core, EventLoopThread(f"kafka-{settings.client_id}-io"))
        self.config = core.config
        self._clock = SystemClock()
        self._max_records = settings.max_poll_records
        self._consumer_timeout = settings.consumer_timeout
        self._close_timeout = settings.request_timeout
        self._buffer, self._reader = core.border()
        self._reader.make_way = partial(time.sleep, 0)
        # Weak, because the loop thread holds the buffer: a forgotten consumer must be collected.
        self._buffer.on_change(_weakly(weakref.ref(self)))
        self._user = threading.RLock()
        self._closed = False
        self._active = False
        self._thread.on_fork.append(self._on_fork)
        self._thread.start()
        try:
            self._thread.call(core.start(), settings.bootstrap_timeout + GRACE)
        except BaseException:
            self._closed = True
            self._thread.stop()
            raise

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._core).replace(type(self._core).__name__, type(self).__name__, 1)

    # -- what to read ----------------------------------------------------------------------

    subscribe = _tell(AsyncKafkaConsumer.subscribe)
    assign = _tell(AsyncKafkaConsumer.assign)
    unsubscribe = _tell(AsyncKafkaConsumer.unsubscribe)
    subscription = local(AsyncKafkaConsumer.subscription)
    assignment = local(AsyncKafkaConsumer.assignment)
    seek = _tell(AsyncKafkaConsumer.seek)
    seek_to_beginning = _tell(AsyncKafkaConsumer.seek_to_beginning)
    seek_to_end = _tell(AsyncKafkaConsumer.seek_to_end)
    position = _ask(AsyncKafkaConsumer.position)
    highwater = local(AsyncKafkaConsumer.highwater)
    pause = _tell(AsyncKafkaConsumer.pause)
    resume = _tell(AsyncKafkaConsumer.resume)
    paused = local(AsyncKafkaConsumer.paused)
    health = _tell(AsyncKafkaConsumer.health)

    # -- questions -------------------------------------------------------------------------

    offsets_for_times = _ask(AsyncKafkaConsumer.offsets_for_times)
    beginning_offsets = _ask(AsyncKafkaConsumer.beginning_offsets)
    end_offsets = _ask(AsyncKafkaConsumer.end_offsets)
    partitions_for_topic = _ask(AsyncKafkaConsumer.partitions_for_topic)
    topics = _ask(AsyncKafkaConsumer.topics)
    bootstrap = _ask(AsyncKafkaConsumer.bootstrap)
    bootstrap_connected = local(AsyncKafkaConsumer.bootstrap_connected)
    metrics = local(AsyncKafkaConsumer.metrics)
    commit = _ask(AsyncKafkaConsumer.commit)
    commit_async = _tell(AsyncKafkaConsumer.commit_async)
    committed = _ask(AsyncKafkaConsumer.committed)

    # -- records ---------------------------------------------------------------------------

    def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
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
            timer = Deadline.after(self._clock.now(), timeout)
            while True:
                records = self._poll_once(timer, limit, update_offsets=update_offsets)
                if records or self._closed or timer.is_expired(self._clock.now()):
                    return as_lists(records)

    def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch]:
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
            timer = Deadline.after(self._clock.now(), timeout)
            while True:
                batches = self._once(timer, partial(self._take, limit, views=zero_copy))
                if batches or self._closed or timer.is_expired(self._clock.now()):
                    return batches

    def consume(self, num_messages: int = 1, timeout_ms: float = 0) -> list[RecordBatch]:
        """Return at most *num_messages* records; otherwise as `poll_batch`."""
        return self.poll_batch(timeout_ms, num_messages)

    def _poll_once(
        self, timer: Deadline, max_records: int, update_offsets: bool = True
    ) -> dict[TopicPartition, Sequence[ConsumerRecord]]:
        """Return records at hand, or wait once for news until *timer* and look again."""
        return self._once(timer, partial(self._collect, max_records, update_offsets=update_offsets))

    def _once(self, timer: Deadline, take: Callable[[], T]) -> T:
        """Return what *take* finds, or wait once for news until *timer* and look again."""
        if not self._active:
            self._active = True
            self._thread.post(self._core.activate)
        self._raise_wakeup()
        found = take()
        if found:
            return found
        remaining = timer.remaining(self._clock.now())
        if remaining <= 0:
            return found
        # A wait longer than this overflows; the caller looks at its timer and waits again.
        self._buffer.wait(min(remaining, threading.TIMEOUT_MAX))
        if self._closed:
            return found
        self._raise_wakeup()
        return take()

    def __iter__(self) -> Iterator[ConsumerRecord]:
        """Return the consumer: it iterates over its records."""
        return self

    def __next__(self) -> ConsumerRecord:
        """Return the next record; end after ``consumer_timeout_ms`` without one, or closed."""
        if self._attention:
            return self._next()
        for record in self._rows:
            self._last = record
            return record
        return self._next()

    def _next(self) -> ConsumerRecord:
        if self._closed:
            raise StopIteration
        with self._exclusively():
            timer = Deadline.after(self._clock.now(), self._consumer_timeout)
            while not self._closed:
                self._attention = False
                records = self._poll_once(timer, self._max_records, update_offsets=False)
                self._rows = chain.from_iterable(records.values())
                record = self._last = next(self._rows, None)
                if record is not None:
                    return record
                if timer.is_expired(self._clock.now()):
                    break
        raise StopIteration

    def wakeup(self) -> None:
        """End the call that waits now, or else the next one, with `WakeupError`; any thread.

        Not ended are calls that do not wait, such as `pause`, and `close`.
        """
        self._core.wakeup()

    def _raise_wakeup(self) -> None:
        if self._buffer.take_wakeup():
            raise WakeupError("the call was ended by wakeup()")

    # -- life ------------------------------------------------------------------------------

    def close(self, autocommit: bool = True, timeout_ms: float | None = None) -> None:
        """Stop reading and free all resources; calling it again does nothing; any thread.

        Args:
            autocommit: commit positions first, if the consumer is in a group.
            timeout_ms: how long to wait for brokers, in ms; ``None`` for ``request_timeout_ms``.
        """
        timeout = arguments.api_timeout(timeout_ms, self._close_timeout)
        if self._closed:
            return
        self._closed = True
        self._note_change()
        if self._thread.was_forked:
            return
        try:
            self._thread.call(self._core.close(autocommit, timeout * 1000), timeout + GRACE)
        except KafkaError as exc:
            log.warning("%s closed, but not in order: %s", self.config["client_id"], exc)
        finally:
            self._thread.stop()

    def __enter__(self) -> Self:
        """Return the consumer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the consumer, without committing after an exception."""
        self.close(autocommit=kind is None)

    def _on_fork(self) -> None:
        # The parent's locks may be held by threads that do not exist here.
        self._user = threading.RLock()
        self._note_change()

    def _exclusively(self) -> _Exclusive:
        if self._closed:
            raise IllegalStateError("KafkaConsumer is closed")
        if self._thread.was_forked:
            raise IllegalStateError(
                "this process is a fork of the one the KafkaConsumer was made in; make a new one"
            )
        return _Exclusive(self._user)

    # -- what instrumentation reads --------------------------------------------------------

    @property
    def _subscription(self) -> SubscriptionState:
        return self._core.subscription_state

    @property
    def _metadata(self) -> ClusterMetadata:
        return self._core.cluster


def _weakly(reference: weakref.ref[KafkaConsumer]) -> Callable[[], None]:
    def note_change() -> None:
        consumer = reference()
        if consumer is not None:
            consumer._attention = True  # noqa: SLF001 - this module's own class

    return note_change


class _Exclusive:
    """Hold a consumer for one thread; another thread gets an error instead of a wait."""

    __slots__ = ("_lock",)

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise IllegalStateError(
                "KafkaConsumer is not safe for multi-threaded access: another thread is in a call; "
                "only wakeup() and close() may be used meanwhile"
            )

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()
