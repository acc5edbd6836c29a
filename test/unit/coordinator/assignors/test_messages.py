"""The bytes that members exchange."""

from __future__ import annotations

import pytest

from kafka.coordinator.assignors.messages import (
    assignment_bytes,
    by_topic,
    read_assignment,
    read_member,
    subscription_bytes,
)
from kafka.coordinator.assignors.strategy import Member, MemberAssignment
from kafka.errors import KafkaProtocolError
from kafka.protocol.consumer_protocol import encode_subscription
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
from test.unit.coordinator.assignors.groups import partitions


def test_subscription_is_read_as_it_was_written() -> None:
    owned = partitions("b1 a0 b0")
    data = subscription_bytes(["b", "a"], b"\x01", owned=owned, generation=7, rack="r")
    assert read_member("m", "i", data) == Member(
        "m",
        ("a", "b"),
        instance_id="i",
        user_data=b"\x01",
        owned=tuple(partitions("a0 b0 b1")),
        generation=7,
        rack="r",
    )


def test_subscription_of_an_old_client_tells_less() -> None:
    data = encode_subscription(ConsumerProtocolSubscription(topics=["t"]), 0)
    assert read_member("m", None, data) == Member("m", ("t",))


def test_an_empty_rack_is_no_rack() -> None:
    data = subscription_bytes(["t"], None, generation=-1, rack="")
    assert read_member("m", None, data).rack is None


def test_bytes_that_are_no_subscription_are_refused() -> None:
    with pytest.raises(KafkaProtocolError):
        read_member("m", None, b"\x00")


def test_assignment_is_read_as_it_was_written_but_topic_by_topic() -> None:
    data = assignment_bytes(MemberAssignment(tuple(partitions("b1 a0 b0")), b"\x02"))
    assert read_assignment(data) == MemberAssignment(tuple(partitions("b1 b0 a0")), b"\x02")


def test_no_bytes_at_all_are_an_empty_assignment() -> None:
    assert read_assignment(b"") == MemberAssignment(())


def test_numbers_by_topic_keep_their_order() -> None:
    assert list(by_topic(partitions("b1 a0 b0")).items()) == [("b", [1, 0]), ("a", [0])]
