"""The producer for asyncio programs."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kafka._base.deadline import Deadline
from kafka._base.system import SystemClock
from kafka._base.waiting import seconds_of
from kafka.config.producer import ProducerConfig
from kafka.errors import BrokerResponseError, IllegalStateError, KafkaTimeoutError
from kafka.metrics.sensors import ProducerSensors
from kafka.producer.callbacks import LoopCallbacks
from kafka.producer.core import ProducerCore
from kafka.producer.many import FutureRecordsMetadata, together
from kafka.producer.send_path import check_many, check_topic, known_route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from kafka.cluster import ClusterMetadata
    from kafka.metrics.sensors import Values
    from kafka.producer.batch_encoding import Headers
    from kafka.producer.callbacks import CallbackRunner
    from kafka.producer.future import FutureRecordMetadata


class AsyncKafkaProducer:
    """Send records to Kafka from an event loop.

    Use it as ``async with AsyncKafkaProducer(...) as producer``. One producer serves all tasks of
    its loop.

    Args:
        **configs: the options of `KafkaProducer`, see the page on configuration.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ProducerConfig.default_config()

    def __init__(self, **configs: Any) -> None:  # Any: each option has a type of its own
        self._set_up(ProducerConfig.from_kwargs(configs))

    def _set_up(self, options: ProducerConfig) -> None:
        self._options = options
        self.config = options.as_dict()
        self._sensors = ProducerSensors(options, SystemClock()) if options.metrics_enabled else None
        self._core_or_none: ProducerCore | None = None
        self._closed = False

    @classmethod
    def _of(cls, options: ProducerConfig) -> Self:
        """Return a producer with options that were checked before."""
        producer = cls.__new__(cls)
        producer._set_up(options)  # noqa: SLF001 - own class
        return producer

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find the cluster; called by ``async with``.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        await self._start(LoopCallbacks(asyncio.get_running_loop()))

    async def _start(self, runner: CallbackRunner) -> None:
        if self._core_or_none is not None or self._closed:
            raise IllegalStateError("the producer was started before; make a new one")
        core = ProducerCore(self._options, runner=runner, observer=self._sensors)
        self._core_or_none = core
        try:
            await core.start(Deadline.after(core.clock.now(), self._options.bootstrap_timeout))
        except BaseException:
            self._core_or_none, self._closed = None, True
            raise

    async def close(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - public name
        """Deliver what was sent, then disconnect. Calling it again does nothing.

        Args:
            timeout: seconds to deliver what is left; what is not delivered by then fails with
                `KafkaTimeoutError` in its future, and is logged. ``None`` (the default) waits as
                long as a delivery may take; 0 drops at once.

        Raises:
            IllegalStateError: called inside a delivery callback.
        """
        core = self._core_or_none
        default = 0.0 if core is None else core.incomplete.wait_timeout
        seconds = seconds_of("close", timeout, default)
        self._closed = True
        if core is not None:
            core.incomplete.check_not_in_callback("close")
            await core.close(seconds)
        if self._sensors is not None:
            self._sensors.close()

    async def stop(self) -> None:
        """Close; the name that aiokafka has for it."""
        await self.close()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    def __del__(self) -> None:
        """Warn if the producer was started and not closed."""
        if self.__dict__.get("_core_or_none") is not None and not self._closed:
            warnings.warn(f"{self} was not closed", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<{type(self).__name__} client_id={self._options.client_id} transactional_id=None>"

    # -- records -----------------------------------------------------------------------------

    async def send(
        self,
        topic: str,
        value: Any = None,  # Any: what the serializer takes
        key: Any = None,  # the same
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordMetadata:
        """Enqueue a record; await what it returns to know that it was delivered.

        Waits, at most ``max_block_ms`` in all, for the topic's metadata and for memory.

        Args:
            topic: where to send it.
            value: the record's value; ``None`` deletes the key in a compacted topic.
            key: records with the same key go to the same partition.
            headers: pairs of name and bytes (KIP-82); copied.
            partition: where exactly; by default the partitioner decides.
            timestamp_ms: milliseconds since the epoch; by default now.

        Returns:
            The delivery: ``metadata = await (await producer.send(...))``.

        Raises:
            KafkaTimeoutError: no metadata or memory within ``max_block_ms``.
            MessageSizeTooLargeError: larger than ``max_request_size`` allows.
            UnsupportedVersionError: the brokers cannot store headers or timestamps.
            TypeError: an argument of the wrong type; ValueError: of a wrong value.
        """
        core = self._core
        path = core.path
        if headers is None and partition is None and timestamp_ms is None:
            handle = path.put(topic, value, key)
            if handle is not None:
                return handle
        route = known_route(path.routes, topic, partition)
        deadline = None
        if route is None:
            core.check()
            check_topic(topic)
            deadline = Deadline.after(core.clock.now(), self._options.max_block)
            try:
                route = await core.route_to(topic, partition, deadline)
            except BrokerResponseError as error:
                return core.failed(topic, partition, error)
        queue, record, size = path.prepare(route, value, key, headers, partition, timestamp_ms)
        return await core.put_in(route, queue, record, size, deadline)

    async def send_many(
        self,
        topic: str,
        values: Sequence[Any],  # Any: what the serializer takes
        keys: Sequence[Any] | None = None,  # the same
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordsMetadata:
        """Enqueue many records of a topic and return one future for all of them.

        As many `send` calls, but for records that are nothing but bytes several times as fast.
        Either all records are accepted or none, unless memory runs out on the way.

        Args:
            topic: where to send them.
            values: a list or tuple with the value of each record.
            keys: as many keys; ``None`` if no record has one.
            headers: the headers of every record.
            partition: where exactly; by default the partitioner decides for each record.
            timestamp_ms: the timestamp of every record; by default now.

        Returns:
            The deliveries: awaiting it, or the blocking producer's `get`, returns the
            `RecordMetadata` of all records in the order of *values*.

        Raises:
            KafkaTimeoutError: no metadata or memory within ``max_block_ms`` (memory: for each wait
                of its own); records before the one that found no memory are sent all the same.
            MessageSizeTooLargeError: a record is larger than ``max_request_size`` or
                ``buffer_memory`` allows.
            UnsupportedVersionError: the brokers cannot store headers or timestamps.
            TypeError: an argument of the wrong type; ValueError: of a wrong value.
            KafkaError: the producer is closed.
        """
        core, path = self._core, self._core.path
        check_many(values, keys)
        core.check()
        route = known_route(path.routes, topic, partition)
        if route is None:
            check_topic(topic)
            deadline = Deadline.after(core.clock.now(), self._options.max_block)
            try:
                route = await core.route_to(topic, partition, deadline)
            except BrokerResponseError as error:
                return together([core.failed(topic, partition, error) for _ in values])
        lots = None
        if headers is None and timestamp_ms is None:
            lots = path.lots(route, values, keys, partition)
        if lots is None:
            prepared = path.prepare_many(route, values, keys, headers, partition, timestamp_ms)
            return together([await core.put_in(route, *record) for record in prepared])
        for lot in lots:
            while not lot.advance(path.gate):
                record, size = lot.next_record(path.gate.wall())
                lot.took(await core.put_in(route, lot.queue, record, size))
        return FutureRecordsMetadata([part for lot in lots for part in lot.parts], len(values))

    async def flush(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - public name
        """Send what lingers and wait until everything sent before has succeeded or failed.

        Returns when the callbacks of these records have run as well.

        Args:
            timeout: seconds for all of it together; ``None`` waits as long as a delivery may take.

        Raises:
            KafkaTimeoutError: the time is over.
            IllegalStateError: called inside a delivery callback.
        """
        core = self._core
        core.check()
        core.incomplete.check_not_in_callback("flush")
        wait = seconds_of("flush", timeout, core.incomplete.wait_timeout)
        if not await core.wait_for_all(wait):
            raise KafkaTimeoutError(f"flush: records are still undelivered after {wait:g} s")
        core.incomplete.failures.report(include_held=False)

    async def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of *topic*, waiting for its metadata up to ``max_block_ms``."""
        core = self._core
        core.check()
        check_topic(topic)
        deadline = Deadline.after(core.clock.now(), self._options.max_block)
        return set(await core.net.metadata.topic(topic, deadline))

    def bootstrap_connected(self) -> bool:
        """Return whether the producer has found its cluster and is not closed."""
        core = self._core_or_none
        return core is not None and not core.closed and bool(core.net.cluster.snapshot.brokers)

    def metrics(self, raw: bool = False) -> Values | None:
        """Return what has been measured, ``None`` with ``metrics_enabled=False``.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return None if self._sensors is None else self._sensors.metrics(raw)

    # -- views -------------------------------------------------------------------------------

    @property
    def _core(self) -> ProducerCore:
        if self._core_or_none is None:
            state = "closed" if self._closed else "not started: use `async with` or await start()"
            raise IllegalStateError(f"the producer is {state}")
        return self._core_or_none

    @property
    def _metadata(self) -> ClusterMetadata:
        """The cluster as instrumentation libraries look at it."""
        return self._core.net.cluster
