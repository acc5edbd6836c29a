"""Members and assignments as users' assignors see them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kafka.coordinator.assignors.strategy import Member, MemberAssignment
from kafka.coordinator.assignors.user_values import (
    read_user_assignment,
    read_user_data,
    read_user_groups,
    read_user_members,
    user_assignment,
    user_members,
)
from kafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from kafka.errors import KafkaConfigurationError
from test.unit.coordinator.assignors.groups import partitions

MEMBER = Member(
    "m",
    ("t",),
    instance_id="i",
    user_data=b"\x01",
    owned=tuple(partitions("t0 t1")),
    generation=7,
    rack="r",
)
METADATA = ConsumerProtocolMemberMetadata(0, ["t"], b"\x01", [("t", [0, 1])], 7, "r", "i")


def test_members_are_a_mapping_as_in_the_second_release() -> None:
    found = user_members([MEMBER])
    assert found == {"m": METADATA}
    assert found["m"].subscription == ["t"]  # type: ignore[index] # a plain string is as good


def test_members_are_iterated_as_in_the_third_release() -> None:
    (found,) = user_members([MEMBER])
    assert (found.member_id, found.group_instance_id, found.metadata) == ("m", "i", METADATA)
    assert type(found.member_id) is str


@pytest.mark.parametrize("form", [dict, list])
def test_members_are_read_in_both_forms(form: type) -> None:
    assert read_user_members(form(user_members([MEMBER]))) == [MEMBER]


def test_members_of_the_first_forms_tell_only_topics_and_data() -> None:
    old = SimpleNamespace(version=0, subscription=["t"], user_data=b"")
    assert read_user_members({"m": old}) == [Member("m", ("t",), user_data=b"")]


def test_owned_partitions_may_be_objects() -> None:
    groups = [SimpleNamespace(topic="t", partitions=[0]), ("u", [1])]
    assert read_user_groups(groups) == tuple(partitions("t0 u1"))


def test_assignment_is_given_topic_by_topic() -> None:
    given = user_assignment(1, MemberAssignment(tuple(partitions("u0 t1 u1"))))
    assert given == ConsumerProtocolMemberAssignment(1, [("t", [1]), ("u", [0, 1])], b"")
    assert given.partitions() == partitions("t1 u0 u1")


@pytest.mark.parametrize(
    "given",
    [
        ConsumerProtocolMemberAssignment(0, [("t", [0, 1])], b"\x02"),
        SimpleNamespace(assignment=[("t", (0, 1))], user_data=b"\x02"),
        SimpleNamespace(
            assigned_partitions=[SimpleNamespace(topic="t", partitions={0: None, 1: None})],
            user_data=bytearray(b"\x02"),
        ),
    ],
)
def test_assignment_is_read_in_any_form(given: Any) -> None:
    expected = MemberAssignment(tuple(partitions("t0 t1")), b"\x02")
    assert read_user_assignment("here", given) == expected


@pytest.mark.parametrize(
    "given",
    [
        None,
        [("t", [0])],
        SimpleNamespace(assigned_partitions=["t0"], user_data=None),
        SimpleNamespace(assigned_partitions=[("t", [0])]),
        SimpleNamespace(assigned_partitions=[("t", ["x"])], user_data=None),
        SimpleNamespace(assigned_partitions=[("t", [0])], user_data="text"),
    ],
)
def test_what_is_no_assignment_is_refused(given: Any) -> None:
    with pytest.raises(KafkaConfigurationError, match=r"here: .* is no assignment: return a"):
        read_user_assignment("here", given)


@pytest.mark.parametrize("data", [None, b"\x01", memoryview(b"\x01")])
def test_user_data_are_bytes_or_none(data: Any) -> None:
    found = read_user_data(SimpleNamespace(user_data=data))
    assert found == data


def test_user_data_may_encode_themselves() -> None:
    data = SimpleNamespace(encode=lambda: b"\x03")
    assert read_user_data(SimpleNamespace(user_data=data)) == b"\x03"


@pytest.mark.parametrize("data", ["text", 7])
def test_other_user_data_are_refused(data: object) -> None:
    with pytest.raises(TypeError, match="user_data must be bytes, not "):
        read_user_data(SimpleNamespace(user_data=data))
