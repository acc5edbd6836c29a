"""Requests as a broker reads them, responses as it writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import KafkaProtocolError, UnsupportedVersionError
from kafka.protocol.headers import (
    decode_correlation_id,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse


@pytest.mark.parametrize("version", range(14))
@pytest.mark.parametrize("client_id", ["me", "", None])
def test_request_is_read_as_written(version: int, client_id: str | None) -> None:
    request = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name="orders")])
    data = b"".join(encode_request(request, version, correlation_id=7, client_id=client_id))
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    header, found = decode_request(data[4:])
    assert header == (3, version, 7, client_id)
    assert found == request


@pytest.mark.parametrize("version", range(14))
def test_response_is_read_as_written(version: int) -> None:
    response = MetadataResponse(topics=[MetadataResponse.MetadataResponseTopic(name="orders")])
    data = b"".join(encode_response(response, version, correlation_id=7))
    assert decode_correlation_id(data[4:]) == 7
    assert decode_response(MetadataRequest, version, data[4:]).topics[0].name == "orders"


def test_flexible_api_versions_response_has_the_old_header() -> None:
    data = b"".join(encode_response(ApiVersionsResponse(error_code=9), 3, correlation_id=7))
    assert data[8:10] == b"\0\x09"
    assert decode_response(ApiVersionsRequest, 3, data[4:]).error_code == 9


@pytest.mark.parametrize("start", [b"\x7f\xff\0\0", b"\0\x03\0\x63", b"\0\x03\xff\xff"])
def test_unknown_request_is_reported_with_its_header(start: bytes) -> None:
    with pytest.raises(UnsupportedVersionError) as caught:
        decode_request(start + b"\0\0\0\x07\xff\xff")
    assert caught.value.header.correlation_id == 7  # type: ignore[attr-defined]


@given(st.binary(max_size=40))
def test_garbage_is_a_typed_error(tail: bytes) -> None:
    with pytest.raises((KafkaProtocolError, UnsupportedVersionError)):
        decode_request(b"\0\x03\0\x0c\0\0\0\x07" + tail + b"\xff")
