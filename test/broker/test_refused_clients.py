"""Clients that brokers refuse: at the start, later, by all brokers and by one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    NoBrokersAvailable,
    SaslAuthenticationFailedError,
    TlsError,
    TlsVerificationError,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.sasl_authenticate import (
    SaslAuthenticateRequest,
    SaslAuthenticateResponse,
)
from kafka.testing import EmbeddedCluster, Listener
from kafka.testing.broker.faults import Answer, Disconnect, DropResponse
from kafka.testing.broker.security.certificates import CertificateAuthority
from test.broker.consumer_support import consumer, read, values
from test.support.network import in_seconds, make_client
from test.support.stage import asked

LOGIN = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "sasl_plain_username": "alice",
    "sasl_plain_password": "wonder",
}
REFUSED = Answer(SaslAuthenticateResponse(error_code=58, error_message="not today"))


@pytest.fixture(scope="module")
def authority() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


@pytest.fixture(scope="module")
def stranger() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


def over_tls(authority: CertificateAuthority) -> EmbeddedCluster:
    return EmbeddedCluster(listeners=[Listener("SSL", authority.server_context())])


def with_sasl(nodes: int = 1, **options: Any) -> EmbeddedCluster:
    return EmbeddedCluster(
        nodes,
        listeners=[Listener("SASL", mechanisms=["PLAIN"])],
        users={"alice": "wonder"},
        **options,
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def failure(servers: list[str], **options: Any) -> KafkaError:
    client = make_client(servers, **options)
    try:
        with pytest.raises(KafkaError) as caught:
            await client.start(in_seconds(30))
    finally:
        await client.close()
    return caught.value


# -- the start -------------------------------------------------------------------------------


async def test_proof_ends_the_start_at_once(
    authority: CertificateAuthority, stranger: CertificateAuthority
) -> None:
    async with over_tls(authority) as cluster:
        error = await failure(
            cluster.bootstrap_servers, security_protocol="SSL", ssl_cafile=stranger.file
        )
        assert type(error) is TlsVerificationError
        assert str(error.args[0]).startswith(f"{cluster.bootstrap_servers[0]}: the broker's")
    assert now() == 0


async def test_wrong_password_ends_the_start_at_once() -> None:
    async with with_sasl() as cluster:
        error = await failure(
            cluster.bootstrap_servers, **{**LOGIN, "sasl_plain_password": "other"}
        )
        assert type(error) is SaslAuthenticationFailedError
        assert cluster.bootstrap_servers[0] in str(error)
        assert len(asked(cluster, SaslAuthenticateRequest)) == 1
    assert now() < 0.5


async def test_third_hang_up_ends_the_start_after_a_second(authority: CertificateAuthority) -> None:
    async with EmbeddedCluster() as cluster:
        error = await failure(
            cluster.bootstrap_servers, security_protocol="SSL", ssl_cafile=authority.file
        )
    assert type(error) is TlsError
    assert "does not speak TLS (security_protocol)" in str(error)
    assert 1.0 <= now() < 1.2


async def test_silent_handshake_ends_the_start_after_one_set_up_time(
    authority: CertificateAuthority,
) -> None:
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 9093)
    error = await failure(
        ["127.0.0.1:9093"],
        security_protocol="SSL",
        ssl_cafile=authority.file,
        socket_connection_setup_timeout_ms=2000,
    )
    silent.close()
    assert type(error) is TlsError
    assert "127.0.0.1:9093: the TLS handshake was not finished in time" in str(error)
    assert now() == pytest.approx(2.0)


async def test_broker_that_restarts_is_found_after_two_hang_ups() -> None:
    async with EmbeddedCluster() as cluster:
        cluster.inject(MetadataRequest, Disconnect(), times=2)
        client = make_client(cluster.bootstrap_servers)
        await client.start(in_seconds(30))
        await client.close()


async def test_listener_with_sasl_is_recognised() -> None:
    async with with_sasl() as cluster:
        error = await failure(cluster.bootstrap_servers)
        assert len(asked(cluster, ApiVersionsRequest)) == 3
    assert type(error) is NoBrokersAvailable
    assert "the listener may require SASL; security_protocol is PLAINTEXT" in str(error)
    assert 1.0 <= now() < 1.2


async def test_one_server_that_refuses_keeps_nobody_from_the_others(
    authority: CertificateAuthority, stranger: CertificateAuthority
) -> None:
    async with over_tls(authority) as good, over_tls(stranger) as other:
        for servers in (
            [*good.bootstrap_servers, *other.bootstrap_servers],
            [*other.bootstrap_servers, *good.bootstrap_servers],
        ):
            client = make_client(servers, security_protocol="SSL", ssl_cafile=authority.file)
            await client.start(in_seconds(30))
            await client.close()


async def test_others_have_one_more_second(
    authority: CertificateAuthority, stranger: CertificateAuthority
) -> None:
    network = asyncio.get_running_loop().network  # type: ignore[attr-defined]  # virtual
    network.black_holes.add(("10.0.0.1", 9093))
    async with over_tls(stranger) as other:
        error = await failure(
            ["10.0.0.1:9093", *other.bootstrap_servers],
            security_protocol="SSL",
            ssl_cafile=authority.file,
        )
    assert type(error) is TlsVerificationError
    assert 1.0 <= now() <= 1.5


# -- later -----------------------------------------------------------------------------------


@asynccontextmanager
async def locked_out(cluster: EmbeddedCluster) -> AsyncIterator[None]:
    """Change the password, and end all connections, for the length of a block."""
    cluster.control.add_user("alice", "changed")
    for node_id in range(len(cluster.bootstrap_servers)):
        cluster.control.disconnect(node_id)
    yield
    cluster.control.add_user("alice", "wonder")


def sender_of(cluster: EmbeddedCluster, **options: Any) -> AsyncKafkaProducer:
    return AsyncKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers,
        reconnect_backoff_max_ms=5000,
        **{**LOGIN, **options},
    )


async def test_call_that_waits_ends_with_the_refusal_and_says_when_to_try_again() -> None:
    async with with_sasl(3) as cluster, sender_of(cluster) as sender:
        async with locked_out(cluster):
            with pytest.raises(SaslAuthenticationFailedError):
                await sender.send("new", b"x")
            assert now() < 3
            attempts = len(asked(cluster, SaslAuthenticateRequest))
            began = now()
            with pytest.raises(SaslAuthenticationFailedError, match="attempt is due in"):
                await sender.send("newer", b"x")
            assert now() == began
            assert len(asked(cluster, SaslAuthenticateRequest)) == attempts
        await asyncio.sleep(5)
        await (await sender.send("new", b"x"))


async def test_records_taken_before_are_delivered_once_the_broker_accepts_again() -> None:
    async with with_sasl(topics={"t": 1}) as cluster, sender_of(cluster) as sender:
        await (await sender.send("t", b"1"))
        async with locked_out(cluster):
            future = await sender.send("t", b"2")
            await asyncio.sleep(20)
            assert len(cluster.records("t")) == 1
        await future
        assert [record.value for record in cluster.records("t")] == [b"1", b"2"]


async def test_records_taken_before_fail_at_their_delivery_timeout() -> None:
    async with (
        with_sasl(topics={"t": 1}) as cluster,
        sender_of(cluster, delivery_timeout_ms=40_000) as sender,
    ):
        await (await sender.send("t", b"1"))
        async with locked_out(cluster):
            began = now()
            with pytest.raises(KafkaTimeoutError, match="Invalid username or password"):
                await (await sender.send("t", b"2"))
            assert now() - began == pytest.approx(40, abs=1)
            # Every five seconds, and no more.
            assert len(asked(cluster, SaslAuthenticateRequest)) < 14


@pytest.mark.parametrize("group", [{}, {"group_id": "g"}], ids=["alone", "group"])
async def test_poll_raises_the_refusal_until_a_broker_accepts(group: dict[str, Any]) -> None:
    async with with_sasl(topics={"t": 1}) as cluster:
        cluster.append("t", b"1")
        async with consumer(
            cluster, "t", reconnect_backoff_max_ms=5000, **{**LOGIN, **group}
        ) as reader:
            assert values(await read(reader, 1)) == [b"1"]
            async with locked_out(cluster):
                for _ in range(3):
                    with pytest.raises(SaslAuthenticationFailedError):
                        await reader.poll(30_000)
            cluster.append("t", b"2")
            assert await records_after_refusals(reader) == [b"2"]


async def test_commit_that_waits_ends_with_the_refusal() -> None:
    async with with_sasl(topics={"t": 1}) as cluster:
        cluster.append("t", b"1")
        options: dict[str, Any] = {**LOGIN, "group_id": "g", "enable_auto_commit": False}
        async with consumer(cluster, "t", **options) as reader:
            await read(reader, 1)
            async with locked_out(cluster):
                began = now()
                with pytest.raises(SaslAuthenticationFailedError):
                    await reader.commit()
                assert now() - began < 2


async def records_after_refusals(reader: AsyncKafkaConsumer) -> list[object]:
    """Poll through refusals, for a minute at most."""
    until = now() + 60
    while now() < until:
        try:
            found = await reader.poll(1000)
        except SaslAuthenticationFailedError:
            await asyncio.sleep(1)
            continue
        if found:
            return [record.value for records in found.values() for record in records]
    raise AssertionError("no record within a minute")


async def test_one_broker_that_refuses_among_others_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with with_sasl(3, topics={"t": 6}) as cluster:
        cluster.inject(SaslAuthenticateRequest, REFUSED, node_id=1, times=999, optional=True)
        servers = [cluster.bootstrap_servers[0]]
        for partition in range(6):
            cluster.append("t", b"x", partition=partition)
        with caplog.at_level(logging.WARNING):
            async with AsyncKafkaConsumer(
                "t", bootstrap_servers=servers, auto_offset_reset="earliest", **LOGIN
            ) as reader:
                assert values(await read(reader, 4)) == [b"x"] * 4
                for _ in range(7):
                    assert await reader.poll(10_000) == {}
    lines = [record.getMessage() for record in caplog.records if "not today" in record.getMessage()]
    assert len(lines) == 1
    assert lines[0].startswith("node 1 ")


async def test_bootstrap_servers_that_refuse_are_not_asked_in_a_circle() -> None:
    async with with_sasl(2) as cluster:
        servers = [cluster.bootstrap_servers[0]]
        client = make_client(servers, reconnect_backoff_max_ms=5000, **LOGIN)
        await client.start(in_seconds(30))
        cluster.control.add_user("alice", "changed")
        cluster.control.disconnect(0)
        await cluster.kill(1)
        before, began = len(asked(cluster, SaslAuthenticateRequest)), now()
        with pytest.raises(SaslAuthenticationFailedError):
            await client.metadata.topic("t", in_seconds(60))
        # As long as the other one may come up, it is waited for.
        assert now() - began < 15
        with pytest.raises(SaslAuthenticationFailedError):
            await client.metadata.topic("u", in_seconds(60))
        await asyncio.sleep(60)
        await client.close()
        # The node and the bootstrap server, each after five seconds at the earliest.
        assert len(asked(cluster, SaslAuthenticateRequest)) - before < 30


async def test_silence_in_the_authentication_is_no_refusal() -> None:
    async with with_sasl() as cluster:
        cluster.inject(SaslAuthenticateRequest, DropResponse(), times=99)
        error = await failure(
            cluster.bootstrap_servers, socket_connection_setup_timeout_ms=2000, **LOGIN
        )
    assert type(error) is NoBrokersAvailable
    assert "no answer to the authentication in time" in str(error)
    assert now() == pytest.approx(2.0, abs=0.1)
