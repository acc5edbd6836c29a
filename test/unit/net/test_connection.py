"""One connection: its states, its requests, and what happens when something raises."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.errors import (
    CorrelationIdError,
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    RequestTimedOutError,
)
from kafka.net.connection_state import ConnectionState
from kafka.net.frame_stream import ClientClosedError
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.produce import ProduceResponse
from kafka.protocol.primitives import ZERO_UUID
from kafka.protocol.produce_template import ProduceAck, ProduceSettings, ProduceTemplate
from test.support.connections import (
    VERSIONS,
    Wire,
    frame_of,
    make_connection,
    make_ready,
    make_stream,
)

if TYPE_CHECKING:
    from kafka.net.connection import Connection
    from kafka.protocol.schema import Message

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
        self.connection = make_ready(make_connection(clock=self.clock, observer=observer))
        self.connection.on_close = self.closed.append

    def send(self) -> asyncio.Future[MetadataResponse]:
        return self.connection.send(REQUEST, expires_at=60.0)

    def answer(self, response: Message, version: int) -> None:
        self.connection.on_frame(frame_of(response, version))


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
    settings = ProduceSettings("c", acks=-1, timeout_ms=1000)
    template = ProduceTemplate(VERSIONS, settings, topic="t", topic_id=ZERO_UUID, partition=0)
    told: asyncio.Future[ProduceResponse | ProduceAck] = asyncio.Future()
    stage.connection.write_batch(template, [b"batch"], told, expires_at=60.0)
    partition = ProduceResponse.PartitionProduceResponse(index=0, base_offset=7)
    topic = ProduceResponse.TopicProduceResponse(name="t", partition_responses=[partition])
    stage.answer(ProduceResponse(responses=[topic]), 9)
    assert told.result() == ProduceAck(7)


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


class InterruptedWhenTold(Observer):
    """A signal handler raises while this is told of the first failure."""

    def __init__(self) -> None:
        self.told = 0

    def request_failed(self, node_id: int, api_key: int, cause: BaseException) -> None:
        self.told += 1
        if self.told == 1:
            raise KeyboardInterrupt


async def test_a_signal_handler_that_raises_while_requests_fail_keeps_no_error_back() -> None:
    observer = InterruptedWhenTold()
    stage = Stage(observer)
    futures = [stage.send() for _ in range(3)]
    with pytest.raises(KeyboardInterrupt):
        stage.connection.close()
    assert all(isinstance(future.exception(), KafkaConnectionError) for future in futures)
    assert observer.told == 3
    assert stage.closed


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


# -- states --------------------------------------------------------------------------------


def send_in_every_way(connection: Connection) -> list[KafkaError]:
    """Return the errors of writing requests in all ways there are."""
    settings = ProduceSettings("c", acks=-1, timeout_ms=1000)
    template = ProduceTemplate(VERSIONS, settings, topic="t", topic_id=ZERO_UUID, partition=0)
    unused: asyncio.Future[object] = asyncio.Future()
    ways = [
        lambda: connection.send(REQUEST, expires_at=60.0),
        lambda: connection.write(REQUEST, unused, expires_at=60.0),
        lambda: connection.write_batch(template, [b"batch"], unused, expires_at=60.0),
        lambda: connection.send_without_response(REQUEST),
    ]
    errors = []
    for way in ways:
        with pytest.raises(KafkaConnectionError) as caught:
            way()
        errors.append(caught.value)
    return errors


async def test_new_connection_refuses_requests() -> None:
    connection = make_connection()
    assert connection.state is ConnectionState.CONNECTING
    assert not connection.has_room
    assert "CONNECTING" in str(send_in_every_way(connection)[0])


async def test_connection_in_its_handshake_refuses_requests() -> None:
    connection = make_connection()
    connection.start_handshake(make_stream())
    assert repr(connection) == "<Connection node 0 API_VERSIONS in_flight=0>"
    assert not connection.has_room
    assert "API_VERSIONS" in str(send_in_every_way(connection)[0])


async def test_ready_connection_takes_requests_and_refuses_those_of_the_handshake() -> None:
    wire = Wire()
    connection = make_ready(make_connection(), wire)
    assert connection.has_room
    connection.send(REQUEST, expires_at=60.0)
    assert len(wire.written) == 1
    with pytest.raises(KafkaConnectionError, match="READY"):
        connection.exchange(ApiVersionsRequest(), 0, expires_at=60.0)


async def test_closed_connection_refuses_requests_with_the_reason() -> None:
    connection = make_ready(make_connection())
    connection.close(KafkaConnectionError("enough"))
    assert repr(connection) == "<Connection node 0 CLOSED in_flight=0>"
    assert not connection.has_room
    assert [error.args for error in send_in_every_way(connection)] == [("enough",)] * 4


async def test_connection_has_answered_once_a_request_after_the_handshake_was() -> None:
    connection, stream = make_connection(), make_stream()
    connection.start_handshake(stream)
    connection.exchange(ApiVersionsRequest(), 4, expires_at=60.0)
    connection.on_frame(b"\0\0\0\0")
    connection.finish_handshake(VERSIONS)
    assert not connection.has_answered
    connection.send(REQUEST, expires_at=60.0)
    connection.on_frame(frame_of(MetadataResponse(), 12, correlation_id=1))
    assert connection.has_answered


async def test_end_of_the_stream_in_the_handshake_leaves_the_choice_to_the_handshake() -> None:
    connection, stream = make_connection(), make_stream()
    connection.start_handshake(stream)
    answer = connection.exchange(ApiVersionsRequest(), 4, expires_at=60.0)
    stream.connection_lost(None)
    assert "the broker closed the connection" in str(answer.exception())
    assert connection.state is ConnectionState.API_VERSIONS
    with pytest.raises(KafkaConnectionError, match="the broker closed the connection"):
        connection.exchange(ApiVersionsRequest(), 0, expires_at=60.0)


async def test_handshake_goes_on_with_another_stream() -> None:
    connection, first, second = make_connection(), make_stream(), Wire()
    connection.start_handshake(first)
    late = connection.exchange(ApiVersionsRequest(), 4, expires_at=60.0)
    connection.drop_stream()
    assert first.is_closed
    assert late.done()
    assert (connection.state, connection.error) == (ConnectionState.CONNECTING, None)
    make_ready(connection, second)
    answer = connection.send(REQUEST, expires_at=60.0)
    connection.on_frame(frame_of(MetadataResponse(), 12, correlation_id=1))
    assert answer.done()
    assert len(second.written) == 1


async def test_request_on_a_second_stream_expires_in_time() -> None:
    connection = make_connection()
    connection.start_handshake(make_stream())
    connection.exchange(ApiVersionsRequest(), 4, expires_at=1.0)
    connection.drop_stream()
    connection.start_handshake(make_stream())
    answer = connection.exchange(ApiVersionsRequest(), 0, expires_at=5.0)
    with pytest.raises(RequestTimedOutError, match=r"ApiVersions v0 after 5\.0 s"):
        await answer


async def test_stream_that_ends_with_the_last_response_of_the_handshake_closes_at_once() -> None:
    connection, stream = make_connection(), make_stream()
    connection.start_handshake(stream)
    stream.connection_lost(None)
    connection.finish_handshake(VERSIONS)
    assert connection.state is ConnectionState.CLOSED
    assert "the broker closed the connection" in str(connection.error)


@pytest.mark.parametrize("started", [False, True])
async def test_connection_can_be_closed_before_it_is_ready(started: bool) -> None:
    connection, stream = make_connection(), make_stream()
    if started:
        connection.start_handshake(stream)
    connection.close()
    connection.close()
    assert connection.state is ConnectionState.CLOSED
    assert isinstance(connection.error, ClientClosedError)
    assert stream.is_closed is started


async def test_end_of_a_ready_connection_is_reported_once() -> None:
    stage = Stage(Observer())
    stage.connection.close()
    stage.connection.close()
    assert len(stage.closed) == 1


# -- waiting -------------------------------------------------------------------------------


async def test_full_connection_has_room_after_the_next_response() -> None:
    connection = make_ready(make_connection(max_in_flight=2))
    for _ in range(2):
        connection.send(REQUEST, expires_at=60.0)
    waiting = asyncio.create_task(connection.room())
    await asyncio.sleep(1)
    assert not waiting.done()
    connection.on_frame(frame_of(MetadataResponse(), 12))
    await waiting
    assert connection.has_room


async def test_wait_for_room_ends_when_the_handshake_does() -> None:
    connection = make_connection()
    waiting = asyncio.create_task(connection.room())
    await asyncio.sleep(1)
    make_ready(connection)
    await waiting


@pytest.mark.parametrize("max_in_flight", [1, 2])
async def test_wait_for_room_ends_with_the_connection(max_in_flight: int) -> None:
    connection = make_ready(make_connection(max_in_flight=max_in_flight))
    unanswered = [connection.send(REQUEST, expires_at=60.0) for _ in range(max_in_flight)]
    waiting = [asyncio.create_task(connection.room()) for _ in range(2)]
    await asyncio.sleep(1)
    connection.close(KafkaConnectionError("gone"))
    results = await asyncio.gather(*waiting, *unanswered, return_exceptions=True)
    assert all(isinstance(result, KafkaConnectionError) for result in results)


async def test_written_bytes_are_waited_for_until_the_peer_takes_them() -> None:
    connection, stream = make_connection(), make_stream()
    connection.start_handshake(stream)
    connection.finish_handshake(VERSIONS)
    await connection.drained()
    stream.pause_writing()
    waiting = asyncio.create_task(connection.drained())
    await asyncio.sleep(1)
    assert not waiting.done()
    stream.resume_writing()
    await waiting


async def test_wait_for_the_peer_ends_with_the_connection() -> None:
    connection, stream = make_connection(), make_stream()
    connection.start_handshake(stream)
    connection.finish_handshake(VERSIONS)
    stream.pause_writing()
    waiting = asyncio.create_task(connection.drained())
    await asyncio.sleep(1)
    stream.connection_lost(None)
    with pytest.raises(KafkaConnectionError, match="the broker closed the connection"):
        await waiting


# -- time and trouble ----------------------------------------------------------------------


async def test_unused_connection_is_closed_after_the_idle_time() -> None:
    connection = make_ready(make_connection())
    await asyncio.sleep(59)
    assert connection.state is ConnectionState.READY
    await asyncio.sleep(2)
    assert isinstance(connection.error, ClientClosedError)


async def test_response_to_no_request_ends_the_connection() -> None:
    stage = Stage(Observer())
    stage.answer(MetadataResponse(), 12)
    assert isinstance(stage.closed[0], CorrelationIdError)
    assert "node 0" in str(stage.closed[0])


async def test_throttle_time_is_reported_before_the_response_is_handed_over() -> None:
    stage = Stage(Observer())
    future = stage.send()
    done: list[tuple[float, bool]] = []
    stage.connection.on_throttle = lambda seconds: done.append((seconds, future.done()))
    stage.answer(MetadataResponse(throttle_time_ms=500), 12)
    assert done == [(0.5, False)]
    assert future.done()


class OwnRequest:
    """A request that its sender has encoded."""

    api_key = 99
    name = "Own v1"

    def frame(self, correlation_id: int, client_id: str | None) -> list[bytes]:
        return [f"{correlation_id} {client_id} ".encode(), b"body"]


class Counting(Observer):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def request_completed(
        self, node_id: int, api_key: int, latency: float, sent: int, received: int
    ) -> None:
        self.seen.append(("completed", api_key))

    def request_failed(self, node_id: int, api_key: int, cause: BaseException) -> None:
        self.seen.append(("failed", api_key))


async def test_an_encoded_request_is_written_and_its_answer_not_decoded() -> None:
    observer, wire = Counting(), Wire()
    connection = make_ready(make_connection(observer=observer), wire)
    answered: asyncio.Future[bytes] = asyncio.Future()
    unanswered: asyncio.Future[bytes] = asyncio.Future()
    connection.write_encoded(OwnRequest(), answered, expires_at=60.0)
    connection.write_encoded(OwnRequest(), unanswered, expires_at=60.0)
    connection.on_frame(b"\0\0\0\0anything")
    assert b"".join(wire.written) == b"0 c body1 c body"
    assert answered.result() == b"\0\0\0\0anything"
    assert connection.has_answered
    connection.close()
    assert "Own v1 got no answer" in str(unanswered.exception())
    assert observer.seen == [("completed", 99), ("failed", 99)]
    with pytest.raises(KafkaConnectionError):
        connection.write_encoded(OwnRequest(), None, expires_at=60.0)


async def test_an_encoded_request_without_an_answer_leaves_room_for_others() -> None:
    connection = make_ready(make_connection())
    connection.write_encoded(OwnRequest(), None, expires_at=60.0)
    assert connection.in_flight == 0
