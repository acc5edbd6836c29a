"""Which configs change what the embedded brokers do.  Pure.

Every config of Apache Kafka may be set, altered and described; those that are not named here have
no effect beyond that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.configs import COARSER, TOPIC_CONFIGS

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPIC_EFFECTS = frozenset(
    {
        "cleanup.policy",
        "compression.type",
        "delete.retention.ms",
        "max.compaction.lag.ms",
        "max.decompressed.message.bytes",
        "max.message.bytes",
        "message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms",
        "message.timestamp.type",
        "min.cleanable.dirty.ratio",
        "min.compaction.lag.ms",
        "min.insync.replicas",
        "retention.bytes",
        "retention.ms",
        "segment.ms",
    }
)

_OF_BROKERS = frozenset(
    {
        "allow.everyone.if.no.acl.found",
        "authorizer.class.name",
        "auto.create.topics.enable",
        "connection.failed.authentication.delay.ms",
        "connections.max.idle.ms",
        "connections.max.reauth.ms",
        "default.replication.factor",
        "delegation.token.expiry.time.ms",
        "delegation.token.max.lifetime.ms",
        "delegation.token.secret.key",
        "delete.topic.enable",
        "group.consumer.assignment.interval.ms",
        "group.consumer.assignors",
        "group.consumer.heartbeat.interval.ms",
        "group.consumer.max.size",
        "group.consumer.migration.policy",
        "group.consumer.session.timeout.ms",
        "group.initial.rebalance.delay.ms",
        "group.max.session.timeout.ms",
        "group.max.size",
        "group.min.session.timeout.ms",
        "log.cleaner.backoff.ms",
        "log.cleaner.enable",
        "log.dirs",
        "log.retention.check.interval.ms",
        "max.connections",
        "max.connections.per.ip",
        "max.incremental.fetch.session.cache.slots",
        "max.request.partition.size.limit",
        "num.partitions",
        "offset.metadata.max.bytes",
        "offsets.retention.check.interval.ms",
        "offsets.retention.minutes",
        "offsets.topic.num.partitions",
        "offsets.topic.replication.factor",
        "producer.id.expiration.ms",
        "quota.window.num",
        "quota.window.size.seconds",
        "replica.selector.class",
        "sasl.server.max.receive.size",
        "socket.request.max.bytes",
        "super.users",
        "telemetry.max.bytes",
        "transaction.max.timeout.ms",
        "transaction.partition.verification.enable",
        "transaction.state.log.num.partitions",
        "transaction.state.log.replication.factor",
        "transactional.id.expiration.ms",
    }
)
# Those that give a topic its default.
_OF_TOPICS = frozenset(TOPIC_CONFIGS[name].broker for name in TOPIC_EFFECTS)
BROKER_EFFECTS = (
    _OF_BROKERS
    | _OF_TOPICS
    | {coarser for name in _OF_TOPICS for coarser, _ in COARSER.get(name, ())}
)


def topic_configs_without_effect() -> list[str]:
    """Return the topic configs that change nothing, sorted."""
    return sorted(TOPIC_CONFIGS.keys() - TOPIC_EFFECTS)


def broker_configs_without_effect() -> list[str]:
    """Return the broker configs that change nothing, sorted."""
    return sorted(BROKER_CONFIGS.keys() - BROKER_EFFECTS)


def idle_configs(names: Iterable[str]) -> list[str]:
    """Return those of *names*, given to brokers or a topic, that change nothing, sorted."""
    return sorted(set(names) - BROKER_EFFECTS - TOPIC_EFFECTS)
