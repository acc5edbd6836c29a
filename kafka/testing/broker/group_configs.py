"""Configs of groups and of telemetry subscriptions: types, defaults, bounds.  Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import InvalidConfigurationError, InvalidRequestError
from kafka.testing.broker.config_values import Kind, parse_value, split_list

if TYPE_CHECKING:
    from collections.abc import Mapping


class GroupConfigDef(NamedTuple):
    """One config of a group.

    Attributes:
        broker: the broker config that gives a group its default.
        lowest: smallest value of the type.
        allowed: what the brokers' own bounds leave of it; both ends included.
    """

    kind: Kind
    default: str
    broker: str
    lowest: float = -math.inf
    allowed: tuple[int, int] | None = None
    words: tuple[str, ...] | None = None


_I, _B, _S, _LIST = Kind.INT, Kind.BOOLEAN, Kind.STRING, Kind.LIST
_SESSION, _HEARTBEAT, _INTERVAL = (45000, 60000), (5000, 15000), (0, 15000)

GROUP_CONFIGS: dict[str, GroupConfigDef] = {
    **{
        f"{kind}.session.timeout.ms": GroupConfigDef(
            _I, "45000", f"group.{kind}.session.timeout.ms", 1, _SESSION
        )
        for kind in ("consumer", "share", "streams")
    },
    **{
        f"{kind}.heartbeat.interval.ms": GroupConfigDef(
            _I, "5000", f"group.{kind}.heartbeat.interval.ms", 1, _HEARTBEAT
        )
        for kind in ("consumer", "share", "streams")
    },
    **{
        f"{kind}.assignment.interval.ms": GroupConfigDef(
            _I, "1000", f"group.{kind}.assignment.interval.ms", 0, _INTERVAL
        )
        for kind in ("consumer", "share", "streams")
    },
    "share.record.lock.duration.ms": GroupConfigDef(
        _I, "30000", "group.share.record.lock.duration.ms", 1000, (15000, 60000)
    ),
    "share.delivery.count.limit": GroupConfigDef(
        _I, "5", "group.share.delivery.count.limit", 2, (2, 10)
    ),
    "share.partition.max.record.locks": GroupConfigDef(
        _I, "2000", "group.share.partition.max.record.locks", 100, (100, 4000)
    ),
    "share.auto.offset.reset": GroupConfigDef(_S, "latest", "share.auto.offset.reset"),
    "share.isolation.level": GroupConfigDef(
        _S,
        "read_uncommitted",
        "share.isolation.level",
        words=("read_committed", "read_uncommitted"),
    ),
    "share.renew.acknowledge.enable": GroupConfigDef(_B, "true", "share.renew.acknowledge.enable"),
    "streams.initial.rebalance.delay.ms": GroupConfigDef(
        _I, "3000", "group.streams.initial.rebalance.delay.ms", 0
    ),
    "streams.num.standby.replicas": GroupConfigDef(
        _I, "0", "group.streams.num.standby.replicas", 0
    ),
    "streams.assignor.name": GroupConfigDef(_S, "sticky", "group.streams.assignors"),
    "streams.rack.aware.assignment.tags": GroupConfigDef(
        _LIST, "", "group.streams.rack.aware.assignment.tags"
    ),
    "errors.deadletterqueue.topic.name": GroupConfigDef(
        _S, "", "errors.deadletterqueue.topic.name"
    ),
    "errors.deadletterqueue.copy.record.enable": GroupConfigDef(
        _B, "false", "errors.deadletterqueue.copy.record.enable"
    ),
}
_MAX_STANDBY = 2


def checked_group_configs(configs: Mapping[str, str]) -> dict[str, str]:
    """Return *configs* as a group keeps them.

    Raises:
        InvalidConfigurationError: a name is unknown, or a value is not valid.
    """
    found = {}
    for name, value in configs.items():
        row = GROUP_CONFIGS.get(name)
        if row is None:
            raise InvalidConfigurationError(f"Unknown group config name: {name}")
        found[name] = parse_value(name, value, row.kind, lowest=row.lowest, allowed=row.words)
        _check_bounds(name, found[name], row)
    return found


def _check_bounds(name: str, value: str, row: GroupConfigDef) -> None:
    if row.allowed is not None and not row.allowed[0] <= int(value) <= row.allowed[1]:
        raise InvalidConfigurationError(
            f"{name} must be in the range {row.allowed[0]} to {row.allowed[1]} inclusive."
        )
    if name == "streams.num.standby.replicas" and int(value) > _MAX_STANDBY:
        raise InvalidConfigurationError(f"{name} must be less than or equal to {_MAX_STANDBY}")
    if name == "streams.assignor.name" and value != row.default:
        raise InvalidConfigurationError(
            f"{name} '{value}' is not a registered task assignor. Registered assignors are: "
            f"[{row.default}]."
        )


class ClientMetricsConfigDef(NamedTuple):
    """One config of a telemetry subscription."""

    kind: Kind
    default: str
    documentation: str


CLIENT_METRICS_CONFIGS: dict[str, ClientMetricsConfigDef] = {
    "interval.ms": ClientMetricsConfigDef(
        _I, "300000", "How often clients push their metrics, in milliseconds."
    ),
    "match": ClientMetricsConfigDef(
        _LIST, "", "Which clients push: selector=pattern pairs; empty selects every client."
    ),
    "metrics": ClientMetricsConfigDef(
        _LIST, "", "Prefixes of the metrics that clients push; * for all, empty for none."
    ),
}
MATCH_SELECTORS = (
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
)
_SHORTEST, _LONGEST = 100, 3_600_000


def checked_client_metrics(configs: Mapping[str, str]) -> dict[str, str]:
    """Return *configs* as a telemetry subscription keeps them.

    Raises:
        InvalidRequestError: a name is unknown, or the interval is out of its bounds.
        InvalidConfigurationError: a value is not valid.
    """
    found = {}
    for name, value in configs.items():
        row = CLIENT_METRICS_CONFIGS.get(name)
        if row is None:
            raise InvalidRequestError(f"Unknown client metrics configuration: {name}")
        found[name] = parse_value(name, value, row.kind)
    interval = int(found.get("interval.ms", _LONGEST))
    if not _SHORTEST <= interval <= _LONGEST:
        raise InvalidRequestError(
            f"Invalid value {interval} for interval.ms, interval must be between {_SHORTEST} and "
            f"{_LONGEST} (1 hour)"
        )
    match_patterns(found.get("match", ""))
    return found


def match_patterns(match: str) -> dict[str, re.Pattern[str]]:
    """Return the patterns of a ``match`` config by selector.

    Raises:
        InvalidConfigurationError: a selector or a pattern is not valid.
    """
    patterns = {}
    for entry in split_list(match):
        selector, equals, pattern = entry.partition("=")
        if not equals or selector.strip() not in MATCH_SELECTORS:
            raise InvalidConfigurationError(f"Illegal client matching pattern: {entry}")
        try:
            patterns[selector.strip()] = re.compile(pattern.strip())
        except re.error:
            raise InvalidConfigurationError(f"Illegal client matching pattern: {entry}") from None
    return patterns
