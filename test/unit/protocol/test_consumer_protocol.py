"""What group members tell each other, in all versions and from newer writers."""

import pytest

from kafka.errors import KafkaProtocolError
from kafka.protocol.consumer_protocol import (
    decode_assignment,
    decode_subscription,
    encode_assignment,
    encode_subscription,
)
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)

SUBSCRIPTION = ConsumerProtocolSubscription(topics=["a", "b"], user_data=b"x")
ASSIGNMENT = ConsumerProtocolAssignment(
    assigned_partitions=[ConsumerProtocolAssignment.TopicPartition(topic="a", partitions=[0, 2])],
    user_data=None,
)


@pytest.mark.parametrize("version", range(4))
def test_subscriptions_survive_every_version(version):
    data = encode_subscription(SUBSCRIPTION, version)
    assert data[:2] == bytes([0, version])
    assert decode_subscription(data) == SUBSCRIPTION


@pytest.mark.parametrize("version", range(4))
def test_assignments_survive_every_version(version):
    assert decode_assignment(encode_assignment(ASSIGNMENT, version)) == ASSIGNMENT


def test_the_newest_version_is_written_by_default():
    assert encode_subscription(SUBSCRIPTION)[:2] == b"\0\3"
    assert encode_assignment(ASSIGNMENT)[:2] == b"\0\3"


def test_what_a_newer_writer_adds_is_left_alone():
    data = encode_subscription(SUBSCRIPTION, 3)
    assert decode_subscription(b"\0\x09" + data[2:] + b"more") == SUBSCRIPTION


def test_what_a_writer_of_the_same_version_adds_is_left_alone_too():
    assert decode_assignment(encode_assignment(ASSIGNMENT, 0) + b"more") == ASSIGNMENT


def test_no_bytes_are_an_empty_assignment():
    assert decode_assignment(b"") == ConsumerProtocolAssignment()


@pytest.mark.parametrize("data", [b"\0", b"\xff\xff\0\0", b"\0\0\x7f\xff\xff\xff"])
def test_bytes_that_are_no_assignment_are_a_protocol_error(data):
    with pytest.raises(KafkaProtocolError):
        decode_assignment(data)


def test_no_bytes_are_no_subscription():
    with pytest.raises(KafkaProtocolError, match="hold no version"):
        decode_subscription(b"")
