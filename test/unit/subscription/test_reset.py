"""Where to start without a position."""

from __future__ import annotations

import pytest

from kafka.subscription.reset import EARLIEST, LATEST, NONE, OffsetReset, ResetKind


@pytest.mark.parametrize(
    ("name", "policy"), [("earliest", EARLIEST), ("latest", LATEST), ("none", NONE)]
)
def test_option_names_a_policy(name: str, policy: OffsetReset) -> None:
    assert OffsetReset.of(name, None) == policy


def test_duration_makes_a_policy_of_its_own() -> None:
    assert OffsetReset.of("by_duration:PT1H", 3600.0) == (ResetKind.BY_DURATION, 3600.0)


@pytest.mark.parametrize(
    ("policy", "timestamp"),
    [
        (EARLIEST, -2),
        (LATEST, -1),
        (OffsetReset(ResetKind.BY_DURATION, 60.0), 40_000),
        (OffsetReset(ResetKind.BY_DURATION, 0.0), 100_000),
        (OffsetReset(ResetKind.BY_DURATION, 1e9), 0),
    ],
)
def test_timestamp_is_what_list_offsets_wants(policy: OffsetReset, timestamp: int) -> None:
    assert policy.timestamp(wall=100.0) == timestamp
