"""Whatever goes wrong while an answer is dealt with, the request hears of it at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.errors import KafkaConnectionError, KafkaError, KafkaProtocolError
from kafka.net.connection import Connection
from kafka.net.driver import Driver
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.headers import encode_response
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.primitives import ZERO_UUID
from kafka.protocol.produce_stencil import Accepted, ProduceStencil, Settings

if TYPE_CHECKING:
    from kafka.protocol.schema import Message

VERSIONS = ApiVersions({MetadataRequest.API_KEY: (0, 12), ProduceRequest.API_KEY: (0, 9)})
REQUEST = MetadataRequest(topics=[])


class Clock:
    """The time stands still; whoever asks for it may be interrupted."""

    def __init__(self) -> None:
        self.interrupt: BaseException | None = None

    def now(self) -> float:
        if self.interrupt is not None:
            raise self.interrupt
        return 0.0

    def wall(self) -> float:
        return 0.0


class Faulty(Observer):
    """Raises whenever it is told of a request."""

    def request_completed(
        self, node_id: int, api_key: int, latency: float, sent: int, received: int
    ) -> None:
        raise ZeroDivisionError

    def throttled(self, node_id: int, api_key: int, seconds: float) -> None:
        raise ZeroDivisionError

    def request_failed(self, node_id: int, api_key: int, cause: BaseException) -> None:
        raise ZeroDivisionError


class Stage:
    """A connection without a network."""

    def __init__(self, observer: Observer) -> None:
        self.clock = Clock()
        self.closed: list[KafkaError] = []
        self.connection = Connection(
            0,
            Driver("node 0", 1000),
            clock=self.clock,
            observer=observer,
            client_id="c",
            max_in_flight=9,
            max_idle=60.0,
        )
        self.connection.versions = VERSIONS
        self.connection.on_close = self.closed.append

    def send(self) -> asyncio.Future[MetadataResponse]:
        return self.connection.send(REQUEST, expires_at=60.0)

    def answer(self, response: Message, version: int) -> None:
        pieces = encode_response(response, version, correlation_id=0)
        self.connection.on_frame(b"".join(pieces)[4:])


async def test_an_observer_that_raises_keeps_no_answer_back() -> None:
    stage = Stage(Faulty())
    answered, unanswered = stage.send(), stage.send()
    with pytest.raises(ZeroDivisionError):
        # Out of the end of the connection, which it hears of as well.
        stage.answer(MetadataResponse(throttle_time_ms=5), 12)
    assert isinstance(answered.result(), MetadataResponse)
    assert isinstance(unanswered.exception(), KafkaConnectionError)
    assert isinstance(stage.closed[0], KafkaProtocolError)


async def test_an_observer_that_raises_keeps_no_accepted_batch_back() -> None:
    stage = Stage(Faulty())
    settings = Settings("c", acks=-1, timeout_ms=1000)
    stencil = ProduceStencil(VERSIONS, settings, topic="t", topic_id=ZERO_UUID, partition=0)
    told: asyncio.Future[ProduceResponse | Accepted] = asyncio.Future()
    stage.connection.write_batch(stencil, [b"batch"], told, expires_at=60.0)
    partition = ProduceResponse.PartitionProduceResponse(index=0, base_offset=7)
    topic = ProduceResponse.TopicProduceResponse(name="t", partition_responses=[partition])
    stage.answer(ProduceResponse(responses=[topic]), 9)
    assert told.result() == Accepted(7)


async def test_a_request_whose_answer_cannot_be_dealt_with_fails_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(Observer())
    future = stage.send()
    stage.clock.interrupt = ZeroDivisionError()
    stage.answer(MetadataResponse(), 12)
    assert isinstance(future.exception(), KafkaProtocolError)
    assert isinstance(stage.closed[0], KafkaProtocolError)
    assert "ZeroDivisionError" in caplog.text


async def test_a_signal_handler_that_raises_while_an_answer_is_dealt_with_fails_the_request() -> (
    None
):
    stage = Stage(Observer())
    future = stage.send()
    stage.clock.interrupt = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        stage.answer(MetadataResponse(), 12)
    assert isinstance(future.exception(), KafkaProtocolError)
    assert stage.closed


async def test_all_requests_hear_of_the_end_although_an_observer_raises() -> None:
    stage = Stage(Faulty())
    futures = [stage.send() for _ in range(3)]
    end = KafkaConnectionError("gone")
    with pytest.raises(ZeroDivisionError):
        stage.connection.close(end)
    assert all(isinstance(future.exception(), KafkaConnectionError) for future in futures)
    assert stage.closed == [end]
