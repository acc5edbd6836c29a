"""Requests that users make by hand."""

from __future__ import annotations

from kafka.admin.operation import ANY_ONCE, Answer
from kafka.admin.operations.raw import RAW, SendRaw
from kafka.cluster import ClusterSnapshot
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.structs import BrokerMetadata

SNAPSHOT = ClusterSnapshot(brokers={7: BrokerMetadata(7, "h", 1, None)})


def test_the_request_goes_out_as_it_is_and_the_response_comes_back() -> None:
    request, response = MetadataRequest(), MetadataResponse()
    sent = SendRaw(request, None)
    assert sent.build([RAW], 1000) is request
    assert sent.read(Answer(response, 1), [RAW]) == {RAW: response}


def test_a_request_goes_to_one_broker_the_one_that_is_named() -> None:
    assert SendRaw(MetadataRequest(), None).lookup.fixed(RAW) == ANY_ONCE
    named = SendRaw(MetadataRequest(), 7).lookup
    assert named.fixed(RAW) is None
    assert named.cached(RAW, SNAPSHOT) == 7
