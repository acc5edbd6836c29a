"""The machine of KIP-848 groups: epochs, targets, reconciliation."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import (
    BrokerResponseError,
    FencedInstanceIdError,
    FencedMemberEpochError,
    StaleMemberEpochError,
    UnknownMemberIdError,
    UnreleasedInstanceIdError,
    UnsupportedVersionError,
)
from kafka.testing.broker.groups.consumer import BeatOutcome, ConsumerGroup, ConsumerState
from kafka.testing.broker.groups.consumer_member import Beat
from kafka.testing.broker.groups.subscription import TopicInfo

TOPIC = UUID(int=1)
TOPICS = {"t": TopicInfo(TOPIC, 4)}
NOBODY: frozenset[tuple[UUID, int]] = frozenset()


def parts(*indexes: int) -> frozenset[tuple[UUID, int]]:
    return frozenset((TOPIC, index) for index in indexes)


def joining(member_id: str, instance_id: str | None = None) -> Beat:
    return Beat(
        member_id,
        0,
        instance_id,
        rebalance_timeout=30.0,
        names=frozenset(("t",)),
        owned=NOBODY,
    )


def beat(group: ConsumerGroup, asked: Beat, now: float = 0.0) -> BeatOutcome:
    return group.heartbeat(asked, TOPICS, now)


def group_of(*members: str) -> ConsumerGroup:
    group = ConsumerGroup("g")
    for name in members:
        beat(group, joining(name))
    return group


def test_the_states_of_a_group() -> None:
    group = ConsumerGroup("g")
    assert group.state is ConsumerState.EMPTY
    beat(group, joining("m1"))
    assert group.state is ConsumerState.STABLE
    beat(group, joining("m2"))
    assert group.state is ConsumerState.RECONCILING
    group = group_of("m1")
    beat(group, Beat("m1", -1))
    assert group.state is ConsumerState.EMPTY
    group.bury()
    assert group.state is ConsumerState.DEAD


EPOCHS: list[tuple[int, frozenset[tuple[UUID, int]] | None, type[BrokerResponseError] | None]] = [
    (4, None, FencedMemberEpochError),
    (3, None, None),
    (2, None, FencedMemberEpochError),
    (2, NOBODY, None),
    (2, parts(0, 1, 2, 3), FencedMemberEpochError),
    (0, NOBODY, None),
]


@pytest.mark.parametrize(("epoch", "owned", "error"), EPOCHS)
def test_the_epochs_a_member_may_say(
    epoch: int,
    owned: frozenset[tuple[UUID, int]] | None,
    error: type[BrokerResponseError] | None,
) -> None:
    group = group_of("m1", "m2")
    beat(group, Beat("m1", 2))
    outcome = beat(group, Beat("m1", 2, owned=group.targets["m1"]))
    assert outcome.member_epoch == 3
    if error is None:
        assert beat(group, Beat("m1", epoch, owned=owned)).member_epoch == 3
    else:
        with pytest.raises(error):
            beat(group, Beat("m1", epoch, owned=owned))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (joining("m2", "a"), UnreleasedInstanceIdError),
        (Beat("m2", 1, "a"), FencedInstanceIdError),
        (Beat("m1", 1, "b"), UnknownMemberIdError),
        (Beat("m2", -1, "a"), FencedInstanceIdError),
        (Beat("m2", -2, "a"), FencedInstanceIdError),
        (Beat("m1", -1, "b"), UnknownMemberIdError),
        (Beat("m2", -1), UnknownMemberIdError),
        (Beat("m2", 1), UnknownMemberIdError),
    ],
)
def test_who_is_not_the_static_member_is_refused(
    asked: Beat, error: type[BrokerResponseError]
) -> None:
    group = ConsumerGroup("g")
    beat(group, joining("m1", "a"))
    with pytest.raises(error):
        beat(group, asked)


COMMITS: list[tuple[str, int, bool, bool, type[BrokerResponseError] | None]] = [
    # member id, epoch, in a transaction, by v9 or newer
    ("m1", 3, False, True, None),
    ("m1", 4, False, True, StaleMemberEpochError),
    ("m1", 2, False, True, None),
    ("m1", 1, False, True, StaleMemberEpochError),
    ("m1", 3, False, False, UnsupportedVersionError),
    ("m1", 3, True, False, None),
    ("", -1, True, False, None),
    ("", -1, False, True, UnknownMemberIdError),
    ("m9", 2, False, True, UnknownMemberIdError),
]


@pytest.mark.parametrize(("member_id", "epoch", "transactional", "speaks", "error"), COMMITS)
def test_who_may_commit(
    member_id: str,
    epoch: int,
    transactional: bool,
    speaks: bool,
    error: type[BrokerResponseError] | None,
) -> None:
    group = group_of("m1")
    beat(group, joining("m2"))
    beat(group, Beat("m1", 2))
    beat(group, Beat("m1", 2, owned=group.targets["m1"]))
    mine = sorted(group.targets["m1"])[:1]

    def commit() -> None:
        group.validate_commit(
            member_id, epoch, mine, transactional=transactional, speaks_epochs=speaks
        )

    if error is None:
        commit()
    else:
        with pytest.raises(error):
            commit()


def test_anybody_may_commit_to_a_group_without_members() -> None:
    group = group_of("m1")
    beat(group, Beat("m1", -1))
    group.validate_commit("", -1, [], transactional=False)
    assert group.next_wakeup() is None


def test_silent_members_are_given_up_and_the_group_moves_on() -> None:
    group = group_of("m1", "m2")
    beat(group, Beat("m2", 3), 10.0)
    assert group.next_wakeup() == 45.0
    group.poll(45.0)
    assert (list(group.members), group.epoch) == (["m2"], 4)
    assert beat(group, Beat("m2", 3), 46.0).assignment == parts(0, 1, 2, 3)


@given(
    st.lists(
        st.tuples(st.sampled_from(("m1", "m2", "m3")), st.sampled_from(("go", "leave", "late"))),
        max_size=40,
    )
)
def test_no_partition_ever_has_two_owners_and_all_come_to_rest(
    steps: list[tuple[str, str]],
) -> None:
    group = ConsumerGroup("g")
    owned: dict[str, frozenset[tuple[UUID, int]]] = {}
    epochs: dict[str, int] = {}

    def step(name: str, what: str) -> None:
        if what == "leave":
            if name in epochs:
                beat(group, Beat(name, -1))
                del epochs[name], owned[name]
            return
        if name not in epochs:
            outcome = beat(group, joining(name))
        else:
            said = None if what == "late" else owned[name]
            outcome = beat(group, Beat(name, epochs[name], owned=said))
        epochs[name] = outcome.member_epoch
        owned[name] = owned.get(name, NOBODY) if outcome.assignment is None else outcome.assignment
        everything = [partition for mine in owned.values() for partition in mine]
        assert len(everything) == len(set(everything))

    for name, what in steps:
        step(name, what)
    for _ in range(6):
        for name in list(epochs):
            step(name, "go")
    if epochs:
        assert group.state is ConsumerState.STABLE
        assert frozenset().union(*owned.values()) == parts(0, 1, 2, 3)
