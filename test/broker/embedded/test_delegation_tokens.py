"""Delegation tokens over the protocol (KIP-48, KIP-373)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kafka.errors import (
    DelegationTokenAuthDisabledError,
    DelegationTokenAuthorizationFailedError,
    DelegationTokenExpiredError,
    DelegationTokenNotFoundError,
    DelegationTokenOwnerMismatchError,
    DelegationTokenRequestNotAllowedError,
    InvalidPrincipalTypeError,
    SaslAuthenticationFailedError,
)
from kafka.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from kafka.protocol.messages.describe_delegation_token import DescribeDelegationTokenRequest
from kafka.protocol.messages.expire_delegation_token import ExpireDelegationTokenRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest
from kafka.testing import EmbeddedCluster, Listener
from test.support.raw_client import RawClient
from test.support.sasl import log_in

DAY_MS = 86_400_000
USERS = {"alice": "a", "bob": "b", "admin": "x"}


async def client_of(cluster: EmbeddedCluster, name: str) -> RawClient:
    client = await RawClient.connect(cluster.addresses("SASL")[0])
    assert (await log_in(client, name, USERS[name])).error_code == 0
    return client


@asynccontextmanager
async def cluster_and_alice(
    secret: str = "s3cret",
) -> AsyncIterator[tuple[EmbeddedCluster, RawClient]]:
    """Start a cluster that makes delegation tokens, and connect alice's client."""
    cluster = EmbeddedCluster(
        listeners=[Listener("SASL", mechanisms=("PLAIN", "SCRAM-SHA-256")), Listener()],
        users=USERS,
        topics={"t": 1},
        config={
            "delegation.token.secret.key": secret,
            "authorizer.class.name": "StandardAuthorizer",
            "super.users": "User:admin",
        },
    )
    async with cluster:
        alice = await client_of(cluster, "alice")
        yield cluster, alice
        alice.close()


async def create(
    client: RawClient, *, owner: str | None = None, renewer_type: str = "User"
) -> CreateDelegationTokenResponse:
    renewer = CreateDelegationTokenRequest.CreatableRenewers(
        principal_type=renewer_type, principal_name="bob"
    )
    request = CreateDelegationTokenRequest(
        owner_principal_type=None if owner is None else "User",
        owner_principal_name=owner,
        renewers=[renewer],
        max_lifetime_ms=-1,
    )
    return await client.send(request, 3)


async def with_token(
    cluster: EmbeddedCluster, token: CreateDelegationTokenResponse
) -> tuple[RawClient, int, int]:
    """Log in with a token and return the client, the error code and the session's length."""
    client = await RawClient.connect(cluster.addresses("SASL")[0])
    password = base64.b64encode(token.hmac).decode()
    answer = await log_in(client, token.token_id, password, "SCRAM-SHA-256", ",tokenauth=true")
    return client, answer.error_code, answer.session_lifetime_ms


async def seen_by(client: RawClient) -> list[str]:
    response = await client.send(DescribeDelegationTokenRequest(owners=None), 3)
    assert response.error_code == 0
    return [token.token_id for token in response.tokens]


async def test_a_token_acts_for_its_owner_until_it_expires() -> None:
    async with cluster_and_alice() as (cluster, alice):
        token = await create(alice)
        assert (token.principal_name, token.token_requester_principal_name) == ("alice", "alice")
        assert token.expiry_timestamp_ms - token.issue_timestamp_ms == DAY_MS
        client, code, lifetime_ms = await with_token(cluster, token)
        assert (code, lifetime_ms) == (0, pytest.approx(DAY_MS, abs=1000))
        refused = await create(client)
        assert refused.error_code == DelegationTokenRequestNotAllowedError.errno
        assert refused.principal_name == "alice"
        cluster.advance(DAY_MS / 1000 + 1)
        with pytest.raises(ConnectionError):
            await client.send(MetadataRequest(topics=[]), 12)
        _, code, _ = await with_token(cluster, token)
        assert code == SaslAuthenticationFailedError.errno


