"""Stories of `KafkaClient`: what is left when a call fails, or the client is closed or forked."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kafka import KafkaClient
from kafka._base.loop_thread import EventLoopThread
from kafka.errors import IllegalStateError, KafkaConnectionError
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest as Metadata
from kafka.protocol.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import DropResponse
from test.broker.test_producer_processes import in_child
from test.support.signals import ctrl_c_raises
from test.support.stage import cluster_of
from test.support.waiting import A_DAY, once_inside, until


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"t": 1}) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: EmbeddedCluster) -> Iterator[EmbeddedCluster]:
    """The broker that all tests share, without the faults of the last one."""
    yield shared
    shared.clear_faults()


@pytest.fixture
def client(cluster: EmbeddedCluster) -> Iterator[KafkaClient]:
    with KafkaClient(bootstrap_servers=cluster.bootstrap_servers) as found:
        found.await_ready(0)
        yield found


def test_a_request_that_cannot_be_encoded_is_not_in_flight(client: KafkaClient) -> None:
    with pytest.raises(ValueError, match="topics"):
        client.send(0, MetadataRequest[1](5))
    assert client.in_flight_request_count() == 0
    assert client.send_and_receive(0, MetadataRequest[1](["t"])).topics[0].name == "t"


def test_an_update_that_waits_fails_when_the_client_is_closed(
    client: KafkaClient, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, DropResponse(), times=None, optional=True)
    future = client.cluster.request_update()
    client.close()
    assert isinstance(future.exception, IllegalStateError)
    assert isinstance(client.cluster.request_update().exception, IllegalStateError)


@ctrl_c_raises()
def test_ctrl_c_ends_a_check_of_the_version(client: KafkaClient, cluster: EmbeddedCluster) -> None:
    cluster.inject(ApiVersionsRequest, DropResponse(), times=None)
    main = threading.main_thread().ident
    assert main is not None
    with (
        pytest.raises(KeyboardInterrupt),
        once_inside(EventLoopThread.call, lambda: signal.pthread_kill(main, signal.SIGINT)),
    ):
        client.check_version(0, timeout=A_DAY)


def test_an_update_in_a_child_fails_and_says_why(client: KafkaClient) -> None:
    def use() -> None:
        error = client.cluster.request_update().exception
        assert isinstance(error, IllegalStateError)
        assert "fork" in str(error)

    assert in_child(use) == 0


def test_the_version_of_a_request_is_known_without_asking(
    client: KafkaClient, cluster: EmbeddedCluster
) -> None:
    before = cluster.count(ApiVersionsRequest)
    assert client.api_version(MetadataRequest) == client.api_version(MetadataRequest)
    assert cluster.count(ApiVersionsRequest) == before


def test_updates_that_bring_nothing_new_follow_one_another(client: KafkaClient) -> None:
    for _ in range(6):
        client.poll(future=client.cluster.request_update())
    longest = 1.2 * client.cluster.refresh_backoff()  # with jitter
    assert client.cluster.ttl() <= client.config["metadata_max_age_ms"]
    client.cluster.request_update()
    assert client.cluster.ttl() <= longest


def test_a_node_that_is_gone_is_disconnected_for_as_long_as_it_is() -> None:
    with (
        cluster_of(topics={"t": 1}) as cluster,
        KafkaClient(
            bootstrap_servers=cluster.bootstrap_servers,
            reconnect_backoff_ms=10,
            reconnect_backoff_max_ms=10,
        ) as client,
    ):
        assert not client.is_disconnected(0)
        client.await_ready(0)
        assert not client.is_disconnected(0)
        cluster.kill(0)
        until(lambda: not client.connected(0))
        for _ in range(20):
            assert client.is_disconnected(0)
            assert client.connection_failed(0)
            client.poll(timeout_ms=5)
        cluster.revive(0)
        client.await_ready(0)
        assert not client.is_disconnected(0)


def test_an_error_of_a_node_that_is_not_ready_says_why() -> None:
    with (
        cluster_of(topics={"t": 1}) as cluster,
        KafkaClient(bootstrap_servers=cluster.bootstrap_servers) as client,
    ):
        client.await_ready(0)
        cluster.kill(0)

        def ask() -> str:
            return str(client.send(0, MetadataRequest[1](["t"])).exception)

        until(lambda: "Connection refused" in ask())
        late = "node 0: not ready within 10 ms: .*Connection refused"
        with pytest.raises(KafkaConnectionError, match=late):
            client.await_ready(0, timeout_ms=10)
        with pytest.raises(KafkaConnectionError, match=late):
            client.send_and_receive(0, MetadataRequest[1](["t"]), timeout_ms=10)


def test_a_time_that_is_no_number_is_refused_by_name(client: KafkaClient) -> None:
    wrong: Any = "x"
    for call, name in [
        (lambda: client.poll(timeout_ms=wrong), "timeout_ms"),
        (lambda: client.await_ready(0, wrong), "timeout_ms"),
        (lambda: client.check_version(timeout=wrong), "timeout"),
        (lambda: client.send(0, MetadataRequest[1](["t"]), True, wrong), "request_timeout_ms"),
    ]:
        with pytest.raises(TypeError, match=f"^{name} must be a number, not str$"):
            call()
    assert client.in_flight_request_count() == 0
