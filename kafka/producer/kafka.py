"""The blocking producer."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Generic, Never, Self

from kafka._base.at_exit import EXIT_TIMEOUT
from kafka._base.lifetime import Lifetime
from kafka._base.log_thread import is_handling
from kafka._base.logs import logger
from kafka._base.loop_thread import EventLoopThread
from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.system import monotonic
from kafka._base.type_params import K_contra, V_contra
from kafka.config.producer import ProducerConfig
from kafka.config.signature import OptionsSignature
from kafka.errors import (
    IllegalStateError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    UndeliveredRecordsError,
)
from kafka.metrics.sensors import by_raw
from kafka.producer.asking import AskingFace, Started, ask
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.producer.callbacks import CallbackThread
from kafka.producer.client import ProducerClient, options_of
from kafka.producer.drivers import ThreadDriver, ThreadWaiter
from kafka.producer.send_path import put_nothing
from kafka.producer.transaction_scope import Transaction, check_kind
from kafka.structs import TopicPartition
from kafka.sync.facade import GRACE, local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Unpack, overload

    from kafka.client_doors import SenderDoor
    from kafka.cluster import ClusterMetadata
    from kafka.config.forms import Bytes
    from kafka.config.typed import BytesProducerOptions, ProducerOptions, ValueProducerOptions
    from kafka.producer.batch_encoding import Headers
    from kafka.producer.core import ProducerCore
    from kafka.producer.future import FutureRecordMetadata, FutureRecordsMetadata
    from kafka.producer.transaction_scope import BlockingReader

log = logger(__name__)

_JOIN_TIMEOUT: Final = 0.2
_CLOSED: Final = "the producer is closed; make a new one"


class KafkaProducer(AskingFace, Generic[K_contra, V_contra]):
    """Send records to Kafka. Safe to share between threads.

    `send` returns at once with a future; a background thread forms batches and delivers them.
    After a fork the child's copy starts afresh when it is first used; records the parent has
    buffered are delivered by the parent alone.

    Args:
        *positional: none: options are keywords.
        **configs: see the page on options; ``value_serializer`` and ``key_serializer`` give
            ``KafkaProducer[K, V]`` its types.

    Raises:
        NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: a value of the wrong type.
    """

    __module__ = "kafka"  # where programs import it from
    __signature__ = OptionsSignature(ProducerConfig)
    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ProducerConfig.default_config()

    if TYPE_CHECKING:  # what send() takes depends on the serializers

        @overload
        def __init__(
            self: KafkaProducer[Bytes, Bytes],
            *positional: Never,
            **configs: Unpack[BytesProducerOptions],
        ) -> None: ...

        @overload
        def __init__(
            self: KafkaProducer[Bytes, V_contra],
            *positional: Never,
            **configs: Unpack[ValueProducerOptions[V_contra]],
        ) -> None: ...

        @overload
        def __init__(
            self,
            *positional: Never,
            **configs: Unpack[ProducerOptions[K_contra, V_contra]],
        ) -> None: ...

    def __init__(
        self,
        *positional: Never,
        **configs: Unpack[ProducerOptions[K_contra, V_contra]],
    ) -> None:
        configs = ProducerConfig.sealed(configs)  # first, so that no frame shows them
        try:
            options = options_of(type(self).__name__, positional, configs)
            self._producer = client = ProducerClient(options)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__
        super().__init__(client, EventLoopThread(f"kafka-{client.options.client_id}-io"))
        self.config = client.config
        self._starting = reentrant_lock()
        self._put: Callable[[str, object, object], FutureRecordMetadata | None] = put_nothing
        self._put_with: Callable[
            [str, object, object, object, object, object], FutureRecordMetadata | None
        ] = put_nothing
        # ``None`` unless the producer takes calls: not before the end of the start, not after
        # close(), and in a forked child not until that has started its own.
        self._started: Started | None = None
        self._lifetime = Lifetime(self._thread, on_fork=self._after_fork)
        self._lifetime.close_at_exit(hurry=self._stop_lingering, close=self._close_at_exit)
        self._start()

    # -- records -----------------------------------------------------------------------------

    def send(
        self,
        topic: str,
        value: V_contra | None = None,
        key: K_contra | None = None,
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
            KafkaError: the producer is closed. A logging handler that is given a line of the client
                itself gets a failed future instead: the client also logs at its own end.
        """
        if headers is None and partition is None and timestamp_ms is None:
            future = self._put(topic, value, key)
        else:
            future = self._put_with(topic, value, key, headers, partition, timestamp_ms)
        if future is not None:
            return future
        started = self._started
        if started is None:
            if self._producer.closed and is_handling():
                # The client logs also at its own end. A handler that sends its lines cannot know
                # which of them come too late, so that is no error of the handler.
                return self._too_late(topic)
            started = self._running
        path, driver, _ = started
        return path.send(topic, value, key, headers, partition, timestamp_ms, driver)

    @staticmethod
    def _too_late(topic: str) -> FutureRecordMetadata:
        """Return the failed future of a record that is not sent, because the producer is closed."""
        from kafka.producer.future import (  # noqa: PLC0415 - at the end of log handlers only
            FutureProduceResult,
            FutureRecordMetadata,
        )

        result = FutureProduceResult(TopicPartition(topic, -1))
        future = FutureRecordMetadata(result, -1, None, None, -1, -1, -1)
        result.failure(KafkaError(_CLOSED))
        return future

    def send_many(
        self,
        topic: str,
        values: Sequence[V_contra | None],
        keys: Sequence[K_contra | None] | None = None,
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordsMetadata:
        path, driver, _ = self._running
        return driver.run(
            path.steps_of_many(
                topic, values, keys, headers, partition, timestamp_ms, driver.new_waiter
            )
        )

    send_many.__doc__ = AsyncKafkaProducer.send_many.__doc__  # both faces keep the same promises

    def flush(self, timeout: float | None = None, *, raise_on_error: bool = False) -> None:
        """Send what lingers and wait until everything sent before has succeeded or failed.

        Returns when the callbacks of these records have run as well. Failures nobody looked at,
        whose futures nobody holds, are logged.

        Args:
            timeout: seconds for all of it together; ``None`` waits as long as a delivery may take.
            raise_on_error: raise the failures that nobody has looked at, instead of logging them.

        Raises:
            UndeliveredRecordsError: see *raise_on_error*.
            KafkaTimeoutError: the time is over; the records stay in the buffer.
            IllegalStateError: called inside a delivery callback.
        """
        _, driver, core = self._running
        core.incomplete.check_may_wait()
        driver.run(core.flush(timeout, ThreadWaiter(core.clock), raise_on_error=raise_on_error))

    # -- transactions ------------------------------------------------------------------------

    init_transactions = ask(ProducerClient.init_transactions)
    begin_transaction = ask(ProducerClient.begin_transaction)
    send_offsets_to_transaction = ask(ProducerClient.send_offsets_to_transaction)
    prepare_transaction = ask(ProducerClient.prepare_transaction, flushes=True)
    commit_transaction = ask(ProducerClient.commit_transaction, flushes=True)
    abort_transaction = ask(ProducerClient.abort_transaction, flushes=True)

    def transaction(
        self, consumer: BlockingReader | None = None, timeout_ms: float | None = None
    ) -> Transaction:
        """Return a transaction for ``with``: it commits at the end, or aborts and re-raises.

        With a *consumer*, what it has consumed is committed as part of the transaction, and after
        an abort it goes back to what is committed: records are processed exactly once. ::

            with producer.transaction(consumer):
                for record in records:
                    producer.send("out", transform(record.value))

        Args:
            consumer: a `KafkaConsumer` with a ``group_id`` and ``enable_auto_commit=False``.
            timeout_ms: for each step, in ms; ``None`` for ``max_block_ms``.

        Raises:
            KafkaConfigurationError: the consumer has no group, or commits by itself.
            TypeError: *consumer* is no `KafkaConsumer`.

        The block raises what left it, or what `begin_transaction`, `send_offsets_to_transaction`
        and `commit_transaction` raise. After a `KafkaTimeoutError` of the commit, or if it was
        interrupted, whether it counts is not known yet: call `commit_transaction` again. If that
        raises `TransactionAbortableError`, call `abort_transaction` and ``consumer.rewind()``.

        What has failed before is aborted first. With a *consumer* that had to go back, then or
        after an earlier block, the block is not entered and raises `TransactionAbortableError`:
        drop what was polled, and poll again.
        """
        check_kind(consumer, is_async=False)
        return Transaction(self, consumer, timeout_ms)

    # -- cluster -----------------------------------------------------------------------------

    partitions_for = ask(ProducerClient.partitions_for)
    bootstrap_connected = local(ProducerClient.bootstrap_connected)
    metrics = by_raw(local(ProducerClient.metrics))

    @classmethod
    def max_usable_produce_magic(cls, api_version: tuple[int, ...]) -> int:
        """Return the newest record format that brokers of *api_version* store."""
        if api_version >= (0, 11):
            return 2
        return 1 if api_version >= (0, 10) else 0

    # -- life --------------------------------------------------------------------------------

    def close(
        self,
        timeout: float | None = None,
        null_logger: bool = False,  # noqa: ARG002 - kafka-python's signature
        *,
        raise_on_error: bool = False,
    ) -> None:
        """Deliver what was sent, then disconnect and end the threads. May be called again.

        In a signal handler that interrupted a send() of the same thread it returns at once, and
        another thread does the work.

        Args:
            timeout: seconds to deliver what is left; what is not delivered by then fails with
                `KafkaTimeoutError` in its future, and is logged. ``None`` (the default) waits as
                long as a delivery may take; 0 drops at once.
            null_logger: ignored.
            raise_on_error: when all is closed, raise the failures that nobody has looked at,
                instead of logging them.

        Raises:
            UndeliveredRecordsError: see *raise_on_error*.
            IllegalStateError: called inside a delivery callback.
        """
        seconds = self._producer.close_timeout(timeout)
        self._producer.closed = True
        self._forget_core()
        core = self._producer.started
        if core is None or not self._thread.is_running:
            return
        if core.is_loop_thread():
            core.incomplete.check_may_wait()
        if core.accumulator.gate.is_held_here():
            threading.Thread(target=self._close, args=(core, seconds)).start()
        else:
            self._close(core, seconds, raise_on_error=raise_on_error)

    def _stop_lingering(self) -> None:
        """Send what lingers in the buffer, if the producer runs in this process."""
        core = self._producer.started
        if core is not None and self._thread.is_running:
            core.accumulator.flush()

    def _close(self, core: ProducerCore, seconds: float, *, raise_on_error: bool = False) -> None:
        started = monotonic()
        undelivered: UndeliveredRecordsError | None = None
        try:
            work = self._producer.close(seconds, raise_on_error=raise_on_error)
            self._thread.call(work, seconds + GRACE)
        except UndeliveredRecordsError as error:
            undelivered = error
        except (IllegalStateError, KafkaTimeoutError) as error:
            if self._thread.is_running:
                log.error("%r: closing did not end in time: %s", self, error)  # noqa: TRY400 - no news in the traceback
        left = max(seconds - (monotonic() - started), 0.0)
        core.incomplete.stop_callbacks(min(left, EXIT_TIMEOUT) + _JOIN_TIMEOUT / 2)
        self._thread.stop(_JOIN_TIMEOUT)
        self._lifetime.on_closed()
        if undelivered is not None:
            raise undelivered

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

    def _close_at_exit(self, seconds: float) -> None:
        self.close(min(seconds, self._producer.options.delivery_timeout))

    def __del__(self) -> None:
        """Warn if the producer was not closed, and deliver what it still holds."""
        lifetime: Lifetime | None = self.__dict__.get("_lifetime")  # None: options refused
        if lifetime is not None and not self._producer.closed:
            lifetime.on_collected(self, partial(_close_collected, self._producer))

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to be pickled."""
        raise TypeError("a KafkaProducer cannot be pickled; make one in each process")

    def __repr__(self) -> str:
        """Return a status line."""
        return self._producer.status_line(type(self).__name__)

    # -- threads and processes ---------------------------------------------------------------

    def _start(self) -> None:
        """Start the thread and bootstrap on it."""
        self._thread.start()
        client = self._producer
        runner = CallbackThread(f"kafka-{client.options.client_id}-callbacks")
        limit = client.options.bootstrap_timeout + GRACE
        try:
            self._thread.call(client.start(runner, yields_to_loop=True), limit)
        except BaseException as error:
            client.closed = True
            self._lifetime.on_closed()
            self._thread.stop()
            if isinstance(error, KafkaError):
                raise error.with_traceback(None) from error.__cause__  # as in the constructor
            raise
        core = client.core
        driver = ThreadDriver(
            core.topics,
            self._thread,
            clock=core.clock,
            cannot_wait=core.cannot_wait,
            route_limit=client.options.max_block + GRACE,
        )
        self._started = Started(core.path, driver, core)
        # The bound methods themselves, because send() is the hot path: no object stands between.
        self._put, self._put_with = core.path.put, core.path.put_with

    def _forget_core(self) -> None:
        """Let the next send() ask for the core, which may raise."""
        self._started, self._put, self._put_with = None, put_nothing, put_nothing

    @property
    def _running(self) -> Started:
        """The parts of this process: checked, and in a forked child started afresh."""
        self._check_open()
        started = self._started or self._start_child()
        started.core.check()
        return started

    def _check_open(self) -> None:
        if self._producer.closed:
            raise KafkaError(_CLOSED)
        self._producer.check_process()

    def _start_child(self) -> Started:
        """Start a forked child's copy, or wait for the thread of the child that is at it."""
        if self._thread.is_current:
            # What the garbage collector runs on the loop thread must not wait for the loop.
            raise IllegalStateError("the producer is not started yet in this process")
        with self._starting:
            if self._thread.was_forked:
                self._start()
            if self._started is not None:
                return self._started
        self._check_open()
        # A signal handler has interrupted `_start` of its own thread.
        raise IllegalStateError("the producer is not started yet in this process")

    def _after_fork(self) -> ProducerClient:
        """Take a new core; return the parent's client with its records and connections."""
        parents = self._producer
        if parents.started is not None:
            parents.started.incomplete.abandoned = True
        self._starting = reentrant_lock()
        self._forget_core()
        self._producer = self._calls = parents.forked()
        return parents

    @property
    def _sender(self) -> SenderDoor:
        """The network of this producer, for programs that talk to brokers through it."""
        # Few programs do.
        from kafka.client_doors import Network, SenderDoor, door  # noqa: PLC0415

        own, net = self._producer, self._running.core.net
        network = Network(self._thread, net, own.options.network(), own.security)
        return SenderDoor(door(self, network))

    @property
    def _metadata(self) -> ClusterMetadata:
        """The cluster as instrumentation libraries look at it."""
        return self._producer.cluster


async def _close_collected(client: ProducerClient) -> None:
    """Close what is left of a collected producer, and end the thread of its callbacks."""
    try:
        await client.close()
    finally:
        if client.started is not None:
            client.started.incomplete.stop_callbacks(0.0)
