"""What is told about each config of a resource."""

from __future__ import annotations

import pytest

from kafka.testing.broker.broker_configs import BROKER_CONFIGS, Scope
from kafka.testing.broker.config_describe import (
    ConfigEntry,
    describe_broker,
    describe_client_metrics,
    describe_default_broker,
    describe_group,
    describe_loggers,
    describe_topic,
)
from kafka.testing.broker.config_docs import GROUP_DOCS, TOPIC_DOCS
from kafka.testing.broker.config_store import LOGGERS, ROOT_LOGGER, ConfigStore, Synonym
from kafka.testing.broker.config_values import Kind
from kafka.testing.broker.configs import TOPIC_CONFIGS, ConfigSource, TopicConfig
from kafka.testing.broker.group_configs import CLIENT_METRICS_CONFIGS, GROUP_CONFIGS
from test.support.cluster_state import new_cluster


def new_store(config: dict[str, str] | None = None) -> ConfigStore:
    return new_cluster(1, config=config).component(ConfigStore)


def by_name(entries: list[ConfigEntry]) -> dict[str, ConfigEntry]:
    found = {entry.name: entry for entry in entries}
    assert len(found) == len(entries)
    return found


def of_topic(
    overrides: dict[str, str], config: dict[str, str] | None = None
) -> dict[str, ConfigEntry]:
    cluster = new_cluster(1, config=config)
    store = cluster.component(ConfigStore)
    return by_name(describe_topic(store, 0, TopicConfig(overrides, cluster.config)))


def test_every_config_of_a_topic_is_told_with_type_and_text() -> None:
    found = of_topic({})
    assert set(found) == set(TOPIC_CONFIGS)
    assert {name: entry.kind for name, entry in found.items()} == {
        name: row.kind for name, row in TOPIC_CONFIGS.items()
    }
    assert {name: entry.documentation for name, entry in found.items()} == TOPIC_DOCS
    assert not any(entry.is_read_only or entry.is_sensitive for entry in found.values())


def test_a_default_of_a_topic_is_that_of_the_brokers() -> None:
    entry = of_topic({})["max.message.bytes"]
    assert (entry.value, entry.source) == ("1048588", ConfigSource.DEFAULT)
    assert entry.synonyms == (Synonym("message.max.bytes", "1048588", ConfigSource.DEFAULT),)


def test_an_override_comes_before_the_values_it_hides() -> None:
    entry = of_topic({"max.message.bytes": "7"}, {"message.max.bytes": "8"})["max.message.bytes"]
    assert (entry.value, entry.source) == ("7", ConfigSource.TOPIC)
    assert entry.synonyms == (
        Synonym("max.message.bytes", "7", ConfigSource.TOPIC),
        Synonym("message.max.bytes", "8", ConfigSource.STATIC_BROKER),
        Synonym("message.max.bytes", "1048588", ConfigSource.DEFAULT),
    )


def test_a_config_that_no_broker_config_stands_behind_has_its_default_and_no_synonyms() -> None:
    entry = of_topic({})["leader.replication.throttled.replicas"]
    assert (entry.value, entry.source, entry.synonyms) == ("", ConfigSource.DEFAULT, ())


def test_a_stand_in_of_a_coarser_unit_is_converted_but_not_shown_as_a_synonym() -> None:
    entry = of_topic({}, {"log.retention.hours": "2"})["retention.ms"]
    assert (entry.value, entry.source) == ("7200000", ConfigSource.DEFAULT)
    assert entry.synonyms == ()


def test_every_config_of_a_broker_is_told() -> None:
    found = by_name(describe_broker(new_store(), 0))
    assert set(found) == set(BROKER_CONFIGS)
    for name, row in BROKER_CONFIGS.items():
        entry = found[name]
        assert entry.kind is row.kind, name
        assert entry.is_read_only is (row.scope is Scope.READ_ONLY), name
        assert entry.is_sensitive is (row.kind is Kind.PASSWORD), name
    assert found["compression.type"].documentation == TOPIC_DOCS["compression.type"]


@pytest.mark.parametrize(
    ("name", "kind"), [("ssl.key.password", Kind.PASSWORD), ("my.secret", Kind.UNKNOWN)]
)
def test_passwords_and_values_of_unknown_configs_are_not_shown(name: str, kind: Kind) -> None:
    entry = by_name(describe_broker(new_store({name: "s"}), 0))[name]
    assert (entry.value, entry.kind, entry.is_sensitive) == (None, kind, True)
    assert entry.source is ConfigSource.STATIC_BROKER


def test_unknown_configs_of_every_level_follow_the_known_ones_by_name() -> None:
    store = new_store({"z": "1"})
    store.set_default({"y": "2"})
    store.set_broker(0, {"x": "3"})
    names = [entry.name for entry in describe_broker(store, 0)]
    assert names == [*BROKER_CONFIGS, "x", "y", "z"]


def test_the_default_broker_has_only_what_was_set_for_all() -> None:
    store = new_store({"message.max.bytes": "1"})
    store.set_default({"log.retention.ms": "2", "unknown": "3"})
    source = ConfigSource.DYNAMIC_DEFAULT_BROKER
    (entry,) = describe_default_broker(store)
    assert (entry.name, entry.value, entry.source) == ("log.retention.ms", "2", source)
    assert entry.synonyms == (Synonym("log.retention.ms", "2", source),)


def test_a_logger_without_a_level_of_its_own_has_that_of_the_root() -> None:
    store = new_store()
    store.loggers[0] = {"kafka": "", "state.change.logger": "ERROR", ROOT_LOGGER: "DEBUG"}
    found = {entry.name: entry.value for entry in describe_loggers(store, 0)}
    changed = {"kafka": "DEBUG", "state.change.logger": "ERROR", ROOT_LOGGER: "DEBUG"}
    assert found == LOGGERS | changed
    sources = {entry.source for entry in describe_loggers(store, 0)}
    assert sources == {ConfigSource.DYNAMIC_BROKER_LOGGER}


@pytest.mark.parametrize("name", GROUP_CONFIGS)
def test_a_config_of_a_group_is_told_whether_it_is_its_own_or_not(name: str) -> None:
    row = GROUP_CONFIGS[name]
    store = new_store()
    store.groups["g"] = {name: "own"}
    own = by_name(describe_group(store, 0, "g"))[name]
    assert (own.value, own.source, own.kind) == ("own", ConfigSource.GROUP, row.kind)
    assert own.synonyms[0] == Synonym(name, "own", ConfigSource.GROUP)
    assert own.documentation == GROUP_DOCS[name]
    other = by_name(describe_group(store, 0, "other"))[name]
    assert other.source is not ConfigSource.GROUP
    assert own.synonyms[1:] == other.synonyms
    assert other.synonyms[0].name == row.broker


def test_every_config_of_a_group_is_told_even_if_there_is_no_such_group() -> None:
    assert set(by_name(describe_group(new_store(), 0, "g"))) == set(GROUP_CONFIGS)


def test_a_subscription_has_no_values_behind_its_own() -> None:
    store = new_store()
    store.client_metrics["s"] = {"metrics": "a,b"}
    found = by_name(describe_client_metrics(store, "s"))
    assert set(found) == set(CLIENT_METRICS_CONFIGS)
    own, default = found["metrics"], found["interval.ms"]
    assert own.synonyms == (Synonym("metrics", "a,b", ConfigSource.CLIENT_METRICS),)
    assert (own.value, own.source) == ("a,b", ConfigSource.CLIENT_METRICS)
    assert (default.value, default.source) == ("300000", ConfigSource.DEFAULT)
    assert default.synonyms == ()
