"""Which listeners a task of the group calls."""

from __future__ import annotations

import pytest

from kafka.consumer.rebalance_calls import joined_listeners, rebalance_calls
from kafka.coordinator.membership import TaskKind, UserTask
from kafka.structs import TopicPartition
from test.support.group_stories import Noting

A, B, C = (TopicPartition(topic, 0) for topic in "abc")
PARTS = frozenset({A, B, C})


def task(kind: TaskKind) -> UserTask:
    return UserTask(kind, PARTS, 1)


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        (TaskKind.REVOKED, ["revoked 0 0 0"]),
        (TaskKind.ASSIGNED, ["assigned 0 0 0"]),
        (TaskKind.LOST, ["lost 0 0 0"]),
        (TaskKind.SETTLE, []),
        (TaskKind.ASSIGN, []),
    ],
)
def test_one_listener_is_told_of_everything(kind: TaskKind, heard: list[str]) -> None:
    listener = Noting()
    for call in rebalance_calls(listener, task(kind)):
        call()
    assert listener.heard == heard


def test_without_a_listener_there_is_nobody_to_tell() -> None:
    assert rebalance_calls(None, task(TaskKind.REVOKED)) == []


def test_listeners_by_topic_are_told_of_their_topics_in_one_call() -> None:
    one, other = Noting(), Noting()
    for call in rebalance_calls({"a": one, "b": other, "c": one}, task(TaskKind.REVOKED)):
        call()
    assert (one.heard, other.heard) == (["revoked 0 0"], ["revoked 0"])


def test_topics_without_a_listener_are_told_to_nobody() -> None:
    one = Noting()
    assert len(rebalance_calls({"a": one}, task(TaskKind.LOST))) == 1
    assert rebalance_calls({"x": one}, task(TaskKind.LOST)) == []


def test_each_call_has_a_set_of_its_own() -> None:
    seen: list[set[TopicPartition]] = []

    class Taking(Noting):
        def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
            seen.append(set(revoked))
            revoked.clear()

    listener = Taking()
    for _ in range(2):
        for call in rebalance_calls(listener, task(TaskKind.REVOKED)):
            call()
    assert seen == [PARTS, PARTS]


def test_the_listener_of_a_topic_that_is_given_up_hears_of_that() -> None:
    one, other = Noting(), Noting()
    before = {"a": one, "b": one}
    assert joined_listeners(before, {"a": other}, frozenset({A, B})) == {"a": other, "b": one}
    assert joined_listeners(before, {"a": other}, frozenset({A})) == {"a": other}


@pytest.mark.parametrize("before", [None, Noting(), {"a": Noting()}])
def test_one_listener_takes_the_place_of_all_others(before: object) -> None:
    one = Noting()
    assert joined_listeners(before, one, PARTS) is one  # type: ignore[arg-type] # of any kind
    assert joined_listeners(before, None, PARTS) is None  # type: ignore[arg-type] # the same
