"""What the user subscribes to, and the assignment made from it."""

from __future__ import annotations

import re

import pytest

from kafka.errors import IllegalStateError
from kafka.structs import TopicPartition
from kafka.subscription import (
    AsyncConsumerRebalanceListener,
    ConsumerRebalanceListener,
    Hold,
    SubscriptionState,
    SubscriptionType,
    check_partitions,
)

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)


class Listener(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.revoked: list[set[TopicPartition]] = []

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.revoked.append(revoked)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        pass


def test_topics_can_be_subscribed_to_and_replaced() -> None:
    state = SubscriptionState()
    state.subscribe(["a", "b"])
    state.subscribe(["b"])
    assert (state.type, state.subscription) == (SubscriptionType.AUTO_TOPICS, {"b"})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, ValueError),
        ({"topics": []}, ValueError),
        ({"topics": ["a"], "pattern": "b"}, IllegalStateError),
        ({"topics": "orders"}, TypeError),
        ({"topics": {"orders": 1}}, TypeError),
        ({"topics": {}, "pattern": "o"}, TypeError),
        ({"topics": [None]}, TypeError),
        ({"topics": [""]}, ValueError),
        ({"topics": ["."]}, ValueError),
        ({"topics": [".."]}, ValueError),
        ({"topics": ["a b"]}, ValueError),
        ({"topics": ["ä"]}, ValueError),
        ({"topics": ["x" * 250]}, ValueError),
        ({"topics": ["a"], "listener": object()}, TypeError),
        ({"topics": ["a"], "listener": {"a": object()}}, TypeError),
        ({"topics": ["a"], "listener": {1: Listener()}}, TypeError),
        ({"topics": ["a"], "listener": {"b": Listener()}}, ValueError),
    ],
)
def test_bad_subscriptions_are_refused(
    arguments: dict[str, object], error: type[Exception]
) -> None:
    state = SubscriptionState()
    with pytest.raises(error):
        state.subscribe(**arguments)  # type: ignore[arg-type]


def test_listeners_may_be_given_by_topic() -> None:
    state = SubscriptionState()
    given = {"a": Listener()}
    state.subscribe(["a", "b"], listener=given)
    assert state.listener == given
    given.clear()
    assert state.listener != given


def test_listeners_by_topic_go_with_a_pattern() -> None:
    state = SubscriptionState()
    state.subscribe(pattern="a.*", listener={"abc": Listener()})
    assert state.listener is not None


def test_listener_is_there_until_the_next_subscription() -> None:
    state = SubscriptionState()
    listener = Listener()
    state.subscribe(["a"], listener=listener)
    state.unsubscribe()
    assert state.listener is listener
    state.subscribe(["a"])
    assert state.listener is None


def test_refused_subscription_changes_nothing() -> None:
    state = SubscriptionState()
    with pytest.raises(TypeError):
        state.subscribe(["a"], listener=object())  # type: ignore[arg-type]
    assert state.type is SubscriptionType.NONE


def test_topics_and_assignment_exclude_each_other() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    with pytest.raises(IllegalStateError, match="unsubscribe"):
        state.assign_from_user([A0])


def test_unsubscribe_allows_another_kind() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    state.unsubscribe()
    state.assign_from_user([A0])
    assert state.user_assignment == (A0,)


def test_wishes_of_the_user_do_not_change_the_assignment() -> None:
    state = SubscriptionState()
    state.replace_assignment([B0])
    state.assign_from_user([A0])
    assert state.assignment.partitions == {B0}
    state.unsubscribe()
    assert (state.assignment.partitions, state.user_assignment) == ({B0}, ())


def test_assigning_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="TopicPartition"):
        SubscriptionState().assign_from_user([("a", 0)])  # type: ignore[list-item]


def test_new_assignment_ends_the_old_one() -> None:
    state = SubscriptionState()
    old = state.replace_assignment([A0])
    new = state.replace_assignment([A0, A1])
    assert (old.active, new.active, new.generation > old.generation) == (False, True, True)


def test_partition_that_stays_keeps_its_state() -> None:
    state = SubscriptionState()
    kept = state.replace_assignment([A0]).get(A0)
    assert state.replace_assignment([B0, A0]).get(A0) is kept


