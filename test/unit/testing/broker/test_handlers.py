"""The registry of APIs, the versions of the releases, recorded requests and faults."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.cluster import Cluster, Node
from kafka.testing.broker.faults import Delay, FaultPlan, RequestFacts, Rule, touched
from kafka.testing.broker.handlers import api_table, implemented
from kafka.testing.broker.recorder import KEPT_BYTES, Recorder, SeenRequest
from kafka.testing.broker.timers import Event, SteppableClock, Timers
from kafka.testing.broker.versions import RELEASES
from kafka.testing.broker.wire import request_type
from test.support.embedded import produce_request

MINE = {
    "api_versions",
    "create_partitions",
    "create_topics",
    "delete_records",
    "delete_topics",
    "describe_cluster",
    "fetch",
    "init_producer_id",
    "list_offsets",
    "metadata",
    "offset_for_leader_epoch",
    "produce",
}


def new_cluster() -> Cluster:
    cluster = Cluster(
        cluster_id="c",
        release=RELEASES["4.4"],
        timers=Timers(SteppableClock()),
        topic_ids=(UUID(int=number) for number in range(1, 100)),
    )
    cluster.add_node(Node(0, "h", 1))
    return cluster


def test_the_core_apis_have_modules() -> None:
    assert implemented() >= MINE


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_every_advertised_version_can_be_decoded(release: object) -> None:
    for api in api_table(release).values():  # type: ignore[arg-type] # a Release
        versions = request_type(api.key).VERSIONS
        # Produce is advertised from 0 for librdkafka's sake (KAFKA-18659).
        assert api.min_version in versions, api
        assert api.max_version in versions, api


@pytest.mark.parametrize("name", sorted(MINE))
def test_every_module_handles_the_api_it_is_named_after(name: str) -> None:
    api = next(api for api in api_table(RELEASES["4.4"]).values() if api.name == name)
    assert api.handler().request_type is request_type(api.key)


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


def seen(at: float = 0.0) -> SeenRequest:
    return SeenRequest(0, ProduceRequest, 9, "c", produce_request("t", b""), at)


def test_old_bodies_are_forgotten_and_their_facts_are_kept() -> None:
    recorder = Recorder(Event())
    for at in range(4):
        recorder.record(seen(at), KEPT_BYTES // 2)
    bodies = [found.request is not None for found in recorder.seen(ProduceRequest)]
    assert bodies == [False, False, True, True]
    assert recorder.count(ProduceRequest) == 4


def test_requests_are_found_by_what_they_are() -> None:
    recorder = Recorder(Event())
    recorder.record(seen(), 1)
    assert len(recorder.seen(node_id=0, client_id="c")) == 1
    assert recorder.seen(DescribeClusterRequest) == []
    assert recorder.seen(node_id=1) == []
    recorder.clear()
    assert (recorder.seen(), recorder.count(ProduceRequest)) == ([], 0)
