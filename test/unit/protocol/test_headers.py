"""Headers: the bytes before and after the message."""

import struct

import pytest

from kafka.errors import IllegalArgumentError, KafkaProtocolError, UnsupportedVersionError
from kafka.protocol.headers import (
    decode_correlation_id,
    decode_response,
    encode_request,
    encode_response,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest


def wire(request, version, client_id="me"):
    return b"".join(encode_request(request, version, correlation_id=7, client_id=client_id))


def test_a_request_before_flexible_versions_has_header_1():
    body = SaslHandshakeRequest(mechanism="PLAIN").encode(1)
    header = struct.pack(">hhih", 17, 1, 7, 2) + b"me"
    assert wire(SaslHandshakeRequest(mechanism="PLAIN"), 1) == (
        struct.pack(">i", len(header + body)) + header + body
    )


def test_a_flexible_request_has_header_2_with_a_client_id_of_the_old_kind():
    body = HeartbeatRequest(group_id="g").encode(4)
    header = struct.pack(">hhih", 12, 4, 7, 2) + b"me" + b"\0"
    assert wire(HeartbeatRequest(group_id="g"), 4) == (
        struct.pack(">i", len(header + body)) + header + body
    )


def test_no_client_id_is_a_null_string():
    assert wire(HeartbeatRequest(), 0, client_id=None)[12:14] == b"\xff\xff"


def test_records_are_sent_as_they_are_without_a_copy():
    records = memoryview(bytes(5000))
    partition = ProduceRequest.PartitionProduceData(records=records)
    topic = ProduceRequest.TopicProduceData(name="t", partition_data=[partition])
    parts = encode_request(ProduceRequest(topic_data=[topic]), 9, correlation_id=1, client_id="c")
    assert [bytes(part) == bytes(5000) for part in parts] == [False, True, False]
    assert parts[1].obj is records.obj
    assert struct.unpack(">i", parts[0][:4])[0] == sum(map(len, parts)) - 4


def test_a_client_id_that_is_too_long_is_named_in_the_error():
    with pytest.raises(IllegalArgumentError, match="client_id takes 32768 bytes"):
        wire(HeartbeatRequest(), 0, client_id="x" * 32768)


def test_a_version_out_of_range_is_refused():
    with pytest.raises(
        UnsupportedVersionError, match="HeartbeatRequest has no version 5, only 0-4"
    ):
        wire(HeartbeatRequest(), 5)


def test_the_correlation_id_comes_first():
    assert decode_correlation_id(memoryview(b"\xff\xff\xff\xfe rest")) == -2


@pytest.mark.parametrize("frame", [b"", b"\0\0\0"])
def test_a_frame_too_short_for_a_correlation_id_is_a_protocol_error(frame):
    with pytest.raises(KafkaProtocolError, match="no correlation id"):
        decode_correlation_id(frame)


@pytest.mark.parametrize(
    ("version", "header"),
    [(0, b"\0\0\0\7"), (4, b"\0\0\0\7\0"), (4, b"\0\0\0\7\2\5\1x\6\0")],
    ids=["version 0", "version 1", "version 1 with tags"],
)
def test_responses_decode_behind_their_header(version, header):
    response = HeartbeatResponse(error_code=27)
    frame = header + response.encode(version)
    assert decode_response(HeartbeatRequest, version, frame) == response


def test_what_follows_a_response_is_not_looked_at():
    frame = b"\0\0\0\7\0" + HeartbeatResponse(error_code=27).encode(4) + b"\0"
    assert decode_response(HeartbeatRequest, 4, frame) == HeartbeatResponse(error_code=27)


@pytest.mark.parametrize("version", range(6))
def test_api_versions_is_answered_with_header_0_in_every_version(version):
    response = ApiVersionsResponse(error_code=35)
    frame = b"\0\0\0\7" + response.encode(version)
    assert decode_response(ApiVersionsRequest, version, frame) == response


@pytest.mark.parametrize("tags", [b"", b"\1", b"\1\0\5", b"\xff\xff\xff\xff\xff"])
def test_a_broken_header_is_a_protocol_error(tags):
    with pytest.raises(KafkaProtocolError):
        decode_response(HeartbeatRequest, 4, b"\0\0\0\7" + tags)


@pytest.mark.parametrize("version", range(14))
def test_a_response_is_read_as_it_was_written(version):
    response = MetadataResponse(topics=[MetadataResponse.MetadataResponseTopic(name="orders")])
    data = b"".join(encode_response(response, version, correlation_id=7))
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    assert decode_correlation_id(data[4:]) == 7
    assert decode_response(MetadataRequest, version, data[4:]).topics[0].name == "orders"


def test_a_flexible_api_versions_response_is_written_with_header_0():
    data = b"".join(encode_response(ApiVersionsResponse(error_code=9), 3, correlation_id=7))
    assert data[8:10] == b"\0\x09"
    assert decode_response(ApiVersionsRequest, 3, data[4:]).error_code == 9
