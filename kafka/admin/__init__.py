"""Admin clients, and what their methods take and return.  Names are imported on first use.

How a method is added: an operation in `kafka.admin.operations` (whom to ask, the request, what the
response means), a coroutine function in `kafka.admin.methods` (arguments and result), its name in
both faces. `kafka.admin.verdicts` says what errors mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names, public_names

if TYPE_CHECKING:
    from kafka.admin.acl_resource import (
        ACL,
        ACLFilter,
        ACLOperation,
        ACLPermissionType,
        ACLResourcePatternType,
        ResourcePattern,
        ResourcePatternFilter,
        ResourceType,
    )
    from kafka.admin.client import KafkaAdminClient
    from kafka.admin.client_quotas import (
        ClientQuotaAlteration,
        ClientQuotaEntity,
        QuotaMatch,
    )
    from kafka.admin.config_kinds import (
        AlterConfigOp,
        ConfigFilterType,
        ConfigSourceType,
        ConfigType,
    )
    from kafka.admin.config_resource import ConfigResource, ConfigResourceType
    from kafka.admin.feature_updates import UpdateFeatureType
    from kafka.admin.group_types import GroupState, GroupType, MemberToRemove, OffsetTimestamp
    from kafka.admin.new_partitions import NewPartitions
    from kafka.admin.new_topic import NewTopic
    from kafka.admin.rendering import to_json
    from kafka.admin.scram_credentials import (
        ScramMechanism,
        UserScramCredentialDeletion,
        UserScramCredentialUpsertion,
    )
    from kafka.admin.topic_arguments import ElectionType
    from kafka.admin.transaction_types import (
        AbortTransactionSpec,
        PartitionProducerState,
        ProducerState,
        TransactionDescription,
        TransactionListing,
        TransactionState,
    )
    from kafka.structs import OffsetSpec

__all__ = [
    "ACL",
    "ACLFilter",
    "ACLOperation",
    "ACLPermissionType",
    "ACLResourcePatternType",
    "AbortTransactionSpec",
    "AlterConfigOp",
    "ClientQuotaAlteration",
    "ClientQuotaEntity",
    "ConfigFilterType",
    "ConfigResource",
    "ConfigResourceType",
    "ConfigSourceType",
    "ConfigType",
    "ElectionType",
    "GroupState",
    "GroupType",
    "KafkaAdminClient",
    "MemberToRemove",
    "NewPartitions",
    "NewTopic",
    "OffsetSpec",
    "OffsetTimestamp",
    "PartitionProducerState",
    "ProducerState",
    "QuotaMatch",
    "ResourcePattern",
    "ResourcePatternFilter",
    "ResourceType",
    "ScramMechanism",
    "TransactionDescription",
    "TransactionListing",
    "TransactionState",
    "UpdateFeatureType",
    "UserScramCredentialDeletion",
    "UserScramCredentialUpsertion",
    "to_json",
]

_HOMES = {
    "ACL": "kafka.admin.acl_resource",
    "ACLFilter": "kafka.admin.acl_resource",
    "ACLOperation": "kafka.admin.acl_resource",
    "ACLPermissionType": "kafka.admin.acl_resource",
    "ACLResourcePatternType": "kafka.admin.acl_resource",
    "AbortTransactionSpec": "kafka.admin.transaction_types",
    "AlterConfigOp": "kafka.admin.config_kinds",
    "ClientQuotaAlteration": "kafka.admin.client_quotas",
    "ClientQuotaEntity": "kafka.admin.client_quotas",
    "ConfigFilterType": "kafka.admin.config_kinds",
    "ConfigResource": "kafka.admin.config_resource",
    "ConfigResourceType": "kafka.admin.config_resource",
    "ConfigSourceType": "kafka.admin.config_kinds",
    "ConfigType": "kafka.admin.config_kinds",
    "ElectionType": "kafka.admin.topic_arguments",
    "GroupState": "kafka.admin.group_types",
    "GroupType": "kafka.admin.group_types",
    "KafkaAdminClient": "kafka.admin.client",
    "MemberToRemove": "kafka.admin.group_types",
    "NewPartitions": "kafka.admin.new_partitions",
    "NewTopic": "kafka.admin.new_topic",
    "OffsetSpec": "kafka.structs",
    "OffsetTimestamp": "kafka.admin.group_types",
    "PartitionProducerState": "kafka.admin.transaction_types",
    "ProducerState": "kafka.admin.transaction_types",
    "QuotaMatch": "kafka.admin.client_quotas",
    "ResourcePattern": "kafka.admin.acl_resource",
    "ResourcePatternFilter": "kafka.admin.acl_resource",
    "ResourceType": "kafka.admin.acl_resource",
    "ScramMechanism": "kafka.admin.scram_credentials",
    "TransactionDescription": "kafka.admin.transaction_types",
    "TransactionListing": "kafka.admin.transaction_types",
    "TransactionState": "kafka.admin.transaction_types",
    "UpdateFeatureType": "kafka.admin.feature_updates",
    "UserScramCredentialDeletion": "kafka.admin.scram_credentials",
    "UserScramCredentialUpsertion": "kafka.admin.scram_credentials",
    "to_json": "kafka.admin.rendering",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return public_names(__name__, _HOMES)
