"""Where a regular expression for the brokers is refused, and where it works."""

from __future__ import annotations

import pytest

from kafka import KafkaConsumer, SubscriptionPattern
from kafka.aio import AsyncKafkaConsumer
from kafka.errors import KafkaConfigurationError
from kafka.structs import TopicPartition
from test.support.group_stories import member, poll_until
from test.support.stage import cluster_of

PATTERN = SubscriptionPattern("t.*")
WITHOUT = pytest.mark.parametrize(
    ("options", "what"),
    [({}, "no group_id"), ({"group_id": "g"}, "group_protocol='classic'")],
    ids=["no group", "classic protocol"],
)


@WITHOUT
def test_it_is_refused_at_once_where_no_coordinator_matches_it(
    options: dict[str, str], what: str
) -> None:
    reader = AsyncKafkaConsumer(**options)
    with pytest.raises(KafkaConfigurationError, match=f"this consumer has {what}; change that"):
        reader.subscribe(pattern=PATTERN)
    assert reader.subscription() is None


@WITHOUT
def test_blocking_consumer_refuses_it_and_goes_on(options: dict[str, str], what: str) -> None:
    with (
        cluster_of() as cluster,
        KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, **options) as reader,
    ):
        with pytest.raises(KafkaConfigurationError, match=what):
            reader.subscribe(pattern=PATTERN)
        reader.subscribe(["t"])
        assert reader.subscription() == {"t"}


async def test_polls_raise_if_auto_has_chosen_the_classic_protocol() -> None:
    async with cluster_of(version="3.9") as cluster:
        cluster.create_topic("t", 1)
        async with member(cluster, "auto") as reader:
            reader.subscribe(pattern=PATTERN)
            for _ in range(2):
                with pytest.raises(KafkaConfigurationError, match="has the classic protocol"):
                    await reader.poll(60_000)
            reader.subscribe(pattern="t.*")
            await poll_until(reader, lambda: reader.assignment() == {TopicPartition("t", 0)})


async def test_brokers_match_it_with_the_consumer_protocol() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 1)
        cluster.create_topic("u", 1)
        async with member(cluster, "consumer") as reader:
            reader.subscribe(pattern=PATTERN)
            await poll_until(reader, lambda: reader.assignment() == {TopicPartition("t", 0)})
