"""SCRAM users over the protocol (KIP-554)."""

from __future__ import annotations

import hashlib

from kafka.errors import (
    DuplicateResourceError,
    ResourceNotFoundError,
    SaslAuthenticationFailedError,
    UnacceptableCredentialError,
)
from kafka.protocol.messages.alter_user_scram_credentials import AlterUserScramCredentialsRequest
from kafka.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
)
from kafka.testing import EmbeddedCluster, Listener
from kafka.testing.broker.faults import Fail
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient
from test.support.sasl import log_in

SHA_256, SHA_512 = 1, 2
Upsertion = AlterUserScramCredentialsRequest.ScramCredentialUpsertion
Deletion = AlterUserScramCredentialsRequest.ScramCredentialDeletion


def secured() -> EmbeddedCluster:
    return EmbeddedCluster(
        listeners=[Listener(), Listener("SASL", mechanisms=("SCRAM-SHA-256", "SCRAM-SHA-512"))],
        users={"alice": "wonder"},
    )


def upsertion(name: str, password: str, iterations: int = 8192) -> Upsertion:
    return Upsertion(
        name=name,
        mechanism=SHA_512,
        iterations=iterations,
        salt=b"salt",
        salted_password=hashlib.pbkdf2_hmac("sha512", password.encode(), b"salt", iterations),
    )


async def alter(client: RawClient, *changes: Upsertion | Deletion) -> dict[str, int]:
    request = AlterUserScramCredentialsRequest(
        upsertions=[change for change in changes if isinstance(change, Upsertion)],
        deletions=[change for change in changes if isinstance(change, Deletion)],
    )
    response = await client.send(request, 0)
    return {result.user: result.error_code for result in response.results}


async def login_code(cluster: EmbeddedCluster, name: str, password: str) -> int:
    client = await RawClient.connect(cluster.addresses("SASL")[0])
    answer = await log_in(client, name, password, "SCRAM-SHA-512")
    client.close()
    return answer.error_code


async def test_a_user_that_was_made_can_log_in() -> None:
    async with cluster_and_client(secured()) as (cluster, client):
        assert await alter(client, upsertion("bob", "builder")) == {"bob": 0}
        assert await login_code(cluster, "bob", "builder") == 0


async def test_a_changed_password_replaces_the_old_one() -> None:
    async with cluster_and_client(secured()) as (cluster, client):
        await alter(client, upsertion("alice", "changed"))
        refused = SaslAuthenticationFailedError.errno
        assert await login_code(cluster, "alice", "wonder") == refused
        assert await login_code(cluster, "alice", "changed") == 0


async def test_a_deleted_user_cannot_log_in() -> None:
    async with cluster_and_client(secured()) as (cluster, client):
        assert await alter(client, Deletion(name="alice", mechanism=SHA_512)) == {"alice": 0}
        refused = SaslAuthenticationFailedError.errno
        assert await login_code(cluster, "alice", "wonder") == refused


async def test_users_are_described() -> None:
    async with cluster_and_client(secured()) as (_, client):
        await alter(client, upsertion("bob", "builder"))
        response = await client.send(DescribeUserScramCredentialsRequest(users=None), 0)
        assert {
            result.user: [(info.mechanism, info.iterations) for info in result.credential_infos]
            for result in response.results
        } == {"alice": [(SHA_256, 4096), (SHA_512, 4096)], "bob": [(SHA_512, 8192)]}


async def test_users_that_cannot_be_described_fail_alone() -> None:
    async with cluster_and_client(secured()) as (_, client):
        names = ["alice", "nobody", "twice", "twice"]
        users = [DescribeUserScramCredentialsRequest.UserName(name=name) for name in names]
        response = await client.send(DescribeUserScramCredentialsRequest(users=users), 0)
        assert {result.user: result.error_code for result in response.results} == {
            "alice": 0,
            "nobody": ResourceNotFoundError.errno,
            "twice": DuplicateResourceError.errno,
        }


async def test_bad_changes_fail_alone() -> None:
    async with cluster_and_client(secured()) as (cluster, client):
        results = await alter(
            client,
            upsertion("weak", "builder", iterations=1000),
            upsertion("alice", "changed"),
            Deletion(name="alice", mechanism=SHA_512),
            upsertion("bob", "builder"),
        )
        assert results == {
            "weak": UnacceptableCredentialError.errno,
            "alice": DuplicateResourceError.errno,
            "bob": 0,
        }
        assert await login_code(cluster, "alice", "wonder") == 0


async def test_an_injected_error_is_that_of_every_user() -> None:
    async with cluster_and_client(secured()) as (cluster, client):
        error = UnacceptableCredentialError
        for applied, login in ((False, SaslAuthenticationFailedError.errno), (True, 0)):
            cluster.inject(AlterUserScramCredentialsRequest, Fail(error, applied=applied))
            changes = upsertion("bob", "builder"), upsertion("carol", "c")
            assert await alter(client, *changes) == {"bob": error.errno, "carol": error.errno}
            assert await login_code(cluster, "bob", "builder") == login
