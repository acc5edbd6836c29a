"""Who had which partition."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.sticky.claims import settle_claims, withhold_owned
from kafka.coordinator.assignors.sticky.user_data import Claim
from test.unit.coordinator.assignors.groups import layout, partitions, texts


def claims(**told: tuple[str, int]) -> dict[str, Claim]:
    """Return what members claim, as a text, in a generation."""
    return {
        member: Claim(tuple(partitions(text)), generation)
        for member, (text, generation) in told.items()
    }


@pytest.mark.parametrize(
    ("told", "held", "contested"),
    [
        ({"m": ("a1 a0", 5), "n": ("a2", 5)}, {"m": "a1 a0", "n": "a2"}, ""),
        ({"m": ("a0 a1", 5), "n": ("a0", 5)}, {"m": "a1", "n": ""}, "a0"),
        ({"m": ("a0", 4), "n": ("a0", 5)}, {"m": "", "n": "a0"}, ""),
        ({"m": ("a0", 5), "n": ("a0", 4)}, {"m": "a0", "n": ""}, ""),
        ({"m": ("a0", -1), "n": ("a0", 0)}, {"m": "", "n": "a0"}, ""),
        ({"m": ("a0", 4), "n": ("a1", 5)}, {"m": "a0", "n": "a1"}, ""),
        ({"m": ("a0", 4), "n": ("a0", 4), "o": ("a0", 5)}, {"m": "", "n": "", "o": "a0"}, "a0"),
        ({"m": ("a0", 5), "n": ("a0", 5), "o": ("a0", 4)}, {"m": "", "n": "", "o": ""}, "a0"),
        ({"m": ("a9 b0", 5)}, {"m": ""}, ""),
    ],
)
def test_partition_belongs_to_the_one_newest_claim(
    told: dict[str, tuple[str, int]], held: dict[str, str], contested: str
) -> None:
    found = settle_claims(layout(a=3), claims(**told))
    assert texts(found.held) == held
    assert found.contested == set(partitions(contested))


def test_members_stay_in_the_order_of_their_claims() -> None:
    assert list(settle_claims(layout(), claims(n=("", 1), m=("", 1))).held) == ["n", "m"]


@pytest.mark.parametrize(
    ("told", "share", "kept"),
    [
        ({"n": ("a0", 5)}, "a0 a1", "a1"),
        ({"m": ("a0", 5)}, "a0 a1", "a0 a1"),
        ({"m": ("a0", 5), "n": ("a0", 4)}, "a0", "a0"),
        ({"m": ("a0", 5), "n": ("a0", 5)}, "a0", ""),
        ({"m": ("a0", 4), "n": ("a0", 5)}, "a0", ""),
        ({"m": ("a0", 4), "n": ("a1", 5)}, "a0", "a0"),
    ],
)
def test_partition_is_withheld_from_who_is_not_its_only_owner(
    told: dict[str, tuple[str, int]], share: str, kept: str
) -> None:
    assert texts(withhold_owned({"m": partitions(share)}, claims(**told))) == {"m": kept}
