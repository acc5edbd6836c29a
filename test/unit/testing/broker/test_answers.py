"""Answers that are nothing but an error, and what faults make of the bytes of an answer."""

from __future__ import annotations

import pytest

from kafka.errors import KafkaProtocolError, NotCoordinatorError, UnknownProducerIdError
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker import faults
from kafka.testing.broker.answers import Outgoing, damaged, error_response

FRAME = b"\x00\x00\x00\x0c\x00\x00\x00\x07" + b"answers!"


def outgoing() -> Outgoing:
    return Outgoing([FRAME[:6], memoryview(FRAME)[6:]])


@pytest.mark.parametrize("request_class", [HeartbeatRequest, JoinGroupRequest])
def test_an_error_is_the_code_of_the_whole_response(
    request_class: type[HeartbeatRequest | JoinGroupRequest],
) -> None:
    response = error_response(request_class(), NotCoordinatorError)
    assert isinstance(response, request_class.RESPONSE)
    assert response.error_code == NotCoordinatorError.errno


def test_an_error_gives_no_producer_epoch() -> None:
    response = error_response(InitProducerIdRequest(), UnknownProducerIdError)
    assert isinstance(response, InitProducerIdRequest.RESPONSE)
    assert response.producer_epoch == -1


def test_a_response_without_a_code_of_its_own_is_refused() -> None:
    with pytest.raises(KafkaProtocolError, match="inject a whole response"):
        error_response(ProduceRequest(), NotCoordinatorError)


def test_half_a_frame_ends_the_connection() -> None:
    found = damaged(faults.HalfFrame(), outgoing())
    assert b"".join(found.pieces) == FRAME[:8]
    assert found.close


def test_garbage_stands_in_for_the_answer() -> None:
    found = damaged(faults.Garbage(b"nonsense"), outgoing())
    assert b"".join(found.pieces) == b"nonsense"
    assert not found.close


def test_a_wrong_correlation_id_is_off_by_the_shift() -> None:
    found = damaged(faults.WrongCorrelationId(3), outgoing())
    assert b"".join(found.pieces) == FRAME[:4] + b"\x00\x00\x00\x0a" + FRAME[8:]
