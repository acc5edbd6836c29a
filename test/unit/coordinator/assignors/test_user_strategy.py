"""Assignors of users."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor, RebalanceProtocol
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.strategy import Member, MemberAssignment
from kafka.coordinator.assignors.user_strategy import UserStrategy
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from kafka.errors import IllegalStateError, KafkaConfigurationError
from test.unit.coordinator.assignors.groups import cluster, members, partitions, texts

if TYPE_CHECKING:
    from collections.abc import Collection

T0, T1 = partitions("t0 t1")


class OfSecondRelease(AbstractPartitionAssignor):
    """Gives all to the first member, in the manner of 2.x."""

    name = "first"
    version = 0

    def __init__(self) -> None:
        self.told: list[Any] = []

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        chosen = min(members)
        numbers = {
            topic: sorted(cluster.partitions_for_topic(topic))
            for topic in members[chosen].subscription
        }
        return {
            member_id: ConsumerProtocolMemberAssignment(
                self.version, list(numbers.items()) if member_id == chosen else [], b""
            )
            for member_id, _ in members.items()
        }

    def metadata(self, topics: Collection[str]) -> ConsumerProtocolMemberMetadata:
        return ConsumerProtocolMemberMetadata(self.version, sorted(topics), b"mine")

    def on_assignment(self, assignment: Any) -> None:  # type: ignore[override] # as in 2.x
        self.told.append(assignment.partitions())


class WithGeneration(OfSecondRelease):
    """Is told the generation in the manner of 2.x."""

    def on_generation_assignment(self, generation: int) -> None:
        self.told.append(generation)


class OfThirdRelease(OfSecondRelease):
    """Gives all to the member with the last instance id, in the manner of 3.x."""

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        chosen = max(members, key=lambda member: member.group_instance_id)
        topic = chosen.metadata.topics[0]
        numbers = sorted(cluster.partitions_for_topic(topic))
        return {chosen.member_id: ConsumerProtocolMemberAssignment(0, [(topic, numbers)])}

    def on_assignment(self, assignment: Any, generation: int) -> None:  # type: ignore[override]
        self.told.append((assignment.partitions(), generation))


class Answering(OfSecondRelease):
    """Gives what the test says, cooperatively."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer

    def supported_protocols(self) -> list[RebalanceProtocol]:
        return [RebalanceProtocol.COOPERATIVE]

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        return self.answer


def assigned(strategy: UserStrategy, group: list[Member]) -> dict[str, str]:
    shares = strategy.assign(cluster(t=[[1], [1]]), group)
    return texts({member: share.partitions for member, share in shares.items()})


def test_strategy_says_that_it_runs_the_users_code() -> None:
    strategy = UserStrategy(OfSecondRelease())
    assert strategy.runs_user_code
    assert (strategy.name, strategy.protocols) == ("first", {RebalanceProtocol.EAGER})
    assert repr(strategy) == "<UserStrategy first OfSecondRelease>"


def test_assignor_of_the_second_release_runs() -> None:
    strategy = UserStrategy(OfSecondRelease())
    assert assigned(strategy, members("m", "n", topics="t")) == {"m": "t0 t1", "n": ""}


def test_assignor_of_the_third_release_runs_and_may_leave_members_out() -> None:
    group = [Member("m", ("t",), instance_id="i2"), Member("n", ("t",), instance_id="i1")]
    assert assigned(UserStrategy(OfThirdRelease()), group) == {"m": "t0 t1", "n": ""}


def test_subclass_of_an_assignor_of_ours_runs() -> None:
    class Renamed(RangePartitionAssignor):
        name = "mine"

    assert assigned(UserStrategy(Renamed()), members("m", "n", topics="t")) == {
        "m": "t0",
        "n": "t1",
    }


def test_user_data_come_from_the_metadata() -> None:
    assert UserStrategy(OfSecondRelease()).subscription_user_data(["t"]) == b"mine"


@pytest.mark.parametrize(
    ("assignor", "told"),
    [
        (OfSecondRelease(), [[T0]]),
        (WithGeneration(), [7, [T0]]),
        (OfThirdRelease(), [([T0], 7)]),
    ],
)
def test_assignor_is_told_what_its_member_has_got(
    assignor: OfSecondRelease, told: list[Any]
) -> None:
    UserStrategy(assignor).on_assignment(MemberAssignment((T0,)), 7)
    assert assignor.told == told


def test_an_error_of_the_assignor_is_raised_as_it_is() -> None:
    class Failing(OfThirdRelease):
        def on_assignment(self, assignment: Any, generation: int) -> None:  # type: ignore[override]
            raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        UserStrategy(Failing()).on_assignment(MemberAssignment(()), 7)


def test_member_that_is_not_in_the_group_is_refused() -> None:
    strategy = UserStrategy(Answering({"x": ConsumerProtocolMemberAssignment(0, [])}))
    with pytest.raises(
        KafkaConfigurationError, match="assignor first, member x: the group has no such member"
    ):
        assigned(strategy, members("m", topics="t"))


def test_answer_that_is_no_assignment_is_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="assignor first, member m: .* is no assign"):
        assigned(UserStrategy(Answering({"m": [T0]})), members("m", topics="t"))


def test_cooperative_assignor_must_not_give_away_what_another_member_owns() -> None:
    strategy = UserStrategy(Answering({"m": ConsumerProtocolMemberAssignment(0, [("t", [0])])}))
    owner, other = (Member(member_id, ("t",), owned=(T0,)) for member_id in "mn")
    assert assigned(strategy, [owner]) == {"m": "t0"}
    with pytest.raises(IllegalStateError, match="t-0 was given to m while n owns it"):
        assigned(strategy, [owner._replace(owned=()), other])


def test_assignor_without_any_rebalance_protocol_is_refused() -> None:
    class Without(OfSecondRelease):
        def supported_protocols(self) -> list[RebalanceProtocol]:
            return []

    with pytest.raises(KafkaConfigurationError, match=r"supported_protocols\(\) is empty"):
        UserStrategy(Without())


def test_anything_with_the_methods_is_an_assignor() -> None:
    partial = SimpleNamespace(name="x", supported_protocols=lambda: [0])
    assert UserStrategy(partial).protocols == {RebalanceProtocol.EAGER}  # type: ignore[arg-type]
