"""Configs and the cluster itself, as the admin client sees and changes them."""

from __future__ import annotations

import re
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ConfigResource,
    ConfigResourceType,
    UpdateFeatureType,
)
from test.support.admin_kafka import AdminKafka
from test.support.apache_kafka import ConsoleTools
from test.support.group_workers import until

NODES = [1, 2, 3]
TOPIC = ConfigResourceType.TOPIC
BROKER = ConfigResourceType.BROKER


def rows_of(entries: dict[str, Any]) -> dict[str, tuple[object, ...]]:
    fields = ("value", "read_only", "config_source", "is_sensitive", "config_type")
    return {name: tuple(row[field] for field in fields) for name, row in entries.items()}


def test_configs_are_described_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    resources = [ConfigResource(TOPIC, topic), ConfigResource(BROKER, 2)]
    found = admin.describe_configs(resources, include_synonyms=True, config_filter="all")
    for kind, name in (("topic", topic), ("broker", "2")):
        assert rows_of(found[kind][name]) == rows_of(kafka.java.configs(kind.upper(), name))
    row = found["broker"]["2"]["log.cleaner.dedupe.buffer.size"]
    javas = kafka.java.configs("BROKER", 2)["log.cleaner.dedupe.buffer.size"]
    assert len(row["synonyms"]) == len(javas["synonyms"])
    loggers = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER_LOGGER, 3)])
    javas = kafka.java.configs("BROKER_LOGGER", 3)
    assert loggers["broker_logger"]["3"]["root"]["value"] == javas["root"]["value"]
    # The shape of 2.x, in which resources are in the responses of several requests.
    named = {row[3] for number in range(2) for row in found[number].resources}
    assert named == {topic, "2"}


def test_configs_are_altered_and_reset(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    def value(name: str) -> object:
        return kafka.java.configs("TOPIC", topic)[name]["value"]

    usual = value("retention.ms")
    assert admin.alter_configs(
        [ConfigResource(TOPIC, topic, {"retention.ms": "1000", "cleanup.policy": "compact"})]
    ) == {"topic": {topic: "OK"}}
    until(lambda: value("retention.ms") == "1000", lambda: value("retention.ms"))
    # What is not named stays as it is.
    admin.alter_configs([ConfigResource(TOPIC, topic, {"retention.ms": 2000})])
    until(lambda: value("retention.ms") == "2000", lambda: value("retention.ms"))
    assert value("cleanup.policy") == "compact"
    modified = admin.describe_configs([ConfigResource(TOPIC, topic)])["topic"][topic]
    assert set(modified) >= {"retention.ms", "cleanup.policy"}
    admin.reset_configs([ConfigResource(TOPIC, topic, ["retention.ms"])])
    until(lambda: value("retention.ms") == usual, lambda: value("retention.ms"))
    assert value("cleanup.policy") == "compact"


def test_configs_of_brokers_loggers_and_groups_are_altered(
    kafka: AdminKafka, admin: KafkaAdminClient, topic_name: str
) -> None:
    logger, group = ConfigResourceType.BROKER_LOGGER, ConfigResourceType.GROUP
    admin.alter_configs(
        [
            ConfigResource(BROKER, 2, {"log.cleaner.threads": 2}),
            ConfigResource(logger, 2, {"root": "FATAL"}),
            ConfigResource(group, topic_name, {"consumer.session.timeout.ms": 50_000}),
        ]
    )
    configs = kafka.java.configs
    until(lambda: configs("BROKER", 2)["log.cleaner.threads"]["value"] == "2", lambda: "broker")
    assert configs("BROKER_LOGGER", 2)["root"]["value"] == "FATAL"
    timeout = "consumer.session.timeout.ms"
    until(lambda: configs("GROUP", topic_name)[timeout]["value"] == "50000", lambda: "group")

    def listed() -> dict[str, set[str]]:
        found = admin.list_config_resources([group, BROKER])
        return {kind.upper(): set(names) for kind, names in found.items()}

    javas = kafka.java.ask("listConfigResources", types=["GROUP", "BROKER"])
    expected = {kind: set(names) for kind, names in javas.items()}
    until(lambda: listed() == expected, lambda: (listed(), expected))


def test_cluster_is_described_as_java_does(kafka: AdminKafka, admin: KafkaAdminClient) -> None:
    found = admin.describe_cluster()
    expected = kafka.java.ask("describeCluster")
    assert found["cluster_id"] == expected["cluster_id"]
    fields = ("broker_id", "host", "port", "rack")
    rows = [{field: row[field] for field in fields} for row in found["brokers"]]
    by_id = lambda row: row["broker_id"]  # noqa: E731 - a key
    assert sorted(rows, key=by_id) == sorted(expected["brokers"], key=by_id)
    assert {row["node_id"] for row in found["brokers"]} == set(NODES)
    assert found["controller_id"] in NODES


def test_quorum_and_features_are_described_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient
) -> None:
    quorum = admin.describe_metadata_quorum()
    (partition,) = quorum["topics"][0]["partitions"]
    javas = kafka.java.ask("describeMetadataQuorum")
    assert partition["leader_id"] == javas["leader_id"]
    voters = sorted(row["replica_id"] for row in partition["current_voters"])
    assert voters == javas["voters"]
    features = admin.describe_features()
    expected = kafka.java.ask("describeFeatures")
    for name, versions in expected["finalized"].items():
        assert list(features[name]["finalized"]) == versions
    for name, versions in expected["supported"].items():
        assert list(features[name]["supported"]) == versions


def test_features_are_updated(kafka: AdminKafka, admin: KafkaAdminClient) -> None:
    name = "eligible.leader.replicas.version"
    level = lambda: kafka.java.ask("describeFeatures")["finalized"].get(name)  # noqa: E731
    before = level()
    assert before is not None
    lower = {name: (UpdateFeatureType.SAFE_DOWNGRADE, 0)}
    assert admin.update_features(lower, validate_only=True) == {name: "OK"}
    assert level() == before
    assert admin.update_features(lower) == {name: "OK"}
    until(lambda: level() in (None, [0, 0]), level)
    assert admin.update_features({name: before[1]}) == {name: "OK"}
    until(lambda: level() == before, level)


def test_versions_are_those_that_kafkas_own_tool_shows(
    kafka: AdminKafka, admin: KafkaAdminClient
) -> None:
    tool = "org.apache.kafka.tools.BrokerApiVersionsCommand"
    words = ("--bootstrap-server", ",".join(kafka.servers))
    shown = ConsoleTools(kafka.cluster).run(tool, *words).decode()
    rows = re.findall(r"\((\d+)\): (\d+) to (\d+)", shown)
    assert rows
    expected = {int(key): (int(low), int(high)) for key, low, high in rows}
    found = {int(key): tuple(versions) for key, versions in admin.api_versions().items()}
    assert expected.items() <= found.items()
    assert admin.get_broker_version_data(2).api_versions
