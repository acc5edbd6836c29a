"""Topic and broker configs: names, types, defaults, bounds, and where a value comes from.  Pure.

Topic names and defaults are those of Apache Kafka 4.4; `broker` is the broker config that gives a
topic its default. A module that needs another broker config adds it to `BROKER_DEFAULTS`.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import InvalidConfigurationError
from kafka.testing.broker.config_values import Kind, parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG_MAX = (1 << 63) - 1


class ConfigSource(IntEnum):
    """Where a value comes from, by the number DescribeConfigs and CreateTopics send."""

    TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    DYNAMIC_BROKER_LOGGER = 6
    CLIENT_METRICS = 7
    GROUP = 8


class ConfigDef(NamedTuple):
    """One topic config."""

    kind: Kind
    default: str
    broker: str
    lowest: float = -math.inf
    highest: float = math.inf
    allowed: tuple[str, ...] | None = None


_B, _S, _I, _L, _D, _LIST = Kind.BOOLEAN, Kind.STRING, Kind.INT, Kind.LONG, Kind.DOUBLE, Kind.LIST
_CODECS = ("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")
_NO_LIMIT = str(_LONG_MAX)

TOPIC_CONFIGS: dict[str, ConfigDef] = {
    "cleanup.policy": ConfigDef(
        _LIST, "delete", "log.cleanup.policy", allowed=("compact", "delete")
    ),
    "compression.gzip.level": ConfigDef(_I, "-1", "compression.gzip.level", -1, 9),
    "compression.lz4.level": ConfigDef(_I, "9", "compression.lz4.level", 1, 17),
    "compression.type": ConfigDef(_S, "producer", "compression.type", allowed=_CODECS),
    "compression.zstd.level": ConfigDef(_I, "3", "compression.zstd.level", -131072, 22),
    "delete.retention.ms": ConfigDef(_L, "86400000", "log.cleaner.delete.retention.ms", 0),
    "errors.deadletterqueue.group.enable": ConfigDef(_B, "false", ""),
    "file.delete.delay.ms": ConfigDef(_L, "60000", "log.segment.delete.delay.ms", 0),
    "flush.messages": ConfigDef(_L, _NO_LIMIT, "log.flush.interval.messages", 1),
    "flush.ms": ConfigDef(_L, _NO_LIMIT, "log.flush.interval.ms", 0),
    "follower.replication.throttled.replicas": ConfigDef(_LIST, "", ""),
    "index.interval.bytes": ConfigDef(_I, "4096", "log.index.interval.bytes", 0),
    "leader.replication.throttled.replicas": ConfigDef(_LIST, "", ""),
    "local.retention.bytes": ConfigDef(_L, "-2", "log.local.retention.bytes", -2),
    "local.retention.ms": ConfigDef(_L, "-2", "log.local.retention.ms", -2),
    "max.compaction.lag.ms": ConfigDef(_L, _NO_LIMIT, "log.cleaner.max.compaction.lag.ms", 1),
    "max.decompressed.message.bytes": ConfigDef(
        _I, "2147483639", "max.decompressed.message.bytes", 1, 2147483639
    ),
    "max.message.bytes": ConfigDef(_I, "1048588", "message.max.bytes", 0),
    "message.timestamp.after.max.ms": ConfigDef(
        _L, "3600000", "log.message.timestamp.after.max.ms", 0
    ),
    "message.timestamp.before.max.ms": ConfigDef(
        _L, _NO_LIMIT, "log.message.timestamp.before.max.ms", 0
    ),
    "message.timestamp.type": ConfigDef(
        _S,
        "CreateTime",
        "log.message.timestamp.type",
        allowed=("CreateTime", "LogAppendTime"),
    ),
    "min.cleanable.dirty.ratio": ConfigDef(_D, "0.5", "log.cleaner.min.cleanable.ratio", 0, 1),
    "min.compaction.lag.ms": ConfigDef(_L, "0", "log.cleaner.min.compaction.lag.ms", 0),
    "min.insync.replicas": ConfigDef(_I, "1", "min.insync.replicas", 1),
    "preallocate": ConfigDef(_B, "false", "log.preallocate"),
    "remote.copy.lag.bytes": ConfigDef(_L, "-1", "log.remote.copy.lag.bytes", -1),
    "remote.copy.lag.ms": ConfigDef(_L, "0", "log.remote.copy.lag.ms", -1),
    "remote.log.copy.disable": ConfigDef(_B, "false", ""),
    "remote.log.delete.on.disable": ConfigDef(_B, "false", ""),
    "remote.storage.enable": ConfigDef(_B, "false", ""),
    "retention.bytes": ConfigDef(_L, "-1", "log.retention.bytes"),
    "retention.ms": ConfigDef(_L, "604800000", "log.retention.ms", -1),
    "segment.bytes": ConfigDef(_I, "1073741824", "log.segment.bytes", 1048576),
    "segment.index.bytes": ConfigDef(_I, "10485760", "log.index.size.max.bytes", 4),
    "segment.jitter.ms": ConfigDef(_L, "0", "log.roll.jitter.ms", 0),
    "segment.ms": ConfigDef(_L, "604800000", "log.roll.ms", 1),
    "unclean.leader.election.enable": ConfigDef(_B, "false", "unclean.leader.election.enable"),
}

BROKER_DEFAULTS: dict[str, str] = {
    "auto.create.topics.enable": "true",
    "delete.topic.enable": "true",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "max.incremental.fetch.session.cache.slots": "1000",
    "replica.selector.class": "",
    "socket.request.max.bytes": "104857600",
    "producer.id.expiration.ms": "86400000",
    "log.retention.check.interval.ms": "300000",
    "log.cleaner.enable": "true",
    "log.cleaner.backoff.ms": "15000",
    "max.connections": "2147483647",
    "max.connections.per.ip": "2147483647",
    "transaction.max.timeout.ms": "900000",
    "transaction.partition.verification.enable": "true",
    "transactional.id.expiration.ms": "604800000",
    # 3000 and 1000 in Apache Kafka: tests should not wait for company that does not come.
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.assignment.interval.ms": "0",
    "group.min.session.timeout.ms": "6000",
    "group.max.session.timeout.ms": "1800000",
    "group.max.size": "2147483647",
    "group.consumer.session.timeout.ms": "45000",
    "group.consumer.heartbeat.interval.ms": "5000",
    "group.consumer.max.size": "2147483647",
    "group.consumer.migration.policy": "bidirectional",
    "group.consumer.assignors": "uniform,range",
    "offset.metadata.max.bytes": "4096",
    "offsets.retention.minutes": "10080",
    "offsets.retention.check.interval.ms": "600000",
    "authorizer.class.name": "",
    "super.users": "",
    "allow.everyone.if.no.acl.found": "false",
    # 100 in Apache Kafka: whoever guesses passwords is to be slowed down, not tests.
    "connection.failed.authentication.delay.ms": "0",
    "connections.max.reauth.ms": "0",
    "sasl.server.max.receive.size": "524288",
    "delegation.token.secret.key": "",
    "delegation.token.max.lifetime.ms": "604800000",
    "delegation.token.expiry.time.ms": "86400000",
    **{row.broker: row.default for row in TOPIC_CONFIGS.values() if row.broker},
}


# Broker configs of coarser units, asked when the one in milliseconds is not set; the factor makes
# milliseconds of them.
COARSER: dict[str, tuple[tuple[str, int], ...]] = {
    "log.retention.ms": (("log.retention.minutes", 60_000), ("log.retention.hours", 3_600_000)),
    "log.roll.ms": (("log.roll.hours", 3_600_000),),
    "log.roll.jitter.ms": (("log.roll.jitter.hours", 3_600_000),),
    "log.flush.interval.ms": (("log.flush.scheduler.interval.ms", 1),),
}


def topic_overrides(configs: Mapping[str, str | None]) -> dict[str, str]:
    """Return *configs* as a topic keeps them.

    Raises:
        InvalidConfigurationError: a name is unknown, a value has a wrong type or range, or two of
            them contradict each other.
    """
    found = {}
    for name, value in configs.items():
        row = TOPIC_CONFIGS.get(name)
        if row is None:
            raise InvalidConfigurationError(f"Unknown topic config name: {name}")
        if value is None:
            raise InvalidConfigurationError(f"Null value not supported for topic configs: {name}")
        found[name] = parse_value(
            name, value, row.kind, lowest=row.lowest, highest=row.highest, allowed=row.allowed
        )
    _check_together(found)
    return found


def _check_together(overrides: Mapping[str, str]) -> None:
    low, high = (
        int(overrides.get(name, TOPIC_CONFIGS[name].default))
        for name in ("min.compaction.lag.ms", "max.compaction.lag.ms")
    )
    if low > high:
        raise InvalidConfigurationError(
            f"conflict topic config setting min.compaction.lag.ms ({low}) > "
            f"max.compaction.lag.ms ({high})"
        )
    if overrides.get("remote.storage.enable") == "true":
        raise InvalidConfigurationError(
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured "
            "with remote log storage."
        )


class PlainLimits(NamedTuple):
    """What a batch has to keep to that is stored as it came.

    Attributes:
        after_ms: message.timestamp.after.max.ms.
        min_in_sync: min.insync.replicas.
    """

    max_bytes: int
    after_ms: int
    min_in_sync: int


class TopicConfig:
    """The configs of one topic: its own, over the brokers', over the defaults."""

    __slots__ = ("_broker", "_ints", "_plain", "_texts", "overrides")

    def __init__(self, overrides: Mapping[str, str], broker: Mapping[str, str]) -> None:
        self.overrides = dict(overrides)
        self._broker = broker
        self._ints: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._plain: PlainLimits | None = None

    def changed(self) -> None:
        """Forget what was computed; to be called after `overrides` or the brokers' changed."""
        self._ints.clear()
        self._texts.clear()
        self._plain = None

    def lookup(self, name: str) -> tuple[str, ConfigSource]:
        """Return the value in force and where it comes from."""
        if name in self.overrides:
            return self.overrides[name], ConfigSource.TOPIC
        row = TOPIC_CONFIGS[name]
        if row.broker and row.broker in self._broker:
            return self._broker[row.broker], ConfigSource.STATIC_BROKER
        for coarser, factor in COARSER.get(row.broker, ()):
            if coarser in self._broker:
                milliseconds = int(self._broker[coarser]) * factor
                return str(max(milliseconds, -1)), ConfigSource.STATIC_BROKER
        return row.default, ConfigSource.DEFAULT

    def text(self, name: str) -> str:
        """Return the value in force; asked for on every append, so it is remembered."""
        value = self._texts.get(name)
        if value is None:
            value = self._texts[name] = self.lookup(name)[0]
        return value

    def integer(self, name: str) -> int:
        """Return a numeric value in force; asked for on every append, so it is remembered."""
        value = self._ints.get(name)
        if value is None:
            value = self._ints[name] = int(self.text(name))
        return value

    @property
    def stamps_append_time(self) -> bool:
        """Whether records get the broker's time (LogAppendTime)."""
        return self.text("message.timestamp.type") == "LogAppendTime"

    @property
    def is_compacted(self) -> bool:
        """Whether the cleanup policy names compact."""
        return "compact" in self.text("cleanup.policy")

    @property
    def plain_limits(self) -> PlainLimits | None:
        """The limits of batches without compression, which are stored as they come.

        ``None`` where records need keys, get the broker's time, must not be old or are to be
        compressed.
        """
        if self._plain is None and not (
            self.is_compacted
            or self.integer("message.timestamp.before.max.ms") < _LONG_MAX
            or self.stamps_append_time
            or self.text("compression.type") not in {"producer", "uncompressed"}
        ):
            self._plain = PlainLimits(
                self.integer("max.message.bytes"),
                self.integer("message.timestamp.after.max.ms"),
                self.integer("min.insync.replicas"),
            )
        return self._plain
