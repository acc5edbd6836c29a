"""What comes of the coordinator's answers."""

from __future__ import annotations

from itertools import count

import pytest

from kafka.coordinator.assignors.messages import assignment_bytes
from kafka.coordinator.assignors.strategy import MemberAssignment
from kafka.coordinator.classic_departure import Departure
from kafka.coordinator.classic_member import ClassicMember, Event, News
from kafka.coordinator.membership import LeaveMode, MemberIdentity, Send
from kafka.errors import (
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    KafkaConnectionError,
    KafkaError,
    MemberIdRequiredError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse
from kafka.protocol.schema import Message
from test.unit.coordinator.classic_bench import A0, Bench


def joined(generation: int) -> JoinGroupResponse:
    return JoinGroupResponse(
        generation_id=generation, protocol_name="range", leader="x", member_id="me"
    )


JOINED = joined(4)


class Side:
    """A member, and its coordinator."""

    def __init__(self) -> None:
        self.bench = Bench()
        numbers = count(1)
        self.member = ClassicMember(self.bench.settings, lambda low, _: low, lambda: next(numbers))
        self.member.on_coordinator(1, None, 0.0)
        self.sent: Send | None = None

    def take(self) -> Send:
        (sent,) = [a for a in self.member.outbox.take_actions() if isinstance(a, Send)]
        return sent

    def join(self) -> Send:
        topics = frozenset({"a"})
        self.member.round.join(self.member.me, topics, (), reason="because", now=0.0)
        return self.take()

    def sync(self) -> Send:
        self.member.round.sync(self.member.me, self.bench.snapshot({}), 0.0)
        return self.take()

    def beat(self) -> Send:
        self.member.beats.hasten(0.0)
        self.member.beats.beat(self.member.me, 0.0)
        return self.take()

    def answer(self, sent: Send, answer: Message | KafkaError) -> Event | None:
        return self.member.on_response(sent, answer, self.bench.snapshot({}), 0.0)

    def member_of_a_generation(self) -> Side:
        assert self.answer(self.join(), JOINED) == Event(News.JOINED)
        data = assignment_bytes(MemberAssignment((A0,)))
        event = self.answer(self.sync(), SyncGroupResponse(assignment=data))
        assert event == Event(News.SYNCED, partitions=(A0,))
        return self


def test_member_gets_its_identity_with_the_generation() -> None:
    side = Side()
    assert side.member.identity is None
    side.member_of_a_generation()
    assert side.member.identity == MemberIdentity("g", "me", 4, None)


def test_member_id_that_is_required_is_no_news() -> None:
    side = Side()
    required = JoinGroupResponse(error_code=MemberIdRequiredError.errno, member_id="me")
    assert side.answer(side.join(), required) is None
    assert side.member.me == MemberIdentity("g", "me", -1, None)
    assert side.join().identity.member_id == "me"


def test_answer_counts_once() -> None:
    side = Side()
    sent = side.join()
    assert side.answer(sent, JOINED) is not None
    assert side.answer(sent, JOINED) is None


@pytest.mark.parametrize(
    ("error", "news"),
    [
        (UnknownMemberIdError, News.RESET),
        (RebalanceInProgressError, News.REBALANCE),
        (FencedInstanceIdError, News.FAILED),
        (GroupAuthorizationFailedError, News.FAILED),
    ],
)
def test_error_of_a_heartbeat_is_news(error: type[KafkaError], news: News) -> None:
    side = Side().member_of_a_generation()
    event = side.answer(side.beat(), error())
    assert event is not None
    assert (event.news, type(event.error)) == (news, error)


@pytest.mark.parametrize(
    "error", [IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError]
)
def test_error_of_a_heartbeat_of_an_earlier_generation_is_no_news(error: type[KafkaError]) -> None:
    side = Side().member_of_a_generation()
    beat = side.beat()
    joined = JoinGroupResponse(generation_id=5, protocol_name="range", leader="x", member_id="me")
    assert side.answer(side.join(), joined) == Event(News.JOINED)
    assert side.answer(beat, error()) is None


def test_heartbeat_that_is_answered_is_no_news() -> None:
    side = Side().member_of_a_generation()
    assert side.answer(side.beat(), HeartbeatResponse()) is None
    assert side.member.beats.answered_at == 0.0


def test_error_of_sync_ends_the_generation() -> None:
    side = Side()
    side.answer(side.join(), JOINED)
    event = side.answer(side.sync(), NotCoordinatorError())
    assert event is not None
    assert event.news is News.REBALANCE
    assert side.member.outbox.coordinator is None


@pytest.mark.parametrize("node_id", [None, 2])
def test_coordinator_that_is_gone_will_not_answer_sync(node_id: int | None) -> None:
    side = Side()
    side.answer(side.join(), JOINED)
    sent = side.sync()
    assert side.member.on_coordinator(node_id, None, 0.0) == Event(News.REBALANCE)
    assert side.answer(sent, SyncGroupResponse()) is None


def test_coordinator_that_stays_may_still_answer() -> None:
    side = Side()
    sent = side.join()
    assert side.member.on_coordinator(1, None, 0.0) is None
    assert side.answer(sent, JOINED) is not None


def test_coordinator_that_cannot_be_found_fails_the_member_or_its_departure() -> None:
    side, error = Side(), GroupAuthorizationFailedError()
    assert side.member.on_coordinator(None, error, 0.0) == Event(News.FAILED, error)
    side.member.leave(Departure(LeaveMode.DEFAULT, "why", 30.0), syncing=False)
    assert side.member.on_coordinator(None, error, 0.0) is None
    assert side.member.departure is not None
    assert side.member.departure.error is error


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (LeaveGroupResponse(), None),
        (UnknownMemberIdError(), None),
        (GroupAuthorizationFailedError(), GroupAuthorizationFailedError),
    ],
)
def test_member_has_left_when_leave_is_answered(
    answer: Message | KafkaError, error: type[KafkaError] | None
) -> None:
    side = Side().member_of_a_generation()
    departure = Departure(LeaveMode.DEFAULT, "why", 30.0)
    side.member.leave(departure, syncing=False)
    assert not departure.is_over(side.member.me, 0.0)
    departure.tell(side.member.me, side.member.outbox, 0.0)
    assert side.member.identity is None
    event = side.answer(side.take(), answer)
    assert event is not None
    assert event.news is News.LEFT
    assert (None if event.error is None else type(event.error)) is error


