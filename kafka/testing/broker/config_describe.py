"""What DescribeConfigs and CreateTopics tell about each config of a resource.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.testing.broker.broker_configs import BROKER_CONFIGS, Scope
from kafka.testing.broker.config_docs import BROKER_DOCS, GROUP_DOCS, TOPIC_DOCS
from kafka.testing.broker.config_store import LOGGERS, ROOT_LOGGER, Synonym
from kafka.testing.broker.config_values import Kind
from kafka.testing.broker.configs import COARSER, TOPIC_CONFIGS, ConfigSource
from kafka.testing.broker.group_configs import CLIENT_METRICS_CONFIGS, GROUP_CONFIGS

if TYPE_CHECKING:
    from kafka.testing.broker.config_store import ConfigStore
    from kafka.testing.broker.configs import TopicConfig

_BY_BROKER_NAME = {row.broker: name for name, row in TOPIC_CONFIGS.items() if row.broker}


class ConfigEntry(NamedTuple):
    """One config as it is described.

    Attributes:
        synonyms: the values it has at each level, the one in force first.
    """

    name: str
    value: str | None
    source: ConfigSource
    kind: Kind
    is_read_only: bool = False
    is_sensitive: bool = False
    synonyms: tuple[Synonym, ...] = ()
    documentation: str | None = None


def _names(broker_name: str) -> list[str]:
    """Return a broker config and those of coarser units that stand in for it."""
    for name, coarser in COARSER.items():
        names = [name, *(other for other, _ in coarser)]
        if broker_name in names:
            return names[names.index(broker_name) :]
    return [broker_name]


def describe_topic(store: ConfigStore, node_id: int, config: TopicConfig) -> list[ConfigEntry]:
    """Return the configs of a topic as broker *node_id* sees them."""
    entries = []
    for name, row in TOPIC_CONFIGS.items():
        synonyms = store.synonyms(node_id, _names(row.broker)) if row.broker else []
        if name in config.overrides:
            synonyms.insert(0, Synonym(name, config.overrides[name], ConfigSource.TOPIC))
        value, source = config.text(name), ConfigSource.DEFAULT
        if synonyms:
            value, source = synonyms[0].value, synonyms[0].source
        entries.append(
            ConfigEntry(
                name,
                value,
                source,
                row.kind,
                synonyms=tuple(synonyms),
                documentation=TOPIC_DOCS[name],
            )
        )
    return entries


def describe_broker(store: ConfigStore, node_id: int) -> list[ConfigEntry]:
    """Return every config of a broker, and those it has that Kafka does not know."""
    known = set(BROKER_CONFIGS)
    custom = (
        set(store.static) | set(store.default) | set(store.by_broker.get(node_id, {}))
    ) - known
    return [
        _broker_entry(name, tuple(store.synonyms(node_id, _names(name))))
        for name in (*BROKER_CONFIGS, *sorted(custom))
    ]


def describe_default_broker(store: ConfigStore) -> list[ConfigEntry]:
    """Return the dynamic configs of all brokers."""
    source = ConfigSource.DYNAMIC_DEFAULT_BROKER
    return [
        _broker_entry(name, (Synonym(name, value, source),))
        for name, value in store.default.items()
        if name in BROKER_CONFIGS
    ]


def _broker_entry(name: str, synonyms: tuple[Synonym, ...]) -> ConfigEntry:
    row = BROKER_CONFIGS.get(name)
    value, source = None, ConfigSource.DEFAULT
    if synonyms:
        value, source = synonyms[0].value, synonyms[0].source
    # Values of unknown names might be anything, so they are not shown (KIP-226).
    is_sensitive = row is None or row.kind is Kind.PASSWORD
    return ConfigEntry(
        name,
        None if is_sensitive else value,
        source,
        Kind.UNKNOWN if row is None else row.kind,
        is_read_only=row is None or row.scope is Scope.READ_ONLY,
        is_sensitive=is_sensitive,
        synonyms=synonyms,
        documentation=BROKER_DOCS.get(name) or TOPIC_DOCS.get(_BY_BROKER_NAME.get(name, "")),
    )


def describe_loggers(store: ConfigStore, node_id: int) -> list[ConfigEntry]:
    """Return the level of every logger of a broker."""
    levels = LOGGERS | store.loggers.get(node_id, {})
    source = ConfigSource.DYNAMIC_BROKER_LOGGER
    return [
        ConfigEntry(name, level or levels[ROOT_LOGGER], source, Kind.UNKNOWN, documentation="")
        for name, level in levels.items()
    ]


def describe_group(store: ConfigStore, node_id: int, group_id: str) -> list[ConfigEntry]:
    """Return the configs of a group; it need not exist."""
    own = store.groups.get(group_id, {})
    entries = []
    for name, row in GROUP_CONFIGS.items():
        synonyms = store.synonyms(node_id, (row.broker,))
        if not synonyms:
            synonyms = [Synonym(row.broker, row.default, ConfigSource.DEFAULT)]
        if name in own:
            synonyms.insert(0, Synonym(name, own[name], ConfigSource.GROUP))
        first = synonyms[0]
        entries.append(
            ConfigEntry(
                name,
                first.value,
                first.source,
                row.kind,
                synonyms=tuple(synonyms),
                documentation=GROUP_DOCS[name],
            )
        )
    return entries


def describe_client_metrics(store: ConfigStore, subscription: str) -> list[ConfigEntry]:
    """Return the configs of a telemetry subscription; it need not exist."""
    own = store.client_metrics.get(subscription, {})
    entries = []
    for name, row in CLIENT_METRICS_CONFIGS.items():
        source = ConfigSource.CLIENT_METRICS if name in own else ConfigSource.DEFAULT
        value = own.get(name, row.default)
        synonyms = (Synonym(name, value, source),) if name in own else ()
        entries.append(
            ConfigEntry(
                name, value, source, row.kind, synonyms=synonyms, documentation=row.documentation
            )
        )
    return entries
