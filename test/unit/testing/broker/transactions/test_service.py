"""Transactions and the offsets committed with them: who is asked for first does not matter."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest

from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.coordinators import Coordinators
from kafka.testing.broker.groups.coordinator import GroupCoordinator
from kafka.testing.broker.groups.offsets import Committed
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.transactions.service import Transactions, offsets_partition
from kafka.testing.broker.versions import RELEASES

KEY = ("t", 0)
SUBSYSTEMS = (Coordinators, GroupCoordinator, Transactions)


def new_cluster() -> Cluster:
    cluster = Cluster(
        cluster_id="c",
        release=RELEASES["4.4"],
        timers=Timers(SteppableClock()),
        topic_ids=(UUID(int=number) for number in range(1, 100)),
    )
    cluster.add_node(Node(0, "h", 1))
    cluster.create_topic("t", partitions=1)
    return cluster


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize(
    "order",
    list(permutations(SUBSYSTEMS)),
    ids=lambda order: ",".join(each.__name__ for each in order),
)
def test_offsets_end_with_their_transaction_whichever_subsystem_is_asked_for_first(
    order: tuple[type[Coordinators | GroupCoordinator | Transactions], ...], commit: bool
) -> None:
    cluster = new_cluster()
    for subsystem in order:
        cluster.component(subsystem)
    transactions = cluster.component(Transactions)
    offsets = cluster.component(GroupCoordinator).offsets
    producer = transactions.init_producer_id("tx", timeout_ms=60_000, expected=None)
    transactions.add_partitions("tx", producer, {offsets_partition("g")})
    offsets.pending_commit("g", *producer, {KEY: Committed(5)})
    transactions.end("tx", producer, commit=commit, bumps=True)
    assert offsets.of("g").get(KEY) == (Committed(5) if commit else None)
    assert not offsets.of("g").is_unstable(KEY)
