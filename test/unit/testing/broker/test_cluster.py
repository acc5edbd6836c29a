"""Leaders, replicas and topics of a cluster's state."""

from __future__ import annotations

import pytest

from kafka.errors import InvalidRequestError, UnknownTopicOrPartitionError
from kafka.testing.broker.cluster import NO_LEADER, Cluster
from test.support.cluster_state import new_cluster


@pytest.fixture
def cluster() -> Cluster:
    return new_cluster(3)


def test_leaders_are_spread_over_the_nodes(cluster: Cluster) -> None:
    topic = cluster.create_topic("t", partitions=6, replication_factor=2)
    leaders = sorted(partition.leader for partition in topic.partitions)
    assert leaders == [0, 0, 1, 1, 2, 2]
    assert all(len(set(partition.replicas)) == 2 for partition in topic.partitions)


def test_leadership_follows_the_nodes_that_are_up(cluster: Cluster) -> None:
    topic = cluster.create_topic("t", assignments={0: [0, 1]})
    (partition,) = topic.partitions
    cluster.set_alive(0, False)
    assert (partition.leader, partition.leader_epoch, partition.isr) == (1, 1, [1])
    cluster.set_alive(1, False)
    assert (partition.leader, partition.isr) == (NO_LEADER, [1])
    cluster.set_alive(0, True)
    assert (partition.leader, partition.isr) == (NO_LEADER, [1])
    cluster.set_alive(1, True)
    assert (partition.leader, partition.leader_epoch, partition.isr) == (1, 3, [1, 0])


def test_the_controller_is_a_node_that_is_up(cluster: Cluster) -> None:
    cluster.set_alive(0, False)
    assert cluster.controller_id == 1


def test_a_node_that_is_down_cannot_be_made_leader(cluster: Cluster) -> None:
    cluster.create_topic("t")
    cluster.set_alive(2, False)
    with pytest.raises(InvalidRequestError):
        cluster.move_leader("t", 0, 2)


def test_what_is_not_there_is_unknown(cluster: Cluster) -> None:
    cluster.create_topic("t")
    for topic, index in (("t", 1), ("t", -1), ("u", 0)):
        assert cluster.partition(topic, index) is None
        with pytest.raises(UnknownTopicOrPartitionError):
            cluster.existing(topic, index)


def test_a_component_is_made_once(cluster: Cluster) -> None:
    class Component:
        def __init__(self, of: Cluster) -> None:
            self.of = of

    assert cluster.component(Component) is cluster.component(Component)
    assert cluster.component(Component).of is cluster


def test_everybody_is_told_of_changes(cluster: Cluster) -> None:
    told = []
    cluster.metadata_changed.subscribe(lambda: told.append(sorted(cluster.topics)))
    topic = cluster.create_topic("t")
    cluster.delete_topic(topic)
    assert told == [["t"], []]
