"""The structures of kafka-python's module of this name, made on first use.  Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from kafka.protocol.legacy.elements import ElementSchema
from kafka.protocol.legacy.offers import offer
from kafka.protocol.struct import Struct
from kafka.protocol.types import Array, Bytes, Int16, Int32, Schema, String

DEFAULT_GENERATION_ID: Final = -1
UNKNOWN_MEMBER_ID: Final = ""


class GroupMember(NamedTuple):
    """A member as the leader of its group is told of it.

    Args:
        member_id: id the coordinator gave.
        group_instance_id: of a static member (KIP-345), or ``None``.
        metadata_bytes: its subscription, encoded.
    """

    member_id: str
    group_instance_id: str | None
    metadata_bytes: bytes


class ProtocolMetadata(Struct):
    """What a member of a classic group subscribes to: version, topics, and data of its assignor."""

    SCHEMA = Schema(
        ("version", Int16), ("subscription", Array(String("utf-8"))), ("user_data", Bytes)
    )


class MemberAssignment(Struct):
    """What a member of a classic group gets: version, partitions by topic, data of its assignor."""

    SCHEMA = Schema(
        ("version", Int16),
        (
            "assignment",
            Array(
                ElementSchema(("topic", String("utf-8")), ("partitions", Array(Int32)), aliases={})
            ),
        ),
        ("user_data", Bytes),
    )


__getattr__, __dir__ = offer(__name__)
