"""Stories of the private doors that tools use: each is a `KafkaClient` on its owner's network.

Each has one over TLS and one with SASL, too, and so have the classes themselves.
"""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from kafka import (
    BrokerConnection,
    KafkaAdminClient,
    KafkaClient,
    KafkaConsumer,
    KafkaProducer,
)
from kafka._base.waiting import Notification
from kafka.errors import (
    Cancelled,
    IllegalStateError,
    KafkaConnectionError,
    SaslAuthenticationFailedError,
)
from kafka.protocol.messages.metadata import MetadataRequest as Metadata
from kafka.protocol.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Disconnect, DropResponse
from test.support.client_patterns import host_and_port
from test.support.secured_cluster import SecuredCluster
from test.support.security_options import sasl, sasl_tls, tls
from test.support.stage import cluster_of
from test.support.waiting import is_inside, until

Options = dict[str, Any]  # options of every type


def answer(client: KafkaClient) -> str:
    """Ask through *client* as tools do, and return the name in the answer."""
    node = client.least_loaded_node()
    assert node is not None
    while not client.ready(node):
        client.poll()
    future = client.send(node, MetadataRequest[4](["t"], False))
    client.poll(future=future)
    assert client.check_version() == (4, 4)
    return str(future.value.topics[0].name)


def of_client(options: Options) -> str:
    with KafkaClient(**options) as client:
        return answer(client)


def of_connection(options: Options) -> str:
    address = host_and_port(options.pop("bootstrap_servers"))
    with BrokerConnection(*address, socket.AF_UNSPEC, **options) as conn:
        assert conn.connect_blocking()
        future = conn.send(MetadataRequest[4](["t"], False))
        while not future.is_done:
            for response, found in conn.recv():
                found.success(response)
        assert conn.check_version(60) == (4, 4)
        return str(future.value.topics[0].name)


def of_consumer(options: Options) -> str:
    with KafkaConsumer(**options) as consumer:
        return answer(consumer._client)  # noqa: SLF001 - the door


def of_admin(options: Options) -> str:
    with KafkaAdminClient(**options) as admin:
        return answer(admin._client)  # noqa: SLF001 - the door


def of_producer(options: Options) -> str:
    with KafkaProducer(**options) as producer:
        return answer(producer._sender._client)  # noqa: SLF001 - the door


DOORS: dict[str, Callable[[Options], str]] = {
    "client": of_client,
    "connection": of_connection,
    "admin": of_admin,
    "consumer": of_consumer,
    "producer": of_producer,
}


class Way(NamedTuple):
    """How a broker is reached."""

    listener: str
    options: Callable[[SecuredCluster], Options]


WAYS = {
    "tls": Way("TLS", lambda cluster: tls(cluster.pki)),
    "sasl": Way("SASLTLS", lambda cluster: sasl_tls(cluster.pki, sasl("SCRAM-SHA-256"))),
}


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredCluster]:
    listeners = [way.listener for way in WAYS.values()]
    with SecuredCluster(*listeners, topics={"t": 1}) as cluster:
        yield cluster


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("door", DOORS)
def test_a_door_leads_to_a_secured_broker(secured: SecuredCluster, door: str, way: str) -> None:
    listener, options = WAYS[way]
    servers = secured.address(listener)
    assert DOORS[door]({"bootstrap_servers": servers, **options(secured)}) == "t"


def test_a_wrong_password_is_refused_with_its_own_error(secured: SecuredCluster) -> None:
    options = sasl_tls(secured.pki, sasl("PLAIN", sasl_plain_password="other"))
    address = secured.address("SASLTLS")
    with pytest.raises(SaslAuthenticationFailedError):
        KafkaClient(bootstrap_servers=address, **options)
    with (
        BrokerConnection(*host_and_port(address), socket.AF_INET, **options) as conn,
        pytest.raises(SaslAuthenticationFailedError),
    ):
        conn.check_version(60)


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"t": 1}) as found:
        yield found


@pytest.fixture
def cluster(shared: EmbeddedCluster) -> Iterator[EmbeddedCluster]:
    """The broker that all tests share, without the faults of the last one."""
    yield shared
    shared.clear_faults()


@pytest.fixture
def consumer(cluster: EmbeddedCluster) -> Iterator[KafkaConsumer]:
    with KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as found:
        yield found


def test_a_door_is_the_same_each_time(consumer: KafkaConsumer) -> None:
    door = consumer._client  # noqa: SLF001 - the door
    assert door is consumer._client  # noqa: SLF001 - the door
    assert isinstance(door, KafkaClient)


