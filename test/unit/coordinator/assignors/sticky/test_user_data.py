"""What sticky members tell the leader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.coordinator.assignors.sticky.user_data import (
    Claim,
    read_claim,
    read_generation,
    write_claim,
    write_generation,
)
from kafka.structs import TopicPartition
from test.unit.coordinator.assignors.groups import partitions

CLAIM = Claim(tuple(partitions("a0 a2 b1")), 5)
WRITTEN = bytes.fromhex(
    "00000002"  # topics
    "000161" "00000002" "00000000" "00000002"
    "000162" "00000001" "00000001"
    "00000005"  # generation
)  # fmt: skip


def test_claim_is_written_as_java_writes_it() -> None:
    assert write_claim(CLAIM) == WRITTEN


def test_claim_is_read_as_it_was_written() -> None:
    assert read_claim(WRITTEN) == CLAIM


def test_first_version_has_no_generation() -> None:
    assert read_claim(WRITTEN[:-4]) == Claim(CLAIM.partitions, -1)


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"\x00",
        WRITTEN[:9],
        WRITTEN[:-5],
        WRITTEN[:-2],
        b"\x7f\xff\xff\xff\x00\x01a\x7f\xff\xff\xff",
        b"\x00\x00\x00\x01\x00\x01\xff\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\x00\x01a\xff\xff\xff\xff",
    ],
)
def test_member_whose_data_cannot_be_read_claims_nothing(data: bytes | None) -> None:
    assert read_claim(data) == Claim()


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert isinstance(read_claim(data), Claim)
    assert isinstance(read_generation(data), int)


@given(
    st.sets(st.builds(TopicPartition, st.text(max_size=5), st.integers(0, 9))),
    st.integers(-1, 2**31 - 1),
)
def test_any_claim_is_read_as_it_was_written(
    claimed: set[TopicPartition], generation: int
) -> None:
    found = read_claim(write_claim(Claim(tuple(sorted(claimed)), generation)))
    assert (set(found.partitions), found.generation) == (claimed, generation)


def test_cooperative_members_tell_their_generation() -> None:
    assert write_generation(5) == b"\x00\x00\x00\x05"
    assert read_generation(b"\x00\x00\x00\x05") == 5


@pytest.mark.parametrize("data", [None, b"", b"\x00\x00\x05"])
def test_generation_that_cannot_be_read_is_none(data: bytes | None) -> None:
    assert read_generation(data) == -1
