"""The configs of a cluster that can change while it runs, and where each value comes from.  Pure.

A broker's own dynamic value is always shown by that broker. It takes effect once every broker has
the same, because the brokers of a cluster share one log per partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.configs import BROKER_DEFAULTS, COARSER, ConfigSource
from kafka.testing.broker.group_configs import CLIENT_METRICS_CONFIGS, GROUP_CONFIGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.testing.broker.cluster import Cluster

MIN_ISR = "min.insync.replicas"
ROOT_LOGGER = "root"
# Those that the brokers' own log4j2.yaml names, with its levels.
LOGGERS = {
    ROOT_LOGGER: "INFO",
    "kafka": "INFO",
    "kafka.authorizer.logger": "INFO",
    "kafka.network.RequestChannel$": "WARN",
    "kafka.request.logger": "WARN",
    "org.apache.kafka": "INFO",
    "org.apache.kafka.controller": "INFO",
    "org.apache.kafka.storage.internals.log.LogCleaner": "INFO",
    "state.change.logger": "INFO",
}


class Synonym(NamedTuple):
    """A value that a config has, or would have if those before it were not set."""

    name: str
    value: str
    source: ConfigSource


class ConfigStore:
    """Dynamic configs of brokers, loggers, groups and client metrics.

    Attributes:
        static: broker configs the cluster was started with.
        default: dynamic configs of all brokers.
        by_broker: dynamic configs of single brokers.
        loggers: log levels that were set, by broker.
        groups: configs of groups, by group id.
        client_metrics: telemetry subscriptions, by name (KIP-714).
        create_policy: called with name, partitions, replication factor and configs of a topic that
            is to be created; raises `PolicyViolationError` to forbid it (KIP-108).
        alter_policy: called with resource type, name and the configs it would have; likewise
            (KIP-133).
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.static = dict(cluster.config)
        self.default: dict[str, str] = {}
        self.by_broker: dict[int, dict[str, str]] = {}
        self.loggers: dict[int, dict[str, str]] = {}
        self.groups: dict[str, dict[str, str]] = {}
        self.client_metrics: dict[str, dict[str, str]] = {}
        self.create_policy: Callable[[str, int, int, Mapping[str, str]], None] | None = None
        self.alter_policy: Callable[[int, str, Mapping[str, str]], None] | None = None
        if self.replicas_are_eligible:
            # KIP-966: the controller writes it down when the feature is switched on.
            self.default[MIN_ISR] = self.static.get(MIN_ISR, BROKER_CONFIGS[MIN_ISR].default or "1")

    @property
    def replicas_are_eligible(self) -> bool:
        """Whether eligible leader replicas (KIP-966) are in force."""
        feature = self._cluster.features.get("eligible.leader.replicas.version")
        return feature is not None and feature.finalized > 0

    # -- change -----------------------------------------------------------------------------------

    def set_default(self, values: Mapping[str, str]) -> None:
        """Replace the dynamic configs of all brokers."""
        self.default = dict(values)
        self._apply()

    def set_broker(self, node_id: int, values: Mapping[str, str]) -> None:
        """Replace the dynamic configs of one broker."""
        self.by_broker[node_id] = dict(values)
        self._apply()

    def _apply(self) -> None:
        cluster = self._cluster
        common = set.intersection(
            *(set(self.by_broker.get(node_id, {}).items()) for node_id in cluster.nodes)
        )
        in_force = self.static | self.default | dict(common)
        cluster.config.clear()
        cluster.config.update(in_force)
        for topic in cluster.topics.values():
            topic.config.changed()

    # -- queries ----------------------------------------------------------------------------------

    def synonyms(self, node_id: int, names: Sequence[str]) -> list[Synonym]:
        """Return the values that broker *node_id* has for a config, the one in force first.

        Args:
            node_id: the broker that is asked.
            names: of the config, and of those that stand in for it.
        """
        levels = (
            (self.by_broker.get(node_id, {}), ConfigSource.DYNAMIC_BROKER),
            (self.default, ConfigSource.DYNAMIC_DEFAULT_BROKER),
            (self.static_of(node_id), ConfigSource.STATIC_BROKER),
            (_DEFAULTS, ConfigSource.DEFAULT),
        )
        found = [
            Synonym(name, level[name], source)
            for level, source in levels
            for name in names
            if name in level
        ]
        # A broker shows stand-ins only after a value of the config itself.
        while found and found[0].name != names[0]:
            del found[0]
        return found

    def static_of(self, node_id: int) -> dict[str, str]:
        """Return the configs in the properties file of a broker."""
        node = self._cluster.nodes[node_id]
        ports = node.listener_ports or {"PLAINTEXT": node.port}
        address = ",".join(f"{name}://{node.host}:{port}" for name, port in ports.items())
        own = {
            "broker.id": str(node_id),
            "listeners": address,
            "advertised.listeners": address,
            "log.dirs": "/var/lib/kafka/data",
        }
        if self._cluster.release.kraft:
            own |= {"node.id": str(node_id), "process.roles": "broker,controller"}
            own["controller.listener.names"] = "CONTROLLER"
        if node.rack is not None:
            own["broker.rack"] = node.rack
        return _DEPARTURES | own | self.static

    def broker_value(self, node_id: int, name: str) -> str | None:
        """Return the value of a broker config that is in force at *node_id*."""
        found = self.synonyms(node_id, (name,))
        return found[0].value if found else None

    def group_value(self, group_id: str, name: str) -> str:
        """Return a config of a group, such as ``consumer.session.timeout.ms``.

        Its default is a broker config, which belongs to no broker in particular.
        """
        own = self.groups.get(group_id, {})
        row = GROUP_CONFIGS[name]
        if name in own:
            return own[name]
        return self.default.get(row.broker, self.static.get(row.broker, row.default))

    def client_metrics_value(self, subscription: str, name: str) -> str:
        """Return a config of a telemetry subscription."""
        own = self.client_metrics.get(subscription, {})
        return own.get(name, CLIENT_METRICS_CONFIGS[name].default)


_DEFAULTS = {name: row.default for name, row in BROKER_CONFIGS.items() if row.default is not None}
# Where an embedded broker differs from Kafka's default, as if its properties file said so.
_DEPARTURES = {
    name: value
    for name, value in BROKER_DEFAULTS.items()
    if name in BROKER_CONFIGS and name not in COARSER and value != _DEFAULTS.get(name, "")
}
