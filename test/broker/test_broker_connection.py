"""Stories of `BrokerConnection`: states, requests, futures, and what is left in the end."""

from __future__ import annotations

import asyncio
import gc
import math
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kafka import BrokerConnection
from kafka._base.loop_thread import EventLoopThread
from kafka.conn import ConnectionStates
from kafka.errors import (
    Cancelled,
    IllegalStateError,
    KafkaConnectionError,
    KafkaProtocolError,
    NodeNotReadyError,
    RequestTimedOutError,
    TooManyInFlightRequests,
    UnsupportedVersionError,
)
from kafka.future import Future
from kafka.low_level.broker_link import BrokerLink
from kafka.low_level.options import options_of
from kafka.net.security import prepare
from kafka.protocol.admin import DescribeConfigsRequest
from kafka.protocol.messages.metadata import MetadataRequest as Metadata
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Disconnect, DropResponse, Garbage
from test.broker.test_producer_processes import in_child
from test.support.client_patterns import host_and_port
from test.support.signals import ctrl_c_raises
from test.support.stage import cluster_of
from test.support.waiting import A_DAY, A_DAY_MS, once_inside, until

MANY = 1000


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"t": 1}) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: EmbeddedCluster) -> Iterator[EmbeddedCluster]:
    """The broker that all tests share, without the faults of the last one."""
    yield shared
    shared.clear_faults()


def to(cluster: EmbeddedCluster, **options: Any) -> BrokerConnection:  # Any: of every type
    return BrokerConnection(
        *host_and_port(cluster.bootstrap_servers[0]), socket.AF_UNSPEC, **options
    )


@pytest.fixture
def conn(cluster: EmbeddedCluster) -> Iterator[BrokerConnection]:
    with to(cluster) as found:
        assert found.connect_blocking()
        yield found


def ask() -> Any:
    return MetadataRequest[4](["t"], False)


def received(conn: BrokerConnection, future: Future) -> Future:
    """Call recv() until *future* is resolved."""
    while not future.is_done:
        for response, found in conn.recv():
            found.success(response)
    return future


