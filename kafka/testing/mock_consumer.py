"""`MockConsumer`: returns the records a test gives it, as a `KafkaConsumer` would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.type_params import K_co, V_co
from kafka.config.consumer import ConsumerConfig
from kafka.config.signature import OptionsSignature
from kafka.consumer.group import KafkaConsumer
from kafka.metrics.sensors import by_raw
from kafka.testing.mock_consumer_calls import MockConsumerCalls
from kafka.testing.mock_faces import direct

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Unpack

    from kafka.config.typed import ConsumerOptions
    from kafka.consumer.record_batch import RecordBatch
    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.subscription import SubscriptionState


class MockConsumer(KafkaConsumer[K_co, V_co]):
    """A `KafkaConsumer` without Kafka.

    A test adds records with `add_record`, at once or in a task that a later ``poll()`` runs (see
    `schedule`). No call waits: ``poll()`` returns the records that are there, and iteration ends
    when neither a record nor a task is left, as after ``consumer_timeout_ms``.

    What is added after a partition was assigned is returned; what was there before, only with
    ``auto_offset_reset="earliest"``. ``assign()`` works at once, and ``subscribe()`` as well unless
    there is a ``group_id``: then the partitions come with `rebalance`, which calls the listener.

    Args:
        *topics: names of topics to subscribe to.
        **configs: the options of `KafkaConsumer`: ``auto_offset_reset``, ``max_poll_records``,
            ``group_id`` and the deserializers are used, the others only checked.

    Raises:
        KafkaConfigurationError: an unknown option, or values that cannot work.
    """

    __module__ = "kafka.testing"
    __signature__ = OptionsSignature(ConsumerConfig)

    # KafkaConsumer.__init__ is not called: it starts a thread and looks for brokers. Every public
    # method is replaced, so nothing asks for what it would have set.
    def __init__(self, *topics: str, **configs: Unpack[ConsumerOptions[K_co, V_co]]) -> None:
        self._mock = MockConsumerCalls(type(self).__name__, topics, configs)
        self.config = self._mock.config

    def __repr__(self) -> str:
        """Return a status line."""
        return repr(self._mock)

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._mock.closed

    @property
    def revocations(self) -> int:
        """How often partitions were taken away."""
        return self._mock.revocations

    @property
    def _subscription(self) -> SubscriptionState:
        return self._mock.subscriptions

    # -- what the test calls ----------------------------------------------------------------------

    add_record = direct(MockConsumerCalls.add_record)
    update_partitions = direct(MockConsumerCalls.update_partitions)
    update_beginning_offsets = direct(MockConsumerCalls.update_beginning_offsets)
    update_end_offsets = direct(MockConsumerCalls.update_end_offsets)
    schedule = direct(MockConsumerCalls.schedule)
    raise_next = direct(MockConsumerCalls.raise_next)
    committed_offsets = direct(MockConsumerCalls.committed_offsets)

    def rebalance(self, partitions: Collection[TopicPartition]) -> None:
        """Assign *partitions* to this member of the group, and call its listener.

        Raises:
            IllegalStateError: there is no subscription.
        """
        mock = self._mock
        mock.begin_rebalance(partitions)
        mock.listening.run()
        mock.end_rebalance(partitions)
        mock.listening.run()

    # -- what the code under test calls -----------------------------------------------------------

    subscribe = direct(MockConsumerCalls.subscribe)
    assign = direct(MockConsumerCalls.assign)
    unsubscribe = direct(MockConsumerCalls.unsubscribe)
    subscription = direct(MockConsumerCalls.subscription)
    assignment = direct(MockConsumerCalls.assignment)
    seek = direct(MockConsumerCalls.seek)
    seek_to_beginning = direct(MockConsumerCalls.seek_to_beginning)
    seek_to_end = direct(MockConsumerCalls.seek_to_end)
    position = direct(MockConsumerCalls.position)
    highwater = direct(MockConsumerCalls.highwater)
    pause = direct(MockConsumerCalls.pause)
    resume = direct(MockConsumerCalls.resume)
    paused = direct(MockConsumerCalls.paused)
    health = direct(MockConsumerCalls.health)
    group_health = direct(MockConsumerCalls.group_health)
    current_lag = direct(MockConsumerCalls.current_lag)
    enforce_rebalance = direct(MockConsumerCalls.enforce_rebalance)
    commit = direct(MockConsumerCalls.commit)
    commit_async = direct(MockConsumerCalls.commit_async)
    committed = direct(MockConsumerCalls.committed)
    group_metadata = direct(MockConsumerCalls.group_metadata)
    consumed_offsets = direct(MockConsumerCalls.consumed_offsets)
    rewind = direct(MockConsumerCalls.rewind)

    offsets_for_times = direct(MockConsumerCalls.offsets_for_times)
    beginning_offsets = direct(MockConsumerCalls.beginning_offsets)
    end_offsets = direct(MockConsumerCalls.end_offsets)
    partitions_for_topic = direct(MockConsumerCalls.partitions_for_topic)
    topics = direct(MockConsumerCalls.topics)
    bootstrap = direct(MockConsumerCalls.bootstrap)
    bootstrap_connected = direct(MockConsumerCalls.bootstrap_connected)
    metrics = by_raw(direct(MockConsumerCalls.metrics))

    wakeup = direct(MockConsumerCalls.wakeup)
    close = direct(MockConsumerCalls.close)

    def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord[K_co, V_co]]]:
        """Run a scheduled task, then return the next records; see `KafkaConsumer.poll`."""
        limit = self._begin_poll(timeout_ms, max_records)
        return self._mock.collect(limit, update_offsets=update_offsets)

    def poll_batch(
        self,
        timeout_ms: float = 0,
        max_records: int | None = None,
        *,
        zero_copy: bool = False,
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return records like `poll`, a batch for each partition."""
        limit = self._begin_poll(timeout_ms, max_records)
        return self._mock.collect_batches(limit, views=zero_copy)

    def consume(
        self, num_messages: int = 1, timeout_ms: float = 0
    ) -> list[RecordBatch[K_co, V_co]]:
        """Return at most *num_messages* records; otherwise as `poll_batch`."""
        return self.poll_batch(timeout_ms, num_messages)

    def _begin_poll(self, timeout_ms: float, max_records: int | None) -> int:
        limit = self._mock.begin_poll(timeout_ms, max_records)
        task = self._mock.next_task()
        if task is not None:
            task()
        self._mock.find_positions()
        self._mock.listening.run()
        return limit

    def __next__(self) -> ConsumerRecord[K_co, V_co]:
        """Return the next record; stop when neither a record nor a task is left."""
        mock = self._mock
        record = mock.next_row()
        while record is None and not mock.closed:
            more = mock.has_more
            mock.set_rows(self.poll(update_offsets=False))
            record = mock.next_row()
            if not more:
                break
        if record is None:
            raise StopIteration
        return record
