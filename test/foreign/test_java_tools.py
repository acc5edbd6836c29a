"""Apache Kafka's own tools, of its own jars, against the embedded cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kafka.testing import EmbeddedCluster
from test.foreign.java import Java

_TOOLS = "org.apache.kafka.tools."


def test_topics_are_created_described_and_deleted(java: Java) -> None:
    create = ("--create", "--topic", "made", "--partitions", "3", "--replication-factor", "2")
    java.tool("TopicCommand", *create, "--config", "retention.ms=1000")
    described = java.tool("TopicCommand", "--describe", "--topic", "made")
    assert "PartitionCount: 3" in described
    assert "ReplicationFactor: 2" in described
    assert "retention.ms=1000" in described
    java.tool("TopicCommand", "--delete", "--topic", "made")
    assert java.tool("TopicCommand", "--list").split() == ["t"]


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_records_go_there_and_back(java: Java, codec: str | None) -> None:
    lines = [f"value {number}" for number in range(50)]
    java.produce("t", lines, codec=codec)
    found = java.consume("t", 50)
    assert sorted(record.value or b"" for record in found) == sorted(map(str.encode, lines))


def test_groups_are_listed_described_and_reset(java: Java) -> None:
    java.produce("t", ["a", "b", "c"])
    java.consume("t", 3, properties={"group.id": "g", "group.protocol": "classic"})
    command = "consumer.group.ConsumerGroupCommand"
    assert java.tool(command, "--list").split() == ["g"]
    assert "Empty" in java.tool(command, "--describe", "--group", "g", "--state")
    reset = ("--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest", "--execute")
    java.tool(command, *reset)
    described = java.tool(command, "--describe", "--group", "g", "--offsets")
    rows = [line.split() for line in described.splitlines() if line.startswith("g ")]
    assert [row[3] for row in rows] == ["0"] * 4
    java.tool(command, "--delete", "--group", "g")
    assert java.tool(command, "--list").split() == []


def test_every_record_is_acknowledged_once(java: Java) -> None:
    events = java.events("VerifiableProducer", "--topic", "t", "--max-messages", "500")
    (summary,) = [event for event in events if event["name"] == "tool_data"]
    assert (summary["sent"], summary["acked"]) == (500, 500)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_reads_everything(java: Java, protocol: str) -> None:
    java.events("VerifiableProducer", "--topic", "t", "--max-messages", "100")
    words = ("--topic", "t", "--group-id", "g", "--group-protocol", protocol)
    events = java.events("VerifiableConsumer", *words, "--max-messages", "100")
    read = [int(str(event["count"])) for event in events if event["name"] == "records_consumed"]
    assert sum(read) == 100
    committed = [event for event in events if event["name"] == "offsets_committed"]
    assert committed
    assert all(event["success"] for event in committed)


@pytest.mark.parametrize("mode", [(), ("--use-group-metadata", "--group-mode")])
def test_messages_are_copied_in_transactions(
    java: Java, cluster: EmbeddedCluster, mode: tuple[str, ...]
) -> None:
    cluster.create_topic("in")
    cluster.create_topic("out")
    values = [str(number) for number in range(100)]
    java.produce("in", values)
    words = ["--input-topic", "in", "--input-partition", "0", "--output-topic", "out"]
    words += ["--broker-list", java.servers, "--transactional-id", "copier"]
    words += ["--consumer-group", "copiers", "--transaction-size", "20"]
    words += ["--enable-random-aborts", "--max-messages", "100", *mode]
    shown = java.run(_TOOLS + "TransactionalMessageCopier", *words).decode()
    last = json.loads(shown.splitlines()[-1])
    assert last["consumed"] == 100
    copies = java.consume("out", 100, properties={"isolation.level": "read_committed"})
    assert [record.value for record in copies] == [value.encode() for value in values]


def test_share_groups_are_refused_cleanly(java: Java, tmp_path: Path) -> None:
    words = ("--topic", "t", "--max-messages", "1", "--timeout-ms", "3000")
    java.tool("consumer.ConsoleShareConsumer", *words)
    (errors,) = tmp_path.glob("*/ConsoleShareConsumer-*.err")
    # The tool itself says so and polls on until its time is over, against any older broker, too.
    assert "cluster does not support the share group protocol" in errors.read_text()


def test_offsets_are_shown(java: Java) -> None:
    java.produce("t", ["a", "b", "c"])
    shown = java.tool("GetOffsetShell", "--topic", "t")
    assert sum(int(line.split(":")[2]) for line in shown.split()) == 3


def test_the_broker_tells_its_versions(java: Java) -> None:
    shown = java.tool("BrokerApiVersionsCommand")
    assert "Produce(0): 0 to 13" in shown
