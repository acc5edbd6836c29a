"""Ask about the cluster as a whole: its brokers, its quorum, its features.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka.admin.lookups import to_any, to_controller
from kafka.errors import UnknownTopicOrPartitionError
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.describe_cluster import (
    DescribeClusterRequest,
    DescribeClusterResponse,
)
from kafka.protocol.messages.describe_quorum import DescribeQuorumRequest, DescribeQuorumResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.update_features import UpdateFeaturesRequest, UpdateFeaturesResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.feature_updates import UpdateFeatureType
    from kafka.admin.operation import Answer, Lookup, Verdicts
    from kafka.errors import KafkaError

METADATA_TOPIC: Final = "__cluster_metadata"
CLUSTER: Final = "cluster"
"""The one key of operations about the whole cluster."""
QUORUM: Final = "metadata quorum"
ANY_BROKER: Final = "any broker"
CONTROLLER: Final = "the controller"


class BrokerFacts(NamedTuple):
    """A broker of the cluster.

    Attributes:
        is_fenced: whether the controller takes it for dead; such brokers are not asked for.
    """

    node_id: int
    host: str
    port: int
    rack: str | None
    is_fenced: bool = False


class ClusterFacts(NamedTuple):
    """The cluster, as brokers of any release describe it.

    Attributes:
        controller_id: -1 if none is known.
        operations: what the caller may do, as a bit field (KIP-430).
    """

    cluster_id: str | None
    controller_id: int
    brokers: tuple[BrokerFacts, ...]
    operations: int


class DescribeCluster:
    """Ask any broker for the brokers and the controller (KIP-700)."""

    noun: Final = "the"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {}

    def build(self, keys: Sequence[str], timeout_ms: int) -> DescribeClusterRequest:
        """Return the request."""
        del keys, timeout_ms
        return DescribeClusterRequest(include_cluster_authorized_operations=True)

    def read(
        self, answer: Answer[DescribeClusterResponse], keys: Sequence[str]
    ) -> dict[str, ClusterFacts | KafkaError]:
        """Return the description."""
        response = answer.response
        if response.error_code:
            code, text = response.error_code, response.error_message
            return {key: answer.error(code, text, f"the {key}") for key in keys}
        brokers = tuple(
            BrokerFacts(broker.broker_id, broker.host, broker.port, broker.rack, broker.is_fenced)
            for broker in response.brokers
        )
        facts = ClusterFacts(
            response.cluster_id,
            response.controller_id,
            brokers,
            response.cluster_authorized_operations,
        )
        return dict.fromkeys(keys, facts)


class ClusterFromMetadata:
    """Ask any broker for metadata, in which all brokers and the controller are.

    Args:
        with_operations: whether to ask what the caller may do; brokers before 2.3 cannot tell.
    """

    noun: Final = "the"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {}

    def __init__(self, *, with_operations: bool) -> None:
        self._with_operations = with_operations

    def build(self, keys: Sequence[str], timeout_ms: int) -> MetadataRequest:
        """Return the request, about no topics."""
        del keys, timeout_ms
        return MetadataRequest(
            topics=[],
            allow_auto_topic_creation=True,
            include_cluster_authorized_operations=self._with_operations,
        )

    def read(
        self, answer: Answer[MetadataResponse], keys: Sequence[str]
    ) -> dict[str, ClusterFacts | KafkaError]:
        """Return the description."""
        response = answer.response
        brokers = tuple(
            BrokerFacts(broker.node_id, broker.host, broker.port, broker.rack)
            for broker in response.brokers
        )
        facts = ClusterFacts(
            response.cluster_id,
            response.controller_id,
            brokers,
            response.cluster_authorized_operations,
        )
        return dict.fromkeys(keys, facts)


class DescribeQuorum:
    """Ask for the controllers, and how far each has come (KIP-595); any broker passes it on."""

    noun: Final = "the"
    lookup: Final = to_any()
    verdicts: Final[Verdicts] = {UnknownTopicOrPartitionError: Verdict.FATAL}

    def build(self, keys: Sequence[str], timeout_ms: int) -> DescribeQuorumRequest:
        """Return the request for the one partition that there is."""
        del keys, timeout_ms
        request = DescribeQuorumRequest
        partitions = [request.PartitionData(partition_index=0)]
        return request(topics=[request.TopicData(topic_name=METADATA_TOPIC, partitions=partitions)])

    def read(
        self, answer: Answer[DescribeQuorumResponse], keys: Sequence[str]
    ) -> dict[str, DescribeQuorumResponse | KafkaError]:
        """Return the response."""
        response = answer.response
        code, text = response.error_code, response.error_message
        if code:
            return {key: answer.error(code, text, f"the {key}") for key in keys}
        return dict.fromkeys(keys, response)


class AskApiVersions:
    """Ask a broker which versions and features it supports, and which features are in force.

    Args:
        lookup: whom to ask.
        software: name and version of this package (KIP-511).
    """

    noun: Final = "API versions of"
    verdicts: Final[Verdicts] = {}

    def __init__(self, lookup: Lookup[Any], software: tuple[str, str]) -> None:
        self.lookup: Final = lookup
        self._software = software

    def build(self, keys: Sequence[str], timeout_ms: int) -> ApiVersionsRequest:
        """Return the request."""
        del keys, timeout_ms
        name, version = self._software
        return ApiVersionsRequest(client_software_name=name, client_software_version=version)

    def read(
        self, answer: Answer[ApiVersionsResponse], keys: Sequence[str]
    ) -> dict[str, ApiVersionsResponse | KafkaError]:
        """Return the response."""
        code = answer.response.error_code
        if code:
            return {key: answer.error(code, None, f"{self.noun} {key}") for key in keys}
        return dict.fromkeys(keys, answer.response)


class UpdateFeatures:
    """Have the controller change feature levels (KIP-584): all of them, or none.

    Args:
        updates: level and how far it may be lowered, by feature.
        validate_only: whether they are checked only.
    """

    noun: Final = "feature"
    lookup: Final = to_controller()
    verdicts: Final[Verdicts] = {}

    def __init__(
        self, updates: Mapping[str, tuple[UpdateFeatureType, int]], *, validate_only: bool
    ) -> None:
        self._updates = updates
        self._validate_only = validate_only

    def build(self, keys: Sequence[str], timeout_ms: int) -> UpdateFeaturesRequest:
        """Return the request."""
        request = UpdateFeaturesRequest
        return request(
            timeout_ms=timeout_ms,
            feature_updates=[
                request.FeatureUpdateKey(
                    feature=name,
                    upgrade_type=self._updates[name][0],
                    max_version_level=self._updates[name][1],
                )
                for name in keys
            ],
            validate_only=self._validate_only,
        )

    def read(
        self, answer: Answer[UpdateFeaturesResponse], keys: Sequence[str]
    ) -> dict[str, KafkaError | None]:
        """Return, by feature, why it was not updated; ``None`` if it was.

        From KIP-1022 on there is one error for all.
        """
        response = answer.response
        results = {result.feature: result for result in response.results}
        found: dict[str, KafkaError | None] = {}
        for name in keys:
            code, text = response.error_code, response.error_message
            if not code and name in results:
                code, text = results[name].error_code, results[name].error_message
            found[name] = answer.error(code, text, f"feature {name}") if code else None
        return found
