"""AlterReplicaLogDirs (34): move replicas between the directories of a broker (KIP-113).

- A path that is none of the broker's directories: LOG_DIR_NOT_FOUND; then a partition this broker
  has no replica of: UNKNOWN_TOPIC_OR_PARTITION.
- Moves end at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    LogDirNotFoundError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.log_dirs import LogDirs

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

TopicResult = AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult
PartitionResult = AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult


@handles(AlterReplicaLogDirsRequest, by_topic=True)
async def alter_replica_log_dirs(
    context: RequestContext, request: AlterReplicaLogDirsRequest
) -> AlterReplicaLogDirsResponse:
    """Move each replica that can be moved."""
    results: dict[str, TopicResult] = {}
    for log_dir in request.dirs:
        for topic in log_dir.topics:
            answer = results.setdefault(topic.name, TopicResult(topic_name=topic.name))
            for index in topic.partitions:
                code = _move(context, log_dir.path, topic.name, index)
                answer.partitions.append(PartitionResult(partition_index=index, error_code=code))
    return AlterReplicaLogDirsResponse(results=list(results.values()))


def _move(context: RequestContext, path: str, topic: str, index: int) -> int:
    refusal = context.refusal(topic, index)
    if refusal is not None:
        return refusal.code
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        return ClusterAuthorizationFailedError.errno
    log_dirs = context.broker.component(LogDirs)
    if path not in log_dirs.paths:
        return LogDirNotFoundError.errno
    partition = context.cluster.partition(topic, index)
    if partition is None or not log_dirs.holds(partition):
        return UnknownTopicOrPartitionError.errno
    log_dirs.move(partition, path)
    return 0
