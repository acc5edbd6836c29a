"""What the methods of the admin client return: dicts and lists with the shape of kafka-python 3.x.

Pure. Where 2.x had other names for keys, `Record` answers them too, but does not list them: ``==``,
``json.dumps`` and iteration see the shape of 3.x only. Keys are attributes as well, as in the
responses that 2.x returned. For each dict a `TypedDict` says what is in it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


class Record(dict[str, Any]):  # Any: each key has a type of its own
    """A dict whose keys are attributes too, some of them also under their names of 2.x.

    ``record[0]`` is the first value: the responses of kafka-python are tuples as well.

    Attributes:
        OLD_KEYS: names of kafka-python 2.x, and the keys that they are today.
    """

    OLD_KEYS: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __missing__(self, key: str | int) -> Any:  # Any: as the class
        """Return the value at a position, or of the key that *key* is the old name of."""
        if isinstance(key, int):
            return list(self.values())[key]
        today = self.OLD_KEYS.get(key)
        if today is None:
            raise KeyError(key)
        return self[today]

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a key, by its old name too."""
        return super().__contains__(key) or (
            isinstance(key, str) and super().__contains__(self.OLD_KEYS.get(key))
        )

    def get(self, key: str, default: Any = None) -> Any:  # Any: as the class
        """Return the value of *key*, by its old name too; else *default*."""
        return self[key] if key in self else default  # noqa: SIM401 - it is what it would call

    def __getattr__(self, name: str) -> Any:  # Any: as the class
        """Return the value of a key."""
        if name in self:
            return self[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}; it has {', '.join(self)}")


# -- topics ------------------------------------------------------------------------------------


class CreatedTopicView(TypedDict, total=False):
    """What `create_topics` says of a topic; brokers before 2.4 say less."""

    name: str
    topic_id: str | None
    error_code: int
    error_message: str | None
    topic_config_error_code: int
    num_partitions: int
    replication_factor: int
    configs: dict[str, dict[str, Any]]


class CreateTopicsResult(Record):
    """``{'topics': [...]}``.

    Attributes:
        topics: the topics, in the order in which they were given.
    """

    topics: list[CreatedTopicView]

    @property
    def topic_errors(self) -> list[tuple[str, int, str | None]]:
        """Topic, error code and message of each, as in 2.x."""
        return [(t["name"], t["error_code"], t["error_message"]) for t in self["topics"]]


class DeletedTopicView(TypedDict):
    """What `delete_topics` says of a topic."""

    name: str | None
    topic_id: str | None
    error_code: int
    error_message: str | None


class DeleteTopicsResult(Record):
    """``{'topics': [...]}``.

    Attributes:
        topics: the topics, in the order in which they were given.
    """

    topics: list[DeletedTopicView]

    @property
    def topic_error_codes(self) -> list[tuple[str | None, int]]:
        """Topic and error code of each, as in 2.x."""
        return [(topic["name"], topic["error_code"]) for topic in self["topics"]]


class CreatePartitionsResult(Record):
    """``{'throttle_time_ms': 0, 'results': [...]}``; keys are attributes.

    Attributes:
        results: the topics, in the order in which they were given.
    """

    # Any: `Record` objects: name, error_code and error_message are keys and attributes.
    results: list[Any]

    @property
    def topic_errors(self) -> list[tuple[str, int, str | None]]:
        """Topic, error code and message of each, as in 2.x."""
        return [(t["name"], t["error_code"], t["error_message"]) for t in self["results"]]


class DescribedPartitionView(TypedDict):
    """What `describe_topics` says of a partition."""

    error_code: int
    partition_index: int
    leader_id: int
    leader_epoch: int
    replica_nodes: list[int]
    isr_nodes: list[int]
    offline_replicas: list[int]


class DescribedTopicView(TypedDict):
    """What `describe_topics` says of a topic."""

    error_code: int
    name: str | None
    topic_id: str | None
    is_internal: bool
    partitions: list[DescribedPartitionView]
    authorized_operations: list[str] | None


class DescribedPartition(Record):
    """See `DescribedPartitionView`; 2.x had shorter keys."""

    OLD_KEYS = MappingProxyType(
        {
            "partition": "partition_index",
            "leader": "leader_id",
            "replicas": "replica_nodes",
            "isr": "isr_nodes",
        }
    )

    error_code: int
    partition_index: int
    leader_id: int
    leader_epoch: int
    replica_nodes: list[int]
    isr_nodes: list[int]
    offline_replicas: list[int]


class DescribedTopic(Record):
    """See `DescribedTopicView`; in 2.x ``name`` was ``topic``."""

    OLD_KEYS = MappingProxyType({"topic": "name"})

    error_code: int
    name: str | None
    topic_id: str | None
    is_internal: bool
    partitions: list[DescribedPartition]
    authorized_operations: list[str] | None


class TopicPartitionsView(TypedDict):
    """A topic as `describe_topic_partitions` describes it.

    Its partitions also have ``eligible_leader_replicas`` and ``last_known_elr``.
    """

    error_code: int
    name: str | None
    topic_id: UUID | None
    is_internal: bool
    partitions: list[dict[str, Any]]
    topic_authorized_operations: int


class CursorView(TypedDict):
    """Where the next page of `describe_topic_partitions` begins."""

    topic_name: str
    partition_index: int


class TopicPartitionsResult(Record):
    """``{'topics': [...], 'next_cursor': ...}``.

    Attributes:
        topics: the topics by name.
        next_cursor: where the next page begins; ``None`` if this was the last.
    """

    topics: list[TopicPartitionsView]
    next_cursor: CursorView | None


# -- partitions --------------------------------------------------------------------------------


class DeletedRecordsView(TypedDict):
    """What `delete_records` says of a partition."""

    partition_index: int
    low_watermark: int
    error_code: int


class ElectLeadersResult(Record):
    """Topics with the outcome of the election in each partition; keys are attributes.

    Attributes:
        throttle_time_ms: 0; waiting is the client's own matter.
        error_code: of the whole request.
        replica_election_results: ``topic`` and ``partition_result`` of each topic; the latter has
            ``partition_id``, ``error_code`` and ``error_message`` of each partition.
    """

    OLD_KEYS = MappingProxyType({"replication_election_results": "replica_election_results"})

    throttle_time_ms: int
    error_code: int
    replica_election_results: list[Any]  # Any: `Record` objects


class ReassignmentView(TypedDict):
    """What `list_partition_reassignments` says of a partition."""

    replicas: list[int]
    adding_replicas: list[int]
    removing_replicas: list[int]
