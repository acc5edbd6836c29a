"""kafka-python 2.x's names of structures and fields, where they are not Kafka's.

Read by introspection of the released 2.0.2 and 2.3.3 (``tools/vectors/structs``); the tests
compare all of it with what these releases say of themselves.
"""

from __future__ import annotations

import re
from typing import Final

# Modules of kafka.protocol with the structures that 2.0, 2.3 or 3.0 has there, as their names
# begin; behind ``=`` is the API where it has another name.
MODULES: Final = """
add_offsets_to_txn: AddOffsetsToTxn
add_partitions_to_txn: AddPartitionsToTxn
admin: AlterClientQuotas AlterConfigs AlterPartitionReassignments AlterReplicaLogDirs
    AlterUserScramCredentials ApiVersion=ApiVersions CreateAcls CreatePartitions CreateTopics
    DeleteAcls DeleteGroups DeleteRecords DeleteTopics DescribeAcls DescribeClientQuotas
    DescribeCluster DescribeConfigs DescribeGroups DescribeLogDirs DescribeProducers DescribeQuorum
    DescribeTopicPartitions DescribeTransactions DescribeUserScramCredentials ElectLeaders
    IncrementalAlterConfigs ListConfigResources ListGroups ListPartitionReassignments
    ListTransactions SaslAuthenticate SaslHandShake=SaslHandshake UpdateFeatures
api_versions: ApiVersions
commit: GroupCoordinator=FindCoordinator OffsetCommit OffsetFetch
consumer: Fetch Heartbeat JoinGroup LeaveGroup ListOffsets OffsetCommit OffsetDelete OffsetFetch
    OffsetForLeaderEpoch SyncGroup
end_txn: EndTxn
fetch: Fetch
find_coordinator: FindCoordinator
group: Heartbeat JoinGroup LeaveGroup SyncGroup
init_producer_id: InitProducerId
list_offsets: ListOffsets
metadata: ApiVersions FindCoordinator Metadata
offset: Offset=ListOffsets
offset_for_leader_epoch: OffsetForLeaderEpoch
produce: Produce
producer: AddOffsetsToTxn AddPartitionsToTxn EndTxn InitProducerId Produce TxnOffsetCommit
    WriteTxnMarkers
sasl: SaslAuthenticate SaslHandshake
sasl_authenticate: SaslAuthenticate
sasl_handshake: SaslHandshake
txn_offset_commit: TxnOffsetCommit
"""

# Each API that 2.0.2 or 2.3.3 had, and the number of its versions, which begin with 0.
KNOWN: Final = (
    "AddOffsetsToTxn:3 AddPartitionsToTxn:3 AlterConfigs:2 AlterPartitionReassignments:1 "
    "ApiVersions:5 CreateAcls:2 CreatePartitions:2 CreateTopics:4 DeleteAcls:2 DeleteGroups:2 "
    "DeleteRecords:1 DeleteTopics:4 DescribeAcls:3 DescribeClientQuotas:1 DescribeConfigs:3 "
    "DescribeGroups:4 DescribeLogDirs:1 ElectLeaders:2 EndTxn:3 Fetch:12 FindCoordinator:3 "
    "Heartbeat:4 InitProducerId:2 JoinGroup:6 LeaveGroup:4 ListGroups:3 ListOffsets:6 "
    "ListPartitionReassignments:1 Metadata:9 OffsetCommit:8 OffsetFetch:6 "
    "OffsetForLeaderEpoch:5 Produce:9 SaslAuthenticate:2 SaslHandshake:2 SyncGroup:4 "
    "TxnOffsetCommit:3"
)

