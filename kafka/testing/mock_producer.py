"""`MockProducer`: takes the calls of a `KafkaProducer`; the test decides when it delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.type_params import K_contra, V_contra
from kafka.config.producer import ProducerConfig
from kafka.config.signature import OptionsSignature
from kafka.metrics.sensors import by_raw
from kafka.producer.kafka import KafkaProducer
from kafka.testing.mock_faces import direct
from kafka.testing.mock_producer_calls import MockProducerCalls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack, overload

    from kafka.config.forms import Bytes
    from kafka.config.typed import BytesProducerOptions, ProducerOptions, ValueProducerOptions


class MockProducer(KafkaProducer[K_contra, V_contra]):
    """A `KafkaProducer` without Kafka.

    It delivers a record at once, or with ``auto_complete=False`` when the test calls
    `complete_next` or `error_next`. Callbacks run in the thread of that call. A key leads to the
    same partition as in the real producer; records without key go to the partitions in turn.

    Args:
        auto_complete: deliver each record within ``send()``.
        partitions: how many partitions topics have; 1 for topics not named.
        **configs: the options of `KafkaProducer`: serializers, partitioner, ``max_request_size``
            and ``buffer_memory`` are used, the others only checked.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
    """

    __module__ = "kafka.testing"
    __signature__ = OptionsSignature(ProducerConfig)

    # KafkaProducer.__init__ is not called: it starts a thread and looks for brokers. Every public
    # method that uses what it would have set is replaced.
    if TYPE_CHECKING:  # as in the real producer

        @overload
        def __init__(
            self: MockProducer[Bytes, Bytes],
            *,
            auto_complete: bool = True,
            partitions: Mapping[str, int] | None = None,
            **configs: Unpack[BytesProducerOptions],
        ) -> None: ...

        @overload
        def __init__(
            self: MockProducer[Bytes, V_contra],
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

    send = direct(MockProducerCalls.send)
    send_many = direct(MockProducerCalls.send_many)
    flush = direct(MockProducerCalls.flush)
    close = direct(MockProducerCalls.close)
    partitions_for = direct(MockProducerCalls.partitions_for)
    bootstrap_connected = direct(MockProducerCalls.bootstrap_connected)
    metrics = by_raw(direct(MockProducerCalls.metrics))

    init_transactions = direct(MockProducerCalls.init_transactions)
    begin_transaction = direct(MockProducerCalls.begin_transaction)
    send_offsets_to_transaction = direct(MockProducerCalls.send_offsets_to_transaction)
    prepare_transaction = direct(MockProducerCalls.prepare_transaction)
    commit_transaction = direct(MockProducerCalls.commit_transaction)
    abort_transaction = direct(MockProducerCalls.abort_transaction)
