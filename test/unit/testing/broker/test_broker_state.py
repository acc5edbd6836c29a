"""The state of one broker: its subsystems live as long as its process."""

from __future__ import annotations

from kafka.testing.broker.broker_state import BrokerState
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import RELEASES


class Subsystem:
    def __init__(self, broker: BrokerState) -> None:
        self.node_id = broker.node_id


def new_state() -> BrokerState:
    cluster = Cluster(
        cluster_id="c",
        release=RELEASES["4.4"],
        timers=Timers(SteppableClock()),
        topic_ids=iter(()),
    )
    return BrokerState(3, cluster, {})


def test_a_subsystem_is_made_once_from_its_broker() -> None:
    state = new_state()
    found = state.component(Subsystem)
    assert found.node_id == 3
    assert state.component(Subsystem) is found


def test_a_broker_that_dies_loses_its_subsystems() -> None:
    state = new_state()
    lost = state.component(Subsystem)
    state.forget()
    assert state.component(Subsystem) is not lost
