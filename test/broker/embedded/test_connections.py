"""Connections to the embedded cluster: order, hostile input, both faces."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka.protocol.headers import decode_correlation_id, encode_request
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client, fetch_request
from test.support.raw_client import RawClient
from test.support.virtual_loop import run


async def test_answers_keep_the_order_of_requests() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        slow = client.post(fetch_request("t", 0, max_wait_ms=5000), 12)
        fast = client.post(MetadataRequest(), 9)
        answers = [decode_correlation_id(await client.frame()) for _ in range(2)]
        assert answers == [slow, fast]


async def test_hundreds_of_requests_may_be_sent_ahead() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        sent = [client.post(MetadataRequest(), 9) for _ in range(500)]
        assert [decode_correlation_id(await client.frame()) for _ in sent] == sent


def frame(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        frame(b""),
        frame(b"\0\3"),
        frame(b"\0\3\0\1\0\0\0\1"),
        frame(b"\x7f\0\0\1\0\0\0\1\xff\xff"),
        frame(b"\0\3\0\x63\0\0\0\1\xff\xff"),
        frame(b"\0\3\0\1\0\0\0\1\x7f\xff"),
        frame(b"\0\3\0\1\0\0\0\1\0\1\xff\0\0\0\0"),
        frame(b"\0\3\0\1\0\0\0\1\xff\xff\x7f\xff\xff\xff"),
        frame(b"\0\3\0\x0c\0\0\0\1\xff\xff\xff\xff\xff\xff\xff"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_request_ends_its_connection_only(data: bytes) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        other = await RawClient.connect(cluster.bootstrap_servers[0])
        other.write(data)
        with pytest.raises(ConnectionError):
            await other.frame()
        await client.send(MetadataRequest(), 9)


async def test_what_follows_a_request_in_its_frame_is_ignored() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        client.write(frame(b"\0\3\0\1\0\0\0\1\xff\xff\0\0\0\0trailing"))
        assert decode_correlation_id(await client.frame()) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0, 1, 2, 3, *range(8, 17), 42, 47, 68, 69, 18, 19, 20, 21, 22, 23, 37, 60]),
    st.integers(0, 14),
    st.binary(max_size=200),
)
def test_random_requests_break_nothing(key: int, version: int, body: bytes) -> None:
    async def main() -> None:
        async with EmbeddedCluster(topics={"t": 1}) as cluster:
            client = await RawClient.connect(cluster.bootstrap_servers[0])
            client.write(frame(key.to_bytes(2) + version.to_bytes(2) + b"\0\0\0\1\xff\xff" + body))
            with contextlib.suppress(ConnectionError, TimeoutError):
                await client.frame(3_000_000.0)
            client.close()

    run(main())


def test_the_blocking_face_serves_over_tcp() -> None:
    with EmbeddedCluster(2, topics={"t": 1}) as cluster:
        host, _, port = cluster.bootstrap_servers[1].rpartition(":")
        request = encode_request(ApiVersionsRequest(), 0, correlation_id=9, client_id=None)
        with socket.create_connection((host, int(port)), 5.0) as client:
            client.sendall(b"".join(request))
            head = client.recv(8, socket.MSG_WAITALL)
        assert head[4:] == b"\0\0\0\x09"
        cluster.wait_until(lambda control: control.count(ApiVersionsRequest) == 1)


def test_the_blocking_face_kills_and_revives() -> None:
    with EmbeddedCluster(2) as cluster:
        host, _, port = cluster.bootstrap_servers[1].rpartition(":")
        cluster.kill(1)
        with pytest.raises(ConnectionError):
            socket.create_connection((host, int(port)), 5.0)
        cluster.revive(1)
        socket.create_connection((host, int(port)), 5.0).close()


def test_waiting_in_vain_on_the_blocking_face_times_out() -> None:
    with EmbeddedCluster() as cluster, pytest.raises(TimeoutError):
        cluster.wait_until(lambda control: control.count(FetchRequest) == 1, 0.01)


def test_nothing_runs_after_the_end() -> None:
    before = threading.active_count()
    with EmbeddedCluster() as cluster:
        address = cluster.bootstrap_servers[0]
    assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="not running"):
        _ = cluster.bootstrap_servers
    host, _, port = address.rpartition(":")
    with pytest.raises(ConnectionError):
        socket.create_connection((host, int(port)), 5.0)


@pytest.mark.virtual_time
async def test_a_waiting_connection_does_not_hold_up_the_end() -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        client = await RawClient.connect(cluster.bootstrap_servers[0])
        client.post(fetch_request("t", 0, max_wait_ms=3_600_000), 12)
        await cluster.until(lambda control: control.count(FetchRequest) == 1)
    assert asyncio.get_running_loop().time() < 1.0


def test_a_wrong_number_of_ports_is_refused() -> None:
    with pytest.raises(ValueError, match="ports"):
        EmbeddedCluster(2, ports=[0])


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.11, 1\.1"):
        EmbeddedCluster(version="9.9")


def test_a_broker_revived_twice_at_once_is_there() -> None:
    async def main() -> None:
        async with EmbeddedCluster() as cluster:
            cluster.kill(0)
            await asyncio.gather(cluster.control.revive(0), cluster.control.revive(0))
            client = await RawClient.connect(cluster.bootstrap_servers[0])
            assert (await client.send(MetadataRequest(), 12)).error_code == 0
            client.close()

    asyncio.run(main())
