"""Both clients and the embedded cluster on uvloop, whose transports are none of asyncio's."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kafka.aio import AsyncKafkaProducer
from kafka.errors import NoBrokersAvailable
from kafka.net.bulk import bulk_receiver
from kafka.testing import EmbeddedCluster
from test.broker.consumer_support import consumer, read, values
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.uvloop


def producer(cluster: EmbeddedCluster, **options: object) -> AsyncKafkaProducer:
    return AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options)


async def send_all(sender: AsyncKafkaProducer, records: Iterable[bytes]) -> None:
    sent = [await sender.send("t", record, partition=0) for record in records]
    await asyncio.gather(*sent)


async def test_records_go_out_and_come_in_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with producer(cluster) as sender, consumer(cluster, "t") as reader:
            await send_all(sender, [b"a", b"b"])
            assert values(await read(reader, 2)) == [b"a", b"b"]
    assert [found.message for found in caplog.records if found.levelname != "INFO"] == []


async def test_a_cluster_on_a_thread_of_its_own_serves_a_client_on_uvloop() -> None:
    with EmbeddedCluster(topics={"t": 1}) as cluster:
        async with producer(cluster) as sender:
            await send_all(sender, [b"a"])
        assert [record.value for record in cluster.records("t")] == [b"a"]


async def test_more_than_the_sockets_take_at_once_is_kept_in_order() -> None:
    large = [os.urandom(700_000) for _ in range(5)]
    sockets = {
        "send_buffer_bytes": 65_536,
        "receive_buffer_bytes": 65_536,
        "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    }
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with (
            producer(cluster, **sockets) as sender,
            consumer(cluster, "t", fetch_max_bytes=20_000_000, **sockets) as reader,
        ):
            await send_all(sender, large)
            assert values(await read(reader, len(large))) == large


async def test_killed_broker_comes_back_twice() -> None:
    async with cluster_of(2, config={"default.replication.factor": "2"}) as cluster:
        cluster.create_topic("t")
        async with producer(cluster) as sender, consumer(cluster, "t") as reader:
            for node in (0, 1, 0, 1):
                cluster.kill(node)
                await send_all(sender, [b"a", b"b"])
                assert values(await read(reader, 2)) == [b"a", b"b"]
                await cluster.control.revive(node)


async def test_only_broker_comes_back_while_records_wait() -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        async with producer(cluster) as sender, consumer(cluster, "t") as reader:
            await send_all(sender, [b"a"])
            cluster.kill(0)
            waiting = asyncio.create_task(send_all(sender, [b"b"]))
            await cluster.control.revive(0)
            await waiting
            assert values(await read(reader, 2)) == [b"a", b"b"]


async def test_server_that_refuses_is_named() -> None:
    async with cluster_of() as cluster:
        servers = cluster.bootstrap_servers
    sender = AsyncKafkaProducer(bootstrap_servers=servers, bootstrap_timeout_ms=100)
    with pytest.raises(NoBrokersAvailable, match=f"{servers[0]} .TCP.: Connection refused"):
        await sender.start()
    await sender.close()


async def test_nothing_waits_for_a_whole_frame_on_a_loop_of_others() -> None:
    async with cluster_of() as cluster:
        host, _, port = cluster.bootstrap_servers[0].rpartition(":")
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, host, int(port))
        assert bulk_receiver(transport) is None
        transport.abort()


BLOCKING = """
import uvloop
uvloop.install()
from kafka import KafkaProducer
from kafka.testing import EmbeddedCluster

with EmbeddedCluster(topics={"t": 1}) as cluster:
    with KafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
        producer.send("t", b"a").get(60)
    print([record.value for record in cluster.records("t")])
"""


def test_blocking_clients_work_where_uvloop_is_the_default() -> None:
    command = [sys.executable, "-W", "ignore", "-c", BLOCKING]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[b'a']\n", "")
