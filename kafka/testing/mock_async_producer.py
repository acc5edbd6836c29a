"""`AsyncMockProducer`: takes the calls of an `AsyncKafkaProducer`; the test decides the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.type_params import K_contra, V_contra
from kafka.config.producer import ProducerConfig
from kafka.config.signature import OptionsSignature
from kafka.errors import IllegalStateError
from kafka.metrics.sensors import by_raw
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.testing.mock_faces import awaited, direct
from kafka.testing.mock_producer_calls import MockProducerCalls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack, overload

    from kafka.config.forms import Bytes
    from kafka.config.typed import BytesProducerOptions, ProducerOptions, ValueProducerOptions


class AsyncMockProducer(AsyncKafkaProducer[K_contra, V_contra]):
    """An `AsyncKafkaProducer` without Kafka; see `MockProducer`.

    It may be used without ``start()``. What the test calls is not awaited.

    Args:
        auto_complete: deliver each record within ``send()``.
        partitions: how many partitions topics have; 1 for topics not named.
        **configs: the options of `AsyncKafkaProducer`: serializers, partitioner,
            ``max_request_size`` and ``buffer_memory`` are used, the others only checked.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.

    Attributes:
        started: whether ``start()`` was called.
    """

    __module__ = "kafka.testing"
    __signature__ = OptionsSignature(ProducerConfig)

    # AsyncKafkaProducer.__init__ is not called: every public method that uses what it would have
    # set is replaced.
    if TYPE_CHECKING:  # as in the real producer

        @overload
        def __init__(
            self: AsyncMockProducer[Bytes, Bytes],
            *,
            auto_complete: bool = True,
            partitions: Mapping[str, int] | None = None,
            **configs: Unpack[BytesProducerOptions],
        ) -> None: ...

        @overload
        def __init__(
            self: AsyncMockProducer[Bytes, V_contra],
            *,
            auto_complete: bool = True,
            partitions: Mapping[str, int] | None = None,
            **configs: Unpack[ValueProducerOptions[V_contra]],
        ) -> None: ...

        @overload
        def __init__(
            self,
            *,
            auto_complete: bool = True,
            partitions: Mapping[str, int] | None = None,
            **configs: Unpack[ProducerOptions[K_contra, V_contra]],
        ) -> None: ...

    def __init__(
        self,
        *,
        auto_complete: bool = True,
        partitions: Mapping[str, int] | None = None,
        **configs: Unpack[ProducerOptions[K_contra, V_contra]],
    ) -> None:
        self._mock = MockProducerCalls(
            type(self).__name__, configs, auto_complete=auto_complete, partitions=partitions
        )
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
    def flushes(self) -> int:
        """How often ``flush()`` was called."""
        return self._mock.flushes

    @property
    def commits(self) -> int:
        """How many transactions were committed."""
        return self._mock.commits

    # -- what the test calls ----------------------------------------------------------------------

    history = direct(MockProducerCalls.history)
    uncommitted = direct(MockProducerCalls.uncommitted)
    committed_offsets = direct(MockProducerCalls.committed_offsets)
    clear = direct(MockProducerCalls.clear)
    complete_next = direct(MockProducerCalls.complete_next)
    error_next = direct(MockProducerCalls.error_next)
    fail_next = direct(MockProducerCalls.fail_next)
    raise_next = direct(MockProducerCalls.raise_next)
    fence = direct(MockProducerCalls.fence)

    # -- what the code under test calls -----------------------------------------------------------

    async def start(self) -> None:
        """Take note of the start; nothing has to be looked for."""
        if self.started or self.closed:
            raise IllegalStateError("the producer was started before; make a new one")
        self.started = True

    async def close(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - public name
        *,
        raise_on_error: bool = False,
    ) -> None:
        """Deliver waiting records, or with ``timeout=0`` fail them."""
        self._mock.close(timeout, raise_on_error=raise_on_error)

    async def stop(self) -> None:
        """Close; the name that aiokafka has for it."""
        await self.close()

    send = awaited(MockProducerCalls.send)
    send_many = awaited(MockProducerCalls.send_many)
    flush = awaited(MockProducerCalls.flush)
    partitions_for = awaited(MockProducerCalls.partitions_for)
    bootstrap_connected = direct(MockProducerCalls.bootstrap_connected)
    metrics = by_raw(direct(MockProducerCalls.metrics))

    init_transactions = awaited(MockProducerCalls.init_transactions)
    begin_transaction = awaited(MockProducerCalls.begin_transaction)
    send_offsets_to_transaction = awaited(MockProducerCalls.send_offsets_to_transaction)
    prepare_transaction = awaited(MockProducerCalls.prepare_transaction)
    commit_transaction = awaited(MockProducerCalls.commit_transaction)
    abort_transaction = awaited(MockProducerCalls.abort_transaction)
