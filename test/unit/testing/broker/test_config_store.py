"""Where a config of a broker, a group or a subscription comes from, and when it is in force."""

from __future__ import annotations

import pytest

from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.config_store import MIN_ISR, ConfigStore, Synonym
from kafka.testing.broker.configs import ConfigSource
from kafka.testing.broker.group_configs import CLIENT_METRICS_CONFIGS, GROUP_CONFIGS
from test.support.cluster_state import new_cluster

NAME = "log.retention.ms"


def store_of(cluster: Cluster) -> ConfigStore:
    return cluster.component(ConfigStore)


def test_the_value_of_a_broker_hides_those_of_the_levels_below() -> None:
    store = store_of(new_cluster(2, config={"log.flush.interval.messages": "3"}))
    name = "log.flush.interval.messages"
    static = Synonym(name, "3", ConfigSource.STATIC_BROKER)
    default = Synonym(name, "9223372036854775807", ConfigSource.DEFAULT)
    assert store.synonyms(0, (name,)) == [static, default]
    store.set_default({name: "2"})
    of_all = Synonym(name, "2", ConfigSource.DYNAMIC_DEFAULT_BROKER)
    assert store.synonyms(0, (name,)) == [of_all, static, default]
    store.set_broker(0, {name: "1"})
    own = Synonym(name, "1", ConfigSource.DYNAMIC_BROKER)
    assert store.synonyms(0, (name,)) == [own, of_all, static, default]
    assert store.synonyms(1, (name,)) == [of_all, static, default]
    assert [store.broker_value(node_id, name) for node_id in (0, 1)] == ["1", "2"]


def test_stand_ins_are_shown_only_after_a_value_of_the_config_itself() -> None:
    store = store_of(new_cluster(config={"log.retention.hours": "5"}))
    names = (NAME, "log.retention.minutes", "log.retention.hours")
    assert store.synonyms(0, names) == []
    assert store.broker_value(0, NAME) is None
    store.set_default({NAME: "7"})
    assert [(found.name, found.value) for found in store.synonyms(0, names)] == [
        (NAME, "7"),
        ("log.retention.hours", "5"),
        ("log.retention.hours", "168"),
    ]


def test_a_config_that_does_not_exist_has_no_value() -> None:
    store = store_of(new_cluster())
    assert store.synonyms(0, ("no.such",)) == []
    assert store.broker_value(0, "no.such") is None


def test_a_change_for_all_brokers_is_in_force_at_once_and_can_be_taken_back() -> None:
    cluster = new_cluster(config={"message.max.bytes": "5"})
    store = store_of(cluster)
    topic = cluster.create_topic("t")
    assert topic.config.integer("max.message.bytes") == 5
    store.set_default({"message.max.bytes": "6"})
    assert topic.config.integer("max.message.bytes") == 6
    store.set_default({})
    assert topic.config.integer("max.message.bytes") == 5


def test_a_change_of_one_broker_is_in_force_once_all_have_the_same() -> None:
    cluster = new_cluster(2)
    store = store_of(cluster)
    store.set_broker(0, {"message.max.bytes": "6", NAME: "1"})
    assert "message.max.bytes" not in cluster.config
    store.set_broker(1, {"message.max.bytes": "6", NAME: "2"})
    assert (cluster.config["message.max.bytes"], cluster.config.get(NAME)) == ("6", None)
    store.set_broker(0, {})
    assert "message.max.bytes" not in cluster.config


@pytest.mark.parametrize(
    ("version", "config", "expected"),
    [
        ("3.9", {}, {}),
        ("4.4", {}, {MIN_ISR: "1"}),
        ("4.4", {MIN_ISR: "2"}, {MIN_ISR: "2"}),
    ],
)
def test_eligible_leader_replicas_write_min_isr_down(
    version: str, config: dict[str, str], expected: dict[str, str]
) -> None:
    store = store_of(new_cluster(version=version, config=config))
    assert store.replicas_are_eligible is (version == "4.4")
    assert store.default == expected


@pytest.mark.parametrize("version", ["2.8", "4.4"])
def test_a_broker_knows_its_own_address_and_role(version: str) -> None:
    cluster = new_cluster(1, version=version, config={"broker.id": "given"})
    cluster.add_node(Node(7, "host", 1, "rack-a", listener_ports={"A": 11, "B": 12}))
    store = store_of(cluster)
    own = store.static_of(7)
    assert own["listeners"] == own["advertised.listeners"] == "A://host:11,B://host:12"
    assert (own["broker.rack"], own["broker.id"]) == ("rack-a", "given")
    assert own.get("process.roles") == ("broker,controller" if version == "4.4" else None)
    other = store.static_of(0)
    assert other["listeners"] == "PLAINTEXT://h:9092"
    assert "broker.rack" not in other


def test_what_the_embedded_broker_does_otherwise_looks_like_its_properties_file() -> None:
    found = store_of(new_cluster()).synonyms(0, ("group.initial.rebalance.delay.ms",))
    assert found == [
        Synonym("group.initial.rebalance.delay.ms", "0", ConfigSource.STATIC_BROKER),
        Synonym("group.initial.rebalance.delay.ms", "3000", ConfigSource.DEFAULT),
    ]


@pytest.mark.parametrize("name", GROUP_CONFIGS)
def test_a_group_has_its_own_value_the_brokers_or_the_default(name: str) -> None:
    row = GROUP_CONFIGS[name]
    store = store_of(new_cluster(config={row.broker: "static"}))
    assert store_of(new_cluster()).group_value("g", name) == row.default
    assert store.group_value("g", name) == "static"
    store.set_default({row.broker: "of all"})
    assert store.group_value("g", name) == "of all"
    store.groups["g"] = {name: "own"}
    assert store.group_value("g", name) == "own"
    assert store.group_value("other", name) == "of all"


def test_a_subscription_has_its_own_value_or_the_default() -> None:
    store = store_of(new_cluster())
    store.client_metrics["s"] = {"metrics": "a"}
    found = {name: store.client_metrics_value("s", name) for name in CLIENT_METRICS_CONFIGS}
    assert found == {"interval.ms": "300000", "match": "", "metrics": "a"}
    assert store.client_metrics_value("other", "metrics") == ""
