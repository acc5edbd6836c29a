"""Whether a consumer has a membership in its group."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kafka.consumer.part_states import PART_TRANSITIONS, PartState

ABSENT, CHOOSING, MEMBER, LEAVING = PartState


@pytest.mark.parametrize(
    "life",
    [
        (ABSENT, CHOOSING, MEMBER, LEAVING, ABSENT),
        (ABSENT, MEMBER, LEAVING, ABSENT),  # the protocol was chosen before
        (ABSENT, CHOOSING, ABSENT),  # nobody wants it any more
    ],
)
def test_membership_comes_and_goes_in_this_order(life: tuple[PartState, ...]) -> None:
    assert all(PART_TRANSITIONS.allows(old, new) for old, new in pairwise(life))


def test_a_member_goes_only_by_leaving() -> None:
    assert {new for new in PartState if PART_TRANSITIONS.allows(MEMBER, new)} == {LEAVING}
