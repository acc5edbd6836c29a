"""From the arguments of send() to a record for the accumulator; shared by both faces.

Everything here runs on the caller's thread. Serializers and partitioners are users' code and are
called without the lock.
"""

from __future__ import annotations

import re
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from kafka.errors import MessageSizeTooLargeError, UnsupportedVersionError
from kafka.partitioner.adapt import adapt_partitioner
from kafka.producer.batch_encoding import (
    BATCH_OVERHEAD,
    MAX_RECORD_OVERHEAD,
    RECORD_MEMORY,
    header_overhead,
)
from kafka.producer.many import plain_lots
from kafka.producer.topic_info import TopicInfo
from kafka.serializer.adapt import adapt_serializer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.backoff import Uniform
    from kafka.cluster import ClusterMetadata, ClusterSnapshot
    from kafka.config.producer import ProducerConfig
    from kafka.producer.batch_encoding import Headers, Record
    from kafka.producer.many import Lot
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue

    Prepared = tuple[PartitionQueue | None, Record, int]

_TOPIC_NAME: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
# What the protocol's INT64 cannot say any more.
_END_OF_TIME: Final = 2**63
_BYTES: Final = frozenset((bytes, type(None)))
_SLACK: Final = BATCH_OVERHEAD + MAX_RECORD_OVERHEAD - RECORD_MEMORY


