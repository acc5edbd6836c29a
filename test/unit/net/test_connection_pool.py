"""The connections of a client by node and channel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import NEVER, Deadline
from kafka._base.observer import Observer
from kafka.errors import IllegalStateError, KafkaConnectionError, KafkaError, RequestTimedOutError
from kafka.net.connection_pool import ConnectionPool
from kafka.net.connection_state import ConnectionState
from kafka.net.diagnosis import Stage, StageError
from kafka.net.endpoint import ConnectionKey, main_key
from kafka.net.node_states import Address, NodeStates
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.structs import BrokerMetadata
from test.support.connections import frame_of, make_connection, make_ready, make_runtime
from test.support.network import in_seconds, middle

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from kafka._base.runtime import Runtime
    from kafka.net.connection import Connection
    from kafka.net.endpoint import Endpoint

MAIN, JOIN = main_key(0), ConnectionKey(0, "join")
REQUEST = MetadataRequest(topics=[])
STEADY = ExponentialBackoff(10.0, 10.0)


class Addresses:
    """A resolver that knows one address."""

    async def resolve(self, host: str, port: int) -> list[Address]:
        return [Address("10.0.0.1", port)]


class Connections:
    """A connector: each attempt takes a second and then the next of the scripted outcomes."""

    def __init__(self) -> None:
        self.errors: list[KafkaError | None] = []
        self.asked: list[tuple[int, Endpoint, str]] = []
        self.opened: list[Connection] = []
        self.unanswered: list[int] = []

    def on_lost_unanswered(self, node_id: int) -> None:
        self.unanswered.append(node_id)

    async def open(
        self, node_id: int, endpoint: Endpoint, deadline: Deadline, *, channel: str
    ) -> Connection:
        self.asked.append((node_id, endpoint, channel))
        await asyncio.sleep(1)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        connection = make_ready(make_connection(max_in_flight=1))
        self.opened.append(connection)
        return connection


class Opened(Observer):
    """Notes the connections that come and go."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def connection_opened(self, node_id: int) -> None:
        self.seen.append(f"opened {node_id}")

    def connection_closed(self, node_id: int, cause: BaseException | None) -> None:
        self.seen.append(f"closed {node_id}: {cause}")


class Scene:
    """A pool of connections to one broker."""

    def __init__(
        self,
        runtime: Runtime | None = None,
        *,
        reconnect: ExponentialBackoff = STEADY,
    ) -> None:
        self.connector = Connections()
        self.observer = Opened()
        self.brokers = {0: BrokerMetadata(0, "kafka", 9092, None)}
        self.pool = ConnectionPool(
            NodeStates(
                reconnect=reconnect,
                setup=ExponentialBackoff(30.0, 30.0),
                uniform=middle,
            ),
            connector=self.connector,
            resolver=Addresses(),
            runtime=runtime or make_runtime(observer=self.observer),
            broker=self.brokers.get,
            nodes=lambda: self.brokers,
        )

    async def connection(self, key: ConnectionKey = MAIN) -> Connection:
        """Return the connection of *key* once it has room."""
        return await self.pool.submit(key, NEVER, lambda connection, _: connection)

    def now(self) -> float:
        return asyncio.get_running_loop().time()


async def test_connection_is_opened_once_for_all_who_want_it() -> None:
    stage = Scene()
    found = await asyncio.gather(*(stage.connection() for _ in range(3)))
    assert len(set(found)) == 1
    [(node_id, endpoint, channel)] = stage.connector.asked
    assert (node_id, str(endpoint), channel) == (0, "kafka:9092 (10.0.0.1:9092)", "main")
    assert stage.observer.seen == ["opened 0"]
    assert stage.pool.find(MAIN) is found[0]


async def test_each_channel_has_a_connection_of_its_own() -> None:
    stage = Scene()
    main, join = await asyncio.gather(stage.connection(MAIN), stage.connection(JOIN))
    assert main is not join
    assert [channel for *_, channel in stage.connector.asked] == ["main", "join"]
    assert set(stage.pool.connections()) == {main, join}


async def test_full_channel_holds_up_no_other() -> None:
    stage = Scene()
    main, join = await stage.connection(MAIN), await stage.connection(JOIN)
    main.send(REQUEST, expires_at=1000.0)
    assert stage.pool.idle_connection(MAIN, stage.now()) is None
    assert stage.pool.idle_connection(JOIN, stage.now()) is join


