"""What the subscription follows; `test_groupless` shows it whole."""

from __future__ import annotations

import re

from kafka._base.backoff import ExponentialBackoff
from kafka.cluster import ClusterMetadata
from kafka.coordinator.membership import RequestMetadata, WantTopics
from kafka.coordinator.topic_watch import TopicWatch
from kafka.errors import (
    BrokerResponseError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import TopicPartition
from kafka.subscription import SubscriptionState

A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


class Bench:
    def __init__(self) -> None:
        self.subscriptions = SubscriptionState()
        self.cluster = ClusterMetadata()
        self.watch = TopicWatch(
            self.subscriptions,
            exclude_internal=True,
            backoff=ExponentialBackoff(1.0, 8.0, jitter=0.0),
            uniform=lambda low, _: low,
        )

    def subscribe(self, *topics: str) -> None:
        self.subscriptions.subscribe(topics)
        self.watch.on_subscription()
        self.watch.poll(0.0)

    def metadata(self, topics: dict[str, int | type[BrokerResponseError]]) -> None:
        of_topic, of_partition = (
            MetadataResponse.MetadataResponseTopic,
            MetadataResponse.MetadataResponsePartition,
        )
        made = []
        for name, found in topics.items():
            if isinstance(found, int):
                partitions = [of_partition(partition_index=number) for number in range(found)]
                made.append(of_topic(name=name, partitions=partitions))
            else:
                made.append(of_topic(name=name, error_code=found.errno))
        self.cluster.merge(MetadataResponse(topics=made), lists_all=True)
        self.watch.on_metadata(self.cluster.snapshot)


def test_there_is_nothing_to_see_without_a_subscription() -> None:
    bench = Bench()
    assert (bench.watch.look(0.0), bench.watch.next_wakeup()) == (None, None)


def test_topics_are_seen_with_their_partitions_if_they_are_known() -> None:
    bench = Bench()
    bench.subscribe("b", "a")
    bench.metadata({"a": 2})
    assert bench.watch.look(0.0) == {"a": (A0, A1), "b": None}


def test_partitions_stay_late_until_the_subscription_changes() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 1})
    bench.watch.look(0.0)
    bench.metadata({"a": 2})
    bench.watch.look(0.0)
    bench.watch.look(0.0)
    assert bench.watch.late == {A1}
    bench.subscribe("a")
    assert bench.watch.late == set()


def test_pattern_is_matched_once_all_topics_are_listed() -> None:
    bench = Bench()
    bench.subscriptions.subscribe(pattern=re.compile("a.*"))
    bench.watch.on_subscription()
    assert bench.watch.poll(0.0) == [WantTopics(None), RequestMetadata()]
    assert (bench.watch.look(0.0), bench.watch.is_matched) == (None, False)
    bench.metadata({"a": 1, "b": 1})
    assert (bench.watch.look(0.0), bench.watch.is_matched) == ({"a": (A0,)}, True)


def test_topics_of_others_are_wanted_besides_those_of_the_subscription() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.watch.want_others({"b"})
    bench.watch.want_others({"b"})
    assert bench.watch.poll(0.0) == [WantTopics(frozenset({"a", "b"}))]
    bench.watch.want_others(())
    assert bench.watch.poll(0.0) == [WantTopics(frozenset({"a"}))]


def test_missing_topic_of_others_is_asked_for_again_but_is_no_error() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.watch.want_others({"b", "c"})
    bench.watch.poll(0.0)
    bench.metadata({"a": 1, "b": UnknownTopicOrPartitionError, "c": TopicAuthorizationFailedError})
    bench.watch.look(0.0)
    assert (bench.watch.next_wakeup(), bench.watch.take_errors()) == (1.0, [])
    assert bench.watch.poll(1.0) == [RequestMetadata()]


def test_errors_of_topics_are_taken_once() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": TopicAuthorizationFailedError})
    bench.watch.look(0.0)
    assert [error.topic for error in bench.watch.take_errors()] == ["a"]
    assert bench.watch.take_errors() == []


def test_metadata_can_be_asked_for() -> None:
    bench = Bench()
    bench.watch.request_metadata()
    assert bench.watch.poll(0.0) == [RequestMetadata()]
    assert repr(bench.watch).startswith("<TopicWatch ask_at=None <SubscriptionState")
