"""Membership in a KIP-848 group: what errors of heartbeats lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import (
    Assign,
    FindCoordinator,
    RaiseFromGroup,
    Send,
    TaskKind,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    FencedMemberEpochError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    NotCoordinatorError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownMemberIdError,
    UnreleasedInstanceIdError,
    UnsupportedVersionError,
)
from kafka.subscription import Hold
from test.unit.coordinator.member_bench import A0, SETTINGS, GroupMember

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError

COMMITTING = SETTINGS._replace(auto_commit=True)
KNOWS_NO_ID = SETTINGS._replace(member_id="")


def member(*partitions: object, settings: object = SETTINGS) -> GroupMember:
    """Return a stable member that owns *partitions*."""
    bench = GroupMember(settings)  # type: ignore[arg-type]
    bench.settle(*partitions)  # type: ignore[arg-type]
    return bench


@pytest.mark.parametrize("error", [FencedMemberEpochError, UnknownMemberIdError])
def test_fenced_member_tells_the_listener_and_joins_again(
    error: type[BrokerResponseError],
) -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    bench.refuse(error)
    assert (bench.state, bench.machine.identity) == ("fenced", None)
    assert bench.held == {(A0, Hold.REVOKING)}
    bench.do_task()
    assert bench.asked() == [(TaskKind.LOST, {A0})]
    bench.do_task()
    assert bench.of(Assign) == [Assign((), ())]
    assert (bench.state, bench.beat.member_epoch) == ("joining", 0)
    assert bench.beat.topic_partitions == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (UnreleasedInstanceIdError, "group_instance_id"),
        (GroupAuthorizationFailedError, "group 'g'"),
        (UnsupportedVersionError, "group.version"),
    ],
)
def test_refusal_is_raised_until_the_subscription_changes(
    error: type[BrokerResponseError], says: str
) -> None:
    bench = GroupMember()
    bench.join()
    bench.refuse(error)
    (raised,) = bench.of(RaiseFromGroup)
    assert (type(raised.error), raised.fatal, bench.state) == (error, True, "fatal")
    assert says in str(raised.error)
    assert (bench.user_polls(), bench.machine.next_wakeup()) == ([], None)
    bench.subscribe("a")
    bench.user_polls()
    assert (bench.state, bench.beat.member_epoch) == ("joining", 0)


def test_refused_topic_is_raised_and_heartbeats_go_on() -> None:
    bench = member(A0)
    bench.subscribe("a", "b")
    bench.poll()
    bench.refuse(TopicAuthorizationFailedError)
    (raised,) = bench.of(RaiseFromGroup)
    assert (raised.fatal, bench.state, bench.owned) == (False, "stable", {A0})
    assert bench.poll(after=4.9) == []
    bench.poll(after=0.1)
    assert bench.beat.subscribed_topic_names == ["a", "b"]


def test_coordinator_that_moved_is_found_and_hears_everything_at_once() -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    assert bench.refuse(NotCoordinatorError) == [FindCoordinator()]
    assert bench.waits_for == "the coordinator to be found"
    bench.find(2)
    beat = bench.beat
    assert (beat.member_epoch, beat.subscribed_topic_names) == (1, ["a"])
    assert [topic.partitions for topic in beat.topic_partitions or ()] == [[0]]


def test_coordinator_that_is_found_wrong_again_and_again_is_not_asked_without_end() -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    bench.refuse(NotCoordinatorError)
    bench.find(1)
    bench.refuse(NotCoordinatorError)
    assert Send not in map(type, bench.find(1))
    assert Send in map(type, bench.poll(after=0.2))


def test_lost_connection_repeats_everything_after_a_back_off() -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    assert bench.reply(KafkaConnectionError("reset")) == [FindCoordinator()]
    assert bench.find(1) == []
    bench.poll(after=0.1)
    assert bench.beat.topic_partitions
    assert bench.state == "stable"


@pytest.mark.parametrize("error", [CoordinatorLoadInProgressError, UnknownError])
def test_coordinator_that_loads_or_fails_is_asked_again_later(
    error: type[BrokerResponseError],
) -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    assert bench.refuse(error) == []
    bench.poll(after=0.1)
    assert bench.beat.topic_partitions


def test_coordinator_that_cannot_be_found_for_good_is_raised() -> None:
    bench = GroupMember()
    bench.subscribe("a")
    bench.user_polls()
    bench.find(None, GroupAuthorizationFailedError("g"))
    (raised,) = bench.of(RaiseFromGroup)
    assert (raised.fatal, bench.state) == (True, "fatal")


def test_answer_to_an_older_heartbeat_is_dropped() -> None:
    bench = member(A0)
    bench.poll(after=5.0)
    (sent,) = bench.of(Send)
    bench.answer(1, unchanged=True)
    bench.machine.on_response(sent, FencedMemberEpochError(), bench.now)
    assert (bench.poll(), bench.state) == ([], "stable")
