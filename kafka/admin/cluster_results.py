"""What the calls about the cluster return: the shapes of kafka-python 3.x and 2.x.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypedDict

from kafka.admin.authorized_operations import operation_names
from kafka.admin.fan_out import ListOfAnswers
from kafka.admin.operation import Outcome
from kafka.admin.results import Record
from kafka.errors import NoError, for_code
from kafka.protocol.api_key import ApiKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kafka.admin.operations.cluster import ClusterFacts
    from kafka.admin.operations.log_dirs import LogDirs
    from kafka.errors import KafkaError
    from kafka.protocol.messages.api_versions import ApiVersionsResponse
    from kafka.protocol.messages.describe_quorum import DescribeQuorumResponse
    from kafka.structs import TopicPartitionReplica

_NO_DIRECTORY: Final = 0


class ClusterBroker(Record):
    """``{'broker_id': 1, 'host': ..., 'port': ..., 'rack': ..., 'is_fenced': False}``."""

    OLD_KEYS: ClassVar[dict[str, str]] = {"node_id": "broker_id"}


class ClusterView(TypedDict):
    """What `describe_cluster` returns."""

    cluster_id: str | None
    controller_id: int
    brokers: list[ClusterBroker]
    authorized_operations: list[str] | None


def cluster_view(facts: ClusterFacts) -> ClusterView:
    """Return the description of a cluster."""
    return ClusterView(
        cluster_id=facts.cluster_id,
        controller_id=facts.controller_id,
        brokers=[
            ClusterBroker(
                broker_id=broker.node_id,
                host=broker.host,
                port=broker.port,
                rack=broker.rack,
                is_fenced=broker.is_fenced,
            )
            for broker in facts.brokers
        ],
        authorized_operations=operation_names(facts.operations),
    )


# -- log directories -----------------------------------------------------------------------------


class LogDirPartitionView(TypedDict):
    """A partition in a directory; `is_future_key` says that it is on its way into it."""

    partition_index: int
    partition_size: int
    offset_lag: int
    is_future_key: bool


class LogDirTopicView(TypedDict):
    """The partitions of a topic in a directory."""

    name: str
    partitions: list[LogDirPartitionView]


class LogDirView(TypedDict):
    """A directory; sizes of the disk are -1 if the broker does not tell them (KIP-827)."""

    error_code: int
    log_dir: str
    topics: list[LogDirTopicView]
    total_bytes: int
    usable_bytes: int
    is_cordoned: bool


class BrokerLogDirsView(TypedDict):
    """What `describe_log_dirs` says of a broker."""

    broker: int
    log_dirs: list[LogDirView]


class DescribeLogDirsResult(ListOfAnswers[BrokerLogDirsView]):
    """``[{'broker': 1, 'log_dirs': [{'log_dir': '/data', 'topics': [...], ...}]}]``.

    Args:
        outcome: of the call; its keys are node ids.
    """

    def __init__(self, outcome: Outcome[int, LogDirs]) -> None:
        views = {broker: _log_dirs(found) for broker, found in sorted(outcome.results.items())}
        super().__init__(
            (BrokerLogDirsView(broker=broker, log_dirs=found) for broker, found in views.items()),
            Outcome(views, outcome.errors, outcome.doubtful),
        )

    @property
    def log_dirs(self) -> list[tuple[int, str, list[tuple[str, list[tuple[Any, ...]]]]]]:
        """The directories of all brokers, as tuples of tuples, as in 2.x.  Any: numbers, a bool."""
        return [
            (
                log_dir["error_code"],
                log_dir["log_dir"],
                [
                    (topic["name"], [tuple(part.values()) for part in topic["partitions"]])
                    for topic in log_dir["topics"]
                ],
            )
            for broker in self
            for log_dir in broker["log_dirs"]
        ]


def _log_dirs(found: LogDirs) -> list[LogDirView]:
    return [
        LogDirView(
            error_code=log_dir.error_code,
            log_dir=log_dir.log_dir,
            topics=[
                LogDirTopicView(
                    name=topic.name,
                    partitions=[
                        LogDirPartitionView(
                            partition_index=part.partition_index,
                            partition_size=part.partition_size,
                            offset_lag=part.offset_lag,
                            is_future_key=part.is_future_key,
                        )
                        for part in topic.partitions
                    ],
                )
                for topic in log_dir.topics
            ],
            total_bytes=log_dir.total_bytes,
            usable_bytes=log_dir.usable_bytes,
            is_cordoned=log_dir.is_cordoned,
        )
        for log_dir in found.results
    ]


class AlterReplicaLogDirsResult(dict["TopicPartitionReplica", "type[KafkaError]"]):
    """The class of the error by replica, `NoError` for none.

    Attributes:
        errors: the errors, which say where and why.
    """

    def __init__(self, outcome: Outcome[TopicPartitionReplica, None]) -> None:
        self.errors: dict[TopicPartitionReplica, KafkaError] = dict(outcome.errors)
        super().__init__(dict.fromkeys(outcome.results, NoError))
        self.update({replica: type(error) for replica, error in outcome.errors.items()})


# -- the quorum, versions, features --------------------------------------------------------------


class QuorumReplicaView(TypedDict):
    """A controller, or a broker that follows them; times are -1 if not told (KIP-836)."""

    replica_id: int
    replica_directory_id: str | None
    log_end_offset: int
    last_fetch_timestamp: int
    last_caught_up_timestamp: int


class QuorumPartitionView(TypedDict):
    """The partition of the cluster's metadata."""

    partition_index: int
    error: str | None
    leader_id: int
    leader_epoch: int
    high_watermark: int
    current_voters: list[QuorumReplicaView]
    observers: list[QuorumReplicaView]


