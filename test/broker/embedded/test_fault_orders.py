"""Faults that tests order: mistakes are told at once, and what never happened at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kafka.errors import KafkaTimeoutError, NotLeaderForPartitionError, UnsupportedVersionError
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import Delay, Disconnect, EmbeddedCluster, Throttle
from test.support.configs import TOPIC, described
from test.support.embedded import batch, cluster_and_client, produce

ERROR = NotLeaderForPartitionError

# What was typed, and words of the answer.
MISTYPED: dict[str, tuple[Callable[[EmbeddedCluster], object], str]] = {
    "node": (
        lambda cluster: cluster.fail(ProduceRequest, ERROR, node_id=9),
        r"there is no broker 9; the cluster has \[0\]",
    ),
    "topic": (
        lambda cluster: cluster.fail(ProduceRequest, ERROR, topic="orderz"),
        r"there is no topic 'orderz'; the cluster has \['orders'\]",
    ),
    "partition": (
        lambda cluster: cluster.fail(ProduceRequest, ERROR, topic="orders", partition=2),
        "there is no partition 2; orders has 0 to 1",
    ),
    "negative partition": (
        lambda cluster: cluster.fail(ProduceRequest, ERROR, topic="orders", partition=-1),
        "there is no partition -1",
    ),
    "no times": (lambda cluster: cluster.fail(ProduceRequest, ERROR, times=0), "times is a number"),
    "negative times": (
        lambda cluster: cluster.inject(ProduceRequest, Disconnect(), times=-1),
        "times is a number of 1 or more",
    ),
    "negative delay": (
        lambda cluster: cluster.inject(ProduceRequest, Delay(-1.0)),
        "Delay takes seconds",
    ),
    "negative throttling": (
        lambda cluster: cluster.inject(ProduceRequest, Throttle(-5)),
        "Throttle takes milliseconds",
    ),
    "an error of the client": (
        lambda cluster: cluster.fail(ProduceRequest, KafkaTimeoutError),  # type: ignore[arg-type] # a mistake
        "no broker sends KafkaTimeoutError",
    ),
    "a code": (
        lambda cluster: cluster.fail(ProduceRequest, 6),  # type: ignore[arg-type] # a mistake
        "write NotLeaderForPartitionError",
    ),
    "a class": (
        lambda cluster: cluster.inject(ProduceRequest, Disconnect),  # type: ignore[arg-type] # a mistake
        r"write Disconnect\(...\)",
    ),
    "an unknown API": (lambda cluster: cluster.fail("Prodcue", ERROR), "did you mean Produce"),
    "a topic for an API without topics": (
        lambda cluster: cluster.inject(HeartbeatRequest, Disconnect(), topic="orders"),
        "Heartbeat names no topics",
    ),
    "client id": (
        lambda cluster: cluster.inject("Produce", Disconnect(), client_id=1),  # type: ignore[arg-type] # a mistake
        "client_id is a text",
    ),
    "when": (
        lambda cluster: cluster.inject("Produce", Disconnect(), when=True),  # type: ignore[arg-type] # a mistake
        "cannot be called",
    ),
    "an API to count": (lambda cluster: cluster.count("Fetsch"), "did you mean Fetch"),
    "an API to look at": (lambda cluster: cluster.requests("Fetsch"), "did you mean Fetch"),
    "a broker to look at": (
        lambda cluster: cluster.requests(node_id=3),
        "there is no broker 3",
    ),
}


@pytest.mark.parametrize(("call", "words"), MISTYPED.values(), ids=MISTYPED.keys())
async def test_what_is_mistyped_is_refused_where_it_is_ordered(
    call: Callable[[EmbeddedCluster], object], words: str
) -> None:
    async with EmbeddedCluster(topics={"orders": 2}) as cluster:
        with pytest.raises((ValueError, TypeError), match=words):
            call(cluster)


async def test_an_api_that_the_brokers_lack_is_refused() -> None:
    async with EmbeddedCluster(version="2.8") as cluster:
        with pytest.raises(UnsupportedVersionError, match=r"this 2\.8 cluster does not serve"):
            cluster.inject(ConsumerGroupHeartbeatRequest, Disconnect())


async def test_an_api_that_was_taken_away_is_refused() -> None:
    async with EmbeddedCluster(api_versions={DescribeGroupsRequest: None}) as cluster:
        with pytest.raises(UnsupportedVersionError):
            cluster.inject(DescribeGroupsRequest, Disconnect())


async def test_names_order_the_same_faults_as_classes() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.fail("Produce", "NOT_LEADER_OR_FOLLOWER", times=2)
        codes = [(await produce(client, "t", batch(b"v"))).error_code for _ in range(3)]
        assert codes == [6, 6, 0]
        assert cluster.count("Produce") == len(cluster.requests("produce")) == 3


@pytest.mark.parametrize("api", [CreateTopicsRequest, MetadataRequest])
async def test_topics_that_are_to_come_may_be_named_where_requests_ask_for_them(
    api: type[CreateTopicsRequest | MetadataRequest],
) -> None:
    async with EmbeddedCluster() as cluster:
        cluster.inject(api, Disconnect(), topic="later", optional=True)
        cluster.inject(DescribeGroupsRequest, Disconnect(), topic="a-group", optional=True)
        cluster.inject(FetchRequest, Disconnect(), topic="later", partition=7, optional=True)


async def test_a_fault_finds_the_topic_among_the_resources_of_a_request() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.inject("DescribeConfigs", Disconnect(), topic="t")
        with pytest.raises(ConnectionError):
            await described(client, TOPIC, "t")


async def test_a_fault_that_never_fired_is_reported_at_the_end() -> None:
    cluster = EmbeddedCluster(topics={"t": 1})
    with pytest.raises(
        AssertionError, match=r"never fired .*Produce NotLeaderForPartitionError topic='t'"
    ):
        async with cluster:
            cluster.fail(ProduceRequest, ERROR, topic="t")


def test_a_fault_that_never_fired_is_reported_at_the_end_of_a_blocking_test() -> None:
    with pytest.raises(AssertionError, match="never fired"), EmbeddedCluster() as cluster:
        cluster.inject("Produce", Disconnect())


async def test_optional_and_cleared_faults_may_go_without_firing() -> None:
    async with EmbeddedCluster() as cluster:
        cluster.inject("Produce", Disconnect())
        cluster.clear_faults()
        cluster.inject("Produce", Disconnect(), optional=True)


async def test_the_error_of_a_test_is_kept_and_tells_of_faults_that_never_fired() -> None:
    async def failing() -> None:
        async with EmbeddedCluster() as cluster:
            cluster.inject("Produce", Disconnect())
            raise LookupError("what the test found")

    with pytest.raises(LookupError) as caught:
        await failing()
    assert "never fired" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"num.partition": "3"}, r"did you mean num\.partitions"),
        ({"num.partitions": "abc"}, "Invalid value abc for configuration num"),
    ],
)
def test_a_config_that_no_broker_has_is_refused(config: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EmbeddedCluster(config=config)


async def test_configs_of_a_topic_may_be_numbers() -> None:
    async with EmbeddedCluster(config={"num.partitions": 2}) as cluster:
        cluster.create_topic("t", config={"retention.ms": 1000, "preallocate": True})
        config = cluster.control.state.topics["t"].config
        assert config.overrides == {"retention.ms": "1000", "preallocate": "true"}
