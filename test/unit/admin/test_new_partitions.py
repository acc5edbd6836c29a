"""Partitions to be added to a topic."""

from __future__ import annotations

import pytest

from kafka.admin.new_partitions import NewPartitions


def test_partitions_compare_by_value() -> None:
    assert NewPartitions(3, [[1, 2]]) == NewPartitions(3, ((1, 2),))
    assert NewPartitions(3) != NewPartitions(4)
    assert repr(NewPartitions(3)) == "NewPartitions(total_count=3, new_assignments=None)"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("3",), TypeError, "total_count must be an int"),
        ((0,), ValueError, "total_count must be at least 1"),
        ((3, 1), TypeError, "new_assignments must be lists of broker ids"),
        ((3, [1]), TypeError, "new_assignments must be lists of broker ids"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        NewPartitions(*arguments)