class QuorumTopicView(TypedDict):
    """The topic of the cluster's metadata."""

    topic_name: str
    partitions: list[QuorumPartitionView]


class QuorumListenerView(TypedDict):
    """Where a controller listens."""

    name: str
    host: str
    port: int


class QuorumNodeView(TypedDict):
    """A controller."""

    node_id: int
    listeners: list[QuorumListenerView]


class QuorumView(TypedDict):
    """What `describe_metadata_quorum` returns; brokers before 3.9 name no nodes (KIP-853)."""

    topics: list[QuorumTopicView]
    nodes: list[QuorumNodeView]


def quorum_view(response: DescribeQuorumResponse) -> QuorumView:
    """Return topics and nodes of the metadata quorum."""
    return QuorumView(
        topics=[
            QuorumTopicView(
                topic_name=topic.topic_name,
                partitions=[_quorum_partition(part) for part in topic.partitions],
            )
            for topic in response.topics
        ],
        nodes=[
            QuorumNodeView(
                node_id=node.node_id,
                listeners=[
                    QuorumListenerView(name=found.name, host=found.host, port=found.port)
                    for found in node.listeners
                ],
            )
            for node in response.nodes
        ],
    )


def _quorum_partition(part: DescribeQuorumResponse.PartitionData) -> QuorumPartitionView:
    error = None
    if part.error_code:
        kind = for_code(part.error_code)
        error = str(kind(part.error_message) if part.error_message else kind())
    return QuorumPartitionView(
        partition_index=part.partition_index,
        error=error,
        leader_id=part.leader_id,
        leader_epoch=part.leader_epoch,
        high_watermark=part.high_watermark,
        current_voters=[_quorum_replica(replica) for replica in part.current_voters],
        observers=[_quorum_replica(replica) for replica in part.observers],
    )


def _quorum_replica(replica: DescribeQuorumResponse.ReplicaState) -> QuorumReplicaView:
    return QuorumReplicaView(
        replica_id=replica.replica_id,
        replica_directory_id=_directory(replica.replica_directory_id),
        log_end_offset=replica.log_end_offset,
        last_fetch_timestamp=replica.last_fetch_timestamp,
        last_caught_up_timestamp=replica.last_caught_up_timestamp,
    )


def _directory(directory_id: UUID) -> str | None:
    return str(directory_id) if directory_id.int != _NO_DIRECTORY else None


class FeatureView(TypedDict, total=False):
    """Levels of a feature: what a broker has, and what is in force, lowest and highest.

    What does not apply is left out.
    """

    supported: tuple[int, int]
    finalized: tuple[int, int]
    finalized_epoch: int


def features_view(response: ApiVersionsResponse) -> dict[str, FeatureView]:
    """Return the levels of each feature."""
    features = {
        feature.name: FeatureView(supported=(feature.min_version, feature.max_version))
        for feature in response.supported_features
    }
    for level in response.finalized_features:
        view = features.setdefault(level.name, FeatureView())
        view["finalized"] = (level.min_version_level, level.max_version_level)
        view["finalized_epoch"] = response.finalized_features_epoch
    return features


def api_versions_view(response: ApiVersionsResponse) -> dict[int, tuple[int, int]]:
    """Return lowest and highest version by API; APIs that are newer than this release by number."""
    known: Mapping[int, int] = ApiKey._value2member_map_  # type: ignore[assignment]  # its members
    return {
        known.get(key.api_key, key.api_key): (key.min_version, key.max_version)
        for key in response.api_keys
    }
