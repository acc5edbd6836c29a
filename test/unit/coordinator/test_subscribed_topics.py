"""What a member tells its coordinator of the subscription."""

from __future__ import annotations

from kafka.cluster import ClusterMetadata
from kafka.coordinator.subscribed_topics import Subscribed, SubscribedTopics
from kafka.subscription import SubscriptionPattern, SubscriptionState
from test.unit.coordinator.member_bench import SETTINGS, TOPICS, metadata


class Bench:
    """A subscription, and a cluster with the topics ``a`` and ``b``."""

    def __init__(self) -> None:
        self.subscriptions = SubscriptionState()
        self.cluster = ClusterMetadata()
        self.topics = SubscribedTopics(self.subscriptions, SETTINGS, lambda low, _: low)

    def subscribe(
        self, *topics: str, pattern: str | SubscriptionPattern | None = None
    ) -> Subscribed | None:
        self.subscriptions.subscribe(topics, pattern)
        self.topics.on_subscription(0.0)
        return self.topics.current

    def learn(self, *names: str) -> Subscribed | None:
        metadata(self.cluster, {name: TOPICS.get(name, TOPICS["a"]) for name in names})
        self.topics.on_metadata(self.cluster.snapshot, 0.0)
        return self.topics.current


def test_topics_are_told_by_name() -> None:
    assert Bench().subscribe("b", "a") == Subscribed(frozenset({"a", "b"}))


def test_pattern_for_the_brokers_is_told_as_it_is() -> None:
    bench = Bench()
    assert bench.subscribe(pattern=SubscriptionPattern("a.*")) == Subscribed(frozenset(), "a.*")
    assert bench.learn("a", "b") == Subscribed(frozenset(), "a.*")


def test_pattern_of_pythons_is_told_once_it_is_matched() -> None:
    bench = Bench()
    assert bench.subscribe(pattern="a") is None
    assert bench.learn("a", "b", "_a") == Subscribed(frozenset({"a"}))


def test_old_pattern_stands_until_the_new_one_is_matched() -> None:
    bench = Bench()
    bench.subscribe(pattern="a")
    bench.learn("a", "b")
    assert bench.subscribe(pattern="b") == Subscribed(frozenset({"a"}))
    assert bench.learn("a", "b") == Subscribed(frozenset({"b"}))


def test_nothing_is_told_without_a_subscription() -> None:
    bench = Bench()
    bench.subscribe("a")
    assert bench.topics.is_subscribed
    bench.subscriptions.unsubscribe()
    bench.topics.on_subscription(0.0)
    assert (bench.topics.current, bench.topics.is_subscribed) == (None, False)


def test_repr_tells_what_is_subscribed_to() -> None:
    bench = Bench()
    bench.subscribe("a")
    assert "Subscribed(names=frozenset({'a'}), regex=None)" in repr(bench.topics)
