"""The admin client on older brokers: what they cannot do is done another way, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    OffsetSpec,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)
from kafka.errors import NoError, UnsupportedVersionError
from kafka.structs import OffsetAndMetadata
from test.support.apache_kafka import KafkaCluster
from test.support.apache_kafka.config import KEEP_OLD_RECORDS
from test.support.group_workers import Worker, read_by, send_numbers, until

pytestmark = pytest.mark.ladder

#: The newest is in the package `admin`.
AUTHORIZERS = {
    "1.1.1": "kafka.security.auth.SimpleAclAuthorizer",
    "2.8.2": "kafka.security.authorizer.AclAuthorizer",
    "3.9.2": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
}
TOPIC = ConfigResourceType.TOPIC


class Old(NamedTuple):
    """A broker of an older release, and the client that administers it."""

    cluster: KafkaCluster
    admin: KafkaAdminClient

    def since(self, *numbers: int) -> bool:
        return self.cluster.version_tuple >= numbers


@pytest.fixture(scope="module", params=AUTHORIZERS)
def old(request: pytest.FixtureRequest) -> Iterator[Old]:
    properties = {
        "authorizer.class.name": AUTHORIZERS[request.param],
        "super.users": "User:ANONYMOUS",
        "auto.create.topics.enable": "false",
        **KEEP_OLD_RECORDS,
    }
    with (
        KafkaCluster(request.param, properties=properties) as cluster,
        KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
    ):
        yield Old(cluster, admin)


@pytest.fixture
def topic(old: Old, topic_name: str) -> str:
    old.admin.create_topics(
        {topic_name: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True
    )
    return topic_name


def granted_or_refused(granted: bool, call: Callable[[], Any], words: str) -> Any:
    """Return what a call returns if it is granted; else have it refused with *words*."""
    if granted:
        return call()
    with pytest.raises(UnsupportedVersionError, match=words):
        call()
    return None


def test_topics_are_created_described_grown_and_deleted(old: Old, topic: str) -> None:
    admin = old.admin
    (found,) = admin.describe_topics([topic])
    assert (found["name"], len(found["partitions"])) == (topic, 2)
    paged = admin.describe_topic_partitions([topic])
    assert [row["partition_index"] for row in paged["topics"][0]["partitions"]] == [0, 1]
    admin.create_partitions({topic: 3})
    until(lambda: len(admin.describe_topics([topic])[0]["partitions"]) == 3, lambda: "not grown")
    admin.delete_topics([topic], wait_for_metadata=True)
    assert topic not in admin.list_topics()


def test_defaults_of_the_broker_are_used_or_refused_by_name(old: Old, topic_name: str) -> None:
    granted_or_refused(
        old.since(2, 4),
        lambda: old.admin.create_topics([topic_name]),
        "num_partitions|CreateTopics",
    )


def test_cluster_is_described(old: Old) -> None:
    found = old.admin.describe_cluster()
    assert [row["broker_id"] for row in found["brokers"]] == [1]
    assert found["controller_id"] == 1
    assert found["cluster_id"]
    (broker,) = old.admin.describe_log_dirs()
    assert broker["broker"] == 1
    assert old.admin.api_versions()


def test_records_are_deleted_and_offsets_listed(old: Old, topic: str) -> None:
    servers, place = old.cluster.bootstrap_servers, TopicPartition(topic, 0)
    with KafkaProducer(bootstrap_servers=servers) as producer:
        for number in range(5):
            producer.send(topic, b"v", partition=0, timestamp_ms=1_000_000 + number)
    assert old.admin.delete_records({place: 2})[place]["low_watermark"] == 2
    specs: list[tuple[Any, int]] = [
        (OffsetSpec.EARLIEST, 2),
        (OffsetSpec.LATEST, 5),
        (10**6 + 3, 3),
    ]
    for spec, offset in specs:
        assert old.admin.list_partition_offsets({place: spec})[place].offset == offset
    granted_or_refused(
        old.since(3, 0),
        lambda: old.admin.list_partition_offsets({place: OffsetSpec.MAX_TIMESTAMP}),
        "(?i)max_timestamp|ListOffsets",
    )


def test_configs_are_altered_one_by_one_or_replaced(old: Old, topic: str) -> None:
    admin = old.admin

    def altered(name: str) -> str:
        found = admin.describe_configs([ConfigResource(TOPIC, topic)], config_filter="all")
        value: str = found["topic"][topic][name]["value"]
        return value

    change = [ConfigResource(TOPIC, topic, {"retention.ms": "1000"})]
    granted_or_refused(
        old.since(2, 3), lambda: admin.alter_configs(change), "IncrementalAlterConfigs|incremental"
    )
    replaced = [ConfigResource(TOPIC, topic, {"retention.ms": "2000", "segment.ms": "3000"})]
    assert admin.alter_configs(replaced, incremental=False) == {"topic": {topic: "OK"}}
    until(lambda: altered("retention.ms") == "2000", lambda: altered("retention.ms"))
    assert altered("segment.ms") == "3000"


def test_groups_are_listed_described_and_deleted(old: Old, topic: str) -> None:
    servers, admin, group = old.cluster.bootstrap_servers, old.admin, f"group-of-{topic}"
    send_numbers(servers, topic, 0, 4, over=2)
    with Worker(servers, topic) as worker:
        read_by([worker], 4)
        assert group in [row["group_id"] for row in admin.list_groups()]
        found = admin.describe_groups([group, "missing"])
        assert len(found[group]["members"]) == 1
        assert str(found["missing"]["group_state"]) == "Dead"
        granted_or_refused(
            old.since(2, 6), lambda: admin.list_groups(states_filter=["Stable"]), "states_filter"
        )
    place = TopicPartition(topic, 0)
    groups = [f"{topic}-{number}" for number in range(3)]
    for each in groups:
        admin.alter_group_offsets(each, {place: OffsetAndMetadata(1, each)})
    # Batched, or one by one.
    offsets = admin.list_group_offsets(groups)
    assert {each: offsets[each][place].metadata for each in groups} == {e: e for e in groups}
    assert admin.list_group_lag(groups[:1]) == {groups[0]: {place: 1}}
    assert admin.delete_groups(groups) == dict.fromkeys(groups, "OK")


def test_acls_are_created_and_deleted(old: Old) -> None:
    resource = ResourcePattern(ResourceType.TOPIC, "orders")
    acl = ACL("User:someone", "*", ACLOperation.READ, ACLPermissionType.ALLOW, resource)
    assert old.admin.create_acls([acl])["succeeded"] == [acl]
    anything = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, resource)
    until(lambda: old.admin.describe_acls(anything)[0] == [acl], lambda: "no ACL")
    ((_, deleted, error),) = old.admin.delete_acls([anything])
    assert (len(deleted), error) == (1, NoError)


def test_what_came_later_is_refused_by_name(old: Old, topic: str) -> None:
    admin, place = old.admin, TopicPartition(topic, 0)
    upsertion = UserScramCredentialUpsertion("alice", "SCRAM-SHA-256", "secret")
    calls: list[tuple[tuple[int, int], Callable[[], Any], str]] = [
        ((2, 4), admin.list_partition_reassignments, "ListPartitionReassignments"),
        ((2, 6), admin.describe_client_quotas, "DescribeClientQuotas"),
        ((2, 8), lambda: admin.describe_producers([place]), "DescribeProducers"),
        ((3, 0), admin.list_transactions, "ListTransactions"),
        ((3, 3), admin.describe_metadata_quorum, "DescribeQuorum"),
    ]
    for since, call, words in calls:
        granted_or_refused(old.since(*since), call, words)
    granted_or_refused(
        old.since(2, 7),
        lambda: admin.alter_user_scram_credentials([upsertion]),
        "AlterUserScramCredentials",
    )
