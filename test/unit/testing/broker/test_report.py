"""The state of a cluster in words."""

from __future__ import annotations

from random import Random

from kafka.protocol.messages.fetch import FetchRequest
from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.faults import Disconnect, Rule
from kafka.testing.broker.ids import topic_ids
from kafka.testing.broker.recorder import SeenRequest
from kafka.testing.broker.report import report
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import release


def cluster() -> Cluster:
    made = Cluster(
        cluster_id="c",
        release=release("4.4"),
        timers=Timers(SteppableClock()),
        topic_ids=topic_ids(Random(0)),
    )
    made.add_node(Node(0, "h", 9092))
    return made


def test_an_idle_cluster_has_a_report() -> None:
    assert report(cluster(), [], []) == (
        "brokers:\n  0 h:9092\n"
        "topics:\n  none\n"
        "groups:\n  none\n"
        "last 0 of 0 requests:\n  none\n"
        "faults that never fired:\n  none"
    )


def test_only_the_last_requests_are_told() -> None:
    state = cluster()
    state.clock.step(1.0)
    seen = [SeenRequest(0, FetchRequest, 12, f"c{index}", None, 0.5) for index in range(30)]
    lines = report(state, seen, []).splitlines()
    assert "last 20 of 30 requests:" in lines
    assert "  -0.500 s  node 0  Fetch v12  from 'c29'" in lines
    assert not any("'c9'" in line for line in lines)


def test_long_topics_and_dead_brokers_and_idle_faults_are_told_shortly() -> None:
    state = cluster()
    state.create_topic("t", partitions=100)
    state.set_alive(0, False)
    text = report(state, [], [Rule(FetchRequest, Disconnect())])
    assert "0 h:9092 DOWN" in text
    assert "[0] 0..0 no leader" in text
    assert "and 88 more" in text
    assert "Fetch Disconnect(applied=False)" in text
