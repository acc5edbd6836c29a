"""The brokers that the integration tier starts: they serve, they break, they leave nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from test.support.apache_kafka import (
    LADDER,
    NEWEST,
    ClusterError,
    ConsoleTools,
    KafkaCluster,
    wire,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    ClusterFactory = Callable[..., KafkaCluster]

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_console_tools_read_what_they_wrote(
    kafka: KafkaCluster, topic: str, codec: str | None
) -> None:
    tools = ConsoleTools(kafka)
    tools.produce(
        topic, ["k\tone", "schlüssel\ttw\x00o"], codec=codec, reader={"parse.key": "true"}
    )
    records = tools.consume(topic, 2, print_key=True)
    assert [(record.key, record.value) for record in records] == [
        (b"k", b"one"),
        ("schlüssel".encode(), b"tw\x00o"),
    ]


def test_console_consumer_shows_headers_nulls_and_timestamps(
    kafka: KafkaCluster, topic: str
) -> None:
    tools = ConsoleTools(kafka)
    reader = {"parse.key": "true", "parse.headers": "true", "null.marker": "<null>"}
    tools.produce(topic, ["a:1,b:<null>\tk\t<null>", "<null>\tk\tnull"], reader=reader)
    first, second = tools.consume(
        topic, 2, print_key=True, print_headers=True, print_timestamp=True
    )
    assert first[:3] == (None, b"k", (("a", b"1"), ("b", None)))
    assert second[:3] == (b"null", b"k", ())
    assert first.timestamp_type == "CreateTime"
    assert abs((first.timestamp or 0) / 1000 - time.time()) < 600


def test_dump_shows_the_codec_of_the_stored_batch(kafka: KafkaCluster, topic: str) -> None:
    tools = ConsoleTools(kafka)
    tools.produce(topic, ["x"], codec="gzip")
    assert any("compresscodec: gzip" in line for line in tools.dump(topic))


def test_created_topic_has_a_leader_for_every_partition(
    kafka: KafkaCluster, topic_name: str
) -> None:
    kafka.create_topic(topic_name, 3, config={"max.message.bytes": "2000000"})
    assert wire.metadata(kafka.port(1), 60.0).leaders[topic_name] == [1, 1, 1]


def test_impossible_topic_is_an_error_that_names_it(kafka: KafkaCluster, topic_name: str) -> None:
    with pytest.raises(ClusterError, match=topic_name):
        kafka.create_topic(topic_name, replication_factor=7)


@pytest.mark.ladder
@pytest.mark.parametrize("version", [version for version in LADDER if version != NEWEST])
def test_old_broker_starts_creates_a_topic_and_returns_after_a_kill(
    kafka_cluster: ClusterFactory, version: str
) -> None:
    cluster = kafka_cluster(version=version)
    cluster.create_topic("before", 2)
    cluster.kill(1)
    cluster.start(1)
    cluster.create_topic("after")
    assert wire.metadata(cluster.port(1), 60.0).leaders == {"before": [1, 1], "after": [1]}


def test_console_tools_of_0_8_2_read_what_they_wrote(kafka_cluster: ClusterFactory) -> None:
    cluster = kafka_cluster(version="0.8.2.2")
    cluster.create_topic("old")
    tools = ConsoleTools(cluster)
    tools.produce("old", ["one", "two"], codec="snappy")
    assert [record.value for record in tools.consume("old", 2)] == [b"one", b"two"]


def test_three_brokers_lose_one_and_get_it_back(kafka_cluster: ClusterFactory) -> None:
    cluster = kafka_cluster(brokers=3)
    cluster.create_topic("replicated", 3, replication_factor=3)
    cluster.kill(2)
    with pytest.raises(ConnectionRefusedError):
        wire.metadata(cluster.port(2), 1.0)
    cluster.start(2)
    assert wire.metadata(cluster.port(2), 60.0).brokers == {1, 2, 3}


def test_frozen_broker_keeps_silent_and_thawed_one_answers(kafka_cluster: ClusterFactory) -> None:
    cluster = kafka_cluster()
    cluster.freeze(1)
    with pytest.raises(TimeoutError):
        wire.metadata(cluster.port(1), 0.3)
    cluster.thaw(1)
    assert wire.metadata(cluster.port(1), 60.0).brokers == {1}


def test_stopped_broker_logs_its_shutdown(kafka_cluster: ClusterFactory) -> None:
    cluster = kafka_cluster()
    cluster.stop(1)
    assert "shut down completed" in cluster.logs(1)


def test_broker_that_cannot_start_shows_its_log(kafka_cluster: ClusterFactory) -> None:
    with pytest.raises(ClusterError, match=r"num\.network\.threads"):
        kafka_cluster(properties={"num.network.threads": "none"})


def test_extra_listener_gets_a_port_of_its_own(kafka_cluster: ClusterFactory) -> None:
    listeners = {"PLAINTEXT": "PLAINTEXT", "SECOND": "PLAINTEXT"}
    cluster = kafka_cluster(listeners=listeners)
    assert wire.metadata(cluster.port(1, "SECOND"), 60.0).brokers == {1}


_VICTIM = """
import os, signal, sys
from test.support.apache_kafka import KafkaCluster

def test_is_killed():
    with KafkaCluster("2.8.2") as cluster:
        print(*cluster.pids(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_is_left_of_a_killed_pytest(tmp_path: Path) -> None:
    victim = tmp_path / "test_victim.py"
    victim.write_text(_VICTIM)
    command = [sys.executable, "-m", "pytest", "-s", "-q", "-p", "no:cacheprovider", str(victim)]
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "TMPDIR": str(tmp_path)}
    killed = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, timeout=100
    )
    assert killed.returncode == -9, killed.stdout + killed.stderr
    pids = [int(word) for word in killed.stdout.split() if word.isdigit()]
    assert len(pids) == 2  # ZooKeeper and one broker
    deadline = time.monotonic() + 60
    while any(map(_group_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)  # real processes end in real time
    assert not any(map(_group_lives, pids))


def _group_lives(group: int) -> bool:
    """Return whether a process of *group* runs; zombies waiting for init do not count."""
    listed = subprocess.run(
        ["ps", "-eo", "pgid=,stat="], check=True, capture_output=True, text=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return any(int(pgid) == group and not stat.startswith("Z") for pgid, stat in rows)
