"""The producer for asyncio programs."""

from __future__ import annotations

import asyncio
import warnings
from functools import wraps
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    Never,
    ParamSpec,
    Self,
    TypeVar,
)

from kafka._base.type_params import K_contra, V_contra
from kafka.config.producer import ProducerConfig
from kafka.config.signature import OptionsSignature
from kafka.errors import KafkaConfigurationError, KafkaError
from kafka.metrics.sensors import by_raw
from kafka.producer.callbacks import LoopCallbacks
from kafka.producer.client import ProducerClient, options_of
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.transaction_scope import AsyncTransaction, check_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from types import TracebackType
    from typing import Unpack, overload

    from kafka.cluster import ClusterMetadata
    from kafka.config.forms import Bytes
    from kafka.config.typed import BytesProducerOptions, ProducerOptions, ValueProducerOptions
    from kafka.producer.batch_encoding import Headers
    from kafka.producer.future import FutureRecordsMetadata
    from kafka.producer.transaction_scope import AsyncReader


P = ParamSpec("P")
T = TypeVar("T")


def _reading(
    method: Callable[Concatenate[ProducerClient, P], T],
) -> Callable[Concatenate[AsyncKafkaProducer[Any, Any], P], T]:
    """Return *method*, which changes nothing, as a method of the face."""

    @wraps(method)
    def call(self: AsyncKafkaProducer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(self._client, *args, **kwargs)

    return call


def _awaiting(
    method: Callable[Concatenate[ProducerClient, P], Coroutine[Any, Any, T]],  # Any: unused
) -> Callable[Concatenate[AsyncKafkaProducer[Any, Any], P], Coroutine[Any, Any, T]]:
    """Return a coroutine method as one of the face."""

    @wraps(method)
    async def call(self: AsyncKafkaProducer[Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._client.check_loop()
        return await method(self._client, *args, **kwargs)

    return call


class AsyncKafkaProducer(Generic[K_contra, V_contra]):
    """Send records to Kafka from an event loop.

    Use it as ``async with AsyncKafkaProducer(...) as producer``. One producer serves all tasks of
    its loop.

    Args:
        *positional: none: options are keywords.
        **configs: see the page on options; ``value_serializer`` and ``key_serializer`` give
            ``AsyncKafkaProducer[K, V]`` its types.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
        TypeError: a value of the wrong type.
    """

    __module__ = "kafka.aio"  # where programs import it from
    __signature__ = OptionsSignature(ProducerConfig)
    DEFAULT_CONFIG: ClassVar[dict[str, object]] = ProducerConfig.default_config()

    if TYPE_CHECKING:  # what send() takes depends on the serializers

        @overload
        def __init__(
            self: AsyncKafkaProducer[Bytes, Bytes],
            *positional: Never,
            **configs: Unpack[BytesProducerOptions],
        ) -> None: ...

        @overload
        def __init__(
            self: AsyncKafkaProducer[Bytes, V_contra],
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
            self._client = ProducerClient(options)
        except (KafkaConfigurationError, TypeError) as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__
        self.config = self._client.config

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find the cluster; called by ``async with``.

        Raises:
            NoBrokersAvailable: no bootstrap server answered within ``bootstrap_timeout_ms``.
        """
        try:
            await self._client.start(LoopCallbacks(asyncio.get_running_loop()))
        except KafkaError as error:
            # The traceback ends at this call: the frames inside of it do not help its caller.
            raise error.with_traceback(None) from error.__cause__

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
            client.started.incomplete.failures.report(include_held=True)
            text = f"{self!r} was not closed: use 'async with', or await its close()"
            warnings.warn(text, ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        """Return a status line."""
        return self._client.status_line(type(self).__name__)

    # -- records -----------------------------------------------------------------------------

    async def send(
        self,
        topic: str,
        value: V_contra | None = None,
        key: K_contra | None = None,
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
        values: Sequence[V_contra | None],
        keys: Sequence[K_contra | None] | None = None,
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordsMetadata:
        """Enqueue many records of a topic and return one future for all of them.

        As many `send` calls, but for records that are nothing but bytes with half the CPU time.
        Either all records are accepted or none, unless memory runs out on the way.

        Args:
            topic: where to send them.
            values: a list or tuple with the value of each record.
            keys: as many keys; ``None`` if no record has one.
            headers: the headers of every record.
            partition: where exactly; by default the partitioner decides for each record.
            timestamp_ms: of every record, in ms since the epoch; by default now.

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

    async def flush(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - public name
        *,
        raise_on_error: bool = False,
    ) -> None:
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
        core = self._client.core_here
        core.check()
        steps = core.flush(timeout, core.driver.new_waiter(), raise_on_error=raise_on_error)
        await core.driver.run(steps)

    # -- transactions ------------------------------------------------------------------------

    init_transactions = _awaiting(ProducerClient.init_transactions)
    begin_transaction = _awaiting(ProducerClient.begin_transaction)
    send_offsets_to_transaction = _awaiting(ProducerClient.send_offsets_to_transaction)
    prepare_transaction = _awaiting(ProducerClient.prepare_transaction)
    commit_transaction = _awaiting(ProducerClient.commit_transaction)
    abort_transaction = _awaiting(ProducerClient.abort_transaction)

    def transaction(
        self, consumer: AsyncReader | None = None, timeout_ms: float | None = None
    ) -> AsyncTransaction:
        """Return a transaction for ``async with``; as `KafkaProducer.transaction`.

        Args:
            consumer: an `AsyncKafkaConsumer` with a ``group_id`` and ``enable_auto_commit=False``.
            timeout_ms: for each step, in ms; ``None`` for ``max_block_ms``.

        Raises:
            KafkaConfigurationError: the consumer has no group, or commits by itself.
            TypeError: *consumer* is no `AsyncKafkaConsumer`.
        """
        check_kind(consumer, is_async=True)
        return AsyncTransaction(self, consumer, timeout_ms)

    # -- cluster -----------------------------------------------------------------------------

    partitions_for = _awaiting(ProducerClient.partitions_for)
    bootstrap_connected = _reading(ProducerClient.bootstrap_connected)
    metrics = by_raw(_reading(ProducerClient.metrics))

    @property
    def _metadata(self) -> ClusterMetadata:
        """The cluster as instrumentation libraries look at it."""
        return self._client.cluster
