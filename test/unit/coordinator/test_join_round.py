"""One round of joining: what is told to the leader, and what comes of it."""

from __future__ import annotations

from itertools import count

import pytest

from kafka.coordinator.assignors.messages import assignment_bytes, read_member
from kafka.coordinator.assignors.strategy import MemberAssignment
from kafka.coordinator.join_round import JoinRound
from kafka.coordinator.membership import JOIN, FindCoordinator, MemberIdentity, Send
from kafka.coordinator.outbox import Outbox
from kafka.errors import InconsistentGroupProtocolError, KafkaProtocolError
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from test.unit.coordinator.classic_bench import A0, A1, Bench, Strategy, subscription

ME = MemberIdentity("g", "me", 3, None)
TOPICS = frozenset({"a"})


class Side:
    """A round, and what it sends."""

    def __init__(self, *strategies: Strategy) -> None:
        self.cluster = Bench(*strategies)
        settings = self.cluster.settings
        self.outbox = Outbox(settings.backoff, lambda low, _: low)
        self.outbox.on_coordinator(1)
        numbers = count(1)
        self.round = JoinRound(settings, self.outbox, lambda: next(numbers))

    def join(self, topics: frozenset[str] = TOPICS) -> JoinGroupRequest | None:
        """Return JoinGroup if it leaves now."""
        if not self.round.join(ME, topics, (A0,), reason="because", now=0.0):
            return None
        (sent,) = self.outbox.take_actions()
        assert isinstance(sent, Send)
        assert isinstance(sent.request, JoinGroupRequest)
        assert sent.channel == JOIN
        return sent.request

    def joined(self, *, leads: bool = False, name: str = "range", kind: str | None = None) -> None:
        member = JoinGroupResponse.JoinGroupResponseMember(
            member_id="me", metadata=subscription(TOPICS)
        )
        self.outbox.forget()
        self.round.on_joined(
            JoinGroupResponse(
                protocol_name=name,
                protocol_type=kind,
                member_id="me",
                leader="me" if leads else "x",
                members=[member] if leads else [],
            ),
            self.cluster.snapshot({}),
        )

    def sync(self, topics: dict[str, int] | None = None) -> SyncGroupRequest | None:
        """Return SyncGroup if it leaves now."""
        self.round.sync(ME, self.cluster.snapshot(topics or {}), 0.0)
        for action in self.outbox.take_actions():
            if isinstance(action, Send) and isinstance(action.request, SyncGroupRequest):
                return action.request
        return None


def test_round_tells_what_is_owned_and_in_which_generation() -> None:
    request = Side().join()
    assert request is not None
    told = read_member("me", None, request.protocols[0].metadata)
    assert (told.topics, told.owned, told.generation) == (("a",), (A0,), 3)


def test_join_is_sent_once() -> None:
    side = Side()
    assert side.join() is not None
    assert side.join() is None


def test_join_waits_for_a_coordinator() -> None:
    side = Side()
    side.outbox.on_coordinator(None)
    assert side.join() is None
    assert side.outbox.take_actions() == [FindCoordinator()]
    assert side.round.is_about_to_send


def test_other_topics_are_told_in_place_of_those_before() -> None:
    side = Side()
    side.outbox.on_coordinator(None)
    side.join()
    side.outbox.on_coordinator(1)
    side.outbox.take_actions()
    request = side.join(frozenset({"b"}))
    assert request is not None
    assert read_member("me", None, request.protocols[0].metadata).topics == ("b",)


def test_follower_asks_for_its_assignment_at_once() -> None:
    side = Side()
    side.join()
    side.joined()
    assert side.round.group_topics == frozenset()
    request = side.sync()
    assert request is not None
    assert (request.assignments, request.protocol_name, request.generation_id) == ([], "range", 3)


def test_leader_waits_for_the_topics_of_the_group() -> None:
    side = Side()
    side.join()
    side.joined(leads=True)
    assert (side.round.group_topics, side.round.is_ready) == ({"a"}, False)
    assert not side.round.knows_topics(side.cluster.snapshot({}))
    assert side.sync() is None
    request = side.sync({"a": 2})
    assert request is not None
    assert [given.member_id for given in request.assignments] == ["me"]


@pytest.mark.parametrize(("kind", "name"), [("connect", "range"), (None, "other"), (None, "")])
def test_generation_of_another_kind_is_refused(kind: str | None, name: str) -> None:
    side = Side()
    side.join()
    with pytest.raises(InconsistentGroupProtocolError, match="this consumer has range"):
        side.joined(kind=kind, name=name)


def test_assignment_is_told_to_the_assignor_that_was_chosen() -> None:
    first, second = Strategy("first"), Strategy("second")
    side = Side(first, second)
    side.join()
    side.joined(name="second")
    data = assignment_bytes(MemberAssignment((A1,)))
    assert side.round.on_synced(SyncGroupResponse(assignment=data), 4).partitions == (A1,)
    assert (first.remembered, second.remembered) == ([], [((A1,), 4)])
    assert not side.round.is_about_to_send


@pytest.mark.parametrize(("kind", "name"), [("connect", "range"), ("consumer", "other")])
def test_assignment_of_another_kind_is_refused(kind: str, name: str) -> None:
    side = Side()
    side.join()
    side.joined()
    with pytest.raises(InconsistentGroupProtocolError):
        side.round.on_synced(SyncGroupResponse(protocol_type=kind, protocol_name=name), 4)


def test_nonsense_is_no_assignment() -> None:
    side = Side()
    side.join()
    side.joined()
    with pytest.raises(KafkaProtocolError):
        side.round.on_synced(SyncGroupResponse(assignment=b"\x00"), 4)


def test_generation_fits_until_the_topics_change() -> None:
    side = Side()
    side.join()
    side.joined()
    snapshot = side.cluster.snapshot({"a": 1})
    assert side.round.why_outdated(TOPICS, snapshot) is None
    changed = side.round.why_outdated(frozenset(), snapshot)
    assert changed == "the subscription is now to no topics"


def test_round_that_is_over_knows_nothing_any_more() -> None:
    side = Side()
    side.join()
    side.joined(leads=True)
    side.round.forget()
    assert (side.round.group_topics, side.round.is_ready) == (frozenset(), False)
    assert repr(side.round) == "<JoinRound protocol=None leader=None <StrategyWork IDLE>>"
