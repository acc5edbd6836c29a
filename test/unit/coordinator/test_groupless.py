"""The assignment of a consumer without a group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.cluster import ClusterMetadata, ClusterSnapshot
from kafka.coordinator.groupless import GrouplessMembership
from kafka.coordinator.membership import Assign, RaiseFromPoll, RequestMetadata, WantTopics
from kafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import TopicPartition
from kafka.subscription import SubscriptionState

if TYPE_CHECKING:
    from kafka.coordinator.membership import Action
    from kafka.errors import KafkaError

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
DENIED, MISSING = TopicAuthorizationFailedError, UnknownTopicOrPartitionError


class Bench:
    """A membership, the subscription it follows, and a cluster that grows."""

    def __init__(self, *, exclude_internal: bool = True) -> None:
        self.subscriptions = SubscriptionState()
        self.cluster = ClusterMetadata()
        self.membership = GrouplessMembership(
            self.subscriptions,
            exclude_internal=exclude_internal,
            backoff=ExponentialBackoff(1.0, 8.0, jitter=0.0),
            uniform=lambda low, _: low,
        )

    def poll(self, now: float = 0.0) -> list[Action]:
        """Return the actions, of which assignments are applied."""
        actions = self.membership.poll(now)
        for action in actions:
            if isinstance(action, Assign):
                self.subscriptions.replace_assignment(action.partitions)
        return actions

    def subscribe(self, *topics: str, now: float = 0.0) -> list[Action]:
        self.subscriptions.subscribe(topics)
        self.membership.on_subscription(now)
        return self.poll(now)

    def match(self, pattern: str) -> list[Action]:
        self.subscriptions.subscribe(pattern=re.compile(pattern))
        self.membership.on_subscription(0.0)
        return self.poll()

    def metadata(self, topics: dict[str, int | type[KafkaError]], now: float = 0.0) -> list[Action]:
        """React to topics with a number of partitions, or an error."""
        self.membership.on_metadata(self.snapshot(topics), now)
        return self.poll(now)

    def snapshot(
        self, topics: dict[str, int | type[KafkaError]], *, lists_all: bool = True
    ) -> ClusterSnapshot:
        response = MetadataResponse
        made = []
        for name, found in topics.items():
            topic = response.MetadataResponseTopic(name=name, is_internal=name.startswith("_"))
            if isinstance(found, int):
                topic.partitions = [
                    response.MetadataResponsePartition(partition_index=number, leader_id=1)
                    for number in range(found)
                ]
            else:
                topic.error_code = found.errno
            made.append(topic)
        self.cluster.merge(MetadataResponse(topics=made), lists_all=lists_all)
        return self.cluster.snapshot


def test_subscription_asks_for_its_topics_and_keeps_what_is_assigned() -> None:
    assert Bench().subscribe("a") == [WantTopics(frozenset({"a"})), Assign((), ())]


def test_topics_subscribed_to_are_assigned_once_they_are_known() -> None:
    bench = Bench()
    bench.subscribe("a", "b")
    assert bench.metadata({"b": 1, "a": 2}) == [Assign((A0, A1, B0), ())]


def test_metadata_that_changes_nothing_asks_for_nothing() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 2})
    assert bench.metadata({"a": 2}) == []


def test_topic_that_is_known_already_is_assigned_with_the_subscription() -> None:
    bench = Bench()
    bench.metadata({"a": 1})
    assert bench.subscribe("a") == [WantTopics(frozenset({"a"})), Assign((A0,), ())]


def test_new_subscription_gives_up_the_topics_of_the_old_one() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 1, "b": 1})
    assert bench.subscribe("b")[-1] == Assign((B0,), ())


def test_partition_that_appears_later_is_late() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 1})
    assert bench.metadata({"a": 2}) == [Assign((A0, A1), (A1,))]


def test_all_partitions_of_a_topic_that_was_missing_are_late() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": MISSING})
    assert bench.metadata({"a": 1}) == [Assign((A0,), (A0,))]


def test_topic_that_vanishes_keeps_its_partitions() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 1})
    assert (bench.metadata({"a": MISSING}), bench.metadata({"a": 1})) == ([], [])


def test_missing_topic_is_asked_for_again_less_and_less_often() -> None:
    bench = Bench()
    bench.subscribe("a")
    wakeups = []
    for now in (10.0, 20.0, 30.0):
        bench.metadata({"a": MISSING}, now)
        wakeups.append(bench.membership.next_wakeup())
    assert wakeups == [11.0, 22.0, 34.0]
    assert (bench.poll(33.9), bench.poll(34.0), bench.poll(34.1)) == ([], [RequestMetadata()], [])


def test_topic_that_was_found_is_not_asked_for_again() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": MISSING}, 10.0)
    bench.metadata({"a": 1}, 10.5)
    assert (bench.membership.next_wakeup(), bench.poll(60.0)) == (None, [])


def test_end_of_the_subscription_ends_the_search_for_its_topics() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": MISSING}, 10.0)
    bench.subscriptions.unsubscribe()
    bench.membership.on_subscription(10.5)
    assert bench.poll(60.0) == [WantTopics(frozenset()), Assign((), ())]
    assert bench.membership.next_wakeup() is None


def test_topic_that_was_not_asked_about_yet_is_waited_for() -> None:
    bench = Bench()
    bench.subscribe("a")
    assert (bench.metadata({}), bench.membership.next_wakeup()) == ([], None)


def test_topic_that_may_not_be_read_is_an_error_after_the_assignment() -> None:
    bench = Bench()
    bench.subscribe("a", "b")
    actions = bench.metadata({"a": DENIED, "b": 1})
    assert [type(action) for action in actions] == [Assign, RaiseFromPoll]
    error = actions[1]
    assert isinstance(error, RaiseFromPoll)
    assert (error.topic, type(error.error), str(error.error)) == ("a", DENIED, str(DENIED("a")))


def test_topic_that_may_not_be_read_is_not_asked_for_again() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": DENIED})
    assert bench.membership.next_wakeup() is None


def test_partitions_assigned_by_the_user_are_kept_as_they_are() -> None:
    bench = Bench()
    bench.subscriptions.assign_from_user([B0, A1])
    bench.membership.on_subscription(0.0)
    assert bench.poll() == [WantTopics(frozenset({"a", "b"})), Assign((B0, A1), ())]
    assert bench.metadata({"a": 3, "b": MISSING}) == []


def test_end_of_a_subscription_gives_its_partitions_up() -> None:
    bench = Bench()
    bench.subscribe("a")
    bench.metadata({"a": 1})
    bench.subscriptions.unsubscribe()
    bench.membership.on_subscription(0.0)
    assert bench.poll() == [WantTopics(frozenset()), Assign((), ())]


def test_pattern_asks_for_all_topics() -> None:
    assert Bench().match("a.*") == [WantTopics(None), RequestMetadata(), Assign((), ())]


def test_pattern_waits_for_metadata_that_is_newer_than_the_subscription() -> None:
    bench = Bench()
    old = bench.snapshot({"ab": 1})
    bench.membership.on_metadata(old, 0.0)
    bench.match("a.*")
    bench.membership.on_metadata(old, 0.0)
    assert (bench.poll(), bench.subscriptions.subscription) == ([], frozenset())
    assert bench.metadata({"ab": 1, "c": 1}) == [Assign((TopicPartition("ab", 0),), ())]


def test_pattern_waits_for_metadata_about_all_topics() -> None:
    bench = Bench()
    bench.match("a.*")
    bench.membership.on_metadata(bench.snapshot({"b": 1}, lists_all=False), 0.0)
    assert bench.poll() == []
    assert bench.metadata({"a": 1}) == [Assign((A0,), ())]


def test_topic_that_matches_later_is_late() -> None:
    bench = Bench()
    bench.match("a.*")
    bench.metadata({"a": 1})
    later = TopicPartition("ab", 0)
    assert bench.metadata({"a": 1, "ab": 1}) == [Assign((A0, later), (later,))]


def test_matched_topic_that_vanishes_keeps_its_partitions() -> None:
    bench = Bench()
    bench.match("a.*")
    bench.metadata({"a": 1})
    assert bench.metadata({"b": 1}) == []


@pytest.mark.parametrize("exclude", [True, False])
def test_internal_topics_match_only_if_wanted(exclude: bool) -> None:
    bench = Bench(exclude_internal=exclude)
    bench.match(".*")
    bench.metadata({"_offsets": 1})
    assert bench.subscriptions.subscription == (frozenset() if exclude else {"_offsets"})


def test_first_poll_of_the_application_needs_nothing() -> None:
    bench = Bench()
    bench.membership.on_user_poll(0.0)
    assert (bench.poll(), bench.membership.next_wakeup()) == ([], None)


def test_membership_reads_as_a_status_line() -> None:
    assert repr(Bench().membership).startswith("<GrouplessMembership ask_at=None <Subscription")
