"""What users may say of features."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.admin.feature_updates import UpdateFeatureType, checked_updates

UPGRADE, SAFE = UpdateFeatureType.UPGRADE, UpdateFeatureType.SAFE_DOWNGRADE


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (2, (UPGRADE, 2)),
        ((SAFE, 1), (SAFE, 1)),
        (("safe-downgrade", 1), (SAFE, 1)),
        (("SAFE_DOWNGRADE", 0), (SAFE, 0)),
        ((2, 1), (SAFE, 1)),
    ],
    ids=repr,
)
def test_an_update_is_a_level_or_a_type_and_a_level(given: Any, expected: Any) -> None:
    assert checked_updates({"f": given}) == {"f": expected}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, ValueError),
        ("f", TypeError),
        (["f"], TypeError),
        ({1: 1}, TypeError),
        ({"": 1}, ValueError),
        ({"f": "1"}, TypeError),
        ({"f": True}, TypeError),
        ({"f": -1}, ValueError),
        ({"f": 2**15}, ValueError),
        ({"f": ("DOWNGRADE", 1)}, ValueError),
        ({"f": ("UNKNOWN", 1)}, ValueError),
        ({"f": (SAFE, 1, 1)}, TypeError),
    ],
    ids=repr,
)
def test_updates_that_cannot_be_are_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="feature_updates"):
        checked_updates(given)