async def test_throttled_channel_holds_up_no_other() -> None:
    stage = Scene()
    main, join = await stage.connection(MAIN), await stage.connection(JOIN)
    main.send(REQUEST, expires_at=1000.0)
    main.on_frame(frame_of(MetadataResponse(throttle_time_ms=5000), 12))
    assert main.has_room
    assert stage.pool.idle_connection(MAIN, stage.now()) is None
    assert stage.pool.idle_connection(JOIN, stage.now()) is join
    began = stage.now()
    assert await stage.connection(MAIN) is main
    assert stage.now() - began == pytest.approx(5.0)


async def test_unused_channel_is_closed_while_the_other_goes_on() -> None:
    stage = Scene()
    main, join = await stage.connection(MAIN), await stage.connection(JOIN)
    for number in range(4):
        await asyncio.sleep(30)
        main.send(REQUEST, expires_at=1000.0)
        main.on_frame(frame_of(MetadataResponse(), 12, correlation_id=number))
    assert main.state is ConnectionState.READY
    assert join.state is ConnectionState.CLOSED
    assert stage.pool.find(JOIN) is None
    assert stage.observer.seen[2:] == ["closed 0: None"]


async def test_requests_are_written_in_the_order_in_which_they_came() -> None:
    stage = Scene()
    written: list[int] = []

    def write(number: int, connection: Connection) -> None:
        written.append(number)
        connection.send(REQUEST, expires_at=1000.0)

    requests = [
        asyncio.create_task(
            stage.pool.submit(MAIN, NEVER, lambda found, _, number=number: write(number, found))
        )
        for number in range(3)
    ]
    await asyncio.sleep(2)
    assert written == [0]
    for number in range(3):
        stage.connector.opened[0].on_frame(frame_of(MetadataResponse(), 12, number))
        await asyncio.sleep(1)
    await asyncio.gather(*requests)
    assert written == [0, 1, 2]


async def test_connection_is_not_idle_for_one_who_comes_while_others_wait() -> None:
    stage = Scene()
    connection = await stage.connection()
    connection.send(REQUEST, expires_at=1000.0)
    waiting = asyncio.create_task(stage.connection())
    await asyncio.sleep(1)
    connection.on_frame(frame_of(MetadataResponse(), 12))
    assert connection.has_room
    assert stage.pool.idle_connection(MAIN, stage.now()) is None
    await waiting
    assert stage.pool.idle_connection(MAIN, stage.now()) is connection


async def test_request_that_is_given_up_leaves_its_turn_to_the_next() -> None:
    stage = Scene()
    connection = await stage.connection()
    connection.send(REQUEST, expires_at=1000.0)
    impatient = stage.pool.submit(MAIN, in_seconds(3), lambda found, _: found)
    patient = asyncio.create_task(stage.connection())
    with pytest.raises(RequestTimedOutError, match="no connection free for the request in time"):
        await impatient
    connection.on_frame(frame_of(MetadataResponse(), 12))
    assert await patient is connection


async def test_failed_attempt_is_told_to_all_who_wait_for_it_and_the_next_backs_off() -> None:
    stage = Scene()
    stage.connector.errors = [StageError("node 0 kafka:9092: refused", Stage.TCP)]
    first = asyncio.create_task(stage.connection())
    with pytest.raises(KafkaConnectionError, match="refused"):
        await first
    began = stage.now()
    await stage.connection()
    assert stage.now() - began == pytest.approx(11.0)