async def test_tokens_are_renewed_by_those_who_may() -> None:
    async with cluster_and_alice() as (cluster, alice):
        token = await create(alice)
        cluster.advance(1000)
        request = RenewDelegationTokenRequest(hmac=token.hmac, renew_period_ms=-1)
        bob, admin = await client_of(cluster, "bob"), await client_of(cluster, "admin")
        renewed = await bob.send(request, 2)
        assert renewed.error_code == 0
        assert renewed.expiry_timestamp_ms >= token.expiry_timestamp_ms + 1_000_000
        stranger = await admin.send(request, 2)
        assert stranger.error_code == DelegationTokenOwnerMismatchError.errno
        assert stranger.expiry_timestamp_ms == -1


async def test_tokens_end_when_told() -> None:
    async with cluster_and_alice() as (_, alice):
        first, second = await create(alice), await create(alice)
        for token, period in ((first, -1), (second, 0)):
            request = ExpireDelegationTokenRequest(hmac=token.hmac, expiry_time_period_ms=period)
            assert (await alice.send(request, 2)).error_code == 0
        codes = [
            (
                await alice.send(
                    RenewDelegationTokenRequest(hmac=token.hmac, renew_period_ms=-1), 2
                )
            ).error_code
            for token in (first, second)
        ]
        assert codes == [DelegationTokenNotFoundError.errno, DelegationTokenExpiredError.errno]


async def test_tokens_are_seen_by_those_they_concern() -> None:
    async with cluster_and_alice() as (cluster, alice):
        mine = await create(alice)
        admin = await client_of(cluster, "admin")
        theirs = await create(admin)
        assert await seen_by(alice) == [mine.token_id]
        assert await seen_by(admin) == [mine.token_id, theirs.token_id]
        assert await seen_by(await client_of(cluster, "bob")) == [mine.token_id, theirs.token_id]
        none = await admin.send(DescribeDelegationTokenRequest(owners=[]), 3)
        assert none.tokens == []


async def test_tokens_for_others_take_a_permission() -> None:
    async with cluster_and_alice() as (cluster, alice):
        refused = await create(alice, owner="bob")
        assert refused.error_code == DelegationTokenAuthorizationFailedError.errno
        token = await create(await client_of(cluster, "admin"), owner="bob")
        assert (token.error_code, token.principal_name) == (0, "bob")
        assert token.token_requester_principal_name == "admin"


async def test_renewers_are_users() -> None:
    async with cluster_and_alice() as (_, alice):
        answer = await create(alice, renewer_type="Group")
        assert answer.error_code == InvalidPrincipalTypeError.errno


async def test_nobody_gets_no_token() -> None:
    async with cluster_and_alice() as (cluster, _):
        nobody = await RawClient.connect(cluster.addresses("PLAINTEXT")[0])
        refused = DelegationTokenRequestNotAllowedError.errno
        assert (await create(nobody)).error_code == refused
        described = await nobody.send(DescribeDelegationTokenRequest(owners=None), 3)
        assert described.error_code == refused


async def test_without_a_secret_there_are_no_tokens() -> None:
    async with cluster_and_alice(secret="") as (_, alice):
        codes = [
            (await create(alice)).error_code,
            (await alice.send(RenewDelegationTokenRequest(), 2)).error_code,
            (await alice.send(ExpireDelegationTokenRequest(), 2)).error_code,
            (await alice.send(DescribeDelegationTokenRequest(owners=None), 3)).error_code,
        ]
        assert codes == [DelegationTokenAuthDisabledError.errno] * 4


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_versions_before_3_are_not_told_who_asked_for_a_token(version: int) -> None:
    async with cluster_and_alice() as (_, alice):
        created = await alice.send(CreateDelegationTokenRequest(max_lifetime_ms=-1), version)
        seen = await alice.send(DescribeDelegationTokenRequest(owners=None), version)
        requester = "alice" if version >= 3 else ""
        assert [created.error_code, seen.error_code] == [0, 0]
        assert created.token_requester_principal_name == requester
        assert [token.token_requester_principal_name for token in seen.tokens] == [requester]
