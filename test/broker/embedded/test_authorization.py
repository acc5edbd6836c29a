"""What each API answers to a client without permission."""

from __future__ import annotations

import pytest

from kafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.alter_partition_reassignments import AlterPartitionReassignmentsRequest
from kafka.protocol.messages.alter_user_scram_credentials import AlterUserScramCredentialsRequest
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.protocol.messages.create_partitions import CreatePartitionsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_acls import DeleteAclsRequest
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.delete_records import DeleteRecordsRequest
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.describe_acls import DescribeAclsRequest
from kafka.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.describe_producers import DescribeProducersRequest
from kafka.protocol.messages.describe_quorum import DescribeQuorumRequest
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsRequest
from kafka.protocol.messages.describe_transactions import DescribeTransactionsRequest
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
)
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.incremental_alter_configs import IncrementalAlterConfigsRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.list_partition_reassignments import ListPartitionReassignmentsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_delete import OffsetDeleteRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
from kafka.protocol.messages.update_features import UpdateFeaturesRequest
from kafka.protocol.messages.write_txn_markers import WriteTxnMarkersRequest
from kafka.protocol.schema import Request
from kafka.testing.broker.authorizer import ResourceType
from kafka.testing.broker.security.acls import ALL
from test.support.acls import acl, acl_cluster, error_codes
from test.support.embedded import batch, fetch_request, produce_request

TOPIC = TopicAuthorizationFailedError.errno
GROUP = GroupAuthorizationFailedError.errno
CLUSTER = ClusterAuthorizationFailedError.errno
TXN = TransactionalIdAuthorizationFailedError.errno
WILL_NOT_SAY = 0


def nested(request: type[Request], field: str, struct: str, **values: object) -> object:
    return request(**{field: [getattr(request, struct)(**values)]})


