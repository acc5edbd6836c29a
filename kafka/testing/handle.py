"""What a test may do to a running cluster and ask of it, from any thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from kafka.testing.broker.faults import Fail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka.errors import BrokerResponseError
    from kafka.record.memory_records import Record
    from kafka.testing.broker.control import Control
    from kafka.testing.broker.faults import Action, Rule
    from kafka.testing.broker.recorder import SeenRequest
    from kafka.testing.broker.wire import AnyRequest

T = TypeVar("T")


class ClusterHandle(ABC):
    """The part of `kafka.testing.EmbeddedCluster` that passes calls on to its `Control`."""

    @abstractmethod
    def run(self, function: Callable[[Control], T]) -> T:
        """Call *function* with the `Control` on the cluster's loop and return its result."""

    # -- faults ---------------------------------------------------------------------------------

    def inject(
        self,
        api: type[AnyRequest],
        action: Action,
        *,
        times: int | None = 1,
        node_id: int | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        partition: int | None = None,
        when: Callable[[AnyRequest], bool] | None = None,
    ) -> Rule:
        """Let something go wrong with the next *times* requests that match.

        Args:
            api: request class, e.g. ``ProduceRequest``.
            action: one of `kafka.testing.broker.faults`, e.g. ``Disconnect()``.
            times: ``None`` for all until `clear_faults`.
            node_id: only at this broker.
            client_id: only from this client.
            topic: only requests that name this topic.
            partition: only requests that name this partition of *topic*.
            when: only requests for which this returns true; called on the cluster's loop.
        """
        return self.run(
            lambda control: control.inject(
                api,
                action,
                times=times,
                node_id=node_id,
                client_id=client_id,
                topic=topic,
                partition=partition,
                when=when,
            )
        )

    def fail(
        self,
        api: type[AnyRequest],
        error: type[BrokerResponseError],
        *,
        times: int | None = 1,
        node_id: int | None = None,
        client_id: str | None = None,
        topic: str | None = None,
        partition: int | None = None,
        applied: bool = False,
    ) -> Rule:
        """Answer *error* to the next *times* requests that match, perhaps after applying them."""
        return self.inject(
            api,
            Fail(error, applied),
            times=times,
            node_id=node_id,
            client_id=client_id,
            topic=topic,
            partition=partition,
        )

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.run(lambda control: control.plan.clear())

    # -- looking --------------------------------------------------------------------------------

    def requests(
        self,
        api: type[AnyRequest] | None = None,
        *,
        node_id: int | None = None,
        client_id: str | None = None,
    ) -> list[SeenRequest]:
        """Return the requests seen so far, oldest first."""
        return self.run(lambda control: control.requests(api, node_id=node_id, client_id=client_id))

    def count(self, api: type[AnyRequest]) -> int:
        """Return how many requests of *api* have come."""
        return self.run(lambda control: control.count(api))

    def accepted(self, node_id: int) -> int:
        """Return how many connections a broker has accepted so far."""
        return self.run(lambda control: control.accepted(node_id))

    def records(self, topic: str, partition: int = 0) -> list[Record]:
        """Return what is in the log of a partition, without control records."""
        return self.run(lambda control: control.records(topic, partition))

    # -- brokers --------------------------------------------------------------------------------

    def freeze(self, node_id: int) -> None:
        """Let a broker take connections and requests and answer nothing."""
        self.run(lambda control: control.freeze(node_id))

    def thaw(self, node_id: int) -> None:
        """Let a frozen broker go on."""
        self.run(lambda control: control.thaw(node_id))

    def disconnect(self, node_id: int) -> None:
        """Cut every connection of a broker."""
        self.run(lambda control: control.disconnect(node_id))

    def advertise(self, node_id: int, host: str, port: int) -> None:
        """Tell clients another address of a broker; it goes on listening where it does."""
        self.run(lambda control: control.advertise(node_id, host, port))

    # -- topics ---------------------------------------------------------------------------------

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int = -1,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """Create a topic.

        Args:
            name: of the topic.
            partitions: how many.
            replication_factor: replicas of each; -1, the default, takes the broker config
                ``default.replication.factor``, which is 1 unless set.
            config: topic configs, by Kafka's names.
        """
        self.run(lambda control: control.create_topic(name, partitions, replication_factor, config))

    def add_partitions(self, topic: str, count: int) -> None:
        """Let a topic have *count* partitions in all."""
        self.run(lambda control: control.add_partitions(topic, count))

    def append(
        self,
        topic: str,
        *values: bytes | None,
        partition: int = 0,
        timestamp_ms: int | None = None,
    ) -> int:
        """Append one batch with a record for each value, without keys.

        Args:
            topic: name.
            values: at least one.
            partition: of the topic.
            timestamp_ms: of every record; now if left out.

        Returns:
            The first offset.
        """
        return self.run(
            lambda control: control.append(topic, partition, values, timestamp_ms=timestamp_ms)
        )

    def corrupt(self, topic: str, partition: int, offset: int) -> None:
        """Damage the batch that holds *offset*, so that its CRC is wrong."""
        self.run(lambda control: control.corrupt(topic, partition, offset))

    def delete_topic(self, name: str) -> None:
        """Delete a topic."""
        self.run(lambda control: control.delete_topic(name))

    def move_leader(self, topic: str, partition: int, node_id: int) -> None:
        """Make another broker lead a partition, in a new leader epoch."""
        self.run(lambda control: control.move_leader(topic, partition, node_id))

    def bump_leader_epoch(self, topic: str, partition: int) -> int:
        """Elect the same leader again and return its new epoch."""
        return self.run(lambda control: control.bump_leader_epoch(topic, partition))

    def truncate(self, topic: str, partition: int, offset: int) -> None:
        """Lose the records from *offset* on, as an unclean leader election does."""
        self.run(lambda control: control.truncate(topic, partition, offset))

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Delete the records below an offset."""
        self.run(lambda control: control.delete_records(topic, partition, before))

    def move_coordinator(self, kind: str, key: str, node_id: int) -> None:
        """Let another broker coordinate a group (``"group"``) or ``"transaction"``al id."""
        self.run(lambda control: control.move_coordinator(kind, key, node_id))
