"""Checks of what users give to send() and send_many().  Pure.

What comes out cannot be changed by the caller any more, or an error names the argument.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kafka.errors import UnsupportedVersionError

if TYPE_CHECKING:
    from kafka.producer.batch_encoding import Headers

_TOPIC_NAME: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
# The protocol's INT64 ends here.
_END_OF_TIME: Final = 2**63


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
    if not 0 <= timestamp_ms < _END_OF_TIME:
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


def owned_headers(headers: object, magic: int) -> Headers:
    """Return a copy of *headers* that nobody else can change.

    Args:
        headers: what the user gave.
        magic: the record format that the brokers store.
    """
    if not isinstance(headers, (list, tuple)):
        raise TypeError(f"headers must be a list of (str, bytes), not {type(headers).__name__}")
    copies = [_owned_header(header) for header in headers]
    if copies and magic < 2:
        raise UnsupportedVersionError(
            "record headers need brokers of Kafka 0.11 or newer (record format 2); "
            f"this cluster takes record format {magic}"
        )
    return copies


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
