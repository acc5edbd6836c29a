"""What the assignors of this library have in common."""

from __future__ import annotations

import pytest

from kafka.cluster import ClusterMetadata
from kafka.coordinator.assignors.built_in import BuiltInAssignor, BuiltInStrategy
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.coordinator.assignors.sticky.user_data import Claim, write_claim, write_generation
from kafka.coordinator.assignors.strategy import MemberAssignment, RebalanceProtocol
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from test.unit.coordinator.assignors.groups import cluster, members, partitions, texts

ALL = (
    RangePartitionAssignor,
    RoundRobinPartitionAssignor,
    StickyPartitionAssignor,
    CooperativeStickyAssignor,
)
OWNED = tuple(partitions("t1"))


@pytest.mark.parametrize("assignor", ALL)
def test_strategy_shares_the_partitions_of_the_cluster_out(assignor: type[BuiltInAssignor]) -> None:
    strategy = BuiltInStrategy(assignor())
    found = strategy.assign(cluster(t=[[1], [1]]), members("m", "n", topics="tx"))
    assert texts({member: share.partitions for member, share in found.items()}) == {
        "m": "t0",
        "n": "t1",
    }
    assert {share.user_data for share in found.values()} == {None}


@pytest.mark.parametrize("assignor", ALL)
def test_strategy_is_named_like_its_assignor_and_runs_no_code_of_users(
    assignor: type[BuiltInAssignor],
) -> None:
    strategy = BuiltInStrategy(assignor())
    assert repr(strategy) == f"<BuiltInStrategy {assignor.name}>"
    assert not strategy.runs_user_code
    assert RebalanceProtocol.EAGER in strategy.protocols


@pytest.mark.parametrize(
    ("assignor", "before", "after"),
    [
        (RangePartitionAssignor, None, None),
        (RoundRobinPartitionAssignor, None, None),
        (StickyPartitionAssignor, None, write_claim(Claim(OWNED, 7))),
        (CooperativeStickyAssignor, write_generation(-1), write_generation(7)),
    ],
)
def test_strategy_tells_the_leader_what_it_remembers(
    assignor: type[BuiltInAssignor], before: bytes | None, after: bytes | None
) -> None:
    strategy = BuiltInStrategy(assignor())
    assert strategy.subscription_user_data(["t"]) == before
    strategy.on_assignment(MemberAssignment(OWNED), 7)
    assert strategy.subscription_user_data(["t"]) == after


@pytest.mark.parametrize("assignor", ALL)
def test_assignor_takes_the_metadata_of_a_client(assignor: type[BuiltInAssignor]) -> None:
    metadata = ClusterMetadata()
    metadata.snapshot = cluster(t=[[1], [1]])
    given = assignor.assign(metadata, {"m": ConsumerProtocolMemberMetadata(0, ["t", "x"])})
    assert given["m"].partitions() == partitions("t0 t1")
    assert given["m"].version == assignor.version


@pytest.mark.parametrize("assignor", [RangePartitionAssignor, RoundRobinPartitionAssignor])
def test_class_without_a_memory_can_be_asked_itself(assignor: type[RangePartitionAssignor]) -> None:
    assert assignor.metadata(["t"]) == ConsumerProtocolMemberMetadata(0, ["t"], b"")
    assignor.on_assignment(ConsumerProtocolMemberAssignment(0, []), 7)