def test_partition_that_returns_starts_afresh() -> None:
    state = SubscriptionState()
    gone = state.replace_assignment([A0]).get(A0)
    state.replace_assignment([])
    back = state.replace_assignment([A0]).get(A0)
    assert gone is not None
    assert back is not None
    assert back.generation > gone.generation


def test_duplicates_are_assigned_once() -> None:
    assert len(SubscriptionState().replace_assignment([A0, A0])) == 1


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("[", ValueError),
        ("(?P<", ValueError),
        (b"x", TypeError),
        (re.compile(b"x"), TypeError),
        (7, TypeError),
    ],
)
def test_pattern_that_is_none_is_named_and_changes_nothing(
    pattern: object, error: type[Exception]
) -> None:
    state = SubscriptionState()
    with pytest.raises(error, match=r"^pattern must be a regular expression"):
        state.subscribe(pattern=pattern)  # type: ignore[arg-type]
    assert state.type is SubscriptionType.NONE


def test_pattern_matches_from_the_start_of_the_name() -> None:
    state = SubscriptionState()
    state.subscribe(pattern="ord")
    changed = state.match(["orders", "reorder", "ordinal"])
    assert (changed, state.subscription) == (True, {"orders", "ordinal"})


def test_same_matches_are_no_change() -> None:
    state = SubscriptionState()
    state.subscribe(pattern="a")
    state.match(["a1"])
    assert not state.match(["a1", "b"])


def test_without_a_pattern_nothing_matches() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    assert not state.match(["a", "b"])


def test_first_look_at_a_topic_finds_no_late_partitions() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    assert list(state.note_partitions("a", 3)) == []


def test_partitions_added_later_are_late() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    state.note_partitions("a", 3)
    assert list(state.note_partitions("a", 5)) == [3, 4]


def test_topic_created_later_is_late_altogether() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    state.note_partitions("a", 0)
    assert list(state.note_partitions("a", 2)) == [0, 1]


def test_topic_that_vanishes_for_a_moment_is_not_late() -> None:
    state = SubscriptionState()
    state.subscribe(["a"])
    state.note_partitions("a", 2)
    state.note_partitions("a", 0)
    assert list(state.note_partitions("a", 2)) == []


def test_paused_partitions_are_named() -> None:
    state = SubscriptionState()
    for partition in state.replace_assignment([A0, A1]):
        partition.set_hold(Hold.PAUSED, on=partition.tp == A1)
    assert state.paused_partitions() == {A1}


def test_lost_partitions_count_as_revoked_by_default() -> None:
    listener = Listener()
    listener.on_partitions_lost({A0})
    assert listener.revoked == [{A0}]


async def _lose(listener: AsyncConsumerRebalanceListener) -> None:
    await listener.on_partitions_lost({A0})


def test_lost_partitions_count_as_revoked_by_default_in_async_listeners() -> None:
    import asyncio

    seen: list[set[TopicPartition]] = []

    class AsyncListener(AsyncConsumerRebalanceListener):
        async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
            seen.append(revoked)

        async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
            pass

    asyncio.run(_lose(AsyncListener()))
    assert seen == [{A0}]


@pytest.mark.parametrize(
    "partitions",
    [
        7,
        [("a", 0)],
        [TopicPartition("a", "0")],  # type: ignore[arg-type]
        [TopicPartition(None, 0)],  # type: ignore[arg-type]
    ],
)
def test_what_is_no_partition_is_a_type_error_that_says_so(partitions: object) -> None:
    with pytest.raises(TypeError, match="partitions must be"):
        check_partitions(partitions)  # type: ignore[arg-type]


def test_iterator_of_partitions_is_assigned() -> None:
    state = SubscriptionState()
    state.assign_from_user(iter([A0, A1]))
    assert state.user_assignment == (A0, A1)


def test_iterator_of_topics_is_subscribed_to() -> None:
    state = SubscriptionState()
    state.subscribe(iter(["a", "b"]))  # type: ignore[arg-type]
    assert state.subscription == {"a", "b"}


def test_topics_that_are_no_list_are_a_type_error_that_says_so() -> None:
    with pytest.raises(TypeError, match="topics must be"):
        SubscriptionState().subscribe(7)  # type: ignore[arg-type]
