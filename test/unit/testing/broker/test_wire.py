"""Requests as a broker reads them, responses as it writes them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import KafkaProtocolError, UnsupportedVersionError
from kafka.protocol.headers import (
    decode_correlation_id,
    decode_response,
    encode_request,
    encode_response,
    is_flexible,
)
from kafka.protocol.messages import MODULES
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.fetch import FetchResponse
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.schema import Message
from kafka.testing.broker.wire import decode_request, request_type

METADATA, FLEXIBLE = 3, 9


def start(key: int, version: int, length: int = -1) -> bytes:
    return struct.pack(">hhih", key, version, 7, length)


@pytest.mark.parametrize("version", range(14))
@pytest.mark.parametrize("client_id", ["me", "", "\u20ac", None])
def test_a_request_is_read_as_it_was_written(version: int, client_id: str | None) -> None:
    request = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name="orders")])
    data = b"".join(encode_request(request, version, correlation_id=7, client_id=client_id))
    assert decode_request(data[4:]) == ((METADATA, version, 7, client_id), request)


@pytest.mark.parametrize("version", range(14))
def test_a_response_is_read_as_it_was_written(version: int) -> None:
    response = MetadataResponse(topics=[MetadataResponse.MetadataResponseTopic(name="orders")])
    data = b"".join(encode_response(response, version, correlation_id=7))
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    assert decode_correlation_id(data[4:]) == 7
    assert decode_response(MetadataRequest, version, data[4:]).topics[0].name == "orders"


def test_a_flexible_api_versions_response_has_the_old_header() -> None:
    data = b"".join(encode_response(ApiVersionsResponse(error_code=9), 3, correlation_id=7))
    assert data[8:10] == b"\0\x09"
    assert decode_response(ApiVersionsRequest, 3, data[4:]).error_code == 9


def test_large_records_are_written_without_a_copy() -> None:
    records = bytes(5000)
    partition = FetchResponse.PartitionData(records=records)
    topic = FetchResponse.FetchableTopicResponse(topic="t", partitions=[partition])
    parts = encode_response(FetchResponse(responses=[topic]), 12, correlation_id=7)
    assert parts[1] is records
    assert int.from_bytes(parts[0][:4], "big") == sum(map(len, parts)) - 4


@pytest.mark.parametrize("key", MODULES)
def test_every_api_has_a_request_that_names_its_response(key: int) -> None:
    found = request_type(key)
    assert {found.API_KEY, found.RESPONSE.API_KEY} == {key}


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (start(32767, 0), "there is no API with key 32767"),
        (start(-1, 0), "there is no API with key -1"),
        (start(METADATA, 99), "MetadataRequest has no version 99"),
        (start(METADATA, -1), "MetadataRequest has no version -1"),
    ],
)
def test_an_api_or_version_that_is_not_known_is_named(frame: bytes, problem: str) -> None:
    with pytest.raises(UnsupportedVersionError, match=problem):
        decode_request(frame)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (b"", "a request of 0 bytes has no header"),
        (start(METADATA, 1)[:9], "a request of 9 bytes has no header"),
        (start(METADATA, 1, 3) + b"me", "client id: length 3 with 2 bytes left"),
        (start(METADATA, 1, 1) + b"\xff", "the client id is not UTF-8"),
        (start(METADATA, FLEXIBLE), "the request header ends too early"),
        (start(METADATA, FLEXIBLE) + b"\1\0", "the request header ends too early"),
        (start(METADATA, FLEXIBLE) + b"\1\0\5abc", "request header: length 5 with 3 bytes left"),
    ],
)
def test_a_broken_header_is_a_protocol_error(frame: bytes, problem: str) -> None:
    with pytest.raises(KafkaProtocolError, match=problem):
        decode_request(frame)


def test_tagged_fields_of_a_header_are_skipped() -> None:
    request = HeartbeatRequest(group_id="g")
    frame = start(12, 4) + b"\2\0\1x\5\0" + request.encode(4)
    header, found = decode_request(frame)
    assert (header.client_id, found) == (None, request)


def test_what_follows_a_request_is_not_looked_at() -> None:
    request = MetadataRequest(topics=None)
    _, found = decode_request(start(METADATA, 13) + b"\0" + request.encode(13) + b"\0\0\0")
    assert found == request


@given(st.binary(max_size=40))
def test_garbage_is_a_request_or_a_typed_error(tail: bytes) -> None:
    try:
        header, request = decode_request(b"\0\x03\0\x0c\0\0\0\x07" + tail)
    except KafkaProtocolError:
        return
    assert header[:3] == (METADATA, 12, 7)
    assert isinstance(request, MetadataRequest)


@pytest.mark.parametrize(
    ("message", "version", "expected"),
    [
        (MetadataRequest, 8, False),
        (MetadataRequest, 9, True),
        (MetadataRequest, 13, True),
        (request_type(17), 1, False),
    ],
)
def test_versions_are_flexible_from_the_first_that_is(
    message: type[Message], version: int, expected: bool
) -> None:
    assert is_flexible(message, version) is expected
