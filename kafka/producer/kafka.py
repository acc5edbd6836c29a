"""The blocking producer."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
import time
import warnings
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from kafka._base.loop_thread import EventLoopThread
from kafka._base.waiting import Notification, seconds_of
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.producer.blocking import send_many, send_slowly, wait_for_memory
from kafka.producer.callbacks import CallbackThread
from kafka.producer.send_path import check_many, known_route
from kafka.sync.facade import GRACE, Facade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from kafka.cluster import ClusterMetadata
    from kafka.metrics.sensors import Values
    from kafka.producer.batch_encoding import Headers
    from kafka.producer.core import ProducerCore
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.many import FutureRecordsMetadata
    from kafka.producer.topic_info import TopicInfo

log = logging.getLogger(__name__)

_EXIT_TIMEOUT: Final = 5.0
_JOIN_TIMEOUT: Final = 0.2


class KafkaProducer(Facade[AsyncKafkaProducer]):
    """Send records to Kafka. Safe to share between threads.

    `send` returns at once with a future; a background thread forms batches and delivers them.
    After a fork the child's copy starts afresh when it is first used; records the parent has
    buffered are delivered by the parent alone.

    Args:
        **configs: see the page on configuration; `DEFAULT_CONFIG` lists names and defaults.

    Raises:
        NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        KafkaConfigurationError: an unknown option, or values that cannot work.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = AsyncKafkaProducer.DEFAULT_CONFIG

    def __init__(self, **configs: Any) -> None:  # Any: each option has a type of its own
        core = AsyncKafkaProducer(**configs)
        super().__init__(core, EventLoopThread(f"kafka-{core.config['client_id']}-io"))
        self._core = core
        self.config = core.config
        self._options = core._options  # noqa: SLF001 - the two faces are one piece
        self._starting = threading.RLock()
        self._closed = False
        self._routes: dict[str, TopicInfo] = {}
        self._put: Callable[[str, object, object], FutureRecordMetadata | None] = _put_nothing
        forked = weakref.WeakMethod(self._after_fork)
        self._thread.on_fork.append(lambda: _call_if_alive(forked))
        self._start()
        _OPEN.add(self)

    # -- records -----------------------------------------------------------------------------

    def send(
        self,
        topic: str,
        value: Any = None,  # Any: what the serializer takes
        key: Any = None,  # the same
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordMetadata:
        """Enqueue a record and return its future at once.

        Waits, at most ``max_block_ms`` in all, only for metadata of a topic not used before and
        for memory. What is given may be changed by the caller afterwards. May be called in a
        signal handler, a delivery callback or a logging handler as well.

        Args:
            topic: where to send it.
            value: the record's value; ``None`` deletes the key in a compacted topic.
            key: records with the same key go to the same partition.
            headers: pairs of name and bytes (KIP-82).
            partition: where exactly; by default the partitioner decides.
            timestamp_ms: milliseconds since the epoch; by default now.

        Returns:
            The future of the delivery.

        Raises:
            KafkaTimeoutError: no metadata or memory within ``max_block_ms``.
            MessageSizeTooLargeError: larger than ``max_request_size`` or ``buffer_memory`` allows.
            UnsupportedVersionError: the brokers cannot store headers or timestamps.
            TypeError: an argument of the wrong type; ValueError: of a wrong value.
            KafkaError: the producer is closed.
        """
        if headers is None and partition is None and timestamp_ms is None:
            handle = self._put(topic, value, key)
            if handle is not None:
                return handle
        route = known_route(self._routes, topic, partition)
        if route is None:
            return send_slowly(
                self._running, self._thread, topic, value, key, headers, partition, timestamp_ms
            )
        queue, record, size = self._prepare(route, value, key, headers, partition, timestamp_ms)
        return self._append(route, queue, record, size) or wait_for_memory(
            self._running, route, queue, record, size, None
        )

    def send_many(
        self,
        topic: str,
        values: Sequence[Any],  # Any: what the serializer takes
        keys: Sequence[Any] | None = None,  # the same
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordsMetadata:
        check_many(values, keys)
        return send_many(
            self._running, self._thread, topic, values, keys, headers, partition, timestamp_ms
        )

    send_many.__doc__ = AsyncKafkaProducer.send_many.__doc__  # both faces keep the same promises

    def flush(self, timeout: float | None = None) -> None:
        """Send what lingers and wait until everything sent before has succeeded or failed.

        Returns when the callbacks of these records have run as well. Failures nobody looks at are
        logged.

        Args:
            timeout: seconds for all of it together; ``None`` waits as long as a delivery may take.

        Raises:
            KafkaTimeoutError: the time is over; the records stay in the buffer.
            IllegalStateError: called inside a delivery callback.
        """
        core = self._running
        incomplete = core.incomplete
        incomplete.check_not_in_callback("flush")
        incomplete.check_may_wait()
        seconds = seconds_of("flush", timeout, incomplete.wait_timeout)
        core.accumulator.register()
        done = Notification()
        wait = incomplete.wait_for_all(done.notify)
        if wait is not None:
            try:
                core.accumulator.flush()
                if not done.wait(seconds):
                    raise KafkaTimeoutError(
                        f"flush: {len(wait.remaining)} batches are undelivered after {seconds:g} s"
                    )
            finally:
                incomplete.stop_waiting(wait)
        incomplete.failures.report(include_held=False)

    # -- cluster -----------------------------------------------------------------------------

    def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of *topic*, waiting for its metadata up to ``max_block_ms``.

        Raises:
            KafkaTimeoutError: nothing is known of the topic in time.
            IllegalStateError: called where nothing can be waited for: in a signal handler that
                interrupted a send() of the same thread.
        """
        self._running.incomplete.check_may_wait()
        return self._thread.call(self._core.partitions_for(topic), self._options.max_block + GRACE)

    def bootstrap_connected(self) -> bool:
        """Return whether the producer has found its cluster and is not closed."""
        return self._core.bootstrap_connected()

    def metrics(self, raw: bool = False) -> Values | None:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return self._core.metrics(raw)

    @classmethod
    def max_usable_produce_magic(cls, api_version: tuple[int, ...]) -> int:
        """Return the newest record format that brokers of *api_version* store."""
        if api_version >= (0, 11):
            return 2
        return 1 if api_version >= (0, 10) else 0

    # -- life --------------------------------------------------------------------------------

    def close(self, timeout: float | None = None, null_logger: bool = False) -> None:  # noqa: ARG002 - kafka-python's signature
        """Deliver what was sent, then disconnect and end the threads. May be called again.

        Called in a signal handler that interrupted a send() of the same thread, it lets another
        thread do the work and returns.

        Args:
            timeout: seconds to deliver what is left; what is not delivered by then fails with
                `KafkaTimeoutError` in its future, and is logged. ``None`` (the default) waits as
                long as a delivery may take; 0 drops at once.
            null_logger: ignored.

        Raises:
            IllegalStateError: called inside a delivery callback.
        """
        core = self._core._core_or_none  # noqa: SLF001 - the two faces are one piece
        default = 0.0 if core is None else core.incomplete.wait_timeout
        seconds = seconds_of("close", timeout, default)
        self._closed = True
        self._routes, self._put = {}, _put_nothing
        if core is None or not self._thread.is_running:
            return
        core.incomplete.check_not_in_callback("close")
        if core.is_loop_thread():
            core.incomplete.check_may_wait()
        if core.accumulator.gate.is_held_here():
            threading.Thread(target=self._close, args=(core, seconds)).start()
        else:
            self._close(core, seconds)

    def _stop_lingering(self) -> None:
        """Have what is in the buffer sent now, if the producer runs in this process."""
        core = self._core._core_or_none  # noqa: SLF001 - the two faces are one piece
        if core is not None and self._thread.is_running:
            core.accumulator.flush()

    def _close(self, core: ProducerCore, seconds: float) -> None:
        started = time.monotonic()
        try:
            self._thread.call(self._core.close(seconds), seconds + GRACE)
        except (IllegalStateError, KafkaTimeoutError) as error:
            if self._thread.is_running:
                log.error("%r: closing did not end in time: %s", self, error)  # noqa: TRY400 - no news in the traceback
        left = max(seconds - (time.monotonic() - started), 0.0)
        core.incomplete.stop_callbacks(min(left, _EXIT_TIMEOUT) + _JOIN_TIMEOUT / 2)
        self._thread.stop(_JOIN_TIMEOUT)
        _OPEN.discard(self)

    def __enter__(self) -> Self:
        """Return the producer."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def __del__(self) -> None:
        """Warn if the producer was not closed, and deliver what it still holds."""
        if self.__dict__.get("_closed", True) or not self._thread.is_running:
            return
        warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self, stacklevel=2)
        core, thread = self._core, self._thread
        with contextlib.suppress(RuntimeError):
            thread.post(_close_in_background, core, thread)

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled."""
        raise TypeError("a KafkaProducer cannot be pickled; make one in each process")

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<KafkaProducer client_id={self.config['client_id']} transactional_id=None>"

    # -- threads and processes ---------------------------------------------------------------

    def _start(self) -> None:
        """Start the thread and bootstrap on it."""
        self._thread.start()
        runner = CallbackThread(f"kafka-{self.config['client_id']}-callbacks")
        limit = self._options.bootstrap_timeout + GRACE
        try:
            self._thread.call(self._core._start(runner), limit)  # noqa: SLF001 - one piece
        except BaseException:
            self._closed = True
            self._thread.stop()
            raise
        core = self._core._core  # noqa: SLF001 - one piece
        core.accumulator.yields_to_loop = True
        path = core.path
        self._prepare = path.prepare
        self._append = path.append
        self._put = path.put
        self._routes = path.routes

    @property
    def _running(self) -> ProducerCore:
        """The producer's parts; started afresh in a forked child, checked in any case."""
        if self._closed:
            raise KafkaError("the producer is closed; make a new one")
        if self._thread.was_forked:
            with self._starting:
                if self._thread.was_forked:
                    self._start()
        core = self._core._core  # noqa: SLF001 - one piece
        core.check()
        return core

    def _after_fork(self) -> None:
        """Let go of the parent's records and connections; nothing of them is closed."""
        inherited = self._core._core_or_none  # noqa: SLF001 - one piece
        if inherited is not None:
            inherited.incomplete.abandoned = True
        _INHERITED.append(self._core)
        self._starting = threading.RLock()
        self._routes, self._put = {}, _put_nothing
        self._core = AsyncKafkaProducer._of(self._options)  # noqa: SLF001 - one piece

    @property
    def _metadata(self) -> ClusterMetadata:
        """The cluster as instrumentation libraries look at it."""
        return self._core._metadata  # noqa: SLF001 - one piece


_OPEN: weakref.WeakSet[KafkaProducer] = weakref.WeakSet()
_CLOSING: set[asyncio.Task[None]] = set()
# What a forked child holds on to, so that it is never closed or collected there.
_INHERITED: list[AsyncKafkaProducer] = []


def _put_nothing(topic: str, value: object, key: object) -> None:
    """Take no record: the producer is not started, closed, or the copy in a forked child."""


def _call_if_alive(method: weakref.WeakMethod[Any]) -> None:  # Any: a method of no arguments
    found = method()
    if found is not None:
        found()


def _close_in_background(core: AsyncKafkaProducer, thread: EventLoopThread) -> None:
    """Deliver what a forgotten producer holds; the thread ends afterwards."""

    async def close() -> None:
        try:
            await core.close()
        finally:
            _CLOSING.discard(task)
            thread.stop()

    task = asyncio.get_running_loop().create_task(close(), name="kafka-close")
    _CLOSING.add(task)


@atexit.register
def _close_at_exit() -> None:
    """Deliver what unclosed producers hold when the program ends, for a few seconds at most.

    All deliver at the same time, so that the seconds are those of the program, not of each.
    """
    end = time.monotonic() + _EXIT_TIMEOUT
    producers = list(_OPEN)
    for producer in producers:
        producer._stop_lingering()  # noqa: SLF001 - own class
    for producer in producers:
        left = max(end - time.monotonic(), 0.0)
        with contextlib.suppress(KafkaError):
            producer.close(min(left, producer._options.delivery_timeout))  # noqa: SLF001 - own class
