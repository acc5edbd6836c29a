"""The values of ``partition_assignment_strategy``."""

from __future__ import annotations

import pytest

from kafka.config.consumer import ConsumerConfig
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.coordinator.assignors.configured import group_protocol, strategies
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.coordinator.assignors.strategy import RebalanceProtocol
from kafka.errors import KafkaConfigurationError


class Mine(RangePartitionAssignor):
    """A user's assignor."""

    name = "mine"


class OnlyCooperative(CooperativeStickyAssignor):
    """Cannot be eager."""

    name = "only"

    def supported_protocols(self) -> list[RebalanceProtocol]:
        return [RebalanceProtocol.COOPERATIVE]


def test_the_default_is_range_then_roundrobin() -> None:
    found = strategies(ConsumerConfig().partition_assignment_strategy)
    assert [strategy.name for strategy in found] == ["range", "roundrobin"]


def test_classes_and_instances_are_taken() -> None:
    found = strategies([StickyPartitionAssignor, CooperativeStickyAssignor(), Mine])
    assert [strategy.name for strategy in found] == ["sticky", "cooperative-sticky", "mine"]
    assert [strategy.runs_user_code for strategy in found] == [False, False, True]


@pytest.mark.parametrize(
    "value", [object(), "range", dict, AbstractPartitionAssignor.metadata, b"sticky"]
)
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(KafkaConfigurationError, match="is no assignor; name a subclass of"):
        strategies([value])


def test_two_assignors_with_one_name_are_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="two assignors are named 'range'"):
        strategies([RangePartitionAssignor, RangePartitionAssignor()])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([RangePartitionAssignor, RoundRobinPartitionAssignor], RebalanceProtocol.EAGER),
        ([RangePartitionAssignor, CooperativeStickyAssignor], RebalanceProtocol.EAGER),
        ([CooperativeStickyAssignor], RebalanceProtocol.COOPERATIVE),
        ([CooperativeStickyAssignor, OnlyCooperative], RebalanceProtocol.COOPERATIVE),
    ],
)
def test_group_is_as_cooperative_as_all_assignors_can_be(
    values: list[type], expected: RebalanceProtocol
) -> None:
    assert group_protocol(strategies(values)) is expected


def test_assignors_without_a_common_rebalance_protocol_are_refused() -> None:
    with pytest.raises(
        KafkaConfigurationError, match=r"range \(EAGER\), only \(COOPERATIVE\) have no rebalance"
    ):
        group_protocol(strategies([RangePartitionAssignor, OnlyCooperative]))
