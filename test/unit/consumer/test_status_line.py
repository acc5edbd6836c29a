"""What the `repr` of a consumer says."""

from __future__ import annotations

import pytest

from kafka.consumer.status_line import status_line
from kafka.structs import ConsumerGroupMetadata, MemberState

STABLE = ConsumerGroupMetadata("orders", 7, "m", None, MemberState.STABLE)


@pytest.mark.parametrize(
    ("state", "group", "lags", "expected"),
    [
        ("NEW", None, [], "<Reader 'billing' new>"),
        ("CLOSED", None, [], "<Reader 'billing' closed>"),
        ("OPEN", None, [], "<Reader 'billing' open, 0 partitions>"),
        ("OPEN", None, [None], "<Reader 'billing' open, 1 partition>"),
        ("OPEN", None, [0, 3], "<Reader 'billing' open, 2 partitions, lag 3>"),
        ("OPEN", None, [5, None], "<Reader 'billing' open, 2 partitions, lag 5 or more>"),
        (
            "OPEN",
            STABLE,
            [20, 100, 0, 0],
            "<Reader 'billing' open, group=orders STABLE gen 7, 4 partitions, lag 120>",
        ),
        (
            "OPEN",
            ConsumerGroupMetadata("orders"),
            [],
            "<Reader 'billing' open, group=orders UNJOINED, 0 partitions>",
        ),
    ],
)
def test_the_line_says_how_the_consumer_stands(
    state: str, group: ConsumerGroupMetadata | None, lags: list[int | None], expected: str
) -> None:
    assert status_line("Reader", "billing", state, group, lags) == expected