async def test_failures_are_logged_once_for_all_channels_of_a_node(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Scene()
    stage.connector.errors = [StageError("refused"), StageError("refused")]
    attempts = (stage.connection(MAIN), stage.connection(JOIN))
    await asyncio.gather(*attempts, return_exceptions=True)
    assert caplog.messages.count("refused") == 1
    assert stage.pool.has_logged_trouble(0)
    await stage.connection(JOIN)
    assert not stage.pool.has_logged_trouble(0)
    assert "node 0: connected again" in caplog.messages


async def test_connection_that_broke_is_opened_again() -> None:
    stage = Scene()
    first = await stage.connection()
    first.close(KafkaConnectionError("reset"))
    assert stage.pool.find(MAIN) is None
    second = await stage.connection()
    assert second is not first
    assert stage.observer.seen == ["opened 0", "closed 0: KafkaConnectionError: reset", "opened 0"]
    assert stage.connector.unanswered == [0]


async def test_request_for_a_node_that_is_not_part_of_the_cluster_fails() -> None:
    stage = Scene()
    with pytest.raises(KafkaConnectionError, match="node 7 is not part of the cluster"):
        await stage.connection(main_key(7))


async def test_all_channels_to_a_broker_that_moved_are_closed() -> None:
    stage = Scene()
    connections = [await stage.connection(MAIN), await stage.connection(JOIN)]
    stage.pool.drop_unknown(stage.brokers.values())
    assert [found.state for found in connections] == [ConnectionState.READY] * 2
    stage.brokers[0] = BrokerMetadata(0, "kafka", 9093, None)
    stage.pool.drop_unknown(stage.brokers.values())
    assert [found.state for found in connections] == [ConnectionState.CLOSED] * 2
    await stage.connection(JOIN)
    assert stage.connector.asked[-1][1].port == 9093


async def test_broker_that_moved_while_it_was_backing_off_is_dialled_at_once() -> None:
    stage = Scene()
    stage.connector.errors = [StageError("refused", Stage.TCP)]
    await asyncio.gather(stage.connection(), return_exceptions=True)
    waiting = asyncio.create_task(stage.connection())
    await asyncio.sleep(2)
    stage.brokers[0] = BrokerMetadata(0, "kafka", 9093, None)
    began = stage.now()
    stage.pool.drop_unknown(stage.brokers.values())
    await waiting
    assert stage.now() - began == pytest.approx(1.0)
    assert stage.connector.asked[-1][1].port == 9093


async def test_broker_that_is_back_in_the_cluster_is_dialled_at_once() -> None:
    stage = Scene()
    stage.connector.errors = [StageError("refused", Stage.TCP)]
    await asyncio.gather(stage.connection(), return_exceptions=True)
    waiting = asyncio.create_task(stage.connection())
    await asyncio.sleep(2)
    stage.pool.drop_unknown([])
    await asyncio.sleep(2)
    began = stage.now()
    stage.pool.drop_unknown(stage.brokers.values())
    await waiting
    assert stage.now() - began == pytest.approx(1.0)


async def test_attempt_to_reach_a_broker_that_moved_does_not_count() -> None:
    stage = Scene()
    waiting = asyncio.create_task(stage.connection())
    await asyncio.sleep(0.5)
    stage.brokers[0] = BrokerMetadata(0, "kafka", 9093, None)
    stage.pool.drop_unknown(stage.brokers.values())
    await waiting
    assert stage.now() == pytest.approx(1.5)


async def test_connection_that_broke_after_an_answer_is_opened_again_soon() -> None:
    stage = Scene(reconnect=ExponentialBackoff(1.0, 60.0))
    stage.connector.errors = [StageError("refused", Stage.TCP)] * 4
    for _ in range(4):
        await asyncio.gather(stage.connection(), return_exceptions=True)
    connection = await stage.connection()
    connection.send(REQUEST, expires_at=1000.0)
    connection.on_frame(frame_of(MetadataResponse(), 12))
    connection.close(KafkaConnectionError("reset"))
    began = stage.now()
    await stage.connection()
    assert stage.now() - began == pytest.approx(2.0)
    assert stage.connector.unanswered == []


@pytest.mark.parametrize(("open_for", "unanswered"), [(0.1, [0]), (2.0, [])])
async def test_a_request_that_a_new_connection_ends_at_is_told(
    open_for: float, unanswered: list[int]
) -> None:
    stage = Scene()
    connection = await stage.connection()
    connection.send(REQUEST, expires_at=1000.0)
    connection.on_frame(frame_of(MetadataResponse(), 12))
    await asyncio.sleep(open_for)
    second = connection.send(REQUEST, expires_at=1000.0)
    connection.close(KafkaConnectionError("reset"))
    await asyncio.gather(second, return_exceptions=True)
    assert stage.connector.unanswered == unanswered


async def test_all_channels_are_closed_with_the_pool() -> None:
    stage = Scene()
    connections = [await stage.connection(MAIN), await stage.connection(JOIN)]
    stage.pool.close()
    assert [found.state for found in connections] == [ConnectionState.CLOSED] * 2
    assert stage.pool.connections() == []


async def test_attempt_cancelled_before_its_first_step_does_not_stop_the_loop() -> None:
    tasks: list[asyncio.Task[object]] = []

    def spawn_once(work: Coroutine[object, object, object], *, name: str) -> asyncio.Task[object]:
        if tasks:
            work.close()
            raise IllegalStateError("the client is closed")
        tasks.append(asyncio.get_running_loop().create_task(work, name=name))
        tasks[0].cancel()
        return tasks[0]

    stage = Scene(make_runtime()._replace(spawn=spawn_once))
    with pytest.raises(IllegalStateError, match="the client is closed"):
        await stage.connection()
