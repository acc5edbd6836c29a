"""Checks of what users give to send() and send_many().  Pure.

What comes out cannot be changed by the caller any more, or an error names the argument.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kafka.errors import UnsupportedVersionError
from kafka.producer.batch_encoding import encode_owned
from kafka.record._varint import encode_varint
from kafka.structs import ConsumerGroupMetadata

if TYPE_CHECKING:
    from kafka.producer.batch_encoding import EncodedHeaders, Headers

_TOPIC_NAME: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
# The protocol's INT64 ends here.
END_OF_TIME: Final = 2**63
# Names of headers that are longer are not worth the memory.
_LONGEST_NAME: Final = 64
_MOST_STARTS: Final = 1024


def check_columns(values: object, keys: object) -> None:
    """Raise if these are not the values and keys of a send_many()."""
    for name, column in (("values", values), ("keys", keys)):
        if column is not None and not isinstance(column, (list, tuple)):
            raise TypeError(f"{name} must be a list or a tuple, not {type(column).__name__}")
    if not isinstance(values, (list, tuple)):
        raise TypeError("values must be a list or a tuple, not NoneType")
    if isinstance(keys, (list, tuple)) and len(keys) != len(values):
        raise ValueError(f"{len(values)} values and {len(keys)} keys: there must be as many")


def check_topic(topic: object) -> None:
    """Raise if no topic can have this name; done once per topic."""
    if not isinstance(topic, str):
        raise TypeError(f"topic must be a str, not {type(topic).__name__}")
    if not _TOPIC_NAME.fullmatch(topic) or topic in (".", ".."):
        raise ValueError(
            f"{topic!r} is not a topic name: 1 to 249 characters out of a-z, A-Z, 0-9, '.', '_' "
            f"and '-', but neither '.' nor '..'"
        )


def check_partition_type(partition: object) -> None:
    """Raise if *partition* is not an int."""
    if not isinstance(partition, int) or isinstance(partition, bool):
        raise TypeError(f"partition must be an int, not {type(partition).__name__}")


def check_partition(topic: str, partition: int, count: int) -> int:
    """Return *partition*; raise unless it is one of the *count* partitions of *topic*."""
    check_partition_type(partition)
    if not 0 <= partition < count:
        raise ValueError(
            f"partition {partition} of topic {topic} does not exist: the topic has "
            f"partitions 0 to {count - 1}"
        )
    return partition


def check_timestamp(timestamp_ms: object, magic: int) -> None:
    """Raise if *timestamp_ms* is no time, or if brokers of record format *magic* store none."""
    if not isinstance(timestamp_ms, int) or isinstance(timestamp_ms, bool):
        raise TypeError(f"timestamp_ms must be an int, not {type(timestamp_ms).__name__}")
    if not 0 <= timestamp_ms < END_OF_TIME:
        raise ValueError(f"timestamp_ms must be from 0 to 2**63 - 1, got {timestamp_ms}")
    if magic < 1:
        raise UnsupportedVersionError(
            "timestamp_ms needs brokers of Kafka 0.10 or newer (record format 1); "
            "this cluster takes record format 0"
        )


def owned(name: str, data: object) -> bytes | None:
    """Return *data*, the key or value called *name*, as bytes that nobody else can change."""
    if data is None:
        return None
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(
        f"{name} must be bytes, not {type(data).__name__}; "
        f"set {name}_serializer to send other types"
    )


class _HeaderStarts(dict[tuple[str, int], bytes]):
    """What comes before the value of a header, by its name and the length of the value; bounded.

    Args:
        prefix: what is before it all.
    """

    __slots__ = ("_prefix",)

    def __init__(self, prefix: bytes = b"") -> None:
        self._prefix = prefix

    def __missing__(self, key: tuple[str, int]) -> bytes:
        name, length = key
        if not isinstance(name, str) or not name.isascii():
            raise ValueError
        encoded = name.encode()
        start = self._prefix + encode_varint(len(encoded)) + encoded + encode_varint(length)
        if len(name) <= _LONGEST_NAME:
            if len(self) >= _MOST_STARTS:
                self.clear()
            self[key] = start
        return start


# Shared by all threads: an entry lost to another thread's clear() is only computed again.
_STARTS: Final = _HeaderStarts()
ONLY_STARTS: Final = _HeaderStarts(encode_varint(1))


def plain_headers(headers: object) -> EncodedHeaders:
    """Return *headers* as a batch stores them, if they are of the usual kind.

    That is a list of tuples of an ASCII name and bytes, at least one. It takes a third of the time
    of `owned_headers`, which takes others, and says what is wrong with them.

    Raises:
        TypeError: they are of another kind; or ValueError.
    """
    if headers.__class__ is not list or not headers:
        raise TypeError
    if len(headers) == 1:  # as tracing adds it
        name, value = header = headers[0]
        if header.__class__ is not tuple or value.__class__ is not bytes:
            raise TypeError
        size = len(value)
        return ONLY_STARTS[name, size] + value, len(name) + size
    encoded, total = encode_varint(len(headers)), 0
    for header in headers:
        name, value = header
        if header.__class__ is not tuple or value.__class__ is not bytes:
            raise TypeError
        size = len(value)
        encoded += _STARTS[name, size] + value
        total += len(name) + size
    return encoded, total


def owned_headers(headers: object, magic: int) -> EncodedHeaders | None:
    """Return *headers* as a batch stores them, which nobody can change; ``None`` for none.

    Args:
        headers: what the user gave.
        magic: the record format that the brokers store.
    """
    copies = checked_headers(headers)
    if copies and magic < 2:
        raise UnsupportedVersionError(
            "record headers need brokers of Kafka 0.11 or newer (record format 2); "
            f"this cluster takes record format {magic}"
        )
    return encode_owned(copies) if copies else None


def checked_headers(headers: object) -> Headers:
    """Return a copy of *headers* that nobody else can change; raise if they are no headers."""
    if not isinstance(headers, (list, tuple)):
        raise TypeError(f"headers must be a list of (str, bytes), not {type(headers).__name__}")
    return [_owned_header(header) for header in headers]


def _owned_header(header: object) -> tuple[str, bytes | None]:
    if not isinstance(header, (tuple, list)) or len(header) != 2:
        raise TypeError(f"headers must be a list of (str, bytes), found {type(header).__name__}")
    name, value = header
    if not isinstance(name, str):
        raise TypeError(f"headers: a name must be a str, not {type(name).__name__}")
    if value is None or type(value) is bytes:
        return name, value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return name, bytes(value)
    raise TypeError(f"headers: the value of {name!r} must be bytes, not {type(value).__name__}")


def group_of(group: object) -> ConsumerGroupMetadata:
    """Return the group that offsets are sent for, as the user gave it: by name or with its member.

    Raises:
        TypeError: it is neither a name nor a `ConsumerGroupMetadata`.
        ValueError: it has no name.
    """
    found = ConsumerGroupMetadata(group) if isinstance(group, str) else group
    if not isinstance(found, ConsumerGroupMetadata):
        kind = type(group).__name__
        raise TypeError(
            f"group_metadata must be consumer.group_metadata() or the name of a group, not {kind}"
        )
    if not found.group_id:
        raise ValueError("group_metadata names no group: give the consumer a group_id")
    return found


def block_time(timeout_ms: object, default: float) -> float:
    """Return how many seconds a call may take that was given *timeout_ms*.

    Raises:
        TypeError: it is not a number; ValueError: it is not a time.
    """
    if timeout_ms is None:
        return default
    if isinstance(timeout_ms, bool) or not isinstance(timeout_ms, int | float):
        kind = type(timeout_ms).__name__
        raise TypeError(f"timeout_ms must be a number of milliseconds or None, not {kind}")
    if not timeout_ms >= 0:
        raise ValueError(f"timeout_ms must not be negative, got {timeout_ms}")
    return timeout_ms / 1000


def check_keep_prepared(keep_prepared: object, *, two_phase: bool) -> None:
    """Refuse what ``init_transactions()`` cannot do with a prepared transaction.

    Args:
        keep_prepared: as the user gave it.
        two_phase: the option ``transaction_two_phase_commit_enable``.

    Raises:
        TypeError: it is no bool, as the time-out of other clients' ``init_transactions(30)``.
        UnsupportedVersionError: transactions are not prepared without the option.
    """
    if not isinstance(keep_prepared, bool):
        raise TypeError(
            f"init_transactions: keep_prepared must be a bool, not {keep_prepared!r}; for a "
            "time-out, write init_transactions(timeout_ms=...), in milliseconds"
        )
    if keep_prepared and not two_phase:
        raise UnsupportedVersionError(
            "init_transactions(keep_prepared=True) needs transaction_two_phase_commit_enable=True, "
            "and brokers that take part (KIP-939)"
        )
