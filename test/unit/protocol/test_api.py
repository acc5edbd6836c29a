"""Requests and responses that users write themselves."""

from __future__ import annotations

from io import BytesIO

from kafka.protocol.api import (
    Request,
    RequestHeader,
    RequestHeaderV2,
    Response,
    ResponseHeader,
    ResponseHeaderV2,
)
from kafka.protocol.types import Array, Int8, Int32, Schema, String


class DescribeResponse(Response):
    API_KEY = 32
    API_VERSION = 1
    SCHEMA = Schema(("throttle_time_ms", Int32))


class FlexibleResponse(DescribeResponse):
    FLEXIBLE_VERSION = True


class FlexibleApiVersionsResponse(FlexibleResponse):
    API_KEY = 18


class DescribeRequest(Request):
    API_KEY = 32
    API_VERSION = 1
    RESPONSE_TYPE = DescribeResponse
    SCHEMA = Schema(("resources", Array(("kind", Int8), ("name", String("utf-8")))))


class FlexibleRequest(DescribeRequest):
    API_VERSION = 4
    FLEXIBLE_VERSION = True


REQUEST = DescribeRequest([(2, "orders")])


def test_request_has_the_header_of_its_version():
    header = REQUEST.build_header(correlation_id=7, client_id="me")
    assert isinstance(header, RequestHeader)
    assert header.encode().hex() == "002000010000000700026d65"
    flexible = FlexibleRequest([]).build_header(correlation_id=7, client_id=None)
    assert isinstance(flexible, RequestHeaderV2)
    assert flexible.encode().hex() == "0020000400000007ffff00"


def test_header_of_a_response_is_that_of_the_requests_version():
    assert REQUEST.RESPONSE_TYPE.parse_header(BytesIO(b"\0\0\0\7")) == ResponseHeader(7)
    flexible = FlexibleResponse.parse_header(BytesIO(b"\0\0\0\7\0"))
    assert flexible == ResponseHeaderV2(7, {})
    old = FlexibleApiVersionsResponse.parse_header(BytesIO(b"\0\0\0\7"))
    assert old == ResponseHeader(7)


def test_request_expects_a_response_and_names_its_class():
    assert REQUEST.expect_response()
    assert REQUEST.RESPONSE_TYPE.decode(b"\0\0\0\5").to_object() == {"throttle_time_ms": 5}


def test_request_is_encoded_though_nobody_holds_it():
    assert DescribeRequest([(2, "orders")]).encode() == REQUEST.encode()
