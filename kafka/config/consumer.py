"""Options of consumers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, ClassVar

from kafka.config.common import CommonConfig
from kafka.config.duration import parse_duration
from kafka.config.network import NetworkConfig
from kafka.config.option import (
    at_least,
    int32,
    not_empty,
    one_of,
    option,
    seconds,
    warn_user,
)
from kafka.errors import KafkaConfigurationError
from kafka.structs import IsolationLevel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka.errors import RecordDeserializationError
    from kafka.structs import TopicPartition

_OLD_RESETS = {"smallest": "earliest", "largest": "latest"}
_BY_DURATION = "by_duration:"
# Without `max_buffered_bytes`, so much may always be buffered.
_READ_AHEAD = 8 * 1024 * 1024


def _auto_offset_reset(value: str) -> str:
    if value in _OLD_RESETS:
        warn_user(f"auto_offset_reset={value!r} is now called {_OLD_RESETS[value]!r}")
        return _OLD_RESETS[value]
    if value.startswith(_BY_DURATION):
        parse_duration(value.removeprefix(_BY_DURATION))
    elif value not in ("earliest", "latest", "none"):
        raise ValueError("must be earliest, latest, none or by_duration:<ISO 8601 duration>")
    return value


def _isolation_level(value: object) -> str:
    if isinstance(value, IsolationLevel):
        return value.name.lower()
    if not isinstance(value, str):
        raise TypeError("must be a string or an IsolationLevel")
    if value.upper() not in IsolationLevel.__members__:
        raise ValueError("Unrecognized isolation_level: must be read_uncommitted or read_committed")
    return value.lower()


def _assignors(value: object) -> tuple[object, ...]:
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise TypeError("must be a list or tuple of assignors")
    if not value:
        raise ValueError("must name at least one assignor")
    return tuple(value)


# Options of groups that a protocol has no use for.
_ONLY_WITH_ANOTHER = {
    "classic": frozenset({"group_remote_assignor"}),
    "consumer": frozenset(
        {"heartbeat_interval_ms", "partition_assignment_strategy", "session_timeout_ms"}
    ),
}
# Instances are named like topics.
_INSTANCE_ID = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def _instance_id(value: str) -> str:
    if _INSTANCE_ID.fullmatch(value) and value not in {".", ".."}:
        return value
    raise ValueError("must be 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-', and not '.' or '..'")


def _callable(value: object) -> object:
    if not callable(value):
        raise TypeError("must be callable")
    return value


def _deserialize_policy(value: object) -> object:
    if isinstance(value, str):
        if value not in ("raise", "skip", "raw"):
            raise ValueError("must be raise, skip, raw or a callable of the error")
        return value
    if not callable(value):
        raise TypeError("must be raise, skip, raw or a callable of the error")
    # Importing it takes longer than importing this module, and hardly anybody needs it.
    from inspect import iscoroutinefunction  # noqa: PLC0415

    if iscoroutinefunction(value):
        raise TypeError("must not be a coroutine function: nothing can be awaited while decoding")
    return value


def ignore_commit_result(offsets: object, response: object) -> bool:  # noqa: ARG001 - the callback's form
    """Do nothing with the result of an asynchronous commit."""
    return True


class ConsumerConfig(CommonConfig):
    """Options of `KafkaConsumer` and `AsyncKafkaConsumer`."""

    CLIENTS = "consumers"
    DROPPED: ClassVar[Mapping[str, str]] = {
        **NetworkConfig.DROPPED,
        "legacy_iterator": "there is one iterator",
        "skip_double_compressed_messages": "no messages are skipped",
    }

    client_rack: str = option(
        "", None, "Rack or zone of this client; brokers may offer a near replica (KIP-392)."
    )
    group_id: str | None = option(
        None, not_empty, "Name of the consumer group; without one there are no groups and commits."
    )
    group_instance_id: str | None = option(
        None, _instance_id, "Id of a static member of the group (KIP-345)."
    )
    group_protocol: str = option(
        "classic",
        one_of("classic", "consumer", "auto"),
        "How the group shares partitions out: ``classic``, ``consumer`` (KIP-848, brokers of 4.0 "
        "and later), or ``auto``: ``consumer`` if the cluster offers it when the group is joined.",
    )
    group_remote_assignor: str | None = option(
        None,
        not_empty,
        "Assignor of the broker, such as ``uniform`` or ``range``; None: what the broker prefers "
        "(``consumer`` protocol only).",
    )
    # What a deserializer may be is decided in kafka.serializer, where it is turned into a call.
    key_deserializer: object = option(
        None,
        None,
        "Reads keys from bytes: a `Deserializer` or a callable; None: bytes.",
        takes="DeserializerLike[K] | None",
    )
    value_deserializer: object = option(
        None,
        None,
        "Reads values from bytes: a `Deserializer` or a callable; None: bytes.",
        takes="DeserializerLike[V] | None",
    )
    on_deserialize_error: str | Callable[[RecordDeserializationError], object] = option(
        "raise",
        _deserialize_policy,
        "What becomes of a record that a deserializer rejects: ``raise`` a "
        "`RecordDeserializationError` and stay there; ``skip`` it with a warning; ``raw``: return "
        "`UndecodedBytes`; or what a callable, given the error, returns for the key or value.",
        takes="str | Callable[[RecordDeserializationError], object]",
    )
    enable_incremental_fetch_sessions: bool = option(
        True, None, "Send only what changed in Fetch requests (KIP-227)."
    )
    fetch_max_wait_ms: float = option(
        500, at_least(0), "Time a broker waits for ``fetch_min_bytes``, in ms."
    )
    fetch_min_bytes: int = option(1, int32(0), "Bytes a broker collects before it answers.")
    fetch_max_bytes: int = option(
        52428800, int32(0), "Most bytes in one Fetch response; one batch may exceed it (KIP-74)."
    )
    max_partition_fetch_bytes: int = option(
        1048576, int32(0), "Most bytes of one partition in a response; one batch may exceed it."
    )
    max_buffered_bytes: int | None = option(
        None,
        at_least(1),
        "Bytes fetched ahead and not yet handed out; above it no further Fetch is sent. None: a "
        "third more than one answer holds, at least 8 MiB.",
    )
    auto_offset_reset: str = option(
        "latest",
        _auto_offset_reset,
        "Where to start without a valid offset: ``earliest``, ``latest``, ``none`` (an error), or "
        "``by_duration:`` and an ISO 8601 duration back from now (KIP-1106).",
    )
    on_offset_reset: Callable[[TopicPartition, int | None, int, str], object] | None = option(
        None,
        _callable,
        "Called as (partition, old position or None, new position, reason) when a partition gets a "
        "position by ``auto_offset_reset`` or loses one; it runs inside a poll like a rebalance "
        "listener, and may be a coroutine function.",
    )
    enable_auto_commit: bool = option(True, None, "Commit positions while polling (groups only).")
    auto_commit_interval_ms: float = option(
        5000, at_least(0), "Time between two automatic commits, in ms (groups only)."
    )
    default_offset_commit_callback: Any = option(  # Any: the user's callable
        ignore_commit_result,
        _callable,
        "Called with (offsets, response) after each commit.",
        takes="Callable[[dict[TopicPartition, OffsetAndMetadata], Any], object]",
    )
    check_crcs: bool = option(True, None, "Check the checksum of each batch.")
    isolation_level: str = option(
        "read_uncommitted",
        _isolation_level,
        "``read_committed`` hides records of open and aborted transactions (KIP-98).",
        takes="str | IsolationLevel",
    )
    partition_assignment_strategy: tuple[object, ...] = option(
        (
            "kafka.coordinator.assignors.range.RangePartitionAssignor",
            "kafka.coordinator.assignors.roundrobin.RoundRobinPartitionAssignor",
        ),
        _assignors,
        "Assignors by preference (groups with the ``classic`` protocol only).",
        takes="Sequence[object]",
    )
    max_poll_records: int = option(500, at_least(1), "Most records returned by one poll().")
    max_poll_interval_ms: float = option(
        300000, at_least(1), "Longest time between two polls, in ms (groups only)."
    )
    session_timeout_ms: float = option(
        45000,
        at_least(1),
        "Time without a heartbeat after which a member is out, in ms (groups with the ``classic`` "
        "protocol only). Unless it is set, 30000 for brokers before 3.0.",
    )
    heartbeat_interval_ms: float = option(
        3000,
        at_least(1),
        "Time between two heartbeats, in ms (groups with the ``classic`` protocol only).",
    )
    consumer_timeout_ms: float = option(
        math.inf, at_least(0), "The iterator ends after this long without a record, in ms."
    )
    exclude_internal_topics: bool = option(
        True, None, "Leave internal topics out of pattern subscriptions."
    )
    metric_group_prefix: str = option("consumer", None, "First part of the metrics' group names.")

    auto_commit_interval = seconds("auto_commit_interval_ms")
    fetch_max_wait = seconds("fetch_max_wait_ms")
    max_poll_interval = seconds("max_poll_interval_ms")
    heartbeat_interval = seconds("heartbeat_interval_ms")
    session_timeout = seconds("session_timeout_ms")
    consumer_timeout = seconds("consumer_timeout_ms")

    @property
    def chosen(self) -> frozenset[str]:
        """Names of the options that the user has set."""
        names: frozenset[str] = self.__dict__["_chosen"]
        return names

    def without_effect(self, protocol: str) -> list[str]:
        """Return the options that the user has set and that *protocol* has no use for."""
        return sorted(self.chosen & _ONLY_WITH_ANOTHER.get(protocol, frozenset()))

    @property
    def isolation(self) -> IsolationLevel:
        """The isolation level, as the protocol has it."""
        return IsolationLevel[self.isolation_level.upper()]

    @property
    def reset_duration(self) -> float | None:
        """Seconds back from now to start at, if ``auto_offset_reset`` is by duration."""
        if not self.auto_offset_reset.startswith(_BY_DURATION):
            return None
        return parse_duration(self.auto_offset_reset.removeprefix(_BY_DURATION))

    def read_ahead(self, partitions: int) -> int:
        """Return from how many buffered bytes on no Fetch is sent, with so many *partitions*.

        Unless ``max_buffered_bytes`` says it, somewhat more than the records of one answer: the
        next Fetch goes out while they are read, and memory for a third answer is never taken.
        """
        if self.max_buffered_bytes is not None:
            return self.max_buffered_bytes
        answer = min(partitions * self.max_partition_fetch_bytes, self.fetch_max_bytes)
        return max(answer + answer // 3, _READ_AHEAD)

    def _settle(self, given: frozenset[str]) -> None:
        super()._settle(given)
        self._put("_chosen", given)
        for name in self.without_effect(self.group_protocol):
            warn_user(
                f"{name} has no effect with group_protocol={self.group_protocol!r}", UserWarning
            )
        if self.fetch_max_wait_ms >= self.request_timeout_ms:
            raise KafkaConfigurationError(
                f"fetch_max_wait_ms={self.fetch_max_wait_ms} must be smaller than "
                f"request_timeout_ms={self.request_timeout_ms}, or an idle Fetch would time out"
            )
        if self.heartbeat_interval_ms >= self.session_timeout_ms:
            raise KafkaConfigurationError(
                f"heartbeat_interval_ms={self.heartbeat_interval_ms} must be smaller than "
                f"session_timeout_ms={self.session_timeout_ms}"
            )
        # The limits of a fetch count record data only; the frame has headers besides, and a
        # first batch larger than all limits.
        frame = self.fetch_max_bytes + self.max_partition_fetch_bytes
        if self.receive_message_max_bytes < frame:
            self._put("receive_message_max_bytes", frame)
