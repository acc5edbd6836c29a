"""The blocking admin client's methods about groups and transactions: the same as the async ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import (
    AbortTransactionSpec,
    KafkaAdminClient,
    MemberToRemove,
    OffsetSpec,
    TransactionState,
)
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.stage import cluster_of

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of(2) as found:
        found.create_topic("t", 2)
        found.append("t", b"a", b"b", b"c", partition=0)
        yield found


@pytest.fixture(scope="module")
def admin(cluster: EmbeddedCluster) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as found:
        yield found


def test_offsets(admin: KafkaAdminClient) -> None:
    three = OffsetAndMetadata(3, "note", 0)
    assert admin.alter_group_offsets("g", {T0: three, T1: 0}) == {T0: NoError, T1: NoError}
    assert admin.delete_group_offsets("g", [T1]) == {T1: NoError}
    assert admin.list_group_offsets("g") == {"g": {T0: three}}
    assert admin.list_consumer_group_offsets("g") == {T0: three}
    assert admin.copy_group_offsets("g", "h") == {T0: three}
    reset = admin.reset_group_offsets("h", {T0: OffsetSpec.EARLIEST})
    assert reset == {T0: {"error": NoError, "offset": 0}}
    assert admin.list_group_lag(["g", "h"]) == {"g": {T0: 0}, "h": {T0: 3}}
    assert admin.delete_groups(["g"]) == {"g": "OK"}
    assert admin.delete_consumer_groups(["h"]) == [("h", NoError)]


def test_groups(cluster: EmbeddedCluster, admin: KafkaAdminClient) -> None:
    consumer = KafkaConsumer(
        "t",
        bootstrap_servers=cluster.bootstrap_servers,
        group_id="members",
        group_protocol="classic",
        group_instance_id="i-1",
    )
    with consumer:
        while not consumer.assignment():
            consumer.poll(timeout_ms=100)
        (listed,) = admin.list_groups(states_filter="Stable")
        assert listed["group_id"] == "members"
        assert admin.list_consumer_groups() == [("members", "consumer")]
        described = admin.describe_groups("members")["members"]
        assert described["members"][0]["group_instance_id"] == "i-1"
        (old,) = admin.describe_consumer_groups("members")
        assert old.members[0].member_assignment.partitions() == [T0, T1]
        leaving = MemberToRemove(group_instance_id="i-1")
        assert admin.remove_group_members("members", [leaving]) == {"i-1": NoError}


def test_transactions(cluster: EmbeddedCluster, admin: KafkaAdminClient) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, transactional_id="tx")
    with producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("t", b"open", partition=1).get(timeout=60)
        listed = admin.list_transactions(state_filters=[TransactionState.ONGOING])
        assert [each.transactional_id for found in listed.values() for each in found] == ["tx"]
        assert admin.describe_transactions("tx")["tx"].topic_partitions == {T1}
        (found,) = admin.find_hanging_transactions(max_transaction_timeout_ms=0)
        assert found["transactional_id"] == "tx"
        (state,) = admin.describe_producers([T1])[T1].active_producers
        spec = AbortTransactionSpec(T1, state.producer_id, state.producer_epoch)
        assert admin.abort_transaction(spec) is None
        (state,) = admin.describe_producers([T1])[T1].active_producers
        assert state.current_transaction_start_offset == -1
        producer.abort_transaction()
