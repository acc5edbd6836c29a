"""Classic members of a KIP-848 group: what each of their requests is answered in each situation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from kafka.errors import (
    BrokerResponseError,
    FencedInstanceIdError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    MemberIdRequiredError,
    RebalanceInProgressError,
    UnknownError,
    UnknownMemberIdError,
)
from kafka.protocol.consumer_protocol import decode_assignment, encode_subscription
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.consumer import ConsumerGroup, Settings
from kafka.testing.broker.groups.consumer_member import Beat, MemberState
from kafka.testing.broker.groups.hosted import HostedMembers
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome
from kafka.testing.broker.groups.subscription import TopicInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPIC = UUID(int=1)
TOPICS = {"t": TopicInfo(TOPIC, 4)}
SESSION, REBALANCE = 10.0, 60.0
NO_PROTOCOL = (None, None)
Part = ConsumerProtocolSubscription.TopicPartition


def metadata(owned: Iterable[int] = ()) -> bytes:
    parts = [Part(topic="t", partitions=list(owned))]
    return encode_subscription(
        ConsumerProtocolSubscription(topics=["t"], owned_partitions=parts), 1
    )


def joining(
    member_id: str = "",
    *,
    owned: Iterable[int] = (),
    instance_id: str | None = None,
    protocol_type: str = "consumer",
    protocols: tuple[str, ...] = ("range",),
    requires_known_id: bool = False,
) -> Join:
    return Join(
        member_id,
        instance_id,
        "c",
        "/h",
        SESSION,
        REBALANCE,
        protocol_type,
        tuple((name, metadata(owned)) for name in protocols),
        requires_known_id=requires_known_id,
    )


def beating(member_id: str, *, owned: Iterable[int] = ()) -> Beat:
    return Beat(
        member_id,
        0,
        rebalance_timeout=30.0,
        names=frozenset(("t",)),
        owned=frozenset((TOPIC, index) for index in owned),
    )


class Story:
    """A group with the member ``new`` of the consumer protocol; classic ones are old-1, ..."""

    def __init__(self, *, max_size: int = 10) -> None:
        self.group = ConsumerGroup("g", settings=lambda: Settings(max_size=max_size))
        self.beat("new")
        self._ids = 0
        self.hosted = HostedMembers(self.group, TOPICS, self._new_id)

    def _new_id(self) -> str:
        self._ids += 1
        return f"old-{self._ids}"

    def beat(self, member_id: str, *, owned: Iterable[int] = ()) -> None:
        self.group.heartbeat(beating(member_id, owned=owned), TOPICS, 0.0)

    def join(self, join: Join, now: float = 0.0) -> JoinOutcome:
        outcome = self.hosted.join(join, now).outcome
        assert outcome is not None
        return outcome

    def sync(
        self, member_id: str, generation: int, *, protocol: tuple[str | None, str | None]
    ) -> SyncOutcome:
        outcome = self.hosted.sync(
            member_id, None, generation, protocol=protocol, assignments={}, now=0.0
        ).outcome
        assert outcome is not None
        return outcome

    def told(self, member_id: str, generation: int) -> type[BrokerResponseError] | None:
        """Return the error that a heartbeat is answered."""
        try:
            self.hosted.heartbeat(member_id, None, generation, 0.0)
        except BrokerResponseError as error:
            return type(error)
        return None

    def partitions(self, member_id: str) -> list[int]:
        return sorted(index for _, index in self.group.members[member_id].assigned)


def with_two() -> Story:
    """Return a story in which new and old-1 have two partitions each."""
    story = Story()
    story.join(joining())
    story.beat("new", owned=(0, 1))
    story.join(joining("old-1"))
    return story


def test_a_member_that_joins_gets_the_epoch_as_generation_and_follows() -> None:
    outcome = Story().join(joining())
    assert outcome == JoinOutcome("old-1", None, 3, "consumer", "range")


def test_a_member_of_later_versions_has_to_come_back_with_its_id() -> None:
    story = Story()
    assert story.join(joining(requires_known_id=True)) == JoinOutcome(
        "old-1", MemberIdRequiredError
    )
    assert list(story.group.members) == ["new"]
    assert story.join(joining("old-1", requires_known_id=True)).error is None


@pytest.mark.parametrize(
    ("join", "error"),
    [
        (joining(protocol_type="connect"), InconsistentGroupProtocolError),
        (joining(protocols=("other",)), InconsistentGroupProtocolError),
        (joining("old-1", instance_id="nobody"), UnknownMemberIdError),
        (joining()._replace(protocols=(("range", b"\0"),)), UnknownError),
    ],
)
def test_who_does_not_fit_is_refused(join: Join, error: type[BrokerResponseError]) -> None:
    story = with_two()
    assert story.join(join) == JoinOutcome("", error)


def test_a_full_group_takes_nobody() -> None:
    assert Story(max_size=1).join(joining()) == JoinOutcome("", GroupMaxSizeReachedError)


def test_partitions_are_got_when_they_are_free() -> None:
    story = Story()
    generation = story.join(joining()).generation_id
    assert story.sync("old-1", generation, protocol=NO_PROTOCOL).error is None
    # The other one has not given anything up yet: there is nothing to come back for.
    assert (story.partitions("old-1"), story.told("old-1", generation)) == ([], None)
    story.beat("new", owned=(0, 1))
    assert story.told("old-1", generation) is RebalanceInProgressError
    assert story.join(joining("old-1")).generation_id == generation
    outcome = story.sync("old-1", generation, protocol=("consumer", "range"))
    assert (outcome.protocol_type, outcome.protocol_name) == ("consumer", "range")
    (part,) = decode_assignment(outcome.assignment).assigned_partitions
    assert (part.topic, sorted(part.partitions)) == ("t", story.partitions("old-1"))
    assert story.told("old-1", generation) is None


def test_a_member_gives_up_what_it_has_to_before_it_is_in_the_next_epoch() -> None:
    story = with_two()
    before = story.group.members["old-1"].epoch
    had = story.partitions("old-1")
    story.beat("newer")
    assert story.told("old-1", before) is RebalanceInProgressError
    assert story.sync("old-1", before, protocol=NO_PROTOCOL).error is RebalanceInProgressError
    assert story.join(joining("old-1", owned=had)).generation_id == before
    member = story.group.members["old-1"]
    if member.state is MemberState.UNREVOKED_PARTITIONS:
        assert story.sync("old-1", before, protocol=NO_PROTOCOL).error is None
        assert story.told("old-1", before) is RebalanceInProgressError
        kept = story.partitions("old-1")
        assert story.join(joining("old-1", owned=kept)).generation_id == story.group.epoch


@pytest.mark.parametrize(
    ("member_id", "instance_id", "generation", "error"),
    [
        ("nobody", None, 3, UnknownMemberIdError),
        ("new", None, 3, UnknownMemberIdError),
        ("old-1", None, 2, IllegalGenerationError),
        ("old-1", "nobody", 3, UnknownMemberIdError),
        ("old-1", "i", 3, FencedInstanceIdError),
    ],
)
def test_strangers_are_refused(
    member_id: str, instance_id: str | None, generation: int, error: type[BrokerResponseError]
) -> None:
    story = with_two()
    story.join(joining(instance_id="i"))
    with pytest.raises(error):
        story.hosted.heartbeat(member_id, instance_id, generation, 0.0)
    synced = story.hosted.sync(
        member_id, instance_id, generation, protocol=NO_PROTOCOL, assignments={}, now=0.0
    )
    assert synced.outcome == SyncOutcome(error)


@pytest.mark.parametrize("protocol", [("connect", "range"), ("consumer", "other")])
def test_a_sync_names_the_protocol_of_the_join(protocol: tuple[str, str]) -> None:
    story = with_two()
    generation = story.group.members["old-1"].epoch
    error = story.sync("old-1", generation, protocol=protocol).error
    assert error is InconsistentGroupProtocolError


def test_members_leave_by_member_id_or_instance_id() -> None:
    story = with_two()
    static = story.join(joining(instance_id="i")).member_id
    leaving = [("old-1", None), ("", "i"), ("new", None), ("", "i"), (static, "i"), ("x", None)]
    unknown = [UnknownMemberIdError] * 3
    assert story.hosted.leave(leaving, 0.0) == [None, None, None, *unknown]
    assert story.group.is_empty


def test_a_newer_static_member_takes_the_place_of_the_older_one() -> None:
    story = with_two()
    older = story.join(joining(instance_id="i")).member_id
    newer = story.join(joining(instance_id="i"))
    assert newer.error is None
    assert newer.member_id != older
    assert story.group.static == {"i": newer.member_id}
    assert older not in story.group.members


def test_a_silent_member_and_one_that_does_not_come_back_are_given_up() -> None:
    story = with_two()
    member = story.group.members["old-1"]
    assert (member.session_deadline, member.deadline) == (SESSION, SESSION)
    generation = member.epoch
    story.sync("old-1", generation, protocol=NO_PROTOCOL)
    story.beat("newer")
    assert story.told("old-1", generation) is RebalanceInProgressError
    member.session_deadline = math.inf
    assert member.deadline == REBALANCE
    story.group.poll(REBALANCE)
    assert "old-1" not in story.group.members


def test_a_member_that_never_syncs_is_given_up() -> None:
    story = with_two()
    member = story.group.members["old-1"]
    member.session_deadline = math.inf
    assert member.deadline == REBALANCE
    story.sync("old-1", member.epoch, protocol=NO_PROTOCOL)
    assert member.deadline == SESSION


def test_a_member_that_comes_back_with_the_consumer_protocol_is_not_classic_any_more() -> None:
    story = with_two()
    story.beat("old-1", owned=story.partitions("old-1"))
    assert story.group.members["old-1"].classic is None
    assert story.told("old-1", story.group.epoch) is UnknownMemberIdError


@pytest.mark.parametrize("generation", [-1, 0, 1])
def test_a_commit_names_the_generation(generation: int) -> None:
    story = with_two()
    current = story.group.members["old-1"].epoch
    story.group.validate_commit("old-1", current, (), transactional=False, speaks_epochs=False)
    with pytest.raises(IllegalGenerationError):
        story.group.validate_commit("old-1", generation, (), transactional=False)
