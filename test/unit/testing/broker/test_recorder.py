"""The requests a cluster has seen: which are found, and what is kept of them."""

from __future__ import annotations

from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.recorder import KEPT_BYTES, Recorder, SeenRequest
from kafka.testing.broker.timers import Event
from test.support.embedded import produce_request


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
