"""How to find the node to ask: any, the controller, a leader, a coordinator, a named broker.  Pure.

A look-up is a request that any node can answer. What it finds is used for one call only, so that a
node that has left the cluster is not waited for; what the cluster metadata says of the controller
and of named brokers is believed at first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic

from kafka.admin.operation import ANY, K, Lookup, Target
from kafka.errors import (
    BrokerNotAvailableError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    LeaderNotAvailableError,
    NotControllerError,
    NotCoordinatorError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.find_coordinator import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.admin.operation import Answer, Verdicts
    from kafka.cluster import ClusterSnapshot
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

GROUP: Final = 0
"""Kind of coordinator: that of a group."""
TRANSACTION: Final = 1
"""Kind of coordinator: that of a transactional id."""

_METADATA_VERDICTS: Final[Verdicts] = {
    # A topic that has just been created may not have reached the broker that was asked.
    UnknownTopicOrPartitionError: Verdict.RETRY,
    LeaderNotAvailableError: Verdict.RETRY,
    NotControllerError: Verdict.RETRY,
}
_COORDINATOR_VERDICTS: Final[Verdicts] = {
    # The first look-up in a new cluster creates the topic that coordinators keep their data in.
    CoordinatorNotAvailableError: Verdict.RETRY,
    CoordinatorLoadInProgressError: Verdict.RETRY,
    NotCoordinatorError: Verdict.RETRY,
    UnknownError: Verdict.RETRY,
}


def to_any(target: Target = ANY) -> Lookup[Any]:  # Any: it does not look at keys
    """Return the way to any node.

    Args:
        target: `ANY`, or `ANY_ONCE` for changes.
    """
    return Lookup(lambda _key: target, lambda _key, _snapshot: None)


def to_controller() -> Lookup[Any]:  # Any: it does not look at keys
    """Return the way to the controller, which makes the changes of a cluster."""
    return Lookup(lambda _key: None, _cached_controller, FindController())


def to_broker(node_id: Callable[[K], int | None], others: Target = ANY) -> Lookup[K]:
    """Return the way to the broker that a key names.

    Args:
        node_id: returns it; ``None`` if any broker can answer.
        others: whom to ask about keys that name none.
    """

    def cached(key: K, snapshot: ClusterSnapshot) -> int | None:
        wanted = node_id(key)
        return wanted if wanted in snapshot.brokers else None

    return Lookup(lambda key: others if node_id(key) is None else None, cached, FindBroker(node_id))


def to_leader(
    partition: Callable[[K], TopicPartition], verdicts: Verdicts | None = None
) -> Lookup[K]:
    """Return the way to the leader of a partition.

    Args:
        partition: returns the partition that a key stands for.
        verdicts: what else than trying again to do about errors of a look-up.
    """
    search = FindLeader(partition, {**_METADATA_VERDICTS, **(verdicts or {})})
    return Lookup(lambda _key: None, lambda _key, _snapshot: None, search)


def to_coordinator(key_type: int, name: Callable[[K], str]) -> Lookup[K]:
    """Return the way to the coordinator of a group or of a transactional id.

    Args:
        key_type: `GROUP` or `TRANSACTION`.
        name: returns the group or the id that a key stands for.
    """
    return Lookup(lambda _key: None, lambda _key, _snapshot: None, FindCoordinator(key_type, name))


def _cached_controller(key: object, snapshot: ClusterSnapshot) -> int | None:
    del key
    return None if snapshot.controller is None else snapshot.controller.node_id


def brokers_only() -> MetadataRequest:
    """Return a request for the brokers and the controller, without topics."""
    return MetadataRequest(topics=[], allow_auto_topic_creation=True)


class FindController:
    """Ask for the controller."""

    finds = "the controller"
    verdicts = _METADATA_VERDICTS

    def build(self, keys: Sequence[K]) -> MetadataRequest:
        """Return a request for the brokers."""
        del keys
        return brokers_only()

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[K]
    ) -> Mapping[K, int | KafkaError]:
        """Return the controller, for each key the same."""
        response = answer.response
        found: int | KafkaError = response.controller_id
        if found not in {broker.node_id for broker in response.brokers}:
            found = NotControllerError(f"node {answer.node_id} knows no controller")
        return dict.fromkeys(keys, found)


class FindBroker(Generic[K]):
    """Ask whether a broker is in the cluster.

    Args:
        node_id: returns the broker that a key names.
    """

    finds = "the broker"
    verdicts = _METADATA_VERDICTS

    def __init__(self, node_id: Callable[[K], int | None]) -> None:
        self._node_id = node_id

    def build(self, keys: Sequence[K]) -> MetadataRequest:
        """Return a request for the brokers."""
        del keys
        return brokers_only()

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[K]
    ) -> Mapping[K, int | KafkaError]:
        """Return the broker, or an error that lists those that there are."""
        there = sorted(broker.node_id for broker in answer.response.brokers)
        found: dict[K, int | KafkaError] = {}
        for key in keys:
            wanted = self._node_id(key)
            if wanted is not None and wanted in there:
                found[key] = wanted
                continue
            names = ", ".join(map(str, there))
            found[key] = BrokerNotAvailableError(
                f"broker {wanted} is not in the cluster, which has {names}"
            )
        return found


class FindLeader(Generic[K]):
    """Ask for the leaders of partitions.

    Args:
        partition: returns the partition that a key stands for.
        verdicts: what to do about errors.
    """

    finds = "the leader"

    def __init__(self, partition: Callable[[K], TopicPartition], verdicts: Verdicts) -> None:
        self._partition = partition
        self.verdicts = verdicts

    def build(self, keys: Sequence[K]) -> MetadataRequest:
        """Return a request for the topics of *keys*."""
        names = dict.fromkeys(self._partition(key).topic for key in keys)
        return MetadataRequest(
            topics=[MetadataRequest.MetadataRequestTopic(name=name) for name in names],
            allow_auto_topic_creation=False,
        )

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[K]
    ) -> Mapping[K, int | KafkaError]:
        """Return the leaders."""
        codes = {topic.name: topic.error_code for topic in answer.response.topics}
        leaders = {
            (topic.name, found.partition_index): found.leader_id
            for topic in answer.response.topics
            for found in topic.partitions
        }
        found: dict[K, int | KafkaError] = {}
        for key in keys:
            tp = self._partition(key)
            leader = leaders.get((tp.topic, tp.partition))
            if leader is not None and leader >= 0:
                found[key] = leader
                continue
            missing = UnknownTopicOrPartitionError if leader is None else LeaderNotAvailableError
            code = codes.get(tp.topic) or missing.errno
            found[key] = answer.error(code, None, f"partition {tp.topic}-{tp.partition}")
        return found


class FindCoordinator(Generic[K]):
    """Ask for the coordinators of groups or of transactional ids (KIP-699).

    Args:
        key_type: `GROUP` or `TRANSACTION`.
        name: returns the group or the id that a key stands for.
    """

    verdicts = _COORDINATOR_VERDICTS

    def __init__(self, key_type: int, name: Callable[[K], str]) -> None:
        self._key_type = key_type
        self._name = name
        self._noun = "transactional id" if key_type else "group"
        self.finds = "the transaction coordinator" if key_type else "the group coordinator"

    def build(self, keys: Sequence[K]) -> FindCoordinatorRequest:
        """Return a request for all of *keys*; brokers before Kafka 3.0 refuse more than one."""
        names = list(dict.fromkeys(map(self._name, keys)))
        return FindCoordinatorRequest(key_type=self._key_type, coordinator_keys=names)

    def read(
        self, answer: Answer[FindCoordinatorResponse], keys: Sequence[K]
    ) -> Mapping[K, int | KafkaError]:
        """Return the coordinators."""
        entries = {entry.key: entry for entry in answer.response.coordinators}
        found: dict[K, int | KafkaError] = {}
        for key in keys:
            name = self._name(key)
            # The answer to a request for one key, in its old form, does not repeat the key.
            entry = entries.get(name) or entries.get("")
            if entry is None:
                continue
            what = f"{self._noun} {name}"
            found[key] = (
                answer.error(entry.error_code, entry.error_message, what)
                if entry.error_code
                else entry.node_id
            )
        return found
