"""What the control methods say to names and numbers that mean nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kafka.errors import UnknownTopicOrPartitionError
from kafka.testing import EmbeddedCluster

UNKNOWN_BROKER: dict[str, Callable[[EmbeddedCluster], object]] = {
    "kill": lambda cluster: cluster.kill(7),
    "revive": lambda cluster: cluster.revive(7),
    "freeze": lambda cluster: cluster.freeze(7),
    "thaw": lambda cluster: cluster.thaw(7),
    "disconnect": lambda cluster: cluster.disconnect(7),
    "cut_off": lambda cluster: cluster.cut_off(7),
    "move_coordinator": lambda cluster: cluster.move_coordinator("group", "g", 7),
}


@pytest.mark.parametrize("call", UNKNOWN_BROKER.values(), ids=UNKNOWN_BROKER.keys())
def test_a_broker_that_is_not_there_is_named_with_those_that_are(
    call: Callable[[EmbeddedCluster], object],
) -> None:
    with (
        EmbeddedCluster(brokers=2) as cluster,
        pytest.raises(ValueError, match=r"there is no broker 7; the cluster has \[0, 1\]"),
    ):
        call(cluster)


@pytest.mark.parametrize(
    "call",
    [lambda cluster: cluster.delete_topic("t"), lambda cluster: cluster.add_partitions("t", 3)],
    ids=["delete_topic", "add_partitions"],
)
def test_a_topic_that_is_not_there_is_named(call: Callable[[EmbeddedCluster], object]) -> None:
    with (
        EmbeddedCluster() as cluster,
        pytest.raises(UnknownTopicOrPartitionError, match="there is no topic 't'"),
    ):
        call(cluster)


def test_an_unknown_kind_of_coordinator_is_refused() -> None:
    with EmbeddedCluster() as cluster, pytest.raises(ValueError, match="not of 'grp'"):
        cluster.move_coordinator("grp", "g", 0)


@pytest.mark.parametrize("offset", [-1, 3])
def test_a_log_is_cut_only_where_it_has_records(offset: int) -> None:
    with EmbeddedCluster(topics={"t": 1}) as cluster:
        cluster.append("t", b"0", b"1")
        with pytest.raises(ValueError, match=f"t-0 ends at 2; it cannot be cut at {offset}"):
            cluster.truncate("t", 0, offset)
