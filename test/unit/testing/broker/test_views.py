"""Views of topics and groups."""

from __future__ import annotations

from random import Random

import pytest

from kafka.errors import GroupIdNotFoundError, UnknownTopicOrPartitionError
from kafka.structs import TopicPartition
from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.groups.coordinator import Commit, GroupCoordinator
from kafka.testing.broker.groups.offsets import Committed
from kafka.testing.broker.ids import topic_ids
from kafka.testing.broker.seeding import batch_of
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import release
from kafka.testing.broker.views import group_view, is_settled, topic_names, topic_view


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(
        cluster_id="c",
        release=release("4.4"),
        timers=Timers(SteppableClock()),
        topic_ids=topic_ids(Random(0)),
    )
    made.add_node(Node(0, "h", 9092))
    made.create_topic("t", partitions=2)
    made.create_topic("__own", is_internal=True)
    return made


def test_a_view_stays_as_it_was(cluster: Cluster) -> None:
    before = topic_view(cluster, "t")
    log = cluster.existing("t", 1).log
    log.append_internal(batch_of([b"a", b"b"], timestamp_ms=0), leader_epoch=0)
    assert (before.end_offsets, topic_view(cluster, "t").end_offsets) == (
        {0: 0, 1: 0},
        {0: 0, 1: 2},
    )


def test_internal_topics_are_not_listed(cluster: Cluster) -> None:
    assert topic_names(cluster) == ["t"]
    with pytest.raises(
        UnknownTopicOrPartitionError, match=r"no topic 'x'; the cluster has \['t'\]"
    ):
        topic_view(cluster, "x")


def test_a_group_of_offsets_alone_is_empty_and_has_lag(cluster: Cluster) -> None:
    coordinator = cluster.component(GroupCoordinator)
    log = cluster.existing("t", 0).log
    log.append_internal(batch_of([b"a", b"b", b"c"], timestamp_ms=0), leader_epoch=0)
    coordinator.validate_commit(Commit("g"), [])
    coordinator.offsets.of("g").commit(("t", 0), Committed(1))
    coordinator.offsets.of("g").commit(("gone", 0), Committed(1))
    view = group_view(cluster, "g")
    assert (view.state, view.members) == ("Empty", ())
    assert (view.lags, view.lag) == ({TopicPartition("t", 0): 2}, 2)
    log.delete_before(2)
    assert group_view(cluster, "g").lag == 1


def test_a_group_settles_only_once_it_is_there(cluster: Cluster) -> None:
    assert not is_settled(cluster, "g", members=0, lag=None, state=None)
    with pytest.raises(GroupIdNotFoundError):
        group_view(cluster, "g")
    cluster.component(GroupCoordinator).validate_commit(Commit("g"), [])
    assert is_settled(cluster, "g", members=0, lag=0, state=None)
    assert is_settled(cluster, "g", members=None, lag=None, state="Empty")
    assert not is_settled(cluster, "g", members=1, lag=None, state=None)
    assert not is_settled(cluster, "g", members=None, lag=None, state=None)