REFUSED = [
    (produce_request("t", batch(b"x")), 9, TOPIC),
    (produce_request("t", batch(b"x"), transactional_id="x"), 9, TXN),
    (fetch_request("t", 0), 12, TOPIC),
    (
        ListOffsetsRequest(
            topics=[
                ListOffsetsRequest.ListOffsetsTopic(
                    name="t", partitions=[ListOffsetsRequest.ListOffsetsPartition()]
                )
            ]
        ),
        7,
        TOPIC,
    ),
    (
        OffsetForLeaderEpochRequest(
            topics=[
                OffsetForLeaderEpochRequest.OffsetForLeaderTopic(
                    topic="t", partitions=[OffsetForLeaderEpochRequest.OffsetForLeaderPartition()]
                )
            ]
        ),
        4,
        TOPIC,
    ),
    (nested(MetadataRequest, "topics", "MetadataRequestTopic", name="t"), 12, TOPIC),
    (nested(MetadataRequest, "topics", "MetadataRequestTopic", name="new"), 12, TOPIC),
    (nested(DescribeTopicPartitionsRequest, "topics", "TopicRequest", name="t"), 0, TOPIC),
    (nested(CreateTopicsRequest, "topics", "CreatableTopic", name="new"), 7, TOPIC),
    (nested(DeleteTopicsRequest, "topics", "DeleteTopicState", name="t"), 6, TOPIC),
    (
        nested(CreatePartitionsRequest, "topics", "CreatePartitionsTopic", name="t", count=3),
        3,
        TOPIC,
    ),
    (
        DeleteRecordsRequest(
            topics=[
                DeleteRecordsRequest.DeleteRecordsTopic(
                    name="t", partitions=[DeleteRecordsRequest.DeleteRecordsPartition()]
                )
            ]
        ),
        2,
        TOPIC,
    ),
    (
        nested(DescribeProducersRequest, "topics", "TopicRequest", name="t", partition_indexes=[0]),
        0,
        TOPIC,
    ),
    (
        nested(
            DescribeConfigsRequest,
            "resources",
            "DescribeConfigsResource",
            resource_type=2,
            resource_name="t",
            configuration_keys=None,
        ),
        4,
        TOPIC,
    ),
    (
        nested(
            DescribeConfigsRequest,
            "resources",
            "DescribeConfigsResource",
            resource_type=4,
            resource_name="0",
            configuration_keys=None,
        ),
        4,
        CLUSTER,
    ),
    (
        nested(
            IncrementalAlterConfigsRequest,
            "resources",
            "AlterConfigsResource",
            resource_type=2,
            resource_name="t",
        ),
        1,
        TOPIC,
    ),
    (FindCoordinatorRequest(key_type=0, coordinator_keys=["g"]), 4, GROUP),
    (FindCoordinatorRequest(key_type=1, coordinator_keys=["x"]), 4, TXN),
    (JoinGroupRequest(group_id="g", session_timeout_ms=10_000, protocol_type="c"), 9, GROUP),
    (SyncGroupRequest(group_id="g", member_id="m"), 4, GROUP),
    (HeartbeatRequest(group_id="g", member_id="m"), 4, GROUP),
    (LeaveGroupRequest(group_id="g"), 5, GROUP),
    (
        OffsetCommitRequest(
            group_id="g",
            topics=[
                OffsetCommitRequest.OffsetCommitRequestTopic(
                    name="t", partitions=[OffsetCommitRequest.OffsetCommitRequestPartition()]
                )
            ],
        ),
        9,
        GROUP,
    ),
    (nested(OffsetFetchRequest, "groups", "OffsetFetchRequestGroup", group_id="g"), 9, GROUP),
    (OffsetDeleteRequest(group_id="g"), 0, GROUP),
    (DescribeGroupsRequest(groups=["g"]), 5, GROUP),
    (DeleteGroupsRequest(groups_names=["g"]), 2, GROUP),
    (ListGroupsRequest(), 5, WILL_NOT_SAY),
    (
        ConsumerGroupHeartbeatRequest(
            group_id="g",
            member_id="m",
            member_epoch=0,
            rebalance_timeout_ms=1000,
            subscribed_topic_names=["t"],
            topic_partitions=[],
        ),
        1,
        GROUP,
    ),
    (ConsumerGroupDescribeRequest(group_ids=["g"]), 1, GROUP),
    (InitProducerIdRequest(producer_id=-1, producer_epoch=-1, transactional_id=None), 4, CLUSTER),
    (
        InitProducerIdRequest(
            producer_id=-1, producer_epoch=-1, transactional_id="x", transaction_timeout_ms=1
        ),
        4,
        TXN,
    ),
    (
        AddPartitionsToTxnRequest(
            v3_and_below_transactional_id="x",
            v3_and_below_topics=[
                AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name="t", partitions=[0])
            ],
        ),
        3,
        TXN,
    ),
    (AddOffsetsToTxnRequest(transactional_id="x", group_id="g"), 3, TXN),
    (EndTxnRequest(transactional_id="x"), 4, TXN),
    (
        TxnOffsetCommitRequest(
            transactional_id="x",
            group_id="g",
            topics=[
                TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
                    name="t", partitions=[TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition()]
                )
            ],
        ),
        3,
        TXN,
    ),
    (DescribeTransactionsRequest(transactional_ids=["x"]), 0, TXN),
    (
        WriteTxnMarkersRequest(
            markers=[
                WriteTxnMarkersRequest.WritableTxnMarker(
                    topics=[
                        WriteTxnMarkersRequest.WritableTxnMarkerTopic(
                            name="t", partition_indexes=[0]
                        )
                    ]
                )
            ]
        ),
        1,
        CLUSTER,
    ),
    (DescribeAclsRequest(resource_type_filter=1, operation=1, permission_type=1), 3, CLUSTER),
    (CreateAclsRequest(creations=[acl(ResourceType.TOPIC, "t", ALL)]), 3, CLUSTER),
    (DeleteAclsRequest(filters=[DeleteAclsRequest.DeleteAclsFilter()]), 3, CLUSTER),
    (DescribeUserScramCredentialsRequest(users=None), 0, CLUSTER),
    (
        nested(
            AlterUserScramCredentialsRequest,
            "deletions",
            "ScramCredentialDeletion",
            name="admin",
            mechanism=1,
        ),
        0,
        CLUSTER,
    ),
    (DescribeClientQuotasRequest(), 1, CLUSTER),
    (
        AlterClientQuotasRequest(
            entries=[
                AlterClientQuotasRequest.EntryData(
                    entity=[
                        AlterClientQuotasRequest.EntityData(entity_type="user", entity_name="u")
                    ]
                )
            ]
        ),
        1,
        CLUSTER,
    ),
    (ElectLeadersRequest(topic_partitions=None), 2, CLUSTER),
    (
        ElectLeadersRequest(
            topic_partitions=[ElectLeadersRequest.TopicPartitions(topic="t", partitions=[0])]
        ),
        0,
        CLUSTER,
    ),
    (AlterPartitionReassignmentsRequest(), 0, CLUSTER),
    (ListPartitionReassignmentsRequest(topics=None), 0, CLUSTER),
    (UpdateFeaturesRequest(), 1, CLUSTER),
    (DescribeQuorumRequest(), 2, CLUSTER),
    (ListConfigResourcesRequest(), 1, CLUSTER),
    (DescribeClusterRequest(), 2, WILL_NOT_SAY),
]


@pytest.mark.parametrize(
    ("request_", "version", "code"),
    REFUSED,
    ids=[f"{index}-{type(row[0]).NAME}" for index, row in enumerate(REFUSED)],
)
async def test_who_may_nothing_is_refused(request_: Request, version: int, code: int) -> None:
    async with acl_cluster() as (_, _, alice):
        answer = await alice.send(request_, version)
        assert error_codes(answer) == {code} - {0}
