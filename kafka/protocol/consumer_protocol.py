"""What members of a classic group tell each other: subscriptions and assignments.

Pure. The broker passes these bytes on unread. Each starts with the version of its writer, and a
reader takes what it knows of a newer one, so that clients of several ages share a group.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeVar

from kafka.errors import KafkaProtocolError
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)
from kafka.protocol.schema import Message

if TYPE_CHECKING:
    from kafka.protocol.primitives import Buffer

M = TypeVar("M", bound=Message)

PROTOCOL_TYPE: Final = "consumer"
_VERSION: Final = struct.Struct(">h")


def encode_subscription(
    subscription: ConsumerProtocolSubscription, version: int | None = None
) -> bytes:
    """Return *subscription* as a member sends it in JoinGroup.

    Args:
        subscription: topics, user data and what else this member tells the leader.
        version: 0 to 3; by default the newest.
    """
    return _encode(subscription, version)


def decode_subscription(data: Buffer) -> ConsumerProtocolSubscription:
    """Return the subscription a member sent; a newer version is read as the newest known.

    Raises:
        KafkaProtocolError: *data* is not a subscription.
    """
    return _decode(ConsumerProtocolSubscription, data)


def encode_assignment(assignment: ConsumerProtocolAssignment, version: int | None = None) -> bytes:
    """Return *assignment* as the leader sends it in SyncGroup.

    Args:
        assignment: partitions and user data of one member.
        version: 0 to 3; by default the newest.
    """
    return _encode(assignment, version)


def decode_assignment(data: Buffer) -> ConsumerProtocolAssignment:
    """Return the assignment of a member; no bytes at all mean an empty one.

    Raises:
        KafkaProtocolError: *data* is not an assignment.
    """
    return _decode(ConsumerProtocolAssignment, data) if data else ConsumerProtocolAssignment()


def _encode(message: Message, version: int | None) -> bytes:
    version = message.VERSIONS.max if version is None else version
    return _VERSION.pack(version) + message.encode(version)


def _decode(message: type[M], data: Buffer) -> M:
    if len(data) < _VERSION.size:
        raise KafkaProtocolError(f"{message.__name__}: {len(data)} bytes hold no version")
    version: int = _VERSION.unpack_from(data)[0]
    if version < 0:
        raise KafkaProtocolError(f"{message.__name__}: version {version} is negative")
    known = min(version, message.VERSIONS.max)
    # Versions only ever add to the end, so what follows is of a newer writer.
    return message.decode_prefix(data, known, _VERSION.size)[0]
