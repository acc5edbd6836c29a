"""A consumer that waits for what may never come says so: in the log, and in health()."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaConsumer
from kafka.errors import IllegalStateError, TopicAuthorizationFailedError
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.structs import TopicPartition
from test.broker.consumer_support import T0, consumer, read, values
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.testing import EmbeddedCluster

NOWHERE = TopicPartition("misspelt", -1)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("allowed", [True, False])
async def test_missing_topic_is_one_warning_and_a_reason(
    allowed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t", "misspelt", allow_auto_create_topics=allowed) as reader:
            assert await reader.poll(100_000) == {}
            (line,) = warnings(caplog)
            assert line.startswith("topic=misspelt does not exist; ")
            health = reader.health()
            assert health.keys() == {T0, NOWHERE}
            assert (health[NOWHERE].reason, health[NOWHERE].position) == (
                "its topic does not exist",
                None,
            )
            cluster.create_topic("misspelt")
            cluster.append("misspelt", b"a")
            assert values(await read(reader, 1)) == [b"a"]
            assert NOWHERE not in reader.health()
    assert len(warnings(caplog)) == 1


async def test_topic_that_brokers_create_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with cluster_of(auto_create=True) as cluster, consumer(cluster, "new") as reader:
        assert await reader.poll(100_000) == {}
        assert reader.assignment() == {TopicPartition("new", 0)}
    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("tp", "reason"),
    [
        (TopicPartition("misspelt", 0), "its topic does not exist"),
        (TopicPartition("t", 9), "its topic has no partition 9: it has 1"),
    ],
)
async def test_missing_partition_that_is_assigned_is_one_warning_and_a_reason(
    tp: TopicPartition, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_of() as cluster, consumer(cluster) as reader:
        cluster.create_topic("t")
        reader.assign([tp])
        assert await reader.poll(30_000) == {}
        assert reader.health()[tp].reason == reason
    (line,) = warnings(caplog)
    assert line.startswith(f"topic={tp.topic} {reason.removeprefix('its topic ')}")


@pytest.mark.parametrize("assigned", [False, True])
@pytest.mark.parametrize("api", [MetadataRequest, FetchRequest])
async def test_topic_that_may_not_be_read_is_one_warning_and_a_reason(
    api: type[MetadataRequest | FetchRequest], assigned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_of() as cluster, consumer(cluster) as reader:
        cluster.create_topic("t")
        cluster.fail(api, TopicAuthorizationFailedError, topic="t", times=None)
        if assigned:
            reader.assign([T0])
        else:
            reader.subscribe(["t"])
        for _ in range(1 if api is MetadataRequest and not assigned else 3):
            with pytest.raises(TopicAuthorizationFailedError):
                await reader.poll(100_000)
        reasons = {health.reason for health in reader.health().values()}
        assert reasons == {"its topic may not be read by this client"}
        assert warnings(caplog) == ["topic=t may not be read by this client"]


async def test_polls_with_nothing_to_read_are_empty_and_warn_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_of() as cluster, consumer(cluster, client_id="c") as reader:
        assert await reader.poll() == await reader.poll(1000) == {}
        assert await reader.poll_batch(1000) == []
    assert warnings(caplog) == ["c has nothing to read: call subscribe() or assign() first"]


async def test_wait_without_an_end_needs_something_to_wait_for() -> None:
    async with cluster_of() as cluster, consumer(cluster) as reader:
        cluster.create_topic("t")
        waits = (reader.getone, lambda: anext(reader), lambda: reader.poll(float("inf")))
        for wait in waits:
            with pytest.raises(IllegalStateError, match=r"call subscribe\(\) or assign\(\) first"):
                await wait()
        reader.subscribe(["t"])
        cluster.append("t", b"a")
        assert (await reader.getone()).value == b"a"
        reader.unsubscribe()
        with pytest.raises(IllegalStateError, match="nothing to wait for"):
            await reader.getone()


async def test_iterator_with_an_end_ends(caplog: pytest.LogCaptureFixture) -> None:
    async with cluster_of() as cluster, consumer(cluster, consumer_timeout_ms=1000) as reader:
        assert [record async for record in reader] == []
    assert len(warnings(caplog)) == 1


def test_blocking_consumer_says_the_same(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    with KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, client_id="c") as reader:
        assert reader.poll() == reader.poll(1) == {}
        with pytest.raises(IllegalStateError, match="nothing to wait for"):
            next(reader)
    assert warnings(caplog) == ["c has nothing to read: call subscribe() or assign() first"]


async def test_a_member_without_partitions_is_told_so() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        options = {"group_id": "billing", "auto_offset_reset": "earliest"}
        async with consumer(cluster, "t", **options) as first:
            cluster.append("t", b"a")
            assert values(await read(first, 1)) == [b"a"]
            async with consumer(cluster, "t", **options) as second:
                while second.group_health().state != "stable" or not first.assignment():
                    await first.poll(500)
                    await second.poll(500)
                readers = (first, second)
                (idle,) = [reader for reader in readers if not reader.assignment()]
                reason = idle.health()[TopicPartition("t", -1)].reason
    assert reason.startswith("nothing of its topic is assigned here: other members of the group")


async def test_an_api_version_that_the_broker_no_longer_takes_is_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_of(version="4.4") as cluster:
        cluster.create_topic("t")
        async with consumer(cluster, "t", api_version=(0, 10, 1)) as reader:
            assert await reader.poll(30_000) == {}
    (line,) = warnings(caplog)
    assert line == (
        "node 0 hangs up on requests as of api_version=(0, 10, 1): without that option the client "
        "asks the broker what it speaks"
    )
