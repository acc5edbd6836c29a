"""Offsets that an application wants to commit."""

from __future__ import annotations

import pytest

from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription.offsets_to_commit import offsets_to_commit

A0 = TopicPartition("a", 0)


def test_offsets_to_commit_are_copied() -> None:
    given = {A0: OffsetAndMetadata(3, "note", 2)}
    found = offsets_to_commit(given)
    assert found == given
    assert found is not given


def test_missing_text_and_epoch_have_the_values_of_the_protocol() -> None:
    given = OffsetAndMetadata(3, None, None)  # type: ignore[arg-type] # what older programs pass
    assert offsets_to_commit({A0: given}) == {A0: OffsetAndMetadata(3, "", -1)}


@pytest.mark.parametrize(
    "offsets",
    [
        [(A0, OffsetAndMetadata(1))],
        {("t", 0): OffsetAndMetadata(1)},
        {A0: 1},
        {A0: OffsetAndMetadata(None)},
        {A0: OffsetAndMetadata(True)},
        {A0: OffsetAndMetadata(1, b"text")},  # type: ignore[arg-type] # what is tested
    ],
)
def test_offsets_of_a_wrong_type_are_refused(offsets: object) -> None:
    with pytest.raises(TypeError, match=r"dict|TopicPartition|a-0"):
        offsets_to_commit(offsets)


@pytest.mark.parametrize("offset", [-1, 2**63])
def test_offsets_that_no_log_has_are_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="a-0"):
        offsets_to_commit({A0: OffsetAndMetadata(offset)})