class SendPath:
    """What send() needs beside the accumulator.

    Args:
        config: the producer's options.
        accumulator: where records go.
        cluster: handed to users' partitioners.
        wall: Unix time in seconds.
        uniform: source of randomness.

    Attributes:
        routes: the topics with known partitions; read by any thread, replaced entry by entry.
        append: `RecordAccumulator.append`.
        gate: the way of records into open batches.
        put: its `FastAppend.append`.
    """

    def __init__(
        self,
        config: ProducerConfig,
        *,
        accumulator: RecordAccumulator,
        cluster: ClusterMetadata,
        wall: Callable[[], float],
        uniform: Uniform,
    ) -> None:
        self.gate = accumulator.gate
        self.routes = self.gate.topics
        self.put = self.gate.append
        self.append = accumulator.append
        self._accumulator = accumulator
        self._cluster = cluster
        self._wall = wall
        self._uniform = uniform
        self._serialize_key = adapt_serializer(config.key_serializer, option="key_serializer")
        self._serialize_value = adapt_serializer(config.value_serializer)
        self._converts = bool(self._serialize_key or self._serialize_value)
        self._partitioner = adapt_partitioner(config.partitioner)
        self._largest = min(config.max_request_size, config.buffer_memory) - _SLACK
        self._limits = (
            f"max_request_size={config.max_request_size}, buffer_memory={config.buffer_memory}"
        )
        builtin = not self._converts and self._partitioner is None
        self.gate.configure(largest=self._largest if builtin else -1, wall=wall)

    def update_routes(self, snapshot: ClusterSnapshot) -> None:
        """Take over the partitions of the topics in use; forget topics that are gone."""
        self.gate.guarded(self._update_routes, snapshot)

    def _update_routes(self, snapshot: ClusterSnapshot) -> None:
        for topic, route in list(self.routes.items()):
            count = snapshot.partition_count(topic)
            if count:
                route.update(count, snapshot.available_partitions(topic))
            else:
                del self.routes[topic]

    def open_route(self, topic: str, snapshot: ClusterSnapshot) -> TopicInfo | None:
        """Return the route of *topic*, made anew if need be; ``None`` if it has no partitions."""
        count = snapshot.partition_count(topic)
        if not count:
            return None
        available = snapshot.available_partitions(topic)
        return self.gate.guarded(self._open_route, topic, count, available)

    def _open_route(self, topic: str, count: int, available: tuple[int, ...]) -> TopicInfo:
        settings = self._accumulator.settings
        route = self.routes.get(topic)
        if route is None:
            route = TopicInfo(
                topic,
                batch_size=settings.batch_size,
                limit=settings.batch_limit,
                uniform=self._uniform,
            )
            route.update(count, available)
            self.routes[topic] = route
        return route

    def prepare(
        self,
        route: TopicInfo,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> Prepared:
        """Serialize, check and place one record.

        Returns:
            The partition's queue (``None``: the one keyless records stick to), the record, and
            what it counts in memory.
        """
        if value is None and key is None:
            raise ValueError("key and value are both None: a record needs one of them")
        key_bytes, value_bytes = key, value
        if self._converts:
            key_bytes, value_bytes = self._converted(route.topic, headers, key, value)
        if not (type(value_bytes) in _BYTES and type(key_bytes) in _BYTES):
            key_bytes, value_bytes = _owned("key", key_bytes), _owned("value", value_bytes)
        size = RECORD_MEMORY
        size += 0 if value_bytes is None else len(value_bytes)
        size += 0 if key_bytes is None else len(key_bytes)
        if headers is not None:
            headers = self._owned_headers(headers)
            size += header_overhead(headers)
        if size > self._largest:
            raise self._too_large(route.topic, size)
        if timestamp_ms is None:
            timestamp_ms = int(self._wall() * 1000)
        else:
            self._check_timestamp(timestamp_ms)
        record = (timestamp_ms, key_bytes, value_bytes, headers)
        if partition is None and self._partitioner is not None:
            partition = self._partitioner(
                route.topic, key, key_bytes, value, value_bytes, self._cluster
            )
        return self.place(route, key_bytes, partition), record, size

    def lots(
        self,
        route: TopicInfo,
        values: Sequence[Any],  # Any: what the user's serializer takes
        keys: Sequence[Any] | None,  # the same
        partition: int | None,
    ) -> list[Lot] | None:
        """Return the records of a `send_many` sorted by where they go, if they are just bytes."""
        queue = None
        if partition is not None:
            queue = route.queues[_checked_partition(route, partition)]
        return plain_lots(route, queue, values, keys, self.gate.largest)

    def prepare_many(
        self,
        route: TopicInfo,
        values: Sequence[Any],  # Any: what the user's serializer takes
        keys: Sequence[Any] | None,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> list[Prepared]:
        """As `prepare`, for each record; nothing is sent yet should one of them be refused."""
        return [
            self.prepare(route, value, key, headers, partition, timestamp_ms)
            for value, key in zip(values, keys or repeat(None), strict=False)
        ]

    def place(
        self, route: TopicInfo, key: bytes | None, partition: int | None
    ) -> PartitionQueue | None:
        """Return where a record goes; ``None`` for where keyless records go at the moment.

        Raises:
            ValueError: *partition* does not exist.
        """
        if partition is not None:
            return route.queues[_checked_partition(route, partition)]
        if key is None:
            return None
        return route.place(key)

    def _converted(
        self,
        topic: str,
        headers: Headers | None,
        key: Any,  # Any: what the user's serializer takes
        value: Any,  # the same
    ) -> tuple[Any, Any]:  # checked by the caller
        given = headers or []
        if self._serialize_key is not None:
            key = self._serialize_key(topic, given, key)
        if self._serialize_value is not None:
            value = self._serialize_value(topic, given, value)
        return key, value

    def _too_large(self, topic: str, size: int) -> MessageSizeTooLargeError:
        return MessageSizeTooLargeError(
            f"a record for {topic} takes {size + _SLACK} bytes with all overhead, more than may "
            f"be sent ({self._limits})"
        )

    def _owned_headers(self, headers: Headers) -> Headers:
        """Return a copy of *headers* that nobody else can change."""
        if not isinstance(headers, (list, tuple)):
            raise TypeError(f"headers must be a list of (str, bytes), not {type(headers).__name__}")
        owned = [_owned_header(header) for header in headers]
        if owned and self._accumulator.magic < 2:
            raise UnsupportedVersionError(
                "record headers need brokers of Kafka 0.11 or newer (record format 2); "
                f"this cluster takes record format {self._accumulator.magic}"
            )
        return owned

    def _check_timestamp(self, timestamp_ms: int) -> None:
        if not isinstance(timestamp_ms, int) or isinstance(timestamp_ms, bool):
            raise TypeError(f"timestamp_ms must be an int, not {type(timestamp_ms).__name__}")
        if not 0 <= timestamp_ms < _END_OF_TIME:
            raise ValueError(f"timestamp_ms must be from 0 to 2**63 - 1, got {timestamp_ms}")
        if self._accumulator.magic < 1:
            raise UnsupportedVersionError(
                "timestamp_ms needs brokers of Kafka 0.10 or newer (record format 1); "
                "this cluster takes record format 0"
            )


def check_many(values: object, keys: object) -> None:
    """Raise if these are not the columns of a `send_many`."""
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


def known_route(
    routes: dict[str, TopicInfo], topic: str, partition: int | None
) -> TopicInfo | None:
    """Return the route of *topic* if it and *partition* are known.

    Raises:
        TypeError: an argument of the wrong type.
    """
    if not isinstance(topic, str):
        raise TypeError(f"topic must be a str, not {type(topic).__name__}")
    route = routes.get(topic)
    if partition is None:
        return route
    _check_partition_type(partition)
    return None if route is None or partition >= len(route.queues) else route


def _check_partition_type(partition: object) -> None:
    if not isinstance(partition, int) or isinstance(partition, bool):
        raise TypeError(f"partition must be an int, not {type(partition).__name__}")


def _checked_partition(route: TopicInfo, partition: int) -> int:
    _check_partition_type(partition)
    if not 0 <= partition < len(route.queues):
        raise ValueError(
            f"partition {partition} of topic {route.topic} does not exist: the topic has "
            f"partitions 0 to {len(route.queues) - 1}"
        )
    return partition


def _owned(name: str, data: object) -> bytes | None:
    """Return *data* as bytes that nobody else can change."""
    if data is None:
        return None
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(
        f"{name} must be bytes, not {type(data).__name__}; "
        f"set {name}_serializer to send other types"
    )


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
