"""States, types and members of groups."""

from __future__ import annotations

import pytest

from kafka.admin.group_types import GroupState, GroupType, MemberToRemove, OffsetTimestamp


def test_states_and_types_are_the_words_of_brokers() -> None:
    assert GroupState.PREPARING_REBALANCE == "PreparingRebalance"
    assert f"{GroupType.CONSUMER}" == "consumer"


@pytest.mark.parametrize(
    ("member", "name"),
    [
        (MemberToRemove("m"), "m"),
        (MemberToRemove(group_instance_id="i"), "i"),
        (MemberToRemove("m", "i", "why"), "m"),
        (MemberToRemove(), ""),
    ],
)
def test_member_is_called_by_its_id_before_its_instance(member: MemberToRemove, name: str) -> None:
    assert member.name == name


def test_time_is_a_number() -> None:
    assert OffsetTimestamp(1000) == 1000
