"""Moves of partitions: what replicas, ISR and leader are at each step."""

from __future__ import annotations

import pytest

from kafka.testing.broker.cluster import NO_LEADER, Cluster, Partition
from kafka.testing.broker.reassignments import Reassignment, Reassignments
from test.support.cluster_state import new_cluster


@pytest.fixture
def cluster() -> Cluster:
    return new_cluster(4)


@pytest.fixture
def moves(cluster: Cluster) -> Reassignments:
    return cluster.component(Reassignments)


def new_partition(cluster: Cluster, *replicas: int) -> Partition:
    (partition,) = cluster.create_topic("t", assignments={0: replicas}).partitions
    return partition


def roles(partition: Partition) -> tuple[list[int], list[int], int, int]:
    return partition.replicas, partition.isr, partition.leader, partition.leader_epoch


@pytest.mark.parametrize(
    ("target", "before", "adding", "removing"),
    [
        ((1, 2), (0, 1), [2], [0]),
        ((0, 1), (0, 1), [], []),
        ((1, 0), (0, 1), [], []),
        ((2,), (0, 1), [2], [0, 1]),
        ((3, 0, 2), (0,), [3, 2], []),
    ],
)
def test_a_move_adds_and_removes_what_differs(
    target: tuple[int, ...], before: tuple[int, ...], adding: list[int], removing: list[int]
) -> None:
    move = Reassignment(target, before)
    assert (move.adding, move.removing) == (adding, removing)


@pytest.mark.parametrize(
    ("target", "after"),
    [
        # KAFKA-12468: a replica that is removed is fenced by a new epoch.
        ([0, 2], ([0, 2], [0, 2], 0, 1)),
        ([2, 3], ([2, 3], [2, 3], 2, 1)),
        ([1, 0], ([1, 0], [0, 1], 0, 0)),
        ([0, 1, 2], ([0, 1, 2], [0, 1, 2], 0, 0)),
        ([1], ([1], [1], 1, 1)),
    ],
    ids=["one replaced", "all replaced", "reordered", "one more", "the leader goes"],
)
def test_a_move_ends_at_once_if_all_new_replicas_are_up(
    cluster: Cluster,
    moves: Reassignments,
    target: list[int],
    after: tuple[list[int], list[int], int, int],
) -> None:
    partition = new_partition(cluster, 0, 1)
    moves.start(partition, target)
    assert moves.ongoing == {}
    assert (partition.replicas, sorted(partition.isr), *roles(partition)[2:]) == after


def test_a_move_waits_for_a_new_replica_to_be_up(cluster: Cluster, moves: Reassignments) -> None:
    partition = new_partition(cluster, 0, 1)
    cluster.set_alive(2, False)
    moves.start(partition, [2, 0])
    assert moves.ongoing == {partition: Reassignment((2, 0), (0, 1))}
    assert roles(partition) == ([2, 0, 1], [0, 1], 0, 0)
    cluster.set_alive(2, True)
    assert moves.ongoing == {}
    assert partition.replicas == [2, 0]


def test_a_held_move_lasts_until_it_is_released(cluster: Cluster, moves: Reassignments) -> None:
    partition = new_partition(cluster, 0, 1)
    moves.hold()
    moves.start(partition, [2, 3])
    assert roles(partition) == ([2, 3, 0, 1], [0, 1], 0, 0)
    moves.hold(False)
    assert (partition.replicas, partition.leader) == ([2, 3], 2)


def test_a_cancelled_move_leaves_the_replicas_there_were(
    cluster: Cluster, moves: Reassignments
) -> None:
    partition = new_partition(cluster, 0, 1)
    moves.hold()
    moves.start(partition, [2, 3])
    assert moves.cancel(partition)
    assert (partition.replicas, partition.isr, partition.leader) == ([0, 1], [0, 1], 0)
    assert not moves.cancel(partition)


def test_a_second_move_takes_the_place_of_the_first(cluster: Cluster, moves: Reassignments) -> None:
    partition = new_partition(cluster, 0)
    moves.hold()
    moves.start(partition, [1])
    moves.start(partition, [2])
    assert moves.ongoing == {partition: Reassignment((2,), (0,))}
    assert partition.replicas == [2, 0]
    moves.cancel(partition)
    assert partition.replicas == [0]


def test_a_move_ends_with_its_topic(cluster: Cluster, moves: Reassignments) -> None:
    partition = new_partition(cluster, 0)
    moves.hold()
    moves.start(partition, [1])
    cluster.delete_topic(partition.topic)
    cluster.create_topic("t")
    assert moves.ongoing == {}


def test_a_cancelled_move_elects_nobody_while_no_replica_in_sync_is_up(
    cluster: Cluster, moves: Reassignments
) -> None:
    partition = new_partition(cluster, 0)
    cluster.set_alive(0, False)
    moves.hold()
    moves.start(partition, [0, 1])
    moves.cancel(partition)
    assert (partition.leader, partition.isr) == (NO_LEADER, [0])
    cluster.set_alive(0, True)
    assert partition.leader == 0


def test_every_change_is_announced(cluster: Cluster, moves: Reassignments) -> None:
    partition = new_partition(cluster, 0)
    told: list[list[int]] = []
    cluster.metadata_changed.subscribe(lambda: told.append(list(partition.replicas)))
    moves.start(partition, [1])
    assert told[-1] == [1]
    moves.hold()
    moves.start(partition, [2])
    moves.cancel(partition)
    assert told[-2:] == [[2, 1], [1]]
