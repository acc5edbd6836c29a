"""The way of a connection from the first packet to READY, over streams in memory."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from kafka.config import NetworkConfig
from kafka.errors import KafkaConnectionError
from kafka.net.connection_state import ConnectionState
from kafka.net.connector import Connector
from kafka.net.diagnosis import Stage, StageError
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.node_states import Address
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from test.support.connections import frame_of, make_runtime
from test.support.network import in_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.net.connection import Connection

    Answer = Callable[[int, int, int], bytes | None]

LISTS = ApiVersionsResponse(
    api_keys=[
        ApiVersionsResponse.ApiVersion(api_key=api, max_version=4)
        for api in (ApiVersionsRequest.API_KEY, MetadataRequest.API_KEY)
    ]
)


class Broker(asyncio.Protocol):
    """Answers what *answer* returns for API key, version and correlation id; hangs up on None.

    Each request comes in one piece: the network of the virtual loop tears none apart.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._transports: list[asyncio.Transport] = []
        self.asked: list[tuple[int, int]] = []
        self.ended = 0

    @property
    def streams(self) -> int:
        return len(self._transports)

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transports.append(transport)

    def data_received(self, data: bytes) -> None:
        api_key, version = (int.from_bytes(data[n : n + 2], "big") for n in (4, 6))
        self.asked.append((api_key, version))
        frame = self._answer(api_key, version, int.from_bytes(data[8:12], "big"))
        if frame is None:
            self._transports[-1].close()
        else:
            self._transports[-1].write(len(frame).to_bytes(4, "big") + frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended += 1


def modern(api_key: int, version: int, correlation_id: int) -> bytes | None:
    """Answer ApiVersions."""
    assert api_key == ApiVersionsRequest.API_KEY
    return frame_of(LISTS, version, correlation_id)


class Restarting:
    """Hangs up on the first request, as an old broker does, and answers all others."""

    def __init__(self) -> None:
        self._hung_up = False

    def __call__(self, api_key: int, version: int, correlation_id: int) -> bytes | None:
        if not self._hung_up:
            self._hung_up = True
            return None
        if api_key == MetadataRequest.API_KEY:
            return frame_of(MetadataResponse(), version, correlation_id)
        return frame_of(LISTS, version, correlation_id)


async def endpoint_of(broker: Broker) -> Endpoint:
    """Start *broker*; return where it listens."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: broker, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return Endpoint("kafka", port, Address("127.0.0.1", port))


def make_connector(**options: object) -> Connector:
    config = NetworkConfig.from_kwargs({"bootstrap_servers": "kafka", **options})
    return Connector(config, make_runtime())


async def connect(connector: Connector, endpoint: Endpoint, channel: str = MAIN) -> Connection:
    return await connector.open(1, endpoint, in_seconds(10), channel=channel)


async def test_opened_connection_is_ready_and_knows_what_the_broker_speaks() -> None:
    broker = Broker(modern)
    connector = make_connector()
    connection = await connect(connector, await endpoint_of(broker))
    assert connection.state is ConnectionState.READY
    assert connection.has_room
    assert connection.versions is connector.versions_seen[1]
    assert connection.versions.supports(MetadataRequest, 4)
    assert broker.asked == [(ApiVersionsRequest.API_KEY, ApiVersionsRequest.VERSIONS.max)]


async def test_connection_tells_its_channel_in_messages() -> None:
    endpoint = await endpoint_of(Broker(modern))
    connector = make_connector()
    main, join = [await connect(connector, endpoint, name) for name in (MAIN, "join")]
    assert (main.where, join.where) == (f"node 1 {endpoint}", f"node 1 {endpoint} [join]")


async def test_handshake_that_was_hung_up_on_goes_on_over_a_new_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "kafka.conn")
    broker = Broker(Restarting())
    connection = await connect(make_connector(), await endpoint_of(broker))
    assert connection.state is ConnectionState.READY
    assert connection.error is None
    assert broker.streams == 2
    assert [text for text in caplog.messages if "connecting" in text] == [
        f"{connection.where}: connecting"
    ] * 2


async def test_given_version_asks_the_broker_nothing() -> None:
    broker = Broker(modern)
    connection = await connect(make_connector(api_version=(0, 10)), await endpoint_of(broker))
    assert connection.state is ConnectionState.READY
    assert broker.asked == []


async def test_refused_connection_fails_at_the_tcp_stage() -> None:
    endpoint = Endpoint("kafka", 1, Address("127.0.0.1", 1))
    with pytest.raises(StageError, match="node 1 kafka:1") as caught:
        await connect(make_connector(), endpoint)
    assert caught.value.stage is Stage.TCP


class Silent(Broker):
    """Takes requests and never answers."""

    def data_received(self, data: bytes) -> None:
        pass


async def test_silent_broker_fails_the_handshake_at_the_deadline() -> None:
    endpoint = await endpoint_of(Silent(modern))
    with pytest.raises(StageError, match=r"no answer to ApiVersions v\d after 10\.0 s") as caught:
        await connect(make_connector(), endpoint)
    assert caught.value.stage is Stage.API_VERSIONS


async def test_peer_that_always_hangs_up_is_guessed_at() -> None:
    def hang_up(api_key: int, version: int, correlation_id: int) -> None:
        return None

    broker = Broker(hang_up)
    endpoint = await endpoint_of(broker)
    with pytest.raises(StageError, match="the peer hangs up on Kafka requests") as caught:
        await connect(make_connector(), endpoint)
    assert caught.value.stage is Stage.API_VERSIONS
    assert broker.streams == broker.ended == 2


async def test_cancelled_attempt_ends_its_stream() -> None:
    broker = Silent(modern)
    attempt = asyncio.create_task(connect(make_connector(), await endpoint_of(broker)))
    await asyncio.sleep(0.5)
    assert (broker.streams, broker.ended) == (1, 0)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    await asyncio.sleep(0.5)
    assert broker.ended == 1


class Leaving(Broker):
    """Hangs up right after each answer."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._transports[-1].close()


async def test_connection_lost_in_the_step_that_makes_it_ready_is_closed() -> None:
    connection = await connect(make_connector(), await endpoint_of(Leaving(modern)))
    await asyncio.sleep(1)
    assert connection.state is ConnectionState.CLOSED
    assert isinstance(connection.error, KafkaConnectionError)


async def test_given_version_is_doubted_once_of_each_node(caplog: pytest.LogCaptureFixture) -> None:
    connector = make_connector(api_version=(0, 10))
    for node in (1, 1, 2):
        connector.on_lost_unanswered(node)
    assert [text.partition(" hangs up")[0] for text in caplog.messages] == ["node 1", "node 2"]


async def test_versions_that_the_broker_named_are_not_doubted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_connector().on_lost_unanswered(1)
    assert caplog.messages == []