# Messages with the names of their fields: ``path=name``, the path in Kafka's names. Behind a comma:
# names that 2.0.2 alone has. ``@0-4``: in these versions. Three paths are no fields: ``topics.=*``
# says that structures of one field have no tuple around it, ``topics.+=name`` that the fields after
# the first are in a nested structure, and ``tags`` are the tagged fields.
RENAMED: Final = """
AddPartitionsToTxnRequest: v3_and_below_transactional_id=transactional_id
    v3_and_below_producer_id=producer_id v3_and_below_producer_epoch=producer_epoch
    v3_and_below_topics=topics v3_and_below_topics.name=topic
AddPartitionsToTxnResponse: results_by_topic_v3_and_below=results
    results_by_topic_v3_and_below.name=topic
    results_by_topic_v3_and_below.results_by_partition=partitions
    results_by_topic_v3_and_below.results_by_partition.partition_index=partition
    results_by_topic_v3_and_below.results_by_partition.partition_error_code=error_code
AlterConfigsRequest: resources.configs=config_entries resources.configs.name=config_name
    resources.configs.value=config_value
AlterConfigsResponse: responses=resources
ApiVersionsRequest: tags=_tagged_fields
ApiVersionsResponse: api_keys=api_versions tags=_tagged_fields
CreateAclsResponse: results=creation_responses
CreatePartitionsRequest: topics=topic_partitions topics.name=topic topics.+@0-1=new_partitions
    topics.assignments@0-1=assignment topics.assignments.@0-1=* timeout_ms=timeout
CreatePartitionsResponse: results=topic_errors results.name=topic
CreateTopicsRequest: topics=create_topic_requests topics.name=topic
    topics.assignments=replica_assignment topics.assignments.partition_index=partition_id
    topics.assignments.broker_ids=replicas topics.configs.name=config_key
    topics.configs.value=config_value timeout_ms=timeout
CreateTopicsResponse: topics=topic_errors topics.name=topic
DeleteAclsRequest: filters.resource_type_filter=resource_type
    filters.resource_name_filter=resource_name filters.principal_filter=principal
    filters.host_filter=host filters.pattern_type_filter=resource_pattern_type_filter
DeleteAclsResponse: filter_results=filter_responses
    filter_results.matching_acls.pattern_type=resource_pattern_type
DeleteTopicsRequest: topic_names=topics timeout_ms=timeout
DeleteTopicsResponse: responses=topic_error_codes responses.name=topic
DescribeAclsRequest: resource_type_filter=resource_type resource_name_filter=resource_name
    principal_filter=principal host_filter=host pattern_type_filter=resource_pattern_type_filter
DescribeAclsResponse: resources.pattern_type=resource_pattern_type
DescribeClientQuotasResponse: entries.values.key=name
DescribeConfigsRequest: resources.configuration_keys=config_names
DescribeConfigsResponse: results=resources results.configs=config_entries
    results.configs.name=config_names results.configs.value=config_value
    results.configs.synonyms=config_synonyms results.configs.synonyms.name=config_name
    results.configs.synonyms.value=config_value results.configs.synonyms.source=config_source
DescribeGroupsResponse: groups.group_id=group groups.group_state=state
    groups.protocol_data=protocol
DescribeLogDirsResponse: results=log_dirs
ElectLeadersRequest: topic_partitions.partitions=partition_ids timeout_ms=timeout
ElectLeadersResponse: replica_election_results=replication_election_results
FetchRequest: max_wait_ms=max_wait_time topics.partitions.fetch_offset@0-4=offset
    topics.partitions.partition_max_bytes=max_bytes
FetchResponse: responses=topics responses.topic=topics
    responses.partitions.partition_index=partition
    responses.partitions.high_watermark=highwater_offset
    responses.partitions.records=records,message_set
FindCoordinatorRequest: key@0=consumer_group key@1-=coordinator_key key_type=coordinator_type
FindCoordinatorResponse: node_id=coordinator_id
HeartbeatRequest: group_id=group
JoinGroupRequest: group_id=group session_timeout_ms=session_timeout protocols=group_protocols
    protocols.name=protocol_name protocols.metadata=protocol_metadata
    rebalance_timeout_ms=rebalance_timeout
JoinGroupResponse: protocol_name=group_protocol leader=leader_id members.metadata=member_metadata
LeaveGroupRequest: group_id=group
ListGroupsResponse: groups.group_id=group
ListOffsetsRequest: topics.name=topic topics.partitions.partition_index=partition
    topics.partitions.max_num_offsets=max_offsets
ListOffsetsResponse: topics.name=topic topics.partitions.partition_index=partition
    topics.partitions.old_style_offsets=offsets
ListPartitionReassignmentsRequest: topics.partition_indexes=partition_index
MetadataRequest: topics.@0-8=*
MetadataResponse: topics.name=topic topics.partitions.partition_index=partition
    topics.partitions.leader_id=leader topics.partitions.replica_nodes=replicas
    topics.partitions.isr_nodes=isr topics.topic_authorized_operations=authorized_operations
    cluster_authorized_operations=authorized_operations
OffsetCommitRequest: group_id@0-6=consumer_group topics.name=topic
    topics.partitions.partition_index=partition topics.partitions.committed_offset=offset
    topics.partitions.committed_metadata=metadata
    generation_id_or_member_epoch@1-6=consumer_group_generation_id
    generation_id_or_member_epoch@7-=generation_id member_id@1-6=consumer_id
    topics.partitions.commit_timestamp=timestamp retention_time_ms=retention_time
    topics.partitions.committed_leader_epoch=leader_epoch
OffsetCommitResponse: topics.name=topic topics.partitions.partition_index=partition
OffsetFetchRequest: group_id=consumer_group topics.name=topic topics.partition_indexes=partitions
OffsetFetchResponse: topics.name=topic topics.partitions.partition_index=partition
    topics.partitions.committed_offset=offset topics.partitions.committed_leader_epoch=leader_epoch
ProduceRequest: acks=required_acks timeout_ms=timeout topic_data=topics topic_data.name=topic
    topic_data.partition_data=partitions topic_data.partition_data.index=partition
    topic_data.partition_data.records=records,messages
ProduceResponse: responses=topics responses.name=topic responses.partition_responses=partitions
    responses.partition_responses.index=partition responses.partition_responses.base_offset=offset
    responses.partition_responses.log_append_time_ms=timestamp
admin.SaslAuthenticateRequest: auth_bytes=sasl_auth_bytes
admin.SaslAuthenticateResponse: auth_bytes=sasl_auth_bytes
SaslHandshakeResponse: mechanisms=enabled_mechanisms
SyncGroupRequest: group_id=group assignments=group_assignment
    assignments.assignment=member_metadata
SyncGroupResponse: assignment=member_assignment
TxnOffsetCommitRequest: topics.name=topic topics.partitions.partition_index=partition
    topics.partitions.committed_offset=offset topics.partitions.committed_metadata=metadata
    topics.partitions.committed_leader_epoch=leader_epoch
TxnOffsetCommitResponse: topics.name=topic topics.partitions.partition_index=partition
"""


def rows(text: str) -> dict[str, list[str]]:
    """Return the words of each row of a table, by the name that it begins with."""
    _, *parts = re.split(r"(?m)^(\S+):", text)
    return {name: words.split() for name, words in zip(parts[::2], parts[1::2], strict=True)}
