"""The import paths of kafka-python 2.x and 3.x whose subject this release has."""

from __future__ import annotations

import logging
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

import kafka
from test.compat.facts import FACTS

PATHS = {
    "kafka": "KafkaAdminClient KafkaConsumer KafkaProducer TopicPartition OffsetAndMetadata"
    " OffsetSpec"
    " ConsumerRebalanceListener AsyncConsumerRebalanceListener IsolationLevel __version__",
    "kafka.version": "__version__",
    "kafka.consumer": "KafkaConsumer",
    "kafka.consumer.group": "KafkaConsumer",
    "kafka.consumer.fetcher": "ConsumerRecord",
    "kafka.consumer.subscription_state": "ConsumerRebalanceListener SubscriptionState"
    " AsyncConsumerRebalanceListener SubscriptionType",
    "kafka.producer": "KafkaProducer",
    "kafka.producer.kafka": "KafkaProducer",
    "kafka.producer.future": "FutureRecordMetadata FutureProduceResult RecordMetadata",
    "kafka.cluster": "ClusterMetadata collect_hosts get_ip_port_afi DEFAULT_KAFKA_PORT",
    "kafka.structs": "BrokerMetadata PartitionMetadata GroupInformation MemberInformation"
    " RetryOptions OffsetAndTimestamp TopicPartitionReplica ConsumerGroupMetadata MemberState",
    "kafka.serializer": "Serializer Deserializer SerializeWrapper DeserializeWrapper",
    "kafka.serializer.abstract": "Serializer Deserializer",
    "kafka.partitioner": "Partitioner DefaultPartitioner StickyPartitioner murmur2",
    "kafka.partitioner.default": "DefaultPartitioner murmur2",
    "kafka.partitioner.sticky": "StickyPartitioner",
    "kafka.partitioner.abc": "Partitioner",
    "kafka.record.abc": "ABCRecord",
    "kafka.future": "Future",
    "kafka.codec": "has_gzip has_snappy has_lz4 has_zstd gzip_encode gzip_decode",
    "kafka.errors": "NoBrokersAvailable KafkaTimeoutError UnknownTopicOrPartitionError for_code"
    " KafkaError KafkaUnavailableError",
    "kafka.metrics": "AnonMeasurable DictReporter KafkaMetric MetricConfig MetricName Metrics"
    " NamedMeasurable Quota",
    "kafka.metrics.stats": "Avg Count Histogram Max Min Percentile Percentiles Rate Sensor Total",
    "kafka.metrics.metrics_reporter": "AbstractMetricsReporter",
    "kafka.coordinator.assignors.abstract": "AbstractPartitionAssignor RebalanceProtocol",
    "kafka.coordinator.assignors.range": "RangePartitionAssignor",
    "kafka.coordinator.assignors.roundrobin": "RoundRobinPartitionAssignor",
    "kafka.coordinator.assignors.sticky.sticky_assignor": "StickyPartitionAssignor",
    "kafka.coordinator.assignors.cooperative_sticky": "CooperativeStickyAssignor",
    "kafka.coordinator.protocol": "ConsumerProtocol ConsumerProtocolMemberMetadata"
    " ConsumerProtocolMemberAssignment ConsumerProtocolMemberMetadata_v0"
    " ConsumerProtocolMemberAssignment_v0",
    "kafka.admin": "KafkaAdminClient NewTopic NewPartitions ConfigResource ConfigResourceType"
    " ACL ACLFilter ACLOperation ACLPermissionType ACLResourcePatternType ResourcePattern"
    " ResourcePatternFilter ResourceType to_json",
    "kafka.admin.client": "KafkaAdminClient",
    "kafka.admin.new_topic": "NewTopic",
    "kafka.admin.new_partitions": "NewPartitions",
    "kafka.admin.config_resource": "ConfigResource ConfigResourceType",
    "kafka.admin.acl_resource": "ACL ACLFilter ACLOperation ACLPermissionType"
    " ACLResourcePatternType ResourcePattern ResourcePatternFilter ResourceType",
    "kafka.aio": "AsyncKafkaAdminClient AsyncKafkaConsumer AsyncKafkaProducer",
}

# Subjects of later releases, also listed in docs/compat.rst.
NOT_BUILT = {
    "kafka.codec": {"lz4f_decode"},  # lz4_decode, under the name of one of its libraries
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in PATHS for name in PATHS[module].split()]
)
def test_name_can_be_imported_from_its_public_path(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("module", FACTS["exports"])
def test_module_offers_what_it_offered(module: str) -> None:
    offered = import_module(module)
    missing = {name for name in FACTS["exports"][module] if not _offers(offered, name)}
    assert missing == NOT_BUILT.get(module, set())


def _offers(module: ModuleType, name: str) -> bool:
    try:
        return hasattr(module, name)
    except ImportError:  # says that a later release has it
        return False


def test_public_names_are_listed_by_dir() -> None:
    assert set(kafka.__all__) <= set(dir(kafka))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'kafka' has no attribute 'SimpleClient'"):
        kafka.SimpleClient  # noqa: B018 - the access is the test


def test_library_stays_silent_in_applications_without_logging() -> None:
    handlers = logging.getLogger("kafka").handlers
    assert [type(handler) for handler in handlers] == [logging.NullHandler]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import kafka", "kafka.structs"),
        ("import kafka", "asyncio"),
        ("from kafka import TopicPartition", "asyncio"),
        ("from kafka import KafkaProducer", "kafka.consumer"),
        ("from kafka import KafkaProducer", "kafka.admin"),
        ("from kafka import KafkaConsumer", "kafka.admin"),
        ("from kafka import KafkaAdminClient", "kafka.producer"),
        ("from kafka import KafkaAdminClient", "kafka.consumer.group"),
        ("from kafka import KafkaConsumer", "kafka.producer"),
        ("from kafka import KafkaProducer, KafkaConsumer", "kafka.net.network_client"),
        ("import kafka.config", "asyncio"),
    ],
)
def test_import_loads_only_what_is_used(statement: str, absent: str) -> None:
    code = f"import sys; {statement}; print({absent!r} in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


def test_a_function_is_not_hidden_by_a_module_of_its_name() -> None:
    code = "import kafka.admin as a; a.to_json; import kafka.admin.client; print(a.to_json({}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "{}\n"
