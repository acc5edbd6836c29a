"""Authentication by SASL, as the embedded cluster wants it."""

from __future__ import annotations

import struct

import pytest

from kafka.errors import (
    IllegalSaslStateError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.schema import Request
from kafka.testing import EmbeddedCluster, Listener
from kafka.testing.broker.security.oauthbearer import BearerToken, TokenRefusedError
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient
from test.support.sasl import ScramClient, bearer, handshake, log_in, plain, token, unsecured_jwt

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
PASSWORDS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
USERS = {"alice": "wonder", "bob": "builder"}


def secured(version: str = "4.4", **config: str) -> EmbeddedCluster:
    return EmbeddedCluster(
        version=version,
        listeners=[Listener("SASL", mechanisms=MECHANISMS)],
        users=USERS,
        config={name.replace("_", "."): value for name, value in config.items()},
    )


async def is_closed(client: RawClient) -> bool:
    try:
        await client.frame()
    except ConnectionError:
        return True
    return False


async def may_ask(client: RawClient) -> bool:
    try:
        await client.send(MetadataRequest(topics=[]), 12)
    except ConnectionError:
        return False
    return True


@pytest.mark.parametrize("mechanism", PASSWORDS)
async def test_the_right_password_opens_the_connection(mechanism: str) -> None:
    async with cluster_and_client(secured()) as (_, client):
        answer = await log_in(client, "alice", "wonder", mechanism)
        assert (answer.error_code, answer.session_lifetime_ms) == (0, 0)
        assert await may_ask(client)


@pytest.mark.parametrize("mechanism", PASSWORDS)
@pytest.mark.parametrize(("name", "password"), [("alice", "builder"), ("nobody", "wonder")])
async def test_a_wrong_password_is_told_and_closes(
    mechanism: str, name: str, password: str
) -> None:
    async with cluster_and_client(secured()) as (_, client):
        answer = await log_in(client, name, password, mechanism)
        assert answer.error_code == SaslAuthenticationFailedError.errno
        assert answer.error_message is not None
        assert "Authentication failed" in answer.error_message
        assert await is_closed(client)


@pytest.mark.virtual_time
async def test_a_failure_is_told_after_a_delay() -> None:
    async with cluster_and_client(secured(connection_failed_authentication_delay_ms="250")) as (
        cluster,
        client,
    ):
        before = cluster.control.state.clock.now()
        await log_in(client, "alice", "wrong")
        assert cluster.control.state.clock.now() - before == pytest.approx(0.25)


@pytest.mark.parametrize("version", ["0.11", "4.4"])
@pytest.mark.parametrize("mechanism", PASSWORDS)
async def test_tokens_may_come_without_headers(version: str, mechanism: str) -> None:
    async with cluster_and_client(secured(version)) as (_, client):

        async def exchange(data: bytes) -> bytes:
            client.write(struct.pack(">i", len(data)) + data)
            return await client.frame()

        await handshake(client, mechanism, 0)
        if mechanism == "PLAIN":
            assert await exchange(plain("alice", "wonder")) == b""
        else:
            scram = ScramClient(mechanism[6:].replace("-", ""), "alice", "wonder")
            server_first = await exchange(scram.first())
            assert scram.trusts(await exchange(scram.final(server_first)))
        assert (await client.send(MetadataRequest(topics=[]), 4)).brokers


async def test_a_refused_token_without_header_closes_without_a_word() -> None:
    async with cluster_and_client(secured()) as (_, client):
        await handshake(client, "PLAIN", 0)
        data = plain("alice", "wrong")
        client.write(struct.pack(">i", len(data)) + data)
        assert await is_closed(client)


async def test_an_unknown_mechanism_is_told_what_there_is_and_closes() -> None:
    async with cluster_and_client(secured()) as (_, client):
        answer = await handshake(client, "GSSAPI")
        assert answer.error_code == UnsupportedSaslMechanismError.errno
        assert answer.mechanisms == list(MECHANISMS)
        assert await is_closed(client)


async def test_versions_may_be_asked_for_once() -> None:
    async with cluster_and_client(secured()) as (_, client):
        too_new = await client.send(ApiVersionsRequest(), 0)
        assert too_new.error_code == 0
        client.post(ApiVersionsRequest(), 0)
        assert await is_closed(client)


async def test_a_version_that_is_too_new_may_be_asked_for_again() -> None:
    async with cluster_and_client(secured()) as (_, client):
        header = struct.pack(">hhih", ApiVersionsRequest.API_KEY, 99, 1, -1) + b"\0"
        client.write(struct.pack(">i", len(header)) + header)
        frame = await client.frame()
        assert struct.unpack_from(">ih", frame) == (1, UnsupportedVersionError.errno)
        assert (await client.send(ApiVersionsRequest(), 0)).error_code == 0
        assert (await log_in(client, "alice", "wonder")).error_code == 0


@pytest.mark.parametrize("request_", [MetadataRequest(topics=[]), HeartbeatRequest()])
async def test_requests_before_the_handshake_get_nothing(request_: Request) -> None:
    async with cluster_and_client(secured()) as (_, client):
        client.post(request_, 4)
        assert await is_closed(client)


async def test_another_request_between_tokens_is_an_illegal_state() -> None:
    async with cluster_and_client(secured()) as (_, client):
        await handshake(client, "PLAIN")
        answer = await client.send(HeartbeatRequest(), 4)
        assert answer.error_code == IllegalSaslStateError.errno
        assert await is_closed(client)


async def test_a_token_after_the_end_is_an_illegal_state() -> None:
    async with cluster_and_client(secured()) as (_, client):
        await log_in(client, "alice", "wonder")
        again = await token(client, plain("alice", "wonder"))
        assert again.error_code == IllegalSaslStateError.errno
        assert (await handshake(client, "PLAIN")).error_code == IllegalSaslStateError.errno
        assert await may_ask(client)


async def test_there_is_no_sasl_on_a_listener_without_it() -> None:
    async with cluster_and_client(EmbeddedCluster(users=USERS)) as (_, client):
        assert (await handshake(client, "PLAIN")).error_code == IllegalSaslStateError.errno
        answer = await token(client, plain("alice", "wonder"))
        assert answer.error_code == IllegalSaslStateError.errno


async def test_a_huge_token_closes() -> None:
    async with cluster_and_client(secured(sasl_server_max_receive_size="1000")) as (_, client):
        await handshake(client, "PLAIN")
        client.write(struct.pack(">i", 2000) + bytes(2000))
        assert await is_closed(client)


# -- OAUTHBEARER --------------------------------------------------------------------------------


async def test_an_unsecured_token_opens_until_it_expires() -> None:
    async with cluster_and_client(secured()) as (cluster, client):
        now = cluster.control.state.clock.wall()
        await handshake(client, "OAUTHBEARER")
        answer = await token(client, bearer(unsecured_jwt("alice", now + 60)))
        assert answer.error_code == 0
        assert answer.session_lifetime_ms == pytest.approx(60_000, abs=5000)
        assert await may_ask(client)
        cluster.advance(61)
        assert not await may_ask(client)


async def test_a_refused_token_is_challenged_first() -> None:
    def refuse(bearer_token: str, now_ms: int, extensions: dict[str, str]) -> BearerToken:
        raise TokenRefusedError("insufficient_scope")

    async with cluster_and_client(secured()) as (cluster, client):
        cluster.control.security.validate_token = refuse
        await handshake(client, "OAUTHBEARER")
        challenge = await token(client, bearer("anything"))
        expected = b'{"status":"insufficient_scope"}'
        assert (challenge.error_code, bytes(challenge.auth_bytes)) == (0, expected)
        answer = await token(client, b"\x01")
        assert answer.error_code == SaslAuthenticationFailedError.errno
        assert await is_closed(client)


# -- KIP-368 ------------------------------------------------------------------------------------


async def test_a_session_that_is_not_renewed_is_closed() -> None:
    async with cluster_and_client(secured(connections_max_reauth_ms="10000")) as (cluster, client):
        answer = await log_in(client, "alice", "wonder")
        assert answer.session_lifetime_ms == 10_000
        cluster.advance(9.0)
        assert await may_ask(client)
        cluster.advance(1.5)
        assert not await may_ask(client)


@pytest.mark.parametrize("mechanism", PASSWORDS)
async def test_a_session_that_is_renewed_goes_on(mechanism: str) -> None:
    async with cluster_and_client(secured(connections_max_reauth_ms="10000")) as (cluster, client):
        for _ in range(3):
            assert (await log_in(client, "alice", "wonder", mechanism)).error_code == 0
            cluster.advance(9.0)
        assert await may_ask(client)


async def test_nobody_becomes_somebody_else() -> None:
    async with cluster_and_client(secured(connections_max_reauth_ms="10000")) as (cluster, client):
        await log_in(client, "alice", "wonder")
        cluster.advance(9.0)
        answer = await log_in(client, "bob", "builder")
        assert answer.error_code == SaslAuthenticationFailedError.errno
        assert "Cannot change principals" in (answer.error_message or "")
        assert await is_closed(client)


async def test_the_mechanism_is_not_changed() -> None:
    async with cluster_and_client(secured(connections_max_reauth_ms="10000")) as (cluster, client):
        await log_in(client, "alice", "wonder")
        cluster.advance(9.0)
        with pytest.raises(ConnectionError):
            await log_in(client, "alice", "wonder", "SCRAM-SHA-256")


# -- listeners ----------------------------------------------------------------------------------


async def test_each_listener_tells_its_own_addresses() -> None:
    listeners = [Listener(), Listener("SASL", mechanisms=("PLAIN",))]
    async with cluster_and_client(EmbeddedCluster(2, listeners=listeners, users=USERS)) as (
        cluster,
        _,
    ):
        for name in ("PLAINTEXT", "SASL"):
            addresses = cluster.addresses(name)
            other = await RawClient.connect(addresses[0])
            if name == "SASL":
                await log_in(other, "alice", "wonder")
            response = await other.send(MetadataRequest(topics=[]), 12)
            assert [f"{node.host}:{node.port}" for node in response.brokers] == addresses
            other.close()
        assert cluster.addresses("PLAINTEXT") == cluster.bootstrap_servers


async def test_configs_tell_every_listener() -> None:
    async with cluster_and_client(
        EmbeddedCluster(listeners=[Listener(), Listener("SASL", mechanisms=("PLAIN",))])
    ) as (cluster, client):
        resource = DescribeConfigsRequest.DescribeConfigsResource(
            resource_type=4, resource_name="0", configuration_keys=["advertised.listeners"]
        )
        response = await client.send(DescribeConfigsRequest(resources=[resource]), 4)
        (config,) = response.results[0].configs
        expected = [f"{name}://{cluster.addresses(name)[0]}" for name in ("PLAINTEXT", "SASL")]
        assert config.value == ",".join(expected)


async def test_a_revived_broker_has_all_its_listeners_again() -> None:
    listeners = [Listener(), Listener("SASL", mechanisms=("PLAIN",))]
    async with cluster_and_client(EmbeddedCluster(2, listeners=listeners, users=USERS)) as (
        cluster,
        _,
    ):
        before = cluster.addresses("SASL")
        cluster.kill(1)
        await cluster.control.revive(1)
        assert cluster.addresses("SASL") == before
        other = await RawClient.connect(before[1])
        assert (await log_in(other, "alice", "wonder")).error_code == 0
        other.close()
