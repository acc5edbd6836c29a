"""In which directory of a broker a partition is."""

from __future__ import annotations

import pytest

from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.cluster import Cluster, Partition
from kafka.testing.broker.log_dirs import LogDirs
from test.support.cluster_state import new_cluster


def dirs_of(cluster: Cluster, node_id: int = 0) -> LogDirs:
    return BrokerState(node_id, cluster, {}).component(LogDirs)


def indexes(partitions: list[Partition]) -> list[tuple[str, int]]:
    return [(partition.topic.name, partition.index) for partition in partitions]


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        ({}, ["/var/lib/kafka/data"]),
        ({"log.dirs": "/a"}, ["/a"]),
        ({"log.dirs": " /a , /b,,"}, ["/a", "/b"]),
    ],
)
def test_directories_are_those_of_the_config(config: dict[str, str], paths: list[str]) -> None:
    assert dirs_of(new_cluster(config=config)).paths == paths


def test_partitions_are_dealt_out_and_can_be_moved() -> None:
    cluster = new_cluster(1, config={"log.dirs": "/a,/b"})
    dirs = dirs_of(cluster)
    partitions = cluster.create_topic("t", partitions=3).partitions
    assert [dirs.path_of(partition) for partition in partitions] == ["/a", "/b", "/a"]
    dirs.move(partitions[0], "/b")
    assert [dirs.path_of(partition) for partition in partitions] == ["/b", "/b", "/a"]
    assert indexes(dirs.partitions_in("/b")) == [("t", 0), ("t", 1)]
    assert dirs.partitions_in("/c") == []


def test_a_broker_has_only_the_partitions_it_replicates() -> None:
    cluster = new_cluster(3)
    topic = cluster.create_topic("t", assignments={0: [0, 1], 1: [2, 0], 2: [1, 2]})
    dirs = dirs_of(cluster, 1)
    assert [dirs.holds(partition) for partition in topic.partitions] == [True, False, True]
    assert indexes(dirs.partitions_in(dirs.paths[0])) == [("t", 0), ("t", 2)]


def test_another_broker_does_not_see_a_move() -> None:
    cluster = new_cluster(2, config={"log.dirs": "/a,/b"})
    (partition,) = cluster.create_topic("t", assignments={0: [0, 1]}).partitions
    here, there = dirs_of(cluster, 0), dirs_of(cluster, 1)
    here.move(partition, "/b")
    assert (here.path_of(partition), there.path_of(partition)) == ("/b", "/a")