@pytest.fixture
def silence() -> Iterator[int]:
    """A port that takes connections and does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# -- connecting ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "error", "name"),
    [
        (("127.0.0.1", 99999), ValueError, "port"),
        ((None, 9092), TypeError, "host"),
        (("127.0.0.1", 9092, 77), ValueError, "afi"),
    ],
)
def test_an_address_that_cannot_work_is_refused_when_it_is_given(
    address: Any, error: type[Exception], name: str
) -> None:
    with pytest.raises(error, match=f"^{name} must be"):
        BrokerConnection(*address)


def test_a_socket_option_that_the_system_does_not_take_is_said(cluster: EmbeddedCluster) -> None:
    with to(cluster, socket_options=[("no number", 1, 1)]) as conn:
        assert not conn.connect_blocking()
        with pytest.raises(NodeNotReadyError, match=r"TCP.*socket option refused"):
            conn.check_version(60)


class _Wrong(ssl.SSLContext):
    def wrap_bio(self, *_: object, **__: object) -> NoReturn:
        raise RuntimeError("a bug of the program")


def test_an_error_of_the_program_ends_the_attempt_only(cluster: EmbeddedCluster) -> None:
    context = _Wrong(ssl.PROTOCOL_TLS_CLIENT)
    with to(cluster, security_protocol="SSL", ssl_context=context) as conn:
        for _ in range(2):
            assert not conn.connect_blocking()
            assert conn.connect_failed()
            with pytest.raises(NodeNotReadyError, match="a bug of the program"):
                conn.check_version(60)


def test_the_versions_of_a_broker_that_is_not_there_end_with_stage_and_cause() -> None:
    with (
        BrokerConnection("127.0.0.1", 1) as conn,
        pytest.raises(NodeNotReadyError, match=r"127.0.0.1:1.*TCP.*Connection refused"),
    ):
        conn.get_api_versions()


@pytest.mark.filterwarnings("error")
def test_a_time_out_that_is_no_number_is_refused_by_name(cluster: EmbeddedCluster) -> None:
    wrong: Any = "a"
    none: Any = None
    with to(cluster) as conn:
        with pytest.raises(TypeError, match=r"^timeout must be a number, not str$"):
            conn.check_version(wrong)
        with pytest.raises(TypeError, match=r"^timeout must be a number, not NoneType$"):
            conn.connect_blocking(timeout=none)
        assert conn.connect_blocking()
        with pytest.raises(TypeError, match=r"^request_timeout_ms must be a number, not str$"):
            conn.send(ask(), request_timeout_ms=wrong)


def test_connect_returns_at_once_and_goes_on(cluster: EmbeddedCluster) -> None:
    with to(cluster) as conn:
        assert conn.disconnected()
        assert conn.connect() != "<disconnected>"
        until(conn.connected)
        assert conn.connect() is ConnectionStates.CONNECTED
        assert conn.connection_delay() == math.inf
    assert conn.state == "<disconnected>"


def test_a_closed_connection_can_be_made_again(conn: BrokerConnection) -> None:
    conn.close()
    assert conn.connect_blocking()
    assert received(conn, conn.send(ask())).succeeded()


def test_a_port_where_nobody_listens_is_left_alone_for_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with BrokerConnection("127.0.0.1", port, socket.AF_INET, reconnect_backoff_ms=A_DAY_MS) as conn:
        assert not conn.connect_blocking()
        assert conn.connect_failed()
        assert conn.blacked_out()
        assert conn.connection_delay() > A_DAY_MS / 2
        assert conn.connect() == "<disconnected>"


def test_a_family_that_the_host_does_not_have_is_no_way() -> None:
    with BrokerConnection("127.0.0.1", 9092, socket.AF_INET6) as conn:
        assert not conn.connect_blocking()
        with pytest.raises(NodeNotReadyError, match="no address of the wanted family"):
            conn.check_version(60)


def test_a_silent_port_is_seen_in_the_state(silence: int) -> None:
    with BrokerConnection("127.0.0.1", silence, socket.AF_INET) as conn:
        assert not conn.connect_blocking(timeout=0.05)
        until(lambda: conn.state == "<checking_api_versions_recv>")
        assert conn.initializing()
        assert isinstance(conn.send(ask()).exception, NodeNotReadyError)
        with pytest.raises(
            NodeNotReadyError, match=r":\d+ \[ApiVersions\]: no answer within 0\.1 s"
        ):
            conn.check_version(timeout=0.1)


def test_tls_is_seen_in_the_state(silence: int) -> None:
    options = {"security_protocol": "SSL", "ssl_check_hostname": False}
    with BrokerConnection("127.0.0.1", silence, socket.AF_INET, **options) as conn:
        conn.connect()
        until(lambda: conn.state == "<handshake>")
        with pytest.raises(NodeNotReadyError, match=r"\[TLS\]"):
            conn.check_version(timeout=0.1)


@ctrl_c_raises()
@pytest.mark.parametrize(
    "call", [BrokerConnection.connect_blocking, lambda conn: conn.check_version(A_DAY)]
)
def test_ctrl_c_ends_a_call(call: Any, silence: int) -> None:
    main = threading.main_thread().ident
    assert main is not None
    with BrokerConnection("127.0.0.1", silence, socket.AF_INET) as conn:
        conn.connect()
        with (
            pytest.raises(KeyboardInterrupt),
            once_inside(EventLoopThread.call, lambda: signal.pthread_kill(main, signal.SIGINT)),
        ):
            call(conn)


def test_repr_says_where_and_how(conn: BrokerConnection) -> None:
    conn.send(ask())
    assert f":{conn.port} <connected> broker=4.4 in_flight=1>" in repr(conn)


# -- requests ------------------------------------------------------------------------------


def test_nothing_is_sent_without_a_connection(cluster: EmbeddedCluster) -> None:
    conn = to(cluster)
    assert isinstance(conn.send(ask()).exception, KafkaConnectionError)
    assert conn.recv() == []


def test_requests_are_in_flight_until_they_are_received(
    conn: BrokerConnection, cluster: EmbeddedCluster
) -> None:
    before = cluster.count(Metadata)
    future = conn.send(ask())
    until(lambda: cluster.count(Metadata) > before)
    assert [request.future for request in conn.in_flight_requests.values()] == [future]
    pairs: list[Any] = []
    while not pairs:
        pairs = conn.recv()
    assert not future.is_done
    assert conn.in_flight_requests == {}
    assert pairs[0][1] is future


def test_more_than_may_be_in_flight_is_refused(cluster: EmbeddedCluster) -> None:
    with to(cluster, max_in_flight_requests_per_connection=1) as conn:
        conn.connect_blocking()
        first = conn.send(ask())
        assert not conn.can_send_more()
        assert isinstance(conn.send(ask()).exception, TooManyInFlightRequests)
        assert received(conn, first).succeeded()
        assert conn.can_send_more()


def test_a_version_that_the_broker_does_not_speak_is_refused(conn: BrokerConnection) -> None:
    future = conn.send(DescribeConfigsRequest[0]([(2, "t", None)]))
    assert isinstance(future.exception, UnsupportedVersionError)
    assert conn.in_flight_requests == {}


def test_a_request_without_an_answer_is_done_at_once(conn: BrokerConnection) -> None:
    assert conn.send(ProduceRequest[3](None, 0, 1000, [])).succeeded()
    assert received(conn, conn.send(ask())).succeeded()


def test_a_request_that_is_not_answered_ends_the_connection(
    conn: BrokerConnection, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, DropResponse())
    future = conn.send(ask(), request_timeout_ms=20)
    assert 0 <= conn.next_ifr_request_timeout_ms() <= 20
    until(conn.requests_timed_out)
    assert [request.future for request in conn.timed_out_ifrs()] == [future]
    until(conn.disconnected)
    assert not future.is_done
    assert isinstance(received(conn, future).exception, RequestTimedOutError)


def test_an_end_of_the_connection_fails_requests_inside_recv(
    conn: BrokerConnection, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, Disconnect())
    future = conn.send(ask())
    until(conn.disconnected)
    assert not future.is_done
    assert isinstance(received(conn, future).exception, KafkaConnectionError)


def test_an_answer_that_makes_no_sense_fails_its_request(
    conn: BrokerConnection, cluster: EmbeddedCluster
) -> None:
    cluster.inject(Metadata, Garbage(b"\xff" * 8))
    error = received(conn, conn.send(ask())).exception
    assert isinstance(error, KafkaProtocolError | KafkaConnectionError)


def test_closing_fails_what_is_in_flight(conn: BrokerConnection, cluster: EmbeddedCluster) -> None:
    cluster.inject(Metadata, DropResponse(), times=2)
    future = conn.send(ask())
    conn.close()
    assert future.failed()
    conn.connect_blocking()
    future = conn.send(ask())
    conn.close(Cancelled("of my own"))
    assert "of my own" in str(future.exception)


def test_an_answer_that_has_come_is_not_lost_when_the_connection_is_closed(
    conn: BrokerConnection,
) -> None:
    future = conn.send(ask())
    conn.check_version(60)  # answers come in order
    conn.close()
    assert future.value.topics[0].name == "t"
    assert conn.in_flight_requests == {}


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns a hundred times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("often")
def test_one_thread_sends_and_another_receives(conn: BrokerConnection) -> None:
    over = threading.Event()

    def receive() -> None:
        while not over.is_set():
            for response, future in conn.recv():
                future.success(response)

    receiver = threading.Thread(target=receive)
    receiver.start()
    try:
        for _ in range(300):
            future = conn.send(ask())
            until(lambda future=future: future.is_done)  # type: ignore[misc]  # bound now
            assert future.succeeded()
            assert future not in [sent.future for sent in conn.in_flight_requests.values()]
    finally:
        over.set()
        receiver.join()


@pytest.mark.usefixtures("often")
def test_two_threads_that_begin_share_one_connection(cluster: EmbeddedCluster) -> None:
    for number in range(20):
        with to(cluster, client_id=f"both-{number}") as conn:
            threads = [threading.Thread(target=conn.connect_blocking) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert conn.connected()
            names = [thread.name for thread in threading.enumerate()]
            assert names.count(f"kafka-both-{number}-io") == 1


def test_who_comes_late_to_connect_gets_the_connection_that_is_there(
    cluster: EmbeddedCluster,
) -> None:
    async def story() -> None:
        settings = options_of("BrokerConnection", {})
        host, port = host_and_port(cluster.bootstrap_servers[0])
        link = BrokerLink(
            settings,
            prepare(settings),
            host,
            port,
            family=socket.AF_UNSPEC,
            on_change=lambda: None,
        )
        await link.begin()
        try:
            assert await link.open()
            first = link.connection
            assert await link.open()
            assert link.connection is first
            assert first is not None
            first.close()
            assert await link.open()
            assert link.connection is not first
        finally:
            await link.end(None)

    asyncio.run(story())


# -- versions ------------------------------------------------------------------------------


def test_the_release_and_the_versions_are_asked_for(cluster: EmbeddedCluster) -> None:
    with to(cluster, api_version=(0, 10)) as conn:
        assert conn.check_version(60) == (4, 4)
    with to(cluster) as conn:
        assert conn.get_api_versions()[3] == (0, 13)
        assert conn.check_version(timeout=60, strict=True, topics=[]) == (4, 4)


# -- surroundings --------------------------------------------------------------------------


def test_every_call_works_where_a_loop_runs(cluster: EmbeddedCluster) -> None:
    async def cell() -> str:
        with to(cluster) as conn:
            conn.connect_blocking()
            found = received(conn, conn.send(ask())).value
            return str(found.topics[0].name)

    assert asyncio.run(cell()) == "t"


def test_a_child_is_told_to_make_its_own_and_the_parent_goes_on(conn: BrokerConnection) -> None:
    def use() -> None:
        assert not conn.connected()
        for call in (conn.recv, conn.connect_blocking, conn.check_version):
            with pytest.raises(IllegalStateError, match="fork"):
                call()
        conn.close()
        assert conn.connect_blocking()
        conn.close()

    assert in_child(use) == 0
    assert received(conn, conn.send(ask())).succeeded()


class _SlowName(str):
    """A client id that is not written into the name of a thread or a log line until `go_on`."""

    __slots__ = ("calls", "go_on", "is_reached", "wait_at")

    def __init__(self, _: str) -> None:
        self.calls = 0
        self.wait_at = 0
        self.is_reached, self.go_on = threading.Event(), threading.Event()

    def __format__(self, _: str) -> str:
        self.calls += 1
        if self.calls == self.wait_at:
            self.is_reached.set()
            assert self.go_on.wait(A_DAY)
        return str(self)


@pytest.mark.parametrize(
    ("wait_at", "is_begun"), [(1, False), (2, True)], ids=["before", "on the thread"]
)
def test_a_child_that_is_forked_while_another_thread_begins_does_not_wait_for_it(
    cluster: EmbeddedCluster, wait_at: int, is_begun: bool
) -> None:
    name = _SlowName("slow")
    conn = to(cluster, client_id=name)
    name.calls, name.wait_at = 0, wait_at

    def use() -> None:
        if is_begun:
            with pytest.raises(IllegalStateError, match="fork"):
                conn.connect()
            conn.close()
        assert conn.connect_blocking()  # without a thread there is nothing of the parent's
        conn.close()

    beginner = threading.Thread(target=conn.connect_blocking)
    beginner.start()
    try:
        assert name.is_reached.wait(A_DAY)
        assert in_child(use) == 0
    finally:
        name.go_on.set()
        beginner.join()
    assert conn.connected()
    conn.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_connection_that_is_collected_with_its_thread_warns_once(
    cluster: EmbeddedCluster, family: int, caplog: pytest.LogCaptureFixture
) -> None:
    address = host_and_port(cluster.bootstrap_servers[0])
    ring: list[object] = [BrokerConnection(*address, family, client_id="ring")]
    assert isinstance(ring[0], BrokerConnection)
    assert ring[0].connect_blocking() is (family is socket.AF_INET)
    ring[0].node_id = ring  # a cycle
    del ring
    with pytest.warns(ResourceWarning, match="was not closed") as warned:
        gc.collect()
    assert len(warned) == 1
    assert "asyncio" not in {record.name for record in caplog.records}  # no task was destroyed
    until(lambda: "kafka-ring-io" not in {thread.name for thread in threading.enumerate()})


@pytest.mark.filterwarnings("error")
def test_a_thousand_connections_leave_nothing(cluster: EmbeddedCluster) -> None:
    threads, sockets = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(MANY):
        with to(cluster) as conn:
            assert conn.connect_blocking()
    gc.collect()
    assert threading.active_count() == threads
    # The broker's ends are closed a little later.
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= sockets)
