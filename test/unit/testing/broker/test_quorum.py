"""Who votes, who only follows, and what unregistration does."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.quorum import Quorum
from kafka.testing.broker.versions import Feature
from test.support.cluster_state import new_cluster


@pytest.fixture
def cluster() -> Cluster:
    return new_cluster(3)


@pytest.fixture
def quorum(cluster: Cluster) -> Quorum:
    return cluster.component(Quorum)


def ids(nodes: list) -> list[int]:
    return [node.node_id for node in nodes]


def test_every_node_votes_until_it_is_removed(quorum: Quorum) -> None:
    assert (ids(quorum.voters), ids(quorum.observers)) == ([0, 1, 2], [])
    quorum.not_voting.add(1)
    assert (ids(quorum.voters), ids(quorum.observers)) == ([0, 2], [1])


@pytest.mark.parametrize(
    ("version", "dynamic"),
    [("2.8", False), ("3.9", False), ("4.4", True)],
)
def test_voters_can_change_where_kraft_version_is_in_force(version: str, dynamic: bool) -> None:
    quorum = Quorum(new_cluster(version=version))
    assert quorum.has_dynamic_voters is dynamic
    assert (quorum.directory_id(0) == UUID(int=0)) is not dynamic


def test_voters_can_change_as_soon_as_the_feature_is_raised() -> None:
    cluster = new_cluster(version="3.9")
    quorum = Quorum(cluster)
    cluster.features["kraft.version"] = Feature(0, 1, 1)
    assert quorum.has_dynamic_voters


def test_each_node_has_a_directory_id_of_its_own_that_stays(quorum: Quorum) -> None:
    found = [quorum.directory_id(node_id) for node_id in range(3)]
    assert len(set(found)) == 3
    assert found == [Quorum(new_cluster()).directory_id(node_id) for node_id in range(3)]


def test_a_broker_registers_again_when_it_starts(cluster: Cluster, quorum: Quorum) -> None:
    cluster.set_alive(1, False)
    quorum.unregistered_brokers.add(1)
    cluster.set_alive(2, False)
    assert quorum.unregistered_brokers == {1}
    cluster.set_alive(1, True)
    assert quorum.unregistered_brokers == set()


def test_a_controller_stays_unregistered(cluster: Cluster, quorum: Quorum) -> None:
    quorum.unregistered_controllers.add(1)
    cluster.set_alive(1, True)
    assert quorum.unregistered_controllers == {1}


def test_an_idle_controller_writes_two_records_a_second(cluster: Cluster, quorum: Quorum) -> None:
    before = quorum.end_offset
    cluster.clock.step(0.25)
    assert quorum.end_offset == before
    cluster.clock.step(2.25)
    assert quorum.end_offset == before + 5
