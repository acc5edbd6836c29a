"""Directories that brokers keep logs in: what is in them, and moves between them (KIP-113).

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from kafka.admin import arguments, request_size
from kafka.admin.lookups import to_broker
from kafka.admin.operation import ANY_ONCE
from kafka.errors import ReplicaNotAvailableError, UnknownTopicOrPartitionError
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsRequest
from kafka.protocol.messages.describe_log_dirs import (
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)
from kafka.structs import TopicPartition, TopicPartitionReplica

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.admin.operation import Answer, Lookup, Verdicts
    from kafka.errors import KafkaError
    from kafka.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsResponse

LogDirs = DescribeLogDirsResponse

# A broker knows best which replicas it has: no other one is asked.
LOG_DIR_VERDICTS: Final[Verdicts] = {
    UnknownTopicOrPartitionError: Verdict.FATAL,
    ReplicaNotAvailableError: Verdict.FATAL,
}


class DescribeLogDirs:
    """Ask each broker what is in its directories.

    Args:
        partitions: numbers of partitions by topic; ``None`` for all.
    """

    noun: Final = "log directories of broker"
    lookup: Final[Lookup[int]] = to_broker(lambda node_id: node_id)
    verdicts: Final[Verdicts] = LOG_DIR_VERDICTS

    def __init__(self, partitions: Mapping[str, Sequence[int]] | None) -> None:
        self._partitions = partitions

    def build(self, keys: Sequence[int], timeout_ms: int) -> DescribeLogDirsRequest:
        """Return the request, the same for each broker."""
        del keys, timeout_ms
        if self._partitions is None:
            return DescribeLogDirsRequest(topics=None)
        topic = DescribeLogDirsRequest.DescribableLogDirTopic
        return DescribeLogDirsRequest(
            topics=[
                topic(topic=name, partitions=numbers) for name, numbers in self._partitions.items()
            ]
        )

    def read(
        self, answer: Answer[DescribeLogDirsResponse], keys: Sequence[int]
    ) -> dict[int, DescribeLogDirsResponse | KafkaError]:
        """Return what the broker says; errors of single directories are in it."""
        response = answer.response
        if not response.error_code:
            return dict.fromkeys(keys, response)
        return {key: answer.error(response.error_code, None, f"{self.noun} {key}") for key in keys}


def divided(
    partitions: Mapping[str, Sequence[int]] | None,
) -> list[Mapping[str, Sequence[int]] | None]:
    """Return *partitions* in parts that fit into a request each; ``None`` for all is one."""
    if partitions is None:
        return [None]
    wanted = partitions

    def part(names: Sequence[str]) -> dict[str, Sequence[int]]:
        return {name: wanted[name] for name in names}

    parts = request_size.divided(
        lambda names: DescribeLogDirs(part(names)).build((), 0), list(partitions)
    )
    return [part(names) for names in parts]


def whole(responses: Sequence[LogDirs]) -> LogDirs:
    """Return what a broker has said about parts of the partitions as one response."""
    first, *others = responses
    dirs = {log_dir.log_dir: log_dir for log_dir in first.results}
    for response in others:
        for found in response.results:
            there = dirs.setdefault(found.log_dir, found)
            if there is not found:
                there.topics = [*there.topics, *found.topics]
    first.results = list(dirs.values())
    return first


class AlterReplicaLogDirs:
    """Have brokers move replicas to other directories.

    Args:
        paths: the directory that each replica is to be in.
    """

    noun: Final = "replica"
    lookup: Final[Lookup[TopicPartitionReplica]] = to_broker(
        lambda replica: replica.broker_id, ANY_ONCE
    )
    verdicts: Final[Verdicts] = LOG_DIR_VERDICTS

    def __init__(self, paths: Mapping[TopicPartitionReplica, str]) -> None:
        self._paths = paths

    def build(
        self, keys: Sequence[TopicPartitionReplica], timeout_ms: int
    ) -> AlterReplicaLogDirsRequest:
        """Return the request for replicas of one broker, by directory and topic."""
        del timeout_ms
        request = AlterReplicaLogDirsRequest
        dirs: dict[str, dict[str, list[int]]] = {}
        for replica in keys:
            topics = dirs.setdefault(self._paths[replica], {})
            topics.setdefault(replica.topic, []).append(replica.partition)
        return request(
            dirs=[
                request.AlterReplicaLogDir(
                    path=path,
                    topics=[
                        request.AlterReplicaLogDirTopic(name=name, partitions=numbers)
                        for name, numbers in topics.items()
                    ],
                )
                for path, topics in dirs.items()
            ]
        )

    def read(
        self,
        answer: Answer[AlterReplicaLogDirsResponse],
        keys: Sequence[TopicPartitionReplica],
    ) -> dict[TopicPartitionReplica, KafkaError | None]:
        """Return, by replica, why it is not moved; ``None`` if it is."""
        codes = {
            (topic.topic_name, partition.partition_index): partition.error_code
            for topic in answer.response.results
            for partition in topic.partitions
        }
        found: dict[TopicPartitionReplica, KafkaError | None] = {}
        for replica in keys:
            code = codes.get(replica[:2])
            if code is None:
                continue
            what = f"replica {replica.topic}-{replica.partition}"
            found[replica] = answer.error(code, None, what) if code else None
        return found


def checked_partitions(topic_partitions: object) -> dict[str, list[int]] | None:
    """Return numbers of partitions by topic; ``None`` stands for all partitions.

    Args:
        topic_partitions: partitions, or a dict of topic and numbers of partitions.

    Raises:
        TypeError: it is neither.
        ValueError: it is empty, or a number is negative.
    """
    if topic_partitions is None:
        return None
    found: dict[str, list[int]] = {}
    for topic, number in _pairs(topic_partitions):
        if not isinstance(topic, str):
            raise TypeError(f"topic_partitions: a topic must be a str, not {topic!r}")
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"topic_partitions: a partition of {topic} must be an int: {number!r}")
        if number < 0:
            raise ValueError(f"topic_partitions: partition {number} of {topic} is negative")
        found.setdefault(topic, []).append(number)
    if not found:
        # An empty list would ask for nothing at all.
        raise ValueError("topic_partitions must not be empty; None asks for all partitions")
    return {topic: list(dict.fromkeys(numbers)) for topic, numbers in found.items()}


def _pairs(topic_partitions: object) -> Iterable[tuple[object, object]]:
    what = "topic_partitions must be a list of TopicPartition, or a dict of topic and partitions"
    if isinstance(topic_partitions, TopicPartition):
        return [(topic_partitions.topic, topic_partitions.partition)]
    if isinstance(topic_partitions, str) or not isinstance(topic_partitions, Iterable):
        raise TypeError(f"{what}, not {topic_partitions!r}")
    if isinstance(topic_partitions, Mapping):
        pairs: list[tuple[object, object]] = []
        for topic, numbers in topic_partitions.items():
            if isinstance(numbers, str) or not isinstance(numbers, Iterable):
                raise TypeError(f"{what}: {topic!r} has {numbers!r}")
            pairs.extend((topic, number) for number in numbers)
        return pairs
    checked = list(topic_partitions)
    for pair in checked:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"{what}, not one of {pair!r}")
    return checked


def checked_assignments(replica_assignments: object) -> dict[TopicPartitionReplica, str]:
    """Return the directory by replica.

    Raises:
        TypeError: it is no dict of `TopicPartitionReplica` and path.
        ValueError: it is empty, a path is empty, or a number is negative.
    """
    what = "replica_assignments must be a dict of TopicPartitionReplica and path"
    if not isinstance(replica_assignments, Mapping):
        raise TypeError(f"{what}, not {replica_assignments!r}")
    found: dict[TopicPartitionReplica, str] = {}
    for replica, path in replica_assignments.items():
        if not isinstance(replica, TopicPartitionReplica):
            raise TypeError(f"{what}: {replica!r} is no TopicPartitionReplica")
        if not isinstance(path, str):
            raise TypeError(f"{what}: the path of {replica!r} is {path!r}")
        arguments.partition("replica_assignments", replica[:2])
        arguments.number(f"replica_assignments: broker_id of {replica!r}", replica.broker_id)
        if not path:
            raise ValueError(f"{what}: the path of {replica!r} is empty")
        found[replica] = path
    if not found:
        raise ValueError("replica_assignments must not be empty")
    return found
