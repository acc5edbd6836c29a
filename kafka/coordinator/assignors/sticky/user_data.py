"""What sticky members tell the leader in their user data.  Pure.

The format is of Java's ``StickyAssignor``: the last assignment, and since version 1 the generation
in which the member got it. Nothing in the bytes says which version they are.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.coordinator.assignors.java_order import java_order
from kafka.coordinator.assignors.messages import by_topic
from kafka.coordinator.assignors.strategy import NO_GENERATION
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable

_INT16: Final = struct.Struct(">h")
_INT32: Final = struct.Struct(">i")


class Claim(NamedTuple):
    """The partitions that a member says it has had.

    Args:
        partitions: those.
        generation: in which it got them; -1 if it does not say.
    """

    partitions: tuple[TopicPartition, ...] = ()
    generation: int = NO_GENERATION


def write_claim(claim: Claim) -> bytes:
    """Return the user data of a sticky member, version 1."""
    numbers_of = by_topic(claim.partitions)
    parts = [_INT32.pack(len(numbers_of))]
    # Java writes the topics as its map iterates.
    for topic in java_order(numbers_of):
        name, numbers = topic.encode(), numbers_of[topic]
        parts += [_INT16.pack(len(name)), name]
        parts.append(struct.pack(f">i{len(numbers)}i", len(numbers), *numbers))
    parts.append(_INT32.pack(claim.generation))
    return b"".join(parts)


def read_claim(data: bytes | None) -> Claim:
    """Return what a sticky member has said, in version 1 or 0; nothing if it cannot be read.

    Sticky assignors of other clients may write what they like; Java's ignores what it cannot read,
    too, and the member is treated as a new one.
    """
    if not data:
        return Claim()
    try:
        partitions, end = _read_partitions(data)
        generation = _INT32.unpack_from(data, end)[0] if len(data) > end else NO_GENERATION
    except (struct.error, UnicodeDecodeError, OverflowError):
        return Claim()
    return Claim(tuple(partitions), generation)


def write_generation(generation: int) -> bytes:
    """Return the user data of a cooperative sticky member."""
    return _INT32.pack(generation)


def read_generation(data: bytes | None) -> int:
    """Return what a cooperative sticky member has written; -1 if that cannot be read."""
    if data is None or len(data) < _INT32.size:
        return NO_GENERATION
    generation: int = _INT32.unpack_from(data)[0]
    return generation


def _read_partitions(data: bytes) -> tuple[Iterable[TopicPartition], int]:
    found: list[TopicPartition] = []
    count, at = _INT32.unpack_from(data)[0], _INT32.size
    for _ in range(count):
        length = _INT16.unpack_from(data, at)[0]
        at += _INT16.size
        topic = data[at : at + length].decode()
        at += length
        size = _INT32.unpack_from(data, at)[0]
        at += _INT32.size
        numbers = struct.unpack_from(f">{size}i", data, at)
        at += size * _INT32.size
        found += [TopicPartition(topic, number) for number in numbers]
    return found, at
