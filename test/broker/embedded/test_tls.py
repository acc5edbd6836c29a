"""TLS listeners, over real TCP."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator

import pytest

from kafka.errors import TopicAuthorizationFailedError
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster, Listener
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.security.acls import AclBinding, PatternType, Permission
from kafka.testing.broker.security.certificates import CertificateAuthority
from test.support.embedded import batch, fetch, produce, values
from test.support.raw_client import RawClient
from test.support.sasl import log_in

Story = Callable[[EmbeddedCluster], Coroutine[None, None, None]]


@pytest.fixture(scope="module")
def authority() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


def tell(cluster: EmbeddedCluster, story: Story) -> None:
    async def main() -> None:
        async with cluster, asyncio.timeout(20):
            await story(cluster)

    asyncio.run(main())


def test_records_go_through_tls(authority: CertificateAuthority) -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        client = await RawClient.connect(
            cluster.bootstrap_servers[0], tls=authority.client_context()
        )
        await produce(client, "t", batch(b"x" * 100_000))
        assert values(await fetch(client, "t", 0)) == [b"x" * 100_000]
        client.close()

    listeners = [Listener("SSL", tls=authority.server_context())]
    tell(EmbeddedCluster(topics={"t": 1}, listeners=listeners), story)


def test_the_certificate_is_good_for_this_machine_only(authority: CertificateAuthority) -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        _, _, port = cluster.bootstrap_servers[0].rpartition(":")
        loop = asyncio.get_running_loop()
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await loop.create_connection(
                RawClient,
                "127.0.0.1",
                int(port),
                ssl=authority.client_context(),
                server_hostname="example.org",
            )

    tell(EmbeddedCluster(listeners=[Listener("SSL", tls=authority.server_context())]), story)


def test_a_client_that_does_not_know_the_authority_is_stopped(
    authority: CertificateAuthority,
) -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await RawClient.connect(cluster.bootstrap_servers[0], tls=ssl.create_default_context())

    tell(EmbeddedCluster(listeners=[Listener("SSL", tls=authority.server_context())]), story)


def test_a_client_without_tls_is_cut_off_and_the_next_is_served(
    authority: CertificateAuthority,
) -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        plain = await RawClient.connect(cluster.bootstrap_servers[0])
        with pytest.raises((ConnectionError, AssertionError)):
            await plain.send(ApiVersionsRequest(), 0)
        client = await RawClient.connect(
            cluster.bootstrap_servers[0], tls=authority.client_context()
        )
        assert (await client.send(ApiVersionsRequest(), 0)).error_code == 0
        client.close()

    tell(EmbeddedCluster(listeners=[Listener("SSL", tls=authority.server_context())]), story)


def test_a_client_certificate_is_demanded_and_names_the_principal(
    authority: CertificateAuthority,
) -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        acl = AclBinding(
            ResourceType.TOPIC,
            "t",
            PatternType.LITERAL,
            "User:CN=alice",
            "*",
            Operation.WRITE,
            Permission.ALLOW,
        )
        cluster.control.security.acls.add(acl)
        codes = []
        for name in ("alice", "bob"):
            client = await RawClient.connect(
                cluster.bootstrap_servers[0], tls=authority.client_context(name)
            )
            codes.append((await produce(client, "t", batch(b"x"))).error_code)
            client.close()
        assert codes == [0, TopicAuthorizationFailedError.errno]
        nobody = await RawClient.connect(
            cluster.bootstrap_servers[0], tls=authority.client_context()
        )
        with pytest.raises((ConnectionError, AssertionError)):
            await nobody.send(ApiVersionsRequest(), 0)

    context = authority.server_context(wants_client_certificate=True)
    cluster = EmbeddedCluster(
        topics={"t": 1},
        listeners=[Listener("SSL", tls=context)],
        config={"authorizer.class.name": "StandardAuthorizer"},
    )
    tell(cluster, story)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_sasl_goes_through_tls(authority: CertificateAuthority, mechanism: str) -> None:
    async def story(cluster: EmbeddedCluster) -> None:
        client = await RawClient.connect(
            cluster.bootstrap_servers[0], tls=authority.client_context()
        )
        assert (await log_in(client, "alice", "wonder", mechanism)).error_code == 0
        assert (await client.send(MetadataRequest(topics=[]), 12)).brokers
        client.close()

    listener = Listener("SASL_SSL", tls=authority.server_context(), mechanisms=(mechanism,))
    tell(EmbeddedCluster(listeners=[listener], users={"alice": "wonder"}), story)


def test_a_cluster_on_a_thread_speaks_tls_to_blocking_clients(
    authority: CertificateAuthority,
) -> None:
    listeners = [Listener("SSL", tls=authority.server_context()), Listener()]
    with EmbeddedCluster(listeners=listeners) as cluster:
        host, _, port = cluster.addresses("SSL")[0].rpartition(":")
        context = authority.client_context()
        with (
            socket.create_connection((host, int(port)), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname=host) as wrapped,
        ):
            wrapped.sendall(bytes.fromhex("0000000a 0012 0000 00000007 ffff"))
            assert wrapped.recv(8)[4:] == bytes.fromhex("00000007")
