"""The protocol without a connection."""

from __future__ import annotations

import pytest

from kafka.errors import (
    CorrelationIdError,
    IllegalStateError,
    InvalidReceiveError,
    KafkaProtocolError,
)
from kafka.protocol.api import Request, Response
from kafka.protocol.parser import KafkaProtocol
from kafka.protocol.types import Int16, Int32, Schema


class EchoResponse(Response):
    API_KEY = 10
    API_VERSION = 0
    SCHEMA = Schema(("error_code", Int16))


class EchoRequest(Request):
    API_KEY = 10
    API_VERSION = 0
    RESPONSE_TYPE = EchoResponse
    SCHEMA = Schema(("number", Int32))


class SilentRequest(EchoRequest):
    API_VERSION = 1

    def expect_response(self):
        return False


def frame(correlation_id, error_code=0):
    return Int32.encode(6) + Int32.encode(correlation_id) + Int16.encode(error_code)


def test_requests_are_framed_with_their_header():
    protocol = KafkaProtocol(client_id="me")
    assert protocol.send_request(EchoRequest(5)) == 0
    assert protocol.send_request(EchoRequest(6), correlation_id=9) == 9
    assert protocol.send_bytes().hex() == (
        "00000010000a00000000000000026d650000000500000010000a00000000000900026d6500000006"
    )
    assert protocol.send_bytes() == b""


def test_responses_are_matched_however_the_bytes_arrive():
    protocol = KafkaProtocol()
    for number in range(3):
        protocol.send_request(EchoRequest(number))
    stream = frame(0) + frame(1, 15) + frame(2)
    found = [answer for byte in stream for answer in protocol.receive_bytes(bytes([byte]))]
    assert found == [(0, EchoResponse(0)), (1, EchoResponse(15)), (2, EchoResponse(0))]
    assert not protocol.in_flight_requests


def test_request_without_a_response_is_not_in_flight():
    protocol = KafkaProtocol()
    protocol.send_request(SilentRequest(1))
    assert len(protocol.in_flight_requests) == 0


def test_response_to_another_request_is_an_error():
    protocol = KafkaProtocol()
    protocol.send_request(EchoRequest(1), correlation_id=5)
    with pytest.raises(CorrelationIdError, match="id 6 came, 5 was sent"):
        protocol.receive_bytes(frame(6))


def test_kafka_0_8_2_answers_for_a_coordinator_with_0():
    protocol = KafkaProtocol()
    protocol.send_request(EchoRequest(1), correlation_id=5)
    assert protocol.receive_bytes(frame(0)) == [(5, EchoResponse(0))]


def test_response_that_nobody_waits_for_is_an_error():
    with pytest.raises(IllegalStateError, match="no request is in flight"):
        KafkaProtocol().receive_bytes(frame(0))


def test_response_of_another_shape_names_the_class():
    protocol = KafkaProtocol()
    protocol.send_request(EchoRequest(1))
    with pytest.raises(KafkaProtocolError, match=r"EchoResponse: .*2 bytes has 0 bytes left"):
        protocol.receive_bytes(Int32.encode(4) + Int32.encode(0))


def test_size_that_cannot_be_is_an_error():
    with pytest.raises(InvalidReceiveError):
        KafkaProtocol().receive_bytes(b"\xff\xff\xff\xff")
