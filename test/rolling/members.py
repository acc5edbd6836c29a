"""Members that are restarted: ours, and those of confluent-kafka, each on a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from test.rolling.pauses import Read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.structs import TopicPartition

_PATIENCE: Final = 60.0
SESSION_MS: Final = 10_000
HEARTBEAT: Final = 3.0


class Reader(Protocol):
    """What runs on the thread of a member."""

    def __call__(self, member: Member) -> None:
        """Read until the member is over."""


class Member:
    """One member of a group.

    Args:
        name: of the member.
        read: what it does.

    Attributes:
        reads: what it has read.
        started: when it was started, in seconds.
        assigned: when it was told of assignments.
    """

    def __init__(self, name: str, read: Reader) -> None:
        self.name = name
        self.reads: list[Read] = []
        self.assigned: list[float] = []
        self._read = read
        self._error: BaseException | None = None
        self._over = threading.Event()
        self.started = time.time()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._read(self)
        except BaseException as error:  # noqa: BLE001 - raised by stop()
            self._error = error

    @property
    def is_over(self) -> bool:
        """Whether it is to close."""
        return self._over.is_set()

    def note(self, partition: int, timestamp_ms: int) -> None:
        """Take note of a record."""
        self.reads.append(Read(time.time(), partition, self.name, timestamp_ms / 1000))

    def stop(self) -> None:
        """Close it, and raise what it has raised."""
        self._over.set()
        self._thread.join(_PATIENCE)
        assert not self._thread.is_alive(), f"{self} does not close"
        if self._error is not None:
            raise self._error

    def __repr__(self) -> str:
        last = time.time() - self.reads[-1].at if self.reads else None
        return f"<Member {self.name} read {len(self.reads)}, last {last} s ago, {self._error!r}>"


class _Counting(ConsumerRebalanceListener):
    def __init__(self, member: Member) -> None:
        self._member = member

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._member.assigned.append(time.time())

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        pass


def ours(servers: Sequence[str], topic: str, group: str, instance: str | None) -> Reader:
    """Return a member with this client: static with an *instance*, otherwise cooperative."""
    options: dict[str, Any] = {"group_instance_id": instance}  # Any: options of every type
    if instance is None:
        options = {"partition_assignment_strategy": [CooperativeStickyAssignor]}

    def read(member: Member) -> None:
        with KafkaConsumer(
            bootstrap_servers=servers,
            group_id=group,
            client_id=member.name,
            auto_offset_reset="latest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT * 1000,
            **options,
        ) as consumer:
            consumer.subscribe([topic], listener=_Counting(member))
            while not member.is_over:
                for tp, records in consumer.poll(100).items():
                    for record in records:
                        member.note(tp.partition, record.timestamp)

    return read


def confluent(servers: Sequence[str], topic: str, group: str, instance: str | None) -> Reader:
    """Return the same with confluent-kafka."""
    from confluent_kafka import Consumer

    options: dict[str, Any] = {
        "bootstrap.servers": ",".join(servers),
        "group.id": group,
        "auto.offset.reset": "latest",
        "session.timeout.ms": SESSION_MS,
        "heartbeat.interval.ms": int(HEARTBEAT * 1000),
        "partition.assignment.strategy": "cooperative-sticky",
    }
    if instance is not None:
        options |= {"partition.assignment.strategy": "range", "group.instance.id": instance}

    def read(member: Member) -> None:
        def on_assign(_consumer: object, _partitions: object) -> None:
            member.assigned.append(time.time())

        consumer = Consumer({**options, "client.id": member.name})
        try:
            consumer.subscribe([topic], on_assign=on_assign)
            while not member.is_over:
                found = consumer.poll(0.1)
                if found is None or found.error():
                    continue
                partition = found.partition()
                if partition is not None:
                    member.note(partition, found.timestamp()[1])
        finally:
            consumer.close()

    return read
