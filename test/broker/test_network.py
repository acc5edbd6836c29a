"""Stories of one connection and its requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka._base.observer import Observer
from kafka.errors import (
    CorrelationIdError,
    InvalidReceiveError,
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    RequestTimedOutError,
    UnsupportedVersionError,
)
from kafka.net.network_client import NetworkClient
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import (
    Action,
    Delay,
    Disconnect,
    DropResponse,
    Garbage,
    HalfFrame,
    Throttle,
    WrongCorrelationId,
)
from test.support.network import connected, connection_to, in_seconds
from test.support.stage import asked, cluster_of, inject_each, port_of
from test.support.virtual_loop import VirtualLoop, run

if TYPE_CHECKING:
    from kafka.testing.broker.api_ranges import Ranges


@asynccontextmanager
async def cluster_and_client(
    *, nodes: int = 1, api_versions: Ranges | None = None, **options: object
) -> AsyncIterator[tuple[EmbeddedCluster, NetworkClient]]:
    """Start a cluster, and a network client with *options*."""
    async with (
        cluster_of(nodes, api_versions=api_versions) as cluster,
        connected(cluster.bootstrap_servers, **options) as client,
    ):
        yield cluster, client


def ask(client: NetworkClient, timeout: float | None = None) -> Coroutine[None, None, object]:
    return client.send(ListOffsetsRequest(), 0, timeout=timeout)


async def test_request_to_a_connected_node_is_written_before_send_suspends() -> None:
    async with cluster_and_client() as (_, client):
        await ask(client)
        sending = ask(client)
        sending.send(None)
        assert connection_to(client).in_flight == 1
        sending.close()


async def test_named_channel_is_a_connection_of_its_own() -> None:
    async with cluster_and_client() as (cluster, client):
        await ask(client)
        assert not client.is_connected(0, channel="group")
        assert client.api_versions(0, channel="group") is None
        cluster.inject(ListOffsetsRequest, Delay(10))
        slow = asyncio.ensure_future(ask(client))
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        start = loop.time()
        await client.send(ListOffsetsRequest(), 0, channel="group")
        assert loop.time() - start < 0.1
        assert await client.versions_of(0, channel="group") is client.api_versions(
            0, channel="group"
        )
        assert client.is_connected(0, channel="group")
        assert client.idle_connection(0, loop.time(), "group") is not connection_to(client)
        await slow


async def test_requests_are_pipelined_and_answered_in_order() -> None:
    async with cluster_and_client() as (cluster, client):
        names = [str(number) for number in range(20)]
        requests = [
            ListOffsetsRequest(topics=[ListOffsetsRequest.ListOffsetsTopic(name=name)])
            for name in names
        ]
        responses = await asyncio.gather(*(client.send(r, 0) for r in requests))
        assert [r.topics[0].name for r in responses] == names
        assert [r.topics[0].name for r in asked(cluster, ListOffsetsRequest)] == names


async def test_no_more_requests_are_in_flight_than_allowed() -> None:
    seen: list[int] = []

    async with cluster_and_client(max_in_flight_requests_per_connection=2) as (cluster, client):
        await ask(client)
        connection = connection_to(client)

        def note(_: object) -> bool:
            seen.append(connection.in_flight)
            return True

        cluster.inject(ListOffsetsRequest, Delay(1.0), times=None, when=note)
        await asyncio.gather(*(ask(client) for _ in range(7)))
    assert max(seen) == 2


async def test_unanswered_request_times_out_and_fails_the_others_in_flight() -> None:
    async with cluster_and_client() as (cluster, client):
        await ask(client)
        cluster.inject(ListOffsetsRequest, DropResponse(), times=2)
        loop = asyncio.get_running_loop()
        start = loop.time()
        first, second = await asyncio.gather(
            ask(client, timeout=3), ask(client, timeout=9), return_exceptions=True
        )
        assert loop.time() - start == pytest.approx(3, abs=0.01)
        assert isinstance(first, RequestTimedOutError)
        assert "ListOffsets v" in str(first)
        assert isinstance(second, KafkaConnectionError)
        assert not client.is_connected(0)


async def test_later_request_with_a_shorter_time_out_expires_first() -> None:
    async with cluster_and_client() as (cluster, client):
        await ask(client)
        cluster.inject(ListOffsetsRequest, DropResponse(), times=2)
        results = await asyncio.gather(
            ask(client, timeout=9), ask(client, timeout=3), return_exceptions=True
        )
        assert isinstance(results[1], RequestTimedOutError)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Disconnect(), KafkaConnectionError),
        (HalfFrame(), KafkaConnectionError),
        (Garbage(b"\x7f\xff\xff\xff"), KafkaConnectionError),
        (Garbage(b"\xff\xff\xff\xff"), KafkaConnectionError),
        (Garbage(b"\0\0\0\0"), KafkaConnectionError),
        (Garbage(b"\0\0\0\x05\0\0\0\x02\x09"), KafkaProtocolError),
        (WrongCorrelationId(), KafkaConnectionError),
    ],
)
async def test_broken_answer_ends_the_connection_and_the_next_request_succeeds(
    fault: Action, error: type[KafkaError]
) -> None:
    async with cluster_and_client() as (cluster, client):
        await ask(client)
        cluster.inject(ListOffsetsRequest, fault)
        with pytest.raises(error):
            await ask(client)
        assert not client.is_connected(0)
        await ask(client)
        assert cluster.accepted(0) == 3  # bootstrap, first, second


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Garbage(b"\x7f\xff\xff\xff"), InvalidReceiveError),
        (Garbage(b"\xff\xff\xff\xff"), InvalidReceiveError),
        (WrongCorrelationId(), CorrelationIdError),
    ],
)
async def test_reason_of_a_broken_stream_is_the_cause(
    fault: Action, cause: type[KafkaError]
) -> None:
    async with cluster_and_client() as (cluster, client):
        cluster.inject(ListOffsetsRequest, fault)
        with pytest.raises(KafkaConnectionError) as caught:
            await ask(client)
        assert isinstance(caught.value.__cause__, cause)


async def test_trouble_with_one_broker_does_not_touch_the_other() -> None:
    async with cluster_and_client(nodes=2) as (cluster, client):
        await client.send(ListOffsetsRequest(), 1)
        cluster.inject(ListOffsetsRequest, Garbage(b"\x7f\xff\xff\xff"), node_id=0)
        with pytest.raises(KafkaConnectionError):
            await ask(client)
        assert client.is_connected(1)


async def test_api_the_broker_does_not_have_is_named() -> None:
    async with cluster_and_client(api_versions={ListGroupsRequest: None}) as (_, client):
        with pytest.raises(UnsupportedVersionError, match="ListGroups"):
            await client.send(ListGroupsRequest(), 0)
        assert client.is_connected(0)


async def test_throttled_broker_is_left_alone_for_the_announced_time() -> None:
    async with cluster_and_client() as (cluster, client):
        cluster.inject(ListOffsetsRequest, Throttle(2000))
        await ask(client)
        loop = asyncio.get_running_loop()
        start = loop.time()
        assert client.ready_in(0, start) == pytest.approx(2.0, abs=0.01)
        await ask(client, timeout=1)  # time spent throttled does not count
        assert loop.time() - start == pytest.approx(2.0, abs=0.01)


async def test_idle_connection_is_closed_and_made_again_when_needed() -> None:
    async with cluster_and_client(
        connections_max_idle_ms=70_000, metadata_max_age_ms=3_600_000
    ) as (_, client):
        await ask(client)
        await asyncio.sleep(71)
        assert not client.is_connected(0)
        await ask(client)
        assert client.is_connected(0)


async def test_connection_with_a_request_in_flight_is_not_idle() -> None:
    async with cluster_and_client(
        connections_max_idle_ms=70_000, metadata_max_age_ms=3_600_000
    ) as (cluster, client):
        cluster.inject(ListOffsetsRequest, Delay(100))
        await ask(client, timeout=200)


async def test_unreachable_node_fails_the_request_and_backs_off() -> None:
    async with cluster_and_client() as (cluster, client):
        cluster.kill(0)
        with pytest.raises(KafkaConnectionError, match=r"node 0 127\.0\.0\.1:\d+"):
            await ask(client)
        assert client.ready_in(0, asyncio.get_running_loop().time()) > 0


async def test_request_waits_out_the_back_off_and_finds_the_broker_back() -> None:
    async with cluster_and_client() as (cluster, client):
        cluster.kill(0)
        with pytest.raises(KafkaConnectionError):
            await ask(client)
        await cluster.control.revive(0)
        await ask(client)


async def test_cancelled_request_leaves_the_connection_usable() -> None:
    async with cluster_and_client() as (cluster, client):
        await ask(client)
        cluster.inject(ListOffsetsRequest, Delay(1))
        task = asyncio.ensure_future(ask(client))
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait({task})
        await ask(client)
        assert cluster.accepted(0) == 2


async def test_send_any_asks_another_node_when_one_is_down() -> None:
    async with cluster_and_client(nodes=2) as (cluster, client):
        cluster.kill(0)
        response = await client.send_any(ListOffsetsRequest(), deadline=in_seconds(30))
        assert response.topics == []


async def test_broker_that_knows_only_an_older_api_versions_is_asked_again_in_its_version() -> None:
    async with cluster_and_client(api_versions={ApiVersionsRequest: (0, 2)}) as (cluster, client):
        await ask(client)
        assert {seen.api_version for seen in cluster.requests(ApiVersionsRequest)} == {2}


class Facts(Observer):
    """Write down what happens."""

    def __init__(self) -> None:
        self.facts: list[tuple[object, ...]] = []

    def connection_opened(self, node_id: int) -> None:
        self.facts.append(("opened", node_id))

    def connection_closed(self, node_id: int, cause: BaseException | None) -> None:
        self.facts.append(("closed", node_id, type(cause)))

    def throttled(self, node_id: int, api_key: int, seconds: float) -> None:
        self.facts.append(("throttled", node_id, api_key, seconds))


async def test_observer_hears_of_connections() -> None:
    facts = Facts()

    async with cluster_and_client(observer=facts) as (cluster, client):
        inject_each(cluster, ListOffsetsRequest, Throttle(10), Disconnect())
        await ask(client)
        with pytest.raises(KafkaConnectionError):
            await ask(client)
    assert facts.facts == [
        ("opened", 0),
        ("throttled", 0, 2, 0.01),
        ("closed", 0, KafkaConnectionError),
    ]


async def test_ten_minutes_without_brokers_are_at_most_thirty_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="kafka")

    async with cluster_and_client() as (cluster, client):
        client.metadata.want_topics(["orders"])
        await ask(client)
        caplog.clear()
        cluster.kill(0)
        client.metadata.request_update()
        await asyncio.sleep(600)
        assert 0 < len(caplog.records) <= 30
        await cluster.control.revive(0)
        await client.send_any(ListOffsetsRequest(), deadline=in_seconds(60))
        assert client.is_connected(0)


def test_clean_life_logs_nothing_at_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def life() -> None:
        async with cluster_and_client() as (cluster, client):
            cluster.create_topic("orders")
            await client.metadata.topic("orders", in_seconds(5))
            await asyncio.sleep(700)
            await client.send_any(MetadataRequest(topics=[]), deadline=in_seconds(5))

    run(life())
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_request_without_a_response_is_sent_and_leaves_nothing_in_flight() -> None:
    async with cluster_and_client() as (cluster, client):
        cluster.create_topic("orders")
        await ask(client)
        connection = connection_to(client)
        connection.send_without_response(ProduceRequest(acks=0))
        connection.send_without_response(ProduceRequest(acks=0))
        await client.drained(connection, in_seconds(5), ProduceRequest.NAME)
        assert connection.in_flight == 0
        await ask(client)
        assert cluster.count(ProduceRequest) == 2


async def test_process_that_was_stopped_for_an_hour_does_not_use_its_old_connection() -> None:
    async with cluster_and_client() as (cluster, client):
        await ask(client)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.advance(3600)
        await ask(client)
        assert cluster.accepted(0) == 3


async def test_name_with_a_dead_address_leads_to_the_live_one() -> None:
    async with cluster_and_client() as (cluster, client):
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.hosts["kafka"] = ["10.0.0.9", "127.0.0.1"]
        cluster.advertise(0, "kafka", port_of(cluster))
        version = client.snapshot.version
        client.metadata.request_update()
        await client.metadata.wait_for_update(version, in_seconds(5))
        with pytest.raises(KafkaConnectionError, match=r"10\.0\.0\.9"):
            await ask(client)
        await ask(client)
        assert client.is_connected(0)


async def test_broker_that_hangs_up_after_every_handshake_is_not_dialled_in_a_circle() -> None:
    async with cluster_and_client() as (cluster, client):
        cluster.inject(ListOffsetsRequest, Disconnect(), times=1000)
        loop = asyncio.get_running_loop()
        until = loop.time() + 600
        while loop.time() < until:
            with pytest.raises((KafkaConnectionError, RequestTimedOutError)):
                await ask(client)
        assert cluster.accepted(0) < 40
