"""Stories of a network client on a loop thread, over TCP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka.cluster import ClusterSnapshot
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.net.network_client import NetworkClient
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.testing.broker.faults import DropResponse
from test.support.network import connected, in_seconds, make_client
from test.support.stage import cluster_of


@contextmanager
def client_on_a_thread(servers: list[str]) -> Iterator[tuple[EventLoopThread, NetworkClient]]:
    thread = EventLoopThread("kafka-story-io")
    thread.start()

    async def start() -> NetworkClient:
        client = make_client(servers)
        await client.start(in_seconds(5))
        return client

    client = thread.call(start(), 10)
    try:
        yield thread, client
    finally:
        thread.call(client.close(), 5)
        thread.stop()


def test_request_goes_over_tcp_from_another_thread() -> None:
    with (
        cluster_of() as cluster,
        client_on_a_thread(cluster.bootstrap_servers) as (thread, client),
    ):
        thread.call(client.send(ListOffsetsRequest(), 0), 5)
        assert cluster.count(ListOffsetsRequest) == 1


def test_fork_leaves_the_connections_of_the_parent_alone() -> None:
    with (
        cluster_of() as cluster,
        client_on_a_thread(cluster.bootstrap_servers) as (thread, client),
    ):
        thread.call(client.send(ListOffsetsRequest(), 0), 5)
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        thread.call(client.send(ListOffsetsRequest(), 0), 5)
        assert cluster.accepted(0) == 2


def test_forked_child_may_have_a_client_of_its_own() -> None:
    with (
        cluster_of() as cluster,
        client_on_a_thread(cluster.bootstrap_servers) as (thread, client),
    ):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                with client_on_a_thread(cluster.bootstrap_servers) as (own, fresh):
                    own.call(fresh.send(ListOffsetsRequest(), 0), 5)
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        thread.call(client.send(ListOffsetsRequest(), 0), 5)


def test_call_that_takes_too_long_leaves_the_client_usable() -> None:
    with (
        cluster_of() as cluster,
        client_on_a_thread(cluster.bootstrap_servers) as (thread, client),
    ):
        cluster.inject(ListOffsetsRequest, DropResponse(applied=False))
        with pytest.raises(KafkaTimeoutError):
            thread.call(client.send(ListOffsetsRequest(), 0), 0.2)
        assert thread.call(asyncio.sleep(0, "alive"), 5) == "alive"


async def test_crash_of_a_background_task_is_raised_by_the_next_request() -> None:
    async with (
        cluster_of() as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):

        def crash(snapshot: ClusterSnapshot) -> None:
            raise ZeroDivisionError("a mistake of ours")

        client.on_metadata.append(crash)
        client.metadata.request_update()
        await asyncio.sleep(1)
        with pytest.raises(KafkaError, match="a mistake of ours"):
            await client.send(ListOffsetsRequest(), 0)
