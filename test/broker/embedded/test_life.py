"""The life of a cluster, and waiting for it: the same names block, or are awaited on a loop."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import warnings

import pytest

from kafka.errors import InvalidTopicError
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing import Disconnect, EmbeddedCluster
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient


def accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 60.0).close()
    except OSError:
        return False
    return True


# -- waiting ---------------------------------------------------------------------------------------


async def test_waiting_on_the_loop_of_the_cluster_lets_clients_go_on() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        waiting = asyncio.ensure_future(
            cluster.wait_until(lambda control: control.count("Metadata") == 1)
        )
        await client.send(MetadataRequest(), 9)
        await waiting


@pytest.mark.virtual_time
async def test_waiting_in_vain_says_for_how_long() -> None:
    async with EmbeddedCluster() as cluster:
        with pytest.raises(TimeoutError, match=r"the condition did not hold within 5\.0 s"):
            await cluster.wait_until(lambda _: False, 5.0)


async def test_a_broker_is_killed_cut_off_and_revived_on_the_loop() -> None:
    async with EmbeddedCluster(2) as cluster:
        for stop in (cluster.kill, cluster.cut_off):
            await stop(1)
            assert not cluster.control.servers[1].is_listening
            await cluster.revive(1)
            client = await RawClient.connect(cluster.bootstrap_servers[1])
            assert (await client.send(ApiVersionsRequest(), 0)).error_code == 0
            client.close()


async def test_a_broker_revives_also_if_nobody_awaits_it() -> None:
    async with EmbeddedCluster() as cluster:
        cluster.kill(0)
        cluster.revive(0)
        await cluster.until(lambda control: control.servers[0].is_listening)


def test_the_same_names_block_without_a_loop() -> None:
    with EmbeddedCluster() as cluster:
        cluster.kill(0)
        assert not accepts(cluster.bootstrap_servers[0])
        cluster.revive(0)
        assert accepts(cluster.bootstrap_servers[0])
        cluster.wait_until(lambda control: control.accepted(0) == 1)
        with pytest.raises(TimeoutError, match="did not hold"):
            cluster.wait_until(lambda _: False, 0.05)


def test_a_cluster_with_a_thread_is_awaited_on_the_loop_of_its_user() -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        await cluster.kill(0)
        await cluster.revive(0)
        client = await RawClient.connect(cluster.bootstrap_servers[0])
        for wait in (cluster.wait_until, cluster.until):
            before = cluster.count("Metadata")
            waiting = asyncio.ensure_future(
                wait(lambda control, seen=before: control.count("Metadata") > seen)  # type: ignore[misc] # a default
            )
            await client.send(MetadataRequest(), 9)
            await waiting
        client.close()
        await cluster.reset()
        assert cluster.count("Metadata") == 0

    with EmbeddedCluster() as cluster:
        asyncio.run(story(cluster))


def test_waiting_on_a_loop_without_await_is_warned_of() -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        cluster.wait_until(lambda _: True)
        gc.collect()

    with EmbeddedCluster() as cluster, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(story(cluster))
    assert any("never awaited" in str(warning.message) for warning in caught)


def test_a_loop_that_has_stopped_is_named_at_once() -> None:
    async def begin() -> EmbeddedCluster:
        return await EmbeddedCluster().start()

    loop = asyncio.new_event_loop()
    try:
        cluster = loop.run_until_complete(begin())
        assert cluster.count("Metadata") == 0
        with pytest.raises(RuntimeError, match="loop of the embedded cluster does not run"):
            cluster.wait_until(lambda _: True)
        loop.run_until_complete(_stopped(cluster))
    finally:
        loop.close()


async def _stopped(cluster: EmbeddedCluster) -> None:
    await cluster.stop()


def test_other_threads_reach_a_cluster_on_the_loop_of_its_user() -> None:
    async def story() -> None:
        async with EmbeddedCluster(topics={"t": 1}) as cluster:
            threads = [
                await asyncio.to_thread(cluster.run, lambda _: threading.get_ident()),
                threading.get_ident(),
            ]
            assert threads[0] == threads[1]
            await asyncio.to_thread(cluster.kill, 0)
            await asyncio.to_thread(cluster.revive, 0)
            await asyncio.to_thread(cluster.wait_until, lambda _: True)

    asyncio.run(story())


# -- start, stop, reset ----------------------------------------------------------------------------


def test_a_cluster_starts_and_stops_without_a_block() -> None:
    cluster = EmbeddedCluster(topics={"t": 1})
    cluster.start()
    address = cluster.bootstrap_servers[0]
    assert accepts(address)
    cluster.stop()
    assert not accepts(address)
    cluster.stop()
    cluster.start()
    assert accepts(cluster.bootstrap_servers[0])
    cluster.stop()


async def test_a_cluster_starts_and_stops_on_a_loop() -> None:
    cluster = await EmbeddedCluster().start()
    assert cluster.count("Metadata") == 0
    await cluster.stop()
    assert repr(cluster) == "<EmbeddedCluster not running>"
    await cluster.stop()


def test_stopping_reports_faults_that_never_fired() -> None:
    cluster = EmbeddedCluster()
    cluster.start()
    cluster.inject("Produce", Disconnect())
    with pytest.raises(AssertionError, match="never fired"):
        cluster.stop()


def test_a_cluster_may_be_stopped_in_its_block() -> None:
    with EmbeddedCluster() as cluster:
        cluster.stop()


def test_entering_twice_says_so() -> None:
    with EmbeddedCluster() as cluster:
        with pytest.raises(RuntimeError, match="runs already"):
            cluster.start()
        with pytest.raises(RuntimeError, match="runs already"):
            cluster.__enter__()
        assert accepts(cluster.bootstrap_servers[0])


async def test_entering_twice_on_a_loop_says_so() -> None:
    async with EmbeddedCluster() as cluster:
        with pytest.raises(RuntimeError, match="runs already"):
            await cluster.start()


def test_a_start_that_fails_leaves_nothing_and_can_be_repeated() -> None:
    cluster = EmbeddedCluster(topics={"not a name": 1})
    for _ in range(2):
        with pytest.raises(InvalidTopicError):
            cluster.start()
    assert repr(cluster) == "<EmbeddedCluster not running>"


async def test_a_reset_makes_all_as_it_was_at_the_start() -> None:
    async with EmbeddedCluster(2, topics={"t": 1}) as cluster:
        before = cluster.bootstrap_servers, cluster.cluster_id
        cluster.append("t", b"v")
        cluster.create_topic("u")
        cluster.fail("Produce", "NOT_LEADER_OR_FOLLOWER", optional=True)
        cluster.freeze(0)
        await cluster.kill(1)
        old_id = cluster.control.state.topics["t"].topic_id
        await cluster.reset()
        assert (cluster.bootstrap_servers, cluster.cluster_id) == before
        assert list(cluster.control.state.topics) == ["t"]
        assert cluster.control.state.topics["t"].topic_id != old_id
        assert not cluster.records("t")
        assert not cluster.control.plan.rules
        for address in cluster.bootstrap_servers:
            client = await RawClient.connect(address)
            assert (await client.send(ApiVersionsRequest(), 0)).error_code == 0
            client.close()


def test_a_reset_reports_faults_that_never_fired() -> None:
    with EmbeddedCluster() as cluster:
        cluster.inject("Produce", Disconnect())
        with pytest.raises(AssertionError, match="never fired"):
            cluster.reset()
        assert accepts(cluster.bootstrap_servers[0])


def test_a_cluster_that_does_not_run_says_so() -> None:
    cluster = EmbeddedCluster()
    for call in (
        cluster.reset,
        lambda: cluster.kill(0),
        lambda: cluster.wait_until(lambda _: True),
    ):
        with pytest.raises(RuntimeError, match="not run"):
            call()
