"""Stories of the life of both admin clients: start, close, threads, forks, passwords."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings

import pytest

from kafka.admin import NewTopic
from kafka.admin.async_client import AsyncKafkaAdminClient
from kafka.admin.client import KafkaAdminClient
from kafka.errors import (
    IllegalStateError,
    KafkaConfigurationError,
    KafkaError,
    NoBrokersAvailable,
    SaslAuthenticationFailedError,
)
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay
from test.support.admins import admin_of
from test.support.sasl_clients import NAME, options, secured
from test.support.stage import asked, cluster_of
from test.support.waiting import A_DAY


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_closed_client_takes_no_calls() -> None:
    async with cluster_of() as cluster:
        admin = admin_of(cluster)
        with pytest.raises(IllegalStateError, match="not started"):
            await admin.list_topics()
        await admin.start()
        await admin.close()
        await admin.close()
        with pytest.raises(IllegalStateError, match="is closed"):
            await admin.list_topics()
        with pytest.raises(IllegalStateError, match="make a new one"):
            await admin.start()


async def test_call_that_waits_ends_when_the_client_is_closed() -> None:
    async with cluster_of() as cluster:
        admin = admin_of(cluster)
        await admin.start()
        cluster.inject(CreateTopicsRequest, Delay(5.0))
        call = asyncio.ensure_future(admin.create_topics("a"))
        await cluster.until(lambda _: bool(asked(cluster, CreateTopicsRequest)))
        await admin.close()
        with pytest.raises(IllegalStateError, match="closed"):
            await call


async def test_wrong_password_is_an_error_of_the_start() -> None:
    async with secured("4.4") as cluster:
        wrong = {**options(cluster, "PLAIN"), "sasl_plain_password": "wrong"}
        with pytest.raises(SaslAuthenticationFailedError):
            await AsyncKafkaAdminClient(**wrong).start()


@pytest.mark.virtual_time
async def test_password_that_was_changed_is_an_error_of_the_next_call() -> None:
    async with (
        secured("4.4", brokers=3) as cluster,
        AsyncKafkaAdminClient(**options(cluster, "PLAIN")) as admin,
    ):
        await admin.create_topics("a")
        cluster.control.add_user(NAME, "another")
        for node in range(3):
            cluster.control.disconnect(node)
        for _ in range(2):
            began = now()
            with pytest.raises(SaslAuthenticationFailedError):
                await admin.create_topics("b")
            assert now() - began < 5.0


async def test_unclosed_client_is_warned_of() -> None:
    async with cluster_of() as cluster:
        admin = admin_of(cluster)
        await admin.start()
        inner = admin._admin  # noqa: SLF001 - to close what the warning is about
        with pytest.warns(ResourceWarning, match="<AsyncKafkaAdminClient .* was not closed"):
            del admin
        await inner.close()


def blocking(cluster: EmbeddedCluster, **options: object) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **options)


def test_blocking_client_has_the_same_calls() -> None:
    with cluster_of() as cluster:
        with blocking(cluster) as admin:
            assert admin.create_topics([NewTopic("a", 1, 1)]).topic_errors == [("a", 0, None)]
            assert admin.list_topics() == ["a"]
            assert admin.metrics()["admin-metrics"]["connection-count"] == 1
        with pytest.raises(IllegalStateError, match="closed"):
            admin.list_topics()
        admin.close()
        assert repr(admin).endswith(" closed>")


def test_call_that_another_thread_waits_for_ends_when_the_client_is_closed() -> None:
    problems: list[BaseException] = []
    with cluster_of() as cluster, blocking(cluster) as admin:
        cluster.inject(CreateTopicsRequest, Delay(A_DAY))

        def work() -> None:
            try:
                admin.create_topics("a")
            except KafkaError as error:
                problems.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        cluster.wait_until(lambda _: bool(asked(cluster, CreateTopicsRequest)))
        admin.close()
        thread.join(60)
        assert [type(problem) for problem in problems] == [IllegalStateError]


def test_blocking_client_that_nobody_closes_is_warned_of() -> None:
    with cluster_of() as cluster:
        clients = [blocking(cluster)]
        assert clients[0].list_topics() == []
        with pytest.warns(ResourceWarning, match="was not closed"):
            clients.clear()


def test_threads_share_a_client() -> None:
    found: dict[str, str] = {}
    with cluster_of() as cluster, blocking(cluster) as admin:

        def work(name: str) -> None:
            for number in range(5):
                admin.create_topics(f"{name}{number}")
            (topic,) = admin.describe_topics(f"{name}4")
            found[name] = topic["name"]

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcdefgh"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {name: f"{name}4" for name in "abcdefgh"}
        assert len(admin.list_topics()) == 40


def test_calls_in_a_forked_child_say_that_it_is_one() -> None:
    with cluster_of() as cluster, blocking(cluster) as admin:
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
            child = os.fork()
        if child == 0:
            text = b"nothing"
            try:
                admin.list_topics()
            except KafkaError as error:
                text = str(error).encode()
            os.write(write, text)
            os._exit(0)
        os.waitpid(child, 0)
        assert b"this process is a fork" in os.read(read, 1000)
        os.close(read)
        os.close(write)
        assert admin.list_topics() == []


@pytest.mark.parametrize("kind", [KafkaAdminClient, AsyncKafkaAdminClient])
def test_options_are_checked_first(kind: type) -> None:
    with pytest.raises(KafkaConfigurationError, match="did you mean bootstrap_servers"):
        kind(bootstrap_server="x")
    with pytest.raises(TypeError, match="takes options as keywords"):
        kind("localhost")


def test_blocking_client_without_a_broker_names_what_was_tried() -> None:
    with pytest.raises(NoBrokersAvailable, match="localhost:1"):
        KafkaAdminClient(bootstrap_servers="localhost:1", bootstrap_timeout_ms=300)
