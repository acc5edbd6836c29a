"""Which errors brokers report in the APIs of the admin client, and a call that uses each API.

The codes are those that Apache Kafka's documentation and its request handlers name for the API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from kafka.admin import (
    ACL,
    AbortTransactionSpec,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    MemberToRemove,
    OffsetSpec,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)
from kafka.aio import AsyncKafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition, TopicPartitionReplica

# Any: results of all shapes.
Call = Callable[[AsyncKafkaAdminClient], Awaitable[Any]]

T0: Final = TopicPartition("t", 0)
TOPIC: Final = ConfigResource(ConfigResourceType.TOPIC, "t", {"retention.ms": "1000"})
PATTERN: Final = ResourcePattern(ResourceType.TOPIC, "t")
ACL_: Final = ACL("User:a", "*", ACLOperation.READ, ACLPermissionType.ALLOW, PATTERN)
ACLS: Final = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, PATTERN)
ABORT: Final = AbortTransactionSpec(T0, 1, 0, 0)
_METADATA: Final = (-1, 3, 5, 17, 29)
_COORDINATOR: Final = (14, 15, 16, 24, 30)


class Row(NamedTuple):
    """An API.

    Attributes:
        call: uses it.
        codes: of the errors it reports.
        api: its name, if several calls use it; else that of the row.
        topic: the topic that the errors are about; ``None`` for all there are.
    """

    call: Call
    codes: tuple[int, ...]
    api: str | None = None
    topic: str | None = None


async def _move_replica(admin: AsyncKafkaAdminClient) -> object:
    (broker,) = await admin.describe_log_dirs(brokers=[0])
    path = broker["log_dirs"][0]["log_dir"]
    return await admin.alter_replica_log_dirs({TopicPartitionReplica("t", 0, 0): path})


ROWS: Final[dict[str, Row]] = {
    "CreateTopics": Row(
        lambda a: a.create_topics(["x"]),
        (-1, 7, 17, 29, 31, 36, 37, 38, 39, 40, 41, 42, 44, 89),
    ),
    "DeleteTopics": Row(lambda a: a.delete_topics(["d"]), (-1, 3, 7, 29, 41, 42, 73, 89)),
    "CreatePartitions": Row(
        lambda a: a.create_partitions({"t": 4}), (-1, 3, 7, 29, 37, 39, 41, 42, 44, 60, 89)
    ),
    "DescribeTopicPartitions": Row(lambda a: a.describe_topic_partitions(["t"]), (3, 17, 29, 42)),
    "Metadata-of-topics": Row(
        lambda a: a.describe_topics(["t"]), _METADATA, api="Metadata", topic="t"
    ),
    "Metadata-of-all-topics": Row(lambda a: a.describe_topics(), _METADATA, api="Metadata"),
    "Metadata-of-leaders": Row(
        lambda a: a.list_partition_offsets({T0: OffsetSpec.LATEST}),
        _METADATA,
        api="Metadata",
        topic="t",
    ),
    "DeleteRecords": Row(lambda a: a.delete_records({T0: 0}), (1, 3, 6, 7, 29, 44, 56)),
    "ListOffsets": Row(
        lambda a: a.list_partition_offsets({T0: OffsetSpec.LATEST}),
        (3, 5, 6, 9, 29, 43, 56, 74, 75, 78),
    ),
    "ElectLeaders": Row(
        lambda a: a.elect_leaders("PREFERRED", [T0]), (3, 7, 17, 31, 41, 80, 83, 84)
    ),
    "AlterPartitionReassignments": Row(
        lambda a: a.alter_partition_reassignments({T0: [0]}), (-1, 3, 7, 31, 39, 41, 85)
    ),
    "ListPartitionReassignments": Row(lambda a: a.list_partition_reassignments(), (7, 31, 41)),
    "DescribeConfigs": Row(lambda a: a.describe_configs([TOPIC]), (3, 17, 29, 31, 42)),
    "IncrementalAlterConfigs": Row(
        lambda a: a.alter_configs([TOPIC]), (3, 7, 17, 29, 31, 40, 41, 42, 44)
    ),
    "AlterConfigs": Row(
        lambda a: a.alter_configs([TOPIC], incremental=False), (3, 7, 17, 29, 31, 40, 41, 42, 44)
    ),
    "ListConfigResources": Row(lambda a: a.list_config_resources(), (31,)),
    "DescribeCluster": Row(lambda a: a.describe_cluster(), (31, 42, 114, 115)),
    "DescribeLogDirs": Row(lambda a: a.describe_log_dirs(brokers=[0]), (31,)),
    "AlterReplicaLogDirs": Row(_move_replica, (3, 9, 31, 56, 57)),
    "DescribeQuorum": Row(lambda a: a.describe_metadata_quorum(), (3, 6, 31, 42)),
    "UpdateFeatures": Row(
        lambda a: a.update_features({"group.version": 1}), (7, 31, 41, 42, 95, 96)
    ),
    "ListGroups": Row(lambda a: a.list_groups(broker_ids=[0]), (14, 15, 31)),
    "ConsumerGroupDescribe": Row(lambda a: a.describe_groups(["new"]), (*_COORDINATOR, 42, 69)),
    "DescribeGroups": Row(lambda a: a.describe_groups(["g"]), _COORDINATOR),
    "OffsetFetch": Row(lambda a: a.list_group_offsets(["g"]), (*_COORDINATOR, 29, 88)),
    "OffsetCommit": Row(
        lambda a: a.alter_group_offsets("g", {T0: OffsetAndMetadata(1)}),
        (*_COORDINATOR, 3, 12, 22, 25, 27, 28, 29),
    ),
    "OffsetDelete": Row(
        lambda a: a.delete_group_offsets("g", [T0]), (*_COORDINATOR, 3, 29, 68, 69, 86)
    ),
    "LeaveGroup": Row(
        lambda a: a.remove_group_members("g", [MemberToRemove(group_instance_id="i")]),
        (*_COORDINATOR, 25, 82),
    ),
    "DeleteGroups": Row(lambda a: a.delete_groups(["g"]), (*_COORDINATOR, 68, 69)),
    "FindCoordinator": Row(lambda a: a.list_group_offsets(["g"]), (14, 15, 24, 30, 42)),
    "DescribeAcls": Row(lambda a: a.describe_acls(ACLS), (31, 42, 54)),
    "CreateAcls": Row(lambda a: a.create_acls([ACL_]), (31, 41, 42, 54)),
    "DeleteAcls": Row(lambda a: a.delete_acls([ACLS]), (31, 41, 42, 54)),
    "DescribeUserScramCredentials": Row(
        lambda a: a.describe_user_scram_credentials(), (31, 91, 92)
    ),
    "AlterUserScramCredentials": Row(
        lambda a: a.alter_user_scram_credentials(
            [UserScramCredentialUpsertion("u", "SCRAM-SHA-256", "secret")]
        ),
        (7, 31, 33, 41, 91, 92, 93),
    ),
    "DescribeClientQuotas": Row(lambda a: a.describe_client_quotas(), (31, 42)),
    "AlterClientQuotas": Row(
        lambda a: a.alter_client_quotas([({"user": "u"}, {"producer_byte_rate": 1.0})]),
        (7, 31, 40, 41, 42),
    ),
    "ListTransactions": Row(lambda a: a.list_transactions(broker_ids=[0]), (14, 15, 31)),
    "DescribeTransactions": Row(lambda a: a.describe_transactions(["x"]), (14, 15, 16, 53, 105)),
    "DescribeProducers": Row(lambda a: a.describe_producers([T0]), (3, 6, 17, 29)),
    "WriteTxnMarkers": Row(lambda a: a.abort_transaction(ABORT), (3, 6, 7, 31, 47, 52)),
}
