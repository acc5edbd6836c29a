"""Stories of `KafkaClient`: nodes, requests, futures and their threads."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import unittest.mock
from collections.abc import Iterator
from typing import Any

import pytest

from kafka import KafkaClient
from kafka._base.waiting import Notification
from kafka.client import KafkaClient as ClientOf1
from kafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    NoBrokersAvailable,
    NodeNotReadyError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.future import Future
from kafka.net.compat import KafkaNetClient  # type: ignore[attr-defined]  # found on first use
from kafka.protocol.admin import DescribeConfigsRequest
from kafka.protocol.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest as FindCoordinator
from kafka.protocol.messages.metadata import MetadataRequest as Metadata
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay, Disconnect, DropResponse, Throttle
from test.broker.test_producer_processes import in_child
from test.support.signals import ctrl_c_raises
from test.support.stage import cluster_of
from test.support.waiting import A_DAY_MS, once_inside, until


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedCluster]:
    with cluster_of(2, topics={"t": 2}) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: EmbeddedCluster) -> Iterator[EmbeddedCluster]:
    """The brokers that all tests share, without the faults of the last one."""
    yield shared
    shared.clear_faults()


@pytest.fixture
def client(cluster: EmbeddedCluster) -> Iterator[KafkaClient]:
    with KafkaClient(bootstrap_servers=cluster.bootstrap_servers) as found:
        yield found


@pytest.fixture
def node(client: KafkaClient) -> int:
    """A node that is ready."""
    client.await_ready(0)
    return 0


def ask() -> Any:
    return MetadataRequest[4](["t"], False)


# -- making a client -----------------------------------------------------------------------


def test_hosts_may_be_the_only_positional_argument(cluster: EmbeddedCluster) -> None:
    with KafkaClient(cluster.bootstrap_servers[0]) as client:
        assert client.bootstrap_connected()
    with pytest.raises(TypeError, match="one positional argument, the hosts, not 2"):
        KafkaClient("a", "b")


def test_options_that_nobody_knows_are_dropped_with_one_warning(cluster: EmbeddedCluster) -> None:
    servers = cluster.bootstrap_servers
    with pytest.warns(UserWarning, match="drops them: group_id, acks") as warned:
        KafkaClient(bootstrap_servers=servers, group_id="g", acks=1).close()
    assert len(warned) == 1


def test_a_port_where_nobody_listens_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NoBrokersAvailable, match=f"127.0.0.1:{port}.*TCP"):
        KafkaClient(bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=100)


def test_a_test_that_patches_check_version_gets_what_it_says(cluster: EmbeddedCluster) -> None:
    with unittest.mock.patch.object(KafkaClient, "check_version", return_value=(0, 10)):
        client = KafkaClient(bootstrap_servers=cluster.bootstrap_servers)
        assert client.check_version() == (0, 10)
    with client:
        assert client.check_version() == (4, 4)


def test_other_releases_have_the_same_class_elsewhere() -> None:
    assert KafkaNetClient is ClientOf1 is KafkaClient


def test_repr_says_where_and_how(client: KafkaClient, cluster: EmbeddedCluster) -> None:
    first, second = cluster.bootstrap_servers
    client.await_ready(0)
    text = f"open nodes=[0={first} connected broker=4.4, 1={second}] in_flight=0>"
    assert repr(client).endswith(text)
    client.close()
    assert " closed " in repr(client)


# -- nodes ---------------------------------------------------------------------------------


def test_a_node_is_connected_when_it_is_asked_for(client: KafkaClient) -> None:
    assert not client.connected(1)
    assert client.connection_delay(1) == 0
    while not client.ready(1):
        client.poll()
    assert client.connected(1)
    assert client.connection_delay(1) == float("inf")
    client.close(1)
    assert not client.connected(1)


def test_a_node_that_is_not_ready_fails_the_request_and_is_connected(client: KafkaClient) -> None:
    failed = client.send(1, ask())
    assert isinstance(failed.exception, NodeNotReadyError)
    client.await_ready(1)


def test_a_node_that_is_no_part_of_the_cluster_is_never_ready(client: KafkaClient) -> None:
    assert not client.ready(7)
    assert client.send(7, ask()).failed()
    with pytest.raises(KafkaConnectionError, match="node 7 is not part of the cluster"):
        client.await_ready(7)


def test_ids_of_bootstrap_servers_stand_for_nodes(client: KafkaClient) -> None:
    client.await_ready("bootstrap-0")
    assert client.cluster.is_bootstrap("bootstrap-0")
    assert client.send_and_receive("bootstrap-0", ask()).topics[0].name == "t"


def test_a_coordinator_has_a_connection_of_its_own(client: KafkaClient, node: int) -> None:
    found = client.send_and_receive(node, FindCoordinatorRequest[0]("g"))
    coordinator = client.cluster.add_group_coordinator("g", found)
    assert coordinator == client.cluster.coordinator_for_group("g")
    assert coordinator is not None
    client.await_ready(coordinator)
    assert client.send_and_receive(coordinator, ask()).topics[0].name == "t"


# -- requests and futures ------------------------------------------------------------------


def test_versions_of_a_message_without_one_are_picked(client: KafkaClient, node: int) -> None:
    found = client.send_and_receive(node, MetadataRequest(topics=None))
    assert "t" in {topic.name for topic in found.topics}


def test_a_version_that_the_broker_does_not_speak_is_refused_by_name(
    client: KafkaClient, node: int
) -> None:
    future = client.send(node, DescribeConfigsRequest[0]([(2, "t", None)]))
    assert isinstance(future.exception, UnsupportedVersionError)
    text = "speaks versions 1 to 4 of this API, this package 0 to 4; the nearest to 0 is 1"
    assert text in str(future.exception)
    assert client.connected(node)


def test_futures_wait_for_poll(client: KafkaClient, node: int, cluster: EmbeddedCluster) -> None:
    before = cluster.count(Metadata)
    future = client.send(node, ask())
    until(lambda: cluster.count(Metadata) > before)
    assert not future.is_done
    assert client.in_flight_request_count() == client.in_flight_request_count(node) == 1
    assert client.poll(future=future) == [future.value]
    assert client.in_flight_request_count() == 0


def test_a_response_that_one_thread_takes_ends_the_poll_of_another(
    client: KafkaClient, node: int, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, Delay(0.05))
    future = client.send(node, ask())
    threads = [threading.Thread(target=client.poll, args=[None, future]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert future.succeeded()


def test_a_request_without_an_answer_is_done_at_once(client: KafkaClient, node: int) -> None:
    assert client.send(node, ProduceRequest[3](None, 0, 1000, [])).succeeded()


def test_a_request_that_is_not_answered_fails_inside_poll(
    client: KafkaClient, node: int, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, DropResponse())
    future = client.send(node, ask(), request_timeout_ms=20)
    assert client.poll(future=future) == []
    assert isinstance(future.exception, RequestTimedOutError)


def test_a_connection_that_ends_fails_its_requests_inside_poll(
    client: KafkaClient, node: int, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, Disconnect())
    future = client.send(node, ask())
    client.poll(future=future)
    assert isinstance(future.exception, KafkaConnectionError)
    assert "Metadata" in str(future.exception)


def test_closing_fails_what_is_in_flight(
    client: KafkaClient, node: int, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, DropResponse())
    future = client.send(node, ask())
    client.close()
    assert future.failed()
    assert client.poll() == []
    with pytest.raises(IllegalStateError, match="make a new client"):
        client.send(node, ask())


def test_a_broker_that_throttles_is_not_ready(
    client: KafkaClient, node: int, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, Throttle(60_000))
    future = client.send(node, MetadataRequest[6](["t"], False))
    client.poll(future=future)
    assert not client.is_ready(node)
    assert client.throttle_delay(node) > 30_000
    assert "throttled for" in str(client.send(node, ask()).exception)


def test_an_error_of_a_callback_keeps_no_other_from_running(client: KafkaClient, node: int) -> None:
    called: list[object] = []
    future = client.send(node, ask())
    future.add_callback(lambda _: 1 / 0).add_callback(called.append)
    client.poll(future=future)
    assert called == [future.value]


# -- waiting -------------------------------------------------------------------------------


def test_poll_without_a_reason_to_wait_returns(client: KafkaClient) -> None:
    assert client.poll() == []
    with pytest.raises(TypeError, match="timeout_ms must be a number, not str"):
        client.poll("1")  # type: ignore[arg-type]  # a mistake of a user


def test_poll_ends_when_its_time_is_over(client: KafkaClient) -> None:
    future = Future()
    client.poll(timeout_ms=1, future=future)
    assert not future.is_done


def test_wakeup_ends_a_poll(client: KafkaClient, node: int, cluster: EmbeddedCluster) -> None:
    cluster.inject(Metadata, DropResponse())
    client.send(node, ask(), request_timeout_ms=A_DAY_MS)
    with once_inside(Notification.wait, client.wakeup):
        assert client.poll(timeout_ms=A_DAY_MS) == []


@ctrl_c_raises()
def test_ctrl_c_ends_a_poll(client: KafkaClient, node: int, cluster: EmbeddedCluster) -> None:
    cluster.inject(Metadata, DropResponse())
    future = client.send(node, ask(), request_timeout_ms=A_DAY_MS)
    main = threading.main_thread().ident
    assert main is not None
    with (
        pytest.raises(KeyboardInterrupt),
        once_inside(Notification.wait, lambda: signal.pthread_kill(main, signal.SIGINT)),
    ):
        client.poll(future=future)
    assert not future.is_done


# -- metadata ------------------------------------------------------------------------------


def test_an_update_resolves_its_future_and_calls_listeners_inside_poll(
    client: KafkaClient, cluster: EmbeddedCluster
) -> None:
    seen: list[object] = []
    client.cluster.add_listener(lambda found: seen.append((found, threading.current_thread())))
    before = cluster.count(Metadata)
    future = client.cluster.request_update()
    assert client.cluster.need_update
    until(lambda: cluster.count(Metadata) > before)
    assert not future.is_done
    client.poll(future=future)
    assert future.value is client.cluster
    assert seen == [(client.cluster, threading.current_thread())]
    assert not client.cluster.need_update


def test_a_topic_that_is_missing_fails_the_update(client: KafkaClient) -> None:
    future = client.set_topics("missing")  # one name, not seven
    client.poll(future=future)
    assert isinstance(future.exception, UnknownTopicOrPartitionError)
    future = client.add_topic("t")
    client.poll(future=future)
    assert client.cluster.topics() == {"t"}


# -- versions ------------------------------------------------------------------------------


def test_the_release_is_asked_for_whatever_the_options_say(cluster: EmbeddedCluster) -> None:
    servers = cluster.bootstrap_servers
    with KafkaClient(bootstrap_servers=servers, api_version=(2, 0)) as client:
        assert client.check_version() == client.check_version(1) == (4, 4)
        assert client.get_broker_version(timeout_ms=60_000) == (4, 4)


def test_a_node_that_is_silent_is_told_from_one_that_answers(
    client: KafkaClient, cluster: EmbeddedCluster
) -> None:
    cluster.inject("ApiVersions", DropResponse(), node_id=1, times=None)
    with pytest.raises(NodeNotReadyError, match=r"node 1 .* \[ApiVersions\]: .*no answer"):
        client.check_version(1, timeout=0.05)
    assert client.check_version(0) == (4, 4)


def test_the_version_of_a_request_is_what_both_sides_speak(client: KafkaClient) -> None:
    assert client.api_version(MetadataRequest) == len(MetadataRequest) - 1
    assert client.api_version(MetadataRequest, max_version=4) == 4
    with pytest.raises(UnsupportedVersionError, match="the broker speaks 1 to 4"):
        client.api_version(DescribeConfigsRequest, max_version=0)


# -- surroundings --------------------------------------------------------------------------


def test_every_call_works_where_a_loop_runs(cluster: EmbeddedCluster) -> None:
    """A cell of a notebook and the prompt of ``python -m asyncio`` run inside of a loop."""

    async def cell() -> list[object]:
        with KafkaClient(bootstrap_servers=cluster.bootstrap_servers) as client:
            client.poll(future=client.cluster.request_update())
            while not client.ready(0):
                client.poll()
            future = client.send(0, ask())
            client.poll(future=future)
            return [future.value.topics[0].name, client.check_version()]

    assert asyncio.run(cell()) == ["t", (4, 4)]


def test_a_child_is_told_to_make_its_own_and_the_parent_goes_on(
    client: KafkaClient, node: int
) -> None:
    def use() -> None:
        for call in (client.poll, lambda: client.send(node, ask())):
            with pytest.raises(IllegalStateError, match="fork"):
                call()
        client.close()

    assert in_child(use) == 0
    assert client.send_and_receive(node, ask()).topics[0].name == "t"


def test_the_bootstrap_asks_for_all_topics(cluster: EmbeddedCluster) -> None:
    with KafkaClient(bootstrap_servers=cluster.bootstrap_servers) as client:
        assert client.cluster.topics() == {"t"}


def test_find_coordinator_of_this_package_is_sent_as_well(client: KafkaClient, node: int) -> None:
    found = client.send_and_receive(node, FindCoordinator(coordinator_keys=["g"]))
    assert found.coordinators[0].error_code == 0


def test_a_request_of_an_old_shape_is_sent_in_an_old_version(
    client: KafkaClient, node: int
) -> None:
    found = client.send_and_receive(node, FindCoordinator(key="g", key_type=0))
    assert client.cluster.add_group_coordinator("g", found) in {"coordinator-0", "coordinator-1"}


@pytest.mark.parametrize("wrong", ["x", None, MetadataRequest, MetadataRequest[1]])
def test_what_is_no_request_is_refused_and_not_in_flight(
    client: KafkaClient, node: int, wrong: Any
) -> None:
    with pytest.raises(TypeError, match="a request is needed"):
        client.send(node, wrong)
    assert client.in_flight_request_count() == 0


def test_what_is_no_node_is_refused(client: KafkaClient) -> None:
    wrong: Any = 1.5
    with pytest.raises(TypeError, match="a node's id is a number or text, not float"):
        client.ready(wrong)
    assert client.send("coordinator-x", ask()).failed()
    assert not client.ready("coordinator-x")


def test_what_is_no_future_is_not_waited_for(client: KafkaClient) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="future must be a Future, not int"):
        client.poll(future=wrong)


def test_closing_ends_a_poll_of_another_thread(client: KafkaClient) -> None:
    with once_inside(Notification.wait, client.close):
        assert client.poll(future=Future()) == []


def test_a_client_that_nobody_closes_warns_and_ends(cluster: EmbeddedCluster) -> None:
    client = KafkaClient(bootstrap_servers=cluster.bootstrap_servers, client_id="lost")
    client.await_ready(0)
    held = [client]
    del client
    with pytest.warns(ResourceWarning, match="the client of kafka-lost-io> was not closed"):
        held.clear()
    until(lambda: "kafka-lost-io" not in {thread.name for thread in threading.enumerate()})


def test_a_program_may_end_without_closing_its_clients(cluster: EmbeddedCluster) -> None:
    address = cluster.bootstrap_servers[0]
    host, _, port = address.rpartition(":")
    program = (
        f"from kafka import *; client = KafkaClient({address!r}); client.await_ready(0); "
        f"conn = BrokerConnection({host!r}, {port}); conn.connect_blocking()"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
