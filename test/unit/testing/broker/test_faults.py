"""Faults that are injected: the requests they apply to, in which order and how often."""

from __future__ import annotations

from uuid import UUID

from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.faults import Delay, FaultPlan, RequestFacts, Rule, touched
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import RELEASES
from test.support.embedded import produce_request


def new_cluster() -> Cluster:
    cluster = Cluster(
        cluster_id="c",
        release=RELEASES["4.4"],
        timers=Timers(SteppableClock()),
        topic_ids=(UUID(int=number) for number in range(1, 100)),
    )
    cluster.add_node(Node(0, "h", 1))
    return cluster


def test_the_topics_a_request_names_are_found() -> None:
    cluster = new_cluster()
    topic_id = cluster.create_topic("t", partitions=3).topic_id
    by_name = produce_request("u", b"", partition=2)
    by_id = produce_request("", b"", topic_id=topic_id)
    state = DeleteTopicsRequest.DeleteTopicState(name="v")
    deletion = DeleteTopicsRequest(topics=[state], topic_names=["w"])
    assert list(touched(by_name, cluster)) == [("u", 2)]
    assert list(touched(by_id, cluster)) == [("t", 0)]
    assert sorted(touched(deletion, cluster), key=str) == [("v", None), ("w", None)]
    assert list(touched(MetadataRequest(topics=None), cluster)) == []


def test_rules_apply_in_the_order_they_were_added_and_run_out() -> None:
    plan, cluster = FaultPlan(), new_cluster()
    first = plan.add(Rule(ProduceRequest, Delay(1.0), times=1))
    second = plan.add(Rule(ProduceRequest, Delay(2.0), times=None))
    facts = RequestFacts(0, "c", produce_request("t", b""))
    assert [plan.take(facts, cluster) for _ in range(3)] == [first, second, second]
    plan.remove(second)
    plan.remove(second)
    assert plan.take(facts, cluster) is None
    assert (first.hits, second.hits) == (1, 2)


def test_a_rule_may_look_at_the_request() -> None:
    plan, cluster = FaultPlan(), new_cluster()
    plan.add(
        Rule(ProduceRequest, Delay(1.0), when=lambda request: getattr(request, "acks", 0) == 1)
    )
    for acks, taken in ((-1, False), (1, True)):
        facts = RequestFacts(0, "c", produce_request("t", b"", acks=acks))
        assert (plan.take(facts, cluster) is not None) is taken
