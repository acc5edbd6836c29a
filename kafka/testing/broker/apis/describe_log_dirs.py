"""DescribeLogDirs (35): what a broker keeps in which directory (KIP-113).

- Null asks for all partitions, an empty list for none; what is unknown is left out.
- Directories are those of the broker's config log.dirs. Sizes are those of the logs; a disk has
  1 TiB (v4, KIP-827). Moves end at once, so there are no future replicas; none is cordoned (v5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import ClusterAuthorizationFailedError
from kafka.protocol.messages.describe_log_dirs import (
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.log_dirs import DISK_BYTES, LogDirs

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.context import RequestContext

Result = DescribeLogDirsResponse.DescribeLogDirsResult
ResultTopic = DescribeLogDirsResponse.DescribeLogDirsTopic
ResultPartition = DescribeLogDirsResponse.DescribeLogDirsPartition


@handles(DescribeLogDirsRequest)
async def describe_log_dirs(
    context: RequestContext, request: DescribeLogDirsRequest
) -> DescribeLogDirsResponse:
    """Describe every directory of this broker."""
    if not context.allows(Operation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    wanted = None
    if request.topics is not None:
        wanted = {(topic.topic, index) for topic in request.topics for index in topic.partitions}
    log_dirs = context.broker.component(LogDirs)
    return DescribeLogDirsResponse(
        results=[_result(log_dirs, path, wanted) for path in log_dirs.paths]
    )


def _result(log_dirs: LogDirs, path: str, wanted: set[tuple[str, int]] | None) -> Result:
    held = log_dirs.partitions_in(path)
    by_topic: dict[str, list[Partition]] = {}
    for partition in held:
        name = partition.topic.name
        if wanted is None or (name, partition.index) in wanted:
            by_topic.setdefault(name, []).append(partition)
    return Result(
        log_dir=path,
        topics=[
            ResultTopic(
                name=name,
                partitions=[
                    ResultPartition(
                        partition_index=partition.index, partition_size=partition.log.size
                    )
                    for partition in partitions
                ],
            )
            for name, partitions in by_topic.items()
        ],
        total_bytes=DISK_BYTES,
        usable_bytes=max(DISK_BYTES - sum(partition.log.size for partition in held), 0),
    )
