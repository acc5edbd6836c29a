"""Requests of both kinds on their way out, and their responses."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.errors import KafkaProtocolError, UnsupportedVersionError
from kafka.future import Future
from kafka.low_level.deliveries import Outcome
from kafka.low_level.outgoing import Answer, Outgoing
from kafka.protocol.api import Request, Response
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.headers import encode_request, encode_response
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest as FindCoordinator
from kafka.protocol.messages.metadata import MetadataRequest as Metadata
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.protocol.messages.produce import ProduceRequest as Produce
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.produce import ProduceRequest
from kafka.protocol.types import CompactArray, CompactString, Int32, Schema, TaggedFields

SPOKEN = ApiVersions({0: (3, 13), 3: (1, 12), 99: (0, 1)})


class OwnResponse(Response):
    API_KEY = 99
    API_VERSION = 1
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(("n", Int32), ("names", CompactArray(CompactString())), ("tags", TaggedFields))


class OwnRequest(Request):
    API_KEY = 99
    API_VERSION = 1
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = OwnResponse
    SCHEMA = Schema(("names", CompactArray(CompactString())), ("tags", TaggedFields))


def frame_of(request: Any) -> bytes:
    outgoing = Outgoing(request)
    outgoing.prepare(SPOKEN)
    return b"".join(outgoing.frame(7, "me"))


def test_a_message_is_sent_in_the_highest_version_that_both_speak() -> None:
    request = Metadata(topics=[])
    expected = b"".join(encode_request(request, 12, correlation_id=7, client_id="me"))
    assert frame_of(request) == expected


@pytest.mark.parametrize("version", [1, 4, 9])
def test_a_structure_is_sent_in_its_version(version: int) -> None:
    topic = Metadata.MetadataRequestTopic(name="t")
    expected = encode_request(Metadata(topics=[topic]), version, correlation_id=7, client_id="me")
    fields = dict.fromkeys(MetadataRequest[version].SCHEMA.names, False)
    fields |= {"topics": ["t"] if version < 9 else [("t", {})]}
    fields |= {"allow_auto_topic_creation": True} if version >= 4 else {}
    fields |= {"tags": {}} if version >= 9 else {}
    assert frame_of(MetadataRequest[version](**fields)) == b"".join(expected)


def test_a_version_that_the_broker_does_not_speak_is_refused() -> None:
    with pytest.raises(UnsupportedVersionError, match=r"speaks versions 1 to 12 .* 0 is 1"):
        frame_of(MetadataRequest[0]([]))


@pytest.mark.parametrize(
    ("request_", "is_answered"),
    [
        (Produce(acks=0), False),
        (Produce(acks=1), True),
        (Metadata(), True),
        (ProduceRequest[3](None, 0, 100, []), False),
        (ProduceRequest[3](None, -1, 100, []), True),
    ],
)
def test_what_is_not_acknowledged_is_not_answered(request_: Any, is_answered: bool) -> None:
    assert Outgoing(request_).expects_response is is_answered


def test_a_structure_of_a_user_comes_back_from_a_flexible_answer() -> None:
    outgoing = Outgoing(OwnRequest(["a"], {}))
    body = OwnResponse(5, ["b", "c"], {}).encode()
    found = outgoing.decode(b"\0\0\0\7" + b"\0" + body)
    assert (found.n, found.names) == (5, ["b", "c"])


def answered(outgoing: Outgoing, frame: bytes) -> Outcome:
    outcomes: list[Outcome] = []
    answer = Answer(outgoing, Future(), outcomes.append)
    answer.set_result(frame)
    assert answer.done()
    return outcomes[0]


def test_an_answer_that_makes_no_sense_is_an_error_of_the_request() -> None:
    outcome = answered(Outgoing(OwnRequest([], {})), b"\0\0\0\7\0\1")
    assert isinstance(outcome.error, KafkaProtocolError)


def test_the_answer_to_a_message_is_a_message() -> None:
    outgoing = Outgoing(Metadata(topics=[]))
    outgoing.prepare(SPOKEN)
    response = MetadataResponse(brokers=[], topics=[], cluster_id="c")
    frame = b"".join(encode_response(response, 12, correlation_id=7))[4:]
    found = answered(outgoing, frame).response
    assert isinstance(found, MetadataResponse)
    assert found.cluster_id == "c"


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        ("x", "not str, which lacks API_KEY"),
        (None, "not NoneType, which lacks API_KEY"),
        (MetadataRequest, r"MetadataRequest stands for all versions .* MetadataRequest\[version\]"),
        (MetadataRequest[1], r"MetadataRequest_v1 is a class; call it: MetadataRequest_v1\("),
        (Metadata, r"MetadataRequest is a class; call it: MetadataRequest\("),
        (
            MetadataRequest[1].RESPONSE_TYPE([], 0, []),
            "not MetadataResponse_v1, which lacks",
        ),
        (MetadataResponse(), "not MetadataResponse, which lacks API_VERSION"),
    ],
    ids=["text", "none", "family", "class", "message class", "response", "response message"],
)
def test_what_is_no_request_is_refused_with_what_is_one(request_: Any, hint: str) -> None:
    with pytest.raises(TypeError, match=f"a request is needed.*{hint}"):
        Outgoing(request_)


@pytest.mark.parametrize(
    ("request_", "version"),
    [
        (FindCoordinator(coordinator_keys=["g"]), 6),
        (FindCoordinator(key="g", key_type=0), 3),
        (Metadata(include_cluster_authorized_operations=True), 10),
        (Metadata(topics=[]), 12),
    ],
)
def test_a_message_is_sent_in_the_highest_version_that_carries_all_of_it(
    request_: Any, version: int
) -> None:
    outgoing = Outgoing(request_)
    outgoing.prepare(ApiVersions({3: (1, 12), 10: (0, 6)}))
    assert outgoing.version == version
    outgoing.frame(7, "me")


def test_a_message_that_no_common_version_carries_is_refused() -> None:
    request = Metadata(include_cluster_authorized_operations=True)
    with pytest.raises(UnsupportedVersionError, match="only versions up to 10 can"):
        Outgoing(request).prepare(ApiVersions({3: (11, 12)}))
