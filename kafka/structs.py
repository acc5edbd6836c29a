"""The named tuples that users see.  Pure, and light to import.

All of them compare, hash, copy and pickle by value.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Generic, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    from kafka.errors import KafkaError

    # Keys and values of a record; an annotation that does not name them takes any.
    RK_co = TypeVar("RK_co", covariant=True, default=Any)
    RV_co = TypeVar("RV_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    # The typing module has defaults of type parameters (PEP 696) from Python 3.13 on only.
    RK_co = TypeVar("RK_co", covariant=True)
    RV_co = TypeVar("RV_co", covariant=True)


class TopicPartition(NamedTuple):
    """One partition of a topic.

    Args:
        topic: name of the topic.
        partition: number of the partition, from 0.
    """

    topic: str
    partition: int


class TopicPartitionReplica(NamedTuple):
    """One replica of a partition.

    Args:
        topic: name of the topic.
        partition: number of the partition, from 0.
        broker_id: node id of the broker that hosts the replica.
    """

    topic: str
    partition: int
    broker_id: int


class OffsetAndMetadata(NamedTuple):
    """An offset to commit, or one committed, with the text the application stored beside it.

    Args:
        offset: offset of the next record to read.
        metadata: any text; never ``None``.
        leader_epoch: epoch of the leader the last record was read from, -1 if unknown (KIP-320).
    """

    offset: int | None = None
    metadata: str = ""
    leader_epoch: int = -1


class OffsetAndTimestamp(NamedTuple):
    """The answer to a search by time (KIP-79).

    Args:
        offset: offset of the record found.
        timestamp: its timestamp, in milliseconds since the Unix epoch.
        leader_epoch: epoch of the leader that wrote it, -1 if unknown (KIP-320).
    """

    offset: int
    timestamp: int
    leader_epoch: int


class MemberState:
    """What `ConsumerGroupMetadata.state` may say; plain strings, as kafka-python has them."""

    UNJOINED = "<unjoined>"
    REBALANCING = "<rebalancing>"
    STABLE = "<stable>"


class ConsumerGroupMetadata(NamedTuple):
    """What a consumer is in its group at one moment.

    The first four fields are what a broker needs to reject offsets of a consumer that has been
    replaced (KIP-447); hand the whole to `KafkaProducer.send_offsets_to_transaction`.

    Args:
        group_id: name of the group, ``None`` with manual assignment.
        generation_id: generation of the group, -1 before joining.
        member_id: id the coordinator gave, empty before joining.
        group_instance_id: id of a static member (KIP-345), ``None`` for a dynamic one.
        state: one of the constants of `MemberState`.
    """

    group_id: str | None = None
    generation_id: int = -1
    member_id: str = ""
    group_instance_id: str | None = None
    state: str = MemberState.UNJOINED


class BrokerMetadata(NamedTuple):
    """One broker of the cluster.

    Args:
        nodeId: its node id.
        host: name or address that clients connect to.
        port: TCP port.
        rack: rack or availability zone, ``None`` if not set (KIP-36).
    """

    nodeId: int  # noqa: N815 - kafka-python's name of this field
    host: str
    port: int
    rack: str | None

    @property
    def node_id(self) -> int:
        """The node id, under the name the rest of the package uses."""
        return self.nodeId


class PartitionMetadata(NamedTuple):
    """What the cluster says about one partition.

    Args:
        topic: name of the topic.
        partition: number of the partition, from 0.
        leader: node id of the leader, -1 while there is none.
        leader_epoch: how often the leader has changed, -1 if unknown (KIP-320).
        replicas: node ids of all replicas, the preferred leader first.
        isr: node ids of the replicas in sync.
        offline_replicas: node ids of the replicas that are down (KIP-112).
        error: class of the error reported for the partition, ``None`` for none.
    """

    topic: str
    partition: int
    leader: int
    leader_epoch: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    offline_replicas: tuple[int, ...]
    error: type[KafkaError] | None


class MemberInformation(NamedTuple):
    """One member of a described group (kafka-python 2.x).

    Args:
        member_id: id the coordinator gave.
        client_id: the member's ``client_id``.
        client_host: address it connects from.
        member_metadata: its subscription, decoded for consumers, else bytes.
        member_assignment: its assignment, decoded for consumers, else bytes.
    """

    member_id: str
    client_id: str
    client_host: str
    member_metadata: object
    member_assignment: object


class GroupInformation(NamedTuple):
    """One described group (kafka-python 2.x).

    Args:
        error_code: Kafka's error code, 0 for none.
        group: name of the group.
        state: its state, e.g. ``Stable``.
        protocol_type: ``consumer`` for groups of consumers.
        protocol: name of the assignor in use.
        members: its members.
        authorized_operations: what the caller may do with it (KIP-430), ``None`` if not asked.
    """

    error_code: int
    group: str
    state: str
    protocol_type: str
    protocol: str
    members: list[MemberInformation]
    authorized_operations: object


class RetryOptions(NamedTuple):
    """How often to try again (kafka-python 1.x and 2.x).

    Args:
        limit: attempts after the first; ``None`` for no limit.
        backoff_ms: milliseconds between two attempts.
        retry_on_timeouts: whether a time-out counts as worth another attempt.
    """

    limit: int | None
    backoff_ms: int
    retry_on_timeouts: bool


class ConsumerRecord(NamedTuple, Generic[RK_co, RV_co]):
    """One record read from a partition.

    Two records are equal if all fields are; the hash is that of topic, partition and offset.

    Args:
        topic: name of the topic.
        partition: number of the partition.
        leader_epoch: epoch of the leader that wrote the batch, ``None`` if unknown (KIP-320).
        offset: offset in the partition.
        timestamp: milliseconds since the Unix epoch, -1 for records without one.
        timestamp_type: 0 if the producer set the timestamp, 1 if the broker did; ``None`` for
            records of the oldest format, which have no timestamp.
        key: key, after the deserializer.
        value: value, after the deserializer; ``None`` for a tombstone.
        headers: pairs of name and bytes (KIP-82), a list of its own for each record.
        checksum: CRC of the record in the two oldest formats, else ``None``.
        serialized_key_size: bytes of the key as received, -1 without a key.
        serialized_value_size: bytes of the value as received, -1 without a value.
        serialized_header_size: bytes of header names and values, -1 without headers.
    """

    topic: str
    partition: int
    leader_epoch: int | None
    offset: int
    timestamp: int
    timestamp_type: int | None
    key: RK_co
    value: RV_co
    headers: list[tuple[str, bytes | None]]
    checksum: int | None
    serialized_key_size: int
    serialized_value_size: int
    serialized_header_size: int

    def __hash__(self) -> int:
        """Return a hash of where the record is; the list of headers has none."""
        return hash((self.topic, self.partition, self.offset))


class RecordMetadata(NamedTuple):
    """Where a record that was sent has been stored.

    Args:
        topic: name of the topic.
        partition: number of the partition.
        topic_partition: both together.
        offset: offset given by the broker, -1 with ``acks=0``.
        timestamp: milliseconds since the Unix epoch: the record's, or the broker's if the topic
            says so.
        checksum: always ``None`` for the present record format.
        serialized_key_size: bytes of the key as sent, -1 without a key.
        serialized_value_size: bytes of the value as sent, -1 without a value.
        serialized_header_size: bytes of header names and values, -1 without headers.
    """

    topic: str
    partition: int
    topic_partition: TopicPartition
    offset: int
    timestamp: int | None
    checksum: int | None
    serialized_key_size: int
    serialized_value_size: int
    serialized_header_size: int


class IsolationLevel(IntEnum):
    """Which records of transactions a reader sees (KIP-98)."""

    READ_UNCOMMITTED = 0
    READ_COMMITTED = 1


class OffsetSpec(IntEnum):
    """Offsets that can be asked for by their meaning; other values are timestamps in ms."""

    LATEST = -1
    EARLIEST = -2
    MAX_TIMESTAMP = -3  # the record with the largest timestamp (KIP-734)
    EARLIEST_LOCAL = -4  # the first one not only in remote storage (KIP-405)
    LATEST_TIERED = -5  # the last one in remote storage (KIP-1005)
