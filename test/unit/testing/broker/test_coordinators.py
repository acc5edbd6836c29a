"""Who coordinates a key, while brokers come and go."""

from __future__ import annotations

import pytest

from kafka.errors import InvalidRequestError, NotCoordinatorError
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.coordinators import Coordinators, KeyType, slot_of
from test.support.cluster_state import new_cluster


def node_of(made: Cluster, key: str) -> int | None:
    node = made.component(Coordinators).find(KeyType.GROUP, key)
    return None if node is None else node.node_id


# The hash is that of Java's strings: "group" has 98629247, "polygenelubricants" the smallest
# number of 32 bits, whose sign cannot be turned.
@pytest.mark.parametrize(
    ("key", "slot"), [("", 0), ("a", 47), ("group", 47), ("polygenelubricants", 0)]
)
def test_slots_are_those_of_kafka(key: str, slot: int) -> None:
    assert slot_of(key) == slot


def test_a_key_stays_where_it_is_while_others_go_and_come() -> None:
    made = new_cluster()
    home = node_of(made, "g")
    assert home is not None
    others = [node_id for node_id in made.nodes if node_id != home]
    made.set_alive(others[0], False)
    assert node_of(made, "g") == home
    made.set_alive(home, False)
    assert node_of(made, "g") == others[1]
    made.set_alive(home, True)
    assert node_of(made, "g") == home


def test_without_a_broker_there_is_no_coordinator() -> None:
    made = new_cluster(1)
    made.set_alive(0, False)
    assert node_of(made, "g") is None


def test_a_moved_key_is_where_it_was_moved_to_while_that_broker_is_up() -> None:
    made = new_cluster()
    coordinators = made.component(Coordinators)
    home = node_of(made, "g")
    away = next(node_id for node_id in made.nodes if node_id != home)
    coordinators.move(KeyType.GROUP, "g", away)
    assert node_of(made, "g") == away
    with pytest.raises(NotCoordinatorError):
        coordinators.check(home or 0, KeyType.GROUP, "g")
    made.set_alive(away, False)
    assert node_of(made, "g") == home


def test_a_key_cannot_move_to_a_broker_that_is_not_up() -> None:
    made = new_cluster()
    made.set_alive(1, False)
    for node_id in (1, 9):
        with pytest.raises(InvalidRequestError):
            made.component(Coordinators).move(KeyType.GROUP, "g", node_id)