def test_member_that_stops_forgets_who_it_was() -> None:
    side = Side().member_of_a_generation()
    side.member.stop(keeps_id=True)
    assert side.member.me == MemberIdentity("g", "me", -1, None)
    side.member.stop()
    assert side.member.me == MemberIdentity("g", "", -1, None)
    assert repr(side.member).startswith("<ClassicMember '' generation=-1 <Outbox coordinator=1")


def test_silent_coordinator_is_lost_once_in_a_session() -> None:
    side = Side().member_of_a_generation()
    assert side.member.check(44.9) is None
    assert side.member.outbox.coordinator == 1
    side.member.check(45.0)
    assert side.member.outbox.coordinator is None


def test_member_that_leaves_waits_for_the_generation_that_it_has_asked_for() -> None:
    side = Side().member_of_a_generation()
    sent = side.join()
    side.member.leave(Departure(LeaveMode.DEFAULT, "why", 30.0), syncing=False)
    assert side.member.is_in_round
    event = side.answer(sent, joined(5))
    assert event == Event(News.JOINED)
    assert (side.member.me.epoch, side.member.is_in_round) == (5, True)
    assert side.answer(side.sync(), SyncGroupResponse()) is None
    assert not side.member.is_in_round


@pytest.mark.parametrize("answer", [UnknownMemberIdError(), KafkaConnectionError("gone")])
def test_member_that_leaves_needs_no_generation_that_is_refused(answer: KafkaError) -> None:
    side = Side().member_of_a_generation()
    sent = side.join()
    side.member.leave(Departure(LeaveMode.DEFAULT, "why", 30.0), syncing=False)
    assert side.answer(sent, answer) is None
    assert (side.member.me.epoch, side.member.is_in_round) == (4, False)


def test_member_that_leaves_in_a_generation_of_its_own_waits_for_none() -> None:
    side = Side().member_of_a_generation()
    side.member.leave(Departure(LeaveMode.DEFAULT, "why", 30.0), syncing=False)
    assert not side.member.is_in_round


@pytest.mark.parametrize(
    ("instance_id", "coordinator", "tells"),
    [(None, 1, True), (None, None, False), ("static", 1, False)],
)
def test_member_that_leaves_at_once_waits_for_nothing(
    instance_id: str | None, coordinator: int | None, tells: bool
) -> None:
    side = Side().member_of_a_generation()
    side.member.me = side.member.me._replace(instance_id=instance_id)
    side.member.outbox.on_coordinator(coordinator)
    side.member.leave_at_once("why", 0.0)
    assert (len(side.member.outbox.take_actions()) == 1) is tells
    assert not side.member.outbox.waits_for(LeaveGroupRequest)
