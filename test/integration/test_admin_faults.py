"""Three real brokers that are killed and stopped under an admin client, which goes on.

One client for each story: what a fault leaves behind must not need a new one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.structs import OffsetAndMetadata
from test.support.apache_kafka import KafkaCluster
from test.support.group_workers import until
from test.support.java_admin import JavaAdmin

pytestmark = pytest.mark.long

# A silent node is replaced soon: as controller, and as leader.
PROPERTIES = {
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
    "auto.create.topics.enable": "false",
}
REQUEST_MS = 3000
LIMIT_MS = 8000
ALLOWANCE = 0.25

# Any: results of all shapes.
Call = Callable[[KafkaAdminClient], Any]
T0 = TopicPartition("there", 0)

CALLS: dict[str, Call] = {
    "create_topics": lambda a: a.create_topics(["x"]),
    "delete_topics": lambda a: a.delete_topics(["x"]),
    "create_partitions": lambda a: a.create_partitions({"there": 9}),
    "describe_topics": lambda a: a.describe_topics(["there"]),
    "list_topics": lambda a: a.list_topics(),
    "describe_cluster": lambda a: a.describe_cluster(),
    "list_partition_offsets": lambda a: a.list_partition_offsets({T0: OffsetSpec.LATEST}),
    "delete_records": lambda a: a.delete_records({T0: 0}),
    "describe_broker": lambda a: a.describe_configs([ConfigResource(ConfigResourceType.BROKER, 1)]),
    "describe_log_dirs": lambda a: a.describe_log_dirs(),
    "list_groups": lambda a: a.list_groups(),
    "describe_groups": lambda a: a.describe_groups(["g"]),
    "list_group_offsets": lambda a: a.list_group_offsets("g"),
    "alter_group_offsets": lambda a: a.alter_group_offsets("g", {T0: OffsetAndMetadata(0)}),
    "describe_users": lambda a: a.describe_user_scram_credentials(),
    "list_transactions": lambda a: a.list_transactions(),
    "describe_quorum": lambda a: a.describe_metadata_quorum(),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    with KafkaCluster(brokers=3, properties=PROPERTIES) as running:
        running.create_topic("there", 3, 3)
        yield running


@pytest.fixture
def admin(cluster: KafkaCluster) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(
        bootstrap_servers=cluster.bootstrap_servers,
        request_timeout_ms=REQUEST_MS,
        default_api_timeout_ms=30_000,
    ) as client:
        yield client
    whole(cluster)


def whole(cluster: KafkaCluster) -> None:
    """Return when all three nodes are in the cluster again, and in sync."""
    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as fresh:

        def is_whole() -> bool:
            try:
                found = fresh.describe_topics(["there"])[0]["partitions"]
            except KafkaError:
                return False
            return all(len(row["isr_nodes"]) == 3 for row in found)

        until(is_whole, lambda: "not all in sync")


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, or the error it raises, and how many seconds it takes."""
    start = time.monotonic()
    try:
        found = call()
    except Exception as error:  # noqa: BLE001 - the test looks at it
        found = error
    return found, time.monotonic() - start


def test_topics_are_created_while_the_controller_is_killed(
    cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    names = [f"made-{number}" for number in range(12)]
    controller = admin.describe_metadata_quorum()["topics"][0]["partitions"][0]["leader_id"]
    for number, name in enumerate(names):
        if number == 5:
            killer = threading.Thread(target=cluster.kill, args=[controller])
            killer.start()
        result = admin.create_topics({name: {"num_partitions": 1, "replication_factor": 2}})
        assert result["topics"][0]["error_code"] == 0
    killer.join()
    cluster.start(controller)
    with JavaAdmin(cluster.bootstrap_servers) as java:
        assert set(names) <= set(java.ask("listTopics"))


def test_a_group_is_asked_for_after_its_coordinator_was_killed(
    cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    told = {T0: OffsetAndMetadata(0)}
    admin.alter_group_offsets("of-the-killed", told)
    with JavaAdmin(cluster.bootstrap_servers) as java:
        found = java.ask("describeConsumerGroups", groups=["of-the-killed"])
    coordinator = found["of-the-killed"]["coordinator"]
    assert admin.list_group_offsets("of-the-killed")
    cluster.kill(coordinator)
    assert admin.list_group_offsets("of-the-killed")["of-the-killed"][T0].offset == 0
    cluster.start(coordinator)


def test_a_stopped_broker_does_not_stop_the_others(
    cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    admin.describe_log_dirs()
    for frozen in cluster.nodes:
        cluster.freeze(frozen)
        try:
            found, seconds = timed(lambda: admin.describe_topics(["there"]))
            assert seconds < 2, found
            assert len(found[0]["partitions"]) >= 3
            found, seconds = timed(admin.describe_log_dirs)
            assert seconds < REQUEST_MS / 1000 + 1, found
            assert isinstance(found, KafkaError)
            answered = {row["broker"] for row in found.results}  # type: ignore[attr-defined] # ours
            assert answered == set(cluster.nodes) - {frozen}
        finally:
            cluster.thaw(frozen)
        whole(cluster)


def test_every_call_to_stopped_brokers_ends_by_its_deadline_and_works_afterwards(
    cluster: KafkaCluster,
) -> None:
    clients = {
        name: KafkaAdminClient(
            bootstrap_servers=cluster.bootstrap_servers,
            request_timeout_ms=REQUEST_MS,
            default_api_timeout_ms=LIMIT_MS,
        )
        for name in CALLS
    }
    for client in clients.values():
        client.alter_group_offsets("g", {T0: OffsetAndMetadata(0)})
    for node in cluster.nodes:
        cluster.freeze(node)
    outcomes: dict[str, tuple[Any, float]] = {}

    def call(name: str) -> None:
        outcomes[name] = timed(lambda: CALLS[name](clients[name]))

    threads = [threading.Thread(target=call, args=[name]) for name in CALLS]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        for node in cluster.nodes:
            cluster.thaw(node)
    for name, (found, seconds) in outcomes.items():
        assert isinstance(found, KafkaTimeoutError), (name, found)
        assert seconds < LIMIT_MS / 1000 + ALLOWANCE, name
    assert set(outcomes) == set(CALLS)
    whole(cluster)
    for name, client in clients.items():
        found, _ = timed(lambda name=name, client=client: CALLS[name](client))  # type: ignore[misc]
        assert not isinstance(found, KafkaTimeoutError), (name, found)
        client.close()


def test_a_topic_is_deleted_and_created_fifty_times(
    cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    ids, place = set(), TopicPartition("again", 0)
    servers = cluster.bootstrap_servers
    for number in range(50):
        made = admin.create_topics({"again": {"num_partitions": 1, "replication_factor": 3}})
        ids.add(str(made["topics"][0]["topic_id"]))
        with KafkaProducer(bootstrap_servers=servers) as producer:
            assert producer.send("again", b"%d" % number).get(30).offset == 0
        with KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
            consumer.assign([place])
            assert next(consumer).value == b"%d" % number
        admin.delete_topics(["again"], wait_for_metadata=True)
    assert len(ids) == 50
