"""Which partition a request reaches, and the error where this broker does not serve it."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    BrokerResponseError,
    FencedLeaderEpochError,
    NotLeaderForPartitionError,
    UnknownLeaderEpochError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import ANONYMOUS
from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.cluster import NO_LEADER, Cluster, Node
from kafka.testing.broker.context import Peer, RequestContext
from kafka.testing.broker.hosting import NO_EPOCH, leader_hint, served_partition, topic_name
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import RELEASES

LEADER, FOLLOWER, STRANGER = 0, 1, 2
EPOCH = 1


def new_cluster() -> Cluster:
    """Return three brokers and t-0, which node 0 leads in epoch 1 and node 1 follows."""
    cluster = Cluster(
        cluster_id="c",
        release=RELEASES["4.4"],
        timers=Timers(SteppableClock()),
        topic_ids=(UUID(int=number) for number in range(1, 100)),
    )
    for node_id in (LEADER, FOLLOWER, STRANGER):
        cluster.add_node(Node(node_id, "h", 9092 + node_id))
    cluster.create_topic("t", assignments={0: [LEADER, FOLLOWER]})
    cluster.move_leader("t", 0, LEADER)
    return cluster


def at(node_id: int, cluster: Cluster | None = None) -> RequestContext:
    state = BrokerState(node_id, cluster or new_cluster(), {})
    peer = Peer(ANONYMOUS, "127.0.0.1", "PLAINTEXT")
    return RequestContext(state, peer, api_version=0, client_id="c")


@pytest.mark.parametrize("epoch", [NO_EPOCH, EPOCH])
def test_the_leader_serves_its_partition(epoch: int) -> None:
    found = served_partition(at(LEADER), "t", 0, current_leader_epoch=epoch)
    assert (found.topic.name, found.index) == ("t", 0)


def test_a_follower_serves_those_who_need_no_leader() -> None:
    assert served_partition(at(FOLLOWER), "t", 0, leader_only=False).leader == LEADER


@pytest.mark.parametrize(
    ("node_id", "index", "epoch", "error"),
    [
        (LEADER, 1, NO_EPOCH, UnknownTopicOrPartitionError),
        (FOLLOWER, 0, NO_EPOCH, NotLeaderForPartitionError),
        (STRANGER, 0, NO_EPOCH, NotLeaderForPartitionError),
        (LEADER, 0, EPOCH - 1, FencedLeaderEpochError),
        (LEADER, 0, EPOCH + 1, UnknownLeaderEpochError),
        # The replica is looked at before the epoch, and the epoch before the leader.
        (STRANGER, 0, EPOCH - 1, NotLeaderForPartitionError),
        (FOLLOWER, 0, EPOCH - 1, FencedLeaderEpochError),
    ],
)
def test_a_broker_that_does_not_serve_a_partition_says_why(
    node_id: int, index: int, epoch: int, error: type[BrokerResponseError]
) -> None:
    with pytest.raises(error):
        served_partition(at(node_id), "t", index, current_leader_epoch=epoch)


def test_a_topic_is_found_by_its_id() -> None:
    cluster = new_cluster()
    assert topic_name(cluster, cluster.topics["t"].topic_id) == "t"
    with pytest.raises(UnknownTopicIdError):
        topic_name(cluster, UUID(int=99))


def test_the_hint_names_the_leader_if_there_is_one() -> None:
    cluster = new_cluster()
    hint = leader_hint(at(FOLLOWER, cluster), "t", 0)
    assert hint is not None
    assert hint[1].node_id == LEADER
    cluster.existing("t", 0).lead(NO_LEADER)
    assert leader_hint(at(FOLLOWER, cluster), "t", 0) is None
    assert leader_hint(at(FOLLOWER, cluster), "t", 1) is None
