"""The producer for asyncio programs."""

from __future__ import annotations

import asyncio
import warnings
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Never, ParamSpec, Self, TypeVar

from kafka.config.producer import ProducerConfig
from kafka.errors import KafkaConfigurationError
from kafka.producer.callbacks import LoopCallbacks
from kafka.producer.client import ProducerClient, options_of
from kafka.producer.future import FutureRecordMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from types import TracebackType

    from kafka.cluster import ClusterMetadata
    from kafka.producer.batch_encoding import Headers
    from kafka.producer.future import FutureRecordsMetadata


P = ParamSpec("P")
T = TypeVar("T")


def _reading(
    method: Callable[Concatenate[ProducerClient, P], T],
) -> Callable[Concatenate[AsyncKafkaProducer, P], T]:
    """Return *method*, which changes nothing, as a method of the face."""

    @wraps(method)
    def call(self: AsyncKafkaProducer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(self._client, *args, **kwargs)

    return call


def _awaiting(
    method: Callable[Concatenate[ProducerClient, P], Coroutine[Any, Any, T]],  # Any: unused
) -> Callable[Concatenate[AsyncKafkaProducer, P], Coroutine[Any, Any, T]]:
    """Return a coroutine method as one of the face."""

    @wraps(method)
    async def call(self: AsyncKafkaProducer, /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._client.check_loop()
        return await method(self._client, *args, **kwargs)

    return call


class AsyncKafkaProducer:
    """Send records to Kafka from an event loop.

    Use it as ``async with AsyncKafkaProducer(...) as producer``. One producer serves all tasks of
    its loop.

    Args:
        *positional: none: options are keywords.
        **configs: the options of `KafkaProducer`, see the page on configuration.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: a value of the wrong type.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ProducerConfig.default_config()

    def __init__(
        self,
        *positional: Never,
        **configs: Any,  # Any: each option has a type of its own
    ) -> None:
        try:
            options = options_of(type(self).__name__, positional, configs)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from None
        self._client = ProducerClient(options)
        self.config = self._client.config

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find the cluster; called by ``async with``.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        await self._client.start(LoopCallbacks(asyncio.get_running_loop()))

    close = _awaiting(ProducerClient.close)

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
        client = self.__dict__.get("_client")
        if client is not None and client.started is not None and not client.closed:
            warnings.warn(f"{self} was not closed", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<AsyncKafkaProducer client_id={self.config['client_id']} transactional_id=None>"

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
        core = self._client.started
        # Tested here, not in a property: that would cost as much as the test.
        if core is None or asyncio._get_running_loop() is not core.loop:  # noqa: SLF001 - documented for such use
            core = self._client.core_here
        if headers is None and partition is None and timestamp_ms is None:
            future = core.path.put(topic, value, key)
        else:
            future = core.path.put_with(topic, value, key, headers, partition, timestamp_ms)
        if future is not None:
            return future
        sent = core.path.send(topic, value, key, headers, partition, timestamp_ms, core.driver)
        return sent if isinstance(sent, FutureRecordMetadata) else await sent

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
        core = self._client.core_here
        driver = core.driver
        return await driver.run(
            core.path.steps_of_many(
                topic, values, keys, headers, partition, timestamp_ms, driver.new_waiter
            )
        )

    async def flush(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - public name
        """Send what lingers and wait until everything sent before has succeeded or failed.

        Returns when the callbacks of these records have run as well.

        Args:
            timeout: seconds for all of it together; ``None`` waits as long as a delivery may take.

        Raises:
            KafkaTimeoutError: the time is over; the records stay in the buffer.
            IllegalStateError: called inside a delivery callback.
        """
        core = self._client.core_here
        core.check()
        await core.driver.run(core.flush(timeout, core.driver.new_waiter()))

    # -- cluster -----------------------------------------------------------------------------

    partitions_for = _awaiting(ProducerClient.partitions_for)
    bootstrap_connected = _reading(ProducerClient.bootstrap_connected)
    metrics = _reading(ProducerClient.metrics)

    @property
    def _metadata(self) -> ClusterMetadata:
        """The cluster as instrumentation libraries look at it."""
        return self._client.cluster