def test_closing_a_door_leaves_its_owner_alone(consumer: KafkaConsumer) -> None:
    door = consumer._client  # noqa: SLF001 - the door
    door.close()
    with pytest.raises(IllegalStateError, match="make a new client"):
        door.check_version()
    assert consumer.partitions_for_topic("t") == {0}


def test_an_update_asked_for_through_a_door_comes_without_poll(
    consumer: KafkaConsumer, cluster: EmbeddedCluster
) -> None:
    client = consumer._client  # noqa: SLF001 - the door
    before = cluster.count(Metadata)
    future = client.cluster.request_update()
    until(lambda: future.is_done)
    assert cluster.count(Metadata) > before
    assert client.poll(future=client.cluster.request_update()) == []


def test_topics_added_through_a_door_take_none_away(consumer: KafkaConsumer) -> None:
    consumer.subscribe(["t"])
    client = consumer._client  # noqa: SLF001 - the door
    client.poll(future=client.add_topic("other"), timeout_ms=1000)
    assert consumer.subscription() == {"t"}
    assert client.cluster.partitions_for_topic("t") == {0}


def test_methods_of_admin_clients_that_tools_call_work(cluster: EmbeddedCluster) -> None:
    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin:
        version = admin._matching_api_version(MetadataRequest)  # noqa: SLF001 - what is tested
        assert version == len(MetadataRequest) - 1
        request = MetadataRequest[4](["t"], False)
        futures = [admin._send_request_to_node(0, request) for _ in range(2)]  # noqa: SLF001 - the same
        admin._wait_for_futures(futures)  # noqa: SLF001 - the same
        assert [future.value.topics[0].name for future in futures] == ["t", "t"]
        lost = admin._send_request_to_node(7, request)  # noqa: SLF001 - the same
        with pytest.raises(KafkaConnectionError, match="node 7"):
            admin._wait_for_futures([lost])  # noqa: SLF001 - the same


def open_door(client: Any) -> KafkaClient:  # Any: its class does not say that it has a door
    found: KafkaClient = client._sender._client if hasattr(client, "_sender") else client._client  # noqa: SLF001 - the door
    return found


OWNERS: list[Any] = [KafkaConsumer, KafkaAdminClient, KafkaProducer]


@pytest.mark.parametrize("owner", OWNERS)
def test_an_update_through_the_door_of_an_idle_client_lists_all_topics(
    owner: Any, cluster: EmbeddedCluster
) -> None:
    with owner(bootstrap_servers=cluster.bootstrap_servers) as client:
        door = open_door(client)
        door.poll(future=door.cluster.request_update())
        assert "t" in door.cluster.topics()


def test_an_update_that_fails_ends_the_poll_of_a_door(
    consumer: KafkaConsumer, cluster: EmbeddedCluster
) -> None:
    door = open_door(consumer)
    cluster.inject(Metadata, Disconnect(), times=None)
    future = door.cluster.request_update()
    assert door.poll(future=future) == []
    assert isinstance(future.exception, KafkaConnectionError)


def test_an_update_ends_with_the_owner_of_the_door(
    consumer: KafkaConsumer, cluster: EmbeddedCluster
) -> None:
    door = open_door(consumer)
    cluster.inject(Metadata, DropResponse(), times=None, optional=True)
    future = door.cluster.request_update()
    consumer.close()
    door.poll(future=future)
    assert isinstance(future.exception, IllegalStateError)
    assert door.cluster.request_update().failed()


def test_closing_a_door_fails_what_is_in_flight_for_all_who_wait(
    consumer: KafkaConsumer, cluster: EmbeddedCluster
) -> None:
    door = open_door(consumer)
    door.await_ready(0)
    cluster.inject(Metadata, DropResponse())
    future = door.send(0, MetadataRequest[4](["t"], False))
    errors: list[BaseException] = []

    def wait() -> None:
        with pytest.raises(Cancelled) as raised:
            door.wait_for([future])
        errors.append(raised.value)

    waiter = threading.Thread(target=wait)
    waiter.start()
    until(lambda: is_inside(Notification.wait, waiter.ident))
    door.close()
    waiter.join()
    assert errors == [future.exception]
    assert door.in_flight_request_count() == 0


@pytest.mark.parametrize("owner", OWNERS)
def test_a_door_keeps_its_owner(owner: Any, cluster: EmbeddedCluster) -> None:
    # As one types it at the prompt.
    door = [open_door(owner(bootstrap_servers=cluster.bootstrap_servers, client_id="prompt"))]
    gc.collect()
    assert door[0].check_version() == (4, 4)
    door.clear()
    with pytest.warns(ResourceWarning, match=f"{owner.__name__} .* was not closed") as warned:
        gc.collect()
    assert len(warned) == 1
    until(lambda: not [thread for thread in threading.enumerate() if "prompt" in thread.name])
