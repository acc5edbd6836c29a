"""A cluster that checks ACLs, a super user's client and one that may do nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kafka.protocol.messages.create_acls import CreateAclsRequest
from kafka.protocol.schema import Struct
from kafka.testing import EmbeddedCluster, Listener
from kafka.testing.broker.authorizer import ResourceType
from kafka.testing.broker.security.acls import PatternType, Permission
from test.support.raw_client import RawClient
from test.support.sasl import log_in


@asynccontextmanager
async def acl_cluster(**config: str) -> AsyncIterator[tuple[EmbeddedCluster, RawClient, RawClient]]:
    """Start a cluster; connect a super user's client and one of alice, who may do nothing yet."""
    cluster = EmbeddedCluster(
        listeners=[Listener("SASL", mechanisms=("PLAIN",))],
        users={"admin": "a", "alice": "w"},
        topics={"t": 1, "other": 1},
        config={
            "authorizer.class.name": "StandardAuthorizer",
            "super.users": "User:admin;User:ANONYMOUS",
            **{name.replace("_", "."): value for name, value in config.items()},
        },
    )
    async with cluster:
        admin = await _logged_in(cluster, "admin", "a")
        alice = await _logged_in(cluster, "alice", "w")
        yield cluster, admin, alice
        admin.close()
        alice.close()


async def _logged_in(cluster: EmbeddedCluster, name: str, password: str) -> RawClient:
    client = await RawClient.connect(cluster.bootstrap_servers[0])
    assert (await log_in(client, name, password)).error_code == 0
    return client


def acl(
    kind: ResourceType,
    name: str,
    operation: int,
    *,
    who: str = "User:alice",
    deny: bool = False,
    pattern: PatternType = PatternType.LITERAL,
) -> CreateAclsRequest.AclCreation:
    return CreateAclsRequest.AclCreation(
        resource_type=kind,
        resource_name=name,
        resource_pattern_type=pattern,
        principal=who,
        host="*",
        operation=operation,
        permission_type=Permission.DENY if deny else Permission.ALLOW,
    )


async def create(admin: RawClient, *acls: CreateAclsRequest.AclCreation) -> None:
    response = await admin.send(CreateAclsRequest(creations=list(acls)), 3)
    assert [result.error_code for result in response.results] == [0] * len(acls)


def error_codes(answer: object) -> set[int]:
    """Return every error code in an answer but 0."""
    if isinstance(answer, list):
        return set().union(*map(error_codes, answer))
    if not isinstance(answer, Struct):
        return set()
    found: set[int] = set()
    for field in type(answer).FIELDS:
        value = getattr(answer, field.name)
        if field.name.endswith("error_code"):
            found.add(value)
        else:
            found |= error_codes(value)
    return found - {0}
